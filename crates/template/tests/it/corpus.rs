//! The corpus of the fuzz target, replayed.

#[expect(unreachable_pub, reason = "the fuzz targets are another crate")]
#[path = "../../../../fuzz/src/template.rs"]
mod template;

use std::fs;
use std::path::Path;

#[test]
fn what_was_found_stays_found() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/template");
    let mut count = 0;
    for entry in fs::read_dir(&folder).expect("the corpus is in the repository") {
        let path = entry.expect("an entry").path();
        let input = fs::read(&path).expect("an input");
        let replayed = std::panic::catch_unwind(|| template::template(&input));
        assert!(replayed.is_ok(), "the input is {}", path.display());
        count += 1;
    }
    assert!(count >= 100, "{count} inputs in {}", folder.display());
}

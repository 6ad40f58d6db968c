//! The corpus of the fuzz targets, replayed.

#[expect(unreachable_pub, reason = "the fuzz targets are another crate")]
#[path = "../../../../fuzz/src/api.rs"]
mod targets;

use std::fs;
use std::path::Path;

#[track_caller]
fn replay(target: &str, function: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let entries = fs::read_dir(&folder).expect("the corpus is in the repository");
    let paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    assert!(paths.len() >= 4, "{} inputs in {}", paths.len(), folder.display());
    for path in paths {
        // The captured output of a test that panics names the input.
        println!("{}", path.display());
        function(&fs::read(&path).expect("an input"));
    }
}

#[test]
fn whatever_is_read_nothing_panics() {
    replay("body", targets::body);
    replay("oidc", targets::oidc);
}

//! The corpus of a target, replayed by the tests of the crate that the target is about.

use std::fs;
use std::path::Path;

/// Feed a target everything in its corpus. The captured output of a test that panics names the input.
#[track_caller]
pub fn replay(target: &str, function: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let entries = fs::read_dir(&folder).expect("the corpus is in the repository");
    let paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    assert!(paths.len() >= 4, "{} inputs in {}", paths.len(), folder.display());
    for path in paths {
        println!("{}", path.display());
        function(&fs::read(&path).expect("an input"));
    }
}

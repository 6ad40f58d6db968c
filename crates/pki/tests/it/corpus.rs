//! The corpus of the fuzz targets, replayed.

#[expect(unreachable_pub, reason = "the fuzz targets are another crate")]
#[path = "../../../../fuzz/src/jose.rs"]
mod jose;
#[expect(unreachable_pub, reason = "the fuzz targets are another crate")]
#[path = "../../../../fuzz/src/pki.rs"]
mod pki;

use std::fs;
use std::path::Path;

#[track_caller]
fn replay(target: &str, function: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut count = 0;
    for entry in fs::read_dir(&folder).expect("the corpus is in the repository") {
        let path = entry.expect("an entry").path();
        // A panic names the input.
        let _shown = Shown(&path);
        function(&fs::read(&path).expect("an input"));
        count += 1;
    }
    assert!(count >= 4, "{count} inputs in {}", folder.display());
}

struct Shown<'a>(&'a Path);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the input is {}", self.0.display());
        }
    }
}

#[test]
fn jose() {
    replay("jwe", jose::jwe);
    replay("jwk", jose::jwk);
    replay("jws", jose::jws);
    replay("jwt", jose::jwt);
}

#[test]
fn pki() {
    replay("key", pki::key);
    replay("ocsp", pki::ocsp);
    replay("pem", pki::pem);
}

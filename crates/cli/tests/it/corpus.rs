//! What fuzz targets feed on and have found, replayed.

use std::fs;
use std::path::Path;

#[test]
fn nothing_in_the_corpus_panics() {
    for (name, target) in rung_cli::fuzz::TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(name);
        let entries: Vec<_> =
            fs::read_dir(&folder).expect("a corpus").map(|entry| entry.expect("a file").path()).collect();
        assert!(entries.len() >= 4, "{}", folder.display());
        for path in entries {
            let octets = fs::read(&path).expect("a file");
            target(&octets);
            // Cut short and with each octet changed in turn, up to a bound.
            for cut in (0..octets.len()).step_by(1 + octets.len() / 64) {
                target(&octets[..cut]);
                let mut changed = octets.clone();
                changed[cut] ^= 0x55;
                target(&changed);
            }
        }
    }
}

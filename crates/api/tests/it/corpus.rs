//! The corpus of the fuzz targets, replayed.

#[expect(unreachable_pub, reason = "the fuzz targets are another crate")]
#[path = "../../../../fuzz/src/replay.rs"]
mod replay;
#[expect(unreachable_pub, reason = "the fuzz targets are another crate")]
#[path = "../../../../fuzz/src/api.rs"]
mod targets;

use replay::replay;

#[test]
fn whatever_is_read_nothing_panics() {
    replay("body", targets::body);
    replay("oidc", targets::oidc);
}

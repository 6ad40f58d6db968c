//! The corpus of the fuzz targets, replayed.

#[expect(unreachable_pub, reason = "the fuzz targets are another crate")]
#[path = "../../../../fuzz/src/replay.rs"]
mod replay;
#[expect(unreachable_pub, reason = "the fuzz targets are another crate")]
#[path = "../../../../fuzz/src/query.rs"]
mod targets;

use replay::replay;

#[test]
fn whatever_is_asked_nothing_panics() {
    replay("query", targets::query);
}

//! F30: a long time.

use std::{
    fs,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use rung_server::stopwatch::Stopwatch;

use super::{History, alone, is_long, measured, memory};
use crate::{client::Client, limits, stage::Stage};

#[test]
fn f30_memory_stays_what_it_is_and_the_database_grows_by_what_is_in_it() {
    let (_turn, stage) = (alone(), Stage::new());
    let total = if is_long() { 1_000_000 } else { 2000 };
    let mut config = stage.config();
    config.as_object_mut().unwrap().shift_remove("logger");
    stage.configure(&config);
    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    let issue = |count: usize| {
        let left = AtomicUsize::new(count);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut stream = client.connect().unwrap();
                    while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                        let answer = limits::ask(&mut stream, "POST", "/sign", &stage.sign_body()).unwrap();
                        assert_eq!(answer.status, 201, "{answer:?}");
                    }
                });
            }
        });
    };
    // Caches and buffers come to their size.
    issue(total / 2);
    let (start, before) = (Stopwatch::start(), memory(server.pid(), "VmRSS"));
    issue(total / 2);
    let (after, elapsed) = (memory(server.pid(), "VmRSS"), start.elapsed());
    let growth = after.saturating_sub(before);
    assert!(server.stop().status.success());
    let each = fs::metadata(stage.path("db.sqlite")).unwrap().len() / total as u64;
    measured(
        "F30",
        &format!(
            "{total} certificates: memory grew by {growth} KB in the second half ({elapsed:.0?}), {} MB in all; the database by {each} octets for each",
            after / 1024
        ),
    );
    assert!(growth < 8 * 1024, "{growth} KB");
    assert!((500..8000).contains(&each), "{each} octets for each certificate");
    History::begin(&stage.path("")).judge(&stage, &stage.path("db.sqlite"));
}

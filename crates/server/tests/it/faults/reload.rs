//! F21: the configuration is read again and again under load. F22 is `p01_whatever_is_wrong_the_old_configuration_serves_on`.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use rung_server::stopwatch::Stopwatch;

use super::{alone, belongings, is_long, measured, memory, percentile};
use crate::{client::Client, limits, stage::Stage};

#[test]
fn f21_reloads_under_load_fail_no_request_and_leave_nothing_behind() {
    const CLIENTS: usize = 4;
    let (_turn, stage) = (alone(), Stage::new());
    let mut config = stage.config();
    config.as_object_mut().unwrap().shift_remove("logger");
    config["authority"]["disableIssuedAtCheck"] = true.into();
    stage.configure(&config);
    let mut server = stage.serve();
    let client = Client::new(&stage, &server.address);
    let rounds = if is_long() { 300 } else { 30 };
    let (over, reloading) = (AtomicBool::new(false), AtomicBool::new(false));
    let times = Mutex::new((Vec::new(), Vec::new()));
    let mut at_first = (0, 0);
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let mut stream = client.connect().unwrap();
                while !over.load(Ordering::Relaxed) {
                    let body = stage.sign_body();
                    let start = Stopwatch::start();
                    // A reset or a refusal fails the test.
                    let answer = limits::ask(&mut stream, "POST", "/sign", &body).unwrap();
                    assert_eq!(answer.status, 201, "{answer:?}");
                    client.books.note("/sign", &answer);
                    let mut times = times.lock().unwrap();
                    let kind = if reloading.load(Ordering::Relaxed) { &mut times.1 } else { &mut times.0 };
                    kind.push(start.elapsed());
                }
            });
        }
        while times.lock().unwrap().0.len() < 200 {
            thread::yield_now();
        }
        reloading.store(true, Ordering::Relaxed);
        for round in 0..rounds {
            server.reload("The configuration was reloaded");
            if round == 5 {
                at_first = (belongings(server.pid()).0, memory(server.pid(), "VmRSS"));
            }
            if is_long() {
                thread::sleep(Duration::from_secs(1));
            }
        }
        over.store(true, Ordering::Relaxed);
    });
    let (files, size) = (belongings(server.pid()).0, memory(server.pid(), "VmRSS"));
    let (mut before, mut during) = times.into_inner().unwrap();
    let count = during.len();
    let (before, during) = (percentile(&mut before, 99), percentile(&mut during, 99));
    measured(
        "F21",
        &format!(
            "{rounds} reloads, {count} requests, 0 failed; 99 of 100 within {during:.1?} instead of {before:.1?}; {} open files then, {files} now; {} MB then, {} now",
            at_first.0,
            at_first.1 / 1024,
            size / 1024
        ),
    );
    assert!(files <= at_first.0 + 8, "{files} open files, {} before", at_first.0);
    assert!(size < at_first.1 + 16 * 1024, "{size} KB, {} before", at_first.1);
    client.books.close(&stage, server);
}

//! F16: many who say nothing. F19: many who say as much as they may. Slow ones (F17) and more than there are files for
//! (F18) are in `limits`.

use std::{
    io::Write,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use rung_server::stopwatch::Stopwatch;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;

use super::{alone, belongings, is_long, measured, memory, percentile, soon};
use crate::{
    client::{Answer, Client, Stream},
    limits,
    stage::Stage,
};

/// As many files as there may be, since the clients are here.
fn open_more_files() -> usize {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    limit.maximum.map_or(usize::MAX, |limit| limit as usize)
}

/// How long certificates take on a connection that is kept.
fn times(stage: &Stage, client: &Client, count: usize) -> Vec<Duration> {
    let mut stream = client.connect().unwrap();
    let sign = |stream: &mut Stream| {
        let body = stage.sign_body();
        let start = Stopwatch::start();
        assert_eq!(limits::ask(stream, "POST", "/sign", &body).unwrap().status, 201);
        start.elapsed()
    };
    (0..count).map(|_| sign(&mut stream)).collect()
}

#[test]
fn f16_many_who_say_nothing_take_little_and_harm_nobody() {
    let (_turn, stage) = (alone(), Stage::new());
    let count = if is_long() { 10_000.min(open_more_files() - 100) } else { 200.min(open_more_files() - 100) };
    let mut config = stage.config();
    config["limits"] = json!({"patience": if is_long() { "2m" } else { "1m" }, "connections": 20_000});
    stage.configure(&config);
    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    let mut before = times(&stage, &client, 100);
    let (files, _) = belongings(server.pid());
    let start = memory(server.pid(), "VmRSS");
    let idle: Vec<Stream> = (0..count)
        .map(|_| {
            let mut stream = client.connect().unwrap();
            // The handshake, and not a word.
            stream.conn.complete_io(&mut stream.sock).unwrap();
            stream
        })
        .collect();
    soon("accepting", Duration::from_secs(60), || belongings(server.pid()).0 + 2 >= files + count);
    let each = (memory(server.pid(), "VmRSS") - start) / count as u64;
    let mut during = times(&stage, &client, 100);
    let (before, during) = (percentile(&mut before, 50), percentile(&mut during, 50));
    let mut ended = String::new();
    if is_long() {
        let closed = soon("closing", Duration::from_secs(300), || belongings(server.pid()).0 < files + 5);
        ended = format!(", closed after {closed:.0?}");
    }
    drop(idle);
    measured(
        "F16",
        &format!(
            "{count} idle connections: {each} KB each, certificates in {during:.1?} instead of {before:.1?}{ended}"
        ),
    );
    assert!(each <= 30, "{each} KB each");
    // Besides the tests, other work is on the machine; the bar is twice.
    assert!(during < before * 5 + Duration::from_millis(20), "{during:?} instead of {before:?}");
}

#[test]
fn f19_the_largest_requests_of_many_take_no_more_memory_than_there_is() {
    let (_turn, stage) = (alone(), Stage::new());
    open_more_files();
    let clients = if is_long() { 500 } else { 120 };
    let mut config = stage.config();
    config.as_object_mut().unwrap().shift_remove("logger");
    // Debugging makes them slow, and the machine is busy.
    config["limits"] = json!({"patience": "2m"});
    stage.configure(&config);
    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    // Each is as long as a body may be, and waits for the others with its last octet.
    let large = format!("{{\"csr\":\"{}\"}}", "x".repeat((1 << 20) - 10));
    let head =
        format!("POST /sign HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", 1 << 20);
    let (sent, refused, answered) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..clients {
            scope.spawn(|| {
                let mut stream = client.connect().unwrap();
                let whole = [head.as_bytes(), large.as_bytes()].concat();
                let (last, most) = whole.split_last().unwrap();
                let written = stream.write_all(most).and_then(|()| stream.flush());
                sent.fetch_add(1, Ordering::SeqCst);
                while written.is_ok() && sent.load(Ordering::SeqCst) < clients {
                    thread::sleep(Duration::from_millis(2));
                }
                // Who was refused before the end may find the door closed.
                let _ = stream.write_all(&[*last]).and_then(|()| stream.flush());
                let mut said = Vec::new();
                let _ = std::io::Read::read_to_end(&mut stream, &mut said);
                match String::from_utf8(said).ok().filter(|said| said.contains("\r\n\r\n")) {
                    Some(said) if Answer::parse(&said).status == 400 => answered.fetch_add(1, Ordering::SeqCst),
                    Some(said) => {
                        let status = Answer::parse(&said).status;
                        assert!([408, 429, 503].contains(&status), "{said}");
                        refused.fetch_add(1, Ordering::SeqCst)
                    }
                    None => refused.fetch_add(1, Ordering::SeqCst),
                };
            });
        }
    });
    let peak = memory(server.pid(), "VmHWM") / 1024;
    let (answered, refused) = (answered.into_inner(), refused.into_inner());
    measured(
        "F19",
        &format!("{clients} requests of 1 MiB at the same time: {answered} read, {refused} refused, {peak} MB at most"),
    );
    assert!(refused > 0 && answered > 0, "{answered} were read, {refused} refused");
    assert!(peak < 128, "{peak} MB");
    assert_eq!(client.post("/sign", &stage.sign_body()).status, 201);
    assert!(server.stop().status.success());
}

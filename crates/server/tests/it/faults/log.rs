//! F28: nobody reads the log.

use std::{io::Read, process::Stdio, thread, time::Duration};

use rung_server::stopwatch::Stopwatch;
use rustix::process::{Pid, Signal, kill_process};

use super::{alone, measured, percentile, soon};
use crate::{client::Client, limits, metrics::scrape, stage::Stage};

#[test]
fn f28_a_log_that_nobody_reads_costs_lines_and_no_time() {
    const COUNT: usize = 400;
    let (_turn, stage) = (alone(), Stage::new());
    let free = || std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (address, metrics) = (free().to_string(), free().to_string());
    let mut config = stage.config();
    config["address"] = address.as_str().into();
    config["metricsAddress"] = metrics.as_str().into();
    stage.configure(&config);
    let mut child = stage.command().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    soon("the start", Duration::from_secs(60), || std::net::TcpStream::connect(&address).is_ok());
    let client = Client::new(&stage, &address);
    let mut stream = client.connect().unwrap();
    let mut times: Vec<Duration> = (0..COUNT)
        .map(|_| {
            let body = stage.sign_body();
            let start = Stopwatch::start();
            assert_eq!(limits::ask(&mut stream, "POST", "/sign", &body).unwrap().status, 201);
            start.elapsed()
        })
        .collect();
    let (first, last) = times.split_at_mut(COUNT / 4);
    let (before, during) = (percentile(first, 50), percentile(last, 50));
    // Every line asks for some hundred octets; a pipe takes 64 KiB of them.
    for _ in 0..20_000 {
        limits::ask(&mut stream, "GET", "/health", "").unwrap();
        if !scrape(&metrics, "GET /metrics").body.contains("rung_ca_dropped_log_lines_total 0\n") {
            break;
        }
    }
    let page = scrape(&metrics, "GET /metrics").body;
    let dropped =
        page.lines().find_map(|line| line.strip_prefix("rung_ca_dropped_log_lines_total ")).unwrap().to_owned();
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let reader = thread::spawn(move || {
        let mut said = String::new();
        stderr.read_to_string(&mut said).map(|_| said)
    });
    assert!(child.wait().unwrap().success());
    let said = reader.join().unwrap().unwrap();
    assert!(!said.contains("panic"), "{said}");
    measured("F28", &format!("certificates in {during:.1?} instead of {before:.1?}, {dropped} lines lost and counted"));
    assert_ne!(dropped, "0");
    assert!(during < before * 4 + Duration::from_millis(20), "{during:?} instead of {before:?}");
}

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::mpsc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::*;

struct Monday;

impl Clock for Monday {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_795_464_296)
    }
}

/// Hands over what is written.
struct Pipe(mpsc::Sender<Vec<u8>>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.send(bytes.to_vec()).map_err(std::io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn written(format: Option<LogFormat>, write: impl FnOnce(&Log)) -> String {
    let (sender, receiver) = mpsc::channel();
    let (log, writer) = Log::start(Arc::new(Monday), Pipe(sender));
    log.set_format(format);
    write(&log);
    drop(writer);
    String::from_utf8(receiver.try_iter().flatten().collect()).unwrap()
}

fn access<'a>(path: &'a str, fields: &'a [(&'static str, std::borrow::Cow<'a, str>)]) -> Access<'a> {
    Access {
        request_id: "r1",
        remote: SocketAddr::from((Ipv4Addr::LOCALHOST, 4000)),
        start: Monday.now(),
        duration: Duration::from_nanos(106_611),
        method: "GET",
        path,
        protocol: "HTTP/2.0",
        status: 200,
        size: 16,
        referer: "",
        user_agent: "a client",
        fields,
    }
}

#[test]
fn a_request_is_one_line_of_logfmt() {
    let line = written(Some(LogFormat::Text), |log| log.access(&access("/health", &[("serial", "7".into())])));
    assert_eq!(
        line,
        "time=\"2026-11-23T20:04:56Z\" level=info duration=\"106.611µs\" duration-ns=106611 \
         fields.time=\"2026-11-23T20:04:56Z\" method=GET name=ca path=/health protocol=HTTP/2.0 referer= \
         remote-address=127.0.0.1 request-id=r1 serial=7 size=16 status=200 user-agent=\"a client\" user-id=\n"
    );
}

#[test]
fn a_request_is_one_json_object() {
    let line = written(Some(LogFormat::Json), |log| log.access(&access("/health", &[])));
    let value: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(value["status"], 200);
    assert_eq!(value["duration-ns"], 106_611);
    assert_eq!(value["msg"], "");
    assert_eq!(line.lines().count(), 1);
}

#[test]
fn p06_nobody_outside_forges_a_line() {
    for format in [LogFormat::Common, LogFormat::Json, LogFormat::Text] {
        let line = written(Some(format), |log| log.access(&access("/x\n2026/01/01 forged\u{202e}\u{1b}[31m", &[])));
        assert_eq!(line.lines().count(), 1, "{line}");
        assert!(!line.contains('\u{1b}') && !line.contains('\u{202e}') || format == LogFormat::Json, "{line}");
    }
    let line = written(None, |log| log.warning("a\nb"));
    assert_eq!(line, "2026/11/23 20:04:56 warning: a\\nb\n");
}

#[test]
fn refusals_are_written_even_when_requests_are_not() {
    let line = written(None, |log| {
        log.access(&access("/health", &[]));
        log.access(&access("/sign", &[("error", "the token has expired".into())]));
    });
    assert_eq!(line.lines().count(), 1);
    assert!(line.contains("the token has expired (request r1)"), "{line}");
}

#[test]
fn a_line_written_at_the_last_moment_does_not_hold_up_the_end() {
    for _ in 0..20 {
        let (log, writer) = Log::start(Arc::new(Monday), std::io::sink());
        log.info("shutting down ...");
        // The writer is at its pause between two batches now, or about to be.
        let stopwatch = crate::stopwatch::Stopwatch::start();
        drop(writer);
        assert!(stopwatch.elapsed() < Duration::from_secs(1), "waited for {:?}", stopwatch.elapsed());
    }
}

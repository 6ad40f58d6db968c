//! Bodies that are too long, broken off or not there.

use std::io::{Read, Write};

use crate::{
    client::{Answer, Client},
    stage::Stage,
};

#[test]
fn h01_a_body_has_at_most_a_mebibyte() {
    let stage = Stage::new();
    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    // Announced: refused before any of it is sent.
    let head = |extra: &str| format!("POST /sign HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{extra}\r\n");
    for length in ["1048577", "104857600", "9223372036854775807"] {
        let answer = client.say("/sign", head(&format!("Content-Length: {length}\r\n")).as_bytes());
        let answer = Answer::parse(&answer);
        assert_eq!(answer.status, 413, "{length}");
        assert_eq!(answer.message(), "The request could not be completed: the body is longer than 1048576 bytes.");
    }
    // In chunks: refused once there is too much of it.
    let mut chunks = head("Transfer-Encoding: chunked\r\n").into_bytes();
    for _ in 0..17 {
        chunks.extend(b"10000\r\n");
        chunks.extend(vec![b' '; 0x10000]);
        chunks.extend(b"\r\n");
    }
    assert_eq!(Answer::parse(&client.say("/sign", &chunks)).status, 413);
    let full = format!("{{}}{}", " ".repeat((1 << 20) - 2));
    let answer = client.post("/sign", &full);
    assert_eq!((answer.status, &*answer.message()), (400, "The request could not be completed: missing csr."));
    assert_eq!(client.get("/health").status, 200);
    client.books.close(&stage, server);
}

#[test]
fn h03_ambiguous_framing_is_refused() {
    let stage = Stage::new();
    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    for framing in [
        "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        "Content-Length: -1\r\n\r\n{}",
        "Content-Length: +2\r\n\r\n{}",
        "Content-Length: 2\r\n folded\r\n\r\n{}",
        "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        "X-Y: a\0b\r\nContent-Length: 2\r\n\r\n{}",
    ] {
        let request = format!("POST /sign HTTP/1.1\r\nHost: localhost\r\n{framing}");
        let answer = client.say("/sign", request.as_bytes());
        assert!(answer.is_empty() || Answer::parse(&answer).status == 400, "{framing:?}: {answer}");
    }
    client.books.close(&stage, server);
}

#[test]
fn a_header_block_that_is_too_long_is_refused() {
    let stage = Stage::new();
    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    let request = format!("GET /health HTTP/1.1\r\nHost: localhost\r\nX-Y: {}\r\n\r\n", "y".repeat((64 << 10) + 512));
    assert_eq!(Answer::parse(&client.exchange(request.as_bytes()).unwrap()).status, 431);
}

#[test]
fn a_body_that_breaks_off_breaks_nothing_else() {
    let stage = Stage::new();
    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    let mut stream = client.connect().unwrap();
    stream.write_all(b"POST /sign HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{\"csr\":").unwrap();
    stream.conn.send_close_notify();
    stream.flush().unwrap();
    let mut rest = Vec::new();
    // An answer or none: nobody is left to read it.
    let _ = stream.read_to_end(&mut rest);
    assert_eq!(client.get("/health").status, 200);
}

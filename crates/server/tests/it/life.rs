//! Signals, the process id, and the end.

use std::io::{Read, Write};

use rustix::process::Signal;

use crate::{
    client::{Answer, Client},
    server::Server,
    stage::Stage,
};

/// A request whose handler waits for its body: the server asks for it.
fn in_flight(client: &Client, body: &str) -> crate::client::Stream {
    let mut stream = client.connect().unwrap();
    let head = format!(
        "POST /sign HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut said = [0; 25];
    stream.read_exact(&mut said).unwrap();
    assert_eq!(&said, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
}

fn finish(mut stream: crate::client::Stream, body: &str) -> Answer {
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    Answer::parse(&answer)
}

#[test]
fn the_end_waits_for_requests_in_flight() {
    for signal in [Signal::TERM, Signal::INT] {
        let stage = Stage::new();
        let mut server = stage.serve();
        let client = Client::new(&stage, &server.address);
        let body = stage.sign_body();
        let stream = in_flight(&client, &body);
        server.signal(signal);
        server.wait_for("shutting down ...");
        assert_eq!(finish(stream, &body).status, 201);
        let ended = server.wait();
        assert!(ended.status.success(), "{}", ended.stderr);
        assert!(!ended.stderr.contains("did not finish"), "{}", ended.stderr);
    }
}

#[test]
fn a_reload_does_not_disturb_requests_in_flight() {
    let stage = Stage::new();
    let mut server = stage.serve();
    let client = Client::new(&stage, &server.address);
    let body = stage.sign_body();
    let stream = in_flight(&client, &body);
    let mut config = stage.config();
    config["address"] = "localhost:0".into();
    config["authority"]["provisioners"] = serde_json::json!([]);
    stage.configure(&config);
    server.reload("The configuration was reloaded");
    assert_eq!(finish(stream, &body).status, 201, "the configuration in force is that of the arrival");
}

#[test]
fn an_idle_connection_does_not_hold_up_the_end() {
    let stage = Stage::new();
    let server = stage.serve();
    let mut stream = Client::new(&stage, &server.address).connect().unwrap();
    stream.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut first = [0; 15];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    assert!(server.stop().status.success());
}

#[test]
fn the_process_id_is_on_file_while_it_runs() {
    let stage = Stage::new();
    let mut server = Server::start(stage.command().args(["--pidfile", "rung.pid"]));
    // A reload comes after everything that belongs to the start.
    server.reload("The configuration was reloaded");
    let written = std::fs::read_to_string(stage.path("rung.pid")).unwrap();
    assert_eq!(written, format!("{}\n", server.pid()));
    assert!(server.stop().status.success());
    assert!(!stage.path("rung.pid").exists());
    let ended = Server::spawn(stage.command().args(["--pidfile", "no/such/folder.pid"])).wait();
    assert_eq!(ended.status.code(), Some(2));
    assert!(ended.stderr.contains("no/such/folder.pid"), "{}", ended.stderr);
}

#[test]
fn a_signal_right_after_the_start_is_heard() {
    for _ in 0..5 {
        let stage = Stage::new();
        let mut server = stage.serve();
        server.reload("The configuration was reloaded");
        assert!(server.stop().status.success());
    }
}

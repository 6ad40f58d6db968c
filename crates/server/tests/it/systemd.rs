//! What systemd is told, and the socket that it hands over.

use std::{
    net::TcpListener,
    os::{fd::OwnedFd, unix::net::UnixDatagram},
    process::{Command, Stdio},
    time::Duration,
};

use rustix::process::Signal;

use crate::{client::Client, server::Server, stage::Stage};

#[test]
fn systemd_hears_of_start_reload_and_end() {
    let stage = Stage::new();
    let socket = UnixDatagram::bind(stage.path("notify")).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let next = || {
        let mut octets = [0; 1024];
        let count = socket.recv(&mut octets).unwrap();
        String::from_utf8(octets[..count].to_vec()).unwrap()
    };
    let server = Server::start(stage.command().env("NOTIFY_SOCKET", stage.path("notify")));
    assert_eq!(next().trim(), "READY=1");
    server.signal(Signal::HUP);
    let reloading = next();
    assert!(reloading.contains("RELOADING=1") && reloading.contains("MONOTONIC_USEC="), "{reloading}");
    assert_eq!(next().trim(), "READY=1");
    server.signal(Signal::TERM);
    assert_eq!(next().trim(), "STOPPING=1");
    assert!(server.wait().status.success());
}

#[test]
fn a_socket_that_is_handed_over_is_served() {
    let stage = Stage::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mut config = stage.config();
    // Nobody may bind this one.
    config["address"] = "203.0.113.1:443".into();
    stage.configure(&config);
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" \"$@\" 3<&0 0</dev/null"])
        .arg(env!("CARGO_BIN_EXE_rung-ca"))
        .arg(stage.path("ca.json"))
        .stdin(Stdio::from(OwnedFd::from(listener)));
    let mut server = Server::start_with_input(&mut command);
    let client = Client::new(&stage, &address);
    assert_eq!(client.get("/health").status, 200);
    server.reload("The configuration was reloaded");
    assert_eq!(client.get("/health").status, 200);
    assert!(server.stop().status.success());
}

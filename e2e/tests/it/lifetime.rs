//! The server's life: reloading and stopping without losing anybody.

use std::io::Write;
use std::net::TcpStream;

use rustix::process::Signal;

use crate::harness::{Ca, Load, client_config, connect, eventually, read_answer};

#[test]
fn a_reload_under_load_loses_no_request() {
    let ca = Ca::init();
    let server = ca.serve();
    let load = Load::start(ca.port, ca.root().as_ref(), 8);
    for number in 1..=5 {
        load.wait_for(200);
        let name = format!("extra-{number}");
        let add = ["ca", "provisioner", "add", &name, "--type", "JWK", "--create", "--password-file", "password"];
        ca.place.rung(&[&add[..], &["--ca-config", &ca.config()]].concat()).success();
        ca.reload(&server);
        let listed = ca.place.rung(&["ca", "provisioner", "list"]).success().stdout;
        assert!(listed.contains(&name), "the reload did not take over {name}: {listed}");
    }
    load.wait_for(200);
    let (answered, failures) = load.finish();
    assert_eq!(failures, Vec::<String>::new(), "of {answered} requests");
}

#[test]
fn a_bad_configuration_leaves_the_old_one_serving() {
    let ca = Ca::init();
    let server = ca.serve();
    let good = ca.place.read("step/config/ca.json");
    let line = 1 + good.lines().position(|line| line.contains("\"address\"")).expect("there is an address");
    ca.place.write("step/config/ca.json", &good.replace("\"address\": \"", "\"address\": 5, \"x\": \""));
    server.signal(Signal::HUP);
    server.wait_for_text(&format!("ca.json:{line}:"), 1);
    assert_eq!(ca.place.rung(&["ca", "health"]).success().stdout, "ok\n");
    let health = ca.place.rung(&["ca", "health", "--format", "json"]).success().stdout;
    assert_eq!(health, "{\n  \"status\": \"ok\"\n}\n");
    ca.certificate("svc.example.com", "svc", &[]).success();
    ca.place.write("step/config/ca.json", &good);
    ca.reload(&server);
}

#[test]
fn a_stop_lets_requests_in_flight_finish() {
    let ca = Ca::init();
    let server = ca.serve();
    let config = client_config(ca.root().as_ref(), None);
    let mut stream = connect(ca.port, &config).expect("it answers");
    let body = "{\"csr\":\"\",\"ott\":\"\"}";
    let head = format!("POST /1.0/sign HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", body.len());
    let (first, rest) = body.split_at(5);
    stream.write_all(format!("{head}{first}").as_bytes()).and_then(|()| stream.flush()).expect("it is connected");
    // Another connection's answer says that the server has seen the first one.
    assert_eq!(ca.place.rung(&["ca", "health"]).success().stdout, "ok\n");
    server.signal(Signal::TERM);
    eventually("the end of listening", || TcpStream::connect(("127.0.0.1", ca.port)).is_err().then_some(()));
    stream.write_all(rest.as_bytes()).and_then(|()| stream.flush()).expect("the connection is still open");
    let (status, answer) = read_answer(&mut stream).expect("the request is answered");
    assert_eq!(status, 400, "{answer}");
    drop(stream);
    server.finish().success();
}

#[test]
fn ctrl_c_stops_the_server() {
    let ca = Ca::init();
    let server = ca.serve();
    server.signal(Signal::INT);
    server.finish().success();
    ca.serve();
}

//! SIGHUP: another configuration, or the one from before and a reason.

use rung_pki::{extension, keyfile};
use serde_json::{Value, json};

use crate::{
    client::Client,
    metrics::scrape,
    stage::{DAYS_365, PASSWORD, Stage, ca, certificate, ec},
};

const GOOD: &str = "The configuration was reloaded";
const BAD: &str = "Continuing to serve with the configuration from before.";

/// A way to break a configuration, and what the log must say about it.
type Break = (&'static str, fn(&Stage, &mut Value), &'static str);

const BREAKS: &[Break] = &[
    (
        "an unknown member",
        |_, config| config["adress"] = 1.into(),
        ": unknown member `adress`; did you mean `address`?",
    ),
    (
        "a member that is missing",
        |_, config| drop(config.as_object_mut().unwrap().shift_remove("key")),
        "the member `key` is missing",
    ),
    ("a wrong type", |_, config| config["address"] = 443.into(), "address: expected a string, found a number"),
    ("no port", |_, config| config["address"] = "localhost".into(), "is not an address with a port"),
    ("no names", |_, config| config["dnsNames"] = json!([]), "dnsNames must name at least one host"),
    ("a name that is none", |_, config| config["dnsNames"] = json!(["a b"]), "a b"),
    ("a root that is not there", |_, config| config["root"] = "nowhere.crt".into(), "nowhere.crt (root): No such file"),
    (
        "a root that is none",
        |stage, config| {
            stage.write("bad.crt", "no certificate");
            config["root"] = stage.path("bad.crt").to_str().unwrap().into();
        },
        "bad.crt (root)",
    ),
    (
        "a certificate cut short",
        |stage, config| {
            stage.write("short.crt", &stage.intermediate.to_pem()[..200]);
            config["crt"] = stage.path("short.crt").to_str().unwrap().into();
        },
        "short.crt (crt)",
    ),
    (
        "a certificate of somebody else's key",
        |stage, config| {
            stage.write("else.crt", &ca("Else", &ec(), Some((&stage.root, &stage.root_key)), DAYS_365).to_pem());
            config["crt"] = stage.path("else.crt").to_str().unwrap().into();
        },
        "the key does not belong to the issuing certificate",
    ),
    (
        "a certificate that is no CA's",
        |stage, config| {
            let usage = vec![extension::key_usage(extension::KeyUsage::DIGITAL_SIGNATURE)];
            let leaf = certificate("Leaf", &stage.key, Some((&stage.root, &stage.root_key)), DAYS_365, usage);
            stage.write("leaf.crt", &leaf.to_pem());
            config["crt"] = stage.path("leaf.crt").to_str().unwrap().into();
        },
        "the issuing certificate may not sign certificates",
    ),
    (
        "a certificate that has expired",
        |stage, config| {
            let lifetime = std::time::Duration::from_secs(60);
            stage.write("old.crt", &ca("Old", &stage.key, Some((&stage.root, &stage.root_key)), lifetime).to_pem());
            config["crt"] = stage.path("old.crt").to_str().unwrap().into();
        },
        "expired",
    ),
    (
        "another root",
        |stage, config| {
            stage.write("other.crt", &ca("Other", &ec(), None, DAYS_365).to_pem());
            config["root"] = stage.path("other.crt").to_str().unwrap().into();
        },
        "does not chain to the root",
    ),
    ("a key that is not there", |_, config| config["key"] = "nowhere.key".into(), "nowhere.key"),
    (
        "a key cut short",
        |stage, config| {
            stage.write("short.key", &keyfile::to_pem(&stage.key)[..80]);
            config["key"] = stage.path("short.key").to_str().unwrap().into();
        },
        "short.key",
    ),
    ("a key that is a folder", |stage, config| config["key"] = stage.path("").to_str().unwrap().into(), "directory"),
    (
        "a key under another password",
        |stage, config| {
            stage.write("locked.key", &keyfile::to_encrypted_pkcs8_pem(&stage.key, b"another").unwrap());
            config["key"] = stage.path("locked.key").to_str().unwrap().into();
        },
        "locked.key",
    ),
    (
        "another database",
        |stage, config| config["db"]["dataSource"] = stage.path("x.sqlite").to_str().unwrap().into(),
        "the member `db` has changed",
    ),
    (
        "two provisioners of one name",
        |_, config| {
            let first = config["authority"]["provisioners"][0].clone();
            config["authority"]["provisioners"].as_array_mut().unwrap().push(first);
        },
        "admin",
    ),
    (
        "a provisioner of a type that is not served",
        |_, config| {
            config["authority"]["provisioners"][0] = json!({"type": "ACME", "name": "acme"});
        },
        "ACME",
    ),
    (
        "a provisioner whose key is none",
        |_, config| config["authority"]["provisioners"][0]["key"]["x"] = "AA".into(),
        "admin",
    ),
    (
        "lifetimes that contradict each other",
        |_, config| {
            config["authority"]["claims"] = json!({"minTLSCertDuration": "2h", "maxTLSCertDuration": "1h"});
        },
        "maxTLSCertDuration (1h0m0s) is less than minTLSCertDuration (2h0m0s)",
    ),
    (
        "a version of TLS that is broken",
        |_, config| config["tls"] = json!({"minVersion": 1.1}),
        "the TLS version is 1.2 or 1.3",
    ),
    ("a feature that is not served", |_, config| config["ssh"] = json!({"hostKey": "x"}), "ssh"),
    (
        "an address of somewhere else",
        |_, config| config["address"] = "203.0.113.1:0".into(),
        "cannot listen on 203.0.113.1:0 (address)",
    ),
];

#[test]
fn p01_whatever_is_wrong_the_old_configuration_serves_on() {
    let stage = Stage::new();
    let mut command = stage.command();
    command.arg("--password-file").arg(stage.path("password"));
    let mut server = crate::server::Server::start(&mut command);
    let client = Client::new(&stage, &server.address);
    for (case, spoil, reason) in BREAKS {
        let mut config = stage.config();
        spoil(&stage, &mut config);
        stage.configure(&config);
        let said = server.reload(BAD);
        check(case, &said, reason);
        assert_eq!(client.post("/sign", &stage.sign_body()).status, 201, "{case}");
    }
    for (case, text, place) in [
        ("nothing", "", "ca.json:1:1: "),
        ("half of it", "{\n\t\"root\": ", "ca.json:2:"),
        ("a member twice", "{\n\t\"address\": \":1\",\n\t\"address\": \":2\"\n}", "ca.json:3:2: "),
        ("text behind it", "{}\n{}", "ca.json:2:1: "),
        ("a list", "[]", "ca.json:1:1: "),
    ] {
        stage.write("ca.json", text);
        check(case, &server.reload(BAD), place);
    }
    std::fs::remove_file(stage.path("ca.json")).unwrap();
    check("no file", &server.reload(BAD), "ca.json");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for member in ["address", "metricsAddress"] {
        let mut config = stage.config();
        config[member] = address.clone().into();
        stage.configure(&config);
        let reason = format!("cannot listen on {address} ({member})");
        check("a port that is taken", &server.reload(BAD), &reason);
    }
    stage.configure(&stage.config());
    let said = server.reload(GOOD);
    assert!(said.contains("(generation 2)"), "{said}");
    assert!(!server.said.contains(PASSWORD));
}

#[track_caller]
fn check(case: &str, said: &str, reason: &str) {
    assert!(said.contains("error reloading server: "), "{case}: {said}");
    assert!(said.contains(reason), "{case}: {reason:?} is not in\n{said}");
}

#[test]
fn problems_of_the_configuration_have_their_place() {
    let stage = Stage::new();
    let mut server = stage.serve();
    let mut config = stage.config();
    config["adress"] = 1.into();
    stage.configure(&config);
    let text = std::fs::read_to_string(stage.path("ca.json")).unwrap();
    let line = text.lines().position(|line| line.contains("adress")).unwrap() + 1;
    let said = server.reload(BAD);
    assert!(said.contains(&format!("ca.json:{line}:3: ")), "{said}");
}

#[test]
fn a_reload_takes_over_provisioners_and_renews_the_answers() {
    let stage = Stage::new();
    let mut server = stage.serve();
    let client = Client::new(&stage, &server.address);
    let before = stage.sign_body();
    let mut config = stage.config();
    config["authority"]["provisioners"][0]["name"] = "renamed".into();
    stage.configure(&config);
    server.reload(GOOD);
    assert_eq!(client.get("/provisioners").json()["provisioners"][0]["name"], "renamed");
    assert_eq!(client.post("/sign", &before).status, 401);
    let token = stage.token(&json!({"iss": "renamed"}));
    let body = json!({"csr": crate::stage::request(&[]), "ott": token}).to_string();
    assert_eq!(client.post("/sign", &body).status, 201);
}

#[test]
fn a_changed_address_moves_the_port() {
    let stage = Stage::new();
    let mut server = stage.serve();
    let client = Client::new(&stage, &server.address);
    let mut config = stage.config();
    config["address"] = "localhost:0".into();
    stage.configure(&config);
    server.signal(rustix::process::Signal::HUP);
    let moved = server.serving();
    server.wait_for(GOOD);
    assert_ne!(moved, server.address);
    assert_eq!(client.at(&moved).get("/health").status, 200);
    assert!(std::net::TcpStream::connect(&server.address).is_err(), "the old port is still open");
    assert!(server.stop().status.success());
}

#[test]
fn metrics_come_and_go() {
    let stage = Stage::new();
    let mut server = stage.serve();
    let mut config = stage.config();
    config["metricsAddress"] = "127.0.0.1:0".into();
    stage.configure(&config);
    server.signal(rustix::process::Signal::HUP);
    let metrics = server.serving_metrics();
    server.wait_for(GOOD);
    let page = scrape(&metrics, "GET /metrics").body;
    assert!(page.contains("rung_ca_configuration_generation 2\n"), "{page}");
    assert!(page.contains("rung_ca_reloads_total 1\n"), "{page}");
    server.reload(GOOD);
    assert!(scrape(&metrics, "GET /metrics").body.contains("rung_ca_reloads_total 2\n"), "it stays where it is");
    stage.configure(&stage.config());
    server.reload(GOOD);
    // It is closed a moment later, and then the port may be somebody else's.
    for _ in 0..500 {
        if !tells_metrics(&metrics) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("metrics are still told at the old port");
}

fn tells_metrics(address: &str) -> bool {
    use std::io::{Read, Write};
    let Ok(mut stream) = std::net::TcpStream::connect(address) else { return false };
    stream.set_read_timeout(Some(std::time::Duration::from_secs(5))).unwrap();
    let mut said = Vec::new();
    let asked = stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    asked.and_then(|()| stream.read_to_end(&mut said)).is_ok() && said.windows(8).any(|part| part == b"rung_ca_")
}

#[test]
fn open_connections_go_on_with_the_new_configuration() {
    use std::io::{Read, Write};
    let stage = Stage::new();
    let mut server = stage.serve();
    let mut stream = Client::new(&stage, &server.address).connect().unwrap();
    let ask = |stream: &mut crate::client::Stream| {
        stream.write_all(b"GET /provisioners?limit=1 HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut said = String::new();
        while !said.ends_with("\"nextCursor\":\"\"}\n") {
            let mut octets = [0; 4096];
            let count = stream.read(&mut octets).unwrap();
            assert_ne!(count, 0, "the connection ended after {said:?}");
            said.push_str(std::str::from_utf8(&octets[..count]).unwrap());
        }
        said
    };
    assert!(ask(&mut stream).contains("\"name\":\"admin\""));
    let mut config = stage.config();
    config["authority"]["provisioners"][0]["name"] = "renamed".into();
    stage.configure(&config);
    server.reload(GOOD);
    assert!(ask(&mut stream).contains("\"name\":\"renamed\""));
}

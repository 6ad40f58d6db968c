//! The page that operators scrape.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use crate::{
    client::{Answer, Client},
    stage::Stage,
};

pub(crate) fn scrape(address: &str, request: &str) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(format!("{request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    Answer::parse(&answer)
}

#[test]
fn h10_metrics_count_and_are_on_their_own_port() {
    let stage = Stage::new();
    let mut config = stage.config();
    config["metricsAddress"] = "127.0.0.1:0".into();
    stage.configure(&config);
    let mut server = stage.serve();
    let metrics = server.serving_metrics();
    let client = Client::new(&stage, &server.address);
    assert_eq!(client.post("/sign", &stage.sign_body()).status, 201);
    assert_eq!(client.post("/sign", "{}").status, 400);
    assert_eq!(client.get("/metrics").status, 404);
    let page = scrape(&metrics, "GET /metrics");
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    for line in [
        "step_ca_x509_signed_total{provisioner=\"admin\",success=\"true\"} 1",
        "step_ca_kms_signed_total 1",
        "rung_ca_http_answers_total{route=\"/sign\",status=\"201\"} 1",
        "rung_ca_http_answers_total{route=\"/sign\",status=\"400\"} 1",
        "rung_ca_configuration_generation 1",
        "rung_ca_panics_total 0",
        "rung_ca_unreleased_total 0",
    ] {
        assert!(page.body.lines().any(|said| said == line), "{line} is not in\n{}", page.body);
    }
    assert!(!page.body.contains("foo.example") && !page.body.contains("canary"), "{}", page.body);
    for (request, status) in [("GET /", 404), ("GET /sign", 404), ("POST /metrics", 405), ("HEAD /metrics", 200)] {
        assert_eq!(scrape(&metrics, request).status, status, "{request}");
    }
}

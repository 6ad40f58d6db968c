//! Who may do what: `access_matrix.txt` against the running program.

use std::collections::BTreeSet;

use rung_pki::Certificate;
use rung_server::http::ROUTES;
use rustls::version::TLS13;

use crate::{
    client::Client,
    stage::{Stage, ec, request_of},
};

const MATRIX: &str = include_str!("access_matrix.txt");
const METHODS: [&str; 4] = ["GET", "HEAD", "POST", "others"];
const OTHERS: [&str; 6] = ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FOO"];

/// A line of the file.
struct Line {
    route: &'static str,
    method: &'static str,
    /// For nobody in particular, the holder of a certificate, and the holder of a token.
    expected: [u16; 3],
}

fn lines() -> Vec<Line> {
    let line = |text: &'static str| {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [route, method, expected @ ..] = &fields[..] else { panic!("{text}") };
        let expected: Vec<u16> = expected.iter().map(|status| status.parse().unwrap()).collect();
        Line { route, method, expected: expected.try_into().unwrap() }
    };
    MATRIX.lines().filter(|text| !text.starts_with('#') && !text.is_empty()).map(line).collect()
}

#[test]
fn every_route_has_its_lines() {
    let written: BTreeSet<(&str, &str)> = lines().iter().map(|line| (line.route, line.method)).collect();
    let served: BTreeSet<(&str, &str)> =
        ROUTES.iter().flat_map(|route| METHODS.map(|method| (route.path, method))).collect();
    let missing: Vec<_> = served.difference(&written).collect();
    let stale: Vec<_> = written.difference(&served).collect();
    assert!(missing.is_empty() && stale.is_empty(), "access_matrix.txt lacks {missing:?} and has too much: {stale:?}");
    assert_eq!(lines().len(), written.len(), "access_matrix.txt has a line twice");
}

#[test]
fn everybody_gets_what_the_matrix_says() {
    let stage = Stage::new();
    let server = stage.serve();
    let nobody = Client::new(&stage, &server.address);
    let key = ec();
    let body = serde_json::json!({"csr": request_of(&key, &[]), "ott": stage.token(&serde_json::json!({}))});
    let answer = nobody.post("/sign", &body.to_string());
    let certificate = Certificate::from_pem(answer.json()["crt"].as_str().unwrap().as_bytes()).unwrap();
    let chain = [certificate, stage.intermediate.clone()];
    let holder = Client::with(&stage.root, &server.address, &[&TLS13], Some((&chain, &key)));
    let fingerprint: String = stage.root.fingerprint().iter().map(|octet| format!("{octet:02x}")).collect();
    for line in lines() {
        let path =
            line.route.replace("{sha}", &fingerprint).replace("{kid}", &stage.jwk_id).replace("{*request}", "AAAA");
        let path = path.replace("{issuer}", "00112233445566778899aabbccddeeff");
        let methods: &[&str] = if line.method == "others" { &OTHERS } else { &[line.method] };
        for (method, mount) in methods.iter().flat_map(|method| ["", "/1.0"].map(|mount| (method, mount))) {
            let target = format!("{mount}{path}");
            let empty = if *method == "POST" { "{}" } else { "" };
            let said = [
                nobody.send(method, &target, "", empty).status,
                holder.send(method, &target, "", empty).status,
                nobody.send(method, &target, "", &stage.sign_body()).status,
            ];
            assert_eq!(said, line.expected, "{method} {target}");
        }
    }
}

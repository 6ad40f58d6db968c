//! Statuses, headers and bodies.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use serde_json::{Value, json};

use crate::{
    client::{Answer, Client},
    stage::{Stage, ca, ec},
};

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// A certificate as it stands in JSON.
fn pem(certificate: &rung_pki::Certificate) -> Value {
    certificate.to_pem().into()
}

#[test]
fn answers_of_every_route() {
    let stage = Stage::new();
    let other = ca("Federated Root CA", &ec(), None, crate::stage::DAYS_365);
    stage.write("other.crt", &other.to_pem());
    let mut config = stage.config();
    config["federatedRoots"] = json!([stage.path("other.crt")]);
    stage.configure(&config);
    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    let fingerprint = hex(&stage.root.fingerprint());
    let jwk: Value = config["authority"]["provisioners"][0].clone();
    for (path, status, expected) in [
        ("/health", 200, json!({"status": "ok"})),
        ("/version", 200, json!({"version": env!("CARGO_PKG_VERSION")})),
        ("/roots", 201, json!({"crts": [pem(&stage.root)]})),
        ("/intermediates", 201, json!({"crts": [pem(&stage.intermediate)]})),
        ("/federation", 201, json!({"crts": [pem(&stage.root), pem(&other)]})),
        (&format!("/root/{fingerprint}"), 200, json!({"ca": pem(&stage.root)})),
        (&format!("/root/{}", fingerprint.to_uppercase()), 200, json!({"ca": pem(&stage.root)})),
        (&format!("/root/{}-{}", &fingerprint[..8], &fingerprint[8..]), 200, json!({"ca": pem(&stage.root)})),
        (&format!("/root/{}", hex(&other.fingerprint())), 200, json!({"ca": pem(&other)})),
        ("/provisioners", 200, json!({"provisioners": [jwk], "nextCursor": ""})),
        (&format!("/provisioners/{}/encrypted-key", stage.jwk_id), 200, json!({"key": "canary.encrypted.key"})),
    ] {
        for mount in ["", "/1.0"] {
            let answer = client.get(&format!("{mount}{path}?x=y"));
            assert_eq!(answer.status, status, "{path}: {answer:?}");
            assert_eq!(answer.header("content-type"), Some("application/json"), "{path}");
            assert_eq!(answer.json(), expected, "{path}");
            assert!(answer.body.ends_with("}\n"), "{path}: {:?}", answer.body);
            check_common(&answer);
        }
    }
    for (path, expected) in [("/roots.pem", &stage.root), ("/intermediates.pem", &stage.intermediate)] {
        let answer = client.get(path);
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/x-pem-file")));
        assert_eq!(answer.body, expected.to_pem());
    }
}

/// What every answer has.
#[track_caller]
fn check_common(answer: &Answer) {
    assert_eq!(answer.header("x-request-id").unwrap().len(), 36, "{answer:?}");
    assert!(answer.header("date").is_some(), "{answer:?}");
    assert!(answer.header("content-length").is_some(), "{answer:?}");
    assert_eq!(answer.header("content-encoding"), None, "{answer:?}");
}

#[test]
fn what_is_not_served() {
    let stage = Stage::new();
    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    for path in
        ["/", "/nope", "/health/", "/Health", "//health", "/1.0", "/2.0/health", "/./health", "/health%2f", "/metrics"]
    {
        let answer = client.get(path);
        assert_eq!((answer.status, &*answer.body), (404, "404 page not found\n"), "{path}");
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        check_common(&answer);
    }
    for (method, path, allow) in [
        ("POST", "/health", Some("GET")),
        ("OPTIONS", "/health", Some("GET")),
        ("TRACE", "/health", Some("GET")),
        ("GET", "/sign", Some("POST")),
        ("HEAD", "/sign", Some("POST")),
        ("PUT", "/1.0/sign", Some("POST")),
        ("FOO", "/health", None),
        ("get", "/health", None),
    ] {
        let answer = client.send(method, path, "", "");
        assert_eq!((answer.status, &*answer.body), (405, ""), "{method} {path}");
        assert_eq!(answer.header("allow"), allow, "{method} {path}");
        assert_eq!(answer.header("content-type"), None, "{method} {path}");
        assert_eq!(answer.header("x-request-id").unwrap().len(), 36, "{method} {path}");
    }
    let answer = client.send("GET", "/health", "X-HTTP-Method-Override: POST\r\n", "");
    assert_eq!(answer.status, 200);
}

#[test]
fn head_is_get_without_the_body() {
    let stage = Stage::new();
    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    for path in ["/health", "/roots", "/roots.pem", "/provisioners"] {
        let (get, head) = (client.get(path), client.send("HEAD", path, "", ""));
        assert_eq!((head.status, &*head.body), (get.status, ""), "{path}");
        for name in ["content-type", "content-length"] {
            assert_eq!(head.header(name), get.header(name), "{path}");
        }
        assert_eq!(get.header("content-length"), Some(&*get.body.len().to_string()));
    }
}

#[test]
fn a_request_names_its_host() {
    let stage = Stage::new();
    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    let ask = |head: &str| Answer::parse(&client.exchange(head.as_bytes()).unwrap()).status;
    assert_eq!(ask("GET /health HTTP/1.1\r\nConnection: close\r\n\r\n"), 400);
    assert_eq!(ask("GET /health HTTP/1.1\r\nHost: anything.example\r\nConnection: close\r\n\r\n"), 200);
    assert_eq!(ask("GET /health HTTP/1.0\r\n\r\n"), 200);
}

#[test]
fn p06_an_identifier_is_echoed_when_it_is_harmless() {
    let stage = Stage::new();
    let mut config = stage.config();
    config["logger"]["traceHeader"] = "X-Trace".into();
    stage.configure(&config);
    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    let id = |headers: &str| client.send("GET", "/health", headers, "").header("x-request-id").unwrap().to_owned();
    assert_eq!(id("X-Request-Id: abc-1.2_3:4/5=6+7@8\r\n"), "abc-1.2_3:4/5=6+7@8");
    assert_eq!(id("X-Trace: from-trace\r\n"), "from-trace");
    assert_eq!(id("X-Request-Id: first\r\nX-Trace: second\r\n"), "first");
    assert_eq!(id("X-Request-Id: \r\nX-Trace: second\r\n"), "second");
    let long = "x".repeat(129);
    for harmful in ["", "a b", "<script>", "\"", "a\tb", "%0a", "\u{e9}", &long] {
        let said = id(&format!("X-Request-Id: {harmful}\r\n"));
        assert_eq!((said.len(), said.as_bytes()[14]), (36, b'4'), "{harmful:?}: {said}");
    }
    assert_ne!(id(""), id(""));
    let answer = client.send("GET", "/nope", "X-Request-Id: at-404\r\n", "");
    assert_eq!(answer.header("x-request-id"), Some("at-404"));
}

#[test]
fn provisioners_come_in_pages() {
    let stage = Stage::new();
    let mut config = stage.config();
    let provisioners: Vec<Value> = (0..105)
        .map(|number| {
            let mut provisioner = config["authority"]["provisioners"][0].clone();
            provisioner["name"] = format!("p{number}").into();
            provisioner["claims"] = json!({"maxTLSCertDuration": "36h"});
            provisioner
        })
        .collect();
    config["authority"]["provisioners"] = provisioners.into();
    stage.configure(&config);
    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    let page = |query: &str| {
        let body = client.get(&format!("/provisioners{query}")).json();
        let names: Vec<String> = body["provisioners"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect();
        (names, body["nextCursor"].as_str().unwrap().to_owned(), body)
    };
    for (query, count) in [
        ("", 20),
        ("?limit=", 20),
        ("?limit=0", 20),
        ("?limit=-5", 20),
        ("?limit=7", 7),
        ("?limit=100", 100),
        ("?limit=1000", 100),
        ("?cursor=unknown&limit=3", 3),
        ("?cursor=", 20),
        ("?x=1", 20),
    ] {
        let (names, next, _) = page(query);
        assert_eq!((names.len(), &*names[0]), (count, "p0"), "{query}");
        assert!(!next.is_empty(), "{query}");
    }
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let (names, next, body) = page(&format!("?limit=50&cursor={cursor}"));
        all.extend(names);
        assert_eq!(body["provisioners"][0]["claims"], json!({"maxTLSCertDuration": "36h0m0s"}));
        cursor = next;
        if cursor.is_empty() {
            break;
        }
    }
    assert_eq!(all, (0..105).map(|number| format!("p{number}")).collect::<Vec<_>>());
    for limit in ["abc", "1.5", "99999999999999999999", "1%20"] {
        let answer = client.get(&format!("/provisioners?limit={limit}"));
        let shown = limit.replace("%20", " ");
        assert_eq!(answer.status, 400);
        assert_eq!(answer.message(), format!("The request could not be completed: limit '{shown}' is not an integer."));
    }
}

#[test]
fn an_authority_without_provisioners_has_none_to_show() {
    let stage = Stage::new();
    let mut config = stage.config();
    config["authority"] = json!({});
    stage.configure(&config);
    let server = stage.serve();
    let answer = Client::new(&stage, &server.address).get("/provisioners");
    assert_eq!(answer.body, "{\"provisioners\":null,\"nextCursor\":\"\"}\n");
}

#[test]
fn what_is_not_found() {
    let stage = Stage::new();
    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    let colons: Vec<String> = stage.root.fingerprint().iter().map(|octet| format!("{octet:02x}")).collect();
    for fingerprint in ["00", "zz", &"0".repeat(64), &colons.join(":")] {
        let answer = client.get(&format!("/root/{fingerprint}"));
        assert_eq!(answer.status, 404);
        assert_eq!(answer.message(), format!("root certificate with fingerprint {fingerprint:?} was not found"));
    }
    let answer = client.get("/root/%3Cscript%3E%0a");
    assert!(!answer.body.contains('<') && answer.body.contains("\\u003cscript\\u003e"), "{}", answer.body);
    let answer = client.get("/provisioners/unknown/encrypted-key");
    let text = "The requested resource could not be found. Please see the certificate authority logs for more info.";
    assert_eq!((answer.status, &*answer.message()), (404, text));
    check_common(&answer);
}

#[test]
fn http_without_tls_is_told_so() {
    let stage = Stage::new();
    let server = stage.serve();
    for request in ["GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "POST /sign HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}"] {
        let mut stream = TcpStream::connect(&server.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let answer = Answer::parse(&answer);
        assert_eq!(answer.status, 400);
        assert_eq!(answer.body.trim_end(), "Client sent an HTTP request to an HTTPS server.");
    }
}

//! The client against CAs that behave and CAs that do not.

use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver};

use serde_json::json;

use super::*;
use crate::testing::{Authority, Received, Server, Sink, reply, reply_with};

struct Fixture {
    authority: Authority,
    server: Server,
    seen: Receiver<(String, String)>,
}

impl Fixture {
    fn new(answer: impl Fn(&str, Sink<'_>) -> std::io::Result<()> + Send + Sync + 'static) -> Self {
        let authority = Authority::new();
        let (sender, seen) = mpsc::channel();
        let sender = Mutex::new(sender);
        let server = Server::tls(authority.identity(&["127.0.0.1"]), move |received: &Received, out| {
            let _ = sender.lock().unwrap().send((received.head.to_ascii_lowercase(), received.body.clone()));
            answer(received.head.split(' ').nth(1).unwrap(), out)
        });
        Self { authority, server, seen }
    }

    fn url(&self) -> CaUrl {
        self.server.url("/").as_str().parse().unwrap()
    }

    fn client(&self) -> Client {
        Client::new(&self.url(), std::slice::from_ref(&self.authority.root))
    }
}

/// Ask for the health of a CA that answers like this and expect an error with this text.
#[track_caller]
fn check_failure(answer: impl Fn(Sink<'_>) -> std::io::Result<()> + Send + Sync + 'static, expected: &str) {
    let fixture = Fixture::new(move |_, out| answer(out));
    let limits = Limits { total: Duration::from_millis(700), body: 2000, ..Limits::default() };
    let trust = Trust::Roots(vec![Certificate::from_der(&fixture.authority.root).to_owned()]);
    let client = Client::within(&fixture.url(), None, trust, limits);
    let error = client.health().unwrap_err().to_string();
    assert_eq!(error.replace(fixture.server.url("/health").as_str(), "URL"), expected);
}

#[test]
fn every_answer_has_its_type() {
    let fixture = Fixture::new(|path, out| match path {
        "/health" => reply(out, "200 OK", "{\"status\":\"ok\"}\n"),
        "/version" => reply(out, "200 OK", "{\"version\":\"0.30.2\"}\n"),
        "/provisioners/a%2Fb%20c/encrypted-key" => reply(out, "200 OK", "{\"key\":\"a.b.c\"}"),
        _ => reply(out, "404 Not Found", "{\"status\":404,\"message\":\"no\"}"),
    });
    let client = fixture.client();
    assert_eq!(client.health().unwrap(), Health::ok());
    assert_eq!(client.version().unwrap().version, "0.30.2");
    assert_eq!(client.encrypted_key("a/b c").unwrap(), "a.b.c");
}

#[test]
fn every_request_has_its_own_id() {
    let fixture = Fixture::new(|_, out| reply(out, "200 OK", "{\"status\":\"ok\"}"));
    let client = fixture.client();
    let mut ids = Vec::new();
    for _ in 0..2 {
        client.health().unwrap();
        let (head, _) = fixture.seen.recv().unwrap();
        assert!(head.contains("user-agent: rung/"), "{head}");
        let id = head.lines().find_map(|line| line.strip_prefix("x-request-id: ")).unwrap();
        let shape: Vec<_> = id.split('-').map(str::len).collect();
        assert_eq!((shape, &id[14..15]), (vec![8, 4, 4, 4, 12], "4"), "{id}");
        ids.push(id.to_owned());
    }
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn certificates_are_decoded() {
    let authority = Authority::new();
    let (pem, der) = (authority.root_pem.clone(), authority.root.clone());
    let fixture = Fixture::new(move |path, out| match path {
        "/roots" => reply(out, "201 Created", &json!({"crts": [pem, pem]}).to_string()),
        "/federation" => reply(out, "201 Created", "{\"crts\":[\"\"]}"),
        "/intermediates" => reply(out, "201 Created", "{\"crts\":null}"),
        _ => reply(out, "404 Not Found", "{}"),
    });
    let client = fixture.client();
    assert_eq!(client.roots().unwrap(), [der.clone(), der]);
    assert_eq!(client.intermediates().unwrap(), []);
    let error = client.federation().unwrap_err().to_string();
    assert!(error.contains("answered with something that is not a certificate"), "{error}");
}

#[test]
fn a_root_is_trusted_by_its_fingerprint_alone() {
    let (pem, other) = (Mutex::new(String::new()), Authority::new());
    let pem = std::sync::Arc::new(pem);
    let served = std::sync::Arc::clone(&pem);
    let fixture = Fixture::new(move |path, out| match path {
        "/health" => reply(out, "200 OK", "{\"status\":\"ok\"}"),
        _ => reply(out, "200 OK", &json!({"ca": *served.lock().unwrap()}).to_string()),
    });
    *pem.lock().unwrap() = fixture.authority.root_pem.clone();
    let fingerprint = Fingerprint::of(&fixture.authority.root);
    let (client, root) = Client::bootstrap(&fixture.url(), &fingerprint).unwrap();
    assert_eq!(root, fixture.authority.root);
    client.health().unwrap();

    *pem.lock().unwrap() = other.root_pem.clone();
    let error = Client::bootstrap(&fixture.url(), &fingerprint).unwrap_err();
    let ClientError::Fingerprint { expected, found, .. } = &error else { panic!("{error}") };
    assert_eq!((*expected, *found), (fingerprint, Fingerprint::of(&other.root)));

    // The right root of somebody else's server does not make that server trusted.
    let fingerprint = Fingerprint::of(&other.root);
    let (client, _) = Client::bootstrap(&fixture.url(), &fingerprint).unwrap();
    let error = client.health().unwrap_err().to_string();
    assert!(error.contains("unknown authority; is --root the root of this CA?"), "{error}");

    *pem.lock().unwrap() = format!("{0}{0}", other.root_pem);
    Client::bootstrap(&fixture.url(), &fingerprint).unwrap_err();
}

#[test]
fn all_pages_of_provisioners_are_read() {
    let fixture = Fixture::new(|path, out| {
        let (names, next) = match path {
            "/provisioners?limit=100" => ("a", "0?&1"),
            "/provisioners?limit=100&cursor=0%3F%261" => ("b", "2"),
            "/provisioners?limit=100&cursor=2" => ("c", ""),
            _ => panic!("{path}"),
        };
        let page = json!({"provisioners": [{"type": "ACME", "name": names}], "nextCursor": next});
        reply(out, "200 OK", &page.to_string())
    });
    let provisioners = fixture.client().provisioners().unwrap();
    let names: Vec<_> = provisioners.iter().map(Provisioner::name).collect();
    assert_eq!(names, ["a", "b", "c"]);
}

#[test]
fn a_list_without_an_end_is_given_up() {
    let fixture = Fixture::new(|_, out| reply(out, "200 OK", "{\"provisioners\":null,\"nextCursor\":\"1\"}"));
    let error = fixture.client().provisioners().unwrap_err().to_string();
    assert!(error.contains("a list without an end"), "{error}");
    assert_eq!(fixture.seen.try_iter().count(), MOST_PAGES);
}

#[test]
fn a_certificate_is_asked_for() {
    let fixture = Fixture::new(|_, out| {
        reply(
            out,
            "201 Created",
            r#"{"crt":"a\n","ca":"b\n","certChain":["a\n","b\n"],
                "tlsOptions":{"cipherSuites":null,"minVersion":1.2,"maxVersion":1.3}}"#,
        )
    });
    let request = SignRequest { csr: "c".into(), ott: "t".into(), ..SignRequest::default() };
    let response = fixture.client().sign(&request).unwrap();
    assert_eq!((&*response.crt, response.ca.as_deref()), ("a\n", Some("b\n")));
    assert_eq!(response.cert_chain, ["a\n", "b\n"]);
    let (head, body) = fixture.seen.recv().unwrap();
    assert!(head.starts_with("post /sign http/1.1"), "{head}");
    assert!(head.contains("content-type: application/json"), "{head}");
    assert_eq!(body, "{\"csr\":\"c\",\"ott\":\"t\"}\n");
}

#[test]
fn a_refusal_is_told_in_the_words_of_the_ca() {
    for (headers, id) in [("X-Request-Id: abc\r\n", Some("abc")), ("", None)] {
        let fixture = Fixture::new(move |_, out| {
            let body = "{\"status\":401,\"message\":\"token \\u001b[2J expired\"}\n";
            reply_with(out, "401 Unauthorized", headers, body)
        });
        let error = fixture.client().health().unwrap_err();
        let ClientError::Refused(refusal) = &error else { panic!("{error}") };
        assert_eq!(refusal.status, 401);
        assert_eq!(error.to_string(), "token \\u{1b}[2J expired");
        match id {
            Some(id) => assert_eq!(refusal.request_id, id),
            None => assert_eq!(refusal.request_id.len(), 36),
        }
    }
}

#[test]
fn what_is_no_ca_is_named() {
    check_failure(
        |out| reply_with(out, "302 Found", "Location: https://evil.test/\r\n", ""),
        "URL answered with a redirect to https://evil.test/, which is not followed: \
         is this the address of the CA?",
    );
    check_failure(
        |out| reply(out, "502 Bad Gateway", "<html>"),
        "URL answered with status 502 and no reason: is this the address of the CA?",
    );
    check_failure(
        |out| reply(out, "200 OK", "<html>"),
        "URL answered with something that is not the answer of a CA \
         (expected value at line 1 column 1): is this the address of the CA?",
    );
    check_failure(
        |out| reply(out, "200 OK", &format!("\"{}\"", "a".repeat(2000))),
        "URL answered with more than 2000 bytes; is --ca-url the address of the CA?",
    );
    check_failure(
        |out| {
            out.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")?;
            loop {
                // The drip is the fault that is tested.
                std::thread::sleep(Duration::from_millis(20));
                out.write_all(b"{")?;
                out.flush()?;
            }
        },
        "URL did not answer within 700ms; is the CA running, and is --ca-url its address?",
    );
    check_failure(
        |_| Ok(()),
        "cannot reach URL: the connection was closed early; \
         is the CA running, and is --ca-url its address?",
    );
}

#[test]
fn nobody_there_is_one_clear_line() {
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let client = Client::new(&address.to_string().parse().unwrap(), &[]);
    assert_eq!(
        client.health().unwrap_err().to_string(),
        format!(
            "cannot reach https://{address}/health: connection refused; \
             is the CA running, and is --ca-url its address?"
        )
    );
}

#[test]
fn an_address_is_read_generously() {
    for (text, expected) in [
        ("ca.test", "https://ca.test"),
        ("ca.test:9000", "https://ca.test:9000"),
        ("https://ca.test:443/x/y?z#w", "https://ca.test"),
        ("HTTPS://CA.test/", "https://ca.test"),
        ("::1", "https://[::1]"),
        ("https://::1", "https://[::1]"),
        ("https://[::1]:9000", "https://[::1]:9000"),
        ("127.0.0.1:9000", "https://127.0.0.1:9000"),
    ] {
        let url: Result<CaUrl, _> = text.parse();
        assert_eq!(url.map(|url| url.to_string()).as_deref(), Ok(expected), "{text}");
    }
    for text in ["", "https://", "http://ca.test", "ftp://ca.test", "a b", "u:p@ca.test", "x\\y"] {
        text.parse::<CaUrl>().expect_err(text);
    }
    let error = "http://ca.test".parse::<CaUrl>().unwrap_err();
    assert_eq!(error.to_string(), "`http://ca.test` must have https scheme");
}

#[test]
fn a_fingerprint_is_64_digits() {
    let digits = "0123456789ABCDEF".repeat(4);
    let expected = digits.to_lowercase();
    let colons: Vec<_> = digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap()).collect();
    for text in [digits.clone(), expected.clone(), colons.join(":"), colons.join("-"), format!(" {digits}\n")] {
        assert_eq!(text.parse::<Fingerprint>().unwrap().to_string(), expected, "{text}");
    }
    for text in ["", "abc", &digits[1..], &format!("{digits}00"), &digits[..40], &digits.replace('A', "g")] {
        text.parse::<Fingerprint>().expect_err(text);
    }
}

#[test]
fn renewal_and_revocation_send_what_the_reference_reads() {
    let fixture = Fixture::new(|path, out| match path {
        "/revoke" => reply(out, "200 OK", "{\"status\":\"ok\"}\n"),
        _ => reply(out, "201 Created", "{\"crt\":\"a\",\"ca\":\"b\",\"certChain\":[\"a\",\"b\"],\"tlsOptions\":null}"),
    });
    let client = fixture.client();
    assert_eq!(client.renew(Some("a.b.c")).unwrap().crt, "a");
    let (head, body) = fixture.seen.recv().unwrap();
    assert!(head.contains("post /renew ") && head.contains("authorization: bearer a.b.c"), "{head}");
    assert_eq!(body, "");
    client.renew(None).unwrap();
    assert!(!fixture.seen.recv().unwrap().0.contains("authorization"));
    client.rekey(&RekeyRequest { csr: "c".into() }).unwrap();
    assert_eq!(fixture.seen.recv().unwrap().1, "{\"csr\":\"c\"}\n");
    let request =
        RevokeRequest { serial: "7".into(), ott: "t".into(), reason_code: 1, reason: "lost".into(), passive: true };
    client.revoke(&request).unwrap();
    let expected = "{\"serial\":\"7\",\"ott\":\"t\",\"reasonCode\":1,\"reason\":\"lost\",\"passive\":true}\n";
    assert_eq!(fixture.seen.recv().unwrap().1, expected);
    assert!(!format!("{request:?}").contains("ott"), "the token would get into logs");
}

//! The fetcher against servers that behave and servers that do not.

use std::net::TcpListener;
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;
use url::Url;

use super::*;
use crate::testing::{Authority, Received, Server, Sink, reply, reply_with};

/// Fetch from a plain server with this answer and expect an error with this text after
/// the address.
#[track_caller]
fn check_failure(answer: impl Fn(Sink<'_>) -> std::io::Result<()> + Send + Sync + 'static, text: &str) {
    let server = Server::plain(move |_, out| answer(out));
    let fetcher = Fetcher::default().with_time_limit(Duration::from_millis(500)).with_body_limit(1000);
    let error = fetcher.get_json(&server.url("/doc?secret")).expect_err("an error");
    assert_eq!(error.to_string().replace(server.url("/doc").as_str(), "URL"), text);
}

#[test]
fn a_document_is_fetched_with_its_age() {
    for (headers, age) in [
        ("", None),
        ("Cache-Control: no-store\r\n", None),
        ("Cache-Control: public, MAX-AGE=3600, must-revalidate\r\n", Some(3600)),
        ("Cache-Control: max-age=\"60\"\r\n", Some(60)),
        ("Cache-Control: max-age=soon\r\n", None),
        ("Cache-Control: s-maxage=5\r\n", None),
    ] {
        let server = Server::plain(move |_, out| reply_with(out, "200 OK", headers, "{\"a\":1}"));
        let fetched = Fetcher::default().get_json(&server.url("/")).expect("a document");
        assert_eq!(fetched.bytes, b"{\"a\":1}");
        assert_eq!(fetched.max_age, age.map(Duration::from_secs), "{headers}");
    }
}

#[test]
fn a_request_says_what_it_wants() {
    let (sender, seen) = mpsc::channel();
    let server = Server::plain(move |received: &Received, out| {
        sender.send(received.head.to_ascii_lowercase()).expect("the test listens");
        reply(out, "200 OK", "[]")
    });
    Fetcher::default().get_json(&server.url("/a?b=c")).expect("a document");
    let head = seen.recv().expect("a request");
    assert!(head.starts_with("get /a?b=c http/1.1\r\n"), "{head}");
    assert!(head.contains("\r\naccept: application/json\r\n"), "{head}");
    assert!(head.contains("\r\nuser-agent: rung/"), "{head}");
    assert!(!head.contains("accept-encoding"), "{head}");
}

#[test]
fn an_answer_that_is_no_document_is_named() {
    check_failure(
        |out| reply_with(out, "200 OK", "Content-Type: text/html\r\n", "<!doctype html>"),
        "URL answered with a web page instead of JSON: is this the right address?",
    );
    check_failure(
        |out| reply_with(out, "200 OK", "", "\n <html>"),
        "URL answered with a web page instead of JSON: is this the right address?",
    );
    check_failure(|out| reply(out, "200 OK", "{"), "URL answered with something that is not JSON");
    check_failure(|out| reply(out, "200 OK", "{} {}"), "URL answered with something that is not JSON");
    check_failure(|out| reply(out, "200 OK", ""), "URL answered with something that is not JSON");
    check_failure(|out| reply(out, "503 No", "{\"error\":1}"), "URL answered with status 503");
    check_failure(|out| reply(out, "201 Created", "{}"), "URL answered with status 201");
    check_failure(
        |out| write!(out, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{{"),
        "cannot reach URL: the connection was closed early",
    );
    check_failure(|_| Ok(()), "cannot reach URL: the connection was closed early");
}

#[test]
fn l02_a_redirect_is_not_followed() {
    for status in ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"] {
        check_failure(
            move |out| reply_with(out, status, "Location: http://169.254.169.254/x\r\n", ""),
            "URL redirects to http://169.254.169.254/x, and redirects are not followed: \
             configure the final address",
        );
    }
}

#[test]
fn l02_a_large_answer_is_cut_short() {
    check_failure(
        |out| reply(out, "200 OK", &format!("\"{}\"", "a".repeat(1000))),
        "URL answered with more than 1000 bytes",
    );
    check_failure(
        |out| {
            out.write_all(b"HTTP/1.1 200 OK\r\n\r\n\"")?;
            loop {
                out.write_all(&[b'a'; 1000])?;
            }
        },
        "URL answered with more than 1000 bytes",
    );
    check_failure(
        |out| {
            out.write_all(b"HTTP/1.1 200 OK\r\n")?;
            loop {
                out.write_all(b"A-Header: that never ends\r\n")?;
            }
        },
        "cannot reach URL: its answer is not proper HTTP: \
         http parse resulted in too many headers",
    );
}

#[test]
fn l02_silence_and_drip_end_in_time() {
    check_failure(
        |out| {
            out.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")?;
            loop {
                // The drip is the fault that is tested.
                std::thread::sleep(Duration::from_millis(20));
                out.write_all(b"1")?;
                out.flush()?;
            }
        },
        "URL did not answer within 500ms",
    );
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let fetcher = Fetcher::default().with_time_limit(Duration::from_millis(300));
    let url: Url = format!("https://{address}/").parse().expect("a URL");
    let error = fetcher.get_json(&url).expect_err("an error");
    assert!(matches!(error.problem, Problem::TimedOut(_)), "{error}");
}

#[test]
fn nobody_there_is_unreachable() {
    let address = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("it");
    let url: Url = format!("http://{address}/").parse().expect("a URL");
    let error = Fetcher::default().get_json(&url).expect_err("an error");
    assert_eq!(error.to_string(), format!("cannot reach http://{address}/: connection refused"));
    let url: Url = "https://no-such-host.invalid/".parse().expect("a URL");
    let error = Fetcher::default().get_json(&url).expect_err("an error");
    assert!(matches!(error.problem, Problem::Unreachable(_)), "{error}");
}

#[test]
fn only_https_or_this_machine() {
    for (url, allowed) in [
        ("http://127.0.0.1:1/", true),
        ("http://127.9.9.9:1/", true),
        ("http://localhost:1/", true),
        ("http://[::1]:1/", true),
        ("http://localhost.example.com:1/", false),
        ("http://10.0.0.1:1/", false),
        ("http://169.254.169.254/", false),
        ("http://0.0.0.0:1/", false),
        ("http://[::ffff:10.0.0.1]:1/", false),
        ("ftp://127.0.0.1/", false),
        ("file:///etc/passwd", false),
        ("https://user:secret@127.0.0.1:1/", false),
    ] {
        let url: Url = url.parse().expect("a URL");
        let error = Fetcher::default().get_json(&url).expect_err("nobody listens");
        assert_eq!(!matches!(error.problem, Problem::Insecure(_)), allowed, "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[test]
fn the_other_side_must_prove_its_name() {
    let authority = Authority::new();
    let stranger = Authority::new();
    let trusting = || Fetcher::new(vec![authority.root.clone()]);
    let document = |_: &Received, out: Sink<'_>| reply(out, "200 OK", "{}");

    let server = Server::tls(authority.identity(&["127.0.0.1"]), document);
    trusting().get_json(&server.url("/")).expect("a document");

    for (identity, text) in [
        (authority.identity(&["idp.test"]), "its certificate is for another name"),
        (authority.expired_identity(&["127.0.0.1"]), "its certificate has expired"),
        (authority.own_identity(), "its certificate is that of an authority"),
        (stranger.identity(&["127.0.0.1"]), "its certificate is from an unknown authority"),
    ] {
        let server = Server::tls(identity, document);
        let error = trusting().get_json(&server.url("/")).expect_err("an error");
        let Problem::Tls { reason, .. } = &error.problem else { panic!("{error}") };
        assert!(reason.starts_with(text), "{error}");
    }

    let server = Server::plain(document);
    let mut url = server.url("/");
    url.set_scheme("https").expect("https");
    let error = trusting().get_json(&url).expect_err("an error");
    assert!(matches!(error.problem, Problem::Tls { .. } | Problem::Unreachable(_)), "{error}");
}

#[test]
fn a_form_is_sent_and_its_refusal_is_read() {
    let (sender, seen) = mpsc::channel();
    let server = Server::plain(move |received: &Received, out| {
        let head = received.head.to_ascii_lowercase();
        sender.send((head, received.body.clone())).expect("the test listens");
        reply(out, "400 Bad Request", "{\"error\":\"invalid_grant\"}")
    });
    let credentials = Basic { id: "a:b", secret: "c d" };
    let reply: FormReply<Value> = Fetcher::default()
        .post_form(&server.url("/t"), &[("code", "a b&c"), ("x", "y")], Some(&credentials))
        .expect("a reply");
    assert_eq!((reply.status, &reply.body["error"]), (400, &Value::from("invalid_grant")));
    let (head, body) = seen.recv().expect("a request");
    assert_eq!(body, "code=a+b%26c&x=y");
    assert!(head.contains("content-type: application/x-www-form-urlencoded"), "{head}");
    // The base64 of `a%3Ab:c+d`, in lower case like the rest of the head.
    assert!(head.contains(&"authorization: basic YSUzQWI6Yytk".to_ascii_lowercase()), "{head}");
}

#[test]
fn a_form_answered_by_no_json_is_an_error() {
    for (status, body, text) in [
        ("200 OK", "<html>", "answered with a web page instead of JSON"),
        ("404 No", "<html>", "answered with status 404"),
        ("502 No", "{}", "answered with status 502"),
        ("302 No", "{}", "redirects to nowhere"),
    ] {
        let server = Server::plain(move |_, out| reply(out, status, body));
        let reply = Fetcher::default().post_form::<Value>(&server.url("/t"), &[], None);
        let error = reply.expect_err("an error").to_string();
        assert!(error.contains(text), "{error}");
    }
}

//! Which server a text names.

use super::{Target, is_url};

#[track_caller]
fn check(text: &str, host: &str, port: u16) {
    assert!(is_url(text), "{text}");
    assert_eq!(Target::parse(text).expect("a server"), Target { host: host.to_owned(), port });
}

#[test]
fn a_scheme_in_any_case_makes_a_server_and_brings_its_port() {
    check("https://a.test", "a.test", 443);
    check("HTTPS://A.test/path?x#y", "a.test", 443);
    check("tls://a.test:8443", "a.test", 8443);
    check("tcp://10.0.0.1", "10.0.0.1", 443);
    check("smtps://mail.test", "mail.test", 465);
    check("smtps://mail.test:443", "mail.test", 443);
    check("ldaps://[2001:db8::1]", "2001:db8::1", 636);
    check("https://bücher.example", "xn--bcher-kva.example", 443);
}

#[test]
fn everything_else_is_a_file() {
    for file in ["a.test:443", "http://a.test", "ldap://a.test", "https:/a", "a.crt", "", "-", "ünï"] {
        assert!(!is_url(file), "{file}");
    }
}

#[test]
fn a_url_without_a_usable_host_is_refused() {
    for url in ["https://[::1", "https://", "tls://:443", "https://a b", "https://a.test:99999"] {
        let error = Target::parse(url).expect_err(url).to_string();
        assert!(error.starts_with(&format!("error parsing URL '{url}': ")), "{error}");
    }
}

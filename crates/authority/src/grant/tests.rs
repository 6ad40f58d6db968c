use rung_pki::SubjectAltName;
use rung_spec::oidc::NameKind;

use super::{AllowedName, Piece, allowed::has_dot_steps};

/// A shape from a text in which stars are open.
fn shape(kind: NameKind, text: &str) -> AllowedName {
    let mut pieces = Vec::new();
    for (number, part) in text.split('*').enumerate() {
        if number > 0 {
            pieces.push(Piece::Any);
        }
        if !part.is_empty() {
            pieces.push(Piece::Text(part.to_owned()));
        }
    }
    AllowedName::Shape { kind, pieces }
}

#[track_caller]
fn check(kind: NameKind, pattern: &str, good: &[&str], bad: &[&str]) {
    let allowed = shape(kind, pattern);
    assert_eq!(allowed.to_string(), pattern);
    let permits = |name: &str| allowed.permits(&SubjectAltName::classify(name).expect("a name"));
    for name in good {
        assert!(permits(name), "{pattern} {name}");
    }
    for name in bad {
        assert!(!permits(name), "{pattern} {name}");
    }
}

#[test]
fn a_star_in_a_host_is_one_label() {
    check(
        NameKind::Dns,
        "*.Ops.corp.example",
        &["web.ops.corp.example", "WEB.OPS.CORP.EXAMPLE", "a-1.ops.corp.example"],
        &[
            "ops.corp.example",
            "a.b.ops.corp.example",
            "*.ops.corp.example",
            "web.ops.corp.example.evil.example",
            "webops.corp.example",
            "web@ops.corp.example",
            "dns://web.ops.corp.example",
            "10.0.0.1",
        ],
    );
}

#[test]
fn a_star_in_an_address_is_a_mailbox() {
    check(
        NameKind::Email,
        "*@corp.example",
        &["alice@corp.example", "a.b+c@CORP.example"],
        &["alice@sub.corp.example", "alice@notcorp.example", "corp.example", "mailto:alice@corp.example"],
    );
}

#[test]
fn a_star_in_a_uri_is_within_a_step() {
    check(
        NameKind::Uri,
        "spiffe://corp.example/ci/*/run-*",
        &["spiffe://corp.example/ci/app/run-7", "spiffe://corp.example/ci/run-1/run-run-2"],
        &[
            "spiffe://corp.example/ci/app/x/run-7",
            "spiffe://corp.example/ci//run-7",
            "spiffe://corp.example/ci/../run-7",
            "spiffe://corp.example/ci/./run-7",
            "spiffe://corp.example/ci/%2e%2e/run-7",
            "spiffe://corp.example/ci/a%2fb/run-7",
            "spiffe://corp.example/ci/app/run-7/x",
            "spiffe://corp.example/ci/app/run-7?x",
            "spiffe://corp.example/ci/app/run-7#x",
            "spiffe://corp.example/ci/app/run-",
            "spiffe://evil.example/ci/app/run-7",
            "SPIFFE://corp.example/ci/app/run-7",
        ],
    );
}

#[test]
fn an_exact_name_is_that_one() {
    let name = |text: &str| SubjectAltName::classify(text).expect("a name");
    for (allowed, asked, expected) in [
        ("a.corp.example", "A.corp.example", true),
        ("a.corp.example", "b.corp.example", false),
        ("*.corp.example", "*.corp.example", false),
        ("10.0.0.1", "10.0.0.1", true),
        ("a@corp.example", "a@corp.example", true),
        ("a@corp.example", "corp.example", false),
    ] {
        assert_eq!(AllowedName::Exact(name(allowed)).permits(&name(asked)), expected, "{allowed} {asked}");
    }
}

#[test]
fn dots_in_a_path() {
    for (uri, expected) in [
        ("spiffe://a.test/b/c", false),
        ("spiffe://a.test/b/...", false),
        ("spiffe://a.test/../b", true),
        ("spiffe://a.test/b/%2E.", true),
        ("spiffe://a.test/b?x=/../", false),
    ] {
        assert_eq!(has_dot_steps(uri), expected, "{uri}");
    }
}

#[test]
fn many_stars_take_no_more_than_a_moment() {
    let pattern = format!("spiffe://corp.example/{}", "*a".repeat(400));
    let uri = format!("spiffe://corp.example/{}b", "a".repeat(1900));
    assert!(!shape(NameKind::Uri, &pattern).permits(&SubjectAltName::classify(&uri).expect("a URI")));
}

use proptest::prelude::*;
use rung_spec::oidc::{ClaimPath, NameKind, NamePattern, Pattern};
use serde_json::{Value, json};

use super::*;
use crate::grant::Piece;

fn claims(token: &Value) -> Claims {
    serde_json::from_value(token.clone()).expect("claims")
}

fn filled(pattern: &str, kind: NameKind, token: &Value) -> Result<String, TokenFault> {
    let claims = claims(token);
    let lookup = Lookup { token, claims: &claims, accept_unverified_email: false };
    let pieces = fill::name(&pattern.parse().expect("a pattern"), kind, &lookup);
    let text = |pieces: Vec<Piece>| pieces.iter().map(Piece::as_str).collect();
    pieces.map(text).map_err(|refusal| refusal.fault)
}

#[test]
fn values_do_not_get_out_of_their_place() {
    let (uri, dns, email) = (NameKind::Uri, NameKind::Dns, NameKind::Email);
    let (no, missing) = (Err(TokenFault::ClaimUnusable), Err(TokenFault::ClaimMissing));
    for (pattern, kind, value, expected) in [
        ("spiffe://a.test/{x}", uri, "app", Ok("spiffe://a.test/app")),
        ("spiffe://a.test/{x}", uri, "org/app", Ok("spiffe://a.test/org/app")),
        ("spiffe://a.test/{x}/ro", uri, "org/app", no),
        ("spiffe://a.test/{+x}/ro", uri, "org/app", Ok("spiffe://a.test/org/app/ro")),
        ("spiffe://a.test/{+x}/ro", uri, "../app", no),
        ("spiffe://a.test/{x}", uri, "..", no),
        ("spiffe://a.test/{x}", uri, "/etc", no),
        ("spiffe://a.test/{x}", uri, "a//b", no),
        ("spiffe://a.test/{x}", uri, "a/", no),
        ("spiffe://a.test/{x}", uri, "a?b#c%2fd", Ok("spiffe://a.test/a%3Fb%23c%252fd")),
        ("spiffe://a.test/{x}", uri, "*", Ok("spiffe://a.test/*")),
        ("spiffe://a.test/{x}", uri, "{sub}", Ok("spiffe://a.test/%7Bsub%7D")),
        ("spiffe://a.test/{x}", uri, "auth0|7 \u{e4}", Ok("spiffe://a.test/auth0%7C7%20%C3%A4")),
        ("spiffe://{x}/y", uri, "a.test", Ok("spiffe://a.test/y")),
        ("spiffe://{x}/y", uri, "evil.test/z", no),
        ("spiffe://{x}/y", uri, "u@evil.test", no),
        ("spiffe://a.test{x}", uri, ":80", no),
        ("spiffe://{x}", uri, "a.test/y", no),
        ("{x}.a.test", dns, "web", Ok("web.a.test")),
        ("{x}.a.test", dns, "web.sub", Ok("web.sub.a.test")),
        ("www.{x}.a.test", dns, "web.sub", no),
        ("www.{+x}.a.test", dns, "web.sub", Ok("www.web.sub.a.test")),
        ("{x}.a.test", dns, "*", no),
        ("{x}.a.test", dns, "*.b", no),
        ("{x}.a.test", dns, "a/b", no),
        ("{x}.a.test", dns, "a@b", no),
        ("{x}.a.test", dns, "\u{430}", no),
        ("{x}@a.test", email, "alice", Ok("alice@a.test")),
        ("{x}@a.test", email, "root@evil.test", no),
        ("{x}@a.test", email, "*", no),
        ("{x}@a.test", email, "a b", no),
        ("{x}@a.test", email, "\"a\"", no),
        ("{x}@a.test", email, "", missing),
        ("{x}@a.test", email, "a\nb", no),
        ("{x}.a.test", dns, "a\0", no),
        ("spiffe://a.test/{x}", uri, "a\r\nb", no),
    ] {
        let found = filled(pattern, kind, &json!({"x": value}));
        assert_eq!(found.as_deref().map_err(|fault| *fault), expected, "{pattern} {value:?}");
    }
    for value in [json!(null), json!(7), json!(true), json!(["a"]), json!({"a": "b"})] {
        let expected = if value.is_null() { TokenFault::ClaimMissing } else { TokenFault::ClaimUnusable };
        assert_eq!(filled("{x}.a.test", dns, &json!({"x": value})), Err(expected), "{value}");
    }
}

#[test]
fn claims_are_found_where_the_path_leads() {
    let token = json!({
        "a.b": "dotted", "a": {"b": "nested", "c": ["x", "y"]}, "https://a.test/roles": "named", "~/": "odd",
        "kubernetes.io": {"serviceaccount": {"name": "web"}}, "null": null,
    });
    let claims = claims(&token);
    let lookup = Lookup { token: &token, claims: &claims, accept_unverified_email: false };
    for (path, expected) in [
        ("a.b", Some("nested")),
        ("/a/b", Some("nested")),
        ("/a.b", Some("dotted")),
        ("https://a.test/roles", Some("named")),
        ("/~0~1", Some("odd")),
        ("/kubernetes.io/serviceaccount/name", Some("web")),
        ("kubernetes.io.serviceaccount.name", None),
        ("/a/c/1", Some("y")),
        ("/a/c/01", None),
        ("/a/c/2", None),
        ("/a/c/-", None),
        ("a.b.c", None),
        ("null", None),
    ] {
        let path: ClaimPath = path.parse().expect("a path");
        assert_eq!(lookup.value(&path).expect("a value").and_then(Value::as_str), expected, "{path}");
    }
}

#[test]
fn o03_an_unverified_address_is_not_shown_to_rules() {
    for (token, accept, expected) in [
        (json!({"email": "a@a.test", "email_verified": true}), false, true),
        (json!({"email": "a@a.test"}), false, false),
        (json!({"email": "a@a.test", "email_verified": false}), false, false),
        (json!({"email": "a@a.test"}), true, true),
    ] {
        let claims = claims(&token);
        let lookup = Lookup { token: &token, claims: &claims, accept_unverified_email: accept };
        for path in ["email", "/email"] {
            let found = lookup.text(&path.parse().expect("a path"));
            assert_eq!(found.is_ok(), expected, "{token}");
        }
    }
}

/// Reading the configuration refuses such rules; were one to come from elsewhere, it would still give no more.
#[test]
fn rules_do_not_go_beyond_the_lifetimes_of_the_provisioner() {
    let (hour, bounds) = (Duration::from_secs(3600), ResolvedClaims::default());
    let token = json!({"sub": "s"});
    let claims = claims(&token);
    let lookup = Lookup { token: &token, claims: &claims, accept_unverified_email: false };
    for (default, longest, expected) in [
        (None, Some(48 * hour), (24 * hour, 24 * hour)),
        (Some(48 * hour), None, (24 * hour, 24 * hour)),
        (Some(8 * hour), Some(2 * hour), (2 * hour, 2 * hour)),
        (None, Some(2 * hour), (2 * hour, 2 * hour)),
        (Some(hour), None, (hour, 24 * hour)),
    ] {
        let rule = Rule { default_duration: default, max_duration: longest, ..Rule::default() };
        let given = rules::apply(&[rule], &Groups::Absent, &lookup).expect("it holds");
        let lifetimes = given.lifetimes(&bounds).expect("lifetimes");
        assert_eq!((lifetimes.default_tls, lifetimes.max_tls), expected, "{default:?} {longest:?}");
        assert_eq!(lifetimes.min_tls, bounds.min_tls);
    }
}

/// Whatever a provider could send.
fn any_json() -> impl Strategy<Value = Value> {
    let text = "[a-c/.*@{}%?#\\n\u{e4} ]{0,12}";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[ab]", inner, 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever claims say, filling a pattern gives a name of the shape that was written, or a refusal; and never more
    /// open places than the pattern has.
    #[test]
    fn no_claim_breaks_a_pattern(
        pattern in "(spiffe://(a|\\{a\\})/)?[a-b.*@]{0,4}(\\{\\+?[ab](\\.[ab])?\\}|\\{/a/0\\})?[a-b./*@]{0,6}",
        a in any_json(),
        b in any_json(),
    ) {
        let Ok(pattern) = pattern.parse::<Pattern>() else { return Ok(()) };
        let Ok(name) = NamePattern::new(pattern) else { return Ok(()) };
        let token = json!({"a": a, "b": b});
        let claims = claims(&token);
        let lookup = Lookup { token: &token, claims: &claims, accept_unverified_email: false };
        let Ok(pieces) = fill::name(&name.pattern, name.kind, &lookup) else { return Ok(()) };
        let open = pieces.iter().filter(|piece| **piece == Piece::Any).count();
        let written = name.pattern.parts().iter().filter(|part| **part == rung_spec::oidc::PatternPart::Any).count();
        prop_assert_eq!(open, written);
        let text: String = pieces.iter().map(Piece::as_str).collect();
        prop_assert!(!text.contains(char::is_control));
        prop_assert!(text.starts_with(name.pattern.beginning()));
        let slashes = |text: &str| text.matches("://").count();
        if name.kind == NameKind::Uri {
            prop_assert_eq!(slashes(&text), slashes(&name.pattern.to_string()));
        }
        if name.kind == NameKind::Email {
            prop_assert_eq!(text.matches('@').count(), 1);
        }
    }

    /// Whatever a token says, a provisioner with rules decides and does not panic.
    #[test]
    fn no_token_breaks_the_rules(token in any_json(), path in "/?[ab]([./][ab0]){0,2}", email in any::<bool>()) {
        let Ok(path) = path.parse::<ClaimPath>() else { return Ok(()) };
        let mut token = json!({"iss": "https://idp.test", "sub": "s", "a": token, "b": [token]});
        if email {
            token["email"] = "a@a.test".into();
        }
        let claims = claims(&token);
        let lookup = Lookup { token: &token, claims: &claims, accept_unverified_email: false };
        drop(lookup.texts(&path));
        drop(lookup.needed_text(&path));
        drop(Groups::at(&path, &lookup));
    }
}

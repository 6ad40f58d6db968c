//! What rules give beside an identity: names, lifetimes, uses and units.

use rung_pki::{Certificate, VerifiedRequest, extension::Purpose};
use serde_json::{Value, json};

use crate::{
    rules::{ISSUER, check_claims, stage},
    stage::{check, naming, request, summary},
};

/// Each request under rules leads to that outcome, with one token.
#[track_caller]
fn check_requests(members: &Value, changes: &Value, cases: &[(&[&str], Result<&str, &str>)]) {
    let stage = stage(members);
    for (names, expected) in cases {
        check(&stage, &format!("{names:?}"), &stage.id_token(changes.clone()), &naming("", names), *expected);
    }
}

fn issued(members: &Value, changes: Value, request: &VerifiedRequest, wanted: &str) -> Result<Certificate, String> {
    let stage = stage(members);
    stage.sign(&stage.id_token(changes), request, ("", wanted))
}

#[test]
fn o08_o09_a_request_gets_the_names_that_rules_allow_and_no_others() {
    let members = json!({"rules": [
        {"groups": ["ops"], "names": ["*.ops.corp.example", "10.0.0.1", "spiffe://corp.example/{sub}"]},
        {"names": ["{email}", "{preferred_username}.dev.corp.example"]},
    ]});
    let changes = json!({"groups": ["ops"], "preferred_username": "al"});
    let own = format!("alice@corp.example {ISSUER}");
    let alone = format!("alice-1 | {own}");
    let names = |before: &str, after: &str| format!("alice-1 | {before}alice@corp.example {after}{ISSUER}");
    let denied = |name: &str| format!("403 certificate request's name {name} is not allowed");
    check_requests(
        &members,
        &changes,
        &[
            (&[], Ok(&alone)),
            (&["alice@corp.example", ISSUER], Ok(&alone)),
            (&["web.ops.corp.example"], Ok(&names("web.ops.corp.example ", ""))),
            (
                &["al.dev.corp.example", "10.0.0.1"],
                Ok(&format!("alice-1 | al.dev.corp.example alice@corp.example 10.0.0.1 {ISSUER}")),
            ),
            (&["spiffe://corp.example/alice-1"], Ok(&format!("alice-1 | {own} spiffe://corp.example/alice-1"))),
            (&["web.ops.corp.example", "evil.example"], Err(&denied("evil.example"))),
            (&["*.ops.corp.example"], Err(&denied("*.ops.corp.example"))),
            (&["ops.corp.example"], Err(&denied("ops.corp.example"))),
            (&["a.b.ops.corp.example"], Err(&denied("a.b.ops.corp.example"))),
            (&["bob@corp.example"], Err(&denied("bob@corp.example"))),
            (&["bob.dev.corp.example"], Err(&denied("bob.dev.corp.example"))),
            (&["spiffe://corp.example/bob"], Err(&denied("spiffe://corp.example/bob"))),
            (&["10.0.0.2"], Err(&denied("10.0.0.2"))),
        ],
    );
    // The same requests of somebody who is in another group.
    check_requests(
        &members,
        &json!({"groups": ["dev"], "preferred_username": "al"}),
        &[
            (&["al.dev.corp.example"], Ok(&names("al.dev.corp.example ", ""))),
            (
                &["web.ops.corp.example"],
                Err(
                    "403 certificate request's name web.ops.corp.example is not allowed: the login is good for its own names (alice@corp.example, https://idp.test/realms/x#alice-1), and the rules of the provisioner allow beside them: alice@corp.example, al.dev.corp.example",
                ),
            ),
        ],
    );
    // Clients ask for what the token says by habit; they get it only if it belongs to the identity.
    let other =
        json!({"identity": {"claim": "upn", "as": "email", "issuerUri": false}, "rules": [{"names": ["a.test"]}]});
    check_requests(
        &other,
        &json!({"upn": "al@corp.example", "sub": "alice.corp.example"}),
        &[
            (
                &["alice@corp.example", "alice.corp.example", "https://idp.test/realms/x#alice.corp.example"],
                Ok("al@corp.example | al@corp.example"),
            ),
            (&["a.test", "alice@corp.example"], Ok("al@corp.example | a.test al@corp.example")),
            (&["bob@corp.example"], Err("403 ")),
        ],
    );
    // Without names in any rule the request's own are not looked at, as without rules.
    let silent = json!({"rules": [{"maxDuration": "1h"}]});
    check_requests(&silent, &json!({}), &[(&["evil.example"], Ok(&alone))]);
}

/// What people can write about themselves at the provider never becomes more than the value of that claim.
#[test]
fn o04_o08_c13_claims_do_not_inject() {
    let members = json!({"rules": [
        {"names": ["{u}.corp.example"]}, {"claims": {"k": "uri"}, "names": ["spiffe://corp.example/{u}/x"]},
    ]});
    let unusable = Err("401 ClaimUnusable");
    for value in ["*", "*.ops", "a/b", "a@b", "{sub}", "a\nb", "a\0", "a b", "\u{430}", "-", "a..b", ".", "a."] {
        check_claims(&members, &[(json!({"u": value}), unusable)]);
    }
    let upwards = json!({"rules": [{"names": ["spiffe://corp.example/%2e./{sub}"]}]});
    check_claims(&upwards, &[(json!({}), unusable)]);
    check_claims(&members, &[(json!({}), Err("401 ClaimMissing (the claim u)")), (json!({"u": ["a"]}), unusable)]);
    for value in ["..", ".", "a.b/..", "a.b/c"] {
        check_claims(&members, &[(json!({"u": value, "k": "uri"}), unusable)]);
    }
    check_requests(
        &members,
        &json!({"u": "a"}),
        &[
            (&["A.corp.example"], Ok(&format!("alice-1 | A.corp.example alice@corp.example {ISSUER}"))),
            (&["b.corp.example"], Err("403 ")),
        ],
    );
}

#[test]
fn rules_give_lifetimes_uses_and_units() {
    let members = json!({
        "rules": [
            {"groups": ["ops"], "defaultDuration": "8h", "maxDuration": "12h", "extendedKeyUsage": "clientAuth",
             "organizationalUnit": ["Ops", "{department}"]},
            {"groups": ["dev"], "extendedKeyUsage": ["serverAuth", "codeSigning", "emailProtection"], "organizationalUnit": "Dev"},
            {"maxDuration": "1h"},
        ],
    });
    let lifetime =
        |certificate: &Certificate| certificate.not_after().duration_since(certificate.not_before()).unwrap().as_secs();
    for (changes, wanted, seconds, purposes, subject) in [
        (
            json!({"groups": ["ops", "dev"], "department": "R&D"}),
            "",
            8 * 3600,
            vec![Purpose::ClientAuth],
            "OU=R&D, OU=Dev, OU=Ops, CN=alice-1",
        ),
        (
            json!({"groups": ["ops"], "department": "X"}),
            "12h",
            12 * 3600,
            vec![Purpose::ClientAuth],
            "OU=X, OU=Ops, CN=alice-1",
        ),
        (
            json!({"groups": ["dev"]}),
            "",
            3600,
            vec![Purpose::ServerAuth, Purpose::CodeSigning, Purpose::EmailProtection],
            "OU=Dev, CN=alice-1",
        ),
        (json!({}), "", 3600, vec![Purpose::ServerAuth, Purpose::ClientAuth], "CN=alice-1"),
        (json!({}), "30m", 1800, vec![Purpose::ServerAuth, Purpose::ClientAuth], "CN=alice-1"),
    ] {
        let certificate = issued(&members, changes.clone(), &request(|_| {}), wanted).unwrap();
        assert_eq!(lifetime(&certificate), seconds + 60, "{changes}");
        assert_eq!(certificate.extended_key_usage().unwrap().purposes(), purposes, "{changes}");
        assert_eq!(certificate.subject().to_string(), subject, "{changes}");
    }
    for (changes, wanted) in [(json!({}), "2h"), (json!({"groups": ["ops"], "department": "X"}), "13h")] {
        let said = issued(&members, changes, &request(|_| {}), wanted).unwrap_err();
        assert!(said.starts_with("403 requested duration of"), "{said}");
    }
    let said = issued(&members, json!({"groups": ["ops"]}), &request(|_| {}), "").unwrap_err();
    assert_eq!(said, "401 ClaimMissing (the claim department)");
}

/// What an administrator's certificate says is in the request; how long and what for is in the rules.
#[test]
fn administrators_keep_to_the_rules_that_are_not_about_names() {
    let members = json!({
        "admins": ["alice@corp.example"], "require": {"hd": "corp.example"},
        "rules": [{"names": ["a.test"], "maxDuration": "1h", "extendedKeyUsage": "serverAuth", "organizationalUnit": "x"}],
    });
    let host = naming("www", &["www.corp.example"]);
    let certificate = issued(&members, json!({"hd": "corp.example"}), &host, "").unwrap();
    assert_eq!(summary(&certificate), "www | www.corp.example");
    assert_eq!(certificate.subject().to_string(), "CN=www");
    assert_eq!(certificate.extended_key_usage().unwrap().purposes(), [Purpose::ServerAuth]);
    let said = issued(&members, json!({}), &host, "").unwrap_err();
    assert!(said.starts_with("401 Claim "), "{said}");
}

#[test]
fn the_audit_record_says_which_rule_gave_what() {
    let stage = stage(&json!({"rules": [
        {"groups": ["ops"], "names": ["*.ops.corp.example"]},
        {"claims": {"hd": "corp.example"}, "maxDuration": "1h", "names": ["a.test"]},
    ]}));
    let token = stage.id_token(json!({"hd": "corp.example"}));
    stage.sign(&token, &request(|_| {}), ("", "")).unwrap();
    let entries = crate::stage::now(stage.store.audit(0, 10)).unwrap();
    let detail: Value = serde_json::from_str(&entries[0].detail).unwrap();
    assert_eq!(
        detail["rules"],
        json!([
            "rules[0] does not hold: the person is in none of the groups ops",
            "rules[1] holds: the claim hd is corp.example",
            "rules[1] allows the name a.test",
            "rules[1]: certificates live at most 1h0m0s",
        ])
    );
}

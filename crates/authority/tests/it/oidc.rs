//! Tokens of people who logged in at an OpenID provider.

use std::sync::Arc;

use rung_authority::{
    providers::{IdentityProviders, KeysFuture, ProviderKeys, ProviderUnavailable},
    provisioner::oidc::Rules,
};
use rung_pki::{
    Extension, PrivateKey, Signer, SubjectAltName, VerifiedRequest, extension,
    jose::{KeySet, PublicJwk},
};
use serde_json::{Value, json};

use crate::stage::{IDP, NOW, Setup, Stage, check, id_claims, naming, request, signed};

const ALICE: Result<&str, &str> = Ok("alice-1 | alice@corp.example https://idp.test/realms/x#alice-1");
const MALFORMED: Result<&str, &str> = Err("401 Malformed");

fn stage(rules: Rules) -> Stage {
    Stage::with(Setup { rules, ..Setup::default() })
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Each set of changes to a good token's claims leads to that outcome.
#[track_caller]
fn check_claims(rules: Rules, cases: &[(Value, Result<&str, &str>)]) {
    let stage = stage(rules);
    for (changes, expected) in cases {
        check(&stage, &changes.to_string(), &stage.id_token(changes.clone()), &request(|_| {}), *expected);
    }
}

#[test]
fn o01_the_issuer_is_the_provider_to_the_letter() {
    let issuer = |issuer: &str| json!({"iss": issuer});
    let denied = Err("401 Issuer");
    check_claims(
        Rules::default(),
        &[
            (issuer(IDP), ALICE),
            (issuer("https://idp.test/realms/x/"), denied),
            (issuer("http://idp.test/realms/x"), denied),
            (issuer("https://IDP.test/realms/x"), denied),
            (issuer("https://idp.test/{tenantid}"), denied),
            (issuer("https://partner.test"), denied),
            (issuer(""), denied),
            (json!({"iss": null}), denied),
        ],
    );
}

#[test]
fn o02_the_token_is_issued_to_this_client() {
    check_claims(
        Rules::default(),
        &[
            (json!({"azp": null}), ALICE),
            (json!({"aud": ["rung"]}), ALICE),
            (json!({"aud": ["rung"], "azp": null}), ALICE),
            (json!({"aud": ["rung", "other"]}), ALICE),
            (json!({"aud": ["other", "rung"]}), ALICE),
            (json!({"aud": ["rung", "other"], "azp": null}), Err("401 AuthorizedParty")),
            (json!({"aud": ["rung", "rung"], "azp": null}), Err("401 AuthorizedParty")),
            (json!({"aud": ["other", "rung"], "azp": null}), Err("401 UnknownProvisioner")),
            (json!({"azp": "other"}), Err("401 UnknownProvisioner")),
            (json!({"azp": "rung-second"}), Err("401 Audience")),
            (json!({"aud": "rung-second", "azp": "rung"}), Err("401 Audience")),
            (json!({"aud": ["rung", "rung-second"], "azp": "rung-second"}), Ok(ALICE.unwrap())),
            (json!({"aud": "other", "azp": null}), Err("401 UnknownProvisioner")),
            (json!({"aud": null, "azp": null}), Err("401 UnknownProvisioner")),
        ],
    );
}

#[test]
fn o03_an_address_counts_when_it_is_verified() {
    let unverified = Err("401 EmailUnverified");
    let cases = [
        (json!({"email_verified": true}), ALICE),
        (json!({"email_verified": "true"}), ALICE),
        (json!({"email_verified": false}), unverified),
        (json!({"email_verified": "false"}), unverified),
        (json!({"email_verified": "TRUE"}), unverified),
        (json!({"email_verified": null}), unverified),
        (json!({"email_verified": 1}), MALFORMED),
    ];
    check_claims(Rules::default(), &cases);
    let rules = Rules { admins: words(&["alice@corp.example"]), ..Rules::default() };
    check_claims(rules, &[(json!({"email_verified": false}), unverified)]);
    let rules = Rules { accept_unverified_email: true, ..Rules::default() };
    check_claims(rules, &[(json!({"email_verified": null}), ALICE), (json!({"email_verified": false}), ALICE)]);
    let nobody = Ok("alice-1 | https://idp.test/realms/x#alice-1");
    check_claims(
        Rules::default(),
        &[(json!({"email": null, "email_verified": null}), nobody), (json!({"email": ""}), nobody)],
    );
}

#[test]
fn o04_domains_are_compared_whole() {
    let rules = || Rules { domains: words(&["corp.example", "xn--bcher-kva.example"]), ..Rules::default() };
    let malformed = Err("401 EmailMalformed");
    let foreign = Err("401 Domain");
    let email = |email: &str| json!({"email": email});
    check_claims(
        rules(),
        &[
            (email("alice@corp.example"), ALICE),
            (email("user@evil.example#@corp.example"), malformed),
            (email("\"a@evil\"@corp.example"), malformed),
            (email("a@b@corp.example"), malformed),
            (email("alice\0@corp.example"), malformed),
            (email("alice@corp.example\0"), malformed),
            (email("alice@corp.example\r\n"), malformed),
            (email("alice\n@corp.example"), malformed),
            (email("alice@corp.example."), malformed),
            (email(" alice@corp.example"), malformed),
            (email("alice@"), malformed),
            (email("@corp.example"), malformed),
            (email("corp.example"), malformed),
            (email("alice@sub.corp.example"), foreign),
            (email("alice@notcorp.example"), foreign),
            (email("alice@corp.example.evil.example"), foreign),
            (email("alice@\u{441}orp.example"), malformed),
            (email("alice\u{ff20}corp.example"), malformed),
            (email("alice@\u{212a}orp.example"), malformed),
            (email("alice@b\u{fc}cher.example"), malformed),
            (
                email("alice@xn--bcher-kva.example"),
                Ok("alice-1 | alice@xn--bcher-kva.example https://idp.test/realms/x#alice-1"),
            ),
            (email(""), Err("401 EmailMissing")),
            (json!({"email": null}), Err("401 EmailMissing")),
            (json!({"email": 7}), MALFORMED),
        ],
    );
}

#[test]
fn o05_the_case_of_a_domain_does_not_matter() {
    let rules = Rules { domains: words(&["Corp.Example"]), ..Rules::default() };
    check_claims(rules, &[(json!({"email": "alice@CORP.example"}), ALICE)]);
}

/// A request for a host, as an administrator makes one.
fn host() -> VerifiedRequest {
    naming("www", &["www.corp.example"])
}

const ADMIN: Result<&str, &str> = Ok("www | www.corp.example");

#[test]
fn o06_administrators_are_addresses_or_groups_and_never_both() {
    let rules = Rules {
        admins: words(&["alice@corp.example", "ops"]),
        admin_groups: words(&["ca-admins"]),
        ..Rules::default()
    };
    let stage = stage(rules);
    let mallory = Ok("alice-1 | mallory@corp.example https://idp.test/realms/x#alice-1");
    for (changes, expected) in [
        (json!({}), ADMIN),
        (json!({"email": "alice@CORP.EXAMPLE"}), ADMIN),
        (json!({"email": "Alice@corp.example"}), Ok("alice-1 | Alice@corp.example https://idp.test/realms/x#alice-1")),
        (json!({"email": "mallory@corp.example", "groups": ["alice@corp.example"]}), mallory),
        (json!({"email": "mallory@corp.example", "groups": ["ops"]}), mallory),
        (json!({"email": "mallory@corp.example", "groups": ["CA-admins"]}), mallory),
        (json!({"email": "mallory@corp.example", "groups": ["x", "ca-admins"]}), ADMIN),
        (json!({"email": null, "groups": ["ca-admins"]}), ADMIN),
    ] {
        check(&stage, &changes.to_string(), &stage.id_token(changes.clone()), &host(), expected);
    }
}

#[test]
fn o07_groups_are_a_list_or_nobody_comes_in() {
    let rules = || Rules { groups: words(&["people"]), admins: words(&["alice@corp.example"]), ..Rules::default() };
    let many: Vec<String> = (0..5000).map(|number| format!("g{number}")).collect();
    let overage =
        json!({"groups": null, "hasgroups": true, "_claim_sources": {"src1": {"endpoint": "http://127.0.0.1:1"}}});
    let bob = |groups: Value| json!({"email": "bob@corp.example", "groups": groups});
    check_claims(
        rules(),
        &[
            (bob(json!(["other", "people"])), Ok("alice-1 | bob@corp.example https://idp.test/realms/x#alice-1")),
            (bob(json!(["People"])), Err("401 Group")),
            (bob(json!([])), Err("401 Group")),
            (bob(json!(many)), Err("401 Group")),
            (bob(json!(null)), Err("401 GroupsMissing")),
            (bob(json!("people")), MALFORMED),
            (bob(json!([7])), MALFORMED),
            (bob(json!({"people": true})), MALFORMED),
            (overage, Err("401 GroupsOverage")),
            (json!({"groups": null, "_claim_names": {"groups": "src1"}}), Err("401 GroupsOverage")),
            (json!({"groups": null, "hasgroups": false}), Err("401 GroupsMissing")),
            (json!({"groups": ["other"]}), Err("401 Group")),
        ],
    );
}

#[test]
fn o08_o09_nobody_gets_more_than_his_identity() {
    let stage = stage(Rules { admins: words(&["root@corp.example"]), ..Rules::default() });
    let greedy = request(|content| {
        content.subject = rung_pki::DistinguishedName::new().with_common_name("root@corp.example").unwrap();
        content.names = vec![
            SubjectAltName::classify("www.corp.example").unwrap(),
            SubjectAltName::classify("root@corp.example").unwrap(),
        ];
        content.extensions = vec![
            extension::basic_constraints(extension::BasicConstraints { is_ca: true, path_len: None }),
            extension::key_usage(extension::KeyUsage::CERT_SIGN),
            Extension { oid: "1.2.3.4".parse().unwrap(), critical: true, value: vec![5, 0] },
        ];
    });
    let certificate = stage.sign(&stage.id_token(json!({})), &greedy, ("", "")).unwrap();
    assert_eq!(crate::stage::summary(&certificate), ALICE.unwrap());
    assert!(!certificate.is_ca());
    assert_eq!(certificate.extensions().len(), 6, "{:?}", certificate.extensions());
}

#[test]
fn o11_the_nonce_of_one_provider_is_not_that_of_another() {
    let stage = Stage::new();
    let token = stage.id_token(json!({"nonce": "n"}));
    check(&stage, "theirs", &token, &request(|_| {}), ALICE);
    check(&stage, "again", &token, &request(|_| {}), Err("401 Spent"));
    let changes = json!({"iss": "https://partner.test", "aud": "rung-partner", "azp": null, "nonce": "n"});
    let partner = signed("idp-key", None, &id_claims(changes), &stage.partner);
    check(
        &stage,
        "a partner's",
        &partner,
        &request(|_| {}),
        Ok("alice-1 | alice@corp.example https://partner.test#alice-1"),
    );
    let token = stage.id_token(json!({"nonce": null}));
    check(&stage, "t05: without nonce", &token, &request(|_| {}), ALICE);
    check(
        &stage,
        "t05: without nonce, again",
        &crate::key::other_signature(&token),
        &request(|_| {}),
        Err("401 Spent"),
    );
}

#[test]
fn o12_only_id_tokens_count() {
    let stage = Stage::new();
    for typ in [None, Some("JWT"), Some("jwt"), Some("application/jwt")] {
        let token = signed("idp-key", typ, &id_claims(json!({})), &stage.idp);
        check(&stage, &format!("{typ:?}"), &token, &request(|_| {}), ALICE);
    }
    let refused = Err("401 Kind");
    for typ in ["at+jwt", "application/at+jwt", "logout+jwt", "secevent+jwt", "dpop+jwt", "JWT ", ""] {
        let token = signed("idp-key", Some(typ), &id_claims(json!({})), &stage.idp);
        check(&stage, typ, &token, &request(|_| {}), refused);
    }
    let logout = json!({"http://schemas.openid.net/event/backchannel-logout": {}});
    check(&stage, "events", &stage.id_token(json!({"events": logout})), &request(|_| {}), refused);
    for typ in ["Bearer", "Refresh", "Offline", "Logout", "DPoP"] {
        check(&stage, typ, &stage.id_token(json!({"typ": typ})), &request(|_| {}), refused);
    }
    check(&stage, "ID", &stage.id_token(json!({"typ": "ID"})), &request(|_| {}), ALICE);
}

#[test]
fn o13_a_token_is_signed_with_a_key_of_the_provider() {
    let stage = Stage::new();
    let claims = id_claims(json!({}));
    check(&stage, "unknown key", &signed("other", None, &claims, &stage.idp), &request(|_| {}), Err("401 KeyUnknown"));
    let forged = signed("idp-key", None, &claims, &stage.admin);
    check(&stage, "another's key", &forged, &request(|_| {}), Err("401 Signature"));
    let partner = signed("idp-key", None, &claims, &stage.partner);
    check(&stage, "another provider's key", &partner, &request(|_| {}), Err("401 Signature"));
    check(&stage, "the same, signed well", &signed("idp-key", None, &claims, &stage.idp), &request(|_| {}), ALICE);
}

#[test]
fn o16_a_provider_that_is_down_is_no_refusal() {
    let mut stage = Stage::new();
    stage.authority.providers = std::sync::Arc::new(Nobody);
    let token = stage.id_token(json!({}));
    check(&stage, "down", &token, &request(|_| {}), Err("503 the identity provider of the provisioner \"sso\""));
}

/// A provider that replaced its key under the id that it had.
struct Replaced(Arc<ProviderKeys>, Arc<ProviderKeys>);

impl IdentityProviders for Replaced {
    fn keys<'a>(&'a self, _: &'a str, _: Option<&'a str>) -> KeysFuture<'a> {
        Box::pin(std::future::ready(Ok(self.0.clone())))
    }

    fn newer_keys<'a>(&'a self, _: &'a str, _: &'a Arc<ProviderKeys>) -> KeysFuture<'a> {
        Box::pin(std::future::ready(Ok(self.1.clone())))
    }
}

#[test]
fn a_key_that_was_replaced_under_its_id_verifies_and_the_old_one_does_not_any_more() {
    let mut stage = Stage::new();
    let keys = |key: &PrivateKey| {
        let text = PublicJwk::describe(key.public_key().clone()).to_json();
        let mut jwk: Value = serde_json::from_str(&text).unwrap();
        jwk["kid"] = "idp-key".into();
        let keys = KeySet::parse(json!({"keys": [jwk]}).to_string().as_bytes()).unwrap();
        Arc::new(ProviderKeys { issuer: IDP.to_owned(), keys })
    };
    let (old, new, other) = (keys(&stage.idp), keys(&stage.partner), keys(&stage.admin));
    let token = |claims: Value, key: &PrivateKey| signed("idp-key", None, &id_claims(claims), key);
    stage.authority.providers = Arc::new(Replaced(old.clone(), new));
    check(&stage, "the new key", &token(json!({}), &stage.partner), &request(|_| {}), ALICE);
    check(&stage, "a forgery", &token(json!({}), &stage.admin), &request(|_| {}), Err("401 Signature"));
    stage.authority.providers = Arc::new(Replaced(other.clone(), other));
    check(&stage, "o16: the old key", &token(json!({}), &stage.idp), &request(|_| {}), Err("401 Signature"));
    stage.authority.providers = Arc::new(Replaced(old.clone(), old));
    check(&stage, "nothing newer", &token(json!({}), &stage.partner), &request(|_| {}), Err("401 Signature"));
}

struct Nobody;

impl IdentityProviders for Nobody {
    fn keys<'a>(&'a self, _: &'a str, _: Option<&'a str>) -> KeysFuture<'a> {
        Box::pin(std::future::ready(Err(ProviderUnavailable("connection refused".into()))))
    }

    fn newer_keys<'a>(&'a self, provisioner: &'a str, _: &'a Arc<ProviderKeys>) -> KeysFuture<'a> {
        self.keys(provisioner, None)
    }
}

#[test]
fn t22_t23_times_of_id_tokens() {
    check_claims(
        Rules::default(),
        &[
            (json!({"exp": null}), Err("401 ExpiryMissing")),
            (json!({"iat": null}), Err("401 IssuedAtMissing")),
            (json!({"exp": NOW - 61}), Err("401 Expired")),
            (json!({"iat": NOW - 1001}), Err("401 IssuedBeforeStart")),
            (json!({"exp": NOW + 32 * 86_400}), Err("401 Lifetime")),
            (json!({"sub": ""}), Err("401 Subject")),
            (json!({"sub": null}), Err("401 Subject")),
            (json!({"nonce": 7}), MALFORMED),
        ],
    );
}

#[test]
fn a_subject_is_written_as_a_fragment_and_a_long_one_gives_way() {
    let long = "s".repeat(65);
    let uri = format!("{IDP}#{long}");
    check_claims(
        Rules::default(),
        &[
            (
                json!({"sub": "auth0|a b/c"}),
                Ok("auth0|a b/c | alice@corp.example https://idp.test/realms/x#auth0%7Ca%20b/c"),
            ),
            (
                json!({"sub": "J\u{fc}rgen"}),
                Ok("J\u{fc}rgen | alice@corp.example https://idp.test/realms/x#J%C3%BCrgen"),
            ),
            (json!({"sub": "s".repeat(64)}), Ok(&format!("{0} | alice@corp.example {IDP}#{0}", "s".repeat(64)))),
            (json!({"sub": long}), Ok(&format!("alice@corp.example | alice@corp.example {uri}"))),
            (json!({"sub": long, "email": null}), Ok(&format!("- | {uri}"))),
        ],
    );
}

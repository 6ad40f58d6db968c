//! Choices between things that differ little: which provisioner, which issuer, which names, which claim.

use std::sync::Arc;

use rung_authority::{
    RenewRequest, RevokeRequest, Revoker, SignRequest,
    issuer::{Issuer, Retired},
    plan::WantedValidity,
    presented::{Presented, Shown},
    provisioner::{
        Collection, Provisioner,
        oidc::{Oidc, Rules},
    },
};
use rung_pki::{
    Certificate, CertificateContent, DistinguishedName, KeyAlgorithm, PrivateKey, SerialNumber, SignatureAlgorithm,
    Signer,
    crl::Reason,
    extension::{self, BasicConstraints, KeyUsage},
};
use rung_spec::ResolvedClaims;
use serde_json::json;

use crate::{
    rules::{check_claims, stage},
    stage::{DAY, NOW, Setup, Stage, at, check, describe, ec, naming, now, request, request_with},
};

#[test]
fn a_renewal_is_granted_by_the_provisioner_of_the_certificate() {
    let old = Stage::new();
    let certificate = old.sign(&old.jwk(json!({})), &request_with(&ec(), |_| {}), ("", "")).unwrap();
    // Another database, so that the certificate itself says whose it is; and there are several provisioners.
    let mut stage = Stage::new();
    let (issuer, root) = (old.authority.issuer.certificate().clone(), old.authority.anchors[0].clone());
    stage.authority.issuer = Issuer::new(old.issuer_key.clone(), vec![issuer], &[root], at(NOW)).unwrap();
    for stage in [&old, &stage] {
        let presented = Presented::in_tls(Arc::new(Shown::new(certificate.clone()))).unwrap();
        let asked = RenewRequest { presented: &presented, rekey: None, request_id: "request-8" };
        let recorded = now(stage.authority.renew(&asked)).unwrap();
        assert_eq!(recorded.provisioner().name, "admin");
        assert_eq!(recorded.names(), certificate.subject_alt_names().unwrap());
    }
}

#[test]
fn a_token_leads_to_the_provisioner_that_it_names() {
    let stage = Stage::new();
    for (case, changes, expected) in [
        // It names nobody as its client, which is not the same as naming none.
        ("an empty client", json!({"azp": ""}), Err("401 AuthorizedParty")),
        // A tenant that a provisioner is known by, in a token that speaks of no person.
        ("a tenant", json!({"aud": "other", "azp": null, "tid": "rung", "email": null}), Err("401 Audience")),
        ("of a person", json!({"aud": "other", "azp": null, "tid": "rung"}), Err("401 UnknownProvisioner")),
        (
            "unknown",
            json!({"aud": "other", "azp": null, "tid": "x", "email": null}),
            Err("401 UnknownProvisioner (the token leads to \"other\")"),
        ),
    ] {
        check(&stage, case, &stage.id_token(changes), &request(|_| {}), expected);
    }
    assert_eq!(stage.authority.named_provisioner(&stage.id_token(json!({}))).unwrap().name, "sso");
    assert_eq!(stage.authority.named_provisioner(&stage.jwk(json!({}))).unwrap().name, "admin");
    assert!(stage.authority.named_provisioner("rubbish").is_none());
}

#[test]
fn issuers_are_those_whose_time_is_not_over_and_each_once() {
    let mut stage = Stage::new();
    let own = stage.authority.issuer.id();
    let retired = |stage: &Stage| {
        let (issuer, root) = (stage.authority.issuer.certificate().clone(), stage.authority.anchors[0].clone());
        Retired {
            issuer: Issuer::new(stage.issuer_key.clone(), vec![issuer], &[root], at(NOW)).unwrap(),
            until: at(NOW + 100),
        }
    };
    let (old, older) = (retired(&Stage::new()), retired(&Stage::new()));
    let (old_id, older_id) = (old.issuer.id(), older.issuer.id());
    // The one that issues may have retired under the same key, too.
    stage.authority.retired = vec![retired(&stage), old, Retired { until: at(NOW + 50), ..older }];
    let ids = |seconds| stage.authority.issuers(at(seconds)).map(Issuer::id).collect::<Vec<_>>();
    assert_eq!(ids(NOW + 49), [own, old_id, older_id]);
    assert_eq!(ids(NOW + 50), [own, old_id]);
    assert_eq!(ids(NOW + 99), [own, old_id]);
    assert_eq!(ids(NOW + 100), [own]);
    assert_eq!(stage.authority.issuer.chain().len(), 1);
    assert_eq!(own.to_string(), rung_pki::hex(own.as_bytes()));
    assert_ne!(own.as_bytes(), old_id.as_bytes());
}

#[test]
fn an_issuer_with_an_rsa_key_signs_as_its_certificate_is_signed() {
    let key = Arc::new(PrivateKey::generate(KeyAlgorithm::Rsa { bits: 2048 }).unwrap());
    let subject = DistinguishedName::new().with_common_name("Root").unwrap();
    let content = CertificateContent {
        serial: SerialNumber::from_bytes(&[7; 16]).unwrap(),
        issuer_der: subject.der().to_vec(),
        subject,
        not_before: at(NOW - DAY),
        not_after: at(NOW + DAY),
        public_key: key.public_key().clone(),
        extensions: vec![
            extension::key_usage(KeyUsage::CERT_SIGN),
            extension::basic_constraints(BasicConstraints { is_ca: true, path_len: None }),
        ],
    };
    for algorithm in [SignatureAlgorithm::RsaPkcs1Sha256, SignatureAlgorithm::RsaPkcs1Sha512] {
        let root: Certificate = now(content.sign(&*key, algorithm)).unwrap();
        let issuer = Issuer::new(key.clone(), vec![root.clone()], &[root], at(NOW)).unwrap();
        assert_eq!(issuer.algorithm(), algorithm);
    }
}

#[test]
fn c07_a_request_that_names_something_else_is_told_what() {
    let stage = Stage::new();
    let token = stage.jwk(json!({"sub": "a.test", "sans": ["a.test", "b.test", "192.0.2.1"]}));
    let asked = naming("a.test", &["a.test", "192.0.2.1"]);
    let expected = "403 certificate request does not contain the valid DNS names - got [a.test], want [a.test b.test]";
    check(&stage, "a name is missing", &token, &asked, Err(expected));
    check(&stage, "all of one kind", &token, &naming("a.test", &["192.0.2.1"]), Ok("a.test | a.test b.test 192.0.2.1"));
}

#[test]
fn c11_the_hundredth_name_is_the_last() {
    let stage = stage(&json!({"identity": {"claim": "email", "as": "email", "issuerUri": false},
        "rules": [{"names": ["*.a.test"]}]}));
    let names = |count: usize| {
        let names: Vec<String> = (1..count).map(|number| format!("h{number}.a.test")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        stage
            .sign(&stage.id_token(json!({})), &naming("", &names), ("", ""))
            .map(|certificate| certificate.subject_alt_names().unwrap().len())
    };
    assert_eq!(names(100), Ok(100));
    assert_eq!(names(101).unwrap_err(), "403 certificate request has more than 100 names");
}

#[test]
fn c16_an_end_at_this_very_moment_is_too_short_and_not_past() {
    let stage = Stage::new();
    let time = |seconds: u64| {
        let time = time_of(seconds);
        stage.sign(&stage.jwk(json!({})), &request(|_| {}), (&time_of(NOW - 30), &time)).unwrap_err()
    };
    assert!(time(NOW - 1).starts_with("400 notAfter cannot be in the past"), "{}", time(NOW - 1));
    assert!(time(NOW).starts_with("403 "), "{}", time(NOW));
    let same = stage.sign(&stage.jwk(json!({})), &request(|_| {}), (&time_of(NOW + 30), &time_of(NOW + 30)));
    assert!(same.unwrap_err().starts_with("403 "));
    let before = stage.sign(&stage.jwk(json!({})), &request(|_| {}), (&time_of(NOW + 31), &time_of(NOW + 30)));
    assert!(before.unwrap_err().starts_with("400 notAfter cannot be before notBefore"));
}

/// RFC 3339 of a moment on the day of the tests.
fn time_of(seconds: u64) -> String {
    let day = seconds % DAY;
    let days = NOW / DAY;
    assert_eq!(seconds / DAY, days);
    // 2026-11-23 is day 20780 since 1970.
    format!("2026-11-{:02}T{:02}:{:02}:{:02}Z", 23 + days - 20_780, day / 3600, day / 60 % 60, day % 60)
}

#[test]
fn t22_an_id_token_lives_for_31_days_at_most() {
    let longest = 31 * DAY;
    check_claims(
        &json!({}),
        &[
            (json!({"exp": NOW + longest}), Ok("alice-1 | alice@corp.example https://idp.test/realms/x#alice-1")),
            (json!({"exp": NOW + longest + 61}), Err("401 Lifetime")),
        ],
    );
}

#[test]
fn o07_groups_that_are_no_texts_are_none_and_words_for_true_are_told_apart() {
    let rules = || Rules { groups: vec!["ops".to_owned()], ..Rules::default() };
    let stage = Stage::with(Setup { rules: rules(), ..Setup::default() });
    let alice = "alice-1 | alice@corp.example https://idp.test/realms/x#alice-1";
    let malformed = stage.sign(&stage.id_token(json!({"groups": {}})), &request(|_| {}), ("", "")).unwrap_err();
    for (changes, expected) in [
        (json!({"groups": ["ops"]}), Ok(alice)),
        (json!({"groups": null}), Err("401 GroupsMissing")),
        (json!({"groups": null, "hasgroups": "false"}), Err("401 GroupsMissing")),
        (json!({"groups": null, "hasgroups": false}), Err("401 GroupsMissing")),
        (json!({"groups": null, "hasgroups": "true"}), Err("401 GroupsOverage")),
        (json!({"groups": null, "hasgroups": true}), Err("401 GroupsOverage")),
        (json!({"groups": 7}), Err(malformed.as_str())),
        (json!({"groups": -7}), Err(malformed.as_str())),
        (json!({"groups": 7.5}), Err(malformed.as_str())),
        (json!({"groups": true}), Err(malformed.as_str())),
        (json!({"groups": [["ops"]]}), Err(malformed.as_str())),
    ] {
        check(&stage, &changes.to_string(), &stage.id_token(changes.clone()), &request(|_| {}), expected);
    }
}

#[test]
fn a_revocation_says_whether_the_certificate_was_known() {
    let stage = Stage::new();
    let known = stage.sign(&stage.jwk(json!({})), &request(|_| {}), ("", "")).unwrap();
    for (serial, expected) in [(*known.serial(), true), (SerialNumber::from_bytes(&[7; 16]).unwrap(), false)] {
        let claims = json!({"aud": "https://ca.test/1.0/revoke", "sub": serial.to_string()});
        let token = stage.jwk(claims);
        let by = Revoker::Token(&token);
        let asked = RevokeRequest { serial, reason: Reason::Superseded, text: "", by, request_id: "request-9" };
        let revoked = now(stage.authority.revoke(&asked)).map_err(|error| describe(&error)).unwrap();
        assert_eq!(revoked.was_on_record(), expected);
    }
}

#[test]
fn a_provisioner_that_got_another_name_goes_on_with_its_certificates() {
    let mut stage = Stage::new();
    let certificate = stage.sign(&stage.id_token(json!({})), &request(|_| {}), ("", "")).unwrap();
    let renamed = Oidc::new("renamed", "rung", Rules::default(), ResolvedClaims::default());
    let other = Oidc::new("other", "rung-second", Rules::default(), ResolvedClaims::default());
    let all = [("rung-second".to_owned(), other), ("rung".to_owned(), renamed)];
    let all = all.map(|(id, oidc)| (id, Provisioner::Oidc(oidc)));
    stage.authority.provisioners = Collection::new(all).unwrap();
    let presented = Presented::in_tls(Arc::new(Shown::new(certificate))).unwrap();
    let asked = RenewRequest { presented: &presented, rekey: None, request_id: "request-8" };
    assert_eq!(now(stage.authority.renew(&asked)).unwrap().provisioner().name, "renamed");
}

#[test]
fn o07_whoever_could_be_an_administrator_by_a_group_is_told_why_not() {
    let told = "the token lists no groups because there are too many, so none makes an administrator";
    let overage = json!({"groups": null, "hasgroups": true});
    for (members, changes, expected) in [
        (json!({"adminGroups": ["ops"], "rules": [{"maxDuration": "1h"}]}), &overage, true),
        (json!({"rules": [{"maxDuration": "1h"}]}), &overage, false),
        (json!({"adminGroups": ["ops"], "rules": [{"maxDuration": "1h"}]}), &json!({"groups": ["dev"]}), false),
        (
            json!({"admins": ["alice@corp.example"], "adminGroups": ["ops"], "rules": [{"maxDuration": "1h"}]}),
            &overage,
            false,
        ),
    ] {
        let stage = stage(&members);
        let token = stage.id_token(changes.clone());
        let request = naming("alice@corp.example", &["alice@corp.example"]);
        let validity = WantedValidity { not_before: None, not_after: None };
        let asked = SignRequest { request: &request, token: &token, validity, request_id: "request-7" };
        let preview = now(stage.authority.preview(&asked)).map_err(|error| describe(&error)).unwrap();
        assert_eq!(preview.explanation().iter().any(|line| line == told), expected, "{members} {changes}");
    }
}

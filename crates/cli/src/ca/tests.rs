//! Decisions that need no CA.

use std::time::{Duration, SystemTime};

use rung_api::body::{OidcProvisioner, Provisioner, SignResponse};
use rung_pki::extension::{self, BasicConstraints, KeyUsage};
use rung_pki::{
    Certificate, CertificateContent, DistinguishedName, KeyAlgorithm, MlDsa, PrivateKey, PublicKey, SerialNumber,
    Signer, SubjectAltName,
};
use serde_json::json;

use super::choose::{Usable, Wanted, fitting, trouble};
use super::grant::meant;
use super::identity::{Identity, UnverifiedClaims, for_login};
use super::key::choose as choose_key;
use super::offline::Offline;
use super::returned::{Expected, Successor, check, check_successor};
use super::template::parse_pair;

#[track_caller]
fn check_key([kty, curve, size]: [Option<&str>; 3], expected: Result<KeyAlgorithm, &str>) {
    assert_eq!(choose_key(kty, curve, size).map_err(|error| error.to_string()), expected.map_err(str::to_owned));
}

#[test]
fn the_key_flags_name_a_kind_of_key() {
    check_key([None, None, None], Ok(KeyAlgorithm::EcP256));
    check_key([Some("EC"), Some("P-521"), None], Ok(KeyAlgorithm::EcP521));
    check_key([Some("OKP"), None, None], Ok(KeyAlgorithm::Ed25519));
    check_key([Some("AKP"), None, None], Ok(KeyAlgorithm::MlDsa(MlDsa::MlDsa65)));
    check_key([Some("AKP"), Some("ML-DSA-87"), None], Ok(KeyAlgorithm::MlDsa(MlDsa::MlDsa87)));
    check_key([Some("RSA"), None, None], Ok(KeyAlgorithm::Rsa { bits: 2048 }));
    check_key([Some("RSA"), None, Some("4096")], Ok(KeyAlgorithm::Rsa { bits: 4096 }));
}

#[test]
fn key_flags_that_do_not_fit_are_refused() {
    check_key([None, Some("P-256"), None], Err("flag '--curve' requires the '--kty' flag"));
    check_key([None, None, Some("2048")], Err("flag '--size' requires the '--kty' flag"));
    check_key([Some("EC"), None, Some("2048")], Err("flag '--size' is incompatible with flag '--kty EC'"));
    check_key([Some("RSA"), Some("P-256"), None], Err("flag '--curve' is incompatible with flag '--kty RSA'"));
    check_key([Some("ec"), None, None], Err("invalid value 'ec' for flag '--kty'; options are RSA, EC, OKP, AKP"));
    check_key([Some("RSA"), None, Some("1024")], Err("flag '--size' requires at least 2048"));
    let wrong = "flag '--kty EC' is incompatible with flag '--curve P-224'\n\n  Option(s): --curve P-256, P-384, P-521";
    check_key([Some("EC"), Some("P-224"), None], Err(wrong));
    // What signs nothing is no key of a certificate.
    let wrong = "flag '--kty OKP' is incompatible with flag '--curve X25519'\n\n  Option(s): --curve Ed25519";
    check_key([Some("OKP"), Some("X25519"), None], Err(wrong));
    let sets = "\n\n  Option(s): --curve ML-DSA-44, ML-DSA-65, ML-DSA-87";
    let wrong = format!("flag '--kty AKP' is incompatible with flag '--curve ML-KEM-768'{sets}");
    check_key([Some("AKP"), Some("ML-KEM-768"), None], Err(&wrong));
    check_key([Some("AKP"), None, Some("65")], Err("flag '--size' is incompatible with flag '--kty AKP'"));
}

#[test]
fn template_data_is_json_or_else_text() {
    assert_eq!(parse_pair("a=1").expect("a pair"), ("a".to_owned(), json!(1)));
    assert_eq!(parse_pair("a=b=c").expect("a pair"), ("a".to_owned(), json!("b=c")));
    assert_eq!(parse_pair("c").expect_err("no pair").to_string(), "invalid value 'c' for flag '--set'");
}

fn provisioners() -> Vec<Provisioner> {
    let list = json!([
        {"type": "JWK", "name": "admin", "key": {"kid": "k1"}, "encryptedKey": "x"},
        {"type": "ACME", "name": "acme"},
        {"type": "OIDC", "name": "sso", "clientID": "rung", "configurationEndpoint": "https://idp.test"},
    ]);
    serde_json::from_value(list).expect("provisioners")
}

#[track_caller]
fn check_choice(name: Option<&str>, key_id: Option<&str>, expected: Result<&[&str], &str>) {
    let wanted = Wanted { name: name.map(str::to_owned), key_id: key_id.map(str::to_owned) };
    let found = fitting(&provisioners(), &wanted);
    let found = found.map(|usable| usable.iter().map(Usable::describe).collect::<Vec<_>>());
    assert_eq!(
        found.map_err(|error| error.to_string()),
        expected.map(|texts| texts.iter().map(|&text| text.to_owned()).collect()).map_err(str::to_owned)
    );
}

#[test]
fn only_usable_provisioners_are_offered() {
    check_choice(None, None, Ok(&["admin (JWK) [kid: k1]", "sso (OIDC) [client: rung]"]));
    check_choice(Some("sso"), None, Ok(&["sso (OIDC) [client: rung]"]));
    check_choice(None, Some("k1"), Ok(&["admin (JWK) [kid: k1]"]));
}

#[test]
fn an_unknown_or_unusable_provisioner_is_refused_by_name() {
    check_choice(Some("nope"), None, Err("invalid value 'nope' for flag '--provisioner'; options are admin, sso"));
    check_choice(Some("acme"), None, Err("provisioner 'acme' has the type ACME, which this version cannot use"));
    check_choice(None, Some("k2"), Err("invalid value 'k2' for flag '--kid'"));
}

#[test]
fn only_trouble_is_mentioned() {
    let with = |state: &str| {
        let one = json!({"type": "OIDC", "name": "sso", "clientID": "x", "state": state, "stateReason": "no answer"});
        serde_json::from_value::<Vec<Provisioner>>(json!([one])).expect("a provisioner")
    };
    assert_eq!(trouble(&with("ready"), "sso"), None);
    assert_eq!(trouble(&with(""), "sso"), None);
    assert_eq!(trouble(&with("degraded"), "sso"), Some(("degraded", "no answer")));
}

/// An id token for Alice; nobody checks its signature here.
fn claims(groups: &[&str]) -> UnverifiedClaims {
    let payload = json!({
        "iss": "https://idp.test", "sub": "alice 1|x", "email": "alice@corp.test", "groups": groups, "aud": "rung",
    });
    let key = PrivateKey::generate(KeyAlgorithm::EcP256).expect("a key");
    let token = rung_pki::jose::sign_compact(&Default::default(), payload.to_string().as_bytes(), &key);
    UnverifiedClaims::of(&token.expect("a token")).expect("claims")
}

/// A token of a workload often has no `azp`, and several audiences in any order.
#[test]
fn a_token_means_the_provisioner_of_its_client_or_audience() {
    let claims = |claims: serde_json::Value| {
        let key = PrivateKey::generate(KeyAlgorithm::EcP256).expect("a key");
        let token = rung_pki::jose::sign_compact(&Default::default(), claims.to_string().as_bytes(), &key);
        UnverifiedClaims::of(&token.expect("a token")).expect("claims")
    };
    for (token, expected) in [
        (json!({"aud": "rung"}), Some("sso")),
        (json!({"aud": ["other", "rung"]}), Some("sso")),
        (json!({"aud": "other", "azp": "rung"}), Some("sso")),
        (json!({"aud": "rung", "azp": "phone"}), Some("sso")),
        (json!({"aud": "admin"}), None),
        (json!({}), None),
    ] {
        let all = provisioners();
        let found = meant(&all, &claims(token.clone()));
        assert_eq!(found.map(|oidc| oidc.name.as_str()), expected, "{token}");
    }
}

#[track_caller]
fn check_login(subject: &str, sans: &[&str], groups: &[&str], expected: Result<(&str, &[&str]), &str>) {
    let provisioner = OidcProvisioner {
        admins: vec!["boss@CORP.test".to_owned()],
        admin_groups: vec!["ops".to_owned()],
        ..OidcProvisioner::default()
    };
    let sans: Vec<String> = sans.iter().map(|&name| name.to_owned()).collect();
    let found = for_login(&claims(groups), Some(&provisioner), (subject, &sans));
    match (found, expected) {
        (Ok(found), Ok((subject, names))) => {
            let found_names: Vec<String> = found.names.iter().map(ToString::to_string).collect();
            assert_eq!(
                (found.subject.as_str(), found_names),
                (subject, names.iter().map(|&name| name.to_owned()).collect())
            );
        }
        (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
        (found, expected) => panic!("found {found:?}, expected {expected:?}"),
    }
}

#[test]
fn a_login_gets_its_own_names() {
    let own: (&str, &[&str]) = ("alice 1|x", &["alice@corp.test", "https://idp.test#alice%201%7Cx"]);
    check_login("alice@corp.test", &[], &[], Ok(own));
    check_login("Alice@Corp.test", &["alice@corp.test"], &["ops"], Ok(own));
    check_login("alice 1|x", &[], &[], Ok(own));
}

#[test]
fn a_login_is_told_when_it_asks_for_other_names() {
    check_login("www.corp.test", &[], &[], Err("'www.corp.test' is not one of them"));
    check_login("alice@corp.test", &["www.corp.test"], &[], Err("ask for 'alice@corp.test' without --san"));
}

#[test]
fn an_admin_gets_what_was_asked_for() {
    check_login("www.corp.test", &[], &["ops"], Ok(("www.corp.test", &["www.corp.test"])));
    check_login("www", &["10.0.0.1"], &["ops"], Ok(("www", &["10.0.0.1"])));
}

#[test]
fn an_offline_configuration_is_read_in_any_case() {
    let text = r#"{"Root": ["r.crt"], "dnsnames": ["fe80::1"], "authority": {"provisioners": []}}"#;
    let offline = Offline::parse(text.as_bytes()).expect("a configuration");
    assert_eq!((offline.audience().as_str(), offline.root.as_deref()), ("https://[fe80::1]/sign", Some("r.crt")));
}

/// A CA for one test.
struct Ca {
    key: PrivateKey,
    root: Certificate,
}

const HOUR: Duration = Duration::from_secs(3600);

fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + HOUR * 24 * 365 * 50
}

fn names(texts: &[&str]) -> Vec<SubjectAltName> {
    texts.iter().map(|text| SubjectAltName::classify(text).expect("a name")).collect()
}

fn subject(name: &str) -> DistinguishedName {
    DistinguishedName::new().with_common_name(name).expect("a name")
}

fn sign(content: &CertificateContent, key: &PrivateKey) -> Certificate {
    let algorithm = key.algorithm().default_signature();
    let tbs = content.to_tbs(algorithm);
    let signature = key.sign_now(algorithm, &tbs).expect("a signature");
    CertificateContent::assemble(&tbs, algorithm, &signature).expect("a certificate")
}

impl Ca {
    fn new() -> Self {
        let key = PrivateKey::generate(KeyAlgorithm::EcP256).expect("a key");
        let content = CertificateContent {
            serial: SerialNumber::from_bytes(&[1]).expect("a number"),
            issuer_der: subject("Root").der().to_vec(),
            subject: subject("Root"),
            not_before: noon() - HOUR,
            not_after: noon() + HOUR * 100,
            public_key: key.public_key().clone(),
            extensions: vec![
                extension::key_usage(KeyUsage::CERT_SIGN),
                extension::basic_constraints(BasicConstraints { is_ca: true, path_len: None }),
            ],
        };
        Self { root: sign(&content, &key), key }
    }

    fn leaf(&self, key: &PrivateKey, change: impl FnOnce(&mut CertificateContent)) -> Certificate {
        let mut content = CertificateContent {
            serial: SerialNumber::from_bytes(&[2]).expect("a number"),
            issuer_der: self.root.subject_der().to_vec(),
            subject: subject("a.test"),
            not_before: noon() - HOUR,
            not_after: noon() + HOUR,
            public_key: key.public_key().clone(),
            extensions: vec![extension::subject_alt_names(&names(&["a.test"]), false)],
        };
        change(&mut content);
        sign(&content, &self.key)
    }
}

/// What a client that asked for `a.test` makes of the certificate that `change` spoilt.
#[track_caller]
fn check_returned(change: impl FnOnce(&mut CertificateContent), expected: Result<(), &str>) {
    let (ca, key) = (Ca::new(), PrivateKey::generate(KeyAlgorithm::EcP256).expect("a key"));
    let leaf = ca.leaf(&key, change);
    check_chain(&ca, &key, &[leaf], expected);
}

#[track_caller]
fn check_chain(ca: &Ca, key: &PrivateKey, chain: &[Certificate], expected: Result<(), &str>) {
    let identity = Identity { subject: "a.test".to_owned(), names: names(&["a.test"]), open: false };
    check_identity(ca, key, &identity, chain, expected);
}

#[track_caller]
fn check_identity(ca: &Ca, key: &PrivateKey, identity: &Identity, chain: &[Certificate], expected: Result<(), &str>) {
    let pem: Vec<String> = chain.iter().map(Certificate::to_pem).collect();
    let response = SignResponse {
        crt: pem[0].as_str().into(),
        ca: None,
        cert_chain: pem.iter().map(|text| text.as_str().into()).collect(),
        tls_options: None,
    };
    let expectation = Expected { key: key.public_key(), identity, roots: std::slice::from_ref(&ca.root), at: noon() };
    match (check(&response, &expectation), expected) {
        (Ok(found), Ok(())) => assert_eq!(found.len(), chain.len()),
        (Err(error), Err(part)) => {
            let text = format!("{error:#}");
            assert!(text.contains(part) && text.contains("nothing was written"), "{text}");
        }
        (found, expected) => panic!("found {found:?}, expected {expected:?}"),
    }
}

#[test]
fn the_certificate_that_was_asked_for_is_taken() {
    check_returned(|_| {}, Ok(()));
}

#[test]
fn l01_a_certificate_for_another_key_is_refused() {
    let other = PrivateKey::generate(KeyAlgorithm::EcP256).expect("a key");
    check_returned(|content| content.public_key = other.public_key().clone(), Err("for another key"));
}

#[test]
fn l01_a_certificate_with_other_names_is_refused() {
    let with = |texts: &[&str]| vec![extension::subject_alt_names(&names(texts), false)];
    check_returned(|content| content.extensions = with(&["b.test"]), Err("other names"));
    check_returned(|content| content.extensions = with(&["a.test", "b.test"]), Err("other names"));
    check_returned(|content| content.extensions = Vec::new(), Err("other names"));
    check_returned(|content| content.subject = subject("root@corp.test"), Err("another common name"));
}

#[test]
fn l01_names_by_the_rules_of_the_ca_include_what_was_asked_for() {
    let rules = OidcProvisioner { identity_by_rules: true, ..OidcProvisioner::default() };
    let (ca, key) = (Ca::new(), PrivateKey::generate(KeyAlgorithm::EcP256).expect("a key"));
    let leaf = ca.leaf(&key, |content| {
        content.subject = subject("Alice");
        content.extensions = vec![extension::subject_alt_names(&names(&["alice@a.test", "spiffe://a/alice"]), false)];
    });
    let check = |subject: &str, sans: &[&str], expected| {
        let sans: Vec<String> = sans.iter().map(|&name| name.to_owned()).collect();
        let identity = for_login(&claims(&[]), Some(&rules), (subject, &sans)).expect("names");
        check_identity(&ca, &key, &identity, std::slice::from_ref(&leaf), expected);
    };
    check("alice@a.test", &[], Ok(()));
    check("Alice", &["spiffe://a/alice"], Ok(()));
    check("alice@a.test", &["alice@a.test", "b.test"], Err("and not for alice@a.test, alice@a.test, b.test"));
    check("bob@a.test", &[], Err("a certificate for Alice, alice@a.test, spiffe://a/alice, and not for bob@a.test"));
    check("bob@a.test", &["alice@a.test"], Err("and not for bob@a.test"));
}

#[test]
fn l01_a_ca_certificate_is_refused() {
    let ca = extension::basic_constraints(BasicConstraints { is_ca: true, path_len: None });
    check_returned(|content| content.extensions.push(ca), Err("the certificate of a CA"));
}

#[test]
fn l01_an_expired_certificate_is_refused() {
    check_returned(|content| content.not_after = noon() - Duration::from_secs(1), Err("does not lead to"));
}

#[test]
fn l01_another_chain_and_a_certificate_too_many_are_refused() {
    let (ca, other) = (Ca::new(), Ca::new());
    let key = PrivateKey::generate(KeyAlgorithm::EcP256).expect("a key");
    check_chain(&ca, &key, &[other.leaf(&key, |_| {})], Err("does not lead to"));
    let chain = [ca.leaf(&key, |_| {}), other.root];
    check_chain(&ca, &key, &chain, Err("does not belong to the chain"));
}

/// What a client that renews the certificate for `a.test` makes of the one that `change` spoilt.
#[track_caller]
fn check_renewed(change: impl FnOnce(&mut CertificateContent), expected: Result<(), &str>) {
    let (ca, key) = (Ca::new(), PrivateKey::generate(KeyAlgorithm::EcP256).expect("a key"));
    let old = ca.leaf(&key, |_| {});
    let new = ca.leaf(&key, |content| {
        content.serial = SerialNumber::from_bytes(&[3]).expect("a number");
        content.not_before = noon() - Duration::from_secs(60);
        content.not_after = noon() + HOUR * 2;
        change(content);
    });
    check_succession(&ca, (&old, key.public_key()), &[new], expected);
}

#[track_caller]
fn check_succession(
    ca: &Ca,
    (old, key): (&Certificate, &PublicKey),
    chain: &[Certificate],
    expected: Result<(), &str>,
) {
    let pem: Vec<String> = chain.iter().map(Certificate::to_pem).collect();
    let cert_chain = pem.iter().map(|text| text.as_str().into()).collect();
    let response = SignResponse { crt: pem[0].as_str().into(), ca: None, cert_chain, tls_options: None };
    let successor = Successor { key, old, roots: std::slice::from_ref(&ca.root), now: noon() };
    match (check_successor(&response, &successor), expected) {
        (Ok(found), Ok(())) => assert_eq!(found.len(), chain.len()),
        (Err(error), Err(part)) => {
            let text = format!("{error:#}");
            assert!(text.contains(part) && text.contains("nothing was changed"), "{text}");
        }
        (found, expected) => panic!("found {found:?}, expected {expected:?}"),
    }
}

#[test]
fn a_successor_is_taken_also_by_a_clock_that_is_a_little_late() {
    check_renewed(|_| {}, Ok(()));
    check_renewed(|content| content.not_before = noon() + Duration::from_secs(200), Ok(()));
}

#[test]
fn l01_what_cannot_take_the_place_of_a_certificate_is_refused() {
    let with = |texts: &[&str]| vec![extension::subject_alt_names(&names(texts), false)];
    let ca = extension::basic_constraints(BasicConstraints { is_ca: true, path_len: None });
    let other = PrivateKey::generate(KeyAlgorithm::EcP256).expect("a key");
    check_renewed(|content| content.public_key = other.public_key().clone(), Err("for another key"));
    check_renewed(|content| content.extensions.push(ca), Err("the certificate of a CA"));
    check_renewed(|content| content.extensions = with(&["b.test"]), Err("other names"));
    check_renewed(|content| content.extensions = with(&["a.test", "b.test"]), Err("other names"));
    check_renewed(|content| content.extensions = Vec::new(), Err("other names"));
    check_renewed(|content| content.subject = subject("b.test"), Err("other names"));
    check_renewed(|content| content.serial = SerialNumber::from_bytes(&[2]).expect("a number"), Err("not newer"));
    check_renewed(|content| content.not_before = noon() - HOUR * 2, Err("not newer"));
    check_renewed(|content| content.not_before = noon() + HOUR, Err("does not lead to"));
    check_renewed(|content| content.not_after = noon() - Duration::from_secs(1), Err("does not lead to"));
}

#[test]
fn l01_a_successor_from_another_ca_is_refused() {
    let (ca, other) = (Ca::new(), Ca::new());
    let key = PrivateKey::generate(KeyAlgorithm::EcP256).expect("a key");
    let (old, foreign) = (
        ca.leaf(&key, |_| {}),
        other.leaf(&key, |content| {
            content.serial = SerialNumber::from_bytes(&[3]).expect("a number");
        }),
    );
    check_succession(&ca, (&old, key.public_key()), &[foreign], Err("does not lead to"));
}

#[test]
fn a_renewal_token_says_what_the_ca_looks_for() {
    let (ca, key) = (Ca::new(), PrivateKey::generate(KeyAlgorithm::EcP256).expect("a key"));
    let chain = [ca.leaf(&key, |_| {}), ca.root.clone()];
    let url = "https://ca.test:9000".parse().expect("an address");
    let token = super::token::sign_renewal(&url, &chain, &key, noon()).expect("a token");
    let jws = rung_pki::jose::UnverifiedJws::parse(&token).expect("a token");
    let verified = jws.verify(&rung_pki::jose::VerificationKey::new(key.public_key().clone())).expect("our signature");
    let claims: serde_json::Value = serde_json::from_slice(verified.payload()).expect("JSON");
    assert_eq!((&claims["aud"], &claims["iss"]), (&"https://ca.test:9000/renew".into(), &"step-ca-client/1.0".into()));
    assert_eq!(claims["sub"], "a.test");
    let seconds = |name: &str| claims[name].as_u64().expect("seconds");
    assert_eq!(seconds("exp") - seconds("nbf"), 300);
}

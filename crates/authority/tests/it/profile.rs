//! What certificates look like, octet for octet.

use rung_authority::{plan::DefaultSubject, provisioner::oidc::Rules};
use rung_pki::{Certificate, Extension, KeyAlgorithm, SignatureAlgorithm, Signer, extension};
use rung_spec::ResolvedClaims;
use serde_json::json;

use crate::stage::{Setup, Stage, ec, naming, request, request_with};

/// The extensions of a certificate: which, whether critical, and their octets in hexadecimal digits.
fn extensions(certificate: &Certificate) -> Vec<(String, bool, String)> {
    let line = |extension: &Extension| (extension.oid.to_string(), extension.critical, hex(&extension.value));
    certificate.extensions().iter().map(line).collect()
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// The extensions that every leaf begins with.
fn expected(certificate: &Certificate, stage: &Stage, usage: &str) -> Vec<(String, bool, String)> {
    let line = |oid: &str, critical: bool, value: String| (oid.to_owned(), critical, value);
    let key = certificate.public_key().unwrap();
    vec![
        line("2.5.29.15", true, usage.to_owned()),
        line("2.5.29.37", false, "301406082b0601050507030106082b06010505070302".to_owned()),
        line("2.5.29.14", false, format!("0414{}", hex(&key.key_identifier()))),
        line("2.5.29.35", false, format!("30168014{}", hex(&stage.issuer_key.public_key().key_identifier()))),
    ]
}

#[test]
fn a_host_of_a_jwk_provisioner() {
    let stage = Stage::new();
    for (algorithm, usage) in [(KeyAlgorithm::EcP256, "03020780"), (KeyAlgorithm::Rsa { bits: 2048 }, "030205a0")] {
        let key = rung_pki::PrivateKey::generate(algorithm).unwrap();
        let certificate = stage.sign(&stage.jwk(json!({})), &request_with(&key, |_| {}), ("", "")).unwrap();
        let mut wanted = expected(&certificate, &stage, usage);
        wanted.push(("2.5.29.17".to_owned(), false, format!("300d820b{}", hex(b"foo.example"))));
        let provisioner = format!("30150201010405{}0409{}", hex(b"admin"), hex(b"admin-key"));
        wanted.push(("1.3.6.1.4.1.37476.9000.64.1".to_owned(), false, provisioner));
        assert_eq!(extensions(&certificate), wanted);
        // CN=foo.example as PrintableString.
        assert_eq!(
            hex(certificate.subject_der()),
            format!("301631143012060355040313 0b{}", hex(b"foo.example")).replace(' ', "")
        );
        assert_eq!(certificate.version(), 3);
        assert_eq!(certificate.issuer_der(), stage.authority.issuer.certificate().subject_der());
        assert_eq!(certificate.signature_algorithm(), Some(SignatureAlgorithm::EcdsaSha256));
        certificate.is_signed_by(stage.issuer_key.public_key()).unwrap();
        assert!((9..=20).contains(&certificate.serial().as_bytes().len()), "{}", certificate.serial());
    }
}

#[test]
fn a_person() {
    let stage = Stage::new();
    let certificate = stage.sign(&stage.id_token(json!({})), &request(|_| {}), ("", "")).unwrap();
    let mut wanted = expected(&certificate, &stage, "03020780");
    let uri = b"https://idp.test/realms/x#alice-1";
    let names = format!("30378112{}8621{}", hex(b"alice@corp.example"), hex(uri));
    wanted.push(("2.5.29.17".to_owned(), false, names));
    let provisioner = format!("300e0201020403{}0404{}", hex(b"sso"), hex(b"rung"));
    wanted.push(("1.3.6.1.4.1.37476.9000.64.1".to_owned(), false, provisioner));
    assert_eq!(extensions(&certificate), wanted);
}

#[test]
fn an_administrator_gets_subject_and_names_of_the_request() {
    let rules = Rules { admins: vec!["alice@corp.example".to_owned()], ..Rules::default() };
    let stage = Stage::with(Setup { rules, ..Setup::default() });
    let asked = naming("www", &["www.corp.example", "10.0.0.1"]);
    let certificate = stage.sign(&stage.id_token(json!({})), &asked, ("", "")).unwrap();
    assert_eq!(certificate.subject_der(), asked.subject().der());
    let names = format!("301882 10{}8704 0a000001", hex(b"www.corp.example")).replace(' ', "");
    let found = certificate.extension(&extension::oid::SUBJECT_ALT_NAME).unwrap();
    assert_eq!((found.critical, hex(&found.value)), (false, names));
    assert_eq!(certificate.provisioner().unwrap().kind, 2);
}

#[test]
fn names_are_critical_when_there_is_no_subject() {
    let stage = Stage::new();
    let token = stage.id_token(json!({"sub": "s".repeat(65), "email": null}));
    let certificate = stage.sign(&token, &request(|_| {}), ("", "")).unwrap();
    assert!(certificate.subject().is_empty());
    assert!(certificate.extension(&extension::oid::SUBJECT_ALT_NAME).unwrap().critical);
}

#[test]
fn the_default_subject_fills_what_is_missing() {
    let subject = DefaultSubject {
        country: "DE".to_owned(),
        organization: "Corp".to_owned(),
        organizational_unit: "Dev".to_owned(),
        locality: "Berlin".to_owned(),
        province: "BE".to_owned(),
        street_address: "Weg 1".to_owned(),
        serial_number: "7".to_owned(),
        common_name: "nobody".to_owned(),
    };
    let rules = Rules { admins: vec!["alice@corp.example".to_owned()], ..Rules::default() };
    let stage = Stage::with(Setup { subject, rules, ..Setup::default() });
    let shown = |certificate: &Certificate| certificate.subject().to_string();
    let certificate = stage.sign(&stage.jwk(json!({})), &request(|_| {}), ("", "")).unwrap();
    let attributes: Vec<String> =
        certificate.subject().attributes().map(|value| value.text().unwrap().into_owned()).collect();
    assert_eq!(attributes.len(), 8, "{}", shown(&certificate));
    let oids: Vec<String> = certificate.subject().attributes().map(|value| value.attribute.oid().to_string()).collect();
    let order = ["2.5.4.6", "2.5.4.8", "2.5.4.7", "2.5.4.9", "2.5.4.10", "2.5.4.11", "2.5.4.3", "2.5.4.5"];
    assert_eq!(oids, order, "{}", shown(&certificate));
    assert_eq!(certificate.subject().common_name(), Some("foo.example"));
    let certificate = stage.sign(&stage.id_token(json!({})), &naming("", &["a.example"]), ("", "")).unwrap();
    assert_eq!(certificate.subject().common_name(), Some("nobody"));
}

#[test]
fn certificates_can_do_without_the_name_of_the_provisioner() {
    let claims = ResolvedClaims { disable_smallstep_extensions: true, ..ResolvedClaims::default() };
    let stage = Stage::with(Setup { claims, ..Setup::default() });
    for token in [stage.jwk(json!({})), stage.id_token(json!({}))] {
        let certificate = stage.sign(&token, &request(|_| {}), ("", "")).unwrap();
        assert_eq!((certificate.extensions().len(), certificate.provisioner()), (5, None));
    }
}

#[test]
fn an_issuer_signs_as_its_key_does() {
    for (key, algorithm) in [
        (KeyAlgorithm::EcP384, SignatureAlgorithm::EcdsaSha384),
        (KeyAlgorithm::EcP521, SignatureAlgorithm::EcdsaSha512),
        (KeyAlgorithm::Ed25519, SignatureAlgorithm::Ed25519),
        (KeyAlgorithm::Rsa { bits: 2048 }, SignatureAlgorithm::RsaPkcs1Sha256),
    ] {
        let stage = Stage::with(Setup { issuer_key: key, ..Setup::default() });
        let certificate = stage.sign(&stage.jwk(json!({})), &request_with(&ec(), |_| {}), ("", "")).unwrap();
        assert_eq!(certificate.signature_algorithm(), Some(algorithm), "{key}");
        certificate.is_signed_by(stage.issuer_key.public_key()).unwrap();
    }
}

#[test]
fn c30_serial_numbers_do_not_repeat() {
    let stage = Stage::new();
    let mut serials = std::collections::HashSet::new();
    for _ in 0..50 {
        let certificate = stage.sign(&stage.jwk(json!({})), &request(|_| {}), ("", "")).unwrap();
        assert!(serials.insert(certificate.serial().to_string()));
    }
}

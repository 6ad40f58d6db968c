use std::{
    collections::HashSet,
    time::{Duration, UNIX_EPOCH},
};

use super::*;
use crate::{
    extension::{self, BasicConstraints, ExtendedKeyUsage, KeyUsage, NameConstraints, Purpose, Subtree, oid},
    key::{PrivateKey, Signer},
    name::SubjectAltName,
};

struct Ca {
    key: PrivateKey,
    certificate: Certificate,
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn named(text: &str) -> DistinguishedName {
    DistinguishedName::new().with_common_name(text).unwrap()
}

fn signed(content: &CertificateContent, key: &PrivateKey) -> Certificate {
    let algorithm = key.algorithm().default_signature();
    let tbs = content.to_tbs(algorithm);
    CertificateContent::assemble(&tbs, algorithm, &key.sign_now(algorithm, &tbs).unwrap()).unwrap()
}

/// What a good root says.
fn root_content(key: &PrivateKey) -> CertificateContent {
    let subject = named("Root");
    CertificateContent {
        serial: "7".parse().unwrap(),
        issuer_der: subject.der().to_vec(),
        subject,
        not_before: at(1_700_000_000),
        not_after: at(1_800_000_000),
        public_key: key.public_key().clone(),
        extensions: vec![
            extension::key_usage(KeyUsage::CERT_SIGN | KeyUsage::CRL_SIGN),
            extension::basic_constraints(BasicConstraints { is_ca: true, path_len: Some(1) }),
            extension::subject_key_identifier(&key.public_key().key_identifier()),
        ],
    }
}

fn root(adjust: impl FnOnce(&mut CertificateContent)) -> Ca {
    let key = PrivateKey::generate(KeyAlgorithm::EcP256).unwrap();
    let mut content = root_content(&key);
    adjust(&mut content);
    let certificate = signed(&content, &key);
    Ca { key, certificate }
}

/// What a good leaf says.
fn leaf_content(issuer: &Ca, key: &PrivateKey) -> CertificateContent {
    CertificateContent {
        serial: "0x00ffffffffffffffffffffffffffffffff".parse().unwrap(),
        issuer_der: issuer.certificate.subject_der().to_vec(),
        subject: named("somebody"),
        not_before: at(1_700_000_100),
        not_after: at(1_700_090_000),
        public_key: key.public_key().clone(),
        extensions: vec![
            extension::key_usage(KeyUsage::DIGITAL_SIGNATURE),
            extension::extended_key_usage(&[Purpose::ServerAuth, Purpose::ClientAuth]),
            extension::subject_key_identifier(&key.public_key().key_identifier()),
            extension::authority_key_identifier(&issuer.key.public_key().key_identifier()),
            extension::subject_alt_names(&[SubjectAltName::classify("a.example").unwrap()], false),
        ],
    }
}

fn replace(content: &mut CertificateContent, extension: Extension) {
    let place = content.extensions.iter().position(|old| old.oid == extension.oid);
    match place {
        Some(place) => content.extensions[place] = extension,
        None => content.extensions.push(extension),
    }
}

fn remove(content: &mut CertificateContent, oid: &const_oid::ObjectIdentifier) {
    content.extensions.retain(|extension| extension.oid != *oid);
}

fn critical(content: &mut CertificateContent, oid: &const_oid::ObjectIdentifier, critical: bool) {
    content.extensions.iter_mut().filter(|extension| extension.oid == *oid).for_each(|found| found.critical = critical);
}

fn ids(result: Result<(), Vec<Finding>>) -> Vec<&'static str> {
    result.err().unwrap_or_default().iter().map(|finding| finding.rule.id).collect()
}

/// Adjust a good leaf; the rules that it breaks then, before it is signed and afterwards.
#[track_caller]
fn check_leaf(issuer: &Ca, adjust: impl FnOnce(&mut CertificateContent), expected: &[&str]) {
    let key = PrivateKey::generate(KeyAlgorithm::EcP256).unwrap();
    let mut content = leaf_content(issuer, &key);
    adjust(&mut content);
    assert_eq!(ids(lint_leaf(&content, &issuer.certificate)), expected);
    assert_eq!(ids(lint_leaf(&signed(&content, &issuer.key), &issuer.certificate)), expected);
}

#[track_caller]
fn check_root(adjust: impl FnOnce(&mut CertificateContent), expected: &[&str]) {
    let key = PrivateKey::generate(KeyAlgorithm::EcP256).unwrap();
    let mut content = root_content(&key);
    adjust(&mut content);
    assert_eq!(ids(lint_ca(&content, None)), expected);
    assert_eq!(ids(lint_ca(&signed(&content, &key), None)), expected);
}

#[test]
fn good_certificates_break_no_rule() {
    let issuer = root(|_| {});
    check_leaf(&issuer, |_| {}, &[]);
    check_leaf(&issuer, |leaf| remove(leaf, &oid::EXTENDED_KEY_USAGE), &[]);
    check_leaf(&issuer, |leaf| remove(leaf, &oid::SUBJECT_ALT_NAME), &[]);
    check_root(|_| {}, &[]);
    for pem in [include_str!("../certificate/tests/leaf.pem"), include_str!("../certificate/tests/rsa.pem")] {
        let leaf = Certificate::from_pem(pem.as_bytes()).unwrap();
        let intermediate = include_str!("../certificate/tests/intermediate.pem");
        let intermediate = Certificate::from_pem(intermediate.as_bytes()).unwrap();
        let found = ids(lint_leaf(&leaf, &intermediate));
        let of_another_issuer = leaf.issuer_der() != intermediate.subject_der();
        assert_eq!(found.is_empty(), !of_another_issuer, "{found:?}");
    }
}

#[test]
fn fields_that_break_a_rule_are_found() {
    let issuer = root(|_| {});
    check_leaf(&issuer, |leaf| leaf.serial = "1".repeat(40).as_str().parse().unwrap(), &[]);
    let longest = format!("0x{}", "ff".repeat(20));
    check_leaf(&issuer, |leaf| leaf.serial = longest.parse().unwrap(), &["serial_long"]);
    check_leaf(&issuer, |leaf| leaf.not_after = leaf.not_before - Duration::from_secs(1), &["validity_order"]);
    check_leaf(&issuer, |leaf| leaf.not_after = at(1_800_000_000), &[]);
    check_leaf(&issuer, |leaf| leaf.not_after = at(1_800_000_001), &["outlives_issuer"]);
    check_leaf(&issuer, |leaf| leaf.issuer_der = named("Other").der().to_vec(), &["issuer_mismatch"]);
    let of_1024_bits = PublicKey::from_rsa(&[0xc1; 128], &[1, 0, 1]).unwrap();
    let of_9216_bits = PublicKey::from_rsa(&[0xc1; 1152], &[1, 0, 1]).unwrap();
    for weak in [of_1024_bits, of_9216_bits] {
        let identifier = extension::subject_key_identifier(&weak.key_identifier());
        check_leaf(
            &issuer,
            |leaf| {
                leaf.public_key = weak;
                replace(leaf, identifier);
            },
            &["key_weak"],
        );
    }
}

#[test]
fn c02_a_leaf_is_never_a_ca() {
    let issuer = root(|_| {});
    let constraints = |is_ca, path_len| extension::basic_constraints(BasicConstraints { is_ca, path_len });
    check_leaf(&issuer, |leaf| replace(leaf, constraints(false, None)), &[]);
    check_leaf(&issuer, |leaf| replace(leaf, constraints(true, None)), &["leaf_ca"]);
    check_leaf(&issuer, |leaf| replace(leaf, constraints(false, Some(0))), &["leaf_ca"]);
    for usage in [KeyUsage::CERT_SIGN, KeyUsage::CRL_SIGN] {
        let usage = extension::key_usage(usage | KeyUsage::DIGITAL_SIGNATURE);
        check_leaf(&issuer, |leaf| replace(leaf, usage), &["leaf_cert_sign"]);
    }
    let constraints = NameConstraints { permitted: vec![Subtree::Dns("a".to_owned())], excluded: Vec::new() };
    let constraints = extension::name_constraints(&constraints);
    check_leaf(&issuer, |leaf| replace(leaf, constraints), &["leaf_name_constraints"]);
}

#[test]
fn extensions_of_leaves_that_break_a_rule_are_found() {
    let issuer = root(|_| {});
    check_leaf(&issuer, |leaf| remove(leaf, &oid::KEY_USAGE), &["key_usage_missing"]);
    check_leaf(&issuer, |leaf| critical(leaf, &oid::KEY_USAGE, false), &["key_usage_not_critical"]);
    let empty = Extension { value: vec![3, 1, 0], ..extension::key_usage(KeyUsage::DIGITAL_SIGNATURE) };
    check_leaf(&issuer, |leaf| replace(leaf, empty), &["key_usage_empty"]);
    let encipherment = extension::key_usage(KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT);
    check_leaf(&issuer, |leaf| replace(leaf, encipherment), &["key_usage_unfit"]);
    check_leaf(&issuer, |leaf| remove(leaf, &oid::SUBJECT_KEY_IDENTIFIER), &["ski_missing"]);
    check_leaf(&issuer, |leaf| replace(leaf, extension::subject_key_identifier(&[1; 20])), &["ski_mismatch"]);
    check_leaf(&issuer, |leaf| critical(leaf, &oid::SUBJECT_KEY_IDENTIFIER, true), &["key_identifier_critical"]);
    check_leaf(&issuer, |leaf| remove(leaf, &oid::AUTHORITY_KEY_IDENTIFIER), &["aki_missing"]);
    check_leaf(&issuer, |leaf| replace(leaf, extension::authority_key_identifier(&[1; 20])), &["aki_mismatch"]);
    check_leaf(&issuer, |leaf| leaf.subject = DistinguishedName::new(), &["san_not_critical"]);
    check_leaf(&issuer, |leaf| critical(leaf, &oid::SUBJECT_ALT_NAME, true), &["san_critical"]);
    check_leaf(
        &issuer,
        |leaf| {
            leaf.subject = DistinguishedName::new();
            remove(leaf, &oid::SUBJECT_ALT_NAME);
        },
        &["san_missing"],
    );
}

/// Such a certificate cannot even be put together, so only what it was going to say is looked at.
#[test]
fn extensions_that_are_malformed_or_occur_twice_are_found() {
    let issuer = root(|_| {});
    let key = PrivateKey::generate(KeyAlgorithm::EcP256).unwrap();
    let mut twice = leaf_content(&issuer, &key);
    twice.extensions.push(extension::extended_key_usage(&[Purpose::ClientAuth]));
    assert_eq!(ids(lint_leaf(&twice, &issuer.certificate)), ["extension_duplicate"]);
    let mut empty = leaf_content(&issuer, &key);
    replace(&mut empty, extension::extended_key_usage(&[]));
    assert_eq!(ids(lint_leaf(&empty, &issuer.certificate)), ["extension_malformed"]);
    assert!(ExtendedKeyUsage::check(&[0x30, 0]).is_err());
}

#[test]
fn c17_what_the_issuer_may_not_certify_is_found() {
    let only_clients = root(|ca| ca.extensions.push(extension::extended_key_usage(&[Purpose::ClientAuth])));
    check_leaf(&only_clients, |_| {}, &["eku_beyond_issuer"]);
    let client = extension::extended_key_usage(&[Purpose::ClientAuth]);
    check_leaf(&only_clients, |leaf| replace(leaf, client), &[]);
    let constrained = |permitted: Vec<Subtree>, excluded: Vec<Subtree>| {
        let constraints = extension::name_constraints(&NameConstraints { permitted, excluded });
        root(|ca| ca.extensions.push(constraints))
    };
    let dns = |text: &str| vec![Subtree::Dns(text.to_owned())];
    check_leaf(&constrained(dns("example"), vec![]), |_| {}, &[]);
    check_leaf(&constrained(dns("test"), vec![]), |_| {}, &["names_not_permitted"]);
    check_leaf(&constrained(dns("example"), dns("a.example")), |_| {}, &["names_not_permitted"]);
    let directory = vec![Subtree::Directory(named("somebody"))];
    check_leaf(&constrained(vec![], directory), |_| {}, &["names_not_permitted"]);
    let no_ca = root(|ca| remove(ca, &oid::BASIC_CONSTRAINTS));
    check_leaf(&no_ca, |_| {}, &["issuer_not_ca"]);
    let no_cert_sign = root(|ca| replace(ca, extension::key_usage(KeyUsage::CRL_SIGN)));
    check_leaf(&no_cert_sign, |_| {}, &["issuer_not_ca"]);
}

#[test]
fn cas_that_break_a_rule_are_found() {
    check_root(|ca| remove(ca, &oid::BASIC_CONSTRAINTS), &["ca_constraints"]);
    check_root(|ca| critical(ca, &oid::BASIC_CONSTRAINTS, false), &["ca_constraints_not_critical"]);
    check_root(|ca| replace(ca, extension::key_usage(KeyUsage::CRL_SIGN)), &["ca_no_cert_sign"]);
    check_root(|ca| remove(ca, &oid::KEY_USAGE), &["key_usage_missing"]);
    check_root(|ca| remove(ca, &oid::SUBJECT_KEY_IDENTIFIER), &["ski_missing"]);
    check_root(|ca| ca.extensions.push(extension::authority_key_identifier(&[1; 20])), &["aki_mismatch"]);
    check_root(|ca| ca.issuer_der = named("Other").der().to_vec(), &["issuer_mismatch"]);
    let constraints = NameConstraints { permitted: vec![Subtree::Dns("a".to_owned())], excluded: Vec::new() };
    let lax = Extension { critical: false, ..extension::name_constraints(&constraints) };
    check_root(|ca| ca.extensions.push(lax), &["name_constraints_not_critical"]);
    let nameless = |ca: &mut CertificateContent| {
        ca.subject = DistinguishedName::new();
        ca.issuer_der = ca.subject.der().to_vec();
    };
    check_root(nameless, &["subject_empty", "san_missing"]);
}

#[test]
fn a_ca_needs_an_issuer_that_allows_cas_below_it() {
    let key = PrivateKey::generate(KeyAlgorithm::EcP256).unwrap();
    for (path_len, expected) in [(None, &[][..]), (Some(1), &[]), (Some(0), &["ca_path_length"])] {
        let constraints = extension::basic_constraints(BasicConstraints { is_ca: true, path_len });
        let issuer = root(|ca| replace(ca, constraints));
        let mut content = root_content(&key);
        content.subject = named("Intermediate");
        let identifier = issuer.certificate.subject_key_identifier().unwrap();
        content.extensions.push(extension::authority_key_identifier(identifier));
        assert_eq!(ids(lint_ca(&content, Some(&issuer.certificate))), expected);
    }
}

#[test]
fn what_only_a_finished_certificate_can_break_is_found() {
    let issuer = root(|_| {});
    let key = PrivateKey::generate(KeyAlgorithm::EcP256).unwrap();
    let good = signed(&leaf_content(&issuer, &key), &issuer.key);
    // 2023 as GeneralizedTime.
    let mut tbs = good.tbs_der().to_vec();
    let place = tbs.windows(4).position(|window| window == [0x17, 13, b'2', b'3']).unwrap();
    tbs.splice(place..place + 2, [0x18, 15, b'2', b'0']);
    tbs[3] += 2;
    assert_eq!(tbs[1], 0x82, "a length of two octets");
    let validity = place - 1;
    tbs[validity] += 2;
    let algorithm = SignatureAlgorithm::EcdsaSha256;
    let signature = issuer.key.sign_now(algorithm, &tbs).unwrap();
    let odd = CertificateContent::assemble(&tbs, algorithm, &signature).unwrap();
    assert_eq!(odd.not_before(), good.not_before());
    assert_eq!(ids(lint_leaf(&odd, &issuer.certificate)), ["validity_encoding"]);

    let rsa = SignatureAlgorithm::RsaPkcs1Sha256;
    let content = leaf_content(&issuer, &key);
    let other = CertificateContent::assemble(&content.to_tbs(rsa), rsa, &[1; 256]).unwrap();
    assert_eq!(ids(lint_leaf(&other, &issuer.certificate)), ["signature_algorithm"]);
}

#[test]
fn every_rule_has_a_name_of_its_own_and_cites_a_section() {
    let ids: HashSet<_> = Rule::ALL.iter().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), Rule::ALL.len());
    assert!(Rule::ALL.iter().all(|rule| rule.section.starts_with("RFC ") && rule.section.contains('§')));
    let finding = Finding { rule: Rule::ALL[0] };
    let shown = "the authority key identifier is not the subject key identifier of the issuer (RFC 5280 §4.2.1.1, aki_mismatch)";
    assert_eq!(finding.to_string(), shown);
}

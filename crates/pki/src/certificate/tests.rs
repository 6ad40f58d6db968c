use std::time::{Duration, UNIX_EPOCH};

use super::*;
use crate::{
    asn1::tag,
    extension::{Purpose, Subtree},
    key::{KeyAlgorithm, MlDsa, PrivateKey, Signer},
};

const LEAF: &str = include_str!("tests/leaf.pem");
const INTERMEDIATE: &str = include_str!("tests/intermediate.pem");
const RSA: &str = include_str!("tests/rsa.pem");

fn read(pem: &str) -> Certificate {
    let certificate = Certificate::from_pem(pem.as_bytes()).unwrap();
    assert_eq!(certificate.to_pem(), pem);
    certificate
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

#[test]
fn a_leaf_of_the_contract_reads_as_it_is_shown() {
    let leaf = read(LEAF);
    assert_eq!(leaf.version(), 3);
    assert_eq!(leaf.serial().to_string(), "1512366075204170947332355369683137040");
    assert_eq!(leaf.issuer().to_string(), "CN=Example Intermediate CA");
    assert_eq!(leaf.subject().common_name(), Some("svc.example"));
    assert_eq!((leaf.not_before(), leaf.not_after()), (at(1_772_352_000), at(1_772_438_400)));
    assert_eq!(leaf.public_key().unwrap().algorithm(), KeyAlgorithm::EcP256);
    assert_eq!(leaf.signature_algorithm(), Some(SignatureAlgorithm::EcdsaSha256));
    assert_eq!(leaf.signature_algorithm_oid().to_string(), "1.2.840.10045.4.3.2");
    assert_eq!(leaf.key_usage(), Some(KeyUsage::DIGITAL_SIGNATURE));
    assert_eq!(leaf.extended_key_usage().unwrap().purposes(), [Purpose::ServerAuth, Purpose::ClientAuth]);
    assert_eq!(leaf.basic_constraints(), None);
    assert_eq!(leaf.subject_key_identifier().map(hex).unwrap(), "8d99bc65f4357d661c823503370a34fc4f48d702");
    assert_eq!(leaf.authority_key_identifier().map(hex).unwrap(), "7992517da39153f2e138a56b28ccd86a10352485");
    let names: Vec<String> = leaf.subject_alt_names().unwrap().iter().map(ToString::to_string).collect();
    let expected =
        ["svc.example", "*.svc.example", "ops@svc.example", "192.0.2.7", "2001:db8::7", "spiffe://example/svc"];
    assert_eq!(names, expected);
    let provisioner = leaf.provisioner().unwrap();
    assert_eq!((provisioner.kind, provisioner.name.as_str()), (1, "admin"));
    assert_eq!(provisioner.credential_id, "kid-synthetic-0001");
    assert_eq!(leaf.extensions().iter().map(|extension| extension.critical).filter(|critical| *critical).count(), 1);
}

#[test]
fn a_leaf_is_signed_by_its_issuer_and_nobody_else() {
    let (leaf, intermediate) = (read(LEAF), read(INTERMEDIATE));
    let constraints = intermediate.basic_constraints().unwrap();
    assert_eq!((constraints.is_ca, constraints.path_len), (true, Some(0)));
    assert_eq!(intermediate.key_usage(), Some(KeyUsage::CERT_SIGN | KeyUsage::CRL_SIGN));
    assert_eq!(leaf.is_signed_by(intermediate.public_key().unwrap()), Ok(()));
    assert_eq!(leaf.is_signed_by(leaf.public_key().unwrap()), Err(SignatureError));
    assert!(!leaf.is_self_signed());
    assert_eq!(read(RSA).public_key().unwrap().algorithm(), KeyAlgorithm::Rsa { bits: 2048 });
}

/// Put what a certificate says together again, and get the same octets.
#[track_caller]
fn check_rebuilt(pem: &str) {
    let certificate = read(pem);
    let content = CertificateContent {
        serial: *certificate.serial(),
        issuer_der: certificate.issuer_der().to_vec(),
        subject: certificate.subject().clone(),
        not_before: certificate.not_before(),
        not_after: certificate.not_after(),
        public_key: certificate.public_key().unwrap().clone(),
        extensions: certificate.extensions().to_vec(),
    };
    let algorithm = certificate.signature_algorithm().unwrap();
    let tbs = content.to_tbs(algorithm);
    assert_eq!(tbs, certificate.tbs_der());
    assert_eq!(CertificateContent::assemble(&tbs, algorithm, certificate.signature()).unwrap(), certificate);
}

#[test]
fn what_was_read_can_be_written_octet_for_octet() {
    check_rebuilt(LEAF);
    check_rebuilt(INTERMEDIATE);
    check_rebuilt(RSA);
}

fn content(key: &PrivateKey) -> CertificateContent {
    let subject = DistinguishedName::new().with_common_name("x").unwrap();
    CertificateContent {
        serial: "5".parse().unwrap(),
        issuer_der: subject.der().to_vec(),
        subject,
        not_before: at(1_700_000_000),
        not_after: at(1_700_003_600),
        public_key: key.public_key().clone(),
        extensions: Vec::new(),
    }
}

fn signed(content: &CertificateContent, key: &PrivateKey) -> Certificate {
    let algorithm = key.algorithm().default_signature();
    let tbs = content.to_tbs(algorithm);
    CertificateContent::assemble(&tbs, algorithm, &key.sign_now(algorithm, &tbs).unwrap()).unwrap()
}

#[test]
fn every_kind_of_key_makes_certificates_that_verify() {
    for algorithm in [
        KeyAlgorithm::EcP256,
        KeyAlgorithm::EcP384,
        KeyAlgorithm::EcP521,
        KeyAlgorithm::Ed25519,
        KeyAlgorithm::Rsa { bits: 2048 },
        KeyAlgorithm::MlDsa(MlDsa::MlDsa65),
    ] {
        let key = PrivateKey::generate(algorithm).unwrap();
        let certificate = signed(&content(&key), &key);
        assert!(certificate.is_self_signed(), "{algorithm}");
        assert_eq!(Certificate::from_der(certificate.der()), Ok(certificate.clone()));
        assert_eq!(certificate.validity(), Duration::from_secs(3600));
    }
}

#[test]
fn a_certificate_that_could_not_be_read_is_not_assembled() {
    let key = PrivateKey::generate(KeyAlgorithm::EcP256).unwrap();
    let mut content = content(&key);
    content.extensions = vec![extension::key_usage(KeyUsage::CERT_SIGN); 2];
    let tbs = content.to_tbs(SignatureAlgorithm::EcdsaSha256);
    assert!(CertificateContent::assemble(&tbs, SignatureAlgorithm::EcdsaSha256, &[1]).is_err());
    assert!(CertificateContent::assemble(b"x", SignatureAlgorithm::EcdsaSha256, &[1]).is_err());
}

/// The leaf with octets exchanged, found by what they are.
fn changed(from: &[u8], to: &[u8]) -> Result<Certificate, CertificateError> {
    assert_eq!(from.len(), to.len());
    let mut der = read(LEAF).der().to_vec();
    let place = der.windows(from.len()).position(|window| window == from).expect("the octets occur");
    der[place..place + from.len()].copy_from_slice(to);
    Certificate::from_der(&der)
}

#[test]
fn unknown_keys_and_signatures_can_be_looked_at() {
    // P-256 becomes a curve that nobody has heard of.
    let unknown_curve = changed(&[0x86, 0x48, 0xce, 0x3d, 3, 1, 7], &[0x86, 0x48, 0xce, 0x3d, 3, 1, 0x77]).unwrap();
    assert!(matches!(unknown_curve.public_key(), Err(KeyError::Unsupported(_))));
    assert!(unknown_curve.public_key_info().len() > 80);

    let mut der = read(LEAF).der().to_vec();
    let (from, to) = ([0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2], [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 0x22]);
    while let Some(place) = der.windows(8).position(|window| window == from) {
        der[place..place + 8].copy_from_slice(&to);
    }
    let unknown = Certificate::from_der(&der).unwrap();
    assert_eq!(unknown.signature_algorithm(), None);
    assert_eq!(unknown.signature_algorithm_name(), "1.2.840.10045.4.3.34");
    assert_eq!(unknown.is_signed_by(read(INTERMEDIATE).public_key().unwrap()), Err(SignatureError));
}

#[test]
fn signatures_that_are_out_of_use_are_named() {
    let rsa_sha1 = [0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 5, 5, 0];
    let oid = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.5");
    assert_eq!(signature_algorithm(&rsa_sha1), None);
    assert_eq!(signature_algorithm_name(&rsa_sha1, &oid), "SHA1-RSA");
}

#[test]
fn pss_is_known_with_and_without_null_parameters() {
    let with = SignatureAlgorithm::RsaPssSha256.identifier_der();
    assert_eq!(signature_algorithm(with), Some(SignatureAlgorithm::RsaPssSha256));
    let without = [
        &[0x30, 61, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 10, 0x30, 48][..],
        &[0xa0, 13, 0x30, 11, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1],
        &[0xa1, 26, 0x30, 24, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 8],
        &[0x30, 11, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 0xa2, 3, 2, 1],
    ]
    .concat();
    let salted = |salt: u8| signature_algorithm(&[&without[..], &[salt]].concat());
    assert_eq!(salted(32), Some(SignatureAlgorithm::RsaPssSha256));
    assert_eq!(salted(20), None);
}

/// RFC 4055 §5.
#[test]
fn rsa_is_known_with_and_without_null_parameters() {
    let without = [0x30, 11, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 11];
    let oid = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
    assert_eq!(signature_algorithm(&without), Some(SignatureAlgorithm::RsaPkcs1Sha256));
    assert_eq!(signature_algorithm_name(&without, &oid), "SHA256-RSA");
    for (last, longer) in [(5, &[][..]), (14, &[]), (11, &[5]), (11, &[5, 0])] {
        let other = [&without[..12], &[last], longer].concat();
        assert_eq!(signature_algorithm(&other), None, "{other:?}");
    }

    let key = PrivateKey::generate(KeyAlgorithm::Rsa { bits: 2048 }).unwrap();
    let tbs = content(&key).to_tbs(SignatureAlgorithm::RsaPkcs1Sha256);
    let with = SignatureAlgorithm::RsaPkcs1Sha256.identifier_der();
    let place = tbs.windows(with.len()).position(|window| window == with).unwrap();
    let mut fields = tbs[4..].to_vec();
    fields.splice(place - 4..place - 4 + with.len(), without);
    let nested = |content: &[u8]| {
        let mut out = crate::asn1::Writer::default();
        out.element(tag::SEQUENCE, content);
        out.into_der()
    };
    let tbs = nested(&fields);
    let signature = key.sign_now(SignatureAlgorithm::RsaPkcs1Sha256, &tbs).unwrap();
    let mut bits = crate::asn1::Writer::default();
    bits.element(tag::BIT_STRING, &[&[0], &signature[..]].concat());
    let certificate = Certificate::from_der(&nested(&[&tbs[..], &without, &bits.into_der()].concat())).unwrap();
    assert!(certificate.is_self_signed());
}

#[test]
fn a_certificate_that_is_cut_off_or_goes_on_is_refused() {
    let der = read(LEAF).der().to_vec();
    for end in 0..der.len() {
        assert!(Certificate::from_der(&der[..end]).is_err(), "{end}");
    }
    assert!(Certificate::from_der(&[&der[..], &[0]].concat()).is_err());
    assert_eq!(Certificate::from_der(&vec![0x30; 1 << 18]), Err(CertificateError::TooLong(1 << 17)));
}

#[test]
fn structural_lies_are_refused() {
    let malformed = |result: Result<Certificate, CertificateError>| {
        assert!(matches!(result, Err(CertificateError::Malformed(_))), "{result:?}");
    };
    malformed(changed(&[0xa0, 3, 2, 1, 2], &[0xa0, 3, 2, 1, 3])); // version 4
    malformed(changed(&[0xa0, 3, 2, 1, 2], &[0xa0, 3, 2, 1, 1])); // extensions in version 2
    malformed(changed(&[2, 16, 1, 0x23], &[2, 16, 0x81, 0x23])); // a negative serial number
    malformed(changed(b"260301080000Z", b"260231080000Z")); // 31 February
    malformed(changed(&[0x3d, 4, 3, 2, 0x30], &[0x3d, 4, 3, 3, 0x30])); // the inner algorithm alone
    // The extended key usage becomes a second key usage.
    malformed(changed(&[6, 3, 0x55, 0x1d, 0x25], &[6, 3, 0x55, 0x1d, 0x0f]));
    // A malformed known extension is named.
    let bad_usage = changed(&[3, 2, 7, 0x80], &[3, 2, 8, 0x80]);
    assert_eq!(bad_usage, Err(CertificateError::Extension(oid::KEY_USAGE)));
}

#[test]
fn a_malformed_provisioner_extension_is_as_good_as_none() {
    let broken = changed(b"\x30\x1e\x02\x01\x01\x04\x05admin", b"\x30\x1e\x02\x01\x01\x05\x05admin").unwrap();
    assert_eq!(broken.provisioner(), None);
    assert!(broken.extension(&oid::PROVISIONER).is_some());
}

#[test]
fn bundles_are_read_whole() {
    let bundle = format!("a comment\n{LEAF}\n{INTERMEDIATE}");
    assert_eq!(Certificate::all_from_pem(bundle.as_bytes()), Ok(vec![read(LEAF), read(INTERMEDIATE)]));
    assert_eq!(Certificate::from_pem(bundle.as_bytes()), Ok(read(LEAF)));
    let der = read(LEAF).der().to_vec();
    assert_eq!(Certificate::all_from_pem_or_der(&der), Ok(vec![read(LEAF)]));
    assert_eq!(Certificate::all_from_pem_or_der(LEAF.as_bytes()), Ok(vec![read(LEAF)]));
    assert_eq!(Certificate::all_from_pem(b""), Err(CertificateError::NoCertificate));
    let damaged = LEAF.replace("MIIC", "MII!");
    assert!(matches!(Certificate::from_pem(damaged.as_bytes()), Err(CertificateError::Pem(_))));
}

#[test]
fn name_constraints_are_read() {
    let key = PrivateKey::generate(KeyAlgorithm::EcP256).unwrap();
    let constraints = NameConstraints {
        permitted: vec![Subtree::Dns("corp.example".to_owned())],
        excluded: vec![Subtree::network("10.0.0.0".parse().unwrap(), 8).unwrap()],
    };
    let extensions = vec![extension::name_constraints(&constraints)];
    let certificate = signed(&CertificateContent { extensions, ..content(&key) }, &key);
    assert_eq!(certificate.name_constraints(), Some(constraints));
}

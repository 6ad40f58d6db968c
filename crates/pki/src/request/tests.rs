use super::*;
use crate::{
    asn1::{Writer, tag},
    key::{PrivateKey, Signer},
};

const VECTOR: &str = include_str!("tests/request.pem");

fn key() -> PrivateKey {
    PrivateKey::generate(KeyAlgorithm::EcP256).unwrap()
}

fn names(texts: &[&str]) -> Vec<SubjectAltName> {
    texts.iter().map(|text| SubjectAltName::classify(text).unwrap()).collect()
}

fn common_name(text: &str) -> DistinguishedName {
    DistinguishedName::new().with_common_name(text).unwrap()
}

#[test]
fn a_request_of_the_contract_reads_as_it_is_shown() {
    let request = CertificateRequest::from_pem(VECTOR.as_bytes()).unwrap();
    assert_eq!(request.to_pem(), VECTOR);
    assert_eq!(request.version(), 0);
    assert_eq!(request.signature_algorithm(), Some(SignatureAlgorithm::EcdsaSha256));
    assert_eq!(request.general_names().len(), 2);
    let verified = request.verify().unwrap();
    assert_eq!(verified.subject().common_name(), Some("csr.example"));
    assert_eq!(verified.subject_alt_names(), Ok(&names(&["csr.example", "192.0.2.9"])[..]));
    assert_eq!(verified.other_names(), 0);
    assert_eq!(verified.public_key().algorithm(), KeyAlgorithm::EcP256);
}

#[test]
fn every_kind_of_key_makes_requests_that_verify() {
    for algorithm in [
        KeyAlgorithm::EcP256,
        KeyAlgorithm::EcP384,
        KeyAlgorithm::EcP521,
        KeyAlgorithm::Ed25519,
        KeyAlgorithm::Rsa { bits: 2048 },
    ] {
        let key = PrivateKey::generate(algorithm).unwrap();
        let mixed = names(&["urn:a:b", "192.0.2.1", "x@y.example", "b.example", "a.example"]);
        let content = RequestContent { subject: common_name("b.example"), names: mixed, extensions: Vec::new() };
        let request = content.sign(&key).unwrap();
        let verified = CertificateRequest::from_pem(request.to_pem().as_bytes()).unwrap().verify().unwrap();
        assert_eq!(verified.public_key(), key.public_key());
        let sorted = names(&["b.example", "a.example", "x@y.example", "192.0.2.1", "urn:a:b"]);
        assert_eq!(verified.subject_alt_names(), Ok(&sorted[..]));
        assert_eq!(verified.der(), request.der());
    }
}

#[test]
fn names_are_critical_when_there_is_no_subject() {
    for (subject, critical) in [(DistinguishedName::new(), true), (common_name("x"), false)] {
        let content = RequestContent { subject, names: names(&["a.example"]), extensions: Vec::new() };
        assert_eq!(content.sign(&key()).unwrap().extensions()[0].critical, critical);
    }
    let nothing = RequestContent::default().sign(&key()).unwrap().verify().unwrap();
    assert_eq!((nothing.extensions().len(), nothing.subject().is_empty()), (0, true));
}

#[test]
fn c01_a_request_whose_signature_is_wrong_is_refused() {
    let good = RequestContent { subject: common_name("x"), ..RequestContent::default() }.sign(&key()).unwrap();
    let mut der = good.der().to_vec();
    let place = der.windows(3).position(|window| window == [0x13, 1, b'x']).unwrap();
    der[place + 2] = b'y';
    assert_eq!(CertificateRequest::from_der(&der).unwrap().verify().err(), Some(RequestError::Signature));
    assert!(good.verify().is_ok());
}

/// A request put together from any parts, signed with that key.
fn assembled(key: &PrivateKey, subject: &[u8], attributes: &[u8]) -> Vec<u8> {
    assembled_for(key.public_key(), key, subject, attributes)
}

/// The same for a public key that may be another.
fn assembled_for(public_key: &PublicKey, key: &PrivateKey, subject: &[u8], attributes: &[u8]) -> Vec<u8> {
    let algorithm = key.algorithm().default_signature();
    let mut information = Writer::default();
    information.sequence(|out| {
        out.unsigned(&[]);
        out.raw(subject);
        out.raw(public_key.spki());
        out.element(tag::context_constructed(0), attributes);
    });
    let information = information.into_der();
    let mut out = Writer::default();
    out.sequence(|out| {
        out.raw(&information);
        out.raw(algorithm.identifier_der());
        out.octet_bits(&key.sign_now(algorithm, &information).unwrap());
    });
    out.into_der()
}

/// The attribute that asks for an extension with these names.
fn asking_for(names: &[(u8, &[u8])]) -> Vec<u8> {
    let mut value = Writer::default();
    value.sequence(|out| names.iter().for_each(|(tag, content)| out.element(*tag, content)));
    let extension = Extension { oid: oid::SUBJECT_ALT_NAME, critical: false, value: value.into_der() };
    let mut out = Writer::default();
    out.sequence(|out| {
        out.oid(&parse::EXTENSION_REQUEST);
        out.nested(tag::SET, |out| out.sequence(|out| extension.write(out)));
    });
    out.into_der()
}

#[test]
fn c03_rsa_keys_of_the_wrong_size_are_named_before_anything_is_verified() {
    for (octets, expected) in [(64, WeakKey::RsaTooShort), (255, WeakKey::RsaTooShort), (1025, WeakKey::RsaTooLong)] {
        let weak = PublicKey::from_rsa(&vec![0xc1; octets], &[1, 0, 1]).unwrap();
        let request = CertificateRequest::from_der(&assembled_for(&weak, &key(), &[0x30, 0], &[])).unwrap();
        assert_eq!(request.verify().err(), Some(RequestError::WeakKey(expected)));
    }
    assert!(PublicKey::from_rsa(&[0xc1; 2049], &[1, 0, 1]).is_err());
}

#[test]
fn c10_names_are_looked_at_only_when_somebody_asks_for_them() {
    let der = assembled(&key(), &[0x30, 0], &asking_for(&[(0x82, b"a.example"), (0x82, b"hello world")]));
    let verified = CertificateRequest::from_der(&der).unwrap().verify().unwrap();
    let error = RequestError::Name { name: "hello world".to_owned(), error: NameError::Character(' ') };
    assert_eq!(verified.subject_alt_names(), Err(error));
}

#[test]
fn c08_an_address_in_the_clothing_of_another_kind_is_refused() {
    let mapped = [&[0; 10][..], &[0xff, 0xff, 192, 0, 2, 1]].concat();
    for (name, error) in [
        ((0x82, &b"127.0.0.1"[..]), NameError::Address),
        ((0x82, b"0x7f.1"), NameError::Address),
        ((0x82, b"a@b.example"), NameError::Character('@')),
        ((0x87, &mapped[..]), NameError::MappedAddress),
        ((0x86, b"https://127.1/"), NameError::Address),
        ((0x81, b"a@127.0.0.1"), NameError::Address),
    ] {
        let der = assembled(&key(), &[0x30, 0], &asking_for(&[name]));
        let verified = CertificateRequest::from_der(&der).unwrap().verify().unwrap();
        let found = verified.subject_alt_names().map_err(|found| match found {
            RequestError::Name { error, .. } => error,
            other => panic!("{other}"),
        });
        assert_eq!(found, Err(error), "{name:?}");
    }
    let der = assembled(&key(), &[0x30, 0], &asking_for(&[(0x87, b"a.example")]));
    assert_eq!(CertificateRequest::from_der(&der).err(), Some(RequestError::Extension(oid::SUBJECT_ALT_NAME)));
}

#[test]
fn c11_names_of_other_kinds_are_counted_and_left_out() {
    let registered: (u8, &[u8]) = (0x88, &[0x2a, 3]);
    let directory: (u8, &[u8]) = (0xa4, &[0x30, 0]);
    let other: (u8, &[u8]) = (0xa0, &[6, 2, 0x2a, 3, 0xa0, 2, 5, 0]);
    let der = assembled(&key(), &[0x30, 0], &asking_for(&[registered, (0x82, b"a.example"), directory, other]));
    let verified = CertificateRequest::from_der(&der).unwrap().verify().unwrap();
    assert_eq!(verified.subject_alt_names(), Ok(&names(&["a.example"])[..]));
    assert_eq!(verified.other_names(), 3);
}

#[test]
fn c12_subjects_that_are_not_plain_text_are_refused() {
    let subject = |tag: u8, text: &[u8]| {
        let mut out = Writer::default();
        out.sequence(|out| {
            out.nested(tag::SET, |out| {
                out.sequence(|out| {
                    out.raw(&[6, 3, 0x55, 4, 3]);
                    out.element(tag, text);
                });
            });
        });
        out.into_der()
    };
    for (tag, text, error) in [
        (tag::UTF8_STRING, &b"a\nb"[..], NameError::Character('\n')),
        (tag::UTF8_STRING, b"a\0b", NameError::Character('\0')),
        (tag::UTF8_STRING, b"\xff\xfe", NameError::Malformed),
        (tag::T61_STRING, b"abc", NameError::StringType),
        (tag::UTF8_STRING, &[b'x'; 32_000], NameError::TooLong(256)),
    ] {
        let der = assembled(&key(), &subject(tag, text), &[]);
        let refused = CertificateRequest::from_der(&der).unwrap().verify().err();
        assert_eq!(refused, Some(RequestError::Subject(error)));
    }
    let der = assembled(&key(), &subject(tag::UTF8_STRING, &[b'x'; 65_536]), &[]);
    assert_eq!(CertificateRequest::from_der(&der).err(), Some(RequestError::TooLong(65_536)));
}

#[test]
fn c19_excess_is_refused_before_it_costs_anything() {
    let attribute = [0x30, 7, 6, 3, 0x2a, 3, 4, 0x31, 0];
    let der = assembled(&key(), &[0x30, 0], &attribute.repeat(32));
    assert!(CertificateRequest::from_der(&der).unwrap().verify().is_ok());
    let der = assembled(&key(), &[0x30, 0], &attribute.repeat(33));
    assert_eq!(
        CertificateRequest::from_der(&der).err(),
        Some(RequestError::Malformed("there are more than 32 attributes"))
    );
    let twice = asking_for(&[(0x82, b"a.example")]).repeat(2);
    let der = assembled(&key(), &[0x30, 0], &twice);
    assert_eq!(CertificateRequest::from_der(&der).err(), Some(RequestError::Malformed("it asks for extensions twice")));
    let huge = "x".repeat(1 << 20);
    assert_eq!(CertificateRequest::from_pem(huge.as_bytes()).err(), Some(RequestError::TooLong(65_536)));
    assert_eq!(CertificateRequest::from_pem(b"hello").err(), Some(RequestError::NotPem));
}

#[test]
fn c19_a_request_that_is_cut_off_or_goes_on_is_refused() {
    let good = RequestContent { subject: common_name("x"), ..RequestContent::default() }.sign(&key()).unwrap();
    for end in 0..good.der().len() {
        assert!(CertificateRequest::from_der(&good.der()[..end]).is_err(), "{end}");
    }
    assert!(CertificateRequest::from_der(&[good.der(), &[0]].concat()).is_err());
}

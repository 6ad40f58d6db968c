//! Odd input, and as much of it as can be tried.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;
use rung_pki::{
    Certificate, CertificateContent, CertificateRequest, DistinguishedName, KeyAlgorithm, PrivateKey, RequestContent,
    SerialNumber, SubjectAltName, chain,
    extension::{NameConstraints, Subtree},
    lint,
};

use crate::authority::{Entity, NOW, at, named, names};

/// Look at everything that a certificate says.
fn look(certificate: &Certificate) {
    let _ = format!("{certificate:?} {} {}", certificate.issuer(), certificate.signature_algorithm_name());
    let _ = certificate.subject_alt_names();
    let _ = certificate.general_names();
    let _ = (certificate.key_usage(), certificate.extended_key_usage(), certificate.basic_constraints());
    let _ = (certificate.subject_key_identifier(), certificate.authority_key_identifier());
    let _ = (certificate.name_constraints(), certificate.provisioner(), certificate.public_key());
    let _ = (certificate.is_self_signed(), certificate.validity(), certificate.subject().common_name());
    certificate.extensions().iter().for_each(|extension| drop(extension.decode()));
    let _ = chain::matches_host(certificate, "a.example");
    let own = std::slice::from_ref(certificate);
    let _ = chain::verify(certificate, own, own, at(NOW), None);
    let _ = lint::lint_leaf(certificate, certificate);
    let _ = lint::lint_ca(certificate, Some(certificate));
}

fn samples() -> Vec<Vec<u8>> {
    let root = Entity::root("Root", |_| {});
    let leaf = root.leaf(|_| {});
    let vector = include_bytes!("../../src/certificate/tests/leaf.pem");
    vec![root.certificate.der().to_vec(), leaf.der().to_vec(), Certificate::from_pem(vector).unwrap().der().to_vec()]
}

fn request() -> Vec<u8> {
    let key = PrivateKey::generate(KeyAlgorithm::Ed25519).unwrap();
    let names = names(&["a.example", "192.0.2.1", "ann@corp.example", "urn:a:b"]);
    RequestContent { subject: named("x"), names, extensions: Vec::new() }.sign(&key).unwrap().der().to_vec()
}

/// Somebody's way to write a host so that it looks like another one; `flips` says which letters are capital.
fn respelled(host: &str, way: u8, flips: &[bool]) -> String {
    let first = host.chars().next().unwrap();
    let capital: String = host
        .chars()
        .zip(flips.iter().cycle())
        .map(|(letter, flip)| if *flip { letter.to_ascii_uppercase() } else { letter })
        .collect();
    match way {
        0 => capital,
        1 => format!("{capital}."),
        2 => format!(".{capital}"),
        3 => format!("{capital} "),
        4 => format!("{capital}\0"),
        5 => format!("\u{200b}{capital}"),
        6 => capital.replacen('.', "\u{3002}", 1),
        7 => capital.replacen('.', "..", 1),
        8 => format!("%{:02x}{}", u32::from(first), &capital[1..]),
        // The same letter as a full-width one.
        9 => format!("{}{}", char::from_u32(u32::from(first) + 0xfee0).unwrap(), &capital[1..]),
        10 => format!("{capital}\n"),
        _ => format!("[{capital}]"),
    }
}

/// How many ways [`respelled`] knows.
const WAYS: u8 = 12;

proptest! {
    #[test]
    fn any_octets_are_read_without_panic(octets in prop::collection::vec(any::<u8>(), 0..512)) {
        let _ = Certificate::from_der(&octets);
        let _ = Certificate::all_from_pem_or_der(&octets);
        let _ = CertificateRequest::from_der(&octets).map(CertificateRequest::verify);
        let _ = CertificateRequest::from_pem(&octets);
        if let Ok(name) = DistinguishedName::from_der(&octets) {
            let _ = name.to_string();
        }
    }

    #[test]
    fn any_text_is_classified_without_panic_and_names_are_read_back(text in "\\PC{0,80}") {
        if let Ok(name) = SubjectAltName::classify(&text) {
            prop_assert_eq!(SubjectAltName::classify(&name.to_string()), Ok(name));
        }
    }

    #[test]
    fn likely_names_are_read_back(text in "[a-z0-9*.@:/%#\\[\\]-]{0,40}") {
        if let Ok(name) = SubjectAltName::classify(&text) {
            prop_assert_eq!(SubjectAltName::classify(&name.to_string()), Ok(name));
        }
    }

    #[test]
    fn serial_numbers_are_read_back(octets in prop::collection::vec(any::<u8>(), 1..=20)) {
        if let Ok(serial) = SerialNumber::from_bytes(&octets) {
            prop_assert_eq!(serial.to_string().parse(), Ok(serial));
            prop_assert_eq!(format!("0x{}", serial.to_hex()).parse(), Ok(serial));
        }
    }

    #[test]
    fn names_are_read_back(values in prop::collection::vec("\\PC{1,30}", 1..5)) {
        let mut name = DistinguishedName::new();
        for value in &values {
            if let Ok(longer) = name.clone().with(rung_pki::Attribute::Organization, value) {
                name = longer;
            }
        }
        prop_assert_eq!(DistinguishedName::from_der(name.der()), Ok(name));
    }

    /// C17: what constraints exclude is excluded in every spelling that is a name at all; nothing is stripped to make
    /// it one.
    #[test]
    fn an_excluded_name_is_excluded_in_every_spelling(
        host in "[a-z]{1,5}(\\.[a-z]{1,5}){1,3}",
        kind in 0..5_u8,
        way in 0..WAYS,
        flips in prop::collection::vec(any::<bool>(), 1..12),
    ) {
        let spelled = respelled(&host, way, &flips);
        let (subtree, text) = match kind {
            0 => (Subtree::Dns(host), spelled),
            1 => (Subtree::Dns(host), format!("www.{spelled}")),
            2 => (Subtree::Email(host), format!("ann@{spelled}")),
            3 => (Subtree::Uri(host), format!("https://{spelled}/path")),
            _ => (Subtree::Uri(host), format!("https://{spelled}:443/path")),
        };
        let excluded = NameConstraints { permitted: Vec::new(), excluded: vec![subtree] };
        match SubjectAltName::classify(&text) {
            Ok(name) => prop_assert!(excluded.permits(&name).is_err(), "{name} gets by {:?}", excluded.excluded),
            Err(_) => prop_assert!(way > 0, "{text:?} is a name"),
        }
    }

    /// C17: an address is excluded however it is written.
    #[test]
    fn an_excluded_address_is_excluded_in_every_spelling(octets in any::<[u8; 4]>(), words in any::<[u16; 8]>()) {
        let (four, six) = (Ipv4Addr::from(octets), Ipv6Addr::from(words));
        let all = |network: IpAddr, mask: IpAddr| Subtree::Ip { network, mask };
        let excluded = vec![
            all(four.into(), Ipv4Addr::BROADCAST.into()),
            all(six.into(), Ipv6Addr::from([u16::MAX; 8]).into()),
        ];
        let excluded = NameConstraints { permitted: Vec::new(), excluded };
        let [a, b, c, d] = octets;
        let long: Vec<String> = words.iter().map(|word| format!("{word:04X}")).collect();
        for text in [
            four.to_string(),
            format!("{a}.{b}.{c}.{d}."),
            format!("0{a}.{b}.{c}.{d}"),
            format!("0x{a:x}.0x{b:x}.0x{c:x}.0x{d:x}"),
            format!("{}", u32::from(four)),
            format!("{a}.{b}.{}", u32::from(c) * 256 + u32::from(d)),
            format!("::ffff:{four}"),
            six.to_string(),
            long.join(":"),
            format!("{six}%eth0"),
            format!("[{six}]"),
        ] {
            if let Ok(name) = SubjectAltName::classify(&text) {
                prop_assert!(excluded.permits(&name).is_err(), "{text} gets by");
            }
        }
    }

    /// C17: a wildcard that would speak for an excluded host is excluded with it.
    #[test]
    fn a_wildcard_is_excluded_with_what_it_speaks_for(
        label in "[a-z]{1,5}",
        parent in "[a-z]{1,5}(\\.[a-z]{1,5}){1,2}",
        flips in prop::collection::vec(any::<bool>(), 1..12),
    ) {
        let subtree = Subtree::Dns(format!("{label}.{parent}"));
        let excluded = NameConstraints { permitted: Vec::new(), excluded: vec![subtree] };
        let name = SubjectAltName::classify(&format!("*.{}", respelled(&parent, 0, &flips))).unwrap();
        prop_assert!(excluded.permits(&name).is_err(), "{name} speaks for {label}.{parent}");
    }
}

/// Every octet of good input, changed in several ways and cut off behind: read, or refused, but never a panic.
#[test]
fn damaged_certificates_are_read_or_refused() {
    for der in samples() {
        for place in 0..der.len() {
            for flip in [0x01, 0x20, 0x80, 0xff] {
                let mut damaged = der.clone();
                damaged[place] ^= flip;
                if let Ok(certificate) = Certificate::from_der(&damaged) {
                    assert_eq!(certificate.der(), damaged);
                    look(&certificate);
                }
            }
            assert!(Certificate::from_der(&der[..place]).is_err());
        }
    }
}

/// A changed request either is none, or its signature does not verify.
#[test]
fn damaged_requests_are_refused() {
    let der = request();
    for place in 0..der.len() {
        for flip in [0x01, 0x20, 0x80, 0xff] {
            let mut damaged = der.clone();
            damaged[place] ^= flip;
            let verified = CertificateRequest::from_der(&damaged).and_then(CertificateRequest::verify);
            assert!(verified.is_err(), "octet {place} xor {flip:#x}");
        }
    }
}

/// What was read from a certificate makes the same certificate.
#[test]
fn certificates_are_written_as_they_were_read() {
    for der in samples() {
        let certificate = Certificate::from_der(&der).unwrap();
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
        assert_eq!(content.to_tbs(algorithm), certificate.tbs_der());
    }
}

//! Against RFC 9579's files, OpenSSL, and what was written here.

use std::{path::Path, process::Command};

use base64::{Engine, engine::general_purpose::STANDARD};
use proptest::prelude::*;

use super::*;
use crate::{CertificateContent, DistinguishedName, KeyAlgorithm, SerialNumber, Signer, SystemRandom};

fn vector(text: &str) -> Vec<u8> {
    STANDARD.decode(text.split_whitespace().collect::<String>()).unwrap()
}

#[test]
fn files_of_rfc_9579() {
    let good = [
        include_str!("vectors/rfc9579-a1.txt"),
        include_str!("vectors/rfc9579-a2.txt"),
        include_str!("vectors/rfc9579-a3.txt"),
    ];
    for text in good {
        let bundle = Bundle::read(&vector(text), "1234").unwrap();
        let key = bundle.key.unwrap();
        assert_eq!(bundle.certificates.len(), 1);
        assert_eq!(bundle.certificates[0].public_key().unwrap(), key.public_key());
        assert_eq!(Bundle::read(&vector(text), "1235").unwrap_err(), Pkcs12Error::Password);
    }
    // A wrong number of iterations, a wrong salt, and no length of the key.
    let read = |text: &str| Bundle::read(&vector(text), "1234").unwrap_err();
    assert_eq!(read(include_str!("vectors/rfc9579-a4.txt")), Pkcs12Error::Password);
    assert_eq!(read(include_str!("vectors/rfc9579-a5.txt")), Pkcs12Error::Password);
    assert!(matches!(read(include_str!("vectors/rfc9579-a6.txt")), Pkcs12Error::Malformed(_)));
}

fn certificate(name: &str, key: &PrivateKey) -> Certificate {
    let subject = DistinguishedName::new().with_common_name(name).unwrap();
    let content = CertificateContent {
        serial: SerialNumber::random(&SystemRandom).unwrap(),
        issuer_der: subject.der().to_vec(),
        subject,
        not_before: std::time::UNIX_EPOCH,
        not_after: std::time::UNIX_EPOCH + std::time::Duration::from_secs(4_000_000_000),
        public_key: key.public_key().clone(),
        extensions: Vec::new(),
    };
    let algorithm = key.algorithm().default_signature();
    let tbs = content.to_tbs(algorithm);
    CertificateContent::assemble(&tbs, algorithm, &key.sign_now(algorithm, &tbs).unwrap()).unwrap()
}

fn bundle(algorithm: KeyAlgorithm) -> Bundle {
    let (key, other) = (PrivateKey::generate(algorithm).unwrap(), PrivateKey::generate(KeyAlgorithm::EcP256).unwrap());
    Bundle { certificates: vec![certificate("leaf", &key), certificate("issuer", &other)], key: Some(key) }
}

fn openssl(folder: &Path, words: &[&str]) -> String {
    let output = Command::new("openssl").current_dir(folder).args(words).output().unwrap();
    assert!(output.status.success(), "{words:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn openssl_reads_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let kinds = [KeyAlgorithm::EcP256, KeyAlgorithm::EcP384, KeyAlgorithm::Ed25519, KeyAlgorithm::Rsa { bits: 2048 }];
    for (kind, style) in kinds.into_iter().flat_map(|kind| [(kind, Style::Modern), (kind, Style::Legacy)]) {
        let passwords: &[&str] =
            if kind == KeyAlgorithm::EcP256 { &["secret", "pässwörd €", ""] } else { &["secret"] };
        for password in passwords {
            let bundle = bundle(kind);
            std::fs::write(folder.path().join("a.p12"), bundle.write(password, style).unwrap()).unwrap();
            let pass = format!("pass:{password}");
            let said = openssl(folder.path(), &["pkcs12", "-in", "a.p12", "-passin", &pass, "-nodes", "-legacy"]);
            for certificate in &bundle.certificates {
                assert!(said.contains(&certificate.to_pem()), "{kind:?} {style:?}");
            }
            let key = crate::pem::decode_all(said.as_bytes()).unwrap();
            let key = key.iter().find(|block| block.label == "PRIVATE KEY").unwrap();
            let key = PrivateKey::from_pkcs8(&key.contents).unwrap();
            assert_eq!(key.public_key(), bundle.key.unwrap().public_key());
        }
    }
}

#[test]
fn what_openssl_writes_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = bundle(KeyAlgorithm::EcP256);
    let key = bundle.key.as_ref().unwrap();
    std::fs::write(folder.path().join("key.pem"), crate::keyfile::to_pem(key).as_bytes()).unwrap();
    let [leaf, issuer] = &bundle.certificates[..] else { panic!("two") };
    std::fs::write(folder.path().join("leaf.pem"), leaf.to_pem()).unwrap();
    std::fs::write(folder.path().join("issuer.pem"), issuer.to_pem()).unwrap();
    let ways: [&[&str]; 9] = [
        &[],
        &["-legacy"],
        &["-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-RC2-128", "-legacy"],
        &["-keypbe", "PBE-SHA1-2DES", "-certpbe", "PBE-SHA1-3DES", "-legacy"],
        &["-keypbe", "AES-128-CBC", "-certpbe", "AES-192-CBC"],
        &["-keypbe", "NONE", "-certpbe", "NONE"],
        &["-macalg", "sha512"],
        &["-macalg", "sha384", "-iter", "1"],
        &["-nomac"],
    ];
    for way in ways {
        for password in ["secret", "pässwörd", ""] {
            let pass = format!("pass:{password}");
            let words = ["pkcs12", "-export", "-inkey", "key.pem", "-in", "leaf.pem", "-certfile", "issuer.pem"];
            let out = ["-out", "b.p12", "-passout", &pass, "-name", "leaf"];
            openssl(folder.path(), &[&words[..], &out, way].concat());
            let contents = std::fs::read(folder.path().join("b.p12")).unwrap();
            let read =
                Bundle::read(&contents, password).unwrap_or_else(|error| panic!("{way:?} {password:?}: {error}"));
            assert_eq!(read.key.unwrap().public_key(), key.public_key(), "{way:?}");
            assert_eq!(read.certificates, bundle.certificates, "{way:?}");
            if way != ["-nomac"] {
                assert_eq!(Bundle::read(&contents, "wrong").unwrap_err(), Pkcs12Error::Password, "{way:?}");
            }
        }
    }
}

#[test]
fn ber_with_open_lengths_becomes_der() {
    let cases: [(&[u8], Option<&[u8]>); 8] = [
        (&[0x30, 0x80, 2, 1, 5, 0, 0], Some(&[0x30, 3, 2, 1, 5])),
        (&[0x24, 0x80, 4, 1, 1, 4, 2, 2, 3, 0, 0], Some(&[4, 3, 1, 2, 3])),
        (&[0x24, 4, 4, 2, 1, 2], Some(&[4, 2, 1, 2])),
        (&[0xa0, 0x80, 0x24, 0x80, 4, 1, 9, 0, 0, 0, 0], Some(&[0xa0, 3, 4, 1, 9])),
        (&[4, 0x81, 1, 7], Some(&[4, 1, 7])),
        (&[0x30, 0x80, 2, 1, 5], None),
        (&[4, 0x80, 0, 0], None),
        (&[0x30, 5, 2, 1], None),
    ];
    for (ber, der) in cases {
        assert_eq!(ber::to_der(ber).ok().as_deref(), der, "{ber:02x?}");
    }
    let deep = [[0x30, 0x80]; 40].concat();
    assert!(ber::to_der(&deep).is_err());
}

#[test]
fn whatever_is_changed_is_noticed() {
    let written = bundle(KeyAlgorithm::EcP256).write("secret", Style::Legacy).unwrap();
    // Anywhere in the content: the seal is over it.
    for place in (40..written.len() - 80).step_by(397) {
        let mut changed = written.clone();
        changed[place] ^= 1;
        assert!(Bundle::read(&changed, "secret").is_err(), "{place}");
    }
    for length in (0..written.len()).step_by(311) {
        assert!(Bundle::read(&written[..length], "secret").is_err(), "{length}");
    }
    let trust = Bundle { key: None, ..bundle(KeyAlgorithm::EcP256) };
    let read = Bundle::read(&trust.write("secret", Style::Modern).unwrap(), "secret").unwrap();
    assert!(read.key.is_none());
    assert_eq!(read.certificates, trust.certificates);
}

proptest! {
    #[test]
    fn anything_is_a_file_or_refused(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Bundle::read(&octets, "");
        let _ = ber::to_der(&octets);
    }
}

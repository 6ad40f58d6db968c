mod foreign;

use super::*;
use crate::{ExchangePrivateKey, KeyAlgorithm, MlDsa, MlKem, jose::PrivateJwk};

const KINDS: [KeyAlgorithm; 8] = [
    KeyAlgorithm::EcP256,
    KeyAlgorithm::EcP384,
    KeyAlgorithm::EcP521,
    KeyAlgorithm::Ed25519,
    KeyAlgorithm::Rsa { bits: 2048 },
    KeyAlgorithm::MlDsa(MlDsa::MlDsa44),
    KeyAlgorithm::MlDsa(MlDsa::MlDsa65),
    KeyAlgorithm::MlDsa(MlDsa::MlDsa87),
];

/// Whether OpenSSH and the OpenSSL of older systems have such keys, too.
fn is_classic(algorithm: &KeyAlgorithm) -> bool {
    !matches!(algorithm, KeyAlgorithm::MlDsa(_))
}

fn key(algorithm: KeyAlgorithm) -> PrivateKey {
    PrivateKey::generate(algorithm).unwrap()
}

#[track_caller]
fn check_read(contents: &[u8], password: Option<&[u8]>, expected: &PrivateKey) {
    let read = read_private_key(contents, password).unwrap();
    assert_eq!(read.pkcs8(), expected.pkcs8());
    assert_eq!(is_encrypted(contents), password.is_some());
    match password {
        None => assert_eq!(&read_public_key(contents).unwrap(), expected.public_key()),
        Some(_) => {
            assert_eq!(read_private_key(contents, None).map(drop), Err(KeyFileError::PasswordRequired));
            assert_eq!(read_private_key(contents, Some(b"wrong")).map(drop), Err(KeyFileError::WrongPassword));
        }
    }
}

/// Everything that is cut off a file is noticed, unless it is only the last line's end.
#[track_caller]
fn check_truncations(contents: &[u8], password: Option<&[u8]>) {
    let whole = contents.trim_ascii_end().len();
    for end in (0..whole).step_by(if password.is_some() { 29 } else { 1 }) {
        let error = read_private_key(&contents[..end], password).unwrap_err();
        assert!(matches!(error, KeyFileError::Malformed(_)), "{end} of {whole}: {error:?}");
    }
}

#[test]
fn what_is_written_is_read() {
    for key in KINDS.map(key) {
        let pem = to_pem(&key);
        check_read(pem.as_bytes(), None, &key);
        check_truncations(pem.as_bytes(), None);
        let encrypted = to_encrypted_pkcs8_pem(&key, b"correct horse").unwrap();
        check_read(encrypted.as_bytes(), Some(b"correct horse"), &key);
        check_truncations(encrypted.as_bytes(), Some(b"correct horse"));
        assert_ne!(encrypted, to_encrypted_pkcs8_pem(&key, b"correct horse").unwrap());
    }
}

#[test]
fn every_kind_has_its_own_label() {
    let label = |algorithm| pem::decode_all(to_pem(&key(algorithm)).as_bytes()).unwrap().remove(0).label;
    assert_eq!(label(KeyAlgorithm::EcP384), "EC PRIVATE KEY");
    assert_eq!(label(KeyAlgorithm::Ed25519), "PRIVATE KEY");
    assert_eq!(label(KeyAlgorithm::Rsa { bits: 2048 }), "RSA PRIVATE KEY");
}

#[test]
fn der_is_read() {
    for key in KINDS.map(key) {
        check_read(key.pkcs8(), None, &key);
        check_truncations(key.pkcs8(), None);
        let inner = pem::decode_all(to_pem(&key).as_bytes()).unwrap().remove(0).contents;
        check_read(&inner, None, &key);
        let encrypted = to_encrypted_pkcs8_pem(&key, b"pass").unwrap();
        let der = pem::decode_all(encrypted.as_bytes()).unwrap().remove(0).contents;
        check_read(&der, Some(b"pass"), &key);
        let trailing = [key.pkcs8(), &[0]].concat();
        assert!(matches!(read_private_key(&trailing, None), Err(KeyFileError::Malformed(_))));
        assert_eq!(&read_public_key(key.public_key().spki()).unwrap(), key.public_key());
    }
}

#[test]
fn json_keys_are_read() {
    for algorithm in KINDS {
        let jwk = PrivateJwk::describe(key(algorithm));
        check_read(format!("{}\n", jwk.to_json().as_str()).as_bytes(), None, jwk.key());
        let public = jwk.public().to_json();
        assert_eq!(&read_public_key(public.as_bytes()).unwrap(), jwk.key().public_key());
        let error = read_private_key(public.as_bytes(), None).unwrap_err();
        assert_eq!(error, KeyFileError::NotAKey("private key"));
    }
    let jwk = PrivateJwk::describe(key(KeyAlgorithm::EcP256));
    for text in [
        jwe::encrypt_compact(jwk.to_json().as_bytes(), b"pass", Some("jwk+json")).unwrap(),
        jwe::encrypt_json(jwk.to_json().as_bytes(), b"pass", None).unwrap(),
    ] {
        check_read(text.as_bytes(), Some(b"pass"), jwk.key());
    }
    let error = read_private_key(br#"{"kty":"oct","k":"AAAA"}"#, None).unwrap_err();
    assert_eq!(error, KeyFileError::Unsupported("JWK type oct".to_owned()));
}

#[test]
fn a_key_file_holds_one_key() {
    let first = to_pem(&key(KeyAlgorithm::EcP256));
    let second = to_pem(&key(KeyAlgorithm::Ed25519));
    let both = format!("{}{}", first.as_str(), second.as_str());
    assert_eq!(read_private_key(both.as_bytes(), None).map(drop), Err(KeyFileError::SeveralKeys));
    assert!(!is_encrypted(both.as_bytes()));
    let certificate = pem::encode("CERTIFICATE", b"x");
    let both = format!("{}{certificate}", first.as_str());
    assert_eq!(read_private_key(both.as_bytes(), None).map(drop), Err(KeyFileError::SeveralKeys));
    // What OpenSSL writes before a key is no second key.
    let both = format!("{}{}", pem::encode("EC PARAMETERS", &[6, 0]), first.as_str());
    assert!(read_private_key(both.as_bytes(), None).is_ok());
}

#[test]
fn other_files_are_no_keys() {
    let not_a_key = |contents: &[u8]| {
        assert!(!is_encrypted(contents), "{contents:?}");
        read_private_key(contents, Some(b"pass")).unwrap_err()
    };
    assert_eq!(not_a_key(b"hello"), KeyFileError::NotAKey("key"));
    assert_eq!(not_a_key(&[0xff; 40]), KeyFileError::NotAKey("key"));
    assert!(matches!(not_a_key(b"0123456789"), KeyFileError::Malformed(_)));
    assert_eq!(not_a_key(b""), KeyFileError::Malformed("it is empty".to_owned()));
    assert_eq!(not_a_key(b" \n"), KeyFileError::Malformed("it is empty".to_owned()));
    let public = key(KeyAlgorithm::EcP256);
    let public = public.public_key().spki();
    assert_eq!(not_a_key(public), KeyFileError::NotAKey("private key"));
    assert_eq!(not_a_key(pem::encode("PUBLIC KEY", public).as_bytes()), KeyFileError::NotAKey("private key"));
    assert_eq!(not_a_key(pem::encode("CERTIFICATE", b"x").as_bytes()), KeyFileError::NotAKey("private key"));
    assert!(matches!(not_a_key(b"{"), KeyFileError::Malformed(_)));
    assert!(matches!(not_a_key(b"{}"), KeyFileError::Malformed(_)));
}

#[test]
fn t18_the_cost_of_the_key_derivation_has_a_bound() {
    let encrypted = to_encrypted_pkcs8_pem(&key(KeyAlgorithm::EcP256), b"pass").unwrap();
    let mut der = pem::decode_all(encrypted.as_bytes()).unwrap().remove(0).contents.to_vec();
    // 600 000 in DER becomes a number of four octets.
    let place = der.windows(5).position(|window| window == [2, 3, 0x09, 0x27, 0xc0]).unwrap();
    der[place + 1] = 4;
    der.insert(place + 2, 0x7f);
    for outer in lengths_around(&der, place) {
        der[outer] += 1;
    }
    let error = read_private_key(&der, Some(b"pass")).unwrap_err();
    let expected = "2131306432 iterations of PBKDF2 (at most 10000000)";
    assert_eq!(error, KeyFileError::Unsupported(expected.to_owned()));
}

/// Where the lengths of the sequences stand that begin before `place` and contain it.
fn lengths_around(der: &[u8], place: usize) -> Vec<usize> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < place {
        let (start, len, last) = match der[at + 1] {
            0x81 => (at + 3, usize::from(der[at + 2]), at + 2),
            0x82 => (at + 4, usize::from(der[at + 2]) << 8 | usize::from(der[at + 3]), at + 3),
            short => (at + 2, usize::from(short), at + 1),
        };
        if der[at] == 0x30 && start + len > place {
            found.push(last);
            at = start;
        } else {
            at = start + len;
        }
    }
    found
}

#[test]
fn an_empty_password_is_not_written() {
    let outcome = to_encrypted_pkcs8_pem(&key(KeyAlgorithm::Ed25519), b"");
    assert_eq!(outcome, Err(KeyFileError::PasswordRequired));
}

mod arbitrary {
    use proptest::prelude::*;

    use super::*;

    fn never_panic(contents: &[u8]) {
        is_encrypted(contents);
        let _ = read_public_key(contents);
        let _ = read_private_key(contents, None);
    }

    proptest! {
        #[test]
        fn no_octets_make_the_readers_panic(contents in prop::collection::vec(any::<u8>(), 0..200)) {
            never_panic(&contents);
            never_panic(&[&[0x30][..], &contents].concat());
        }

        #[test]
        fn no_content_makes_the_readers_panic(
            label in prop::sample::select(vec![
                "EC PRIVATE KEY", "RSA PRIVATE KEY", "PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "OPENSSH PRIVATE KEY",
                "PUBLIC KEY", "CERTIFICATE", "CERTIFICATE REQUEST", "X",
            ]),
            contents in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            never_panic(pem::encode(label, &contents).as_bytes());
            never_panic(pem::encode(label, &[b"openssh-key-v1\0", &contents[..]].concat()).as_bytes());
        }

        #[test]
        fn no_header_makes_the_reader_panic(value in "[-A-Z0-9,a-f]{0,40}", contents in prop::collection::vec(any::<u8>(), 0..64)) {
            let text = pem::encode("EC PRIVATE KEY", &contents);
            let headers = format!("-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: {value}\n\n");
            let _ = read_private_key(text.replacen("-----\n", &headers, 1).as_bytes(), Some(b"x"));
        }

        #[test]
        fn no_changed_octet_makes_the_readers_panic(place in 0_usize..1000, octet: u8, kind in 0_usize..4) {
            let algorithm = [KeyAlgorithm::EcP256, KeyAlgorithm::EcP384, KeyAlgorithm::EcP521, KeyAlgorithm::Ed25519][kind];
            let mut der = key(algorithm).pkcs8().to_vec();
            let len = der.len();
            der[place % len] = octet;
            never_panic(&der);
        }
    }
}

#[test]
fn what_is_written_for_openssh_is_read() {
    for key in KINDS.into_iter().filter(is_classic).map(key) {
        let clear = to_openssh_pem(&key, None, "me@example.com").unwrap();
        check_read(clear.as_bytes(), None, &key);
        check_truncations(clear.as_bytes(), None);
        assert_eq!(openssh_comment(clear.as_bytes(), None).unwrap(), "me@example.com");
        assert_eq!(Container::of(clear.as_bytes()), Ok(Container::OpenSsh));
        let encrypted = to_openssh_pem(&key, Some(b"pass"), "").unwrap();
        check_read(encrypted.as_bytes(), Some(b"pass"), &key);
        let line = to_ssh_line(key.public_key()).unwrap();
        for line in [line.clone(), format!("\n{line} me@example.com\n")] {
            assert_eq!(&read_public_key(line.as_bytes()).unwrap(), key.public_key());
            let read = read_key(line.as_bytes(), None, Extent::Only).unwrap();
            assert_eq!(read.verifying(), Ok(key.public_key()));
            assert_eq!(read_private_key(line.as_bytes(), None).map(drop), Err(KeyFileError::NotAKey("private key")));
        }
        for end in 0..line.len() {
            assert!(read_public_key(&line.as_bytes()[..end]).is_err(), "{end} of {}", line.len());
        }
    }
    assert_eq!(
        to_openssh_pem(&key(KeyAlgorithm::Ed25519), Some(b""), "").map(drop),
        Err(KeyFileError::PasswordRequired)
    );
}

#[test]
fn what_openssh_has_no_form_for_is_told() {
    let key = key(KeyAlgorithm::MlDsa(MlDsa::MlDsa65));
    let expected = "OpenSSH has no form for keys of type ML-DSA-65";
    assert_eq!(to_openssh_pem(&key, None, "").unwrap_err().to_string(), expected);
    assert_eq!(to_ssh_line(key.public_key()).unwrap_err().to_string(), expected);
}

#[test]
fn keys_that_sign_nothing_are_read_where_any_key_will_do() {
    for kind in [ExchangeAlgorithm::X25519, ExchangeAlgorithm::MlKem(MlKem::MlKem768)] {
        let key = ExchangePrivateKey::generate(kind).unwrap();
        let spki = key.public_key().spki();
        let public = pem::encode("PUBLIC KEY", spki);
        for contents in [public.as_bytes(), spki] {
            let read = read_key(contents, None, Extent::Only).unwrap();
            assert!(matches!(&read, AnyKey::ExchangePublic(read) if read == key.public_key()));
            assert_eq!((read.spki(), read.private().is_none()), (spki, true));
            assert_eq!(read_public_key(contents), Err(KeyFileError::DoesNotSign(kind)));
        }
        let clear = [to_pem(&key).as_bytes().to_vec(), to_der(&key).to_vec(), to_pkcs8_pem(&key).as_bytes().to_vec()];
        let encrypted = [
            to_encrypted_pkcs8_pem(&key, b"pass").unwrap().into_bytes(),
            to_encrypted_pkcs8_der(&key, b"pass").unwrap(),
        ];
        for (contents, password) in
            clear.iter().map(|clear| (clear, None)).chain(encrypted.iter().map(|one| (one, Some(&b"pass"[..]))))
        {
            let read = read_key(contents, password, Extent::Only).unwrap();
            assert_eq!(read.private().unwrap().pkcs8(), key.pkcs8());
            assert_eq!(read_private_key(contents, password).unwrap_err(), KeyFileError::DoesNotSign(kind));
        }
        let wrong = read_key(&encrypted[0], Some(b"wrong"), Extent::Only).unwrap_err();
        assert_eq!(wrong, KeyFileError::WrongPassword);
        let no_form = KeyFileError::NoForm { key: kind.to_string(), form: "OpenSSH" };
        assert_eq!(to_openssh_pem(&key, None, "").unwrap_err(), no_form);
        assert_eq!(read_key(spki, None, Extent::Only).unwrap().ssh_line(), Err(no_form));
    }
}

#[test]
fn x25519_has_a_form_in_json() {
    let kind = ExchangeAlgorithm::X25519;
    let key = ExchangePrivateKey::generate(kind).unwrap();
    let pkcs8 = key.pkcs8().to_vec();
    let jwk = Jwk::new(Material::try_from(AnyKey::from(key)).unwrap());
    let text = jwk.to_json();
    let read = read_key(text.as_bytes(), None, Extent::Only).unwrap();
    assert_eq!(read.private().unwrap().pkcs8(), pkcs8);
    let public = jwk.public().unwrap().to_json();
    assert_eq!(read_key(public.as_bytes(), None, Extent::Only).unwrap().spki(), read.spki());
    for (text, is_private) in [(&text, true), (&public, false)] {
        assert_eq!(read_public_key(text.as_bytes()), Err(KeyFileError::DoesNotSign(kind)));
        let error = read_private_key(text.as_bytes(), None).unwrap_err();
        assert_eq!(error, KeyFileError::DoesNotSign(kind), "{is_private}");
    }
    let other = ExchangePrivateKey::generate(kind).unwrap();
    let mut mixed = serde_json::from_str::<serde_json::Value>(&text).unwrap();
    mixed["x"] = crate::jose::base64url(other.public_key().octets()).into();
    let error = read_key(mixed.to_string().as_bytes(), None, Extent::Only).unwrap_err();
    assert!(matches!(error, KeyFileError::Malformed(_)), "the halves are of two keys: {error:?}");
}

#[test]
fn ml_kem_has_no_form_in_json() {
    let key = ExchangePrivateKey::generate(ExchangeAlgorithm::MlKem(MlKem::MlKem512)).unwrap();
    let error = Material::try_from(AnyKey::from(key)).unwrap_err();
    assert_eq!(error, KeyFileError::NoForm { key: "ML-KEM-512".to_owned(), form: "JWK" });
}

#[test]
fn lines_of_openssh_that_are_no_keys_are_refused() {
    let line = to_ssh_line(key(KeyAlgorithm::Ed25519).public_key()).unwrap();
    let (_, blob) = line.split_once(' ').unwrap();
    for (text, part) in [
        (format!("ssh-rsa {blob}"), "it names two types of key"),
        (format!("{line}\n{line}"), "it has more than one line"),
        ("ssh-ed25519".to_owned(), "it is cut short"),
        ("ssh-ed25519 ?".to_owned(), "it is not base64"),
        ("ssh-dss AAAAB3NzaC1kc3M=".to_owned(), "keys with the type ssh-dss are not supported"),
    ] {
        let error = read_public_key(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
}

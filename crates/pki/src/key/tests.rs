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
    let key = PrivateKey::generate(KeyAlgorithm::EcP256).unwrap();
    let spki = key.public_key().spki();
    for end in 0..spki.len() {
        assert!(PublicKey::from_spki(&spki[..end]).is_err(), "{end}");
    }
    for end in 0..key.pkcs8().len() {
        assert!(PrivateKey::from_pkcs8(&key.pkcs8()[..end]).is_err(), "{end}");
    }
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

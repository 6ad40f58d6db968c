//! Keys in every clothing in which they lie in files: PEM and DER of PKCS#1, SEC 1 and PKCS#8, encrypted or not,
//! OpenSSH, JWK and JWE.

mod any;
pub(crate) mod cbc;
mod clothing;
mod legacy;
mod openssh;
pub(crate) mod pbes2;
mod plain;
mod ssh_line;
pub(crate) mod structure;
#[cfg(test)]
mod tests;
mod write;

use self::clothing::Clothing;
pub use self::{
    any::AnyKey,
    write::{
        PrivateRef, private_numbers, to_der, to_encrypted_pkcs8_der, to_encrypted_pkcs8_pem, to_openssh_pem, to_pem,
        to_pkcs8_pem, to_ssh_blob, to_ssh_line,
    },
};
use crate::{
    ExchangeAlgorithm, ExchangePublicKey, KeyError, PrivateKey, PublicKey, Signer,
    jose::{
        Jwk, JwkError, Material, PrivateJwk, PublicJwk,
        jwe::{self, JweError},
    },
    pem,
};

/// Why a file is not the key that was looked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// A key that two sides agree on a secret with, where one that signs is needed.
    #[error("a key of type {0} signs nothing, and one that signs is needed here")]
    DoesNotSign(ExchangeAlgorithm),
    /// The key is there, but damaged, cut short or contradictory.
    #[error("the key is damaged: {0}")]
    Malformed(String),
    /// The key cannot be written in the form that was asked for.
    #[error("{form} has no form for keys of type {key}")]
    NoForm {
        /// What kind of key it is.
        key: String,
        /// Whose form was asked for.
        form: &'static str,
    },
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
        Clothing::Jwk(_) | Clothing::SshLine(_) => false,
    })
}

/// Read the one private key of a file, whatever its clothing.
///
/// # Errors
/// When there is none, several, a damaged or unsupported one, or the password is missing or wrong. A password for a
/// key that is not encrypted is ignored.
pub fn read_private_key(contents: &[u8], password: Option<&[u8]>) -> Result<PrivateKey, KeyFileError> {
    match Clothing::find(contents)? {
        Clothing::Pem(block) => from_pem(&block, password)?.into_signing(),
        Clothing::Der(der) => from_der(&der, password)?.into_signing(),
        Clothing::Jwk(text) => private_jwk(text),
        Clothing::Jwe(text) => {
            let password = password.ok_or(KeyFileError::PasswordRequired)?;
            private_jwk(&jwe::decrypt(text, password, MAX_ITERATIONS)?)
        }
        Clothing::SshLine(_) => Err(KeyFileError::NotAKey("private key")),
    }
}

/// Read the public key of a file that holds a public key, a certificate (the first one), a certificate request or a
/// private key that is not encrypted.
///
/// # Errors
/// When there is none, or a damaged or unsupported one.
pub fn read_public_key(contents: &[u8]) -> Result<PublicKey, KeyFileError> {
    match Clothing::find_first(contents)? {
        Clothing::Pem(block) => match public_of_pem(&block)? {
            Some(key) => key.verifying().cloned(),
            None => from_pem(&block, None)?.verifying().cloned(),
        },
        Clothing::Der(der) => match public_of_der(&der)? {
            Some(key) => key.verifying().cloned(),
            None => from_der(&der, None)?.verifying().cloned(),
        },
        Clothing::Jwk(text) => match PublicJwk::from_json(text) {
            Err(JwkError::Private(_)) => Ok(private_jwk(text)?.public_key().clone()),
            Err(error) => Err(does_not_sign(text).unwrap_or(error.into())),
            Ok(key) => Ok(key.key().clone()),
        },
        Clothing::Jwe(_) => Err(KeyFileError::PasswordRequired),
        Clothing::SshLine(line) => ssh_line::read(line),
    }
}

/// What to do about a file with several PEM blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Take the first one.
    First,
    /// Refuse it.
    Only,
}

/// Read the key of a file, private or public, for signatures or not, whatever its clothing: what [`read_private_key`] and
/// [`read_public_key`] read, and keys that two sides agree on a secret with.
///
/// # Errors
/// When there is none, a damaged or unsupported one, or the password is missing or wrong. A password for a key that is
/// not encrypted is ignored.
pub fn read_key(contents: &[u8], password: Option<&[u8]>, extent: Extent) -> Result<AnyKey, KeyFileError> {
    let clothing = match extent {
        Extent::First => Clothing::find_first(contents)?,
        Extent::Only => Clothing::find(contents)?,
    };
    match clothing {
        Clothing::Pem(block) => match public_of_pem(&block)? {
            Some(key) => Ok(key),
            None => from_pem(&block, password),
        },
        Clothing::Der(der) => match public_of_der(&der)? {
            Some(key) => Ok(key),
            None => from_der(&der, password),
        },
        Clothing::Jwk(text) => any_jwk(text),
        Clothing::Jwe(text) => {
            let password = password.ok_or(KeyFileError::PasswordRequired)?;
            any_jwk(&jwe::decrypt(text, password, MAX_ITERATIONS)?)
        }
        Clothing::SshLine(line) => ssh_line::read(line).map(AnyKey::Public),
    }
}

/// How a file holds its private key, apart from encryption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// DER: PKCS#1, SEC 1 or PKCS#8.
    Der,
    /// JSON: JWK or JWE.
    Json,
    /// A PEM file of OpenSSH.
    OpenSsh,
    /// Another PEM file: PKCS#1, SEC 1 or PKCS#8.
    Pem,
}

impl Container {
    /// How the one key of a file is held.
    ///
    /// # Errors
    /// When it is not a file with one key.
    pub fn of(contents: &[u8]) -> Result<Self, KeyFileError> {
        Ok(match Clothing::find(contents)? {
            Clothing::Der(_) => Self::Der,
            Clothing::Jwe(_) | Clothing::Jwk(_) => Self::Json,
            Clothing::Pem(block) if block.label == OPENSSH_PRIVATE_KEY => Self::OpenSsh,
            Clothing::Pem(_) => Self::Pem,
            Clothing::SshLine(_) => return Err(KeyFileError::NotAKey("private key")),
        })
    }
}

/// The comment of a private key of OpenSSH.
///
/// # Errors
/// When it is no such file, or the password is missing or wrong.
pub fn openssh_comment(contents: &[u8], password: Option<&[u8]>) -> Result<String, KeyFileError> {
    match Clothing::find(contents)? {
        Clothing::Pem(block) if block.label == OPENSSH_PRIVATE_KEY => {
            openssh::read(&block.contents, password).map(|(_, comment)| comment)
        }
        _ => Err(KeyFileError::NotAKey("private key of OpenSSH")),
    }
}

fn from_pem(block: &pem::Block, password: Option<&[u8]>) -> Result<AnyKey, KeyFileError> {
    if block.label == OPENSSH_PRIVATE_KEY {
        return openssh::read(&block.contents, password).map(|(key, _)| key.into());
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

fn from_der(der: &[u8], password: Option<&[u8]>) -> Result<AnyKey, KeyFileError> {
    match plain::Kind::of(der)? {
        plain::Kind::EncryptedPkcs8 => pbes2::read(der, password),
        kind => kind.read(der),
    }
}

/// The public key of a PEM block that holds no private one.
fn public_of_pem(block: &pem::Block) -> Result<Option<AnyKey>, KeyFileError> {
    Ok(Some(match block.label.as_str() {
        "PUBLIC KEY" => from_spki(&block.contents)?,
        "RSA PUBLIC KEY" => AnyKey::Public(PublicKey::from_rsa_der(&block.contents)?),
        "CERTIFICATE" => plain::public_key_of_certificate(&block.contents)?,
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => plain::public_key_of_request(&block.contents)?,
        _ => return Ok(None),
    }))
}

/// The public key of a DER document that holds no private one.
fn public_of_der(der: &[u8]) -> Result<Option<AnyKey>, KeyFileError> {
    Ok(Some(match plain::Kind::of(der)? {
        plain::Kind::Spki => from_spki(der)?,
        plain::Kind::SignedDocument => {
            plain::public_key_of_certificate(der).or_else(|_| plain::public_key_of_request(der))?
        }
        _ => return Ok(None),
    }))
}

/// The public key of a `SubjectPublicKeyInfo`.
fn from_spki(spki: &[u8]) -> Result<AnyKey, KeyFileError> {
    match (PublicKey::from_spki(spki), ExchangePublicKey::from_spki(spki)) {
        (Ok(key), _) => Ok(AnyKey::Public(key)),
        (Err(_), Ok(key)) => Ok(AnyKey::ExchangePublic(key)),
        // Each names what the other knows.
        (Err(KeyError::Unsupported(_)), Err(error @ KeyError::Malformed(_))) | (Err(error), Err(_)) => {
            Err(error.into())
        }
    }
}

fn any_jwk(text: &[u8]) -> Result<AnyKey, KeyFileError> {
    match Jwk::from_json(text)?.material {
        Material::ExchangePrivate(key) => Ok(AnyKey::ExchangePrivate(key)),
        Material::ExchangePublic(key) => Ok(AnyKey::ExchangePublic(key)),
        Material::Private(key) => Ok(AnyKey::Private(key)),
        Material::Public(key) => Ok(AnyKey::Public(key)),
        Material::Secret(_) => Err(KeyFileError::Unsupported("JWK type oct".to_owned())),
    }
}

fn private_jwk(text: &[u8]) -> Result<PrivateKey, KeyFileError> {
    match PrivateJwk::from_json(text) {
        Ok(key) => Ok(key.into_key()),
        Err(JwkError::Member("d" | "priv")) => Err(KeyFileError::NotAKey("private key")),
        Err(error) => Err(does_not_sign(text).unwrap_or(error.into())),
    }
}

/// What to say of a key that is one, but not for signatures.
fn does_not_sign(text: &[u8]) -> Option<KeyFileError> {
    any_jwk(text).ok()?.verifying().err()
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

//! Keys in every clothing in which they lie in files: PEM and DER of PKCS#1, SEC 1 and PKCS#8, encrypted or not,
//! OpenSSH, JWK and JWE.

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

use zeroize::Zeroizing;

use self::clothing::Clothing;
use crate::{
    KeyAlgorithm, PrivateKey, PublicKey, Signer,
    jose::{
        Jwk, JwkError, Material, PrivateJwk, PublicJwk,
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
        Clothing::Pem(block) => from_pem(&block, password),
        Clothing::Der(der) => from_der(&der, password),
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
            Some(key) => Ok(key),
            None => Ok(from_pem(&block, None)?.public_key().clone()),
        },
        Clothing::Der(der) => match public_of_der(&der)? {
            Some(key) => Ok(key),
            None => Ok(from_der(&der, None)?.public_key().clone()),
        },
        Clothing::Jwk(text) => match PublicJwk::from_json(text) {
            Err(JwkError::Private(_)) => Ok(private_jwk(text)?.public_key().clone()),
            outcome => Ok(outcome?.key().clone()),
        },
        Clothing::Jwe(_) => Err(KeyFileError::PasswordRequired),
        Clothing::SshLine(line) => ssh_line::read(line),
    }
}

/// A key, whichever half a file holds.
#[derive(Debug)]
pub enum AnyKey {
    /// A private key.
    Private(Box<PrivateKey>),
    /// A public key, by itself or in a certificate or certificate request.
    Public(PublicKey),
}

impl AnyKey {
    /// The public half.
    pub fn public(&self) -> &PublicKey {
        match self {
            Self::Private(key) => key.public_key(),
            Self::Public(key) => key,
        }
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

/// Read the key of a file, private or public, whatever its clothing: what [`read_private_key`] and
/// [`read_public_key`] read.
///
/// # Errors
/// When there is none, a damaged or unsupported one, or the password is missing or wrong. A password for a key that is
/// not encrypted is ignored.
pub fn read_key(contents: &[u8], password: Option<&[u8]>, extent: Extent) -> Result<AnyKey, KeyFileError> {
    let private = |key| AnyKey::Private(Box::new(key));
    let clothing = match extent {
        Extent::First => Clothing::find_first(contents)?,
        Extent::Only => Clothing::find(contents)?,
    };
    match clothing {
        Clothing::Pem(block) => match public_of_pem(&block)? {
            Some(key) => Ok(AnyKey::Public(key)),
            None => from_pem(&block, password).map(private),
        },
        Clothing::Der(der) => match public_of_der(&der)? {
            Some(key) => Ok(AnyKey::Public(key)),
            None => from_der(&der, password).map(private),
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

/// The same in DER, without PEM around it.
///
/// # Errors
/// When the password is empty, or the system has no randomness.
pub fn to_encrypted_pkcs8_der(key: &PrivateKey, password: &[u8]) -> Result<Vec<u8>, KeyFileError> {
    if password.is_empty() {
        return Err(KeyFileError::PasswordRequired);
    }
    pbes2::encrypt(key.pkcs8(), password)
}

/// Write a key in clear as `PRIVATE KEY` (PKCS#8), whatever its kind.
pub fn to_pkcs8_pem(key: &PrivateKey) -> Zeroizing<String> {
    Zeroizing::new(pem::encode("PRIVATE KEY", key.pkcs8()))
}

/// Write a key the way OpenSSH does, with `comment`; encrypted by AES-256-CTR and 16 rounds of bcrypt if there is a
/// password.
///
/// # Errors
/// When the password is empty, it is a kind of key that OpenSSH does not have, or the system has no randomness.
pub fn to_openssh_pem(
    key: &PrivateKey,
    password: Option<&[u8]>,
    comment: &str,
) -> Result<Zeroizing<String>, KeyFileError> {
    if password.is_some_and(<[u8]>::is_empty) {
        return Err(KeyFileError::PasswordRequired);
    }
    let contents = openssh::write(key, password, comment)?;
    Ok(Zeroizing::new(pem::encode_in_lines_of(70, OPENSSH_PRIVATE_KEY, &contents)))
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

/// The DER of the key in [`to_pem`].
pub fn to_der(key: &PrivateKey) -> Zeroizing<Vec<u8>> {
    match (key.algorithm(), structure::sec1(key)) {
        (_, Some(sec1)) => sec1,
        (KeyAlgorithm::Rsa { .. }, None) => Zeroizing::new(structure::inner(key).to_vec()),
        _ => Zeroizing::new(key.pkcs8().to_vec()),
    }
}

/// The private numbers of a key in the order of RFC 7518 §6: the private number of an elliptic curve, the seed of
/// Ed25519 or ML-DSA; of RSA d, p, q, d mod p-1, d mod q-1 and 1/q mod p.
pub fn private_numbers(key: &PrivateKey) -> Vec<Zeroizing<Vec<u8>>> {
    let octets = |octets: &[u8]| Zeroizing::new(octets.to_vec());
    match structure::PrivateNumbers::of(key) {
        structure::PrivateNumbers::Ec(number)
        | structure::PrivateNumbers::Ed25519(number)
        | structure::PrivateNumbers::MlDsa(number) => vec![octets(number)],
        structure::PrivateNumbers::Rsa(numbers) => {
            let numbers = [numbers.d, numbers.p, numbers.q, numbers.dp, numbers.dq, numbers.qi];
            numbers.into_iter().map(|number| octets(number.as_bytes())).collect()
        }
    }
}

/// A public key as OpenSSH has it in `authorized_keys` and behind its fingerprints (RFC 4253 §6.6, RFC 5656 §3.1,
/// RFC 8709 §4).
///
/// # Errors
/// When it is a kind of key that OpenSSH does not have.
pub fn to_ssh_blob(key: &PublicKey) -> Result<Vec<u8>, KeyFileError> {
    openssh::public_blob(key)
}

/// A public key as a line of `authorized_keys`, without a comment and without an end of line.
///
/// # Errors
/// When it is a kind of key that OpenSSH does not have.
pub fn to_ssh_line(key: &PublicKey) -> Result<String, KeyFileError> {
    ssh_line::write(key)
}

/// Write a key in clear, the way most programs expect its kind: `EC PRIVATE KEY` (SEC 1), `RSA PRIVATE KEY` (PKCS#1),
/// or `PRIVATE KEY` (PKCS#8) for Ed25519 and ML-DSA.
pub fn to_pem(key: &PrivateKey) -> Zeroizing<String> {
    let label = match key.algorithm() {
        KeyAlgorithm::EcP256 | KeyAlgorithm::EcP384 | KeyAlgorithm::EcP521 => "EC PRIVATE KEY",
        KeyAlgorithm::Ed25519 | KeyAlgorithm::MlDsa(_) => "PRIVATE KEY",
        KeyAlgorithm::Rsa { .. } => "RSA PRIVATE KEY",
    };
    Zeroizing::new(pem::encode(label, &to_der(key)))
}

fn from_pem(block: &pem::Block, password: Option<&[u8]>) -> Result<PrivateKey, KeyFileError> {
    if block.label == OPENSSH_PRIVATE_KEY {
        return openssh::read(&block.contents, password).map(|(key, _)| key);
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

/// The public key of a PEM block that holds no private one.
fn public_of_pem(block: &pem::Block) -> Result<Option<PublicKey>, KeyFileError> {
    Ok(Some(match block.label.as_str() {
        "PUBLIC KEY" => PublicKey::from_spki(&block.contents)?,
        "RSA PUBLIC KEY" => PublicKey::from_rsa_der(&block.contents)?,
        "CERTIFICATE" => plain::public_key_of_certificate(&block.contents)?,
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => plain::public_key_of_request(&block.contents)?,
        _ => return Ok(None),
    }))
}

/// The public key of a DER document that holds no private one.
fn public_of_der(der: &[u8]) -> Result<Option<PublicKey>, KeyFileError> {
    Ok(Some(match plain::Kind::of(der)? {
        plain::Kind::Spki => PublicKey::from_spki(der)?,
        plain::Kind::SignedDocument => {
            plain::public_key_of_certificate(der).or_else(|_| plain::public_key_of_request(der))?
        }
        _ => return Ok(None),
    }))
}

fn any_jwk(text: &[u8]) -> Result<AnyKey, KeyFileError> {
    match Jwk::from_json(text)?.material {
        Material::Private(key) => Ok(AnyKey::Private(key)),
        Material::Public(key) => Ok(AnyKey::Public(key)),
        Material::Secret(_) => Err(KeyFileError::Unsupported("JWK type oct".to_owned())),
    }
}

fn private_jwk(text: &[u8]) -> Result<PrivateKey, KeyFileError> {
    match PrivateJwk::from_json(text) {
        Ok(key) => Ok(key.into_key()),
        Err(JwkError::Member("d" | "priv")) => Err(KeyFileError::NotAKey("private key")),
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

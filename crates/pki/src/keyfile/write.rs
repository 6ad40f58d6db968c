//! Writing keys.

use zeroize::Zeroizing;

use super::{ENCRYPTED_PRIVATE_KEY, KeyFileError, OPENSSH_PRIVATE_KEY, openssh, pbes2, ssh_line, structure};
use crate::{ExchangePrivateKey, KeyAlgorithm, PrivateKey, PublicKey, pem};

/// A private key to be written, whatever it is for.
#[derive(Debug, Clone, Copy)]
pub enum PrivateRef<'a> {
    /// One that two sides agree on a secret with.
    Exchange(&'a ExchangePrivateKey),
    /// One that signs.
    Signing(&'a PrivateKey),
}

impl<'a> PrivateRef<'a> {
    /// The DER `PrivateKeyInfo` (RFC 5208), in clear.
    pub fn pkcs8(self) -> &'a [u8] {
        match self {
            Self::Exchange(key) => key.pkcs8(),
            Self::Signing(key) => key.pkcs8(),
        }
    }
}

impl<'a> From<&'a PrivateKey> for PrivateRef<'a> {
    fn from(key: &'a PrivateKey) -> Self {
        Self::Signing(key)
    }
}

impl<'a> From<&'a ExchangePrivateKey> for PrivateRef<'a> {
    fn from(key: &'a ExchangePrivateKey) -> Self {
        Self::Exchange(key)
    }
}

/// Write a key as PKCS#8 encrypted with a password: PBES2 with PBKDF2-HMAC-SHA256 of 600 000 iterations and
/// AES-256-CBC.
///
/// # Errors
/// When the password is empty, or the system has no randomness.
pub fn to_encrypted_pkcs8_pem<'a>(key: impl Into<PrivateRef<'a>>, password: &[u8]) -> Result<String, KeyFileError> {
    if password.is_empty() {
        return Err(KeyFileError::PasswordRequired);
    }
    Ok(pem::encode(ENCRYPTED_PRIVATE_KEY, &pbes2::encrypt(key.into().pkcs8(), password)?))
}

/// The same in DER, without PEM around it.
///
/// # Errors
/// When the password is empty, or the system has no randomness.
pub fn to_encrypted_pkcs8_der<'a>(key: impl Into<PrivateRef<'a>>, password: &[u8]) -> Result<Vec<u8>, KeyFileError> {
    if password.is_empty() {
        return Err(KeyFileError::PasswordRequired);
    }
    pbes2::encrypt(key.into().pkcs8(), password)
}

/// Write a key in clear as `PRIVATE KEY` (PKCS#8), whatever its kind.
pub fn to_pkcs8_pem<'a>(key: impl Into<PrivateRef<'a>>) -> Zeroizing<String> {
    Zeroizing::new(pem::encode("PRIVATE KEY", key.into().pkcs8()))
}

/// Write a key the way OpenSSH does, with `comment`; encrypted by AES-256-CTR and 16 rounds of bcrypt if there is a
/// password.
///
/// # Errors
/// When the password is empty, it is a kind of key that OpenSSH does not have, or the system has no randomness.
pub fn to_openssh_pem<'a>(
    key: impl Into<PrivateRef<'a>>,
    password: Option<&[u8]>,
    comment: &str,
) -> Result<Zeroizing<String>, KeyFileError> {
    if password.is_some_and(<[u8]>::is_empty) {
        return Err(KeyFileError::PasswordRequired);
    }
    let contents = match key.into() {
        PrivateRef::Signing(key) => openssh::write(key, password, comment)?,
        PrivateRef::Exchange(key) => {
            return Err(KeyFileError::NoForm { key: key.algorithm().to_string(), form: "OpenSSH" });
        }
    };
    Ok(Zeroizing::new(pem::encode_in_lines_of(70, OPENSSH_PRIVATE_KEY, &contents)))
}

/// The DER of the key in [`to_pem`].
pub fn to_der<'a>(key: impl Into<PrivateRef<'a>>) -> Zeroizing<Vec<u8>> {
    let key = match key.into() {
        PrivateRef::Signing(key) => key,
        PrivateRef::Exchange(key) => return Zeroizing::new(key.pkcs8().to_vec()),
    };
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
/// or `PRIVATE KEY` (PKCS#8) for every other.
pub fn to_pem<'a>(key: impl Into<PrivateRef<'a>>) -> Zeroizing<String> {
    let key = key.into();
    let PrivateRef::Signing(signing) = key else { return to_pkcs8_pem(key) };
    let label = match signing.algorithm() {
        KeyAlgorithm::EcP256 | KeyAlgorithm::EcP384 | KeyAlgorithm::EcP521 => "EC PRIVATE KEY",
        KeyAlgorithm::Ed25519 | KeyAlgorithm::MlDsa(_) => "PRIVATE KEY",
        KeyAlgorithm::Rsa { .. } => "RSA PRIVATE KEY",
    };
    Zeroizing::new(pem::encode(label, &to_der(key)))
}

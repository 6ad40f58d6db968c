//! A key of a file, whatever it is.

use super::{KeyFileError, PrivateRef, to_ssh_blob, to_ssh_line};
use crate::{ExchangePrivateKey, ExchangePublicKey, PrivateKey, PublicKey, Signer};

/// A key, whichever half a file holds.
#[derive(Debug)]
pub enum AnyKey {
    /// A private key that two sides agree on a secret with.
    ExchangePrivate(Box<ExchangePrivateKey>),
    /// A public key that others agree on a secret with, by itself or in a certificate.
    ExchangePublic(ExchangePublicKey),
    /// A private key that signs.
    Private(Box<PrivateKey>),
    /// A public key that verifies signatures, by itself or in a certificate or certificate request.
    Public(PublicKey),
}

impl AnyKey {
    /// The DER `SubjectPublicKeyInfo` of the public half.
    pub fn spki(&self) -> &[u8] {
        match self {
            Self::ExchangePrivate(key) => key.public_key().spki(),
            Self::ExchangePublic(key) => key.spki(),
            Self::Private(key) => key.public_key().spki(),
            Self::Public(key) => key.spki(),
        }
    }

    /// The content of the BIT STRING in [`Self::spki`].
    pub fn bits(&self) -> &[u8] {
        match self {
            Self::ExchangePrivate(key) => key.public_key().octets(),
            Self::ExchangePublic(key) => key.octets(),
            Self::Private(key) => key.public_key().bits(),
            Self::Public(key) => key.bits(),
        }
    }

    /// The private half, if it is here.
    pub fn private(&self) -> Option<PrivateRef<'_>> {
        match self {
            Self::ExchangePrivate(key) => Some((&**key).into()),
            Self::Private(key) => Some((&**key).into()),
            Self::ExchangePublic(_) | Self::Public(_) => None,
        }
    }

    /// The public half of a key for signatures.
    ///
    /// # Errors
    /// When it is not for signatures.
    pub fn verifying(&self) -> Result<&PublicKey, KeyFileError> {
        match self {
            Self::ExchangePrivate(key) => Err(KeyFileError::DoesNotSign(key.algorithm())),
            Self::ExchangePublic(key) => Err(KeyFileError::DoesNotSign(key.algorithm())),
            Self::Private(key) => Ok(key.public_key()),
            Self::Public(key) => Ok(key),
        }
    }

    /// [`to_ssh_blob`] of the public half.
    ///
    /// # Errors
    /// When it is a kind of key that OpenSSH does not have.
    pub fn ssh_blob(&self) -> Result<Vec<u8>, KeyFileError> {
        self.of_openssh().and_then(to_ssh_blob)
    }

    /// [`to_ssh_line`] of the public half.
    ///
    /// # Errors
    /// When it is a kind of key that OpenSSH does not have.
    pub fn ssh_line(&self) -> Result<String, KeyFileError> {
        self.of_openssh().and_then(to_ssh_line)
    }

    fn of_openssh(&self) -> Result<&PublicKey, KeyFileError> {
        self.verifying().map_err(|error| match error {
            KeyFileError::DoesNotSign(kind) => KeyFileError::NoForm { key: kind.to_string(), form: "OpenSSH" },
            other => other,
        })
    }

    /// The private key, if it signs.
    pub(super) fn into_signing(self) -> Result<PrivateKey, KeyFileError> {
        match self {
            Self::Private(key) => Ok(*key),
            Self::ExchangePrivate(key) => Err(KeyFileError::DoesNotSign(key.algorithm())),
            Self::ExchangePublic(_) | Self::Public(_) => Err(KeyFileError::NotAKey("private key")),
        }
    }
}

impl From<PrivateKey> for AnyKey {
    fn from(key: PrivateKey) -> Self {
        Self::Private(Box::new(key))
    }
}

impl From<ExchangePrivateKey> for AnyKey {
    fn from(key: ExchangePrivateKey) -> Self {
        Self::ExchangePrivate(Box::new(key))
    }
}

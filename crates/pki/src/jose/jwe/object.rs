//! Encrypted content of any kind: every key management, every serialisation.

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::{
    ContentEncryption, JweError,
    manage::{self, DecryptionKey, EncryptionKey, Header},
    serialisation::Parts,
};
use crate::jose::{KeyManagement, base64url};

/// Encrypted content (JWE, RFC 7516).
pub struct EncryptedObject(Parts);

/// How to encrypt, and what to say about it in the header.
#[derive(Clone, Copy)]
pub struct Encryption<'a> {
    /// How the content's key comes to the recipient.
    pub algorithm: KeyManagement,
    /// How the content is encrypted.
    pub content: ContentEncryption,
    /// Who can decrypt.
    pub to: EncryptionKey<'a>,
    /// Which key it is.
    pub key_id: Option<&'a str>,
    /// The media type of the whole.
    pub typ: Option<&'a str>,
    /// The media type of the content.
    pub cty: Option<&'a str>,
}

impl EncryptedObject {
    /// Take a text apart, however it is serialised. White space around it is skipped.
    ///
    /// # Errors
    /// When it is not a JWE.
    pub fn parse(text: &str) -> Result<Self, JweError> {
        Parts::parse(text).map(Self)
    }

    /// Encrypt; the header's members are sorted by name.
    ///
    /// # Errors
    /// When the algorithm is not one of the key, or the system has no randomness.
    pub fn encrypt(plaintext: &[u8], how: &Encryption<'_>) -> Result<Self, JweError> {
        let mut header = Map::new();
        let (key, encrypted_key) = manage::seal(how.to, how.algorithm, how.content, &mut header)?;
        let mut say = |name: &str, value: &str| header.insert(name.to_owned(), value.into());
        say("alg", how.algorithm.as_str());
        say("enc", how.content.as_str());
        for (name, value) in [("cty", how.cty), ("kid", how.key_id), ("typ", how.typ)] {
            if let Some(value) = value {
                say(name, value);
            }
        }
        header.sort_keys();
        let protected = base64url::encode(Value::Object(header).to_string());
        let sealed = how.content.encrypt(&key, protected.as_bytes(), plaintext)?;
        Ok(Self(Parts::plain(protected, encrypted_key, sealed)))
    }

    /// How many recipients there are.
    pub fn recipients(&self) -> usize {
        self.0.recipients.len()
    }

    /// The name of the algorithm that brings the key to a recipient.
    ///
    /// # Errors
    /// When the header is malformed.
    pub fn algorithm_name(&self, recipient: usize) -> Result<String, JweError> {
        Ok(self.header(recipient)?.alg)
    }

    /// Which key a recipient decrypts with.
    ///
    /// # Errors
    /// When the header is malformed.
    pub fn key_id(&self, recipient: usize) -> Result<Option<String>, JweError> {
        Ok(self.header(recipient)?.kid)
    }

    /// Decrypt as one recipient.
    ///
    /// # Errors
    /// When the key is not for it, does not decrypt it, or it was changed.
    pub fn decrypt(&self, recipient: usize, key: DecryptionKey<'_>) -> Result<Zeroizing<Vec<u8>>, JweError> {
        let header = self.header(recipient)?;
        let content = ContentEncryption::find(&header.enc)?;
        let opened = header.open(key, &self.0.recipients[recipient].encrypted_key, content)?;
        let outcome = content.decrypt(&opened, self.0.authenticated().as_bytes(), &self.0.sealed);
        match key {
            DecryptionKey::Jwk(_) => outcome.map_err(manage::uniform),
            DecryptionKey::Password { .. } => outcome,
        }
    }

    /// In compact serialisation; only for one recipient with nothing but a protected header.
    pub fn to_compact(&self) -> Option<String> {
        self.0.is_plain().then(|| self.0.to_compact())
    }

    /// In flattened serialisation on one line, under the same condition.
    pub fn to_flattened(&self) -> Option<String> {
        self.0.is_plain().then(|| self.0.to_flattened())
    }

    /// In flattened serialisation on several lines, under the same condition.
    pub fn to_pretty(&self) -> Option<String> {
        self.0.is_plain().then(|| self.0.to_json())
    }

    fn header(&self, recipient: usize) -> Result<Header, JweError> {
        let recipient = self.0.recipients.get(recipient).ok_or(JweError::Malformed("it has fewer recipients"))?;
        Header::read(self.0.header(recipient)?)
    }
}

/// Shows how long it is.
impl std::fmt::Debug for EncryptedObject {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "EncryptedObject({} octets)", self.0.sealed.ciphertext.len())
    }
}

//! What a log says about itself, signed (C2SP `tlog-checkpoint` on `signed-note`).

use base64::{Engine, engine::general_purpose::STANDARD};

use super::Hash;
use crate::{KeyAlgorithm, PrivateKey, PublicKey, SignError, SignatureAlgorithm, Signer, sha256};

/// How large a log was at a time, and the root of its tree then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log it is.
    pub origin: String,
    /// How many records it has.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Hash,
}

/// The public key that checkpoints of a log are signed with, under the name that stands in its signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogKey {
    name: String,
    key: PublicKey,
}

/// Why a text is no checkpoint that one can rely on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The text has not the form of a signed checkpoint.
    #[error("this is not a signed checkpoint: {0}")]
    Malformed(&'static str),
    /// There is no signature by the key.
    #[error("the checkpoint is not signed by {0}")]
    NotSigned(String),
    /// The signature by the key does not verify.
    #[error("the signature of {0} does not verify")]
    Signature(String),
    /// The text is no key of a log.
    #[error("this is not the key of a log: {0}")]
    Key(&'static str),
}

/// Ed25519, as `signed-note` numbers algorithms.
const ED25519: u8 = 1;

impl Checkpoint {
    /// The text that is signed.
    fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }

    /// The signed checkpoint, by the key under that name.
    ///
    /// # Errors
    /// When the key is not of type Ed25519.
    pub fn sign(&self, name: &str, key: &PrivateKey) -> Result<String, SignError> {
        let text = self.text();
        let signature = key.sign_now(SignatureAlgorithm::Ed25519, text.as_bytes())?;
        let id = key_id(name, key.public_key().bits());
        Ok(format!("{text}\n— {name} {}\n", STANDARD.encode([&id[..], &signature].concat())))
    }

    /// Read a signed checkpoint, if that key has signed it; other signatures may stand beside.
    ///
    /// # Errors
    /// When the text is malformed, or not signed by the key.
    pub fn verify(note: &str, key: &LogKey) -> Result<Self, CheckpointError> {
        let end = note.rfind("\n\n").ok_or(CheckpointError::Malformed("no signatures"))?;
        let (text, signatures) = (&note[..=end], &note[end + 2..]);
        key.verify(text, signatures)?;
        let mut lines = text.lines();
        let mut line = || lines.next().filter(|line| !line.is_empty());
        let origin = line().ok_or(CheckpointError::Malformed("no origin"))?.to_owned();
        let size = line().ok_or(CheckpointError::Malformed("no size"))?;
        let root = line().ok_or(CheckpointError::Malformed("no root"))?;
        let canonical = size == "0" || !size.starts_with(['0', '+']);
        let size =
            size.parse().ok().filter(|_| canonical).ok_or(CheckpointError::Malformed("the size is no number"))?;
        let root = STANDARD.decode(root).ok().and_then(|root| root.try_into().ok());
        let root = root.ok_or(CheckpointError::Malformed("the root is no SHA-256"))?;
        Ok(Self { origin, size, root })
    }
}

impl LogKey {
    /// The key of a log under that name; nothing when it is not of type Ed25519 or the name cannot stand in a signature.
    pub fn new(name: &str, key: PublicKey) -> Option<Self> {
        let is_good = key.algorithm() == KeyAlgorithm::Ed25519
            && !name.is_empty()
            && !name.contains(|character: char| character.is_whitespace() || character == '+');
        is_good.then(|| Self { name: name.to_owned(), key })
    }

    /// The key as auditors pass it around: name, id and key with `+` between.
    pub fn to_text(&self) -> String {
        let id = crate::hex(&key_id(&self.name, self.key.bits()));
        format!("{}+{id}+{}", self.name, STANDARD.encode([&[ED25519], self.key.bits()].concat()))
    }

    /// Read a key as [`Self::to_text`] writes it.
    ///
    /// # Errors
    /// When it is none, or its id is not that of its key.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let mut parts = text.trim().splitn(3, '+');
        let mut part = || parts.next().ok_or(CheckpointError::Key("it is written as name, id and key with + between"));
        let (name, id, key) = (part()?, part()?, part()?);
        let key = STANDARD.decode(key).map_err(|_| CheckpointError::Key("the key is not base64"))?;
        let Some((&ED25519, point)) = key.split_first() else {
            return Err(CheckpointError::Key("the key is not of type Ed25519"));
        };
        let point: &[u8; 32] = point.try_into().map_err(|_| CheckpointError::Key("the key has not 32 octets"))?;
        let spki = [ED25519_SPKI, point].concat();
        let public = PublicKey::from_spki(&spki).map_err(|_| CheckpointError::Key("it is no point of the curve"))?;
        let key = Self::new(name, public).ok_or(CheckpointError::Key("the name has a space or a +"))?;
        if key.to_text().split('+').nth(1) != Some(id) {
            return Err(CheckpointError::Key("the id is not that of the key"));
        }
        Ok(key)
    }

    /// The name that stands in signatures.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn verify(&self, text: &str, signatures: &str) -> Result<(), CheckpointError> {
        if !signatures.ends_with('\n') {
            return Err(CheckpointError::Malformed("the last line has no end"));
        }
        let id = key_id(&self.name, self.key.bits());
        for line in signatures.lines() {
            let malformed = CheckpointError::Malformed("a line is no signature");
            let (name, signature) = line.strip_prefix("— ").and_then(|rest| rest.split_once(' ')).ok_or(malformed)?;
            let signature = STANDARD.decode(signature);
            let signature = signature.map_err(|_| CheckpointError::Malformed("a signature is not base64"))?;
            let Some((given, signature)) = signature.split_first_chunk::<4>() else {
                return Err(CheckpointError::Malformed("a signature is too short"));
            };
            if name == self.name && *given == id {
                let verified = self.key.verify(SignatureAlgorithm::Ed25519, text.as_bytes(), signature);
                return verified.map_err(|_| CheckpointError::Signature(self.name.clone()));
            }
        }
        Err(CheckpointError::NotSigned(self.name.clone()))
    }
}

/// The `SubjectPublicKeyInfo` of an Ed25519 key up to its point (RFC 8410 §4).
const ED25519_SPKI: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// The id of a key under a name.
fn key_id(name: &str, point: &[u8]) -> [u8; 4] {
    let digest = sha256(&[name.as_bytes(), b"\n", &[ED25519], point].concat());
    [digest[0], digest[1], digest[2], digest[3]]
}

//! The keys that an identity provider publishes (RFC 7517 §5).

#[cfg(test)]
mod tests;

use serde_json::value::RawValue;

use super::{PublicJwk, json};

/// The usable keys of a published set, in the order in which they were published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySet {
    keys: Vec<PublicJwk>,
    ignored: usize,
}

/// Why bytes are not a key set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// It is not a JSON object.
    #[error("the key set: {0}")]
    Json(#[from] json::JsonError),
    /// There is no list of keys.
    #[error("the key set has no list `keys`")]
    NoKeys,
}

/// How many keys of a set are looked at.
pub const MAX_KEYS: usize = 100;

impl KeySet {
    /// Read a set. Keys that cannot verify signatures (shared secrets, keys for encryption, weak or damaged keys,
    /// private keys) and those beyond the first [`MAX_KEYS`] are ignored and counted.
    ///
    /// # Errors
    /// When it is not a JSON object with a list `keys`.
    pub fn parse(text: &[u8]) -> Result<Self, KeySetError> {
        let members = json::members(text)?;
        let list = members.into_iter().find(|(name, _)| name == "keys").ok_or(KeySetError::NoKeys)?.1;
        let list: Vec<&RawValue> = serde_json::from_str(list.get()).map_err(|_| KeySetError::NoKeys)?;
        let keys: Vec<PublicJwk> =
            list.iter().take(MAX_KEYS).filter_map(|key| PublicJwk::from_json(key.get().as_bytes()).ok()).collect();
        Ok(Self { ignored: list.len() - keys.len(), keys })
    }

    /// The usable keys.
    pub fn keys(&self) -> &[PublicJwk] {
        &self.keys
    }

    /// How many keys were ignored.
    pub fn ignored(&self) -> usize {
        self.ignored
    }

    /// The keys that a token with this key id can have been signed with.
    ///
    /// OpenID Connect Core §10.1: a token names its key when the set has several. So a token without a key id fits
    /// the keys without an id, or the only key of the set.
    pub fn keys_for(&self, key_id: Option<&str>) -> impl Iterator<Item = &PublicJwk> {
        let only = key_id.is_none() && self.keys.len() == 1;
        self.keys.iter().filter(move |key| only || key.key_id() == key_id)
    }
}

impl From<Vec<PublicJwk>> for KeySet {
    fn from(keys: Vec<PublicJwk>) -> Self {
        Self { keys, ignored: 0 }
    }
}

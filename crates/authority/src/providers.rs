//! What the authority asks of identity providers: the keys they sign with at the moment.

use std::{error::Error, future::Future, pin::Pin, sync::Arc};

use rung_pki::jose::KeySet;

/// Keys on their way.
pub type KeysFuture<'a> = Pin<Box<dyn Future<Output = Result<Arc<ProviderKeys>, ProviderUnavailable>> + Send + 'a>>;

/// Knows the keys of the identity providers, and fetches them when they are not known.
pub trait IdentityProviders: Send + Sync + 'static {
    /// The keys of the provider behind the provisioner with that name.
    ///
    /// When a key id is given that is not among the known keys, the keys are fetched once more before the answer,
    /// within bounds; the answer may still lack it.
    fn keys<'a>(&'a self, provisioner: &'a str, key_id: Option<&'a str>) -> KeysFuture<'a>;

    /// The keys that came after `seen`, with which a token does not verify: a provider may have replaced a key under
    /// the id that it had, or have keys without ids.
    ///
    /// They are fetched once more before the answer, within bounds; the answer may be `seen` itself.
    fn newer_keys<'a>(&'a self, provisioner: &'a str, seen: &'a Arc<ProviderKeys>) -> KeysFuture<'a>;
}

/// Who an identity provider is and what it signs with.
#[derive(Debug)]
pub struct ProviderKeys {
    /// The issuer that its tokens must name.
    pub issuer: String,
    /// Its keys.
    pub keys: KeySet,
}

/// An identity provider whose keys are not known and cannot be fetched at the moment.
#[derive(Debug, thiserror::Error)]
#[error("the identity provider does not answer as it should")]
pub struct ProviderUnavailable(#[source] pub Box<dyn Error + Send + Sync>);

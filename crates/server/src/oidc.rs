//! Identity providers: finding out their keys, keeping them fresh, and living through their outages.
//!
//! Nothing here delays the start or a reload. Every provider has a task that fetches its discovery document and its
//! keys, again when they are about to get old, and after a failure with growing pauses. A login that needs keys which
//! are not there asks once more itself. Whatever a provider answers, good keys are only replaced by good keys.

mod fetch;
mod known;
mod provider;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::{Duration, SystemTime},
};

use rung_authority::{
    clock::Clock,
    providers::{IdentityProviders, KeysFuture, ProviderKeys, ProviderUnavailable},
};

use crate::log::Log;
use known::Need;
use provider::Provider;

pub use fetch::{FetchError, Fetched, ProviderFetch, WebFetch};

/// Where an identity provider is found.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// The configuration endpoint, as it stands in the configuration.
    pub configuration: String,
    /// The tenant that stands for `{tenantid}` in the issuer; empty when there is none.
    pub tenant: String,
}

/// How an identity provider is at the moment.
#[derive(Debug, Clone)]
pub struct ProviderStatus {
    /// The provisioner that depends on it.
    pub provisioner: String,
    /// What can be said about it.
    pub state: State,
    /// How old its keys are, if there are any.
    pub keys_age: Option<Duration>,
}

impl ProviderStatus {
    /// Whether its keys are known and fresh.
    pub fn is_ready(&self) -> bool {
        self.state == State::Ready
    }
}

/// What can be said about an identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// The last attempt to fetch its keys failed; keys from before may still serve.
    Degraded {
        /// When the first of the failures in a row was seen.
        since: SystemTime,
        /// Why, in words that may be shown to anybody.
        because: &'static str,
    },
    /// Its keys are known and fresh.
    Ready,
    /// Nothing has been heard of it yet.
    Starting,
}

/// The identity providers of one configuration, by provisioner.
#[derive(Default)]
pub struct Providers {
    by_provisioner: BTreeMap<String, Arc<Provider>>,
}

/// What all providers need.
#[derive(Clone)]
pub struct Surroundings {
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// How documents are fetched.
    pub fetch: Arc<dyn ProviderFetch>,
    /// Where to say what happened.
    pub log: Log,
}

impl Providers {
    /// The providers of a configuration. What `previous` knows about a provider that stays is kept.
    pub fn new(endpoints: Vec<(String, Endpoint)>, previous: Option<&Self>, surroundings: &Surroundings) -> Self {
        let known: HashMap<&Endpoint, &Arc<Provider>> = previous
            .iter()
            .flat_map(|previous| previous.by_provisioner.values())
            .map(|known| (known.endpoint(), known))
            .collect();
        let by_provisioner = endpoints
            .into_iter()
            .map(|(name, endpoint)| {
                let provider = match known.get(&endpoint) {
                    Some(known) => Arc::clone(known),
                    None => Provider::start(&name, endpoint, surroundings.clone()),
                };
                (name, provider)
            })
            .collect();
        Self { by_provisioner }
    }

    /// How they all are.
    pub fn status(&self) -> Vec<ProviderStatus> {
        let status = |(name, provider): (&String, &Arc<Provider>)| {
            let (state, keys_age) = provider.status();
            ProviderStatus { provisioner: name.clone(), state, keys_age }
        };
        self.by_provisioner.iter().map(status).collect()
    }
}

impl IdentityProviders for Providers {
    fn keys<'a>(&'a self, provisioner: &'a str, key_id: Option<&'a str>) -> KeysFuture<'a> {
        self.keys_for(provisioner, Need::Key(key_id))
    }

    fn newer_keys<'a>(&'a self, provisioner: &'a str, seen: &'a Arc<ProviderKeys>) -> KeysFuture<'a> {
        self.keys_for(provisioner, Need::Newer(seen))
    }
}

impl Providers {
    fn keys_for<'a>(&'a self, provisioner: &'a str, need: Need<'a>) -> KeysFuture<'a> {
        Box::pin(async move {
            match self.by_provisioner.get(provisioner) {
                Some(provider) => provider.keys(need).await,
                None => Err(ProviderUnavailable("the provisioner has no identity provider".into())),
            }
        })
    }
}

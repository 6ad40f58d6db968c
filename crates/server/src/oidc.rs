//! Identity providers: finding out their keys, keeping them fresh, and living through their outages.
//!
//! Nothing here delays the start or a reload. Every provider has a task that fetches its discovery document and its
//! keys, again when they are about to get old, and after a failure with growing pauses. A login that needs keys which
//! are not there asks once more itself. Whatever a provider answers, good keys are only replaced by good keys.

mod fetch;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, SystemTime},
};

use rung_authority::{
    clock::Clock,
    providers::{IdentityProviders, KeysFuture, ProviderKeys, ProviderUnavailable},
};

use crate::{log::Log, stopwatch::Stopwatch};
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
            .map(|known| (&known.endpoint, known))
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
            let known = provider.known();
            ProviderStatus {
                provisioner: name.clone(),
                state: known.state.clone(),
                keys_age: known.keys.as_ref().map(|keys| keys.fetched.elapsed()),
            }
        };
        self.by_provisioner.iter().map(status).collect()
    }
}

impl IdentityProviders for Providers {
    fn keys<'a>(&'a self, provisioner: &'a str, key_id: Option<&'a str>) -> KeysFuture<'a> {
        Box::pin(async move {
            match self.by_provisioner.get(provisioner) {
                Some(provider) => provider.keys(key_id).await,
                None => Err(ProviderUnavailable("the provisioner has no identity provider".into())),
            }
        })
    }
}

/// One identity provider.
struct Provider {
    name: String,
    endpoint: Endpoint,
    surroundings: Surroundings,
    known: Mutex<Known>,
    /// Held by whoever fetches, so that one fetch serves everybody who waits.
    fetching: tokio::sync::Mutex<()>,
}

struct Known {
    state: State,
    keys: Option<Keys>,
    last_attempt: Option<Stopwatch>,
    last_error: String,
    failures: u32,
}

struct Keys {
    keys: Arc<ProviderKeys>,
    fetched: Stopwatch,
    lifetime: Duration,
}

/// Keys are not fetched again for an unknown key id before this much time has passed.
const UNKNOWN_KEY_PAUSE: Duration = Duration::from_secs(10);
/// A login does not ask a provider that failed less than this long ago.
const FAILURE_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause between attempts of the background task.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// Keys serve through an outage of the provider for this long after they were fetched.
const STALE_LIMIT: Duration = Duration::from_secs(24 * 60 * 60);

impl Provider {
    fn start(name: &str, endpoint: Endpoint, surroundings: Surroundings) -> Arc<Self> {
        let known =
            Known { state: State::Starting, keys: None, last_attempt: None, last_error: String::new(), failures: 0 };
        let provider = Arc::new(Self {
            name: name.to_owned(),
            endpoint,
            surroundings,
            known: Mutex::new(known),
            fetching: tokio::sync::Mutex::new(()),
        });
        tokio::spawn(keep_fresh(Arc::downgrade(&provider)));
        provider
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn keys(&self, key_id: Option<&str>) -> Result<Arc<ProviderKeys>, ProviderUnavailable> {
        match self.known().usable(key_id) {
            Usable::Yes(keys) => return Ok(keys),
            Usable::No(why) => return Err(ProviderUnavailable(why.into())),
            Usable::AskAgain => {}
        }
        let _alone = self.fetching.lock().await;
        // Whoever waited may find what another one fetched.
        match self.known().usable(key_id) {
            Usable::Yes(keys) => return Ok(keys),
            Usable::No(why) => return Err(ProviderUnavailable(why.into())),
            Usable::AskAgain => {}
        }
        self.fetch().await;
        let known = self.known();
        known.current().ok_or_else(|| ProviderUnavailable(known.last_error.clone().into()))
    }

    /// Fetch now and remember what came of it. The caller holds `fetching`.
    async fn fetch(&self) {
        let fetch = self.surroundings.fetch.clone();
        let endpoint = self.endpoint.clone();
        let fetched = tokio::task::spawn_blocking(move || fetch.fetch(&endpoint)).await;
        let outcome = fetched.unwrap_or_else(|defect| Err(FetchError::defect(&defect)));
        let now = self.surroundings.clock.now();
        let log = &self.surroundings.log;
        let mut known = self.known();
        known.last_attempt = Some(Stopwatch::start());
        match outcome {
            Ok(fetched) => {
                if known.state != State::Ready {
                    log.info(&format!("the identity provider of the provisioner {:?} is ready", self.name));
                }
                known.failures = 0;
                known.state = State::Ready;
                known.keys = Some(Keys {
                    keys: Arc::new(fetched.keys),
                    fetched: Stopwatch::start(),
                    lifetime: fetched.lifetime,
                });
            }
            Err(error) => {
                known.failures += 1;
                if known.last_error != error.detail || known.failures == 1 {
                    let name = &self.name;
                    log.warning(&format!(
                        "the identity provider of the provisioner {name:?} is degraded: {}",
                        error.detail
                    ));
                }
                known.last_error = error.detail;
                let since = match known.state {
                    State::Degraded { since, .. } => since,
                    State::Ready | State::Starting => now,
                };
                known.state = State::Degraded { since, because: error.because };
            }
        }
    }
}

enum Usable {
    AskAgain,
    No(String),
    Yes(Arc<ProviderKeys>),
}

impl Known {
    /// The keys, unless they are too old to be believed.
    fn current(&self) -> Option<Arc<ProviderKeys>> {
        let keys = self.keys.as_ref()?;
        (keys.fetched.elapsed() < STALE_LIMIT).then(|| keys.keys.clone())
    }

    fn usable(&self, key_id: Option<&str>) -> Usable {
        let since_attempt = self.last_attempt.map(|attempt| attempt.elapsed());
        match self.current() {
            Some(keys) => {
                let known = keys.keys.keys_for(key_id).next().is_some();
                let may_ask = since_attempt.is_none_or(|since| since >= UNKNOWN_KEY_PAUSE);
                if known || !may_ask { Usable::Yes(keys) } else { Usable::AskAgain }
            }
            None if self.failures > 0 && since_attempt.is_some_and(|since| since < FAILURE_PAUSE) => {
                Usable::No(self.last_error.clone())
            }
            None => Usable::AskAgain,
        }
    }

    /// How long the background task may wait before it fetches.
    fn pause(&self) -> Duration {
        match &self.keys {
            _ if self.failures > 0 => LONGEST_PAUSE.min(Duration::from_secs(1 << self.failures.min(4))),
            Some(keys) => keys.lifetime.saturating_sub(keys.fetched.elapsed()),
            None => Duration::ZERO,
        }
    }
}

/// Fetch whenever it is time, for as long as the provider is part of a configuration.
async fn keep_fresh(provider: Weak<Provider>) {
    loop {
        let Some(pause) = provider.upgrade().map(|provider| provider.known().pause()) else { return };
        // In steps, so that the task of a provider that is gone ends soon.
        tokio::time::sleep(pause.min(Duration::from_secs(30))).await;
        let Some(provider) = provider.upgrade() else { return };
        let _alone = provider.fetching.lock().await;
        if provider.known().pause().is_zero() || provider.is_retry_due() {
            provider.fetch().await;
        }
    }
}

impl Provider {
    fn is_retry_due(&self) -> bool {
        let known = self.known();
        known.failures > 0 && known.last_attempt.is_none_or(|attempt| attempt.elapsed() >= known.pause())
    }
}

//! One identity provider: its background task, and the logins that need its keys.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use rung_authority::providers::{ProviderKeys, ProviderUnavailable};
use tokio::sync::Semaphore;

use super::{
    Endpoint, FetchError, State, Surroundings,
    known::{Answer, Known, Need, Usable},
};
use crate::stopwatch::Stopwatch;

/// One identity provider.
pub(super) struct Provider {
    name: String,
    endpoint: Endpoint,
    surroundings: Surroundings,
    known: Mutex<Known>,
    /// Held by whoever fetches, so that one fetch serves everybody who waits.
    fetching: Arc<tokio::sync::Mutex<()>>,
    /// Places for logins that wait until their unknown key may be asked for.
    waiting: Semaphore,
}

/// So many logins may wait until an unknown key may be asked for; the others are answered at once. It is enough for a
/// provider with 200 logins in a second whose keys were replaced twice in ten seconds.
const WAITING: usize = 2048;

impl Provider {
    /// The provider at `endpoint`, looked after from now on for as long as somebody holds it.
    pub(super) fn start(name: &str, endpoint: Endpoint, surroundings: Surroundings) -> Arc<Self> {
        let provider = Arc::new(Self {
            name: name.to_owned(),
            endpoint,
            surroundings,
            known: Mutex::new(Known::default()),
            fetching: Arc::default(),
            waiting: Semaphore::new(WAITING),
        });
        tokio::spawn(keep_fresh(Arc::downgrade(&provider)));
        provider
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// How it is, and how old its keys are.
    pub(super) fn status(&self) -> (State, Option<Duration>) {
        self.known().status()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The keys for a token that needs this.
    pub(super) async fn keys(self: &Arc<Self>, need: Need<'_>) -> Result<Arc<ProviderKeys>, ProviderUnavailable> {
        let arrived = Stopwatch::start();
        let mut usable = self.known().usable(need, arrived);
        if let Usable::AskLater(answer, pause) = usable {
            // Waiting costs a place, so that a flood of made-up key ids cannot pile up here.
            usable = match self.waiting.try_acquire() {
                Ok(_place) => {
                    tokio::time::sleep(pause).await;
                    self.known().usable(need, arrived)
                }
                Err(_) => Usable::Answer(answer),
            };
        }
        let answer = match usable {
            Usable::Answer(answer) | Usable::AskLater(answer, _) => answer,
            Usable::Ask => self.ask(need, arrived).await,
        };
        answer.map_err(|why| ProviderUnavailable(why.into()))
    }

    async fn ask(self: &Arc<Self>, need: Need<'_>, arrived: Stopwatch) -> Answer {
        let alone = self.fetching.clone().lock_owned().await;
        // Whoever waited may find what another one fetched.
        match self.known().usable(need, arrived) {
            Usable::Answer(answer) | Usable::AskLater(answer, _) => return answer,
            Usable::Ask => {}
        }
        let provider = self.clone();
        // A task of its own goes on when the client goes away, so that its successor does not ask anew.
        let asked = tokio::spawn(async move {
            let _alone = alone;
            provider.fetch().await;
        });
        asked.await.map_err(|defect| defect.to_string())?;
        let mut known = self.known();
        known.remember_asking(need);
        known.answer()
    }

    /// Fetch now and remember what came of it. The caller holds `fetching`.
    async fn fetch(&self) {
        let began = Stopwatch::start();
        let fetch = self.surroundings.fetch.clone();
        let endpoint = self.endpoint.clone();
        let fetched = tokio::task::spawn_blocking(move || fetch.fetch(&endpoint)).await;
        let outcome = fetched.unwrap_or_else(|defect| Err(FetchError::defect(&defect)));
        let said = self.known().learn(began, outcome, self.surroundings.clock.now());
        let (log, name) = (&self.surroundings.log, &self.name);
        match said {
            Some(Ok(news)) => log.info(&format!("the identity provider of the provisioner {name:?} {news}")),
            Some(Err(why)) => log.warning(&format!("the identity provider of the provisioner {name:?} {why}")),
            None => {}
        }
    }
}

/// Fetch whenever it is time, for as long as the provider is part of a configuration.
async fn keep_fresh(provider: Weak<Provider>) {
    loop {
        let Some(pause) = provider.upgrade().map(|provider| provider.known().pause()) else { return };
        // In steps, so that the task of a provider that is gone ends soon.
        tokio::time::sleep(pause.min(LONGEST_STEP)).await;
        let Some(provider) = provider.upgrade() else { return };
        let _alone = provider.fetching.lock().await;
        // A login may have asked in the meantime.
        if provider.known().pause().is_zero() {
            provider.fetch().await;
        }
    }
}

const LONGEST_STEP: Duration = Duration::from_secs(30);

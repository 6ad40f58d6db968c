//! What is known of an identity provider, and what follows from it for a login.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use rung_authority::providers::ProviderKeys;

use super::{FetchError, Fetched, State};
use crate::stopwatch::Stopwatch;

/// What is known of an identity provider.
pub(super) struct Known {
    state: State,
    keys: Option<Keys>,
    /// When the last attempt began that has ended.
    attempt: Option<Stopwatch>,
    last_error: String,
    failures: u32,
    /// Whether the last key that was asked for existed, so that waiting for the next one is worth it.
    found: bool,
}

struct Keys {
    keys: Arc<ProviderKeys>,
    fetched: Stopwatch,
    lifetime: Duration,
}

/// The keys, or why there are none.
pub(super) type Answer = Result<Arc<ProviderKeys>, String>;

/// What a login needs to go on.
#[derive(Debug, Clone, Copy)]
pub(super) enum Need<'a> {
    /// A key with this id; any key when a token names none.
    Key(Option<&'a str>),
    /// Other keys than these.
    Newer(&'a Arc<ProviderKeys>),
}

impl Need<'_> {
    fn is_met_by(self, keys: &Arc<ProviderKeys>) -> bool {
        match self {
            Self::Key(key_id) => keys.keys.keys_for(key_id).next().is_some(),
            Self::Newer(seen) => !Arc::ptr_eq(keys, seen),
        }
    }
}

/// What a login can do.
pub(super) enum Usable {
    /// Take what is there.
    Answer(Answer),
    /// Ask the provider.
    Ask,
    /// Ask the provider after a pause, or take what is there.
    AskLater(Answer, Duration),
}

/// Keys that could be fetched are not fetched again for an unknown key id before this much time has passed.
const UNKNOWN_KEY_PAUSE: Duration = Duration::from_secs(10);
/// A login does not ask a provider that was asked in vain less than this long before it came. So a provider that is back is
/// used again after this time at the latest, and one that is down is asked no more often.
const FAILURE_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause between attempts of the background task.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// Keys serve through an outage of the provider for this long after they were fetched.
const STALE_LIMIT: Duration = Duration::from_secs(24 * 60 * 60);

impl Default for Known {
    fn default() -> Self {
        Self {
            state: State::Starting,
            keys: None,
            attempt: None,
            last_error: "nothing has been heard of it yet".to_owned(),
            failures: 0,
            found: true,
        }
    }
}

impl Known {
    /// How the provider is, and how old its keys are.
    pub(super) fn status(&self) -> (State, Option<Duration>) {
        (self.state.clone(), self.keys.as_ref().map(|keys| keys.fetched.elapsed()))
    }

    /// The keys, unless they are too old to be believed.
    fn current(&self) -> Option<Arc<ProviderKeys>> {
        let keys = self.keys.as_ref()?;
        (keys.fetched.elapsed() < STALE_LIMIT).then(|| keys.keys.clone())
    }

    /// What a login that came at `arrived` and needs this can do.
    pub(super) fn usable(&self, need: Need<'_>, arrived: Stopwatch) -> Usable {
        let keys = self.current();
        if let Some(keys) = &keys
            && need.is_met_by(keys)
        {
            return Usable::Answer(Ok(keys.clone()));
        }
        let Some(attempt) = self.attempt else { return Usable::Ask };
        let (since, waited) = (attempt.elapsed(), arrived.elapsed());
        if self.failures > 0 {
            // An attempt that began while this login waited, or shortly before, has answered it, too.
            let is_answered = since < waited + FAILURE_PAUSE;
            return if is_answered { Usable::Answer(self.answer()) } else { Usable::Ask };
        }
        match keys {
            _ if since < waited => Usable::Answer(self.answer()),
            Some(keys) if since < UNKNOWN_KEY_PAUSE => match need {
                Need::Key(_) if self.found => Usable::AskLater(Ok(keys), UNKNOWN_KEY_PAUSE - since),
                // A wrong signature is a forgery more often than a new key under an old name.
                Need::Key(_) | Need::Newer(_) => Usable::Answer(Ok(keys)),
            },
            _ => Usable::Ask,
        }
    }

    /// What is there without asking.
    pub(super) fn answer(&self) -> Answer {
        self.current().ok_or_else(|| self.last_error.clone())
    }

    /// Remember whether it was worth asking.
    pub(super) fn remember_asking(&mut self, need: Need<'_>) {
        if let Need::Key(_) = need {
            self.found = self.current().is_some_and(|keys| need.is_met_by(&keys));
        }
    }

    /// Take in what an attempt led to; returns what the log should say, as news or as a warning.
    pub(super) fn learn(
        &mut self,
        began: Stopwatch,
        outcome: Result<Fetched, FetchError>,
        now: SystemTime,
    ) -> Option<Result<String, String>> {
        self.attempt = Some(began);
        match outcome {
            Ok(fetched) => {
                let ignored = fetched.keys.keys.ignored();
                let before = self.keys.as_ref().map_or(0, |keys| keys.keys.keys.ignored());
                let was_ready = self.state == State::Ready;
                self.failures = 0;
                self.state = State::Ready;
                let keys = Arc::new(fetched.keys);
                self.keys = Some(Keys { keys, fetched: Stopwatch::start(), lifetime: fetched.lifetime });
                match ignored {
                    0 if was_ready => None,
                    0 => Some(Ok("is ready".to_owned())),
                    _ if was_ready && ignored == before => None,
                    _ => Some(Ok(format!("is ready; {ignored} of the keys that it publishes cannot be used"))),
                }
            }
            Err(error) => {
                let is_news = self.last_error != error.detail || self.failures == 0;
                self.failures = self.failures.saturating_add(1);
                let since = match self.state {
                    State::Degraded { since, .. } => since,
                    State::Ready | State::Starting => now,
                };
                self.state = State::Degraded { since, because: error.because };
                self.last_error = error.detail;
                is_news.then(|| Err(format!("is degraded: {}", self.last_error)))
            }
        }
    }

    /// How long the background task may wait before it fetches.
    pub(super) fn pause(&self) -> Duration {
        match (&self.attempt, &self.keys) {
            (Some(attempt), _) if self.failures > 0 => {
                let pause = LONGEST_PAUSE.min(Duration::from_secs(1 << self.failures.min(4)));
                pause.saturating_sub(attempt.elapsed())
            }
            (_, Some(keys)) => keys.lifetime.saturating_sub(keys.fetched.elapsed()),
            (_, None) => Duration::ZERO,
        }
    }
}

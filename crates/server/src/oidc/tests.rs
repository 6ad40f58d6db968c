use std::{
    collections::VecDeque,
    sync::atomic::{AtomicUsize, Ordering},
    time::UNIX_EPOCH,
};

use rung_pki::{
    KeyAlgorithm, PrivateKey, Signer,
    jose::{KeySet, PublicJwk},
};

use super::*;
use crate::log::Writer;

struct Monday;

impl Clock for Monday {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_795_464_296)
    }
}

/// An identity provider that follows a script; at its end it stays as it is.
struct Script {
    steps: Mutex<VecDeque<Option<&'static str>>>,
    last: Mutex<Option<&'static str>>,
    fetches: AtomicUsize,
}

impl Script {
    /// Each step is the issuer that is answered with, or nothing for an outage.
    fn new(steps: &[Option<&'static str>]) -> Arc<Self> {
        let steps = Mutex::new(steps.iter().copied().collect());
        Arc::new(Self { steps, last: Mutex::new(None), fetches: AtomicUsize::new(0) })
    }

    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}

impl ProviderFetch for Script {
    fn fetch(&self, _: &Endpoint) -> Result<Fetched, FetchError> {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        let mut last = self.last.lock().unwrap();
        *last = self.steps.lock().unwrap().pop_front().unwrap_or(*last);
        let Some(issuer) = *last else {
            return Err(FetchError { because: "it cannot be reached", detail: "connection refused".to_owned() });
        };
        let key = PrivateKey::generate(KeyAlgorithm::EcP256).unwrap();
        let keys = KeySet::from(vec![PublicJwk::describe(key.public_key().clone())]);
        let keys = ProviderKeys { issuer: issuer.to_owned(), keys };
        Ok(Fetched { keys, lifetime: Duration::from_secs(3600) })
    }
}

fn providers(script: &Arc<Script>) -> (Providers, Writer) {
    let clock: Arc<dyn Clock> = Arc::new(Monday);
    let (log, writer) = Log::start(clock.clone(), std::io::sink());
    let surroundings = Surroundings { clock, fetch: script.clone(), log };
    let endpoint = Endpoint { configuration: "https://idp.test".to_owned(), tenant: String::new() };
    (Providers::new(vec![("sso".to_owned(), endpoint)], None, &surroundings), writer)
}

#[tokio::test(start_paused = true)]
async fn one_fetch_serves_everybody_who_waits() {
    let script = Script::new(&[Some("https://idp.test")]);
    let (providers, _writer) = providers(&script);
    let (first, second, third) =
        tokio::join!(providers.keys("sso", None), providers.keys("sso", None), providers.keys("sso", None));
    assert_eq!(first.unwrap().issuer, "https://idp.test");
    assert!(second.is_ok() && third.is_ok());
    assert_eq!(script.fetches(), 1);
    assert!(providers.status()[0].is_ready());
}

#[tokio::test(start_paused = true)]
async fn f14_a_provider_that_was_down_comes_up_by_itself() {
    let script = Script::new(&[None, None, Some("https://idp.test")]);
    let (providers, _writer) = providers(&script);
    assert!(providers.keys("sso", None).await.is_err());
    let State::Degraded { because, .. } = providers.status()[0].state.clone() else { panic!("not degraded") };
    assert_eq!(because, "it cannot be reached");
    // Nobody logs in; only time passes.
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert!(providers.status()[0].is_ready());
    assert!(providers.keys("sso", None).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_login_right_after_a_failure_does_not_ask_again() {
    let script = Script::new(&[None]);
    let (providers, _writer) = providers(&script);
    assert!(providers.keys("sso", None).await.is_err());
    let asked = script.fetches();
    assert!(providers.keys("sso", None).await.is_err());
    assert_eq!(script.fetches(), asked);
}

#[tokio::test(start_paused = true)]
async fn good_keys_survive_an_outage_and_unknown_key_ids_are_asked_for_once_in_ten_seconds() {
    let script = Script::new(&[Some("https://idp.test"), None]);
    let (providers, _writer) = providers(&script);
    let known = providers.keys("sso", None).await.unwrap().keys.keys()[0].key_id().unwrap().to_owned();
    for _ in 0..20 {
        assert!(providers.keys("sso", Some("unknown")).await.is_ok());
    }
    assert_eq!(script.fetches(), 1, "o15: the keys are too fresh to be fetched again");
    tokio::time::sleep(Duration::from_secs(11)).await;
    for _ in 0..20 {
        assert!(providers.keys("sso", Some("unknown")).await.is_ok());
    }
    assert_eq!(script.fetches(), 2, "o15: one more fetch, however many ask");
    // That fetch failed; the keys from before still serve.
    assert!(!providers.status()[0].is_ready());
    let keys = providers.keys("sso", Some(&known)).await.unwrap();
    assert_eq!(keys.keys.keys_for(Some(&known)).count(), 1);
    // But not for ever.
    tokio::time::advance(Duration::from_secs(25 * 3600)).await;
    assert!(providers.keys("sso", Some(&known)).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_rotated_key_is_found() {
    let script = Script::new(&[Some("https://idp.test"), Some("https://idp.test")]);
    let (providers, _writer) = providers(&script);
    let before = providers.keys("sso", None).await.unwrap();
    tokio::time::sleep(Duration::from_secs(11)).await;
    let after = providers.keys("sso", Some("a new key")).await.unwrap();
    assert_ne!(before.keys.keys()[0].key_id(), after.keys.keys()[0].key_id());
}

#[tokio::test(start_paused = true)]
async fn a_reload_keeps_what_is_known() {
    let script = Script::new(&[Some("https://idp.test"), None]);
    let (first, _writer) = providers(&script);
    first.keys("sso", None).await.unwrap();
    let clock: Arc<dyn Clock> = Arc::new(Monday);
    let (log, _other) = Log::start(clock.clone(), std::io::sink());
    let surroundings = Surroundings { clock, fetch: script.clone(), log };
    let endpoint = Endpoint { configuration: "https://idp.test".to_owned(), tenant: String::new() };
    let second = Providers::new(vec![("renamed".to_owned(), endpoint)], Some(&first), &surroundings);
    assert!(second.keys("renamed", None).await.is_ok());
    assert_eq!(script.fetches(), 1);
}

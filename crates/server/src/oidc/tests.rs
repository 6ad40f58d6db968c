use std::{
    collections::VecDeque,
    sync::{
        Condvar, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::UNIX_EPOCH,
};

use rung_authority::providers::ProviderKeys;
use rung_pki::{KeyAlgorithm, PrivateKey, Signer, jose::KeySet, jose::PublicJwk};
use serde_json::{Value, json};
use tokio::time::{advance, sleep};

use super::*;
use crate::{log::Writer, stopwatch::Stopwatch};

struct Monday;

impl Clock for Monday {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_795_464_296)
    }
}

/// What an identity provider does when it is asked.
#[derive(Clone, Copy)]
enum Step {
    /// It does not answer.
    Down,
    /// It answers nothing before the gate is opened, and then not what was asked for.
    Hang,
    /// It publishes keys with these ids.
    Up(&'static [&'static str]),
}

/// An identity provider that follows a script; at its end it stays as it is.
struct Script {
    steps: Mutex<(VecDeque<Step>, Step)>,
    fetches: AtomicUsize,
    gate: Mutex<bool>,
    opened: Condvar,
}

impl Script {
    fn new(steps: &[Step]) -> Arc<Self> {
        let steps = Mutex::new((steps.iter().copied().collect(), Step::Down));
        Arc::new(Self { steps, fetches: AtomicUsize::new(0), gate: Mutex::new(false), opened: Condvar::new() })
    }

    /// Go on with this.
    fn turn(&self, step: Step) {
        *self.steps.lock().unwrap() = ([step].into(), step);
    }

    fn open_gate(&self) {
        *self.gate.lock().unwrap() = true;
        self.opened.notify_all();
    }

    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}

const ISSUER: &str = "https://idp.test";

impl ProviderFetch for Script {
    fn fetch(&self, _: &Endpoint) -> Result<Fetched, FetchError> {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        let step = {
            let mut steps = self.steps.lock().unwrap();
            steps.1 = steps.0.pop_front().unwrap_or(steps.1);
            steps.1
        };
        let ids = match step {
            Step::Up(ids) => ids,
            Step::Down => {
                return Err(FetchError { because: "it cannot be reached", detail: "connection refused".to_owned() });
            }
            Step::Hang => {
                drop(self.opened.wait_while(self.gate.lock().unwrap(), |open| !*open).unwrap());
                return Err(FetchError { because: "it takes too long to answer", detail: "timed out".to_owned() });
            }
        };
        let key = |id: &&str| {
            let key = PrivateKey::generate(KeyAlgorithm::EcP256).unwrap();
            let mut jwk: Value =
                serde_json::from_str(&PublicJwk::describe(key.public_key().clone()).to_json()).unwrap();
            jwk["kid"] = (*id).into();
            jwk
        };
        let keys: Vec<Value> = ids.iter().map(key).collect();
        let keys = KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap();
        Ok(Fetched { keys: ProviderKeys { issuer: ISSUER.to_owned(), keys }, lifetime: Duration::from_secs(3600) })
    }
}

fn surroundings(script: &Arc<Script>) -> (Surroundings, Writer) {
    let clock: Arc<dyn Clock> = Arc::new(Monday);
    let (log, writer) = Log::start(clock.clone(), std::io::sink());
    (Surroundings { clock, fetch: script.clone(), log }, writer)
}

fn endpoint() -> Endpoint {
    Endpoint { configuration: ISSUER.to_owned(), tenant: String::new() }
}

fn providers(script: &Arc<Script>) -> (Arc<Providers>, Writer) {
    let (surroundings, writer) = surroundings(script);
    (Arc::new(Providers::new(vec![("sso".to_owned(), endpoint())], None, &surroundings)), writer)
}

/// Whether a token of this key finds it.
async fn finds(providers: &Providers, key_id: &str) -> bool {
    let keys = providers.keys("sso", Some(key_id)).await;
    keys.is_ok_and(|keys| keys.keys.keys_for(Some(key_id)).next().is_some())
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test(start_paused = true)]
async fn one_fetch_serves_everybody_who_waits() {
    let script = Script::new(&[Step::Up(&["a"])]);
    let (providers, _writer) = providers(&script);
    let (first, second, third) =
        tokio::join!(providers.keys("sso", None), providers.keys("sso", None), providers.keys("sso", None));
    assert_eq!(first.unwrap().issuer, ISSUER);
    assert!(second.is_ok() && third.is_ok());
    assert_eq!(script.fetches(), 1);
    assert!(providers.status()[0].is_ready());
}

#[tokio::test(start_paused = true)]
async fn f14_a_provider_that_was_down_comes_up_by_itself() {
    let script = Script::new(&[Step::Down, Step::Down, Step::Up(&["a"])]);
    let (providers, _writer) = providers(&script);
    assert!(providers.keys("sso", None).await.is_err());
    let State::Degraded { because, .. } = providers.status()[0].state.clone() else { panic!("not degraded") };
    assert_eq!(because, "it cannot be reached");
    // Nobody logs in; only time passes.
    sleep(seconds(30)).await;
    assert!(providers.status()[0].is_ready());
    assert!(providers.keys("sso", None).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_is_down_is_asked_once_in_a_second_however_many_log_in() {
    let script = Script::new(&[Step::Down]);
    let (providers, _writer) = providers(&script);
    for _ in 0..1000 {
        assert!(providers.keys("sso", Some("a")).await.is_err());
        advance(Duration::from_millis(10)).await;
    }
    assert!((9..=11).contains(&script.fetches()), "{} in ten seconds", script.fetches());
}

#[tokio::test(start_paused = true)]
async fn f14_one_second_after_an_outage_logins_work() {
    // Whether there were keys before, and whether they were replaced during the outage, makes no difference.
    for before in [Step::Down, Step::Up(&["old"])] {
        let script = Script::new(&[before, Step::Down]);
        let (providers, _writer) = providers(&script);
        let _ = providers.keys("sso", Some("old")).await;
        for _ in 0..3600 {
            sleep(seconds(1)).await;
            assert!(!finds(&providers, "new").await);
        }
        script.turn(Step::Up(&["new"]));
        sleep(seconds(1)).await;
        assert!(finds(&providers, "new").await);
        assert!(providers.status()[0].is_ready());
    }
}

#[tokio::test(start_paused = true)]
async fn f12_whoever_waits_for_an_attempt_from_before_asks_anew() {
    let script = Script::new(&[Step::Hang, Step::Up(&["a"])]);
    let (providers, _writer) = providers(&script);
    let waiting = tokio::spawn({
        let providers = providers.clone();
        async move { finds(&providers, "a").await }
    });
    while script.fetches() == 0 {
        tokio::task::yield_now().await;
    }
    // The attempt of the background task hangs; in the meantime the provider is back.
    let late = tokio::spawn({
        let providers = providers.clone();
        async move {
            advance(seconds(3)).await;
            finds(&providers, "a").await
        }
    });
    tokio::task::yield_now().await;
    script.open_gate();
    assert!(late.await.unwrap(), "it came after the attempt had begun");
    waiting.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn f12_one_attempt_is_on_its_way_even_when_clients_go_away() {
    let script = Script::new(&[Step::Down, Step::Hang]);
    let (providers, _writer) = providers(&script);
    assert!(providers.keys("sso", None).await.is_err());
    advance(Duration::from_millis(1100)).await;
    let asked = script.fetches();
    for _ in 0..50 {
        let login = tokio::spawn({
            let providers = providers.clone();
            async move { providers.keys("sso", None).await.is_ok() }
        });
        while script.fetches() == asked {
            tokio::task::yield_now().await;
        }
        login.abort();
        let _ = login.await;
    }
    assert_eq!(script.fetches(), asked + 1);
    script.open_gate();
}

#[tokio::test(start_paused = true)]
async fn o15_made_up_key_ids_are_asked_for_once_in_ten_seconds() {
    let script = Script::new(&[Step::Up(&["a"])]);
    let (providers, _writer) = providers(&script);
    assert!(finds(&providers, "a").await);
    for number in 0..1000 {
        assert!(!finds(&providers, &format!("made up {number}")).await);
        advance(Duration::from_millis(100)).await;
    }
    assert!((10..=12).contains(&script.fetches()), "{} in 100 seconds", script.fetches());
}

#[tokio::test(start_paused = true)]
async fn o15_so_many_wait_for_an_unknown_key_and_nobody_else_does() {
    let script = Script::new(&[Step::Up(&["a"])]);
    let (providers, _writer) = providers(&script);
    assert!(finds(&providers, "a").await);
    let logins: Vec<_> = (0..3000)
        .map(|number| {
            let providers = providers.clone();
            tokio::spawn(async move { finds(&providers, &format!("made up {number}")).await })
        })
        .collect();
    while logins.iter().filter(|login| !login.is_finished()).count() > 2048 {
        tokio::task::yield_now().await;
    }
    assert_eq!(script.fetches(), 1, "the others were answered before it was asked");
    assert!(finds(&providers, "a").await);
    for login in logins {
        assert!(!login.await.unwrap());
    }
    assert_eq!(script.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn good_keys_survive_an_outage_for_a_day() {
    let script = Script::new(&[Step::Up(&["a"]), Step::Down]);
    let (providers, _writer) = providers(&script);
    assert!(finds(&providers, "a").await);
    sleep(seconds(11)).await;
    for _ in 0..20 {
        assert!(!finds(&providers, "b").await);
    }
    assert_eq!(script.fetches(), 2, "one more fetch, however many ask");
    // That fetch failed; the keys from before still serve.
    assert!(!providers.status()[0].is_ready());
    assert!(finds(&providers, "a").await);
    // But not for ever.
    advance(seconds(25 * 3600)).await;
    assert!(providers.keys("sso", Some("a")).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn f12_a_refresh_that_fails_changes_nothing_and_is_made_good_by_itself() {
    let script = Script::new(&[Step::Up(&["a"]), Step::Down, Step::Down, Step::Up(&["b"])]);
    let (providers, _writer) = providers(&script);
    assert!(finds(&providers, "a").await);
    // Nobody logs in with another key: the age of the keys alone makes the CA ask.
    sleep(seconds(3590)).await;
    let mut left = 20;
    while providers.status()[0].is_ready() && left > 0 {
        sleep(seconds(1)).await;
        left -= 1;
    }
    assert_eq!(script.fetches(), 2);
    assert!(finds(&providers, "a").await);
    sleep(seconds(30)).await;
    assert!(providers.status()[0].is_ready());
    assert!(finds(&providers, "b").await);
    assert_eq!(script.fetches(), 4);
}

#[tokio::test(start_paused = true)]
async fn f13_keys_that_rotate_every_five_seconds_fail_no_login() {
    const KEYS: [&str; 9] = ["0", "1", "2", "3", "4", "5", "6", "7", "8"];
    let script = Script::new(&[Step::Up(&KEYS[0..2])]);
    let (providers, _writer) = providers(&script);
    let mut logins = Vec::new();
    for number in 1..KEYS.len() - 1 {
        // Two are published at a time, and the newer one signs at once.
        script.turn(Step::Up(&KEYS[number - 1..=number]));
        for _ in 0..1000 {
            let providers = providers.clone();
            logins.push(tokio::spawn(async move { finds(&providers, KEYS[number]).await }));
            advance(Duration::from_millis(5)).await;
        }
    }
    for login in logins {
        assert!(login.await.unwrap());
    }
    assert!(script.fetches() <= 5, "{} in 35 seconds", script.fetches());
}

#[tokio::test(start_paused = true)]
async fn a_rotated_key_is_found() {
    let script = Script::new(&[Step::Up(&["a"]), Step::Up(&["b"]), Step::Up(&["c"])]);
    let (providers, _writer) = providers(&script);
    assert!(finds(&providers, "a").await);
    sleep(seconds(11)).await;
    assert!(finds(&providers, "b").await);
    let began = Stopwatch::start();
    assert!(finds(&providers, "c").await, "the next rotation comes soon: the login waits for its turn");
    assert!(began.elapsed() <= seconds(11));
    assert!(!finds(&providers, "a").await, "o16: the old one is gone");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_was_replaced_under_its_id_is_found() {
    let script = Script::new(&[Step::Up(&["a"])]);
    let (providers, _writer) = providers(&script);
    let seen = providers.keys("sso", Some("a")).await.unwrap();
    // o15: forged signatures make nobody ask more often, and nobody waits for them.
    for _ in 0..100 {
        let newer = providers.newer_keys("sso", &seen).await.unwrap();
        assert!(Arc::ptr_eq(&newer, &seen));
    }
    assert_eq!(script.fetches(), 1);
    sleep(seconds(11)).await;
    let newer = providers.newer_keys("sso", &seen).await.unwrap();
    assert_ne!(newer.keys, seen.keys);
    assert!(Arc::ptr_eq(&providers.newer_keys("sso", &seen).await.unwrap(), &newer));
    assert_eq!(script.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_reload_keeps_what_is_known() {
    let script = Script::new(&[Step::Up(&["a"]), Step::Down]);
    let (first, _writer) = providers(&script);
    first.keys("sso", None).await.unwrap();
    let (surroundings, _other) = surroundings(&script);
    let second = Providers::new(vec![("renamed".to_owned(), endpoint())], Some(&first), &surroundings);
    assert!(second.keys("renamed", None).await.is_ok());
    assert_eq!(script.fetches(), 1);
}

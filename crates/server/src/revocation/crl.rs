//! Lists of revoked certificates: made off the way of requests, and published as a whole.

mod draft;
mod order;

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use rung_authority::issuer::{Issuer, IssuerId};
use rung_pki::{SignError, crl::CrlContent, pem};
use rung_spec::CrlConfig;
use tokio::sync::{Mutex, Notify};

use self::{
    draft::Draft,
    order::{Occasion, Order},
};
use crate::state::{Generation, Shared};

/// The lists that are handed out, and what the next ones are made of.
#[derive(Default)]
pub struct CrlPublisher {
    /// Those of the one that issues come first.
    published: ArcSwapOption<Vec<IssuerLists>>,
    /// One set of lists is made at a time.
    draft: Mutex<Draft>,
    wake: Notify,
}

/// A list as it is handed out.
#[derive(Debug)]
pub struct PublishedCrl {
    /// Its number.
    pub number: u64,
    /// The list in DER.
    pub der: Bytes,
    /// When it was made.
    pub this_update: SystemTime,
    /// Until when it may be used.
    pub next_update: SystemTime,
    pem: OnceLock<Bytes>,
}

impl PublishedCrl {
    fn new(content: &CrlContent, der: Vec<u8>) -> Self {
        let CrlContent { number, this_update, next_update, .. } = *content;
        Self { number, der: der.into(), this_update, next_update, pem: OnceLock::new() }
    }

    /// The list in PEM, written when somebody first asks.
    pub fn pem(&self) -> Bytes {
        self.pem.get_or_init(|| pem::encode("X509 CRL", &self.der).into()).clone()
    }
}

/// The lists of one issuer.
#[derive(Debug, Clone)]
struct IssuerLists {
    issuer: IssuerId,
    /// All of its revoked certificates.
    complete: Arc<PublishedCrl>,
    /// What came after an older complete list.
    delta: Option<Arc<PublishedCrl>>,
    /// Parts of the complete list, by name.
    shards: HashMap<String, Arc<PublishedCrl>>,
}

/// Which lists it is time for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// All of them.
    All,
    /// Those of what came after the complete ones.
    Deltas,
}

impl CrlPublisher {
    /// The list of the one that issues.
    pub fn current(&self) -> Option<Arc<PublishedCrl>> {
        Some(self.published.load().as_ref()?.first()?.complete.clone())
    }

    /// The list of the issuer with that identifier, as in addresses.
    pub fn of(&self, issuer: &str) -> Option<Arc<PublishedCrl>> {
        self.find(issuer, |lists| Some(lists.complete.clone()))
    }

    /// What came after an older complete list of that issuer.
    pub fn delta_of(&self, issuer: &str) -> Option<Arc<PublishedCrl>> {
        self.find(issuer, |lists| lists.delta.clone())
    }

    /// The shard of that name of the list of that issuer.
    pub fn shard_of(&self, issuer: &str, name: &str) -> Option<Arc<PublishedCrl>> {
        self.find(issuer, |lists| lists.shards.get(name).cloned())
    }

    fn find<T>(&self, issuer: &str, pick: impl FnOnce(&IssuerLists) -> Option<T>) -> Option<T> {
        pick(self.published.load().as_ref()?.iter().find(|lists| lists.issuer.to_string() == issuer)?)
    }

    /// Have the next list made now.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Make lists for as long as the daemon runs.
    pub async fn run(&self, shared: &Shared) {
        loop {
            let generation = shared.current.load_full();
            let crl = &generation.config.crl;
            let pause = match self.due(crl).into_iter().map(|(due, _)| due).min().filter(|_| crl.enabled) {
                None => Duration::from_secs(3600),
                // By the wall clock, so that a machine that slept is noticed soon.
                Some(due) => due.duration_since(shared.clock.now()).unwrap_or_default().min(LONGEST_SLEEP),
            };
            let woken = tokio::time::timeout(pause, self.wake.notified()).await.is_ok();
            let generation = shared.current.load_full();
            let due = self.due(&generation.config.crl);
            let is_past = |(due, scope)| (shared.clock.now() >= due).then_some(scope);
            let scope = if woken || due.is_empty() { Some(Scope::All) } else { due.into_iter().find_map(is_past) };
            if let Some(scope) = scope {
                self.publish_some(shared, &generation, scope).await;
            }
        }
    }

    /// When it is time for which lists; nothing when there are none yet.
    fn due(&self, config: &CrlConfig) -> Vec<(SystemTime, Scope)> {
        let published = self.published.load();
        let issuers = || published.iter().flat_map(|issuers| issuers.iter());
        // One that has not grown may be older than the others.
        let lists = issuers().flat_map(|lists| lists.shards.values().chain([&lists.complete]));
        let all = lists.map(|list| list.this_update + config.renew_period).min();
        let deltas = issuers().filter_map(|lists| lists.delta.as_ref()).map(|delta| delta.this_update).min();
        let deltas = deltas.zip(config.delta_period).map(|(made, period)| made + period);
        let all = all.map(|due| (due, Scope::All));
        all.into_iter().chain(deltas.map(|due| (due, Scope::Deltas))).collect()
    }

    /// Make the lists and publish them, if the configuration has any. When that fails those before stay for now.
    pub async fn publish(&self, shared: &Shared, generation: &Generation) {
        self.publish_some(shared, generation, Scope::All).await;
    }

    async fn publish_some(&self, shared: &Shared, generation: &Generation, scope: Scope) {
        if !generation.config.crl.enabled {
            return self.published.store(None);
        }
        if let Err(error) = self.make(shared, generation, scope).await {
            shared.log.error(&format!("the list of revoked certificates could not be made: {error:#}"));
            // Not again at once: whatever is wrong needs a moment. But again, since a revocation waits to be told.
            tokio::time::sleep(RETRY).await;
            self.wake();
        }
    }

    async fn make(&self, shared: &Shared, generation: &Generation, scope: Scope) -> anyhow::Result<()> {
        let mut draft = self.draft.lock().await;
        let now = shared.clock.now();
        let issuers: Vec<&Issuer> = generation.authority.issuers(now).collect();
        let ids: Vec<IssuerId> = issuers.iter().map(|issuer| issuer.id()).collect();
        draft.catch_up(&ids, &*shared.store, now, &generation.config.crl).await?;
        // Not below the time: a database that was restored has forgotten the latest numbers.
        let milliseconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let at_least = u64::try_from(milliseconds).unwrap_or_default();
        // Another configuration may have other addresses, times and chains.
        let before = self.published.load_full().filter(|_| draft.generation == generation.number);
        let occasion = Occasion { generation, now, scope };
        let mut orders = Vec::with_capacity(issuers.len());
        for (issuer, drafted) in issuers.into_iter().zip(&draft.issuers) {
            let number = shared.store.next_crl_number(issuer.key_identifier(), at_least).await?;
            let mut lists = before.iter().flat_map(|lists| lists.iter());
            let lists = lists.rfind(|lists| lists.issuer == issuer.id()).cloned();
            orders.push(Order::new(issuer, number, (drafted, lists), &occasion));
        }
        // The whole draft: when this is cut short, the next lists start from nothing and not from a part.
        let taken = std::mem::take(&mut *draft);
        // Copying and hashing a long list takes a while, and must not keep requests waiting.
        let runtime = tokio::runtime::Handle::current();
        let work = tokio::task::spawn_blocking(move || {
            let make = |(drafted, order): (&_, &Order)| order.make(drafted, &runtime);
            let made = taken.issuers.iter().zip(&orders).map(make).collect::<Result<Vec<_>, SignError>>();
            (made, taken, orders)
        });
        let (made, orders): (Result<_, SignError>, Vec<Order>);
        (made, *draft, orders) = work.await?;
        let made: Vec<(IssuerLists, u64)> = made?;
        let (lists, signatures): (Vec<_>, Vec<_>) = made.into_iter().unzip();
        shared.metrics.issuer_signatures.fetch_add(signatures.iter().sum(), std::sync::atomic::Ordering::Relaxed);
        self.published.store(Some(Arc::new(lists)));
        let position = draft.position;
        draft.generation = generation.number;
        let full = |(_, order): &(&mut _, &Order)| order.is_full();
        for (drafted, order) in draft.issuers.iter_mut().zip(&orders).filter(full) {
            drafted.published(order.number, position, now, &generation.config.crl);
        }
        Ok(())
    }
}

/// How soon a list is tried again that could not be made.
const RETRY: Duration = Duration::from_secs(2);
/// Clocks are looked at this often.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// Where the list of an issuer is, whoever issues by then.
pub fn own_address(base: &str, issuer: &Issuer) -> String {
    format!("{base}/crl/{}", issuer.id())
}

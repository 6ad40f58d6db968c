//! Lists of revoked certificates: made off the way of requests, and published as a whole.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use rung_authority::store::Store;
use rung_pki::{
    crl::{CrlContent, CrlEntries, IssuingDistributionPoint, RevokedCertificate},
    pem,
};
use tokio::sync::{Mutex, Notify};

use crate::state::{Generation, Shared};

/// The list that is handed out, and what the next one is made of.
#[derive(Default)]
pub struct CrlPublisher {
    published: ArcSwapOption<PublishedCrl>,
    /// One list is made at a time.
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
    /// The list in PEM, written when somebody first asks.
    pub fn pem(&self) -> Bytes {
        self.pem.get_or_init(|| pem::encode("X509 CRL", &self.der).into()).clone()
    }
}

/// The entries of the last list, to go on from.
#[derive(Default)]
struct Draft {
    entries: CrlEntries,
    /// The last revocation that is among them.
    position: u64,
    /// When they were last read from the beginning; nothing before the first time.
    complete: Option<SystemTime>,
}

/// How many revocations are read at once.
const PAGE: u32 = 10_000;

impl CrlPublisher {
    /// The list that is in force.
    pub fn current(&self) -> Option<Arc<PublishedCrl>> {
        self.published.load_full()
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
            let pause = match self.current().filter(|_| crl.enabled) {
                None => Duration::from_secs(3600),
                // By the wall clock, so that a machine that slept is noticed soon.
                Some(published) => {
                    let due = published.this_update + crl.renew_period;
                    due.duration_since(shared.clock.now()).unwrap_or_default().min(LONGEST_SLEEP)
                }
            };
            let woken = tokio::time::timeout(pause, self.wake.notified()).await.is_ok();
            let generation = shared.current.load_full();
            let is_due = |published: Arc<PublishedCrl>| {
                shared.clock.now() >= published.this_update + generation.config.crl.renew_period
            };
            if woken || self.current().is_none_or(is_due) {
                self.publish(shared, &generation).await;
            }
        }
    }

    /// Make a list and publish it, if the configuration has any. When that fails the one before stays for now.
    pub async fn publish(&self, shared: &Shared, generation: &Generation) {
        if !generation.config.crl.enabled {
            return self.published.store(None);
        }
        if let Err(error) = self.make(shared, generation).await {
            shared.log.error(&format!("the list of revoked certificates could not be made: {error:#}"));
            // Not again at once: whatever is wrong needs a moment. But again, since a revocation waits to be told.
            tokio::time::sleep(RETRY).await;
            self.wake();
        }
    }

    async fn make(&self, shared: &Shared, generation: &Generation) -> anyhow::Result<()> {
        let mut draft = self.draft.lock().await;
        let now = shared.clock.now();
        let (config, issuer) = (&generation.config.crl, &generation.authority.issuer);
        draft.catch_up(&*shared.store, now, config.cache_duration, config.renew_period).await?;
        // Not below the time: a database that was restored has forgotten the latest numbers.
        let milliseconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let at_least = u64::try_from(milliseconds).unwrap_or_default();
        let number = shared.store.next_crl_number(issuer.key_identifier(), at_least).await?;
        let content = CrlContent {
            issuer_der: issuer.certificate().subject_der().to_vec(),
            authority_key_identifier: issuer.key_identifier().to_vec(),
            this_update: now,
            next_update: (now + config.cache_duration).min(issuer.certificate().not_after()),
            number,
            base_number: None,
            distribution_point: Some(IssuingDistributionPoint::at(&address(generation))),
        };
        let (signer, algorithm) = (issuer.shared_signer(), issuer.algorithm());
        // The whole draft: when this is cut short, the next list starts from nothing and not from a part.
        let taken = std::mem::take(&mut *draft);
        let (this_update, next_update) = (content.this_update, content.next_update);
        // Copying and hashing a long list takes a while, and must not keep requests waiting.
        let runtime = tokio::runtime::Handle::current();
        let made = tokio::task::spawn_blocking(move || {
            let signed = runtime.block_on(content.sign(&taken.entries, &*signer, algorithm));
            (signed, taken)
        });
        let signed;
        (signed, *draft) = made.await?;
        let der = Bytes::from(signed?);
        shared.metrics.issuer_signatures.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let published = PublishedCrl { number, der, this_update, next_update, pem: OnceLock::new() };
        self.published.store(Some(Arc::new(published)));
        Ok(())
    }
}

/// How soon a list is tried again that could not be made.
const RETRY: Duration = Duration::from_secs(2);
/// Clocks are looked at this often.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// Where the list says that it is.
fn address(generation: &Generation) -> String {
    let config = &generation.config;
    match (&config.crl.idp_url, &config.revocation_url) {
        (Some(address), _) => address.clone(),
        (None, Some(base)) => format!("{base}/crl"),
        (None, None) => format!("https://{}/1.0/crl", config.dns_names[0]),
    }
}

impl Draft {
    /// Read what was revoked since the last list; from the beginning once per period, which drops what has expired.
    async fn catch_up(
        &mut self,
        store: &dyn Store,
        now: SystemTime,
        kept: Duration,
        period: Duration,
    ) -> anyhow::Result<()> {
        let is_old = |complete: SystemTime| now.duration_since(complete).is_ok_and(|age| age >= period);
        if self.complete.is_none_or(is_old) {
            *self = Self { complete: Some(now), ..Self::default() };
        }
        loop {
            let page = store.revocations(self.position, PAGE).await?;
            for record in &page {
                self.position = record.position;
                // RFC 5280 §3.3: an entry stays until one list after the end of the certificate has shown it.
                if record.not_after.is_none_or(|end| end + kept >= now) {
                    self.entries.push(&RevokedCertificate {
                        serial: record.serial,
                        revoked_at: record.at,
                        reason: record.reason,
                        invalid_since: None,
                    });
                }
            }
            if page.len() < PAGE as usize {
                return Ok(());
            }
        }
    }
}

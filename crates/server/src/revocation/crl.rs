//! Lists of revoked certificates: made off the way of requests, and published as a whole.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use rung_authority::{
    issuer::{Issuer, IssuerId},
    store::Store,
};
use rung_pki::{
    SignError, Signer,
    crl::{CrlContent, CrlEntries, IssuingDistributionPoint, RevokedCertificate},
    extension::GeneralName,
    pem,
};
use rung_spec::CrlConfig;
use tokio::sync::{Mutex, Notify};

use crate::state::{Generation, Shared};

/// The lists that are handed out, one of each issuer, and what the next ones are made of.
#[derive(Default)]
pub struct CrlPublisher {
    /// The list of the one that issues comes first.
    published: ArcSwapOption<Vec<Arc<PublishedCrl>>>,
    /// One set of lists is made at a time.
    draft: Mutex<Draft>,
    wake: Notify,
}

/// A list as it is handed out.
#[derive(Debug)]
pub struct PublishedCrl {
    /// Whose list it is.
    pub issuer: IssuerId,
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

/// The entries of the last lists, to go on from.
#[derive(Default)]
struct Draft {
    entries: Vec<(IssuerId, CrlEntries)>,
    /// The last revocation that is among them.
    position: u64,
    /// When they were last read from the beginning; nothing before the first time.
    complete: Option<SystemTime>,
}

/// How many revocations are read at once.
const PAGE: u32 = 10_000;

impl CrlPublisher {
    /// The list of the one that issues.
    pub fn current(&self) -> Option<Arc<PublishedCrl>> {
        self.published.load().as_ref()?.first().cloned()
    }

    /// The list of the issuer with that identifier, as in addresses.
    pub fn of(&self, issuer: &str) -> Option<Arc<PublishedCrl>> {
        self.published.load().as_ref()?.iter().find(|list| list.issuer.to_string() == issuer).cloned()
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

    /// Make the lists and publish them, if the configuration has any. When that fails those before stay for now.
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
        let config = &generation.config.crl;
        let issuers: Vec<&Issuer> = generation.authority.issuers(now).collect();
        let ids: Vec<IssuerId> = issuers.iter().map(|issuer| issuer.id()).collect();
        draft.catch_up(&ids, &*shared.store, now, config).await?;
        // Not below the time: a database that was restored has forgotten the latest numbers.
        let milliseconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let at_least = u64::try_from(milliseconds).unwrap_or_default();
        let mut orders = Vec::with_capacity(issuers.len());
        for issuer in issuers {
            let number = shared.store.next_crl_number(issuer.key_identifier(), at_least).await?;
            let content = CrlContent {
                issuer_der: issuer.certificate().subject_der().to_vec(),
                authority_key_identifier: issuer.key_identifier().to_vec(),
                this_update: now,
                next_update: (now + config.cache_duration).min(issuer.certificate().not_after()),
                number,
                base_number: None,
                distribution_point: Some(point(generation, issuer)),
            };
            orders.push((content, issuer.shared_signer(), issuer.algorithm()));
        }
        // The whole draft: when this is cut short, the next lists start from nothing and not from a part.
        let taken = std::mem::take(&mut *draft);
        // Copying and hashing a long list takes a while, and must not keep requests waiting.
        let runtime = tokio::runtime::Handle::current();
        let made = tokio::task::spawn_blocking(move || {
            let sign =
                |((issuer, entries), (content, signer, algorithm)): (&(_, _), &(CrlContent, Arc<dyn Signer>, _))| {
                    let der = runtime.block_on(content.sign(entries, &**signer, *algorithm))?;
                    Ok(Arc::new(PublishedCrl {
                        issuer: *issuer,
                        number: content.number,
                        der: der.into(),
                        this_update: content.this_update,
                        next_update: content.next_update,
                        pem: OnceLock::new(),
                    }))
                };
            let signed = taken.entries.iter().zip(&orders).map(sign).collect::<Result<Vec<_>, SignError>>();
            (signed, taken)
        });
        let signed;
        (signed, *draft) = made.await?;
        let lists = signed?;
        shared.metrics.issuer_signatures.fetch_add(lists.len() as u64, std::sync::atomic::Ordering::Relaxed);
        self.published.store(Some(Arc::new(lists)));
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

/// Where the list of an issuer says that it is: at every place that its certificates may have named.
fn point(generation: &Generation, issuer: &Issuer) -> IssuingDistributionPoint {
    let config = &generation.config;
    let issues = generation.authority.issuer.id() == issuer.id();
    let base = || config.revocation_url.clone().unwrap_or_else(|| format!("https://{}/1.0", config.dns_names[0]));
    let shared = config.crl.idp_url.clone().unwrap_or_else(|| format!("{}/crl", base()));
    // Without an address of its own, the list of the one that issues says what it always said.
    let own = (!issues || (config.crl.idp_url.is_none() && config.revocation_url.is_some()))
        .then(|| own_address(&base(), issuer));
    let names = own.into_iter().chain([shared]).map(GeneralName::Uri).collect();
    IssuingDistributionPoint { full_name: names, ..IssuingDistributionPoint::default() }
}

impl Draft {
    /// Read what was revoked since the last list; from the beginning once per period, which drops what has expired.
    async fn catch_up(
        &mut self,
        issuers: &[IssuerId],
        store: &dyn Store,
        now: SystemTime,
        config: &CrlConfig,
    ) -> anyhow::Result<()> {
        let is_old = |complete: SystemTime| now.duration_since(complete).is_ok_and(|age| age >= config.renew_period);
        let are_others = !self.entries.iter().map(|(issuer, _)| issuer).eq(issuers);
        if are_others || self.complete.is_none_or(is_old) {
            let entries = issuers.iter().map(|issuer| (*issuer, CrlEntries::default())).collect();
            *self = Self { entries, complete: Some(now), ..Self::default() };
        }
        loop {
            let page = store.revocations(self.position, PAGE).await?;
            for record in &page {
                self.position = record.position;
                // RFC 5280 §3.3: an entry stays until one list after the end of the certificate has shown it.
                if record.not_after.is_some_and(|end| end + config.cache_duration < now) {
                    continue;
                }
                for (issuer, entries) in &mut self.entries {
                    // Whose certificate is not known is on every list: better there once too often than not at all.
                    if record.issuer.is_none_or(|known| known == *issuer) {
                        entries.push(&RevokedCertificate {
                            serial: record.serial,
                            revoked_at: record.at,
                            reason: record.reason,
                            invalid_since: None,
                        });
                    }
                }
            }
            if page.len() < PAGE as usize {
                return Ok(());
            }
        }
    }
}

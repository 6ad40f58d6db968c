//! What requests are served from: one immutable value per configuration, and what outlives configurations.

use std::sync::{Arc, atomic::Ordering};

use arc_swap::ArcSwap;
use rung_authority::{Authority, clock::Clock, division::Division, issuer::IssuerId, store::Store};
use rung_pki::{Random, SerialNumber};
use rung_spec::Config;
use tokio::sync::{Notify, Semaphore};

use crate::{
    audit::{self, Seal},
    http::{Router, chain},
    leaf::ServerLeaf,
    limits::Limiter,
    log::Log,
    metrics::{Metrics, Snapshot},
    oidc::Providers,
    provisioners::Listing,
    published::Published,
    refusals::Refusals,
    revocation::{CrlPublisher, OcspAnswers, Responders},
};

/// Everything that one configuration makes. A reload builds another one and swaps it in.
pub struct Generation {
    /// Which one it is, counted from one.
    pub number: u64,
    /// The configuration it was made from.
    pub config: Config,
    /// SHA-256 of its file, as lower-case hexadecimal digits.
    pub digest: String,
    /// The rules.
    pub authority: Authority,
    /// The identity providers.
    pub providers: Arc<Providers>,
    /// What anybody may fetch.
    pub published: Published,
    /// The provisioners as anybody may see them.
    pub listing: Listing,
    /// The server's own certificate.
    pub leaf: Arc<ServerLeaf>,
    /// The settings that new connections are accepted with.
    pub tls: Arc<rustls::ServerConfig>,
    /// How the list of each issuer is divided, or was.
    pub divisions: Vec<(IssuerId, Vec<Division>)>,
    /// Who answers over OCSP.
    pub responders: Responders,
    /// The header that carries the identifier of a request, besides `X-Request-Id`.
    pub trace_header: String,
}

impl Generation {
    /// How the list of that issuer is divided, or was: certificates go on naming the shards that they are in.
    pub fn divisions_of(&self, issuer: IssuerId) -> &[Division] {
        let found = self.divisions.iter().find(|(one, _)| *one == issuer);
        found.map_or(&[], |(_, divisions)| divisions)
    }
}

/// What outlives configurations.
pub struct Shared {
    /// The configuration in force.
    pub current: ArcSwap<Generation>,
    /// Where decisions are remembered.
    pub store: Arc<dyn Store>,
    /// What their record is sealed with; nothing when it ends with the process.
    pub seal: Option<Arc<Seal>>,
    /// Where to say what happened.
    pub log: Log,
    /// What is counted.
    pub metrics: Metrics,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where randomness comes from.
    pub random: Arc<dyn Random>,
    /// Finds the endpoint of a path.
    pub router: Router,
    /// The same, for what is served over plain HTTP.
    pub plain_router: Router,
    /// The lists of revoked certificates.
    pub crl: CrlPublisher,
    /// Told when the time of a retired issuer is over, so that the configuration is put together without it.
    pub departure: Notify,
    /// Answers over OCSP that are ready.
    pub ocsp: OcspAnswers,
    /// Refusals that are not on record yet.
    pub refusals: Refusals,
    /// Who looks through the certificates on record: a search takes a processor for a while, and there are few.
    pub searches: Semaphore,
    /// What is under way, and what is too much.
    pub limiter: Arc<Limiter>,
}

impl Shared {
    /// Put something that happened to the daemon itself on record.
    pub async fn note(&self, action: &'static str, detail: serde_json::Value) {
        if let Err(error) = self.store.append(audit::entry(self.clock.now(), action, &detail)).await {
            self.log.error(&format!("it could not be put on record ({action}): {}", chain(&error)));
        }
    }

    /// Say so when the system has not the room that the configuration gives.
    pub fn mind_limits(&self, config: &Config) {
        let (wanted, possible) = (config.limits.connections, self.limiter.ceiling());
        if wanted > possible {
            self.log.warning(&format!(
                "the system allows {possible} connections, fewer than limits.connections ({wanted}): raise the limit of \
                 open files (LimitNOFILE in systemd, ulimit -n)"
            ));
        }
    }

    /// Seal the audit record as it is.
    pub async fn seal(&self) {
        let Some(seal) = &self.seal else { return };
        if let Err(error) = seal.seal(&*self.store).await {
            self.log.error(&format!("the audit record could not be sealed: {error:#}"));
        }
    }

    /// A certificate was revoked: from now on nobody is told anything else.
    pub fn revoked(&self, serial: &SerialNumber, generation: &Generation) {
        self.metrics.revoked.fetch_add(1, Ordering::Relaxed);
        self.ocsp.forget(serial);
        if generation.config.crl.generate_on_revoke {
            self.crl.wake();
        }
    }

    /// What is true now, for metrics.
    pub fn snapshot(&self) -> Snapshot {
        let generation = self.current.load();
        Snapshot {
            generation: generation.number,
            issuer_end: generation.authority.issuer.certificate().not_after(),
            server_end: generation.leaf.not_after(),
            crl: self.crl.current().map(|crl| (crl.number, crl.next_update)),
            providers: generation.providers.status(),
            dropped_log_lines: self.log.dropped(),
            under_way: self.limiter.under_way(),
            refusals: self.limiter.refusals().collect(),
        }
    }
}

//! What requests are served from: one immutable value per configuration, and what outlives configurations.

use std::sync::Arc;

use arc_swap::ArcSwap;
use rung_authority::{Authority, clock::Clock, store::Store};
use rung_pki::Random;
use rung_spec::Config;

use crate::{
    http::Router,
    leaf::ServerLeaf,
    log::Log,
    metrics::{Metrics, Snapshot},
    oidc::Providers,
    provisioners::Listing,
    published::Published,
};

/// Everything that one configuration makes. A reload builds another one and swaps it in.
pub struct Generation {
    /// Which one it is, counted from one.
    pub number: u64,
    /// The configuration it was made from.
    pub config: Config,
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
    /// The header that carries the identifier of a request, besides `X-Request-Id`.
    pub trace_header: String,
}

/// What outlives configurations.
pub struct Shared {
    /// The configuration in force.
    pub current: ArcSwap<Generation>,
    /// Where decisions are remembered.
    pub store: Arc<dyn Store>,
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
}

impl Shared {
    /// What is true now, for metrics.
    pub fn snapshot(&self) -> Snapshot {
        let generation = self.current.load();
        Snapshot {
            generation: generation.number,
            issuer_end: generation.authority.issuer.certificate().not_after(),
            server_end: generation.leaf.not_after(),
            providers: generation.providers.status(),
            dropped_log_lines: self.log.dropped(),
        }
    }
}

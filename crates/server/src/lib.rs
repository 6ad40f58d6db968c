//! The daemon: settings, wiring, routes and outbound calls. Every rule lives in `rung_authority`.

pub mod args;
pub mod audit;
pub mod backup;
pub mod certificates;
pub mod connection;
pub mod daemon;
pub mod handlers;
pub mod hardening;
pub mod http;
pub mod leaf;
pub mod limits;
pub mod listener;
pub mod load;
pub mod log;
pub mod metrics;
pub mod oidc;
pub mod permissions;
pub mod provisioners;
pub mod published;
pub mod refusals;
pub mod reload;
pub mod revocation;
pub mod state;
pub mod stopwatch;
pub mod tls;

/// The version of the program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

//! `/health` and `/version`.

use http::StatusCode;
use rung_api::body::{Health, ProvisionerHealth, Version, to_json};

use crate::{
    VERSION,
    http::{Call, Reply},
    log::rfc3339,
    oidc::{ProviderStatus, State},
    state::Generation,
};

/// `GET /health`: `ok` as long as requests are served, and how the identity providers are.
pub fn health(call: &Call<'_>) -> Reply {
    of(call.generation)
}

/// How a configuration that serves is.
pub(crate) fn of(generation: &Generation) -> Reply {
    let mut health = Health::ok();
    health.provisioners = generation.providers.status().into_iter().map(provisioner).collect();
    Reply::json(StatusCode::OK, to_json(&health))
}

fn provisioner(status: ProviderStatus) -> ProvisionerHealth {
    let (state, since, reason) = describe(&status.state);
    ProvisionerHealth { name: status.provisioner, state: state.to_owned(), since, reason }
}

/// A state in words: what it is, since when, and why.
pub(crate) fn describe(state: &State) -> (&'static str, Option<String>, Option<String>) {
    match state {
        State::Degraded { since, because } => {
            ("degraded", Some(rfc3339(*since)), Some(format!("the identity provider is not usable: {because}")))
        }
        State::Ready => ("ready", None, None),
        State::Starting => ("starting", None, None),
    }
}

/// `GET /version`.
pub fn version() -> Reply {
    let version = Version { version: VERSION.to_owned(), require_client_authentication: false };
    Reply::json(StatusCode::OK, to_json(&version))
}

//! Whom a connection trusts, and the agent that makes it.

use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use ureq::tls::{Certificate, ClientCert, RootCerts, TlsConfig};
use ureq::{Agent, Proxy};

use super::Limits;

/// Which certificate the other side must show.
pub(crate) enum Trust {
    /// One that leads to these roots.
    Roots(Vec<Certificate<'static>>),
    /// Any. Only for fetching something whose digest is known beforehand.
    Unverified,
}

/// An agent with our TLS provider, no redirects and no hidden settings, which shows a certificate if it has one.
pub(crate) fn agent(shown: Option<ClientCert>, trust: Trust, proxy: Option<Proxy>, limits: &Limits) -> Agent {
    let tls = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .client_cert(shown);
    let tls = match trust {
        Trust::Roots(roots) => tls.root_certs(RootCerts::Specific(Arc::new(roots))),
        Trust::Unverified => tls.disable_verification(true),
    };
    Agent::config_builder()
        .tls_config(tls.build())
        .proxy(proxy)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(limits.total))
        .timeout_connect(Some(limits.connect))
        .user_agent(concat!("rung/", env!("CARGO_PKG_VERSION")))
        .max_response_header_size(32 * 1024)
        .input_buffer_size(16 * 1024)
        .output_buffer_size(16 * 1024)
        .max_idle_connections(MOST_IDLE)
        .build()
        .new_agent()
}

/// The proxy that the environment names for https, if any.
pub(crate) fn proxy() -> Option<Proxy> {
    // `HTTP_PROXY` alone is for plain http and says nothing about us.
    let named = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
        .into_iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    if named { Proxy::try_from_env() } else { None }
}

/// The roots of this machine and `extra`, and what was wrong with the former.
pub(crate) fn system_roots(extra: &[CertificateDer<'static>]) -> (Vec<Certificate<'static>>, Option<String>) {
    let system = rustls_native_certs::load_native_certs();
    let note = match (system.certs.is_empty(), system.errors.first()) {
        (false, None) => None,
        (_, Some(error)) => Some(format!("reading this machine's trusted roots: {error}")),
        (true, None) => {
            Some("this machine has no trusted roots: install ca-certificates or set SSL_CERT_FILE".to_owned())
        }
    };
    let all = system.certs.iter().chain(extra);
    (all.map(|root| Certificate::from_der(root).to_owned()).collect(), note)
}

/// A command makes a few requests to one CA; more connections are never of use.
const MOST_IDLE: usize = 2;

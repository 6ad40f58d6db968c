//! What the log says when the daemon starts.

use std::path::Path;

use crate::{VERSION, log::Log, state::Generation};

/// Introduce the authority: what scripts and people look for first.
pub(super) fn introduce(log: &Log, path: &Path, generation: &Generation) {
    let config = &generation.config;
    log.info(&format!("Starting {}", title()));
    log.info(&format!("Config file: {}", path.display()));
    let (first, others) = config.dns_names.split_first().expect("a configuration has at least one name");
    let url = format!("https://{}{}", bracketed(first), port_suffix(&config.address));
    log.info(&format!("The primary server URL is {url}"));
    log.info(&format!("Root certificates are available at {url}/roots.pem"));
    if !others.is_empty() {
        log.info(&format!("Additional configured hostnames: {}", others.join(", ")));
    }
    for fingerprint in &generation.published.root_fingerprints {
        log.info(&format!("X.509 Root Fingerprint: {fingerprint}"));
    }
    if config.db.is_none() {
        log.warning(
            "no database is configured: used tokens are forgotten at the end, and no certificate stays on record",
        );
    }
}

/// The name, version and platform of the program.
pub(super) fn title() -> String {
    format!("Rung CA/{VERSION} ({}/{})", std::env::consts::OS, architecture())
}

/// The architecture as Go calls it, since clients print it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "aarch64" => "arm64",
        "x86_64" => "amd64",
        other => other,
    }
}

fn bracketed(host: &str) -> String {
    if host.parse::<std::net::Ipv6Addr>().is_ok() { format!("[{host}]") } else { host.to_owned() }
}

fn port_suffix(address: &str) -> String {
    match address.rsplit_once(':') {
        Some((_, "443")) | None => String::new(),
        Some((_, port)) => format!(":{port}"),
    }
}

//! Whether a certificate is for a host (RFC 9525).

use std::net::IpAddr;

use super::ChainError;
use crate::{certificate::Certificate, extension::GeneralName};

/// Check that a certificate is for a host name or an IP address, which may stand in brackets. Only the alternative
/// names count, never the common name; a wildcard stands for exactly one label.
///
/// # Errors
/// When it is for others.
pub fn matches_host(leaf: &Certificate, host: &str) -> Result<(), ChainError> {
    let names = leaf.general_names();
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    let matches = match bare.parse::<IpAddr>() {
        Ok(wanted) => names.iter().any(|name| matches!(name, GeneralName::Ip(address) if *address == wanted)),
        Err(_) => names.iter().any(|name| matches!(name, GeneralName::Dns(pattern) if is_match(pattern, host))),
    };
    if matches {
        return Ok(());
    }
    let shown = names.into_iter().filter_map(|name| match name {
        GeneralName::Dns(text) => Some(text.escape_debug().to_string()),
        GeneralName::Ip(address) => Some(address.to_string()),
        _ => None,
    });
    Err(ChainError::Host { host: host.to_owned(), names: shown.collect() })
}

fn is_match(pattern: &str, host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    if pattern.is_empty() || host.is_empty() {
        return false;
    }
    match pattern.strip_prefix("*.") {
        Some(parent) => host
            .split_once('.')
            .is_some_and(|(first, rest)| !first.is_empty() && !parent.is_empty() && rest.eq_ignore_ascii_case(parent)),
        None => !pattern.contains('*') && pattern.eq_ignore_ascii_case(host),
    }
}

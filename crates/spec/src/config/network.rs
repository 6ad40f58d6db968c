//! Addresses and host names.

use std::net::IpAddr;

use crate::json::{Members, Node};

/// An address to serve at; empty when the member is absent.
pub(super) fn address(members: &Members<'_>, name: &'static str) -> String {
    let Some(node) = members.get(name) else { return String::new() };
    let text = node.string().unwrap_or_default();
    if let Err(problem) = check_address(&text)
        && !text.is_empty()
    {
        node.report(problem);
    }
    text
}

/// The names by which clients reach the authority; those of this machine when there are none.
pub(super) fn dns_names(members: &Members<'_>) -> Vec<String> {
    let Some(node) = members.get("dnsNames") else {
        return ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
    };
    let nodes = node.list();
    if nodes.is_empty() && node.is_list() {
        node.report("dnsNames must name at least one host");
    }
    nodes.iter().filter_map(host).collect()
}

fn host(node: &Node<'_>) -> Option<String> {
    let text = node.string()?;
    if !is_host(&text) {
        node.report(format!(
            "{text:?} is neither a host name nor an IP address: write it without scheme, port or wildcard"
        ));
    }
    Some(text)
}

/// Host names as certificates hold them (RFC 1123 §2.1), or addresses; one of version 6 may be bracketed.
fn is_host(text: &str) -> bool {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if bare.unwrap_or(text).parse::<IpAddr>().is_ok() {
        return true;
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

/// Refuse what is not `host:port`; the host may be left out.
pub(crate) fn check_address(address: &str) -> Result<(), String> {
    let problem = || format!("{address:?} is not an address with a port, such as \":443\" or \"127.0.0.1:9000\"");
    let (host, port) = address.rsplit_once(':').ok_or_else(problem)?;
    if port.parse::<u16>().is_err() || !port.bytes().all(|octet| octet.is_ascii_digit()) {
        return Err(problem());
    }
    let bracketed = host.starts_with('[') && host.ends_with(']');
    if host.contains(':') && !bracketed || host.contains(['/', ' ', '@', '*']) {
        return Err(problem());
    }
    Ok(())
}

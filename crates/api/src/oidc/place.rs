//! Where a discovery document must not send those who read it.

use std::net::IpAddr;

use url::{Host, Url};

use crate::outbound::is_loopback;

/// What is wrong with an address that the document at `document` names, if anything.
///
/// Whoever controls the document would otherwise choose what is asked inside our network: the secrets of a cloud's
/// machines are at a link-local address, and what listens on this machine alone often asks for no password.
pub(super) fn out_of_bounds(document: &Url, address: &Url) -> Option<&'static str> {
    let ip = match address.host()? {
        Host::Ipv4(ip) => Some(IpAddr::V4(ip)),
        Host::Ipv6(ip) => Some(ip.to_canonical()),
        Host::Domain(_) => None,
    };
    let is_link_local = ip.is_some_and(|ip| match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    });
    if is_link_local {
        return Some("a link-local address");
    }
    let is_here = is_loopback(address) || ip.is_some_and(|ip| ip.is_loopback() || ip.is_unspecified());
    (is_here && !is_loopback(document)).then_some("an address of this machine")
}

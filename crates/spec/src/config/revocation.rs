//! Lists of revoked certificates, and where certificates say that revocations are told.

use std::time::Duration;

use crate::json::{Members, Node};

/// The lists of revoked certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrlConfig {
    /// Whether there are any.
    pub enabled: bool,
    /// Whether each revocation makes a new list at once.
    pub generate_on_revoke: bool,
    /// How long a list may be used.
    pub cache_duration: Duration,
    /// How often there is a new list.
    pub renew_period: Duration,
    /// Where the list says that it is, if not at the first name of the authority.
    pub idp_url: Option<String>,
    /// Into how many shards the list is divided besides, if it is.
    pub shards: Option<u32>,
    /// How often there is a list of what came after the complete one, if there is one.
    pub delta_period: Option<Duration>,
}

const DEFAULT_CACHE: Duration = Duration::from_secs(24 * 60 * 60);

impl Default for CrlConfig {
    fn default() -> Self {
        Self {
            enabled: false,
            generate_on_revoke: false,
            cache_duration: DEFAULT_CACHE,
            renew_period: DEFAULT_CACHE * 2 / 3,
            idp_url: None,
            shards: None,
            delta_period: None,
        }
    }
}

impl CrlConfig {
    pub(super) fn read(members: &Members<'_>) -> Self {
        let cache_duration = duration(members, "cacheDuration").unwrap_or(DEFAULT_CACHE);
        let renew_period = duration(members, "renewPeriod").unwrap_or(cache_duration * 2 / 3);
        if renew_period > cache_duration {
            members.report("renewPeriod must not be longer than cacheDuration: a list would end before the next comes");
        }
        let crl = Self {
            enabled: members.flag("enabled").unwrap_or(false),
            generate_on_revoke: members.flag("generateOnRevoke").unwrap_or(false),
            cache_duration,
            renew_period,
            idp_url: url(members, "idpURL"),
            shards: shards(members),
            delta_period: duration(members, "deltaPeriod"),
        };
        if crl.shards.is_some() && crl.idp_url.is_some() {
            members
                .report("idpURL is the address of one list, and shards have one each: remove one of the two members");
        }
        if crl.delta_period.is_some_and(|period| period >= renew_period) {
            members.report("deltaPeriod must be shorter than renewPeriod: there is a complete list as often as that");
        }
        members.finish();
        crl
    }
}

/// More shards than this are no use: each is a signature, a file and an address.
const MOST_SHARDS: u32 = 1024;

/// A power of two, so that a certificate's shard follows from the last bits of its serial number.
fn shards(members: &Members<'_>) -> Option<u32> {
    let node = members.get("shards")?;
    let value = node.number()?;
    let found = (1..=MOST_SHARDS.ilog2()).map(|bits| 1_u32 << bits).find(|shards| f64::from(*shards) == value);
    if found.is_none() {
        node.report(format!("shards must be a power of two from 2 to {MOST_SHARDS}"));
    }
    found
}

/// A duration; nothing when it is absent or zero, which means the default.
fn duration(members: &Members<'_>, name: &'static str) -> Option<Duration> {
    let node = members.get(name)?;
    match node.duration()?.positive() {
        Some(duration) if duration.is_zero() => None,
        Some(duration) if duration < SHORTEST => {
            node.report(format!("{name} must be at least a minute"));
            None
        }
        Some(duration) => Some(duration),
        None => {
            node.report(format!("{name} must not be negative"));
            None
        }
    }
}

/// A list is signed, sent and kept: more often than once a minute helps nobody.
const SHORTEST: Duration = Duration::from_secs(60);

/// An address that goes into certificates and lists; nothing when it is absent or empty.
pub(super) fn url(members: &Members<'_>, name: &'static str) -> Option<String> {
    let node = members.get(name)?;
    let text = node.string().filter(|text| !text.is_empty())?;
    check_url(&node, &text);
    Some(text.trim_end_matches('/').to_owned())
}

fn check_url(node: &Node<'_>, text: &str) {
    let host = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let is_good = host.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
        && text.bytes().all(|octet| octet.is_ascii_graphic())
        && !text.contains(['"', '<', '>', '\\', '#', '?']);
    if !is_good {
        node.report(format!("{text:?} is not an address such as \"http://ca.example.com/crl\""));
    }
}

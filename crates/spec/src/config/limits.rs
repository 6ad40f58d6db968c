//! How much the authority takes on at once, and from whom.

use std::{net::IpAddr, num::NonZeroU32, time::Duration};

use crate::json::{Members, Node};

/// How much the authority takes on at once, and from whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Connections that are open at the same time.
    pub connections: u32,
    /// Connections that are open at the same time from one source.
    pub connections_per_source: u32,
    /// Requests that are worked on at the same time.
    pub requests: u32,
    /// Requests of one source that are worked on at the same time.
    pub requests_per_source: u32,
    /// How fast one source may connect, and how fast it may ask.
    pub per_source: Rate,
    /// How fast certificates are issued for the tokens of one provisioner; as fast as can be when absent.
    pub per_provisioner: Option<Rate>,
    /// How long a handshake, a head, a body, a pause or a standstill in the middle of an answer may last.
    pub patience: Duration,
    /// Who is not limited as a source: balancers and gateways, behind which many come from one address.
    pub exempt: Vec<Network>,
}

/// So many a second in the long run, and so many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many a second.
    pub per_second: NonZeroU32,
    /// How many at once after a pause.
    pub burst: NonZeroU32,
}

/// A range of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    length: u8,
}

const DEFAULT_RATE: u32 = 500;
const DEFAULT_BURST: u32 = 5000;

impl Default for Limits {
    /// A fleet of ten thousand machines behind one address may start at once: each gets in within twenty seconds.
    fn default() -> Self {
        Self {
            connections: 10_000,
            connections_per_source: 5000,
            requests: 512,
            requests_per_source: 256,
            per_source: Rate { per_second: number(DEFAULT_RATE), burst: number(DEFAULT_BURST) },
            per_provisioner: None,
            patience: Duration::from_secs(15),
            exempt: vec![
                Network { address: IpAddr::from([127, 0, 0, 0]), length: 8 },
                Network { address: IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1_u16]), length: 128 },
            ],
        }
    }
}

fn number(value: u32) -> NonZeroU32 {
    NonZeroU32::new(value).unwrap_or(NonZeroU32::MIN)
}

impl Limits {
    pub(super) fn read(members: &Members<'_>) -> Self {
        let defaults = Self::default();
        let count = |name, default: u32| whole(members, name, MOST).map_or(default, NonZeroU32::get);
        let connections = count("connections", defaults.connections);
        let requests = count("requests", defaults.requests);
        let limits = Self {
            connections,
            connections_per_source: count("connectionsPerSource", defaults.connections_per_source.min(connections)),
            requests,
            requests_per_source: count("requestsPerSource", defaults.requests_per_source.min(requests)),
            per_source: rate(members, "perSource").unwrap_or(defaults.per_source),
            per_provisioner: rate(members, "perProvisioner"),
            patience: patience(members).unwrap_or(defaults.patience),
            exempt: members
                .get("exempt")
                .map_or(defaults.exempt, |node| node.list().iter().filter_map(network).collect()),
        };
        members.finish();
        limits
    }

    /// Whether an address is not limited as a source.
    pub fn is_exempt(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.exempt.iter().any(|network| network.contains(address))
    }
}

/// More would be as good as no limit, and calculations stay far from the ends of their numbers.
const MOST: u32 = 1_000_000;

/// A whole number from one up to `most`.
fn whole(members: &Members<'_>, name: &'static str, most: u32) -> Option<NonZeroU32> {
    let node = members.get(name)?;
    let value = node.number()?;
    let is_good = value.fract() == 0.0 && (1.0..=f64::from(most)).contains(&value);
    if !is_good {
        node.report(format!("{name} must be a whole number from 1 to {most}"));
        return None;
    }
    // Written as a number, and just seen to be a small whole one.
    format!("{value}").parse().ok()
}

fn rate(members: &Members<'_>, name: &'static str) -> Option<Rate> {
    let rate = members.object(name)?;
    let per_second = whole(&rate, "perSecond", MOST);
    let burst = whole(&rate, "burst", MOST);
    if rate.get("perSecond").is_none() {
        rate.report(format!("{name} needs a member `perSecond`: how many a second"));
    }
    rate.finish();
    // Ten seconds' worth may come at once: machines start together.
    let per_second = per_second?;
    let burst = burst.unwrap_or_else(|| number(per_second.get().saturating_mul(10).min(MOST)));
    Some(Rate { per_second, burst })
}

fn patience(members: &Members<'_>) -> Option<Duration> {
    let node = members.get("patience")?;
    let duration = node.duration()?.positive().filter(|duration| (SHORTEST..=LONGEST).contains(duration));
    if duration.is_none() {
        node.report("patience must be from one second to five minutes");
    }
    duration
}

const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(5 * 60);

fn network(node: &Node<'_>) -> Option<Network> {
    let text = node.string()?;
    let network = Network::parse(&text);
    if network.is_none() {
        node.report(format!("{text:?} is neither an address nor a range of addresses such as \"10.1.0.0/16\""));
    }
    network
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            Some(length) if length.bytes().all(|octet| octet.is_ascii_digit()) => length.parse().ok()?,
            Some(_) => return None,
            None => width,
        };
        (length <= width).then_some(Self { address, length })
    }

    /// Whether the range has that address.
    fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let differing = network.to_bits() ^ address.to_bits();
                differing.leading_zeros() >= u32::from(self.length)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let differing = network.to_bits() ^ address.to_bits();
                differing.leading_zeros() >= u32::from(self.length)
            }
            _ => false,
        }
    }
}

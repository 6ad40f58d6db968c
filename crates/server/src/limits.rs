//! How much is taken on at once, and from whom: what is too much is refused early, at little cost, and told when to
//! come back.
//!
//! A source is an address, and with IPv6 the network of a customer (/64), within which addresses cost nothing. Sources
//! share a table of fixed size under a secret hash, so that no number of them takes more memory, and nobody can choose
//! whose place they share.

use std::{
    collections::BTreeMap,
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use rung_spec::{Limits, Rate};

use crate::stopwatch::Stopwatch;

/// Counts what is under way, and refuses what is too much.
pub struct Limiter {
    stopwatch: Stopwatch,
    secret: RandomState,
    places: Box<[Place]>,
    /// What is under way in all.
    all: Place,
    /// More connections than the system has room for are refused, whatever the configuration says.
    ceiling: u32,
    provisioners: Mutex<BTreeMap<String, Pace>>,
    refused: [AtomicU64; Cause::ALL.len()],
    /// When refusals of connections were last in the log, in seconds from the start.
    mentioned: AtomicU64,
}

/// What one source has under way.
#[derive(Default)]
struct Place {
    connections: AtomicU32,
    requests: AtomicU32,
    octets: AtomicU32,
    arrivals: Pace,
    questions: Pace,
}

/// The place of a source in the table; nothing for those who are not limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source(Option<usize>);

/// Why something was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The bodies that are being read take too much memory.
    Bodies,
    /// Too many connections in all.
    Connections,
    /// Too many connections from one source.
    ConnectionsPerSource,
    /// Too many certificates for the tokens of one provisioner.
    ProvisionerRate,
    /// Too many requests are worked on.
    Requests,
    /// Too many requests of one source are worked on.
    RequestsPerSource,
    /// One source asks too often.
    SourceRate,
    /// One source connects too often.
    SourceArrivals,
}

/// A refusal, and when it may be over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub cause: Cause,
    /// When to come back, in seconds.
    pub seconds: u64,
}

/// So many sources are told apart.
const PLACES: usize = 1 << 15;
/// So many octets of bodies are held at the same time, and of one source.
const OCTETS: (u32, u32) = (48 << 20, 16 << 20);
/// Files that the process needs besides its connections: database, log, listeners, identity providers.
const RESERVED_FILES: u32 = 64;
/// The log mentions refused connections once in so many seconds.
const MENTION: u64 = 10;

impl Cause {
    /// All of them.
    const ALL: [Self; 8] = [
        Self::Bodies,
        Self::Connections,
        Self::ConnectionsPerSource,
        Self::ProvisionerRate,
        Self::Requests,
        Self::RequestsPerSource,
        Self::SourceRate,
        Self::SourceArrivals,
    ];

    /// As metrics and the log call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bodies => "bodies",
            Self::Connections => "connections",
            Self::ConnectionsPerSource => "connections-per-source",
            Self::ProvisionerRate => "provisioner-rate",
            Self::Requests => "requests",
            Self::RequestsPerSource => "requests-per-source",
            Self::SourceRate => "source-rate",
            Self::SourceArrivals => "source-arrivals",
        }
    }

    /// Whether it is the caller who asks too much, and not everybody together.
    pub fn is_of_caller(self) -> bool {
        match self {
            Self::Bodies | Self::Connections | Self::Requests => false,
            Self::ConnectionsPerSource
            | Self::ProvisionerRate
            | Self::RequestsPerSource
            | Self::SourceRate
            | Self::SourceArrivals => true,
        }
    }
}

impl Limiter {
    /// A limiter of a process that may have so many open files.
    pub fn new(files: u32) -> Self {
        Self {
            stopwatch: Stopwatch::start(),
            secret: RandomState::new(),
            places: (0..PLACES).map(|_| Place::default()).collect(),
            all: Place::default(),
            ceiling: files.saturating_sub(RESERVED_FILES).max(8),
            provisioners: Mutex::default(),
            refused: Default::default(),
            mentioned: AtomicU64::new(0),
        }
    }

    /// So many connections are possible at the same time.
    pub fn ceiling(&self) -> u32 {
        self.ceiling
    }

    /// Connections and requests that are under way.
    pub fn under_way(&self) -> (u32, u32) {
        (self.all.connections.load(Ordering::Relaxed), self.all.requests.load(Ordering::Relaxed))
    }

    /// How often something was refused, by its cause.
    pub fn refusals(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Cause::ALL.into_iter().zip(&self.refused).map(|(cause, count)| (cause.name(), count.load(Ordering::Relaxed)))
    }

    /// Whether it is time for the log to mention refused connections again.
    pub fn is_worth_a_line(&self) -> bool {
        let now = self.stopwatch.elapsed().as_secs() + MENTION;
        let last = self.mentioned.load(Ordering::Relaxed);
        now >= last + MENTION
            && self.mentioned.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Which source an address belongs to.
    pub fn source(&self, address: IpAddr, limits: &Limits) -> Source {
        if limits.is_exempt(address) {
            return Source(None);
        }
        let hash = match address.to_canonical() {
            IpAddr::V4(address) => self.secret.hash_one(address.octets()),
            IpAddr::V6(address) => self.secret.hash_one(&address.octets()[..8]),
        };
        let place = usize::try_from(hash % PLACES as u64).expect("the table's size is a usize");
        Source(Some(place))
    }

    fn place(&self, source: Source) -> Option<&Place> {
        source.0.map(|place| &self.places[place])
    }

    fn refuse(&self, cause: Cause, seconds: u64) -> Refused {
        self.refused[cause as usize].fetch_add(1, Ordering::Relaxed);
        Refused { cause, seconds }
    }

    fn now(&self) -> u64 {
        // In nanoseconds that is enough for five centuries.
        u64::try_from(self.stopwatch.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// Room for another connection, held until what is returned is dropped.
    ///
    /// # Errors
    /// When there is none.
    pub fn connect(self: &Arc<Self>, source: Source, limits: &Limits) -> Result<Held, Refused> {
        if let Some(place) = self.place(source)
            && let Err(wait) = place.arrivals.pass(limits.per_source, self.now())
        {
            return Err(self.refuse(Cause::SourceArrivals, seconds(wait)));
        }
        let most = (limits.connections.min(self.ceiling), limits.connections_per_source);
        let causes = (Cause::Connections, Cause::ConnectionsPerSource);
        self.hold(source, |place| &place.connections, most, causes)
    }

    /// Let a source ask once more.
    ///
    /// # Errors
    /// When it asks too often.
    pub fn ask(&self, source: Source, limits: &Limits) -> Result<(), Refused> {
        let Some(place) = self.place(source) else { return Ok(()) };
        let passed = place.questions.pass(limits.per_source, self.now());
        passed.map_err(|wait| self.refuse(Cause::SourceRate, seconds(wait)))
    }

    /// Room for the work of a request, held until what is returned is dropped.
    ///
    /// # Errors
    /// When there is none.
    pub fn work(self: &Arc<Self>, source: Source, limits: &Limits) -> Result<Held, Refused> {
        let most = (limits.requests, limits.requests_per_source);
        self.hold(source, |place| &place.requests, most, (Cause::Requests, Cause::RequestsPerSource))
    }

    fn hold(
        self: &Arc<Self>,
        source: Source,
        counter: fn(&Place) -> &AtomicU32,
        most: (u32, u32),
        causes: (Cause, Cause),
    ) -> Result<Held, Refused> {
        let mut held = Held { limiter: self.clone(), counter, of_all: 0, of_source: 0, source };
        held.more(1, most, causes).map(|()| held)
    }

    /// Room for a body, of which nothing was read yet.
    pub fn body(self: &Arc<Self>, source: Source) -> BodyRoom {
        BodyRoom(Held { limiter: self.clone(), counter: |place| &place.octets, of_all: 0, of_source: 0, source })
    }

    /// Whether a provisioner has something left; what it issues is counted by [`Limiter::issued`] alone, so that tokens
    /// that merely name it take nothing from it.
    ///
    /// # Errors
    /// When it has issued too much.
    pub fn may_issue(&self, provisioner: &str, rate: Rate) -> Result<(), Refused> {
        let provisioners = self.provisioners.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(pace) = provisioners.get(provisioner) else { return Ok(()) };
        pace.look(rate, self.now()).map_err(|wait| self.refuse(Cause::ProvisionerRate, seconds(wait)))
    }

    /// A certificate was issued for a token of a provisioner.
    pub fn issued(&self, provisioner: &str, rate: Rate) {
        let mut provisioners = self.provisioners.lock().unwrap_or_else(PoisonError::into_inner);
        match provisioners.get(provisioner) {
            Some(pace) => pace.take(rate, self.now()),
            None => provisioners.entry(provisioner.to_owned()).or_default().take(rate, self.now()),
        }
    }
}

/// When to come back: whole seconds, at least one.
fn seconds(wait: Duration) -> u64 {
    wait.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX).max(1)
}

/// Room that somebody takes, in the whole and as a source; given back when it is dropped.
pub struct Held {
    limiter: Arc<Limiter>,
    counter: fn(&Place) -> &AtomicU32,
    of_all: u32,
    of_source: u32,
    source: Source,
}

impl Held {
    fn more(&mut self, count: u32, most: (u32, u32), causes: (Cause, Cause)) -> Result<(), Refused> {
        if let Some(place) = self.limiter.place(self.source) {
            if !add((self.counter)(place), count, most.1) {
                return Err(self.limiter.refuse(causes.1, 1));
            }
            self.of_source += count;
        }
        if !add((self.counter)(&self.limiter.all), count, most.0) {
            return Err(self.limiter.refuse(causes.0, 1));
        }
        self.of_all += count;
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(place) = self.limiter.place(self.source) {
            (self.counter)(place).fetch_sub(self.of_source, Ordering::Relaxed);
        }
        (self.counter)(&self.limiter.all).fetch_sub(self.of_all, Ordering::Relaxed);
    }
}

fn add(counter: &AtomicU32, count: u32, most: u32) -> bool {
    let more = |present: u32| present.checked_add(count).filter(|sum| *sum <= most);
    counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
}

/// Room that a body takes while it is read and worked on.
pub struct BodyRoom(Held);

impl BodyRoom {
    /// Room for more of it.
    ///
    /// # Errors
    /// When there is none.
    pub fn more(&mut self, octets: usize) -> Result<(), Refused> {
        let octets = u32::try_from(octets).unwrap_or(u32::MAX);
        self.0.more(octets, OCTETS, (Cause::Bodies, Cause::Bodies))
    }
}

/// How fast something goes: the instant, in nanoseconds, at which everything that was let through has had its time (the
/// virtual scheduling of GCRA, ITU-T I.371).
#[derive(Default)]
struct Pace(AtomicU64);

impl Pace {
    /// Let one through.
    fn pass(&self, rate: Rate, now: u64) -> Result<(), Duration> {
        let (step, ahead) = Self::steps(rate);
        let next = |done: u64| (done.saturating_sub(now) <= ahead).then(|| done.max(now) + step);
        match self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next) {
            Ok(_) => Ok(()),
            Err(done) => Err(Duration::from_nanos(done.saturating_sub(now) - ahead)),
        }
    }

    /// Whether one would be let through.
    fn look(&self, rate: Rate, now: u64) -> Result<(), Duration> {
        let (_, ahead) = Self::steps(rate);
        match self.0.load(Ordering::Relaxed).saturating_sub(now).checked_sub(ahead) {
            Some(wait) if wait > 0 => Err(Duration::from_nanos(wait)),
            _ => Ok(()),
        }
    }

    /// Count one, be it too much or not.
    fn take(&self, rate: Rate, now: u64) {
        let (step, _) = Self::steps(rate);
        // It gives back a value each time, and so never fails.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |done| Some(done.max(now) + step));
    }

    /// The time that each one has, and how far ahead of their time a burst may be.
    fn steps(rate: Rate) -> (u64, u64) {
        let step = 1_000_000_000 / u64::from(rate.per_second.get());
        (step, step * u64::from(rate.burst.get() - 1))
    }
}

#[cfg(test)]
mod tests;

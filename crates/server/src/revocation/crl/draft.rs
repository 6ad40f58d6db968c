//! What lists are made of: the revocations that were read, and what has changed since the last lists.

use std::{
    collections::VecDeque,
    time::{Duration, SystemTime},
};

use rung_authority::{
    division::Division,
    issuer::IssuerId,
    store::{RevocationRecord, Store},
};
use rung_pki::crl::{CrlEntries, RevokedCertificate};
use rung_spec::CrlConfig;

/// The entries of the last lists, to go on from.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) issuers: Vec<IssuerDraft>,
    /// The last revocation that is among them.
    pub(super) position: u64,
    /// The last revocation that ever was.
    seen: u64,
    /// When they were last read from the beginning; nothing before the first time.
    complete: Option<SystemTime>,
    /// The configuration that the last lists were made under.
    pub(super) generation: u64,
}

/// The entries of one issuer.
pub(super) struct IssuerDraft {
    issuer: IssuerId,
    /// By the finest division there is.
    finest: Vec<CrlEntries>,
    /// Which of those have grown since shards were last made.
    touched: Vec<bool>,
    /// What was revoked after the oldest of the marks, with its position.
    recent: Vec<(u64, RevokedCertificate)>,
    /// Complete lists that others go on from, the oldest first.
    marks: VecDeque<Mark>,
}

/// A complete list that was published.
#[derive(Debug, Clone, Copy)]
struct Mark {
    number: u64,
    at: SystemTime,
    /// The last revocation that is on it.
    position: u64,
}

/// How many revocations are read at once.
const PAGE: u32 = 10_000;

impl Draft {
    /// Read what was revoked since the last list; from the beginning once per period, which drops what has expired.
    pub(super) async fn catch_up(
        &mut self,
        issuers: &[IssuerId],
        store: &dyn Store,
        now: SystemTime,
        config: &CrlConfig,
    ) -> anyhow::Result<()> {
        let is_old = |complete: SystemTime| now.duration_since(complete).is_ok_and(|age| age >= config.renew_period);
        let are_others = !self.issuers.iter().map(|one| &one.issuer).eq(issuers);
        if are_others || self.complete.is_none_or(is_old) {
            self.begin_again(issuers, now);
        }
        loop {
            let page = store.revocations(self.position, PAGE).await?;
            for record in &page {
                self.position = record.position;
                // RFC 5280 §3.3: an entry stays until one list after the end of the certificate has shown it.
                if record.not_after.is_some_and(|end| end + config.cache_duration < now) {
                    continue;
                }
                let is_new = record.position > self.seen;
                // Whose certificate is not known is on every list: better there once too often than not at all.
                let mine = |one: &&mut IssuerDraft| record.issuer.is_none_or(|known| known == one.issuer);
                self.issuers.iter_mut().filter(mine).for_each(|one| one.push(record, is_new));
            }
            self.seen = self.seen.max(self.position);
            if page.len() < PAGE as usize {
                return Ok(());
            }
        }
    }

    /// Forget the entries, but neither what lists go on from nor what has changed since them.
    fn begin_again(&mut self, issuers: &[IssuerId], now: SystemTime) {
        let mut before = std::mem::take(&mut self.issuers);
        let fresh = |issuer: &IssuerId| match before.iter().position(|one| one.issuer == *issuer) {
            Some(place) => IssuerDraft { finest: empty(), ..before.swap_remove(place) },
            None => IssuerDraft::new(*issuer),
        };
        self.issuers = issuers.iter().map(fresh).collect();
        self.position = 0;
        self.complete = Some(now);
    }
}

fn empty() -> Vec<CrlEntries> {
    vec![CrlEntries::default(); Division::MOST as usize]
}

impl IssuerDraft {
    fn new(issuer: IssuerId) -> Self {
        let touched = vec![false; Division::MOST as usize];
        Self { issuer, finest: empty(), touched, recent: Vec::new(), marks: VecDeque::new() }
    }

    fn push(&mut self, record: &RevocationRecord, is_new: bool) {
        let revoked = RevokedCertificate {
            serial: record.serial,
            revoked_at: record.at,
            reason: record.reason,
            invalid_since: None,
        };
        let place = Division::finest(&record.serial);
        self.finest[place].push(&revoked);
        if is_new {
            self.touched[place] = true;
            if !self.marks.is_empty() {
                self.recent.push((record.position, revoked));
            }
        }
    }

    /// All entries.
    pub(super) fn all(&self) -> Vec<&CrlEntries> {
        self.finest.iter().collect()
    }

    /// The entries of a shard.
    pub(super) fn shard(&self, shard: u32, shards: u32) -> Vec<&CrlEntries> {
        self.finest.iter().skip(shard as usize).step_by(shards as usize).collect()
    }

    /// Whether a shard has grown since shards were last made.
    pub(super) fn is_touched(&self, shard: u32, shards: u32) -> bool {
        self.touched.iter().skip(shard as usize).step_by(shards as usize).any(|touched| *touched)
    }

    /// The number of the complete list to go on from: the oldest that somebody may still rely on.
    pub(super) fn base(&self) -> Option<u64> {
        self.marks.front().map(|mark| mark.number)
    }

    /// What was revoked since that list.
    pub(super) fn since_base(&self) -> CrlEntries {
        let mut entries = CrlEntries::default();
        self.recent.iter().for_each(|(_, revoked)| entries.push(revoked));
        entries
    }

    /// A complete list with that number and all its shards were published.
    pub(super) fn published(&mut self, number: u64, position: u64, now: SystemTime, config: &CrlConfig) {
        self.touched.fill(false);
        if config.delta_period.is_none() {
            self.marks.clear();
            self.recent.clear();
            return;
        }
        let is_past = |mark: &Mark, age: Duration| now.duration_since(mark.at).is_ok_and(|passed| passed >= age);
        if self.marks.back().is_none_or(|last| is_past(last, config.renew_period)) {
            self.marks.push_back(Mark { number, at: now, position });
        }
        // No list from before the second is in use any more, so that the second will do.
        while self.marks.get(1).is_some_and(|second| is_past(second, config.cache_duration)) {
            self.marks.pop_front();
        }
        let from = self.marks.front().map_or(position, |mark| mark.position);
        self.recent.retain(|(position, _)| *position > from);
    }
}

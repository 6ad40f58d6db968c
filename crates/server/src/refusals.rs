//! Refusals on their way into the audit record.
//!
//! A refusal of somebody who has proven who they are is an entry of its own. Anybody can be refused who sends rubbish,
//! and must not be able to fill the disk with that: such refusals are counted, and the counts of half a minute make one entry.
//! The log has a line for each of them.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use rung_authority::{
    refusal::{Refusal, RefusedRequest},
    store::AuditEntry,
};
use serde_json::json;

use crate::{
    audit,
    http::chain,
    state::{Generation, Shared},
};

/// How many refusals have an entry of their own until the next [`Refusals::summary`]; the others are counted.
const ENTRIES: u32 = 600;

/// The refusals that are not on record yet.
#[derive(Default)]
pub struct Refusals(Mutex<Pending>);

#[derive(Default)]
struct Pending {
    /// How many had an entry of their own.
    entries: u32,
    /// How many there were besides, by the check that failed.
    counts: BTreeMap<&'static str, u64>,
    /// The first request that was counted, and the last one.
    requests: Option<(String, String)>,
}

impl Refusals {
    /// The entry that a refusal is put on record with, unless it is only counted.
    fn sort(&self, refusal: Refusal, request_id: &str) -> Option<AuditEntry> {
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let check = match refusal {
            Refusal::Undecided => return None,
            Refusal::Decided(entry) if pending.entries < ENTRIES => {
                pending.entries += 1;
                return Some(entry);
            }
            Refusal::Decided(_) => "too-many-for-entries-of-their-own",
            Refusal::Counted(check) => check,
        };
        *pending.counts.entry(check).or_default() += 1;
        match &mut pending.requests {
            Some((_, last)) => request_id.clone_into(last),
            None => pending.requests = Some((request_id.to_owned(), request_id.to_owned())),
        }
        None
    }

    /// Count a request that was refused before anybody could have shown who they are.
    pub fn count(&self, check: &'static str, request_id: &str) {
        self.sort(Refusal::Counted(check), request_id);
    }

    /// What was counted since the last time; nothing when there was nothing.
    fn summary(&self) -> Option<serde_json::Value> {
        let pending = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let (first, last) = pending.requests?;
        Some(json!({ "counts": pending.counts, "first_request_id": first, "last_request_id": last }))
    }
}

/// Put a refusal on record, or count it.
pub async fn note(shared: &Shared, generation: &Generation, refused: &RefusedRequest<'_>) {
    let refusal = generation.authority.refusal(refused);
    let Some(entry) = shared.refusals.sort(refusal, refused.request_id) else { return };
    if let Err(error) = shared.store.append(entry).await {
        shared.log.error(&format!("a refusal could not be put on record: {}", chain(&error)));
    }
}

/// Put what was counted on record.
pub async fn flush(shared: &Shared) {
    let Some(summary) = shared.refusals.summary() else { return };
    let entry = audit::entry(shared.clock.now(), "refused without proof", &summary);
    if let Err(error) = shared.store.append(entry).await {
        shared.log.error(&format!("refusals could not be put on record: {}", chain(&error)));
    }
}

//! The audit record: every decision once, in order, each with the hash of the one before.
//!
//! A record is a JSON object whose octets are fixed by [`record`]. Their hashes are the leaves of a Merkle tree
//! (`rung_pki::tlog`), so that nobody can change, leave out or reorder one without every later checkpoint telling.

use std::time::{SystemTime, UNIX_EPOCH};

use rung_pki::{hex, tlog::Hash};
use serde::Serialize;
use serde_json::value::RawValue;

/// What the first record has in place of the hash of the one before.
pub const BEGINNING: Hash = [0; 32];

/// What a record says.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// Its place, counted from one.
    pub position: u64,
    /// When it was decided.
    pub at: SystemTime,
    /// What was decided.
    pub action: &'a str,
    /// The request that asked for it.
    pub request_id: &'a str,
    /// Who, what and which check, as a JSON object.
    pub detail: &'a str,
}

#[derive(Serialize)]
struct Record<'a> {
    position: u64,
    /// Milliseconds since 1970.
    at: u64,
    action: &'a str,
    request_id: &'a str,
    detail: &'a RawValue,
    /// The leaf hash of the record before, as lower-case hexadecimal digits.
    previous: String,
}

/// The octets of a record: what is hashed, exported and verified. `previous` is the leaf hash of the record before.
///
/// A detail that is not JSON, which nothing here writes, becomes a JSON string.
pub fn record(said: &Said<'_>, previous: &Hash) -> Vec<u8> {
    let quoted;
    let detail: &RawValue = match serde_json::from_str(said.detail) {
        Ok(detail) => detail,
        Err(_) => {
            quoted = serde_json::value::to_raw_value(said.detail).expect("a text is JSON");
            &quoted
        }
    };
    let since = said.at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let record = Record {
        position: said.position,
        at: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
        action: said.action,
        request_id: said.request_id,
        detail,
        previous: hex(previous),
    };
    serde_json::to_vec(&record).expect("numbers and texts are JSON")
}

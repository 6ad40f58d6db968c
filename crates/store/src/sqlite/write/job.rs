//! What the one who writes is asked to do.

use std::time::SystemTime;

use rung_authority::store::{AuditEntry, CommitError, Issuance, Revocation, StoreError};
use rung_authority::{division::Division, issuer::IssuerId};
use rung_pki::tlog::Hash;
use tokio::sync::oneshot;

use super::super::terms::Block;

/// Something to write.
pub(in crate::sqlite) enum Job {
    AuditHead(Reply<Result<(u64, Hash), StoreError>>),
    Check(Reply<Result<(), StoreError>>),
    Close,
    Commit(Decision, Reply<Result<(), CommitError>>),
    /// The number of the next CRL of that issuer.
    CrlNumber {
        issuer: Vec<u8>,
        at_least: u64,
        reply: Reply<Result<u64, StoreError>>,
    },
    /// What certificates are looked for by; `serial` is that of the last of them. Says whether it was kept.
    KeepBlock {
        block: Block,
        serial: Vec<u8>,
        reply: Reply<Result<bool, StoreError>>,
    },
    /// How the CRL of that issuer was ever divided, a new division included.
    Divisions {
        issuer: IssuerId,
        new: Option<Division>,
        reply: Reply<Result<Vec<Division>, StoreError>>,
    },
    KeepCheckpoint {
        size: u64,
        note: String,
        reply: Reply<Result<(), StoreError>>,
    },
    /// Say outside the database how far it has come.
    Mark(Reply<Result<(), CommitError>>),
    Purge {
        what: Purge,
        before: SystemTime,
        limit: u32,
        reply: Reply<Result<u32, StoreError>>,
    },
}

pub(super) type Reply<T> = oneshot::Sender<T>;

/// What leaves when its time is over.
#[derive(Debug, Clone, Copy)]
pub(in crate::sqlite) enum Purge {
    Certificates,
    Tokens,
}

/// Something that was decided and is to be remembered.
pub(in crate::sqlite) enum Decision {
    /// One that leaves nothing but its entry in the audit record.
    Audit(Box<AuditEntry>),
    Issue(Box<Issuance>),
    Revoke(Box<Revocation>),
}

/// Answer a job that came when the store was about to end.
pub(super) fn refuse(job: Job) {
    match job {
        Job::AuditHead(reply) => drop(reply.send(Err(StoreError::Unavailable(CLOSED.into())))),
        Job::KeepBlock { reply, .. } => drop(reply.send(Err(StoreError::Unavailable(CLOSED.into())))),
        Job::KeepCheckpoint { reply, .. } => drop(reply.send(Err(StoreError::Unavailable(CLOSED.into())))),
        Job::Check(reply) => drop(reply.send(Err(StoreError::Unavailable(CLOSED.into())))),
        Job::Close => {}
        Job::Commit(_, reply) => drop(reply.send(Err(CommitError::Unavailable(CLOSED.into())))),
        Job::CrlNumber { reply, .. } => drop(reply.send(Err(StoreError::Unavailable(CLOSED.into())))),
        Job::Divisions { reply, .. } => drop(reply.send(Err(StoreError::Unavailable(CLOSED.into())))),
        Job::Mark(reply) => drop(reply.send(Err(CommitError::Unavailable(CLOSED.into())))),
        Job::Purge { reply, .. } => drop(reply.send(Err(StoreError::Unavailable(CLOSED.into())))),
    }
}

/// What is answered when the store is no longer there.
pub(in crate::sqlite) const CLOSED: &str = "the store is closed";

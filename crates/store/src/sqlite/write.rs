//! The thread that writes.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    time::SystemTime,
};

use rung_authority::store::{CommitError, Issuance, ProvisionerRef, StoreError};
use rusqlite::{Connection, ErrorCode};
use tokio::sync::oneshot;

use super::read::{milliseconds, translate};

/// Something to write.
pub(super) enum Job {
    Check(Reply<Result<(), StoreError>>),
    Close(Reply<()>),
    Commit(Box<Issuance>, Reply<Result<(), CommitError>>),
    Purge { now: SystemTime, limit: u32, reply: Reply<Result<u32, StoreError>> },
}

type Reply<T> = oneshot::Sender<T>;

/// A decision and who waits for it.
type Pending = (Box<Issuance>, Reply<Result<(), CommitError>>);

/// So many decisions share one `fsync` at most.
const BATCH: usize = 256;
/// After so many decisions the log is moved into the database.
const CHECKPOINT: usize = 1500;

struct Writer {
    connection: Connection,
    /// The rows of the provisioners that were seen.
    provisioners: HashMap<Arc<str>, i64>,
    checkpointer: Checkpointer,
    /// Set when a commit may or may not have happened: nothing is written on doubtful ground.
    broken: Option<String>,
}

/// Write until told to stop.
pub(super) fn run(connection: Connection, checkpointing: Connection, queue: &Receiver<Job>) {
    let checkpointer = Checkpointer::start(checkpointing);
    let mut writer = Writer { connection, provisioners: HashMap::new(), checkpointer, broken: None };
    let mut batch = Vec::with_capacity(BATCH);
    while let Ok(first) = queue.recv() {
        let mut next = Some(first);
        while let Some(job) = next {
            match job {
                Job::Commit(issuance, reply) => batch.push((issuance, reply)),
                other => {
                    writer.commit(&mut batch);
                    if writer.other(other) {
                        return;
                    }
                }
            }
            next = if batch.len() < BATCH { queue.try_recv().ok() } else { None };
        }
        writer.commit(&mut batch);
    }
}

impl Writer {
    /// Commit a batch in one transaction, and only then tell everybody.
    fn commit(&mut self, batch: &mut Vec<Pending>) {
        if batch.is_empty() {
            return;
        }
        let outcomes = match &self.broken {
            Some(reason) => Err(Failure::Before(reason.clone())),
            None => self.write(batch),
        };
        match outcomes {
            Ok(outcomes) => {
                self.checkpointer.wrote(batch.len(), &self.connection);
                for ((_, reply), outcome) in batch.drain(..).zip(outcomes) {
                    // Whoever asked may have gone; what is recorded stays recorded.
                    let _ = reply.send(outcome);
                }
            }
            Err(failure) => {
                if let Failure::During(reason) = &failure {
                    self.broken = Some(format!("an earlier transaction ended in doubt: {reason}"));
                }
                for (_, reply) in batch.drain(..) {
                    let _ = reply.send(Err(failure.to_commit_error()));
                }
            }
        }
    }

    fn write(&mut self, batch: &[Pending]) -> Result<Vec<Result<(), CommitError>>, Failure> {
        let written = self.write_all(batch);
        let outcomes = match written {
            Ok(outcomes) => outcomes,
            Err(error) => {
                self.provisioners.clear();
                self.roll_back();
                return Err(Failure::Before(error.to_string()));
            }
        };
        match self.connection.execute_batch("COMMIT") {
            Ok(()) => Ok(outcomes),
            Err(error) => {
                self.provisioners.clear();
                self.roll_back();
                // A full disk is noticed before anything is decided; after other errors nobody knows what the disk has.
                match error.sqlite_error_code() {
                    Some(ErrorCode::DiskFull | ErrorCode::DatabaseBusy) => Err(Failure::Before(error.to_string())),
                    _ => Err(Failure::During(error.to_string())),
                }
            }
        }
    }

    fn write_all(&mut self, batch: &[Pending]) -> rusqlite::Result<Vec<Result<(), CommitError>>> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        batch.iter().map(|(issuance, _)| self.write_one(issuance)).collect()
    }

    /// Spend the token, record the certificate, append the audit entry; the inner result says why this one is refused.
    fn write_one(&mut self, issuance: &Issuance) -> rusqlite::Result<Result<(), CommitError>> {
        let provisioner = self.provisioner(&issuance.provisioner)?;
        let token = &issuance.token;
        let mut spend = self
            .connection
            .prepare_cached("INSERT INTO tokens (digest, expires) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?;
        if spend.execute((&token.digest, milliseconds(token.expires)))? == 0 {
            return Ok(Err(CommitError::TokenSpent));
        }
        let certificate = &issuance.certificate;
        let mut record = self.connection.prepare_cached(
            "INSERT INTO certificates (serial, provisioner, not_after, token, der) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO NOTHING",
        )?;
        let not_after = milliseconds(certificate.not_after());
        let row = (certificate.serial().as_bytes(), provisioner, not_after, &token.digest, certificate.der());
        if record.execute(row)? == 0 {
            self.connection.prepare_cached("DELETE FROM tokens WHERE digest = ?1")?.execute([&token.digest])?;
            return Ok(Err(CommitError::SerialTaken));
        }
        let audit = &issuance.audit;
        let mut append = self
            .connection
            .prepare_cached("INSERT INTO audit (at, action, request_id, detail) VALUES (?1, ?2, ?3, ?4)")?;
        append.execute((milliseconds(audit.at), audit.action, &audit.request_id, &audit.detail))?;
        Ok(Ok(()))
    }

    fn provisioner(&mut self, provisioner: &ProvisionerRef) -> rusqlite::Result<i64> {
        // Id, name and kind together: each of them can change while the others stay.
        let key = format!("{}\0{}\0{}", provisioner.id, provisioner.name, provisioner.kind);
        if let Some(row) = self.provisioners.get(key.as_str()) {
            return Ok(*row);
        }
        let values = (&provisioner.id, &provisioner.name, provisioner.kind);
        self.connection.execute(
            "INSERT INTO provisioners (reference, name, kind) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            values,
        )?;
        let row = self.connection.query_row(
            "SELECT id FROM provisioners WHERE reference = ?1 AND name = ?2 AND kind = ?3",
            values,
            |row| row.get(0),
        )?;
        self.provisioners.insert(key.into(), row);
        Ok(row)
    }

    /// Everything but commits; says whether this was the last job.
    fn other(&mut self, job: Job) -> bool {
        match job {
            Job::Check(reply) => drop(reply.send(self.check())),
            Job::Close(reply) => {
                self.checkpointer.stop();
                // The log is emptied so that the next start has nothing to recover; if that fails, it recovers.
                let _ = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
                let _ = reply.send(());
                return true;
            }
            Job::Commit(..) => unreachable!("commits are collected into batches"),
            Job::Purge { now, limit, reply } => drop(reply.send(self.purge(now, limit))),
        }
        false
    }

    fn purge(&mut self, now: SystemTime, limit: u32) -> Result<u32, StoreError> {
        if let Some(reason) = &self.broken {
            return Err(StoreError::Unavailable(reason.clone().into()));
        }
        let mut statement = self
            .connection
            .prepare_cached(
                "DELETE FROM tokens WHERE digest IN (SELECT digest FROM tokens WHERE expires < ?1 ORDER BY expires LIMIT ?2)",
            )
            .map_err(translate)?;
        let count = statement.execute((milliseconds(now), limit)).map_err(translate)?;
        Ok(u32::try_from(count).unwrap_or(limit))
    }

    /// Whether a transaction could be written now.
    fn check(&mut self) -> Result<(), StoreError> {
        if let Some(reason) = &self.broken {
            return Err(StoreError::Unavailable(reason.clone().into()));
        }
        let checked = self.connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK");
        if checked.is_err() {
            self.roll_back();
        }
        checked.map_err(translate)
    }

    fn roll_back(&self) {
        if !self.connection.is_autocommit() {
            // SQLite rolls back by itself when this fails, at the latest when the file is opened next.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
    }
}

/// Why a whole batch failed.
enum Failure {
    /// Nothing happened.
    Before(String),
    /// Nobody knows.
    During(String),
}

impl Failure {
    fn to_commit_error(&self) -> CommitError {
        match self {
            Self::Before(reason) => CommitError::Unavailable(reason.clone().into()),
            Self::During(reason) => CommitError::InDoubt(reason.clone().into()),
        }
    }
}

/// Moves the log into the database without keeping the writer from writing.
///
/// Another thread moves most of it; then the writer moves the rest, which is little, so that the log can start over.
struct Checkpointer {
    start: Option<SyncSender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
    moved: Arc<AtomicBool>,
    written: usize,
}

impl Checkpointer {
    fn start(connection: Connection) -> Self {
        let (start, wanted) = sync_channel(1);
        let moved = Arc::new(AtomicBool::new(false));
        let done = moved.clone();
        let thread = std::thread::Builder::new().name("checkpoint".to_owned()).spawn(move || {
            while wanted.recv() == Ok(()) {
                checkpoint(&connection);
                done.store(true, Ordering::Release);
            }
        });
        // Without the thread the writer does all of it, more slowly.
        Self { start: Some(start), thread: thread.ok(), moved, written: 0 }
    }

    fn wrote(&mut self, count: usize, connection: &Connection) {
        self.written += count;
        if self.moved.swap(false, Ordering::Acquire) {
            checkpoint(connection);
        }
        if self.written < CHECKPOINT {
            return;
        }
        match self.start.as_ref().map(|start| start.try_send(())) {
            Some(Ok(()) | Err(TrySendError::Full(()))) => {}
            _ => checkpoint(connection),
        }
        self.written = 0;
    }

    fn stop(&mut self) {
        self.start = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn checkpoint(connection: &Connection) {
    // A checkpoint that fails is tried again after the next decisions; the log keeps what it has.
    let _ = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
}

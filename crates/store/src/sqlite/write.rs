//! The thread that writes.

mod decisions;
mod derived;
mod job;
mod lists;
mod purge;

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender},
    },
    time::Duration,
};

use rung_authority::store::{CommitError, StoreError};
use rusqlite::{Connection, config::DbConfig};

use super::{
    audit::Head,
    checkpoint::Checkpointer,
    mark::{Mark, MarkError},
    read::translate,
    trouble::{Brake, Severity, Trouble},
};
pub(super) use job::{CLOSED, Decision, Job, Purge};
use job::{Reply, refuse};

/// A decision and who waits for it.
type Pending = (Decision, Reply<Result<(), CommitError>>);

/// So many decisions share one `fsync` at most.
const BATCH: usize = 256;
/// After so many decisions it is seen whether there is another block.
const BELL: usize = 256;
/// How long to wait for more decisions in busy times.
const GATHER: Duration = Duration::from_micros(400);
/// Takes as much room as a few decisions do, and gives it back.
const TRIAL: &str = "
    BEGIN IMMEDIATE;
    INSERT OR REPLACE INTO trial (id, filler) VALUES (1, zeroblob(65536));
    COMMIT;
    DELETE FROM trial;
";
/// The one who writes.
pub(super) struct Writer {
    connection: Connection,
    file: PathBuf,
    /// The rows of the provisioners that were seen.
    provisioners: HashMap<Arc<str>, i64>,
    /// Certificates that ended before this stay.
    purged: i64,
    /// Keys that must not be certified; nothing when they have to be read from the file first.
    condemned: Option<HashSet<[u8; 32]>>,
    /// The end of the audit record; nothing when it has to be read from the file first.
    head: Option<Head>,
    checkpointer: Checkpointer,
    mark: Mark,
    /// Wakes the one who makes blocks of what was recorded, and how many decisions that are since the last time.
    bell: (SyncSender<()>, usize),
    brake: Brake,
    /// There was no room for the last batch.
    full: bool,
}

impl Writer {
    pub(super) fn new(
        (connection, checkpointing, mark): (Connection, Connection, Mark),
        file: PathBuf,
        bell: SyncSender<()>,
        brake: Brake,
    ) -> Self {
        let checkpointer = Checkpointer::start(checkpointing, &file, brake.clone());
        Self {
            connection,
            file,
            provisioners: HashMap::new(),
            purged: 0,
            condemned: None,
            head: None,
            checkpointer,
            mark,
            bell: (bell, 0),
            brake,
            full: false,
        }
    }

    /// Write until told to stop.
    pub(super) fn run(mut self, queue: &Receiver<Job>) {
        let mut batch = Vec::with_capacity(BATCH);
        // How many shared the last `fsync`.
        let mut shared = 0;
        while let Ok(first) = queue.recv() {
            if shared > 1 {
                // Others are at it: a moment for them to come costs each little and saves a part of an `fsync` for all.
                std::thread::sleep(GATHER);
            }
            let mut next = Some(first);
            while let Some(job) = next {
                match job {
                    Job::Close => {
                        self.commit(&mut batch);
                        queue.try_iter().for_each(refuse);
                        return self.close();
                    }
                    Job::Commit(decision, reply) => batch.push((decision, reply)),
                    Job::AuditHead(reply) => {
                        self.commit(&mut batch);
                        let _ = reply.send(self.audit_head());
                    }
                    Job::KeepBlock { block, serial, reply } => {
                        self.commit(&mut batch);
                        let _ = reply.send(self.keep_block(&block, &serial));
                    }
                    Job::KeepCheckpoint { size, note, reply } => {
                        self.commit(&mut batch);
                        let _ = reply.send(self.keep_checkpoint(size, &note));
                    }
                    Job::Mark(reply) => {
                        self.commit(&mut batch);
                        let _ = reply.send(self.mark().map_err(|failure| failure.to_commit_error()));
                    }
                    Job::CrlNumber { issuer, at_least, reply } => {
                        self.commit(&mut batch);
                        let _ = reply.send(self.crl_number(&issuer, at_least));
                    }
                    Job::Divisions { issuer, new, reply } => {
                        self.commit(&mut batch);
                        let _ = reply.send(self.divisions(issuer, new.as_ref()));
                    }
                    Job::Check(reply) => {
                        self.commit(&mut batch);
                        // Whoever asked may have gone.
                        let _ = reply.send(self.check());
                    }
                    Job::Purge { what, before, limit, reply } => {
                        self.commit(&mut batch);
                        let _ = reply.send(self.purge(what, before, limit));
                    }
                }
                next = if batch.len() < BATCH { queue.try_recv().ok() } else { None };
            }
            shared = batch.len();
            self.commit(&mut batch);
        }
    }

    /// Commit a batch in one transaction, and only then tell everybody.
    fn commit(&mut self, batch: &mut Vec<Pending>) {
        if batch.is_empty() {
            return;
        }
        match self.write(batch) {
            Ok(outcomes) => {
                let rows = batch.len();
                for ((_, reply), outcome) in batch.drain(..).zip(outcomes) {
                    // Whoever asked may have gone; what is recorded stays recorded.
                    let _ = reply.send(outcome);
                }
                self.checkpointer.wrote(rows, &self.connection);
                let (bell, since) = &mut self.bell;
                *since += rows;
                if *since >= BELL {
                    *since = 0;
                    // When it is full the other one is awake.
                    let _ = bell.try_send(());
                }
            }
            Err(failure) => {
                for (_, reply) in batch.drain(..) {
                    let _ = reply.send(Err(failure.to_commit_error()));
                }
            }
        }
    }

    fn write(&mut self, batch: &[Pending]) -> Result<Vec<Result<(), CommitError>>, Failure> {
        if let Some(trouble) = self.brake.pulled() {
            return Err(Failure::Before(trouble.to_string()));
        }
        let outcomes = self.write_all(batch).map_err(|error| {
            self.failed(&error);
            Failure::Before(error.to_string())
        })?;
        match self.connection.prepare_cached("COMMIT").and_then(|mut commit| commit.execute(())) {
            Ok(_) => {
                self.full = false;
                let revokes = |(decision, outcome): (&Pending, &Result<(), CommitError>)| {
                    matches!(decision.0, Decision::Revoke(_)) && outcome.is_ok()
                };
                // Before anybody is told: a backup from before this moment must not be taken for what comes after it.
                if batch.iter().zip(&outcomes).any(revokes) {
                    self.mark()?;
                }
                Ok(outcomes)
            }
            Err(error) => match self.failed(&error) {
                Severity::Full => Err(Failure::Before(error.to_string())),
                // Whatever it was, nobody knows what the disk has.
                Severity::Damage | Severity::Doubt | Severity::Passing => {
                    self.brake
                        .pull(Trouble::InDoubt(format!("a transaction of {} ended in doubt", self.file.display())));
                    Err(Failure::During(error.to_string()))
                }
            },
        }
    }

    /// Say outside the database how far it has come.
    fn mark(&mut self) -> Result<(), Failure> {
        let head = match self.head.take() {
            Some(head) => Ok(head),
            None => Head::load(&self.connection).map_err(MarkError::from),
        };
        let noted = head.and_then(|head| {
            let noted = self.mark.note(&self.connection, &head);
            self.head = Some(head);
            noted
        });
        noted.map_err(|error| {
            let reason = format!("{} could not be written beside its mark ({error})", self.file.display());
            self.brake.pull(Trouble::InDoubt(reason.clone()));
            Failure::During(reason)
        })
    }

    /// Take back what a failed transaction did, and say how bad it is.
    fn failed(&mut self, error: &rusqlite::Error) -> Severity {
        let severity = self.brake.mind(error, &self.file);
        self.full |= severity == Severity::Full;
        // What was added for them is gone.
        self.provisioners.clear();
        self.condemned = None;
        self.head = None;
        if !self.connection.is_autocommit() {
            // SQLite rolls back by itself when this fails, at the latest when the file is opened next.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        severity
    }

    fn write_all(&mut self, batch: &[Pending]) -> rusqlite::Result<Vec<Result<(), CommitError>>> {
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute(())?;
        let outcome = |decision: &Decision| match decision {
            Decision::Audit(entry) => self.append(entry).map(Ok),
            Decision::Issue(issuance) => self.issue(issuance),
            Decision::Revoke(revocation) => self.revoke(revocation),
        };
        batch.iter().map(|(decision, _)| decision).map(outcome).collect()
    }

    /// Whether a transaction could be written now.
    fn check(&mut self) -> Result<(), StoreError> {
        if let Some(trouble) = self.brake.pulled() {
            return Err(trouble.to_store_error());
        }
        // Only after a batch that had no room: a look at the health must not cost a write each time.
        let tried = self.connection.execute_batch(if self.full { TRIAL } else { "BEGIN IMMEDIATE; ROLLBACK" });
        match tried {
            Ok(()) => self.full = false,
            Err(error) => {
                self.failed(&error);
                return Err(translate(error));
            }
        }
        Ok(())
    }

    /// Tidy up so that the next start has nothing to do.
    fn close(mut self) {
        if self.brake.pulled().is_none() {
            // What is not said here is found out at the next start.
            let _ = self.mark();
        }
        if self.checkpointer.finish(&self.connection) {
            // Nothing is left in the log, so that closing may remove it; if it stays, the next start recovers it.
            let _ = self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false);
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

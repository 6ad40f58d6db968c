//! The thread that writes.

mod lists;

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender},
    },
    time::{Duration, SystemTime},
};

use rung_authority::store::{AuditEntry, CommitError, Issuance, ProvisionerRef, Revocation, StoreError, TokenUse};
use rung_authority::{division::Division, issuer::IssuerId};
use rung_pki::tlog::Hash;
use rusqlite::{Connection, config::DbConfig};
use tokio::sync::oneshot;

use super::{
    audit::Head,
    checkpoint::Checkpointer,
    mark::{Mark, MarkError},
    read::{milliseconds, translate},
    terms::Block,
    trouble::{Brake, Severity, Trouble},
};

/// Something to write.
pub(super) enum Job {
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

type Reply<T> = oneshot::Sender<T>;

/// What leaves when its time is over.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purge {
    Certificates,
    Tokens,
}

/// Something that was decided and is to be remembered.
pub(super) enum Decision {
    /// One that leaves nothing but its entry in the audit record.
    Audit(Box<AuditEntry>),
    Issue(Box<Issuance>),
    Revoke(Box<Revocation>),
}

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
/// Blocks without certificates; and those that tell of rows behind the last, which the next certificates will take.
const FORGET_BLOCKS: &str = "
    DELETE FROM certificate_terms WHERE last > (SELECT coalesce(max(id), 0) FROM certificates)
        OR NOT EXISTS (SELECT 1 FROM certificates WHERE id BETWEEN first AND last);
";
/// What is answered when the store is no longer there.
pub(super) const CLOSED: &str = "the store is closed";

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

    /// Spend the token, record the certificate, append the audit entry; the inner result says why this one is refused.
    fn issue(&mut self, issuance: &Issuance) -> rusqlite::Result<Result<(), CommitError>> {
        let certificate = &issuance.certificate;
        if let Some(replaced) = &issuance.replaces
            && self.is_revoked(replaced.as_bytes())?
        {
            return Ok(Err(CommitError::Revoked));
        }
        let condemned = self.condemned()?;
        if !condemned.is_empty() && certificate.public_key().is_ok_and(|key| condemned.contains(&key.fingerprint())) {
            return Ok(Err(CommitError::KeyRevoked));
        }
        if let Some(token) = &issuance.token
            && !self.spend(token)?
        {
            return Ok(Err(CommitError::TokenSpent));
        }
        let provisioner = self.provisioner(&issuance.provisioner)?;
        let token = issuance.token.as_ref().map_or(&[][..], |token| &token.digest);
        let replaces = issuance.replaces.as_ref().map(rung_pki::SerialNumber::as_bytes);
        let mut record = self.connection.prepare_cached(
            "INSERT INTO certificates (serial, provisioner, not_after, token, fingerprint, der, replaces)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
        )?;
        let not_after = milliseconds(certificate.not_after());
        let (serial, fingerprint) = (certificate.serial().as_bytes(), certificate.fingerprint());
        let row = (serial, provisioner, not_after, token, fingerprint, certificate.der(), replaces);
        if record.execute(row)? == 0 {
            drop(record);
            self.unspend(issuance.token.as_ref())?;
            return Ok(Err(CommitError::SerialTaken));
        }
        drop(record);
        self.append(&issuance.audit)?;
        Ok(Ok(()))
    }

    /// Spend the token, record the revocation, append the audit entry; the inner result says why this one is refused.
    fn revoke(&mut self, revocation: &Revocation) -> rusqlite::Result<Result<(), CommitError>> {
        if let Some(token) = &revocation.token
            && !self.spend(token)?
        {
            return Ok(Err(CommitError::TokenSpent));
        }
        let mut record = self.connection.prepare_cached(
            "INSERT INTO revocations (serial, at, reason, not_after, condemned_key, issuer)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
        )?;
        let (at, not_after) = (milliseconds(revocation.at), revocation.not_after.map(milliseconds));
        let serial = revocation.serial.as_bytes();
        let issuer = revocation.issuer.as_ref().map(IssuerId::as_bytes);
        let row = (serial, at, revocation.reason.code(), not_after, revocation.condemned_key, issuer);
        if record.execute(row)? == 0 {
            drop(record);
            self.unspend(revocation.token.as_ref())?;
            return Ok(Err(CommitError::Revoked));
        }
        drop(record);
        if let Some(key) = revocation.condemned_key {
            self.condemned()?;
            self.condemned.as_mut().expect("it was just read").insert(key);
        }
        self.append(&revocation.audit)?;
        Ok(Ok(()))
    }

    /// Remember a token; false when it was spent before.
    fn spend(&self, token: &TokenUse) -> rusqlite::Result<bool> {
        let mut spend = self
            .connection
            .prepare_cached("INSERT INTO tokens (digest, expires) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?;
        Ok(spend.execute((&token.digest, milliseconds(token.expires)))? == 1)
    }

    /// Leave a token usable after all.
    fn unspend(&self, token: Option<&TokenUse>) -> rusqlite::Result<()> {
        let Some(token) = token else { return Ok(()) };
        self.connection.prepare_cached("DELETE FROM tokens WHERE digest = ?1")?.execute([&token.digest])?;
        Ok(())
    }

    fn append(&mut self, audit: &AuditEntry) -> rusqlite::Result<()> {
        let mut head = match self.head.take() {
            Some(head) => head,
            None => Head::load(&self.connection)?,
        };
        // What fails is taken back as a whole, and then the head is read again.
        head.append(&self.connection, audit)?;
        self.head = Some(head);
        Ok(())
    }

    fn audit_head(&mut self) -> Result<(u64, Hash), StoreError> {
        if self.head.is_none() {
            self.head = Some(Head::load(&self.connection).map_err(translate)?);
        }
        Ok(self.head.as_ref().expect("it was just read").size_and_root())
    }

    fn keep_checkpoint(&mut self, size: u64, note: &str) -> Result<(), StoreError> {
        if let Some(trouble) = self.brake.pulled() {
            return Err(trouble.to_store_error());
        }
        let query = "INSERT INTO audit_checkpoints (size, note) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET note = ?2";
        match self.connection.execute(query, (size.cast_signed(), note)) {
            Ok(_) => {
                self.checkpointer.wrote(1, &self.connection);
                self.mark().map_err(|failure| StoreError::Unavailable(failure.to_commit_error().into()))
            }
            Err(error) => {
                self.failed(&error);
                Err(translate(error))
            }
        }
    }

    fn keep_block(&mut self, block: &Block, serial: &[u8]) -> Result<bool, StoreError> {
        if let Some(trouble) = self.brake.pulled() {
            return Err(trouble.to_store_error());
        }
        // When the newest certificates were purged since, their rows have become those of others.
        let query = "INSERT INTO certificate_terms (first, last, contents) SELECT ?1, ?2, ?3
                     WHERE EXISTS (SELECT 1 FROM certificates WHERE id = ?2 AND serial = ?4) ON CONFLICT DO NOTHING";
        match self.connection.execute(query, (block.first, block.last, &block.contents, serial)) {
            Ok(rows) => {
                self.checkpointer.wrote(block.contents.len() / 4096, &self.connection);
                Ok(rows == 1)
            }
            Err(error) => {
                self.failed(&error);
                Err(translate(error))
            }
        }
    }

    fn is_revoked(&self, serial: &[u8]) -> rusqlite::Result<bool> {
        self.connection.prepare_cached("SELECT 1 FROM revocations WHERE serial = ?1")?.exists([serial])
    }

    /// The keys that must not be certified. They are kept in memory: each issuance asks for them.
    fn condemned(&mut self) -> rusqlite::Result<&HashSet<[u8; 32]>> {
        if self.condemned.is_none() {
            let query = "SELECT condemned_key FROM revocations WHERE condemned_key IS NOT NULL";
            let mut statement = self.connection.prepare(query)?;
            let keys = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            self.condemned = Some(keys);
        }
        Ok(self.condemned.as_ref().expect("they were just read"))
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

    fn purge(&mut self, what: Purge, before: SystemTime, limit: u32) -> Result<u32, StoreError> {
        if let Some(trouble) = self.brake.pulled() {
            return Err(trouble.to_store_error());
        }
        let forgotten = match what {
            Purge::Certificates => self.forget_certificates(before, limit),
            Purge::Tokens => self.forget_tokens(before, limit),
        };
        match forgotten {
            Ok(count) => {
                self.checkpointer.wrote(count, &self.connection);
                Ok(u32::try_from(count).unwrap_or(limit))
            }
            Err(error) => {
                self.failed(&error);
                Err(translate(error))
            }
        }
    }

    fn forget_tokens(&self, now: SystemTime, limit: u32) -> rusqlite::Result<usize> {
        let mut statement = self.connection.prepare_cached(
            "DELETE FROM tokens WHERE digest IN
             (SELECT digest FROM tokens WHERE expires < ?1 ORDER BY expires LIMIT ?2)",
        )?;
        statement.execute((milliseconds(now), limit))
    }

    fn forget_certificates(&mut self, ended: SystemTime, limit: u32) -> rusqlite::Result<usize> {
        let ended = milliseconds(ended);
        let mut find = self.connection.prepare_cached(
            "SELECT id, not_after FROM certificates WHERE not_after >= ?1 AND not_after < ?2
             AND NOT EXISTS (SELECT 1 FROM revocations WHERE revocations.serial = certificates.serial)
             ORDER BY not_after LIMIT ?3",
        )?;
        let found = find.query_map((self.purged, ended, limit), |row| Ok((row.get(0)?, row.get(1)?)))?;
        let found: Vec<(i64, i64)> = found.collect::<Result<_, _>>()?;
        drop(find);
        if !found.is_empty() {
            self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute(())?;
            let mut forget = self.connection.prepare_cached("DELETE FROM certificates WHERE id = ?1")?;
            for (id, _) in &found {
                forget.execute([id])?;
            }
            drop(forget);
            self.connection.execute_batch(FORGET_BLOCKS)?;
            self.connection.prepare_cached("COMMIT")?.execute(())?;
        }
        // What ended before and is still there was revoked, and need not be looked at again.
        self.purged = match found.last() {
            Some((_, not_after)) if found.len() == limit as usize => *not_after,
            _ => self.purged.max(ended),
        };
        Ok(found.len())
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

/// Answer a job that came when the store was about to end.
fn refuse(job: Job) {
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

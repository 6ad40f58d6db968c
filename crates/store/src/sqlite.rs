//! The default store: one SQLite file, one writer, many decisions per `fsync`.
//!
//! A thread of its own owns the only connection that writes. It takes what has queued up, commits it in one
//! transaction (group commit) and answers only then, so a decision that was acknowledged is on the disk. With
//! `journal_mode=WAL` and `synchronous=FULL` it survives the end of the process and of the power.
//!
//! After an error that leaves it open what the disk has, nothing is written until the file is opened again; a full disk
//! refuses what is asked for as long as it is full. A small file is looked through before it is used, a large one by a
//! thread of its own that stops the store when it finds damage; a certificate is compared with its digest when it is
//! read.
//!
//! Another thread gathers what was recorded into blocks that [`crate::inventory`] searches.

mod audit;
mod checkpoint;
mod indexer;
mod inspect;
mod lookup;
mod mark;
mod open;
mod read;
mod reader;
mod schema;
pub(crate) mod terms;
mod trouble;
mod write;

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread::JoinHandle,
    time::SystemTime,
};

use rung_authority::store::{
    AuditEntry, AuditRecord, CertificateRecord, CommitError, Issuance, Revocation, RevocationRecord, Standing, Store,
    StoreError, StoreFuture,
};
use rung_authority::{division::Division, issuer::IssuerId};
use rung_pki::{SerialNumber, tlog::Hash};
use rusqlite::Connection;
use tokio::sync::oneshot;

use indexer::Indexer;
use inspect::Inspector;
use lookup::Lookups;
use mark::Confirmed;
pub use mark::Gap;
pub use open::OpenError;
use open::Opened;
pub(crate) use open::{check_copy, gap_beside, give, lock, open_to_read, suffixed};
pub(crate) use read::{milliseconds, translate};
pub use reader::AuditReader;
use trouble::Brake;
use write::{CLOSED, Decision, Job, Purge, Writer};

/// A store in one SQLite file.
///
/// Dropping it does the same as [`SqliteStore::close`], but keeps the thread that drops it waiting.
pub struct SqliteStore {
    shared: Arc<Shared>,
}

struct Shared {
    file: PathBuf,
    jobs: SyncSender<Job>,
    /// Connections for reading; none after the store was closed.
    readers: Vec<Mutex<Option<Connection>>>,
    next_reader: AtomicUsize,
    lookups: Lookups,
    inspector: Option<Inspector>,
    indexer: Indexer,
    writer: Mutex<Option<JoinHandle<()>>>,
    brake: Brake,
    confirmed: Option<SystemTime>,
}

/// Why a database cannot be taken as it is.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    /// It cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It could not be recorded.
    #[error("it could not be recorded")]
    Unrecorded(#[from] CommitError),
}

/// So many decisions may wait for the disk; beyond, refusing is quicker than waiting.
const QUEUE: usize = 4096;

impl SqliteStore {
    /// Open the store in that file, and make it when there is none.
    ///
    /// # Errors
    /// When the file is damaged, not a store of Rung, newer than this program, or in use.
    pub fn open(file: &Path) -> Result<Self, OpenError> {
        Self::start(open::open(file, Confirmed::No)?)
    }

    /// Open the store in that file, which must not grow beyond that many pages: a full disk, for tests.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn open_with_page_limit(file: &Path, pages: u32) -> Result<Self, OpenError> {
        let opened = open::open(file, Confirmed::No)?;
        open::limit(&opened.writing, pages)
            .map_err(|error| OpenError::Unusable { file: file.to_owned(), reason: error.to_string() })?;
        Self::start(opened)
    }

    /// Take a database as it is that is not as it was left, because it comes from a backup; `entry` says so in its
    /// audit record.
    ///
    /// # Errors
    /// As [`SqliteStore::open`], but for gaps; and when it cannot be recorded.
    pub async fn confirm(file: &Path, entry: AuditEntry) -> Result<(), ConfirmError> {
        let store = Self::start(open::open(file, Confirmed::At(entry.at))?)?;
        let confirmed = async {
            store.append(entry).await?;
            let (reply, outcome) = oneshot::channel();
            store.send(Job::Mark(reply)).map_err(|reason| CommitError::Unavailable(reason.into()))?;
            outcome.await.unwrap_or_else(|_| Err(CommitError::InDoubt(CLOSED.into())))
        };
        let confirmed = confirmed.await;
        store.close().await;
        Ok(confirmed?)
    }

    fn start(opened: Opened) -> Result<Self, OpenError> {
        let Opened { file, lock, mark, writing, checkpointing, reading, looking_up, indexing, inspecting } = opened;
        let unusable = |error: std::io::Error| OpenError::Unusable { file: file.clone(), reason: error.to_string() };
        let (brake, confirmed) = (Brake::default(), mark.confirmed());
        let inspector = inspecting
            .map(|connection| Inspector::start(connection, &file, brake.clone()))
            .transpose()
            .map_err(unusable)?;
        let lookups = Lookups::start(looking_up, file.clone(), brake.clone()).map_err(unusable)?;
        let (jobs, queue) = sync_channel(QUEUE);
        let (bell, woken) = indexer::bell();
        let indexer = Indexer::start((indexing, &file, brake.clone()), (bell.clone(), woken), jobs.clone());
        let indexer = indexer.map_err(unusable)?;
        let writer = Writer::new((writing, checkpointing, mark), file.clone(), bell, brake.clone());
        let thread = std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || work(writer, &queue, lock))
            .map_err(unusable)?;
        let shared = Shared {
            file,
            jobs,
            readers: reading.into_iter().map(|connection| Mutex::new(Some(connection))).collect(),
            next_reader: AtomicUsize::new(0),
            lookups,
            inspector,
            indexer,
            writer: Mutex::new(Some(thread)),
            brake,
            confirmed,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// When it was last confirmed that the database comes from a backup. It has forgotten what was spent before that.
    pub fn restored(&self) -> Option<SystemTime> {
        self.shared.confirmed
    }

    /// Write everything that waits, tidy up, and let go of the file.
    pub async fn close(&self) {
        let shared = self.shared.clone();
        // It blocks until the disk is done; when the runtime ends before that, dropping waits for it.
        let _ = tokio::task::spawn_blocking(move || shared.close()).await;
    }

    fn send(&self, job: Job) -> Result<(), &'static str> {
        self.shared.jobs.try_send(job).map_err(|error| match error {
            TrySendError::Disconnected(_) => CLOSED,
            TrySendError::Full(_) => "too much waits for the disk",
        })
    }

    /// Let the writer remember a decision.
    async fn decide(&self, decision: Decision) -> Result<(), CommitError> {
        let (reply, outcome) = oneshot::channel();
        self.send(Job::Commit(decision, reply)).map_err(|reason| CommitError::Unavailable(reason.into()))?;
        outcome.await.unwrap_or_else(|_| Err(CommitError::InDoubt("the store ended in the middle".into())))
    }

    /// Let the writer do something else than to commit.
    async fn ask<T>(&self, job: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Job) -> Result<T, StoreError> {
        let (reply, outcome) = oneshot::channel();
        self.send(job(reply)).map_err(|reason| StoreError::Unavailable(reason.into()))?;
        outcome.await.unwrap_or_else(|_| Err(StoreError::Unavailable(CLOSED.into())))
    }

    /// Read on a thread that may block.
    async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let shared = self.shared.clone();
        let read = move || shared.read(query);
        tokio::task::spawn_blocking(read).await.map_err(|error| StoreError::Unavailable(error.into()))?
    }
}

/// What the writing thread does. The file stays locked until nobody works with it any more.
fn work(writer: Writer, queue: &Receiver<Job>, lock: File) {
    writer.run(queue);
    drop(lock);
}

impl Shared {
    fn read<T>(&self, query: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let turn = self.next_reader.fetch_add(1, Ordering::Relaxed);
        let reader = held(&self.readers[turn % self.readers.len()]);
        let connection = reader.as_ref().ok_or_else(|| StoreError::Unavailable(CLOSED.into()))?;
        self.brake.guard(&self.file, || query(connection))
    }

    fn close(&self) {
        // Held to the end, so that whoever closes at the same time returns when it is done.
        let mut writer = held(&self.writer);
        let Some(thread) = writer.take() else { return };
        if let Some(inspector) = &self.inspector {
            inspector.stop();
        }
        self.indexer.stop();
        // The writer has to be the last on the file, so that it can remove the log.
        for reader in &self.readers {
            held(reader).take();
        }
        self.lookups.stop();
        // When the writer is gone already there is nobody to tell.
        let _ = self.jobs.send(Job::Close);
        let _ = thread.join();
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.close();
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store for SqliteStore {
    fn commit(&self, issuance: Issuance) -> StoreFuture<'_, Result<(), CommitError>> {
        Box::pin(self.decide(Decision::Issue(Box::new(issuance))))
    }

    fn revoke(&self, revocation: Revocation) -> StoreFuture<'_, Result<(), CommitError>> {
        Box::pin(self.decide(Decision::Revoke(Box::new(revocation))))
    }

    fn standing<'a>(&'a self, serial: &'a SerialNumber) -> StoreFuture<'a, Result<Standing, StoreError>> {
        Box::pin(self.shared.lookups.ask(*serial))
    }

    fn revocations(&self, after: u64, limit: u32) -> StoreFuture<'_, Result<Vec<RevocationRecord>, StoreError>> {
        Box::pin(self.read(move |connection| read::revocations(connection, after, limit)))
    }

    fn next_crl_number<'a>(&'a self, issuer: &'a [u8], at_least: u64) -> StoreFuture<'a, Result<u64, StoreError>> {
        let issuer = issuer.to_vec();
        Box::pin(self.ask(move |reply| Job::CrlNumber { issuer, at_least, reply }))
    }

    fn certificate<'a>(
        &'a self,
        serial: &'a SerialNumber,
    ) -> StoreFuture<'a, Result<Option<CertificateRecord>, StoreError>> {
        Box::pin(async { Ok(self.standing(serial).await?.certificate) })
    }

    fn divisions(&self, issuer: IssuerId, new: Option<Division>) -> StoreFuture<'_, Result<Vec<Division>, StoreError>> {
        Box::pin(self.ask(move |reply| Job::Divisions { issuer, new, reply }))
    }

    fn count_certificates(&self) -> StoreFuture<'_, Result<u64, StoreError>> {
        Box::pin(self.read(read::count))
    }

    fn append(&self, audit: AuditEntry) -> StoreFuture<'_, Result<(), CommitError>> {
        Box::pin(self.decide(Decision::Audit(Box::new(audit))))
    }

    fn audit_head(&self) -> StoreFuture<'_, Result<(u64, Hash), StoreError>> {
        Box::pin(self.ask(Job::AuditHead))
    }

    fn keep_checkpoint<'a>(&'a self, size: u64, note: &'a str) -> StoreFuture<'a, Result<(), StoreError>> {
        let note = note.to_owned();
        Box::pin(self.ask(move |reply| Job::KeepCheckpoint { size, note, reply }))
    }

    fn checkpoint(&self) -> StoreFuture<'_, Result<Option<String>, StoreError>> {
        Box::pin(self.read(read::checkpoint))
    }

    fn audit(&self, from: u64, limit: u32) -> StoreFuture<'_, Result<Vec<AuditRecord>, StoreError>> {
        Box::pin(self.read(move |connection| read::audit(connection, from, limit)))
    }

    fn is_spent<'a>(&'a self, digest: &'a [u8; 32]) -> StoreFuture<'a, Result<bool, StoreError>> {
        let digest = *digest;
        Box::pin(self.read(move |connection| read::is_spent(connection, &digest)))
    }

    fn purge_tokens(&self, now: SystemTime, limit: u32) -> StoreFuture<'_, Result<u32, StoreError>> {
        Box::pin(self.ask(move |reply| Job::Purge { what: Purge::Tokens, before: now, limit, reply }))
    }

    fn purge_certificates(&self, ended: SystemTime, limit: u32) -> StoreFuture<'_, Result<u32, StoreError>> {
        Box::pin(self.ask(move |reply| Job::Purge { what: Purge::Certificates, before: ended, limit, reply }))
    }

    fn check(&self) -> StoreFuture<'_, Result<(), StoreError>> {
        Box::pin(self.ask(Job::Check))
    }
}

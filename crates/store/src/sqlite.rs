//! The default store: one SQLite file, one writer, many decisions per `fsync`.
//!
//! A thread of its own owns the only connection that writes. It takes what has queued up, commits it in one
//! transaction (group commit) and answers only then, so a decision that was acknowledged is on the disk. With
//! `journal_mode=WAL` and `synchronous=FULL` it survives the end of the process and of the power.

mod open;
mod read;
mod schema;
mod write;

use std::{
    fs::File,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{SyncSender, TrySendError},
    },
    thread::JoinHandle,
    time::SystemTime,
};

use rung_authority::store::{AuditRecord, CertificateRecord, CommitError, Issuance, Store, StoreError, StoreFuture};
use rung_pki::SerialNumber;
use rusqlite::Connection;
use tokio::sync::oneshot;

pub use open::OpenError;
use write::Job;

/// A store in one SQLite file.
pub struct SqliteStore {
    jobs: SyncSender<Job>,
    reader: Arc<Mutex<Connection>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    /// Held for as long as the store is open, so that no other process opens it too.
    _lock: File,
}

/// So many decisions may wait for the disk; beyond, refusing is quicker than waiting.
const QUEUE: usize = 4096;

impl SqliteStore {
    /// Open the store in that file, and make it when there is none.
    ///
    /// # Errors
    /// When the file is damaged, not a store of Rung, newer than this program, or in use.
    pub fn open(file: &Path) -> Result<Self, OpenError> {
        Self::open_limited(file, None)
    }

    /// Open the store in that file, which must not grow beyond that many pages: a full disk, for tests.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn open_with_page_limit(file: &Path, pages: i64) -> Result<Self, OpenError> {
        Self::open_limited(file, Some(pages))
    }

    fn open_limited(file: &Path, pages: Option<i64>) -> Result<Self, OpenError> {
        let lock = open::lock(file)?;
        let writing = open::connect(file)?;
        if let Some(pages) = pages {
            open::limit(&writing, file, pages)?;
        }
        let reading = open::connect_read_only(file)?;
        let checkpointing = open::connect(file)?;
        let (jobs, queue) = std::sync::mpsc::sync_channel(QUEUE);
        let writer = std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || write::run(writing, checkpointing, &queue))
            .map_err(|error| OpenError::Unusable { file: file.to_owned(), reason: error.to_string() })?;
        let reader = Arc::new(Mutex::new(reading));
        Ok(Self { jobs, reader, writer: Mutex::new(Some(writer)), _lock: lock })
    }

    /// Write everything that waits, tidy up, and stop.
    pub async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.jobs.try_send(Job::Close(done)).is_ok() {
            // The writer answers when it is done; when it is gone already, so be it.
            let _ = closed.await;
        }
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            let _ = writer.join();
        }
    }

    fn send(&self, job: Job) -> Result<(), &'static str> {
        self.jobs.try_send(job).map_err(|error| match error {
            TrySendError::Disconnected(_) => "the store is closed",
            TrySendError::Full(_) => "too much waits for the disk",
        })
    }

    /// Read on a thread that may block.
    async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let reader = self.reader.clone();
        let read = move || query(&reader.lock().unwrap_or_else(PoisonError::into_inner));
        tokio::task::spawn_blocking(read).await.map_err(|error| StoreError::Unavailable(error.into()))?
    }
}

impl Store for SqliteStore {
    fn commit(&self, issuance: Issuance) -> StoreFuture<'_, Result<(), CommitError>> {
        Box::pin(async move {
            let (reply, outcome) = oneshot::channel();
            self.send(Job::Commit(Box::new(issuance), reply))
                .map_err(|reason| CommitError::Unavailable(reason.into()))?;
            outcome.await.unwrap_or_else(|_| Err(CommitError::InDoubt("the store ended".into())))
        })
    }

    fn certificate<'a>(
        &'a self,
        serial: &'a SerialNumber,
    ) -> StoreFuture<'a, Result<Option<CertificateRecord>, StoreError>> {
        let serial = serial.as_bytes().to_vec();
        Box::pin(self.read(move |connection| read::certificate(connection, &serial)))
    }

    fn count_certificates(&self) -> StoreFuture<'_, Result<u64, StoreError>> {
        Box::pin(self.read(read::count))
    }

    fn audit(&self, from: u64, limit: u32) -> StoreFuture<'_, Result<Vec<AuditRecord>, StoreError>> {
        Box::pin(self.read(move |connection| read::audit(connection, from, limit)))
    }

    fn purge_tokens(&self, now: SystemTime, limit: u32) -> StoreFuture<'_, Result<u32, StoreError>> {
        Box::pin(async move {
            let (reply, outcome) = oneshot::channel();
            self.send(Job::Purge { now, limit, reply }).map_err(|reason| StoreError::Unavailable(reason.into()))?;
            outcome.await.unwrap_or_else(|_| Err(StoreError::Unavailable("the store ended".into())))
        })
    }

    fn check(&self) -> StoreFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let (reply, outcome) = oneshot::channel();
            self.send(Job::Check(reply)).map_err(|reason| StoreError::Unavailable(reason.into()))?;
            outcome.await.unwrap_or_else(|_| Err(StoreError::Unavailable("the store ended".into())))
        })
    }
}

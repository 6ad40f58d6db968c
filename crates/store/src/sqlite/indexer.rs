//! Gathers certificates into blocks that can be searched, beside the issuing.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use rung_authority::store::StoreError;
use rung_pki::{Certificate, sha256};
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{
    read::translate,
    terms::{BLOCK, Block, BlockBuilder},
    trouble::{Brake, Trouble},
    write::Job,
};

/// Makes a block whenever there are enough certificates for one.
pub(super) struct Indexer {
    stopping: Arc<AtomicBool>,
    wake: SyncSender<()>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// So many rows are read at once, so that no reading lasts long.
const PART: usize = 256;
/// Between two parts, so that there is time for requests also while an old file is gone through.
const PAUSE: Duration = Duration::from_millis(2);

/// What wakes it, for the one who writes.
pub(super) fn bell() -> (SyncSender<()>, Receiver<()>) {
    sync_channel(1)
}

impl Indexer {
    pub(super) fn start(
        (connection, file, brake): (Connection, &Path, Brake),
        (wake, woken): (SyncSender<()>, Receiver<()>),
        jobs: SyncSender<Job>,
    ) -> std::io::Result<Self> {
        let stopping = Arc::new(AtomicBool::new(false));
        let work = Work { connection, file: file.to_owned(), brake, jobs, stopping: stopping.clone() };
        let thread = std::thread::Builder::new().name("index".to_owned()).spawn(move || work.run(&woken))?;
        Ok(Self { stopping, wake, thread: Mutex::new(Some(thread)) })
    }

    /// Stop; the writer has to be there until this returns.
    pub(super) fn stop(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(thread) = thread else { return };
        self.stopping.store(true, Ordering::Release);
        // When it is full, it is awake already.
        let _ = self.wake.try_send(());
        let _ = thread.join();
    }
}

struct Work {
    connection: Connection,
    file: PathBuf,
    brake: Brake,
    jobs: SyncSender<Job>,
    stopping: Arc<AtomicBool>,
}

impl Work {
    fn run(&self, woken: &Receiver<()>) {
        loop {
            match self.next() {
                Ok(true) => continue,
                Ok(false) => {}
                Err(StoreError::Damaged(reason)) => {
                    let file = self.file.display();
                    self.brake.pull(Trouble::Damaged(format!("{file}: {reason}; restore it from a backup")));
                    return;
                }
                // The next certificates are another occasion.
                Err(StoreError::Unavailable(_)) => {}
            }
            if self.stops() || woken.recv().is_err() || self.stops() {
                return;
            }
        }
    }

    fn stops(&self) -> bool {
        self.stopping.load(Ordering::Acquire) || self.brake.pulled().is_some()
    }

    /// Make the next block if there are enough certificates for it.
    fn next(&self) -> Result<bool, StoreError> {
        let query = "SELECT coalesce(max(last), 0) FROM certificate_terms";
        let indexed: i64 = self.connection.query_row(query, [], |row| row.get(0)).map_err(translate)?;
        let query = "SELECT coalesce(max(id), 0) FROM certificates";
        let newest: i64 = self.connection.query_row(query, [], |row| row.get(0)).map_err(translate)?;
        if newest - indexed < BLOCK as i64 {
            return Ok(false);
        }
        let Some((block, serial)) = self.read(indexed)? else { return Ok(false) };
        let (reply, kept) = oneshot::channel();
        if self.jobs.send(Job::KeepBlock { block, serial, reply }).is_err() {
            return Ok(false);
        }
        kept.blocking_recv().unwrap_or(Ok(false))
    }

    /// The block of the certificates behind that row, and the serial number of its last.
    fn read(&self, after: i64) -> Result<Option<(Block, Vec<u8>)>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT c.id, c.not_after, p.name, c.der, c.fingerprint FROM certificates c
                 CROSS JOIN provisioners p ON p.id = c.provisioner WHERE c.id > ?1 ORDER BY c.id LIMIT ?2",
            )
            .map_err(translate)?;
        let (mut builder, mut read, mut last, mut serial) = (BlockBuilder::default(), 0, after, Vec::new());
        while read < BLOCK && !self.stops() {
            let limit = PART.min(BLOCK - read);
            let rows = statement
                .query_map((last, limit as i64), |row| {
                    let place: (i64, i64) = (row.get(0)?, row.get(1)?);
                    let der = (row.get::<_, Vec<u8>>(3)?, row.get::<_, [u8; 32]>(4)?);
                    Ok((place, row.get::<_, String>(2)?, der))
                })
                .map_err(translate)?;
            let before = read;
            for row in rows {
                let (place, provisioner, (der, fingerprint)) = row.map_err(translate)?;
                let damaged = || StoreError::Damaged(format!("certificate {} is not what was recorded", place.0));
                if sha256(&der) != fingerprint {
                    return Err(damaged());
                }
                let certificate = Certificate::from_der(&der).map_err(|_| damaged())?;
                if !builder.add(place, &certificate, &provisioner) {
                    // Purged ones have left a gap: what is here is a block of its own.
                    return Ok(builder.finish().map(|block| (block, serial)));
                }
                (last, serial, read) = (place.0, certificate.serial().as_bytes().to_vec(), read + 1);
            }
            if read - before < limit {
                break;
            }
            std::thread::sleep(PAUSE);
        }
        // A short one is made only where purged certificates have left it short: the next one has others to begin with.
        Ok(if self.stops() { None } else { builder.finish().map(|block| (block, serial)) })
    }
}

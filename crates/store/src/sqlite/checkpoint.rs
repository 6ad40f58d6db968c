//! Moving the log into the database without keeping the writer from writing.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{SyncSender, TrySendError, sync_channel},
    },
    thread::JoinHandle,
};

use rusqlite::Connection;

use super::trouble::Brake;

/// After so many rows the log is moved into the database.
const ROWS: usize = 1500;

/// Moves the log into the database.
///
/// Another thread moves most of it; then the writer moves the rest, which is little, so that the log can start over. A
/// log that starts over is overwritten, not shortened: making a file longer again costs more than writing over it.
pub(super) struct Checkpointer {
    file: PathBuf,
    brake: Brake,
    start: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    moved: Arc<AtomicBool>,
    written: usize,
}

impl Checkpointer {
    pub(super) fn start(connection: Connection, file: &Path, brake: Brake) -> Self {
        let (start, wanted) = sync_channel(1);
        let moved = Arc::new(AtomicBool::new(false));
        let mover = (moved.clone(), file.to_owned(), brake.clone());
        let thread = std::thread::Builder::new().name("checkpoint".to_owned()).spawn(move || {
            let (moved, file, brake) = mover;
            while wanted.recv() == Ok(()) {
                checkpoint(&connection, &file, &brake);
                moved.store(true, Ordering::Release);
            }
        });
        // Without the thread the writer does all of it, more slowly.
        Self { file: file.to_owned(), brake, start: Some(start), thread: thread.ok(), moved, written: 0 }
    }

    /// So many rows were written with that connection.
    pub(super) fn wrote(&mut self, rows: usize, connection: &Connection) {
        self.written += rows;
        if self.moved.swap(false, Ordering::Acquire) {
            checkpoint(connection, &self.file, &self.brake);
        }
        if self.written < ROWS {
            return;
        }
        match self.start.as_ref().map(|start| start.try_send(())) {
            Some(Ok(()) | Err(TrySendError::Full(()))) => {}
            _ => checkpoint(connection, &self.file, &self.brake),
        }
        self.written = 0;
    }

    /// Move everything with that connection, now and for the last time; says whether nothing was left.
    pub(super) fn finish(&mut self, connection: &Connection) -> bool {
        self.start = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has nothing to say; what it left in the log is moved now.
            let _ = thread.join();
        }
        // On doubtful ground the log is all there is: the next start goes through it.
        self.brake.pulled().is_none() && truncate(connection).unwrap_or(false)
    }
}

/// Move the whole log and empty it; says whether nothing was left.
pub(super) fn truncate(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).map(|busy: i64| busy == 0)
}

fn checkpoint(connection: &Connection, file: &Path, brake: &Brake) {
    if brake.pulled().is_some() {
        return;
    }
    if let Err(error) = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
        // Without room the log keeps what it has. After any other failure another try could pretend success.
        brake.mind(&error, file);
    }
}

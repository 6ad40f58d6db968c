//! The thread that looks up single certificates.
//!
//! Many ask at the same time, and an answer takes a few microseconds: waking a thread for each would cost several times
//! as much. What reads long stays elsewhere, so that nobody waits behind it.

use std::{
    io,
    path::PathBuf,
    sync::{
        Mutex,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::JoinHandle,
};

use rung_authority::store::{Standing, StoreError};
use rung_pki::SerialNumber;
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{held, read, trouble::Brake, write::CLOSED};

/// A question and who waits for its answer; nothing to say that there are no more.
type Question = Option<(SerialNumber, oneshot::Sender<Result<Standing, StoreError>>)>;

/// Asks the thread.
pub(super) struct Lookups {
    queue: SyncSender<Question>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// So many may wait; beyond, refusing is quicker than waiting.
const QUEUE: usize = 4096;

impl Lookups {
    /// Start the thread.
    pub(super) fn start(connection: Connection, file: PathBuf, brake: Brake) -> io::Result<Self> {
        let (queue, questions) = sync_channel(QUEUE);
        let work = move || work(&connection, &file, &brake, &questions);
        let thread = std::thread::Builder::new().name("lookup".to_owned()).spawn(work)?;
        Ok(Self { queue, thread: Mutex::new(Some(thread)) })
    }

    /// What is on record about a certificate.
    pub(super) async fn ask(&self, serial: SerialNumber) -> Result<Standing, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.queue.try_send(Some((serial, reply))).map_err(|error| {
            let reason = match error {
                std::sync::mpsc::TrySendError::Disconnected(_) => CLOSED,
                std::sync::mpsc::TrySendError::Full(_) => "too many wait for what is on record",
            };
            StoreError::Unavailable(reason.into())
        })?;
        answer.await.unwrap_or_else(|_| Err(StoreError::Unavailable(CLOSED.into())))
    }

    /// Have it answer what was asked, and end.
    pub(super) fn stop(&self) {
        let Some(thread) = held(&self.thread).take() else { return };
        // When it is gone already there is nobody to tell.
        let _ = self.queue.send(None);
        let _ = thread.join();
    }
}

fn work(connection: &Connection, file: &std::path::Path, brake: &Brake, questions: &Receiver<Question>) {
    while let Ok(Some((serial, reply))) = questions.recv() {
        let found = brake.guard(file, || read::standing(connection, serial.as_bytes()));
        // Whoever asked may have gone.
        let _ = reply.send(found);
    }
}

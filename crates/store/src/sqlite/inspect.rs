//! Looking through the whole file for damage.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
    thread::JoinHandle,
};

use rusqlite::{Connection, InterruptHandle};

use super::trouble::{Brake, Severity, Trouble};

/// Looks through a large file while the store works already, and stops the store if the file is damaged.
pub(super) struct Inspector {
    interrupt: InterruptHandle,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Inspector {
    pub(super) fn start(connection: Connection, file: &Path, brake: Brake) -> std::io::Result<Self> {
        let (interrupt, file) = (connection.get_interrupt_handle(), file.to_owned());
        let thread = std::thread::Builder::new()
            .name("inspect".to_owned())
            .spawn(move || inspect(&connection, &file, &brake))?;
        Ok(Self { interrupt, thread: Mutex::new(Some(thread)) })
    }

    /// Stop looking.
    pub(super) fn stop(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            while !thread.is_finished() {
                // Said again until it is heard: an interrupt before the first query is forgotten.
                self.interrupt.interrupt();
                std::thread::yield_now();
            }
            let _ = thread.join();
        }
    }
}

fn inspect(connection: &Connection, file: &Path, brake: &Brake) {
    match damage(connection) {
        Ok(None) => {}
        Ok(Some(reason)) => {
            brake.pull(Trouble::Damaged(format!("{}: {reason}; restore it from a backup", file.display())));
        }
        Err(error) if Severity::of(&error) == Severity::Passing => {}
        Err(error) => drop(brake.mind(&error, file)),
    }
}

/// The first damage in the file, if there is any: pages, rows, and whether every index has what its table has.
pub(super) fn damage(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let verdict: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    Ok((verdict != "ok").then_some(verdict))
}

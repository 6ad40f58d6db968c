//! Reaching the terminal, whatever standard input and error are connected to.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::OwnedFd;

/// There is nobody to ask.
#[derive(Debug, thiserror::Error)]
#[error("there is no terminal to ask for {what}: {remedy}")]
pub(crate) struct NoTerminal {
    what: String,
    remedy: String,
}

/// Whether somebody can be asked.
pub(crate) fn is_there() -> bool {
    (io::stdin().is_terminal() && io::stderr().is_terminal())
        || File::options().read(true).write(true).open("/dev/tty").is_ok()
}

/// The terminal, with standard error connected to it until this is dropped.
#[derive(Debug)]
pub(super) struct Terminal {
    stderr: Option<OwnedFd>,
}

impl Terminal {
    /// Reach the terminal to ask for `what`; `remedy` says how to do without.
    pub(super) fn open(what: &str, remedy: &str) -> Result<Self, NoTerminal> {
        let missing = || NoTerminal { what: what.to_owned(), remedy: remedy.to_owned() };
        // Answers are never read from a pipe: what is piped in is data.
        if io::stdin().is_terminal() && io::stderr().is_terminal() {
            return Ok(Self { stderr: None });
        }
        let device = File::options().read(true).write(true).open("/dev/tty").map_err(|_| missing())?;
        if io::stderr().is_terminal() {
            return Ok(Self { stderr: None });
        }
        let kept = rustix::io::dup(rustix::stdio::stderr()).map_err(|_| missing())?;
        rustix::stdio::dup2_stderr(&device).map_err(|_| missing())?;
        Ok(Self { stderr: Some(kept) })
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Some(kept) = &self.stderr {
            // If this fails, later messages appear on the terminal, where the person is.
            let _ = rustix::stdio::dup2_stderr(kept);
        }
    }
}

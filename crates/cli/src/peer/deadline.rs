//! A connection that ends when its time is up, however slowly the other side drips.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::{Target, dial};

/// A connection and the instant at which it has to be done.
pub(super) struct Deadline {
    stream: TcpStream,
    end: Instant,
    whole: Duration,
}

impl Deadline {
    /// Connect to `target`; everything has to be done within `whole`.
    pub(super) fn of(target: &Target, whole: Duration) -> anyhow::Result<Self> {
        let end = now() + whole;
        let stream = dial(target, || end.saturating_duration_since(now()))?;
        Ok(Self { stream, end, whole })
    }

    /// What an error of the connection means.
    pub(super) fn explain(&self, error: io::Error) -> String {
        match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
                format!("the TLS handshake was not done after {} seconds", self.whole.as_secs())
            }
            io::ErrorKind::UnexpectedEof => "the server closed the connection during the TLS handshake".to_owned(),
            _ => format!("tls: {error}"),
        }
    }

    fn left(&self) -> io::Result<Duration> {
        let left = self.end.saturating_duration_since(now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

impl Read for Deadline {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(self.left()?))?;
        self.stream.read(buffer)
    }
}

impl Write for Deadline {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(self.left()?))?;
        self.stream.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

#[expect(clippy::disallowed_methods, reason = "how long a server may take is measured, and decides nothing else")]
fn now() -> Instant {
    Instant::now()
}

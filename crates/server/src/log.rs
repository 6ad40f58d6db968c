//! What the daemon writes on standard error: events, and one line a request.
//!
//! Lines go through a buffer that a thread of its own empties, so a slow reader never slows a request. When the
//! buffer is full lines are dropped, counted, and the count is written once there is room.

mod access;
mod line;
#[cfg(test)]
mod tests;

use std::{
    io::Write,
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use arc_swap::ArcSwapOption;
use rung_authority::clock::Clock;
use rung_spec::LogFormat;

pub use access::Access;
pub(crate) use line::rfc3339;
use line::{escape, slashed};

/// How grave an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Something failed.
    Error,
    /// Something happened.
    Info,
    /// Something is not as it should be.
    Warning,
}

impl Level {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Info => "info",
            Self::Warning => "warning",
        }
    }
}

/// The log of the daemon. Clones write to the same place.
#[derive(Clone)]
pub struct Log {
    shared: Arc<Shared>,
    clock: Arc<dyn Clock>,
}

struct Shared {
    /// The format of request lines; none means that requests are not logged.
    format: ArcSwapOption<LogFormat>,
    buffer: Mutex<Buffer>,
    filled: Condvar,
    emptied: Condvar,
    dropped: AtomicU64,
}

#[derive(Default)]
struct Buffer {
    bytes: Vec<u8>,
    writing: bool,
    closed: bool,
}

/// The thread that writes; when dropped, it writes what is left and ends.
pub struct Writer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// More than this is not kept waiting for a slow reader.
const CAPACITY: usize = 4 << 20;
/// How long to wait for more lines before writing, so that busy times cost few system calls.
const GATHER: Duration = Duration::from_millis(5);

impl Log {
    /// Start writing to `output`.
    pub fn start(clock: Arc<dyn Clock>, mut output: impl Write + Send + 'static) -> (Self, Writer) {
        let shared = Arc::new(Shared {
            format: ArcSwapOption::empty(),
            buffer: Mutex::default(),
            filled: Condvar::new(),
            emptied: Condvar::new(),
            dropped: AtomicU64::new(0),
        });
        let writing = shared.clone();
        let thread = std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || writing.write(&mut output))
            .expect("a thread can be started before the daemon serves");
        let writer = Writer { shared: shared.clone(), thread: Some(thread) };
        (Self { shared, clock }, writer)
    }

    /// Log requests in that format from now on, or not at all.
    pub fn set_format(&self, format: Option<LogFormat>) {
        self.shared.format.store(format.map(Arc::new));
    }

    /// Write that something happened.
    pub fn info(&self, message: &str) {
        self.event(Level::Info, message);
    }

    /// Write that something is not as it should be.
    pub fn warning(&self, message: &str) {
        self.event(Level::Warning, message);
    }

    /// Write that something failed.
    pub fn error(&self, message: &str) {
        self.event(Level::Error, message);
    }

    fn event(&self, level: Level, message: &str) {
        let now = self.clock.now();
        let json = self.shared.format.load().as_deref() == Some(&LogFormat::Json);
        let line = if json {
            let line = serde_json::json!({ "level": level.name(), "msg": message, "time": rfc3339(now) });
            format!("{line}\n")
        } else {
            let prefix = match level {
                Level::Error => "error: ",
                Level::Warning => "warning: ",
                Level::Info => "",
            };
            // A message may quote what came from outside; it stays one line all the same.
            format!("{} {prefix}{}\n", slashed(now), escape(message))
        };
        self.shared.append(line.as_bytes());
    }

    /// Write the line of a request, if requests are logged.
    pub fn access(&self, access: &Access<'_>) {
        if let Some(format) = self.shared.format.load().as_deref() {
            self.shared.append(access.line(*format, self.clock.now()).as_bytes());
        } else if let Some(line) = access.refusal() {
            self.warning(&line);
        }
    }

    /// Whether lines of requests are written.
    pub fn logs_requests(&self) -> bool {
        self.shared.format.load().is_some()
    }

    /// How many lines were dropped because nobody read them.
    pub fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }
}

impl Shared {
    fn append(&self, line: &[u8]) {
        let mut buffer = self.buffer.lock().unwrap_or_else(PoisonError::into_inner);
        if buffer.bytes.len() + line.len() > CAPACITY {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let idle = buffer.bytes.is_empty() && !buffer.writing;
        buffer.bytes.extend_from_slice(line);
        drop(buffer);
        if idle {
            self.filled.notify_one();
        }
    }

    fn write(&self, output: &mut impl Write) {
        let mut reported = 0;
        let mut batch = Vec::new();
        loop {
            let mut buffer = self.buffer.lock().unwrap_or_else(PoisonError::into_inner);
            buffer.writing = false;
            while buffer.bytes.is_empty() && !buffer.closed {
                self.emptied.notify_all();
                buffer = self.filled.wait(buffer).unwrap_or_else(PoisonError::into_inner);
            }
            if buffer.bytes.is_empty() {
                // Whoever waits for the end may have begun to wait while the last batch was written.
                self.emptied.notify_all();
                return;
            }
            batch.clear();
            std::mem::swap(&mut batch, &mut buffer.bytes);
            buffer.writing = true;
            let closed = buffer.closed;
            drop(buffer);
            // Nobody is left to tell when standard error cannot be written.
            let _ = output.write_all(&batch);
            let dropped = self.dropped.load(Ordering::Relaxed);
            if dropped > reported {
                let _ = writeln!(
                    output,
                    "warning: {} log lines were dropped, since they were not read",
                    dropped - reported
                );
                reported = dropped;
            }
            let _ = output.flush();
            if !closed {
                std::thread::sleep(GATHER);
            }
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.buffer.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.shared.filled.notify_one();
        if let Some(thread) = self.thread.take() {
            // A reader that never reads must not keep the daemon from ending.
            let buffer = self.shared.buffer.lock().unwrap_or_else(PoisonError::into_inner);
            let (buffer, waited) = self
                .shared
                .emptied
                .wait_timeout_while(buffer, Duration::from_secs(2), |buffer| !buffer.bytes.is_empty() || buffer.writing)
                .unwrap_or_else(PoisonError::into_inner);
            drop(buffer);
            if !waited.timed_out() {
                let _ = thread.join();
            }
        }
    }
}

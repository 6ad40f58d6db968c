//! Programs that a test starts: what they print is kept, and they never outlive the test.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::PATIENCE;

/// A program that runs while the test does something else.
pub(crate) struct Background {
    name: String,
    child: Child,
    output: Arc<Output>,
    readers: Vec<JoinHandle<()>>,
    /// Held open for as long as we live.
    _input: Option<ChildStdin>,
}

/// A program that ended.
#[derive(Debug)]
pub(crate) struct Finished {
    name: String,
    /// How it ended.
    pub(crate) status: ExitStatus,
    /// What it printed as its result.
    pub(crate) stdout: String,
    /// What it told the person.
    pub(crate) stderr: String,
}

#[derive(Default)]
struct Output {
    streams: Mutex<Streams>,
    changed: Condvar,
}

#[derive(Default)]
struct Streams {
    stdout: String,
    stderr: String,
    ended: usize,
}

impl Background {
    /// Start `command` without a terminal, with an open input that says nothing.
    #[track_caller]
    pub(crate) fn start(command: &Command) -> Self {
        let name = words(command);
        let mut session = in_own_session(command, &[]);
        session.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = session.spawn().unwrap_or_else(|error| panic!("`{name}` cannot be started: {error}"));
        let output = Arc::<Output>::default();
        let readers = vec![
            keep(child.stdout.take().expect("piped"), &output, |streams| &mut streams.stdout),
            keep(child.stderr.take().expect("piped"), &output, |streams| &mut streams.stderr),
        ];
        let input = child.stdin.take();
        Self { name, child, output, readers, _input: input }
    }

    /// Wait until the program has printed something that `find` finds, on its two streams together.
    #[track_caller]
    pub(crate) fn wait_for<T>(&self, what: &str, find: impl Fn(&str) -> Option<T>) -> T {
        let found = |streams: &Streams| find(&streams.stdout).or_else(|| find(&streams.stderr));
        let mut streams = self.output.lock();
        if streams.ended < 2 && found(&streams).is_none() {
            let waiting = |streams: &mut Streams| streams.ended < 2 && found(streams).is_none();
            streams = self.output.changed.wait_timeout_while(streams, PATIENCE, waiting).expect("no reader panics").0;
        }
        let result = found(&streams);
        let (stdout, stderr) = (streams.stdout.clone(), streams.stderr.clone());
        drop(streams);
        result.unwrap_or_else(|| panic!("`{}` never printed {what}; it printed\n{stdout}\n{stderr}", self.name))
    }

    /// Wait until the program has printed `text` for the `count`th time.
    #[track_caller]
    pub(crate) fn wait_for_text(&self, text: &str, count: usize) {
        self.wait_for(&format!("{text:?} {count} times"), |printed| {
            (printed.matches(text).count() >= count).then_some(())
        });
    }

    /// What it told the person until now.
    pub(crate) fn stderr(&self) -> String {
        self.output.lock().stderr.clone()
    }

    /// Send a signal to the program itself.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("the program is there");
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Ask the program to end, and wait until it has.
    #[track_caller]
    pub(crate) fn finish_with_term(self) -> Finished {
        self.signal(Signal::TERM);
        self.finish()
    }

    /// Wait until the program has ended by itself.
    #[track_caller]
    pub(crate) fn finish(mut self) -> Finished {
        self.output.wait_for_end(&self.name);
        let status = self.child.wait().expect("the program was started");
        let mut streams = self.output.lock();
        let (stdout, stderr) = (std::mem::take(&mut streams.stdout), std::mem::take(&mut streams.stderr));
        drop(streams);
        Finished { name: self.name.clone(), status, stdout, stderr }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("`{}` had told:\n{}", self.name, self.output.last_lines());
        }
        // The whole group: a browser or a server has children of its own. It may be gone already.
        let _ = kill_process_group(self.pid(), Signal::KILL);
        let _ = self.child.kill();
        let _ = self.child.wait();
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
    }
}

impl Finished {
    /// Run `command` to its end.
    #[track_caller]
    pub(crate) fn run(command: &Command) -> Self {
        Background::start(command).finish()
    }

    /// It must have ended well.
    #[track_caller]
    pub(crate) fn success(self) -> Self {
        assert!(self.status.success(), "`{}`: {}\n{}\n{}", self.name, self.status, self.stdout, self.stderr);
        self
    }

    /// It must have refused, with all of `words` in what it told the person.
    #[track_caller]
    pub(crate) fn refusal(self, words: &[&str]) -> Self {
        let said = || format!("`{}`: {}\n{}\n{}", self.name, self.status, self.stdout, self.stderr);
        assert!(self.status.code().is_some_and(|code| code != 0), "it should have refused: {}", said());
        assert!(!self.stderr.contains("panicked"), "{}", said());
        for word in words {
            assert!(self.stderr.contains(word), "it should have said {word:?}: {}", said());
        }
        self
    }
}

impl Output {
    fn lock(&self) -> MutexGuard<'_, Streams> {
        self.streams.lock().expect("no reader panics")
    }

    /// The end of what was told, for a person who looks for the reason of a failure.
    fn last_lines(&self) -> String {
        let Ok(streams) = self.streams.lock() else { return String::new() };
        let lines: Vec<&str> = streams.stderr.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }

    #[track_caller]
    fn wait_for_end(&self, name: &str) {
        let waiting = |streams: &mut Streams| streams.ended < 2;
        let (streams, late) =
            self.changed.wait_timeout_while(self.lock(), PATIENCE, waiting).expect("no reader panics");
        let printed = format!("{}\n{}", streams.stdout, streams.stderr);
        drop(streams);
        assert!(!late.timed_out(), "`{name}` does not end; it printed\n{printed}");
    }
}

/// The command as one line.
pub(super) fn words(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// The same command in a session of its own: it finds no terminal but the one it is given, and its process id is that
/// of a group that has everything it starts.
pub(super) fn in_own_session(command: &Command, options: &[&str]) -> Command {
    let mut session = Command::new("setsid");
    session.args(options).arg(command.get_program()).args(command.get_args());
    session.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(folder) = command.get_current_dir() {
        session.current_dir(folder);
    }
    session
}

/// Keep every line of one stream until it ends.
fn keep(
    stream: impl Read + Send + 'static,
    output: &Arc<Output>,
    side: fn(&mut Streams) -> &mut String,
) -> JoinHandle<()> {
    let output = Arc::clone(output);
    std::thread::spawn(move || {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            side(&mut output.lock()).push_str(&String::from_utf8_lossy(&line));
            line.clear();
            output.changed.notify_all();
        }
        output.lock().ended += 1;
        output.changed.notify_all();
    })
}

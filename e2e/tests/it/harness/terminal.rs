//! A terminal with a person at it: reads the screen, types, presses keys.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;

use rustix::fs::{Mode, OFlags, open};
use rustix::process::{Pid, Signal, kill_process_group};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::PATIENCE;
use super::process::{in_own_session, words};

/// A program on a pseudo-terminal of 100 columns and 30 rows, with echo, as a person has it.
pub(crate) struct Terminal {
    name: String,
    child: Child,
    keyboard: File,
    screen: Arc<Screen>,
    reader: Option<JoinHandle<()>>,
    /// How much of the screen was already looked at.
    seen: usize,
}

#[derive(Default)]
struct Screen {
    contents: Mutex<Contents>,
    changed: Condvar,
}

#[derive(Default)]
struct Contents {
    raw: String,
    ended: bool,
}

impl Terminal {
    /// The key that moves down in a list.
    pub(crate) const DOWN: &str = "\u{1b}[B";
    /// The Enter key.
    pub(crate) const ENTER: &str = "\r";
    /// Ctrl-C.
    pub(crate) const CTRL_C: &str = "\u{3}";

    /// Start `command` on a new terminal.
    #[track_caller]
    pub(crate) fn start(command: &Command) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
        grantpt(&master).and_then(|()| unlockpt(&master)).expect("a pseudo-terminal");
        let slave = ptsname(&master, Vec::new()).expect("a pseudo-terminal has a name");
        let slave = open(slave, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).expect("it can be opened");
        let size = Winsize { ws_row: 30, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&slave, size).expect("a terminal has a size");
        let copy = |side: &OwnedFd| side.try_clone().expect("it can be copied");
        let mut session = in_own_session(command, &["--ctty"]);
        session.stdin(Stdio::from(copy(&slave))).stdout(Stdio::from(copy(&slave))).stderr(Stdio::from(slave));
        let name = words(command);
        let child = session.spawn().unwrap_or_else(|error| panic!("`{name}` cannot be started: {error}"));
        // Our copies of the slave's side are gone with `session`, so that reading ends with the program.
        drop(session);
        let screen = Arc::<Screen>::default();
        let reader = Some(watch(File::from(copy(&master)), &screen));
        Self { name, child, keyboard: File::from(master), screen, reader, seen: 0 }
    }

    /// Press keys.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("the terminal is open");
    }

    /// Type a line and press Enter.
    pub(crate) fn type_line(&mut self, line: &str) {
        self.press(&format!("{line}{}", Self::ENTER));
    }

    /// Wait until `text` has been written since the last wait, colours and cursor movements left out.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) {
        let found = |contents: &Contents| position(&contents.raw, self.seen, text);
        let waiting = |contents: &mut Contents| !contents.ended && found(contents).is_none();
        let contents = self.screen.contents.lock().expect("the reader does not panic");
        let contents = self.screen.changed.wait_timeout_while(contents, PATIENCE, waiting).expect("the same").0;
        let Some(end) = found(&contents) else {
            let shown = plain(&contents.raw);
            drop(contents);
            panic!("`{}` never showed {text:?}; it showed\n{shown}", self.name);
        };
        drop(contents);
        self.seen = end;
    }

    /// Wait until `find` finds something in everything that was written.
    #[track_caller]
    pub(crate) fn wait_until<T>(&self, what: &str, find: impl Fn(&str) -> Option<T>) -> T {
        let waiting = |contents: &mut Contents| !contents.ended && find(&plain(&contents.raw)).is_none();
        let contents = self.screen.contents.lock().expect("the reader does not panic");
        let contents = self.screen.changed.wait_timeout_while(contents, PATIENCE, waiting).expect("the same").0;
        let shown = plain(&contents.raw);
        drop(contents);
        find(&shown).unwrap_or_else(|| panic!("`{}` never showed {what}; it showed\n{shown}", self.name))
    }

    /// Wait for the end; gives how it ended and everything that was written.
    #[track_caller]
    pub(crate) fn finish(mut self) -> (ExitStatus, String) {
        let contents = self.screen.contents.lock().expect("the reader does not panic");
        let running = |contents: &mut Contents| !contents.ended;
        let (contents, late) = self.screen.changed.wait_timeout_while(contents, PATIENCE, running).expect("the same");
        let text = plain(&contents.raw);
        drop(contents);
        assert!(!late.timed_out(), "`{}` does not end; it showed\n{text}", self.name);
        (self.child.wait().expect("the program was started"), text)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

fn watch(mut master: File, screen: &Arc<Screen>) -> JoinHandle<()> {
    let screen = Arc::clone(screen);
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        // Reading fails when the last program has closed the other side.
        while let Ok(length @ 1..) = master.read(&mut buffer) {
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            screen.contents.lock().expect("nobody panics with it").raw.push_str(&text);
            screen.changed.notify_all();
        }
        screen.contents.lock().expect("nobody panics with it").ended = true;
        screen.changed.notify_all();
    })
}

/// Where `text` ends in `raw`, at or after `from`, when escape sequences are left out.
fn position(raw: &str, from: usize, text: &str) -> Option<usize> {
    let rest = raw.get(from..)?;
    let start = plain(rest).find(text)? + text.len();
    let ends = rest.char_indices().map(|(index, letter)| index + letter.len_utf8());
    ends.into_iter().find(|end| plain(&rest[..*end]).len() >= start).map(|end| from + end)
}

/// Text without escape sequences.
fn plain(raw: &str) -> String {
    let mut letters = raw.chars();
    let mut text = String::new();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1b}' if letters.clone().next() == Some('[') => {
                letters.next();
                // Parameters, then one letter that says what to do.
                letters.by_ref().find(char::is_ascii_alphabetic);
            }
            '\u{1b}' => {
                letters.next();
            }
            '\r' => {}
            other => text.push(other),
        }
    }
    text
}

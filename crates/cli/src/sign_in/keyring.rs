//! The key ring of the operating system, through its own command-line programs. The secret
//! goes through pipes, never through arguments.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use zeroize::Zeroizing;

/// One item of the key ring.
pub(super) struct Item<'a> {
    /// Tells it from those of other folders.
    pub(super) account: &'a str,
}

/// A program, its arguments, and what it reads.
struct Question {
    words: Vec<String>,
    input: Zeroizing<String>,
}

impl Item<'_> {
    /// Its secret, if there is one and the key ring is there and open.
    pub(super) fn secret(&self) -> Option<Zeroizing<String>> {
        let account = self.account;
        let question = if cfg!(target_os = "macos") {
            question(&["security", "find-generic-password", "-s", SERVICE, "-a", account, "-w"])
        } else {
            question(&["secret-tool", "lookup", "service", SERVICE, "account", account])
        };
        let found = question.ask()?;
        let text = found.trim();
        (!text.is_empty()).then(|| Zeroizing::new(text.to_owned()))
    }

    /// Put a secret of letters and digits there; whether that worked.
    pub(super) fn keep(&self, secret: &str) -> bool {
        let account = self.account;
        let question = if cfg!(target_os = "macos") {
            let command = format!("add-generic-password -U -s {SERVICE} -a {account} -w {secret}\n");
            Question { input: Zeroizing::new(command), ..question(&["security", "-i"]) }
        } else {
            let store = ["secret-tool", "store", "--label=Rung: kept logins", "service", SERVICE, "account", account];
            Question { input: Zeroizing::new(secret.to_owned()), ..question(&store) }
        };
        // Some report success without having kept anything.
        question.ask().is_some() && self.secret().is_some_and(|found| *found == secret)
    }
}

fn question(words: &[&str]) -> Question {
    let words = words.iter().map(|&word| word.to_owned()).collect();
    Question { words, input: Zeroizing::default() }
}

impl Question {
    /// What the program prints; nothing when it fails or hangs.
    fn ask(&self) -> Option<Zeroizing<String>> {
        let (program, arguments) = self.words.split_first()?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut stdin = child.stdin.take()?;
        let mut stdout = child.stdout.take()?;
        // One that does not read its input says so with its status.
        let _ = stdin.write_all(self.input.as_bytes());
        drop(stdin);
        let (ended, end) = mpsc::channel();
        std::thread::spawn(move || {
            let mut printed = Zeroizing::new(String::with_capacity(4096));
            let read = stdout.by_ref().take(4096).read_to_string(&mut printed);
            // Nobody listens any more when it took too long.
            let _ = ended.send(read.is_ok().then_some(printed));
        });
        let printed = end.recv_timeout(PATIENCE).ok().flatten();
        if printed.is_none() {
            // It may have ended meanwhile.
            let _ = child.kill();
        }
        let success = child.wait().is_ok_and(|status| status.success());
        printed.filter(|_| success)
    }
}

const SERVICE: &str = "rung-logins";

/// A locked key ring asks the person for its password first.
const PATIENCE: Duration = Duration::from_secs(30);

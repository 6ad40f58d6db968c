//! A folder for one test, and the program in it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::{env, fs};

use tempfile::TempDir;

/// A folder in which nothing of this machine's settings is seen.
pub(crate) struct Sandbox {
    folder: TempDir,
    environment: Vec<(String, String)>,
    program: PathBuf,
}

/// What a program left behind.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { folder, environment: Vec::new(), program: env!("CARGO_BIN_EXE_rung").into() }
    }

    /// The same program under another name.
    pub(crate) fn started_as(mut self, name: &str) -> Self {
        let link = self.path("bin").join(name);
        fs::create_dir_all(self.path("bin")).expect("a folder");
        std::os::unix::fs::symlink(&self.program, &link).expect("a link");
        self.program = link;
        self
    }

    pub(crate) fn with_env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A path in the folder, from the root.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, contents: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, contents).expect("a file");
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("a file")
    }

    /// Run without a terminal and with nothing on standard input.
    #[track_caller]
    pub(crate) fn run(&self, words: &[&str]) -> Outcome {
        self.run_with(words, "")
    }

    /// Run without a terminal and with this on standard input.
    #[track_caller]
    pub(crate) fn run_with(&self, words: &[&str], input: &str) -> Outcome {
        let mut command = within_bounds();
        command.arg(&self.program).args(words);
        self.prepare(&mut command);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("setsid of util-linux starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        // A program that does not read its input closes it early.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        Outcome::of(child.wait_with_output().expect("the program ends"), &words.join(" "))
    }

    /// Start and leave running; standard error is a pipe.
    pub(crate) fn start(&self, words: &[&str]) -> Child {
        let mut command = Command::new(&self.program);
        command.args(words);
        self.prepare(&mut command);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program starts")
    }

    /// Run where no file can grow.
    #[track_caller]
    pub(crate) fn run_on_a_full_disk(&self, words: &[&str]) -> Outcome {
        let mut command = within_bounds();
        // A limit of no blocks makes every write to a file fail, as a full disk does, without needing one.
        let script = "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\"";
        command.args(["bash", "-c", script]).arg(&self.program).args(words);
        self.prepare(&mut command);
        let output = command.stdin(Stdio::null()).output().expect("bash");
        Outcome::of(output, &words.join(" "))
    }

    /// Run the words behind `rung`, a line of shell, with this for standard input and 400 MB of addresses.
    #[track_caller]
    pub(crate) fn run_in_little_memory(&self, line: &str, input: Stdio) -> Outcome {
        let mut command = within_bounds();
        command.args(["bash", "-c", &format!("ulimit -v 400000; exec \"$0\" {line}")]).arg(&self.program);
        self.prepare(&mut command);
        Outcome::of(command.stdin(input).output().expect("bash"), line)
    }

    /// The names of all files below a folder, hidden ones too.
    pub(crate) fn files(&self, folder: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.path(folder)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path.clone());
                }
                found.push(path);
            }
        }
        found.sort();
        found
    }

    /// The program on a terminal of its own.
    pub(crate) fn on_a_terminal(&self, words: &[&str]) -> rexpect::session::PtySession {
        let mut command = Command::new(&self.program);
        command.args(words);
        self.prepare(&mut command);
        command.env("TERM", "xterm");
        rexpect::session::spawn_command(command, Some(20_000)).expect("a terminal")
    }

    fn prepare(&self, command: &mut Command) {
        command.env_clear().env("PATH", env::var_os("PATH").unwrap_or_default());
        command.env("STEPPATH", self.path("step")).env("HOME", self.folder.path());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.folder.path());
    }
}

/// What runs a program in a session of its own, which has no terminal wherever the tests were started from, and ends
/// it when it does not end by itself.
fn within_bounds() -> Command {
    let mut command = Command::new("setsid");
    command.args(["--wait", "timeout", "--kill-after=5", "120"]);
    command
}

impl Outcome {
    /// What that program left behind, unless it had to be ended.
    #[track_caller]
    fn of(output: Output, line: &str) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        let outcome = Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) };
        assert!(!matches!(outcome.code, Some(124 | 137)), "`rung {line}` does not end: {outcome:?}");
        outcome
    }

    /// It failed with this exit code, this on standard error, and nothing on standard output.
    #[track_caller]
    pub(crate) fn failed(&self, code: i32, part: &str) {
        assert_eq!((self.code, self.stdout.as_str()), (Some(code), ""), "{self:?}");
        assert!(self.stderr.contains(part), "no `{part}` in {self:?}");
    }

    /// It worked, with exactly this on standard output.
    #[track_caller]
    pub(crate) fn printed(&self, expected: &str) {
        assert_eq!(self.code, Some(0), "{self:?}");
        assert_eq!(self.stdout, expected, "{self:?}");
    }

    /// It worked, with exactly this on standard error.
    #[track_caller]
    pub(crate) fn said(&self, expected: &str) {
        assert_eq!(self.code, Some(0), "{self:?}");
        assert_eq!(self.stderr, expected, "{self:?}");
    }
}

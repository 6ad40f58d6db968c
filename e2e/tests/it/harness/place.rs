//! A folder of its own for every test, with a step path, and commands that start in it.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};

use tempfile::TempDir;

use super::process::{Background, Finished};

/// A folder that is gone when the test ends, and what commands find in their environment there.
pub(crate) struct Place {
    folder: TempDir,
    environment: Vec<(String, PathBuf)>,
}

impl Place {
    /// An empty place.
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("rung-e2e-").tempdir().expect("a folder for temporary files");
        std::fs::create_dir(folder.path().join("home")).expect("the folder is empty");
        Self { folder, environment: Vec::new() }
    }

    /// Set a variable for every command that starts here from now on.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<PathBuf>) {
        self.environment.push((name.to_owned(), value.into()));
    }

    /// A path in this place.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The same as text, for an argument.
    pub(crate) fn text_path(&self, name: &str) -> String {
        self.path(name).into_os_string().into_string().expect("our own paths are text")
    }

    /// Write a file.
    pub(crate) fn write(&self, name: &str, contents: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, contents).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        path
    }

    /// Read a file.
    #[track_caller]
    pub(crate) fn read(&self, name: &str) -> String {
        let path = self.path(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Whether a file is there.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.path(name).symlink_metadata().is_ok()
    }

    /// The names of what is in a folder, sorted.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.path(name)).expect("the folder is there");
        let names = entries.map(|entry| entry.expect("it can be listed").file_name().to_string_lossy().into_owned());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    /// A command that starts here and knows nothing of the person who runs the test.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        let path = std::env::var_os("PATH").expect("a PATH");
        command.current_dir(self.folder.path()).env_clear().env("PATH", path).env("LANG", "C.UTF-8");
        command.env("HOME", self.path("home")).env("STEPPATH", self.path("step")).env("TERM", "xterm");
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        // No test opens the browser of the person who runs it.
        command.env("STEP_OPEN_BROWSER", "0");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// `rung` with these arguments.
    pub(crate) fn rung_command(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(program("rung"));
        command.args(arguments);
        command
    }

    /// Run `rung` without a terminal.
    #[track_caller]
    pub(crate) fn rung(&self, arguments: &[&str]) -> Finished {
        Finished::run(&self.rung_command(arguments))
    }

    /// Run `rung-ca` to its end: it is not expected to serve.
    #[track_caller]
    pub(crate) fn rung_ca(&self, arguments: &[&str]) -> Finished {
        let mut command = self.command(program("rung-ca"));
        command.args(arguments);
        Finished::run(&command)
    }

    /// Start `rung` without a terminal.
    #[track_caller]
    pub(crate) fn start_rung(&self, arguments: &[&str]) -> Background {
        Background::start(&self.rung_command(arguments))
    }

    /// Run another program.
    #[track_caller]
    pub(crate) fn run(&self, name: &str, arguments: &[&str]) -> Finished {
        let mut command = self.command(name);
        command.args(arguments);
        Finished::run(&command)
    }
}

/// One of the programs that were built for this run.
pub(crate) fn program(name: &str) -> PathBuf {
    setting("RUNG_PROGRAMS").join(name)
}

/// A file of this package.
pub(crate) fn own_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// What `cargo xtask e2e` says where things are.
pub(crate) fn setting(name: &str) -> PathBuf {
    let value = std::env::var_os(name).unwrap_or_else(|| panic!("{name} is not set; run `cargo xtask e2e`"));
    PathBuf::from(value)
}

/// A port that nobody uses, below the range from which the system takes ports for outgoing connections.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 10_000).expect("below ten thousand");
    loop {
        let port = 18_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 14_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

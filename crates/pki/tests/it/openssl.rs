//! Running `openssl`.

use std::{path::Path, process::Command};

use tempfile::TempDir;

/// A directory for the files that `openssl` reads and writes.
pub(crate) struct OpenSsl {
    directory: TempDir,
}

impl OpenSsl {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().expect("a temporary directory") }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        std::fs::write(self.path().join(name), contents).expect("a file in the temporary directory");
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path().join(name)).expect("a file that openssl wrote")
    }

    /// Run it in the directory; its output, whatever it went to, is an error when it fails.
    pub(crate) fn try_run(&self, arguments: &[&str]) -> Result<String, String> {
        let output = Command::new("openssl")
            .args(arguments)
            .current_dir(self.path())
            .output()
            .expect("the program openssl, which these tests need");
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        if output.status.success() { Ok(text) } else { Err(text) }
    }

    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        self.try_run(arguments).unwrap_or_else(|error| panic!("openssl {arguments:?}: {error}"))
    }
}

//! Programs that change a trust store.

use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::{env, fmt};

use anyhow::{Context as _, bail};

/// One call of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    words: Vec<String>,
    input: Vec<u8>,
}

/// What it left behind.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: ExitStatus,
    pub(super) stdout: Vec<u8>,
    /// What it said, of both streams.
    pub(super) said: String,
}

impl Step {
    /// A program with its arguments.
    pub(super) fn new(words: &[&str]) -> Self {
        let words = words.iter().map(|&word| word.to_owned()).collect();
        Self { words, input: Vec::new() }
    }

    /// The same as root, where there is `sudo`; else as whoever we are.
    pub(super) fn by_root(mut self) -> Self {
        if in_path("sudo").is_some() {
            self.words.splice(0..0, ["sudo".to_owned(), "--".to_owned()]);
        }
        self
    }

    /// With this on standard input.
    pub(super) fn with_input(mut self, input: &[u8]) -> Self {
        self.input = input.to_vec();
        self
    }

    /// Run it, whatever comes of it.
    pub(super) fn answer(&self) -> anyhow::Result<Answer> {
        let (program, arguments) = self.words.split_first().expect("a step has a program");
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("failed to execute \"{self}\""))?;
        let mut stdin = child.stdin.take().expect("standard input is a pipe");
        // A certificate is smaller than a pipe, so this cannot hang; one that does not read it says so with its status.
        match stdin.write_all(&self.input) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => return Err(error.into()),
            _ => drop(stdin),
        }
        let output = child.wait_with_output().with_context(|| format!("failed to execute \"{self}\""))?;
        let said = [&output.stderr, &output.stdout].map(|stream| String::from_utf8_lossy(stream).trim().to_owned());
        Ok(Answer { status: output.status, stdout: output.stdout, said: said.join("\n").trim().to_owned() })
    }

    /// Run it; it has to succeed.
    pub(super) fn must(&self) -> anyhow::Result<Answer> {
        let answer = self.answer()?;
        if answer.status.success() { Ok(answer) } else { Err(self.failed(&answer)) }
    }

    /// That it did not succeed.
    pub(super) fn failed(&self, answer: &Answer) -> anyhow::Error {
        let status = match answer.status.code() {
            Some(code) => format!("exit status {code}"),
            None => answer.status.to_string(),
        };
        let said = if answer.said.is_empty() { String::new() } else { format!(": {}", answer.said) };
        anyhow::anyhow!("failed to execute \"{self}\" failed with: {status}{said}")
    }
}

/// The command line.
impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.words.join(" "))
    }
}

/// The program of this name in `PATH`.
pub(super) fn in_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(name)).find(|file| is_program(file))
}

/// Whether a file can be run.
pub(super) fn is_program(file: &Path) -> bool {
    file.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// A path as an argument.
pub(super) fn text(path: &Path) -> anyhow::Result<&str> {
    let Some(text) = path.to_str() else { bail!("the path {} is not UTF-8 text", path.display()) };
    Ok(text)
}

//! What a person sees and is asked: everything here goes to standard error, standard output is data.

mod escape;
mod prompt;
mod terminal;
#[cfg(test)]
mod tests;

use std::env;
use std::io::{self, IsTerminal, Write};

pub(crate) use escape::{is_dangerous, shown};
pub(crate) use prompt::{Choice, Question};
pub(crate) use terminal::is_there as has_terminal;

/// The person in front of the program.
#[derive(Debug, Clone)]
pub(crate) struct Ui {
    colour: bool,
}

impl Ui {
    /// The person behind standard error.
    pub(crate) fn of_this_process() -> Self {
        Self { colour: colour_wanted(&io::stderr()) }
    }

    /// Say one line, which must be our own text or already escaped.
    pub(crate) fn line(&self, text: &str) {
        // Standard error may be closed; there is nobody left to tell.
        let _ = writeln!(io::stderr(), "{text}");
    }

    /// Begin a line that another text completes, such as `Generating … done!`.
    pub(crate) fn begin(&self, text: &str) {
        let _ = write!(io::stderr(), "{text}");
    }

    /// The columns and rows of the terminal that what is said here appears on, if it is one that can be drawn on.
    pub(crate) fn screen(&self) -> Option<(usize, usize)> {
        let drawable = io::stderr().is_terminal() && env::var_os("TERM").is_none_or(|terminal| terminal != "dumb");
        let (columns, rows) = crossterm::terminal::size().ok().filter(|_| drawable)?;
        Some((columns.into(), rows.into()))
    }

    /// A line of a drawing, white on black where the terminal has colours.
    pub(crate) fn white_on_black(&self, line: &str) {
        match self.colour {
            true => self.line(&format!("\x1b[97;40m{line}\x1b[0m")),
            false => self.line(line),
        }
    }

    /// Say that something is settled: `✔ Label: value`. The value is shown escaped.
    pub(crate) fn done(&self, label: &str, value: &str) {
        let value = shown(value);
        if self.colour {
            self.line(&format!("\x1b[32m✔\x1b[0m \x1b[1m{label}:\x1b[0m {value}"));
        } else {
            self.line(&format!("✔ {label}: {value}"));
        }
    }

    /// Say something that deserves attention. The text is shown escaped.
    pub(crate) fn warning(&self, text: &str) {
        let text = shown(text);
        if self.colour {
            self.line(&format!("\x1b[33m{text}\x1b[0m"));
        } else {
            self.line(&text);
        }
    }

    /// Say why the program fails. Everything but line breaks is shown escaped.
    pub(crate) fn failure(&self, text: &str) {
        let lines: Vec<_> = text.trim_end().split('\n').map(shown).collect();
        self.line(&lines.join("\n"));
    }
}

/// Whether escape codes are welcome in this stream.
pub(crate) fn colour_wanted(stream: &impl IsTerminal) -> bool {
    let unset = |name| env::var_os(name).is_none_or(|value| value.is_empty());
    stream.is_terminal() && unset("NO_COLOR") && env::var_os("TERM").is_none_or(|terminal| terminal != "dumb")
}

/// Write data to standard output. A reader that has gone away is no error.
pub(crate) fn print(data: &[u8]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(data).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(anyhow::Error::new(error).context("could not write to standard output"))
        }
        _ => Ok(()),
    }
}

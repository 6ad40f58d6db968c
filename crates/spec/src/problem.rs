//! What is wrong with a file, and where.

use std::{fmt, path::PathBuf};

/// A place in a text, both numbers counted from one; the column counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Position {
    /// The place of a byte offset in `text`.
    pub fn of(text: &str, offset: usize) -> Self {
        let before = &text[..text.floor_char_boundary(offset)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.bytes().filter(|octet| *octet == b'\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.line, self.column)
    }
}

/// What sort of problem it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// Well said, but this version does not do it yet.
    Unsupported,
    /// A mistake.
    Wrong,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Whether it is a mistake, or asks for what is not there yet.
    pub kind: ProblemKind,
    /// Where it is.
    pub position: Position,
    /// The member it is about, such as `authority.provisioners[2].claims`; empty for the whole file.
    pub path: String,
    /// What is wrong and how to mend it.
    pub message: String,
}

/// Everything that is wrong with a configuration, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors {
    /// The file.
    pub file: PathBuf,
    /// What is wrong with it; at least one thing.
    pub problems: Vec<Problem>,
}

impl std::error::Error for ConfigErrors {}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in self.problems.iter().enumerate() {
            if number > 0 {
                out.write_str("\n")?;
            }
            write!(out, "{}:{}: ", self.file.display(), problem.position)?;
            if !problem.path.is_empty() {
                write!(out, "{}: ", problem.path)?;
            }
            out.write_str(&problem.message)?;
        }
        Ok(())
    }
}

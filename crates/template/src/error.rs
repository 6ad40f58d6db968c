//! Why a template was refused, with the place.

use std::fmt;

use crate::limits::Bound;

/// Why a template could not be read or rendered, and where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Error(Box<Details>);

#[derive(Clone, Debug, Eq, PartialEq)]
struct Details {
    kind: ErrorKind,
    template: String,
    line: usize,
    column: usize,
    /// The template that was being rendered, and the part of its source.
    executing: Option<(String, String)>,
    message: String,
}

/// What went wrong, sorted by who can mend it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ErrorKind {
    /// The template is not a template: who wrote it has to mend it.
    Syntax,
    /// The template asks for what the data does not have, or calls a function with what it does not take.
    Execution,
    /// The template itself refused, with `fail`; [`Error::message`] is what it said.
    Refused,
    /// The template needs more than the bound that is named.
    Limit(Bound),
}

/// What a function or an operation says when it cannot go on; the place is added by who called it.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// A sentence for who wrote the template.
    Message(String),
    /// The template called `fail`.
    Refused(String),
    /// A bound was reached.
    Limit(Bound),
}

impl Error {
    pub(crate) fn syntax(template: &str, (line, column): (usize, usize), message: String) -> Self {
        let kind = ErrorKind::Syntax;
        Error(Box::new(Details { kind, template: template.to_owned(), line, column, executing: None, message }))
    }

    pub(crate) fn limit(template: &str, (line, column): (usize, usize), bound: Bound) -> Self {
        let kind = ErrorKind::Limit(bound);
        let message = bound.to_string();
        Error(Box::new(Details { kind, template: template.to_owned(), line, column, executing: None, message }))
    }

    pub(crate) fn execution(
        template: &str,
        (line, column): (usize, usize),
        executing: (String, String),
        function: Option<&str>,
        failure: Failure,
    ) -> Self {
        let (kind, message) = match failure {
            Failure::Message(message) => match function {
                Some(function) => (ErrorKind::Execution, format!("error calling {function}: {message}")),
                None => (ErrorKind::Execution, message),
            },
            Failure::Refused(message) => (ErrorKind::Refused, message),
            Failure::Limit(bound) => (ErrorKind::Limit(bound), bound.to_string()),
        };
        let executing = Some(executing);
        Error(Box::new(Details { kind, template: template.to_owned(), line, column, executing, message }))
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The name that the template was read under.
    pub fn template(&self) -> &str {
        &self.0.template
    }

    /// The line, counted from one.
    pub fn line(&self) -> usize {
        self.0.line
    }

    /// The byte in the line, counted from zero as Go does.
    pub fn column(&self) -> usize {
        self.0.column
    }

    /// What went wrong, without the place; for [`ErrorKind::Refused`] exactly what the template said.
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Details { kind, template, line, column, executing, message } = &*self.0;
        let Some((executing, part)) = executing else {
            return write!(formatter, "template: {template}:{line}: {message}");
        };
        write!(formatter, "template: {template}:{line}:{column}: executing {executing:?} at <{part}>: ")?;
        match kind {
            ErrorKind::Refused => write!(formatter, "error calling fail: {message}"),
            ErrorKind::Execution | ErrorKind::Limit(_) | ErrorKind::Syntax => write!(formatter, "{message}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Failure::Message(message)
    }
}

impl From<&str> for Failure {
    fn from(message: &str) -> Self {
        Failure::Message(message.to_owned())
    }
}

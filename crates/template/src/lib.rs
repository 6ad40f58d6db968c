//! Certificate templates: Go's `text/template` language with the functions of sprig that make sense in a CA.
//!
//! Operators have templates that were written for Go, and what a template yields decides about certificates. So this
//! engine does what Go does or refuses: where it cannot do the same it is an error with the place, never another
//! result. The table `tests/cases.txt` holds it to that, with results that Go confirmed.
//!
//! A template is a pure function: time and randomness are arguments, and nothing reaches files, the network, the
//! environment or keys. Everything that it may use up is bounded by [`Limits`].
//!
//! ```
//! use rung_template::{Environment, Template, Value};
//!
//! let template = Template::parse("template", r#"{"subject": {{ toJson .Subject.CommonName }}}"#)?;
//! let subject = Value::map([("CommonName", Value::from("db.internal"))]);
//! let data = Value::map([("Subject", subject)]);
//! assert_eq!(template.render(&data, &Environment::default())?, r#"{"subject": "db.internal"}"#);
//! # Ok::<(), rung_template::Error>(())
//! ```
//!
//! What differs from Go, beside what is refused: local time is UTC, and `keys` and `values` are sorted where Go's come
//! in random order. `slice` of a list copies it.

mod error;
mod functions;
mod json;
mod lex;
mod limits;
mod number;
mod parse;
mod print;
mod quote;
mod render;
mod run_value;
mod time;
mod tree;
mod value;

pub use error::{Error, ErrorKind};
pub use limits::{Bound, Deadline, Limits};
pub use time::Time;
pub use value::{Object, Value};

use std::fmt;

/// A template that was read and may be rendered any number of times.
pub struct Template {
    name: String,
    source: String,
    trees: tree::Trees,
}

/// Fills bytes with randomness; `false` means that there is none.
pub type Random<'a> = &'a (dyn Fn(&mut [u8]) -> bool + 'a);

/// What a template gets beside its data. The default has no time and no randomness: functions that need them refuse.
#[derive(Clone, Default)]
pub struct Environment<'a> {
    /// The present time, for `now` and everything that uses it.
    pub now: Option<Time>,
    /// Randomness, for `uuidv4`, `randAlpha` and their like.
    pub random: Option<Random<'a>>,
    /// How much the template may use.
    pub limits: Limits<'a>,
}

impl Template {
    /// Read a template within the default limits. The name is what errors call it.
    pub fn parse(name: &str, source: &str) -> Result<Self, Error> {
        Self::parse_within(name, source, &Limits::default())
    }

    /// The same within limits of one's own.
    pub fn parse_within(name: &str, source: &str, limits: &Limits<'_>) -> Result<Self, Error> {
        let trees = parse::parse(name, source, limits)?;
        Ok(Template { name: name.to_owned(), source: source.to_owned(), trees })
    }

    /// What the template makes of the data.
    pub fn render(&self, data: &Value, environment: &Environment<'_>) -> Result<String, Error> {
        render::render(self, data, environment)
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let defined: Vec<&String> = self.trees.keys().collect();
        formatter.debug_struct("Template").field("name", &self.name).field("defined", &defined).finish_non_exhaustive()
    }
}

impl fmt::Debug for Environment<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Environment { now, random, limits } = self;
        let random = random.is_some();
        formatter
            .debug_struct("Environment")
            .field("now", now)
            .field("random", &random)
            .field("limits", limits)
            .finish()
    }
}

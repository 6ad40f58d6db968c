//! A value of a text, and its place.

use jsonc_parser::{
    ast::Value,
    common::{Range, Ranged},
};

use super::{Members, Reader, kind};
use crate::{
    GoDuration,
    problem::{Position, ProblemKind},
};

/// A value and its place.
#[derive(Clone)]
pub(crate) struct Node<'a> {
    reader: Reader<'a>,
    value: Value<'a>,
    path: String,
}

impl<'a> Node<'a> {
    pub(super) fn new(reader: &Reader<'a>, value: &Value<'a>, path: String) -> Self {
        Self { reader: reader.clone(), value: value.clone(), path }
    }

    pub(crate) fn report(&self, message: impl Into<String>) {
        self.reader.report(self.value.range().start, &self.path, message);
    }

    /// Say that this value asks for something that is not there yet.
    pub(crate) fn unsupported(&self, message: impl Into<String>) {
        self.reader.add(ProblemKind::Unsupported, self.range().start, &self.path, message.into());
    }

    /// How much is wrong with the whole text so far.
    pub(crate) fn problem_count(&self) -> usize {
        self.reader.problems.borrow().len()
    }

    pub(crate) fn range(&self) -> Range {
        self.value.range()
    }

    pub(crate) fn position(&self) -> Position {
        Position::of(self.reader.text, self.range().start)
    }

    /// The text of the value.
    pub(crate) fn text(&self) -> &'a str {
        &self.reader.text[self.range().start..self.range().end]
    }

    fn expected(&self, what: &str) {
        self.report(format!("expected {what}, found {}", kind(&self.value)));
    }

    pub(crate) fn string(&self) -> Option<String> {
        match &self.value {
            Value::StringLit(text) => Some(text.value.clone().into_owned()),
            _ => {
                self.expected("a string");
                None
            }
        }
    }

    /// A number or a switch as it is written.
    pub(crate) fn literal(&self) -> Option<String> {
        match &self.value {
            Value::NumberLit(number) => Some(number.value.to_owned()),
            Value::BooleanLit(flag) => Some(flag.value.to_string()),
            Value::StringLit(_) | Value::Object(_) | Value::Array(_) | Value::NullKeyword(_) => None,
        }
    }

    pub(crate) fn is_list(&self) -> bool {
        matches!(self.value, Value::Array(_))
    }

    pub(crate) fn boolean(&self) -> Option<bool> {
        match &self.value {
            Value::BooleanLit(flag) => Some(flag.value),
            _ => {
                self.expected("true or false");
                None
            }
        }
    }

    pub(crate) fn number(&self) -> Option<f64> {
        match &self.value {
            Value::NumberLit(number) => {
                let number = number.value.parse().ok().filter(|number: &f64| number.is_finite());
                if number.is_none() {
                    self.report("this number is too large");
                }
                number
            }
            _ => {
                self.expected("a number");
                None
            }
        }
    }

    pub(crate) fn duration(&self) -> Option<GoDuration> {
        let Value::StringLit(text) = &self.value else {
            self.expected("a duration such as \"24h\"");
            return None;
        };
        match text.value.parse() {
            Ok(duration) => Some(duration),
            Err(error) => {
                self.report(format!("{error}"));
                None
            }
        }
    }

    pub(crate) fn list(&self) -> Vec<Node<'a>> {
        let Value::Array(array) = &self.value else {
            self.expected("a list in brackets");
            return Vec::new();
        };
        let node = |(index, value)| Node::new(&self.reader, value, format!("{}[{index}]", self.path));
        array.elements.iter().enumerate().map(node).collect()
    }

    pub(crate) fn object(&self) -> Option<Members<'a>> {
        match &self.value {
            Value::Object(object) => Some(self.reader.members(object.clone(), self.path.clone())),
            _ => {
                self.expected("an object in braces");
                None
            }
        }
    }

    /// Whether the value says nothing: false, zero, or empty all the way down.
    pub(crate) fn is_empty(&self) -> bool {
        says_nothing(&self.value)
    }
}

fn says_nothing(value: &Value<'_>) -> bool {
    match value {
        Value::StringLit(text) => text.value.is_empty(),
        Value::NumberLit(number) => number.value.parse() == Ok(0.0),
        Value::BooleanLit(flag) => !flag.value,
        Value::Object(object) => object.properties.iter().all(|property| says_nothing(&property.value)),
        Value::Array(array) => array.elements.is_empty(),
        Value::NullKeyword(_) => true,
    }
}

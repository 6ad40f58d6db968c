//! Reading JSON with the place of every value, so that whatever is wrong can be pointed at.

mod nearest;
mod node;
mod scan;

use std::{cell::RefCell, rc::Rc};

use jsonc_parser::{
    CollectOptions, ParseOptions,
    ast::{Object, ObjectProp, Value},
    common::Ranged,
    parse_to_ast,
};

use crate::{
    GoDuration,
    problem::{Position, Problem, ProblemKind},
};
pub(crate) use node::Node;

/// JSON without the liberties of its dialects.
const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// A text that is read, and what is wrong with it so far.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    text: &'a str,
    problems: Rc<RefCell<Vec<(usize, Problem)>>>,
}

/// An object that is read member by member.
pub(crate) struct Members<'a> {
    reader: Reader<'a>,
    object: Object<'a>,
    path: String,
    asked: RefCell<Vec<&'static str>>,
}

/// A place in the text, and what is wrong there.
type Flaw = (usize, String);

/// Parse a text whose one value is an object.
pub(crate) fn parse_object(text: &str) -> Result<Object<'_>, Flaw> {
    scan::check(text).map_err(|(offset, message)| (offset, message.to_owned()))?;
    let parsed = parse_to_ast(text, &CollectOptions::default(), &STRICT)
        .map_err(|error| (error.range().start, format!("this is not JSON: {}", error.kind())))?;
    match parsed.value {
        Some(Value::Object(object)) => Ok(object),
        Some(other) => Err((other.range().start, format!("expected an object in braces, found {}", kind(&other)))),
        None => Err((0, "the file is empty: expected an object in braces".to_owned())),
    }
}

impl<'a> Reader<'a> {
    /// Parse a text whose one value is an object.
    pub(crate) fn parse(text: &'a str) -> (Self, Option<Members<'a>>) {
        let reader = Self { text, problems: Rc::default() };
        let members = match parse_object(text) {
            Ok(object) => Some(reader.members(object, String::new())),
            Err((offset, message)) => {
                reader.report(offset, "", message);
                None
            }
        };
        (reader, members)
    }

    fn members(&self, object: Object<'a>, path: String) -> Members<'a> {
        let members = Members { reader: self.clone(), object, path, asked: RefCell::default() };
        members.refuse_duplicates();
        members
    }

    /// Say that something is wrong.
    fn report(&self, offset: usize, path: &str, message: impl Into<String>) {
        self.add(ProblemKind::Wrong, offset, path, message.into());
    }

    fn add(&self, kind: ProblemKind, offset: usize, path: &str, message: String) {
        let position = Position::of(self.text, offset);
        self.problems.borrow_mut().push((offset, Problem { kind, position, path: path.to_owned(), message }));
    }

    /// Everything that was wrong, in the order of the text.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems = self.problems.borrow().clone();
        problems.sort_by_key(|(offset, _)| *offset);
        // A value that is read twice is wrong once.
        problems.dedup();
        problems.into_iter().map(|(_, problem)| problem).collect()
    }
}

impl<'a> Members<'a> {
    /// Where the object starts.
    pub(crate) fn start(&self) -> usize {
        self.object.range.start
    }

    pub(crate) fn position(&self) -> Position {
        Position::of(self.reader.text, self.start())
    }

    /// Say that something about this object is wrong.
    pub(crate) fn report(&self, message: impl Into<String>) {
        self.reader.report(self.start(), &self.path, message);
    }

    /// Say that this object asks for something that is not there yet.
    pub(crate) fn unsupported(&self, message: impl Into<String>) {
        self.reader.add(ProblemKind::Unsupported, self.start(), &self.path, message.into());
    }

    /// The value of a member; `null` is as good as none. The exact name is preferred to one in another case.
    pub(crate) fn get(&self, name: &'static str) -> Option<Node<'a>> {
        self.asked.borrow_mut().push(name);
        let exact = self.object.properties.iter().find(|property| property.name.as_str() == name);
        let property = exact.or_else(|| {
            self.object.properties.iter().find(|property| property.name.as_str().eq_ignore_ascii_case(name))
        })?;
        if matches!(property.value, Value::NullKeyword(_)) {
            return None;
        }
        let path = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        Some(Node::new(&self.reader, &property.value, path))
    }

    /// All members with their names as they are written, for objects whose names are data.
    pub(crate) fn entries(&self) -> Vec<(String, Node<'a>)> {
        let entry = |property: &ObjectProp<'a>| {
            let name = property.name.as_str();
            (name.to_owned(), Node::new(&self.reader, &property.value, format!("{}[{name:?}]", self.path)))
        };
        self.object.properties.iter().map(entry).collect()
    }

    pub(crate) fn text_of(&self, name: &'static str) -> Option<String> {
        self.get(name)?.string()
    }

    pub(crate) fn flag(&self, name: &'static str) -> Option<bool> {
        self.get(name)?.boolean()
    }

    pub(crate) fn duration(&self, name: &'static str) -> Option<GoDuration> {
        self.get(name)?.duration()
    }

    pub(crate) fn object(&self, name: &'static str) -> Option<Members<'a>> {
        self.get(name)?.object()
    }

    /// Refuse the members that nobody asked for.
    pub(crate) fn finish(&self) {
        let asked = self.asked.borrow();
        for property in &self.object.properties {
            let name = property.name.as_str();
            if asked.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                continue;
            }
            let hint = match nearest::nearest(name, &asked) {
                Some(near) => format!("; did you mean `{near}`?"),
                None => String::new(),
            };
            self.reader.report(property.range.start, &self.path, format!("unknown member `{name}`{hint}"));
        }
    }

    /// Which of two values would count is nobody's guess; names in another case are the same name.
    fn refuse_duplicates(&self) {
        let mut seen: Vec<&ObjectProp<'a>> = Vec::new();
        for property in &self.object.properties {
            let name = property.name.as_str();
            if let Some(first) = seen.iter().find(|first| first.name.as_str().eq_ignore_ascii_case(name)) {
                let at = Position::of(self.reader.text, first.range.start);
                let message = format!("the member `{name}` stands twice, first at {at}");
                self.reader.report(property.range.start, &self.path, message);
            }
            seen.push(property);
        }
    }
}

fn kind(value: &Value<'_>) -> &'static str {
    match value {
        Value::StringLit(_) => "a string",
        Value::NumberLit(_) => "a number",
        Value::BooleanLit(_) => "true or false",
        Value::Object(_) => "an object",
        Value::Array(_) => "a list",
        Value::NullKeyword(_) => "null",
    }
}

//! Reading JSON with the place of every value, so that whatever is wrong can be pointed at.

use std::{cell::RefCell, rc::Rc};

use jsonc_parser::{
    CollectOptions, ParseOptions,
    ast::{Object, ObjectProp, Value},
    common::{Range, Ranged},
    parse_to_ast,
};

use crate::{
    GoDuration,
    problem::{Position, Problem},
};

/// JSON without the liberties of its dialects.
pub(crate) const STRICT: ParseOptions = ParseOptions {
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

/// A value and its place.
#[derive(Clone)]
pub(crate) struct Node<'a> {
    reader: Reader<'a>,
    value: Value<'a>,
    path: String,
}

/// Deeper nesting than this is nobody's configuration.
const MAX_DEPTH: usize = 64;

impl<'a> Reader<'a> {
    /// Parse a text whose one value is an object.
    pub(crate) fn parse(text: &'a str) -> (Self, Option<Members<'a>>) {
        let reader = Self { text, problems: Rc::default() };
        let object = reader.parse_object();
        let members = object.map(|object| reader.members(object, String::new()));
        (reader, members)
    }

    fn parse_object(&self) -> Option<Object<'a>> {
        if self.text.starts_with('\u{feff}') {
            self.report(0, "", "the file starts with a byte order mark: save it as UTF-8 without one");
            return None;
        }
        if let Some(offset) = too_deep(self.text) {
            self.report(offset, "", "values are nested too deeply");
            return None;
        }
        match parse_to_ast(self.text, &CollectOptions::default(), &STRICT) {
            Ok(parsed) => match parsed.value {
                Some(Value::Object(object)) => Some(object),
                Some(other) => {
                    self.report(
                        other.range().start,
                        "",
                        format!("expected an object in braces, found {}", kind(&other)),
                    );
                    None
                }
                None => {
                    self.report(0, "", "the file is empty: expected an object in braces");
                    None
                }
            },
            Err(error) => {
                let message = format!("this is not JSON: {}", error.kind());
                self.report(error.range().start, "", message);
                None
            }
        }
    }

    fn members(&self, object: Object<'a>, path: String) -> Members<'a> {
        let members = Members { reader: self.clone(), object, path, asked: RefCell::default() };
        members.refuse_duplicates();
        members
    }

    /// Say that something is wrong.
    pub(crate) fn report(&self, offset: usize, path: &str, message: impl Into<String>) {
        let position = Position::of(self.text, offset);
        let problem = Problem { position, path: path.to_owned(), message: message.into() };
        self.problems.borrow_mut().push((offset, problem));
    }

    /// Everything that was wrong, in the order of the text.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems = self.problems.borrow().clone();
        problems.sort_by_key(|(offset, _)| *offset);
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
        Some(Node { reader: self.reader.clone(), value: property.value.clone(), path })
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

    pub(crate) fn texts(&self, name: &'static str) -> Vec<String> {
        let list = self.get(name).map(|node| node.list()).unwrap_or_default();
        list.iter().filter_map(Node::string).collect()
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
            let hint = match nearest(name, &asked) {
                Some(near) => format!("; did you mean `{near}`?"),
                None => String::new(),
            };
            self.reader.report(property.range.start, &self.path, format!("unknown member `{name}`{hint}"));
        }
    }

    fn refuse_duplicates(&self) {
        let mut seen: Vec<&ObjectProp<'a>> = Vec::new();
        for property in &self.object.properties {
            let name = property.name.as_str();
            if let Some(first) = seen.iter().find(|first| first.name.as_str() == name) {
                let at = Position::of(self.reader.text, first.range.start);
                self.reader.report(
                    property.range.start,
                    &self.path,
                    format!("the member `{name}` stands twice, first at {at}"),
                );
            }
            seen.push(property);
        }
    }
}

impl<'a> Node<'a> {
    pub(crate) fn report(&self, message: impl Into<String>) {
        self.reader.report(self.value.range().start, &self.path, message);
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

    pub(crate) fn is_string(&self) -> bool {
        matches!(self.value, Value::StringLit(_))
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
            Value::NumberLit(number) => number.value.parse().ok(),
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
        let node = |(index, value): (usize, &Value<'a>)| Node {
            reader: self.reader.clone(),
            value: value.clone(),
            path: format!("{}[{index}]", self.path),
        };
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

/// The known name that was probably meant.
fn nearest<'n>(name: &str, known: &[&'n str]) -> Option<&'n str> {
    let distance = |candidate: &&'n str| edits(&name.to_lowercase(), &candidate.to_lowercase());
    known.iter().copied().min_by_key(distance).filter(|candidate| distance(candidate) <= 2)
}

/// How many characters have to be inserted, removed or exchanged to get from one word to the other.
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (number, letter) in from.chars().take(100).enumerate() {
        let mut diagonal = row[0];
        row[0] = number + 1;
        for (column, other) in to.iter().enumerate() {
            let exchanged = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = exchanged.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

/// Where a text nests more deeply than the parser shall follow.
fn too_deep(text: &str) -> Option<usize> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (offset, octet) in text.bytes().enumerate() {
        match octet {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Some(offset);
        }
    }
    None
}

//! Single changes of a JSON text: one stretch is replaced, every other byte stays.

use std::ops::Range;

use jsonc_parser::{
    ast::{Array, Object, ObjectProp, Value},
    common::Ranged,
};
use serde::Serialize;
use serde_json::{Value as Json, ser::PrettyFormatter};

/// One stretch of a text and what takes its place.
pub(super) struct Splice {
    range: Range<usize>,
    text: String,
}

impl Splice {
    /// The text with the change made.
    pub(super) fn apply(&self, text: &str) -> String {
        [&text[..self.range.start], &self.text, &text[self.range.end..]].concat()
    }
}

/// Put a value behind the others of a list.
pub(super) fn append_element(text: &str, list: &Array<'_>, value: &Json) -> Splice {
    let children: Vec<_> = list.elements.iter().map(span).collect();
    append(text, &span(list), &children, &|place| place.write(value))
}

/// Put a member behind the others of an object.
pub(super) fn append_member(text: &str, object: &Object<'_>, name: &str, value: &Json) -> Splice {
    let children: Vec<_> = object.properties.iter().map(span).collect();
    append(text, &span(object), &children, &|place| place.write_member(name, value))
}

/// Take an element out of a list.
pub(super) fn remove_element(list: &Array<'_>, index: usize) -> Splice {
    let children: Vec<_> = list.elements.iter().map(span).collect();
    remove(&span(list), &children, index)
}

/// Take a member out of an object.
pub(super) fn remove_member(object: &Object<'_>, index: usize) -> Splice {
    let children: Vec<_> = object.properties.iter().map(span).collect();
    remove(&span(object), &children, index)
}

/// Exchange the value of a member.
pub(super) fn replace_value(text: &str, value: &Value<'_>, wanted: &Json) -> Splice {
    let range = span(value);
    let was_one_line = matches!(value, Value::Array(_) | Value::Object(_)) && !text[range.clone()].contains('\n');
    let place = Place::at(text, range.start, !was_one_line || range.len() <= EMPTY.len());
    Splice { text: place.write(wanted), range }
}

/// The first change on the way from a value to another one; made again and again it leads there.
pub(super) fn next_change(text: &str, old: &Value<'_>, wanted: &Json) -> Option<Splice> {
    match (old, wanted) {
        (Value::Object(object), Json::Object(wanted)) => {
            let is_gone = |property: &ObjectProp<'_>| {
                !wanted.keys().any(|name| name.eq_ignore_ascii_case(property.name.as_str()))
            };
            if let Some(index) = object.properties.iter().position(is_gone) {
                return Some(remove_member(object, index));
            }
            wanted.iter().find_map(|(name, value)| match member(object, name) {
                Some(property) => next_change(text, &property.value, value),
                None => Some(append_member(text, object, name, value)),
            })
        }
        (Value::Array(list), Json::Array(wanted)) => next_list_change(text, list, wanted),
        _ => (json(text, old).as_ref() != Some(wanted)).then(|| replace_value(text, old, wanted)),
    }
}

fn next_list_change(text: &str, list: &Array<'_>, wanted: &[Json]) -> Option<Splice> {
    let changes = list.elements.iter().zip(wanted).map(|(old, wanted)| next_change(text, old, wanted));
    let first = changes.enumerate().find_map(|(index, change)| Some((index, change?)));
    match first {
        // Without this element the others may be right as they are.
        Some((index, _)) if list.elements.len() > wanted.len() => Some(remove_element(list, index)),
        Some((_, change)) => Some(change),
        None if list.elements.len() > wanted.len() => Some(remove_element(list, list.elements.len() - 1)),
        None => wanted.get(list.elements.len()).map(|value| append_element(text, list, value)),
    }
}

/// The member with that name, in any case if there is none in this one.
pub(super) fn member<'o, 'a>(object: &'o Object<'a>, name: &str) -> Option<&'o ObjectProp<'a>> {
    let exact = object.properties.iter().find(|property| property.name.as_str() == name);
    exact.or_else(|| object.properties.iter().find(|property| property.name.as_str().eq_ignore_ascii_case(name)))
}

/// A value as data.
pub(super) fn json(text: &str, value: &Value<'_>) -> Option<Json> {
    serde_json::from_str(&text[span(value)]).ok()
}

fn append(
    text: &str,
    container: &Range<usize>,
    children: &[Range<usize>],
    write: &dyn Fn(&Place<'_>) -> String,
) -> Splice {
    let Some(last) = children.last() else {
        let (start, end) = (container.start + 1, container.end - 1);
        let outer = Place::at(text, container.start, text.contains('\n'));
        if !outer.is_multiline {
            return Splice { range: start..end, text: write(&outer) };
        }
        let inner = Place { indent: format!("{}{}", outer.indent, outer.unit), ..outer.clone() };
        let [line, back] = [&inner, &outer].map(|place| format!("{}{}", place.newline, place.indent));
        return Splice { range: start..end, text: format!("{line}{}{back}", write(&inner)) };
    };
    let gap_start = text[..last.start].trim_end_matches(WHITE_SPACE).len();
    let gap = &text[gap_start..last.start];
    let place = Place::at(text, last.start, gap.contains('\n') || text[last.clone()].contains('\n'));
    let gap = match gap.rfind('\n') {
        // Blank lines are not repeated.
        Some(_) => format!("{}{}", place.newline, place.indent),
        None if children.len() == 1 && place.spaced => " ".to_owned(),
        None if children.len() == 1 => String::new(),
        None => gap.to_owned(),
    };
    Splice { range: last.end..last.end, text: format!(",{gap}{}", write(&place)) }
}

fn remove(container: &Range<usize>, children: &[Range<usize>], index: usize) -> Splice {
    let child = &children[index];
    let range = match (index.checked_sub(1), children.get(index + 1)) {
        (_, Some(next)) => child.start..next.start,
        (Some(previous), None) => children[previous].end..child.end,
        (None, None) => container.start + 1..container.end - 1,
    };
    Splice { range, text: String::new() }
}

/// How the text is laid out where something is written.
#[derive(Clone)]
struct Place<'a> {
    indent: String,
    is_multiline: bool,
    newline: &'static str,
    /// Whether there are spaces behind colons and commas.
    spaced: bool,
    unit: &'a str,
}

impl<'a> Place<'a> {
    fn at(text: &'a str, offset: usize, is_multiline: bool) -> Self {
        let line_start = text[..offset].rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            indent: leading_space(&text[line_start..offset]).to_owned(),
            is_multiline: is_multiline && text.contains('\n'),
            newline: if text.contains("\r\n") { "\r\n" } else { "\n" },
            spaced: text.contains('\n') || text.contains("\": "),
            unit: text.lines().skip(1).map(leading_space).find(|space| !space.is_empty()).unwrap_or("\t"),
        }
    }

    fn write(&self, value: &Json) -> String {
        if !self.is_multiline {
            return value.to_string();
        }
        let mut out = Vec::new();
        let formatter = PrettyFormatter::with_indent(self.unit.as_bytes());
        let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
        value.serialize(&mut serializer).expect("a JSON value can be written to memory");
        let written = String::from_utf8(out).expect("JSON is text");
        // Line ends in strings are escaped, so these are all between values.
        written.replace('\n', &format!("{}{}", self.newline, self.indent))
    }

    fn write_member(&self, name: &str, value: &Json) -> String {
        let space = if self.spaced { " " } else { "" };
        format!("{}:{space}{}", Json::from(name), self.write(value))
    }
}

fn leading_space(line: &str) -> &str {
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

fn span(ranged: &impl Ranged) -> Range<usize> {
    let range = ranged.range();
    range.start..range.end
}

const WHITE_SPACE: [char; 4] = [' ', '\t', '\n', '\r'];
const EMPTY: &str = "{}";

//! JSON objects in which every name occurs once and nesting has a bound.

#[cfg(test)]
mod tests;

use std::{borrow::Cow, cell::Cell, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

/// Why bytes are not a JSON object that may be trusted to mean one thing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// A name occurs twice in one object, so two readers could see two meanings.
    #[error("the name {0:?} occurs twice")]
    DuplicateName(String),
    /// It is JSON, but no object.
    #[error("it is not a JSON object")]
    NotAnObject,
    /// It is not JSON.
    #[error("it is not JSON (column {column})")]
    Syntax {
        /// Where the reader gave up, counted from one.
        column: usize,
    },
    /// Objects or arrays are nested more than [`MAX_DEPTH`] deep.
    #[error("it is nested more than {MAX_DEPTH} deep")]
    TooDeep,
}

/// How deep objects and arrays may be nested.
pub const MAX_DEPTH: usize = 32;

/// Check that `text` is one JSON object without duplicate names at any depth.
///
/// # Errors
/// What is wrong with it.
pub fn check_object(text: &[u8]) -> Result<(), JsonError> {
    let problem = Cell::new(None);
    let mut reader = serde_json::Deserializer::from_slice(text);
    let outcome = Strict { depth: 0, problem: &problem }.deserialize(&mut reader).and_then(|()| reader.end());
    match (outcome, problem.take()) {
        (Ok(()), _) => Ok(()),
        (Err(_), Some(problem)) => Err(problem),
        (Err(error), None) => Err(JsonError::Syntax { column: error.column() }),
    }
}

/// The members of one JSON object with their values unread; no name occurs twice.
pub(super) fn members(text: &[u8]) -> Result<Vec<(String, &RawValue)>, JsonError> {
    let Members(members) = serde_json::from_slice(text).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => JsonError::NotAnObject,
        _ => JsonError::Syntax { column: error.column() },
    })?;
    let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(JsonError::DuplicateName(shorten(pair[0]))),
        None => Ok(members),
    }
}

/// Append `value` as a JSON string.
pub(super) fn append_string(text: &mut String, value: &str) {
    text.push_str(&serde_json::to_string(value).expect("a string is always JSON"));
}

/// Read a member that must be a string when it is there at all; `null` is not a string.
pub(super) fn string<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<String>, D::Error> {
    String::deserialize(reader).map(Some)
}

/// The same for a member that is a secret.
pub(super) fn secret<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<Zeroizing<String>>, D::Error> {
    String::deserialize(reader).map(|text| Some(Zeroizing::new(text)))
}

/// Read a member that must be a list of strings when it is there at all.
pub(super) fn strings<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<Vec<String>>, D::Error> {
    Vec::deserialize(reader).map(Some)
}

/// Whether a member is there, whatever its value.
pub(super) fn present<'de, D: Deserializer<'de>>(reader: D) -> Result<bool, D::Error> {
    serde::de::IgnoredAny::deserialize(reader).map(|_| true)
}

struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut reader: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = reader.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

/// Reads any value, keeps nothing, and complains about what is ambiguous.
#[derive(Clone, Copy)]
struct Strict<'p> {
    depth: usize,
    problem: &'p Cell<Option<JsonError>>,
}

impl<'p> Strict<'p> {
    fn fail<T, E: serde::de::Error>(self, problem: JsonError) -> Result<T, E> {
        self.problem.set(Some(problem));
        Err(E::custom("refused"))
    }

    fn scalar<E: serde::de::Error>(self) -> Result<(), E> {
        if self.depth == 0 { self.fail(JsonError::NotAnObject) } else { Ok(()) }
    }

    fn inner<E: serde::de::Error>(self) -> Result<Strict<'p>, E> {
        if self.depth == MAX_DEPTH { self.fail(JsonError::TooDeep) } else { Ok(Self { depth: self.depth + 1, ..self }) }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<(), E> {
        self.scalar()
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<(), E> {
        self.scalar()
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.scalar()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        self.scalar()?;
        let inner = self.inner()?;
        while elements.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        let mut names: Vec<Cow<'de, str>> = Vec::new();
        while let Some(Name(name)) = members.next_key()? {
            // Sorting pays only for objects that no honest sender writes; those must not cost quadratic time.
            if names.len() < FEW_NAMES && names.contains(&name) {
                return self.fail(JsonError::DuplicateName(shorten(&name)));
            }
            if names.is_empty() {
                names.reserve(FEW_NAMES);
            }
            names.push(name);
            members.next_value_seed(inner)?;
        }
        if names.len() > FEW_NAMES {
            names.sort_unstable();
            if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
                return self.fail(JsonError::DuplicateName(shorten(&pair[0])));
            }
        }
        Ok(())
    }
}

/// A member's name with its escapes resolved, borrowed when there are none.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_str(NameVisitor)
    }
}

struct NameVisitor;

impl<'de> Visitor<'de> for NameVisitor {
    type Value = Name<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a name")
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, name: &'de str) -> Result<Name<'de>, E> {
        Ok(Name(Cow::Borrowed(name)))
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Name<'de>, E> {
        Ok(Name(Cow::Owned(name.to_owned())))
    }
}

/// As much of an attacker's text as an error message may carry.
fn shorten(name: &str) -> String {
    name.chars().take(40).collect()
}

/// Up to this many names are compared one by one.
const FEW_NAMES: usize = 16;

//! Reading a request body as Go's decoder does, in one pass and without a tree of values.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};

/// A request body, filled member by member.
///
/// [`read`] starts from the default and calls [`Members::member`] for each member that
/// is not `null`, so the last of several members with one name wins.
pub trait Members<'de>: Default {
    /// Take the value of `name` if this body knows the name, and say whether it did.
    ///
    /// Names are compared with [`is_named`], whatever their case.
    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error>;
}

/// The body is not the JSON object that was expected.
#[derive(Debug, thiserror::Error)]
#[error("error decoding json")]
pub struct Malformed(#[from] serde_json::Error);

/// Read the first JSON value of `bytes`; whatever follows it is ignored.
///
/// An object is read member by member; `null` reads as the empty object.
pub fn read<'de, T: Members<'de>>(bytes: &'de [u8]) -> Result<T, Malformed> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    Ok(Body(PhantomData).deserialize(&mut deserializer)?)
}

/// Whether the member called `name` in a body is the one we know as `known`.
pub(crate) fn is_named(name: &str, known: &str) -> bool {
    name.eq_ignore_ascii_case(known)
}

/// Put the string that comes next into `target`; `null` leaves it alone.
pub(crate) fn take_text<'de, A: MapAccess<'de>>(target: &mut Cow<'de, str>, map: &mut A) -> Result<bool, A::Error> {
    if let Some(Text(text)) = map.next_value()? {
        *target = text;
    }
    Ok(true)
}

/// A JSON string, borrowed from the input where it holds no escapes.
pub struct Text<'de>(pub Cow<'de, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(text)))
    }
}

struct Body<T>(PhantomData<T>);

impl<'de, T: Members<'de>> DeserializeSeed<'de> for Body<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, T: Members<'de>> Visitor<'de> for Body<T> {
    type Value = T;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_none<E>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut body = T::default();
        let mut count = 0;
        while let Some(Text(name)) = map.next_key()? {
            count += 1;
            if count > MOST_MEMBERS {
                return Err(A::Error::custom("too many members"));
            }
            if !body.member(&name, &mut map)? {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(body)
    }
}

/// No body has more than a dozen members; a million tiny ones are only there to cost time.
const MOST_MEMBERS: usize = 1000;

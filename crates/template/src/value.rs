//! The data that a template is given.

use std::collections::BTreeMap;

use crate::time::Time;

/// A value with the type that Go would know it by, which `typeIs`, `kindIs`, `printf "%T"` and comparisons look at.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `bool`.
    Bool(bool),
    /// `[]uint8`; in JSON, base64.
    Bytes(Vec<u8>),
    /// `float64`: every number that came out of JSON.
    Float(f64),
    /// `int`.
    Int(i64),
    /// `int64`.
    Int64(i64),
    /// `[]interface {}`.
    List(Vec<Value>),
    /// `map[string]interface {}`.
    Map(BTreeMap<String, Value>),
    /// `nil`, as an element of a map or list: what JSON calls null.
    Nil,
    /// A structure or a pointer to one.
    Object(Object),
    /// `string`.
    String(String),
    /// `[]string`.
    Strings(Vec<String>),
    /// `time.Time`.
    Time(Time),
    /// A list or map with a type of its own, such as `x509util.TemplateData`.
    Typed(String, Box<Value>),
}

/// A structure of Go, such as `*rsa.PublicKey`: a name for the type, and the fields that templates may read.
///
/// What is not given here is refused when a template asks for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    pub(crate) type_name: String,
    pub(crate) fields: Vec<Field>,
    pub(crate) text: Option<String>,
    pub(crate) has_json: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field {
    pub(crate) name: Option<String>,
    pub(crate) json: Option<String>,
    pub(crate) value: Value,
}

impl Object {
    /// A value that only says of what type it is.
    pub fn opaque(type_name: impl Into<String>) -> Self {
        Object { type_name: type_name.into(), fields: Vec::new(), text: None, has_json: false }
    }

    /// Let templates read a field. It is no part of the JSON.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.fields.push(Field { name: Some(name.into()), json: None, value: value.into() });
        self
    }

    /// Add a member to the JSON, in the order of the calls. It is no field that templates can read.
    #[must_use]
    pub fn json(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.has_json = true;
        self.fields.push(Field { name: None, json: Some(name.into()), value: value.into() });
        self
    }

    /// Both: a field for templates, and a member of the JSON under another name.
    #[must_use]
    pub fn member(mut self, name: impl Into<String>, json: impl Into<String>, value: impl Into<Value>) -> Self {
        self.has_json = true;
        self.fields.push(Field { name: Some(name.into()), json: Some(json.into()), value: value.into() });
        self
    }

    /// Say that the JSON is an object, even when it has no members.
    #[must_use]
    pub fn with_json(mut self) -> Self {
        self.has_json = true;
        self
    }

    /// What is printed in its place: Go's `String` method.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }
}

impl Value {
    /// A map from names and values.
    pub fn map<N: Into<String>>(entries: impl IntoIterator<Item = (N, Value)>) -> Self {
        Value::Map(entries.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }

    /// The same value under the name of another Go type, for lists and maps.
    #[must_use]
    pub fn typed(self, type_name: impl Into<String>) -> Self {
        Value::Typed(type_name.into(), Box::new(self))
    }

    /// Read JSON as Go's `encoding/json` does into an `interface {}`: numbers become `float64`.
    pub fn from_json(text: &str) -> Result<Self, String> {
        crate::json::read(text)
    }
}

impl From<serde_json::Value> for Value {
    fn from(json: serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Value::Nil,
            serde_json::Value::Bool(value) => Value::Bool(value),
            // Go reads every number of JSON as float64; so does this, of the very digits.
            serde_json::Value::Number(number) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
            serde_json::Value::String(text) => Value::String(text),
            serde_json::Value::Array(items) => Value::List(items.into_iter().map(Value::from).collect()),
            serde_json::Value::Object(members) => Value::map(members.into_iter().map(|(k, v)| (k, Value::from(v)))),
        }
    }
}

macro_rules! from {
    ($($from:ty => $variant:ident),* $(,)?) => {
        $(impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Value::$variant(value.into())
            }
        })*
    };
}

from! {
    bool => Bool,
    f64 => Float,
    String => String,
    &str => String,
    Object => Object,
    Time => Time,
    Vec<String> => Strings,
    Vec<Value> => List,
    BTreeMap<String, Value> => Map,
}

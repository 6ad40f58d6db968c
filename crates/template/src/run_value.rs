//! Values while a template is rendered: shared, and dicts that `set` changes for everybody who holds them.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::time::Time;
use crate::value::{Object as GivenObject, Value};

/// A value with its Go type. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) enum Val {
    /// Nothing at all: a key that is not there, or what is left of a nil once a pipeline is through with it.
    Missing,
    /// A nil of type `interface {}`, as an element or an argument.
    Nil,
    Bool(bool),
    Bytes(Rc<[u8]>),
    Float(f64),
    Int(i64),
    Int64(i64),
    List(Rc<List>),
    Map(Rc<Map>),
    Object(Rc<Object>),
    Text(Rc<str>),
    Time(Time),
    Uint8(u8),
    Uint64(u64),
}

/// What a list or map may hold, by its Go type.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Element {
    Any,
    Int,
    /// `[]interface {}`, of `chunk`.
    Lists,
    /// Structures of a type that only the list's own name tells.
    Objects,
    Text,
}

#[derive(Debug)]
pub(crate) struct List {
    pub(crate) type_name: Cow<'static, str>,
    pub(crate) element: Element,
    /// Sorting a list of strings sorts it for everybody who holds it, as in Go.
    pub(crate) items: RefCell<Vec<Val>>,
    pub(crate) is_nil: bool,
}

#[derive(Debug)]
pub(crate) struct Map {
    pub(crate) type_name: Cow<'static, str>,
    pub(crate) element: Element,
    pub(crate) entries: RefCell<BTreeMap<Rc<str>, Val>>,
    pub(crate) is_nil: bool,
}

#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) type_name: String,
    pub(crate) text: Option<String>,
    pub(crate) has_json: bool,
    /// Name for templates, name in the JSON, value.
    pub(crate) fields: Vec<(Option<String>, Option<String>, Val)>,
}

pub(crate) const ANY: &str = "interface {}";
pub(crate) const ANY_MAP: &str = "map[string]interface {}";
pub(crate) const TEXT_MAP: &str = "map[string]string";

impl Val {
    pub(crate) fn text(text: impl AsRef<str>) -> Self {
        Val::Text(Rc::from(text.as_ref()))
    }

    /// `[]interface {}`.
    pub(crate) fn list(items: Vec<Val>) -> Self {
        Val::typed_list(Element::Any, items)
    }

    pub(crate) fn typed_list(element: Element, items: Vec<Val>) -> Self {
        let type_name = Cow::Borrowed(match element {
            Element::Any | Element::Objects => "[]interface {}",
            Element::Int => "[]int",
            Element::Lists => "[][]interface {}",
            Element::Text => "[]string",
        });
        Val::List(Rc::new(List { type_name, element, items: RefCell::new(items), is_nil: false }))
    }

    /// A list that Go has no memory for: empty, and `null` in JSON.
    pub(crate) fn nil_list(element: Element) -> Self {
        match Val::typed_list(element, Vec::new()) {
            Val::List(list) => {
                let List { type_name, element, .. } = &*list;
                let (type_name, element) = (type_name.clone(), *element);
                Val::List(Rc::new(List { type_name, element, items: RefCell::default(), is_nil: true }))
            }
            other => other,
        }
    }

    pub(crate) fn texts<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Self {
        Val::typed_list(Element::Text, texts.into_iter().map(Val::text).collect())
    }

    /// The Go type, as `%T` prints it.
    pub(crate) fn type_name(&self) -> &str {
        match self {
            Val::Missing | Val::Nil => "<nil>",
            Val::Bool(_) => "bool",
            Val::Bytes(_) => "[]uint8",
            Val::Float(_) => "float64",
            Val::Int(_) => "int",
            Val::Int64(_) => "int64",
            Val::List(list) => &list.type_name,
            Val::Map(map) => &map.type_name,
            Val::Object(object) => &object.type_name,
            Val::Text(_) => "string",
            Val::Time(_) => "time.Time",
            Val::Uint8(_) => "uint8",
            Val::Uint64(_) => "uint64",
        }
    }

    /// The type for sentences about a value that does not fit.
    pub(crate) fn type_in_words(&self) -> &str {
        match self {
            Val::Missing | Val::Nil => ANY,
            other => other.type_name(),
        }
    }

    /// Go's kind of the type.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Val::Missing | Val::Nil => "invalid",
            Val::Bool(_) => "bool",
            Val::Bytes(_) | Val::List(_) => "slice",
            Val::Float(_) => "float64",
            Val::Int(_) => "int",
            Val::Int64(_) => "int64",
            Val::Map(_) => "map",
            Val::Object(object) if object.type_name.starts_with('*') => "ptr",
            Val::Object(_) | Val::Time(_) => "struct",
            Val::Text(_) => "string",
            Val::Uint8(_) => "uint8",
            Val::Uint64(_) => "uint64",
        }
    }

    pub(crate) fn is_nothing(&self) -> bool {
        matches!(self, Val::Missing | Val::Nil)
    }

    /// Go's truth: not the zero of its type, and not empty.
    pub(crate) fn is_true(&self) -> bool {
        match self {
            Val::Missing | Val::Nil => false,
            Val::Bool(value) => *value,
            Val::Bytes(bytes) => !bytes.is_empty(),
            Val::Float(value) => *value != 0.0,
            Val::Int(value) | Val::Int64(value) => *value != 0,
            Val::List(list) => !list.items.borrow().is_empty(),
            Val::Map(map) => !map.entries.borrow().is_empty(),
            Val::Object(_) | Val::Time(_) => true,
            Val::Text(text) => !text.is_empty(),
            Val::Uint8(value) => *value != 0,
            Val::Uint64(value) => *value != 0,
        }
    }
}

impl Map {
    /// What Go gives for a key that is not there, where it gives a value of the element's type.
    pub(crate) fn zero(&self) -> Val {
        match self.element {
            Element::Text => Val::text(""),
            Element::Any | Element::Int | Element::Lists | Element::Objects => Val::Nil,
        }
    }
}

/// Values may be nested as deep as a template likes; taking them apart one by one keeps that off the stack.
fn drop_all(mut pending: Vec<Val>) {
    while let Some(value) = pending.pop() {
        match value {
            Val::List(list) => {
                if let Ok(mut list) = Rc::try_unwrap(list) {
                    pending.append(list.items.get_mut());
                }
            }
            Val::Map(map) => {
                if let Ok(mut map) = Rc::try_unwrap(map) {
                    pending.extend(std::mem::take(map.entries.get_mut()).into_values());
                }
            }
            _ => {}
        }
    }
}

/// Empty everything that a value holds, also what holds itself.
pub(crate) fn forget(value: Val) {
    let mut pending = vec![value];
    while let Some(value) = pending.pop() {
        match value {
            Val::List(list) => pending.append(&mut list.items.take()),
            Val::Map(map) => pending.extend(map.entries.take().into_values()),
            Val::Object(object) => pending.extend(object.fields.iter().map(|(.., value)| value.clone())),
            _ => {}
        }
    }
}

impl Drop for List {
    fn drop(&mut self) {
        let items = self.items.get_mut();
        if items.iter().any(|item| matches!(item, Val::List(_) | Val::Map(_))) {
            drop_all(std::mem::take(items));
        }
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        drop_all(std::mem::take(self.entries.get_mut()).into_values().collect());
    }
}

/// Make the data of the caller into values of one rendering.
pub(crate) fn load(value: &Value) -> Val {
    match value {
        Value::Bool(value) => Val::Bool(*value),
        Value::Bytes(bytes) => Val::Bytes(Rc::from(bytes.as_slice())),
        Value::Float(value) => Val::Float(*value),
        Value::Int(value) => Val::Int(*value),
        Value::Int64(value) => Val::Int64(*value),
        Value::List(items) => Val::list(items.iter().map(load).collect()),
        Value::Map(entries) => {
            let entries = entries.iter().map(|(name, value)| (Rc::from(name.as_str()), load(value))).collect();
            let type_name = Cow::Borrowed(ANY_MAP);
            Val::Map(Rc::new(Map { type_name, element: Element::Any, entries: RefCell::new(entries), is_nil: false }))
        }
        Value::Nil => Val::Nil,
        Value::Object(object) => Val::Object(Rc::new(load_object(object))),
        Value::String(text) => Val::text(text),
        Value::Strings(texts) => Val::texts(texts),
        Value::Time(time) => Val::Time(time.clone()),
        Value::Typed(name, value) => retype(load(value), name),
    }
}

fn load_object(GivenObject { type_name, fields, text, has_json }: &GivenObject) -> Object {
    let fields = fields.iter().map(|field| (field.name.clone(), field.json.clone(), load(&field.value))).collect();
    Object { type_name: type_name.clone(), text: text.clone(), has_json: *has_json, fields }
}

fn retype(value: Val, name: &str) -> Val {
    let type_name = Cow::Owned(name.to_owned());
    match value {
        Val::List(list) => {
            let items = RefCell::new(list.items.take());
            let element = match list.element {
                Element::Any => Element::Objects,
                element => element,
            };
            Val::List(Rc::new(List { type_name, element, items, is_nil: list.is_nil }))
        }
        Val::Map(map) => {
            let entries = RefCell::new(map.entries.take());
            Val::Map(Rc::new(Map { type_name, element: map.element, entries, is_nil: map.is_nil }))
        }
        // Other kinds have no name of their own here.
        value => value,
    }
}

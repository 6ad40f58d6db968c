//! Types, defaults and JSON.

use super::{Function, Outcome, Type, function, text, variadic};
use crate::error::Failure;
use crate::json::{self, Style};
use crate::limits::{Bound, DEEPEST_VALUE};
use crate::number::{parse_float, parse_int};
use crate::print::{self, text_of};
use crate::render::Runtime;
use crate::run_value::{Element, Val, load};

pub(super) static FUNCTIONS: &[Function] = &[
    variadic("all", &[], Type::Any, |_, values| Ok(Val::Bool(values.iter().all(|value| !is_empty(value))))),
    variadic("any", &[], Type::Any, |_, values| Ok(Val::Bool(values.iter().any(|value| !is_empty(value))))),
    function("atoi", &[Type::Text], |_, values| Ok(Val::Int(parse_int(text(values, 0), 10).unwrap_or(0)))),
    variadic("coalesce", &[], Type::Any, coalesce),
    function("deepCopy", &[Type::Any], |runtime, values| deep_copy(runtime, &values[0], 0)),
    variadic("default", &[Type::Any], Type::Any, default),
    function("empty", &[Type::Any], |_, values| Ok(Val::Bool(is_empty(&values[0])))),
    function("fail", &[Type::Text], |_, values| Err(Failure::Refused(text(values, 0).to_owned()))),
    function("float64", &[Type::Any], |_, values| Ok(Val::Float(to_float(&values[0])?))),
    function("fromJson", &[Type::Text], |_, values| {
        Ok(json::read(text(values, 0)).map_or(Val::Nil, |value| load(&value)))
    }),
    function("int", &[Type::Any], |_, values| Ok(Val::Int(to_int(&values[0])?))),
    function("int64", &[Type::Any], |_, values| Ok(Val::Int64(to_int(&values[0])?))),
    function("kindIs", &[Type::Text, Type::Any], |_, values| Ok(Val::Bool(values[1].kind() == text(values, 0)))),
    function("kindOf", &[Type::Any], |_, values| Ok(Val::text(values[0].kind()))),
    function("mustDeepCopy", &[Type::Any], |runtime, values| deep_copy(runtime, &values[0], 0)),
    function("mustFromJson", &[Type::Text], |_, values| Ok(load(&json::read(text(values, 0))?))),
    function("mustToJson", &[Type::Any], |runtime, values| json(runtime, values, ESCAPED)),
    function("mustToPrettyJson", &[Type::Any], |runtime, values| json(runtime, values, PRETTY)),
    function("mustToRawJson", &[Type::Any], |runtime, values| json(runtime, values, RAW)),
    function("ternary", &[Type::Any, Type::Any, Type::Bool], |_, values| {
        Ok(values[if values[2].is_true() { 0 } else { 1 }].clone())
    }),
    function("toDecimal", &[Type::Any], |_, values| Ok(Val::Int64(parse_int(&print::sprint(values)?, 8).unwrap_or(0)))),
    function("toJson", &[Type::Any], |runtime, values| json(runtime, values, ESCAPED)),
    function("toPrettyJson", &[Type::Any], |runtime, values| json(runtime, values, PRETTY)),
    function("toRawJson", &[Type::Any], |runtime, values| json(runtime, values, RAW)),
    function("toString", &[Type::Any], |_, values| Ok(Val::text(text_of(&values[0])?))),
    function("toStrings", &[Type::Any], |_, values| Ok(Val::texts(texts(&values[0])?))),
    function("typeIs", &[Type::Text, Type::Any], |_, values| Ok(Val::Bool(values[1].type_name() == text(values, 0)))),
    function("typeIsLike", &[Type::Text, Type::Any], |_, values| {
        let (wanted, name) = (text(values, 0), values[1].type_name());
        Ok(Val::Bool(name == wanted || name.strip_prefix('*') == Some(wanted)))
    }),
    function("typeOf", &[Type::Any], |_, values| Ok(Val::text(values[0].type_name()))),
];

const ESCAPED: Style = Style { html: true, indented: false };
const PRETTY: Style = Style { html: true, indented: true };
const RAW: Style = Style { html: false, indented: false };

fn json(runtime: &mut Runtime<'_>, values: &[Val], style: Style) -> Outcome {
    // What does not fit into the result need not be written.
    let most = runtime.limits().output;
    let text = json::write(&values[0], style, most)?;
    runtime.step(text.len() / 64)?;
    Ok(Val::text(text))
}

/// What sprig calls empty: the zero of a type. Moments and structures never are.
pub(super) fn is_empty(value: &Val) -> bool {
    !value.is_true()
}

fn coalesce(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    Ok(values.iter().find(|value| !is_empty(value)).cloned().unwrap_or(Val::Nil))
}

fn default(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    Ok(values.get(1).filter(|given| !is_empty(given)).unwrap_or(&values[0]).clone())
}

/// A whole number out of whatever there is; what is none counts as 0, as in sprig.
pub(super) fn to_int(value: &Val) -> Result<i64, Failure> {
    Ok(match value {
        Val::Bool(value) => i64::from(*value),
        Val::Float(value) => whole(*value)?,
        Val::Int(value) | Val::Int64(value) => *value,
        Val::Text(text) => parse_int(without_zero_fraction(text), 0).unwrap_or(0),
        Val::Uint8(value) => i64::from(*value),
        Val::Uint64(value) => i64::try_from(*value).map_err(|_| format!("{value} does not fit into an int64"))?,
        _ => 0,
    })
}

/// Go leaves open what a number becomes that does not fit.
pub(super) fn whole(value: f64) -> Result<i64, Failure> {
    if value.abs() < 9_223_372_036_854_775_808.0 {
        Ok(value as i64)
    } else {
        Err(format!("{value} does not fit into an int64").into())
    }
}

/// `12.00` is read as `12`.
fn without_zero_fraction(text: &str) -> &str {
    let without = text.trim_end_matches('0');
    match without.strip_suffix('.') {
        Some(whole) if without.len() < text.len() => whole,
        _ => text,
    }
}

/// A number out of whatever there is; what is none counts as 0, as in sprig.
pub(super) fn to_float(value: &Val) -> Result<f64, Failure> {
    Ok(match value {
        Val::Bool(value) => f64::from(u8::from(*value)),
        Val::Float(value) => *value,
        Val::Int(value) | Val::Int64(value) => *value as f64,
        Val::Text(text) => parse_float(text).unwrap_or(0.0),
        Val::Uint8(value) => f64::from(*value),
        Val::Uint64(value) => *value as f64,
        _ => 0.0,
    })
}

/// Every value that is there as a string.
pub(super) fn texts(value: &Val) -> Result<Vec<String>, Failure> {
    match value {
        Val::Missing | Val::Nil => Ok(Vec::new()),
        Val::List(list) => list.items.borrow().iter().filter(|item| !item.is_nothing()).map(text_of).collect(),
        Val::Bytes(bytes) => Ok(bytes.iter().map(u8::to_string).collect()),
        value => Ok(vec![text_of(value)?]),
    }
}

pub(super) fn deep_copy(runtime: &mut Runtime<'_>, value: &Val, depth: usize) -> Outcome {
    if depth > DEEPEST_VALUE {
        return Err(Failure::Limit(Bound::Values(DEEPEST_VALUE)));
    }
    runtime.step(1)?;
    let copy = match value {
        Val::List(list) => {
            let items: Result<Vec<Val>, Failure> =
                list.items.borrow().iter().map(|item| deep_copy(runtime, item, depth + 1)).collect();
            let element = list.element;
            if element == Element::Objects {
                return Err(format!("deepCopy of {} is not supported", list.type_name).into());
            }
            if list.is_nil { Val::nil_list(element) } else { Val::typed_list(element, items?) }
        }
        Val::Map(map) => {
            let mut entries = std::collections::BTreeMap::new();
            for (key, value) in map.entries.borrow().iter() {
                entries.insert(key.clone(), deep_copy(runtime, value, depth + 1)?);
            }
            let type_name = match &map.type_name {
                std::borrow::Cow::Borrowed(name) => name,
                std::borrow::Cow::Owned(name) => return Err(format!("deepCopy of {name} is not supported").into()),
            };
            runtime.typed_map(type_name, map.element, entries, map.is_nil)
        }
        value => value.clone(),
    };
    runtime.charge_value(&copy)?;
    Ok(copy)
}

//! Functions that belong to the language.

use super::{Function, Outcome, Run, Type, count, function, text, variadic};
use crate::error::Failure;
use crate::print;
use crate::render::Runtime;
use crate::run_value::Val;

pub(super) static FUNCTIONS: &[Function] = &[
    Function { name: "and", fixed: &[Type::Reflected], variadic: Some(Type::Reflected), run: Run::And },
    Function { name: "or", fixed: &[Type::Reflected], variadic: Some(Type::Reflected), run: Run::Or },
    function("not", &[Type::Reflected], |_, values| Ok(Val::Bool(!values[0].is_true()))),
    variadic("call", &[Type::Reflected], Type::Reflected, call),
    variadic("index", &[Type::Reflected], Type::Reflected, index),
    function("len", &[Type::Reflected], len),
    variadic("print", &[], Type::Any, |_, values| Ok(Val::text(print::sprint(values)?))),
    variadic("printf", &[Type::Text], Type::Any, printf),
    variadic("println", &[], Type::Any, |_, values| Ok(Val::text(print::sprintln(values)?))),
];

fn printf(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    Ok(Val::text(print::sprintf(text(values, 0), &values[1..])?))
}

/// Templates have no functions as values, so there is nothing to call.
fn call(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    match &values[0] {
        Val::Missing | Val::Nil => Err("call of nil".into()),
        value => Err(format!("non-function of type {}", value.type_name()).into()),
    }
}

fn len(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    match &values[0] {
        Val::Bytes(bytes) => Ok(count(bytes.len())),
        Val::List(list) => Ok(count(list.items.borrow().len())),
        Val::Map(map) => Ok(count(map.entries.borrow().len())),
        Val::Text(text) => Ok(count(text.len())),
        Val::Missing | Val::Nil => Err("len of nil pointer".into()),
        value => Err(format!("len of type {}", value.type_name()).into()),
    }
}

fn index(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let mut item = values[0].clone();
    if item.is_nothing() {
        return Err("index of untyped nil".into());
    }
    for index in &values[1..] {
        item = match &item {
            Val::List(list) => {
                let items = list.items.borrow();
                items[position(index, items.len())?].clone()
            }
            Val::Bytes(bytes) => Val::Uint8(bytes[position(index, bytes.len())?]),
            Val::Text(text) => Val::Uint8(text.as_bytes()[position(index, text.len())?]),
            Val::Map(map) => match index {
                Val::Text(key) => map.entries.borrow().get(&**key).cloned().unwrap_or_else(|| map.zero()),
                Val::Missing | Val::Nil => return Err("value is nil; should be of type string".into()),
                index => return Err(format!("value has type {}; should be string", index.type_name()).into()),
            },
            Val::Missing | Val::Nil => return Err("index of nil pointer".into()),
            item => return Err(format!("can't index item of type {}", item.type_name()).into()),
        };
    }
    Ok(item)
}

fn position(index: &Val, length: usize) -> Result<usize, Failure> {
    let position = match index {
        Val::Int(index) | Val::Int64(index) => usize::try_from(*index).ok(),
        Val::Uint8(index) => Some(usize::from(*index)),
        Val::Uint64(index) => usize::try_from(*index).ok(),
        Val::Missing | Val::Nil => return Err("cannot index slice/array with nil".into()),
        index => return Err(format!("cannot index slice/array with type {}", index.type_name()).into()),
    };
    match position.filter(|position| *position < length) {
        Some(position) => Ok(position),
        None => Err(format!("index out of range: {}", print::shown(index)?).into()),
    }
}

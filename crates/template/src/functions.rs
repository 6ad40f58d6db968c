//! What templates can call.

mod asn1;
mod builtin;
mod compare;
mod convert;
mod dates;
mod dicts;
mod encoding;
mod escape;
mod letters;
mod lists;
mod math;
mod paths;
mod random;
mod regular;
mod semver;
mod strings;
mod unicode;
mod urls;

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::LazyLock;

use crate::error::Failure;
use crate::render::Runtime;
use crate::run_value::{List, Map, Val};
use crate::time::Time;

/// A function by its name, with what it takes.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: &'static str,
    pub(crate) fixed: &'static [Type],
    /// The type of any number of further arguments.
    pub(crate) variadic: Option<Type>,
    pub(crate) run: Run,
}

/// A Go type of an argument. The renderer gives a function only what is of its types.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Type {
    /// `interface {}`.
    Any,
    Bool,
    Float,
    Int,
    /// `map[string]interface {}`.
    Map,
    /// Any value, of the functions that belong to the language.
    Reflected,
    Text,
    Time,
}

/// What a call does.
#[derive(Debug)]
pub(crate) enum Run {
    And,
    Function(Body),
    Or,
}

pub(crate) type Body = fn(&mut Runtime<'_>, &[Val]) -> Outcome;

/// A result, or why there is none.
pub(crate) type Outcome = Result<Val, Failure>;

/// The function of a name.
pub(crate) fn find(name: &str) -> Option<&'static Function> {
    BY_NAME.get(name).copied()
}

/// A method of `time.Time`. The moment is its first argument.
pub(crate) fn time_method(name: &str) -> Option<&'static Function> {
    dates::METHODS.iter().find(|method| method.name == name)
}

static BY_NAME: LazyLock<HashMap<&'static str, &'static Function>> = LazyLock::new(|| {
    // What sprig calls as the language does, such as `slice`, stands for sprig's.
    let tables: [&[Function]; 17] = [
        builtin::FUNCTIONS,
        compare::FUNCTIONS,
        escape::FUNCTIONS,
        asn1::FUNCTIONS,
        convert::FUNCTIONS,
        dates::FUNCTIONS,
        dicts::FUNCTIONS,
        encoding::FUNCTIONS,
        letters::FUNCTIONS,
        lists::FUNCTIONS,
        math::FUNCTIONS,
        paths::FUNCTIONS,
        random::FUNCTIONS,
        regular::FUNCTIONS,
        semver::FUNCTIONS,
        strings::FUNCTIONS,
        urls::FUNCTIONS,
    ];
    tables.into_iter().flatten().map(|function| (function.name, function)).collect()
});

const fn function(name: &'static str, fixed: &'static [Type], body: Body) -> Function {
    Function { name, fixed, variadic: None, run: Run::Function(body) }
}

const fn variadic(name: &'static str, fixed: &'static [Type], more: Type, body: Body) -> Function {
    Function { name, fixed, variadic: Some(more), run: Run::Function(body) }
}

/// The argument that was declared as a string.
fn text(arguments: &[Val], at: usize) -> &str {
    match &arguments[at] {
        Val::Text(text) => text,
        _ => unreachable!("the renderer passes a string where one is declared"),
    }
}

/// The argument that was declared as an `int`.
fn int(arguments: &[Val], at: usize) -> i64 {
    match &arguments[at] {
        Val::Int(int) => *int,
        _ => unreachable!("the renderer passes an int where one is declared"),
    }
}

/// The argument that was declared as a dict.
fn dict(arguments: &[Val], at: usize) -> &Rc<Map> {
    match &arguments[at] {
        Val::Map(map) => map,
        _ => unreachable!("the renderer passes a dict where one is declared"),
    }
}

/// The argument that was declared as a time.
fn time(arguments: &[Val], at: usize) -> &Time {
    match &arguments[at] {
        Val::Time(time) => time,
        _ => unreachable!("the renderer passes a time where one is declared"),
    }
}

/// A number of elements or bytes as an `int`.
fn count(count: usize) -> Val {
    Val::Int(i64::try_from(count).unwrap_or(i64::MAX))
}

/// The elements of a list; `action` is for the sentence on what is none.
fn elements(value: &Val, action: &str) -> Result<Vec<Val>, Failure> {
    match value {
        Val::List(list) => Ok(list.items.borrow().clone()),
        Val::Bytes(bytes) => Ok(bytes.iter().map(|byte| Val::Uint8(*byte)).collect()),
        value => Err(format!("Cannot {action} on type {}", value.kind()).into()),
    }
}

/// The same list without its elements, for what they are taken out of.
fn as_list(value: &Val) -> Option<&Rc<List>> {
    match value {
        Val::List(list) => Some(list),
        _ => None,
    }
}

//! Comparisons, which refuse what Go will not compare.

use std::cmp::Ordering;

use super::{Function, Outcome, Type, function, variadic};
use crate::error::Failure;
use crate::limits::{Bound, DEEPEST_VALUE};
use crate::render::Runtime;
use crate::run_value::Val;

pub(super) static FUNCTIONS: &[Function] = &[
    function("deepEqual", &[Type::Any, Type::Any], |runtime, values| {
        Ok(Val::Bool(deep_equal(runtime, &values[0], &values[1], 0)?))
    }),
    variadic("eq", &[Type::Reflected], Type::Reflected, equal),
    function("ne", &[Type::Reflected, Type::Reflected], |_, values| Ok(Val::Bool(!are_equal(&values[0], &values[1])?))),
    function("lt", &[Type::Reflected, Type::Reflected], |_, values| Ok(Val::Bool(is_less(&values[0], &values[1])?))),
    function("le", &[Type::Reflected, Type::Reflected], |_, values| Ok(Val::Bool(at_most(values)?))),
    function("gt", &[Type::Reflected, Type::Reflected], |_, values| Ok(Val::Bool(!at_most(values)?))),
    function("ge", &[Type::Reflected, Type::Reflected], |_, values| Ok(Val::Bool(!is_less(&values[0], &values[1])?))),
];

fn equal(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let Some((first, others)) = values.split_first() else { return Err("missing argument for comparison".into()) };
    if others.is_empty() {
        return Err("missing argument for comparison".into());
    }
    for other in others {
        if are_equal(first, other)? {
            return Ok(Val::Bool(true));
        }
    }
    Ok(Val::Bool(false))
}

fn at_most(values: &[Val]) -> Result<bool, Failure> {
    // As Go has it, so that a NaN is as strange here as there.
    Ok(is_less(&values[0], &values[1])? || are_equal(&values[0], &values[1])?)
}

/// A value that is compared by what it says.
enum Basic<'v> {
    Bool(bool),
    Float(f64),
    Int(i128),
    Text(&'v str),
}

fn basic(value: &Val) -> Option<Basic<'_>> {
    match value {
        Val::Bool(value) => Some(Basic::Bool(*value)),
        Val::Float(value) => Some(Basic::Float(*value)),
        Val::Int(value) | Val::Int64(value) => Some(Basic::Int(i128::from(*value))),
        Val::Uint8(value) => Some(Basic::Int(i128::from(*value))),
        Val::Uint64(value) => Some(Basic::Int(i128::from(*value))),
        Val::Text(value) => Some(Basic::Text(value)),
        Val::Missing | Val::Nil | Val::Bytes(_) | Val::List(_) | Val::Map(_) | Val::Object(_) | Val::Time(_) => None,
    }
}

fn incompatible(one: &Val, other: &Val) -> Failure {
    format!("incompatible types for comparison: {} and {}", one.type_name(), other.type_name()).into()
}

fn are_equal(one: &Val, other: &Val) -> Result<bool, Failure> {
    match (basic(one), basic(other)) {
        (Some(Basic::Bool(one)), Some(Basic::Bool(other))) => Ok(one == other),
        (Some(Basic::Float(one)), Some(Basic::Float(other))) => Ok(one == other),
        (Some(Basic::Int(one)), Some(Basic::Int(other))) => Ok(one == other),
        (Some(Basic::Text(one)), Some(Basic::Text(other))) => Ok(one == other),
        (Some(_), _) | (_, Some(_)) if one.is_nothing() || other.is_nothing() => Ok(false),
        (Some(_), _) | (_, Some(_)) => Err(incompatible(one, other)),
        (None, None) => are_equal_by_reference(one, other),
    }
}

/// Lists, dicts and structures can be compared with nil only.
fn are_equal_by_reference(one: &Val, other: &Val) -> Result<bool, Failure> {
    let is_nil = |value: &Val| match value {
        Val::Missing | Val::Nil => true,
        Val::List(list) => list.is_nil,
        Val::Map(map) => map.is_nil,
        _ => false,
    };
    let may_compare = one.kind() == other.kind() || one.is_nothing() || other.is_nothing();
    if !may_compare {
        return Err(format!("non-comparable types: {} and {}", one.type_name(), other.type_name()).into());
    }
    if is_nil(one) || is_nil(other) {
        return Ok(is_nil(one) == is_nil(other));
    }
    Err(format!("non-comparable type: {}", other.type_name()).into())
}

fn is_less(one: &Val, other: &Val) -> Result<bool, Failure> {
    let invalid = "invalid type for comparison";
    let (Some(first), Some(second)) = (basic(one), basic(other)) else { return Err(invalid.into()) };
    match (first, second) {
        (Basic::Float(one), Basic::Float(other)) => Ok(one.partial_cmp(&other) == Some(Ordering::Less)),
        (Basic::Int(one), Basic::Int(other)) => Ok(one < other),
        (Basic::Text(one), Basic::Text(other)) => Ok(one < other),
        (Basic::Bool(_), Basic::Bool(_)) => Err(invalid.into()),
        _ => Err(incompatible(one, other)),
    }
}

/// `reflect.DeepEqual`: of the same type, and equal in everything.
pub(super) fn deep_equal(runtime: &mut Runtime<'_>, one: &Val, other: &Val, depth: usize) -> Result<bool, Failure> {
    if depth > DEEPEST_VALUE {
        return Err(Failure::Limit(Bound::Values(DEEPEST_VALUE)));
    }
    runtime.step(1)?;
    match (one, other) {
        (Val::Missing | Val::Nil, _) | (_, Val::Missing | Val::Nil) => Ok(one.is_nothing() && other.is_nothing()),
        _ if one.type_name() != other.type_name() => Ok(false),
        (Val::Bool(one), Val::Bool(other)) => Ok(one == other),
        (Val::Bytes(one), Val::Bytes(other)) => Ok(one == other),
        (Val::Float(one), Val::Float(other)) => Ok(one == other),
        (Val::Int(one), Val::Int(other)) | (Val::Int64(one), Val::Int64(other)) => Ok(one == other),
        (Val::Text(one), Val::Text(other)) => Ok(one == other),
        (Val::Uint8(one), Val::Uint8(other)) => Ok(one == other),
        (Val::Uint64(one), Val::Uint64(other)) => Ok(one == other),
        (Val::List(one), Val::List(other)) => {
            let (one_items, other_items) = (one.items.borrow(), other.items.borrow());
            if one.is_nil != other.is_nil || one_items.len() != other_items.len() {
                return Ok(false);
            }
            for (one, other) in one_items.iter().zip(other_items.iter()) {
                if !deep_equal(runtime, one, other, depth + 1)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Val::Map(one), Val::Map(other)) => {
            let (one_entries, other_entries) = (one.entries.borrow(), other.entries.borrow());
            if one.is_nil != other.is_nil || one_entries.len() != other_entries.len() {
                return Ok(false);
            }
            for ((one_key, one), (other_key, other)) in one_entries.iter().zip(other_entries.iter()) {
                if one_key != other_key || !deep_equal(runtime, one, other, depth + 1)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        _ => Err(format!("values of type {} cannot be compared here", one.type_name()).into()),
    }
}

//! Dicts. `set`, `unset` and `merge` change the dict that they are given, for everybody who holds it.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::convert::is_empty;
use super::{Function, Outcome, Type, dict, function, text, variadic};
use crate::error::Failure;
use crate::limits::{Bound, DEEPEST_VALUE};
use crate::print::text_of;
use crate::render::Runtime;
use crate::run_value::{Map, Val};

pub(super) static FUNCTIONS: &[Function] = &[
    variadic("dict", &[], Type::Any, make),
    variadic("dig", &[], Type::Any, dig),
    function("get", &[Type::Map, Type::Text], |_, values| {
        let found = dict(values, 0).entries.borrow().get(text(values, 1)).cloned();
        Ok(found.unwrap_or_else(|| Val::text("")))
    }),
    function("hasKey", &[Type::Map, Type::Text], |_, values| {
        Ok(Val::Bool(dict(values, 0).entries.borrow().contains_key(text(values, 1))))
    }),
    variadic("keys", &[], Type::Map, |_, values| {
        let keys =
            (0..values.len()).flat_map(|at| dict(values, at).entries.borrow().keys().cloned().collect::<Vec<_>>());
        Ok(Val::texts(keys))
    }),
    variadic("merge", &[Type::Map], Type::Map, |runtime, values| merge_all(runtime, values, false)),
    variadic("mergeOverwrite", &[Type::Map], Type::Map, |runtime, values| merge_all(runtime, values, true)),
    variadic("mustMerge", &[Type::Map], Type::Map, |runtime, values| merge_all(runtime, values, false)),
    variadic("mustMergeOverwrite", &[Type::Map], Type::Map, |runtime, values| merge_all(runtime, values, true)),
    variadic("omit", &[Type::Map], Type::Text, omit),
    variadic("pick", &[Type::Map], Type::Text, pick),
    variadic("pluck", &[Type::Text], Type::Map, pluck),
    function("set", &[Type::Map, Type::Text, Type::Any], set),
    function("unset", &[Type::Map, Type::Text], |_, values| {
        dict(values, 0).entries.borrow_mut().remove(text(values, 1));
        Ok(values[0].clone())
    }),
    function("values", &[Type::Map], |_, values| {
        Ok(Val::list(dict(values, 0).entries.borrow().values().cloned().collect()))
    }),
];

fn make(runtime: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let mut entries = BTreeMap::new();
    for pair in values.chunks(2) {
        let value = pair.get(1).cloned().unwrap_or_else(|| Val::text(""));
        entries.insert(Rc::from(text_of(&pair[0])?), value);
    }
    Ok(runtime.map(entries))
}

fn set(runtime: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let map = dict(values, 0);
    if map.is_nil {
        return Err("assignment to entry in nil map".into());
    }
    runtime.charge_value(&values[1])?;
    map.entries.borrow_mut().insert(Rc::from(text(values, 1)), values[2].clone());
    Ok(values[0].clone())
}

fn pluck(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let found = (1..values.len()).filter_map(|at| dict(values, at).entries.borrow().get(text(values, 0)).cloned());
    Ok(Val::list(found.collect()))
}

fn pick(runtime: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let mut picked = BTreeMap::new();
    for at in 1..values.len() {
        if let Some(value) = dict(values, 0).entries.borrow().get(text(values, at)) {
            picked.insert(Rc::from(text(values, at)), value.clone());
        }
    }
    Ok(runtime.map(picked))
}

fn omit(runtime: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let mut left = dict(values, 0).entries.borrow().clone();
    for at in 1..values.len() {
        left.remove(text(values, at));
    }
    Ok(runtime.map(left))
}

fn dig(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let [keys @ .., default, start] = values else { return Err("dig needs at least three arguments".into()) };
    if keys.is_empty() {
        return Err("dig needs at least three arguments".into());
    }
    let mut value = start.clone();
    for key in keys {
        let Val::Text(key) = key else { return Err("dig needs keys that are strings".into()) };
        let Val::Map(map) = &value else {
            return Err(format!("dig looks for {key:?} in a value of type {}", value.type_name()).into());
        };
        let Some(found) = map.entries.borrow().get(&**key).cloned() else { return Ok(default.clone()) };
        value = found;
    }
    Ok(value)
}

fn merge_all(runtime: &mut Runtime<'_>, values: &[Val], overwrite: bool) -> Outcome {
    let target = dict(values, 0);
    for at in 1..values.len() {
        if target.is_nil && !dict(values, at).is_nil {
            return Err("merge into a dict that is not there; use dict".into());
        }
        merge(runtime, target, dict(values, at), overwrite, 0)?;
    }
    Ok(values[0].clone())
}

/// What is there stays, unless it is empty or `overwrite`; dicts in both are merged.
fn merge(
    runtime: &mut Runtime<'_>,
    target: &Rc<Map>,
    source: &Rc<Map>,
    overwrite: bool,
    depth: usize,
) -> Result<(), Failure> {
    if depth > DEEPEST_VALUE {
        return Err(Failure::Limit(Bound::Values(DEEPEST_VALUE)));
    }
    let additions: Vec<(Rc<str>, Val)> =
        source.entries.borrow().iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    for (key, value) in additions {
        runtime.step(1)?;
        let present = target.entries.borrow().get(&key).cloned();
        let put = |value: Val| {
            target.entries.borrow_mut().insert(key.clone(), value);
        };
        match (&present, &value) {
            (_, Val::Missing | Val::Nil) => {
                if overwrite {
                    put(Val::Nil);
                }
            }
            (_, Val::Object(_) | Val::Time(_) | Val::Bytes(_)) => {
                return Err(format!("merge of a value of type {} is not supported", value.type_name()).into());
            }
            (Some(Val::Map(inner)), Val::Map(other)) => {
                if inner.element != other.element {
                    return Err("merge of dicts of different types".into());
                }
                if !Rc::ptr_eq(inner, other) {
                    merge(runtime, inner, other, overwrite, depth + 1)?;
                }
                if is_empty(&Val::Map(inner.clone())) {
                    put(value);
                }
            }
            (Some(there), _) if !is_empty(there) && !overwrite => {}
            _ => put(value),
        }
    }
    Ok(())
}

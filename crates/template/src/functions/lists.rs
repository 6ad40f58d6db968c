//! Lists. What is made out of a list is a new one.

use super::compare::deep_equal;
use super::convert::{is_empty, texts, to_int};
use super::{Function, Outcome, Type, as_list, elements, function, int, text, variadic};
use crate::error::Failure;
use crate::print::text_of;
use crate::render::Runtime;
use crate::run_value::{Element, Val};

pub(super) static FUNCTIONS: &[Function] = &[
    function("append", &[Type::Any, Type::Any], append),
    function("chunk", &[Type::Int, Type::Any], chunk),
    function("compact", &[Type::Any], compact),
    variadic("concat", &[], Type::Any, concat),
    function("first", &[Type::Any], |_, values| {
        Ok(elements(&values[0], "find first")?.first().cloned().unwrap_or(Val::Nil))
    }),
    function("has", &[Type::Any, Type::Any], has),
    function("initial", &[Type::Any], initial),
    function("join", &[Type::Text, Type::Any], join),
    function("last", &[Type::Any], |_, values| {
        Ok(elements(&values[0], "find last")?.last().cloned().unwrap_or(Val::Nil))
    }),
    variadic("list", &[], Type::Any, |_, values| Ok(Val::list(values.to_vec()))),
    function("mustAppend", &[Type::Any, Type::Any], append),
    function("mustChunk", &[Type::Int, Type::Any], chunk),
    function("mustCompact", &[Type::Any], compact),
    function("mustFirst", &[Type::Any], |_, values| {
        Ok(elements(&values[0], "find first")?.first().cloned().unwrap_or(Val::Nil))
    }),
    function("mustHas", &[Type::Any, Type::Any], has),
    function("mustInitial", &[Type::Any], initial),
    function("mustLast", &[Type::Any], |_, values| {
        Ok(elements(&values[0], "find last")?.last().cloned().unwrap_or(Val::Nil))
    }),
    function("mustPrepend", &[Type::Any, Type::Any], prepend),
    function("mustPush", &[Type::Any, Type::Any], append),
    function("mustRest", &[Type::Any], rest),
    function("mustReverse", &[Type::Any], reverse),
    variadic("mustSlice", &[Type::Any], Type::Any, slice),
    function("mustUniq", &[Type::Any], uniq),
    variadic("mustWithout", &[Type::Any], Type::Any, without),
    function("prepend", &[Type::Any, Type::Any], prepend),
    function("push", &[Type::Any, Type::Any], append),
    function("rest", &[Type::Any], rest),
    function("reverse", &[Type::Any], reverse),
    variadic("slice", &[Type::Any], Type::Any, slice),
    function("sortAlpha", &[Type::Any], sort_alpha),
    variadic("tuple", &[], Type::Any, |_, values| Ok(Val::list(values.to_vec()))),
    function("uniq", &[Type::Any], uniq),
    variadic("without", &[Type::Any], Type::Any, without),
];

fn append(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let mut items = elements(&values[0], "push")?;
    items.push(values[1].clone());
    Ok(Val::list(items))
}

fn prepend(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let mut items = elements(&values[0], "prepend")?;
    items.insert(0, values[1].clone());
    Ok(Val::list(items))
}

fn rest(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    match elements(&values[0], "find rest")?.split_first() {
        Some((_, rest)) => Ok(Val::list(rest.to_vec())),
        None => Ok(Val::nil_list(Element::Any)),
    }
}

fn initial(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    match elements(&values[0], "find initial")?.split_last() {
        Some((_, initial)) => Ok(Val::list(initial.to_vec())),
        None => Ok(Val::nil_list(Element::Any)),
    }
}

fn reverse(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let mut items = elements(&values[0], "find reverse")?;
    items.reverse();
    Ok(Val::list(items))
}

fn compact(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let items = elements(&values[0], "compact")?;
    Ok(Val::list(items.into_iter().filter(|item| !is_empty(item)).collect()))
}

fn concat(runtime: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let mut all = Vec::new();
    for list in values {
        let items = elements(list, "concat")?;
        runtime.room((all.len() + items.len()) * 24)?;
        all.extend(items);
    }
    Ok(if all.is_empty() { Val::nil_list(Element::Any) } else { Val::list(all) })
}

fn chunk(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let Some(size) = usize::try_from(int(values, 0)).ok().filter(|size| *size > 0) else {
        return Err("chunk needs a size of at least 1".into());
    };
    let items = elements(&values[1], "chunk")?;
    Ok(Val::typed_list(Element::Lists, items.chunks(size).map(|chunk| Val::list(chunk.to_vec())).collect()))
}

fn contains(runtime: &mut Runtime<'_>, items: &[Val], wanted: &Val) -> Result<bool, Failure> {
    for item in items {
        if deep_equal(runtime, wanted, item, 0)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn has(runtime: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    if values[1].is_nothing() {
        return Ok(Val::Bool(false));
    }
    let items = elements(&values[1], "find has")?;
    Ok(Val::Bool(contains(runtime, &items, &values[0])?))
}

fn uniq(runtime: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let mut once = Vec::new();
    for item in elements(&values[0], "find uniq")? {
        if !contains(runtime, &once, &item)? {
            once.push(item);
        }
    }
    Ok(Val::list(once))
}

fn without(runtime: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let mut left = Vec::new();
    for item in elements(&values[0], "find without")? {
        if !contains(runtime, &values[1..], &item)? {
            left.push(item);
        }
    }
    Ok(Val::list(left))
}

/// sprig's, which stands for the language's own.
fn slice(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let items = match &values[0] {
        Val::List(_) | Val::Bytes(_) => elements(&values[0], "slice")?,
        value => return Err(format!("list should be type of slice or array but {}", value.kind()).into()),
    };
    if items.is_empty() {
        return Ok(Val::Nil);
    }
    let index = |at: usize, otherwise: usize| match values.get(at) {
        Some(value) => usize::try_from(to_int(value)?).map_err(|_| Failure::from("slice index out of bounds")),
        None => Ok(otherwise),
    };
    let (start, end) = (index(1, 0)?, index(2, items.len())?);
    let Some(part) = items.get(start..end) else { return Err("slice index out of bounds".into()) };
    match as_list(&values[0]) {
        Some(list) if list.element == Element::Objects => {
            Err(format!("slice of {} is not supported", list.type_name).into())
        }
        Some(list) => Ok(Val::typed_list(list.element, part.to_vec())),
        None => Err("slice of bytes is not supported".into()),
    }
}

fn join(runtime: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let separator = text(values, 0);
    let parts = texts(&values[1])?;
    runtime.room(parts.iter().map(String::len).sum::<usize>() + separator.len().saturating_mul(parts.len()))?;
    Ok(Val::text(parts.join(separator)))
}

fn sort_alpha(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    match &values[0] {
        Val::List(list) if list.element == Element::Text => {
            // Go sorts the list itself when it is one of strings.
            let mut items = list.items.borrow_mut();
            items.sort_by(|one, other| match (one, other) {
                (Val::Text(one), Val::Text(other)) => one.cmp(other),
                _ => std::cmp::Ordering::Equal,
            });
            drop(items);
            Ok(values[0].clone())
        }
        Val::List(_) | Val::Bytes(_) => {
            let mut sorted = texts(&values[0])?;
            sorted.sort();
            Ok(Val::texts(sorted))
        }
        value => Ok(Val::texts([text_of(value)?])),
    }
}

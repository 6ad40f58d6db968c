//! Texts.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::unicode::is_space;
use super::{Function, Outcome, Type, function, int, text, variadic};
use crate::error::Failure;
use crate::print::{self, text_of};
use crate::quote::quote;
use crate::render::Runtime;
use crate::run_value::{Element, TEXT_MAP, Val};

pub(super) static FUNCTIONS: &[Function] = &[
    function("abbrev", &[Type::Int, Type::Text], |_, values| {
        Ok(Val::text(abbreviate(text(values, 1), 0, int(values, 0))?))
    }),
    function("abbrevboth", &[Type::Int, Type::Int, Type::Text], |_, values| {
        let (left, right, source) = (int(values, 0), int(values, 1), text(values, 2));
        if right < 4 || left > 0 && right < 7 {
            return Ok(values[2].clone());
        }
        Ok(Val::text(abbreviate(source, left, right)?))
    }),
    variadic("cat", &[], Type::Any, cat),
    function("contains", &[Type::Text, Type::Text], |_, values| {
        Ok(Val::Bool(text(values, 1).contains(text(values, 0))))
    }),
    function("hasPrefix", &[Type::Text, Type::Text], |_, values| {
        Ok(Val::Bool(text(values, 1).starts_with(text(values, 0))))
    }),
    function("hasSuffix", &[Type::Text, Type::Text], |_, values| {
        Ok(Val::Bool(text(values, 1).ends_with(text(values, 0))))
    }),
    function("hello", &[], |_, _| Ok(Val::text("Hello!"))),
    function("indent", &[Type::Int, Type::Text], |runtime, values| Ok(Val::text(indent(runtime, values)?))),
    function("initials", &[Type::Text], initials),
    function("nindent", &[Type::Int, Type::Text], |runtime, values| {
        Ok(Val::text(format!("\n{}", indent(runtime, values)?)))
    }),
    function("nospace", &[Type::Text], |_, values| {
        Ok(Val::text(text(values, 0).chars().filter(|next| !is_space(*next)).collect::<String>()))
    }),
    function("plural", &[Type::Text, Type::Text, Type::Int], |_, values| {
        Ok(values[if int(values, 2) == 1 { 0 } else { 1 }].clone())
    }),
    variadic("quote", &[], Type::Any, |_, values| quoted(values, |value| Ok(quote(&text_of(value)?)))),
    function("repeat", &[Type::Int, Type::Text], repeat),
    function("replace", &[Type::Text, Type::Text, Type::Text], replace),
    function("split", &[Type::Text, Type::Text], |runtime, values| {
        let parts = split(runtime, text(values, 1), text(values, 0), None)?;
        numbered(runtime, &parts)
    }),
    function("splitList", &[Type::Text, Type::Text], |runtime, values| {
        Ok(Val::texts(split(runtime, text(values, 1), text(values, 0), None)?))
    }),
    function("splitn", &[Type::Text, Type::Int, Type::Text], |runtime, values| {
        let most = usize::try_from(int(values, 1)).ok();
        let parts = split(runtime, text(values, 2), text(values, 0), most)?;
        numbered(runtime, &parts)
    }),
    variadic("squote", &[], Type::Any, |_, values| quoted(values, |value| Ok(format!("'{}'", print::shown(value)?)))),
    function("substr", &[Type::Int, Type::Int, Type::Text], substring),
    function("trim", &[Type::Text], |_, values| Ok(Val::text(text(values, 0).trim_matches(is_space)))),
    function("trimAll", &[Type::Text, Type::Text], trim_all),
    function("trimPrefix", &[Type::Text, Type::Text], |_, values| {
        let source = text(values, 1);
        Ok(Val::text(source.strip_prefix(text(values, 0)).unwrap_or(source)))
    }),
    function("trimSuffix", &[Type::Text, Type::Text], |_, values| {
        let source = text(values, 1);
        Ok(Val::text(source.strip_suffix(text(values, 0)).unwrap_or(source)))
    }),
    function("trimall", &[Type::Text, Type::Text], trim_all),
    function("trunc", &[Type::Int, Type::Text], truncate),
    function("wrap", &[Type::Int, Type::Text], |runtime, values| wrap(runtime, text(values, 1), int(values, 0), None)),
    function("wrapWith", &[Type::Int, Type::Text, Type::Text], |runtime, values| {
        wrap(runtime, text(values, 2), int(values, 0), Some(text(values, 1)))
    }),
];

/// A part of a text by bytes, as Go cuts; in the middle of a character is refused.
fn part(source: &str, start: i64, end: i64) -> Result<&str, Failure> {
    let at = |index: i64| usize::try_from(index).ok().filter(|index| *index <= source.len());
    let (Some(start), Some(end)) = (at(start), at(end)) else { return Err("slice bounds out of range".into()) };
    if start > end {
        return Err("slice bounds out of range".into());
    }
    source.get(start..end).ok_or_else(|| "this would cut a character that is no ASCII into pieces".into())
}

fn length(source: &str) -> i64 {
    i64::try_from(source.len()).unwrap_or(i64::MAX)
}

fn truncate(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let (wanted, source) = (int(values, 0), text(values, 1));
    let all = length(source);
    if wanted < 0 && all.saturating_add(wanted) > 0 {
        return Ok(Val::text(part(source, all + wanted, all)?));
    }
    if wanted >= 0 && all > wanted {
        return Ok(Val::text(part(source, 0, wanted)?));
    }
    Ok(values[1].clone())
}

fn substring(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let (start, end, source) = (int(values, 0), int(values, 1), text(values, 2));
    let part = if start < 0 {
        part(source, 0, end)
    } else if end < 0 || end > length(source) {
        part(source, start, length(source))
    } else {
        part(source, start, end)
    };
    Ok(Val::text(part?))
}

fn abbreviate(source: &str, offset: i64, width: i64) -> Result<String, Failure> {
    let all = length(source);
    if source.is_empty() || width < 4 || all <= width {
        return Ok(source.to_owned());
    }
    let mut offset = offset.min(all);
    if all - offset < width - 3 {
        offset = all - (width - 3);
    }
    if offset <= 4 {
        return Ok(format!("{}...", part(source, 0, width - 3)?));
    }
    if offset + width - 3 < all {
        return Ok(format!("...{}", abbreviate(part(source, offset, all)?, 0, width - 3)?));
    }
    Ok(format!("...{}", part(source, all - (width - 3), all)?))
}

fn cat(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let parts: Result<Vec<String>, Failure> =
        values.iter().filter(|value| !value.is_nothing()).map(print::shown).collect();
    Ok(Val::text(parts?.join(" ")))
}

fn quoted(values: &[Val], quote: fn(&Val) -> Result<String, Failure>) -> Outcome {
    let parts: Result<Vec<String>, Failure> = values.iter().filter(|value| !value.is_nothing()).map(quote).collect();
    Ok(Val::text(parts?.join(" ")))
}

fn indent(runtime: &mut Runtime<'_>, values: &[Val]) -> Result<String, Failure> {
    let Ok(spaces) = usize::try_from(int(values, 0)) else { return Err("indent needs a positive number".into()) };
    let source = text(values, 1);
    runtime.room(spaces.saturating_mul(source.matches('\n').count() + 1).saturating_add(source.len()))?;
    let padding = " ".repeat(spaces);
    Ok(format!("{padding}{}", source.replace('\n', &format!("\n{padding}"))))
}

fn initials(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let source = text(values, 0);
    if !source.is_ascii() {
        return Err("initials takes ASCII only".into());
    }
    let words = source.split(is_space).filter_map(|word| word.chars().next());
    Ok(Val::text(words.collect::<String>()))
}

fn repeat(runtime: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let source = text(values, 1);
    let Ok(times) = usize::try_from(int(values, 0)) else { return Err("negative Repeat count".into()) };
    runtime.room(source.len().saturating_mul(times))?;
    Ok(Val::text(source.repeat(if source.is_empty() { 0 } else { times })))
}

fn replace(runtime: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let (old, new, source) = (text(values, 0), text(values, 1), text(values, 2));
    let found = source.matches(old).count();
    runtime.room(source.len().saturating_add(found.saturating_mul(new.len())))?;
    Ok(Val::text(source.replace(old, new)))
}

fn trim_all(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let cut = text(values, 0);
    Ok(Val::text(text(values, 1).trim_matches(|next| cut.contains(next))))
}

/// `strings.SplitN`: without separator into characters; `most` is what there is at most, 0 for nothing.
fn split<'t>(
    runtime: &mut Runtime<'_>,
    source: &'t str,
    separator: &str,
    most: Option<usize>,
) -> Result<Vec<&'t str>, Failure> {
    if most == Some(0) {
        return Ok(Vec::new());
    }
    let most = most.unwrap_or(usize::MAX);
    runtime.room(source.len() * 24)?;
    if !separator.is_empty() {
        return Ok(source.splitn(most, separator).collect());
    }
    let mut parts = Vec::new();
    let mut rest = source;
    while let Some(next) = rest.chars().next() {
        if parts.len() + 1 == most {
            break;
        }
        let (one, after) = rest.split_at(next.len_utf8());
        parts.push(one);
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(rest);
    }
    Ok(parts)
}

/// `_0`, `_1` and so on.
fn numbered(runtime: &mut Runtime<'_>, parts: &[&str]) -> Outcome {
    let entries: BTreeMap<Rc<str>, Val> =
        parts.iter().enumerate().map(|(at, part)| (Rc::from(format!("_{at}")), Val::text(part))).collect();
    Ok(runtime.typed_map(TEXT_MAP, Element::Text, entries, false))
}

/// Lines of at most so many bytes; words that are longer are cut only for `wrapWith`.
fn wrap(runtime: &mut Runtime<'_>, source: &str, width: i64, separator: Option<&str>) -> Outcome {
    if !source.is_ascii() {
        return Err("wrap takes ASCII only".into());
    }
    let cuts = separator.is_some();
    let separator = separator.filter(|separator| !separator.is_empty()).unwrap_or("\n");
    let width = usize::try_from(width.max(1)).unwrap_or(usize::MAX);
    runtime.room(
        source
            .len()
            .saturating_add((source.len() / width + source.matches(' ').count() + 1).saturating_mul(separator.len())),
    )?;
    let mut wrapped = String::new();
    let mut rest = source;
    while rest.len() > width {
        if let Some(after) = rest.strip_prefix(' ') {
            rest = after;
            continue;
        }
        let cut = match rest[..=width].rfind(' ') {
            Some(space) => Some((space, space + 1)),
            None if cuts => Some((width, width)),
            None => rest[width..].find(' ').map(|space| (space + width, space + width + 1)),
        };
        let Some((end, next)) = cut else { break };
        wrapped.push_str(&rest[..end]);
        wrapped.push_str(separator);
        rest = &rest[next..];
    }
    wrapped.push_str(rest);
    Ok(Val::text(wrapped))
}

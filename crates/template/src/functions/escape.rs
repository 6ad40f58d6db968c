//! Text made safe for other languages.

use std::fmt::Write as _;

use super::{Function, Outcome, Type, variadic};
use crate::print;
use crate::quote::is_printable;
use crate::render::Runtime;
use crate::run_value::Val;

pub(super) static FUNCTIONS: &[Function] = &[
    variadic("html", &[], Type::Any, html),
    variadic("js", &[], Type::Any, js),
    variadic("urlquery", &[], Type::Any, url_query),
];

/// What Go prints for the arguments of these: nil as a missing value.
fn joined(values: &[Val]) -> Result<String, crate::error::Failure> {
    let shown: Vec<Val> =
        values.iter().map(|value| if value.is_nothing() { Val::text("<no value>") } else { value.clone() }).collect();
    print::sprint(&shown)
}

fn html(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let mut escaped = String::new();
    for character in joined(values)?.chars() {
        match character {
            '\0' => escaped.push('\u{fffd}'),
            '"' => escaped.push_str("&#34;"),
            '\'' => escaped.push_str("&#39;"),
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            character => escaped.push(character),
        }
    }
    Ok(Val::text(escaped))
}

fn js(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let mut escaped = String::new();
    for character in joined(values)?.chars() {
        match character {
            '\\' => escaped.push_str("\\\\"),
            '\'' => escaped.push_str("\\'"),
            '"' => escaped.push_str("\\\""),
            '<' | '>' | '&' | '=' | '\0'..=' ' if character != ' ' => unit(&mut escaped, u32::from(character)),
            character if character.is_ascii() || is_printable(character) => escaped.push(character),
            character => unit(&mut escaped, u32::from(character)),
        }
    }
    Ok(Val::text(escaped))
}

fn unit(escaped: &mut String, code: u32) {
    write!(escaped, "\\u{code:04X}").expect("a string takes everything");
}

fn url_query(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let mut escaped = String::new();
    for byte in joined(values)?.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => escaped.push(char::from(byte)),
            b' ' => escaped.push('+'),
            byte => write!(escaped, "%{byte:02X}").expect("a string takes everything"),
        }
    }
    Ok(Val::text(escaped))
}

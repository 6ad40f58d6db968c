//! Paths as texts; nothing looks for a file.

use super::{Function, Type, function, text};
use crate::run_value::Val;

pub(super) static FUNCTIONS: &[Function] = &[
    function("base", &[Type::Text], |_, values| Ok(Val::text(base(text(values, 0))))),
    function("clean", &[Type::Text], |_, values| Ok(Val::text(clean(text(values, 0))))),
    function("dir", &[Type::Text], |_, values| Ok(Val::text(dir(text(values, 0))))),
    function("ext", &[Type::Text], |_, values| Ok(Val::text(ext(text(values, 0))))),
    function("isAbs", &[Type::Text], |_, values| Ok(Val::Bool(text(values, 0).starts_with('/')))),
    // Go's paths of the system; where the CA runs they are the same.
    function("osBase", &[Type::Text], |_, values| Ok(Val::text(base(text(values, 0))))),
    function("osClean", &[Type::Text], |_, values| Ok(Val::text(clean(text(values, 0))))),
    function("osDir", &[Type::Text], |_, values| Ok(Val::text(dir(text(values, 0))))),
    function("osExt", &[Type::Text], |_, values| Ok(Val::text(ext(text(values, 0))))),
    function("osIsAbs", &[Type::Text], |_, values| Ok(Val::Bool(text(values, 0).starts_with('/')))),
];

fn base(path: &str) -> &str {
    if path.is_empty() {
        return ".";
    }
    let path = path.trim_end_matches('/');
    if path.is_empty() { "/" } else { path.rsplit('/').next().unwrap_or(path) }
}

fn dir(path: &str) -> String {
    clean(&path[..path.rfind('/').map_or(0, |at| at + 1)])
}

fn ext(path: &str) -> &str {
    let last = path.rsplit('/').next().unwrap_or(path);
    last.rfind('.').map_or("", |at| &last[at..])
}

fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

use std::fs;

use super::*;

/// Resolve below a folder with these files; what comes out is shown relative to it.
#[track_caller]
fn check(files: &[(&str, &str)], context: Option<&str>, expected: Result<&str, &str>) {
    let base = tempfile::tempdir().unwrap();
    for (name, contents) in files {
        fs::write(base.path().join(name), contents).unwrap();
    }
    let relative = |text: String| text.replace(base.path().to_str().unwrap(), "BASE");
    let found = resolve_in(base.path(), context).map(|folder| relative(folder.display().to_string()));
    let found = found.map_err(|error| relative(error.to_string()));
    assert_eq!(found, expected.map(str::to_owned).map_err(str::to_owned));
}

const CONTEXTS: (&str, &str) = (
    "contexts.json",
    r#"{"one": {"authority": "ca.test", "profile": "p"}, "bad": {"authority": "../x"}, "odd": {"authority": 1}}"#,
);

#[test]
fn without_contexts_it_is_the_base_folder() {
    check(&[], None, Ok("BASE"));
    check(&[CONTEXTS], None, Ok("BASE"));
    check(&[CONTEXTS, ("current-context.json", r#"{"context": ""}"#)], None, Ok("BASE"));
}

#[test]
fn a_context_leads_to_its_authority() {
    check(&[CONTEXTS], Some("one"), Ok("BASE/authorities/ca.test"));
    check(&[CONTEXTS, ("current-context.json", r#"{"context": "one"}"#)], None, Ok("BASE/authorities/ca.test"));
}

#[test]
fn what_leads_nowhere_is_refused() {
    let unknown = "context \"two\" not found; `rung context list` shows those that exist";
    check(&[CONTEXTS], Some("two"), Err(unknown));
    check(&[], Some("two"), Err(unknown));
    let outside = "context \"bad\" in BASE/contexts.json: \"../x\" is not the name of a folder below `authorities`";
    check(&[CONTEXTS], Some("bad"), Err(outside));
    let odd =
        "BASE/contexts.json cannot be used: `odd.authority` is not a string; repair it, or name the configuration file";
    check(&[CONTEXTS], Some("odd"), Err(odd));
    let broken = "BASE/current-context.json cannot be used: EOF while parsing an object at line 1 column 1; repair it, or name the configuration file";
    check(&[("current-context.json", "{")], None, Err(broken));
}

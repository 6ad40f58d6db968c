//! The table of templates and results that Go confirmed.

use std::collections::BTreeMap;

use rung_template::{Environment, ErrorKind, Object, Template, Time, Value};

/// What should become of a template.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Expected {
    /// Go and we make the same of it.
    Same,
    /// Both refuse it.
    Refused,
    /// We refuse what Go makes something of.
    Stricter,
}

pub(crate) struct Case {
    pub(crate) line: usize,
    pub(crate) template: String,
    pub(crate) expected: Expected,
    /// The result, or Go's error.
    pub(crate) text: String,
}

pub(crate) const DATA: &str = include_str!("../data.json");

/// The table that Go confirms.
pub(crate) fn cases() -> Vec<Case> {
    read(include_str!("../cases.txt"))
}

/// Read a table.
pub(crate) fn read(table: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut block: Vec<(usize, &str)> = Vec::new();
    for (number, line) in table.lines().chain([""]).enumerate() {
        if !line.is_empty() {
            block.push((number + 1, line));
            continue;
        }
        block.retain(|(_, line)| !line.starts_with("# "));
        cases.extend(case(&std::mem::take(&mut block)));
    }
    cases
}

fn case(block: &[(usize, &str)]) -> Option<Case> {
    let first = block
        .iter()
        .position(|(_, line)| line.starts_with("= ") || line.starts_with("! ") || line.starts_with("~ "))?;
    let (template, result) = block.split_at(first);
    let expected = match &result[0].1[..1] {
        "=" => Expected::Same,
        "!" => Expected::Refused,
        _ => Expected::Stricter,
    };
    let join = |lines: &[(usize, &str)], skip: usize| {
        lines.iter().map(|(_, line)| &line[skip..]).collect::<Vec<_>>().join("\n")
    };
    Some(Case { line: block[0].0, template: join(template, 0), expected, text: join(result, 2) })
}

/// The data of the table, as the program in Go makes it.
pub(crate) fn data() -> Value {
    let Value::Map(mut values) = Value::from_json(DATA).expect("JSON") else { panic!("the data is an object") };
    let more: BTreeMap<&str, Value> = BTreeMap::from([
        ("int", Value::Int(7)),
        ("int64", Value::Int64(-3)),
        ("strings", Value::Strings(["b", "a", "c"].map(String::from).to_vec())),
        ("bytes", Value::Bytes(vec![1, 2, 250])),
        ("time", Value::Time(Time::unix(1_700_000_000, 123_456_789))),
        ("key", Value::Object(Object::opaque("*rsa.PublicKey"))),
    ]);
    values.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
    Value::Map(values)
}

#[test]
fn templates_become_what_go_makes_of_them() {
    let cases = cases();
    assert!(cases.len() > 400, "the table has {} cases", cases.len());
    check(&cases);
}

/// Render a table, and show everything that is not as it says.
#[track_caller]
pub(crate) fn check(cases: &[Case]) {
    let data = data();
    let mut wrong = Vec::new();
    for Case { line, template, expected, text } in cases {
        let parsed = Template::parse("template", template);
        let rendered = parsed.and_then(|parsed| parsed.render(&data, &Environment::default()));
        match (expected, &rendered) {
            (Expected::Same, Ok(rendered)) if rendered == text => {}
            (Expected::Refused | Expected::Stricter, Err(error)) if !matches!(error.kind(), ErrorKind::Limit(_)) => {}
            _ => wrong.push(format!("line {line}: {template}\n  Go: {expected:?} {text:?}\n  we: {rendered:?}")),
        }
    }
    assert!(wrong.is_empty(), "{} of {} are wrong:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

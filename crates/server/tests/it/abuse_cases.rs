//! `docs/security/abuse-cases.md` says of every abuse case where it is tested, and this says whether that is so.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// How many cases there are of each kind.
const CASES: [(char, u32); 10] =
    [('T', 30), ('O', 19), ('C', 30), ('A', 27), ('S', 6), ('R', 3), ('H', 10), ('D', 10), ('P', 7), ('L', 14)];
/// What Rung does not serve yet, and brings cases with it.
const CAPABILITIES: [&str; 9] = [
    "ACME",
    "SCEP",
    "SSH certificates",
    "key stores",
    "name policies",
    "provisioners for clouds",
    "restoring a backup",
    "the admin API",
    "webhooks",
];

/// A row of the page.
struct Row<'a> {
    case: &'a str,
    words: &'a str,
    state: &'a str,
    place: &'a str,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn rows(page: &str) -> Vec<Row<'_>> {
    let is_case = |text: &str| text.chars().nth(1).is_some_and(|character| character.is_ascii_digit());
    let row = |line| -> Option<Row<'_>> {
        let cells: Vec<&str> = str::split(line, '|').map(str::trim).collect();
        let ["", case, words, state, place @ .., ""] = &cells[..] else { return None };
        is_case(case).then(|| Row { case, words, state, place: place.first().copied().unwrap_or_default() })
    };
    page.lines().filter_map(row).collect()
}

/// The functions that a row names, each with its file.
fn named(row: &Row<'_>) -> Vec<(String, String)> {
    let mut file = "";
    let mut named = Vec::new();
    for quoted in row.place.split('`').skip(1).step_by(2) {
        if Path::new(quoted).extension().is_some_and(|extension| extension == "rs") {
            file = quoted;
        } else if quoted.contains('_') {
            named.push((file.to_owned(), quoted.to_owned()));
        }
    }
    named
}

/// Every function in the sources, by file.
fn functions(folder: &Path, below: &str, found: &mut BTreeMap<String, BTreeSet<String>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{below}/{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            if !["target", "node_modules"].iter().any(|skipped| path.ends_with(skipped)) {
                functions(&path, &name, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let name_of = |after: &str| {
                let end = after.find(|character: char| character != '_' && !character.is_ascii_alphanumeric());
                after[..end.unwrap_or(after.len())].to_owned()
            };
            let names = text.split("fn ").skip(1).map(name_of).collect();
            found.insert(name, names);
        }
    }
}

fn sources() -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    for folder in ["crates", "e2e"] {
        functions(&root().join(folder), folder, &mut found);
    }
    found
}

/// The cases whose numbers stand in front of a function's name: `t01_t03_…`.
fn cases_of(function: &str) -> Vec<String> {
    let case = |part: &str| {
        let (letter, number) = part.split_at_checked(1)?;
        let number: u32 = number.parse().ok()?;
        Some((letter.to_uppercase(), number))
    };
    let fronts = function.split('_').map_while(case);
    let known = |(letter, number): (String, u32)| {
        CASES.iter().any(|(kind, _)| letter == kind.to_string()).then(|| format!("{letter}{number}"))
    };
    fronts.filter_map(known).collect()
}

#[test]
fn every_case_has_one_row() {
    let page = fs::read_to_string(root().join("docs/security/abuse-cases.md")).unwrap();
    let rows = rows(&page);
    let expected: Vec<String> =
        CASES.iter().flat_map(|(kind, count)| (1..=*count).map(move |number| format!("{kind}{number}"))).collect();
    assert_eq!(expected.len(), 156);
    assert_eq!(rows.iter().map(|row| row.case).collect::<Vec<_>>(), expected);
    for row in rows {
        assert!(!row.words.is_empty() && !row.place.is_empty(), "{}", row.case);
        match row.state {
            "tested" => assert!(!named(&row).is_empty(), "{} names no test", row.case),
            "not yet" => {
                let known = CAPABILITIES.iter().any(|capability| row.place.starts_with(capability));
                assert!(known, "{} does not begin with a capability: {}", row.case, row.place);
            }
            "contested" => assert!(row.place.contains('§'), "{} names no section of a standard", row.case),
            other => panic!("{} is {other}", row.case),
        }
    }
}

#[test]
fn every_test_that_is_named_is_there_and_the_others_are_named() {
    let page = fs::read_to_string(root().join("docs/security/abuse-cases.md")).unwrap();
    let (rows, sources) = (rows(&page), sources());
    let mut listed = BTreeSet::new();
    for row in &rows {
        for (file, function) in named(row) {
            let there = sources.get(&file).is_some_and(|functions| functions.contains(&function));
            assert!(there, "{} names {function} in {file}, which is not there", row.case);
            listed.insert((row.case.to_owned(), file, function));
        }
    }
    let mut missing = Vec::new();
    for (file, functions) in &sources {
        for function in functions {
            for case in cases_of(function) {
                if !listed.contains(&(case.clone(), file.clone(), function.clone())) {
                    missing.push(format!("{case}: `{file}`: `{function}`"));
                }
            }
        }
    }
    assert!(missing.is_empty(), "docs/security/abuse-cases.md does not name\n{}", missing.join("\n"));
}

//! The command line, and cells that would be formulas.

use super::parse;
use super::print::{cell, shown};

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn words_are_understood_or_refused() {
    assert!(parse("rung-ca", words("list --name a.test")).unwrap().is_some());
    assert!(parse("rung-ca", words("list ca.json --name=a.test")).unwrap().is_some());
    assert!(parse("rung-ca", words("show 7 ca.json")).unwrap().is_some());
    assert!(parse("rung-ca", words("list --help")).unwrap().is_none());
    assert!(parse("rung-ca", words("")).unwrap().is_none());
    for wrong in ["list --nam a", "list --name", "show", "list a b"] {
        assert!(parse("rung-ca", words(wrong)).is_err(), "{wrong}");
    }
}

#[test]
fn l4_names_do_nothing_to_terminals_and_spreadsheets() {
    assert_eq!(cell("=cmd()"), "'=cmd()");
    assert_eq!(cell("a,\"b\""), "\"a,\"\"b\"\"\"");
    assert_eq!(cell("svc.test"), "svc.test");
    assert_eq!(shown("a\u{1b}[2J\u{202e}b"), "a\\u{1b}[2J\\u{202e}b");
}

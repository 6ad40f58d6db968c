//! The command line, and values of filters.

use super::{Wanted, parse};

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
fn values_are_read_or_refused_with_what_is_wrong() {
    #[track_caller]
    fn check(name: &str, value: &str, expected: Result<(), &str>) {
        let read = Wanted::default().set(name, value, std::time::UNIX_EPOCH);
        assert_eq!(read.map_err(|error| error.to_string()), expected.map_err(str::to_owned), "{name} {value}");
    }
    check("after", "1795733631000-17", Ok(()));
    check("after", "17", Err("a cursor is what the last page ended with, such as 1795733631000-17"));
    check("expires-within", "168h", Ok(()));
    check("expires-within", "-1h", Err("it is negative"));
    check("ends-after", "2026-03-01T08:00:00Z", Ok(()));
    check("key", &"0f".repeat(32), Ok(()));
    check("key", "0f", Err("it is not SHA-256 as 64 hexadecimal digits"));
    check("limit", "1000", Ok(()));
    check("limit", "0", Err("it is not a number from 1 to 1000"));
    check("limit", "1001", Err("it is not a number from 1 to 1000"));
    check("state", "valid", Ok(()));
    check("state", "dead", Err("options are expired, revoked, valid"));
    check("nam", "a", Err("there is no such filter"));
}

use super::*;

#[track_caller]
fn check(text: &str, expected: Result<(), JsonError>) {
    assert_eq!(check_object(text.as_bytes()), expected, "{text}");
}

fn duplicate(name: &str) -> Result<(), JsonError> {
    Err(JsonError::DuplicateName(name.to_owned()))
}

#[test]
fn objects_with_distinct_names_are_accepted() {
    check("{}", Ok(()));
    check(r#" {"a":1,"b":[{"a":null},{"a":-2.5e3}],"c":{"a":"","b":true}} "#, Ok(()));
}

#[test]
fn t16_a_name_that_occurs_twice_is_refused_at_every_depth() {
    check(r#"{"aud":1,"aud":1}"#, duplicate("aud"));
    check(r#"{"step":{"ssh":{},"ssh":{}}}"#, duplicate("ssh"));
    check(r#"{"x":[[{"sub":1,"a":2,"sub":3}]]}"#, duplicate("sub"));
    check("{\"aud\":1,\"\\u0061ud\":1}", duplicate("aud"));
    check(r#"{"":1,"":1}"#, duplicate(""));
}

#[test]
fn t16_a_name_that_occurs_twice_is_found_among_many() {
    for (count, twice) in [(15, 0), (16, 15), (17, 3), (17, 16), (400, 399)] {
        let names: Vec<String> = (0..count).chain([twice]).map(|number| format!("\"n{number}\":0")).collect();
        check(&format!("{{{}}}", names.join(",")), duplicate(&format!("n{twice}")));
        check(&format!("{{{}}}", names[..count].join(",")), Ok(()));
    }
}

#[test]
fn what_is_no_object_is_refused() {
    for text in ["1", "-1", "1.5", "\"a\"", "null", "true", "[{}]"] {
        check(text, Err(JsonError::NotAnObject));
    }
}

#[test]
fn what_is_no_json_is_refused() {
    for text in
        ["", "{", "{\"a\"}", "{\"a\":1,}", "{'a':1}", "{\"a\":01}", "{}x", "{}{}", "{\"a\":NaN}", "{\"a\":\"\n\"}"]
    {
        assert!(matches!(check_object(text.as_bytes()), Err(JsonError::Syntax { .. })), "{text}");
    }
    assert!(matches!(check_object(b"{\"a\":\"\xff\"}"), Err(JsonError::Syntax { .. })));
    assert!(matches!(check_object(br#"{"a":"\ud800"}"#), Err(JsonError::Syntax { .. })));
}

#[test]
fn t17_nesting_has_a_bound() {
    let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    check(&nested(MAX_DEPTH - 1), Ok(()));
    check(&nested(MAX_DEPTH), Err(JsonError::TooDeep));
    check(&nested(10_000), Err(JsonError::TooDeep));
}

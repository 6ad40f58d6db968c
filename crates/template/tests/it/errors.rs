//! Errors say where they are and how to mend it; where Go has words that scripts look for, these are the same.

use rung_template::{Environment, ErrorKind, Template, Value};

#[track_caller]
fn check_error(template: &str, kind: ErrorKind, (line, column): (usize, usize), expected: &str) {
    let data = Value::map([("a", Value::from("x")), ("n", Value::Nil)]);
    let rendered =
        Template::parse("template", template).and_then(|parsed| parsed.render(&data, &Environment::default()));
    let error = rendered.expect_err(template);
    let found = (error.kind(), error.line(), error.column(), error.to_string());
    assert_eq!(found, (kind, line, column, expected.to_owned()), "{template}");
    assert_eq!(error.template(), "template");
}

#[test]
fn mistakes_in_the_source_have_line_and_column() {
    let check = |template, place, expected: &str| check_error(template, ErrorKind::Syntax, place, expected);
    check("{{ bogus }}", (1, 3), r#"template: template:1: function "bogus" not defined"#);
    check("a\n  {{ bogus }}", (2, 5), r#"template: template:2: function "bogus" not defined"#);
    check("{{ if true }}", (1, 13), "template: template:1: unexpected EOF");
    check("{{ $x }}", (1, 3), r#"template: template:1: undefined variable "$x""#);
    check("{{ \"x }}", (1, 3), "template: template:1: unterminated quoted string");
    check("{{", (1, 2), "template: template:1: unclosed action");
    check("{{\n\n\"a\" ", (3, 4), "template: template:3: unclosed action started at template:1");
    check("{{ end }}", (1, 0), "template: template:1: unexpected {{end}}");
    check("{{ }}", (1, 3), "template: template:1: missing value for command");
    check("{{ 1 | 2 }}", (1, 7), "template: template:1: non executable command in pipeline stage 2");
    check("{{ break }}", (1, 9), "template: template:1: {{break}} outside {{range}}");
    check("{{ 1i }}", (1, 3), r#"template: template:1: complex numbers are not supported: "1i""#);
}

#[test]
fn mistakes_in_rendering_show_the_part() {
    let check = |template, place, expected: &str| check_error(template, ErrorKind::Execution, place, expected);
    check(
        "{{ .a.b }}",
        (1, 3),
        r#"template: template:1:3: executing "template" at <.a.b>: can't evaluate field b in type string"#,
    );
    check(
        "{{ .n.b }}",
        (1, 3),
        r#"template: template:1:3: executing "template" at <.n.b>: nil pointer evaluating interface {}.b"#,
    );
    check(
        "x\n{{ upper 5 }}",
        (2, 9),
        r#"template: template:2:9: executing "template" at <5>: expected string; found 5"#,
    );
    check(
        "{{ upper }}",
        (1, 3),
        r#"template: template:1:3: executing "template" at <upper>: wrong number of args for upper: want 1 got 0"#,
    );
    check(
        r#"{{ eq 1 "x" }}"#,
        (1, 3),
        r#"template: template:1:3: executing "template" at <eq 1 "x">: error calling eq: incompatible types for comparison: int and string"#,
    );
    check(
        r#"{{ define "inner" }}{{ index .a 9 }}{{ end }}{{ template "inner" . }}"#,
        (1, 23),
        r#"template: template:1:23: executing "inner" at <index .a 9>: error calling index: index out of range: 9"#,
    );
    check(
        r#"{{ template "none" }}"#,
        (1, 3),
        r#"template: template:1:3: executing "template" at <template "none">: template "none" not defined"#,
    );
}

#[test]
fn what_a_template_refuses_is_its_own_sentence() {
    let expected = r#"template: template:1:3: executing "template" at <fail "no way">: error calling fail: no way"#;
    check_error(r#"{{ fail "no way" }}"#, ErrorKind::Refused, (1, 3), expected);
    let parsed = Template::parse("template", r#"{{ fail "no way" }}"#);
    let refused = parsed.and_then(|parsed| parsed.render(&Value::Nil, &Environment::default()));
    assert_eq!(refused.expect_err("it fails").message(), "no way");
}

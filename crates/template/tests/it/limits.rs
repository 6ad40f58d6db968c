//! Templates that want too much are stopped, soon and by name.

use std::cell::Cell;
use std::time::{Duration, Instant};

use rung_template::{Bound, Environment, ErrorKind, Limits, Template, Value};

#[track_caller]
fn check_stopped(template: &str, environment: &Environment<'_>, expected: fn(Bound) -> bool) {
    let data = Value::map([("data", Value::from("x"))]);
    let rendered = Template::parse("template", template).and_then(|parsed| parsed.render(&data, environment));
    let error = rendered.expect_err(template);
    match error.kind() {
        ErrorKind::Limit(bound) if expected(bound) => {}
        _ => panic!("{template}: {error}"),
    }
}

#[test]
fn c14_whoever_loops_is_stopped() {
    let default = Environment::default();
    let steps = |bound| matches!(bound, Bound::Steps(_));
    check_stopped("{{ range 1000000000 }}x{{ end }}", &default, steps);
    check_stopped("{{ range 100000 }}{{ range 100000 }}{{ end }}{{ end }}", &default, steps);
    check_stopped("{{ range until 1000000000 }}{{ end }}", &default, steps);
    check_stopped("{{ seq 1 1000000000 }}", &default, steps);
    check_stopped("{{ range untilStep 0 9223372036854775807 3 }}{{ end }}", &default, steps);
    check_stopped(r#"{{ range 5000 }}{{ regexMatch "(a*)*b" (repeat 2000 "a") }}{{ end }}"#, &default, steps);
}

#[test]
fn c14_whoever_recurses_is_stopped() {
    let default = Environment::default();
    let depth = |bound| matches!(bound, Bound::Depth(_));
    check_stopped(r#"{{ define "x" }}{{ template "x" . }}{{ end }}{{ template "x" . }}"#, &default, depth);
    check_stopped(
        r#"{{ define "x" }}{{ if . }}{{ with . }}{{ template "x" . }}{{ end }}{{ end }}{{ end }}{{ template "x" . }}"#,
        &default,
        depth,
    );
    let nested = "{{ if true }}".repeat(5000) + &"{{ end }}".repeat(5000);
    check_stopped(&nested, &default, |bound| matches!(bound, Bound::Nesting(_)));
    let parentheses = format!("{{{{ {}1{} }}}}", "(".repeat(5000), ")".repeat(5000));
    check_stopped(&parentheses, &default, |bound| matches!(bound, Bound::Nesting(_)));
    let otherwise = format!("{{{{ if 0 }}}}{}{{{{ end }}}}", "{{ else if 0 }}".repeat(5000));
    check_stopped(&otherwise, &default, |bound| matches!(bound, Bound::Nesting(_)));
}

#[test]
fn c14_whoever_prints_without_end_is_stopped() {
    let default = Environment::default();
    let memory = |bound| matches!(bound, Bound::Memory(_));
    check_stopped(r#"{{ repeat 1000000000 "x" }}"#, &default, memory);
    check_stopped(r#"{{ indent 1000000000 "x" }}"#, &default, memory);
    check_stopped(r#"{{ $x := "xx" }}{{ range 60 }}{{ $x = print $x $x }}{{ end }}"#, &default, memory);
    check_stopped(r#"{{ $x := list 1 }}{{ range 60 }}{{ $x = concat $x $x }}{{ end }}"#, &default, memory);
    check_stopped(r#"{{ replace "" (repeat 10000 "y") (repeat 10000 "x") }}"#, &default, memory);
    check_stopped(r#"{{ regexReplaceAll "x" (repeat 10000 "x") (repeat 10000 "y") }}"#, &default, memory);
    check_stopped(r#"{{ range 1000 }}{{ regexMatch (printf "[a-z]{%d}" .) "x" }}{{ end }}"#, &default, |bound| {
        matches!(bound, Bound::Steps(_))
    });
    check_stopped(r#"{{ range 2000 }}{{ repeat 1000 "x" }}{{ end }}"#, &default, |b| matches!(b, Bound::Output(_)));
    check_stopped(r#"{{ $x := list 1 }}{{ range 60 }}{{ $x = list $x $x }}{{ end }}{{ toJson $x }}"#, &default, memory);
    check_stopped(r#"{{ $x := list 1 }}{{ range 60 }}{{ $x = list $x $x }}{{ end }}{{ $x }}"#, &default, memory);
    check_stopped(&"x".repeat(1024 * 1024), &default, |bound| matches!(bound, Bound::Source(_)));
}

#[test]
fn values_that_hold_themselves_are_stopped() {
    let default = Environment::default();
    let values = |bound| matches!(bound, Bound::Values(_));
    let own = r#"{{ $d := dict }}{{ $_ := set $d "d" $d }}"#;
    check_stopped(&format!("{own}{{{{ $d }}}}"), &default, values);
    check_stopped(&format!("{own}{{{{ toJson $d }}}}"), &default, values);
    check_stopped(&format!("{own}{{{{ deepCopy $d }}}}"), &default, values);
    check_stopped(&format!("{own}{{{{ deepEqual $d $d }}}}"), &default, values);
    check_stopped(r#"{{ $_ := set . "self" . }}{{ toJson . }}"#, &default, values);
    // Deep values that nobody looks through are no harm, neither while they live nor when they go.
    let data = Value::Nil;
    let deep = "{{ $x := list }}{{ range 20000 }}{{ $x = list $x }}{{ end }}{{ len $x }}";
    let rendered = Template::parse("template", deep).unwrap().render(&data, &default);
    assert_eq!(rendered.as_deref(), Ok("1"));
}

#[test]
fn c14_whoever_renders_can_end_it() {
    let asked = Cell::new(0);
    let is_over = || {
        asked.set(asked.get() + 1);
        asked.get() > 3
    };
    let limits = Limits { deadline: Some(&is_over), steps: u64::MAX, ..Limits::default() };
    let environment = Environment { limits, ..Environment::default() };
    check_stopped("{{ range 1000000000 }}{{ end }}", &environment, |bound| bound == Bound::Deadline);
    assert_eq!(asked.get(), 4);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "how long it takes is what is tested")]
fn c14_a_template_that_wants_too_much_is_refused_within_a_tenth_of_a_second() {
    let templates = [
        "{{ range 1000000000 }}x{{ end }}",
        r#"{{ range 5000 }}{{ regexMatch "(a*)*b" (repeat 2000 "a") }}{{ end }}"#,
        r#"{{ define "x" }}{{ template "x" . }}{{ template "x" . }}{{ end }}{{ template "x" . }}"#,
        r#"{{ repeat 1000000000 "x" }}"#,
        r#"{{ $x := "xx" }}{{ range 60 }}{{ $x = print $x $x }}{{ end }}"#,
        r#"{{ range 2000 }}{{ repeat 1000 "x" }}{{ end }}"#,
        r#"{{ $x := list 1 }}{{ range 60 }}{{ $x = list $x $x }}{{ end }}{{ toJson $x }}"#,
        r#"{{ regexReplaceAll "x" (repeat 10000 "x") (repeat 10000 "y") }}"#,
        r#"{{ $d := dict }}{{ $_ := set $d "d" $d }}{{ toJson $d }}"#,
    ];
    // A program that is not optimized needs about ten times as long.
    let most = Duration::from_millis(if cfg!(debug_assertions) { 1000 } else { 100 });
    for template in templates {
        let once = || {
            let start = Instant::now();
            check_stopped(template, &Environment::default(), |_| true);
            start.elapsed()
        };
        // The machine may be busy with something else once or twice.
        let fastest = (0..3).map(|_| once()).min().expect("three tries");
        assert!(fastest < most, "{template}: {fastest:?}");
    }
}

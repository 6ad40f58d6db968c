//! Whatever comes in, a template is read or refused, and rendered within its bounds.

use proptest::prelude::*;
use rung_template::{Environment, Limits, Template, Time, Value};

use crate::cases::{cases, data};

/// Small, so that a search through many templates is quick.
fn bounds() -> Limits<'static> {
    Limits { steps: 2_000, memory: 200_000, output: 10_000, ..Limits::default() }
}

fn render_within_bounds(source: &str, data: &Value) {
    let Ok(template) = Template::parse("template", source) else { return };
    let count = |bytes: &mut [u8]| {
        bytes.fill(7);
        true
    };
    let environment = Environment { now: Some(Time::unix(1_700_000_000, 5)), random: Some(&count), limits: bounds() };
    if let Ok(rendered) = template.render(data, &environment) {
        assert!(rendered.len() <= bounds().output);
    }
}

/// Pieces that templates are made of, so that many of those that are made up can be read.
fn piece() -> impl Strategy<Value = String> {
    let words = [
        "{{ ",
        " }}",
        "{{- ",
        " -}}",
        "{{ end }}",
        "{{ else }}",
        "{{ range .mixed }}",
        "{{ if .yes }}",
        "{{ with .Subject }}",
        "{{ define \"x\" }}",
        "{{ template \"x\" . }}",
        "{{ break }}",
        "{{ continue }}",
        "$x",
        "$",
        ".",
        ".nested.a",
        " := ",
        " = ",
        " | ",
        "(",
        ")",
        " ",
        "1",
        "-1",
        "1.5",
        "\"\"",
        "\"a%d\"",
        "`é`",
        "'c'",
        "nil",
        "true",
        "and ",
        "or ",
        "eq ",
        "index ",
        "printf ",
        "len ",
        "list ",
        "dict ",
        "set ",
        "merge ",
        "slice ",
        "toJson ",
        "fromJson ",
        "regexFind ",
        "repeat ",
        "until ",
        "substr ",
        "trunc ",
        "wrap ",
        "round ",
        "date ",
        "toDate ",
        "dateModify ",
        "chunk ",
        "b64dec ",
        "asn1Marshal ",
        "asn1Enc ",
        "semverCompare ",
        "splitn ",
        "camelcase ",
        "snakecase ",
        "deepCopy ",
        "sortAlpha ",
        "dig ",
        "9223372036854775807",
        "-9223372036854775808",
        "div ",
        "mod ",
        "seq ",
        "duration ",
        "addf ",
        "divf ",
        "abbrevboth ",
        "shuffle ",
        "randInt ",
        ".time",
        ".strings",
        ".bytes",
        ".key",
        ".umlaut",
        ".numbers",
        "{{/* c */}}",
        "text",
    ];
    prop_oneof![4 => prop::sample::select(words.to_vec()).prop_map(str::to_owned), 1 => ".{0,3}"]
}

/// A call of any function with arguments that it may not expect.
fn call() -> impl Strategy<Value = String> {
    let arguments = prop::sample::select(vec![
        "1",
        "-1",
        "0",
        "9223372036854775807",
        "1.5",
        "\"\"",
        "\"é\"",
        "\"a,b\"",
        "\"(a|b)*?\"",
        "\"2006-01-02\"",
        "\"1.2.x\"",
        "nil",
        "true",
        ".",
        ".time",
        ".strings",
        ".bytes",
        ".key",
        ".mixed",
        ".nested",
        ".missing",
        ".emptyList",
        "(list 1 \"a\")",
        "(dict \"a\" 1)",
        "(until 3)",
        "\"%5.2d %v %x %q\"",
        "\"int:5\"",
        "\"h\\u0131\\u0130ßǆ\"",
    ]);
    let functions: Vec<String> = cases()
        .iter()
        .flat_map(|case| {
            case.template.split(|next: char| !next.is_alphanumeric()).map(str::to_owned).collect::<Vec<_>>()
        })
        .filter(|word| Template::parse("template", &format!("{{{{ if false }}}}{{{{ {word} }}}}{{{{ end }}}}")).is_ok())
        .collect();
    (prop::sample::select(functions), prop::collection::vec(arguments, 0..4))
        .prop_map(|(function, arguments)| format!("{{{{ {function} {} }}}}", arguments.join(" ")))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused(source in "\\PC*") {
        let _ = Template::parse("template", &source);
    }

    #[test]
    fn any_action_is_read_or_refused(source in "\\{\\{[ -~\\n]{0,60}\\}\\}") {
        render_within_bounds(&source, &Value::Nil);
    }

    #[test]
    fn any_pieces_render_within_bounds(pieces in prop::collection::vec(piece(), 0..40)) {
        render_within_bounds(&pieces.concat(), &data());
    }

    #[test]
    fn any_call_renders_within_bounds(calls in prop::collection::vec(call(), 1..5)) {
        for source in calls {
            render_within_bounds(&source, &data());
        }
    }

    #[test]
    fn what_go_confirmed_may_be_damaged(at in 0_usize..10_000, cut in 0_usize..60, put in ".{0,3}") {
        let cases = cases();
        let source = &cases[at % cases.len()].template;
        let at = source.char_indices().map(|(at, _)| at).nth(cut).unwrap_or(source.len());
        let rest = source[at..].chars().skip(1).collect::<String>();
        render_within_bounds(&format!("{}{put}{rest}", &source[..at]), &data());
    }

    #[test]
    fn any_json_is_read_as_others_read_it(text in "[\\[\\]{}\",:0-9eE+. tfn\\\\u-]{0,30}") {
        let ours = Value::from_json(&text);
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{} {:?} {:?}", text, ours, theirs);
    }
}

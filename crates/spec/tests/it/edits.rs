//! Changes of a configuration leave every other byte.

use std::path::Path;

use proptest::prelude::*;
use rung_spec::edit::{EditError, add_provisioner, provisioner, remove_provisioner, update_provisioner};
use serde_json::{Value, json};

use crate::samples::{parse, sample};

fn file() -> &'static Path {
    Path::new("ca.json")
}

fn oidc(name: &str) -> Value {
    json!({
        "type": "OIDC", "name": name, "clientID": format!("client of {name}"),
        "configurationEndpoint": "https://b.test", "domains": ["b.test"],
    })
}

/// What stands before and after `{}` in a pattern.
fn around(pattern: &str) -> (&str, &str) {
    pattern.split_once("«»").unwrap()
}

/// Add a provisioner, see that the pattern's text came out, and take it away again.
#[track_caller]
fn check_added(before: &str, after: &str) {
    let head = "{\"root\":\"r\",\"crt\":\"c\",\"key\":\"k\",\"address\":\":1\",";
    let before = format!("{head}{before}");
    let small = json!({ "type": "OIDC", "name": "n", "clientID": "c", "configurationEndpoint": "https://b.test" });
    let added = add_provisioner(&before, file(), &small).unwrap();
    let (start, end) = around(after);
    let written = added.strip_prefix(&format!("{head}{start}")).and_then(|rest| rest.strip_suffix(end));
    let written = written.unwrap_or_else(|| panic!("{added:?}"));
    assert_eq!(serde_json::from_str::<Value>(written).unwrap(), small, "{added}");
    let names: Vec<_> =
        parse(&added).unwrap().authority.provisioners.iter().map(|entry| entry.name().to_owned()).collect();
    assert_eq!(names.last().map(String::as_str), Some("n"));
    if names.len() > 1 {
        assert_eq!(remove_provisioner(&added, file(), "n").unwrap(), before);
    }
}

#[test]
fn an_entry_takes_the_layout_of_its_neighbours() {
    const OTHER: &str = r#"{"type":"OIDC","name":"o","clientID":"oc","configurationEndpoint":"https://o.test"}"#;
    // Everything on one line.
    check_added(
        &format!("\"authority\":{{\"provisioners\":[{OTHER}]}}}}"),
        &format!("\"authority\":{{\"provisioners\":[{OTHER},«»]}}}}"),
    );
    check_added(
        &format!("\"authority\": {{\"provisioners\": [{OTHER}]}}}}\n"),
        &format!("\"authority\": {{\"provisioners\": [{OTHER}, «»]}}}}\n"),
    );
    // Tabs, with a blank line that stays single; line ends of Windows; spaces.
    check_added(
        &format!("\n\t\"authority\": {{\n\t\t\"provisioners\": [\n\n\t\t\t{OTHER}\n\n\t\t]\n\t}}\n}}"),
        &format!("\n\t\"authority\": {{\n\t\t\"provisioners\": [\n\n\t\t\t{OTHER},\n\t\t\t«»\n\n\t\t]\n\t}}\n}}"),
    );
    check_added(
        &format!("\r\n  \"authority\": {{\r\n    \"provisioners\": [\r\n      {OTHER}\r\n    ]\r\n  }}\r\n}}\r\n"),
        &format!(
            "\r\n  \"authority\": {{\r\n    \"provisioners\": [\r\n      {OTHER},\r\n      «»\r\n    ]\r\n  }}\r\n}}\r\n"
        ),
    );
    // Lists that have to be made.
    check_added("\"authority\":null}", "\"authority\":{\"provisioners\":[«»]}}");
    check_added("\"authority\":{}}", "\"authority\":{\"provisioners\":[«»]}}");
    check_added("\"Authority\":{\"PROVISIONERS\":null}}", "\"Authority\":{\"PROVISIONERS\":[«»]}}");
    check_added("\"authority\":{ \"provisioners\": [ ] }}", "\"authority\":{ \"provisioners\": [«»] }}");
    check_added(
        "\n  \"insecureAddress\": \"\"\n}",
        "\n  \"insecureAddress\": \"\",\n  \"authority\": {\n    \"provisioners\": [\n      «»\n    ]\n  }\n}",
    );
    check_added(
        "\n  \"authority\": {\n    \"provisioners\": []\n  }\n}",
        "\n  \"authority\": {\n    \"provisioners\": [\n      «»\n    ]\n  }\n}",
    );
}

#[test]
fn an_entry_is_indented_like_the_file() {
    let added = add_provisioner(&sample("edited.json"), file(), &oidc("two")).unwrap();
    let entry = "\n\t\t\t},\n\t\t\t{\n\t\t\t\t\"type\": \"OIDC\",\n\t\t\t\t\"name\": \"two\",\n\t\t\t\t\"clientID\": \"client of two\",\n\t\t\t\t\"configurationEndpoint\": \"https://b.test\",\n\t\t\t\t\"domains\": [\n\t\t\t\t\t\"b.test\"\n\t\t\t\t]\n\t\t\t}\n\t\t],";
    assert!(added.contains(entry), "{added}");
}

#[test]
fn removing_takes_one_comma_along() {
    let text = sample("edited.json");
    let three = add_provisioner(&text, file(), &oidc("three")).unwrap();
    let middle = remove_provisioner(&three, file(), "jwk2").unwrap();
    let first = remove_provisioner(&middle, file(), "admin@example.com").unwrap();
    let none = remove_provisioner(&first, file(), "three").unwrap();
    assert!(none.contains("\"provisioners\": [],\n\t\t\"template\""), "{none}");
    for text in [&middle, &first, &none] {
        assert!(parse(text).is_ok());
    }
    assert!(middle.contains("\t\t\t},\n\t\t\t{\n\t\t\t\t\"type\": \"OIDC\""), "{middle}");
    assert!(first.contains("[\n\t\t\t{\n\t\t\t\t\"type\": \"OIDC\""), "{first}");
}

const UNTIDY: &str = r#"{"root":"r","crt":"c","key":"k","address":":1","authority":{"provisioners":[
  { "type" : "OIDC",
    "name":"o", "clientId":"oc",   "note": 1,
    "configurationEndpoint":"https://o.test", "domains": [ "a.test","b.test" ],
      "claims":{"maxTLSCertDuration":"24h"}}
]}}"#;

/// Update the untidy provisioner; `changes` are the stretches that differ afterwards.
#[track_caller]
fn check_updated(change: impl Fn(&mut Value), changes: &[(&str, &str)]) {
    let mut wanted = provisioner(UNTIDY, "o").unwrap();
    change(&mut wanted);
    let updated = update_provisioner(UNTIDY, file(), "o", &wanted).unwrap();
    let expected = changes.iter().fold(UNTIDY.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "{old}");
        text.replacen(old, new, 1)
    });
    assert_eq!(updated, expected);
}

#[test]
fn an_update_touches_only_what_differs() {
    check_updated(|_| {}, &[]);
    check_updated(|entry| entry["name"] = json!("p"), &[("\"name\":\"o\"", "\"name\":\"p\"")]);
    check_updated(|entry| entry["clientID"] = json!("x"), &[("\"oc\"", "\"x\"")]);
    check_updated(
        |entry| entry["domains"] = json!(["a.test", "b.test", "c.test"]),
        &[("\"a.test\",\"b.test\"", "\"a.test\",\"b.test\",\"c.test\"")],
    );
    check_updated(|entry| entry["domains"] = json!(["b.test"]), &[("\"a.test\",\"b.test\"", "\"b.test\"")]);
    check_updated(|entry| entry["domains"] = json!(["a.test"]), &[(",\"b.test\"", "")]);
    check_updated(
        |entry| entry["claims"]["maxTLSCertDuration"] = json!("48h"),
        &[("\"maxTLSCertDuration\":\"24h\"", "\"maxTLSCertDuration\":\"48h\"")],
    );
    check_updated(
        |entry| drop(entry.as_object_mut().unwrap().remove("domains")),
        &[("\"domains\": [ \"a.test\",\"b.test\" ],\n      ", "")],
    );
    check_updated(
        |entry| entry["groups"] = json!(["g"]),
        &[("\"24h\"}}", "\"24h\"},\n      \"groups\": [\n        \"g\"\n      ]}")],
    );
}

/// Unknown members, types that are not served, mistakes elsewhere: none of them stands in the way of a change.
#[test]
fn old_problems_do_not_matter_and_new_ones_do() {
    for name in ["init.json", "init-acme.json", "init-ssh.json"] {
        let text = sample(name);
        let added = add_provisioner(&text, file(), &oidc("two")).unwrap();
        assert_eq!(remove_provisioner(&added, file(), "two").unwrap(), text);
    }
    let twice = UNTIDY.replacen("\"OIDC\"", "\"ACME\"", 1);
    assert!(remove_provisioner(&twice, file(), "o").is_ok());
    let acme = json!({ "type": "ACME", "name": "o2" });
    let refused = add_provisioner(&sample("init-acme.json"), file(), &acme).unwrap_err();
    assert!(matches!(refused, EditError::Bad(errors) if errors.problems.len() == 1));
    // The place in a sentence that was there before may move.
    let clash = UNTIDY.replacen("\n]}}", ",\n  {\"type\":\"OIDC\",\"name\":\"o\",\"clientID\":\"z\",\"configurationEndpoint\":\"https://z.test\"},\n{\"type\":\"JWK\",\"name\":\"z\"}]}}", 1);
    assert!(parse(&clash).is_err());
    assert!(add_provisioner(&clash, file(), &oidc("two")).is_ok());
    assert!(matches!(
        add_provisioner("{\"authority\":{\"provisioners\":{}}}", file(), &oidc("two")),
        Err(EditError::Bad(_))
    ));
    assert!(matches!(add_provisioner("{\"authority\":7}", file(), &oidc("two")), Err(EditError::Bad(_))));
}

/// Any JSON.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-d\"é\\n]{1,3}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A configuration with a note in the claims of its provisioner, which is unknown and so does not matter.
fn noted(note: &Value, pretty: bool) -> String {
    let text = sample("edited.json");
    let note = if pretty { serde_json::to_string_pretty(note) } else { serde_json::to_string(note) }.unwrap();
    text.replacen(
        "\"name\": \"jwk2\"",
        &format!("\"name\": \"jwk2\", \"options\": {{\"x509\": {{\"templateData\": {note}}}}}"),
        1,
    )
    .replacen(",\n\t\t\t\t\"options\": {\n\t\t\t\t\t\"x509\": {},\n\t\t\t\t\t\"ssh\": {}\n\t\t\t\t}", "", 1)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn any_value_becomes_any_other(old in anything(), new in anything(), pretty in any::<bool>()) {
        let (before, after) = (noted(&old, pretty), noted(&new, pretty));
        let mut wanted: Value = serde_json::from_str(&before).unwrap();
        let wanted = wanted["authority"]["provisioners"][1].take();
        let mut changed = wanted.clone();
        changed["options"]["x509"]["templateData"] = new;
        // Data for templates is not served: where it is new it is refused, and so the other way round it is known.
        let text = if parse(&before).is_ok() { return Ok(()) } else { before };
        let updated = update_provisioner(&text, file(), "jwk2", &changed).unwrap();
        let mut found: Value = serde_json::from_str(&updated).unwrap();
        prop_assert_eq!(found["authority"]["provisioners"][1].take(), changed);
        let (head, tail) = around_options(&text);
        prop_assert!(updated.starts_with(head) && updated.ends_with(tail), "{}", updated);
        prop_assert_eq!(parse(&updated).is_ok(), parse(&after).is_ok());
    }
}

/// What stands before and behind the options of the second provisioner.
fn around_options(text: &str) -> (&str, &str) {
    let start = text.rfind("\"options\"").unwrap();
    let end = text.rfind(",\n\t\t\t\t\"key\"").unwrap();
    (&text[..start], &text[end..])
}

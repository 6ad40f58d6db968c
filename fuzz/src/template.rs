//! Certificate templates.

use rung_template::{Environment, Limits, Object, Template, Time, Value};

/// A template, rendered with a value of each kind; the same comes out each time, within its bounds.
pub fn template(data: &[u8]) {
    let Ok(source) = std::str::from_utf8(data) else { return };
    let _ = Value::from_json(source);
    let Ok(template) = Template::parse("template", source) else { return };
    let random = |bytes: &mut [u8]| {
        bytes.fill(7);
        true
    };
    let limits = Limits { steps: 2_000, memory: 200_000, output: 10_000, ..Limits::default() };
    let environment = Environment { now: Some(Time::unix(1_700_000_000, 5)), random: Some(&random), limits };
    let rendered = template.render(&values(), &environment);
    assert!(rendered.as_ref().is_ok_and(|text| text.len() <= limits.output) || rendered.is_err());
    assert_eq!(template.render(&values(), &environment), rendered);
}

fn values() -> Value {
    let json = r#"{"a":{"b":[1,"x",null,true,{"c":2.5}]},"e":"","f":false,"l":[3,1,2],"s":"text","n":null}"#;
    let Ok(Value::Map(mut values)) = Value::from_json(json) else { unreachable!("it is an object") };
    let object = Object::opaque("*rsa.PublicKey").member("Size", "size", Value::Int(256));
    let more = [
        ("i", Value::Int(7)),
        ("j", Value::Int64(-3)),
        ("k", Value::from(object)),
        ("t", Value::from(Time::unix(1_700_000_000, 123_456_789))),
        ("u", Value::Strings(vec!["b".to_owned(), "a".to_owned()])),
        ("y", Value::Bytes(vec![1, 2, 250])),
    ];
    values.extend(more.map(|(name, value)| (name.to_owned(), value)));
    Value::Map(values)
}

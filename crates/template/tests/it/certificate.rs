//! The functions for certificates, structures, and what needs a present time or randomness.

use rung_template::{Environment, ErrorKind, Object, Template, Time, Value};

use crate::cases::{check, read};

#[track_caller]
fn check_rendered(template: &str, data: &Value, environment: &Environment<'_>, expected: Result<&str, &str>) {
    let parsed = Template::parse("template", template);
    let rendered =
        parsed.and_then(|parsed| parsed.render(data, environment)).map_err(|error| error.message().to_owned());
    assert_eq!(rendered.as_deref().map_err(String::as_str), expected, "{template}");
}

#[test]
fn functions_for_certificates_do_what_step_ca_does() {
    check(&read(include_str!("../certificate-cases.txt")));
}

fn certificate_request() -> Value {
    let subject = Object::opaque("x509util.Subject")
        .member("CommonName", "commonName", "db.internal")
        .member("Country", "country", Value::Strings(vec!["NL".to_owned()]).typed("x509util.MultiString"))
        .field("Locality", Value::Strings(Vec::new()).typed("x509util.MultiString"));
    let request = Object::opaque("*x509util.CertificateRequest")
        .field("PublicKey", Object::opaque("ed25519.PublicKey"))
        .member("Subject", "subject", subject.clone());
    let insecure = Value::map([("CR", Value::from(request))]).typed("x509util.TemplateData");
    Value::map([("Subject", Value::from(subject)), ("Insecure", insecure)]).typed("x509util.TemplateData")
}

#[test]
fn structures_show_their_fields_and_nothing_else() {
    let data = certificate_request();
    let check = |template, expected| check_rendered(template, &data, &Environment::default(), expected);
    check("{{ .Subject.CommonName }}", Ok("db.internal"));
    check("{{ .Insecure.CR.Subject.CommonName }}", Ok("db.internal"));
    check("{{ toJson .Subject }}", Ok(r#"{"commonName":"db.internal","country":["NL"]}"#));
    check("{{ toJson .Insecure.CR }}", Ok(r#"{"subject":{"commonName":"db.internal","country":["NL"]}}"#));
    check(r#"{{ typeIs "ed25519.PublicKey" .Insecure.CR.PublicKey }}"#, Ok("true"));
    check(r#"{{ typeIs "*rsa.PublicKey" .Insecure.CR.PublicKey }}"#, Ok("false"));
    check(
        "{{ typeOf . }} {{ typeOf .Subject.Country }} {{ kindOf .Insecure.CR }}",
        Ok("x509util.TemplateData x509util.MultiString ptr"),
    );
    check("{{ first .Subject.Country }} {{ len .Subject.Locality }}", Ok("NL 0"));
    check(r#"{{ hasKey . "Token" }} {{ set .Insecure "x" 1 | len }}"#, Ok("false 2"));
    check("{{ .Subject.commonName }}", Err("can't evaluate field commonName in type x509util.Subject"));
    check("{{ .Insecure.CR.Raw }}", Err("can't evaluate field Raw in type *x509util.CertificateRequest"));
    let printed =
        "a value of type x509util.Subject cannot be printed like this; print one of its fields, or use toJson";
    check("{{ .Subject }}", Err(printed));
    let encoded = "error calling toJson: a value of type ed25519.PublicKey has no JSON; use one of its fields";
    check("{{ toJson .Insecure.CR.PublicKey }}", Err(encoded));
}

#[test]
fn data_stays_data() {
    let evil = r#""}, {{ fail "x" }} <script> \"#;
    let data = Value::map([("name", Value::from(evil))]);
    let template = r#"{"commonName": {{ toJson .name }}}"#;
    let rendered =
        Template::parse("template", template).and_then(|parsed| parsed.render(&data, &Environment::default()));
    let read: serde_json::Value = serde_json::from_str(&rendered.expect("a result")).expect("JSON");
    assert_eq!(read, serde_json::json!({ "commonName": evil }));
}

#[test]
fn the_present_time_is_the_callers() {
    let data = Value::Nil;
    let environment = Environment { now: Some(Time::unix(1_700_000_000, 0)), ..Environment::default() };
    check_rendered(r#"{{ now | dateModify "-1h" | formatTime }}"#, &data, &environment, Ok("2023-11-14T21:13:20Z"));
    check_rendered(r#"{{ date "2006" now }}"#, &data, &environment, Ok("2023"));
    check_rendered(r#"{{ ago (toTime 1699999000) }}"#, &data, &environment, Ok("16m40s"));
    check_rendered(r#"{{ durationRound (toTime 1600000000) }}"#, &data, &environment, Ok("3y"));
    check_rendered(
        "{{ now.Unix }} {{ (now.AddDate 0 0 1).Format \"2006-01-02\" }}",
        &data,
        &environment,
        Ok("1700000000 2023-11-15"),
    );
    check_rendered("{{ parseTime | formatTime }}", &data, &environment, Ok("2023-11-14T22:13:20Z"));
    let without = "error calling now: this template is rendered without a present time";
    check_rendered("{{ now }}", &data, &Environment::default(), Err(without));
}

#[test]
fn randomness_is_the_callers() {
    let data = Value::Nil;
    let zeros = |bytes: &mut [u8]| {
        bytes.fill(0);
        true
    };
    let environment = Environment { random: Some(&zeros), ..Environment::default() };
    check_rendered("{{ uuidv4 }}", &data, &environment, Ok("00000000-0000-4000-8000-000000000000"));
    check_rendered(
        "{{ randAlpha 3 }}{{ randAlphaNum 2 }}{{ randNumeric 2 }}{{ randAscii 1 }}",
        &data,
        &environment,
        Ok("AAAAA00 "),
    );
    check_rendered("{{ randInt 5 9 }} {{ randBytes 3 }} {{ shuffle \"a\" }}", &data, &environment, Ok("5 AAAA a"));
    let without = "error calling uuidv4: this template is rendered without randomness";
    check_rendered("{{ uuidv4 }}", &data, &Environment::default(), Err(without));
    let none = |_: &mut [u8]| false;
    let environment = Environment { random: Some(&none), ..Environment::default() };
    check_rendered("{{ uuidv4 }}", &data, &environment, Err("error calling uuidv4: there is no randomness"));
}

#[test]
fn nothing_reaches_outside() {
    let absent = [
        "env",
        "expandenv",
        "getHostByName",
        "genPrivateKey",
        "genCA",
        "genCAWithKey",
        "genSelfSignedCert",
        "genSelfSignedCertWithKey",
        "genSignedCert",
        "genSignedCertWithKey",
        "buildCustomCert",
        "bcrypt",
        "htpasswd",
        "derivePassword",
        "encryptAES",
        "decryptAES",
        "readFile",
        "include",
        "tpl",
        "lookup",
        "exec",
    ];
    for name in absent {
        let error = Template::parse("template", &format!("{{{{ {name} }}}}")).expect_err(name);
        assert_eq!(error.kind(), ErrorKind::Syntax);
        assert_eq!(error.to_string(), format!("template: template:1: function \"{name}\" not defined"));
    }
}

#[test]
fn json_comes_in_as_go_has_it() {
    let json = serde_json::json!({ "n": 1, "big": 12_345_678_901_u64, "list": [1.5, null, "x"], "yes": true });
    let template = "{{ typeOf .n }} {{ .big }} {{ .list }} {{ .yes }} {{ toJson . }}";
    let expected =
        r#"float64 1.2345678901e+10 [1.5 <nil> x] true {"big":12345678901,"list":[1.5,null,"x"],"n":1,"yes":true}"#;
    check_rendered(template, &Value::from(json), &Environment::default(), Ok(expected));
}

//! Bodies against the bytes that the reference reads and writes.

use std::borrow::Cow;

use super::*;

/// Read `body` and say what came out, or why nothing did.
#[track_caller]
fn check_sign(body: &str, expected: Result<[&str; 5], &()>) {
    let read = SignRequest::parse(body.as_bytes()).map_err(|error| {
        assert_eq!(error.to_string(), "error decoding json");
    });
    let read = read.as_ref().map(|request| {
        let data = request.template_data.map_or("", |data| data.get());
        [&*request.csr, &*request.ott, &*request.not_before, &*request.not_after, data]
    });
    assert_eq!(read, expected, "{body}");
}

#[test]
fn a_sign_request_is_read_as_go_reads_it() {
    check_sign(r#"{"csr":"a\nb","ott":"t"}"#, Ok(["a\nb", "t", "", "", ""]));
    check_sign(
        r#" {"notBefore":"1h","notAfter":"2h","templateData":{"a": [1]}} "#,
        Ok(["", "", "1h", "2h", r#"{"a": [1]}"#]),
    );
    check_sign(r#"{"CSR":"a","OtT":"b","NOTAFTER":"c"}"#, Ok(["a", "b", "", "c", ""]));
    check_sign(r#"{"csr":"a","csr":"b","Csr":"c"}"#, Ok(["c", "", "", "", ""]));
    check_sign(r#"{"csr":null,"ott":null,"templateData":null}"#, Ok([""; 5]));
    check_sign(r#"{"csr":"null"}"#, Ok([""; 5]));
    check_sign(r#"{"other":{"csr":["x"]},"ott":"t"}"#, Ok(["", "t", "", "", ""]));
    check_sign(r#"{"ott":"t"} and what follows"#, Ok(["", "t", "", "", ""]));
    check_sign(r#"{"ott":"t"}{"ott":"u"}"#, Ok(["", "t", "", "", ""]));
    check_sign("null", Ok([""; 5]));
    check_sign("{}", Ok([""; 5]));
    check_sign(r#"{"templateData":[1]}"#, Ok([""; 5]));
    check_sign(r#"{"\u006ftt":"t"}"#, Ok(["", "t", "", "", ""]));
}

#[test]
fn a_sign_request_of_another_shape_is_refused() {
    let deep = format!("{}1", "[".repeat(100_000));
    let bodies = [
        "",
        " ",
        "[]",
        "\"text\"",
        "1",
        "true",
        r#"{"csr":"a""#,
        r#"{"csr":1}"#,
        r#"{"ott":1}"#,
        r#"{"ott":["t"]}"#,
        r#"{"notAfter":5}"#,
        r#"{"notBefore":{}}"#,
        r#"{"templateData":{"a":}}"#,
        r#"{"x":tru}"#,
        "\u{feff}{}",
        "{\"ott\":\"a\nb\"}",
        r#"{"ott":"\ud800"}"#,
        &deep,
    ];
    for body in bodies {
        check_sign(body, Err(&()));
    }
    assert!(SignRequest::parse(b"{\"ott\":\"\xff\"}").is_err());
}

#[test]
fn a_body_of_nothing_but_members_is_cut_short() {
    let body = format!("{{{}\"ott\":\"t\"}}", "\"a\":1,".repeat(2000));
    assert!(SignRequest::parse(body.as_bytes()).is_err());
}

#[test]
fn a_token_without_escapes_is_not_copied() {
    let body = br#"{"ott":"abc"}"#;
    let request = SignRequest::parse(body).expect("a body");
    assert!(matches!(request.ott, Cow::Borrowed("abc")));
}

#[test]
fn a_sign_request_is_written_without_what_is_absent() {
    let request = SignRequest { csr: "c".into(), ott: "t".into(), ..SignRequest::default() };
    assert_eq!(text(&request), "{\"csr\":\"c\",\"ott\":\"t\"}\n");
    let request = SignRequest { not_before: "1h".into(), not_after: "2h".into(), ..request };
    assert_eq!(text(&request), "{\"csr\":\"c\",\"ott\":\"t\",\"notBefore\":\"1h\",\"notAfter\":\"2h\"}\n");
}

#[test]
fn a_sign_answer_has_the_members_in_their_order() {
    let options = TlsOptions { cipher_suites: vec!["A".to_owned()], ..TlsOptions::default() };
    let answer = SignResponse {
        crt: "leaf\n".into(),
        ca: None,
        cert_chain: vec!["leaf\n".into(), "issuer\n".into()],
        tls_options: Some(Cow::Borrowed(&options)),
    };
    let written = text(&answer);
    assert_eq!(
        written,
        concat!(
            r#"{"crt":"leaf\n","ca":null,"certChain":["leaf\n","issuer\n"],"#,
            r#""tlsOptions":{"cipherSuites":["A"],"minVersion":1.2,"maxVersion":1.3,"#,
            "\"renegotiation\":false}}\n"
        )
    );
    let read: SignResponse<'_> = serde_json::from_str(&written).expect("what we wrote");
    assert_eq!(read, answer);
}

#[test]
fn a_framed_sign_answer_is_the_same() {
    let options = TlsOptions { cipher_suites: vec!["A".to_owned()], ..TlsOptions::default() };
    for chain in [vec![], vec!["issuer\n".to_owned()], vec!["issuer\n".to_owned(), "<root>\n".to_owned()]] {
        let answer = SignResponse {
            crt: "leaf+/=\n".into(),
            ca: chain.first().map(Into::into),
            cert_chain: std::iter::once("leaf+/=\n".into()).chain(chain.iter().map(Into::into)).collect(),
            tls_options: Some(Cow::Borrowed(&options)),
        };
        let framed = SignResponseFrame::new(&chain, &options).with("leaf+/=\n");
        assert_eq!(String::from_utf8(framed).expect("JSON is UTF-8"), text(&answer));
    }
}

#[test]
fn output_is_escaped_as_go_escapes_it() {
    let written = text(&ErrorReport::forbidden("<b>&\u{2028}\u{2029}\u{8}\u{7f}é\"\\\t\u{1}"));
    assert_eq!(
        written,
        concat!(
            r#"{"status":403,"message":"The request was forbidden by the certificate authority: "#,
            r"\u003cb\u003e\u0026\u2028\u2029\b",
            "\u{7f}é",
            r#"\"\\\t\u0001."}"#,
            "\n"
        )
    );
    assert_eq!(text(&[1.0, 1.2]), "[1,1.2]\n");
}

#[test]
fn refusals_have_their_sentences() {
    let logs = "Please see the certificate authority logs for more info.";
    for (report, status, message) in [
        (ErrorReport::bad_request("missing csr"), 400, "The request could not be completed: missing csr.".to_owned()),
        (
            ErrorReport::bad_request_plain(),
            400,
            format!("The request could not be completed; malformed or missing data. {logs}"),
        ),
        (ErrorReport::unauthorized("x"), 401, "x".to_owned()),
        (
            ErrorReport::unauthorized_plain(),
            401,
            format!("The request lacked necessary authorization to be completed. {logs}"),
        ),
        (
            ErrorReport::forbidden_by_policy("x"),
            403,
            "The request was forbidden by the certificate authority: x".to_owned(),
        ),
        (
            ErrorReport::forbidden_plain(),
            403,
            format!("The request was forbidden by the certificate authority. {logs}"),
        ),
        (ErrorReport::not_found_plain(), 404, format!("The requested resource could not be found. {logs}")),
        (
            ErrorReport::internal_plain(),
            500,
            format!("The certificate authority encountered an Internal Server Error. {logs}"),
        ),
        (
            ErrorReport::not_implemented(),
            501,
            format!("The requested method is not implemented by the certificate authority. {logs}"),
        ),
    ] {
        assert_eq!((report.status, &*report.message), (status, &*message));
    }
}

#[test]
fn a_listing_of_the_reference_is_read_and_written_back() {
    let listing = concat!(
        r#"{"provisioners":[{"type":"JWK","name":"admin","key":{"use":"sig","kty":"EC","#,
        r#""kid":"k","crv":"P-256","alg":"ES256","x":"a","y":"b"},"encryptedKey":"e.e.e","#,
        r#""claims":{"maxTLSCertDuration":"48h0m0s","disableRenewal":false},"#,
        r#""options":{"x509":{},"ssh":{}}},"#,
        r#"{"type":"OIDC","name":"sso","clientID":"c","clientSecret":"","#,
        r#""configurationEndpoint":"https://idp.test","tenantID":"t","admins":["a@x.test"],"#,
        r#""domains":["x.test"],"groups":["g"],"listenAddress":":10000","scopes":["openid"],"#,
        r#""authParams":["prompt=login"],"state":"Uninitialized","stateReason":"down"},"#,
        r#"{"type":"ACME","name":"acme","requireEAB":true}],"nextCursor":"abc"}"#,
        "\n"
    );
    let page: ProvisionerPage = serde_json::from_str(listing).expect("a listing");
    assert_eq!(page.next_cursor, "abc");
    let names: Vec<_> = page.provisioners.iter().map(|one| (one.kind(), one.name())).collect();
    assert_eq!(names, [("JWK", "admin"), ("OIDC", "sso"), ("ACME", "acme")]);
    let troubles: Vec<_> = page.provisioners.iter().map(Provisioner::trouble).collect();
    assert_eq!(troubles, [None, Some(("Uninitialized", "down")), None]);
    assert_eq!(text(&page), listing);
}

#[test]
fn an_empty_listing_is_null() {
    assert_eq!(text(&ProvisionerPage::default()), "{\"provisioners\":null,\"nextCursor\":\"\"}\n");
    let page: ProvisionerPage = serde_json::from_str(r#"{"provisioners":null}"#).expect("a page");
    assert!(page.provisioners.is_empty());
}

#[test]
fn lists_and_texts_of_a_provisioner_may_be_null() {
    let page: ProvisionerPage = serde_json::from_str(
        r#"{"provisioners":[{"type":"oidc","name":"n","clientID":"c","clientSecret":null,
            "admins":null,"claims":null,"options":null}]}"#,
    )
    .expect("a page");
    let [Provisioner::Oidc(oidc)] = &page.provisioners[..] else { panic!("one OIDC provisioner") };
    assert_eq!((oidc.client_secret.as_str(), oidc.claims.is_none()), ("", true));
}

#[test]
fn small_answers_have_their_shape() {
    assert_eq!(text(&Health::ok()), "{\"status\":\"ok\"}\n");
    let version = Version { version: "1".to_owned(), require_client_authentication: false };
    assert_eq!(text(&version), "{\"version\":\"1\"}\n");
    let version = Version { require_client_authentication: true, ..version };
    assert_eq!(text(&version), "{\"version\":\"1\",\"requireClientAuthentication\":true}\n");
    assert_eq!(text(&Root { ca: "p".to_owned() }), "{\"ca\":\"p\"}\n");
    assert_eq!(text(&Certificates { crts: vec!["p".to_owned()] }), "{\"crts\":[\"p\"]}\n");
    assert_eq!(text(&EncryptedKey { key: "k".to_owned() }), "{\"key\":\"k\"}\n");
}

fn text(body: &impl serde::Serialize) -> String {
    String::from_utf8(to_json(body)).expect("JSON is UTF-8")
}

/// Read a revocation and say what came out, or why nothing did.
#[track_caller]
fn check_revoke(body: &str, expected: Result<(&str, &str, i64, &str, bool), ()>) {
    let read = RevokeRequest::parse(body.as_bytes());
    let read = read.as_ref().map(|read| (&*read.serial, &*read.ott, read.reason_code, &*read.reason, read.passive));
    assert_eq!(read.map_err(|_| ()), expected, "{body}");
}

#[test]
fn a_revocation_is_read_as_go_reads_it() {
    check_revoke("{}", Ok(("", "", 0, "", false)));
    let all = r#"{"serial":"1","ott":"t","reasonCode":1,"reason":"r","passive":true}"#;
    check_revoke(all, Ok(("1", "t", 1, "r", true)));
    check_revoke(r#"{"SERIAL":"1","reasoncode":null,"passive":null}"#, Ok(("1", "", 0, "", false)));
    check_revoke(r#"{"serial":1}"#, Err(()));
    check_revoke(r#"{"reasonCode":"1"}"#, Err(()));
    check_revoke(r#"{"passive":"true"}"#, Err(()));
    assert_eq!(RekeyRequest::parse(br#"{"CSR":"x","other":[1]}"#).unwrap().csr, "x");
}

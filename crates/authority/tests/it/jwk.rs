//! Tokens of JWK provisioners.

use std::sync::atomic::Ordering;

use rung_pki::{KeyAlgorithm, PrivateKey, jose::JwsAlgorithm, jose::SignHeader, jose::sign_compact};
use serde_json::{Value, json};

use crate::{
    key,
    stage::{DAY, NOW, Stage, check, ec, merged, naming, request, signed},
};

/// Each set of changes to a good token's claims leads to that outcome.
#[track_caller]
fn check_claims(cases: &[(Value, Result<&str, &str>)]) {
    let stage = Stage::new();
    for (changes, expected) in cases {
        check(&stage, &changes.to_string(), &stage.jwk(changes.clone()), &request(|_| {}), *expected);
    }
}

/// The payload of a good token with this text in front of its members.
fn payload(extra: &str) -> String {
    format!(
        r#"{{{extra}"iss":"admin","sub":"foo.example","aud":"https://ca.test/1.0/sign","exp":{},"iat":{NOW}}}"#,
        NOW + 300
    )
}

const HEADER: &str = r#"{"alg":"ES256","kid":"admin-key","typ":"JWT"}"#;
const GOOD: Result<&str, &str> = Ok("foo.example | foo.example");
const SPENT: Result<&str, &str> = Err("401 Spent");
const MALFORMED: Result<&str, &str> = Err("401 Malformed");

#[test]
fn t01_a_token_is_good_for_one_certificate() {
    let stage = Stage::new();
    let token = stage.jwk(json!({}));
    check(&stage, "first", &token, &request(|_| {}), GOOD);
    check(&stage, "second", &token, &request(|_| {}), SPENT);
    let again = stage.jwk(json!({"jti": "the same"}));
    check(&stage, "an identifier", &again, &request(|_| {}), GOOD);
    let other = stage.jwk(json!({"jti": "the same", "sub": "bar.example"}));
    check(&stage, "the identifier in another token", &other, &request(|_| {}), SPENT);
    let claims = json!({
        "iss": "ops", "sub": "foo.example", "aud": "https://ca.test/sign", "jti": "the same", "exp": NOW + 300, "iat": NOW,
    });
    let theirs = signed("ops-key", None, &claims, &stage.ops);
    check(&stage, "the identifier of another provisioner", &theirs, &request(|_| {}), GOOD);
}

#[test]
fn t05_a_token_without_identifier_cannot_be_respelled() {
    let stage = Stage::new();
    let token = stage.jwk(json!({"jti": null}));
    let (input, signature) = token.rsplit_once('.').unwrap();
    let (header, payload) = input.split_once('.').unwrap();
    let json = json!({"protected": header, "payload": payload, "signature": signature}).to_string();
    check(&stage, "as it is", &token, &request(|_| {}), GOOD);
    for (case, token) in [("the same", token.clone()), ("(r, n-s)", key::other_signature(&token))] {
        check(&stage, case, &token, &request(|_| {}), SPENT);
    }
    for (case, token) in [
        ("space before", format!(" {token}")),
        ("line end after", format!("{token}\n")),
        ("space inside", token.replacen('.', " .", 1)),
        ("padding", format!("{token}==")),
        ("JSON", json),
        ("another part", format!("{token}.")),
    ] {
        check(&stage, case, &token, &request(|_| {}), MALFORMED);
    }
    let last = token.pop_last_bit();
    check(&stage, "trailing bits", &last, &request(|_| {}), MALFORMED);
}

trait PopLastBit {
    fn pop_last_bit(&self) -> String;
}

impl PopLastBit for String {
    /// 64 octets end with two significant bits of base64: set one of the four that mean nothing.
    fn pop_last_bit(&self) -> String {
        let (rest, last) = self.split_at(self.len() - 1);
        let other = match last {
            "A" => "B",
            "Q" => "R",
            "g" => "h",
            _ => "x",
        };
        format!("{rest}{other}")
    }
}

#[test]
fn t05_both_signatures_of_a_message_verify_so_the_message_is_what_counts() {
    let stage = Stage::new();
    let token = stage.jwk(json!({"jti": null}));
    check(&stage, "(r, n-s) first", &key::other_signature(&token), &request(|_| {}), GOOD);
    check(&stage, "(r, s) second", &token, &request(|_| {}), SPENT);
}

#[test]
fn t06_a_forged_token_does_not_spend_that_of_the_victim() {
    let stage = Stage::new();
    let token = stage.jwk(json!({}));
    check(&stage, "forged", &key::forged(&token), &request(|_| {}), Err("401 Signature"));
    check(&stage, "the victim's", &token, &request(|_| {}), GOOD);
}

#[test]
fn t07_forged_tokens_write_nothing() {
    let stage = Stage::new();
    let thief = ec();
    for number in 0..500 {
        let claims = json!({
            "iss": "admin", "sub": "foo.example", "aud": "https://ca.test/sign", "jti": format!("guess-{number}"),
            "exp": NOW + 300, "iat": NOW,
        });
        let token = signed("admin-key", None, &claims, &thief);
        check(&stage, "a guess", &token, &request(|_| {}), Err("401 Signature"));
    }
    assert_eq!(stage.written(), (0, 0));
}

#[test]
fn t08_t10_the_key_chooses_the_algorithm() {
    let stage = Stage::new();
    for algorithm in
        ["none", "None", "nOnE", "", "HS256", "ES384", "ES512", "RS256", "PS256", "EdDSA", "es256", "ES256K"]
    {
        let header = format!(r#"{{"alg":"{algorithm}","kid":"admin-key"}}"#);
        let token = key::token(&header, &payload(""), &stage.admin);
        check(&stage, algorithm, &token, &request(|_| {}), Err("401"));
        let unsigned = format!("{}.", token.rsplit_once('.').unwrap().0);
        check(&stage, algorithm, &unsigned, &request(|_| {}), Err("401"));
    }
    let rsa = PrivateKey::generate(KeyAlgorithm::Rsa { bits: 2048 }).unwrap();
    for algorithm in [JwsAlgorithm::Rs256, JwsAlgorithm::Ps512] {
        let header = SignHeader { algorithm: Some(algorithm), key_id: Some("admin-key"), ..SignHeader::default() };
        let token = sign_compact(&header, payload("").as_bytes(), &rsa).unwrap();
        check(&stage, algorithm.as_str(), &token, &request(|_| {}), Err("401 Signature"));
    }
    check(&stage, "its own", &key::token(HEADER, &payload(""), &stage.admin), &request(|_| {}), GOOD);
}

#[test]
fn t12_key_ids_only_lead_to_provisioners() {
    let stage = Stage::new();
    let unknown = Err("401 UnknownProvisioner");
    for key_id in ["ops-key", "../../etc/passwd", "' OR 1=1 --", "admin-key\\u0000", "admin-key\\n", "\\u001b[31m", ""]
    {
        let token = key::token(&format!(r#"{{"alg":"ES256","kid":"{key_id}"}}"#), &payload(""), &stage.admin);
        check(&stage, key_id, &token, &request(|_| {}), unknown);
    }
    let long = key::token(&format!(r#"{{"alg":"ES256","kid":"{}"}}"#, "k".repeat(10_240)), &payload(""), &stage.admin);
    check(&stage, "10 KB", &long, &request(|_| {}), Err("401"));
    check(&stage, "none", &key::token(r#"{"alg":"ES256"}"#, &payload(""), &stage.admin), &request(|_| {}), unknown);
    let number = key::token(r#"{"alg":"ES256","kid":7}"#, &payload(""), &stage.admin);
    check(&stage, "a number", &number, &request(|_| {}), MALFORMED);
}

#[test]
fn t13_t15_headers_bring_no_keys_and_no_extensions() {
    let stage = Stage::new();
    let thief = ec();
    let jwk = rung_pki::jose::PublicJwk::describe(rung_pki::Signer::public_key(&thief).clone()).to_json();
    let header = format!(
        r#"{{"alg":"ES256","kid":"admin-key","jku":"http://127.0.0.1:1/","x5u":"http://127.0.0.1:1/","jwk":{jwk}}}"#
    );
    check(&stage, "t13", &key::token(&header, &payload(""), &thief), &request(|_| {}), Err("401 Signature"));
    for extra in [r#""crit":["x"],"x":1"#, r#""crit":[]"#, r#""b64":false,"crit":["b64"]"#] {
        let token = key::token(&format!(r#"{{"alg":"ES256","kid":"admin-key",{extra}}}"#), &payload(""), &stage.admin);
        check(&stage, extra, &token, &request(|_| {}), MALFORMED);
    }
}

#[test]
fn t16_names_stand_once() {
    let stage = Stage::new();
    for extra in [
        r#""aud":"https://ca.test/1.0/sign","#,
        r#""sub":"bar.example","#,
        r#""sans":["a.example"],"sans":["b.example"],"#,
        r#""step":{},"step":{},"#,
        r#""step":{"ra":1,"ra":2},"#,
        r#""\u0073ub":"bar.example","#,
    ] {
        check(&stage, extra, &key::token(HEADER, &payload(extra), &stage.admin), &request(|_| {}), MALFORMED);
    }
    for header in
        [r#"{"alg":"ES256","kid":"admin-key","kid":"ops-key"}"#, r#"{"alg":"none","alg":"ES256","kid":"admin-key"}"#]
    {
        check(&stage, header, &key::token(header, &payload(""), &stage.admin), &request(|_| {}), MALFORMED);
    }
}

#[test]
fn t20_a_token_is_for_one_operation_of_this_ca() {
    let audience = |audience: Value| json!({"aud": audience});
    let unknown = Err("401 UnknownProvisioner");
    check_claims(&[
        (audience(json!("https://ca.test/1.0/sign")), GOOD),
        (audience(json!("https://ca.test/sign")), GOOD),
        (audience(json!("https://ca.test:9000/sign")), GOOD),
        (audience(json!("https://CA.test/sign")), GOOD),
        (audience(json!("step-certificate-authority")), GOOD),
        (audience(json!(["https://other.test/sign", "https://ca.test/sign"])), GOOD),
        (audience(json!("https://ca.test/1.0/revoke")), Err("401 Audience")),
        (audience(json!("https://ca.test/1.0/ssh/sign")), unknown),
        (audience(json!("https://ca.test/1.0/renew")), Err("401 Audience")),
        (audience(json!("https://other.test/1.0/sign")), unknown),
        (audience(json!("http://ca.test/1.0/sign")), unknown),
        (audience(json!("https://root@ca.test/1.0/sign")), unknown),
        (audience(json!("https://ca.test./1.0/sign")), unknown),
        (audience(json!("https://ca.test/1.0/sign/")), unknown),
        (audience(json!("https://ca.test/1.0/sign?x=1")), unknown),
        (audience(json!("https://ca.test/1.0/sign#admin:admin-key")), Err("401 Audience")),
        (audience(json!("https://ca.test/1.0/sign#other")), unknown),
        (audience(json!("")), unknown),
        (audience(json!([])), unknown),
        (audience(json!(null)), unknown),
        (audience(json!(7)), MALFORMED),
        (audience(json!([7])), MALFORMED),
    ]);
}

#[test]
fn t21_a_token_names_its_own_provisioner() {
    let stage = Stage::new();
    check(&stage, "another's", &stage.jwk(json!({"iss": "ops"})), &request(|_| {}), Err("401 UnknownProvisioner"));
    let claims =
        json!({"iss": "ops", "sub": "foo.example", "aud": "https://ca.test/sign", "exp": NOW + 300, "iat": NOW});
    let token = signed("ops-key", None, &claims, &stage.admin);
    check(&stage, "signed by another's key", &token, &request(|_| {}), Err("401 Signature"));
    // A fragment leads to the provisioner `admin`, whose name is not the issuer.
    let claims = merged(claims, json!({"aud": "https://ca.test/sign#admin:admin-key"}));
    let token = signed("admin-key", None, &claims, &stage.admin);
    check(&stage, "another's by fragment", &token, &request(|_| {}), Err("401 Issuer"));
    for issuer in [json!(""), json!(null), json!("admin:admin-key"), json!("Admin")] {
        let token = stage.jwk(json!({"iss": issuer}));
        check(&stage, &issuer.to_string(), &token, &request(|_| {}), Err("401 UnknownProvisioner"));
    }
}

#[test]
fn t22_t23_t24_times_are_numbers_within_bounds() {
    check_claims(&[
        (json!({"exp": NOW - 60}), GOOD),
        (json!({"exp": NOW - 61}), Err("401 Expired")),
        (json!({"exp": 0}), Err("401 Expired")),
        (json!({"exp": -1}), Err("401 Expired")),
        (json!({"exp": null}), Err("401 ExpiryMissing")),
        (json!({"exp": NOW + DAY}), GOOD),
        (json!({"exp": NOW + DAY + 1}), Err("401 Lifetime")),
        (json!({"exp": 31_556_952_000_000_000_i64}), Err("401 Lifetime")),
        (json!({"exp": "1795464596"}), MALFORMED),
        (json!({"exp": 1_795_464_596.5}), MALFORMED),
        (json!({"exp": 1e300}), MALFORMED),
        (json!({"exp": u64::MAX}), MALFORMED),
        (json!({"nbf": NOW + 60}), GOOD),
        (json!({"nbf": NOW + 61}), Err("401 NotYetValid")),
        (json!({"nbf": null}), GOOD),
        (json!({"iat": NOW + 61}), Err("401 NotYetValid")),
        (json!({"iat": null}), Err("401 IssuedAtMissing")),
        (json!({"iat": NOW - 1000}), GOOD),
        (json!({"iat": NOW - 1001}), Err("401 IssuedBeforeStart")),
    ]);
}

#[test]
fn t22_a_token_expires_as_time_goes_by() {
    let stage = Stage::new();
    let token = stage.jwk(json!({}));
    stage.clock.0.store(NOW + 361, Ordering::Relaxed);
    check(&stage, "too late", &token, &request(|_| {}), Err("401 Expired"));
    stage.clock.0.store(NOW + 360, Ordering::Relaxed);
    check(&stage, "just in time", &token, &request(|_| {}), GOOD);
}

#[test]
fn t25_names_are_names() {
    let many = |count| (0..count).map(|number| format!("h{number}.example")).collect::<Vec<_>>();
    let most = many(100);
    check_claims(&[
        (json!({"sub": ""}), Err("401 Subject")),
        (json!({"sub": null}), Err("401 Subject")),
        (json!({"sub": 7}), MALFORMED),
        (json!({"sans": "a.example"}), MALFORMED),
        (json!({"sans": [7]}), MALFORMED),
        (json!({"sans": many(10_000)}), MALFORMED),
        // Short enough to be a token.
        (json!({"sans": many(101)}), MALFORMED),
        (json!({"sans": most}), Ok(&format!("foo.example | {}", most.join(" ")))),
        (json!({"sans": ["not a name"]}), MALFORMED),
        (json!({"sans": []}), GOOD),
        (json!({"sans": [""]}), GOOD),
        (json!({"sans": ["a.example", "", "a.example", "A.example"]}), Ok("foo.example | a.example")),
        (
            json!({"sans": ["https://h.example/x", "b@corp.example", "10.0.0.1", "a.example", "::1"]}),
            Ok("foo.example | a.example b@corp.example 10.0.0.1 ::1 https://h.example/x"),
        ),
    ]);
}

#[test]
fn t26_a_confirmation_binds_the_token_to_one_request() {
    let stage = Stage::new();
    let mine = request(|_| {});
    let confirmed = |request: &rung_pki::VerifiedRequest| {
        let digest = rung_pki::jose::base64url(request.fingerprint());
        stage.jwk(json!({"cnf": {"x5rt#S256": digest}}))
    };
    let token = confirmed(&mine);
    let denied = Err("403 certificate request fingerprint does not match");
    check(&stage, "another's request", &token, &request(|_| {}), denied);
    check(&stage, "the request", &token, &mine, GOOD);
    check(&stage, "no fingerprint", &stage.jwk(json!({"cnf": {"x5rt#S256": ""}})), &mine, GOOD);
    check(&stage, "not a fingerprint", &stage.jwk(json!({"cnf": {"x5rt#S256": 7}})), &mine, MALFORMED);
}

#[test]
fn t27_nobody_calls_himself_a_registration_authority() {
    let stage = Stage::new();
    let token = stage.jwk(json!({"step": {"ra": {"provisionerName": "other", "provisionerType": "OIDC"}}}));
    let certificate = stage.sign(&token, &request(|_| {}), ("", "")).unwrap();
    assert_eq!(certificate.provisioner().unwrap().name, "admin");
}

#[test]
fn c07_a_request_names_what_the_token_lists() {
    let stage = Stage::new();
    let names = ["a.example", "b.example", "10.0.0.1", "x@corp.example", "https://h.example/"];
    let token = || stage.jwk(json!({"sub": "subject", "sans": names}));
    let good = Ok("subject | a.example b.example x@corp.example 10.0.0.1 https://h.example/");
    let denied = |kind: &'static str| Err(kind);
    for (common_name, asked, expected) in [
        ("", &[][..], good),
        ("subject", &[], good),
        ("b.example", &[], good),
        ("", &["b.example", "a.example"], good),
        ("", &names, good),
        ("c.example", &[], denied("403 certificate request does not contain the valid common name - got c.example")),
        ("", &["a.example"], denied("403 certificate request does not contain the valid DNS names - got [a.example]")),
        (
            "",
            &["a.example", "b.example", "c.example"],
            denied("403 certificate request does not contain the valid DNS"),
        ),
        ("", &["10.0.0.2"], denied("403 certificate request does not contain the valid IP addresses")),
        ("", &["y@corp.example"], denied("403 certificate request does not contain the valid email addresses")),
        ("", &["https://h.example/x"], denied("403 certificate request does not contain the valid URIs")),
    ] {
        check(&stage, &format!("{common_name} {asked:?}"), &token(), &naming(common_name, asked), expected);
    }
}

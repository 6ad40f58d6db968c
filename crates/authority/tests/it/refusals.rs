//! What the audit record says of refusals, and how a record is written.

use std::{
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use rung_authority::{
    Error,
    audit::{Said, record},
    error::{CertificateFault, CertificateRefusal, Denial, Invalid, TokenFault, TokenRefusal},
    presented::{Presented, Shown},
    refusal::{Asker, Refusal, RefusedRequest},
};
use rung_pki::{SerialNumber, Signer as _};
use serde_json::{Value, json};

use crate::stage::{NOW, Stage, at, ec, request, request_with};

fn token(fault: TokenFault) -> Error {
    Error::Unauthenticated(TokenRefusal { fault, detail: "with values".to_owned() })
}

fn certificate(fault: CertificateFault) -> Error {
    Error::Unrenewable(CertificateRefusal { fault, detail: String::new() })
}

fn seven() -> SerialNumber {
    SerialNumber::from_bytes(&[7]).unwrap()
}

/// What is made of a refusal: `= check` for an entry of its own, `+ check` when it is counted, `-` when nothing was decided.
fn made_of(stage: &Stage, by: Asker<'_>, error: &Error) -> String {
    let refused = RefusedRequest { operation: "sign", by, error, key: None, serial: None, request_id: "request-3" };
    match stage.authority.refusal(&refused) {
        Refusal::Decided(entry) => {
            let detail: Value = serde_json::from_str(&entry.detail).unwrap();
            format!("= {}", detail["check"].as_str().unwrap())
        }
        Refusal::Counted(check) => format!("+ {check}"),
        Refusal::Undecided => "-".to_owned(),
    }
}

#[test]
fn each_check_has_its_name_and_only_who_is_known_gets_an_entry() {
    let stage = Stage::new();
    let text = stage.jwk(json!({}));
    let held = stage.sign(&text, &request(|_| {}), ("", "")).unwrap();
    let presented = Presented::in_tls(Arc::new(Shown::new(held))).unwrap();
    let table: [(Error, &str); 43] = [
        (token(TokenFault::Audience), "= audience"),
        (token(TokenFault::AuthorizedParty), "= authorized-party"),
        (token(TokenFault::Claim), "= claim"),
        (token(TokenFault::ClaimMissing), "= claim-missing"),
        (token(TokenFault::ClaimUnusable), "= claim-unusable"),
        (token(TokenFault::Domain), "= domain"),
        (token(TokenFault::EmailMalformed), "= email-malformed"),
        (token(TokenFault::EmailMissing), "= email-missing"),
        (token(TokenFault::EmailUnverified), "= email-unverified"),
        (token(TokenFault::Expired), "= expired"),
        (token(TokenFault::ExpiryMissing), "= expiry-missing"),
        (token(TokenFault::Group), "= group"),
        (token(TokenFault::GroupsMissing), "= groups-missing"),
        (token(TokenFault::GroupsOverage), "= groups-overage"),
        (token(TokenFault::IssuedAtMissing), "= issued-at-missing"),
        (token(TokenFault::IssuedBeforeStart), "= issued-before-start"),
        (token(TokenFault::Issuer), "= issuer"),
        (token(TokenFault::Kind), "= kind"),
        (token(TokenFault::KeyUnknown), "+ key-unknown"),
        (token(TokenFault::Lifetime), "= lifetime"),
        (token(TokenFault::Malformed), "+ malformed"),
        (token(TokenFault::NotYetValid), "= not-yet-valid"),
        (token(TokenFault::Operation), "+ operation"),
        (token(TokenFault::Signature), "+ signature"),
        (token(TokenFault::Spent), "= spent"),
        (token(TokenFault::Subject), "= subject"),
        (token(TokenFault::UnknownProvisioner), "+ unknown-provisioner"),
        (certificate(CertificateFault::Expired(at(NOW))), "= certificate-expired"),
        (certificate(CertificateFault::NotOurs), "= certificate-foreign"),
        (certificate(CertificateFault::NotYetValid), "= certificate-not-yet-valid"),
        (certificate(CertificateFault::ProvisionerGone), "= provisioner-gone"),
        (certificate(CertificateFault::RenewalDisabled), "= renewal-disabled"),
        (certificate(CertificateFault::Revoked), "= certificate-revoked"),
        (certificate(CertificateFault::Unverified), "+ certificate-unverified"),
        (Denial::Confirmation(String::new()).into(), "= confirmation"),
        (Denial::Inventory.into(), "= inventory"),
        (Denial::Key(String::new()).into(), "= key"),
        (Denial::Name(String::new()).into(), "= name"),
        (Denial::Revocation(String::new()).into(), "= revocation"),
        (Denial::Validity(String::new()).into(), "= validity"),
        (Invalid::Request(String::new()).into(), "= request"),
        (Invalid::Validity(String::new()).into(), "= validity"),
        (Error::AlreadyRevoked(seven()), "= already-revoked"),
    ];
    for (error, expected) in &table {
        assert_eq!(made_of(&stage, Asker::Token(&text), error), *expected, "{error:?}");
        // Whoever shows a certificate is known by it, and nobody by nothing.
        let check = &expected[2..];
        assert_eq!(made_of(&stage, Asker::Holder(&presented), error), format!("= {check}"));
        assert_eq!(made_of(&stage, Asker::Anybody, error), format!("+ {check}"));
    }
    for error in [
        Error::Internal { what: "x", source: "y".into() },
        Error::Unavailable { what: "x".to_owned(), source: "y".into() },
    ] {
        assert_eq!(made_of(&stage, Asker::Token(&text), &error), "-");
    }
}

#[test]
fn an_entry_says_who_asked_for_what_and_no_more_than_is_useful() {
    let stage = Stage::new();
    let key = ec();
    let held = stage.sign(&stage.jwk(json!({})), &request_with(&key, |_| {}), ("", "")).unwrap();
    let entry = |by: Asker<'_>, error: &Error, serial: Option<&SerialNumber>| {
        let key = Some(key.public_key());
        let refused = RefusedRequest { operation: "revoke", by, error, key, serial, request_id: "request-3" };
        match stage.authority.refusal(&refused) {
            Refusal::Decided(entry) => {
                assert_eq!((entry.at, entry.action, entry.request_id.as_str()), (at(NOW), "refused", "request-3"));
                serde_json::from_str::<Value>(&entry.detail).unwrap()
            }
            other => panic!("{other:?}"),
        }
    };
    let fingerprint = rung_pki::hex(&key.public_key().fingerprint());
    let person = stage.id_token(json!({}));
    assert_eq!(
        entry(Asker::Token(&person), &token(TokenFault::Domain), Some(&seven())),
        json!({
            "operation": "revoke", "check": "domain", "reason": token(TokenFault::Domain).to_string(),
            "values": "with values", "provisioner": "sso", "type": "OIDC", "subject": "alice-1",
            "email": "alice@corp.example", "serial": "7", "key": fingerprint,
        })
    );
    let presented = Presented::in_tls(Arc::new(Shown::new(held.clone()))).unwrap();
    assert_eq!(
        entry(Asker::Holder(&presented), &Denial::Key("the key is weak".to_owned()).into(), None),
        json!({
            "operation": "revoke", "check": "key", "reason": "the key is weak", "subject": "foo.example",
            "serial": held.serial().to_string(), "key": fingerprint,
        })
    );
    // However long what they say is, an entry stays short.
    let long = stage.jwk(json!({"sub": "é".repeat(5000)}));
    let said = entry(Asker::Token(&long), &Denial::Name("n".repeat(5000)).into(), None);
    assert_eq!((said["subject"].as_str(), said["reason"].as_str()), (Some(&*"é".repeat(256)), Some(&*"n".repeat(256))));
}

#[test]
fn d10_a_record_is_these_octets() {
    let said = Said {
        position: 7,
        at: UNIX_EPOCH + Duration::from_millis(1_795_464_296_123),
        action: "issued",
        request_id: "a\"b",
        detail: "{\"serial\": \"1\" }",
    };
    let expected = format!(
        "{{\"position\":7,\"at\":1795464296123,\"action\":\"issued\",\"request_id\":\"a\\\"b\",\"detail\":{{\"serial\": \"1\" }},\
         \"previous\":\"{}\"}}",
        "0f".repeat(32)
    );
    assert_eq!(String::from_utf8(record(&said, &[15; 32])).unwrap(), expected);
    let odd = record(&Said { detail: "no JSON", ..said }, &[15; 32]);
    assert!(String::from_utf8(odd).unwrap().contains("\"detail\":\"no JSON\","));
}

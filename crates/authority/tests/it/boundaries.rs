//! The last moment at which something is still so, and the first at which it is not; and who reads what is on record.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, UNIX_EPOCH},
};

use rung_authority::{
    RenewRequest, RevokeRequest, Revoker,
    presented::{PresentError, Presented, Shown},
    renew::GRACE,
};
use rung_pki::{
    Certificate, CertificateContent, PrivateKey, SignatureAlgorithm,
    crl::Reason,
    extension,
    extension::oid,
    jose::{SignHeader, sign_compact},
};
use rung_spec::ResolvedClaims;
use serde_json::json;

use crate::stage::{NOW, Setup, Stage, describe, ec, now, request_with};

fn issued(stage: &Stage) -> (Certificate, PrivateKey) {
    let key = ec();
    (stage.sign(&stage.jwk(json!({})), &request_with(&key, |_| {}), ("", "")).unwrap(), key)
}

fn presented(certificate: &Certificate) -> Presented {
    Presented::in_tls(Arc::new(Shown::new(certificate.clone()))).unwrap()
}

fn renew(stage: &Stage, certificate: &Certificate) -> Result<Certificate, String> {
    let asked = RenewRequest { presented: &presented(certificate), rekey: None, request_id: "request-8" };
    now(stage.authority.renew(&asked)).map(|recorded| recorded.certificate().clone()).map_err(|error| describe(&error))
}

fn end(certificate: &Certificate) -> u64 {
    certificate.not_after().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Another certificate with the same serial number, by the same key of the authority.
fn with_the_same_number(stage: &Stage, certificate: &Certificate) -> Certificate {
    let content = CertificateContent {
        serial: *certificate.serial(),
        issuer_der: certificate.issuer_der().to_vec(),
        subject: certificate.subject().clone(),
        not_before: certificate.not_before(),
        not_after: certificate.not_after() + Duration::from_secs(1),
        public_key: certificate.public_key().unwrap().clone(),
        extensions: certificate.extensions().to_vec(),
    };
    now(content.sign(&*stage.issuer_key, SignatureAlgorithm::EcdsaSha256)).unwrap()
}

#[test]
fn c21_renewal_begins_and_ends_with_the_certificate() {
    let late = ResolvedClaims { allow_renewal_after_expiry: true, ..ResolvedClaims::default() };
    let stages = [Stage::new(), Stage::with(Setup { claims: late, ..Setup::default() })];
    for (stage, after) in stages.iter().zip([0, GRACE.as_secs()]) {
        let (certificate, _) = issued(stage);
        let renew_at = |seconds: u64| {
            stage.clock.0.store(seconds, Ordering::Relaxed);
            renew(stage, &certificate).map(drop)
        };
        assert_eq!(renew_at(NOW - 61), Err("401 NotYetValid".to_owned()));
        renew_at(NOW - 60).unwrap();
        renew_at(end(&certificate) + after).unwrap();
        assert!(renew_at(end(&certificate) + after + 1).unwrap_err().starts_with("401 Expired"));
    }
}

#[test]
fn c24_a_holder_revokes_until_the_end_of_the_certificate() {
    let stage = Stage::new();
    for (late, expected) in [(0, Ok(())), (1, Err("401 Expired"))] {
        stage.clock.0.store(NOW, Ordering::Relaxed);
        let (certificate, _) = issued(&stage);
        stage.clock.0.store(end(&certificate) + late, Ordering::Relaxed);
        let by = presented(&certificate);
        let (serial, reason) = (*certificate.serial(), Reason::Superseded);
        let asked = RevokeRequest { serial, reason, text: "", by: Revoker::Holder(&by), request_id: "request-9" };
        let said = now(stage.authority.revoke(&asked)).map_err(|error| describe(&error));
        match expected {
            Ok(()) => assert!(said.unwrap().was_on_record()),
            Err(text) => assert!(said.unwrap_err().starts_with(text)),
        }
    }
}

#[test]
fn c21_another_certificate_under_the_number_of_one_on_record_is_not_renewed() {
    let stage = Stage::new();
    let (certificate, _) = issued(&stage);
    let before = stage.written();
    assert_eq!(renew(&stage, &with_the_same_number(&stage, &certificate)).unwrap_err(), "401 NotOurs");
    assert_eq!(stage.written(), before);
}

#[test]
fn a_renewal_says_where_revocations_are_told_today() {
    let mut stage = Stage::new();
    let pointer = |address: &str| extension::crl_distribution_points(&[address.to_owned()]);
    stage.authority.profile.pointers = vec![pointer("http://old.test/crl")];
    let (certificate, _) = issued(&stage);
    stage.authority.profile.pointers = vec![pointer("http://new.test/crl")];
    let renewed = renew(&stage, &certificate).unwrap();
    let said: Vec<_> = renewed.extensions().iter().filter(|one| one.oid == oid::CRL_DISTRIBUTION_POINTS).collect();
    assert_eq!(said, [&pointer("http://new.test/crl")]);
    // Where nothing is configured any more, what it said is all there is.
    stage.authority.profile.pointers.clear();
    let kept = renew(&stage, &certificate).unwrap();
    assert_eq!(kept.extension(&oid::CRL_DISTRIBUTION_POINTS), Some(&pointer("http://old.test/crl")));
}

#[test]
fn t14_a_token_brings_ten_certificates_at_most() {
    let stage = Stage::new();
    let (certificate, key) = issued(&stage);
    let said = |count: usize| {
        let chain = [&[certificate.clone()][..], &vec![stage.authority.anchors[1].clone(); count - 1]].concat();
        let mut header = SignHeader { typ: Some("JWT"), ..SignHeader::default() };
        let encode = |certificate: &Certificate| {
            base64::Engine::encode(&base64::engine::general_purpose::STANDARD, certificate.der())
        };
        header.extra.insert("x5cInsecure", json!(chain.iter().map(encode).collect::<Vec<_>>()));
        let claims = json!({
            "iss": "step-ca-client/1.0", "sub": "foo.example", "aud": "https://ca.test:9000/renew", "exp": NOW + 300,
            "nbf": NOW,
        });
        let token = sign_compact(&header, claims.to_string().as_bytes(), &key).unwrap();
        match stage.authority.presented_by_token(&token) {
            Ok(_) => Ok(()),
            Err(PresentError::Certificate(refusal)) => Err(refusal.detail),
            Err(PresentError::Token(refusal)) => Err(refusal.detail),
        }
    };
    assert_eq!(said(10), Ok(()));
    assert_eq!(said(11), Err("11 certificates".to_owned()));
}

#[test]
fn readers_have_a_name_that_is_listed_and_a_certificate_that_holds() {
    let stage = Stage::new();
    let (certificate, _) = issued(&stage);
    let said = |certificate: &Certificate, readers: &[&str]| {
        let readers: Vec<String> = readers.iter().map(|name| (*name).to_owned()).collect();
        let reader = now(stage.authority.reader(&presented(certificate), &readers));
        reader.map(|reader| reader.name().to_owned()).map_err(|error| describe(&error))
    };
    let readers = ["ops@example.com", "foo.example"];
    let no_name = "403 the certificate has no name of those who may look through the certificates on record";
    assert_eq!(said(&certificate, &readers), Ok("foo.example".to_owned()));
    assert_eq!(said(&certificate, &["foo"]), Err(no_name.to_owned()));
    assert_eq!(said(&certificate, &[]), Err(no_name.to_owned()));
    for stranger in [with_the_same_number(&stage, &certificate), issued(&Stage::new()).0] {
        assert_eq!(said(&stranger, &readers), Err("401 NotOurs".to_owned()));
    }
    stage.clock.0.store(end(&certificate), Ordering::Relaxed);
    said(&certificate, &readers).unwrap();
    stage.clock.0.store(end(&certificate) + 1, Ordering::Relaxed);
    assert!(said(&certificate, &readers).unwrap_err().starts_with("401 Expired"));
    stage.clock.0.store(NOW, Ordering::Relaxed);
    let by = presented(&certificate);
    let (serial, reason) = (*certificate.serial(), Reason::Superseded);
    let asked = RevokeRequest { serial, reason, text: "", by: Revoker::Holder(&by), request_id: "request-9" };
    now(stage.authority.revoke(&asked)).unwrap();
    assert_eq!(said(&certificate, &readers), Err("401 Revoked".to_owned()));
}

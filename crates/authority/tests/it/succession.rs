//! Renewing, rekeying and revoking certificates.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use rung_authority::{
    RenewRequest, RevokeRequest, Revoker,
    issuer::Retired,
    presented::{PresentError, Presented, Shown},
};
use rung_pki::{
    Certificate, KeyAlgorithm, PrivateKey, SerialNumber, Signer, VerifiedRequest,
    crl::Reason,
    extension::oid,
    jose::{SignHeader, sign_compact},
};
use rung_spec::ResolvedClaims;
use serde_json::{Value, json};

use crate::stage::{DAY, NOW, Setup, Stage, at, describe, ec, merged, now, request, request_with};

/// A certificate with its key.
struct Held {
    certificate: Certificate,
    key: PrivateKey,
}

fn issued(stage: &Stage) -> Held {
    let key = ec();
    let certificate = stage.sign(&stage.jwk(json!({})), &request_with(&key, |_| {}), ("", "")).unwrap();
    Held { certificate, key }
}

fn renew(stage: &Stage, held: &Held, rekey: Option<&VerifiedRequest>) -> Result<Certificate, String> {
    let presented = Presented::in_tls(Arc::new(Shown::new(held.certificate.clone()))).unwrap();
    let asked = RenewRequest { presented: &presented, rekey, request_id: "request-8" };
    now(stage.authority.renew(&asked)).map(|recorded| recorded.certificate().clone()).map_err(|error| describe(&error))
}

fn revoke(stage: &Stage, serial: SerialNumber, reason: Reason, by: Revoker<'_>) -> Result<(), String> {
    let asked = RevokeRequest { serial, reason, text: "for a test", by, request_id: "request-9" };
    now(stage.authority.revoke(&asked)).map(drop).map_err(|error| describe(&error))
}

/// A token of the provisioner `admin` that ends the certificate with that serial number.
fn revoke_token(stage: &Stage, serial: &SerialNumber, changes: Value) -> String {
    let claims = json!({"aud": "https://ca.test/1.0/revoke", "sub": serial.to_string()});
    stage.jwk(merged(claims, changes))
}

fn revoke_by_admin(stage: &Stage, held: &Held, reason: Reason) {
    let token = revoke_token(stage, held.certificate.serial(), json!({}));
    revoke(stage, *held.certificate.serial(), reason, Revoker::Token(&token)).unwrap();
}

fn value<'a>(certificate: &'a Certificate, oid: &const_oid::ObjectIdentifier) -> Option<&'a [u8]> {
    certificate.extensions().iter().find(|extension| extension.oid == *oid).map(|extension| &extension.value[..])
}

#[test]
fn a_renewal_says_what_the_certificate_said() {
    let stage = Stage::new();
    let held = issued(&stage);
    stage.clock.0.store(NOW + DAY / 2, Ordering::Relaxed);
    let renewed = renew(&stage, &held, None).unwrap();
    let old = &held.certificate;
    assert_ne!(renewed.serial(), old.serial());
    assert_eq!(renewed.subject_der(), old.subject_der());
    assert_eq!(renewed.public_key().unwrap(), old.public_key().unwrap());
    assert_eq!(renewed.not_before(), at(NOW + DAY / 2 - 60));
    let lifetime =
        |certificate: &Certificate| certificate.not_after().duration_since(certificate.not_before()).unwrap();
    assert_eq!(lifetime(&renewed), lifetime(old));
    for extension in old.extensions() {
        assert_eq!(value(&renewed, &extension.oid), Some(&extension.value[..]), "{}", extension.oid);
    }
    assert_eq!(renewed.extensions().len(), old.extensions().len());
    assert_eq!(renewed.extensions()[0].oid, oid::AUTHORITY_KEY_IDENTIFIER);
    let audit = now(stage.store.audit(2, 1)).unwrap();
    assert_eq!((audit[0].action.as_str(), audit[0].request_id.as_str()), ("renewed", "request-8"));
    // And so does the renewal of the renewal.
    renew(&stage, &Held { certificate: renewed, key: held.key }, None).unwrap();
}

#[test]
fn c23_a_rekey_is_for_a_good_new_key() {
    let stage = Stage::new();
    let held = issued(&stage);
    let key = ec();
    let rekeyed = renew(&stage, &held, Some(&request_with(&key, |_| {}))).unwrap();
    assert_eq!(rekeyed.public_key().unwrap(), key.public_key());
    assert_eq!(rekeyed.subject_key_identifier(), Some(&key.public_key().key_identifier()[..]));
    assert_eq!(value(&rekeyed, &oid::SUBJECT_ALT_NAME), value(&held.certificate, &oid::SUBJECT_ALT_NAME));
    let before = stage.written();
    for (case, key, expected) in [
        ("the same key", &held.key, "403 certificate request has the key of the certificate that it replaces"),
        ("the key of the CA", &*stage.issuer_key, "403 certificate request has the key of the certificate authority"),
        ("the key of the root", &stage.root_key, "403 certificate request has the key of the certificate authority"),
    ] {
        let said = renew(&stage, &held, Some(&request_with(key, |_| {}))).unwrap_err();
        assert!(said.starts_with(expected), "{case}: {said}");
    }
    assert_eq!(stage.written(), before);
}

#[test]
fn c21_a_renewal_follows_the_rules_of_today() {
    let day = Duration::from_secs(DAY);
    let hour = Duration::from_secs(3600);
    let with = |claims: ResolvedClaims| Stage::with(Setup { claims, ..Setup::default() });
    let usual = ResolvedClaims::default();
    // Lifetimes that are not allowed any more.
    let stage = with(ResolvedClaims { max_tls: 10 * day, default_tls: 10 * day, ..usual });
    let long = issued(&stage);
    let mut later = with(ResolvedClaims { max_tls: hour, default_tls: hour, ..usual });
    later.authority.issuer = reissued(&stage);
    let short = renew(&later, &long, None).unwrap();
    assert_eq!(short.not_after(), at(NOW - 60) + hour + Duration::from_secs(60));
    // Renewal that is not allowed.
    let mut never = with(ResolvedClaims { disable_renewal: true, ..usual });
    never.authority.issuer = reissued(&stage);
    assert_eq!(renew(&never, &long, None).unwrap_err(), "401 RenewalDisabled");
    // A provisioner that is gone.
    let mut alone = Stage::new();
    alone.authority.issuer = reissued(&stage);
    alone.authority.provisioners = rung_authority::provisioner::Collection::default();
    assert_eq!(renew(&alone, &long, None).unwrap_err(), "401 ProvisionerGone");
    // Before and after its time.
    let stage = Stage::new();
    let held = issued(&stage);
    stage.clock.0.store(NOW - 3600, Ordering::Relaxed);
    assert_eq!(renew(&stage, &held, None).unwrap_err(), "401 NotYetValid");
    stage.clock.0.store(NOW + DAY + 1, Ordering::Relaxed);
    assert!(renew(&stage, &held, None).unwrap_err().starts_with("401 Expired"));
    let late = with(ResolvedClaims { allow_renewal_after_expiry: true, ..usual });
    let held = issued(&late);
    late.clock.0.store(NOW + 30 * DAY, Ordering::Relaxed);
    renew(&late, &held, None).unwrap();
    late.clock.0.store(NOW + 31 * DAY + 1, Ordering::Relaxed);
    assert!(renew(&late, &held, None).unwrap_err().starts_with("401 Expired"), "nothing is renewed for ever");
}

/// An issuer with the key and certificate of that stage.
fn reissued(stage: &Stage) -> rung_authority::issuer::Issuer {
    let (issuer, root) = (stage.authority.issuer.certificate().clone(), stage.authority.anchors[0].clone());
    rung_authority::issuer::Issuer::new(stage.issuer_key.clone(), vec![issuer], &[root], at(NOW)).unwrap()
}

#[test]
fn c21_only_certificates_of_this_authority_are_renewed() {
    let stage = Stage::new();
    // The same names everywhere, but other keys.
    let foreign = issued(&Stage::new());
    let before = stage.written();
    assert_eq!(renew(&stage, &foreign, None).unwrap_err(), "401 NotOurs");
    assert_eq!(stage.written(), before);
    // One that was issued before this database, as it names its provisioner.
    let mut other = Stage::new();
    other.authority.issuer = reissued(&stage);
    renew(&other, &issued(&stage), None).unwrap();
}

#[test]
fn c21_revoked_certificates_and_keys_are_not_renewed() {
    let stage = Stage::new();
    let held = issued(&stage);
    let renewed = Held { certificate: renew(&stage, &held, None).unwrap(), key: held.key };
    let held = Held { certificate: held.certificate, key: ec() };
    revoke_by_admin(&stage, &held, Reason::KeyCompromise);
    assert_eq!(renew(&stage, &held, None).unwrap_err(), "401 Revoked");
    // Its successor has the same key, and the key is what was lost.
    assert!(renew(&stage, &renewed, None).unwrap_err().starts_with("403 the key was revoked"));
    let again = stage.sign(&stage.jwk(json!({})), &request_with(&renewed.key, |_| {}), ("", ""));
    assert!(again.unwrap_err().starts_with("403 the key was revoked"), "c06");
    // With a new key it goes on.
    renew(&stage, &renewed, Some(&request(|_| {}))).unwrap();
    // A reason that says nothing against the key leaves it usable.
    let held = issued(&stage);
    revoke_by_admin(&stage, &held, Reason::Superseded);
    stage.sign(&stage.jwk(json!({})), &request_with(&held.key, |_| {}), ("", "")).unwrap();
}

/// A renewal token with changed claims, by that key and with those certificates.
fn renewal_token(stage: &Stage, held: &Held, changes: Value) -> String {
    let chain = [&held.certificate, &stage.authority.anchors[1]];
    let chain: Vec<String> = chain.iter().map(|certificate| STANDARD.encode(certificate.der())).collect();
    let mut header = SignHeader { typ: Some("JWT"), ..SignHeader::default() };
    header.extra.insert("x5cInsecure", json!(chain));
    let claims = json!({
        "iss": "step-ca-client/1.0", "sub": "foo.example", "aud": "https://ca.test:9000/renew",
        "exp": NOW + 300, "nbf": NOW, "iat": NOW,
    });
    sign_compact(&header, merged(claims, changes).to_string().as_bytes(), &held.key).unwrap()
}

#[test]
fn t24_a_renewal_token_shows_a_certificate_once() {
    let stage = Stage::new();
    let held = issued(&stage);
    let said = |token: &str| match stage.authority.presented_by_token(token) {
        Ok(presented) => {
            let asked = RenewRequest { presented: &presented, rekey: None, request_id: "request-10" };
            now(stage.authority.renew(&asked)).map(drop).map_err(|error| describe(&error))
        }
        Err(PresentError::Certificate(refusal)) => Err(format!("401 {:?}", refusal.fault)),
        Err(PresentError::Token(refusal)) => Err(format!("401 {:?}", refusal.fault)),
    };
    for (case, changes, expected) in [
        ("another subject", json!({"sub": "bar.example"}), "401 Subject"),
        ("t20: a token for another operation", json!({"aud": "https://ca.test/1.0/sign"}), "401 Audience"),
        ("t20: another CA", json!({"aud": "https://other.test/renew"}), "401 Audience"),
        ("the literal of old clients", json!({"aud": "step-certificate-authority"}), "401 Audience"),
        ("another issuer", json!({"iss": "somebody"}), "401 Issuer"),
        ("expired", json!({"exp": NOW - 61}), "401 Expired"),
        ("without an end", json!({"exp": null}), "401 ExpiryMissing"),
        ("for a day", json!({"exp": NOW + DAY}), "401 Lifetime"),
        ("of the future", json!({"nbf": NOW + 120}), "401 NotYetValid"),
        ("t24: from before the start", json!({"iat": NOW - 1001, "nbf": null}), "401 IssuedBeforeStart"),
        ("t24: valid since before the start", json!({"iat": null, "nbf": NOW - 1001}), "401 IssuedBeforeStart"),
        ("t24: since no time", json!({"iat": null, "nbf": null}), "401 IssuedAtMissing"),
    ] {
        assert_eq!(said(&renewal_token(&stage, &held, changes)).unwrap_err(), expected, "{case}");
    }
    let thief = Held { certificate: held.certificate.clone(), key: ec() };
    assert_eq!(said(&renewal_token(&stage, &thief, json!({}))).unwrap_err(), "401 Signature");
    let foreign = issued(&Stage::new());
    assert_eq!(said(&renewal_token(&stage, &foreign, json!({}))).unwrap_err(), "401 Unverified");
    assert_eq!(said(&stage.jwk(json!({}))).unwrap_err(), "401 Unverified");
    let token = renewal_token(&stage, &held, json!({}));
    said(&token).unwrap();
    assert_eq!(said(&token).unwrap_err(), "401 Spent ()");
    said(&renewal_token(&stage, &held, json!({"iss": "admin", "iat": NOW - 1}))).unwrap();
    said(&renewal_token(&stage, &held, json!({"iat": NOW - 1000, "nbf": null}))).unwrap();
    // Some clients say only from when on a token is valid.
    said(&renewal_token(&stage, &held, json!({"iat": null, "nbf": NOW - 1}))).unwrap();
}

#[test]
fn t14_a_ca_certificate_renews_nothing() {
    let stage = Stage::new();
    let intermediate = Held { certificate: stage.authority.anchors[1].clone(), key: ec() };
    let said = renew(&stage, &intermediate, None).unwrap_err();
    assert_eq!(said, "401 NotOurs");
}

#[test]
fn c24_a_token_revokes_what_it_names() {
    let stage = Stage::new();
    let (held, other) = (issued(&stage), issued(&stage));
    let serial = *held.certificate.serial();
    let before = stage.written();
    let try_with = |token: &str| revoke(&stage, serial, Reason::Superseded, Revoker::Token(token)).unwrap_err();
    let named = |changes: Value| revoke_token(&stage, &serial, changes);
    for (case, token, expected) in [
        (
            "another certificate",
            revoke_token(&stage, other.certificate.serial(), json!({})),
            "403 request serial number",
        ),
        (
            "the number in hexadecimal",
            named(json!({"sub": format!("0x{}", serial.to_hex())})),
            "403 request serial number",
        ),
        ("t20: a sign token", named(json!({"aud": "https://ca.test/1.0/sign"})), "401 Audience"),
        ("t20: an ssh token", named(json!({"aud": "https://ca.test/1.0/ssh/revoke"})), "401"),
        ("expired", named(json!({"exp": NOW - 61})), "401 Expired"),
        ("another provisioner", named(json!({"iss": "ops"})), "401"),
    ] {
        let said = try_with(&token);
        assert!(said.starts_with(expected), "{case}: {said}");
    }
    assert_eq!(stage.written(), before);
    let token = named(json!({}));
    revoke(&stage, serial, Reason::Superseded, Revoker::Token(&token)).unwrap();
    assert!(try_with(&token).starts_with("401 Spent"));
    assert_eq!(try_with(&named(json!({}))), "400 already revoked");
    let audit = now(stage.store.audit(3, 10)).unwrap();
    assert_eq!(audit.len(), 1);
    let detail: Value = serde_json::from_str(&audit[0].detail).unwrap();
    assert_eq!(
        detail,
        json!({
            "serial": serial.to_string(), "reason": "superseded", "text": "for a test", "on_record": true,
            "by": format!("a token of the provisioner admin for {serial}"), "key_condemned": false,
        })
    );
}

#[test]
fn c24_a_token_does_not_reach_what_others_granted() {
    let stage = Stage::new();
    let key = ec();
    let person = stage.sign(&stage.id_token(json!({})), &request_with(&key, |_| {}), ("", "")).unwrap();
    let token = revoke_token(&stage, person.serial(), json!({}));
    let said = revoke(&stage, *person.serial(), Reason::Superseded, Revoker::Token(&token)).unwrap_err();
    assert!(said.contains("was granted by the provisioner \"sso\""), "{said}");
    // What this CA does not know may be from before its database, and is better ended than not.
    let unknown: SerialNumber = "12345".parse().unwrap();
    let token = revoke_token(&stage, &unknown, json!({}));
    revoke(&stage, unknown, Reason::Unspecified, Revoker::Token(&token)).unwrap();
}

#[test]
fn c24_people_revoke_their_own_and_administrators_everything() {
    let rules =
        rung_authority::provisioner::oidc::Rules { admins: vec!["root@corp.example".to_owned()], ..Default::default() };
    let stage = Stage::with(Setup { rules, ..Setup::default() });
    let by = |email: &str| stage.id_token(json!({"email": email, "sub": email}));
    let certificate = |email: &str| stage.sign(&by(email), &request(|_| {}), ("", "")).unwrap();
    let (alice, bob) = (certificate("alice@corp.example"), certificate("bob@corp.example"));
    let end = |who: &Certificate, token: &str| revoke(&stage, *who.serial(), Reason::Superseded, Revoker::Token(token));
    assert!(end(&bob, &by("alice@corp.example")).unwrap_err().starts_with("403 a login ends"));
    end(&alice, &by("alice@corp.example")).unwrap();
    end(&bob, &by("root@corp.example")).unwrap();
    let service = issued(&stage).certificate;
    end(&service, &by("root@corp.example")).unwrap();
}

#[test]
fn who_signed_what_is_shown_is_remembered_and_whether_they_still_issue_is_asked() {
    let (mut stage, mut other) = (Stage::new(), Stage::new());
    let held = issued(&stage);
    let presented = Presented::in_tls(Arc::new(Shown::new(held.certificate.clone()))).unwrap();
    let renew = |stage: &Stage| {
        let asked = RenewRequest { presented: &presented, rekey: None, request_id: "request-8" };
        now(stage.authority.renew(&asked)).map(drop).map_err(|error| describe(&error))
    };
    renew(&stage).unwrap();
    // Somebody else issues now, and the one before is still somebody.
    std::mem::swap(&mut stage.authority.issuer, &mut other.authority.issuer);
    let retired = Retired { issuer: other.authority.issuer, until: at(NOW + 100) };
    assert_eq!(renew(&stage).unwrap_err(), "401 NotOurs");
    stage.authority.retired.push(retired);
    renew(&stage).unwrap();
    stage.clock.0.store(NOW + 100, Ordering::Relaxed);
    assert_eq!(renew(&stage).unwrap_err(), "401 NotOurs");
}

#[test]
fn c24_a_holder_revokes_what_they_show() {
    let stage = Stage::new();
    let (held, other) = (issued(&stage), issued(&stage));
    let presented = Presented::in_tls(Arc::new(Shown::new(held.certificate.clone()))).unwrap();
    let end = |serial: &SerialNumber| revoke(&stage, *serial, Reason::KeyCompromise, Revoker::Holder(&presented));
    assert!(end(other.certificate.serial()).unwrap_err().starts_with("403 request serial number"));
    end(held.certificate.serial()).unwrap();
    assert_eq!(end(held.certificate.serial()).unwrap_err(), "400 already revoked");
    let foreign = issued(&Stage::new());
    let presented = Presented::in_tls(Arc::new(Shown::new(foreign.certificate.clone()))).unwrap();
    let said = revoke(&stage, *foreign.certificate.serial(), Reason::Unspecified, Revoker::Holder(&presented));
    assert_eq!(said.unwrap_err(), "401 NotOurs");
    let key = PrivateKey::generate(KeyAlgorithm::Ed25519).unwrap();
    assert!(stage.sign(&stage.jwk(json!({})), &request_with(&key, |_| {}), ("", "")).is_ok(), "others go on");
}

//! What fuzz targets call, and the tests that replay what they found: octets from outside on their way through the
//! parsers and everything that shows or judges what they read. Nothing here may panic, whatever the octets are.

use std::time::{Duration, SystemTime};

use rung_pki::Certificate;
use rung_pki::crl::Crl;
use rung_pki::ocsp::{HashAlgorithm, IssuerHashes, Response};

use crate::commands::crypto::kdf::phc::Expected;
use crate::commands::crypto::otp::secret::Secret;
use crate::inspect::{Document, Issuers, Validity, crl_json, crl_text, json, parse, short, text};
use crate::lint::lint;
use crate::pe;
use crate::revocation::signer;

/// What a target does with octets.
pub type Target = fn(&[u8]);

/// Every target with its name.
pub const TARGETS: &[(&str, Target)] = &[
    ("answer", answer),
    ("certificate", certificate),
    ("list", list),
    ("otp", otp),
    ("password", password),
    ("program", program),
    ("request", request),
];

/// Certificates, PEM or DER.
pub fn certificate(octets: &[u8]) {
    let Ok(documents) = parse(octets) else { return };
    for document in &documents {
        show(document, &documents);
        if let Document::Certificate(certificate) = document {
            let _ = lint(certificate, now());
        }
    }
}

/// Certificate requests, PEM or DER.
pub fn request(octets: &[u8]) {
    let Ok(documents) = parse(octets) else { return };
    for document in &documents {
        show(document, &documents);
        if let Document::Request(request) = document {
            let _ = request.clone().verify();
        }
    }
}

/// Lists of revoked certificates, PEM or DER.
pub fn list(octets: &[u8]) {
    let Ok(list) = Crl::from_pem_or_der(octets) else { return };
    let validity = Validity::new(signer(&list, &[issuer()], now()).err(), false);
    let mut shown = String::new();
    let mut keep = |part: &str| {
        shown.push_str(part);
        Ok(())
    };
    crl_text(&list, &validity, &mut keep).expect("strings take everything");
    crl_json(&list, &validity, &mut keep).expect("strings take everything");
    let _ = list.to_pem();
}

/// Answers of OCSP responders.
pub fn answer(octets: &[u8]) {
    let issuer = issuer();
    let Ok(verified) = Response::from_der(octets).and_then(|answer| answer.verify(&issuer, None, now())) else {
        return;
    };
    let hashes = IssuerHashes::of(&issuer).expect("a key of a known kind");
    let _ = verified.about(&hashes.id(HashAlgorithm::Sha1, issuer.serial()), now());
}

/// Windows programs, and the certificates in their signatures.
pub fn program(octets: &[u8]) {
    for certificate in pe::certificates(octets).unwrap_or_default() {
        show(&Document::Certificate(certificate), &[]);
    }
}

/// Hashes of passwords as text. No password is compared: the costs that a text may ask for would only cost time.
pub fn password(octets: &[u8]) {
    if let Ok(text) = std::str::from_utf8(octets) {
        let _ = Expected::parse(text);
    }
}

/// Secrets of one-time passwords; what is read is written, and read again as the same.
pub fn otp(octets: &[u8]) {
    let Ok(Ok(secret)) = std::str::from_utf8(octets).map(Secret::parse) else { return };
    let code = secret.code(57_000_000);
    for written in [secret.to_url("Example CA", "me@a.com: you"), secret.to_url("", "")] {
        let again = Secret::parse(&written).expect("what was written is read");
        assert_eq!((&*again.octets, &*again.code(57_000_000)), (&*secret.octets, &*code));
    }
    let again = Secret::parse(&secret.to_base32()).expect("what was written is read");
    assert_eq!(again.octets, secret.octets);
}

fn show(document: &Document, all: &[Document]) {
    for now in [None, Some(now())] {
        let _ = text(document, now);
        let _ = short(document, now);
    }
    let _ = json(document, &Issuers::among(all)).pretty();
    let _ = (document.to_pem(), document.fingerprint());
}

/// A CA whose key nobody has any more.
fn issuer() -> Certificate {
    Certificate::from_pem(ISSUER).expect("a certificate")
}

const ISSUER: &[u8] = include_bytes!("../tests/vectors/ca.pem");

/// Some day in 2026.
fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_772_409_600)
}

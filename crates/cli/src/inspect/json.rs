//! Certificates and certificate requests as JSON: the document that scripts know, with what is wrong in it mended.

mod extension;
mod key;
mod name;
mod purposes;
mod request;
mod value;

use std::time::SystemTime;

use aws_lc_rs::digest;
use md5::Digest as _;
use rung_pki::extension::Decoded;
use rung_pki::{Certificate, Extension, sha256};

use super::{Document, rfc3339, tlv};
use extension::CertificateExtensions;

pub(super) use name::of_issuer as name_of_issuer;
pub(crate) use value::{Json, Object, decimal};

/// A document as JSON. `others` are looked through for the issuer, to tell whether the signature is valid.
pub(crate) fn json(document: &Document, others: &[Document]) -> Json {
    match document {
        Document::Certificate(certificate) => of_certificate(certificate, others).into(),
        Document::Request(request) => request::json(request).into(),
    }
}

fn of_certificate(certificate: &Certificate, others: &[Document]) -> Object {
    let mut out = Object::new();
    let extensions = CertificateExtensions::of(certificate.extensions());
    out.put("version", Json::number(certificate.version()));
    out.put("serial_number", certificate.serial().to_string());
    out.put("signature_algorithm", algorithm(certificate));
    out.put("issuer", name::json(certificate.issuer()));
    out.put_some("issuer_dn", name::joined(certificate.issuer()));
    out.put("validity", validity(certificate.not_before(), certificate.not_after()));
    out.put("subject", name::json(certificate.subject()));
    out.put_some("subject_dn", name::joined(certificate.subject()));
    out.put("subject_key_info", key::json(certificate.public_key_info()));
    out.put("extensions", extensions.known);
    out.put_list("unknown_extensions", extensions.unknown);
    out.put("signature", signature(certificate, others));
    out.put("fingerprint_md5", Json::hex(&md5::Md5::digest(certificate.der())));
    let sha1 = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, certificate.der());
    out.put("fingerprint_sha1", Json::hex(sha1.as_ref()));
    out.put("fingerprint_sha256", Json::hex(&certificate.fingerprint()));
    let tbs = certificate.tbs_der();
    let without_logs = without_logs(tbs).map_or_else(|| sha256(tbs), |tbs| sha256(&tbs));
    out.put("tbs_noct_fingerprint", Json::hex(&without_logs));
    let key_and_subject = [certificate.public_key_info(), certificate.subject_der()].concat();
    out.put("spki_subject_fingerprint", Json::hex(&sha256(&key_and_subject)));
    out.put("tbs_fingerprint", Json::hex(&sha256(tbs)));
    out.put("validation_level", validation_level(certificate.extensions()));
    out.put_list("names", name::all(certificate).into_iter().map(Json::Text).collect());
    out.put("redacted", name::is_redacted(certificate));
    out
}

fn algorithm(certificate: &Certificate) -> Object {
    named_algorithm(super::algorithm_name(certificate), certificate.signature_algorithm_oid().to_string())
}

/// Name and object identifier of an algorithm.
pub(super) fn named_algorithm(name: String, oid: String) -> Object {
    let mut out = Object::new();
    out.put("name", name);
    out.put("oid", oid);
    out
}

fn validity(start: SystemTime, end: SystemTime) -> Object {
    let mut out = Object::new();
    out.put("start", rfc3339(start));
    out.put("end", rfc3339(end));
    let length = match end.duration_since(start) {
        Ok(length) => length.as_secs().to_string(),
        Err(negative) => format!("-{}", negative.duration().as_secs()),
    };
    out.put("length", Json::Number(length));
    out
}

fn signature(certificate: &Certificate, others: &[Document]) -> Object {
    let mut out = Object::new();
    out.put("signature_algorithm", algorithm(certificate));
    out.put("value", Json::octets(certificate.signature()));
    let self_signed = certificate.is_self_signed();
    // Nothing is claimed when the key that signed is not here, or is of a kind that is not verified.
    out.put_some("valid", if self_signed { Some(true) } else { verified(certificate, others) });
    out.put("self_signed", self_signed);
    out
}

/// Whether the signature verifies with the key of an issuer that is here.
fn verified(certificate: &Certificate, others: &[Document]) -> Option<bool> {
    certificate.signature_algorithm()?;
    let certificates = others.iter().filter_map(|document| match document {
        Document::Certificate(other) => Some(other),
        Document::Request(_) => None,
    });
    let issuers = certificates.filter(|other| other.subject_der() == certificate.issuer_der());
    let mut keys = issuers.filter_map(|issuer| issuer.public_key().ok()).peekable();
    keys.peek()?;
    Some(keys.any(|key| certificate.is_signed_by(key).is_ok()))
}

/// The part that is signed without what certificate transparency adds, if it added anything (RFC 6962 §3.2).
fn without_logs(tbs: &[u8]) -> Option<Vec<u8>> {
    let fields = tlv::one(tbs)?.children()?;
    let (last, others) = fields.split_last()?;
    if last.tag != 0xa3 {
        return None;
    }
    let list = tlv::one(last.content)?.children()?;
    let is_of_logs = |one: &tlv::Element<'_>| {
        let oid = one.children().and_then(|parts| parts.first()?.oid());
        oid.is_some_and(|oid| oid == extension::SIGNED_TIMESTAMPS || oid == extension::POISON)
    };
    let kept: Vec<u8> =
        list.iter().filter(|one| !is_of_logs(one)).flat_map(|one| tlv::write(one.tag, one.content)).collect();
    let mut content: Vec<u8> = others.iter().flat_map(|field| tlv::write(field.tag, field.content)).collect();
    if !kept.is_empty() {
        content.extend(tlv::write(0xa3, &tlv::write(0x30, &kept)));
    }
    Some(tlv::write(0x30, &content))
}

/// What was validated, as the policies of the CA/Browser Forum say it.
fn validation_level(extensions: &[Extension]) -> &'static str {
    let policies = extensions.iter().find_map(|extension| match extension.decode() {
        Decoded::CertificatePolicies(policies) => Some(policies),
        _ => None,
    });
    let oids: Vec<String> = policies.unwrap_or_default().iter().map(|policy| policy.oid.to_string()).collect();
    let level = LEVELS.iter().find(|(oid, _)| oids.iter().any(|found| found == oid));
    level.map_or("unknown", |(_, level)| level)
}

const LEVELS: [(&str, &str); 3] = [("2.23.140.1.1", "EV"), ("2.23.140.1.2.2", "OV"), ("2.23.140.1.2.1", "DV")];

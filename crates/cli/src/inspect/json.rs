//! Certificates and certificate requests as JSON: the document that scripts know, with what is wrong in it mended.

mod extension;
mod key;
mod name;
mod purposes;
mod request;
mod value;

use std::collections::HashMap;
use std::time::SystemTime;

use aws_lc_rs::digest;
use md5::Digest as _;
use rung_pki::extension::Decoded;
use rung_pki::{Certificate, Extension, sha256};

use super::{Document, rfc3339, tlv};
use extension::CertificateExtensions;

pub(crate) use key::json as key_info;
pub(super) use name::of_issuer as name_of_issuer;
pub(crate) use value::{Json, Object, decimal};

/// Certificates by their subject, to find the issuers of others.
#[derive(Debug)]
pub(crate) struct Issuers<'a>(HashMap<&'a [u8], Vec<&'a Certificate>>);

impl<'a> Issuers<'a> {
    /// All certificates of these documents.
    pub(crate) fn among(documents: &'a [Document]) -> Self {
        let mut by_subject: HashMap<&[u8], Vec<&Certificate>> = HashMap::new();
        for document in documents {
            if let Document::Certificate(certificate) = document {
                by_subject.entry(certificate.subject_der()).or_default().push(certificate);
            }
        }
        Self(by_subject)
    }
}

/// A document as JSON. `issuers` are those whose keys are here, to tell whether the signature is valid.
pub(crate) fn json(document: &Document, issuers: &Issuers<'_>) -> Json {
    match document {
        Document::Certificate(certificate) => of_certificate(certificate, issuers).into(),
        Document::Request(request) => request::json(request).into(),
    }
}

fn of_certificate(certificate: &Certificate, issuers: &Issuers<'_>) -> Object {
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
    out.put("signature", signature(certificate, issuers));
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

fn signature(certificate: &Certificate, issuers: &Issuers<'_>) -> Object {
    let mut out = Object::new();
    out.put("signature_algorithm", algorithm(certificate));
    out.put("value", Json::octets(certificate.signature()));
    let self_signed = certificate.is_self_signed();
    // Nothing is claimed when the key that signed is not here, or is of a kind that is not verified.
    out.put_some("valid", if self_signed { Some(true) } else { verified(certificate, issuers) });
    out.put("self_signed", self_signed);
    out
}

/// Whether the signature verifies with the key of an issuer that is here.
fn verified(certificate: &Certificate, issuers: &Issuers<'_>) -> Option<bool> {
    certificate.signature_algorithm()?;
    let named = issuers.0.get(certificate.issuer_der())?;
    let mut keys = named.iter().filter_map(|issuer| issuer.public_key().ok()).take(MOST_ISSUERS).peekable();
    keys.peek()?;
    let valid = keys.any(|key| certificate.is_signed_by(key).is_ok());
    // Somebody may have put in very many of one name; not all of them are tried, and then nothing is claimed.
    (valid || named.len() <= MOST_ISSUERS).then_some(valid)
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

const MOST_ISSUERS: usize = 8;
const LEVELS: [(&str, &str); 3] = [("2.23.140.1.1", "EV"), ("2.23.140.1.2.2", "OV"), ("2.23.140.1.2.1", "DV")];

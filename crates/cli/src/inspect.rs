//! Certificates and certificate requests in files, and how they are shown.

mod crl;
mod extension;
mod hex;
mod json;
mod key;
mod short;
#[cfg(test)]
mod tests;
mod text;
pub(crate) mod tlv;

use anyhow::{Context as _, bail};
use rung_pki::{Certificate, CertificateRequest, pem, sha256};

use crate::call::Call;
use crate::{input, peer};

pub(crate) use crl::{Validity, json as crl_json, text as crl_text};
pub(crate) use json::{Issuers, Json, Object, json, key_info};
pub(crate) use key::{dsa_numbers, dsa_sizes, kind};
pub(crate) use short::short;
pub(crate) use text::{hex_lines, rfc3339, text};

/// A certificate, or the request for one.
#[derive(Debug, Clone)]
pub(crate) enum Document {
    /// A certificate.
    Certificate(Certificate),
    /// A certificate request, of which nothing is verified.
    Request(CertificateRequest),
}

impl Document {
    /// The DER.
    pub(crate) fn der(&self) -> &[u8] {
        match self {
            Self::Certificate(certificate) => certificate.der(),
            Self::Request(request) => request.der(),
        }
    }

    /// A PEM block.
    pub(crate) fn to_pem(&self) -> String {
        match self {
            Self::Certificate(certificate) => certificate.to_pem(),
            Self::Request(request) => request.to_pem(),
        }
    }

    /// The certificate, if it is one.
    pub(crate) fn into_certificate(self) -> Option<Certificate> {
        match self {
            Self::Certificate(certificate) => Some(certificate),
            Self::Request(_) => None,
        }
    }

    /// SHA-256 of the DER.
    pub(crate) fn fingerprint(&self) -> [u8; 32] {
        sha256(self.der())
    }
}

/// Read what the first argument of a command with [`peer::FLAGS`] names: a server, a file, or standard input.
pub(crate) fn open(call: &Call) -> anyhow::Result<Vec<Document>> {
    let place = call.argument(0).unwrap_or("-");
    if !peer::is_url(place) {
        return read(place);
    }
    let chain = peer::Flags::of(call)?.fetch(place)?.trusted()?;
    Ok(chain.into_iter().map(Document::Certificate).collect())
}

/// Read what is in a file, or in standard input for `-`: certificates, else one request; PEM or DER.
pub(crate) fn read(file: &str) -> anyhow::Result<Vec<Document>> {
    let contents = input::read("the certificate", file)?;
    let found = parse(&contents).with_context(|| format!("file {} cannot be used", input::name(file)))?;
    if found.is_empty() {
        bail!("file {file} does not contain any valid CERTIFICATE or CERTIFICATE REQUEST blocks");
    }
    Ok(found)
}

/// The documents in `contents`; requests only when there is no certificate.
pub(crate) fn parse(contents: &[u8]) -> anyhow::Result<Vec<Document>> {
    if !contents.windows(BEGIN.len()).any(|window| window == BEGIN) {
        return Ok(parse_der(contents).into_iter().collect());
    }
    let blocks = pem::decode_all(contents)?;
    let labelled = |labels: &'static [&'static str]| {
        blocks.iter().filter(move |block| labels.contains(&block.label.as_str())).map(|block| &block.contents)
    };
    let mut found = Vec::new();
    for der in labelled(&["CERTIFICATE", "X509 CERTIFICATE"]) {
        found.push(Document::Certificate(Certificate::from_der(der)?));
    }
    if found.is_empty() {
        for der in labelled(&["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"]).take(1) {
            found.push(Document::Request(CertificateRequest::from_der(der)?));
        }
    }
    Ok(found)
}

fn parse_der(contents: &[u8]) -> Option<Document> {
    let certificate = Certificate::from_der(contents).map(Document::Certificate);
    certificate.ok().or_else(|| CertificateRequest::from_der(contents).ok().map(Document::Request))
}

/// What has a signature.
trait Signed {
    /// The name of the signature's algorithm, or its object identifier.
    fn name(&self) -> String;
}

impl Signed for Certificate {
    fn name(&self) -> String {
        self.signature_algorithm_name()
    }
}

impl Signed for CertificateRequest {
    fn name(&self) -> String {
        self.signature_algorithm_name()
    }
}

/// The name of the algorithm that something is signed with.
fn algorithm_name(signed: &impl Signed) -> String {
    named(signed.name())
}

/// The name of an algorithm that only has an object identifier elsewhere (FIPS 204 and 205, RFC 8410).
fn named(oid: String) -> String {
    let known = ALGORITHMS.iter().find(|(known, _)| *known == oid);
    known.map_or(oid, |(_, name)| (*name).to_owned())
}

const ALGORITHMS: [(&str, &str); 20] = [
    ("1.3.101.110", "X25519"),
    ("2.16.840.1.101.3.4.4.1", "ML-KEM-512"),
    ("2.16.840.1.101.3.4.4.2", "ML-KEM-768"),
    ("2.16.840.1.101.3.4.4.3", "ML-KEM-1024"),
    ("2.16.840.1.101.3.4.3.17", "ML-DSA-44"),
    ("2.16.840.1.101.3.4.3.18", "ML-DSA-65"),
    ("2.16.840.1.101.3.4.3.19", "ML-DSA-87"),
    ("2.16.840.1.101.3.4.3.20", "SLH-DSA-SHA2-128s"),
    ("2.16.840.1.101.3.4.3.21", "SLH-DSA-SHA2-128f"),
    ("2.16.840.1.101.3.4.3.22", "SLH-DSA-SHA2-192s"),
    ("2.16.840.1.101.3.4.3.23", "SLH-DSA-SHA2-192f"),
    ("2.16.840.1.101.3.4.3.24", "SLH-DSA-SHA2-256s"),
    ("2.16.840.1.101.3.4.3.25", "SLH-DSA-SHA2-256f"),
    ("2.16.840.1.101.3.4.3.26", "SLH-DSA-SHAKE-128s"),
    ("2.16.840.1.101.3.4.3.27", "SLH-DSA-SHAKE-128f"),
    ("2.16.840.1.101.3.4.3.28", "SLH-DSA-SHAKE-192s"),
    ("2.16.840.1.101.3.4.3.29", "SLH-DSA-SHAKE-192f"),
    ("2.16.840.1.101.3.4.3.30", "SLH-DSA-SHAKE-256s"),
    ("2.16.840.1.101.3.4.3.31", "SLH-DSA-SHAKE-256f"),
    ("2.16.840.1.101.3.4.3.32", "HashML-DSA-44"),
];

const BEGIN: &[u8] = b"-----BEGIN ";

//! Reading answers, and believing them.

use std::time::{Duration, SystemTime};

use super::{Answer, CertId, CertStatus, ResponseStatus, answer::BASIC};
use crate::{
    Certificate,
    asn1::{Element, NotDer, Reader, read_time, tag},
    certificate::signature_algorithm,
    crl::Reason,
    extension::{Extension, Purpose, find, oid},
};

/// An answer as it came; nothing in it is verified.
#[derive(Debug, Clone)]
pub struct Response {
    status: ResponseStatus,
    basic: Option<Basic>,
}

#[derive(Debug, Clone)]
struct Basic {
    data: Vec<u8>,
    responder: Responder,
    answers: Vec<UncheckedAnswer>,
    nonce: Option<Vec<u8>>,
    algorithm: Vec<u8>,
    signature: Vec<u8>,
    certificates: Vec<Certificate>,
}

#[derive(Debug, Clone)]
enum Responder {
    Key(Vec<u8>),
    Name(Vec<u8>),
}

#[derive(Debug, Clone)]
struct UncheckedAnswer {
    id: CertId,
    status: CertStatus,
    this_update: SystemTime,
    next_update: Option<SystemTime>,
}

/// An answer that the issuer, or somebody it has delegated answering to, has signed.
#[derive(Debug, Clone)]
pub struct VerifiedResponse {
    answers: Vec<UncheckedAnswer>,
}

/// Why an answer is not one that may be relied on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResponseError {
    /// It is no answer.
    #[error("the OCSP response is malformed")]
    Malformed,
    /// It repeats another nonce than the question had, or none.
    #[error("the OCSP response is not for this request: its nonce differs")]
    Nonce,
    /// It does not speak about the certificate.
    #[error("the OCSP response does not speak about this certificate")]
    NotAbout,
    /// It is too old, or of the future.
    #[error("the OCSP response is not fresh")]
    Stale,
    /// The responder had no answer.
    #[error("the OCSP responder answered: {}", .0.name())]
    Status(ResponseStatus),
    /// Nobody who may has signed it.
    #[error("the OCSP response is not signed by the issuer or somebody it has authorized")]
    Unauthorized,
}

/// How far clocks may differ.
const TOLERANCE: Duration = Duration::from_secs(300);
/// Longer answers are not read.
const MAX_LEN: usize = 1 << 20;

impl Response {
    /// Read an answer in DER.
    ///
    /// # Errors
    /// When it is none.
    pub fn from_der(der: &[u8]) -> Result<Self, ResponseError> {
        if der.len() > MAX_LEN {
            return Err(ResponseError::Malformed);
        }
        read(der).map_err(|NotDer| ResponseError::Malformed)
    }

    /// What kind of answer it is.
    pub fn status(&self) -> ResponseStatus {
        self.status
    }

    /// Verify that `issuer` speaks through it, and that it repeats `nonce` if it repeats any.
    ///
    /// Responders that sign ahead repeat no nonce (RFC 9654 §3.1); then its times alone say whether it is fresh.
    ///
    /// # Errors
    /// When the responder had no answer, or nobody who may has signed it.
    pub fn verify(
        &self,
        issuer: &Certificate,
        nonce: Option<&[u8]>,
        now: SystemTime,
    ) -> Result<VerifiedResponse, ResponseError> {
        let Some(basic) = &self.basic else { return Err(ResponseError::Status(self.status)) };
        let signers = std::iter::once(issuer).chain(&basic.certificates);
        let mut signers = signers.filter(|signer| basic.is_from(signer) && may_answer(signer, issuer, now));
        if !signers.any(|signer| basic.is_signed_by(signer)) {
            return Err(ResponseError::Unauthorized);
        }
        if nonce.is_some() && basic.nonce.is_some() && basic.nonce.as_deref() != nonce {
            return Err(ResponseError::Nonce);
        }
        Ok(VerifiedResponse { answers: basic.answers.clone() })
    }
}

impl VerifiedResponse {
    /// What it says about a certificate, if that may be relied on now.
    ///
    /// # Errors
    /// When it does not speak about it, or is not fresh.
    pub fn about(&self, id: &CertId, now: SystemTime) -> Result<Answer, ResponseError> {
        let answer = self.answers.iter().find(|answer| answer.id.is_same(id)).ok_or(ResponseError::NotAbout)?;
        let next_update = answer.next_update.unwrap_or(answer.this_update + DEFAULT_AGE);
        if answer.this_update > now + TOLERANCE || next_update + TOLERANCE < now {
            return Err(ResponseError::Stale);
        }
        Ok(Answer { id: answer.id.clone(), status: answer.status, this_update: answer.this_update, next_update })
    }
}

/// How long an answer without an end may be relied on.
const DEFAULT_AGE: Duration = Duration::from_secs(24 * 3600);

/// Whether the holder of a certificate may answer for an issuer (RFC 6960 §4.2.2.2).
fn may_answer(signer: &Certificate, issuer: &Certificate, now: SystemTime) -> bool {
    if signer == issuer {
        return true;
    }
    let Ok(issuer_key) = issuer.public_key() else { return false };
    let delegated = signer.extended_key_usage().is_some_and(|usage| usage.purposes().contains(&Purpose::OcspSigning));
    delegated
        && signer.issuer_der() == issuer.subject_der()
        && (signer.not_before()..=signer.not_after()).contains(&now)
        && signer.is_signed_by(issuer_key).is_ok()
}

impl Basic {
    fn is_from(&self, signer: &Certificate) -> bool {
        match &self.responder {
            Responder::Key(identifier) => {
                signer.public_key().is_ok_and(|key| key.key_identifier().as_slice() == identifier.as_slice())
            }
            Responder::Name(name) => signer.subject_der() == name.as_slice(),
        }
    }

    fn is_signed_by(&self, signer: &Certificate) -> bool {
        let (Ok(key), Some(algorithm)) = (signer.public_key(), signature_algorithm(&self.algorithm)) else {
            return false;
        };
        key.verify(algorithm, &self.data, &self.signature).is_ok()
    }
}

fn read(der: &[u8]) -> Result<Response, NotDer> {
    let mut outer = Reader::whole(der, tag::SEQUENCE)?;
    let code = outer.expect(tag::ENUMERATED)?.signed()?;
    let status = ResponseStatus::ALL.into_iter().find(|status| i64::from(status.code()) == code).ok_or(NotDer)?;
    let bytes = outer.optional(tag::context_constructed(0))?;
    outer.finish()?;
    let basic = match (status, bytes) {
        (ResponseStatus::Successful, Some(bytes)) => {
            let mut fields = Reader::whole(bytes.content, tag::SEQUENCE)?;
            if fields.element()?.der != BASIC {
                return Err(NotDer);
            }
            let basic = fields.expect(tag::OCTET_STRING)?;
            fields.finish()?;
            Some(read_basic(basic.content)?)
        }
        (ResponseStatus::Successful, None) => return Err(NotDer),
        _ => None,
    };
    Ok(Response { status, basic })
}

fn read_basic(der: &[u8]) -> Result<Basic, NotDer> {
    let mut outer = Reader::whole(der, tag::SEQUENCE)?;
    let data = outer.expect(tag::SEQUENCE)?;
    let algorithm = outer.expect(tag::SEQUENCE)?.der.to_vec();
    let signature = outer.octet_bits()?.to_vec();
    let mut certificates = Vec::new();
    if let Some(explicit) = outer.optional(tag::context_constructed(0))? {
        let mut list = Reader::whole(explicit.content, tag::SEQUENCE)?;
        while !list.is_empty() && certificates.len() < MAX_CERTIFICATES {
            let certificate = list.expect(tag::SEQUENCE)?;
            certificates.push(Certificate::from_der(certificate.der).map_err(|_| NotDer)?);
        }
    }
    outer.finish()?;
    let mut fields = data.reader();
    if let Some(version) = fields.optional(tag::context_constructed(0))?
        && version.content != [tag::INTEGER, 1, 0]
    {
        return Err(NotDer);
    }
    let responder = fields.element()?;
    let responder = match responder.tag {
        tag if tag == tag::context_constructed(1) => Responder::Name(responder.content.to_vec()),
        tag if tag == tag::context_constructed(2) => {
            let mut inside = responder.reader();
            let identifier = inside.expect(tag::OCTET_STRING)?.content.to_vec();
            inside.finish()?;
            Responder::Key(identifier)
        }
        _ => return Err(NotDer),
    };
    // When it was produced says nothing that the times of the answers do not say.
    read_time(&fields.expect(tag::GENERALIZED_TIME)?)?;
    let mut list = fields.nested(tag::SEQUENCE)?;
    let mut answers = Vec::new();
    while !list.is_empty() {
        answers.push(read_answer(&list.expect(tag::SEQUENCE)?)?);
    }
    let mut nonce = None;
    if let Some(explicit) = fields.optional(tag::context_constructed(1))? {
        let extensions = Extension::read_all(Reader::whole(explicit.content, tag::SEQUENCE)?)?;
        if let Some(extension) = find(&extensions, &oid::OCSP_NONCE) {
            let mut value = Reader::new(&extension.value);
            nonce = Some(value.expect(tag::OCTET_STRING)?.content.to_vec());
            value.finish()?;
        }
    }
    fields.finish()?;
    Ok(Basic { data: data.der.to_vec(), responder, answers, nonce, algorithm, signature, certificates })
}

fn read_answer(element: &Element<'_>) -> Result<UncheckedAnswer, NotDer> {
    let mut fields = element.reader();
    let id = CertId::read(&fields.expect(tag::SEQUENCE)?)?;
    let status = fields.element()?;
    let status = match status.tag {
        tag if tag == tag::context(0) && status.content.is_empty() => CertStatus::Good,
        tag if tag == tag::context(2) && status.content.is_empty() => CertStatus::Unknown,
        tag if tag == tag::context_constructed(1) => {
            let mut inside = status.reader();
            let at = read_time(&inside.expect(tag::GENERALIZED_TIME)?)?;
            let mut reason = Reason::Unspecified;
            if let Some(explicit) = inside.optional(tag::context_constructed(0))? {
                let mut code = explicit.reader();
                let given = code.expect(tag::ENUMERATED)?.signed()?;
                code.finish()?;
                reason = Reason::try_from(given).map_err(|_| NotDer)?;
            }
            inside.finish()?;
            CertStatus::Revoked { at, reason }
        }
        _ => return Err(NotDer),
    };
    let this_update = read_time(&fields.expect(tag::GENERALIZED_TIME)?)?;
    let mut next_update = None;
    if let Some(explicit) = fields.optional(tag::context_constructed(0))? {
        let mut time = explicit.reader();
        next_update = Some(read_time(&time.expect(tag::GENERALIZED_TIME)?)?);
        time.finish()?;
    }
    // Extensions of single answers say nothing that matters here.
    fields.optional(tag::context_constructed(1))?;
    fields.finish()?;
    Ok(UncheckedAnswer { id, status, this_update, next_update })
}

/// A responder needs one certificate, and perhaps a few above it.
const MAX_CERTIFICATES: usize = 8;

//! Questions.

use super::CertId;
use crate::{
    asn1::{NotDer, Reader, Writer, tag},
    extension::{Extension, find, oid},
};

/// The longest nonce that is taken (RFC 9654 §2.1).
pub const MAX_NONCE: usize = 128;
/// So many certificates may be asked about at once.
pub const MAX_QUESTIONS: usize = 32;
/// Longer requests are not read.
const MAX_LEN: usize = 16 << 10;

/// A question about certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The certificates, at least one.
    pub questions: Vec<CertId>,
    /// What the answer must repeat.
    pub nonce: Option<Vec<u8>>,
}

/// Why octets are not a question that Rung answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// It has a critical extension that Rung does not know.
    #[error("it has a critical extension that is not known")]
    CriticalExtension,
    /// It is not a request.
    #[error("it is not an OCSP request in DER")]
    Malformed,
    /// The nonce is empty or too long.
    #[error("the nonce has not 1 to {MAX_NONCE} octets")]
    Nonce,
    /// It asks about more certificates than Rung looks up at once, or about none.
    #[error("it does not ask about 1 to {MAX_QUESTIONS} certificates")]
    Questions,
    /// It is too long.
    #[error("it is longer than {MAX_LEN} octets")]
    TooLong,
}

impl Request {
    /// Read a request in DER. Who asks, and the signature if there is one, are read over: answers are for everybody.
    ///
    /// # Errors
    /// When it is none, or breaks a bound.
    pub fn from_der(der: &[u8]) -> Result<Self, RequestError> {
        if der.len() > MAX_LEN {
            return Err(RequestError::TooLong);
        }
        let malformed = |NotDer| RequestError::Malformed;
        let mut outer = Reader::whole(der, tag::SEQUENCE).map_err(malformed)?;
        let mut fields = outer.nested(tag::SEQUENCE).map_err(malformed)?;
        outer.optional(tag::context_constructed(0)).map_err(malformed)?;
        outer.finish().map_err(malformed)?;
        if let Some(version) = fields.optional(tag::context_constructed(0)).map_err(malformed)? {
            // The default, which DER leaves out and some write nevertheless.
            if version.content != [tag::INTEGER, 1, 0] {
                return Err(RequestError::Malformed);
            }
        }
        fields.optional(tag::context_constructed(1)).map_err(malformed)?;
        let questions = read_questions(fields.nested(tag::SEQUENCE).map_err(malformed)?)?;
        let extensions = read_extensions(&mut fields, 2)?;
        fields.finish().map_err(malformed)?;
        if extensions.iter().any(|extension| extension.critical && extension.oid != oid::OCSP_NONCE) {
            return Err(RequestError::CriticalExtension);
        }
        let nonce = find(&extensions, &oid::OCSP_NONCE).map(|extension| read_nonce(&extension.value)).transpose()?;
        Ok(Self { questions, nonce })
    }
}

fn read_questions(mut list: Reader<'_>) -> Result<Vec<CertId>, RequestError> {
    let malformed = |NotDer| RequestError::Malformed;
    let mut questions = Vec::new();
    while !list.is_empty() {
        if questions.len() == MAX_QUESTIONS {
            return Err(RequestError::Questions);
        }
        let mut question = list.nested(tag::SEQUENCE).map_err(malformed)?;
        let id = question.expect(tag::SEQUENCE).map_err(malformed)?;
        questions.push(CertId::read(&id).map_err(malformed)?);
        let extensions = read_extensions(&mut question, 0)?;
        if extensions.iter().any(|extension| extension.critical) {
            return Err(RequestError::CriticalExtension);
        }
        question.finish().map_err(malformed)?;
    }
    if questions.is_empty() { Err(RequestError::Questions) } else { Ok(questions) }
}

fn read_extensions(fields: &mut Reader<'_>, number: u8) -> Result<Vec<Extension>, RequestError> {
    let malformed = |NotDer| RequestError::Malformed;
    let Some(explicit) = fields.optional(tag::context_constructed(number)).map_err(malformed)? else {
        return Ok(Vec::new());
    };
    let list = Reader::whole(explicit.content, tag::SEQUENCE).map_err(malformed)?;
    Extension::read_all(list).map_err(malformed)
}

/// RFC 9654 §2.1: an OCTET STRING of 1 to 128 octets. Before RFC 8954 some wrote the octets without it.
fn read_nonce(value: &[u8]) -> Result<Vec<u8>, RequestError> {
    let nonce = match Reader::new(value).expect(tag::OCTET_STRING) {
        Ok(element) if element.der.len() == value.len() => element.content,
        _ => value,
    };
    if (1..=MAX_NONCE).contains(&nonce.len()) { Ok(nonce.to_vec()) } else { Err(RequestError::Nonce) }
}

pub(super) fn nonce_extension(nonce: &[u8]) -> Extension {
    Extension::new(oid::OCSP_NONCE, false, |out| out.element(tag::OCTET_STRING, nonce))
}

/// What a question is going to say.
#[derive(Debug, Clone)]
pub struct RequestContent<'a> {
    /// The certificates.
    pub questions: &'a [CertId],
    /// What the answer must repeat, 32 octets as RFC 9654 §2.1 asks.
    pub nonce: Option<&'a [u8]>,
}

impl RequestContent<'_> {
    /// The question in DER.
    pub fn to_der(&self) -> Vec<u8> {
        let mut out = Writer::with_capacity(256);
        out.sequence(|out| {
            out.sequence(|out| {
                out.sequence(|out| {
                    for question in self.questions {
                        out.sequence(|out| out.raw(question.der()));
                    }
                });
                if let Some(nonce) = self.nonce {
                    out.nested(tag::context_constructed(2), |out| {
                        out.sequence(|out| nonce_extension(nonce).write(out));
                    });
                }
            });
        });
        out.into_der()
    }
}

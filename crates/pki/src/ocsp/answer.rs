//! Making answers.

use std::time::SystemTime;

use super::{CertId, CertStatus, request::nonce_extension};
use crate::{
    Certificate,
    asn1::{Writer, tag, write_generalized_time},
    crl::Reason,
    key::{SignError, SignatureAlgorithm, Signer},
};

/// What kind of answer it is (RFC 6960 §4.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseStatus {
    /// It says something about certificates.
    Successful,
    /// The question is malformed.
    MalformedRequest,
    /// The responder is broken.
    InternalError,
    /// The responder has no answer now.
    TryLater,
    /// The question must be signed.
    SigRequired,
    /// The responder does not speak for that issuer (RFC 5019 §2.2.3), or not to you.
    Unauthorized,
}

impl ResponseStatus {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Successful,
        Self::MalformedRequest,
        Self::InternalError,
        Self::TryLater,
        Self::SigRequired,
        Self::Unauthorized,
    ];

    /// The code.
    pub fn code(self) -> u8 {
        match self {
            Self::Successful => 0,
            Self::MalformedRequest => 1,
            Self::InternalError => 2,
            Self::TryLater => 3,
            Self::SigRequired => 5,
            Self::Unauthorized => 6,
        }
    }

    /// The name of the code in RFC 6960.
    pub fn name(self) -> &'static str {
        match self {
            Self::Successful => "successful",
            Self::MalformedRequest => "malformedRequest",
            Self::InternalError => "internalError",
            Self::TryLater => "tryLater",
            Self::SigRequired => "sigRequired",
            Self::Unauthorized => "unauthorized",
        }
    }
}

/// An answer without anything about certificates; it is not signed.
pub fn error_response(status: ResponseStatus) -> Vec<u8> {
    vec![tag::SEQUENCE, 3, tag::ENUMERATED, 1, status.code()]
}

/// What is said about one certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The certificate, as the question named it.
    pub id: CertId,
    /// What is known of it.
    pub status: CertStatus,
    /// Since when this is known to be so.
    pub this_update: SystemTime,
    /// Until when it may be relied on.
    pub next_update: SystemTime,
}

/// What an answer is going to say.
#[derive(Debug, Clone)]
pub struct ResponseContent<'a> {
    /// The answers.
    pub answers: &'a [Answer],
    /// What the question asked to repeat.
    pub nonce: Option<&'a [u8]>,
    /// When it is made.
    pub produced_at: SystemTime,
    /// The certificate of the responder when the issuer has delegated answering; it is sent along.
    pub delegate: Option<&'a Certificate>,
}

impl ResponseContent<'_> {
    /// The answer in DER, signed.
    ///
    /// # Errors
    /// When the signer does not sign.
    pub async fn sign(&self, signer: &dyn Signer, algorithm: SignatureAlgorithm) -> Result<Vec<u8>, SignError> {
        let data = self.to_response_data(&signer.public_key().key_identifier());
        let signature = signer.sign(algorithm, &data).await?;
        let mut basic = Writer::with_capacity(data.len() + signature.len() + 1024);
        basic.sequence(|out| {
            out.raw(&data);
            out.raw(algorithm.identifier_der());
            out.octet_bits(&signature);
            if let Some(delegate) = self.delegate {
                out.nested(tag::context_constructed(0), |out| out.sequence(|out| out.raw(delegate.der())));
            }
        });
        let basic = basic.into_der();
        let mut out = Writer::with_capacity(basic.len() + 64);
        out.sequence(|out| {
            out.element(tag::ENUMERATED, &[ResponseStatus::Successful.code()]);
            out.nested(tag::context_constructed(0), |out| {
                out.sequence(|out| {
                    out.raw(BASIC);
                    out.element(tag::OCTET_STRING, &basic);
                });
            });
        });
        Ok(out.into_der())
    }

    fn to_response_data(&self, key_identifier: &[u8]) -> Vec<u8> {
        let mut out = Writer::with_capacity(256 * self.answers.len() + 256);
        out.sequence(|out| {
            out.nested(tag::context_constructed(2), |out| out.element(tag::OCTET_STRING, key_identifier));
            write_generalized_time(out, self.produced_at);
            out.sequence(|out| self.answers.iter().for_each(|answer| answer.write(out)));
            if let Some(nonce) = self.nonce {
                out.nested(tag::context_constructed(1), |out| {
                    out.sequence(|out| nonce_extension(nonce).write(out));
                });
            }
        });
        out.into_der()
    }
}

impl Answer {
    fn write(&self, out: &mut Writer) {
        out.sequence(|out| {
            out.raw(self.id.der());
            match self.status {
                CertStatus::Good => out.element(tag::context(0), &[]),
                CertStatus::Revoked { at, reason } => out.nested(tag::context_constructed(1), |out| {
                    write_generalized_time(out, at);
                    // RFC 5280 §5.3.1: the reason "unspecified" is expressed by leaving it out.
                    if reason != Reason::Unspecified {
                        out.nested(tag::context_constructed(0), |out| out.element(tag::ENUMERATED, &[reason.code()]));
                    }
                }),
                CertStatus::Unknown => out.element(tag::context(2), &[]),
            }
            write_generalized_time(out, self.this_update);
            out.nested(tag::context_constructed(0), |out| write_generalized_time(out, self.next_update));
        });
    }
}

/// `id-pkix-ocsp-basic`.
pub(super) const BASIC: &[u8] = &[6, 9, 0x2b, 6, 1, 5, 5, 7, 48, 1, 1];

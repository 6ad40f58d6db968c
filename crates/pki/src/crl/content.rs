//! Making lists.

use std::time::SystemTime;

use super::{Crl, IssuingDistributionPoint, Reason, RevokedCertificate};
use crate::{
    asn1::{Writer, tag, write_generalized_time, write_time},
    extension::{self, Extension, GeneralName, oid},
    key::{SignError, SignatureAlgorithm, Signer},
};

/// The entries of a list that is growing, in DER.
///
/// Certificates are appended as they are revoked, so that a new list costs no more than copying and signing.
#[derive(Debug, Clone, Default)]
pub struct CrlEntries {
    der: Vec<u8>,
    count: usize,
}

impl CrlEntries {
    /// Append a certificate.
    pub fn push(&mut self, certificate: &RevokedCertificate) {
        let mut out = Writer::from_der(std::mem::take(&mut self.der));
        out.sequence(|out| {
            out.unsigned(certificate.serial.as_bytes());
            write_time(out, certificate.revoked_at);
            let has_reason = certificate.reason != Reason::Unspecified;
            if has_reason || certificate.invalid_since.is_some() {
                out.sequence(|out| write_entry_extensions(out, certificate, has_reason));
            }
        });
        self.der = out.into_der();
        self.count += 1;
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

fn write_entry_extensions(out: &mut Writer, certificate: &RevokedCertificate, has_reason: bool) {
    // RFC 5280 §5.3.1: the reason "unspecified" is expressed by leaving it out.
    if has_reason {
        let write = |out: &mut Writer| out.element(tag::ENUMERATED, &[certificate.reason.code()]);
        Extension::new(oid::CRL_REASON, false, write).write(out);
    }
    if let Some(since) = certificate.invalid_since {
        Extension::new(oid::INVALIDITY_DATE, false, |out| write_generalized_time(out, since)).write(out);
    }
}

/// What a list is going to say besides its entries.
#[derive(Debug, Clone)]
pub struct CrlContent {
    /// The DER of the issuer's subject, octet for octet.
    pub issuer_der: Vec<u8>,
    /// The identifier of the issuer's key.
    pub authority_key_identifier: Vec<u8>,
    /// When it is made.
    pub this_update: SystemTime,
    /// When there will be a newer one at the latest.
    pub next_update: SystemTime,
    /// Its number, higher than that of every list of this issuer before.
    pub number: u64,
    /// The number of the complete list that it goes on from, when it is no complete one itself.
    pub base_number: Option<u64>,
    /// Where it is, and which certificates it speaks about.
    pub distribution_point: Option<IssuingDistributionPoint>,
    /// Where lists are that go on from this one (RFC 5280 §5.2.6); nowhere when it is empty.
    pub freshest: Vec<String>,
}

impl CrlContent {
    /// The list in DER. It is signed, not verified; what is written here, [`Crl::from_der`] reads.
    ///
    /// # Errors
    /// When the signer does not sign.
    pub async fn sign(
        &self,
        entries: &CrlEntries,
        signer: &dyn Signer,
        algorithm: SignatureAlgorithm,
    ) -> Result<Vec<u8>, SignError> {
        self.sign_parts(&[entries], signer, algorithm).await
    }

    /// The same of entries in several parts, one behind the other.
    ///
    /// It is made in one buffer: beside the entries, no more memory is used than the result takes.
    ///
    /// # Errors
    /// When the signer does not sign.
    pub async fn sign_parts(
        &self,
        parts: &[&CrlEntries],
        signer: &dyn Signer,
        algorithm: SignatureAlgorithm,
    ) -> Result<Vec<u8>, SignError> {
        let length: usize = parts.iter().map(|part| part.der.len()).sum();
        let addresses: usize = self.addresses().map(|address| address.len() + EACH).sum();
        let room = length + addresses + self.issuer_der.len() + ROOM;
        let mut out = Writer::from_der(Vec::with_capacity(room));
        // How long the header of the whole is shows when the whole is there.
        out.raw(&[0; HEADER]);
        self.write_tbs(parts, algorithm, &mut out);
        let mut list = out.into_der();
        let signature = signer.sign(algorithm, &list[HEADER..]).await?;
        let mut out = Writer::from_der(std::mem::take(&mut list));
        out.raw(algorithm.identifier_der());
        out.octet_bits(&signature);
        list = out.into_der();
        let header = header(list.len() - HEADER);
        let start = HEADER - header.len();
        list[start..HEADER].copy_from_slice(&header);
        list.drain(..start);
        Ok(list)
    }

    /// The list, read again: for callers that want to look at what they made.
    ///
    /// # Errors
    /// When the signer does not sign, or the content makes no list.
    pub async fn sign_and_read(
        &self,
        entries: &CrlEntries,
        signer: &dyn Signer,
        algorithm: SignatureAlgorithm,
    ) -> Result<Crl, SignError> {
        let der = self.sign(entries, signer, algorithm).await?;
        Crl::from_der(der).map_err(|error| SignError::Failed(error.to_string()))
    }

    fn write_tbs(&self, parts: &[&CrlEntries], algorithm: SignatureAlgorithm, out: &mut Writer) {
        out.sequence(|out| {
            out.raw(&[tag::INTEGER, 1, 1]);
            out.raw(algorithm.identifier_der());
            out.raw(&self.issuer_der);
            write_time(out, self.this_update);
            write_time(out, self.next_update);
            // RFC 5280 §5.1.2.6: absent when there are none.
            if parts.iter().any(|part| !part.is_empty()) {
                out.header(tag::SEQUENCE, parts.iter().map(|part| part.der.len()).sum());
                parts.iter().for_each(|part| out.raw(&part.der));
            }
            out.nested(tag::context_constructed(0), |out| {
                out.sequence(|out| self.extensions().iter().for_each(|extension| extension.write(out)));
            });
        });
    }

    fn extensions(&self) -> Vec<Extension> {
        let number =
            |oid, critical, number: u64| Extension::new(oid, critical, |out| out.unsigned(&number.to_be_bytes()));
        let mut extensions = vec![
            extension::authority_key_identifier(&self.authority_key_identifier),
            number(oid::CRL_NUMBER, false, self.number),
        ];
        extensions.extend(self.base_number.map(|base| number(oid::DELTA_CRL_INDICATOR, true, base)));
        if let Some(point) = &self.distribution_point {
            extensions.push(Extension::new(oid::ISSUING_DISTRIBUTION_POINT, true, |out| point.write(out)));
        }
        if !self.freshest.is_empty() {
            let points = extension::crl_distribution_points(&self.freshest);
            extensions.push(Extension { oid: oid::FRESHEST_CRL, ..points });
        }
        extensions
    }

    fn addresses(&self) -> impl Iterator<Item = &String> {
        let names = self.distribution_point.iter().flat_map(|point| &point.full_name);
        names.filter_map(address_of).chain(&self.freshest)
    }
}

fn address_of(name: &GeneralName) -> Option<&String> {
    match name {
        GeneralName::Uri(address) => Some(address),
        _ => None,
    }
}

/// The header of a sequence of that length.
fn header(length: usize) -> Vec<u8> {
    let mut out = Writer::default();
    out.header(tag::SEQUENCE, length);
    out.into_der()
}

/// The longest header of a list: a tag, and a length of up to four octets behind their number.
const HEADER: usize = 6;
/// What an address takes besides its own length.
const EACH: usize = 16;
/// For everything but the entries, the addresses and the issuer's name: extensions, times, the signature of the largest RSA key.
const ROOM: usize = 4096;

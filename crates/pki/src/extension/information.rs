//! Extensions that Rung shows but does not act upon.

use const_oid::ObjectIdentifier;

use super::GeneralName;
use crate::asn1::{NotDer, Reader, tag, text};

/// Where something about the issuer is (RFC 5280 §4.2.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessDescription {
    /// What is there: [`Self::OCSP`], [`Self::CA_ISSUERS`] or something else.
    pub method: ObjectIdentifier,
    /// Where it is.
    pub location: GeneralName,
}

impl AccessDescription {
    /// An OCSP responder.
    pub const OCSP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1");
    /// The issuer's certificate.
    pub const CA_ISSUERS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.2");

    pub(super) fn read_all(value: &[u8]) -> Result<Vec<Self>, NotDer> {
        read_list(value, |mut fields| {
            let method = fields.oid()?;
            let location = GeneralName::read(&fields.element()?)?;
            fields.finish()?;
            Ok(Self { method, location })
        })
    }
}

/// Where a CRL is (RFC 5280 §4.2.1.13).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DistributionPoint {
    /// Where it is; several names are several ways to the same CRL.
    pub full_name: Vec<GeneralName>,
    /// Who signs the CRL, if not the issuer of the certificate.
    pub crl_issuer: Vec<GeneralName>,
}

impl DistributionPoint {
    pub(super) fn read_all(value: &[u8]) -> Result<Vec<Self>, NotDer> {
        read_list(value, |mut fields| {
            let mut full_name = Vec::new();
            if let Some(name) = fields.optional(tag::context_constructed(0))? {
                let mut choice = name.reader();
                match choice.optional(tag::context_constructed(0))? {
                    Some(names) => full_name = read_names(names.reader())?,
                    // A name relative to the issuer's, which nobody uses.
                    None => drop(choice.expect(tag::context_constructed(1))?),
                }
                choice.finish()?;
            }
            fields.optional(tag::context(1))?;
            let crl_issuer = match fields.optional(tag::context_constructed(2))? {
                Some(names) => read_names(names.reader())?,
                None => Vec::new(),
            };
            fields.finish()?;
            Ok(Self { full_name, crl_issuer })
        })
    }
}

/// A policy under which a certificate was issued (RFC 5280 §4.2.1.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The policy.
    pub oid: ObjectIdentifier,
    /// Where the practice of the CA is described.
    pub statements: Vec<String>,
    /// Texts to show to people.
    pub notices: Vec<String>,
}

impl Policy {
    pub(super) fn read_all(value: &[u8]) -> Result<Vec<Self>, NotDer> {
        read_list(value, |mut fields| {
            let mut policy = Self { oid: fields.oid()?, statements: Vec::new(), notices: Vec::new() };
            if let Some(qualifiers) = fields.optional(tag::SEQUENCE)? {
                let mut qualifiers = qualifiers.reader();
                while !qualifiers.is_empty() {
                    policy.read_qualifier(qualifiers.nested(tag::SEQUENCE)?)?;
                }
            }
            fields.finish()?;
            Ok(policy)
        })
    }

    fn read_qualifier(&mut self, mut fields: Reader<'_>) -> Result<(), NotDer> {
        let kind = fields.oid()?;
        let value = fields.element()?;
        fields.finish()?;
        match kind {
            STATEMENT => self.statements.push(value.ascii()?.to_owned()),
            NOTICE => {
                let mut notice = value.reader();
                notice.optional(tag::SEQUENCE)?;
                if !notice.is_empty() {
                    let element = notice.element()?;
                    self.notices.push(text(element.tag, element.content).ok_or(NotDer)?.into_owned());
                }
                notice.finish()?;
            }
            _ => {}
        }
        Ok(())
    }
}

/// What a certificate transparency log promised (RFC 6962 §3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedTimestamp {
    /// The version, from 1.
    pub version: u16,
    /// Which log it is.
    pub log_id: [u8; 32],
    /// Milliseconds since 1970.
    pub timestamp: u64,
    /// Hash and signature algorithm, as TLS 1.2 numbers them (RFC 5246 §7.4.1.4.1).
    pub algorithm: [u8; 2],
    /// The signature.
    pub signature: Vec<u8>,
}

impl SignedTimestamp {
    pub(super) fn read_all(value: &[u8]) -> Result<Vec<Self>, NotDer> {
        let mut outer = Reader::new(value);
        let mut octets = outer.expect(tag::OCTET_STRING)?.content;
        outer.finish()?;
        let mut list = vector(&mut octets)?;
        let mut timestamps = Vec::new();
        while !list.is_empty() {
            timestamps.push(Self::read(vector(&mut list)?)?);
        }
        if octets.is_empty() { Ok(timestamps) } else { Err(NotDer) }
    }

    fn read(mut octets: &[u8]) -> Result<Self, NotDer> {
        let [version] = array(&mut octets)?;
        let log_id = array(&mut octets)?;
        let timestamp = u64::from_be_bytes(array(&mut octets)?);
        vector(&mut octets)?;
        let algorithm = array(&mut octets)?;
        let signature = vector(&mut octets)?.to_vec();
        if !octets.is_empty() {
            return Err(NotDer);
        }
        Ok(Self { version: u16::from(version) + 1, log_id, timestamp, algorithm, signature })
    }
}

/// Octets behind their length of two octets, as TLS writes them (RFC 8446 §3.4).
fn vector<'a>(octets: &mut &'a [u8]) -> Result<&'a [u8], NotDer> {
    let len = usize::from(u16::from_be_bytes(array(octets)?));
    let (vector, rest) = octets.split_at_checked(len).ok_or(NotDer)?;
    *octets = rest;
    Ok(vector)
}

fn array<const LEN: usize>(octets: &mut &[u8]) -> Result<[u8; LEN], NotDer> {
    let (array, rest) = octets.split_first_chunk().ok_or(NotDer)?;
    *octets = rest;
    Ok(*array)
}

/// A sequence of sequences, of which there is at least one.
fn read_list<T>(value: &[u8], read: impl Fn(Reader<'_>) -> Result<T, NotDer>) -> Result<Vec<T>, NotDer> {
    let mut list = Reader::whole(value, tag::SEQUENCE)?;
    let mut items = Vec::new();
    loop {
        items.push(read(list.nested(tag::SEQUENCE)?)?);
        if list.is_empty() {
            return Ok(items);
        }
    }
}

fn read_names(mut names: Reader<'_>) -> Result<Vec<GeneralName>, NotDer> {
    let mut list = Vec::new();
    while !names.is_empty() {
        list.push(GeneralName::read(&names.element()?)?);
    }
    Ok(list)
}

const STATEMENT: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.2.1");
const NOTICE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.2.2");

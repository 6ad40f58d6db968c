//! Reading lists, strictly.

use super::{Crl, CrlError, IssuingDistributionPoint, Reason, RevokedCertificate};
use crate::{
    asn1::{Element, NotDer, Reader, read_time, tag},
    certificate::range,
    extension::{self, Extension, oid},
    name::DistinguishedName,
    serial::SerialNumber,
};

/// The entries of a list as they are asked for.
#[derive(Debug, Clone)]
pub struct Entries<'a> {
    rest: Reader<'a>,
}

/// An entry with the extensions that it came with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it says.
    pub certificate: RevokedCertificate,
    /// All of its extensions, known and unknown.
    pub extensions: Vec<Extension>,
}

impl<'a> Entries<'a> {
    pub(super) fn new(der: &'a [u8]) -> Self {
        Self { rest: Reader::new(der) }
    }
}

impl Iterator for Entries<'_> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        if self.rest.is_empty() {
            return None;
        }
        let element = self.rest.expect(tag::SEQUENCE).expect(CHECKED);
        Some(read_entry(&element).expect(CHECKED))
    }
}

const CHECKED: &str = "all entries were checked when the CRL was read";

impl Crl {
    /// Read a DER CRL and nothing after it.
    ///
    /// # Errors
    /// When it is not one.
    pub fn from_der(der: Vec<u8>) -> Result<Self, CrlError> {
        if der.len() > MAX_LEN {
            return Err(CrlError::TooLong(MAX_LEN));
        }
        parse(&der).map(|crl| Self { der: der.into_boxed_slice(), ..crl })
    }
}

/// Everything but the octets themselves, which the caller puts in.
fn parse(der: &[u8]) -> Result<Crl, CrlError> {
    let whole = |part: &[u8]| range(der, part);
    let mut outer = Reader::whole(der, tag::SEQUENCE).map_err(|NotDer| malformed("not one DER sequence"))?;
    let tbs = outer.expect(tag::SEQUENCE).map_err(|NotDer| malformed("no tbsCertList"))?;
    let algorithm = outer.expect(tag::SEQUENCE).map_err(|NotDer| malformed("no signature algorithm"))?;
    let signature = outer.octet_bits().map_err(|NotDer| malformed("no signature"))?;
    outer.finish().map_err(|NotDer| malformed("something follows the signature"))?;
    let algorithm_oid = algorithm.reader().oid().map_err(|NotDer| malformed("the signature algorithm"))?;

    let mut fields = tbs.reader();
    let version = match fields.optional(tag::INTEGER).map_err(|NotDer| malformed("the version"))? {
        None => 1,
        // RFC 5280 §5.1.2.1: version 2 is written as 1, and version 1 not at all.
        Some(version) if version.content == [1] => 2,
        Some(_) => return Err(malformed("the version")),
    };
    let inner = fields.expect(tag::SEQUENCE).map_err(|NotDer| malformed("no signature algorithm"))?;
    if inner.der != algorithm.der {
        return Err(malformed("its two signature algorithms differ"));
    }
    let issuer = fields.expect(tag::SEQUENCE).map_err(|NotDer| malformed("no issuer"))?;
    let issuer = DistinguishedName::from_der(issuer.der).map_err(|_| malformed("the issuer"))?;
    let time = |element: &Element<'_>| read_time(element).map_err(|NotDer| malformed("a time"));
    let this_update = time(&fields.element().map_err(|NotDer| malformed("no thisUpdate"))?)?;
    let next_update = match fields.peek() {
        Some(tag::UTC_TIME | tag::GENERALIZED_TIME) => {
            Some(time(&fields.element().map_err(|NotDer| malformed("the nextUpdate"))?)?)
        }
        _ => None,
    };
    let list = fields.optional(tag::SEQUENCE).map_err(|NotDer| malformed("the entries"))?;
    let (mut count, mut entries) = (0, tbs.content.len()..tbs.content.len());
    if let Some(list) = list {
        count = check_entries(&list).map_err(|NotDer| malformed("an entry"))?;
        entries = whole(list.content);
    }
    let extensions = read_extensions(fields, version)?;
    Ok(Crl {
        der: Box::default(),
        version,
        issuer,
        this_update,
        next_update,
        extensions,
        tbs: whole(tbs.der),
        entries: if count == 0 { 0..0 } else { entries },
        count,
        algorithm: whole(algorithm.der),
        algorithm_oid,
        signature: whole(signature),
    })
}

fn check_entries(list: &Element<'_>) -> Result<usize, NotDer> {
    let mut rest = list.reader();
    let mut count = 0;
    while !rest.is_empty() {
        read_entry(&rest.expect(tag::SEQUENCE)?)?;
        count += 1;
    }
    Ok(count)
}

fn read_entry(element: &Element<'_>) -> Result<Entry, NotDer> {
    let mut fields = element.reader();
    let serial = SerialNumber::from_magnitude(fields.unsigned()?).ok_or(NotDer)?;
    let revoked_at = read_time(&fields.element()?)?;
    let mut extensions = Vec::new();
    if !fields.is_empty() {
        extensions = Extension::read_all(fields.nested(tag::SEQUENCE)?)?;
        fields.finish()?;
    }
    let mut certificate = RevokedCertificate { serial, revoked_at, reason: Reason::Unspecified, invalid_since: None };
    for extension in &extensions {
        match extension.oid {
            oid::CRL_REASON => certificate.reason = read_reason(&extension.value)?,
            oid::INVALIDITY_DATE => {
                let mut value = Reader::new(&extension.value);
                certificate.invalid_since = Some(read_time(&value.expect(tag::GENERALIZED_TIME)?)?);
                value.finish()?;
            }
            _ => {}
        }
    }
    Ok(Entry { certificate, extensions })
}

fn read_reason(value: &[u8]) -> Result<Reason, NotDer> {
    let mut reader = Reader::new(value);
    let code = reader.expect(tag::ENUMERATED)?.signed()?;
    reader.finish()?;
    Reason::try_from(code).map_err(|_| NotDer)
}

fn read_extensions(mut fields: Reader<'_>, version: u8) -> Result<Vec<Extension>, CrlError> {
    let wrong = |NotDer| malformed("the extensions, or two are of one kind");
    let mut extensions = Vec::new();
    if let Some(explicit) = fields.optional(tag::context_constructed(0)).map_err(wrong)? {
        if version == 1 {
            return Err(malformed("extensions in a list of version 1"));
        }
        let list = Reader::whole(explicit.content, tag::SEQUENCE).map_err(wrong)?;
        extensions = Extension::read_all(list).map_err(wrong)?;
    }
    fields.finish().map_err(|NotDer| malformed("something follows the entries"))?;
    for extension in &extensions {
        let value = extension.value.as_slice();
        let checked = match extension.oid {
            oid::CRL_NUMBER | oid::DELTA_CRL_INDICATOR => number(value).map(drop),
            oid::AUTHORITY_KEY_IDENTIFIER => extension::read_authority_key_identifier(value).map(drop),
            oid::ISSUING_DISTRIBUTION_POINT => IssuingDistributionPoint::read(value).map(drop),
            _ => Ok(()),
        };
        checked.map_err(|NotDer| malformed("the value of an extension"))?;
    }
    Ok(extensions)
}

/// The number of a list, big-endian.
pub(super) fn number(value: &[u8]) -> Result<&[u8], NotDer> {
    let mut reader = Reader::new(value);
    let number = reader.unsigned()?;
    reader.finish()?;
    // RFC 5280 §5.2.3: at most 20 octets.
    if number.len() > 20 { Err(NotDer) } else { Ok(number) }
}

fn malformed(what: &'static str) -> CrlError {
    CrlError::Malformed(what)
}

/// Room for some five million entries.
const MAX_LEN: usize = 1 << 28;

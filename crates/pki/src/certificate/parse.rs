//! Reading certificates, strictly.

use std::{
    ops::Range,
    sync::{Arc, OnceLock},
};

use super::{Certificate, CertificateError, Parsed};
use crate::{
    asn1::{Element, NotDer, Reader, read_time, tag},
    extension::Extension,
    name::DistinguishedName,
    serial::SerialNumber,
};

impl Certificate {
    /// Read a DER certificate and nothing after it.
    ///
    /// # Errors
    /// When it is not one.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        Self::from_der_vec(der.to_vec())
    }

    pub(crate) fn from_der_vec(der: Vec<u8>) -> Result<Self, CertificateError> {
        if der.len() > MAX_LEN {
            return Err(CertificateError::TooLong(MAX_LEN));
        }
        let der = der.into_boxed_slice();
        let parsed = parse(&der)?;
        let parsed = Parsed { der, ..parsed };
        Ok(Self { parsed: Arc::new(parsed) })
    }
}

/// Everything but the octets themselves, which the caller puts in.
fn parse(der: &[u8]) -> Result<Parsed, CertificateError> {
    let whole = |part: &[u8]| range(der, part);
    let mut outer = Reader::whole(der, tag::SEQUENCE).map_err(|NotDer| malformed("not one DER sequence"))?;
    let tbs = outer.expect(tag::SEQUENCE).map_err(|NotDer| malformed("no tbsCertificate"))?;
    let algorithm = outer.expect(tag::SEQUENCE).map_err(|NotDer| malformed("no signature algorithm"))?;
    let signature = outer.octet_bits().map_err(|NotDer| malformed("no signature"))?;
    outer.finish().map_err(|NotDer| malformed("something follows the signature"))?;
    let algorithm_oid = algorithm.reader().oid().map_err(|NotDer| malformed("the signature algorithm"))?;

    let mut fields = tbs.reader();
    let version = read_version(&mut fields)?;
    let serial = fields.unsigned().map_err(|NotDer| malformed("the serial number is negative or malformed"))?;
    let serial = SerialNumber::from_magnitude(serial).ok_or(malformed("the serial number has more than 20 octets"))?;
    let inner = fields.expect(tag::SEQUENCE).map_err(|NotDer| malformed("no signature algorithm"))?;
    // RFC 5280 §4.1.1.2: both must be the same, or the unsigned one could change what is verified.
    if inner.der != algorithm.der {
        return Err(malformed("its two signature algorithms differ"));
    }
    let issuer = read_name(&mut fields, "the issuer")?;
    let validity = fields.expect(tag::SEQUENCE).map_err(|NotDer| malformed("no validity"))?;
    let (not_before, not_after) = read_validity(&validity).map_err(|NotDer| malformed("the validity"))?;
    let subject = read_name(&mut fields, "the subject")?;
    let public_key_info = fields.expect(tag::SEQUENCE).map_err(|NotDer| malformed("no public key"))?;
    let extensions = read_rest(fields, version)?;

    Ok(Parsed {
        der: Box::default(),
        version,
        serial,
        issuer,
        subject,
        not_before,
        not_after,
        extensions,
        tbs: whole(tbs.der),
        validity: whole(validity.der),
        public_key_info: whole(public_key_info.der),
        algorithm: whole(algorithm.der),
        algorithm_oid,
        signature: whole(signature),
        public_key: OnceLock::new(),
    })
}

fn read_version(fields: &mut Reader<'_>) -> Result<u8, CertificateError> {
    let wrong = |NotDer| malformed("the version");
    let Some(explicit) = fields.optional(tag::context_constructed(0)).map_err(wrong)? else { return Ok(1) };
    let mut inside = explicit.reader();
    let version = inside.unsigned().map_err(wrong)?;
    inside.finish().map_err(wrong)?;
    match version {
        [number @ (1 | 2)] => Ok(number + 1),
        _ => Err(malformed("the version")),
    }
}

fn read_name(fields: &mut Reader<'_>, what: &'static str) -> Result<DistinguishedName, CertificateError> {
    let element = fields.expect(tag::SEQUENCE).map_err(|NotDer| malformed(what))?;
    DistinguishedName::from_der(element.der).map_err(|_| malformed(what))
}

fn read_validity(validity: &Element<'_>) -> Result<(std::time::SystemTime, std::time::SystemTime), NotDer> {
    let mut times = validity.reader();
    let not_before = read_time(&times.element()?)?;
    let not_after = read_time(&times.element()?)?;
    times.finish()?;
    Ok((not_before, not_after))
}

/// Unique identifiers, which nobody uses and which are read over, and the extensions.
fn read_rest(mut fields: Reader<'_>, version: u8) -> Result<Vec<Extension>, CertificateError> {
    let wrong = |NotDer| malformed("the fields after the public key");
    if version >= 2 {
        fields.optional(tag::context(1)).map_err(wrong)?;
        fields.optional(tag::context(2)).map_err(wrong)?;
    }
    let mut extensions = Vec::new();
    if version == 3
        && let Some(explicit) = fields.optional(tag::context_constructed(3)).map_err(wrong)?
    {
        let list = Reader::whole(explicit.content, tag::SEQUENCE).map_err(|NotDer| malformed("the extensions"))?;
        extensions = Extension::read_all(list).map_err(|NotDer| malformed("the extensions, or two are of one kind"))?;
        for extension in &extensions {
            extension.check().map_err(|NotDer| CertificateError::Extension(extension.oid))?;
        }
    }
    fields.finish().map_err(wrong)?;
    Ok(extensions)
}

/// Where `part`, which was cut from `whole`, lies in it.
pub(crate) fn range(whole: &[u8], part: &[u8]) -> Range<usize> {
    let start = part.as_ptr() as usize - whole.as_ptr() as usize;
    start..start + part.len()
}

fn malformed(what: &'static str) -> CertificateError {
    CertificateError::Malformed(what)
}

/// Far more than a post-quantum certificate with a hundred names needs.
const MAX_LEN: usize = 1 << 17;

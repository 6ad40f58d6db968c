//! Reading certificate requests, strictly.

use const_oid::ObjectIdentifier;

use super::{CertificateRequest, MAX_LEN, RequestError};
use crate::{
    asn1::{NotDer, Reader, tag},
    certificate::range,
    extension::Extension,
    name::DistinguishedName,
};

impl CertificateRequest {
    /// Read a DER request and nothing after it.
    ///
    /// # Errors
    /// When it is not one.
    pub fn from_der(der: &[u8]) -> Result<Self, RequestError> {
        if der.len() > MAX_LEN {
            return Err(RequestError::TooLong(MAX_LEN));
        }
        let mut outer = Reader::whole(der, tag::SEQUENCE).map_err(|NotDer| malformed("not one DER sequence"))?;
        let information = outer.expect(tag::SEQUENCE).map_err(|NotDer| malformed("no request information"))?;
        let algorithm = outer.expect(tag::SEQUENCE).map_err(|NotDer| malformed("no signature algorithm"))?;
        let signature = outer.octet_bits().map_err(|NotDer| malformed("no signature"))?;
        outer.finish().map_err(|NotDer| malformed("something follows the signature"))?;
        let algorithm_oid = algorithm.reader().oid().map_err(|NotDer| malformed("the signature algorithm"))?;

        let mut fields = information.reader();
        let version = match fields.unsigned() {
            Ok([version]) => *version,
            Ok(_) | Err(NotDer) => return Err(malformed("the version")),
        };
        let subject = fields.expect(tag::SEQUENCE).map_err(|NotDer| malformed("no subject"))?;
        let subject = DistinguishedName::from_der(subject.der).map_err(RequestError::Subject)?;
        let public_key_info = fields.expect(tag::SEQUENCE).map_err(|NotDer| malformed("no public key"))?;
        let attributes = fields.optional(tag::context_constructed(0)).map_err(|NotDer| malformed("the attributes"))?;
        fields.finish().map_err(|NotDer| malformed("something follows the attributes"))?;
        let extensions = match attributes {
            Some(attributes) => read_attributes(attributes.reader())?,
            None => Vec::new(),
        };
        Ok(Self {
            version,
            subject,
            extensions,
            information: range(der, information.der),
            public_key_info: range(der, public_key_info.der),
            algorithm: range(der, algorithm.der),
            algorithm_oid,
            signature: range(der, signature),
            der: der.into(),
        })
    }
}

/// The extensions of the attribute `extensionRequest` (RFC 2985 §5.4.2); other attributes are read over.
fn read_attributes(mut attributes: Reader<'_>) -> Result<Vec<Extension>, RequestError> {
    let mut extensions = None;
    let mut count = 0;
    while !attributes.is_empty() {
        count += 1;
        if count > MAX_ATTRIBUTES {
            return Err(malformed("there are more than 32 attributes"));
        }
        let found = read_attribute(&mut attributes).map_err(|NotDer| malformed("an attribute"))?;
        let Some(values) = found else { continue };
        if extensions.is_some() {
            return Err(malformed("it asks for extensions twice"));
        }
        extensions = Some(read_extensions(values)?);
    }
    Ok(extensions.unwrap_or_default())
}

/// The values of the next attribute if it is the one that asks for extensions.
fn read_attribute<'a>(attributes: &mut Reader<'a>) -> Result<Option<Reader<'a>>, NotDer> {
    let mut fields = attributes.nested(tag::SEQUENCE)?;
    let kind = fields.oid()?;
    let values = fields.nested(tag::SET)?;
    fields.finish()?;
    Ok((kind == EXTENSION_REQUEST).then_some(values))
}

fn read_extensions(mut values: Reader<'_>) -> Result<Vec<Extension>, RequestError> {
    let wrong = |NotDer| malformed("the extensions, or two are of one kind");
    let list = values.nested(tag::SEQUENCE).map_err(wrong)?;
    values.finish().map_err(wrong)?;
    // Some clients ask for no extension at all in this way.
    if list.is_empty() {
        return Ok(Vec::new());
    }
    let extensions = Extension::read_all(list).map_err(wrong)?;
    for extension in &extensions {
        extension.check().map_err(|NotDer| RequestError::Extension(extension.oid))?;
    }
    Ok(extensions)
}

fn malformed(what: &'static str) -> RequestError {
    RequestError::Malformed(what)
}

pub(super) const EXTENSION_REQUEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.14");
/// Reading over thousands would be work for nothing.
const MAX_ATTRIBUTES: usize = 32;

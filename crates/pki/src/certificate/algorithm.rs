//! Signature algorithms as certificates name them, which is in more ways than Rung writes.

use const_oid::ObjectIdentifier;

use crate::{
    asn1::{NotDer, Reader, tag},
    key::SignatureAlgorithm,
};

/// The algorithm that an `AlgorithmIdentifier` names, if Rung verifies with it.
pub(crate) fn signature_algorithm(identifier: &[u8]) -> Option<SignatureAlgorithm> {
    SignatureAlgorithm::from_identifier_der(identifier)
        .or_else(|| rsa_without_parameters(identifier))
        .or_else(|| read_pss(identifier).ok())
}

/// The name of an algorithm as `openssl` and Go print it, or its object identifier.
pub(crate) fn signature_algorithm_name(identifier: &[u8], oid: &ObjectIdentifier) -> String {
    if let Some(algorithm) = signature_algorithm(identifier) {
        return algorithm.to_string();
    }
    // Broken or out of use: named so that people see why a certificate is refused, never verified.
    let known = OUT_OF_USE.iter().find(|named| named.0 == *oid);
    known.map_or_else(|| oid.to_string(), |named| named.1.to_owned())
}

/// RFC 4055 §5: RSASSA-PKCS1-v1_5 is written with NULL parameters, and read without them, too.
fn rsa_without_parameters(identifier: &[u8]) -> Option<SignatureAlgorithm> {
    match identifier.strip_prefix(&[0x30, 11, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1])? {
        [11] => Some(SignatureAlgorithm::RsaPkcs1Sha256),
        [12] => Some(SignatureAlgorithm::RsaPkcs1Sha384),
        [13] => Some(SignatureAlgorithm::RsaPkcs1Sha512),
        _ => None,
    }
}

/// RSASSA-PSS whose hash algorithms have no NULL parameters: RFC 4055 §2.1 asks readers to take both forms.
fn read_pss(identifier: &[u8]) -> Result<SignatureAlgorithm, NotDer> {
    let mut fields = Reader::whole(identifier, tag::SEQUENCE)?;
    if fields.oid()? != RSASSA_PSS {
        return Err(NotDer);
    }
    let mut parameters = fields.nested(tag::SEQUENCE)?;
    fields.finish()?;
    let hash = read_hash(parameters.nested(tag::context_constructed(0))?)?;
    let mut mask = Reader::whole(parameters.expect(tag::context_constructed(1))?.content, tag::SEQUENCE)?;
    let mask_is_fit = mask.oid()? == MGF1 && read_hash(mask)? == hash;
    let mut salt = parameters.nested(tag::context_constructed(2))?;
    let salt_len = salt.unsigned()?;
    salt.finish()?;
    parameters.finish()?;
    match (hash, salt_len) {
        (SHA256, [32]) if mask_is_fit => Ok(SignatureAlgorithm::RsaPssSha256),
        (SHA384, [48]) if mask_is_fit => Ok(SignatureAlgorithm::RsaPssSha384),
        (SHA512, [64]) if mask_is_fit => Ok(SignatureAlgorithm::RsaPssSha512),
        _ => Err(NotDer),
    }
}

fn read_hash(mut reader: Reader<'_>) -> Result<ObjectIdentifier, NotDer> {
    let mut fields = reader.nested(tag::SEQUENCE)?;
    reader.finish()?;
    let hash = fields.oid()?;
    if !fields.is_empty() && fields.element()?.der != [5, 0] {
        return Err(NotDer);
    }
    fields.finish()?;
    Ok(hash)
}

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

const RSASSA_PSS: ObjectIdentifier = oid("1.2.840.113549.1.1.10");
const MGF1: ObjectIdentifier = oid("1.2.840.113549.1.1.8");
const SHA256: ObjectIdentifier = oid("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = oid("2.16.840.1.101.3.4.2.2");
const SHA512: ObjectIdentifier = oid("2.16.840.1.101.3.4.2.3");

const OUT_OF_USE: [(ObjectIdentifier, &str); 6] = [
    (oid("1.2.840.113549.1.1.2"), "MD2-RSA"),
    (oid("1.2.840.113549.1.1.4"), "MD5-RSA"),
    (oid("1.2.840.113549.1.1.5"), "SHA1-RSA"),
    (oid("1.2.840.10040.4.3"), "DSA-SHA1"),
    (oid("2.16.840.1.101.3.4.3.2"), "DSA-SHA256"),
    (oid("1.2.840.10045.4.1"), "ECDSA-SHA1"),
];

//! The seal of a PKCS #12 file: an HMAC under the password, by the key derivation of PKCS #12 (RFC 7292 §4) or by PBMAC1
//! (RFC 9579).

use std::num::NonZeroU32;

use aws_lc_rs::{digest, hmac, pbkdf2, rand};
use const_oid::ObjectIdentifier;
use zeroize::Zeroizing;

use super::{
    Pkcs12Error, kdf,
    kdf::{Use, derive},
    old,
};
use crate::{
    asn1::{NotDer, Reader, Writer, tag},
    keyfile::pbes2::{HMAC_SHA256, HMAC_SHA384, HMAC_SHA512, PBKDF2, pseudorandom_function},
};

/// Check the seal `mac_data` over `content`; gives the password in the form in which it fits.
pub(super) fn verify(mac_data: &[u8], content: &[u8], text: &str) -> Result<Zeroizing<Vec<u8>>, Pkcs12Error> {
    let seal = Seal::parse(mac_data)?;
    let full = kdf::password(text);
    if seal.fits(content, &full, text)? {
        return Ok(full);
    }
    // Some programs take an empty password for no octets at all.
    let nothing = Zeroizing::new(Vec::new());
    if text.is_empty() && seal.fits(content, &nothing, text)? {
        return Ok(nothing);
    }
    Err(Pkcs12Error::Password)
}

fn unsupported(algorithm: ObjectIdentifier) -> Pkcs12Error {
    Pkcs12Error::Unsupported(format!("a seal (MAC) of the algorithm {algorithm}"))
}

struct Seal<'a> {
    algorithm: ObjectIdentifier,
    parameters: &'a [u8],
    digest: &'a [u8],
    salt: &'a [u8],
    iterations: u32,
}

fn malformed(_: NotDer) -> Pkcs12Error {
    Pkcs12Error::Malformed("its seal (MAC)")
}

impl<'a> Seal<'a> {
    fn parse(der: &'a [u8]) -> Result<Self, Pkcs12Error> {
        let mut fields = Reader::whole(der, tag::SEQUENCE).map_err(malformed)?;
        let mut info = fields.nested(tag::SEQUENCE).map_err(malformed)?;
        let mut algorithm = info.nested(tag::SEQUENCE).map_err(malformed)?;
        let oid = algorithm.oid().map_err(malformed)?;
        let parameters = if algorithm.is_empty() { &[][..] } else { algorithm.element().map_err(malformed)?.der };
        let digest = info.expect(tag::OCTET_STRING).map_err(malformed)?.content;
        let salt = fields.expect(tag::OCTET_STRING).map_err(malformed)?.content;
        let iterations = if fields.is_empty() { 1 } else { old::number(&mut fields)? };
        Ok(Self { algorithm: oid, parameters, digest, salt, iterations })
    }

    fn fits(&self, content: &[u8], password: &[u8], text: &str) -> Result<bool, Pkcs12Error> {
        let (algorithm, key) = match self.algorithm {
            PBMAC1 => self.by_pbmac1(text)?,
            other => {
                let (hash, algorithm) = hash(other).ok_or_else(|| unsupported(other))?;
                let secrets = (password, self.salt, self.iterations);
                (algorithm, derive(hash, Use::Mac, secrets, hash.output_len()))
            }
        };
        let key = hmac::Key::new(algorithm, &key);
        Ok(hmac::verify(&key, content, self.digest).is_ok())
    }

    /// RFC 9579 §3: PBKDF2 with a length of the key that is said, and HMAC.
    fn by_pbmac1(&self, text: &str) -> Result<(hmac::Algorithm, Zeroizing<Vec<u8>>), Pkcs12Error> {
        let mut fields = Reader::whole(self.parameters, tag::SEQUENCE).map_err(malformed)?;
        let mut kdf = fields.nested(tag::SEQUENCE).map_err(malformed)?;
        let mut scheme = fields.nested(tag::SEQUENCE).map_err(malformed)?;
        let (kdf_oid, scheme) = (kdf.oid().map_err(malformed)?, scheme.oid().map_err(malformed)?);
        if kdf_oid != PBKDF2 {
            return Err(Pkcs12Error::Unsupported(format!("the key derivation {kdf_oid}")));
        }
        let mut parameters = kdf.nested(tag::SEQUENCE).map_err(malformed)?;
        let salt = parameters.expect(tag::OCTET_STRING).map_err(malformed)?.content;
        let iterations = old::number(&mut parameters)?;
        let length = parameters.optional(tag::INTEGER).map_err(malformed)?;
        let length = match length.map(|length| length.unsigned()).transpose().map_err(malformed)? {
            // Shorter keys can be guessed, and whoever guesses one seals another file with it.
            Some([length @ 20..=64]) => usize::from(*length),
            Some(_) => return Err(Pkcs12Error::Malformed("the length of the key of its seal (MAC)")),
            None => return Err(Pkcs12Error::Malformed("its seal (MAC) does not say how long its key is")),
        };
        let prf = match parameters.is_empty() {
            true => None,
            false => Some(parameters.nested(tag::SEQUENCE).and_then(|mut prf| prf.oid()).map_err(malformed)?),
        };
        let prf = pseudorandom_function(prf).map_err(unsupported)?;
        let algorithm = match scheme {
            HMAC_SHA256 => hmac::HMAC_SHA256,
            HMAC_SHA384 => hmac::HMAC_SHA384,
            HMAC_SHA512 => hmac::HMAC_SHA512,
            other => return Err(unsupported(other)),
        };
        let mut key = Zeroizing::new(vec![0; length]);
        let iterations = NonZeroU32::new(iterations).expect("it was checked");
        pbkdf2::derive(prf, iterations, salt, text.as_bytes(), &mut key);
        Ok((algorithm, key))
    }
}

/// Write the seal over `content`, as every program that reads such files can check it.
pub(super) fn seal(content: &[u8], password: &[u8], legacy: bool, iterations: u32) -> Result<Vec<u8>, Pkcs12Error> {
    let oid = if legacy { SHA1 } else { SHA256 };
    let (hash, algorithm) = hash(oid).expect("both are known");
    let mut salt = [0; 16];
    rand::fill(&mut salt).map_err(|_| Pkcs12Error::Randomness)?;
    let key = derive(hash, Use::Mac, (password, &salt, iterations), hash.output_len());
    let digest = hmac::sign(&hmac::Key::new(algorithm, &key), content);
    let mut out = Writer::default();
    out.sequence(|out| {
        out.sequence(|out| {
            out.sequence(|out| {
                out.oid(&oid);
                out.raw(&[5, 0]);
            });
            out.element(tag::OCTET_STRING, digest.as_ref());
        });
        out.element(tag::OCTET_STRING, &salt);
        out.signed(i64::from(iterations));
    });
    Ok(out.into_der())
}

fn hash(oid: ObjectIdentifier) -> Option<(&'static digest::Algorithm, hmac::Algorithm)> {
    Some(match oid {
        SHA1 => (&digest::SHA1_FOR_LEGACY_USE_ONLY, hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
        SHA256 => (&digest::SHA256, hmac::HMAC_SHA256),
        SHA384 => (&digest::SHA384, hmac::HMAC_SHA384),
        SHA512 => (&digest::SHA512, hmac::HMAC_SHA512),
        _ => return None,
    })
}

const SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
const PBMAC1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.14");

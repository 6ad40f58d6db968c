//! Certificates, certificate requests, keys and JOSE as typed values.
//!
//! Nothing here reads a file, a socket or the clock. What comes from outside is parsed into types
//! that cannot be wrong; what is dangerous takes a value that only the matching check can make.

mod asn1;
pub mod certificate;
pub mod chain;
pub mod crl;
pub mod extension;
pub mod jose;
pub mod key;
pub mod keyfile;
pub mod lint;
pub mod name;
pub mod ocsp;
pub mod pem;
pub mod pkcs12;
pub mod profile;
pub mod request;
pub mod serial;
pub mod tlog;

pub use certificate::{Certificate, CertificateContent, CertificateError};
pub use crl::{Crl, CrlError};
pub use extension::Extension;
pub use key::{
    ExchangeAlgorithm, ExchangePrivateKey, ExchangePublicKey, Hash, Hasher, KeyAlgorithm, KeyError, MlDsa, MlKem,
    PrivateKey, PublicKey, SignError, SignatureAlgorithm, SignatureError, Signer,
};
pub use name::{Attribute, DistinguishedName, DnsName, EmailAddress, NameError, SubjectAltName, UriName};
pub use request::{CertificateRequest, RequestContent, RequestError, VerifiedRequest};
pub use serial::{Random, RandomError, SerialNumber, SystemRandom};

/// Lower-case hexadecimal digits, two for each octet.
pub fn hex(octets: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
    octets.iter().flat_map(|octet| [digit(octet >> 4), digit(octet & 15)]).collect()
}

/// SHA-256 of `octets`.
pub fn sha256(octets: &[u8]) -> [u8; 32] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, octets);
    digest.as_ref().try_into().expect("SHA-256 has 32 octets")
}

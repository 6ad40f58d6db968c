//! Certificates, certificate requests, keys and JOSE as typed values.
//!
//! Nothing here reads a file, a socket or the clock. What comes from outside is parsed into types
//! that cannot be wrong; what is dangerous takes a value that only the matching check can make.

pub mod jose;
pub mod key;
pub mod keyfile;
pub mod pem;

pub use key::{KeyAlgorithm, KeyError, PrivateKey, PublicKey, SignError, SignatureAlgorithm, SignatureError, Signer};

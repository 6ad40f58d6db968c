//! Signed tokens (JWS), keys (JWK) and encrypted keys (JWE), read strictly.
//!
//! One rule holds throughout: the algorithm is chosen by the key, never by what a token says about itself.

mod algorithm;
mod algorithms;
mod base64url;
mod json;
pub mod jwe;
mod jwk;
mod jws;
mod key;
mod key_set;
mod prepared;
mod private_jwk;
mod sign;
pub mod signed;

pub use algorithm::{JwsAlgorithm, UnknownAlgorithm};
pub use algorithms::{KeyManagement, MacAlgorithm, SigningAlgorithm, UnknownKeyManagement};
pub use base64url::encode as base64url;
pub use json::{JsonError, MAX_DEPTH, check_object as check_json_object};
pub use jwk::{JwkError, PublicJwk};
pub use jws::{Header, JwsError, MAX_TOKEN_LEN, Part, UnverifiedJws, VerificationKey, VerifiedPayload};
pub use key::{Jwk, Material, Secret};
pub use key_set::{KeySet, KeySetError, MAX_KEYS};
pub use private_jwk::PrivateJwk;
pub use sign::{SignHeader, TokenError, sign_compact};

//! What this crate writes, read by OpenSSL, and what OpenSSL writes, read by this crate; and odd input.

#![expect(clippy::unwrap_used, reason = "tests may panic")]

mod authority;
mod certificate;
mod chain;
mod corpus;
mod limbo;
mod openssl;
mod properties;
mod request;
mod revocation;
mod wycheproof;
mod wycheproof_jose;

//! A token and a certificate request become a certificate, or a reason why not.
#![expect(clippy::unwrap_used, reason = "tests stop at what does not work")]

mod boundaries;
mod choices;
mod corpus;
mod given;
mod jwk;
mod key;
mod oidc;
mod profile;
mod record;
mod refusals;
mod request;
mod rules;
mod stage;
mod succession;
mod validity;

//! Telling who is revoked: CRLs and OCSP.

mod crl;
mod delegate;
mod ocsp;

pub use crl::{CrlPublisher, PublishedCrl, own_address};
pub use delegate::Delegate;
pub use ocsp::{Answered, OcspAnswers, Responders};

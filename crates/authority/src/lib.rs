//! Who may have which certificate: every rule of the CA, without HTTP, SQL or files.
//!
//! A token becomes a certificate in a straight line:
//! [`SignRequest`](sign::SignRequest) → [`UnverifiedToken`](token::UnverifiedToken) → [`Grant`](grant::Grant) →
//! [`Plan`](plan::Plan) → [`Signed`](issue::Signed) → [`Recorded`](issue::Recorded).
//! Each hop is one function; each value can be made only by the check before it.

pub mod audience;
pub mod audit;
pub mod clock;
pub mod division;
pub mod error;
pub mod grant;
pub mod inventory;
pub mod issue;
pub mod issuer;
pub mod plan;
pub mod presented;
pub mod providers;
pub mod provisioner;
pub mod refusal;
pub mod renew;
pub mod revoke;
pub mod sign;
pub mod store;
pub mod token;

pub use error::Error;
pub use renew::RenewRequest;
pub use revoke::{RevokeRequest, Revoker};
pub use sign::{Authority, SignRequest};

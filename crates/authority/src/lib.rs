//! Who may have which certificate: every rule of the CA, without HTTP, SQL or files.
//!
//! A token becomes a certificate in a straight line:
//! [`SignRequest`](sign::SignRequest) → [`UnverifiedToken`](token::UnverifiedToken) → [`Grant`](grant::Grant) →
//! [`Plan`](plan::Plan) → [`Signed`](issue::Signed) → [`Recorded`](issue::Recorded).
//! Each hop is one function; each value can be made only by the check before it.

pub mod clock;
pub mod store;

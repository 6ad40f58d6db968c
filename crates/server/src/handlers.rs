//! What the endpoints do, one file a group.

pub mod certificates;
pub mod health;
pub mod inventory;
pub mod preview;
pub mod provisioners;
pub mod renew;
pub mod revocation;
pub mod revoke;
pub mod sign;

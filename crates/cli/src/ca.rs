//! What the commands of `ca` share: reaching the CA, choosing a provisioner, making tokens, checking what comes back.

pub(crate) mod choose;
pub(crate) mod connection;
pub(crate) mod grant;
pub(crate) mod identity;
pub(crate) mod issue;
pub(crate) mod key;
pub(crate) mod offline;
pub(crate) mod password;
pub(crate) mod returned;
pub(crate) mod template;
pub(crate) mod token;
pub(crate) mod when;

#[cfg(test)]
mod tests;

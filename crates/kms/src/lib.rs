//! Where private keys live, and how to sign with them.
//!
//! A key is named by its location: the path of a file today. Locations in hardware and in clouds are recognised, so
//! that they are refused by name and never mistaken for a file.

mod error;
mod file;
mod location;

use rung_pki::Signer;

pub use error::OpenError;
use location::Location;

/// Open the key at `location` for signing.
///
/// # Errors
/// When there is no key, it cannot be read or is damaged, its password is missing or wrong, or the location names a
/// kind of key store that this version does not have.
pub fn open(location: &str, password: Option<&[u8]>) -> Result<Box<dyn Signer>, OpenError> {
    match Location::parse(location)? {
        Location::File(path) => Ok(Box::new(file::read(path, password)?)),
    }
}

/// Whether [`open`] needs a password for the key at `location`, so that it can be asked for first.
///
/// # Errors
/// When the key cannot be read at all, or the location names a kind of key store that this version does not have.
pub fn needs_password(location: &str) -> Result<bool, OpenError> {
    match Location::parse(location)? {
        Location::File(path) => file::is_encrypted(path),
    }
}

//! Telling key files from keys in other places.

#[cfg(test)]
mod tests;

use std::path::Path;

use super::OpenError;

/// Where a key is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Location<'a> {
    /// In a file.
    File(&'a Path),
}

impl<'a> Location<'a> {
    /// Everything is a path that does not begin with the name of a key store and a colon.
    pub(super) fn parse(text: &'a str) -> Result<Self, OpenError> {
        let scheme = text.split_once(':').and_then(|(start, _)| {
            // RFC 3986 §3.1: the name of a scheme has no case.
            SCHEMES.into_iter().find(|scheme| scheme.eq_ignore_ascii_case(start))
        });
        match scheme {
            None => Ok(Self::File(Path::new(text))),
            Some(scheme) => Err(OpenError::UnsupportedStore { location: without_secrets(text), scheme }),
        }
    }
}

/// A key URI may carry a PIN (RFC 7512 §2.4: `pin-value`) or credentials; those must not end up in a log.
fn without_secrets(location: &str) -> String {
    location
        .split_inclusive([';', '?', '&'])
        .map(|part| {
            let name = part.split('=').next().unwrap_or_default().rsplit(':').next().unwrap_or_default();
            let secret = SECRETS.iter().any(|secret| name.to_ascii_lowercase().contains(secret));
            match (secret, part.find('='), part.chars().last().filter(|last| [';', '?', '&'].contains(last))) {
                (true, Some(end), last) => format!("{}=…{}", &part[..end], last.map_or(String::new(), String::from)),
                _ => part.to_owned(),
            }
        })
        .collect()
}

/// The key stores of `kms` in a configuration, but for files.
const SCHEMES: [&str; 10] =
    ["awskms", "azurekms", "capi", "cloudkms", "kms", "mackms", "pkcs11", "sshagentkms", "tpmkms", "yubikey"];
const SECRETS: [&str; 6] = ["credential", "key-value", "management", "passw", "pin", "secret"];

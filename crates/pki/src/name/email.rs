//! Mailboxes.

use std::{fmt, str::FromStr};

use super::{NameError, dns};

/// An e-mail address: one mailbox name, one domain, both ASCII.
///
/// The domain is kept in lower case, since it has no case; the mailbox name is kept as it was written, since only
/// its own domain knows whether its case matters (RFC 5321 §2.4). So `Ann@EXAMPLE.com` becomes `Ann@example.com`.
/// Quoted mailbox names, comments, address literals and a dot at the end are refused.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress {
    text: Box<str>,
    at: usize,
}

impl EmailAddress {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What stands before the at sign.
    pub fn local(&self) -> &str {
        &self.text[..self.at]
    }

    /// What stands after the at sign, in lower case.
    pub fn domain(&self) -> &str {
        &self.text[self.at + 1..]
    }
}

impl FromStr for EmailAddress {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if !text.is_ascii() {
            return Err(NameError::NotAscii);
        }
        let (local, domain) = text.split_once('@').ok_or(NameError::NotOneAt)?;
        if domain.contains('@') {
            return Err(NameError::NotOneAt);
        }
        check_local(local)?;
        dns::check_host(domain)?;
        let mut text: Box<str> = text.into();
        text[local.len()..].make_ascii_lowercase();
        Ok(Self { text, at: local.len() })
    }
}

/// RFC 5321 §4.1.2, the form Dot-string, at most 64 octets (§4.5.3.1.1).
fn check_local(local: &str) -> Result<(), NameError> {
    let is_atom = |atom: &str| {
        !atom.is_empty()
            && atom.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&octet))
    };
    if local.len() > 64 || !local.split('.').all(is_atom) {
        return Err(NameError::LocalPart);
    }
    Ok(())
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "EmailAddress({:?})", self.text)
    }
}

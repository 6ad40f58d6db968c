//! `crypto otp …`

mod generate;
mod picture;
pub(crate) mod secret;
mod verify;

use aws_lc_rs::hmac;

use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Example, Group, Node};

pub(crate) static GROUP: Group = Group {
    name: "otp",
    summary: "make and verify one-time passwords",
    description: "Makes secrets for apps that show a new code every half minute (TOTP, RFC 6238), and verifies such codes.",
    examples: &[Example {
        purpose: "Make a secret for an app:",
        lines: &["crypto otp generate --issuer example.com --account me@example.com --qr -"],
    }],
    children: &[Node::Command(&generate::COMMAND), Node::Command(&verify::COMMAND)],
};

/// The hash that codes are made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Sha1,
    Sha256,
    Sha512,
}

impl Algorithm {
    /// The one with that name, in whichever case.
    fn named(name: &str) -> Option<Self> {
        match name.to_ascii_uppercase().as_str() {
            "SHA1" => Some(Self::Sha1),
            "SHA256" => Some(Self::Sha256),
            "SHA512" => Some(Self::Sha512),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }

    fn hmac(self) -> hmac::Algorithm {
        match self {
            // HMAC does not need what SHA-1 has lost.
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha512 => hmac::HMAC_SHA512,
        }
    }
}

/// The algorithm of `--alg`, if it is given.
fn algorithm(call: &Call) -> anyhow::Result<Option<Algorithm>> {
    let Some(name) = call.text("alg")? else { return Ok(None) };
    let found = Algorithm::named(&name).ok_or_else(|| {
        Usage::new(format!("invalid value '{name}' for flag '--alg'; options are SHA1, SHA256, or SHA512"))
    })?;
    Ok(Some(found))
}

/// A number of a flag; 0 is none.
fn number(call: &Call, name: &str, allowed: std::ops::RangeInclusive<u64>) -> anyhow::Result<Option<u64>> {
    let Some(text) = call.text(name)? else { return Ok(None) };
    let number: u64 =
        text.parse().map_err(|_| Usage::new(format!("invalid value \"{text}\" for flag -{name}: parse error")))?;
    if number != 0 && !allowed.contains(&number) {
        let (least, most) = allowed.into_inner();
        return Err(Usage::new(format!("flag '--{name}' must be from {least} to {most}")).into());
    }
    Ok(Some(number).filter(|number| *number != 0))
}

/// How many digits a code may have: what four octets hold.
const DIGITS: std::ops::RangeInclusive<u64> = 1..=10;
/// Seconds for which a code lives: a day at most.
const PERIOD: std::ops::RangeInclusive<u64> = 1..=86_400;

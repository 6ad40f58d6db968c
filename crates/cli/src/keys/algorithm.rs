//! Which algorithm a key is used with, and whether it may be.

use rung_pki::KeyAlgorithm;
use rung_pki::jose::{Jwk, JwsAlgorithm, KeyManagement, SigningAlgorithm};

use crate::failure::Usage;

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// `enc`.
    Encryption,
    /// `sig`.
    Signatures,
}

/// What to take for an algorithm when neither the key nor the person names one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guess {
    /// The usual one.
    Default,
    /// The only one there is; nothing where there are several.
    OnlyOne,
}

impl Purpose {
    /// The `use` of a JWK.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Encryption => "enc",
            Self::Signatures => "sig",
        }
    }

    /// The usual algorithm of a key for this; none for one that is not for it at all.
    pub(crate) fn default_algorithm(self, jwk: &Jwk) -> Option<&'static str> {
        match (self, jwk.algorithm_of_pair()) {
            (Self::Encryption, _) => KeyManagement::default_for(jwk).map(KeyManagement::as_str),
            (Self::Signatures, Some(pair)) => Some(JwsAlgorithm::default_for(pair).as_str()),
            (Self::Signatures, None) => jwk.is_secret().then_some("HS256"),
        }
    }
}

impl Guess {
    pub(super) fn algorithm(self, jwk: &Jwk) -> Option<&'static str> {
        let purpose = if jwk.usage.as_deref() == Some("enc") { Purpose::Encryption } else { Purpose::Signatures };
        match self {
            Self::Default => purpose.default_algorithm(jwk),
            Self::OnlyOne if purpose == Purpose::Signatures => {
                let only = jwk.algorithm_of_pair().filter(|pair| !matches!(pair, KeyAlgorithm::Rsa { .. }))?;
                Some(JwsAlgorithm::default_for(only).as_str())
            }
            Self::OnlyOne => None,
        }
    }
}

/// Check that the algorithm that a key names is one of the key, for what the key is for.
pub(crate) fn check_fits(jwk: &Jwk) -> Result<(), Usage> {
    let Some(name) = jwk.algorithm.as_deref() else {
        return Err(Usage::new("flag '--alg' is required with the given key"));
    };
    let curve = jwk.curve();
    for purpose in [Purpose::Encryption, Purpose::Signatures] {
        if jwk.usage.as_deref() == Some(purpose.name()) && purpose.default_algorithm(jwk).is_none() {
            return Err(Usage::new(format!("key {}", unfit(jwk, purpose))));
        }
    }
    let (fits, with_curve) = match jwk.usage.as_deref() {
        Some("sig") => (name.parse::<SigningAlgorithm>().is_ok_and(|algorithm| algorithm.fits(jwk)), true),
        Some("enc") => (name.parse::<KeyManagement>().is_ok_and(|algorithm| algorithm.fits(jwk)), false),
        _ => (true, false),
    };
    if fits {
        return Ok(());
    }
    let kty = jwk.key_type();
    Err(Usage::new(match curve.filter(|_| with_curve) {
        Some(curve) => format!("alg '{name}' is not compatible with kty '{kty}' and crv '{curve}'"),
        None => format!("alg '{name}' is not compatible with kty '{kty}'"),
    }))
}

/// What to say of a key that is not for this at all.
pub(crate) fn unfit(jwk: &Jwk, purpose: Purpose) -> String {
    let pair = jwk.algorithm_of_pair().map(|pair| pair.to_string());
    let name = pair.or_else(|| jwk.curve().map(str::to_owned)).unwrap_or_else(|| jwk.key_type().to_owned());
    let what = match purpose {
        Purpose::Encryption => "encryption",
        Purpose::Signatures => "signatures",
    };
    format!("{name} cannot be used for {what}")
}

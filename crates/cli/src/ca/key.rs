//! `--kty`, `--curve` and `--size`: which kind of key to make.

use rung_pki::{ExchangeAlgorithm, KeyAlgorithm, MlDsa, MlKem};

use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::Flag;

const KTY: Flag = Flag::value(&["kty"], "<kty>", "Kind of key: EC (the default), OKP, RSA or AKP.");
const SIZE: Flag = Flag::value(&["size"], "<bits>", "Size of an RSA key: 2048 (the default), 3072, 4096 or 8192.");

/// The flags that say which kind of key to make.
pub(crate) static FLAGS: &[Flag] = &[
    KTY,
    Flag::value(
        &["curve", "crv"],
        "<curve>",
        "Curve: P-256 (the default), P-384 or P-521 for EC; Ed25519 for OKP; for AKP, which has none, ML-DSA-44, ML-DSA-65 \
         (the default) or ML-DSA-87, signatures that outlast quantum computers.",
    ),
    SIZE,
];

/// The same, with the kinds of keys that sign nothing.
pub(crate) static PAIR_FLAGS: &[Flag] = &[
    KTY,
    Flag::value(
        &["curve", "crv"],
        "<curve>",
        "Curve: P-256 (the default), P-384 or P-521 for EC; Ed25519 (the default) or X25519 for OKP; for AKP, which has \
         none, ML-DSA-44, ML-DSA-65 (the default), ML-DSA-87, ML-KEM-512, ML-KEM-768 or ML-KEM-1024. X25519 and ML-KEM \
         keys sign nothing: with them two sides agree on a secret.",
    ),
    SIZE,
];

/// What kind of key to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PairAlgorithm {
    /// One that two sides agree on a secret with.
    Exchange(ExchangeAlgorithm),
    /// One that signs.
    Signing(KeyAlgorithm),
}

/// The kind of key that these values of [`PAIR_FLAGS`] mean.
pub(crate) fn choose_pair(kty: &str, curve: Option<&str>, size: Option<&str>) -> Result<PairAlgorithm, Usage> {
    let (Some(curve), None) = (curve, size) else { return choose(Some(kty), curve, size).map(PairAlgorithm::Signing) };
    if let Some(algorithm) = exchange(kty, curve) {
        return Ok(PairAlgorithm::Exchange(algorithm));
    }
    choose(Some(kty), Some(curve), None).map(PairAlgorithm::Signing).map_err(|problem| match kty {
        "AKP" => wrong_curve(kty, curve, "ML-DSA-44, ML-DSA-65, ML-DSA-87, ML-KEM-512, ML-KEM-768, ML-KEM-1024"),
        "OKP" => wrong_curve(kty, curve, "Ed25519, X25519"),
        _ => problem,
    })
}

/// The kind of key that two sides agree on a secret with, if it is the name of one.
fn exchange(kty: &str, curve: &str) -> Option<ExchangeAlgorithm> {
    match (kty, curve) {
        ("OKP", "X25519") => Some(ExchangeAlgorithm::X25519),
        ("AKP", name) => MlKem::from_name(name).map(ExchangeAlgorithm::MlKem),
        _ => None,
    }
}

/// What the flags ask for.
pub(crate) fn algorithm(call: &Call) -> anyhow::Result<KeyAlgorithm> {
    let (kty, curve, size) = (call.text("kty")?, call.text("curve")?, call.text("size")?);
    Ok(choose(kty.as_deref(), curve.as_deref(), size.as_deref())?)
}

/// The kind of key that these values of the flags mean.
pub(crate) fn choose(kty: Option<&str>, curve: Option<&str>, size: Option<&str>) -> Result<KeyAlgorithm, Usage> {
    if kty.is_none() {
        let alone = curve.map(|_| "curve").or(size.map(|_| "size"));
        if let Some(flag) = alone {
            return Err(Usage::new(format!("flag '--{flag}' requires the '--kty' flag")));
        }
    }
    match kty.unwrap_or("EC") {
        "AKP" => {
            without("AKP", "size", size)?;
            let name = curve.unwrap_or(MlDsa::MlDsa65.as_str());
            let set =
                MlDsa::from_name(name).ok_or_else(|| wrong_curve("AKP", name, "ML-DSA-44, ML-DSA-65, ML-DSA-87"))?;
            Ok(KeyAlgorithm::MlDsa(set))
        }
        "EC" => {
            without("EC", "size", size)?;
            match curve.unwrap_or("P-256") {
                "P-256" => Ok(KeyAlgorithm::EcP256),
                "P-384" => Ok(KeyAlgorithm::EcP384),
                "P-521" => Ok(KeyAlgorithm::EcP521),
                other => Err(wrong_curve("EC", other, "P-256, P-384, P-521")),
            }
        }
        "OKP" => {
            without("OKP", "size", size)?;
            match curve.unwrap_or("Ed25519") {
                "Ed25519" => Ok(KeyAlgorithm::Ed25519),
                other => Err(wrong_curve("OKP", other, "Ed25519")),
            }
        }
        "RSA" => {
            without("RSA", "curve", curve)?;
            rsa(size.unwrap_or("2048"))
        }
        other => Err(Usage::new(format!("invalid value '{other}' for flag '--kty'; options are RSA, EC, OKP, AKP"))),
    }
}

fn rsa(size: &str) -> Result<KeyAlgorithm, Usage> {
    let bits: u32 =
        size.parse().map_err(|_| Usage::new(format!("invalid value \"{size}\" for flag -size: parse error")))?;
    match bits {
        2048 | 3072 | 4096 | 8192 => Ok(KeyAlgorithm::Rsa { bits }),
        0..2048 => Err(Usage::new("flag '--size' requires at least 2048")),
        _ => Err(Usage::new(format!("invalid value '{size}' for flag '--size'; options are 2048, 3072, 4096, 8192"))),
    }
}

fn without(kty: &str, flag: &str, value: Option<&str>) -> Result<(), Usage> {
    match value {
        Some(_) => Err(Usage::new(format!("flag '--{flag}' is incompatible with flag '--kty {kty}'"))),
        None => Ok(()),
    }
}

fn wrong_curve(kty: &str, curve: &str, options: &str) -> Usage {
    let problem = format!("flag '--kty {kty}' is incompatible with flag '--curve {curve}'");
    Usage::new(format!("{problem}\n\n  Option(s): --curve {options}"))
}

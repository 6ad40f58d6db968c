//! `--kty`, `--curve` and `--size`: which kind of key to make.

use rung_pki::{KeyAlgorithm, MlDsa};

use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::Flag;

/// The flags that say which kind of key to make.
pub(crate) static FLAGS: &[Flag] = &[
    Flag::value(&["kty"], "<kty>", "Kind of key: EC (the default), OKP, RSA or AKP."),
    Flag::value(
        &["curve", "crv"],
        "<curve>",
        "Curve: P-256 (the default), P-384 or P-521 for EC; Ed25519 for OKP; for AKP, which has none, ML-DSA-44, ML-DSA-65 \
         (the default) or ML-DSA-87, signatures that outlast quantum computers.",
    ),
    Flag::value(&["size"], "<bits>", "Size of an RSA key: 2048 (the default), 3072, 4096 or 8192."),
];

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

//! `--kty`, `--crv` and `--size`: which kind of key to make.

use anyhow::bail;
use rung_pki::jose::{Jwk, KeyManagement, Material, Secret, SigningAlgorithm};
use rung_pki::{ExchangeAlgorithm, ExchangePrivateKey, KeyAlgorithm, MlDsa, PrivateKey};

use crate::call::Call;
use crate::failure::Usage;
use crate::keys::Purpose;

/// The kind of key to make.
pub(super) enum Kind {
    /// Of X25519, which signs nothing.
    Exchange,
    Pair(KeyAlgorithm),
    /// A secret of so many octets.
    Secret(usize),
}

impl Kind {
    /// What the flags ask for.
    pub(super) fn of(call: &Call) -> anyhow::Result<Self> {
        let kty = call.text("kty")?.unwrap_or_else(|| "EC".to_owned());
        let (curve, size) = (call.text("crv")?, call.text("size")?);
        let takes_size = matches!(kty.as_str(), "RSA" | "oct");
        let takes_curve = matches!(kty.as_str(), "EC" | "OKP");
        if !takes_size && !takes_curve && kty != "AKP" {
            let options = "EC, RSA, OKP, or oct; or AKP, for ML-DSA";
            return Err(Usage::new(format!("invalid value '{kty}' for flag '--kty'; options are {options}")).into());
        }
        let unwanted = [("size", size.is_some() && !takes_size), ("crv", curve.is_some() && !takes_curve)];
        if let Some((flag, _)) = unwanted.into_iter().find(|(_, unwanted)| *unwanted) {
            return Err(Usage::new(format!("flag '--{flag}' is incompatible with '--kty {kty}'")).into());
        }
        let least = if kty == "RSA" { 2048 } else { 16 };
        let size = size.map(|size| checked_size(call, &size, least)).transpose()?;
        match (kty.as_str(), curve.as_deref()) {
            ("EC", None | Some("P-256")) => Ok(Self::Pair(KeyAlgorithm::EcP256)),
            ("EC", Some("P-384")) => Ok(Self::Pair(KeyAlgorithm::EcP384)),
            ("EC", Some("P-521")) => Ok(Self::Pair(KeyAlgorithm::EcP521)),
            ("OKP", None | Some("Ed25519")) => Ok(Self::Pair(KeyAlgorithm::Ed25519)),
            ("OKP", Some("X25519")) => Ok(Self::Exchange),
            ("EC" | "OKP", Some(other)) => bail!("invalid value for argument crv (crv: '{other}')"),
            ("RSA", _) => rsa(size.unwrap_or(2048)),
            ("AKP", _) => ml_dsa(call),
            _ => Ok(Self::Secret(match size {
                Some(size) => size,
                None => usual_len(call)?,
            })),
        }
    }

    /// Make it.
    pub(super) fn make(self) -> anyhow::Result<Jwk> {
        Ok(Jwk::new(match self {
            Self::Exchange => {
                Material::ExchangePrivate(Box::new(ExchangePrivateKey::generate(ExchangeAlgorithm::X25519)?))
            }
            Self::Pair(algorithm) => Material::Private(Box::new(PrivateKey::generate(algorithm)?)),
            Self::Secret(len) => Material::Secret(Secret::generate(len)?),
        }))
    }
}

/// What a `use` means for the choice of an algorithm.
pub(super) fn purpose(usage: Option<&str>) -> Purpose {
    if usage == Some("enc") { Purpose::Encryption } else { Purpose::Signatures }
}

/// A key of this type has one algorithm, which says what kind of key it is (RFC 9964).
fn ml_dsa(call: &Call) -> anyhow::Result<Kind> {
    let name = call.text("alg")?.unwrap_or_else(|| MlDsa::MlDsa65.as_str().to_owned());
    let Some(set) = MlDsa::from_name(&name) else {
        let problem = format!("alg '{name}' is not compatible with kty 'AKP'");
        return Err(Usage::new(format!("{problem}; options are ML-DSA-44, ML-DSA-65, ML-DSA-87")).into());
    };
    Ok(Kind::Pair(KeyAlgorithm::MlDsa(set)))
}

fn rsa(bits: usize) -> anyhow::Result<Kind> {
    match bits {
        2048 | 3072 | 4096 | 8192 => Ok(Kind::Pair(KeyAlgorithm::Rsa { bits: bits as u32 })),
        0..2048 => bail!("the size of the RSA key should be at least 2048 bits"),
        _ => {
            let options = "2048, 3072, 4096, 8192";
            Err(Usage::new(format!("invalid value '{bits}' for flag '--size'; options are {options}")).into())
        }
    }
}

/// As many octets as the algorithm takes, so that the key can be used with it.
fn usual_len(call: &Call) -> anyhow::Result<usize> {
    let Some(name) = call.text("alg")? else { return Ok(32) };
    if let Ok(SigningAlgorithm::Mac(algorithm)) = name.parse() {
        return Ok(algorithm.least_secret_len());
    }
    Ok(match name.parse() {
        Ok(KeyManagement::AesGcmWrap(len) | KeyManagement::AesWrap(len)) => len,
        _ => 32,
    })
}

fn checked_size(call: &Call, text: &str, least: usize) -> anyhow::Result<usize> {
    let size: i64 =
        text.parse().map_err(|_| Usage::new(format!("invalid value \"{text}\" for flag -size: parse error")))?;
    let size = usize::try_from(size).unwrap_or(0);
    if size < least && !call.switch("insecure")? {
        let problem = format!("flag '--size' requires at least {least} unless '--insecure' flag is provided");
        return Err(Usage::new(problem).into());
    }
    if size == 0 {
        return Err(Usage::new("flag '--size' must be greater than or equal to 0, and 0 is no size").into());
    }
    if size > MOST {
        return Err(Usage::new(format!("flag '--size' must be at most {MOST}")).into());
    }
    Ok(size)
}

/// More than any algorithm can make use of.
const MOST: usize = 16_384;

//! Private keys as JSON (RFC 7518 §6).

mod crt;
#[cfg(test)]
mod tests;

use std::fmt;

use der::{Encode, asn1::UintRef};
use zeroize::Zeroizing;

use super::{
    JwkError, PublicJwk, base64url,
    jwk::{Members, decode},
};
use crate::{
    ExchangePrivateKey, ExchangePublicKey, KeyAlgorithm, KeyError, PrivateKey, PublicKey, Signer,
    keyfile::structure::{PrivateNumbers, RsaPrivateKey},
};

/// A private key that tokens are signed with.
pub struct PrivateJwk {
    key: PrivateKey,
    public: PublicJwk,
}

impl PrivateJwk {
    /// Describe a key the way `step` does: for signatures, with its default algorithm and its thumbprint as id.
    pub fn describe(key: PrivateKey) -> Self {
        Self { public: PublicJwk::describe(key.public_key().clone()), key }
    }

    /// Read a private key.
    ///
    /// # Errors
    /// When it is not a key that signs, or its halves do not belong together.
    pub fn from_json(text: &[u8]) -> Result<Self, JwkError> {
        let members = Members::parse(text)?;
        let public = members.public("sign")?;
        let key = private_key(&members, public.key())?;
        Ok(Self { key, public })
    }

    /// Write the key on one line, in clear, the private members last.
    pub fn to_json(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(self.public.open_json());
        append_private(&mut text, &self.key);
        text.push('}');
        text
    }

    /// The key.
    pub fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// The key alone.
    pub fn into_key(self) -> PrivateKey {
        self.key
    }

    /// The public half, with the same id and algorithm.
    pub fn public(&self) -> &PublicJwk {
        &self.public
    }
}

/// Shows which key it is, never the key.
impl fmt::Debug for PrivateJwk {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("PrivateJwk").field("public", &self.public).finish_non_exhaustive()
    }
}

/// The private key that belongs to `public`.
pub(super) fn private_key(members: &Members, public: &PublicKey) -> Result<PrivateKey, JwkError> {
    let key = match public.algorithm() {
        KeyAlgorithm::Rsa { .. } => rsa_key(members, public)?,
        KeyAlgorithm::MlDsa(set) => PrivateKey::from_ml_dsa_seed(set, &secret("priv", members.seed.as_ref())?)?,
        algorithm => {
            let number = secret("d", members.d.as_ref())?;
            match algorithm {
                KeyAlgorithm::Ed25519 => PrivateKey::from_ed25519_seed(&number)?,
                _ => PrivateKey::from_ec_numbers(algorithm, &number, public.bits())?,
            }
        }
    };
    if key.public_key() != public {
        return Err(APART);
    }
    Ok(key)
}

/// The private key that belongs to `public`.
pub(super) fn exchange_private_key(
    members: &Members,
    public: &ExchangePublicKey,
) -> Result<ExchangePrivateKey, JwkError> {
    let key = ExchangePrivateKey::from_secret(public.algorithm(), &secret("d", members.d.as_ref())?)?;
    if key.public_key() == public { Ok(key) } else { Err(APART) }
}

/// Add the private members to a JWK that is not closed yet.
pub(super) fn append_private(text: &mut Zeroizing<String>, key: &PrivateKey) {
    match PrivateNumbers::of(key) {
        PrivateNumbers::Ec(number) | PrivateNumbers::Ed25519(number) => append_secret(text, "d", number),
        PrivateNumbers::MlDsa(seed) => append_secret(text, "priv", seed),
        PrivateNumbers::Rsa(numbers) => {
            append_secret(text, "d", numbers.d.as_bytes());
            append_secret(text, "p", numbers.p.as_bytes());
            append_secret(text, "q", numbers.q.as_bytes());
            append_secret(text, "dp", numbers.dp.as_bytes());
            append_secret(text, "dq", numbers.dq.as_bytes());
            append_secret(text, "qi", numbers.qi.as_bytes());
        }
    }
}

/// Add one secret member to a JWK that is not closed yet.
pub(super) fn append_secret(text: &mut Zeroizing<String>, name: &str, octets: &[u8]) {
    let value = Zeroizing::new(base64url::encode(octets));
    // The text holds a key, so it must not be left behind by growing.
    let mut longer = Zeroizing::new(String::with_capacity(text.len() + value.len() + name.len() + 7));
    longer.extend([text.as_str(), ",\"", name, "\":\"", value.as_str(), "\""]);
    *text = longer;
}

fn rsa_key(members: &Members, public: &PublicKey) -> Result<PrivateKey, JwkError> {
    if members.oth {
        return Err(JwkError::Unsupported("RSA with more than two primes".to_owned()));
    }
    let (modulus, exponent) = public.rsa_numbers().ok_or(JwkError::Member("n"))?;
    let d = secret("d", members.d.as_ref())?;
    let p = secret("p", members.p.as_ref())?;
    let q = secret("q", members.q.as_ref())?;
    let [dp, dq, qi] = if members.dp.is_none() && members.dq.is_none() && members.qi.is_none() {
        if d.len() > MOST_RSA_OCTETS || p.len() > MOST_RSA_OCTETS || q.len() > MOST_RSA_OCTETS {
            return Err(JwkError::WeakRsa);
        }
        crt::complete(&d, &p, &q).ok_or(JwkError::Member("p"))?
    } else {
        [secret("dp", members.dp.as_ref())?, secret("dq", members.dq.as_ref())?, secret("qi", members.qi.as_ref())?]
    };
    let malformed = |_| JwkError::Key(KeyError::Malformed("the RSA numbers are too long"));
    let document = RsaPrivateKey {
        version: 0,
        n: UintRef::new(modulus).map_err(malformed)?,
        e: UintRef::new(exponent).map_err(malformed)?,
        d: UintRef::new(&d).map_err(malformed)?,
        p: UintRef::new(&p).map_err(malformed)?,
        q: UintRef::new(&q).map_err(malformed)?,
        dp: UintRef::new(&dp).map_err(malformed)?,
        dq: UintRef::new(&dq).map_err(malformed)?,
        qi: UintRef::new(&qi).map_err(malformed)?,
    };
    let document = Zeroizing::new(document.to_der().map_err(malformed)?);
    Ok(PrivateKey::from_pkcs1(&document)?)
}

pub(super) fn secret(name: &'static str, text: Option<&Zeroizing<String>>) -> Result<Zeroizing<Vec<u8>>, JwkError> {
    decode(name, text.map(|text| text.as_str())).map(Zeroizing::new)
}

const APART: JwkError = JwkError::Key(KeyError::Malformed("the private and the public half do not belong together"));
/// Of an RSA key of 8192 bits.
const MOST_RSA_OCTETS: usize = 1024;

//! How the content's key comes to its recipient (RFC 7518 §4).

use std::num::NonZeroU32;

use aws_lc_rs::{
    agreement::{self, UnparsedPublicKey},
    digest, rand,
    rsa::{
        OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPrivateDecryptingKey, OaepPublicEncryptingKey,
        Pkcs1PrivateDecryptingKey, PrivateDecryptingKey, PublicEncryptingKey,
    },
};
use serde::Deserialize;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::{
    ContentEncryption, ITERATIONS, JweError, NO_RANDOMNESS, Wrap,
    content::{self, Sealed, TAMPERED},
    wrap,
};
use crate::{
    ExchangeAlgorithm, ExchangePublicKey, KeyAlgorithm, PrivateKey, PublicKey,
    jose::{Jwk, KeyManagement, base64url, json, key::Material},
};

/// What decrypts.
#[derive(Clone, Copy)]
pub enum DecryptionKey<'a> {
    /// A private key or a shared secret.
    Jwk(&'a Jwk),
    /// A password.
    Password {
        /// The password.
        password: &'a [u8],
        /// How many iterations of the key derivation are done at most.
        most_iterations: u32,
    },
}

/// What is encrypted for.
#[derive(Clone, Copy)]
pub enum EncryptionKey<'a> {
    /// A public key or a shared secret.
    Jwk(&'a Jwk),
    /// A password.
    Password(&'a [u8]),
}

/// The members of a header that lead to the content's key.
#[derive(Deserialize)]
pub(super) struct Header {
    pub(super) alg: String,
    pub(super) enc: String,
    #[serde(default, deserialize_with = "json::string")]
    pub(super) kid: Option<String>,
    p2c: Option<u64>,
    p2s: Option<String>,
    epk: Option<Value>,
    #[serde(default, deserialize_with = "json::string")]
    apu: Option<String>,
    #[serde(default, deserialize_with = "json::string")]
    apv: Option<String>,
    #[serde(default, deserialize_with = "json::string")]
    iv: Option<String>,
    #[serde(default, deserialize_with = "json::string")]
    tag: Option<String>,
    #[serde(default, deserialize_with = "json::present")]
    zip: bool,
    #[serde(default, deserialize_with = "json::present")]
    crit: bool,
}

impl Header {
    pub(super) fn read(header: Map<String, Value>) -> Result<Self, JweError> {
        let header: Self = serde_json::from_value(Value::Object(header))
            .map_err(|_| JweError::Malformed("`alg` and `enc` are missing or no strings"))?;
        // Decompression would let a short text grow without bound.
        if header.zip {
            return Err(JweError::Unsupported("compression (`zip`)".to_owned()));
        }
        if header.crit {
            return Err(JweError::Unsupported("extensions (`crit`)".to_owned()));
        }
        Ok(header)
    }

    pub(super) fn algorithm(&self) -> Result<KeyManagement, JweError> {
        self.alg.parse().map_err(|_| super::unsupported(&self.alg))
    }

    /// The content's key. Every failure of the cryptography is the same one, so that nobody learns from it.
    pub(super) fn open(
        &self,
        key: DecryptionKey<'_>,
        encrypted_key: &[u8],
        content: ContentEncryption,
    ) -> Result<Zeroizing<Vec<u8>>, JweError> {
        let algorithm = self.algorithm()?;
        let len = content.key_len();
        let jwk = match (key, algorithm) {
            (DecryptionKey::Password { password, most_iterations }, KeyManagement::Password(_)) => {
                return self.open_with_password(password, most_iterations, (encrypted_key, len));
            }
            (DecryptionKey::Password { .. }, _) => return Err(super::unsupported(&self.alg)),
            (DecryptionKey::Jwk(jwk), _) => jwk,
        };
        check_jwk(jwk, algorithm, content)?;
        let mismatch = || JweError::Key { algorithm, kty: jwk.key_type() };
        let refused = |_| JweError::WrongKey;
        match (algorithm, &jwk.material) {
            (KeyManagement::Direct, Material::Secret(secret)) => {
                // RFC 7516 §5.2, step 10.
                if !encrypted_key.is_empty() {
                    return Err(JweError::Malformed("its encrypted key is not empty"));
                }
                check_len(secret.octets(), len, algorithm)?;
                Ok(Zeroizing::new(secret.octets().to_vec()))
            }
            (KeyManagement::AesWrap(size), Material::Secret(secret)) => {
                check_len(secret.octets(), size, algorithm)?;
                wrap::unwrap(secret.octets(), encrypted_key, len).map_err(refused)
            }
            (KeyManagement::AesGcmWrap(size), Material::Secret(secret)) => {
                check_len(secret.octets(), size, algorithm)?;
                let (iv, tag) = (octets(self.iv.as_deref())?, octets(self.tag.as_deref())?);
                let sealed = Sealed { iv, ciphertext: encrypted_key.to_vec(), tag };
                let opened = content::gcm_open(secret.octets(), b"", &sealed).map_err(|_| JweError::WrongKey)?;
                if opened.len() == len { Ok(opened) } else { Err(JweError::WrongKey) }
            }
            (KeyManagement::EcdhEs(size), Material::Private(_) | Material::ExchangePrivate(_)) => {
                let agreed = self.agree(jwk, algorithm, content)?;
                match size {
                    None if encrypted_key.is_empty() => Ok(agreed),
                    None => Err(JweError::Malformed("its encrypted key is not empty")),
                    Some(_) => wrap::unwrap(&agreed, encrypted_key, len).map_err(refused),
                }
            }
            (KeyManagement::RsaOaep, Material::Private(key)) => {
                open_oaep(key, &OAEP_SHA1_MGF1SHA1, encrypted_key, len).ok_or(JweError::WrongKey)
            }
            (KeyManagement::RsaOaep256, Material::Private(key)) => {
                open_oaep(key, &OAEP_SHA256_MGF1SHA256, encrypted_key, len).ok_or(JweError::WrongKey)
            }
            (KeyManagement::Rsa15, Material::Private(key)) => open_pkcs1(key, encrypted_key, len),
            _ => Err(mismatch()),
        }
    }

    fn open_with_password(
        &self,
        password: &[u8],
        most: u32,
        (encrypted_key, len): (&[u8], usize),
    ) -> Result<Zeroizing<Vec<u8>>, JweError> {
        let wrap = Wrap::find(&self.alg)?;
        let salt = self.p2s.as_ref().and_then(|salt| base64url::decode(salt).ok());
        // RFC 7518 §4.8.1.1: at least eight octets.
        let salt = salt.filter(|salt| salt.len() >= 8).ok_or(JweError::Malformed("`p2s` is missing or too short"))?;
        let asked = self.p2c.unwrap_or(0);
        let iterations = u32::try_from(asked).ok().filter(|count| *count <= most);
        let iterations = iterations.ok_or(JweError::TooManyIterations { iterations: asked, most })?;
        let iterations = NonZeroU32::new(iterations).ok_or(JweError::Malformed("`p2c` is missing or zero"))?;
        let kek = wrap.derive(password, &salt, iterations);
        wrap.unwrap(&kek, encrypted_key, len)
    }

    fn agree(
        &self,
        key: &Jwk,
        algorithm: KeyManagement,
        content: ContentEncryption,
    ) -> Result<Zeroizing<Vec<u8>>, JweError> {
        let bad = JweError::Malformed("`epk` is missing or not a public key of the recipient's curve");
        let epk = self.epk.as_ref().ok_or(bad.clone())?;
        let epk = Jwk::from_json(epk.to_string().as_bytes()).map_err(|_| bad.clone())?;
        let (curve, peer) = point(&epk).filter(|_| epk.material.is_public()).ok_or(bad.clone())?;
        let own = match &key.material {
            Material::ExchangePrivate(own) if curve == &agreement::X25519 => {
                agreement::PrivateKey::from_private_key(curve, own.secret())
            }
            Material::Private(own) if point(key).is_some_and(|(own, _)| own == curve) => {
                agreement::PrivateKey::from_private_key_der(curve, own.pkcs8())
            }
            _ => return Err(bad),
        };
        let own = own.map_err(|_| bad.clone())?;
        let party = |text: &Option<String>| text.as_deref().map_or(Ok(Vec::new()), |text| octets(Some(text)));
        let parties = (party(&self.apu)?, party(&self.apv)?);
        // The library refuses points that are not on the curve, and those of X25519 that lead to no secret.
        let peer = UnparsedPublicKey::new(curve, peer);
        agreement::agree(&own, peer, bad, |shared| Ok(derive(shared, (algorithm, content), &parties)))
    }
}

/// A new key for the content, and how it is brought to the recipient: the encrypted key, with members for the header.
pub(super) fn seal(
    to: EncryptionKey<'_>,
    algorithm: KeyManagement,
    content: ContentEncryption,
    header: &mut Map<String, Value>,
) -> Result<(Zeroizing<Vec<u8>>, Vec<u8>), JweError> {
    let jwk = match (to, algorithm) {
        (EncryptionKey::Password(password), KeyManagement::Password(_)) => {
            return seal_with_password(password, algorithm, content, header);
        }
        (EncryptionKey::Password(_), _) => return Err(super::unsupported(algorithm.as_str())),
        (EncryptionKey::Jwk(jwk), _) => jwk,
    };
    check_jwk(jwk, algorithm, content)?;
    let len = content.key_len();
    let mismatch = || JweError::Key { algorithm, kty: jwk.key_type() };
    match (algorithm, &jwk.material) {
        (KeyManagement::Direct, Material::Secret(secret)) => {
            check_len(secret.octets(), len, algorithm)?;
            Ok((Zeroizing::new(secret.octets().to_vec()), Vec::new()))
        }
        (KeyManagement::AesWrap(size), Material::Secret(secret)) => {
            check_len(secret.octets(), size, algorithm)?;
            let key = random(len)?;
            let wrapped = wrap::wrap(secret.octets(), &key);
            Ok((key, wrapped))
        }
        (KeyManagement::AesGcmWrap(size), Material::Secret(secret)) => {
            check_len(secret.octets(), size, algorithm)?;
            let key = random(len)?;
            let sealed = content::gcm_seal(secret.octets(), b"", &key)?;
            header.insert("iv".to_owned(), base64url::encode(&sealed.iv).into());
            header.insert("tag".to_owned(), base64url::encode(&sealed.tag).into());
            Ok((key, sealed.ciphertext))
        }
        (KeyManagement::EcdhEs(size), _) => {
            let agreed = agree_with(point(jwk).ok_or_else(mismatch)?, algorithm, content, header)?;
            match size {
                None => Ok((agreed, Vec::new())),
                Some(_) => {
                    let key = random(len)?;
                    let wrapped = wrap::wrap(&agreed, &key);
                    Ok((key, wrapped))
                }
            }
        }
        (KeyManagement::RsaOaep, _) => seal_oaep(jwk.public_key().ok_or_else(mismatch)?, &OAEP_SHA1_MGF1SHA1, len),
        (KeyManagement::RsaOaep256, _) => {
            seal_oaep(jwk.public_key().ok_or_else(mismatch)?, &OAEP_SHA256_MGF1SHA256, len)
        }
        (KeyManagement::Rsa15, _) => {
            Err(JweError::Unsupported("RSA1_5 for encrypting, which is broken; use RSA-OAEP-256".to_owned()))
        }
        _ => Err(mismatch()),
    }
}

fn seal_with_password(
    password: &[u8],
    algorithm: KeyManagement,
    content: ContentEncryption,
    header: &mut Map<String, Value>,
) -> Result<(Zeroizing<Vec<u8>>, Vec<u8>), JweError> {
    let wrap = Wrap::find(algorithm.as_str())?;
    let mut salt = [0; 16];
    rand::fill(&mut salt).map_err(|_| NO_RANDOMNESS)?;
    header.insert("p2c".to_owned(), ITERATIONS.into());
    header.insert("p2s".to_owned(), base64url::encode(salt).into());
    let kek = wrap.derive(password, &salt, NonZeroU32::new(ITERATIONS).expect("not zero"));
    let key = random(content.key_len())?;
    let wrapped = wrap.wrap(&kek, &key);
    Ok((key, wrapped))
}

fn agree_with(
    (curve, peer): (&'static agreement::Algorithm, &[u8]),
    algorithm: KeyManagement,
    content: ContentEncryption,
    header: &mut Map<String, Value>,
) -> Result<Zeroizing<Vec<u8>>, JweError> {
    let bad = JweError::Malformed("the key is not on its curve");
    let own = agreement::PrivateKey::generate(curve).map_err(|_| NO_RANDOMNESS)?;
    let point = own.compute_public_key().map_err(|_| NO_RANDOMNESS)?;
    let epk = Jwk::new(of_point(curve, point.as_ref()).ok_or(bad.clone())?).to_json();
    header.insert("epk".to_owned(), serde_json::from_str(&epk).expect("a JWK is JSON"));
    let peer = UnparsedPublicKey::new(curve, peer);
    agreement::agree(&own, peer, bad, |shared| Ok(derive(shared, (algorithm, content), &(Vec::new(), Vec::new()))))
}

/// The key derivation of RFC 7518 §4.6.2.
pub(super) fn derive(
    shared: &[u8],
    (algorithm, content): (KeyManagement, ContentEncryption),
    (apu, apv): &(Vec<u8>, Vec<u8>),
) -> Zeroizing<Vec<u8>> {
    let (name, len) = match algorithm {
        KeyManagement::EcdhEs(Some(len)) => (algorithm.as_str(), len),
        _ => (content.as_str(), content.key_len()),
    };
    let mut key = Zeroizing::new(Vec::with_capacity(len + 32));
    let mut round = 0_u32;
    while key.len() < len {
        round += 1;
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(&round.to_be_bytes());
        context.update(shared);
        for field in [name.as_bytes(), apu, apv] {
            // The length has 32 bits, and no header is longer than a text that is read.
            context.update(&(field.len() as u32).to_be_bytes());
            context.update(field);
        }
        context.update(&(8 * len as u32).to_be_bytes());
        key.extend_from_slice(context.finish().as_ref());
    }
    key.truncate(len);
    key
}

/// The curve of a key that a secret can be agreed on with, and its public half as that curve writes it.
fn point(key: &Jwk) -> Option<(&'static agreement::Algorithm, &[u8])> {
    if let Some(key) = key.exchange_key() {
        return (key.algorithm() == ExchangeAlgorithm::X25519).then(|| (&agreement::X25519, key.octets()));
    }
    let key = key.public_key()?;
    let (_, curve) = CURVES.iter().find(|(kind, _)| *kind == key.algorithm())?;
    Some((curve, key.bits()))
}

/// The public key that a curve wrote.
fn of_point(curve: &agreement::Algorithm, point: &[u8]) -> Option<Material> {
    if curve == &agreement::X25519 {
        let key = ExchangePublicKey::from_octets(ExchangeAlgorithm::X25519, point).ok()?;
        return Some(Material::ExchangePublic(key));
    }
    let (kind, _) = CURVES.iter().find(|(_, known)| *known == curve)?;
    Some(Material::Public(PublicKey::from_point(*kind, point).ok()?))
}

fn seal_oaep(
    public: &PublicKey,
    hash: &'static OaepAlgorithm,
    len: usize,
) -> Result<(Zeroizing<Vec<u8>>, Vec<u8>), JweError> {
    let bad = |_| JweError::Malformed("the RSA key cannot encrypt");
    let rsa =
        PublicEncryptingKey::from_der(public.spki()).map_err(|_| JweError::Malformed("the RSA key cannot encrypt"))?;
    let rsa = OaepPublicEncryptingKey::new(rsa).map_err(bad)?;
    let key = random(len)?;
    let mut sealed = vec![0; rsa.ciphertext_size()];
    rsa.encrypt(hash, &key, &mut sealed, None).map_err(bad)?;
    Ok((key, sealed))
}

fn open_oaep(key: &PrivateKey, hash: &'static OaepAlgorithm, sealed: &[u8], len: usize) -> Option<Zeroizing<Vec<u8>>> {
    let rsa = OaepPrivateDecryptingKey::new(PrivateDecryptingKey::from_pkcs8(key.pkcs8()).ok()?).ok()?;
    let mut room = Zeroizing::new(vec![0; rsa.min_output_size()]);
    let opened = rsa.decrypt(hash, sealed, &mut room, None).ok()?.len();
    room.truncate(opened);
    (opened == len).then_some(room)
}

/// RFC 7516 §11.5: a key that does not decrypt is replaced with a random one, so that the answer is the one to content
/// that was changed, and nobody learns from it whether the padding was good.
fn open_pkcs1(key: &PrivateKey, sealed: &[u8], len: usize) -> Result<Zeroizing<Vec<u8>>, JweError> {
    let random = random(len)?;
    let bad = JweError::Malformed("the RSA key cannot decrypt");
    let rsa = PrivateDecryptingKey::from_pkcs8(key.pkcs8()).map_err(|_| bad.clone())?;
    let rsa = Pkcs1PrivateDecryptingKey::new(rsa).map_err(|_| bad)?;
    let mut room = Zeroizing::new(vec![0; rsa.min_output_size()]);
    let opened = rsa.decrypt(sealed, &mut room).ok().map(|opened| opened.len());
    if opened != Some(len) {
        return Ok(random);
    }
    room.truncate(len);
    Ok(room)
}

fn check_jwk(jwk: &Jwk, algorithm: KeyManagement, content: ContentEncryption) -> Result<(), JweError> {
    // The key decides: its type, and the algorithm that it names if it names one. A secret that is used directly may
    // name the one of the content (RFC 7520 §5.6).
    let named =
        |only: &str| only == algorithm.as_str() || algorithm == KeyManagement::Direct && only == content.as_str();
    if !algorithm.fits(jwk) || !jwk.algorithm.as_deref().is_none_or(named) {
        return Err(JweError::Key { algorithm, kty: jwk.key_type() });
    }
    if jwk.usage.as_deref().is_some_and(|usage| usage != "enc") {
        return Err(JweError::KeyUse);
    }
    Ok(())
}

fn check_len(secret: &[u8], len: usize, algorithm: KeyManagement) -> Result<(), JweError> {
    if secret.len() == len {
        return Ok(());
    }
    Err(JweError::SecretLength { algorithm, len: secret.len(), needed: len })
}

fn octets(text: Option<&str>) -> Result<Vec<u8>, JweError> {
    text.and_then(|text| base64url::decode(text).ok())
        .ok_or(JweError::Malformed("`apu`, `apv`, `iv` or `tag` of its header is missing or not base64url"))
}

fn random(len: usize) -> Result<Zeroizing<Vec<u8>>, JweError> {
    let mut key = Zeroizing::new(vec![0; len]);
    rand::fill(&mut key).map_err(|_| NO_RANDOMNESS)?;
    Ok(key)
}

/// What a failure of the content's decryption is called when a key, not a password, was used.
pub(super) fn uniform(error: JweError) -> JweError {
    if error == TAMPERED { JweError::WrongKey } else { error }
}

const CURVES: [(KeyAlgorithm, &agreement::Algorithm); 3] = [
    (KeyAlgorithm::EcP256, &agreement::ECDH_P256),
    (KeyAlgorithm::EcP384, &agreement::ECDH_P384),
    (KeyAlgorithm::EcP521, &agreement::ECDH_P521),
];

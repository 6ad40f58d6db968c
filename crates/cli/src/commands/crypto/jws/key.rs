//! The keys that sign and verify, and the certificates that go with them.

use anyhow::{anyhow, bail};
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use rung_pki::Certificate;
use rung_pki::jose::signed::SecretLength;
use rung_pki::jose::{Jwk, SigningAlgorithm};
use serde_json::Value;

use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::Flag;
use crate::input;
use crate::keys::{self, Guess, Purpose, Wish, check_fits};

/// The flags of every command that signs.
pub(crate) static SIGN: &[Flag] = &[
    Flag::value(&["alg", "algorithm"], "<algorithm>", "How to sign; what the key says, or is usual, without it."),
    Flag::value(&["key", "x5c-key", "x5t-key"], "<file>", "The private key: PEM, JWK or encrypted JWK."),
    Flag::value(&["jwks"], "<file>", "A JWK set with the private key; needs --kid."),
    Flag::value(&["kid"], "<kid>", "The id of the key.").only_on_the_command_line(),
    Flag::value(&["password-file"], "<file>", "File with the password of the key."),
    Flag::value(&["x5c-cert"], "<file>", "Certificates for the header x5c, the key's own first."),
    Flag::value(&["x5t-cert"], "<file>", "The certificate whose SHA-1 thumbprint goes into the header x5t."),
    Flag::switch(&["no-kid"], "Leave the id of the key out of the header."),
    Flag::switch(&["subtle"], "Allow what is seldom right."),
];

/// The flags of every command that verifies.
pub(crate) static VERIFY: &[Flag] = &[
    Flag::value(&["alg", "algorithm"], "<algorithm>", "How it has to be signed."),
    Flag::value(&["key"], "<file>", "The key: a public key, private key or certificate, or a JWK."),
    Flag::value(&["jwks"], "<file>", "A JWK set, in a file or at an https:// address."),
    Flag::value(&["kid"], "<kid>", "The id of the key in the set; the one that the text names without it.")
        .only_on_the_command_line(),
    Flag::value(&["password-file"], "<file>", "File with the password of the key, if it has one."),
    Flag::switch(&["subtle"], "Allow what is seldom right."),
    Flag::switch(&["insecure"], "Allow what is not safe."),
];

/// A key that may sign.
pub(crate) struct SigningKey {
    /// The key.
    pub(crate) jwk: Jwk,
    /// How it signs.
    pub(crate) algorithm: SigningAlgorithm,
    /// How long a shared secret has to be.
    pub(crate) secrets: SecretLength,
}

impl SigningKey {
    /// The key that the flags name.
    pub(crate) fn of(call: &Call) -> anyhow::Result<Self> {
        let (key, jwks, kid) = (call.text("key")?, call.text("jwks")?, call.text("kid")?);
        let (x5c, x5t) = (call.text("x5c-cert")?, call.text("x5t-cert")?);
        for (flag, own, given) in [("x5c-cert", "x5c-key", &x5c), ("x5t-cert", "x5t-key", &x5t)] {
            if given.is_some() && key.is_none() {
                let problem = format!("one of flag --key or --{own} is required with flag --{flag}");
                return Err(Usage::new(problem).into());
            }
            if given.is_some() && jwks.is_some() {
                return Err(exclusive(flag, "jwks"));
            }
        }
        if x5c.is_some() && x5t.is_some() {
            return Err(exclusive("x5c-cert", "x5t-cert"));
        }
        let subtle = call.switch("subtle")?;
        let alg = call.text("alg")?;
        let wish = Wish {
            purpose: Purpose::Signatures,
            algorithm: alg.as_deref(),
            key_id: kid.as_deref(),
            subtle,
            guess: Guess::Default,
        };
        let jwk = choose(call, (key, jwks), &wish)?;
        if jwk.material.is_public() {
            bail!("cannot use a public key for signing");
        }
        if let Some(usage) = jwk.usage.as_deref().filter(|usage| *usage != "sig") {
            bail!("invalid jwk use: found '{usage}', expecting 'sig' (signature)");
        }
        check_fits(&jwk)?;
        Ok(Self { algorithm: algorithm(&jwk)?, jwk, secrets: secrets(subtle) })
    }

    /// The id for the header.
    pub(crate) fn key_id(&self, call: &Call) -> anyhow::Result<Option<&str>> {
        Ok(if call.switch("no-kid")? { None } else { self.jwk.key_id.as_deref().filter(|id| !id.is_empty()) })
    }

    /// The header that names the certificate of the key, if one is asked for; `x5c` is the name for a whole chain.
    pub(crate) fn certificate_header(
        &self,
        call: &Call,
        x5c: &'static str,
    ) -> anyhow::Result<Option<(&'static str, Value)>> {
        if let Some(file) = call.text("x5c-cert")? {
            let chain = self.chain(&file, "x5c certificate chain and key for use in x5c header")?;
            let chain: Vec<String> = chain.iter().map(|certificate| STANDARD.encode(certificate.der())).collect();
            return Ok(Some((x5c, chain.into())));
        }
        let Some(file) = call.text("x5t-cert")? else { return Ok(None) };
        let chain = self.chain(&file, "x5t certificate and key for use in x5t header")?;
        let leaf = chain.first().ok_or_else(|| anyhow!("{file} has no certificate"))?;
        // RFC 7515 §4.1.7 names SHA-1, which is only a name here. The padding is what step writes.
        Ok(Some(("x5t", URL_SAFE.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, leaf.der())).into())))
    }

    fn chain(&self, file: &str, what: &str) -> anyhow::Result<Vec<Certificate>> {
        let refused = |why: &str| anyhow!("error validating {what}: {why}");
        let contents = input::read("the certificate of the key", file)?;
        let chain = Certificate::all_from_pem_or_der(&contents).map_err(|error| refused(&error.to_string()))?;
        let leaf = chain.first().ok_or_else(|| refused("there is no certificate in it"))?;
        if leaf.public_key().ok() != self.jwk.public_key() {
            return Err(refused("private key does not match public key"));
        }
        if !leaf.key_usage().is_some_and(|usage| usage.contains(rung_pki::extension::KeyUsage::DIGITAL_SIGNATURE)) {
            return Err(refused("the certificate is not for digital signatures"));
        }
        Ok(chain)
    }
}

/// The key that verifies; `named` is the id that the text names.
pub(crate) fn verifying(call: &Call, named: Option<String>) -> anyhow::Result<(Jwk, SecretLength)> {
    let (key, jwks) = (call.text("key")?, call.text("jwks")?);
    let mut kid = call.text("kid")?;
    if jwks.is_some() && kid.is_none() {
        kid = named.filter(|id| !id.is_empty());
    }
    let guess = if call.switch("insecure")? { Guess::Default } else { Guess::OnlyOne };
    let subtle = call.switch("subtle")?;
    let alg = call.text("alg")?;
    let wish = Wish { purpose: Purpose::Signatures, algorithm: alg.as_deref(), key_id: kid.as_deref(), subtle, guess };
    let jwk = choose(call, (key, jwks), &wish)?;
    check_fits(&jwk)?;
    Ok((jwk, secrets(subtle)))
}

/// Check that the flags name a key in one place.
pub(crate) fn check_one_is_named(call: &Call) -> anyhow::Result<()> {
    match (call.text("key")?, call.text("jwks")?) {
        (None, None) => Err(Usage::new("one of flag --key or --jwks is required").into()),
        (Some(_), Some(_)) => Err(exclusive("key", "jwks")),
        _ => Ok(()),
    }
}

/// How a key signs, when it says so by a name that is known.
pub(crate) fn algorithm(jwk: &Jwk) -> anyhow::Result<SigningAlgorithm> {
    let name = jwk.algorithm.as_deref().unwrap_or_default();
    name.parse().map_err(|_| Usage::new(format!("alg '{name}' is not a signature algorithm")).into())
}

/// Find the key in a file or in a set.
fn choose(call: &Call, files: (Option<String>, Option<String>), wish: &Wish<'_>) -> anyhow::Result<Jwk> {
    check_one_is_named(call)?;
    match files {
        // The wording is the one that scripts look for; it has the two flags the wrong way round.
        (None, Some(_)) if wish.key_id.is_none() => Err(Usage::new("flag '--kid' requires the '--jwks' flag")
            .with_hint("A key of a set is found by its id: pass --kid.".to_owned())
            .into()),
        (None, Some(jwks)) => keys::find_in_set(call, &jwks, wish),
        (key, _) => keys::read(call, &key.unwrap_or_default(), wish),
    }
}

fn exclusive(one: &str, other: &str) -> anyhow::Error {
    Usage::new(format!("flag '--{one}' and flag '--{other}' are mutually exclusive")).into()
}

fn secrets(subtle: bool) -> SecretLength {
    if subtle { SecretLength::Any } else { SecretLength::AsLongAsTheHash }
}

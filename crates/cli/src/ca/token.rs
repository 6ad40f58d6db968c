//! Making one-time tokens.

use std::time::{Duration, SystemTime};

use anyhow::{Context as _, anyhow, bail};
use base64::Engine as _;
use rung_pki::Certificate;
use rung_pki::jose::{self, PrivateJwk, PublicJwk, SignHeader, jwe};
use rung_pki::key::PrivateKey;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::choose::JwkUse;
use crate::call::Call;
use crate::clock::unix_seconds;
use crate::login;
use crate::secret;
use crate::sign_in::{self, Person, Source};
use crate::ui::Question;

/// What a token says, apart from who signs it.
pub(crate) struct Content<'a> {
    pub(crate) audience: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) names: &'a [String],
    /// SHA-256 of the root, hexadecimal: who holds the token can find the root with it.
    pub(crate) root: Option<String>,
    /// SHA-256 of the only request that the token is good for, base64url.
    pub(crate) confirmation: Option<String>,
    /// Data for templates.
    pub(crate) user: Option<Map<String, Value>>,
    pub(crate) not_before: SystemTime,
    pub(crate) not_after: SystemTime,
    pub(crate) now: SystemTime,
}

/// A signing key and the name under which the CA knows it.
pub(crate) struct TokenKey {
    pub(crate) issuer: String,
    pub(crate) key_id: String,
    pub(crate) key: PrivateKey,
}

/// Sign a token.
pub(crate) fn sign(key: &TokenKey, content: &Content<'_>) -> anyhow::Result<Zeroizing<String>> {
    let mut claims = Map::new();
    claims.insert("aud".to_owned(), content.audience.into());
    claims.insert("exp".to_owned(), unix_seconds(content.not_after).into());
    claims.insert("iat".to_owned(), unix_seconds(content.now).into());
    claims.insert("iss".to_owned(), key.issuer.as_str().into());
    claims.insert("jti".to_owned(), random_id()?.into());
    claims.insert("nbf".to_owned(), unix_seconds(content.not_before).into());
    // Only tokens for new certificates have names.
    if !content.names.is_empty() {
        claims.insert("sans".to_owned(), content.names.into());
    }
    if let Some(root) = &content.root {
        claims.insert("sha".to_owned(), root.as_str().into());
    }
    claims.insert("sub".to_owned(), content.subject.into());
    if let Some(confirmation) = &content.confirmation {
        claims.insert("cnf".to_owned(), json!({ "x5rt#S256": confirmation }));
    }
    if let Some(user) = &content.user {
        claims.insert("user".to_owned(), Value::Object(user.clone()));
    }
    let header = SignHeader { key_id: Some(&key.key_id), typ: Some("JWT"), ..SignHeader::default() };
    let token = jose::sign_compact(&header, Value::Object(claims).to_string().as_bytes(), &key.key);
    Ok(Zeroizing::new(token.context("could not sign the token")?))
}

/// A token with which the holder of a certificate asks the CA at `url` to renew it: it shows the certificate with its
/// chain, and the certificate's key signs it.
pub(crate) fn sign_renewal(
    url: &rung_api::client::CaUrl,
    chain: &[Certificate],
    key: &PrivateKey,
    now: SystemTime,
) -> anyhow::Result<Zeroizing<String>> {
    let subject = chain.first().and_then(|leaf| leaf.subject().common_name()).unwrap_or_default();
    // A fresh identifier keeps two tokens of one second apart where signatures are the same each time.
    let claims = json!({
        "aud": format!("{url}/renew"),
        "exp": unix_seconds(now + LIFETIME),
        "iat": unix_seconds(now),
        "iss": "step-ca-client/1.0",
        "jti": random_id()?,
        "nbf": unix_seconds(now),
        "sub": subject,
    });
    let encode = |certificate: &Certificate| base64::engine::general_purpose::STANDARD.encode(certificate.der());
    let chain: Vec<String> = chain.iter().map(encode).collect();
    let extra = [("x5cInsecure", Value::from(chain))].into();
    let header = SignHeader { typ: Some("JWT"), extra, ..SignHeader::default() };
    let token = jose::sign_compact(&header, claims.to_string().as_bytes(), key);
    Ok(Zeroizing::new(token.context("could not sign the token")?))
}

/// 256 random bits, hexadecimal.
fn random_id() -> anyhow::Result<String> {
    let mut id = [0; 32];
    aws_lc_rs::rand::fill(&mut id).map_err(|_| anyhow!("the system has no randomness"))?;
    Ok(rung_pki::hex(&id))
}

/// The time for which a token is good unless something else is asked for.
pub(crate) const LIFETIME: Duration = Duration::from_secs(300);

/// Decrypt the key of a JWK provisioner with the password of the flags, or of the person.
pub(crate) fn unlock(call: &Call, jwk: &JwkUse) -> anyhow::Result<TokenKey> {
    if jwk.encrypted_key.is_empty() {
        bail!(
            "the CA does not have the private key of provisioner '{}'; make the token elsewhere and pass it with --token",
            jwk.name
        );
    }
    let open = |password: &[u8]| match jwe::decrypt(&jwk.encrypted_key, password, jwe::MAX_ITERATIONS) {
        Ok(plain) => Ok(Some(plain)),
        Err(jwe::JweError::WrongPassword) => Ok(None),
        Err(error) => Err(anyhow!(error).context(format!("the key of provisioner '{}' cannot be used", jwk.name))),
    };
    let plain = match password_flag(call)? {
        Some((flag, password)) => open(password.as_bytes())?.ok_or_else(|| {
            anyhow!("failed to decrypt JWE: invalid password for provisioner '{}' in the file of --{flag}", jwk.name)
        })?,
        None => call.ui.unlock(
            &Question {
                what: "the password of the provisioner key",
                remedy: "put the password into a file and pass it with --provisioner-password-file",
                heading: "",
                label: "Please enter the password to decrypt the provisioner key",
            },
            open,
        )?,
    };
    let private = PrivateJwk::from_json(&plain).context("the provisioner's decrypted key is no JWK")?;
    let public = PublicJwk::from_json(jwk.key.as_bytes()).context("the provisioner's public key is no JWK")?;
    if private.public().thumbprint() != public.thumbprint() {
        bail!("the encrypted key of provisioner '{}' does not belong to its public key", jwk.name);
    }
    Ok(TokenKey { issuer: jwk.name.clone(), key_id: jwk.key_id.clone(), key: private.into_key() })
}

fn password_flag(call: &Call) -> anyhow::Result<Option<(&'static str, Zeroizing<String>)>> {
    for flag in ["provisioner-password-file", "password-file"] {
        if let Some(file) = call.text(flag)? {
            return Ok(Some((flag, secret::password_file(flag, &file)?)));
        }
    }
    Ok(None)
}

/// Log in at the identity provider of a provisioner, as `subject` if that is an address that the provider may know.
pub(crate) fn log_in(
    call: &Call,
    oidc: &rung_api::body::OidcProvisioner,
    subject: &str,
) -> anyhow::Result<Zeroizing<String>> {
    let mut auth_params = oidc.auth_params.clone();
    auth_params.extend(sign_in::parameters());
    // Whoever has several accounts there is shown the one that fits (OpenID Connect Core §3.1.2.1).
    let is_said = auth_params.iter().any(|parameter| parameter.starts_with("login_hint="));
    if !is_said && subject.parse::<rung_pki::EmailAddress>().is_ok() {
        auth_params.push(format!("login_hint={subject}"));
    }
    let provider = login::Provider {
        configuration_endpoint: oidc.configuration_endpoint.clone(),
        endpoints: None,
        client_id: oidc.client_id.clone(),
        client_secret: oidc.client_secret.clone(),
        scopes: oidc.scopes.clone(),
        auth_params,
        listen_address: oidc.listen_address.clone(),
        tenant_id: oidc.tenant_id.clone(),
    };
    let mut person = Person::new(&call.ui, Source::Terminal);
    let options = sign_in::options(call)?;
    Ok(sign_in::log_in(call, &provider, (login::Need::IdToken, &options), &mut person)?.id_token)
}

/// The fingerprint of a request as the `cnf` claim has it.
pub(crate) fn confirmation(fingerprint: [u8; 32]) -> String {
    base64::engine::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, fingerprint)
}

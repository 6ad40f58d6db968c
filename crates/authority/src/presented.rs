//! Certificates whose holders have shown that the key is theirs.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, SystemTime},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use rung_pki::{
    Certificate, PublicKey,
    chain::{self, ChainError},
    extension::{KeyUsage, Purpose},
    jose::{UnverifiedJws, VerificationKey},
};
use serde::Deserialize;

use crate::{
    audience::Operation,
    error::{CertificateFault, CertificateRefusal, TokenFault, TokenRefusal},
    issuer::{Issuer, IssuerId},
    sign::Authority,
    store::TokenUse,
    token::{self, Audience, Needed, TimeRules, Times},
};

/// A certificate as it was shown, for as long as the connection lasts over which it came.
#[derive(Debug)]
pub struct Shown {
    certificate: Certificate,
    /// Whose signature it has, once that was verified. A signature that is good stays good: what may change is whether
    /// its maker is still an issuer, and that is asked each time.
    signed_by: OnceLock<IssuerId>,
}

/// A certificate whose holder has shown that the key is theirs, in TLS or with a token.
///
/// It leads to a root of this CA. Whether it has expired or is revoked is for the operation to say.
#[derive(Debug, Clone)]
pub struct Presented {
    shown: Arc<Shown>,
    pub(crate) key: PublicKey,
    pub(crate) token: Option<TokenUse>,
}

#[derive(Deserialize)]
struct Claims {
    #[serde(default)]
    iss: String,
    #[serde(default)]
    sub: String,
    #[serde(default)]
    aud: Audience,
    #[serde(default)]
    exp: Option<i64>,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(default)]
    iat: Option<i64>,
}

/// Who makes renewal tokens, as the reference's client and ours call themselves there.
const CLIENT: &str = "step-ca-client/1.0";
/// The longest that such a token may live; clients make them for five minutes.
const LONGEST: Duration = Duration::from_secs(60 * 60);
/// No chain has more.
const MAX_CHAIN: usize = 10;

impl Shown {
    /// A certificate that was shown just now.
    pub fn new(certificate: Certificate) -> Self {
        Self { certificate, signed_by: OnceLock::new() }
    }
}

impl Presented {
    /// The certificate that a client authenticated with in TLS.
    ///
    /// Only for what the TLS library has verified: that the client has the key, and that the certificate leads to a
    /// root of this CA.
    ///
    /// # Errors
    /// When its key is of a kind that Rung does not know.
    pub fn in_tls(shown: Arc<Shown>) -> Result<Self, CertificateRefusal> {
        let key = shown.certificate.public_key().map_err(|error| malformed(error.to_string()))?.clone();
        Ok(Self { shown, key, token: None })
    }

    /// The certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.shown.certificate
    }

    /// Its key.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }
}

impl Authority {
    /// Which issuer of this CA signed the certificate.
    pub(crate) fn issuer_of_presented(&self, presented: &Presented, now: SystemTime) -> Option<&Issuer> {
        let shown = &presented.shown;
        if let Some(known) = shown.signed_by.get() {
            return self.issuers(now).find(|issuer| issuer.id() == *known);
        }
        let issuer = self.issuer_of(&shown.certificate, now)?;
        shown.signed_by.get_or_init(|| issuer.id());
        Some(issuer)
    }

    /// The certificate that a renewal token brings: signed with the key of the certificate in its header.
    ///
    /// # Errors
    /// Which check failed.
    pub fn presented_by_token(&self, text: &str) -> Result<Presented, PresentError> {
        let now = self.clock.now();
        let jws = UnverifiedJws::parse(text).map_err(|error| token::malformed(&error))?;
        let sent = jws.unverified_header().x5c_insecure.as_deref().unwrap_or_default();
        let chain = certificates(sent)?;
        let (leaf, intermediates) = chain.split_first().ok_or_else(|| malformed("no x5cInsecure".to_owned()))?;
        // An expired certificate may be renewed where that is allowed, so the chain is looked at as it was then.
        let at = now.min(leaf.not_after());
        chain::verify(leaf, intermediates, &self.anchors, at, Some(Purpose::ClientAuth))
            .map_err(|error: ChainError| malformed(error.to_string()))?;
        if !leaf.key_usage().is_none_or(|usage| usage.contains(KeyUsage::DIGITAL_SIGNATURE)) {
            return Err(malformed("the key usage does not allow signatures".to_owned()).into());
        }
        let key = leaf.public_key().map_err(|error| malformed(error.to_string()))?.clone();
        let verified = jws
            .verify(&VerificationKey::new(key.clone()))
            .map_err(|error| TokenRefusal::new(TokenFault::Signature, error.to_string()))?;
        let claims: Claims = token::claims(verified.payload())?;
        let expires = self.check_claims(&claims, leaf, now)?;
        // Its own name space: whatever provisioner the certificate is of, a renewal token counts once.
        let digest = token::replay_digest("renewal", None, jws.signing_input());
        let shown = Arc::new(Shown::new(leaf.clone()));
        Ok(Presented { shown, key, token: Some(TokenUse { digest, expires }) })
    }

    fn check_claims(&self, claims: &Claims, leaf: &Certificate, now: SystemTime) -> Result<SystemTime, TokenRefusal> {
        let times = Times { exp: claims.exp, nbf: claims.nbf, iat: claims.iat };
        let rules = TimeRules {
            now,
            // What was spent before may be forgotten: without a database, or when one was put back from a backup.
            not_issued_before: self.not_issued_before,
            restored: self.restored,
            longest: LONGEST,
            tolerance: token::LEEWAY,
            issued_at: Needed::No,
        };
        let expires = times.check(&rules)?;
        if leaf.subject().common_name().is_some_and(|name| !name.is_empty() && name != claims.sub) {
            return Err(TokenRefusal::new(TokenFault::Subject, format!("sub={:?}", claims.sub)));
        }
        if !claims.aud.0.iter().any(|audience| self.audiences.matches(audience, Operation::Renew)) {
            return Err(TokenRefusal::new(TokenFault::Audience, format!("aud={:?}", claims.aud.0)));
        }
        let provisioner = leaf.provisioner().map(|extension| extension.name);
        if claims.iss != CLIENT && provisioner.as_deref() != Some(claims.iss.as_str()) {
            return Err(TokenRefusal::new(TokenFault::Issuer, format!("iss={:?}", claims.iss)));
        }
        Ok(expires)
    }
}

/// Why nobody has shown that a key is theirs.
#[derive(Debug, thiserror::Error)]
pub enum PresentError {
    /// The certificate in the token is not one to rely on.
    #[error(transparent)]
    Certificate(#[from] CertificateRefusal),
    /// The token is not.
    #[error(transparent)]
    Token(#[from] TokenRefusal),
}

fn certificates(encoded: &[String]) -> Result<Vec<Certificate>, CertificateRefusal> {
    if encoded.len() > MAX_CHAIN {
        return Err(malformed(format!("{} certificates", encoded.len())));
    }
    let read = |text: &String| {
        let der = STANDARD.decode(text).map_err(|error| malformed(error.to_string()))?;
        Certificate::from_der(&der).map_err(|error| malformed(error.to_string()))
    };
    encoded.iter().map(read).collect()
}

fn malformed(detail: String) -> CertificateRefusal {
    CertificateRefusal::new(CertificateFault::Unverified, detail)
}

//! The certificate that the server itself shows, made with the issuing key and renewed in place.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use arc_swap::ArcSwap;
use rung_authority::issuer::Issuer;
use rung_pki::{
    CertificateContent, DistinguishedName, KeyAlgorithm, PrivateKey, Random, SerialNumber, Signer, SubjectAltName,
    extension,
    extension::{KeyUsage, Purpose},
    lint,
};
use rustls::{
    crypto::aws_lc_rs::sign::any_ecdsa_type,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};

/// The server's own certificate. Handshakes always get the present one.
#[derive(Debug)]
pub struct ServerLeaf {
    current: ArcSwap<Issued>,
}

#[derive(Debug)]
struct Issued {
    key: Arc<CertifiedKey>,
    not_after: SystemTime,
    renew_at: SystemTime,
}

/// What the server's certificate says.
pub struct LeafProfile<'a> {
    /// Its common name.
    pub common_name: &'a str,
    /// Its names.
    pub names: &'a [SubjectAltName],
}

/// How long the server's certificate lasts, whatever the lifetimes of others.
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
/// How far back it starts.
const BACKDATE: Duration = Duration::from_secs(60);

impl ServerLeaf {
    /// Make a key and a certificate for it.
    ///
    /// # Errors
    /// When the issuing key does not sign, or the certificate would break a rule.
    pub async fn issue(
        profile: &LeafProfile<'_>,
        issuer: &Issuer,
        random: &dyn Random,
        now: SystemTime,
    ) -> anyhow::Result<Self> {
        Ok(Self { current: ArcSwap::from_pointee(issue(profile, issuer, random, now).await?) })
    }

    /// Make another key and certificate, if it is time.
    ///
    /// # Errors
    /// As [`ServerLeaf::issue`]; the present certificate stays then.
    pub async fn renew(
        &self,
        profile: &LeafProfile<'_>,
        issuer: &Issuer,
        random: &dyn Random,
        now: SystemTime,
    ) -> anyhow::Result<bool> {
        if now < self.current.load().renew_at {
            return Ok(false);
        }
        self.current.store(Arc::new(issue(profile, issuer, random, now).await?));
        Ok(true)
    }

    /// When the present certificate ends.
    pub fn not_after(&self) -> SystemTime {
        self.current.load().not_after
    }
}

impl ResolvesServerCert for ServerLeaf {
    /// One certificate for all names: clients come by every name of the CA.
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load().key.clone())
    }
}

async fn issue(
    profile: &LeafProfile<'_>,
    issuer: &Issuer,
    random: &dyn Random,
    now: SystemTime,
) -> anyhow::Result<Issued> {
    let key = PrivateKey::generate(KeyAlgorithm::EcP256)?;
    let not_after = (now + LIFETIME).min(issuer.certificate().not_after());
    let content = CertificateContent {
        serial: SerialNumber::random(random)?,
        issuer_der: issuer.certificate().subject_der().to_vec(),
        subject: DistinguishedName::new().with_common_name(profile.common_name)?,
        not_before: now - BACKDATE,
        not_after,
        public_key: key.public_key().clone(),
        extensions: vec![
            extension::key_usage(KeyUsage::DIGITAL_SIGNATURE),
            extension::extended_key_usage(&[Purpose::ServerAuth, Purpose::ClientAuth]),
            extension::subject_key_identifier(&key.public_key().key_identifier()),
            extension::authority_key_identifier(issuer.key_identifier()),
            extension::subject_alt_names(profile.names, false),
        ],
    };
    lint::lint_leaf(&content, issuer.certificate())
        .map_err(|findings| anyhow::anyhow!("the server's certificate would break RFC 5280: {findings:?}"))?;
    let certificate = content.sign(issuer.signer(), issuer.algorithm()).await?;
    let chain = std::iter::once(&certificate).chain(issuer.chain());
    let chain = chain.map(|certificate| CertificateDer::from(certificate.der().to_vec())).collect();
    let key = any_ecdsa_type(&PrivatePkcs8KeyDer::from(key.pkcs8().to_vec()).into())?;
    // Renewed when a third of the lifetime is left.
    let renew_at = now + (not_after.duration_since(now)? * 2 / 3);
    Ok(Issued { key: Arc::new(CertifiedKey::new(chain, key)), not_after, renew_at })
}

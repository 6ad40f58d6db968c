//! The key and certificate that OCSP answers are signed with.

use std::time::{Duration, SystemTime};

use rung_authority::issuer::Issuer;
use rung_pki::{
    Certificate, CertificateContent, DistinguishedName, KeyAlgorithm, PrivateKey, Random, SerialNumber, Signer,
    extension,
    extension::{KeyUsage, Purpose},
    lint,
};

/// A key that the issuer lets answer in its place (RFC 6960 §4.2.2.2), so that its own is not asked for every answer.
pub struct Delegate {
    /// The key.
    pub key: PrivateKey,
    /// Its certificate.
    pub certificate: Certificate,
    /// From when on there shall be another.
    pub renew_at: SystemTime,
}

/// Nobody can revoke it, so it must not last.
const LIFETIME: Duration = Duration::from_secs(48 * 60 * 60);
/// How far back it starts.
const BACKDATE: Duration = Duration::from_secs(5 * 60);

impl Delegate {
    /// Make a key and have the issuer delegate answering to it.
    ///
    /// # Errors
    /// When the issuing key does not sign, or the certificate would break a rule.
    pub async fn appoint(issuer: &Issuer, random: &dyn Random, now: SystemTime) -> anyhow::Result<Self> {
        let key = PrivateKey::generate(KeyAlgorithm::EcP256)?;
        let end = (now + LIFETIME).min(issuer.certificate().not_after());
        let content = CertificateContent {
            serial: SerialNumber::random(random)?,
            issuer_der: issuer.certificate().subject_der().to_vec(),
            subject: DistinguishedName::new().with_common_name("OCSP Responder")?,
            not_before: now - BACKDATE,
            not_after: end,
            public_key: key.public_key().clone(),
            extensions: vec![
                extension::key_usage(KeyUsage::DIGITAL_SIGNATURE),
                extension::extended_key_usage(&[Purpose::OcspSigning]),
                extension::subject_key_identifier(&key.public_key().key_identifier()),
                extension::authority_key_identifier(issuer.key_identifier()),
                extension::ocsp_no_check(),
            ],
        };
        lint::lint_leaf(&content, issuer.certificate())
            .map_err(|findings| anyhow::anyhow!("the responder's certificate would break RFC 5280: {findings:?}"))?;
        let certificate = content.sign(issuer.signer(), issuer.algorithm()).await?;
        Ok(Self { key, certificate, renew_at: now + end.duration_since(now)? / 2 })
    }
}

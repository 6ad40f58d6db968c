//! Certificates that are signed here, with a key in a file.

use std::time::{Duration, SystemTime};

use anyhow::{Context as _, bail};
use rung_pki::profile::{Keys, Names, Profile};
use rung_pki::{
    Certificate, CertificateContent, PrivateKey, PublicKey, SerialNumber, Signer as _, SystemRandom, keyfile,
};

use crate::call::Call;
use crate::inspect::{Document, read};
use crate::private_key::KeyFile;

/// A certificate of a CA and its key.
pub(crate) struct Issuer {
    /// The certificate that signs, and those above it.
    pub(crate) chain: Vec<Certificate>,
    /// Its key.
    pub(crate) key: PrivateKey,
    /// Where the certificate came from.
    file: String,
}

/// How long the certificate of a CA lasts if nothing is said.
pub(crate) const TEN_YEARS: Duration = Duration::from_secs(3650 * 24 * 60 * 60);

/// The time that a certificate is valid.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Validity {
    /// The first second.
    pub(crate) not_before: SystemTime,
    /// The last second.
    pub(crate) not_after: SystemTime,
    /// Whether somebody asked for just that end.
    pub(crate) is_asked_for: bool,
}

impl Issuer {
    /// Read the certificate and the key of a CA, which have to belong together.
    pub(crate) fn read(call: &Call, file: &str, key: &KeyFile<'_>) -> anyhow::Result<Self> {
        let chain: Vec<Certificate> = read(file)?.into_iter().filter_map(Document::into_certificate).collect();
        let Some(certificate) = chain.first() else { bail!("{file} holds no certificate") };
        let public = certificate.public_key().with_context(|| format!("the key of the certificate in {file}"))?.clone();
        let key = key.read(call, keyfile::read_private_key)?;
        if key.public_key().algorithm() != public.algorithm() {
            bail!("private key type does not match issuer public key type");
        }
        if *key.public_key() != public {
            bail!("private key does not match issuer public key");
        }
        Ok(Self { chain, key, file: file.to_owned() })
    }

    /// The certificate that signs.
    pub(crate) fn certificate(&self) -> &Certificate {
        &self.chain[0]
    }

    /// Sign a certificate, if this CA may do so.
    pub(crate) fn sign(&self, profile: &Profile, key: &PublicKey, validity: Validity) -> anyhow::Result<Certificate> {
        let certificate = self.certificate();
        check(certificate, profile).with_context(|| self.file.clone())?;
        let end = certificate.not_after();
        if validity.not_before > end {
            bail!("the certificate of the CA, {}, ends before the new certificate would begin", self.file);
        }
        if validity.is_asked_for && validity.not_after > end {
            bail!(
                "the new certificate would outlive the one of the CA, {}; end it on {} or before",
                self.file,
                crate::inspect::rfc3339(end)
            );
        }
        let own_id = self.key.public_key().key_identifier();
        let identifier = certificate.subject_key_identifier().unwrap_or(&own_id);
        let validity = Validity { not_after: validity.not_after.min(end), ..validity };
        let keys = Keys { subject: key, issuer: Some(identifier) };
        signed(profile, certificate.subject_der(), (keys, &self.key), validity)
    }
}

/// Sign a certificate with the key that it is about.
pub(crate) fn sign_itself(profile: &Profile, key: &PrivateKey, validity: Validity) -> anyhow::Result<Certificate> {
    let keys = Keys { subject: key.public_key(), issuer: None };
    signed(profile, profile.subject.der(), (keys, key), validity)
}

fn signed(
    profile: &Profile,
    issuer_der: &[u8],
    (keys, key): (Keys<'_>, &PrivateKey),
    validity: Validity,
) -> anyhow::Result<Certificate> {
    let content = CertificateContent {
        serial: match profile.serial {
            Some(serial) => serial,
            None => SerialNumber::random(&SystemRandom)?,
        },
        issuer_der: issuer_der.to_vec(),
        subject: profile.subject.clone(),
        not_before: validity.not_before,
        not_after: validity.not_after,
        public_key: keys.subject.clone(),
        extensions: profile.certificate_extensions(keys)?,
    };
    let algorithm = profile.signature_algorithm.unwrap_or_else(|| key.algorithm().default_signature());
    if !algorithm.fits(key.algorithm()) {
        bail!("the signature algorithm of the template does not belong to the key of the issuer");
    }
    assemble(&content, key, algorithm)
}

/// Sign the content with a key, and look at the signature.
pub(crate) fn assemble(
    content: &CertificateContent,
    key: &PrivateKey,
    algorithm: rung_pki::SignatureAlgorithm,
) -> anyhow::Result<Certificate> {
    let tbs = content.to_tbs(algorithm);
    let certificate = CertificateContent::assemble(&tbs, algorithm, &key.sign_now(algorithm, &tbs)?)?;
    certificate.is_signed_by(key.public_key()).context("the new certificate has a bad signature")?;
    Ok(certificate)
}

/// Whether a CA may sign that (RFC 5280 §4.2.1.3, §4.2.1.9, §4.2.1.10).
fn check(issuer: &Certificate, profile: &Profile) -> anyhow::Result<()> {
    if !issuer.is_ca() {
        bail!("issuer certificate is not a certificate authority");
    }
    if issuer.key_usage().is_some_and(|usage| !usage.cert_sign()) {
        bail!("issuer certificate does not have the keyCertSign usage");
    }
    let below = profile.basic_constraints.filter(|constraints| constraints.is_ca);
    let most = issuer.basic_constraints().and_then(|constraints| constraints.path_len);
    match (below, most) {
        (Some(_), Some(0)) => bail!("issuer certificate cannot sign an intermediate-ca: pathLenConstraint is 0"),
        (Some(below), Some(most)) if below.path_len.is_none_or(|length| length >= most) => {
            let given = below.path_len.map_or_else(|| "none".to_owned(), |length| length.to_string());
            bail!(
                "issuer certificate cannot sign an intermediate-ca: pathLenConstraint is {given}, want at most {}",
                most - 1
            );
        }
        _ => {}
    }
    if let (Names::Usual(names), Some(constraints)) = (&profile.names, issuer.name_constraints()) {
        names.iter().try_for_each(|name| constraints.permits(name))?;
    }
    Ok(())
}

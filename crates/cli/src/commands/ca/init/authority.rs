//! The certificates of the new CA.

use std::time::SystemTime;

use anyhow::{Context as _, bail};
use rung_pki::extension::{self, BasicConstraints, KeyUsage};
use rung_pki::{
    Attribute, Certificate, CertificateContent, DistinguishedName, Extension, KeyAlgorithm, PrivateKey, PublicKey,
    SerialNumber, Signer, SystemRandom, keyfile,
};

use crate::ca::connection::read_roots;
use crate::call::Call;
use crate::issuer::{self, TEN_YEARS};
use crate::private_key::KeyFile;

/// A root certificate and its key.
pub(super) struct Root {
    pub(super) certificate: Certificate,
    key: PrivateKey,
    /// Whether the key was made here, and so has to be written.
    is_new: bool,
}

/// A root and the intermediate below it.
pub(super) struct Authority {
    pub(super) root: Root,
    pub(super) intermediate: Certificate,
    pub(super) intermediate_key: PrivateKey,
}

impl Root {
    /// The root of `--root` and `--key`, checked.
    pub(super) fn given(call: &Call) -> anyhow::Result<Option<Self>> {
        let (Some(file), Some(key_file)) = (call.text("root")?, call.text("key")?) else { return Ok(None) };
        let [certificate] = &read_roots(&file)?[..] else {
            bail!("the root certificate, {file}, must hold exactly one certificate");
        };
        let now = crate::clock::now();
        if let Err(problem) = check_issuer(certificate, now) {
            bail!("the root certificate, {file}, cannot be used: {problem}");
        }
        let source = KeyFile { purpose: "the key of --key", file: &key_file, password_flag: "key-password-file" };
        let key = source.read(call, keyfile::read_private_key)?;
        if certificate.public_key().is_ok_and(|public| public != key.public_key()) {
            bail!("the key in {key_file} does not belong to the certificate in {file}");
        }
        Ok(Some(Self { certificate: certificate.clone(), key, is_new: false }))
    }

    /// A new root.
    pub(super) fn generate(name: &str, algorithm: KeyAlgorithm, now: SystemTime) -> anyhow::Result<Self> {
        let key = PrivateKey::generate(algorithm)?;
        let subject = subject(name, "Root CA")?;
        let content = CertificateContent {
            serial: SerialNumber::random(&SystemRandom)?,
            issuer_der: subject.der().to_vec(),
            not_before: now,
            not_after: now + TEN_YEARS,
            extensions: extensions(key.public_key(), 1),
            public_key: key.public_key().clone(),
            subject,
        };
        let certificate = sign(&content, &key)?;
        Ok(Self { certificate, key, is_new: true })
    }

    /// The key, if it has to be written.
    pub(super) fn new_key(&self) -> Option<&PrivateKey> {
        self.is_new.then_some(&self.key)
    }
}

impl Authority {
    /// Make an intermediate below `root`.
    pub(super) fn under(root: Root, name: &str, algorithm: KeyAlgorithm, now: SystemTime) -> anyhow::Result<Self> {
        let intermediate_key = PrivateKey::generate(algorithm)?;
        let mut all = extensions(intermediate_key.public_key(), 0);
        let own_id = root.key.public_key().key_identifier();
        let issuer_id = root.certificate.subject_key_identifier().unwrap_or(&own_id);
        all.push(extension::authority_key_identifier(issuer_id));
        let content = CertificateContent {
            serial: SerialNumber::random(&SystemRandom)?,
            issuer_der: root.certificate.subject_der().to_vec(),
            subject: subject(name, "Intermediate CA")?,
            not_before: now,
            // Nothing outlives its issuer.
            not_after: (now + TEN_YEARS).min(root.certificate.not_after()),
            public_key: intermediate_key.public_key().clone(),
            extensions: all,
        };
        let intermediate = sign(&content, &root.key)?;
        Ok(Self { root, intermediate, intermediate_key })
    }
}

fn subject(name: &str, role: &str) -> anyhow::Result<DistinguishedName> {
    let subject = DistinguishedName::new().with(Attribute::Organization, name);
    let subject = subject.and_then(|subject| subject.with_common_name(&format!("{name} {role}")));
    subject.with_context(|| format!("'{name}' cannot be the name of a PKI"))
}

fn extensions(key: &PublicKey, path_len: u8) -> Vec<Extension> {
    vec![
        extension::key_usage(KeyUsage::CERT_SIGN | KeyUsage::CRL_SIGN),
        extension::basic_constraints(BasicConstraints { is_ca: true, path_len: Some(path_len) }),
        extension::subject_key_identifier(&key.key_identifier()),
    ]
}

fn sign(content: &CertificateContent, key: &PrivateKey) -> anyhow::Result<Certificate> {
    issuer::assemble(content, key, key.algorithm().default_signature())
}

/// Whether an intermediate may stand below the certificate.
fn check_issuer(certificate: &Certificate, now: SystemTime) -> Result<(), String> {
    let constraints = certificate.basic_constraints();
    if !certificate.is_ca() {
        return Err("it is not the certificate of a CA".to_owned());
    }
    if certificate.key_usage().is_some_and(|usage| !usage.cert_sign()) {
        return Err("it may not sign certificates (key usage)".to_owned());
    }
    if constraints.is_some_and(|constraints| constraints.path_len == Some(0)) {
        return Err("no intermediate may stand below it (its path length is 0)".to_owned());
    }
    if certificate.not_after() <= now || certificate.not_before() > now {
        return Err("it is not valid now".to_owned());
    }
    Ok(())
}

//! Small CAs for tests.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rung_pki::{
    Certificate, CertificateContent, DistinguishedName, Extension, KeyAlgorithm, PrivateKey, SerialNumber, Signer,
    SubjectAltName, SystemRandom,
    extension::{self, BasicConstraints, KeyUsage, Purpose},
};

/// The instant at which the certificates of these tests are looked at.
pub(crate) const NOW: u64 = 1_800_000_000;

/// A certificate with its key.
pub(crate) struct Entity {
    pub(crate) key: PrivateKey,
    pub(crate) certificate: Certificate,
}

pub(crate) fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

pub(crate) fn named(text: &str) -> DistinguishedName {
    DistinguishedName::new().with_common_name(text).unwrap()
}

pub(crate) fn names(texts: &[&str]) -> Vec<SubjectAltName> {
    texts.iter().map(|text| SubjectAltName::classify(text).unwrap()).collect()
}

pub(crate) fn sign(content: &CertificateContent, key: &PrivateKey) -> Certificate {
    let algorithm = key.algorithm().default_signature();
    let tbs = content.to_tbs(algorithm);
    CertificateContent::assemble(&tbs, algorithm, &key.sign_now(algorithm, &tbs).unwrap()).unwrap()
}

/// Put an extension in the place of one of its kind, or at the end.
pub(crate) fn set(content: &mut CertificateContent, extension: Extension) {
    match content.extensions.iter().position(|old| old.oid == extension.oid) {
        Some(place) => content.extensions[place] = extension,
        None => content.extensions.push(extension),
    }
}

impl Entity {
    pub(crate) fn root(name: &str, adjust: impl FnOnce(&mut CertificateContent)) -> Self {
        let key = PrivateKey::generate(KeyAlgorithm::EcP256).unwrap();
        let mut content = content(name, &key, None);
        content.extensions.extend(ca_extensions());
        adjust(&mut content);
        Self { certificate: sign(&content, &key), key }
    }

    pub(crate) fn ca(&self, name: &str, adjust: impl FnOnce(&mut CertificateContent)) -> Self {
        let key = PrivateKey::generate(KeyAlgorithm::EcP256).unwrap();
        self.ca_with_key(name, key, adjust)
    }

    pub(crate) fn ca_with_key(
        &self,
        name: &str,
        key: PrivateKey,
        adjust: impl FnOnce(&mut CertificateContent),
    ) -> Self {
        let mut content = content(name, &key, Some(self));
        content.extensions.extend(ca_extensions());
        adjust(&mut content);
        Self { certificate: sign(&content, &self.key), key }
    }

    pub(crate) fn leaf(&self, adjust: impl FnOnce(&mut CertificateContent)) -> Certificate {
        let key = PrivateKey::generate(KeyAlgorithm::EcP256).unwrap();
        let mut content = content("somebody", &key, Some(self));
        content.extensions.extend([
            extension::key_usage(KeyUsage::DIGITAL_SIGNATURE),
            extension::extended_key_usage(&[Purpose::ServerAuth, Purpose::ClientAuth]),
            extension::subject_alt_names(&names(&["a.corp.example"]), false),
        ]);
        adjust(&mut content);
        sign(&content, &self.key)
    }
}

fn content(name: &str, key: &PrivateKey, issuer: Option<&Entity>) -> CertificateContent {
    let subject = named(name);
    let issuer_key = issuer.map_or(key, |issuer| &issuer.key);
    CertificateContent {
        serial: SerialNumber::random(&SystemRandom).unwrap(),
        issuer_der: issuer.map_or(subject.der(), |issuer| issuer.certificate.subject_der()).to_vec(),
        subject,
        not_before: at(NOW - 1000),
        not_after: at(NOW + 1000),
        public_key: key.public_key().clone(),
        extensions: vec![
            extension::subject_key_identifier(&key.public_key().key_identifier()),
            extension::authority_key_identifier(&issuer_key.public_key().key_identifier()),
        ],
    }
}

fn ca_extensions() -> [Extension; 2] {
    [
        extension::key_usage(KeyUsage::CERT_SIGN | KeyUsage::CRL_SIGN),
        extension::basic_constraints(BasicConstraints { is_ca: true, path_len: None }),
    ]
}

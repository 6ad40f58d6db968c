//! The words of templates for usages and algorithms.

use const_oid::ObjectIdentifier;

use super::{Members, ProfileError};
use crate::{
    MlDsa, SignatureAlgorithm,
    extension::{KeyUsage, Purpose},
};

/// `keyUsage`.
pub(super) fn key_usage(top: &Members<'_>) -> Result<KeyUsage, ProfileError> {
    let mut usage = KeyUsage::default();
    for word in top.texts("keyUsage")? {
        let known = KEY_USAGES.iter().find(|(name, _)| *name == folded(&word));
        let (_, bit) = known.ok_or_else(|| top.wrong("keyUsage", format!("has {word:?}, which is no key usage")))?;
        usage = usage | *bit;
    }
    Ok(usage)
}

/// `extKeyUsage` and `unknownExtKeyUsage`.
pub(super) fn purposes(top: &Members<'_>) -> Result<Vec<Purpose>, ProfileError> {
    let mut purposes = Vec::new();
    for word in top.texts("extKeyUsage")? {
        let known = PURPOSES.iter().find(|(name, _)| *name == folded(&word));
        let (_, purpose) = known.ok_or_else(|| {
            top.wrong(
                "extKeyUsage",
                format!(
                    "has {word:?}, which is no extended key usage; put its object identifier into unknownExtKeyUsage"
                ),
            )
        })?;
        purposes.push(*purpose);
    }
    purposes.extend(top.oids("unknownExtKeyUsage")?.into_iter().map(Purpose::from));
    Ok(purposes)
}

/// `signatureAlgorithm`.
pub(super) fn signature_algorithm(top: &Members<'_>) -> Result<Option<SignatureAlgorithm>, ProfileError> {
    let Some(word) = top.text("signatureAlgorithm")?.filter(|word| !word.is_empty()) else { return Ok(None) };
    let known = ALGORITHMS.iter().find(|(name, _)| name.eq_ignore_ascii_case(&word));
    match known {
        Some((_, algorithm)) => Ok(Some(*algorithm)),
        None => {
            let problem = format!("is {word:?}, which Rung does not sign with (SHA-1, MD5 and DSA are out of use)");
            Err(top.wrong("signatureAlgorithm", problem))
        }
    }
}

/// Case and low lines do not count.
fn folded(word: &str) -> String {
    word.chars().filter(|character| *character != '_').collect::<String>().to_ascii_lowercase()
}

const KEY_USAGES: [(&str, KeyUsage); 10] = [
    ("digitalsignature", KeyUsage::DIGITAL_SIGNATURE),
    ("contentcommitment", KeyUsage::CONTENT_COMMITMENT),
    ("nonrepudiation", KeyUsage::CONTENT_COMMITMENT),
    ("keyencipherment", KeyUsage::KEY_ENCIPHERMENT),
    ("dataencipherment", KeyUsage::DATA_ENCIPHERMENT),
    ("keyagreement", KeyUsage::KEY_AGREEMENT),
    ("certsign", KeyUsage::CERT_SIGN),
    ("crlsign", KeyUsage::CRL_SIGN),
    ("encipheronly", KeyUsage::ENCIPHER_ONLY),
    ("decipheronly", KeyUsage::DECIPHER_ONLY),
];

const fn other(oid: &str) -> Purpose {
    Purpose::Other(ObjectIdentifier::new_unwrap(oid))
}

const PURPOSES: [(&str, Purpose); 14] = [
    ("any", Purpose::Any),
    ("serverauth", Purpose::ServerAuth),
    ("clientauth", Purpose::ClientAuth),
    ("codesigning", Purpose::CodeSigning),
    ("emailprotection", Purpose::EmailProtection),
    ("ipsecendsystem", Purpose::IpsecEndSystem),
    ("ipsectunnel", Purpose::IpsecTunnel),
    ("ipsecuser", Purpose::IpsecUser),
    ("timestamping", Purpose::TimeStamping),
    ("ocspsigning", Purpose::OcspSigning),
    ("microsoftservergatedcrypto", other("1.3.6.1.4.1.311.10.3.3")),
    ("netscapeservergatedcrypto", other("2.16.840.1.113730.4.1")),
    ("microsoftcommercialcodesigning", other("1.3.6.1.4.1.311.2.1.22")),
    ("microsoftkernelcodesigning", other("1.3.6.1.4.1.311.61.1.1")),
];

const ALGORITHMS: [(&str, SignatureAlgorithm); 13] = [
    ("SHA256-RSA", SignatureAlgorithm::RsaPkcs1Sha256),
    ("SHA384-RSA", SignatureAlgorithm::RsaPkcs1Sha384),
    ("SHA512-RSA", SignatureAlgorithm::RsaPkcs1Sha512),
    ("SHA256-RSAPSS", SignatureAlgorithm::RsaPssSha256),
    ("SHA384-RSAPSS", SignatureAlgorithm::RsaPssSha384),
    ("SHA512-RSAPSS", SignatureAlgorithm::RsaPssSha512),
    ("ECDSA-SHA256", SignatureAlgorithm::EcdsaSha256),
    ("ECDSA-SHA384", SignatureAlgorithm::EcdsaSha384),
    ("ECDSA-SHA512", SignatureAlgorithm::EcdsaSha512),
    ("Ed25519", SignatureAlgorithm::Ed25519),
    ("ML-DSA-44", SignatureAlgorithm::MlDsa(MlDsa::MlDsa44)),
    ("ML-DSA-65", SignatureAlgorithm::MlDsa(MlDsa::MlDsa65)),
    ("ML-DSA-87", SignatureAlgorithm::MlDsa(MlDsa::MlDsa87)),
];

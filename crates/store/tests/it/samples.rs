//! Issuances to record.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rung_authority::issuer::IssuerId;
use rung_authority::store::{AuditEntry, Issuance, ProvisionerRef, Revocation, TokenUse};
use rung_pki::{
    Certificate, CertificateContent, DistinguishedName, KeyAlgorithm, PrivateKey, SerialNumber, SignatureAlgorithm,
    Signer, crl::Reason, sha256,
};

/// The time of every test.
pub(crate) fn monday() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_464_296)
}

/// The issuance with that number: each has its own token and serial number.
pub(crate) fn issuance(number: u32) -> Issuance {
    issuance_with(number, number)
}

pub(crate) fn issuance_with(serial: u32, token: u32) -> Issuance {
    Issuance {
        certificate: certificate_until(serial, monday() + Duration::from_secs(86_400)),
        provisioner: Arc::new(ProvisionerRef { id: "admin:kid".to_owned(), name: "admin".to_owned(), kind: "JWK" }),
        token: Some(token_use(token)),
        replaces: None,
        audit: AuditEntry {
            at: monday(),
            action: "issued",
            request_id: format!("request-{serial}"),
            detail: format!("{{\"serial\":{serial}}}"),
        },
    }
}

/// A certificate with that number that ends then.
pub(crate) fn certificate_until(serial: u32, not_after: SystemTime) -> Certificate {
    static KEY: OnceLock<PrivateKey> = OnceLock::new();
    let key = KEY.get_or_init(|| PrivateKey::generate(KeyAlgorithm::EcP256).unwrap());
    let content = CertificateContent {
        serial: SerialNumber::from_bytes(&[&[1, 2, 3, 4, 5, 6, 7, 8], &serial.to_be_bytes()[..]].concat()).unwrap(),
        issuer_der: DistinguishedName::new().with_common_name("Issuer").unwrap().der().to_vec(),
        subject: DistinguishedName::new().with_common_name(&format!("leaf {serial}")).unwrap(),
        not_before: monday(),
        not_after,
        public_key: key.public_key().clone(),
        extensions: Vec::new(),
    };
    let algorithm = SignatureAlgorithm::EcdsaSha256;
    let tbs = content.to_tbs(algorithm);
    let signature = key.sign_now(algorithm, &tbs).unwrap();
    CertificateContent::assemble(&tbs, algorithm, &signature).unwrap()
}

fn token_use(number: u32) -> TokenUse {
    TokenUse { digest: sha256(&number.to_be_bytes()), expires: monday() + Duration::from_secs(u64::from(number)) }
}

/// The revocation of the certificate of an issuance, by the token with that number.
pub(crate) fn revocation_of(issuance: &Issuance, token: u32) -> Revocation {
    let certificate = &issuance.certificate;
    Revocation {
        serial: *certificate.serial(),
        at: monday(),
        reason: Reason::Superseded,
        not_after: Some(certificate.not_after()),
        issuer: Some(IssuerId::from([7; 16])),
        condemned_key: None,
        token: Some(token_use(token)),
        audit: AuditEntry {
            at: monday(),
            action: "revoked",
            request_id: format!("revocation-{token}"),
            detail: "{}".to_owned(),
        },
    }
}

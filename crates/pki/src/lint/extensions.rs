//! The rules for extensions.

use super::{Findings, Lintable, rule};
use crate::{
    certificate::Certificate,
    extension::{
        self, BasicConstraints, Candidate, ExtendedKeyUsage, Extension, KeyUsage, Purpose, general_names, oid,
    },
    key::KeyAlgorithm,
};

pub(super) fn check_leaf(leaf: &Lintable<'_>, issuer: &Certificate, findings: &mut Findings) {
    if !check_all(leaf, findings) {
        return;
    }
    let constraints = leaf.find(&oid::BASIC_CONSTRAINTS).map(basic_constraints);
    let is_plain = constraints.is_none_or(|constraints| !constraints.is_ca && constraints.path_len.is_none());
    findings.require(is_plain, &rule::LEAF_CA);
    if let Some(usage) = check_key_usage(leaf, findings) {
        findings.require(!usage.cert_sign() && !usage.crl_sign(), &rule::LEAF_CERT_SIGN);
    }
    findings.require(leaf.find(&oid::NAME_CONSTRAINTS).is_none(), &rule::LEAF_NAME_CONSTRAINTS);
    check_key_identifiers(leaf, Some(issuer), findings);
    // CAs that others made may compute it in another way, which is allowed; leaves are all made here.
    if let (Some(own), Ok(key)) = (leaf.find(&oid::SUBJECT_KEY_IDENTIFIER), &leaf.public_key) {
        let own = extension::read_subject_key_identifier(&own.value).expect(CHECKED);
        findings.require(own == key.key_identifier(), &rule::SKI_MISMATCH);
    }
    check_against_issuer(leaf, issuer, findings);
}

pub(super) fn check_ca(ca: &Lintable<'_>, issuer: Option<&Certificate>, findings: &mut Findings) {
    if !check_all(ca, findings) {
        return;
    }
    let constraints = ca.find(&oid::BASIC_CONSTRAINTS);
    findings.require(constraints.is_some_and(|found| basic_constraints(found).is_ca), &rule::CA_CONSTRAINTS);
    findings.require(constraints.is_none_or(|found| found.critical), &rule::CA_CONSTRAINTS_CRITICAL);
    if let Some(usage) = check_key_usage(ca, findings) {
        findings.require(usage.cert_sign(), &rule::CA_NO_CERT_SIGN);
    }
    let names = ca.find(&oid::NAME_CONSTRAINTS);
    findings.require(names.is_none_or(|found| found.critical), &rule::NAMES_CONSTRAINTS_CRITICAL);
    check_key_identifiers(ca, issuer, findings);
    if let Some(issuer) = issuer {
        let room = issuer.basic_constraints().and_then(|constraints| constraints.path_len) != Some(0);
        findings.require(room, &rule::CA_PATH_LENGTH);
        check_against_issuer(ca, issuer, findings);
    }
}

/// Whether all extensions are well formed, so that they can be looked into.
fn check_all(subject: &Lintable<'_>, findings: &mut Findings) -> bool {
    let well_formed = subject.extensions.iter().all(|extension| extension.check().is_ok());
    findings.require(well_formed, &rule::EXTENSION_MALFORMED);
    let extensions = subject.extensions.iter().enumerate();
    let mut doubles =
        extensions.filter(|(place, one)| extension::find(&subject.extensions[..*place], &one.oid).is_some());
    findings.require(doubles.next().is_none(), &rule::EXTENSION_DUPLICATE);
    match subject.find(&oid::SUBJECT_ALT_NAME) {
        None => findings.require(!subject.subject.is_empty(), &rule::SAN_MISSING),
        Some(names) if subject.subject.is_empty() => findings.require(names.critical, &rule::SAN_NOT_CRITICAL),
        Some(names) => findings.require(!names.critical, &rule::SAN_CRITICAL),
    }
    well_formed
}

fn check_key_usage(subject: &Lintable<'_>, findings: &mut Findings) -> Option<KeyUsage> {
    let extension = subject.find(&oid::KEY_USAGE);
    findings.require(extension.is_some(), &rule::KEY_USAGE_MISSING);
    let extension = extension?;
    findings.require(extension.critical, &rule::KEY_USAGE_CRITICAL);
    let usage = KeyUsage::read(&extension.value).expect(CHECKED);
    findings.require(!usage.is_empty(), &rule::KEY_USAGE_EMPTY);
    if let Ok(key) = &subject.public_key {
        let unfit = unfit_usages(key.algorithm());
        findings.require(!unfit.iter().any(|unfit| usage.contains(*unfit)), &rule::KEY_USAGE_UNFIT);
    }
    Some(usage)
}

fn unfit_usages(algorithm: KeyAlgorithm) -> &'static [KeyUsage] {
    match algorithm {
        KeyAlgorithm::Rsa { .. } => &[],
        // RFC 5480 §3: keys for ECDSA and ECDH encrypt nothing by themselves.
        KeyAlgorithm::EcP256 | KeyAlgorithm::EcP384 | KeyAlgorithm::EcP521 => {
            &[KeyUsage::KEY_ENCIPHERMENT, KeyUsage::DATA_ENCIPHERMENT]
        }
        // RFC 8410 §5, RFC 9881 §5: signatures alone.
        KeyAlgorithm::Ed25519 | KeyAlgorithm::MlDsa(_) => &[
            KeyUsage::KEY_ENCIPHERMENT,
            KeyUsage::DATA_ENCIPHERMENT,
            KeyUsage::KEY_AGREEMENT,
            KeyUsage::ENCIPHER_ONLY,
            KeyUsage::DECIPHER_ONLY,
        ],
    }
}

fn check_key_identifiers(subject: &Lintable<'_>, issuer: Option<&Certificate>, findings: &mut Findings) {
    let own = subject.find(&oid::SUBJECT_KEY_IDENTIFIER);
    let authority = subject.find(&oid::AUTHORITY_KEY_IDENTIFIER);
    findings.require(own.is_some(), &rule::SKI_MISSING);
    // RFC 5280 §4.2.1.1: a root, which signs itself, may leave it out.
    findings.require(authority.is_some() || issuer.is_none(), &rule::AKI_MISSING);
    findings.require([own, authority].iter().flatten().all(|found| !found.critical), &rule::SKI_CRITICAL);
    let own = own.map(|found| extension::read_subject_key_identifier(&found.value).expect(CHECKED));
    let authority = authority.and_then(|found| extension::read_authority_key_identifier(&found.value).expect(CHECKED));
    let expected = match issuer {
        Some(issuer) => issuer.subject_key_identifier(),
        None => own,
    };
    if let (Some(authority), Some(expected)) = (authority, expected) {
        findings.require(authority == expected, &rule::AKI_MISMATCH);
    }
}

/// What the issuer's own certificate allows it to certify.
fn check_against_issuer(subject: &Lintable<'_>, issuer: &Certificate, findings: &mut Findings) {
    if let Some(allowed) = issuer.extended_key_usage() {
        let wanted = subject.find(&oid::EXTENDED_KEY_USAGE);
        let wanted = wanted.map(|found| ExtendedKeyUsage::read(&found.value).expect(CHECKED));
        // Without a limit of its own, a certificate is for any purpose, and so for none that the issuer is not for.
        let within = wanted.is_none_or(|wanted| {
            wanted.purposes().iter().all(|purpose| *purpose == Purpose::Any || allowed.permits(*purpose))
        });
        findings.require(within, &rule::EKU_BEYOND_ISSUER);
    }
    let Some(constraints) = issuer.name_constraints() else { return };
    let permits = |name: &Candidate<'_>| constraints.permits_candidate(name).is_ok();
    let names_are_permitted = subject.find(&oid::SUBJECT_ALT_NAME).is_none_or(|found| {
        let mut names = general_names(&found.value).expect(CHECKED);
        names.all(|name| permits(&Candidate::from(&name.expect(CHECKED))))
    });
    let subject_is_permitted = subject.subject.is_empty() || permits(&Candidate::Directory(subject.subject));
    findings.require(names_are_permitted && subject_is_permitted, &rule::NAMES_NOT_PERMITTED);
}

impl Lintable<'_> {
    fn find(&self, oid: &const_oid::ObjectIdentifier) -> Option<&Extension> {
        extension::find(self.extensions, oid)
    }
}

fn basic_constraints(extension: &Extension) -> BasicConstraints {
    BasicConstraints::read(&extension.value).expect(CHECKED)
}

const CHECKED: &str = "malformed extensions were found before";

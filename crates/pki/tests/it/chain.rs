//! Chains, judged by this crate and by OpenSSL.

use rung_pki::{
    Certificate, CertificateContent, DistinguishedName, Extension, KeyAlgorithm, PrivateKey,
    chain::{self, ChainError},
    extension::{self, BasicConstraints, KeyUsage, NameConstraints, Purpose, Subtree, oid},
};

use crate::{
    authority::{Entity, NOW, at, named, names, set, sign},
    openssl::OpenSsl,
};

/// What OpenSSL says of the same chain for a TLS server.
fn openssl_accepts(
    leaf: &Certificate,
    intermediates: &[&Certificate],
    roots: &[&Certificate],
) -> Result<String, String> {
    let openssl = OpenSsl::new();
    let bundle = |certificates: &[&Certificate]| certificates.iter().map(|one| one.to_pem()).collect::<String>();
    openssl.write("leaf.pem", leaf.to_pem());
    openssl.write("roots.pem", bundle(roots));
    openssl.write("intermediates.pem", bundle(intermediates));
    let now = NOW.to_string();
    let mut arguments = vec!["verify", "-no-CApath", "-no-CAstore", "-partial_chain", "-purpose", "sslserver"];
    arguments.extend(["-attime", &now, "-CAfile", "roots.pem"]);
    if !intermediates.is_empty() {
        arguments.extend(["-untrusted", "intermediates.pem"]);
    }
    openssl.try_run(&[&arguments[..], &["leaf.pem"]].concat())
}

/// Whoever else judges chains.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Openssl {
    Agrees,
    /// With the reason, which the test's comment gives.
    Disagrees,
}

#[track_caller]
fn check(
    leaf: &Certificate,
    intermediates: &[&Certificate],
    roots: &[&Certificate],
    expected: Result<usize, &str>,
    openssl: Openssl,
) {
    let owned = |certificates: &[&Certificate]| certificates.iter().map(|one| (*one).clone()).collect::<Vec<_>>();
    let found = chain::verify(leaf, &owned(intermediates), &owned(roots), at(NOW), Some(Purpose::ServerAuth));
    let path_len = found.as_ref().map(Vec::len).map_err(kind);
    assert_eq!(path_len, expected, "{found:?}");
    if let Ok(path) = &found {
        assert_eq!(&path[0], leaf);
        assert!(roots.contains(&path.last().unwrap()));
    }
    let judged = openssl_accepts(leaf, intermediates, roots);
    assert_eq!(judged.is_ok() == expected.is_ok(), openssl == Openssl::Agrees, "{judged:?}");
}

#[track_caller]
fn check_good(leaf: &Certificate, intermediates: &[&Certificate], root: &Entity) {
    check(leaf, intermediates, &[&root.certificate], Ok(intermediates.len() + 2), Openssl::Agrees);
}

#[track_caller]
fn check_bad(leaf: &Certificate, intermediates: &[&Certificate], root: &Entity, expected: &str) {
    check(leaf, intermediates, &[&root.certificate], Err(expected), Openssl::Agrees);
}

fn kind(error: &ChainError) -> &'static str {
    match error {
        ChainError::CriticalExtension { .. } => "critical extension",
        ChainError::Expired { .. } => "expired",
        ChainError::Host { .. } => "host",
        ChainError::NotACa { .. } => "not a CA",
        ChainError::Names { .. } => "names",
        ChainError::NotYetValid { .. } => "not yet valid",
        ChainError::PathLength { .. } => "path length",
        ChainError::Signature { .. } => "signature",
        ChainError::TooComplex => "too complex",
        ChainError::UnknownIssuer { .. } => "unknown issuer",
        ChainError::Usage { .. } => "usage",
    }
}

fn path_len(path_len: u8) -> Extension {
    extension::basic_constraints(BasicConstraints { is_ca: true, path_len: Some(path_len) })
}

#[test]
fn chains_of_any_length_lead_to_their_root() {
    let root = Entity::root("Root", |_| {});
    check_good(&root.leaf(|_| {}), &[], &root);
    let mut cas = vec![root.ca("CA 0", |_| {})];
    for number in 1..10 {
        let next = cas.last().unwrap().ca(&format!("CA {number}"), |_| {});
        cas.push(next);
    }
    for len in [1, 2, 10] {
        let leaf = cas[len - 1].leaf(|_| {});
        // In whatever order they come.
        let intermediates: Vec<&Certificate> = cas[..len].iter().map(|ca| &ca.certificate).collect();
        check_good(&leaf, &intermediates, &root);
    }
    let eleventh = cas[9].ca("CA 10", |_| {});
    let all: Vec<&Certificate> = cas.iter().chain([&eleventh]).map(|ca| &ca.certificate).collect();
    // OpenSSL goes further than anybody needs.
    check(&eleventh.leaf(|_| {}), &all, &[&root.certificate], Err("too complex"), Openssl::Disagrees);
}

#[test]
fn an_intermediate_may_serve_as_root_and_a_root_as_leaf() {
    let root = Entity::root("Root", |_| {});
    let ca = root.ca("CA", |_| {});
    check(&ca.leaf(|_| {}), &[], &[&ca.certificate], Ok(2), Openssl::Agrees);
    let trusted = std::slice::from_ref(&root.certificate);
    assert_eq!(chain::verify(&root.certificate, &[], trusted, at(NOW), None), Ok(trusted.to_vec()));
}

#[test]
fn a_missing_or_foreign_issuer_is_named() {
    let root = Entity::root("Root", |_| {});
    let ca = root.ca("CA", |_| {});
    let leaf = ca.leaf(|_| {});
    check_bad(&leaf, &[], &root, "unknown issuer");
    let error = chain::verify(&leaf, &[], &[], at(NOW), None).unwrap_err();
    assert_eq!(error.to_string(), "the certificate CN=somebody is signed by CN=CA, which is not known");
    // Another CA of the same name, but not the one that signed.
    let other = root.ca("CA", |_| {});
    check_bad(&leaf, &[&other.certificate], &root, "signature");
    // With both there is a way.
    check(&leaf, &[&other.certificate, &ca.certificate], &[&root.certificate], Ok(3), Openssl::Agrees);
    let other_root = Entity::root("Root", |_| {});
    check_bad(&leaf, &[&ca.certificate], &other_root, "signature");
}

#[test]
fn every_certificate_must_be_valid_at_the_instant() {
    let late = |content: &mut CertificateContent| content.not_before = at(NOW + 1);
    let early = |content: &mut CertificateContent| content.not_after = at(NOW - 1);
    let root = Entity::root("Root", |_| {});
    let ca = root.ca("CA", |_| {});
    check_good(&ca.leaf(|leaf| leaf.not_before = at(NOW)), &[&ca.certificate], &root);
    check_bad(&ca.leaf(late), &[&ca.certificate], &root, "not yet valid");
    check_bad(&ca.leaf(early), &[&ca.certificate], &root, "expired");
    let ca = root.ca("CA", early);
    check_bad(&ca.leaf(|_| {}), &[&ca.certificate], &root, "expired");
    let root = Entity::root("Root", late);
    check_bad(&root.leaf(|_| {}), &[], &root, "not yet valid");
}

/// The last second is valid to its end.
#[test]
fn a_certificate_is_valid_through_its_last_second() {
    let root = Entity::root("Root", |_| {});
    let leaf = root.leaf(|leaf| leaf.not_after = at(NOW));
    let roots = [root.certificate];
    let half_a_second = std::time::Duration::from_millis(500);
    assert!(chain::verify(&leaf, &[], &roots, at(NOW) + half_a_second, None).is_ok());
    assert!(chain::verify(&leaf, &[], &roots, at(NOW + 1), None).is_err());
    assert!(chain::verify(&leaf, &[], &roots, leaf.not_before() - half_a_second, None).is_err());
}

#[test]
fn whoever_signs_is_a_ca_that_may_sign_certificates() {
    let root = Entity::root("Root", |_| {});
    let without = |oid| move |ca: &mut CertificateContent| ca.extensions.retain(|extension| extension.oid != oid);
    let ca = root.ca("CA", without(oid::BASIC_CONSTRAINTS));
    check_bad(&ca.leaf(|_| {}), &[&ca.certificate], &root, "not a CA");
    let constraints = extension::basic_constraints(BasicConstraints { is_ca: false, path_len: None });
    let ca = root.ca("CA", |ca| set(ca, constraints));
    check_bad(&ca.leaf(|_| {}), &[&ca.certificate], &root, "not a CA");
    let ca = root.ca("CA", |ca| set(ca, extension::key_usage(KeyUsage::CRL_SIGN)));
    check_bad(&ca.leaf(|_| {}), &[&ca.certificate], &root, "not a CA");
    let ca = root.ca("CA", without(oid::KEY_USAGE));
    check_good(&ca.leaf(|_| {}), &[&ca.certificate], &root);
}

#[test]
fn path_lengths_count_the_cas_below() {
    let root = Entity::root("Root", |ca| set(ca, path_len(1)));
    let first = root.ca("First", |_| {});
    check_good(&first.leaf(|_| {}), &[&first.certificate], &root);
    let second = first.ca("Second", |_| {});
    check_bad(&second.leaf(|_| {}), &[&first.certificate, &second.certificate], &root, "path length");
    let root = Entity::root("Root", |ca| set(ca, path_len(0)));
    check_good(&root.leaf(|_| {}), &[], &root);
    let first = root.ca("First", |_| {});
    check_bad(&first.leaf(|_| {}), &[&first.certificate], &root, "path length");
}

#[test]
fn a_ca_that_renews_itself_does_not_count() {
    let root = Entity::root("Root", |_| {});
    let old = root.ca("CA", |ca| set(ca, path_len(0)));
    let new = old.ca("CA", |_| {});
    check_good(&new.leaf(|_| {}), &[&old.certificate, &new.certificate], &root);
}

#[test]
fn purposes_narrow_down_from_the_root() {
    let only =
        |purpose| move |content: &mut CertificateContent| set(content, extension::extended_key_usage(&[purpose]));
    let root = Entity::root("Root", |_| {});
    let ca = root.ca("CA", only(Purpose::ServerAuth));
    check_good(&ca.leaf(|_| {}), &[&ca.certificate], &root);
    check_bad(&ca.leaf(only(Purpose::ClientAuth)), &[&ca.certificate], &root, "usage");
    let ca = root.ca("CA", only(Purpose::ClientAuth));
    check_bad(&ca.leaf(|_| {}), &[&ca.certificate], &root, "usage");
    let without = |leaf: &mut CertificateContent| leaf.extensions.retain(|one| one.oid != oid::EXTENDED_KEY_USAGE);
    check_bad(&ca.leaf(without), &[&ca.certificate], &root, "usage");
    check_good(&root.leaf(without), &[], &root);
    // OpenSSL takes "any" for everything in CAs but not in leaves; RFC 5280 §4.2.1.12 has it mean everything.
    check(&root.leaf(only(Purpose::Any)), &[], &[&root.certificate], Ok(2), Openssl::Disagrees);
}

#[test]
fn unknown_critical_extensions_are_refused_anywhere() {
    let unknown = |critical| Extension { oid: "1.2.3.4".parse().unwrap(), critical, value: vec![5, 0] };
    let root = Entity::root("Root", |_| {});
    let leaf = root.leaf(|leaf| leaf.extensions.push(unknown(true)));
    check_bad(&leaf, &[], &root, "critical extension");
    check_good(&root.leaf(|leaf| leaf.extensions.push(unknown(false))), &[], &root);
    let ca = root.ca("CA", |ca| ca.extensions.push(unknown(true)));
    check_bad(&ca.leaf(|_| {}), &[&ca.certificate], &root, "critical extension");
}

fn constrained(permitted: &[Subtree], excluded: &[Subtree]) -> Entity {
    let constraints = NameConstraints { permitted: permitted.to_vec(), excluded: excluded.to_vec() };
    Entity::root("Root", |ca| set(ca, extension::name_constraints(&constraints)))
}

#[track_caller]
fn check_names(permitted: &[Subtree], excluded: &[Subtree], good: &[&str], bad: &[&str]) {
    let root = constrained(permitted, excluded);
    let ca = root.ca("CA", |_| {});
    let with = |name: &str| ca.leaf(|leaf| set(leaf, extension::subject_alt_names(&names(&[name]), false)));
    for name in good {
        check_good(&with(name), &[&ca.certificate], &root);
    }
    for name in bad {
        check_bad(&with(name), &[&ca.certificate], &root, "names");
    }
}

#[test]
fn c17_names_are_within_the_constraints_of_every_ca() {
    let dns = |text: &str| Subtree::Dns(text.to_owned());
    check_names(
        &[dns("corp.example")],
        &[dns("secret.corp.example")],
        &["corp.example", "A.Corp.Example", "a.b.corp.example", "*.x.corp.example", "192.0.2.1", "ann@b.example"],
        &["b.example", "notcorp.example", "secret.corp.example", "A.SECRET.corp.example"],
    );
    let email = |text: &str| Subtree::Email(text.to_owned());
    check_names(
        &[email("corp.example"), email("ann@b.example")],
        &[],
        &["x@corp.example", "ann@b.example", "a.example"],
        &["x@sub.corp.example", "bob@b.example"],
    );
    check_names(&[email(".corp.example")], &[], &["x@sub.corp.example"], &["x@corp.example"]);
    let uri = |text: &str| Subtree::Uri(text.to_owned());
    check_names(
        &[uri("idp.example"), uri(".corp.example")],
        &[],
        &["https://idp.example/x", "spiffe://a.corp.example/y"],
        &["https://a.idp.example/", "https://corp.example/", "urn:a:b"],
    );
    let network = |text: &str, prefix| Subtree::network(text.parse().unwrap(), prefix).unwrap();
    check_names(
        &[network("10.0.0.0", 8), network("2001:db8::", 32)],
        &[network("10.1.0.0", 16)],
        &["10.2.0.1", "2001:db8::1", "a.example"],
        &["11.0.0.1", "10.1.2.3", "2001:db9::1"],
    );
}

#[test]
fn c17_a_wildcard_does_not_speak_for_an_excluded_host() {
    let root = constrained(&[], &[Subtree::Dns("secret.corp.example".to_owned())]);
    let leaf = root.leaf(|leaf| set(leaf, extension::subject_alt_names(&names(&["*.corp.example"]), false)));
    // OpenSSL compares the letters and lets it pass.
    check(&leaf, &[], &[&root.certificate], Err("names"), Openssl::Disagrees);
}

#[test]
fn subjects_are_within_the_constraints_too() {
    let organization = |text: &str| DistinguishedName::new().with(rung_pki::Attribute::Organization, text).unwrap();
    let root = constrained(&[Subtree::Directory(organization("Corp"))], &[]);
    let within = root.leaf(|leaf| leaf.subject = organization("corp").with_common_name("x").unwrap());
    check_good(&within, &[], &root);
    let outside = root.leaf(|leaf| leaf.subject = organization("Other"));
    check_bad(&outside, &[], &root, "names");

    let root = constrained(&[Subtree::Email("corp.example".to_owned())], &[]);
    let mailbox = |text: &str| named("x").with(rung_pki::Attribute::EmailAddress, text).unwrap();
    check_good(&root.leaf(|leaf| leaf.subject = mailbox("ann@corp.example")), &[], &root);
    check_bad(&root.leaf(|leaf| leaf.subject = mailbox("ann@b.example")), &[], &root, "names");
}

#[test]
fn circles_and_crowds_of_cas_end() {
    let root = Entity::root("Root", |_| {});
    // Two CAs that signed each other, and no way to the root.
    let one = Entity::root("One", |_| {});
    let two = one.ca("Two", |_| {});
    let key = PrivateKey::from_pkcs8(one.key.pkcs8()).unwrap();
    let one_again = two.ca_with_key("One", key, |_| {});
    let leaf = one.leaf(|_| {});
    check_bad(&leaf, &[&two.certificate, &one_again.certificate], &root, "unknown issuer");

    // Forty CAs of one name, none of which signed.
    let crowd: Vec<Entity> = (0..40).map(|_| root.ca("One", |_| {})).collect();
    let crowd: Vec<&Certificate> = crowd.iter().map(|ca| &ca.certificate).collect();
    check_bad(&leaf, &crowd, &root, "signature");
}

/// Twelve CAs of one name that all signed each other: trying every path would not end in a lifetime.
#[test]
fn the_number_of_signatures_is_bounded() {
    let cas: Vec<Entity> = (0..12).map(|_| Entity::root("Same", |_| {})).collect();
    let mut crossed = Vec::new();
    for issuer in &cas {
        for subject in &cas {
            let key = PrivateKey::from_pkcs8(subject.key.pkcs8()).unwrap();
            crossed.push(issuer.ca_with_key("Same", key, |_| {}).certificate);
        }
    }
    let found = chain::verify(&cas[0].leaf(|_| {}), &crossed, &[], at(NOW), None);
    assert_eq!(found.map_err(|error| kind(&error)), Err("too complex"));
}

#[test]
fn every_kind_of_key_can_be_a_ca() {
    let root = Entity::root("Root", |_| {});
    for algorithm in
        [KeyAlgorithm::EcP384, KeyAlgorithm::EcP521, KeyAlgorithm::Ed25519, KeyAlgorithm::Rsa { bits: 2048 }]
    {
        let ca = root.ca_with_key("CA", PrivateKey::generate(algorithm).unwrap(), |_| {});
        check_good(&ca.leaf(|_| {}), &[&ca.certificate], &root);
    }
}

#[test]
fn a_signature_is_looked_at_even_when_names_fit() {
    let root = Entity::root("Root", |_| {});
    let forger = PrivateKey::generate(KeyAlgorithm::EcP256).unwrap();
    let good = root.leaf(|_| {});
    let content = CertificateContent {
        serial: *good.serial(),
        issuer_der: good.issuer_der().to_vec(),
        subject: good.subject().clone(),
        not_before: good.not_before(),
        not_after: good.not_after(),
        public_key: good.public_key().unwrap().clone(),
        extensions: good.extensions().to_vec(),
    };
    check_bad(&sign(&content, &forger), &[], &root, "signature");
}

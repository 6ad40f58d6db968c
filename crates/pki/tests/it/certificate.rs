//! Certificates as OpenSSL sees them.

use rung_pki::{
    Attribute, Certificate, CertificateContent, DistinguishedName, Extension, KeyAlgorithm, PrivateKey,
    SignatureAlgorithm, Signer,
    extension::{
        self, AccessDescription, BasicConstraints, Decoded, DistributionPoint, GeneralName, KeyUsage, NameConstraints,
        Policy, ProvisionerExtension, Purpose, Subtree,
    },
};

use crate::{
    authority::{Entity, at, names, set, sign},
    openssl::OpenSsl,
};

fn shown(certificate: &Certificate) -> String {
    let openssl = OpenSsl::new();
    openssl.write("it.der", certificate.der());
    openssl.run(&[
        "x509",
        "-in",
        "it.der",
        "-inform",
        "DER",
        "-noout",
        "-text",
        "-nameopt",
        "RFC2253,sep_comma_plus_space,-dn_rev",
    ])
}

/// OpenSSL shows each of these texts, in this order.
#[track_caller]
fn check_shown(text: &str, expected: &[&str]) {
    let mut rest = text;
    for wanted in expected {
        let place = rest.find(wanted).unwrap_or_else(|| panic!("{wanted:?} does not come next in\n{rest}"));
        rest = &rest[place + wanted.len()..];
    }
}

#[test]
fn openssl_shows_a_leaf_as_it_was_meant() {
    let root = Entity::root("Example Root CA", |_| {});
    let leaf = root.leaf(|leaf| {
        leaf.serial = "0x00fedcba98765432100123456789abcdef".parse().unwrap();
        leaf.not_before = at(1_709_208_000);
        leaf.not_after = at(2_524_608_000);
        set(
            leaf,
            extension::subject_alt_names(
                &names(&["spiffe://corp.example/x", "2001:db8::7", "a.corp.example", "ann@corp.example", "192.0.2.7"]),
                false,
            ),
        );
        let granted = ProvisionerExtension {
            kind: 2,
            name: "google".to_owned(),
            credential_id: "client".to_owned(),
            pairs: vec!["k".to_owned(), "v".to_owned()],
        };
        set(leaf, extension::provisioner(&granted));
    });
    check_shown(
        &shown(&leaf),
        &[
            "Version: 3 (0x2)",
            "fe:dc:ba:98:76:54:32:10:01:23:45:67:89:ab:cd:ef",
            "Signature Algorithm: ecdsa-with-SHA256",
            "Issuer: CN=Example Root CA",
            "Not Before: Feb 29 12:00:00 2024 GMT",
            "Not After : Jan  1 00:00:00 2050 GMT",
            "Subject: CN=somebody",
            "NIST CURVE: P-256",
            "X509v3 Subject Key Identifier: \n",
            "X509v3 Key Usage: critical\n                Digital Signature\n",
            "X509v3 Extended Key Usage: \n                TLS Web Server Authentication, TLS Web Client Authentication\n",
            "X509v3 Subject Alternative Name: \n                DNS:a.corp.example, email:ann@corp.example, \
             IP Address:2001:DB8:0:0:0:0:0:7, IP Address:192.0.2.7, URI:spiffe://corp.example/x\n",
            "1.3.6.1.4.1.37476.9000.64.1: \n",
        ],
    );
}

#[test]
fn openssl_shows_a_ca_as_it_was_meant() {
    let root = Entity::root("Root", |ca| {
        set(ca, extension::basic_constraints(BasicConstraints { is_ca: true, path_len: Some(1) }));
        let constraints = NameConstraints {
            permitted: vec![
                Subtree::Dns("corp.example".to_owned()),
                Subtree::network("10.0.0.0".parse().unwrap(), 8).unwrap(),
                Subtree::Email("corp.example".to_owned()),
                Subtree::Uri(".corp.example".to_owned()),
            ],
            excluded: vec![Subtree::Dns("secret.corp.example".to_owned())],
        };
        set(ca, extension::name_constraints(&constraints));
    });
    check_shown(
        &shown(&root.certificate),
        &[
            "X509v3 Key Usage: critical\n                Certificate Sign, CRL Sign\n",
            "X509v3 Basic Constraints: critical\n                CA:TRUE, pathlen:1\n",
            "X509v3 Name Constraints: critical\n                Permitted:\n",
            "DNS:corp.example\n",
            "IP:10.0.0.0/255.0.0.0\n",
            "email:corp.example\n",
            "URI:.corp.example\n",
            "Excluded:\n",
            "DNS:secret.corp.example\n",
        ],
    );
    assert_eq!(root.certificate.name_constraints().unwrap().permitted.len(), 4);
}

#[test]
fn openssl_shows_names_in_their_order_and_string_types() {
    let subject = [
        (Attribute::EmailAddress, "ann@corp.example"),
        (Attribute::CommonName, "Zoë"),
        (Attribute::Organization, "b"),
        (Attribute::Organization, "a"),
        (Attribute::Country, "NL"),
        (Attribute::OrganizationalUnit, "R&D"),
    ];
    let subject =
        subject.iter().fold(DistinguishedName::new(), |name, (attribute, value)| name.with(*attribute, value).unwrap());
    let root = Entity::root("Root", |_| {});
    let leaf = root.leaf(|leaf| leaf.subject = subject.clone());
    check_shown(&shown(&leaf), &[r"Subject: C=NL, O=a + O=b, OU=R&D, CN=Zo\C3\AB, emailAddress=ann@corp.example"]);

    let openssl = OpenSsl::new();
    openssl.write("name.der", subject.der());
    let parsed = openssl.run(&["asn1parse", "-inform", "DER", "-in", "name.der"]);
    let types: Vec<&str> = parsed
        .lines()
        .filter_map(|line| line.split("prim:").nth(1)?.split(':').next())
        .map(str::trim)
        .filter(|kind| kind.ends_with("STRING"))
        .collect();
    let expected = ["PRINTABLESTRING", "PRINTABLESTRING", "PRINTABLESTRING", "UTF8STRING", "UTF8STRING", "IA5STRING"];
    assert_eq!(types, expected);
}

#[test]
fn openssl_verifies_signatures_by_every_kind_of_key() {
    for algorithm in SignatureAlgorithm::ALL {
        let kind = match algorithm {
            SignatureAlgorithm::EcdsaSha256 => KeyAlgorithm::EcP256,
            SignatureAlgorithm::EcdsaSha384 => KeyAlgorithm::EcP384,
            SignatureAlgorithm::EcdsaSha512 => KeyAlgorithm::EcP521,
            SignatureAlgorithm::Ed25519 => KeyAlgorithm::Ed25519,
            SignatureAlgorithm::MlDsa(set) => KeyAlgorithm::MlDsa(set),
            _ => KeyAlgorithm::Rsa { bits: 2048 },
        };
        let key = PrivateKey::generate(kind).unwrap();
        let subject = DistinguishedName::new().with_common_name("x").unwrap();
        let content = CertificateContent {
            serial: "1".parse().unwrap(),
            issuer_der: subject.der().to_vec(),
            subject,
            not_before: at(1_700_000_000),
            not_after: at(4_000_000_000),
            public_key: key.public_key().clone(),
            extensions: vec![
                extension::basic_constraints(BasicConstraints { is_ca: true, path_len: None }),
                extension::key_usage(KeyUsage::CERT_SIGN),
                extension::subject_key_identifier(&key.public_key().key_identifier()),
            ],
        };
        let tbs = content.to_tbs(algorithm);
        let signature = key.sign_now(algorithm, &tbs).unwrap();
        let certificate = CertificateContent::assemble(&tbs, algorithm, &signature).unwrap();
        assert!(certificate.is_self_signed(), "{algorithm}");
        if let SignatureAlgorithm::MlDsa(_) = algorithm {
            // OpenSSL has it from version 3.5 on; the end-to-end tests ask Python's.
            continue;
        }
        let openssl = OpenSsl::new();
        openssl.write("it.pem", certificate.to_pem());
        openssl.run(&["verify", "-x509_strict", "-check_ss_sig", "-CAfile", "it.pem", "it.pem"]);
    }
}

#[test]
fn signing_with_a_signer_gives_the_same_certificate() {
    let root = Entity::root("Root", |_| {});
    let key = PrivateKey::generate(KeyAlgorithm::Ed25519).unwrap();
    let subject = DistinguishedName::new().with_common_name("x").unwrap();
    let content = CertificateContent {
        serial: "1".parse().unwrap(),
        issuer_der: root.certificate.subject_der().to_vec(),
        subject,
        not_before: at(1_700_000_000),
        not_after: at(1_700_000_001),
        public_key: root.key.public_key().clone(),
        extensions: vec![extension::extended_key_usage(&[Purpose::Any])],
    };
    let mut signing = std::pin::pin!(content.sign(&key, SignatureAlgorithm::Ed25519));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(certificate) = signing.as_mut().poll(&mut context) else {
        panic!("a key in memory signs at once")
    };
    // Ed25519 signatures are the same each time.
    assert_eq!(certificate.unwrap(), sign(&content, &key));
}

/// Certificates made by OpenSSL, with what should be read from them.
#[test]
fn certificates_of_openssl_are_read() {
    let openssl = OpenSsl::new();
    for (name, arguments, algorithm, key) in [
        ("p256", &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"][..], "ECDSA-SHA256", Some("ECDSA P-256")),
        ("p224", &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-224"], "ECDSA-SHA256", None),
        (
            "explicit",
            &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:explicit"],
            "ECDSA-SHA256",
            None,
        ),
        ("ed25519", &["-newkey", "ed25519"], "Ed25519", Some("Ed25519")),
        ("ed448", &["-newkey", "ed448"], "1.3.101.113", None),
        ("rsa", &["-newkey", "rsa:2048", "-sha384"], "SHA384-RSA", Some("RSA 2048")),
        ("sha1", &["-newkey", "rsa:2048", "-sha1"], "SHA1-RSA", Some("RSA 2048")),
        (
            "pss",
            &["-newkey", "rsa:2048", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"],
            "SHA256-RSAPSS",
            Some("RSA 2048"),
        ),
        (
            "odd-pss",
            &["-newkey", "rsa:2048", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:20"],
            "1.2.840.113549.1.1.10",
            Some("RSA 2048"),
        ),
    ] {
        let subject = ["-subj", "/C=NL/O=Rung, Inc/CN=x/title=Dr/DC=example"];
        let fixed = ["req", "-x509", "-nodes", "-keyout", "key.pem", "-out", "it.pem", "-days", "30000"];
        openssl.run(&[&fixed[..], &subject, arguments].concat());
        let certificate = Certificate::from_pem(&openssl.read("it.pem")).unwrap();
        assert_eq!(certificate.subject().to_string(), "C=NL, O=Rung, Inc, CN=x, 2.5.4.12=Dr, DC=example", "{name}");
        assert_eq!(certificate.signature_algorithm_name(), algorithm, "{name}");
        let found = certificate.public_key().ok().map(|key| key.algorithm().to_string());
        assert_eq!(found.as_deref(), key, "{name}");
        assert!(certificate.is_ca(), "{name}");
        let verifiable = key.is_some() && certificate.signature_algorithm().is_some();
        assert_eq!(certificate.is_self_signed(), verifiable, "{name}");
    }
}

/// Extensions as OpenSSL writes them.
#[test]
fn extensions_of_openssl_are_taken_apart() {
    let openssl = OpenSsl::new();
    openssl.write(
        "it.cnf",
        "[req]\ndistinguished_name=dn\n[dn]\n[ext]\n\
         authorityInfoAccess=OCSP;URI:http://ocsp.example/,caIssuers;URI:http://ca.example/ca.crt\n\
         crlDistributionPoints=point,URI:http://b.example/crl\n\
         certificatePolicies=1.2.3.4,@policy\n\
         keyUsage=critical,digitalSignature,decipherOnly,keyAgreement\n\
         extendedKeyUsage=clientAuth,1.2.3\n\
         nameConstraints=critical,permitted;dirName:dn2,excluded;IP:10.0.0.0/255.0.0.0\n\
         [point]\nfullname=URI:http://a.example/crl\nCRLissuer=dirName:dn2\nreasons=keyCompromise\n\
         [policy]\npolicyIdentifier=1.2.3.5\nCPS.1=https://cps.example/\nuserNotice.1=@notice\n\
         [notice]\nexplicitText=UTF8:Zoë\norganization=Rung\nnoticeNumbers=1\n\
         [dn2]\nO=Rung\n",
    );
    let fixed =
        ["req", "-x509", "-nodes", "-newkey", "ed25519", "-keyout", "key.pem", "-out", "it.pem", "-subj", "/CN=x"];
    openssl.run(&[&fixed[..], &["-utf8", "-config", "it.cnf", "-extensions", "ext"]].concat());
    let certificate = Certificate::from_pem(&openssl.read("it.pem")).unwrap();
    let decoded: Vec<Decoded> = certificate.extensions().iter().map(Extension::decode).collect();
    let uri = |text: &str| GeneralName::Uri(text.to_owned());
    let rung = DistinguishedName::new().with(Attribute::Organization, "Rung").unwrap();
    let Decoded::CrlDistributionPoints(points) = &decoded[1] else { panic!("{:?}", decoded[1]) };
    let [GeneralName::DirectoryName(crl_issuer)] = &points[0].crl_issuer[..] else { panic!("{points:?}") };
    assert_eq!(crl_issuer.to_string(), rung.to_string());
    assert_eq!(points[0].full_name, [uri("http://a.example/crl")]);
    assert_eq!(points[1], DistributionPoint { full_name: vec![uri("http://b.example/crl")], crl_issuer: vec![] });
    let access = |method, text: &str| AccessDescription { method, location: uri(text) };
    assert_eq!(
        decoded[0],
        Decoded::AuthorityInformationAccess(vec![
            access(AccessDescription::OCSP, "http://ocsp.example/"),
            access(AccessDescription::CA_ISSUERS, "http://ca.example/ca.crt"),
        ])
    );
    let policy = |oid: &str, statements: &[&str], notices: &[&str]| Policy {
        oid: oid.parse().unwrap(),
        statements: statements.iter().map(ToString::to_string).collect(),
        notices: notices.iter().map(ToString::to_string).collect(),
    };
    assert_eq!(
        decoded[2],
        Decoded::CertificatePolicies(vec![
            policy("1.2.3.4", &[], &[]),
            policy("1.2.3.5", &["https://cps.example/"], &["Zoë"]),
        ])
    );
    let usage = KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_AGREEMENT | KeyUsage::DECIPHER_ONLY;
    assert_eq!(decoded[3], Decoded::KeyUsage(usage));
    let purposes = certificate.extended_key_usage().unwrap();
    assert_eq!(purposes.purposes(), [Purpose::ClientAuth, Purpose::Other("1.2.3".parse().unwrap())]);
    let constraints = certificate.name_constraints().unwrap();
    assert_eq!(constraints.permitted[0].to_string(), "O=Rung");
    assert_eq!(constraints.excluded, [Subtree::network("10.0.0.0".parse().unwrap(), 8).unwrap()]);
}

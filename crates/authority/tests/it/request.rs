//! What certificate requests may ask for.

use std::net::IpAddr;

use rung_authority::provisioner::oidc::Rules;
use rung_pki::{
    CertificateRequest, Extension, KeyAlgorithm, PrivateKey, RequestContent, SubjectAltName,
    extension::{self, NameConstraints, Subtree},
};
use serde_json::json;

use crate::stage::{Setup, Stage, check, ec, naming, request, request_with, summary};

/// A stage where alice is an administrator, so that names come from the request.
fn alice_decides(constraints: Option<NameConstraints>) -> Stage {
    let rules = Rules { admins: vec!["alice@corp.example".to_owned()], ..Rules::default() };
    Stage::with(Setup { rules, constraints, ..Setup::default() })
}

/// The names of a request, as the octets of its `GeneralName`s say.
fn raw_names(names: &[(u8, &[u8])]) -> Extension {
    let mut value = vec![0x30, 0];
    for (tag, content) in names {
        value.extend([*tag, u8::try_from(content.len()).unwrap()]);
        value.extend(*content);
    }
    value[1] = u8::try_from(value.len() - 2).unwrap();
    Extension { oid: extension::oid::SUBJECT_ALT_NAME, critical: false, value }
}

#[test]
fn c01_whoever_asks_holds_the_key() {
    let der = RequestContent::default().sign(&ec()).unwrap().der().to_vec();
    for at in [der.len() - 1, der.len() / 2] {
        let mut forged = der.clone();
        forged[at] ^= 1;
        let refused = CertificateRequest::from_der(&forged).and_then(CertificateRequest::verify);
        assert!(refused.is_err(), "octet {at}");
    }
}

#[test]
fn c02_c20_nothing_but_key_and_names_is_taken_from_a_request() {
    let stage = alice_decides(None);
    let poison = Extension { oid: "1.3.6.1.4.1.11129.2.4.3".parse().unwrap(), critical: true, value: vec![5, 0] };
    let foreign = extension::provisioner(&extension::ProvisionerExtension {
        kind: 1,
        name: "forged".to_owned(),
        credential_id: "forged".to_owned(),
        pairs: Vec::new(),
    });
    for extra in [
        extension::basic_constraints(extension::BasicConstraints { is_ca: true, path_len: Some(3) }),
        extension::key_usage(extension::KeyUsage::CERT_SIGN | extension::KeyUsage::CRL_SIGN),
        extension::extended_key_usage(&[extension::Purpose::CodeSigning]),
        extension::subject_key_identifier(&[1, 2, 3]),
        extension::name_constraints(&NameConstraints::default()),
        Extension { oid: "1.2.3.4".parse().unwrap(), critical: true, value: vec![5, 0] },
        poison,
        foreign,
    ] {
        let greedy = request(|content| {
            content.names = vec![SubjectAltName::classify("a.example").unwrap()];
            content.extensions = vec![extra.clone()];
        });
        let tokens = [stage.jwk(json!({"sub": "a.example"})), stage.id_token(json!({}))];
        for token in tokens {
            let certificate = stage.sign(&token, &greedy, ("", "")).unwrap();
            assert!(!certificate.is_ca(), "{extra:?}");
            assert!(!certificate.extensions().contains(&extra), "{extra:?}");
            assert_eq!(certificate.extensions().len(), 6, "{extra:?}");
            assert_ne!(certificate.provisioner().unwrap().name, "forged");
        }
    }
}

#[test]
fn c06_the_keys_of_the_authority_are_not_certified() {
    let stage = Stage::new();
    let denied = Err("403 certificate request has the key of the certificate authority itself");
    for (case, key) in [("intermediate", &*stage.issuer_key), ("root", &stage.root_key)] {
        check(&stage, case, &stage.jwk(json!({})), &request_with(key, |_| {}), denied);
    }
}

#[test]
fn c05_every_supported_key_gets_its_usage() {
    let stage = Stage::new();
    for (algorithm, usage) in [
        (KeyAlgorithm::EcP256, "0307"),
        (KeyAlgorithm::EcP384, "0307"),
        (KeyAlgorithm::EcP521, "0307"),
        (KeyAlgorithm::Ed25519, "0307"),
        (KeyAlgorithm::Rsa { bits: 2048 }, "0305"),
    ] {
        let key = PrivateKey::generate(algorithm).unwrap();
        let certificate = stage.sign(&stage.jwk(json!({})), &request_with(&key, |_| {}), ("", "")).unwrap();
        let value = &certificate.extension(&extension::oid::KEY_USAGE).unwrap().value;
        let expected: &[u8] = if usage == "0305" { &[3, 2, 5, 0xa0] } else { &[3, 2, 7, 0x80] };
        assert_eq!(value, expected, "{algorithm}");
    }
}

#[test]
fn c08_c10_names_in_requests_are_names() {
    const DNS: u8 = 0x82;
    const EMAIL: u8 = 0x81;
    const IP: u8 = 0x87;
    const URI: u8 = 0x86;
    let long_label = "a".repeat(64);
    let long_name = format!("{}.example", ["a"; 130].join("."));
    let invalid = Err("400 the certificate request's name");
    let stage = alice_decides(None);
    let mut malformed = 0;
    let cases: &[(u8, &[u8])] = &[
        (DNS, b"10.0.0.1"),
        (DNS, b"127.1"),
        (DNS, b"0x7f.1"),
        (DNS, b"0x7f000001"),
        (DNS, b"::1"),
        (DNS, b"a@corp.example"),
        (DNS, b""),
        (DNS, b"."),
        (DNS, b".a.example"),
        (DNS, b"a..example"),
        (DNS, b"a.example."),
        (DNS, b"-a.example"),
        (DNS, b"a-.example"),
        (DNS, b"a\0.example"),
        (DNS, b"a\n.example"),
        (DNS, b"a .example"),
        (DNS, b"a\".example"),
        (DNS, b"<a>.example"),
        (DNS, b"a_b.example"),
        (DNS, "b\u{fc}cher.example".as_bytes()),
        (DNS, b"xn--\x7f.example"),
        (DNS, b"xn--a-.example"),
        (DNS, long_label.as_bytes()),
        (DNS, b"xn--b\xfccher.example"),
        (EMAIL, b"a@b@corp.example"),
        (EMAIL, b"corp.example"),
        (EMAIL, "a@b\u{fc}cher.example".as_bytes()),
        (IP, b"10.0.0.1"),
        (IP, b"a.example"),
        (IP, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1]),
        (URI, b"no scheme"),
        (URI, b"//host.example/"),
    ];
    for (tag, content) in cases {
        let case = format!("{tag:#x} {}", String::from_utf8_lossy(content));
        let content = RequestContent { extensions: vec![raw_names(&[(*tag, content)])], ..RequestContent::default() };
        let Ok(asked) = content.sign(&ec()) else {
            // Octets that are not of the type that the kind has never make a request.
            malformed += 1;
            continue;
        };
        let asked = asked.verify().unwrap();
        check(&stage, &case, &stage.id_token(json!({})), &asked, invalid);
    }
    assert_eq!(malformed, 5);
    assert!(long_name.len() > 253 && long_name.parse::<rung_pki::DnsName>().is_err());
    let token = stage.id_token(json!({}));
    check(&stage, "zone", &token, &naming("", &["10.0.0.1", "fe80::1"]), Ok("- | 10.0.0.1 fe80::1"));
}

#[test]
fn c09_a_wildcard_is_a_whole_first_label_below_a_domain() {
    const DNS: u8 = 0x82;
    let stage = alice_decides(None);
    for wildcard in ["*", "*.*.corp.example", "f*.corp.example", "*.com", "x.*.example", "**.corp.example", "*."] {
        let asked = request(|request| request.extensions = vec![raw_names(&[(DNS, wildcard.as_bytes())])]);
        check(&stage, wildcard, &stage.id_token(json!({})), &asked, Err("403 certificate request's name"));
        let token = stage.jwk(json!({"sans": [wildcard]}));
        check(&stage, wildcard, &token, &request(|_| {}), Err("401 Malformed"));
    }
    check(&stage, "one", &stage.id_token(json!({})), &naming("", &["*.corp.example"]), Ok("- | *.corp.example"));
}

#[test]
fn c11_names_of_other_kinds_and_too_many_names() {
    const DNS: u8 = 0x82;
    const OTHER: u8 = 0xa0;
    const REGISTERED: u8 = 0x88;
    let stage = alice_decides(None);
    let other = |kind: (u8, &'static [u8])| {
        request(|request| request.extensions = vec![raw_names(&[(DNS, b"a.example"), kind])])
    };
    let upn: &[u8] = &[6, 10, 0x2b, 6, 1, 4, 1, 0x82, 0x37, 0x14, 2, 3, 0xa0, 6, 0x0c, 4, b'r', b'o', b'o', b't'];
    for kind in [(OTHER, upn), (REGISTERED, &[0x2a, 3, 4])] {
        let denied = Err("403 certificate request has names of a kind that is not supported");
        check(&stage, "an administrator's", &stage.id_token(json!({})), &other(kind), denied);
        let token = stage.jwk(json!({"sub": "a.example"}));
        check(&stage, "dropped", &token, &other(kind), Ok("a.example | a.example"));
    }
    let names = |count: usize| (0..count).map(|number| format!("h{number}.example")).collect::<Vec<_>>();
    let ask = |names: &[String]| naming("", &names.iter().map(String::as_str).collect::<Vec<_>>());
    let hundred = names(100);
    let certificate = stage.sign(&stage.id_token(json!({})), &ask(&hundred), ("", "")).unwrap();
    assert_eq!(certificate.subject_alt_names().unwrap().len(), 100);
    check(&stage, "101", &stage.id_token(json!({})), &ask(&names(101)), Err("403 certificate request has more than"));
    check(&stage, "nothing", &stage.id_token(json!({})), &request(|_| {}), Err("400"));
}

#[test]
fn c17_name_constraints_of_the_chain_are_kept() {
    let constraints = NameConstraints {
        permitted: vec![
            Subtree::Dns("corp.example".to_owned()),
            Subtree::Email("corp.example".to_owned()),
            Subtree::network("10.0.0.0".parse::<IpAddr>().unwrap(), 8).unwrap(),
            Subtree::Uri("idp.test".to_owned()),
        ],
        excluded: vec![Subtree::Dns("secret.corp.example".to_owned())],
    };
    let stage = alice_decides(Some(constraints));
    let denied = Err("403 the name");
    for (name, good) in [
        ("a.corp.example", true),
        ("corp.example", true),
        ("A.CORP.EXAMPLE", true),
        ("*.corp.example", false),
        ("*.open.corp.example", true),
        ("secret.corp.example", false),
        ("SECRET.corp.example", false),
        ("x.secret.corp.example", false),
        ("*.secret.corp.example", false),
        ("notcorp.example", false),
        ("a.evil.example", false),
        ("10.1.2.3", true),
        ("11.1.2.3", false),
        ("::1", false),
        ("a@corp.example", true),
        ("a@sub.corp.example", false),
        ("https://idp.test/x", true),
        ("https://evil.example/x", false),
    ] {
        let token = stage.jwk(json!({"sub": "somebody", "sans": [name]}));
        let expected = format!("somebody | {name}");
        check(&stage, name, &token, &request(|_| {}), if good { Ok(&expected) } else { denied });
        let expected = format!("- | {name}");
        let token = stage.id_token(json!({}));
        check(&stage, name, &token, &naming("", &[name]), if good { Ok(&expected) } else { denied });
    }
    for (subject, good) in [
        ("somebody", true),
        ("Some.Body of Corp", true),
        ("a.corp.example", true),
        ("A.Corp.Example", true),
        ("evil.example", false),
        ("secret.corp.example", false),
        ("10.1.2.3", true),
        ("11.1.2.3", false),
        ("a@corp.example", true),
        ("a@evil.example", false),
    ] {
        let token = stage.jwk(json!({"sub": subject, "sans": ["b.corp.example"]}));
        let expected = format!("{subject} | b.corp.example");
        check(&stage, subject, &token, &request(|_| {}), if good { Ok(&expected) } else { denied });
        let token = stage.id_token(json!({}));
        check(
            &stage,
            subject,
            &token,
            &naming(subject, &["b.corp.example"]),
            if good { Ok(&expected) } else { denied },
        );
    }
    let bob = stage.id_token(json!({"email": "bob@evil.example"}));
    check(&stage, "a person", &bob, &request(|_| {}), denied);
}

#[test]
fn the_order_of_names_is_that_of_the_profile() {
    let stage = alice_decides(None);
    let asked = naming("", &["https://h.example/", "10.0.0.1", "b@corp.example", "b.example", "a.example"]);
    let certificate = stage.sign(&stage.id_token(json!({})), &asked, ("", "")).unwrap();
    assert_eq!(summary(&certificate), "- | b.example a.example b@corp.example 10.0.0.1 https://h.example/");
}

//! Judging certificates that OpenSSL made.

use serde_json::Value;

use crate::documents::openssl;
use crate::sandbox::Sandbox;

/// What the rules say about a self-made certificate with these extensions.
fn lint(words: &[&str], extensions: &[&str]) -> Value {
    let sandbox = Sandbox::new();
    let mut all = vec!["req", "-x509", "-nodes", "-keyout", "a.key", "-out", "a.crt", "-config", "x.cnf"];
    all.extend(words);
    extensions.iter().for_each(|extension| all.extend(["-addext", extension]));
    sandbox.write("x.cnf", "[req]\ndistinguished_name=dn\n[dn]\n");
    openssl(&sandbox, &all);
    let outcome = sandbox.run(&["certificate", "lint", "a.crt"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""), "{outcome:?}");
    assert!(outcome.stdout.starts_with("{\n \"version\": 3,\n \"timestamp\": ") && outcome.stdout.ends_with('}'));
    serde_json::from_str(&outcome.stdout).expect("JSON")
}

#[track_caller]
fn check(found: &Value, expected: &[(&str, &str)]) {
    for (name, result) in expected {
        assert_eq!(found["lints"][name]["result"], *result, "{name}");
    }
}

const EC: [&str; 4] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];

#[test]
fn a_good_ca_breaks_no_rule_that_must_not_be_broken() {
    let usage = "keyUsage=critical,digitalSignature,keyCertSign,cRLSign";
    let words = [&EC[..], &["-subj", "/C=NL/O=Org/CN=Root", "-days", "3000"]].concat();
    let found = lint(&words, &["basicConstraints=critical,CA:TRUE", usage]);
    assert_eq!((&found["errors_present"], &found["warnings_present"]), (&false.into(), &false.into()), "{found}");
    check(
        &found,
        &[
            ("e_basic_constraints_not_critical", "pass"),
            ("e_ca_key_cert_sign_not_set", "pass"),
            ("e_rsa_mod_less_than_2048_bits", "NA"),
            ("e_sub_cert_aia_missing", "NA"),
            // What is not looked at has not passed.
            ("e_dnsname_not_valid_tld", "NE"),
            ("w_san_iana_pub_suffix_empty", "NE"),
        ],
    );
    let lints = found["lints"].as_object().expect("an object");
    assert_eq!(lints.len(), 231);
    assert!(lints.keys().is_sorted());
}

#[test]
fn each_broken_rule_is_named() {
    let words = [&EC[..], &["-subj", "/C=NL/CN= x ", "-days", "3000", "-set_serial", "5"]].concat();
    let found = lint(&words, &["basicConstraints=CA:TRUE", "keyUsage=cRLSign"]);
    check(
        &found,
        &[
            ("e_basic_constraints_not_critical", "error"),
            ("e_ca_key_cert_sign_not_set", "error"),
            ("e_ca_organization_name_missing", "error"),
            ("e_root_ca_key_usage_must_be_critical", "error"),
            ("n_ca_digital_signature_not_set", "info"),
            ("w_ext_key_usage_not_critical", "warn"),
            ("w_issuer_dn_leading_whitespace", "warn"),
            ("w_serial_number_low_entropy", "warn"),
        ],
    );
    let found = lint(
        &["-newkey", "rsa:1024", "-subj", "/CN=a.test", "-days", "3000"],
        &[
            "basicConstraints=critical,CA:FALSE",
            "subjectAltName=DNS:*.a.*,email:x,URI:nothing,DNS:.b",
            "keyUsage=keyCertSign",
        ],
    );
    check(
        &found,
        &[
            ("e_rsa_mod_less_than_2048_bits", "error"),
            ("e_ext_key_usage_cert_sign_without_ca", "error"),
            ("e_ext_san_rfc822_format_invalid", "error"),
            ("e_ext_san_uri_relative", "error"),
            ("e_san_bare_wildcard", "error"),
            ("e_san_dns_name_starts_with_period", "error"),
            ("e_subject_country_not_iso", "pass"),
        ],
    );
    assert_eq!(found["errors_present"], true);
}

/// What the rules say about a leaf that a CA signed, with this subject and these lines of extensions.
fn lint_leaf(subject: &str, extensions: &str) -> Value {
    lint_changed_leaf(subject, extensions, |_| {})
}

/// The same for a leaf that was changed after it was signed.
fn lint_changed_leaf(subject: &str, extensions: &str, change: impl Fn(&mut Vec<u8>)) -> Value {
    let sandbox = Sandbox::new();
    sandbox.write("x.cnf", "[req]\ndistinguished_name=dn\n[dn]\n");
    sandbox.write("leaf.cnf", extensions);
    let ca = ["req", "-x509", "-nodes", "-keyout", "ca.key", "-out", "ca.crt", "-config", "x.cnf", "-subj", "/CN=CA"];
    openssl(&sandbox, &[&ca[..], &EC].concat());
    let request =
        ["req", "-new", "-nodes", "-keyout", "a.key", "-out", "a.csr", "-config", "x.cnf", "-utf8", "-subj", subject];
    openssl(&sandbox, &[&request[..], &EC].concat());
    let sign = ["x509", "-req", "-in", "a.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-extfile", "leaf.cnf"];
    openssl(&sandbox, &[&sign[..], &["-days", "826", "-outform", "DER", "-out", "a.der"]].concat());
    let mut der = std::fs::read(sandbox.path("a.der")).expect("a file");
    change(&mut der);
    std::fs::write(sandbox.path("a.der"), der).expect("a file");
    let outcome = sandbox.run(&["certificate", "lint", "a.der"]);
    serde_json::from_str(&outcome.stdout).expect("JSON")
}

#[test]
fn what_a_policy_says_of_the_subject_has_to_be_so() {
    let organization = "certificatePolicies=2.23.140.1.2.2\n";
    let rules = [
        "e_cab_ov_requires_org",
        "e_cert_policy_ov_requires_country",
        "e_cert_policy_ov_requires_province_or_locality",
    ];
    let good = lint_leaf("/C=NL/L=Delft/O=Org/CN=a.test", organization);
    let bad = lint_leaf("/CN=a.test", organization);
    let other = lint_leaf("/CN=a.test", "certificatePolicies=2.23.140.1.2.1\n");
    for rule in rules {
        check(&good, &[(rule, "pass")]);
        check(&bad, &[(rule, "error")]);
        check(&other, &[(rule, "NA")]);
    }
    let individual = "certificatePolicies=2.23.140.1.2.3\n";
    let rules = [
        "e_cab_iv_requires_personal_name",
        "e_cert_policy_iv_requires_country",
        "e_cert_policy_iv_requires_province_or_locality",
    ];
    let good = lint_leaf("/C=NL/ST=Holland/GN=A/SN=B/CN=a.test", individual);
    let bad = lint_leaf("/GN=A/CN=a.test", individual);
    for rule in rules {
        check(&good, &[(rule, "pass"), ("e_sub_cert_given_name_surname_contains_correct_policy", "pass")]);
        check(&bad, &[(rule, "error")]);
    }
    check(
        &lint_leaf("/SN=B/CN=a.test", organization),
        &[("e_sub_cert_given_name_surname_contains_correct_policy", "error")],
    );
    let extended = "certificatePolicies=2.23.140.1.1\n";
    let bad = lint_leaf("/CN=a.test", extended);
    let good = lint_leaf("/C=NL/O=Org/businessCategory=Private Organization/serialNumber=1/CN=a.test", extended);
    for part in ["business_category", "country_name", "organization_name", "serial_number"] {
        let rule = format!("e_ev_{part}_missing");
        check(&bad, &[(&rule, "error")]);
        check(&good, &[(&rule, "pass"), ("e_ev_valid_time_too_long", "error")]);
    }
}

#[test]
fn a_place_goes_with_somebody_who_is_there() {
    let nobody = lint_leaf("/L=Delft/ST=Holland/street=Mijnbouwstraat/postalCode=2628/CN=a.test", "");
    let somebody = lint_leaf("/O=Org/CN=a.test", "");
    for part in [
        "locality_name_must_not_appear",
        "postal_code_must_not_appear",
        "province_must_not_appear",
        "street_address_should_not_exist",
    ] {
        let rule = format!("e_sub_cert_{part}");
        check(&nobody, &[(&rule, "error")]);
        check(&somebody, &[(&rule, "pass")]);
    }
    for part in ["country_name", "locality_name", "province"] {
        let rule = format!("e_sub_cert_{part}_must_appear");
        check(&nobody, &[(&rule, "pass")]);
        check(&somebody, &[(&rule, "error")]);
    }
}

#[test]
fn texts_and_addresses_are_judged() {
    let policy = |text: &str| {
        format!("certificatePolicies=@p\n[p]\npolicyIdentifier=1.2.3.4\nuserNotice.1=@n\n[n]\nexplicitText={text}\n")
    };
    let good = lint_leaf("/CN=a.test", &policy("\"UTF8:r\u{e9}sum\u{e9}\""));
    check(
        &good,
        &[
            ("e_ext_cert_policy_disallowed_any_policy_qualifier", "pass"),
            ("e_ext_cert_policy_explicit_text_ia5_string", "pass"),
            ("e_ext_cert_policy_explicit_text_too_long", "pass"),
            ("w_ext_cert_policy_contains_noticeref", "pass"),
            ("w_ext_cert_policy_explicit_text_includes_control", "pass"),
            ("w_ext_cert_policy_explicit_text_not_nfc", "pass"),
            ("w_ext_cert_policy_explicit_text_not_utf8", "pass"),
        ],
    );
    let apart = lint_leaf("/CN=a.test", &policy("\"UTF8:re\u{301}sume\u{301}\""));
    check(&apart, &[("w_ext_cert_policy_explicit_text_not_nfc", "warn")]);
    let visible = |len: usize| policy(&format!("\"VISIBLE:{}\"", "x".repeat(len)));
    let long = lint_leaf("/CN=a.test", &visible(200));
    check(
        &long,
        &[("e_ext_cert_policy_explicit_text_too_long", "pass"), ("w_ext_cert_policy_explicit_text_not_utf8", "warn")],
    );
    check(&lint_leaf("/CN=a.test", &visible(201)), &[("e_ext_cert_policy_explicit_text_too_long", "error")]);
    // OpenSSL writes no text of this kind.
    let ia5 = lint_changed_leaf("/CN=a.test", &visible(20), |der| {
        let place = der.windows(3).position(|window| window == [26, 20, b'x']).expect("the text");
        der[place] = 22;
    });
    check(&ia5, &[("e_ext_cert_policy_explicit_text_ia5_string", "error")]);
    let control = lint_leaf("/CN=a.test", &policy("\"UTF8:a\u{85}b\""));
    check(&control, &[("w_ext_cert_policy_explicit_text_includes_control", "warn")]);
    let reference = policy("\"UTF8:x\"") + "organization=Org\nnoticeNumbers=1\n";
    check(&lint_leaf("/CN=a.test", &reference), &[("w_ext_cert_policy_contains_noticeref", "warn")]);
    check(&lint_leaf("/CN=a.test", ""), &[("e_ext_cert_policy_explicit_text_too_long", "NA")]);

    let names = |names: &str| lint_leaf("/CN=10.1.2.3", &format!("subjectAltName={names}\n"));
    let good = names("DNS:xn--rsum-bpad.test,IP:9.9.9.9,IP:2620:fe::fe");
    check(&good, &[("e_international_dns_name_not_nfc", "pass"), ("e_international_dns_name_not_unicode", "pass")]);
    check(&good, &[("e_ext_san_contains_reserved_ip", "pass"), ("e_subject_contains_reserved_ip", "error")]);
    // The accents of this one stand apart.
    check(&names("DNS:xn--resume-jxde.test"), &[("e_international_dns_name_not_nfc", "error")]);
    check(&names("DNS:xn--999999999.test"), &[("e_international_dns_name_not_unicode", "error")]);
    for address in [
        "10.0.0.1",
        "172.31.0.1",
        "192.168.1.1",
        "127.0.0.1",
        "255.255.255.255",
        "fe80::1",
        "2001:db8::1",
        "::1",
        "fd00::1",
    ] {
        check(&names(&format!("IP:{address}")), &[("e_ext_san_contains_reserved_ip", "error")]);
    }
    check(&names("IP:172.32.0.1,IP:2a00::1"), &[("e_ext_san_contains_reserved_ip", "pass")]);
    let issuer = |url: &str| lint_leaf("/CN=a.test", &format!("authorityInfoAccess=caIssuers;URI:{url}\n"));
    check(&issuer("http://a.test/ca"), &[("w_ext_aia_access_location_missing", "pass")]);
    check(&issuer("ftp://a.test/ca"), &[("w_ext_aia_access_location_missing", "warn")]);
    let ca = |usage: &str| {
        lint_leaf(
            "/CN=CA",
            &format!("basicConstraints=critical,CA:TRUE\nkeyUsage={usage}\nextendedKeyUsage=codeSigning,serverAuth\n"),
        )
    };
    check(
        &ca("digitalSignature"),
        &[("e_sub_cert_not_is_ca", "error"), ("n_sub_ca_eku_not_technically_constrained", "pass")],
    );
    check(&ca("keyCertSign"), &[("e_sub_cert_not_is_ca", "NA")]);
}

#[test]
fn numbers_of_dsa_keys_belong_together() {
    // Made with OpenSSL 3.0; the last octet of y is changed in the second.
    let sandbox = Sandbox::new();
    sandbox.write("x.cnf", "[req]\ndistinguished_name=dn\n[dn]\n");
    openssl(&sandbox, &["dsaparam", "-genkey", "-out", "a.key", "1024"]);
    let make = [
        "req", "-x509", "-new", "-key", "a.key", "-config", "x.cnf", "-subj", "/CN=a", "-outform", "DER", "-out",
        "a.der",
    ];
    openssl(&sandbox, &make);
    let judge = |file: &str| -> Value {
        serde_json::from_str(&sandbox.run(&["certificate", "lint", file]).stdout).expect("JSON")
    };
    check(
        &judge("a.der"),
        &[("e_dsa_correct_order_in_subgroup", "pass"), ("e_dsa_unique_correct_representation", "pass")],
    );
    // y is the last number of the key, and the key comes before the extensions: its last octet before the [3].
    let spki = openssl_public(&sandbox);
    let mut der = std::fs::read(sandbox.path("a.der")).expect("a file");
    let place = der.windows(spki.len()).position(|window| window == spki).expect("its key") + spki.len() - 1;
    der[place] ^= 1;
    std::fs::write(sandbox.path("b.der"), der).expect("a file");
    check(
        &judge("b.der"),
        &[("e_dsa_correct_order_in_subgroup", "error"), ("e_dsa_unique_correct_representation", "pass")],
    );
}

/// The key of `a.key` as certificates hold it.
fn openssl_public(sandbox: &Sandbox) -> Vec<u8> {
    openssl(sandbox, &["pkey", "-in", "a.key", "-pubout", "-outform", "DER", "-out", "a.pub"]);
    std::fs::read(sandbox.path("a.pub")).expect("a file")
}

#[test]
fn rules_have_their_time_and_their_kind() {
    let leaf = include_str!("../vectors/leaf.pem");
    let sandbox = Sandbox::new();
    let outcome = sandbox.run_with(&["certificate", "lint", "-"], leaf);
    let found: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    check(&found, &[("e_sub_cert_aia_missing", "error"), ("n_subject_common_name_included", "info")]);
    // Not for web servers: the rules for those do not apply.
    let words = [&EC[..], &["-subj", "/CN=a"]].concat();
    check(&lint(&words, &["extendedKeyUsage=clientAuth"]), &[("e_ca_is_ca", "NA"), ("e_sub_cert_eku_missing", "NA")]);
}

#[test]
fn what_is_no_certificate_is_an_error() {
    let sandbox = Sandbox::new();
    sandbox.write("x", "rubbish");
    sandbox
        .run(&["certificate", "lint", "x"])
        .failed(1, "could not parse certificate file 'x': there is no certificate");
    sandbox.write("csr", include_str!("../vectors/csr.pem"));
    sandbox.run(&["certificate", "lint", "csr"]).failed(1, "could not parse certificate file 'csr': ");
    sandbox.write("cut", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    sandbox
        .run(&["certificate", "lint", "cut"])
        .failed(1, "could not parse certificate file 'cut': the certificate is malformed");
}

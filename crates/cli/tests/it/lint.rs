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

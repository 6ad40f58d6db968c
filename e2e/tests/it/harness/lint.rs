//! Certificates under the eyes of other people's linters.

use std::collections::BTreeSet;

use serde_json::Value;

use super::place::{Place, setting};

/// No linter may find an error in `certificates`, which are files of `place`.
#[track_caller]
pub(crate) fn check_certificates(place: &Place, certificates: &[&str]) {
    check_certificates_but(place, certificates, &[]);
}

/// The same, but for findings with these words, each of which has to be there.
#[track_caller]
pub(crate) fn check_certificates_but(place: &Place, certificates: &[&str], known: &[&str]) {
    for file in certificates {
        // The linters look at one certificate; a file may have its issuer too.
        let certificate = &format!("{}.pem", file.replace('/', "-"));
        place.run("openssl", &["x509", "-in", file, "-out", certificate]).success();
        let found = [pkilint(place, "lint_pkix_cert", &[], certificate), zlint(place, certificate, 50)].concat();
        for words in known {
            assert!(found.iter().any(|finding| finding.contains(words)), "{file}: nobody says {words} any more");
        }
        let is_new = |finding: &String| !known.iter().any(|words| finding.contains(words));
        let findings: BTreeSet<String> = found.into_iter().filter(is_new).collect();
        assert!(findings.is_empty(), "{file}: {findings:#?}\n{}", described(place, "x509", certificate));
    }
}

/// No linter may find an error in a list of revoked certificates, a file of `place` in DER.
#[track_caller]
pub(crate) fn check_list(place: &Place, list: &str) {
    let pem = &format!("{list}.pem");
    place.run("openssl", &["crl", "-inform", "DER", "-in", list, "-out", pem]).success();
    let found =
        [pkilint(place, "lint_crl", &["--type", "CRL", "--profile", "PKIX"], pem), zlint(place, pem, 5)].concat();
    assert!(found.is_empty(), "{list}: {found:#?}\n{}", described(place, "crl", pem));
}

/// No linter may find an error in an answer of an OCSP responder, a file of `place` in DER.
#[track_caller]
pub(crate) fn check_answer(place: &Place, answer: &str) {
    let found = pkilint(place, "lint_ocsp_response", &[], answer);
    assert!(found.is_empty(), "{answer}: {found:#?}");
}

/// RFC 5280 and what it builds on, in Python.
#[track_caller]
fn pkilint(place: &Place, program: &str, more: &[&str], file: &str) -> Vec<String> {
    let lint = [&["lint", "--severity", "ERROR", "--format", "JSON"][..], more, &[file]].concat();
    let report = place.run(program, &lint);
    let findings: Value =
        serde_json::from_str(&report.stdout).unwrap_or_else(|_| panic!("pkilint says no JSON: {report:?}"));
    let results = findings["results"].as_array().unwrap_or_else(|| panic!("pkilint says something new: {report:?}"));
    let descriptions =
        results.iter().flat_map(|result| result["finding_descriptions"].as_array().into_iter().flatten());
    descriptions.map(|finding| format!("pkilint: {finding}")).collect()
}

/// The rules that hold outside the public web too, in Go.
#[track_caller]
fn zlint(place: &Place, certificate: &str, least: usize) -> Vec<String> {
    let sources = "RFC3279,RFC5280,RFC5480,RFC5891,RFC8813,Community";
    let zlint = setting("RUNG_TOOLS").join("bin/zlint");
    let zlint = zlint.to_str().expect("our own paths are text");
    let report = place.run(zlint, &["-includeSources", sources, certificate]).success();
    let verdicts: Value =
        serde_json::from_str(&report.stdout).unwrap_or_else(|_| panic!("zlint says no JSON: {report:?}"));
    let verdicts = verdicts.as_object().unwrap_or_else(|| panic!("zlint says something new: {report:?}"));
    assert!(verdicts.len() > least, "zlint looked at too little: {report:?}");
    let bad = verdicts.iter().filter(|(_, verdict)| matches!(verdict["result"].as_str(), Some("error" | "fatal")));
    bad.map(|(name, verdict)| format!("zlint: {name}: {verdict}")).collect()
}

#[track_caller]
fn described(place: &Place, kind: &str, file: &str) -> String {
    place.run("openssl", &[kind, "-in", file, "-noout", "-text"]).stdout
}

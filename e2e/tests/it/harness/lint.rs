//! Certificates under the eyes of other people's linters.

use std::collections::BTreeSet;

use serde_json::Value;

use super::place::{Place, setting};

/// No linter may find an error in `certificates`, which are files of `place`.
#[track_caller]
pub(crate) fn check_certificates(place: &Place, certificates: &[&str]) {
    for file in certificates {
        // The linters look at one certificate; a file may have its issuer too.
        let certificate = &format!("{}.pem", file.replace('/', "-"));
        place.run("openssl", &["x509", "-in", file, "-out", certificate]).success();
        let findings: BTreeSet<String> =
            [pkilint(place, certificate), zlint(place, certificate)].concat().into_iter().collect();
        assert!(findings.is_empty(), "{file}: {findings:#?}\n{}", described(place, certificate));
    }
}

/// RFC 5280 and what it builds on, in Python.
#[track_caller]
fn pkilint(place: &Place, certificate: &str) -> Vec<String> {
    let lint = ["lint", "--severity", "ERROR", "--format", "JSON", certificate];
    let report = place.run("lint_pkix_cert", &lint);
    let findings: Value =
        serde_json::from_str(&report.stdout).unwrap_or_else(|_| panic!("pkilint says no JSON: {report:?}"));
    let results = findings["results"].as_array().unwrap_or_else(|| panic!("pkilint says something new: {report:?}"));
    let descriptions =
        results.iter().flat_map(|result| result["finding_descriptions"].as_array().into_iter().flatten());
    descriptions.map(|finding| format!("pkilint: {finding}")).collect()
}

/// The rules that hold outside the public web too, in Go.
#[track_caller]
fn zlint(place: &Place, certificate: &str) -> Vec<String> {
    let sources = "RFC3279,RFC5280,RFC5480,RFC5891,RFC8813,Community";
    let zlint = setting("RUNG_TOOLS").join("bin/zlint");
    let zlint = zlint.to_str().expect("our own paths are text");
    let report = place.run(zlint, &["-includeSources", sources, certificate]).success();
    let verdicts: Value =
        serde_json::from_str(&report.stdout).unwrap_or_else(|_| panic!("zlint says no JSON: {report:?}"));
    let verdicts = verdicts.as_object().unwrap_or_else(|| panic!("zlint says something new: {report:?}"));
    assert!(verdicts.len() > 50, "zlint looked at too little: {report:?}");
    let bad = verdicts.iter().filter(|(_, verdict)| matches!(verdict["result"].as_str(), Some("error" | "fatal")));
    bad.map(|(name, verdict)| format!("zlint: {name}: {verdict}")).collect()
}

#[track_caller]
fn described(place: &Place, certificate: &str) -> String {
    place.run("openssl", &["x509", "-in", certificate, "-noout", "-text"]).stdout
}

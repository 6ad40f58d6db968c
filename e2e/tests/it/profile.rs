//! The certificates, under the eyes of other people's linters.

use crate::harness::{
    Ca, Idp, OidcOptions, Place, browse, check_answer, check_certificates, check_certificates_but, check_list,
    eventually, find_login_url,
};

#[test]
fn linters_find_no_error() {
    let (idp, mut place) = (Idp::start(), Place::new());
    place.set("SSL_CERT_FILE", idp.root());
    let ca = Ca::init_with(place, &[]);
    ca.add_oidc(&idp, &OidcOptions { name: "sso", client: "rung", more: &["--admin", "alice@a.com"] });
    let _server = ca.serve();
    let kinds =
        [("ec", "EC", "--curve", "P-384"), ("okp", "OKP", "--curve", "Ed25519"), ("rsa", "RSA", "--size", "3072")];
    for (name, kty, flag, value) in kinds {
        ca.certificate("svc.example.com", name, &["--kty", kty, flag, value]).success();
    }
    let names = ["--san", "svc.example.com", "--san", "192.0.2.7", "--san", "2001:db8::7"];
    let more = ["--san", "ops@example.com", "--san", "https://svc.example.com/path"];
    ca.certificate("svc.example.com", "names", &[&names[..], &more].concat()).success();
    log_in(&ca, "bob@b.com", "bob@b.com", "person", &[]);
    log_in(&ca, "host.example.com", "alice@a.com", "admin", &["--san", "host.example.com"]);
    let shown = ca.place.rung(&["certificate", "inspect", "--short", "admin.crt"]).success().stdout;
    assert!(shown.contains("host.example.com"), "{shown}");
    let authorities = ["step/certs/root_ca.crt", "step/certs/intermediate_ca.crt"];
    let leaves = ["ec.crt", "okp.crt", "rsa.crt", "names.crt", "person.crt", "admin.crt"];
    check_certificates(&ca.place, &[&authorities[..], &leaves].concat());
}

#[test]
fn linters_find_no_error_in_what_follows_and_in_what_the_authority_is_for_itself() {
    let (ca, server) = crate::revocation::authority();
    let text = |name: &str| ca.place.read(name);
    for name in ["renewed", "rekeyed", "revoked"] {
        ca.certificate("svc.example.com", name, &[]).success();
    }
    ca.place.rung(&["ca", "renew", "--force", "renewed.crt", "renewed.key"]).success();
    ca.place.rung(&["ca", "rekey", "rekeyed.crt", "rekeyed.key", "--kty", "RSA", "--force"]).success();
    let ask = |name: &str, issuer: &str| {
        let url = format!("{}/ocsp", plain(&ca));
        let answer = format!("{name}.ocsp");
        let arguments =
            ["ocsp", "-issuer", issuer, "-cert", &format!("{name}.crt"), "-url", &url, "-CAfile", &ca.root()];
        ca.place.run("openssl", &[&arguments[..], &["-respout", &answer, "-resp_text"]].concat()).success().stdout
    };
    let lists = |name: &str| {
        let crl = format!("{}/crl", plain(&ca));
        ca.place.run("curl", &["-sS", "--fail", "-o", name, &crl]).success();
        check_list(&ca.place, name);
    };
    // Empty, and with an entry.
    lists("empty.crl");
    let intermediate = "step/certs/intermediate_ca.crt";
    let good = ask("revoked", intermediate);
    check_answer(&ca.place, "revoked.ocsp");
    let revoke = ["ca", "revoke", "--cert", "revoked.crt", "--key", "revoked.key", "--reasonCode", "superseded"];
    ca.place.rung(&revoke).success();
    ask("revoked", intermediate);
    check_answer(&ca.place, "revoked.ocsp");
    eventually("a list with an entry", || {
        lists("revoked.crl");
        let shown = ca.place.run("openssl", &["crl", "-inform", "DER", "-in", "revoked.crl", "-noout", "-text"]);
        shown.stdout.contains("Superseded").then_some(())
    });
    // Who signs the answers.
    let start = good.find("-----BEGIN CERTIFICATE-----").expect("the answer has a certificate");
    ca.place.write("delegate.crt", &good[start..]);
    // The server's own certificate.
    let url =
        ca.place.rung(&["certificate", "inspect", &address(&ca), "--roots", &ca.root(), "--format", "pem"]).success();
    ca.place.write("server.crt", &url.stdout);
    // The intermediates and roots that come next.
    ca.place.rung(&["ca", "rotate-intermediate", "--password-file", "password"]).success();
    ca.reload(&server);
    ca.certificate("svc.example.com", "next", &[]).success();
    let chain = text("next.crt");
    let (_, issuer) = chain.split_once("-----END CERTIFICATE-----\n").expect("it is a chain");
    ca.place.write("next-issuer.crt", issuer);
    assert_ne!(text(intermediate), issuer);
    ask("next", "next-issuer.crt");
    check_answer(&ca.place, "next.ocsp");
    let certificates = ["renewed.crt", "rekeyed.crt", "delegate.crt", "next.crt", "next-issuer.crt", intermediate];
    check_certificates(&ca.place, &certificates);
    // A name of one label is none for the linter, and here the authority has no other.
    check_certificates_but(&ca.place, &["server.crt"], &["Invalid domain name syntax: \\\"localhost\\\""]);
}

#[test]
fn linters_find_no_error_in_what_the_command_line_makes() {
    let place = Place::new();
    let make = |words: &[&str]| {
        let usual = ["--no-password", "--insecure", "--force"];
        place.rung(&[&["certificate", "create"], words, &usual].concat()).success();
    };
    make(&["Root", "root.crt", "root.key", "--profile", "root-ca"]);
    make(&["Sub", "sub.crt", "sub.key", "--profile", "intermediate-ca", "--ca", "root.crt", "--ca-key", "root.key"]);
    let issuer = ["--ca", "sub.crt", "--ca-key", "sub.key"];
    make(&[&["svc.example.com", "leaf.crt", "leaf.key"], &issuer[..]].concat());
    make(&["self.example.com", "self.crt", "self.key", "--profile", "self-signed", "--subtle"]);
    place.write(
        "leaf.tpl",
        r#"{
            "subject": {"commonName": {{ toJson .Subject.CommonName }}, "organization": ["Example"]},
            "sans": {{ toJson .SANs }},
            "keyUsage": ["digitalSignature"], "extKeyUsage": ["serverAuth"],
            "crlDistributionPoints": ["http://pki.example.com/crl"], "ocspServer": ["http://pki.example.com/ocsp"],
            "policyIdentifiers": ["1.3.6.1.4.1.32473.1"]
        }"#,
    );
    make(&[&["tpl.example.com", "tpl.crt", "tpl.key", "--template", "leaf.tpl"], &issuer[..]].concat());
    check_certificates(&place, &["root.crt", "sub.crt", "leaf.crt", "tpl.crt"]);
    // The same as from step: what signs itself does not say once more by which key, be it a CA (RFC 5280 §4.2.1.1) or not.
    let known = ["authority_key_identifier_extension_absent", "e_ext_authority_key_identifier_no_key_identifier"];
    check_certificates_but(&place, &["self.crt"], &known);
}

/// Where revocations are told.
fn plain(ca: &Ca) -> String {
    let config: serde_json::Value = serde_json::from_str(&ca.place.read("step/config/ca.json")).expect("JSON");
    config["revocationURL"].as_str().expect("an address").to_owned()
}

/// Where the authority is.
fn address(ca: &Ca) -> String {
    let config: serde_json::Value = serde_json::from_str(&ca.place.read("step/config/ca.json")).expect("JSON");
    let address = config["address"].as_str().expect("an address");
    format!("https://localhost:{}", address.rsplit_once(':').expect("a port").1)
}

/// Get `NAME.crt` for `subject`, logged in as `person`.
#[track_caller]
fn log_in(ca: &Ca, subject: &str, person: &str, name: &str, more: &[&str]) {
    let (certificate, key) = (format!("{name}.crt"), format!("{name}.key"));
    let arguments = ["ca", "certificate", subject, &certificate, &key, "--provisioner", "sso"];
    let command = ca.place.start_rung(&[&arguments[..], more].concat());
    let url = command.wait_for("the address to open", find_login_url);
    browse(&["login", &url, person]);
    command.finish().success();
}

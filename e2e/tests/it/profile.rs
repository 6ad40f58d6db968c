//! The certificates, under the eyes of other people's linters.

use crate::harness::{Ca, Idp, OidcOptions, Place, browse, check_certificates, find_login_url};

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

//! Logging in at providers that look like those that people have.

use crate::elsewhere::find_device_url;
use crate::harness::{Ca, Idp, OidcOptions, Place, Terminal, browse, find_login_url};

/// An authority with the OIDC provisioner `sso`, and its identity provider.
fn authority(dress: &str, more: &[&str]) -> (Idp, Ca) {
    let (idp, mut place) = (Idp::start_as(dress), Place::new());
    place.set("SSL_CERT_FILE", idp.root());
    let ca = Ca::init_with(place, &[]);
    ca.add_oidc(&idp, &OidcOptions { name: "sso", client: "rung", more });
    (idp, ca)
}

/// How a person comes to the provider's login page.
#[derive(Clone, Copy)]
enum Way {
    /// The command and the browser are on the same machine.
    Browser,
    /// The browser is on another device, where a code is entered.
    Device,
    /// The browser is on another device, and the address that it ends up at is pasted.
    Paste,
}

/// Ask for a certificate for `subject` and log in as `person`; gives what the certificate says.
#[track_caller]
fn log_in(ca: &Ca, way: Way, subject: &str, person: &str) -> String {
    for file in ["me.crt", "me.key"].map(|name| ca.place.path(name)).iter().filter(|file| file.exists()) {
        std::fs::remove_file(file).expect("it is there");
    }
    let ask = ["ca", "certificate", subject, "me.crt", "me.key", "--provisioner", "sso"];
    match way {
        Way::Browser => {
            let command = ca.place.start_rung(&ask);
            let url = command.wait_for("the address to open", find_login_url);
            browse(&["login", &url, person]);
            command.finish().success();
        }
        Way::Device => {
            let command = ca.place.start_rung(&[&ask[..], &["--console"]].concat());
            let url = command.wait_for("the address to open", find_device_url);
            browse(&["device", &url, person]);
            command.finish().success();
        }
        Way::Paste => {
            let command = ca.place.rung_command(&[&ask[..], &["--console-flow", "paste"]].concat());
            let mut terminal = Terminal::start(&command);
            let url = terminal.wait_until("the address to open", find_login_url);
            terminal.wait_for("Address of that page:");
            terminal.type_line(&browse(&["elsewhere", &url, person]).url);
            let (status, text) = terminal.finish();
            assert!(status.success(), "{text}");
        }
    }
    ca.place.run("openssl", &["verify", "-CAfile", &ca.root(), "-untrusted", "me.crt", "me.crt"]).success();
    ca.place.run("openssl", &["x509", "-in", "me.crt", "-noout", "-text", "-nameopt", "RFC2253"]).success().stdout
}

/// Log in every way, and look for each of `said` in the certificates.
#[track_caller]
fn check(ca: &Ca, subject: &str, person: &str, said: &[&str]) {
    for way in [Way::Browser, Way::Device, Way::Paste] {
        let shown = log_in(ca, way, subject, person);
        let missing: Vec<_> = said.iter().filter(|part| !shown.contains(**part)).collect();
        assert!(missing.is_empty(), "{missing:?} is not in {shown}");
    }
}

/// Ask for a certificate, log in as `person`, and find it refused.
#[track_caller]
fn check_refused(ca: &Ca, subject: &str, person: &str, reason: &str) {
    let command = ca.place.start_rung(&["ca", "certificate", subject, "no.crt", "no.key", "--provisioner", "sso"]);
    let url = command.wait_for("the address to open", find_login_url);
    browse(&["login", &url, person]);
    command.finish().refusal(&[reason]);
    assert!(!ca.place.has("no.crt") && !ca.place.has("no.key"));
}

#[test]
fn google_lets_the_people_of_a_workspace_in() {
    let (_idp, ca) = authority("google", &["--domain", "a.com", "--require", "hd=a.com"]);
    let _server = ca.serve();
    check(&ca, "alice@a.com", "114212345678901231001", &["email:alice@a.com", "#114212345678901231001"]);
    check_refused(&ca, "bob@b.com", "114212345678901231002", "a claim of the token does not have a value");
}

#[test]
fn entra_names_people_without_an_email_claim() {
    let rules = [
        "--identity-claim",
        "preferred_username",
        "--identity-as",
        "email",
        "--groups-claim",
        "roles",
        "--group",
        "staff",
    ];
    let (_idp, ca) = authority("entra", &[&rules[..], &["--scope", "openid", "--scope", "profile"]].concat());
    let _server = ca.serve();
    let subject = "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bb";
    let alice = format!("{subject}1001");
    check(&ca, "alice@a.com", &alice, &["CN=alice@a.com", "email:alice@a.com", &format!("/v2.0#{alice}")]);
    check_refused(&ca, "eve@a.com", &format!("{subject}1004"), "group");
}

#[test]
fn okta_lets_groups_of_a_custom_server_in() {
    let scopes = ["openid", "email", "groups"].map(|scope| ["--scope", scope]).concat();
    let (_idp, ca) = authority("okta", &[&scopes[..], &["--group", "ca-admins", "--domain", "a.com"]].concat());
    let _server = ca.serve();
    let alice = "00uid4BxXw6I6TV41001";
    check(&ca, "alice@a.com", alice, &["email:alice@a.com", &format!("/oauth2/default#{alice}")]);
    check_refused(&ca, "me@a.com", "00uid4BxXw6I6TV41003", "group");
}

#[test]
fn keycloak_gives_roles_their_names_and_lifetimes() {
    let rules = serde_json::json!([{
        "groups": ["ca-admins"],
        "names": ["*.ops.a.com"],
        "defaultDuration": "2h",
        "maxDuration": "8h",
        "extendedKeyUsage": ["clientAuth"],
        "organizationalUnit": ["ops"],
    }]);
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), rules.to_string()).expect("it can be written");
    let file = file.path().to_str().expect("it is text");
    let scopes = ["openid", "email", "profile"].map(|scope| ["--scope", scope]).concat();
    let (_idp, ca) =
        authority("keycloak", &[&scopes[..], &["--groups-claim", "realm_access.roles", "--rules", file]].concat());
    let _server = ca.serve();
    let [alice, me] = ["1001", "1003"].map(|number| format!("f81d4fae-7dec-41d0-a765-00a0c91e{number}"));
    check(&ca, "alice@a.com", &alice, &["email:alice@a.com", "OU=ops", "TLS Web Client Authentication"]);
    let shown = log_in(&ca, Way::Browser, "me@a.com", &me);
    assert!(!shown.contains("OU=ops"), "{shown}");
    check_refused(&ca, "www.ops.a.com", &me, "www.ops.a.com");
}

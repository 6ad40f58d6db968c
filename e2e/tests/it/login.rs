//! Logging in: what can go another way.

use std::os::unix::fs::PermissionsExt;

use crate::harness::{
    Background, Ca, Idp, OidcOptions, Page, Place, Terminal, browse, eventually, find_login_url, request,
};

/// An authority with the OIDC provisioner `sso`, and its identity provider.
pub(crate) fn authority(more: &[&str]) -> (Idp, Ca) {
    let (idp, mut place) = (Idp::start(), Place::new());
    place.set("SSL_CERT_FILE", idp.root());
    let ca = Ca::init_with(place, &[]);
    ca.add_oidc(&idp, &OidcOptions { name: "sso", client: "rung-public", more });
    (idp, ca)
}

/// Ask for a certificate for `email`, in the background.
pub(crate) fn ask(ca: &Ca, email: &str) -> Background {
    ca.place.start_rung(&["ca", "certificate", email, "me.crt", "me.key", "--provisioner", "sso"])
}

/// Ask for a certificate for `email` and log in as `person`; gives the page in the browser and what the command did.
#[track_caller]
fn log_in(ca: &Ca, email: &str, person: &str) -> (Page, crate::harness::Finished) {
    let command = ask(ca, email);
    let url = command.wait_for("the address to open", find_login_url);
    (browse(&["login", &url, person]), command.finish())
}

#[track_caller]
fn check_nothing_written(ca: &Ca) {
    let left: Vec<String> = ca.place.list(".").into_iter().filter(|name| name.contains("me.")).collect();
    assert!(left.is_empty(), "something was left behind: {left:?}");
}

#[test]
fn a_public_client_logs_in() {
    let (_idp, ca) = authority(&[]);
    let _server = ca.serve();
    log_in(&ca, "alice@a.com", "alice@a.com").1.success();
    let shown = ca.place.rung(&["certificate", "inspect", "--short", "me.crt"]).success().stdout;
    assert!(shown.contains("alice@a.com"), "{shown}");
}

#[test]
fn a_refusal_in_the_browser_ends_the_command() {
    let (_idp, ca) = authority(&[]);
    let _server = ca.serve();
    let command = ask(&ca, "alice@a.com");
    let url = command.wait_for("the address to open", find_login_url);
    let page = browse(&["deny", &url, "alice@a.com"]);
    command.finish().refusal(&["access_denied"]);
    assert!(page.status >= 400 && page.text.contains("The login was denied"), "{page:?}");
    assert_eq!(page.loaded.len(), 1, "the page loads something else: {page:?}");
    check_nothing_written(&ca);
}

#[test]
fn a_callback_with_a_wrong_state_changes_nothing() {
    let (_idp, ca) = authority(&[]);
    let _server = ca.serve();
    let command = ask(&ca, "alice@a.com");
    let url = command.wait_for("the address to open", find_login_url);
    let listener = url.split("redirect_uri=http%3A%2F%2F").nth(1).and_then(|rest| rest.split('&').next());
    let listener = listener.expect("there is a listener on loopback").replace("%3A", ":");
    for path in [
        "/?state=guessed&code=stolen",
        "/?state=guessed&error=access_denied",
        "/?error=%3Cscript%3Ealert(1)%3C/script%3E",
    ] {
        let mut stream = std::net::TcpStream::connect(&listener).expect("it listens");
        let (status, body) = request(&mut stream, "GET", path, "").expect("it answers");
        assert!(status >= 400, "{path}: {status}");
        assert!(!body.contains("<script"), "{path}: {body}");
    }
    browse(&["login", &url, "alice@a.com"]);
    command.finish().success();
}

#[test]
fn ctrl_c_leaves_nothing_behind() {
    let (_idp, ca) = authority(&[]);
    let _server = ca.serve();
    let arguments = ["ca", "certificate", "me@a.com", "me.crt", "me.key", "--provisioner", "sso"];
    let mut terminal = Terminal::start(&ca.place.rung_command(&arguments));
    terminal.wait_until("the address to open", find_login_url);
    terminal.press(Terminal::CTRL_C);
    let (status, text) = terminal.finish();
    assert!(!status.success(), "{text}");
    check_nothing_written(&ca);
}

#[test]
fn a_person_who_may_not_is_told_why() {
    let (_idp, ca) = authority(&["--domain", "a.com"]);
    let _server = ca.serve();
    for (email, reason) in [("bob@b.com", "domain"), ("mallory@a.com.evil.test", "domain"), ("eve@a.com", "verified")] {
        log_in(&ca, email, email).1.refusal(&[reason]);
        check_nothing_written(&ca);
    }
}

#[test]
fn the_authority_starts_while_the_provider_is_down() {
    let (idp, ca) = authority(&[]);
    idp.close();
    let _server = ca.serve();
    ca.certificate("svc.example.com", "svc", &[]).success();
    let listed = || ca.place.rung(&["ca", "provisioner", "list"]).success().stdout;
    eventually("the provisioner being degraded", || listed().contains("degraded").then_some(()));
    idp.open();
    eventually("the provisioner being ready", || (!listed().contains("degraded")).then_some(()));
    log_in(&ca, "alice@a.com", "alice@a.com").1.success();
}

#[test]
fn the_provider_changes_its_keys() {
    let (idp, ca) = authority(&[]);
    let _server = ca.serve();
    log_in(&ca, "alice@a.com", "alice@a.com").1.success();
    idp.rotate_keys();
    let command = ca.place.start_rung(&["ca", "token", "alice@a.com", "--provisioner", "sso"]);
    let url = command.wait_for("the address to open", find_login_url);
    browse(&["login", &url, "alice@a.com"]);
    let token = command.finish().success().stdout;
    // A set of keys may have been fetched so recently that the authority does not ask again yet.
    let arguments = ["ca", "certificate", "alice@a.com", "new.crt", "new.key", "--token", token.trim()];
    eventually("the new key being accepted", || ca.place.rung(&arguments).status.success().then_some(()));
    assert!(idp.requests("/jwks") <= 10, "the provider was asked {} times", idp.requests("/jwks"));
}

#[test]
fn the_last_good_keys_survive_the_providers_errors() {
    let (idp, ca) = authority(&[]);
    let _server = ca.serve();
    log_in(&ca, "alice@a.com", "alice@a.com").1.success();
    idp.misbehave("/jwks", "unavailable");
    std::fs::remove_file(ca.place.path("me.crt"))
        .and_then(|()| std::fs::remove_file(ca.place.path("me.key")))
        .expect("there");
    log_in(&ca, "alice@a.com", "alice@a.com").1.success();
}

#[test]
fn the_provider_vanishes_during_the_login() {
    let (idp, ca) = authority(&[]);
    let _server = ca.serve();
    let command = ask(&ca, "alice@a.com");
    let url = command.wait_for("the address to open", find_login_url);
    idp.misbehave("/token", "drop");
    let page = browse(&["login", &url, "alice@a.com"]);
    assert!(page.status >= 400, "{page:?}");
    command.finish().refusal(&["/token"]);
    check_nothing_written(&ca);
}

#[test]
fn the_provider_answers_with_a_web_page() {
    let (idp, ca) = authority(&[]);
    let _server = ca.serve();
    idp.misbehave("/.well-known", "html");
    ask(&ca, "alice@a.com").finish().refusal(&["/.well-known/openid-configuration"]);
    idp.misbehave("/token", "html");
    let command = ask(&ca, "alice@a.com");
    let url = command.wait_for("the address to open", find_login_url);
    browse(&["login", &url, "alice@a.com"]);
    command.finish().refusal(&["/token"]);
    idp.behave();
    check_nothing_written(&ca);
}

#[test]
fn l12_others_on_the_machine_learn_no_secret() {
    let (idp, mut place) = (Idp::start(), Place::new());
    place.set("SSL_CERT_FILE", idp.root());
    let ca = Ca::init_with(place, &[]);
    ca.add_oidc(&idp, &OidcOptions { name: "sso", client: "rung", more: &[] });
    let _server = ca.serve();
    let script = r#"umask 000; exec "$0" ca certificate alice@a.com me.crt me.key --provisioner sso"#;
    let mut shell = ca.place.command("sh");
    let command = Background::start(shell.args(["-c", script]).arg(crate::harness::program("rung")));
    let url = command.wait_for("the address to open", find_login_url);
    let own = command.pid().to_string();
    let processes = std::fs::read_dir("/proc").expect("this is Linux").flatten().map(|process| process.path());
    for process in processes {
        // A process may end while it is looked at.
        let Ok(status) = std::fs::read_to_string(process.join("status")) else { continue };
        let is_ours = status.lines().any(|line| line == format!("Pid:\t{own}") || line == format!("PPid:\t{own}"));
        let shown = ["cmdline", "environ"].map(|name| std::fs::read(process.join(name)).unwrap_or_default()).concat();
        let shown = String::from_utf8_lossy(&shown);
        assert!(!is_ours || !shown.contains("loopback-secret"), "{shown}");
    }
    browse(&["login", &url, "alice@a.com"]);
    command.finish().success();
    for name in ["me.key", "me.crt"] {
        let mode = std::fs::metadata(ca.place.path(name)).expect("it was written").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

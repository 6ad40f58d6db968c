//! From nothing to a request that is answered with a name.

use std::os::unix::fs::PermissionsExt;

use crate::harness::{
    Ca, Idp, OidcOptions, Place, Terminal, browse, find_login_url, free_port, nginx, program, python_server, say_hello,
};

#[test]
fn a_password_becomes_a_certificate() {
    let ca = Ca::init();
    let _server = ca.serve();
    assert_eq!(ca.place.rung(&["ca", "health"]).success().stdout, "ok\n");
    let got = ca.certificate("svc.example.com", "svc", &["--san", "svc.example.com", "--san", "10.1.2.3"]).success();
    assert_eq!(got.stdout, "");
    for line in
        ["✔ Provisioner: admin (JWK) [kid: ", "✔ CA: https://", "✔ Certificate: svc.crt", "✔ Private Key: svc.key"]
    {
        assert!(got.stderr.contains(line), "{line:?} is missing in {}", got.stderr);
    }
    let shown = ca.place.rung(&["certificate", "inspect", "--short", "svc.crt"]).success().stdout;
    for line in [
        "X.509v3 TLS Certificate (ECDSA P-256)",
        "Subject:     svc.example.com",
        "10.1.2.3",
        "Issuer:      Example Intermediate CA",
    ] {
        assert!(shown.contains(line), "{line:?} is missing in {shown}");
    }
    let verify =
        ["verify", "-CAfile", &ca.root(), "-untrusted", "svc.crt", "-x509_strict", "-purpose", "sslserver", "svc.crt"];
    ca.place.run("openssl", &verify).success();
    ca.place.rung(&["certificate", "verify", "svc.crt", "--roots", &ca.root()]).success();
}

#[test]
fn a_password_is_typed_at_a_terminal() {
    let ca = Ca::init();
    let _server = ca.serve();
    let command = ca.place.rung_command(&["ca", "certificate", "svc.example.com", "svc.crt", "svc.key"]);
    let mut terminal = Terminal::start(&command);
    terminal.wait_for("Please enter the password to decrypt the provisioner key");
    terminal.type_line("not the password");
    terminal.wait_for("That password is wrong");
    terminal.wait_for("Please enter the password to decrypt the provisioner key");
    terminal.type_line(crate::harness::PASSWORD);
    let (status, text) = terminal.finish();
    assert!(status.success(), "{text}");
    assert!(text.contains("✔ Private Key: svc.key"), "{text}");
    assert!(!text.contains("horse") && !text.contains("not the password"), "a password was shown: {text}");
}

#[test]
fn a_tree_is_made_by_answering_questions() {
    let place = Place::new();
    let mut terminal = Terminal::start(&place.rung_command(&["ca", "init"]));
    terminal.wait_for("What would you like to name your new PKI?");
    terminal.type_line("Example");
    terminal.wait_for("What DNS names or IP addresses will clients use to reach your CA?");
    terminal.type_line("localhost, 127.0.0.1");
    terminal.wait_for("What IP and port will your new CA bind to?");
    terminal.type_line(&format!("127.0.0.1:{}", free_port()));
    terminal.wait_for("What would you like to name the CA's first provisioner?");
    terminal.type_line("you@example.com");
    terminal.wait_for("Choose a password for your CA keys and first provisioner.");
    terminal.type_line("a long enough password");
    let (status, text) = terminal.finish();
    assert!(status.success(), "{text}");
    for label in ["Root certificate", "Root private key", "Root fingerprint", "Intermediate certificate"] {
        assert!(text.contains(&format!("✔ {label}: ")), "{label} is missing in {text}");
    }
    for (file, mode) in [("secrets/root_ca_key", 0o600), ("secrets/intermediate_ca_key", 0o600), ("secrets", 0o700)] {
        let metadata = place.path("step").join(file).metadata().expect("it is there");
        assert_eq!(metadata.permissions().mode() & 0o777, mode, "{file}");
    }
    assert!(place.read("step/secrets/root_ca_key").starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    place.write("password", "a long enough password");
    let check = ["x509", "-in", "step/certs/root_ca.crt", "-noout", "-subject", "-nameopt", "RFC2253"];
    assert_eq!(place.run("openssl", &check).success().stdout, "subject=CN=Example Root CA,O=Example\n");
    let check = ["pkey", "-in", "step/secrets/intermediate_ca_key", "-passin", "file:password", "-noout", "-check"];
    place.run("openssl", &check).success();
}

#[test]
fn the_programs_answer_to_their_other_names() {
    let ca = Ca::init();
    std::fs::create_dir(ca.place.path("names")).expect("it is new");
    for (name, other) in [("rung", "names/step"), ("rung-ca", "names/step-ca")] {
        std::os::unix::fs::symlink(program(name), ca.place.path(other)).expect("the folder is empty");
    }
    let (step, step_ca) = (ca.place.text_path("names/step"), ca.place.text_path("names/step-ca"));
    ca.place.run(&step_ca, &["check", "--password-file", "password", &ca.config()]).success();
    assert_eq!(ca.place.run(&step, &["path"]).success().stdout, format!("{}\n", ca.place.text_path("step")));
}

#[test]
fn the_demo_ends_with_a_greeting() {
    let mut place = Place::new();
    place.set("TMPDIR", place.path("home"));
    let shown = place.rung(&["demo", "--auto"]).success();
    assert!((shown.stdout + &shown.stderr).contains("Hello, alice@demo.test!"), "no greeting");
    check_nothing_left(&place);
}

#[test]
fn the_demo_greets_who_logs_in() {
    let mut place = Place::new();
    place.set("TMPDIR", place.path("home"));
    let mut terminal = Terminal::start(&place.rung_command(&["demo", "--no-browser"]));
    let url = terminal.wait_until("the address to open", |shown| {
        let start = shown.find("http://127.0.0.1:").filter(|_| shown.contains("code_challenge="))?;
        let rest = shown[start..].lines().find(|line| line.contains("code_challenge="))?;
        Some(rest[rest.find("http://")?..].trim().to_owned())
    });
    browse(&["demo", &url, "alice@demo.test"]);
    terminal.wait_for("Hello, alice@demo.test!");
    terminal.press(Terminal::CTRL_C);
    let (_, text) = terminal.finish();
    assert!(!text.contains("panicked"), "{text}");
    check_nothing_left(&place);
}

#[track_caller]
fn check_nothing_left(place: &Place) {
    let left = [place.list("."), place.list("home")].concat();
    assert_eq!(left, ["home"], "something was left behind");
}

#[test]
fn a_login_becomes_a_greeting() {
    let (idp, mut place) = (Idp::start(), Place::new());
    place.set("SSL_CERT_FILE", idp.root());
    let ca = Ca::init_with(place, &[]);
    ca.add_oidc(
        &idp,
        &OidcOptions { name: "Google", client: "rung", more: &["--domain", "a.com", "--domain", "b.com"] },
    );
    let _server = ca.serve();
    ca.certificate("localhost", "server", &[]).success();
    log_in_at_a_terminal(&ca);
    let shown = ca.place.rung(&["certificate", "inspect", "--short", "me.crt"]).success().stdout;
    for line in ["me@a.com", "Issuer:      Example Intermediate CA", "Provisioner: Google [ID: rung]"] {
        assert!(shown.contains(line), "{line:?} is missing in {shown}");
    }
    let root = ca.root();
    let verify =
        ["verify", "-CAfile", &root, "-untrusted", "me.crt", "-x509_strict", "-purpose", "sslclient", "me.crt"];
    ca.place.run("openssl", &verify).success();

    let (_python, python_port) = python_server(&ca.place, "server", &root);
    let (_nginx, nginx_port) = nginx(&ca.place, "server", &root);
    let identity = (ca.place.path("me.crt"), ca.place.path("me.key"));
    for port in [python_port, nginx_port] {
        let url = format!("https://localhost:{port}");
        let trust = ["--silent", "--show-error", "--fail", "--cacert", &root, &url];
        let greeted = ca.place.run("curl", &[&["--cert", "me.crt", "--key", "me.key"], &trust[..]].concat()).success();
        assert!(greeted.stdout.starts_with("Hello, "), "{}", greeted.stdout);
        assert!(port == nginx_port || greeted.stdout == "Hello, me@a.com!\n", "{}", greeted.stdout);
        let (status, body) = say_hello(port, root.as_ref(), Some((&identity.0, &identity.1))).expect("it is answered");
        assert_eq!((status, body), (200, greeted.stdout));
        ca.place.run("curl", &trust).refusal(&["curl: ("]);
    }
}

/// The journey's command, with both provisioners to choose from.
#[track_caller]
fn log_in_at_a_terminal(ca: &Ca) {
    let command = ca.place.rung_command(&["ca", "certificate", "me@a.com", "me.crt", "me.key"]);
    let mut terminal = Terminal::start(&command);
    terminal.wait_for("What provisioner key do you want to use?");
    terminal.wait_for("Google (OIDC) [client: rung]");
    terminal.press(Terminal::DOWN);
    terminal.press(Terminal::ENTER);
    terminal.wait_for("✔ Provisioner: Google (OIDC) [client: rung]");
    let url = terminal.wait_until("the address to open", find_login_url);
    let page = browse(&["login", &url, "me@a.com"]);
    let (status, text) = terminal.finish();
    assert!(status.success(), "{text}");
    for line in ["✔ CA: https://", "✔ Certificate: me.crt", "✔ Private Key: me.key"] {
        assert!(text.contains(line), "{line:?} is missing in {text}");
    }
    assert!(page.status == 200 && page.text.contains("You are logged in"), "{page:?}");
    assert_eq!(page.loaded.len(), 1, "the page loads something else: {page:?}");
    let policy = page.headers["content-security-policy"].as_str().unwrap_or_default();
    assert!(policy.contains("default-src 'none'"), "{page:?}");
    let mode = ca.place.path("me.key").metadata().expect("the key is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

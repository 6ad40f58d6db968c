//! Logging in where there is no browser, and in several terminals.

use std::os::unix::fs::PermissionsExt;

use crate::harness::{Ca, Terminal, browse, find_login_url, free_port};
use crate::login::{ask, authority};

/// The address for a login with a code, in what a command printed.
pub(crate) fn find_device_url(printed: &str) -> Option<String> {
    let start = printed.find("https://127.0.0.1:")?;
    Some(printed[start..].split_once(char::is_whitespace)?.0.to_owned())
}

fn arguments<'a>(email: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["ca", "certificate", email, "me.crt", "me.key", "--provisioner", "sso"], more].concat()
}

#[track_caller]
fn check_written(ca: &Ca, email: &str) {
    let shown = ca.place.rung(&["certificate", "inspect", "--short", "me.crt"]).success().stdout;
    assert!(shown.contains(email), "{shown}");
}

#[test]
fn a_code_is_typed_on_another_device() {
    let (_idp, ca) = authority(&[]);
    let _server = ca.serve();
    let command = ca.place.start_rung(&arguments("bob@b.com", &["--console"]));
    let url = command.wait_for("the address to open", find_device_url);
    let page = browse(&["device", &url, "bob@b.com"]);
    assert_eq!(page.title, "Sign-in Success", "{page:?}");
    command.finish().success();
    check_written(&ca, "bob@b.com");
}

#[test]
fn a_code_is_scanned_from_the_terminal() {
    let (_idp, ca) = authority(&[]);
    let _server = ca.serve();
    let mut terminal = Terminal::start(&ca.place.rung_command(&arguments("bob@b.com", &["--console"])));
    let url = terminal.wait_until("the address to open", find_device_url);
    terminal.wait_for("████");
    terminal.wait_for("The page must be about the client `rung-public`.");
    terminal.wait_for("Waiting for the login … ");
    browse(&["device", &url, "bob@b.com"]);
    let (status, text) = terminal.finish();
    assert!(status.success(), "{text}");
    assert!(text.contains("✔ Certificate: me.crt"), "{text}");
}

#[test]
fn a_login_with_a_code_is_denied() {
    let (_idp, ca) = authority(&[]);
    let _server = ca.serve();
    let command = ca.place.start_rung(&arguments("bob@b.com", &["--console-flow", "device"]));
    let url = command.wait_for("the address to open", find_device_url);
    browse(&["deny-device", &url, "bob@b.com"]);
    command.finish().refusal(&["the identity provider refused the login", "access_denied"]);
    assert!(!ca.place.has("me.crt") && !ca.place.has("me.key"));
}

#[test]
fn an_address_is_pasted_from_another_machine() {
    let (_idp, ca) = authority(&[]);
    let _server = ca.serve();
    let command = ca.place.rung_command(&arguments("alice@a.com", &["--console-flow", "paste"]));
    let mut terminal = Terminal::start(&command);
    let url = terminal.wait_until("the address to open", find_login_url);
    terminal.wait_for("Address of that page:");
    let page = browse(&["elsewhere", &url, "alice@a.com"]);
    terminal.type_line(&page.url.replace("state=", "state=x"));
    terminal.wait_for("That is not an address of this login.");
    terminal.type_line(&page.url);
    let (status, text) = terminal.finish();
    assert!(status.success(), "{text}");
    check_written(&ca, "alice@a.com");
}

#[test]
fn over_ssh_a_code_is_shown_without_being_asked_for() {
    let (_idp, mut ca) = authority(&[]);
    ca.place.set("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22");
    ca.place.set("STEP_OPEN_BROWSER", "1");
    let _server = ca.serve();
    let command = ca.place.start_rung(&arguments("bob@b.com", &[]));
    let url = command.wait_for("the address to open", find_device_url);
    browse(&["device", &url, "bob@b.com"]);
    let said = command.finish().success().stderr;
    assert!(said.contains("This is a remote session, so log in with a code, on any device"), "{said}");
    // And the person can have it another way.
    let command = ca.place.start_rung(&arguments("bob@b.com", &["--no-browser", "--force"]));
    let url = command.wait_for("the address to open", find_login_url);
    browse(&["login", &url, "bob@b.com"]);
    command.finish().success();
}

#[test]
fn the_browser_that_is_named_is_opened() {
    let (_idp, mut ca) = authority(&[]);
    let script = ca.place.write("browser.sh", "printf '%s' \"$1\" > opened.part && mv opened.part opened\n");
    let failing = "/no/such/browser:false:sh ".to_owned() + script.to_str().expect("our own paths are text");
    ca.place.set("BROWSER", failing);
    ca.place.set("STEP_OPEN_BROWSER", "1");
    let _server = ca.serve();
    let command = ask(&ca, "alice@a.com");
    let url = command.wait_for("the address that was opened", find_login_url);
    assert_eq!(ca.place.read("opened"), url);
    browse(&["login", &url, "alice@a.com"]);
    let said = command.finish().success().stderr;
    assert!(said.contains("Your default web browser has been opened to visit:"), "{said}");
}

#[test]
fn two_terminals_log_in_at_once() {
    let (_idp, ca) = authority(&[]);
    let _server = ca.serve();
    let names = |name: &str| [format!("{name}.crt"), format!("{name}.key")];
    let commands = ["one", "two"].map(|name| {
        let [certificate, key] = names(name);
        let command = ["ca", "certificate", "alice@a.com", &certificate, &key, "--provisioner", "sso"];
        ca.place.start_rung(&command)
    });
    let urls = commands.each_ref().map(|command| command.wait_for("the address to open", find_login_url));
    // The second ends first, and the first goes on.
    for url in urls.iter().rev() {
        let page = browse(&["login", url, "alice@a.com"]);
        assert!(page.text.contains("You are logged in"), "{page:?}");
    }
    for command in commands {
        command.finish().success();
    }
    assert!(names("one").iter().chain(&names("two")).all(|name| ca.place.has(name)));
}

#[test]
fn where_the_provider_knows_one_port_terminals_take_turns() {
    let address = format!("127.0.0.1:{}", free_port());
    let (_idp, ca) = authority(&["--listen-address", &address]);
    let _server = ca.serve();
    let first = ask(&ca, "alice@a.com");
    let url = first.wait_for("the address to open", find_login_url);
    let second = ca.place.start_rung(&["ca", "token", "alice@a.com", "--provisioner", "sso"]);
    second.wait_for_text(&format!("{address} is taken, perhaps by a login in another terminal. Waiting"), 1);
    browse(&["login", &url, "alice@a.com"]);
    first.finish().success();
    let url = second.wait_for("its address to open", find_login_url);
    browse(&["login", &url, "alice@a.com"]);
    assert_eq!(second.finish().success().stdout.split('.').count(), 3);
}

/// A key ring as `secret-tool` shows it, that keeps one secret.
const KEYRING: &str = "#!/bin/sh\ncase $1 in\nstore) cat > \"$HOME/secret\";;\nlookup) cat \"$HOME/secret\";;\nesac\n";

#[test]
fn a_login_that_is_kept_needs_no_browser_the_next_time() {
    let (_idp, mut ca) = authority(&[]);
    std::fs::create_dir(ca.place.path("bin")).expect("it is not there");
    let keyring = ca.place.write("bin/secret-tool", KEYRING);
    std::fs::set_permissions(keyring, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    let path = std::env::var("PATH").expect("a PATH");
    ca.place.set("PATH", format!("{}:{path}", ca.place.text_path("bin")));
    let _server = ca.serve();
    let remember = ["--remember", "--force"];
    let command = ca.place.start_rung(&arguments("alice@a.com", &remember));
    let url = command.wait_for("the address to open", find_login_url);
    browse(&["login", &url, "alice@a.com"]);
    command.finish().success();
    let first = ca.place.read("me.crt");
    for _ in 0..2 {
        let said = ca.place.rung(&arguments("alice@a.com", &remember)).success().stderr;
        assert!(said.contains("Logged in by what --remember kept; --forget removes it."), "{said}");
    }
    assert_ne!(ca.place.read("me.crt"), first);
    check_written(&ca, "alice@a.com");

    let command = ca.place.start_rung(&arguments("alice@a.com", &["--remember", "--forget", "--force"]));
    let url = command.wait_for("the address to open", find_login_url);
    browse(&["login", &url, "alice@a.com"]);
    let said = command.finish().success().stderr;
    assert!(said.contains("The kept login was removed."), "{said}");
}

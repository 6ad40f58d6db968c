//! What this machine offers to a login: places to listen, and a browser.

use std::net::TcpListener;

use super::super::browser::{self, Environment, System};
use super::super::listen::Listening;

#[track_caller]
fn check_listen(address: &str, url: Option<&str>, expected: Result<(&str, &str), &str>) {
    let listening = Listening::bind(address, true, url);
    let found = listening.as_ref().map(|listening| {
        let port = listening.listener.local_addr().unwrap().port().to_string();
        (listening.redirect_uri.replace(&port, "PORT"), listening.path.as_str())
    });
    let found = found.as_ref().map(|(uri, path)| (uri.as_str(), *path)).map_err(ToString::to_string);
    assert_eq!(found.as_ref().map_err(String::as_str), expected.as_ref().map_err(|text| *text), "{address}");
}

#[test]
fn a_place_to_listen_is_written_in_many_ways() {
    check_listen("", None, Ok(("http://127.0.0.1:PORT", "/")));
    check_listen(":0", None, Ok(("http://127.0.0.1:PORT", "/")));
    check_listen("127.0.0.1:0", None, Ok(("http://127.0.0.1:PORT", "/")));
    check_listen("localhost:0", None, Ok(("http://localhost:PORT", "/")));
    check_listen("127.0.0.1:0", Some("http://127.0.0.1:0/cb"), Ok(("http://127.0.0.1:PORT/cb", "/cb")));
    check_listen("", Some("https://me.test/cb?x"), Ok(("https://me.test/cb?x", "/cb")));
    check_listen("0.0.0.0:0", Some("http://me.test"), Ok(("http://me.test", "/")));
    check_listen(
        "0.0.0.0:0",
        None,
        Err("listening on `0.0.0.0:0` would let other machines answer the login: use 127.0.0.1, [::1] or localhost"),
    );
    for wrong in ["21181", "foo", "foo:1", "::1:1", "127.0.0.1:x", "127.0.0.1:99999", "[::1]", "[x]:1"] {
        let text = format!("`{wrong}` is not an address to listen on: write `:PORT`, `127.0.0.1:PORT` or `[::1]:PORT`");
        check_listen(wrong, None, Err(&text));
    }
    for wrong in ["127.0.0.1/cb", "ftp://x/cb", "http://x/#y", "mailto:x"] {
        let text = format!("`{wrong}` is not a redirect URL such as http://127.0.0.1:10000/callback");
        check_listen("", Some(wrong), Err(&text));
    }
    // A provisioner cannot open the listener to others.
    Listening::bind("0.0.0.0:0", false, Some("http://me.test")).unwrap_err();
}

#[test]
fn the_other_loopback_is_bracketed() {
    let Ok(listening) = Listening::bind("[::1]:0", true, None) else {
        // This machine has no IPv6; then the error must say so.
        let error = Listening::bind("[::1]:0", true, None).unwrap_err().to_string();
        assert!(error.starts_with("cannot listen on [::1]:0 for the login: "), "{error}");
        return;
    };
    let address = listening.listener.local_addr().unwrap();
    assert_eq!(listening.redirect_uri, format!("http://{address}"));
}

#[test]
fn a_port_that_is_taken_is_told() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let error = Listening::bind(&address.to_string(), true, None).unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "cannot listen on {address} for the login: another program listens there; choose another with --listen"
        )
    );
}

#[track_caller]
fn check_openers(system: System, variables: &[(&'static str, &str)], expected: &[&str]) {
    let openers = Environment::with(system, variables).openers("http://u");
    let openers: Vec<_> = openers.iter().map(|words| words.join(" ")).collect();
    assert_eq!(openers, expected, "{system:?} {variables:?}");
}

#[test]
fn the_browser_is_the_one_that_the_machine_names() {
    let display = ("DISPLAY", ":0");
    let ssh = ("SSH_CONNECTION", "1 2 3 4");
    check_openers(System::Unix, &[], &[]);
    check_openers(System::Unix, &[ssh], &[]);
    check_openers(System::Unix, &[display], &["xdg-open http://u"]);
    check_openers(System::Unix, &[("WAYLAND_DISPLAY", "w")], &["xdg-open http://u"]);
    check_openers(
        System::Unix,
        &[ssh, ("BROWSER", "code --openExternal:x -u=%s -n")],
        &["code --openExternal http://u", "x -u=http://u -n"],
    );
    check_openers(System::Mac, &[], &["open http://u"]);
    check_openers(System::Mac, &[ssh], &[]);
    check_openers(System::Windows, &[], &["rundll32 url.dll,FileProtocolHandler http://u"]);
    check_openers(System::Wsl, &[], &["wslview http://u", "rundll32.exe url.dll,FileProtocolHandler http://u"]);
    for name in ["STEP_OPEN_BROWSER", "RUNG_OPEN_BROWSER"] {
        assert!(Environment::with(System::Unix, &[(name, "0")]).forbids());
        assert!(!Environment::with(System::Unix, &[(name, "1")]).forbids());
    }
}

#[cfg(unix)]
#[test]
fn a_browser_is_open_only_if_its_opener_took_it() {
    let open = |browser| browser::open("http://u", &Environment::with(System::Unix, &[("BROWSER", browser)]));
    assert!(open("true"));
    assert!(open("false:true"));
    assert!(!open("false"));
    assert!(!open("/no/such/program"));
    // One that keeps running is the browser itself; this one ends when its input does.
    assert!(open("sh -c sleep${IFS}2"));
}

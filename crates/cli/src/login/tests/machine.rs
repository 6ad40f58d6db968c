//! What this machine offers to a login: places to listen, and a browser.

use std::net::TcpListener;

use super::super::browser;
use super::super::environment::{Environment, System};
use super::super::listen::Listening;
use super::super::way::{Decision, Facts, Flow, Way, decide};

#[track_caller]
fn check_listen(address: &str, url: Option<&str>, expected: Result<(&str, &str), &str>) {
    let listening = Listening::bind(address, true, url);
    let found = listening.as_ref().map(|listening| {
        let port = listening.listeners[0].local_addr().unwrap().port().to_string();
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
    let address = listening.listeners[0].local_addr().unwrap();
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
    let openers = Environment::with(system, variables).openers("http://u", None);
    let openers: Vec<_> = openers.iter().map(|words| words.join(" ")).collect();
    assert_eq!(openers, expected, "{system:?} {variables:?}");
}

#[test]
fn the_browser_is_the_one_that_the_machine_names() {
    let display = ("DISPLAY", ":0");
    let ssh = ("SSH_CONNECTION", "1 2 3 4");
    let others = ["xdg-open http://u", "gio open http://u", "kde-open http://u", "x-www-browser http://u"];
    check_openers(System::Unix, &[], &[]);
    check_openers(System::Unix, &[ssh], &[]);
    check_openers(System::Unix, &[display], &others);
    check_openers(System::Unix, &[("WAYLAND_DISPLAY", "w")], &others);
    check_openers(System::Unix, &[display, ssh], &others);
    check_openers(
        System::Unix,
        &[ssh, ("BROWSER", "code --openExternal:x -u=%s -n::")],
        &["code --openExternal http://u", "x -u=http://u -n"],
    );
    check_openers(System::Mac, &[], &["open http://u"]);
    check_openers(System::Mac, &[ssh], &[]);
    let windows = "url.dll,FileProtocolHandler http://u";
    check_openers(System::Windows, &[], &[&format!("rundll32 {windows}")]);
    check_openers(System::Windows, &[ssh], &[]);
    let wsl = ["wslview http://u", &format!("rundll32.exe {windows}")];
    check_openers(
        System::Wsl,
        &[("BROWSER", "wslview")],
        &["wslview http://u", wsl[0], wsl[1], &format!("/mnt/c/Windows/System32/rundll32.exe {windows}")],
    );
    check_openers(System::Wsl, &[ssh], &[]);
    check_openers(System::Android, &[], &["termux-open-url http://u", "xdg-open http://u"]);
    let named = |system| Environment::with(system, &[("BROWSER", "b")]).openers("u", Some("Web Browser"));
    assert_eq!(named(System::Mac)[..2], [vec!["open", "-a", "Web Browser", "u"], vec!["b", "u"]]);
    assert_eq!(named(System::Unix), [vec!["Web", "Browser", "u"], vec!["b", "u"]]);
    for name in ["STEP_OPEN_BROWSER", "RUNG_OPEN_BROWSER"] {
        assert!(Environment::with(System::Unix, &[(name, "0")]).forbids());
        assert!(!Environment::with(System::Unix, &[(name, "1")]).forbids());
    }
}

#[cfg(unix)]
#[test]
fn a_browser_is_open_only_if_its_opener_took_it() {
    let open =
        |browser| browser::open(&Environment::with(System::Unix, &[("BROWSER", browser)]).openers("http://u", None));
    assert!(open("true"));
    assert!(open("false:true"));
    assert!(!open("false"));
    assert!(!open("/no/such/program"));
    assert!(!open("no-such-program"));
    // One that keeps running is the browser itself; this one ends when its input does.
    assert!(open("sh -c sleep${IFS}2"));
}

#[track_caller]
fn check_obstacle(environment: Environment, expected: &str) {
    assert_eq!(environment.obstacle(), expected, "{environment:?}");
}

#[test]
fn what_is_in_the_way_of_a_browser_is_named() {
    let (ssh, display) = (("SSH_TTY", "/dev/pts/1"), ("DISPLAY", ":0"));
    let unix = |variables: &[(&'static str, &str)]| Environment::with(System::Unix, variables);
    check_obstacle(unix(&[ssh, display]), "This is a remote session");
    check_obstacle(unix(&[]).in_a_container(), "This is a container without a browser");
    check_obstacle(unix(&[ssh]).in_a_container(), "This is a remote session");
    check_obstacle(unix(&[]), "There is no display here");
    check_obstacle(unix(&[display]), "No program that opens a browser was found");
    check_obstacle(Environment::with(System::Wsl, &[]), "No program that opens a browser was found");
}

/// Where nothing is known: nobody says anything, there is no browser, nobody can be asked, no codes.
const BARE: Facts = Facts {
    way: Way::Auto,
    offers_device: false,
    may_open: true,
    has_opener: false,
    listens: false,
    can_ask: false,
    obstacle: "There is no display here",
};

#[track_caller]
fn check_way(facts: Facts, flow: Flow, otherwise: Option<Flow>, said: &str) {
    let said = (!said.is_empty()).then(|| said.to_owned());
    assert_eq!(decide(&facts), Decision { flow, otherwise, said }, "{facts:?}");
}

#[test]
fn the_way_fits_the_machine_and_the_provider() {
    let open = Flow::Loopback { open: true };
    let wait = Flow::Loopback { open: false };
    let code = "There is no display here, so log in with a code, on any device (--no-browser waits for a browser on \
                this machine).";
    let paste = "There is no display here, so log in on any device and paste the result (--no-browser waits for a \
                 browser on this machine).";
    let visit = "There is no display here. Visit this address with a browser on this machine, or pass --console:";
    check_way(Facts { has_opener: true, ..BARE }, open, None, "");
    check_way(Facts { has_opener: true, offers_device: true, can_ask: true, ..BARE }, open, None, "");
    check_way(BARE, wait, None, visit);
    check_way(Facts { can_ask: true, ..BARE }, Flow::Paste, None, paste);
    check_way(Facts { offers_device: true, ..BARE }, Flow::Device, Some(wait), code);
    check_way(Facts { offers_device: true, can_ask: true, ..BARE }, Flow::Device, Some(Flow::Paste), code);
    // Who forbids to open a browser, or says where to listen, has one that can come back.
    check_way(Facts { may_open: false, offers_device: true, can_ask: true, ..BARE }, wait, None, "");
    check_way(Facts { listens: true, offers_device: true, can_ask: true, ..BARE }, open, None, "");
}

#[test]
fn the_way_that_was_asked_for_is_taken() {
    let rich = Facts { offers_device: true, has_opener: true, can_ask: true, ..BARE };
    let check = |way, flow, otherwise| check_way(Facts { way, ..rich }, flow, otherwise, "");
    check(Way::Browser, Flow::Loopback { open: true }, None);
    check(Way::Console, Flow::Device, Some(Flow::Paste));
    check(Way::Device, Flow::Device, None);
    check(Way::Implicit, Flow::Implicit { open: true }, None);
    check(Way::OutOfBand, Flow::OutOfBand, None);
    check(Way::Paste, Flow::Paste, None);
    check_way(Facts { way: Way::Console, ..BARE }, Flow::Paste, None, "");
    check_way(Facts { way: Way::Device, ..BARE }, Flow::Device, None, "");
}

//! The commands of `docs/tutorial-sso.md`, as they are written there.

use crate::harness::{Idp, Place, Terminal, browse, find_login_url, free_port, own_file, setting};

#[test]
fn the_tutorial_does_what_it_says() {
    let (idp, mut place) = (Idp::start(), Place::new());
    place.set("SSL_CERT_FILE", idp.root());
    // What a reader replaces by their own, and ports that may be taken here.
    let replaced = [
        ("CLIENT_ID=the-client-id", "CLIENT_ID=rung".to_owned()),
        ("CLIENT_SECRET=the-client-secret", "CLIENT_SECRET=loopback-secret".to_owned()),
        (
            "ENDPOINT=https://accounts.google.com/.well-known/openid-configuration",
            format!("ENDPOINT={}", idp.configuration_endpoint()),
        ),
        ("127.0.0.1:9000", format!("127.0.0.1:{}", free_port())),
        ("8443", free_port().to_string()),
    ];
    let tutorial = std::fs::read_to_string(own_file("../docs/tutorial-sso.md")).expect("the tutorial is there");
    let mut script = format!("set -eu\n{}", commands(&tutorial));
    for (from, to) in replaced {
        assert!(script.contains(from), "{from:?} is not in the tutorial any more");
        script = script.replace(from, &to);
    }
    place.write("tutorial.sh", &script);

    let mut bash = place.command("bash");
    let path = std::env::var("PATH").expect("a PATH");
    bash.arg("tutorial.sh").env("PATH", format!("{}:{path}", setting("RUNG_PROGRAMS").display()));
    let _logs = Logs(&place);
    let mut terminal = Terminal::start(&bash);
    terminal.wait_for("What provisioner key do you want to use?");
    terminal.wait_for("Google (OIDC)");
    terminal.press(Terminal::DOWN);
    terminal.press(Terminal::ENTER);
    let url = terminal.wait_until("the address to open", find_login_url);
    browse(&["login", &url, "me@a.com"]);
    terminal.wait_for("X.509v3 TLS Certificate");
    terminal.wait_for("Hello, me@a.com!");
    let (status, text) = terminal.finish();
    assert!(status.success(), "{text}");
}

/// The fenced blocks that are marked `sh`, one after the other.
fn commands(tutorial: &str) -> String {
    let blocks = tutorial.split("```sh\n").skip(1);
    let commands: String = blocks.filter_map(|block| block.split("```").next()).collect();
    assert!(commands.contains("curl --cacert"), "the tutorial has lost its commands: {commands}");
    commands
}

/// Shows what the tutorial keeps in files, when it fails.
struct Logs<'a>(&'a Place);

impl Drop for Logs<'_> {
    fn drop(&mut self) {
        for name in ["ca.log", "hello.log"] {
            if std::thread::panicking() && self.0.has(name) {
                eprintln!("{name}:\n{}", self.0.read(name));
            }
        }
    }
}

//! `demo`

use anyhow::bail;

use crate::{
    call::Call,
    demo::{self, Mode},
    grammar::{Command, Example, Flag, Scope},
};

pub(crate) static COMMAND: Command = Command {
    name: "demo",
    summary: "show the whole journey on this machine: a login becomes a certificate",
    description: "Makes a certificate authority in a throwaway folder, starts a small identity provider on loopback, lets \
        you log in there with your browser, and uses the certificate that you get at an mTLS server, which greets you by \
        name. Every step prints the command that you would type. It then keeps running, with commands to try next; \
        ctrl-C removes everything.",
    arguments: &[],
    flags: &[&[
        Flag::switch(&["auto"], "Log in without a browser, and end after the greeting: for scripts."),
        Flag::switch(&["no-browser"], "Print the address of the login and open no browser."),
    ]],
    examples: &[Example {
        purpose: "See a login become a certificate, without touching anything:",
        lines: &["demo --auto"],
    }],
    scope: Scope::Outside,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    match (call.switch("auto")?, call.switch("no-browser")?) {
        (true, true) => bail!("flag '--auto' and flag '--no-browser' are mutually exclusive"),
        (true, false) => demo::run(Mode::Auto),
        (false, true) => demo::run(Mode::NoBrowser),
        (false, false) => demo::run(Mode::Browser),
    }
}

//! `certificate lint`

use anyhow::{Context as _, anyhow};
use rung_pki::Certificate;

use crate::call::Call;
use crate::grammar::{Argument, Command, Count, Example, Scope};
use crate::lint::lint;
use crate::ui::print;
use crate::{clock, input, inspect, peer};

pub(crate) static COMMAND: Command = Command {
    name: "lint",
    summary: "judge a certificate by the rules of RFC 5280 and the CA/Browser Forum",
    description: "Prints JSON with what each rule says about the first certificate of a file or of a server: pass, info, \
        warn or error; NA when the rule does not speak about such a certificate; NE when it was not in force at that time, \
        or is not looked at by this version. The rules have the names that the linter of the public CAs gives them, so many \
        are about certificates of public web servers, which one of a private CA need not keep.\n\n\
        A certificate that is malformed is an error, with the reason. The code is 0 whatever the rules say; see the \
        example for a script that wants to fail. The CA itself judges every certificate by rules of its own before it signs.",
    arguments: &[Argument {
        name: "<crt-file>",
        count: Count::One,
        help: "The file, or the URL of a server: https://, tls://, tcp://, smtps:// or ldaps://. '-' is standard input.",
    }],
    flags: &[peer::FLAGS],
    examples: &[
        Example { purpose: "See what the rules say:", lines: &["certificate lint svc.crt"] },
        Example {
            purpose: "Fail when a rule is broken that must not be:",
            lines: &["certificate lint root_ca.crt | jq -e '.errors_present == false'"],
        },
    ],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let place = call.argument(0).unwrap_or_default();
    let certificate = if peer::is_url(place) {
        peer::Flags::of(call)?
            .fetch(place)?
            .trusted()?
            .into_iter()
            .next()
            .context("the server showed no certificate")?
    } else {
        read(place)?
    };
    print(lint(&certificate, clock::now()).indented(1).as_bytes())
}

fn read(file: &str) -> anyhow::Result<Certificate> {
    let contents = input::read("the certificate", file)?;
    let wrong =
        |why: &dyn std::fmt::Display| anyhow!("could not parse certificate file '{}': {why}", input::name(file));
    let documents = inspect::parse(&contents).map_err(|error| wrong(&error))?;
    let first = documents.into_iter().find_map(inspect::Document::into_certificate);
    first.ok_or_else(|| wrong(&"there is no certificate in it"))
}

//! `certificate bundle`

use std::path::Path;

use anyhow::bail;

use crate::call::Call;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::inspect::{Document, read};
use crate::output::{Commit, Existing, Mode, Target};
use crate::ui::shown;

pub(crate) static COMMAND: Command = Command {
    name: "bundle",
    summary: "put a certificate and those of its CAs into one file",
    description: "Writes the certificate, and behind it every certificate of the CA file, as one PEM file: what a \
        server shows to its clients.",
    arguments: &[
        Argument {
            name: "<crt-file>",
            count: Count::One,
            help: "The certificate; its first one when there are several.",
        },
        Argument { name: "<ca>", count: Count::One, help: "The certificates that go behind it." },
        Argument { name: "<bundle-file>", count: Count::One, help: "The file to write." },
    ],
    flags: &[&[Flag::switch(&["force", "f"], "Overwrite the file without asking.")]],
    examples: &[Example {
        purpose: "Make what a web server wants of a certificate and its issuer:",
        lines: &["certificate bundle svc.crt intermediate_ca.crt bundle.crt"],
    }],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let [certificate, authority, out] = [0, 1, 2].map(|place| call.argument(place).unwrap_or_default());
    let mut bundle = certificates(certificate)?.swap_remove(0);
    bundle.push_str(&certificates(authority)?.concat());
    let target = Target::claim(Path::new(out), Existing::forced(call.switch("force")?, &call.ui))?;
    let mut commit = Commit::default();
    commit.put(target, Mode::Private, bundle.as_bytes());
    commit.write()?;
    call.ui.line(&format!("Your certificate has been saved in {}.", shown(out)));
    Ok(())
}

/// The certificates of a file, in PEM.
fn certificates(file: &str) -> anyhow::Result<Vec<String>> {
    let found: Vec<String> = read(file)?
        .into_iter()
        .filter_map(Document::into_certificate)
        .map(|certificate| certificate.to_pem())
        .collect();
    if found.is_empty() {
        bail!("{} holds no certificate", shown(file));
    }
    Ok(found)
}

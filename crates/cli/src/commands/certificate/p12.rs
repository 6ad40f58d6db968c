//! `certificate p12`

use std::path::Path;

use anyhow::{Context as _, bail};
use rung_pki::pkcs12::{Bundle, Style};
use rung_pki::{Certificate, Signer as _, keyfile};
use zeroize::Zeroizing;

use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::inspect::{Document, read};
use crate::output::{Commit, Existing, Mode, Target};
use crate::private_key::KeyFile;
use crate::secret;
use crate::ui::{Question, shown};

pub(crate) static COMMAND: Command = Command {
    name: "p12",
    summary: "put a key and its certificates into a PKCS #12 file",
    description: "Writes a PKCS #12 file (.p12, .pfx) under a password, as Windows, macOS, browsers and Java import it: a \
        key with its certificate and those above it, or certificates alone, which Java then trusts. It is encrypted with \
        AES-256; old programs want --legacy.",
    arguments: &[
        Argument { name: "<p12-file>", count: Count::One, help: "Where to write." },
        Argument {
            name: "<crt-file>",
            count: Count::Optional,
            help: "The certificate of the key, PEM or DER; those behind it go along.",
        },
        Argument { name: "<key-file>", count: Count::Optional, help: "The key." },
    ],
    flags: &[&[
        Flag::list(&["ca"], "<file>", "Certificates to put in, too; it can stand several times."),
        Flag::value(&["password-file"], "<file>", "The password of the PKCS #12 file."),
        Flag::value(&["key-password-file"], "<file>", "The password of the <key-file>, if it has one."),
        Flag::switch(
            &["legacy"],
            "Encrypt with Triple DES and seal with SHA-1, for Windows before 2019, macOS before 15 and Java before 8u301.",
        ),
        Flag::switch(&["no-password"], "Use the empty password; takes --insecure as well."),
        Flag::switch(&["insecure"], "Allow what is not safe."),
        Flag::switch(&["force", "f"], "Overwrite the file without asking."),
    ]],
    examples: &[
        Example {
            purpose: "A key with its certificate, for a browser:",
            lines: &["certificate p12 svc.p12 svc.crt svc.key --password-file password.txt"],
        },
        Example {
            purpose: "Certificates that Java shall trust:",
            lines: &["certificate p12 trust.p12 --ca root_ca.crt --password-file password.txt"],
        },
    ],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let out = call.argument(0).unwrap_or_default();
    let no_password = call.switch("no-password")?;
    if no_password && !call.switch("insecure")? {
        return Err(Usage::new("flag '--no-password' requires the '--insecure' flag").into());
    }
    let style = if call.switch("legacy")? { Style::Legacy } else { Style::Modern };
    let bundle = bundle(call)?;
    let target = Target::claim(Path::new(out), Existing::forced(call.switch("force")?, &call.ui))?;
    let password = match no_password {
        true => Zeroizing::new(String::new()),
        false => new_password(call)?,
    };
    let mut commit = Commit::default();
    commit.put(target, Mode::Private, bundle.write(&password, style)?);
    commit.write()?;
    call.ui.line(&format!("Your .p12 bundle has been saved as {}.", shown(out)));
    Ok(())
}

/// What is to be put in: the certificate of the key, those of --ca, and what else is in its file.
fn bundle(call: &Call) -> anyhow::Result<Bundle> {
    let mut others = Vec::new();
    for file in call.list("ca")? {
        others.extend(certificates(&file)?);
    }
    match call.arguments() {
        [_] if others.is_empty() => {
            let hint = "Name a certificate and its key, or certificates to trust with --ca.";
            Err(Usage::new("there is nothing to put into the file").with_hint(hint.to_owned()).into())
        }
        [_] => Ok(Bundle { key: None, certificates: others }),
        [_, crt_file] => {
            let text = format!("'{}' needs the key of {crt_file}, too", call.full_name());
            let hint = "Certificates without a key are named with --ca.";
            Err(Usage::new(text).with_hint(hint.to_owned()).into())
        }
        [_, crt_file, key_file, ..] => {
            let mut certificates = certificates(crt_file)?.into_iter();
            let leaf = certificates.next().with_context(|| format!("{crt_file} holds no certificate"))?;
            let source = KeyFile { purpose: "the key", file: key_file, password_flag: "key-password-file" };
            let key = source.read(call, keyfile::read_private_key)?;
            if leaf.public_key().is_ok_and(|public| public != key.public_key()) {
                bail!("the key in {key_file} does not belong to the certificate in {crt_file}");
            }
            let all = std::iter::once(leaf).chain(others).chain(certificates);
            let mut once: Vec<Certificate> = Vec::new();
            for certificate in all {
                if !once.contains(&certificate) {
                    once.push(certificate);
                }
            }
            Ok(Bundle { key: Some(key), certificates: once })
        }
        [] => unreachable!("one argument is needed"),
    }
}

fn certificates(file: &str) -> anyhow::Result<Vec<Certificate>> {
    let found: Vec<Certificate> = read(file)?.into_iter().filter_map(Document::into_certificate).collect();
    if found.is_empty() { bail!("{file} holds no certificate") } else { Ok(found) }
}

fn new_password(call: &Call) -> anyhow::Result<Zeroizing<String>> {
    if let Some(file) = call.text("password-file")? {
        return secret::password_file("password-file", &file);
    }
    let question = Question {
        what: "the password of the .p12 file",
        remedy: "put it into a file and pass it with --password-file",
        heading: "",
        label: "Please enter a password to encrypt the .p12 file",
    };
    call.ui.ask_password(&question)
}

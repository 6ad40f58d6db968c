//! `certificate extract`

use std::path::Path;

use anyhow::Context as _;
use rung_pki::pkcs12::{Bundle, Pkcs12Error};
use rung_pki::{Certificate, keyfile};
use zeroize::Zeroizing;

use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::output::{Commit, Existing, Mode, Target};
use crate::ui::{Question, print, shown};
use crate::{input, secret};

pub(crate) static COMMAND: Command = Command {
    name: "extract",
    summary: "take the certificates and the key out of a PKCS #12 file",
    description: "Takes what is in a PKCS #12 file (.p12, .pfx) out of it: the certificates as PEM, that of the key first, \
        and the key. Without <crt-file> the certificates are printed. The key is written under the same password unless \
        --no-password says otherwise.",
    arguments: &[
        Argument { name: "<p12-file>", count: Count::One, help: "The file; '-' is standard input." },
        Argument { name: "<crt-file>", count: Count::Optional, help: "Where to write the certificates." },
        Argument { name: "<key-file>", count: Count::Optional, help: "Where to write the key." },
    ],
    flags: &[&[
        Flag::value(&["password-file"], "<file>", "The password of the PKCS #12 file."),
        Flag::switch(&["no-password"], "Write the key unencrypted; takes --insecure as well."),
        Flag::switch(&["insecure"], "Allow what is not safe."),
        Flag::switch(&["force", "f"], "Overwrite files without asking."),
    ]],
    examples: &[
        Example {
            purpose: "See which certificates are in a file:",
            lines: &["certificate extract svc.p12 --password-file password.txt"],
        },
        Example {
            purpose: "Take certificates and key out of it:",
            lines: &["certificate extract svc.p12 out.crt out.key --password-file password.txt"],
        },
    ],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let plain = call.switch("no-password")?;
    if plain && !call.switch("insecure")? {
        return Err(Usage::new("flag '--no-password' requires the '--insecure' flag").into());
    }
    let file = call.argument(0).unwrap_or_default();
    let contents = input::read("the PKCS #12 file", file)?;
    let (bundle, password) = open(call, file, &contents)?;
    let text: String = bundle.certificates.iter().map(Certificate::to_pem).collect();
    let Some(crt_file) = call.argument(1) else { return print(text.as_bytes()) };
    let existing = Existing::forced(call.switch("force")?, &call.ui);
    let crt_target = Target::claim(Path::new(crt_file), existing)?;
    let mut commit = Commit::default();
    if let Some(key_file) = call.argument(2) {
        let key = bundle.key.with_context(|| format!("there is no key in {}", input::name(file)))?;
        let target = Target::claim(Path::new(key_file), existing)?;
        if plain {
            commit.put(target, Mode::Private, keyfile::to_pem(&key).as_bytes());
        } else if password.is_empty() {
            let hint = "Pass --no-password --insecure, or change it afterwards with 'crypto change-pass'.";
            let text = "the file has no password that its key could be written under";
            return Err(Usage::new(text).with_hint(hint.to_owned()).into());
        } else {
            commit.put(target, Mode::Private, keyfile::to_encrypted_pkcs8_pem(&key, password.as_bytes())?.as_bytes());
        }
    }
    commit.put(crt_target, Mode::Private, text.as_bytes());
    commit.write()?;
    call.ui.line(&format!("Your certificate has been saved in {}.", shown(crt_file)));
    if let Some(key_file) = call.argument(2) {
        call.ui.line(&format!("Your private key has been saved in {}.", shown(key_file)));
    }
    Ok(())
}

/// Read the file with the password of the flag, with none, or with what the person says.
fn open(call: &Call, file: &str, contents: &[u8]) -> anyhow::Result<(Bundle, Zeroizing<String>)> {
    let unusable = || format!("{} cannot be used", input::name(file));
    if let Some(password) = call.text("password-file")? {
        let password = secret::password_file("password-file", &password)?;
        return Ok((Bundle::read(contents, &password).with_context(unusable)?, password));
    }
    match Bundle::read(contents, "") {
        Err(Pkcs12Error::Password) => {}
        read => return Ok((read.with_context(unusable)?, Zeroizing::default())),
    }
    let label = format!("Please enter the password to decrypt {}", shown(file));
    let question = Question {
        what: "the password of the PKCS #12 file",
        remedy: "put it into a file and pass it with --password-file",
        heading: "",
        label: &label,
    };
    call.ui.unlock(&question, |password| {
        let Ok(text) = std::str::from_utf8(password) else { return Ok(None) };
        match Bundle::read(contents, text) {
            Err(Pkcs12Error::Password) => Ok(None),
            read => Ok(Some((read.with_context(unusable)?, Zeroizing::new(text.to_owned())))),
        }
    })
}

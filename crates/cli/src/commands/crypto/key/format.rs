//! `crypto key format`

use std::path::Path;

use anyhow::Context as _;
use rung_pki::jose::{Jwk, jwe};
use rung_pki::keyfile::{self, AnyKey, Extent, KeyFileError};
use rung_pki::pem;
use zeroize::Zeroizing;

use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::input;
use crate::keys::file::{self, new_password};
use crate::output::{Commit, Existing, Mode, Target};
use crate::ui::{print, shown};

pub(crate) static COMMAND: Command = Command {
    name: "format",
    summary: "write a key in another format",
    description: "Writes a key as PEM, DER, JWK or in the format of OpenSSH. Without a flag PEM becomes DER, and anything \
        else PEM. Of a certificate or certificate request it writes the public key.\n\n\
        A private key is encrypted with a password, unless --no-password and --insecure say otherwise. In DER a key \
        that was in clear before stays so; one that was encrypted is encrypted again, as PKCS#8.",
    arguments: &[Argument {
        name: "<key-file>",
        count: Count::Optional,
        help: "The key; standard input without it or with '-'.",
    }],
    flags: &[&[
        Flag::switch(&["pem"], "Write PEM."),
        Flag::switch(&["der"], "Write DER."),
        Flag::switch(&["ssh"], "Write the format of OpenSSH."),
        Flag::switch(&["jwk"], "Write JSON (JWK)."),
        Flag::switch(&["pkcs8"], "Write a private key as PKCS#8, where PEM or DER have other forms, too."),
        Flag::value(&["out", "output-file"], "<file>", "Write to this <file> instead of standard output."),
        Flag::value(
            &["password-file"],
            "<file>",
            "File with the password that decrypts the key, if it is encrypted, and encrypts the new one.",
        ),
        Flag::switch(&["no-password"], "Write a private key without encryption; needs --insecure."),
        Flag::switch(&["insecure"], "Allow what is not safe."),
        Flag::switch(&["force", "f"], "Overwrite the file of --out without asking."),
    ]],
    examples: &[
        Example { purpose: "Turn PEM into DER, or DER into PEM:", lines: &["crypto key format svc.key --out svc.der"] },
        Example {
            purpose: "Make a key for OpenSSH, with the same password:",
            lines: &["crypto key format svc.key --ssh --password-file password.txt --out id_ecdsa"],
        },
        Example {
            purpose: "Make PKCS#8 for a program that cannot ask for passwords:",
            lines: &["crypto key format svc.key --pem --pkcs8 --no-password --insecure --out svc8.key"],
        },
    ],
    scope: Scope::Anywhere,
    run,
};

/// What to write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Der,
    Jwk,
    Pem,
    Ssh,
}

fn run(call: &Call) -> anyhow::Result<()> {
    let form = form(call)?;
    let is_plain = call.switch("no-password")?;
    if is_plain && !call.switch("insecure")? {
        return Err(Usage::new("flag '--no-password' requires the '--insecure' flag").into());
    }
    let file = call.argument(0).unwrap_or("-");
    let contents = input::read("the key", file)?;
    let is_pem = contents.trim_ascii_start().starts_with(b"-----BEGIN ");
    let form = form.unwrap_or(if is_pem { Form::Der } else { Form::Pem });
    let out = call.text("out")?;
    let existing = Existing::forced(call.switch("force")?, &call.ui);
    let target = out.as_ref().map(|out| Target::claim(Path::new(out), existing)).transpose()?;
    let key = file::parse(call, file, &contents, Extent::Only)?;
    let (written, mode) = match key.private() {
        None => (Zeroizing::new(public(key, form)?), Mode::Readable),
        Some(_) => {
            let stays_clear = form == Form::Der && !keyfile::is_encrypted(&contents);
            let password = if is_plain || stays_clear {
                None
            } else {
                let label = "Please enter the password to encrypt the private key";
                Some(new_password(call, "password-file", label)?)
            };
            let password = password.as_ref().map(|password| password.as_bytes());
            (private(key, form, call.switch("pkcs8")?, password)?, Mode::Private)
        }
    };
    let (Some(target), Some(out)) = (target, out) else { return print(&written) };
    let mut commit = Commit::default();
    commit.put(target, mode, written.as_slice());
    commit.write()?;
    call.ui.line(&format!("Your key has been saved in {}.", shown(&out)));
    Ok(())
}

fn form(call: &Call) -> anyhow::Result<Option<Form>> {
    let mut asked: Option<(&str, Form)> = None;
    for (name, form) in [("pem", Form::Pem), ("der", Form::Der), ("ssh", Form::Ssh), ("jwk", Form::Jwk)] {
        if !call.switch(name)? {
            continue;
        }
        if let Some((other, _)) = asked {
            return Err(Usage::new(format!("flag '--{other}' is incompatible with '--{name}'")).into());
        }
        asked = Some((name, form));
    }
    Ok(asked.map(|(_, form)| form))
}

fn public(key: AnyKey, form: Form) -> Result<Vec<u8>, KeyFileError> {
    Ok(match form {
        Form::Der => key.spki().to_vec(),
        Form::Jwk => Jwk::new(key.try_into()?).to_json().as_bytes().to_vec(),
        Form::Pem => pem::encode("PUBLIC KEY", key.spki()).into_bytes(),
        Form::Ssh => (key.ssh_line()? + "\n").into_bytes(),
    })
}

fn private(key: AnyKey, form: Form, is_pkcs8: bool, password: Option<&[u8]>) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let octets = |text: &Zeroizing<String>| Zeroizing::new(text.as_bytes().to_vec());
    let half = key.private().context("it is not a private key")?;
    Ok(match (form, password) {
        (Form::Der, None) if is_pkcs8 => Zeroizing::new(half.pkcs8().to_vec()),
        (Form::Der, None) => keyfile::to_der(half),
        (Form::Der, Some(password)) => keyfile::to_encrypted_pkcs8_der(half, password)?.into(),
        (Form::Pem, None) if is_pkcs8 => octets(&keyfile::to_pkcs8_pem(half)),
        (Form::Pem, None) => octets(&keyfile::to_pem(half)),
        (Form::Pem, Some(password)) => keyfile::to_encrypted_pkcs8_pem(half, password)?.into_bytes().into(),
        (Form::Jwk, password) => {
            let jwk = Jwk::new(key.try_into()?).to_json();
            match password {
                None => octets(&jwk),
                Some(password) => jwe::encrypt_json(jwk.as_bytes(), password, Some("jwk+json"))?.into_bytes().into(),
            }
        }
        (Form::Ssh, password) => octets(&keyfile::to_openssh_pem(half, password, "")?),
    })
}

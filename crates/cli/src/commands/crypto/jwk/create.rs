//! `crypto jwk create`

mod kind;

use std::path::Path;

use anyhow::bail;
use rung_pki::jose::{Jwk, jwe};
use rung_pki::keyfile::{self, Extent};
use zeroize::Zeroizing;

use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::keys::json::pretty;
use crate::keys::{Purpose, check_fits, unfit};
use crate::output::{Commit, Existing, Mode, Target};
use crate::private_key::KeyFile;
use crate::ui::{Question, shown};
use crate::{input, secret};

pub(crate) static COMMAND: Command = Command {
    name: "create",
    summary: "make a key as JSON (JWK)",
    description: "Makes a key pair, or a shared secret, and writes it as JSON into two files: the public key, and the \
        private key encrypted with a password. With --from-pem it writes the key of a file that you have.\n\n\
        The usual algorithms: ES256, ES384 or ES512 for EC by its curve, RS256 for RSA, EdDSA for OKP and HS256 for \
        oct; with --use enc ECDH-ES for EC, RSA-OAEP-256 for RSA and A256GCMKW for oct. Of a shared secret both files \
        hold the secret, so keep both to yourself.",
    arguments: &[
        Argument { name: "<public-jwk-file>", count: Count::One, help: "Where the public key goes." },
        Argument { name: "<private-jwk-file>", count: Count::One, help: "Where the private key goes." },
    ],
    flags: &[&[
        Flag::value(&["kty", "type"], "<kty>", "Kind of key: EC (the default), OKP, RSA, AKP or oct, a shared secret."),
        Flag::value(
            &["crv", "curve"],
            "<curve>",
            "Curve: P-256 (the default), P-384 or P-521 for EC; Ed25519 (the default) or X25519, which is for encryption \
             alone, for OKP.",
        ),
        Flag::value(
            &["size"],
            "<size>",
            "Bits of an RSA key: 2048 (the default), 3072, 4096 or 8192. Octets of a shared secret: as many as its \
             algorithm takes without it.",
        ),
        Flag::value(&["alg", "algorithm"], "<algorithm>", "The only algorithm that the key is used with."),
        Flag::value(&["use"], "<use>", "What the key is for: sig (the default) or enc."),
        Flag::value(&["kid"], "<kid>", "The id of the key; its thumbprint without it, none for a shared secret."),
        Flag::value(&["from-pem"], "<file>", "Write the key, or the key of the certificate, in this PEM <file>."),
        Flag::value(
            &["password-file"],
            "<file>",
            "File with the password that encrypts the private key, and decrypts the one of --from-pem.",
        ),
        Flag::switch(&["no-password"], "Write the private key without encryption; needs --insecure."),
        Flag::switch(&["subtle"], "Allow what is seldom right."),
        Flag::switch(&["insecure"], "Allow what is not safe."),
        Flag::switch(&["force", "f"], "Overwrite files without asking."),
    ]],
    examples: &[
        Example { purpose: "Make a key for signing:", lines: &["crypto jwk create jwk.pub.json jwk.json"] },
        Example {
            purpose: "Make an RSA key for encryption, with its password in a file:",
            lines: &["crypto jwk create e.pub.json e.json --kty RSA --use enc --password-file pw.txt"],
        },
        Example {
            purpose: "Write a PEM key as JSON:",
            lines: &["crypto jwk create jwk.pub.json jwk.json --from-pem svc.key"],
        },
    ],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let password_file = call.text("password-file")?;
    let is_plain = call.switch("no-password")?;
    if is_plain && password_file.is_some() {
        return Err(Usage::new("flag '--no-password' is incompatible with '--password-file'").into());
    }
    if is_plain && !call.switch("insecure")? {
        return Err(Usage::new("flag '--no-password' requires the '--insecure' flag").into());
    }
    let (public_file, private_file) = (argument(call, 0), argument(call, 1));
    if public_file == private_file {
        let tail = format!("'{} {}'", call.full_name(), COMMAND.usage_tail());
        let names = "<public-jwk-file> and <private-jwk-file>";
        return Err(Usage::new(format!("positional arguments {names} cannot be equal in {tail}")).into());
    }
    let jwk = describe(call, make(call)?)?;

    let existing = Existing::forced(call.switch("force")?, &call.ui);
    let public_target = Target::claim(Path::new(public_file), existing)?;
    let mut commit = Commit::default();
    let is_public = jwk.material.is_public();
    let public = jwk.public();
    let public = pretty(&public.as_ref().unwrap_or(&jwk).to_json());
    commit.put(public_target, Mode::Private, public.into_bytes());
    if !is_public {
        let private_target = Target::claim(Path::new(private_file), existing)?;
        let contents = if is_plain { pretty(&jwk.to_json()) } else { encrypted(call, password_file, &jwk)? };
        commit.put(private_target, Mode::Private, contents.into_bytes());
    }
    commit.write()?;
    call.ui.line(&format!("Your public key has been saved in {}.", shown(public_file)));
    if is_public {
        call.ui.line("Only the public JWK was generated.");
        call.ui.line("Cannot retrieve a private key from a public one.");
    } else {
        call.ui.line(&format!("Your private key has been saved in {}.", shown(private_file)));
    }
    Ok(())
}

fn argument(call: &Call, place: usize) -> &str {
    call.argument(place).unwrap_or_default()
}

/// The key itself, new or out of the file of `--from-pem`.
fn make(call: &Call) -> anyhow::Result<Jwk> {
    // The flags are judged even where a file makes them useless, so that a slip is not passed over.
    let kind = kind::Kind::of(call)?;
    let Some(file) = call.text("from-pem")? else { return kind.make() };
    let contents = input::read("the key of --from-pem", &file)?;
    if let Ok(chain) = rung_pki::Certificate::all_from_pem(&contents)
        && !chain.is_empty()
    {
        return Jwk::of_certificates(chain).ok_or_else(|| {
            Usage::new(format!("error reading {file}: the key of the certificate is of an unsupported kind")).into()
        });
    }
    if let Ok(key) = keyfile::read_key(&contents, None, Extent::First)
        && key.private().is_none()
    {
        return Ok(Jwk::new(key.try_into()?));
    }
    let key_file = KeyFile { purpose: "the key of --from-pem", file: &file, password_flag: "password-file" };
    let key = key_file.read(call, |contents, password| keyfile::read_key(contents, password, Extent::Only))?;
    Ok(Jwk::new(key.try_into()?))
}

/// The key with all that is said about it.
fn describe(call: &Call, mut jwk: Jwk) -> anyhow::Result<Jwk> {
    jwk.usage = match call.text("use")? {
        Some(usage) => Some(usage),
        // `--use ""` leaves it out.
        None if call.is_typed("use") => None,
        None if jwk.exchange_key().is_some() => Some(Purpose::Encryption.name().to_owned()),
        None => Some(Purpose::Signatures.name().to_owned()),
    };
    jwk.key_id = match call.text("kid")? {
        Some(key_id) => Some(key_id),
        None => jwk.thumbprint(),
    };
    let purpose = kind::purpose(jwk.usage.as_deref());
    jwk.algorithm = match call.text("alg")? {
        Some(algorithm) => Some(algorithm),
        None if call.text("from-pem")?.is_some() && jwk.key_type() == "RSA" => {
            return Err(Usage::new("flag '--alg' is required with the given key").into());
        }
        None => match purpose.default_algorithm(&jwk) {
            Some(algorithm) => Some(algorithm.to_owned()),
            None => bail!("invalid algorithm: {}", unfit(&jwk, purpose)),
        },
    };
    check_fits(&jwk)?;
    Ok(jwk)
}

fn encrypted(call: &Call, file: Option<String>, jwk: &Jwk) -> anyhow::Result<String> {
    let password = match file {
        Some(file) => secret::password_file("password-file", &file)?,
        None => call.ui.ask_password(&Question {
            what: "the new password of the key",
            remedy: "put the password into a file and pass it with --password-file",
            heading: "",
            label: "Please enter the password to encrypt the private JWK",
        })?,
    };
    let password: Zeroizing<String> = password;
    if password.is_empty() {
        bail!("the password is empty; to write the key without encryption pass --no-password --insecure");
    }
    Ok(jwe::encrypt_json(jwk.to_json().as_bytes(), password.as_bytes(), Some("jwk+json"))?)
}

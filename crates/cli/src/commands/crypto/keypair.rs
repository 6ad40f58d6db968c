//! `crypto keypair`

use std::path::Path;

use anyhow::bail;
use rung_pki::jose::{Jwk, Material};
use rung_pki::keyfile::{self, AnyKey, Extent};
use rung_pki::{ExchangePrivateKey, PrivateKey, pem};

use crate::ca::key::{self, PairAlgorithm, choose_pair};
use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::keys::file::{self, new_password};
use crate::output::{Commit, Existing, Mode, Target};
use crate::ui::shown;

pub(crate) static COMMAND: Command = Command {
    name: "keypair",
    summary: "make a pair of a public and a private key",
    description: "Makes a private key and writes it into one file, encrypted with a password, and its public key into \
        another, both as PEM. With --from-jwk it writes the key of a file that you have.\n\n\
        Encrypted keys are PKCS#8, which OpenSSL and all common languages read. In clear, an EC or RSA key is written \
        in the form that is usual for its kind; see 'crypto key format' for others.",
    arguments: &[
        Argument { name: "<pub_file>", count: Count::One, help: "Where the public key goes." },
        Argument { name: "<priv_file>", count: Count::One, help: "Where the private key goes." },
    ],
    flags: &[
        key::PAIR_FLAGS,
        &[
            Flag::value(&["from-jwk"], "<file>", "Write the key in this <file>, a JWK, instead of a new one."),
            Flag::value(
                &["password-file"],
                "<file>",
                "File with the password that encrypts the private key, and decrypts the one of --from-jwk.",
            ),
            Flag::switch(&["no-password"], "Write the private key without encryption; needs --insecure."),
            Flag::switch(&["insecure"], "Allow what is not safe."),
            Flag::switch(&["force", "f"], "Overwrite files without asking."),
        ],
    ],
    examples: &[
        Example { purpose: "Make a key:", lines: &["crypto keypair svc.pub svc.key --force"] },
        Example {
            purpose: "Make an RSA key, with its password in a file:",
            lines: &["crypto keypair rsa.pub rsa.key --kty RSA --size 3072 --password-file password.txt"],
        },
        Example {
            purpose: "Make an Ed25519 key for a program that cannot ask for passwords:",
            lines: &["crypto keypair ed.pub ed.key --kty OKP --no-password --insecure"],
        },
    ],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let [public_file, private_file] = [0, 1].map(|place| call.argument(place).unwrap_or_default());
    if public_file == private_file {
        let tail = format!("'{} {}'", call.full_name(), COMMAND.usage_tail());
        let names = "<PUB_FILE> and <PRIV_FILE>";
        return Err(Usage::new(format!("positional arguments {names} cannot be equal in {tail}")).into());
    }
    let is_plain = call.switch("no-password")?;
    if is_plain && call.text("password-file")?.is_some() {
        return Err(Usage::new("flag '--no-password' is incompatible with 'password-file'").into());
    }
    if is_plain && !call.switch("insecure")? {
        return Err(Usage::new("flag '--no-password' requires the '--insecure' flag").into());
    }
    let source = Source::of(call)?;
    let existing = Existing::forced(call.switch("force")?, &call.ui);
    let public_target = Target::claim(Path::new(public_file), existing)?;
    let key = source.key(call)?;

    let mut commit = Commit::default();
    let public = pem::encode("PUBLIC KEY", key.spki());
    commit.put(public_target, Mode::Private, public.into_bytes());
    if let Some(key) = key.private() {
        let private_target = Target::claim(Path::new(private_file), existing)?;
        let contents = if is_plain {
            keyfile::to_pem(key)
        } else {
            let password = new_password(call, "password-file", "Please enter the password to encrypt the private key")?;
            keyfile::to_encrypted_pkcs8_pem(key, password.as_bytes())?.into()
        };
        commit.put(private_target, Mode::Private, contents.as_bytes());
    }
    commit.write()?;
    call.ui.line(&format!("Your public key has been saved in {}.", shown(public_file)));
    match key.private() {
        Some(_) => {
            call.ui.line(&format!("Your private key has been saved in {}.", shown(private_file)));
        }
        None => {
            call.ui.line("Only the public PEM was generated.");
            call.ui.line("Cannot retrieve a private key from a public one.");
        }
    }
    Ok(())
}

/// Where the key comes from.
enum Source {
    File(String),
    New(PairAlgorithm),
}

impl Source {
    fn of(call: &Call) -> anyhow::Result<Self> {
        let (kty, curve, size) = (call.text("kty")?, call.text("curve")?, call.text("size")?);
        if let Some(file) = call.text("from-jwk")? {
            for (name, given) in [("kty", &kty), ("curve", &curve), ("size", &size)] {
                if given.is_some() {
                    return Err(Usage::new(format!("flag '--from-jwk' is incompatible with '--{name}'")).into());
                }
            }
            return Ok(Self::File(file));
        }
        let kty = kty.as_deref().unwrap_or("EC");
        if let ("RSA", None, Some(size)) = (kty, &curve, &size) {
            check_rsa(call, size)?;
        }
        Ok(Self::New(choose_pair(kty, curve.as_deref(), size.as_deref())?))
    }

    fn key(self, call: &Call) -> anyhow::Result<AnyKey> {
        match self {
            Self::New(PairAlgorithm::Signing(algorithm)) => Ok(PrivateKey::generate(algorithm)?.into()),
            Self::New(PairAlgorithm::Exchange(algorithm)) => Ok(ExchangePrivateKey::generate(algorithm)?.into()),
            Self::File(file) => from_jwk(call, &file),
        }
    }
}

/// Sizes of RSA keys that are not made, and what to say of each: `--insecure` makes none of them good.
fn check_rsa(call: &Call, size: &str) -> anyhow::Result<()> {
    let bits: i64 =
        size.parse().map_err(|_| Usage::new(format!("invalid value \"{size}\" for flag -size: parse error")))?;
    if bits < 2048 && !call.switch("insecure")? {
        return Err(Usage::new("flag '--size' requires at least 2048 unless '--insecure' flag is provided").into());
    }
    match bits {
        ..0 => Err(Usage::new("flag '--size' must be greater than or equal to 0").into()),
        0..1024 => {
            bail!("error generating RSA key: crypto/rsa: {bits}-bit keys are insecure; choose 2048, 3072, 4096 or 8192")
        }
        1024..2048 => bail!(
            "error generating RSA key: keys of {bits} bits are within reach of attackers and are not made; choose 2048, \
             3072, 4096 or 8192"
        ),
        2048.. => Ok(()),
    }
}

/// The key of `--from-jwk`, which may be one of PEM, too.
fn from_jwk(call: &Call, name: &str) -> anyhow::Result<AnyKey> {
    let contents = crate::keys::contents(name)?;
    if contents.trim_ascii_start().starts_with(b"-----BEGIN ") {
        return file::parse(call, name, &contents, Extent::Only);
    }
    let plain = crate::keys::decrypted(call, name, contents)?;
    let jwk = Jwk::from_json(&plain).map_err(|error| crate::keys::unusable(name, error))?;
    match jwk.material {
        Material::ExchangePrivate(key) => Ok(AnyKey::ExchangePrivate(key)),
        Material::ExchangePublic(key) => Ok(AnyKey::ExchangePublic(key)),
        Material::Private(key) => Ok(AnyKey::Private(key)),
        Material::Public(key) => Ok(AnyKey::Public(key)),
        Material::Secret(_) => bail!("{name} holds a shared secret (oct), which has no public half and no PEM form"),
    }
}

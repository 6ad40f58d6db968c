//! `ca rekey`

use std::path::Path;

use rung_pki::{KeyAlgorithm, PrivateKey, keyfile};

use crate::ca::connection::{self, Connection};
use crate::ca::issue::to_pem;
use crate::ca::key;
use crate::call::Call;
use crate::clock;
use crate::failure::Usage;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::output::{Commit, Existing, Mode, Target};
use crate::private_key::KeyFile;
use crate::renewal::after::{self, After};
use crate::renewal::daemon;
use crate::renewal::exchange::Issuer;
use crate::renewal::flags::{Timing, pair};
use crate::renewal::pair::Pair;

pub(crate) static COMMAND: Command = Command {
    name: "rekey",
    summary: "get a fresh certificate with the same names for a new key",
    description: "Makes a new key, has the CA issue the certificate again for it, and replaces both files. The old \
        certificate is the credential and has to be valid.\n\n\
        Key and certificate are replaced as a pair: whoever looks finds both old or both new, also after a crash \
        between the two, once the next command looks at them. What comes back is checked first: the new key, same \
        names, newer, leading to the root certificate of your CA.",
    arguments: &[
        Argument { name: "<crt-file>", count: Count::One, help: "The certificate to replace, PEM." },
        Argument { name: "<key-file>", count: Count::One, help: "Its private key." },
    ],
    flags: &[
        &[
            Flag::value(&["out-cert"], "<file>", "Write the certificate to this <file>."),
            Flag::value(&["out-key"], "<file>", "Write the key to this <file>."),
            Flag::value(&["private-key"], "<file>", "Use the key in this <file> instead of making one."),
            Flag::value(
                &["expires-in"],
                "<duration>",
                "Do it when only this much of the lifetime is left, or up to a twentieth more.",
            ),
            Flag::switch(&["daemon"], "Stay, and do it again and again, with a new key each time."),
            Flag::value(&["rekey-period"], "<duration>", "With --daemon: do it this often."),
        ],
        after::FLAGS,
        key::FLAGS,
        &[
            Flag::value(&["password-file"], "<file>", "File with the password of the old key; '-' is standard input."),
            Flag::switch(&["force", "f"], "Overwrite the files of --out-cert and --out-key without asking."),
            Flag::refused(&["offline"], "the CA has to be asked; use its address with --ca-url"),
            Flag::refused_value(&["ca-config"], "it belongs to --offline"),
            Flag::refused_value(&["kms"], "keys live in files"),
        ],
        connection::FLAGS,
    ],
    examples: &[
        Example { purpose: "Replace a certificate and its key:", lines: &["ca rekey svc.crt svc.key"] },
        Example {
            purpose: "Move to another kind of key, and have nginx take it up:",
            lines: &["ca rekey svc.crt svc.key --kty OKP --exec \"systemctl reload nginx\""],
        },
        Example {
            purpose: "Leave the old ones where they are:",
            lines: &["ca rekey svc.crt svc.key --out-cert new.crt --out-key new.key"],
        },
    ],
    scope: Scope::Within,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let [crt_file, key_file] = call.arguments() else { unreachable!("two arguments are needed") };
    if crt_file == key_file {
        let name = call.full_name();
        let text =
            format!("positional arguments <crt-file> and <key-file> cannot be equal in '{name} <crt-file> <key-file>'");
        return Err(Usage::new(text).into());
    }
    let timing = Timing::of(call, PERIOD)?;
    let after = After::of(call)?;
    let given = call.text("private-key")?;
    let source = match &given {
        Some(file) => {
            if let Some(flag) = ["kty", "curve", "size"].into_iter().find(|flag| call.is_typed(flag)) {
                let text = format!("flag '--{flag}' is incompatible with '--private-key'");
                return Err(Usage::new(text).into());
            }
            if timing.daemon {
                return Err(Usage::new("flag '--daemon' is incompatible with '--private-key'").into());
            }
            KeySource::File(file)
        }
        None => KeySource::New(key::algorithm(call)?),
    };
    let connection = Connection::open(call)?;
    let issuer = Issuer { url: connection.client.url().clone(), roots: connection.roots };
    let files = Files::of(call, (crt_file, key_file), timing.daemon)?;
    let pair = pair(call)?;
    timing.check(&pair, PERIOD)?;
    if let Some(left) = timing.too_early(&pair)? {
        call.ui.line(&format!("certificate not rekeyed: expires in {left}"));
        return Ok(());
    }
    let replace = |pair: &Pair| files.replace(&issuer, pair, source.key(call)?);
    if timing.daemon {
        return daemon::run(&call.ui, pair, timing.rule, (replace, &after));
    }
    replace(&pair)?;
    call.ui.done("Certificate", &files.certificate);
    if let Some(key) = &files.key {
        call.ui.done("Private Key", key);
    }
    after.run()
}

/// Where the new key comes from.
enum KeySource<'a> {
    File(&'a str),
    New(KeyAlgorithm),
}

impl KeySource<'_> {
    fn key(&self, call: &Call) -> anyhow::Result<PrivateKey> {
        match *self {
            Self::File(file) => {
                let file = KeyFile { purpose: "the key of --private-key", file, password_flag: "password-file" };
                file.read(call, keyfile::read_private_key)
            }
            Self::New(algorithm) => Ok(PrivateKey::generate(algorithm)?),
        }
    }
}

/// Where certificate and key go.
struct Files<'a> {
    certificate: String,
    certificate_exists: Existing<'a>,
    /// Nothing when a key that exists is used and no copy of it is asked for.
    key: Option<String>,
    key_exists: Existing<'a>,
}

impl<'a> Files<'a> {
    fn of(call: &'a Call, (crt_file, key_file): (&str, &str), daemon: bool) -> anyhow::Result<Self> {
        let asks = Existing::forced(daemon || call.switch("force")?, &call.ui);
        let choose = |given: Option<String>, own: &str| match given {
            Some(file) if file != own => (file, asks),
            _ => (own.to_owned(), Existing::Replace),
        };
        let (certificate, certificate_exists) = choose(call.text("out-cert")?, crt_file);
        let out_key = call.text("out-key")?;
        let writes_key = out_key.is_some() || call.text("private-key")?.is_none();
        let (key, key_exists) = choose(out_key, key_file);
        Ok(Self { certificate, certificate_exists, key: writes_key.then_some(key), key_exists })
    }

    fn replace(&self, issuer: &Issuer, pair: &Pair, key: PrivateKey) -> anyhow::Result<Pair> {
        let certificate = Target::claim(Path::new(&self.certificate), self.certificate_exists)?;
        let key_target = self.key.as_ref().map(|file| Target::claim(Path::new(file), self.key_exists)).transpose()?;
        certificate.check_room()?;
        let chain = issuer.rekey(pair, &key, clock::now())?;
        let mut commit = Commit::default();
        commit.put(certificate, Mode::AsBefore, to_pem(&chain));
        if let Some(target) = key_target {
            commit.put(target, Mode::AsBeforeSecret, keyfile::to_pem(&key).as_bytes());
        }
        commit.write()?;
        Pair::new(chain, key)
    }
}

const PERIOD: &str = "rekey-period";

//! `ca renew`

use std::path::Path;

use crate::ca::connection::{self, Connection};
use crate::ca::issue::to_pem;
use crate::call::Call;
use crate::clock;
use crate::failure::Usage;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::output::{Commit, Existing, Mode, Target};
use crate::renewal::after::{self, After};
use crate::renewal::daemon;
use crate::renewal::exchange::{Issuer, Proof};
use crate::renewal::flags::{Timing, pair};
use crate::renewal::pair::Pair;

pub(crate) static COMMAND: Command = Command {
    name: "renew",
    summary: "get a fresh certificate for the same key",
    description: "Has the CA issue a certificate again, with the same key and names and a new lifetime, and replaces the \
        old one. The certificate itself is the credential, so nobody has to be asked; it has to be renewed before it \
        expires, unless the CA allows more.\n\n\
        What comes back is checked before the file is replaced: same key, same names, newer, and leading to the root \
        certificate of your CA. The file is replaced in one step and keeps its owner and permissions.\n\n\
        --daemon stays and renews again and again, at two thirds of the lifetime or as --expires-in or --renew-period \
        say, through outages of the CA and changes of the clock. SIGHUP renews at once; SIGTERM ends it. For more than \
        one certificate, see '{program} agent'.",
    arguments: &[
        Argument { name: "<crt-file>", count: Count::One, help: "The certificate to renew, PEM." },
        Argument { name: "<key-file>", count: Count::One, help: "Its private key." },
    ],
    flags: &[
        &[
            Flag::switch(
                &["mtls"],
                "Prove possession of the key in the TLS handshake, which is the default; --mtls=false sends a token \
                 instead, through proxies that end TLS. An expired certificate always goes with a token.",
            ),
            Flag::value(
                &["out", "output-file"],
                "<file>",
                "Write the certificate to this <file> instead of replacing the old one.",
            ),
            Flag::value(
                &["expires-in"],
                "<duration>",
                "Renew when only this much of the lifetime is left, or up to a twentieth more, so that many machines \
                 do not come at once.",
            ),
            Flag::switch(&["daemon"], "Stay, and renew again and again."),
            Flag::value(&["renew-period"], "<duration>", "With --daemon: renew this often."),
        ],
        after::FLAGS,
        &[
            Flag::value(&["password-file"], "<file>", "File with the password of the key; '-' is standard input."),
            Flag::switch(&["force", "f"], "Overwrite the file of --out without asking."),
            Flag::refused(&["offline"], "the CA has to be asked; use its address with --ca-url"),
            Flag::refused_value(&["ca-config"], "it belongs to --offline"),
            Flag::refused_value(&["kms"], "keys live in files"),
        ],
        connection::FLAGS,
    ],
    examples: &[
        Example { purpose: "Renew a certificate:", lines: &["ca renew svc.crt svc.key"] },
        Example {
            purpose: "Renew it, but only if less than 8 hours are left:",
            lines: &["ca renew svc.crt svc.key --expires-in 8h"],
        },
        Example {
            purpose: "Keep it fresh and have nginx take it up:",
            lines: &["ca renew svc.crt svc.key --daemon --exec \"nginx -s reload\""],
        },
        Example {
            purpose: "Through a proxy that ends TLS, into another file:",
            lines: &["ca renew svc.crt svc.key --mtls=false --out new.crt"],
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
    let proof = if call.switch_if_given("mtls")?.unwrap_or(true) { Proof::Tls } else { Proof::Token };
    let connection = Connection::open(call)?;
    let issuer = Issuer { url: connection.client.url().clone(), roots: connection.roots };
    let out = call.text("out")?;
    let out_file = out.as_deref().unwrap_or(crt_file);
    let force = timing.daemon || call.switch("force")?;
    let pair = pair(call)?;
    timing.check(&pair, PERIOD)?;
    if let Some(left) = timing.too_early(&pair)? {
        call.ui.line(&format!("certificate not renewed: expires in {left}"));
        return Ok(());
    }
    let replaces_itself = out_file == crt_file;
    let existing = if replaces_itself { Existing::Replace } else { Existing::forced(force, &call.ui) };
    let claim = || Target::claim(Path::new(out_file), existing);
    if timing.daemon {
        claim()?;
        let replace = |pair: &Pair| pair.renewed(renew(&issuer, pair, proof, claim()?)?);
        return daemon::run(&call.ui, pair, timing.rule, (replace, &after));
    }
    renew(&issuer, &pair, proof, claim()?)?;
    call.ui.line(&format!("Your certificate has been saved in {}.", crate::ui::shown(out_file)));
    after.run()
}

fn renew(issuer: &Issuer, pair: &Pair, proof: Proof, target: Target) -> anyhow::Result<Vec<rung_pki::Certificate>> {
    target.check_room()?;
    let chain = issuer.renew(pair, proof, clock::now())?;
    let mut commit = Commit::default();
    commit.put(target, Mode::AsBefore, to_pem(&chain));
    commit.write()?;
    Ok(chain)
}

const PERIOD: &str = "renew-period";

//! `fileserver`

use std::path::PathBuf;

use anyhow::Context as _;

use crate::call::Call;
use crate::failure::Usage;
use crate::fileserver::{Credentials, Settings, run as serve};
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};

pub(crate) static COMMAND: Command = Command {
    name: "fileserver",
    summary: "serve the files of a folder over HTTP or HTTPS, to try certificates",
    description: "Serves the files below a folder, and lists of what is in folders, until it is told to end (SIGINT, \
        SIGTERM). With --cert and --key it speaks TLS, and with --roots it lets nobody in who has no certificate of that \
        CA. SIGHUP makes it read certificate, key and roots again; when those cannot be used it goes on with the old ones.\n\n\
        It is there to see that certificates work. It only ever reads, and nothing outside of the folder, wherever \
        symbolic links and paths point. On standard error it says where it listens.",
    arguments: &[Argument { name: "<dir>", count: Count::One, help: "The folder." }],
    flags: &[&[
        Flag::value(
            &["address"],
            "<address>",
            "Where to listen, such as 127.0.0.1:8443 or :8443 for all addresses of this machine. Without it, on any free \
            port of all addresses.",
        ),
        Flag::value(&["cert"], "<file>", "The certificate to prove itself with, PEM, with its intermediates."),
        Flag::value(&["key"], "<file>", "The private key of that certificate, PEM, not encrypted."),
        Flag::value(&["roots"], "<file>", "Root certificates, PEM: who connects has to have a certificate of theirs."),
        Flag::value(&["pidfile"], "<file>", "Write the process id into this file, and remove it at the end."),
    ]],
    examples: &[
        Example { purpose: "Serve a folder to this machine:", lines: &["fileserver public --address 127.0.0.1:8080"] },
        Example {
            purpose: "Serve it over TLS to those who have a certificate of the CA:",
            lines: &["fileserver public --address :8443 --cert svc.crt \\", "  --key svc.key --roots root_ca.crt"],
        },
    ],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let file = |flag| Ok::<_, anyhow::Error>(call.text(flag)?.map(PathBuf::from));
    let credentials = match (file("cert")?, file("key")?, file("roots")?) {
        (Some(certificate), Some(key), roots) => Some(Credentials { certificate, key, roots }),
        (Some(_), None, _) => return Err(Usage::new("flag '--cert' requires the '--key' flag").into()),
        (None, Some(_), _) => return Err(Usage::new("flag '--key' requires the '--cert' flag").into()),
        (None, None, Some(_)) => return Err(Usage::new("flag '--roots' requires the '--cert' flag").into()),
        (None, None, None) => None,
    };
    let folder = call.argument(0).unwrap_or_default();
    let canonical = std::fs::canonicalize(folder).with_context(|| format!("the folder {folder} cannot be served"))?;
    if !canonical.is_dir() {
        return Err(Usage::new(format!("{folder} is not a folder")).into());
    }
    serve(Settings {
        folder: canonical,
        address: call.text("address")?.unwrap_or_else(|| ":0".to_owned()),
        credentials,
        pid_file: file("pidfile")?,
    })
}

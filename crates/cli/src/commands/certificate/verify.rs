//! `certificate verify`

use anyhow::{Context as _, anyhow, bail};
use rung_pki::chain::{self, ChainError};
use rung_pki::{Certificate, pem};

use crate::call::Call;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::ui::print;
use crate::{clock, input, peer, roots};

pub(crate) static COMMAND: Command = Command {
    name: "verify",
    summary: "check that a certificate leads to a root that is trusted",
    description: "Checks signatures, validity, and what each certificate of the chain is allowed to do. The first \
        certificate of the file is checked; the others are used as intermediates. Says nothing and ends with code 0 \
        when all is well. Without --roots the system's roots are trusted. Revocation is not looked at.",
    arguments: &[Argument {
        name: "<crt-file>",
        count: Count::One,
        help: "The certificate with its intermediates, or the URL of a server: https://, tls://, tcp://, smtps:// or \
            ldaps://. '-' is standard input.",
    }],
    flags: &[&[
        Flag::value(&["host"], "<host>", "Check that the certificate is for this host name or IP address, too."),
        Flag::value(&["roots"], "<files>", "Trust these roots: a file, several with commas between, or a folder."),
        Flag::switch(&["verbose", "v"], "Say what was checked."),
        Flag::refused_value(&["issuing-ca"], "revocation cannot be checked yet"),
        Flag::refused(&["verify-ocsp"], "revocation cannot be checked yet"),
        Flag::refused_value(&["ocsp-endpoint"], "revocation cannot be checked yet"),
        Flag::refused(&["verify-crl"], "revocation cannot be checked yet"),
        Flag::refused_value(&["crl-endpoint"], "revocation cannot be checked yet"),
        Flag::value(
            &["servername"],
            "<name>",
            "The name that a server is asked for and has to prove, instead of the one in its URL.",
        ),
        Flag::refused(&["insecure"], "nothing can be left out of the check"),
    ]],
    examples: &[Example {
        purpose: "Check a server's certificate against the root of the CA:",
        lines: &["certificate verify svc.crt --roots root_ca.crt --host svc.example.com"],
    }],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let file = call.argument(0).unwrap_or_default();
    let roots = match call.text("roots")? {
        Some(paths) => roots::given(&paths)?,
        None => roots::of_the_system()?,
    };
    let chain = if peer::is_url(file) {
        peer::Flags::of(call)?.fetch(file)?.trusted()?
    } else {
        certificates(file, &input::read("the certificate", file)?)?
    };
    let Some((leaf, intermediates)) = chain.split_first() else {
        bail!("{} contains no PEM certificate blocks", input::name(file));
    };
    chain::verify(leaf, intermediates, &roots, clock::now(), None).map_err(explain)?;
    let mut done = vec!["certificate validated against roots"];
    if let Some(host) = call.text("host")? {
        chain::matches_host(leaf, &host).map_err(explain)?;
        done.push("certificate host name validated");
    }
    done.push("certificate is valid");
    if call.switch("verbose")? {
        print(format!("{}\n", done.join("\n")).as_bytes())?;
    }
    Ok(())
}

fn explain(error: ChainError) -> anyhow::Error {
    anyhow!("failed to verify certificate: {}", roots::reason(&error))
}

fn certificates(name: &str, contents: &[u8]) -> anyhow::Result<Vec<Certificate>> {
    if let Ok(single) = Certificate::from_der(contents) {
        return Ok(vec![single]);
    }
    let blocks =
        pem::decode_all(contents).with_context(|| format!("{} contains an invalid PEM block", input::name(name)))?;
    let ders = blocks.iter().filter(|block| block.label == "CERTIFICATE").map(|block| &block.contents);
    ders.map(|der| Certificate::from_der(der).with_context(|| format!("{} cannot be used", input::name(name))))
        .collect()
}

//! `certificate fingerprint`

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use crate::call::Call;
use crate::failure::Usage;
use crate::fingerprint::encoder;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::inspect::open;
use crate::peer;
use crate::ui::print;

pub(crate) static COMMAND: Command = Command {
    name: "fingerprint",
    summary: "print the fingerprint of a certificate",
    description: "Prints the SHA-256 of a certificate or certificate signing request, PEM or DER: a short text by which \
        two people can make sure that they have the same one.",
    arguments: &[Argument {
        name: "<crt-file>",
        count: Count::Optional,
        help: "The file, or the URL of a server: https://, tls://, tcp://, smtps:// or ldaps://. Standard input without \
            it or with '-'.",
    }],
    flags: &[
        &[
            Flag::value(
                &["format"],
                "<format>",
                "hex (the default), base64, base64-url, base64-raw, base64-url-raw or emoji.",
            ),
            Flag::switch(&["bundle"], "Print the fingerprints of all certificates of the file, with their numbers."),
            Flag::switch(&["sha1"], "Use SHA-1, which is broken; needs --insecure."),
        ],
        peer::FLAGS,
    ],
    examples: &[Example {
        purpose: "Print the fingerprint of the CA's root:",
        lines: &["certificate fingerprint root_ca.crt"],
    }],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let format = call.text("format")?.unwrap_or_else(|| "hex".to_owned());
    let encode = encoder(&format).ok_or_else(|| {
        Usage::new(format!("error parsing fingerprint format: '{format}' is not a valid fingerprint format"))
    })?;
    let with_sha1 = call.switch("sha1")?;
    if with_sha1 && !call.switch("insecure")? {
        return Err(Usage::new("flag '--sha1' requires the '--insecure' flag").into());
    }
    let documents = open(call)?;
    let is_bundle = call.switch("bundle")?;
    let mut out = String::new();
    for (number, document) in documents.iter().enumerate().take(if is_bundle { documents.len() } else { 1 }) {
        if is_bundle {
            out.push_str(&format!("{number}: "));
        }
        match with_sha1 {
            true => out.push_str(&encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, document.der()).as_ref())),
            false => out.push_str(&encode(&document.fingerprint())),
        }
        out.push('\n');
    }
    print(out.as_bytes())
}

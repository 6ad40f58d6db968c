//! `crypto otp generate`

use std::path::Path;

use anyhow::{Context as _, anyhow};
use aws_lc_rs::rand;
use zeroize::Zeroizing;

use super::secret::Secret;
use super::{DIGITS, PERIOD, algorithm, number, picture};
use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Command, Example, Flag, Scope};
use crate::login::Drawing;
use crate::output::{Commit, Existing, Mode, Target};
use crate::ui::print;

pub(crate) static COMMAND: Command = Command {
    name: "generate",
    summary: "make a secret for one-time passwords",
    description: "Makes a secret for an app that shows codes, and prints it in base32, or the address that the app reads. \
        Whoever has the secret can make the codes: keep it and its QR code as you keep passwords.",
    arguments: &[],
    flags: &[&[
        Flag::value(&["issuer", "iss"], "<name>", "Who asks for the codes, such as a company or site."),
        Flag::value(&["account"], "<name>", "Whose codes they are, such as an e-mail address."),
        Flag::value(&["period"], "<seconds>", "How long a code lives; 30 seconds without it."),
        Flag::value(
            &["length", "digits"],
            "<digits>",
            "How many digits a code has; 6 without it. Most apps know 6 and 8.",
        ),
        Flag::value(&["secret-size"], "<octets>", "Octets of the secret, 16 or more; 20 without it."),
        Flag::value(&["alg", "algorithm"], "<hash>", "SHA1 (the default), SHA256 or SHA512. Some apps only know SHA1."),
        Flag::switch(&["url"], "Print the otpauth address instead of the secret."),
        Flag::value(
            &["qr"],
            "<file>",
            "Also write the address as a QR code into this <file>, a PNG picture; '-' draws it in the terminal.",
        ),
        Flag::switch(&["force", "f"], "Overwrite the file of --qr without asking."),
    ]],
    examples: &[
        Example {
            purpose: "Make a secret, and a QR code to scan:",
            lines: &[
                "crypto otp generate --issuer example.com --account me@example.com \\",
                "    --qr code.png > secret.txt",
            ],
        },
        Example {
            purpose: "Print the address for an app:",
            lines: &["crypto otp generate --issuer example.com --account me@example.com --url"],
        },
    ],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let (issuer, account) = (call.required("issuer")?, call.required("account")?);
    // The colon separates the two in the address.
    if issuer.contains(':') {
        return Err(Usage::new("flag '--issuer' cannot contain a colon").into());
    }
    let size = number(call, "secret-size", 16..=128)?.unwrap_or(20);
    let mut octets = Zeroizing::new(vec![0; usize::try_from(size)?]);
    rand::fill(&mut octets).map_err(|_| anyhow!("the system has no randomness"))?;
    let mut secret = Secret::new(octets);
    secret.algorithm = algorithm(call)?.unwrap_or(secret.algorithm);
    secret.digits = number(call, "length", DIGITS)?.unwrap_or(secret.digits);
    secret.period = number(call, "period", PERIOD)?.unwrap_or(secret.period);

    let url = secret.to_url(&issuer, &account);
    if let Some(file) = call.text("qr")? {
        show_code(call, &file, &url)?;
    }
    let text = if call.switch("url")? { url } else { secret.to_base32() };
    print(&Zeroizing::new([text.as_bytes(), b"\n"].concat()))
}

fn show_code(call: &Call, file: &str, url: &str) -> anyhow::Result<()> {
    let too_long = "issuer and account are too long for a QR code";
    if file == "-" {
        let drawing = Drawing::of(url).context(too_long)?;
        drawing.lines().iter().for_each(|line| call.ui.white_on_black(line));
        return Ok(());
    }
    let target = Target::claim(Path::new(file), Existing::forced(call.switch("force")?, &call.ui))?;
    let mut commit = Commit::default();
    commit.put(target, Mode::Private, picture::png(url).context(too_long)?);
    commit.write()
}

//! `crypto otp verify`

use std::time::SystemTime;

use anyhow::{anyhow, bail};
use aws_lc_rs::constant_time;
use zeroize::Zeroizing;

use super::secret::Secret;
use super::{DIGITS, PERIOD, algorithm, number};
use crate::call::Call;
use crate::failure::{Ended, Usage};
use crate::grammar::{Command, Example, Flag, Scope};
use crate::ui::{Question, print};
use crate::{ca, clock, input};

pub(crate) static COMMAND: Command = Command {
    name: "verify",
    summary: "verify a one-time password",
    description: "Prints 'ok' and exits with 0 if the code on standard input is the one of the secret and the present time; \
        else it prints 'fail' and exits with 1. A code can be verified any number of times: to use it once is up to you.",
    arguments: &[],
    flags: &[&[
        Flag::value(&["secret"], "<file>", "File with the secret in base32, or with the otpauth address."),
        Flag::value(
            &["period"],
            "<seconds>",
            "How long a code lives; 30 seconds, or what the address says, without it.",
        ),
        Flag::value(
            &["skew"],
            "<periods>",
            "Also take codes of so many periods before and after; more than 1 needs --insecure.",
        ),
        Flag::value(
            &["length", "digits"],
            "<digits>",
            "How many digits a code has; 6, or what the address says, without it.",
        ),
        Flag::value(
            &["alg", "algorithm"],
            "<hash>",
            "SHA1, SHA256 or SHA512; SHA1, or what the address says, without it.",
        ),
        Flag::value(
            &["time"],
            "<time|duration>",
            "Verify for another time: RFC 3339, or a duration from now such as -30s.",
        ),
        Flag::switch(&["insecure"], "Allow what is not safe."),
    ]],
    examples: &[Example {
        purpose: "Verify a code that you are asked for:",
        lines: &["crypto otp verify --secret otp.txt"],
    }],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let file = call.required("secret")?;
    let skew = number(call, "skew", 1..=100)?.unwrap_or(0);
    if skew > 1 && !call.switch("insecure")? {
        return Err(Usage::new("'--skew' values greater than 1 require the '--insecure' flag").into());
    }
    let (period, digits, algorithm) =
        (number(call, "period", PERIOD)?, number(call, "length", DIGITS)?, algorithm(call)?);
    let now = time(call)?;
    let contents = input::read("the secret", &file)?;
    let text = std::str::from_utf8(&contents).map_err(|_| anyhow!("the secret, {file}, is not text"))?;
    let mut secret = Secret::parse(text)?;
    secret.period = period.unwrap_or(secret.period);
    secret.digits = digits.unwrap_or(secret.digits);
    secret.algorithm = algorithm.unwrap_or(secret.algorithm);

    let code = code(call)?;
    if code.len() as u64 != secret.digits {
        bail!("error while validating TOTP: Input length unexpected");
    }
    let step = clock::unix_seconds(now) / secret.period;
    let mut is_right = false;
    for step in step.saturating_sub(skew)..=step.saturating_add(skew) {
        // All are compared, so that the time tells nothing.
        is_right |= constant_time::verify_slices_are_equal(secret.code(step).as_bytes(), code.as_bytes()).is_ok();
    }
    if is_right {
        return print(b"ok\n");
    }
    print(b"fail\n")?;
    Err(Ended::with(1, "").into())
}

fn code(call: &Call) -> anyhow::Result<Zeroizing<String>> {
    if let Some(text) = input::piped("the code")? {
        return Ok(Zeroizing::new(String::from_utf8_lossy(&text).trim().to_owned()));
    }
    let remedy = "write it into standard input";
    let question = Question { what: "the code", remedy, heading: "", label: "Enter Passcode" };
    call.ui.ask_text(&question, |_| Ok(())).map(Zeroizing::new)
}

/// The time of `--time`, or now.
fn time(call: &Call) -> anyhow::Result<SystemTime> {
    let now = clock::now();
    let Some((text, when)) = ca::when::flag(call, "time")? else { return Ok(now) };
    let resolved = when.resolve(now);
    Ok(resolved.ok_or_else(|| Usage::new(format!("invalid value '{text}' for flag '--time'")))?)
}

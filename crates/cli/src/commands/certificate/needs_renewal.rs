//! `certificate needs-renewal`

use std::time::{Duration, SystemTime};

use anyhow::{anyhow, bail};
use rung_pki::Certificate;
use rung_spec::GoDuration;

use crate::call::Call;
use crate::clock;
use crate::failure::{Ended, Usage};
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::inspect::{Document, Json, Object, open, rfc3339};
use crate::peer;
use crate::ui::{print, shown};

pub(crate) static COMMAND: Command = Command {
    name: "needs-renewal",
    summary: "say by the exit code whether a certificate should be renewed",
    description: "Ends with 0 when the certificate should be renewed, and with 1 when it need not be yet; with 2 when \
        the file is not there, and with 255 for any other error. A certificate should be renewed when two thirds of its \
        lifetime are over, or what --expires-in says.",
    arguments: &[Argument {
        name: "<cert-file or hostname>",
        count: Count::One,
        help: "The file, or the URL of a server: https://, tls://, tcp://, smtps:// or ldaps://.",
    }],
    flags: &[
        &[
            Flag::value(
                &["expires-in"],
                "<percent|duration>",
                "When it should be renewed: when so much of its lifetime is over, such as 75% (the default is 66%), or \
                when so little of it is left, such as 8h30m.",
            ),
            Flag::switch(&["bundle"], "Look at all certificates of the file: one that needs it is enough."),
            Flag::switch(&["verbose", "v"], "Say the answer in words, too."),
            Flag::json_or_text(),
        ],
        SERVER,
    ],
    examples: &[
        Example {
            purpose: "Renew a certificate only when it is time:",
            lines: &["certificate needs-renewal svc.crt --expires-in 100% || echo there is time"],
        },
        Example {
            purpose: "Ask whether what a server shows ends within a week:",
            lines: &["certificate needs-renewal https://www.example.com --expires-in 168h --verbose"],
        },
    ],
    scope: Scope::Anywhere,
    run,
};

/// The flags for servers, without the one that switches the verification off.
const SERVER: &[Flag] = &[
    Flag::value(&["roots"], "<files>", "Roots that a server has to prove itself with, instead of the system's."),
    Flag::value(&["servername"], "<name>", "The name that a server is asked for, instead of the one in its URL."),
];

/// When a certificate should be renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Threshold {
    /// So many hundredths of the lifetime are over.
    Elapsed(u64),
    /// So much time is left, or less.
    Left(Duration),
}

fn run(call: &Call) -> anyhow::Result<()> {
    let is_json = call.wants_json().map_err(other)?;
    let answers = decide(call)?;
    let is_due = answers.iter().any(|(_, due)| *due);
    if is_json {
        print(report(&answers, is_due).pretty().as_bytes())?;
    }
    match is_due {
        _ if is_json && is_due => Ok(()),
        _ if is_json => Err(Ended::with(1, "").into()),
        true => match call.switch("verbose")? {
            true => print(b"certificate needs renewal\n"),
            false => Ok(()),
        },
        false => {
            let text = if call.switch("verbose")? { "certificate does not need renewal" } else { "" };
            Err(Ended::with(1, text).into())
        }
    }
}

/// An error with its own exit code: 1 says that there is time.
fn other(error: anyhow::Error) -> anyhow::Error {
    Ended::with(255, format!("{error:#}")).into()
}

/// The answer for each certificate as JSON.
fn report(answers: &[(Certificate, bool)], is_due: bool) -> Json {
    let one = |(certificate, due): &(Certificate, bool)| {
        let mut out = Object::new();
        out.put("subject_dn", certificate.subject().to_string());
        out.put("serial_number", certificate.serial().to_string());
        out.put("start", rfc3339(certificate.not_before()));
        out.put("end", rfc3339(certificate.not_after()));
        out.put("needs_renewal", *due);
        Json::from(out)
    };
    let mut out = Object::new();
    out.put("needs_renewal", is_due);
    out.put("certificates", Json::List(answers.iter().map(one).collect()));
    out.into()
}

/// The certificates that are looked at, each with whether it should be renewed.
fn decide(call: &Call) -> anyhow::Result<Vec<(Certificate, bool)>> {
    let place = call.argument(0).unwrap_or_default();
    let threshold = threshold(&call.text("expires-in")?.unwrap_or_else(|| DEFAULT.to_owned())).map_err(other)?;
    if !peer::is_url(place) && std::fs::metadata(place).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
    {
        return Err(Ended::with(2, format!("stat {}: no such file or directory", shown(place))).into());
    }
    let certificates: Vec<Certificate> =
        open(call).map_err(other)?.into_iter().filter_map(Document::into_certificate).collect();
    if certificates.is_empty() {
        return Err(other(anyhow!("{} holds no certificate", shown(place))));
    }
    let count = if call.switch("bundle")? { certificates.len() } else { 1 };
    let now = clock::now();
    let due = |certificate: &Certificate| is_due(certificate.not_before(), certificate.not_after(), threshold, now);
    let answer = |certificate: Certificate| {
        let due = due(&certificate);
        (certificate, due)
    };
    Ok(certificates.into_iter().take(count).map(answer).collect())
}

const DEFAULT: &str = "66%";

fn threshold(text: &str) -> anyhow::Result<Threshold> {
    let invalid = |why: &str| Usage::new(format!("invalid value '{text}' for flag '--expires-in'{why}"));
    if let Some(percent) = text.strip_suffix('%') {
        let percent: u64 = percent.parse().map_err(|_| invalid("; write a whole number before the %"))?;
        if percent > 100 {
            bail!(invalid("; value must be in range 0-100%"));
        }
        return Ok(Threshold::Elapsed(percent));
    }
    let duration: GoDuration =
        text.parse().map_err(|_| invalid("; write a percentage such as 75%, or a duration such as 8h30m"))?;
    Ok(Threshold::Left(duration.positive().ok_or_else(|| invalid("; a duration must not be negative"))?))
}

fn is_due(not_before: SystemTime, not_after: SystemTime, threshold: Threshold, now: SystemTime) -> bool {
    let Ok(left) = not_after.duration_since(now) else { return true };
    match threshold {
        Threshold::Left(enough) => left <= enough,
        Threshold::Elapsed(percent) => {
            let lifetime = not_after.duration_since(not_before).unwrap_or_default().as_secs().max(1);
            let elapsed = now.duration_since(not_before).unwrap_or_default().as_secs();
            now >= not_before && elapsed * 100 / lifetime >= percent
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_due_by_its_lifetime_or_by_what_is_left() {
        let at = |seconds: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let due = |threshold: &str, now: u64| is_due(at(1000), at(2000), super::threshold(threshold).unwrap(), at(now));
        assert_eq!((due("66%", 1659), due("66%", 1660)), (false, true));
        assert_eq!((due("0%", 1000), due("0%", 999)), (true, false));
        assert_eq!((due("100%", 1999), due("100%", 2000), due("100%", 2001)), (false, true, true));
        assert_eq!((due("5m", 1699), due("5m", 1700)), (false, true));
        for wrong in ["x", "5", "1d", "50.5%", "101%", "-1%", "%", "-5m"] {
            assert!(threshold(wrong).is_err(), "{wrong}");
        }
    }
}

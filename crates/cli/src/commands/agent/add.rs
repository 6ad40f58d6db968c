//! `agent add`

use anyhow::{Context as _, bail};
use rung_api::client::CaUrl;

use crate::agent::settings::{self, Entry, Settings};
use crate::ca::connection;
use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::renewal::flags::{Timing, pair};
use crate::renewal::words;

pub(crate) static COMMAND: Command = Command {
    name: "add",
    summary: "put a certificate on the list",
    description: "Puts a certificate on the list of the agent, which renews it from then on. Address and root of the CA \
        go into the list, too, so that the agent depends on no other settings. A running agent takes it up within \
        seconds. A certificate that is on the list already gets the new settings.",
    arguments: &[
        Argument { name: "<crt-file>", count: Count::One, help: "The certificate, PEM." },
        Argument { name: "<key-file>", count: Count::One, help: "Its private key." },
    ],
    flags: &[
        &[
            Flag::value(
                &["exec"],
                "<command>",
                "Run this command after each change. Words are separated by spaces and may be quoted; no shell reads \
                 them. It finds the paths in RUNG_CRT_FILE and RUNG_KEY_FILE, and has five minutes.",
            ),
            Flag::value(
                &["pid-file"],
                "<file>",
                "Send a signal after each change to the process whose number is in this <file>.",
            ),
            Flag::value(&["signal"], "<number>", "The signal to send; 1 (SIGHUP) without it."),
            Flag::value(
                &["expires-in"],
                "<duration>",
                "Renew when this much of the lifetime is left; a third without it.",
            ),
            Flag::switch(&["rekey"], "Make a new key of the same kind each time."),
            Flag::switch(&["mtls"], "Prove possession of the key in the TLS handshake; --mtls=false sends a token."),
            Flag::value(&["password-file"], "<file>", "File with the password of the key, which has to stay there."),
            settings::FLAG,
        ],
        connection::FLAGS,
    ],
    examples: &[
        Example {
            purpose: "Have nginx take up the new certificate:",
            lines: &["agent add /etc/ssl/svc.crt /etc/ssl/svc.key --exec \"systemctl reload nginx\""],
        },
        Example {
            purpose: "Have a new key each time, and signal a process:",
            lines: &["agent add svc.crt svc.key --rekey --pid-file /run/svc.pid"],
        },
    ],
    scope: Scope::Within,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let [crt, key] = call.arguments() else { unreachable!("two arguments are needed") };
    let entry = entry(call, crt, key)?;
    // What is wrong with the pair is best said to the person who adds it.
    if call.text("password-file")?.as_deref() == Some("-") {
        return Err(Usage::new("flag '--password-file' needs a file that the agent can read again").into());
    }
    let pair = pair(call)?;
    Timing { rule: entry.rule()?, daemon: true }.check(&pair, "expires-in")?;
    let path = settings::path(call)?;
    let mut list = Settings::read(&path)?;
    let name = entry.crt.clone();
    match list.certificates.iter_mut().find(|other| other.crt == entry.crt) {
        Some(other) => *other = entry,
        None => list.certificates.push(entry),
    }
    let text = serde_json::to_vec(&list)?;
    Settings::parse(&text)?;
    list.write(&path)?;
    call.ui.done("Certificate", &format!("{name} ({})", pair.name()));
    call.ui.done("List", &path.to_string_lossy());
    Ok(())
}

fn entry(call: &Call, crt: &str, key: &str) -> anyhow::Result<Entry> {
    let url: CaUrl = connection::ca_url(&call.required("ca-url")?)?;
    // They have to be there now, and every time that they are needed.
    connection::roots(call)?;
    let root = match call.text("root")? {
        Some(file) => absolute(&file)?,
        None => absolute(&call.folders()?.root().to_string_lossy())?,
    };
    let exec = call.text("exec")?.map(|text| {
        words::split(&text).map_err(|error| Usage::new(format!("invalid value '{text}' for flag '--exec': {error}")))
    });
    let signal = call.text("signal")?.map(|text| {
        let number = text.parse().ok().filter(|number| (1..=64).contains(number));
        number.ok_or_else(|| Usage::new(format!("invalid value '{text}' for flag '--signal'")))
    });
    let pid_file = call.text("pid-file")?.map(|file| absolute(&file)).transpose()?;
    if signal.is_some() && pid_file.is_none() {
        return Err(Usage::new("flag '--signal' requires the '--pid-file' flag").into());
    }
    Ok(Entry {
        crt: absolute(crt)?,
        key: absolute(key)?,
        ca_url: url.to_string(),
        root,
        exec: exec.transpose()?.unwrap_or_default(),
        pid_file,
        signal: signal.transpose()?,
        expires_in: call.text("expires-in")?,
        rekey: call.switch("rekey")?,
        token: !call.switch_if_given("mtls")?.unwrap_or(true),
        password_file: call.text("password-file")?.map(|file| absolute(&file)).transpose()?,
    })
}

/// A path from the root of the file system, since the agent starts elsewhere.
pub(super) fn absolute(file: &str) -> anyhow::Result<String> {
    if file == "-" {
        bail!("'-' is not a file that the agent can read again");
    }
    let path = std::path::absolute(file).with_context(|| format!("could not tell where {file} is"))?;
    path.into_os_string().into_string().ok().with_context(|| format!("the path of {file} is not UTF-8 text"))
}

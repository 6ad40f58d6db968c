//! `agent status`

use std::fmt::Write as _;
use std::time::SystemTime;

use rung_api::table;
use rung_pki::Certificate;
use rung_spec::GoDuration;
use serde::Serialize;
use time::OffsetDateTime;

use crate::agent::lock::Lock;
use crate::agent::notes::{HookRun, Notes, Trouble};
use crate::agent::settings::{self, Entry, Settings, notes_folder};
use crate::call::Call;
use crate::grammar::{Command, Example, Flag, Scope};
use crate::renewal::flags::rounded;
use crate::renewal::pair::name;
use crate::ui::{print, shown};
use crate::{clock, input};

pub(crate) static COMMAND: Command = Command {
    name: "status",
    summary: "show how the certificates on the list are",
    description: "Shows for each certificate on the list until when it is valid, when it is renewed, and what went \
        wrong the last time. It looks at the files and at the notes of the agent, so it works whether the agent runs or \
        not. The exit code is 1 when something needs attention: a certificate that is missing or has expired, a renewal \
        or a hook that failed, or no agent.",
    arguments: &[],
    flags: &[&[
        Flag::value(&["format"], "<format>", "'text' (the default) or 'json'."),
        settings::FLAG,
        Flag::value(&["context"], "<name>", crate::ca::connection::CONTEXT_HELP),
    ]],
    examples: &[
        Example { purpose: "See how it goes:", lines: &["agent status"] },
        Example { purpose: "In a script:", lines: &["agent status --format json"] },
    ],
    scope: Scope::Within,
    run,
};

/// How one certificate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    /// It is valid, and nothing went wrong.
    Fresh,
    /// It is valid, but its users were not told of it.
    HookFailed,
    /// It is valid, but could not be renewed.
    Failing,
    /// It is not valid any more.
    Expired,
    /// It is not there, or cannot be read.
    Missing,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    certificate: String,
    state: State,
    name: Option<String>,
    serial: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    not_after: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    next: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    renewed: Option<OffsetDateTime>,
    renewals: u64,
    failures: u32,
    trouble: Option<Trouble>,
    hook: Option<HookRun>,
    hook_owed: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    /// The number of the agent's process.
    agent: Option<String>,
    certificates: Vec<Status>,
}

fn run(call: &Call) -> anyhow::Result<()> {
    let is_json = call.wants_json()?;
    let path = settings::path(call)?;
    let folder = notes_folder(&path);
    let list = Settings::read(&path)?;
    let now = clock::now();
    let statuses: anyhow::Result<Vec<Status>> =
        list.certificates.iter().map(|entry| Ok(status(entry, Notes::read(&folder, &entry.crt)?, now))).collect();
    let report = Report { agent: Lock::holder(&folder), certificates: statuses? };
    if is_json {
        print(format!("{}\n", serde_json::to_string_pretty(&report)?).as_bytes())?;
    } else {
        print(text(&report, now)?.as_bytes())?;
    }
    let wrong = report.certificates.iter().filter(|status| status.state != State::Fresh).count();
    match (wrong, &report.agent) {
        (0, Some(_)) => Ok(()),
        (0, None) if report.certificates.is_empty() => Ok(()),
        (0, None) => anyhow::bail!("no agent is running; start it with '{} agent run'", call.program.name),
        (1, _) => anyhow::bail!("1 certificate needs attention"),
        (wrong, _) => anyhow::bail!("{wrong} certificates need attention"),
    }
}

fn status(entry: &Entry, notes: Notes, now: SystemTime) -> Status {
    let read =
        || -> anyhow::Result<Certificate> { Ok(Certificate::from_pem(&input::read("the certificate", &entry.crt)?)?) };
    let leaf = read();
    let state = match &leaf {
        Err(_) => State::Missing,
        Ok(leaf) if leaf.not_after() < now => State::Expired,
        Ok(_) if notes.trouble.is_some() => State::Failing,
        Ok(_) if notes.hook.as_ref().is_some_and(|hook| hook.error.is_some()) => State::HookFailed,
        Ok(_) => State::Fresh,
    };
    let missing = leaf.as_ref().err().map(|error| Trouble { at: clock::stamp(now), why: format!("{error:#}") });
    let leaf = leaf.ok();
    Status {
        certificate: entry.crt.clone(),
        state,
        name: leaf.as_ref().map(name),
        serial: leaf.as_ref().map(|leaf| leaf.serial().to_string()),
        not_after: leaf.as_ref().map(|leaf| clock::stamp(leaf.not_after())),
        next: notes.next,
        renewed: notes.renewed,
        renewals: notes.renewals,
        failures: notes.failures,
        trouble: notes.trouble.or(missing),
        hook: notes.hook,
        hook_owed: notes.owed.is_some(),
    }
}

fn text(report: &Report, now: SystemTime) -> anyhow::Result<String> {
    let mut out = match &report.agent {
        Some(process) => format!("The agent is running as process {}.\n", shown(process)),
        None => "No agent is running.\n".to_owned(),
    };
    let heads = ["CERTIFICATE", "NAME", "STATE", "EXPIRES IN", "NEXT RENEWAL"].map(str::to_owned);
    let mut rows = vec![heads];
    for status in &report.certificates {
        let state = serde_json::to_value(status.state)?.as_str().unwrap_or_default().replace('-', " ");
        rows.push([
            shown(&status.certificate).into_owned(),
            shown(status.name.as_deref().unwrap_or("-")).into_owned(),
            state,
            left(status.not_after, now),
            left(status.next, now),
        ]);
    }
    out.push_str(&table(&rows));
    for status in &report.certificates {
        if let Some(trouble) = &status.trouble {
            writeln!(out, "{}: {}", shown(&status.certificate), shown(&trouble.why))?;
        }
        if let Some(error) = status.hook.as_ref().and_then(|hook| hook.error.as_ref()) {
            writeln!(out, "{}: its hook failed: {}", shown(&status.certificate), shown(error))?;
        }
    }
    Ok(out)
}

fn left(time: Option<OffsetDateTime>, now: SystemTime) -> String {
    let Some(time) = time else { return "-".to_owned() };
    match SystemTime::from(time).duration_since(now) {
        Ok(left) => GoDuration::from(rounded(left)).to_string(),
        Err(_) => "now".to_owned(),
    }
}

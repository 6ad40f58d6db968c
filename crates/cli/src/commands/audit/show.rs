//! `audit show`

use super::{FOLDER, KEY};
use crate::audit::{Export, Record};
use crate::call::Call;
use crate::grammar::{Command, Example, Flag, Scope};
use crate::ui::{print, shown};

pub(crate) static COMMAND: Command = Command {
    name: "show",
    summary: "show the decisions of an authority",
    description: "Checks the whole record in a folder and shows it, or the part that the flags leave: one line each in \
        text, one JSON object a line in JSON, just as they are hashed.",
    arguments: &[FOLDER],
    flags: &[&[
        KEY,
        Flag::value(&["format"], "<format>", "'text' (the default) or 'json'."),
        Flag::value(&["action"], "<action>", "Only such decisions, as 'issued', 'renewed', 'revoked' or 'refused'."),
        Flag::value(&["who"], "<text>", "Only about this e-mail address or subject."),
        Flag::value(&["provisioner"], "<name>", "Only by this provisioner."),
        Flag::value(&["serial"], "<serial>", "Only about the certificate with this serial number, decimal."),
        Flag::value(&["request-id"], "<id>", "Only of this request, as it stands in the log and in answers."),
    ]],
    examples: &[
        Example { purpose: "See everything that an authority has decided:", lines: &["audit show exported"] },
        Example {
            purpose: "List the checks that failed:",
            lines: &["audit show exported --action refused --format json | jq .detail.check"],
        },
        Example { purpose: "See what became of a certificate:", lines: &["audit show exported --serial 1000"] },
    ],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let is_json = call.wants_json()?;
    let wanted = [("serial", call.text("serial")?), ("provisioner", call.text("provisioner")?)];
    let (action, who, request) = (call.text("action")?, call.text("who")?, call.text("request-id")?);
    let export = Export::open(call.argument(0).unwrap_or_default(), call.text("key")?.as_deref())?;
    // Nothing is shown of a record that is not whole.
    export.check(|_| None)?;
    let fits = |given: &Option<String>, is: Option<&str>| given.as_deref().is_none_or(|given| is == Some(given));
    export.walk(|octets| {
        let record = Record::parse(octets)?;
        let is_shown = fits(&action, Some(&record.action))
            && fits(&request, Some(&record.request_id))
            && wanted.iter().all(|(member, given)| fits(given, record.detail(member)))
            && (fits(&who, record.detail("email")) || fits(&who, record.detail("subject")));
        match (is_shown, is_json) {
            (false, _) => Ok(()),
            (true, true) => print(&[octets, b"\n"].concat()),
            (true, false) => print(line(&record).as_bytes()),
        }
    })
}

fn line(record: &Record) -> String {
    let serial = record.detail("serial").map(|serial| format!("  serial {serial}")).unwrap_or_default();
    let by = record.detail("provisioner").map(|name| format!(" ({name})")).unwrap_or_default();
    let who = format!("{}{by}", record.who().unwrap_or("-"));
    let line = format!(
        "{:>8}  {}  {:<9}  {who:<32}  {}{serial}",
        record.position,
        record.when(),
        record.action,
        record.what(),
    );
    format!("{}\n", shown(line.trim_end()))
}

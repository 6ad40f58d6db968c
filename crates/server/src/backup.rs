//! `rung-ca backup`, `restore` and `confirm-restore`: copies of the database, and putting one back.

use std::{
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
};

use anyhow::bail;
use rung_authority::clock::{Clock as _, SystemClock};
use rung_pki::hex;
use rung_store::{
    SqliteStore,
    backup::{self, Contents},
};
use serde_json::json;

use crate::{
    args::{self, Settings, UsageError},
    audit,
    daemon::{Failure, database_of},
    log::rfc3339,
};

/// What is to be done with a copy of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    what: What,
    config: Option<PathBuf>,
    context: Option<String>,
    database: Option<PathBuf>,
    json: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Backup(PathBuf),
    Confirm,
    Restore(PathBuf),
}

/// The first words of these commands.
pub const NAMES: [&str; 3] = ["backup", "confirm-restore", "restore"];

/// Read the words behind `name`, which is one of [`NAMES`]; nothing when help is asked for.
///
/// # Errors
/// What cannot be understood.
pub fn parse(program: &str, name: &str, words: impl IntoIterator<Item = String>) -> Result<Option<Ask>, UsageError> {
    let is_flag = |name: &str| ["context", "database", "format"].contains(&name);
    let Some((positional, flags)) = args::apart(words, is_flag)? else { return Ok(None) };
    let (mut context, mut database, mut json) = (None, None, false);
    for (flag, value) in flags {
        match (flag.as_str(), value.as_str()) {
            ("context", _) => context = Some(value),
            ("database", _) => database = Some(PathBuf::from(value)),
            (_, "json") => json = true,
            (_, "text") => json = false,
            _ => return Err(UsageError::Format(value)),
        }
    }
    let mut positional = positional.into_iter();
    let what = match name {
        "confirm-restore" => What::Confirm,
        _ => {
            let Some(file) = positional.next().map(PathBuf::from) else { return Ok(None) };
            if name == "backup" { What::Backup(file) } else { What::Restore(file) }
        }
    };
    let config = positional.next().map(PathBuf::from);
    match positional.next() {
        None => Ok(Some(Ask { what, config, context, database, json })),
        Some(_) => Err(UsageError::TooMany { program: format!("{program} {name}") }),
    }
}

/// Do it, and say what was done.
///
/// # Errors
/// When it cannot be done.
pub fn run(ask: &Ask) -> Result<(), Failure> {
    let settings = Settings { config: ask.config.clone(), context: ask.context.clone(), ..Settings::default() };
    let database = database_of(ask.database.as_deref(), &settings)?;
    let done = match &ask.what {
        What::Backup(file) => back_up(&database, file, ask.json),
        What::Confirm => confirm(&database, ask.json),
        What::Restore(file) => restore(file, &database, ask.json),
    };
    done.map_err(Failure::Start)
}

fn back_up(database: &Path, file: &Path, in_json: bool) -> anyhow::Result<()> {
    let mut shown = Shown::default();
    let contents = backup::copy(database, file, &mut |done, all| shown.show(done, all));
    shown.clear();
    say(&contents?, ("backup", file), None, in_json)
}

fn restore(file: &Path, database: &Path, in_json: bool) -> anyhow::Result<()> {
    let restored = backup::restore(file, database)?;
    say(&restored.contents, ("database", database), Some((restored.before.as_deref(), restored.gap)), in_json)
}

fn confirm(database: &Path, in_json: bool) -> anyhow::Result<()> {
    if !database.exists() {
        bail!("there is no database at {}", database.display());
    }
    let gap = rung_store::backup::gap(database)?;
    let Some(gap) = gap else {
        match in_json {
            true => println!("{}", json!({"confirmed": false})),
            false => println!("There is nothing to confirm: {} is as it was left.", database.display()),
        }
        return Ok(());
    };
    let detail = json!({"gap": gap.to_string()});
    let entry = audit::entry(SystemClock.now(), "restore confirmed", &detail);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(SqliteStore::confirm(database, entry))?;
    match in_json {
        true => println!("{}", json!({"confirmed": true, "gap": gap.to_string()})),
        false => println!(
            "Confirmed, and on record: {gap}.\nThe authority can be started. Revoke again what was revoked since the backup."
        ),
    }
    Ok(())
}

/// How far a long copy is, where somebody watches.
#[derive(Default)]
struct Shown {
    percent: Option<u64>,
}

impl Shown {
    fn show(&mut self, done: u64, all: u64) {
        let percent = done * 100 / all.max(1);
        if std::io::stderr().is_terminal() && self.percent != Some(percent) {
            self.percent = Some(percent);
            eprint!("\rcopied {percent} %");
            let _ = std::io::stderr().flush();
        }
    }

    fn clear(&self) {
        if self.percent.is_some() {
            eprint!("\r\u{1b}[K");
        }
    }
}

type Put<'a> = (Option<&'a Path>, Option<rung_store::Gap>);

fn say(contents: &Contents, (what, file): (&str, &Path), put: Option<Put<'_>>, in_json: bool) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let last = contents.last.map(rfc3339).unwrap_or_default();
    if in_json {
        let mut said = json!({
            "file": file, "octets": contents.size, "certificates": contents.certificates,
            "revocations": contents.revocations, "records": contents.records, "root": hex(&contents.root), "last": last,
        });
        if let Some((before, gap)) = put {
            said["before"] = json!(before);
            said["gap"] = json!(gap.map(|gap| gap.to_string()));
        }
        return Ok(writeln!(out, "{said}")?);
    }
    let lines = [
        (what, file.display().to_string()),
        ("octets", contents.size.to_string()),
        ("certificates", contents.certificates.to_string()),
        ("revocations", contents.revocations.to_string()),
        ("records", format!("{}, the last of {last}", contents.records)),
        ("root", hex(&contents.root)),
    ];
    for (label, value) in lines {
        writeln!(out, "{:14}{value}", format!("{label}:"))?;
    }
    match put {
        None => writeln!(out, "Every page, certificate and record in it was looked at.")?,
        Some((before, gap)) => {
            if let Some(before) = before {
                writeln!(out, "{:14}{}", "before:", before.display())?;
            }
            match gap {
                None => writeln!(out, "Nothing is missing: the authority can be started.")?,
                Some(gap) => writeln!(
                    out,
                    "{gap}.\nThe authority does not start until you say that this is meant: rung-ca confirm-restore"
                )?,
            }
        }
    }
    Ok(())
}

/// The page that explains it.
pub fn help(program: &str) -> String {
    format!(
        "NAME
  {program} backup, restore, confirm-restore -- copies of the database, and putting one back

USAGE
  {program} backup FILE [config] [--format text|json]
  {program} restore FILE [config] [--format text|json]
  {program} confirm-restore [config] [--format text|json]

DESCRIPTION
  `backup` copies the database as it is at one moment, while the authority runs or not, into
  one file that only you can read. The copy is looked through before it gets its name: every
  page, certificate and record. Keys and configuration are files of their own; keep them, too.

  `restore` looks a copy through and puts it in the place of the database. The authority must
  not be running. The database that was there is moved aside, not removed.

  Beside the database is a file, `-mark`, that says how far it had come. A database that lacks
  what was decided since is not served: what was revoked would be taken for good, and tokens
  could be used again. `confirm-restore` says that this is known; it goes on record. Revoke
  again what was revoked since the backup.

OPTIONS
  --database FILE       this database instead of the one that the configuration names
  --context NAME        the context whose configuration is meant
  --format FORMAT       text or json

EXAMPLES
  A copy every night:
    $ {program} backup /backup/rung-$(date +%F).sqlite

  The machine is new, and the copy is all there is:
    $ {program} restore /backup/rung-2026-03-01.sqlite
    $ {program} confirm-restore
    $ systemctl start rung-ca
"
    )
}

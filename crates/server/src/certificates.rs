//! `rung-ca certificates`: what an administrator sees of the certificates on record, while the CA runs or not.

mod print;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, bail};
use rung_authority::clock::{Clock as _, SystemClock};
use rung_pki::{Certificate, SerialNumber, keyfile};
use rung_spec::{Config, GoDuration};
use rung_store::inventory::{Cursor, Entry, Filter, Inventory, State};

use crate::args::{Settings, UsageError};
use crate::daemon::{Failure, config_path, database_file};
use print::Format;

/// What is asked of the certificates on record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ask {
    what: What,
    config: Option<PathBuf>,
    context: Option<String>,
    database: Option<PathBuf>,
    flags: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum What {
    Export,
    #[default]
    List,
    Show(String),
}

/// Read the words behind `certificates`; nothing when help is asked for.
///
/// # Errors
/// What cannot be understood.
pub fn parse(program: &str, words: impl IntoIterator<Item = String>) -> Result<Option<Ask>, UsageError> {
    let mut ask = Ask::default();
    let mut positional = Vec::new();
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let Some(flag) = word.strip_prefix("--").or_else(|| word.strip_prefix('-')).filter(|flag| !flag.is_empty())
        else {
            positional.push(word);
            continue;
        };
        let (name, value) = match flag.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (flag, None),
        };
        if matches!(name, "help" | "h") {
            return Ok(None);
        }
        if !FLAGS.contains(&name) {
            return Err(UsageError::Unknown(name.to_owned()));
        }
        let value = value.or_else(|| words.next()).ok_or_else(|| UsageError::MissingValue(name.to_owned()))?;
        match name {
            "context" => ask.context = Some(value),
            "database" => ask.database = Some(PathBuf::from(value)),
            _ => ask.flags.push((name.to_owned(), value)),
        }
    }
    let mut positional = positional.into_iter();
    ask.what = match positional.next().as_deref() {
        Some("list") => What::List,
        Some("export") => What::Export,
        Some("show") => What::Show(positional.next().ok_or_else(|| UsageError::MissingValue("serial".to_owned()))?),
        _ => return Ok(None),
    };
    ask.config = positional.next().map(PathBuf::from);
    match positional.next() {
        None => Ok(Some(ask)),
        Some(_) => Err(UsageError::TooMany { program: format!("{program} certificates") }),
    }
}

const FLAGS: [&str; 13] = [
    "after",
    "context",
    "database",
    "ends-after",
    "ends-before",
    "expires-within",
    "format",
    "key",
    "limit",
    "name",
    "provisioner",
    "serial",
    "state",
];

/// Print what was asked for to `out`.
///
/// # Errors
/// When a value is none, or the store cannot be read.
pub fn run(ask: &Ask, out: &mut dyn std::io::Write) -> Result<(), Failure> {
    let file = match &ask.database {
        Some(file) => database_file(file),
        None => configured(ask)?,
    };
    look(ask, &file, out).map_err(Failure::Start)
}

fn look(ask: &Ask, file: &Path, out: &mut dyn std::io::Write) -> anyhow::Result<()> {
    let now = SystemClock.now();
    let wanted = Wanted::of(ask, now)?;
    let inventory = Inventory::open(file)?;
    match &ask.what {
        What::Show(_) => {
            let found = wanted.page(&inventory, None, 1, now)?;
            let Some(entry) = found.entries.first() else {
                bail!("there is no such certificate in {}", file.display())
            };
            print::one(entry, wanted.format, now, out)
        }
        What::List => {
            let page = wanted.page(&inventory, wanted.after, wanted.limit, now)?;
            print::page(&page, wanted.format, now, out)
        }
        What::Export => {
            let (mut after, mut first) = (wanted.after, true);
            loop {
                let page = wanted.page(&inventory, after, 1000, now)?;
                print::part(&page, (wanted.format, first), now, out)?;
                (after, first) = (page.next, false);
                if after.is_none() {
                    return Ok(out.flush()?);
                }
            }
        }
    }
}

/// The database that the configuration names.
fn configured(ask: &Ask) -> Result<PathBuf, Failure> {
    let settings = Settings { config: ask.config.clone(), context: ask.context.clone(), ..Settings::default() };
    let path = config_path(&settings)?;
    let read = || -> anyhow::Result<PathBuf> {
        let text = fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))?;
        let config = Config::parse(&text, &path)?;
        let missing = || format!("{} has no database, so no certificates are kept", path.display());
        Ok(database_file(&config.db.with_context(missing)?.data_source))
    };
    read().map_err(Failure::Start)
}

/// What is wanted, with every value read.
struct Wanted {
    filter: Filter,
    after: Option<Cursor>,
    limit: u32,
    format: Format,
}

/// Some of the certificates that are wanted.
struct Page {
    entries: Vec<Entry>,
    /// Where to go on, when there may be more.
    next: Option<Cursor>,
}

impl Wanted {
    fn of(ask: &Ask, now: SystemTime) -> anyhow::Result<Self> {
        let usual = if ask.what == What::Export { Format::Csv } else { Format::Text };
        let mut wanted = Self { filter: Filter::default(), after: None, limit: 100, format: usual };
        if let What::Show(serial) = &ask.what {
            wanted.set("serial", serial, now)?;
        }
        for (name, value) in &ask.flags {
            wanted.set(name, value, now).with_context(|| format!("invalid value '{value}' for flag '--{name}'"))?;
        }
        Ok(wanted)
    }

    fn set(&mut self, name: &str, value: &str, now: SystemTime) -> anyhow::Result<()> {
        let filter = &mut self.filter;
        match name {
            "after" => self.after = Some(value.parse()?),
            "ends-after" => filter.ends_from = Some(instant(value, now)?),
            "ends-before" => filter.ends_before = Some(instant(value, now)?),
            "expires-within" => {
                let duration = value.parse::<GoDuration>()?.positive().context("it is negative")?;
                (filter.ends_from, filter.ends_before) = (Some(now), Some(now + duration));
            }
            "format" => self.format = value.parse()?,
            "key" => filter.key = Some(public_key(&fs::read(value)?)?),
            "limit" => {
                self.limit = value.parse().ok().filter(|limit| *limit > 0).context("it is not a number above zero")?
            }
            "name" => filter.names.push(value.to_owned()),
            "provisioner" => filter.provisioner = Some(value.to_owned()),
            "serial" => filter.serial = Some(value.parse::<SerialNumber>()?),
            "state" => {
                filter.state = Some(match value {
                    "expired" => State::Expired,
                    "revoked" => State::Revoked,
                    "valid" => State::Valid,
                    _ => bail!("options are expired, revoked, valid"),
                });
            }
            _ => unreachable!("the command line was read with the same table"),
        }
        Ok(())
    }

    fn page(&self, inventory: &Inventory, after: Option<Cursor>, limit: u32, now: SystemTime) -> anyhow::Result<Page> {
        let entries = inventory.page(&self.filter, after, (limit, now))?;
        let full = entries.len() == limit as usize;
        let next = entries.last().filter(|_| full).map(|entry| entry.cursor);
        Ok(Page { entries, next })
    }
}

/// A point in time, or a duration from now.
fn instant(text: &str, now: SystemTime) -> anyhow::Result<SystemTime> {
    let when = rung_spec::TimeOrDuration::parse(text)?.context("it is empty")?;
    when.resolve(now).context("it is out of range")
}

/// The public key of a certificate, a public or a private key, DER.
fn public_key(contents: &[u8]) -> anyhow::Result<Vec<u8>> {
    match Certificate::from_pem(contents) {
        Ok(certificate) => Ok(certificate.public_key_info().to_vec()),
        Err(_) => Ok(keyfile::read_public_key(contents)?.spki().to_vec()),
    }
}

/// The page that explains it.
pub fn help(program: &str) -> String {
    format!(
        "NAME
  {program} certificates -- look through the certificates on record

USAGE
  {program} certificates list [config] [filters] [--limit N] [--after CURSOR] [--format text|json|csv]
  {program} certificates show SERIAL [config] [--format text|json|pem]
  {program} certificates export [config] [filters] [--format csv|json|pem]

DESCRIPTION
  Reads the database of a CA, which may be running; nothing is changed. Certificates come in the
  order of their ends. `list` shows a page, 100 unless --limit says otherwise, and what to pass
  with --after for the next one; `export` writes all of them, JSON as one object a line.

  Searches are quick however many certificates there are.

FILTERS
  --name NAME           common name, DNS name, e-mail address, IP address or URI, whole
  --provisioner NAME    the provisioner that granted it
  --state STATE         valid, expired or revoked
  --expires-within D    it is valid and ends within a duration such as 720h
  --ends-after T, --ends-before T
                        a time such as 2026-03-01T08:00:00Z, or a duration from now
  --key FILE            it is for the key of this certificate or public key, PEM
  --serial N            serial number, decimal or with 0x in front

OPTIONS
  --database FILE       read this database instead of the one that the configuration names
  --context NAME        the context whose configuration is meant

EXAMPLES
  What has to be renewed within a week:
    $ {program} certificates list --expires-within 168h

  Everything that was issued for a name, for a spreadsheet:
    $ {program} certificates export --name svc.example.com > svc.csv

  One certificate, to look at it closely:
    $ {program} certificates show 308893286343609293989051180431574390766 --format pem
"
    )
}

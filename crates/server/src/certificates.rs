//! `rung-ca certificates`: what an administrator sees of the certificates on record, while the CA runs or not.

#[cfg(test)]
mod tests;
mod wanted;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use rung_api::inventory::print::{self, Format};
use rung_api::inventory::{FILTERS, key_digest};
use rung_authority::clock::{Clock as _, SystemClock};
use rung_spec::file;
use rung_store::inventory::Inventory;

use crate::args::{self, Settings, UsageError};
use crate::daemon::{Failure, database_of};
pub(crate) use wanted::{Unreadable, Wanted};

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
    let is_flag = |name: &str| FILTERS.contains(&name) || OTHERS.contains(&name);
    let Some((positional, flags)) = args::apart(words, is_flag)? else { return Ok(None) };
    let mut ask = Ask::default();
    for (name, value) in flags {
        match name.as_str() {
            "context" => ask.context = Some(value),
            "database" => ask.database = Some(PathBuf::from(value)),
            _ => ask.flags.push((name, value)),
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

/// Flags that are no filters.
const OTHERS: [&str; 3] = ["context", "database", "format"];

/// Print what was asked for to `out`.
///
/// # Errors
/// When a value is none, or the store cannot be read.
pub fn run(ask: &Ask, out: &mut dyn std::io::Write) -> Result<(), Failure> {
    let settings = Settings { config: ask.config.clone(), context: ask.context.clone(), ..Settings::default() };
    let file = database_of(ask.database.as_deref(), &settings)?;
    look(ask, &file, out).map_err(Failure::Start)
}

fn look(ask: &Ask, file: &Path, out: &mut dyn std::io::Write) -> anyhow::Result<()> {
    let now = SystemClock.now();
    let mut format = if ask.what == What::Export { Format::Csv } else { Format::Text };
    let mut wanted = Wanted::default();
    if let What::Show(serial) = &ask.what {
        wanted.set("serial", serial, now).with_context(|| format!("'{serial}' is no serial number"))?;
    }
    for (name, value) in &ask.flags {
        let context = || format!("invalid value '{value}' for flag '--{name}'");
        match name.as_str() {
            "format" => format = value.parse().with_context(context)?,
            "key" => {
                let contents = file::read(Path::new(value)).with_context(context)?;
                wanted.set("key", &key_digest(&contents).with_context(context)?, now).with_context(context)?;
            }
            _ => wanted.set(name, value, now).with_context(context)?,
        }
    }
    let inventory = Inventory::open(file)?;
    match &ask.what {
        What::Show(_) => match wanted.page(&inventory, now)?.certificates.first() {
            None => bail!("there is no such certificate in {}", file.display()),
            Some(found) => print::one(found, format, out)?,
        },
        What::List => {
            let page = wanted.page(&inventory, now)?;
            print::page(&page, format, out)?;
            if let Some(next) = page.next.filter(|_| format != Format::Json) {
                eprintln!("There may be more: --after {next}");
            }
        }
        What::Export => {
            wanted.limit = rung_api::inventory::MOST;
            let mut first = true;
            loop {
                let page = wanted.page(&inventory, now)?;
                print::part(&page, (format, first), out)?;
                first = false;
                match page.next {
                    Some(next) => wanted.set("after", &next, now)?,
                    None => break,
                }
            }
        }
    }
    Ok(out.flush()?)
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
  order of their ends. `list` shows a page, 100 unless --limit says otherwise (1000 at most), and
  what to pass with --after for the next one; `export` writes all of them, JSON as one object a line.

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

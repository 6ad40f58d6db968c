//! The command line of the daemon.

use std::path::PathBuf;

/// What the daemon is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Copy the database, or put a copy back; nothing when it is only to be explained.
    Backup(Option<crate::backup::Ask>),
    /// Look through the certificates on record; nothing when it is only to be explained.
    Certificates(Option<crate::certificates::Ask>),
    /// Check a configuration without serving it.
    Check(Settings),
    /// Write the audit record into a folder.
    ExportAudit(Settings, PathBuf),
    /// Explain the command line.
    Help,
    /// Serve.
    Serve(Settings),
    /// Say which version this is.
    Version,
}

/// How the daemon runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// The configuration; the one in the step path when none is named.
    pub config: Option<PathBuf>,
    /// The file with the password of the issuing key.
    pub password_file: Option<PathBuf>,
    /// Where to write the process id.
    pub pid_file: Option<PathBuf>,
    /// The context whose configuration is meant.
    pub context: Option<String>,
    /// Whether to say only what scripts wait for.
    pub quiet: bool,
    /// Whether to refuse files that others could read or change, instead of warning.
    pub strict: bool,
}

/// A command line that cannot be carried out.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsageError {
    /// Not what can be done with the audit record.
    #[error("write '{program} audit export [config] FOLDER'")]
    Audit {
        /// The name that the program was started under.
        program: String,
    },
    /// Not a way to print.
    #[error("invalid value {0:?} for flag -format: options are text, json")]
    Format(String),
    /// A flag needs a value.
    #[error("flag needs an argument: -{0}")]
    MissingValue(String),
    /// Too many words.
    #[error("too many positional arguments were provided in '{program} [config]'")]
    TooMany {
        /// The name that the program was started under.
        program: String,
    },
    /// A flag that does not exist.
    #[error("flag provided but not defined: -{0}")]
    Unknown(String),
    /// A flag of the reference that is not here yet.
    #[error("the flag --{0} is not supported by this version")]
    Unsupported(String),
    /// A value that is not one.
    #[error("invalid boolean value {value:?} for flag -{flag}")]
    NotABoolean {
        /// The flag.
        flag: String,
        /// What it was given.
        value: String,
    },
}

/// Read the command line. One dash and two mean the same, `--flag=value` and `--flag value` too, and flags may
/// stand behind the configuration.
///
/// # Errors
/// What cannot be understood.
pub fn parse(program: &str, words: impl IntoIterator<Item = String>) -> Result<Command, UsageError> {
    let mut words = words.into_iter().peekable();
    if words.next_if(|word| word == "certificates").is_some() {
        return crate::certificates::parse(program, words).map(Command::Certificates);
    }
    if let Some(name) = words.next_if(|word| crate::backup::NAMES.contains(&word.as_str())) {
        return crate::backup::parse(program, &name, words).map(Command::Backup);
    }
    let mut settings = Settings { quiet: environment_flag("QUIET"), ..Settings::default() };
    let mut positional: Vec<String> = Vec::new();
    let mut only_positional = false;
    while let Some(word) = words.next() {
        let flag = word.strip_prefix("--").or_else(|| word.strip_prefix('-'));
        match flag {
            Some("") if word == "--" && !only_positional => only_positional = true,
            Some(flag) if !only_positional && word != "-" => {
                let (name, value) = match flag.split_once('=') {
                    Some((name, value)) => (name, Some(value.to_owned())),
                    None => (flag, None),
                };
                if let Some(command) = set(&mut settings, name, value, &mut words)? {
                    return Ok(command);
                }
            }
            _ => positional.push(word),
        }
    }
    if positional.first().is_some_and(|word| word == "audit") {
        return export(program, settings, &positional[1..]);
    }
    let check = positional.first().is_some_and(|word| word == "check");
    match positional.first().map(String::as_str) {
        Some("version") => return Ok(Command::Version),
        Some("help") => return Ok(Command::Help),
        Some("check") => drop(positional.remove(0)),
        _ => {}
    }
    if positional.len() > 1 {
        return Err(UsageError::TooMany { program: program.to_owned() });
    }
    settings.config = positional.pop().map(PathBuf::from);
    Ok(if check { Command::Check(settings) } else { Command::Serve(settings) })
}

/// The words of a command, apart: those that stand for themselves, and flags with their values.
pub(crate) type Apart = (Vec<String>, Vec<(String, String)>);

/// Take the words of a command apart, all of whose flags have values; nothing when help is asked for.
pub(crate) fn apart(
    words: impl IntoIterator<Item = String>,
    is_flag: impl Fn(&str) -> bool,
) -> Result<Option<Apart>, UsageError> {
    let (mut positional, mut flags) = Apart::default();
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
        if !is_flag(name) {
            return Err(UsageError::Unknown(name.to_owned()));
        }
        let value = value.or_else(|| words.next()).ok_or_else(|| UsageError::MissingValue(name.to_owned()))?;
        flags.push((name.to_owned(), value));
    }
    Ok(Some((positional, flags)))
}

fn export(program: &str, mut settings: Settings, words: &[String]) -> Result<Command, UsageError> {
    let folder = match words {
        [action, folder] if action == "export" => folder,
        [action, config, folder] if action == "export" => {
            settings.config = Some(PathBuf::from(config));
            folder
        }
        _ => return Err(UsageError::Audit { program: program.to_owned() }),
    };
    Ok(Command::ExportAudit(settings, PathBuf::from(folder)))
}

fn set(
    settings: &mut Settings,
    name: &str,
    value: Option<String>,
    words: &mut impl Iterator<Item = String>,
) -> Result<Option<Command>, UsageError> {
    let mut value_of =
        |value: Option<String>| value.or_else(|| words.next()).ok_or_else(|| UsageError::MissingValue(name.to_owned()));
    match name {
        "help" | "h" => return Ok(Some(Command::Help)),
        "version" | "v" => return Ok(Some(Command::Version)),
        "quiet" => settings.quiet = boolean(name, value.as_deref())?,
        "strict" => settings.strict = boolean(name, value.as_deref())?,
        "password-file" => {
            settings.password_file = Some(value_of(value)?).filter(|file| !file.is_empty()).map(PathBuf::from)
        }
        "pidfile" => settings.pid_file = Some(value_of(value)?).filter(|file| !file.is_empty()).map(PathBuf::from),
        "context" => settings.context = Some(value_of(value)?).filter(|context| !context.is_empty()),
        "ssh-host-password-file"
        | "ssh-user-password-file"
        | "issuer-password-file"
        | "resolver"
        | "token"
        | "acme-http-port"
        | "acme-tls-port"
        | "acme-strict-fqdn"
        | "insecure" => {
            return Err(UsageError::Unsupported(name.to_owned()));
        }
        _ => return Err(UsageError::Unknown(name.to_owned())),
    }
    Ok(None)
}

fn boolean(flag: &str, value: Option<&str>) -> Result<bool, UsageError> {
    match value {
        None | Some("1" | "t" | "true" | "TRUE" | "True") => Ok(true),
        Some("0" | "f" | "false" | "FALSE" | "False") => Ok(false),
        Some(value) => Err(UsageError::NotABoolean { flag: flag.to_owned(), value: value.to_owned() }),
    }
}

fn environment_flag(name: &str) -> bool {
    ["STEP_CA_", "RUNG_CA_"]
        .iter()
        .filter_map(|prefix| std::env::var(format!("{prefix}{name}")).ok())
        .any(|value| boolean(name, Some(&value)).unwrap_or(false))
}

/// The page that explains the command line.
pub fn help(program: &str) -> String {
    format!(
        "NAME
  {program} -- serve a certificate authority

USAGE
  {program} [config] [--password-file FILE] [--pidfile FILE] [--context NAME] [--quiet] [--strict]
  {program} check [config] [--password-file FILE] [--strict]
  {program} certificates list|show|export
  {program} audit export [config] FOLDER
  {program} backup|restore FILE [config]
  {program} confirm-restore [config]
  {program} version

DESCRIPTION
  Serves the certificate authority that a configuration file (ca.json) describes, over HTTPS.
  Without a configuration file it takes config/ca.json in the step path, as `rung path` prints it.

  SIGHUP reads the configuration again: requests and connections go on, and when the new
  configuration is bad the old one stays and the log says what is wrong and where.
  SIGTERM and SIGINT finish the requests in flight and end.

  `check` reads everything that serving would read, says what is wrong with file, line and
  column, and ends with 0 when all is well.

  `certificates` looks through the certificates on record; see `{program} certificates --help`.

  `audit export` checks the record of every decision against its latest signed checkpoint and
  writes both into an empty folder, as C2SP tlog-tiles lays it out; the authority may be running.

  `backup` copies the database while the authority runs, `restore` puts a copy back; see
  `{program} backup --help`.

OPTIONS
  --password-file FILE  the file with the password of the issuing key; without it the
                        member `password` of the configuration counts, then you are asked
  --pidfile FILE        write the process id there, and remove it at the end
  --context NAME        the context whose configuration is served
  --quiet               leave out the lines that introduce the authority
  --strict              refuse to serve when others on the machine could read the key or its
                        password, or when they or the process itself could change the
                        configuration; without it you are warned

EXAMPLES
  Serve the authority that `rung ca init` made:
    $ {program} $(rung path)/config/ca.json

  Look a configuration over before you reload it:
    $ {program} check $(rung path)/config/ca.json
    $ kill -HUP $(cat /run/rung-ca.pid)

  Find out whether the files are as private as a service's should be:
    $ {program} check --strict $(rung path)/config/ca.json
"
    )
}

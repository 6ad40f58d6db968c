//! One call of a command: its arguments, and the value of every flag wherever it comes from.

use std::cell::OnceCell;
use std::path::PathBuf;

use anyhow::Context as _;

use crate::failure::Usage;
use crate::grammar::{Command, Flag, Parsed, Scope, Source, truth};
use crate::program::Program;
use crate::settings::{Contexts, Defaults, Folders, base, current, from_environment, pick_context};
use crate::ui::Ui;

/// A command about to run.
pub(crate) struct Call {
    /// The program as it was started.
    pub(crate) program: Program,
    /// The person.
    pub(crate) ui: Ui,
    command: &'static Command,
    path: String,
    parsed: Parsed,
    config: Option<PathBuf>,
    folders: OnceCell<Folders>,
    defaults: OnceCell<Defaults>,
}

impl Call {
    /// A call of `command`, whose full name is `path`, with the words after it and the file of `--config`.
    pub(crate) fn new(
        program: &Program,
        ui: &Ui,
        (path, command): (String, &'static Command),
        parsed: Parsed,
        config: Option<PathBuf>,
    ) -> Self {
        let (program, ui) = (program.clone(), ui.clone());
        Self { program, ui, command, path, parsed, config, folders: OnceCell::new(), defaults: OnceCell::new() }
    }

    /// Program and command as they are typed, such as `rung ca certificate`.
    pub(crate) fn full_name(&self) -> String {
        format!("{} {}", self.program.name, self.path)
    }

    /// The positional argument at this place, if it was given.
    pub(crate) fn argument(&self, place: usize) -> Option<&str> {
        self.parsed.positionals.get(place).map(String::as_str)
    }

    /// All positional arguments.
    pub(crate) fn arguments(&self) -> &[String] {
        &self.parsed.positionals
    }

    /// The value of a flag: from the command line, else the environment, else the defaults. Empty is not given.
    pub(crate) fn text(&self, name: &str) -> anyhow::Result<Option<String>> {
        let flag = self.flag(name);
        // As in Go's flag package the last one counts.
        let given = self.parsed.values.iter().rev().find(|(given, _)| *given == flag.name());
        if let Some((_, value)) = given.filter(|(_, value)| !value.is_empty()) {
            return Ok(Some(value.clone()));
        }
        if flag.source == Source::CommandLine {
            return Ok(None);
        }
        if let Some((_, value)) = from_environment(flag.names) {
            return Ok(Some(value));
        }
        Ok(self.defaults()?.values(flag.names)?.and_then(|values| values.into_iter().next()))
    }

    /// The value of a flag that the command cannot do without.
    pub(crate) fn required(&self, name: &str) -> anyhow::Result<String> {
        let value = self.text(name)?;
        value.ok_or_else(|| Usage::new(format!("'{}' requires the '--{name}' flag", self.full_name())).into())
    }

    /// The values of a flag that can be given several times; in the environment they are separated by commas.
    pub(crate) fn list(&self, name: &str) -> anyhow::Result<Vec<String>> {
        let flag = self.flag(name);
        let given = self.parsed.values.iter().filter(|(given, value)| *given == flag.name() && !value.is_empty());
        let given: Vec<String> = given.map(|(_, value)| value.clone()).collect();
        if !given.is_empty() || flag.source == Source::CommandLine {
            return Ok(given);
        }
        if let Some((_, value)) = from_environment(flag.names) {
            let values = value.split(',').map(str::trim).filter(|value| !value.is_empty());
            return Ok(values.map(str::to_owned).collect());
        }
        Ok(self.defaults()?.values(flag.names)?.unwrap_or_default())
    }

    /// Whether a switch is on.
    pub(crate) fn switch(&self, name: &str) -> anyhow::Result<bool> {
        Ok(self.switch_if_given(name)?.unwrap_or(false))
    }

    /// Whether a switch is on or off, if anything says so.
    pub(crate) fn switch_if_given(&self, name: &str) -> anyhow::Result<Option<bool>> {
        let Some(value) = self.text(name)? else { return Ok(None) };
        let names = self.flag(name).names.join(",");
        let bad = || Usage::new(format!("could not parse {value} as bool value for flag {names}"));
        Ok(Some(truth(&value).ok_or_else(bad)?))
    }

    /// Whether `--format` is json, of the two that it can be.
    pub(crate) fn wants_json(&self) -> anyhow::Result<bool> {
        match self.text("format")?.as_deref() {
            None | Some("text") => Ok(false),
            Some("json") => Ok(true),
            Some(other) => {
                let problem = format!("invalid value '{other}' for flag '--format'; options are text, json");
                Err(Usage::new(problem).into())
            }
        }
    }

    /// Whether the command has this flag.
    pub(crate) fn knows(&self, name: &str) -> bool {
        self.command.flag(name).is_some()
    }

    /// Whether the flag stands on the command line, even with an empty value.
    pub(crate) fn is_typed(&self, name: &str) -> bool {
        let flag = self.flag(name);
        self.parsed.values.iter().any(|(given, _)| *given == flag.name())
    }

    /// The folders of the context that applies.
    pub(crate) fn folders(&self) -> anyhow::Result<&Folders> {
        if let Some(folders) = self.folders.get() {
            return Ok(folders);
        }
        let found = self.find_folders()?;
        Ok(self.folders.get_or_init(|| found))
    }

    fn find_folders(&self) -> anyhow::Result<Folders> {
        let base = base()?;
        if self.command.scope == Scope::Outside {
            return Ok(Folders::plain(base));
        }
        if let Some(name) = self.context_asked_for() {
            let contexts = Contexts::load(&base)?;
            let context = contexts.named(&name).with_context(|| format!("could not load context '{name}'"))?.clone();
            return Ok(Folders::of(base, &context));
        }
        let current = current(&base)?;
        let contexts = Contexts::load(&base)?;
        match current {
            Some(name) => {
                let missing = || {
                    format!(
                        "could not load the current context; choose another with '{} context select'",
                        self.program.name
                    )
                };
                let context = contexts.named(&name).with_context(missing)?.clone();
                Ok(Folders::of(base, &context))
            }
            None if contexts.0.is_empty() || self.command.scope == Scope::Anywhere => Ok(Folders::plain(base)),
            None => {
                let context = pick_context(&base, &contexts, &self.ui, self.program.name)?;
                Ok(Folders::of(base, &context))
            }
        }
    }

    /// `--context`, or the environment, for commands that list the flag and those that do not.
    fn context_asked_for(&self) -> Option<String> {
        let given = self.parsed.values.iter().rev().find(|(given, _)| *given == "context");
        let given = given.map(|(_, value)| value.clone()).filter(|value| !value.is_empty());
        given.or_else(|| from_environment(&["context"]).map(|(_, value)| value))
    }

    fn defaults(&self) -> anyhow::Result<&Defaults> {
        if let Some(defaults) = self.defaults.get() {
            return Ok(defaults);
        }
        let found = match &self.config {
            Some(file) => Defaults::of_file(file)?,
            // What the current context says is of no use to a command that makes another one.
            None if self.command.scope == Scope::Outside && !Contexts::load(&base()?)?.0.is_empty() => {
                Defaults::default()
            }
            None => Defaults::of(self.folders()?)?,
        };
        Ok(self.defaults.get_or_init(|| found))
    }

    fn flag(&self, name: &str) -> &'static Flag {
        self.command.flag(name).expect("a command asks only for flags of its own table")
    }
}

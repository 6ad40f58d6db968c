//! Contexts: several CAs side by side, one of them the current one.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use rung_spec::file;
use serde::{Deserialize, Serialize};

use crate::output::{Commit, Existing, Mode};
use crate::ui::{Choice, Question, Ui};

/// Which authority and which profile a name stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Context {
    /// The name.
    #[serde(skip)]
    pub(crate) name: String,
    /// The folder under `profiles`.
    #[serde(default)]
    pub(crate) profile: String,
    /// The folder under `authorities`.
    #[serde(default)]
    pub(crate) authority: String,
}

impl Context {
    /// A context whose three names are all plain folder names.
    pub(crate) fn new(name: &str, authority: &str, profile: &str) -> anyhow::Result<Self> {
        for part in [name, authority, profile] {
            if !is_folder_name(part) {
                bail!("'{part}' cannot be the name of a context: use letters, digits, dots, dashes and underscores");
            }
        }
        Ok(Self { name: name.to_owned(), authority: authority.to_owned(), profile: profile.to_owned() })
    }
}

/// All contexts of a base folder, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Contexts(pub(crate) BTreeMap<String, Context>);

impl Contexts {
    /// Read `contexts.json`; without it there are none.
    pub(crate) fn load(base: &Path) -> anyhow::Result<Self> {
        let file = base.join(FILE);
        let Some(text) = read(&file)? else { return Ok(Self::default()) };
        let found: BTreeMap<String, Context> =
            serde_json::from_str(&text).with_context(|| broken(&file, "remove it to do without contexts"))?;
        let contexts = found.into_iter().map(|(name, found)| {
            // The names become folders, so a hand-edited file may not lead elsewhere.
            let context = Context::new(&name, &found.authority, &found.profile)
                .with_context(|| format!("context '{name}' in {}", file.display()))?;
            Ok((name, context))
        });
        Ok(Self(contexts.collect::<anyhow::Result<_>>()?))
    }

    /// The context with this name.
    pub(crate) fn named(&self, name: &str) -> anyhow::Result<&Context> {
        self.0.get(name).ok_or_else(|| anyhow!("context '{name}' not found; see 'context list'"))
    }

    /// The names, the current one first and the others without regard to case.
    pub(crate) fn names(&self, current: Option<&str>) -> Vec<&str> {
        let mut names: Vec<&str> = self.0.keys().map(String::as_str).collect();
        names.sort_by_key(|&name| (Some(name) != current, name.to_lowercase()));
        names
    }

    /// `contexts.json` as it is written.
    pub(crate) fn to_json(&self) -> anyhow::Result<Vec<u8>> {
        let mut out = Vec::new();
        let indent = serde_json::ser::PrettyFormatter::with_indent(b"    ");
        self.0.serialize(&mut serde_json::Serializer::with_formatter(&mut out, indent))?;
        Ok(out)
    }
}

/// The name of the current context, if one is selected.
pub(crate) fn current(base: &Path) -> anyhow::Result<Option<String>> {
    #[derive(Deserialize)]
    struct Current {
        context: String,
    }
    let file = base.join(CURRENT);
    let Some(text) = read(&file)? else { return Ok(None) };
    let current: Current =
        serde_json::from_str(&text).with_context(|| broken(&file, "choose one with 'context select'"))?;
    Ok(Some(current.context).filter(|name| !name.is_empty()))
}

/// The bytes of the file that remembers the current context.
fn current_json(name: &str) -> Vec<u8> {
    serde_json::json!({ "context": name }).to_string().into_bytes()
}

/// Make this context the current one.
pub(crate) fn select_current(base: &Path, name: &str) -> anyhow::Result<()> {
    let mut commit = Commit::default();
    commit.add(&base.join(CURRENT), Existing::Replace, Mode::Readable, current_json(name))?;
    commit.write()
}

/// Add a context and make it the current one, together with what `commit` already holds.
pub(crate) fn remember(base: &Path, context: &Context, commit: &mut Commit) -> anyhow::Result<()> {
    let mut contexts = Contexts::load(base)?;
    contexts.0.insert(context.name.clone(), context.clone());
    let current = current_json(&context.name);
    commit.add_in_own_folder(&base.join(FILE), Existing::Replace, Mode::Private, contexts.to_json()?)?;
    commit.add_in_own_folder(&base.join(CURRENT), Existing::Replace, Mode::Readable, current)
}

/// The context that a command makes: the one that its flags name, or, where contexts are in use, one named after
/// the CA. `name` and `authority` and `profile` are the values of the flags.
pub(crate) fn to_make(
    base: &Path,
    [name, authority, profile]: [Option<String>; 3],
    host: &str,
) -> anyhow::Result<Option<Context>> {
    let in_use = !Contexts::load(base)?.0.is_empty() || current(base)?.is_some();
    if !in_use && name.is_none() && authority.is_none() && profile.is_none() {
        return Ok(None);
    }
    let name = name.or_else(|| authority.clone()).unwrap_or_else(|| host.replace(['[', ']', ':'], "_"));
    let (authority, profile) = (authority.unwrap_or_else(|| name.clone()), profile.unwrap_or_else(|| name.clone()));
    Context::new(&name, &authority, &profile).map(Some)
}

/// Have a context picked and remember the choice.
pub(crate) fn pick(base: &Path, contexts: &Contexts, ui: &Ui, program: &str) -> anyhow::Result<Context> {
    let heading = format!("Select a context for '{program}':");
    let question = Question {
        what: "a context",
        remedy: "choose one with 'context select NAME' or --context NAME",
        heading: &heading,
        label: "Context",
    };
    let choices = contexts.names(None).into_iter();
    let choices = choices.map(|name| Choice { text: name.to_owned(), value: name.to_owned() }).collect();
    let name = ui.select(&question, choices)?;
    select_current(base, &name)?;
    contexts.named(&name).cloned()
}

/// Read a file that may be missing.
pub(super) fn read(path: &Path) -> anyhow::Result<Option<String>> {
    match file::read_text(path) {
        Ok(text) => Ok(Some(text.to_string())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(anyhow::Error::new(error).context(format!("could not read {}", path.display()))),
    }
}

fn broken(file: &Path, remedy: &str) -> String {
    format!("{} cannot be understood; repair it or {remedy}", file.display())
}

fn is_folder_name(name: &str) -> bool {
    let plain = |character: char| character.is_alphanumeric() || matches!(character, '.' | '-' | '_' | '@' | ' ');
    !name.is_empty() && name.len() <= 200 && !name.starts_with('.') && name.chars().all(plain)
}

const FILE: &str = "contexts.json";
pub(crate) const CURRENT: &str = "current-context.json";

//! The folder where configuration and keys of an authority are kept.

#[cfg(test)]
mod tests;

use std::{
    env, io,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::file;

/// Why the folder cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum StepPathError {
    /// There is neither `STEPPATH` nor a home.
    #[error("neither STEPPATH nor HOME is set: name the configuration file")]
    NoHome,
    /// A context leads to what is not a plain folder.
    #[error("context {name:?} in {}: {authority:?} is not the name of a folder below `authorities`", file.display())]
    NotAFolder {
        /// The file.
        file: PathBuf,
        /// The context.
        name: String,
        /// Where it leads.
        authority: String,
    },
    /// A file of the contexts cannot be read.
    #[error("{} cannot be used: {reason}; repair it, or name the configuration file", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// No such context.
    #[error("context {0:?} not found; `rung context list` shows those that exist")]
    UnknownContext(String),
}

/// `$STEPPATH`, or `.step` in the home.
///
/// # Errors
/// When neither is known.
pub fn base() -> Result<PathBuf, StepPathError> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty());
    match (set("STEPPATH"), set("HOME")) {
        (Some(path), _) => Ok(PathBuf::from(path)),
        (None, Some(home)) => Ok(Path::new(&home).join(".step")),
        (None, None) => Err(StepPathError::NoHome),
    }
}

/// The folder of the named context, else of the current one, else the base folder.
///
/// # Errors
/// When the context does not exist, or its files cannot be read.
pub fn resolve(context: Option<&str>) -> Result<PathBuf, StepPathError> {
    resolve_in(&base()?, context)
}

/// Like [`resolve`], below this base folder.
///
/// # Errors
/// When the context does not exist, or its files cannot be read.
pub fn resolve_in(base: &Path, context: Option<&str>) -> Result<PathBuf, StepPathError> {
    let current = match context {
        Some(name) => Some(name.to_owned()),
        None => member(&base.join("current-context.json"), &["context"])?,
    };
    let Some(name) = current.filter(|name| !name.is_empty()) else { return Ok(base.to_owned()) };
    let file = base.join("contexts.json");
    let Some(authority) = member(&file, &[&name, "authority"])? else {
        return Err(StepPathError::UnknownContext(name));
    };
    if !is_folder_name(&authority) {
        return Err(StepPathError::NotAFolder { file, name, authority });
    }
    Ok(base.join("authorities").join(authority))
}

/// A file that somebody wrote by hand may not lead elsewhere.
fn is_folder_name(name: &str) -> bool {
    let is_plain = |character: char| character.is_alphanumeric() || matches!(character, '.' | '-' | '_' | '@' | ' ');
    !name.is_empty() && !name.starts_with('.') && name.chars().all(is_plain)
}

/// A string in a small JSON file; nothing when there is no such file or member.
fn member(file: &Path, path: &[&str]) -> Result<Option<String>, StepPathError> {
    let unreadable = |reason: String| StepPathError::Unreadable { file: file.to_owned(), reason };
    let text = match file::read_text(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read.map_err(|error| unreadable(error.to_string()))?,
    };
    let value: Value = serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()))?;
    match path.iter().try_fold(&value, |value, name| value.get(name)) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(unreadable(format!("`{}` is not a string", path.join(".")))),
    }
}

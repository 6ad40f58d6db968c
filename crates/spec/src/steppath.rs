//! The folder where configuration and keys of an authority are kept.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

/// Why the folder cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum StepPathError {
    /// There is neither `STEPPATH` nor a home.
    #[error("neither STEPPATH nor HOME is set: name the configuration file")]
    NoHome,
    /// A file of the contexts cannot be read.
    #[error("{} cannot be read: {reason}", file.display())]
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
    let base = base()?;
    let current = match context {
        Some(name) => Some(name.to_owned()),
        None => member(&base.join("current-context.json"), &["context"])?,
    };
    let Some(name) = current.filter(|name| !name.is_empty()) else { return Ok(base) };
    match member(&base.join("contexts.json"), &[&name, "authority"])? {
        Some(authority) => Ok(base.join("authorities").join(authority)),
        None => Err(StepPathError::UnknownContext(name)),
    }
}

/// A string in a small JSON file; nothing when there is no such file or member.
fn member(file: &Path, path: &[&str]) -> Result<Option<String>, StepPathError> {
    let unreadable = |reason: String| StepPathError::Unreadable { file: file.to_owned(), reason };
    let text = match fs::read_to_string(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read.map_err(|error| unreadable(error.to_string()))?,
    };
    let value: serde_json::Value = serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()))?;
    let found = path.iter().try_fold(&value, |value, name| value.get(name));
    Ok(found.and_then(serde_json::Value::as_str).map(str::to_owned))
}

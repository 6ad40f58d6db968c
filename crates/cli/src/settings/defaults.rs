//! Defaults files: a flat JSON object from flag names to values.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use serde_json::{Map, Value};

use super::Folders;
use super::context::read;

/// What defaults files say, the more specific file first.
#[derive(Debug, Default)]
pub(crate) struct Defaults {
    files: Vec<(PathBuf, Map<String, Value>)>,
}

impl Defaults {
    /// Read the files of these folders, the profile's before the authority's; they may be missing.
    pub(crate) fn of(folders: &Folders) -> anyhow::Result<Self> {
        let mut files = Vec::new();
        let mut places = vec![folders.profile_defaults(), folders.defaults()];
        places.dedup();
        for file in places {
            if let Some(text) = read(&file)? {
                let object = parse(&file, &text)?;
                files.push((file, object));
            }
        }
        Ok(Self { files })
    }

    /// Read the file that was asked for.
    pub(crate) fn of_file(file: &Path) -> anyhow::Result<Self> {
        let text = read(file)?.ok_or_else(|| anyhow!("the file of --config, {}, does not exist", file.display()))?;
        let object = parse(file, &text)?;
        Ok(Self { files: vec![(file.to_owned(), object)] })
    }

    /// The values for a flag with these spellings; a single value is a list of one, empty texts are dropped.
    pub(crate) fn values(&self, names: &[&str]) -> anyhow::Result<Option<Vec<String>>> {
        for (file, object) in &self.files {
            for name in names {
                // These choose the file itself, so they cannot come from it.
                let inside = matches!(*name, "context" | "authority" | "profile");
                let Some(value) = object.get(*name).filter(|_| !inside) else { continue };
                let texts = texts(value).with_context(|| format!("\"{name}\" in {}", file.display()))?;
                let texts: Vec<String> = texts.into_iter().filter(|text| !text.is_empty()).collect();
                if !texts.is_empty() {
                    return Ok(Some(texts));
                }
            }
        }
        Ok(None)
    }
}

fn parse(file: &Path, text: &str) -> anyhow::Result<Map<String, Value>> {
    let text = text.trim_start_matches('\u{feff}');
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => bail!("{} must be a JSON object of flag names and values", file.display()),
        Err(error) => Err(anyhow!("{} is not JSON: {error}; repair or remove it", file.display())),
    }
}

fn texts(value: &Value) -> anyhow::Result<Vec<String>> {
    match value {
        Value::Array(items) => items.iter().map(single).collect(),
        other => Ok(vec![single(other)?]),
    }
}

fn single(value: &Value) -> anyhow::Result<String> {
    match value {
        Value::Bool(truth) => Ok(truth.to_string()),
        Value::Number(number) => Ok(number.to_string()),
        Value::String(text) => Ok(text.clone()),
        Value::Array(_) | Value::Null | Value::Object(_) => {
            bail!("must be a text, a number, true, false or a list of these")
        }
    }
}

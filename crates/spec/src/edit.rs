//! Changing the provisioners of a configuration and nothing else: what is not changed stays byte for byte.

#[cfg(test)]
mod tests;

use std::path::Path;

use jsonc_parser::cst::{CstArray, CstInputValue, CstNode, CstObject, CstRootNode};
use serde_json::Value;

use crate::{Config, ConfigErrors, Problem, json::STRICT};

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The result would not be a good configuration.
    #[error("{0}")]
    Bad(ConfigErrors),
    /// There is a provisioner with that name.
    #[error("provisioner with name {0} already exists")]
    Exists(String),
    /// The provisioners of this authority live in its database.
    #[error(
        "the authority keeps its provisioners in its database (authority.enableAdmin), so changing the file has no effect"
    )]
    Managed,
    /// The text is not a configuration at all.
    #[error("{0}")]
    NotJson(String),
    /// There is no provisioner with that name.
    #[error("provisioner {0} not found")]
    NotFound(String),
}

/// Add a provisioner behind the others.
///
/// # Errors
/// Why it was not added; the text stays as it was then.
pub fn add_provisioner(text: &str, file: &Path, provisioner: &Value) -> Result<String, EditError> {
    change(text, file, |provisioners| {
        let name = name_of(provisioner);
        if find(provisioners, &name).is_some() {
            return Err(EditError::Exists(name));
        }
        provisioners.ensure_multiline();
        provisioners.append(input(provisioner));
        Ok(())
    })
}

/// Exchange the provisioner with that name for another one, in its place.
///
/// Members that stay as they are keep their bytes.
///
/// # Errors
/// Why it was not exchanged.
pub fn update_provisioner(text: &str, file: &Path, name: &str, provisioner: &Value) -> Result<String, EditError> {
    change(text, file, |provisioners| {
        let new_name = name_of(provisioner);
        if new_name != name && find(provisioners, &new_name).is_some() {
            return Err(EditError::Exists(new_name));
        }
        let object = find(provisioners, name).ok_or_else(|| EditError::NotFound(name.to_owned()))?;
        merge(&object, provisioner);
        Ok(())
    })
}

/// Remove the provisioner with that name.
///
/// # Errors
/// Why it was not removed.
pub fn remove_provisioner(text: &str, file: &Path, name: &str) -> Result<String, EditError> {
    change(text, file, |provisioners| {
        let object = find(provisioners, name).ok_or_else(|| EditError::NotFound(name.to_owned()))?;
        object.remove();
        Ok(())
    })
}

/// The provisioner with that name, as it stands in the text.
///
/// # Errors
/// When there is none, or the text is not a configuration.
pub fn provisioner(text: &str, name: &str) -> Result<Value, EditError> {
    let root = parse(text)?;
    let found = existing(&root).and_then(|provisioners| find(&provisioners, name));
    found.and_then(|object| object.to_serde_value()).ok_or_else(|| EditError::NotFound(name.to_owned()))
}

fn change(text: &str, file: &Path, edit: impl FnOnce(&CstArray) -> Result<(), EditError>) -> Result<String, EditError> {
    let root = parse(text)?;
    let object = root.object_value().ok_or_else(|| EditError::NotJson("expected an object in braces".to_owned()))?;
    let authority = member(&object, "authority").and_then(|value| value.as_object());
    let authority = authority.unwrap_or_else(|| object.object_value_or_set("authority"));
    if member(&authority, "enableAdmin").and_then(|value| value.as_boolean_lit()).is_some_and(|flag| flag.value()) {
        return Err(EditError::Managed);
    }
    let provisioners = member(&authority, "provisioners").and_then(|value| value.as_array());
    edit(&provisioners.unwrap_or_else(|| authority.array_value_or_set("provisioners")))?;
    let changed = root.to_string();
    refuse_new_problems(text, &changed, file)?;
    Ok(changed)
}

/// What was wrong before does not keep anybody from changing something else; what the change makes wrong does.
fn refuse_new_problems(before: &str, after: &str, file: &Path) -> Result<(), EditError> {
    let Err(mut errors) = Config::parse(after, file) else { return Ok(()) };
    let old = Config::parse(before, file).err().map(|errors| errors.problems).unwrap_or_default();
    errors.problems.retain(|problem| !old.iter().any(|known| is_same(known, problem)));
    if errors.problems.is_empty() { Ok(()) } else { Err(EditError::Bad(errors)) }
}

/// Lines and indices move when something is removed, so only the sentences are compared.
fn is_same(known: &Problem, problem: &Problem) -> bool {
    known.message == problem.message
}

fn parse(text: &str) -> Result<CstRootNode, EditError> {
    CstRootNode::parse(text, &STRICT).map_err(|error| {
        let (line, column) = (error.line_display(), error.column_display());
        EditError::NotJson(format!("{line}:{column}: this is not JSON: {}", error.kind()))
    })
}

fn existing(root: &CstRootNode) -> Option<CstArray> {
    member(&member(&root.object_value()?, "authority")?.as_object()?, "provisioners")?.as_array()
}

/// A member by its name, in any case if there is none in this one.
fn member(object: &CstObject, name: &str) -> Option<CstNode> {
    let properties = object.properties();
    let named = |same: fn(&str, &str) -> bool| {
        properties.iter().find(|property| property.decoded_name().is_some_and(|found| same(&found, name)))
    };
    named(|found, name| found == name).or_else(|| named(str::eq_ignore_ascii_case))?.value()
}

fn find(provisioners: &CstArray, name: &str) -> Option<CstObject> {
    provisioners.elements().into_iter().filter_map(|element| element.as_object()).find(|object| {
        let found = member(object, "name").and_then(|value| value.as_string_lit()?.decoded_value().ok());
        found.as_deref() == Some(name)
    })
}

/// Bring an object to a value, touching only the members that differ.
fn merge(object: &CstObject, value: &Value) {
    let Value::Object(wanted) = value else { return };
    for property in object.properties() {
        if property.decoded_name().is_some_and(|name| !wanted.contains_key(&name)) {
            property.remove();
        }
    }
    for (name, value) in wanted {
        match object.get(name) {
            Some(property) => {
                if property.to_serde_value_of().as_ref() != Some(value) {
                    property.set_value(input(value));
                }
            }
            None => drop(object.append(name, input(value))),
        }
    }
}

/// The value of a property as data.
trait PropertyValue {
    fn to_serde_value_of(&self) -> Option<Value>;
}

impl PropertyValue for jsonc_parser::cst::CstObjectProp {
    fn to_serde_value_of(&self) -> Option<Value> {
        self.value()?.to_serde_value()
    }
}

fn name_of(provisioner: &Value) -> String {
    provisioner["name"].as_str().unwrap_or_default().to_owned()
}

fn input(value: &Value) -> CstInputValue {
    match value {
        Value::Null => CstInputValue::Null,
        Value::Bool(flag) => CstInputValue::Bool(*flag),
        Value::Number(number) => CstInputValue::Number(number.to_string()),
        Value::String(text) => CstInputValue::String(text.clone()),
        Value::Array(list) => CstInputValue::Array(list.iter().map(input).collect()),
        Value::Object(object) => {
            CstInputValue::Object(object.iter().map(|(name, value)| (name.clone(), input(value))).collect())
        }
    }
}

//! Changing the provisioners, or single members, of a configuration and nothing else: what is not changed stays byte for byte.

mod splice;
#[cfg(test)]
mod tests;

use std::path::Path;

use jsonc_parser::ast::{Array, Object, Value};
use serde_json::{Map, Value as Json, json};

use crate::{Config, ConfigErrors, Position, Problem, json::parse_object, provisioner};
use splice::{append_element, append_member, member, next_change, remove_element, remove_member, replace_value};

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
pub fn add_provisioner(text: &str, file: &Path, provisioner: &Json) -> Result<String, EditError> {
    let root = root(text)?;
    refuse_managed(&root)?;
    let name = name_of(provisioner);
    if existing(&root).is_some_and(|list| find(list, &name).is_some()) {
        return Err(EditError::Exists(name));
    }
    let change = match value(&root, "authority") {
        Some(Value::Object(authority)) => match value(authority, "provisioners") {
            Some(Value::Array(list)) => append_element(text, list, provisioner),
            Some(other) => replace_null(text, file, other, &json!([provisioner]))?,
            None => append_member(text, authority, "provisioners", &json!([provisioner])),
        },
        Some(other) => replace_null(text, file, other, &json!({ "provisioners": [provisioner] }))?,
        None => append_member(text, &root, "authority", &json!({ "provisioners": [provisioner] })),
    };
    refuse_new_problems(text, change.apply(text), file)
}

/// Exchange the provisioner with that name for another one, in its place.
///
/// Members that stay as they are keep their bytes.
///
/// # Errors
/// Why it was not exchanged.
pub fn update_provisioner(text: &str, file: &Path, name: &str, provisioner: &Json) -> Result<String, EditError> {
    let not_found = || EditError::NotFound(name.to_owned());
    let root = root(text)?;
    refuse_managed(&root)?;
    let list = existing(&root).ok_or_else(not_found)?;
    let (index, _) = find(list, name).ok_or_else(not_found)?;
    let new_name = name_of(provisioner);
    if new_name != name && find(list, &new_name).is_some() {
        return Err(EditError::Exists(new_name));
    }
    let mut changed = text.to_owned();
    for _ in 0..MAX_CHANGES {
        let root = self::root(&changed)?;
        let old = existing(&root).and_then(|list| list.elements.get(index)).ok_or_else(not_found)?;
        let Some(change) = next_change(&changed, old, provisioner) else { break };
        changed = change.apply(&changed);
    }
    refuse_new_problems(text, changed, file)
}

/// Remove the provisioner with that name.
///
/// # Errors
/// Why it was not removed.
pub fn remove_provisioner(text: &str, file: &Path, name: &str) -> Result<String, EditError> {
    let root = root(text)?;
    refuse_managed(&root)?;
    let found = existing(&root).and_then(|list| Some((list, find(list, name)?.0)));
    let (list, index) = found.ok_or_else(|| EditError::NotFound(name.to_owned()))?;
    refuse_new_problems(text, remove_element(list, index).apply(text), file)
}

/// The provisioner with that name, as it stands in the text; known members have the usual case.
///
/// # Errors
/// When there is none, or the text is not a configuration.
pub fn provisioner(text: &str, name: &str) -> Result<Json, EditError> {
    let root = root(text)?;
    let found = existing(&root).and_then(|list| Some(find(list, name)?.1));
    let found = found.and_then(|element| splice::json(text, element));
    let Some(Json::Object(object)) = found else { return Err(EditError::NotFound(name.to_owned())) };
    let mut object = in_usual_case(object);
    if let Some(Json::Object(claims)) = object.get_mut("claims") {
        *claims = in_usual_case(std::mem::take(claims));
    }
    Ok(Json::Object(object))
}

/// Change members at the top: those with a value have it afterwards, those without are gone.
///
/// # Errors
/// Why nothing was changed.
pub fn change_members(text: &str, file: &Path, changes: &[(&str, Option<Json>)]) -> Result<String, EditError> {
    let mut changed = text.to_owned();
    for (name, wanted) in changes {
        for _ in 0..MAX_CHANGES {
            let root = self::root(&changed)?;
            let present = member(&root, name);
            let place = present.and_then(|found| root.properties.iter().position(|one| std::ptr::eq(one, found)));
            let change = match (present, place, wanted) {
                (Some(present), _, Some(wanted)) => next_change(&changed, &present.value, wanted),
                (_, Some(place), None) => Some(remove_member(&root, place)),
                (None, _, Some(wanted)) => Some(append_member(&changed, &root, name, wanted)),
                (_, None, None) => None,
            };
            let Some(change) = change else { break };
            changed = change.apply(&changed);
        }
    }
    refuse_new_problems(text, changed, file)
}

/// A member at the top, as data.
pub fn top_member(text: &str, name: &str) -> Option<Json> {
    let root = root(text).ok()?;
    splice::json(text, value(&root, name)?)
}

fn in_usual_case(object: Map<String, Json>) -> Map<String, Json> {
    let usual = |name: String| {
        let known = provisioner::NAMES.iter().find(|known| known.eq_ignore_ascii_case(&name));
        known.map_or(name.clone(), |known| (*known).to_owned())
    };
    object.into_iter().map(|(name, value)| (usual(name), value)).collect()
}

fn root(text: &str) -> Result<Object<'_>, EditError> {
    parse_object(text)
        .map_err(|(offset, message)| EditError::NotJson(format!("{}: {message}", Position::of(text, offset))))
}

fn refuse_managed(root: &Object<'_>) -> Result<(), EditError> {
    let Some(Value::Object(authority)) = value(root, "authority") else { return Ok(()) };
    match value(authority, "enableAdmin") {
        Some(Value::BooleanLit(flag)) if flag.value => Err(EditError::Managed),
        _ => Ok(()),
    }
}

/// Fill the place of a `null`; what is there otherwise is not a list or an object, as reading it says.
fn replace_null(text: &str, file: &Path, old: &Value<'_>, new: &Json) -> Result<splice::Splice, EditError> {
    match (old, Config::parse(text, file)) {
        (Value::NullKeyword(_), _) | (_, Ok(_)) => Ok(replace_value(text, old, new)),
        (_, Err(errors)) => Err(EditError::Bad(errors)),
    }
}

/// What was wrong before does not keep anybody from changing something else; what the change makes wrong does.
fn refuse_new_problems(before: &str, after: String, file: &Path) -> Result<String, EditError> {
    let Err(mut errors) = Config::parse(&after, file) else { return Ok(after) };
    let old = Config::parse(before, file).err().map(|errors| errors.problems).unwrap_or_default();
    let mut old: Vec<_> = old.iter().map(essence).collect();
    errors.problems.retain(|problem| match old.iter().position(|known| *known == essence(problem)) {
        Some(index) => {
            old.swap_remove(index);
            false
        }
        None => true,
    });
    if errors.problems.is_empty() { Ok(after) } else { Err(EditError::Bad(errors)) }
}

/// Lines and indices move when something is added or removed, so what is compared is the sentence without numbers.
fn essence(problem: &Problem) -> String {
    problem.message.chars().filter(|character| !character.is_ascii_digit()).collect()
}

fn value<'o, 'a>(object: &'o Object<'a>, name: &str) -> Option<&'o Value<'a>> {
    member(object, name).map(|property| &property.value)
}

fn existing<'o, 'a>(root: &'o Object<'a>) -> Option<&'o Array<'a>> {
    value(value(root, "authority")?.as_object()?, "provisioners")?.as_array()
}

fn find<'o, 'a>(list: &'o Array<'a>, name: &str) -> Option<(usize, &'o Value<'a>)> {
    list.elements.iter().enumerate().find(|(_, element)| {
        let found = element.as_object().and_then(|object| value(object, "name")?.as_string_lit());
        found.is_some_and(|found| found.value == name)
    })
}

fn name_of(provisioner: &Json) -> String {
    provisioner["name"].as_str().unwrap_or_default().to_owned()
}

/// More single changes than any provisioner needs.
const MAX_CHANGES: usize = 10_000;

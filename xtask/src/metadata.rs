//! What cargo knows about our packages and everything they use.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::run::{cargo, output};

/// One package, ours or not.
pub(crate) struct Package {
    /// Its name, such as `rung-pki`.
    pub(crate) name: String,
    /// The names of the packages it declares for building and running.
    pub(crate) uses: Vec<String>,
    /// The names of the packages that its tests use besides.
    pub(crate) tests_with: Vec<String>,
    /// Whether it is a member of this workspace.
    pub(crate) ours: bool,
}

/// Every package in the lock file.
pub(crate) fn packages() -> Result<Vec<Package>> {
    let arguments = ["metadata", "--format-version", "1", "--locked", "--all-features"];
    let text = output(&mut cargo(&arguments), "the lock file does not fit the manifests")?;
    let document: Value = serde_json::from_str(&text).context("cargo metadata printed no JSON")?;
    let members: Vec<&Value> = list(&document, "workspace_members").collect();
    Ok(list(&document, "packages").map(|package| read(package, &members)).collect())
}

fn read(package: &Value, members: &[&Value]) -> Package {
    let named = |for_tests: bool| {
        let wanted = list(package, "dependencies").filter(|dependency| (dependency["kind"] == "dev") == for_tests);
        wanted.filter_map(|dependency| text(dependency, "name")).collect()
    };
    Package {
        name: text(package, "name").unwrap_or_default(),
        uses: named(false),
        tests_with: named(true),
        ours: members.contains(&&package["id"]),
    }
}

fn list<'a>(value: &'a Value, member: &str) -> impl Iterator<Item = &'a Value> {
    value[member].as_array().into_iter().flatten()
}

fn text(value: &Value, member: &str) -> Option<String> {
    value[member].as_str().map(str::to_owned)
}

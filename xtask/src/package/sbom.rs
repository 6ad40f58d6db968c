//! What is in the programs, as a CycloneDX document.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{Release, place};
use crate::run::{cargo, command, output, probe, root};

/// A package of the machine that the image takes files from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DebianPackage {
    pub(super) name: String,
    pub(super) version: String,
}

/// Which package a file of the machine belongs to, where dpkg knows.
pub(super) fn owner(file: &Path) -> Option<DebianPackage> {
    // Debian keeps the names that files had before `/lib` became a link to `/usr/lib`.
    let other = Path::new("/usr").join(file.strip_prefix("/").ok()?);
    let line = [file, &other].into_iter().find_map(|path| probe("dpkg-query", &["-S", path.to_str()?]))?;
    let name = line.split(':').next()?.to_owned();
    let version = probe("dpkg-query", &["-W", "-f=${Version}", &name])?;
    Some(DebianPackage { name, version })
}

/// Write the document beside the packages; gives its file.
pub(super) fn build(release: &Release) -> Result<PathBuf> {
    let file = release.file(&format!("rung_{}.cdx.json", release.version));
    place(&file, 0o644, document(release, &[])?.as_bytes())?;
    Ok(file)
}

/// Everything that is compiled into the two programs, and the packages that `beside` lists.
pub(super) fn document(release: &Release, beside: &[DebianPackage]) -> Result<String> {
    let host = output(command("rustc").args(["-vV"]), "rustc does not say what it compiles for")?;
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no host")?;
    let arguments = ["metadata", "--format-version", "1", "--locked", "--filter-platform", host];
    let metadata = output(&mut cargo(&arguments), "the lock file does not fit the manifests")?;
    let metadata: Value = serde_json::from_str(&metadata).context("cargo metadata printed no JSON")?;
    let lock = std::fs::read_to_string(root().join("Cargo.lock"))?;
    let document = describe(release, &metadata, &checksums(&lock), beside);
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

fn describe(
    release: &Release,
    metadata: &Value,
    checksums: &BTreeMap<(String, String), String>,
    beside: &[DebianPackage],
) -> Value {
    let used = used(metadata, &["rung-cli", "rung-server"]);
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let packages: Vec<&Value> = packages.filter(|package| used.contains_key(id(package))).collect();
    let reference = |id: &str| {
        let package = packages.iter().find(|package| self::id(package) == id);
        package.map(|package| purl(package)).unwrap_or_default()
    };
    let mut components: Vec<Value> = packages.iter().map(|package| component(package, checksums)).collect();
    components.extend(beside.iter().map(|package| {
        let DebianPackage { name, version } = package;
        let purl = format!("pkg:deb/debian/{name}@{version}");
        json!({"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl})
    }));
    let mut dependencies: Vec<Value> = used
        .iter()
        .map(|(id, uses)| {
            let uses: BTreeSet<String> = uses.iter().map(|id| reference(id)).collect();
            json!({"ref": reference(id), "dependsOn": uses})
        })
        .collect();
    let key = |value: &Value, member: &str| value[member].as_str().unwrap_or_default().to_owned();
    components.sort_by_key(|component| key(component, "bom-ref"));
    dependencies.sort_by_key(|dependency| key(dependency, "ref"));
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": "rung", "name": "rung", "version": release.version}},
        "components": components,
        "dependencies": dependencies,
    })
}

fn component(package: &Value, checksums: &BTreeMap<(String, String), String>) -> Value {
    let text = |member: &str| package[member].as_str().unwrap_or_default().to_owned();
    let (name, version, purl) = (text("name"), text("version"), purl(package));
    let mut component = json!({
        "type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl,
        "licenses": [{"expression": text("license").replace('/', " OR ")}],
    });
    if let Some(checksum) = checksums.get(&(name, version)) {
        component["hashes"] = json!([{"alg": "SHA-256", "content": checksum}]);
    }
    component
}

/// What is compiled into `programs`, by package id: each with the ids of what it uses.
fn used<'a>(metadata: &'a Value, programs: &[&str]) -> BTreeMap<&'a str, Vec<&'a str>> {
    let nodes = metadata["resolve"]["nodes"].as_array().into_iter().flatten();
    let uses: BTreeMap<&str, Vec<&str>> = nodes.map(|node| (id(node), uses(node))).collect();
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let named = packages.filter(|package| package["name"].as_str().is_some_and(|name| programs.contains(&name)));
    let mut found = BTreeMap::new();
    let mut next: Vec<&str> = named.map(id).collect();
    while let Some(id) = next.pop() {
        if !found.contains_key(id) {
            let uses = uses.get(id).cloned().unwrap_or_default();
            next.extend(&uses);
            found.insert(id, uses);
        }
    }
    found
}

/// The packages that one uses for anything but its tests.
fn uses(node: &Value) -> Vec<&str> {
    let shipped = |dependency: &&Value| {
        let mut kinds = dependency["dep_kinds"].as_array().into_iter().flatten();
        kinds.any(|kind| kind["kind"] != "dev")
    };
    let dependencies = node["deps"].as_array().into_iter().flatten();
    dependencies.filter(shipped).filter_map(|dependency| dependency["pkg"].as_str()).collect()
}

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap_or_default()
}

/// The package URL of a crate.
fn purl(package: &Value) -> String {
    let text = |member: &str| package[member].as_str().unwrap_or_default();
    format!("pkg:cargo/{}@{}", text("name"), text("version"))
}

/// The checksums of the lock file by name and version.
fn checksums(lock: &str) -> BTreeMap<(String, String), String> {
    let mut checksums = BTreeMap::new();
    for package in lock.split("[[package]]") {
        let value = |name: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = \""));
            line.and_then(|rest| rest.strip_suffix('"')).map(str::to_owned)
        };
        if let (Some(name), Some(version), Some(checksum)) = (value("name"), value("version"), value("checksum")) {
            checksums.insert((name, version), checksum);
        }
    }
    checksums
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{checksums, used};

    #[test]
    fn checksums_of_the_lock_file_are_found() {
        let lock = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nchecksum = \"ab\"\n\n[[package]]\nname = \"ours\"\nversion = \"0.1.0\"\n";
        let found = checksums(lock);
        assert_eq!(found.len(), 1);
        assert_eq!(found[&("a".to_owned(), "1.0.0".to_owned())], "ab");
    }

    #[test]
    fn what_only_tests_use_is_not_shipped() {
        let kind = |kind: Option<&str>| json!([{"kind": kind}]);
        let metadata = json!({
            "packages": [{"id": "p", "name": "program"}, {"id": "l", "name": "library"}, {"id": "t", "name": "tester"}],
            "resolve": {"nodes": [
                {"id": "p", "deps": [{"pkg": "l", "dep_kinds": kind(None)}, {"pkg": "t", "dep_kinds": kind(Some("dev"))}]},
                {"id": "l", "deps": [{"pkg": "b", "dep_kinds": kind(Some("build"))}]},
            ]},
        });
        assert_eq!(used(&metadata, &["program"]).into_keys().collect::<Vec<_>>(), ["b", "l", "p"]);
    }
}

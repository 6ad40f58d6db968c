//! Which dependencies and licences are allowed: the lists of `deny.toml`, against what is built for any platform.

mod license;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};

use crate::run::{cargo, must, output, probe, root};

/// The lists of `deny.toml` that we check ourselves.
#[derive(Debug, Default, PartialEq)]
struct Lists {
    /// Licences that may be there.
    licenses: Vec<String>,
    /// Crates that may not be there.
    denied: Vec<String>,
    /// Crates that may be there in one version only.
    single: Vec<String>,
}

/// Check everything that is built, then run `cargo deny` where it is installed.
pub(crate) fn run() -> Result<()> {
    let text = std::fs::read_to_string(root().join("deny.toml")).context("deny.toml cannot be read")?;
    let lists = Lists::parse(&text);
    if lists.licenses.is_empty() || lists.denied.is_empty() {
        bail!("deny.toml has no list `allow` of licences or no list `deny` of crates");
    }
    let built = built()?;
    let wrong = violations(&lists, &built);
    if !wrong.is_empty() {
        bail!("{}\nThe lists are in deny.toml", wrong.join("\n"));
    }
    println!("{} packages have allowed names and licences", built.len());
    if probe("cargo", &["deny", "--version"]).is_some() {
        let arguments = ["deny", "--offline", "check", "bans", "licenses", "sources"];
        must(&mut cargo(&arguments), "cargo deny found something")?;
    }
    Ok(())
}

/// What is built: name, version and licence. The lock file knows more, such as parts that no feature asks for.
fn built() -> Result<BTreeSet<(String, String, String)>> {
    let mut tree = cargo(&["tree", "--workspace", "--locked", "--all-features", "--target", "all"]);
    tree.args(["--edges", "normal,build,dev", "--prefix", "none", "--format", "{p}|{l}"]);
    let text = output(&mut tree, "the lock file does not fit the manifests")?;
    Ok(text.lines().filter_map(package).collect())
}

fn package(line: &str) -> Option<(String, String, String)> {
    let (package, license) = line.split_once('|')?;
    let mut words = package.split(' ');
    // `(*)` marks a package whose own dependencies were listed above.
    let license = license.trim_end_matches("(*)").trim();
    Some((words.next()?.to_owned(), words.next()?.to_owned(), license.to_owned()))
}

fn violations(lists: &Lists, built: &BTreeSet<(String, String, String)>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, version, license) in built {
        if lists.denied.contains(name) {
            wrong.push(format!("{name} {version} must not be used"));
        }
        if !license::is_allowed(license, &lists.licenses) {
            wrong.push(format!("{name} {version} has the licence `{license}`, which is not allowed"));
        }
    }
    for name in &lists.single {
        let versions: Vec<&str> =
            built.iter().filter(|(other, ..)| other == name).map(|(_, version, _)| &**version).collect();
        if versions.len() > 1 {
            wrong.push(format!("{name} is there in several versions: {}", versions.join(", ")));
        }
    }
    wrong
}

impl Lists {
    /// Read the two lists, which have one entry on a line.
    fn parse(text: &str) -> Self {
        let mut lists = Self::default();
        let (mut section, mut list) = ("", "");
        for line in text.lines().map(str::trim) {
            if line.starts_with('[') {
                section = line;
            } else if let Some(name) = line.strip_suffix("= [") {
                list = name.trim();
            } else if line == "]" {
                list = "";
            } else if let Some(entry) = line.split('"').nth(1).filter(|_| !line.starts_with('#')) {
                match (section, list) {
                    ("[licenses]", "allow") => lists.licenses.push(entry.to_owned()),
                    ("[bans]", "deny") if line.contains("deny-multiple-versions = true") => {
                        lists.single.push(entry.to_owned())
                    }
                    ("[bans]", "deny") => lists.denied.push(entry.to_owned()),
                    _ => {}
                }
            }
        }
        lists
    }
}

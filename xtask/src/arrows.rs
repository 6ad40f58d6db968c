//! The walls between the crates: which may use which.

#[cfg(test)]
mod tests;

use anyhow::{Result, bail};

use crate::metadata::{Package, packages};

/// Every arrow there is. One that is not listed does not exist.
const ARROWS: [(&str, &[&str]); 11] = [
    ("rung-api", &["rung-pki", "rung-spec"]),
    ("rung-authority", &["rung-pki", "rung-spec", "rung-template"]),
    ("rung-cli", &["rung-api", "rung-kms", "rung-pki", "rung-spec", "rung-template"]),
    ("rung-e2e", &[]),
    ("rung-kms", &["rung-pki"]),
    ("rung-pki", &[]),
    ("rung-server", &["rung-api", "rung-authority", "rung-kms", "rung-pki", "rung-spec", "rung-store"]),
    ("rung-spec", &[]),
    ("rung-store", &["rung-authority", "rung-pki", "rung-spec"]),
    ("rung-template", &[]),
    ("xtask", &[]),
];

/// Arrows of tests alone: the use cases run on the store in memory.
const TEST_ARROWS: [(&str, &str); 1] = [("rung-authority", "rung-store")];

/// Check the manifests against the table.
pub(crate) fn run() -> Result<()> {
    let wrong = wrong_arrows(&packages()?);
    if !wrong.is_empty() {
        bail!("{}\nThe arrows that exist are listed in xtask/src/arrows.rs and ARCHITECTURE.md", wrong.join("\n"));
    }
    println!("{} crates use only what the table allows", ARROWS.len());
    Ok(())
}

fn wrong_arrows(packages: &[Package]) -> Vec<String> {
    let ours: Vec<&Package> = packages.iter().filter(|package| package.ours).collect();
    let mut wrong = Vec::new();
    for package in &ours {
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == package.name) else {
            wrong.push(format!("{} has no line in the table of arrows", package.name));
            continue;
        };
        let for_tests = |used: &&String| !TEST_ARROWS.contains(&(package.name.as_str(), used.as_str()));
        let used = package.uses.iter().chain(package.tests_with.iter().filter(for_tests));
        let used = used.filter(|used| ours.iter().any(|other| other.name == **used));
        let refused = used.filter(|used| !allowed.contains(&used.as_str()));
        wrong.extend(refused.map(|used| format!("{} may not use {used}", package.name)));
    }
    wrong
}

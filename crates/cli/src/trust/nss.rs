//! The databases of NSS, which Firefox has in each of its profiles and Chromium in the home folder.

use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context as _, bail};

use super::Root;
use super::step::{Step, in_path, is_program, text};

/// The databases of one person.
#[derive(Debug)]
pub(super) struct Databases {
    certutil: PathBuf,
    /// As `certutil` calls them: with `sql:` or `dbm:` before the folder.
    databases: Vec<String>,
}

impl Databases {
    /// Find them.
    pub(super) fn find() -> anyhow::Result<Self> {
        let home = env::var_os("HOME").filter(|home| !home.is_empty());
        let home = PathBuf::from(home.context("HOME is not set, so that profiles of Firefox cannot be found")?);
        let databases = below(&home)?;
        if databases.is_empty() {
            bail!("there is no profile of Firefox, and no other NSS database, in {}", home.display());
        }
        let program = in_path("certutil").or_else(of_homebrew);
        let certutil = program.context(
            "there is no program 'certutil' of NSS; install it: 'apt install libnss3-tools', 'dnf install nss-tools', \
             'pacman -S nss', 'zypper install mozilla-nss-tools', 'brew install nss'",
        )?;
        Ok(Self { certutil, databases })
    }

    /// Put a root into each.
    pub(super) fn add(&self, root: &Root) -> anyhow::Result<()> {
        for database in &self.databases {
            // `C` and nothing else: an authority for servers, not for mail or programs.
            let step = self.step(&["-A", "-d", database, "-t", "C,,", "-n", &root.name])?;
            let step = step.with_input(root.certificate.der());
            step.must()?;
            if !self.has(database, root)? {
                bail!("{database} did not keep the certificate, although \"{step}\" succeeded");
            }
        }
        Ok(())
    }

    /// Take a root out of each; the answer is whether it was anywhere.
    pub(super) fn remove(&self, root: &Root) -> anyhow::Result<bool> {
        let mut found = false;
        for database in &self.databases {
            if self.has(database, root)? {
                self.step(&["-D", "-d", database, "-n", &root.name])?.must()?;
                found = true;
            }
        }
        Ok(found)
    }

    fn has(&self, database: &str, root: &Root) -> anyhow::Result<bool> {
        let answer = self.step(&["-L", "-d", database, "-n", &root.name, "-r"])?.answer()?;
        Ok(answer.status.success() && answer.stdout == root.certificate.der())
    }

    fn step(&self, arguments: &[&str]) -> anyhow::Result<Step> {
        Ok(Step::new(&[&[text(&self.certutil)?], arguments].concat()))
    }
}

/// The databases below a home folder.
fn below(home: &Path) -> anyhow::Result<Vec<String>> {
    let mut folders = Vec::new();
    for parent in PROFILES {
        let Ok(entries) = fs::read_dir(home.join(parent)) else { continue };
        let mut profiles: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
        profiles.sort_unstable();
        folders.append(&mut profiles);
    }
    folders.extend(SHARED.iter().map(|name| home.join(name)));
    let mut found = Vec::new();
    for folder in folders {
        let kinds = [("cert9.db", "sql"), ("cert8.db", "dbm")];
        if let Some((_, kind)) = kinds.iter().find(|(file, _)| folder.join(file).is_file()) {
            found.push(format!("{kind}:{}", text(&folder)?));
        }
    }
    Ok(found)
}

/// Where Homebrew keeps it, which does not put it into `PATH`.
fn of_homebrew() -> Option<PathBuf> {
    let prefixes = ["/opt/homebrew/opt/nss/bin/certutil", "/usr/local/opt/nss/bin/certutil"];
    prefixes.into_iter().map(PathBuf::from).find(|file| is_program(file))
}

/// Folders of profiles: of packages of the system, of Mozilla's own newer ones, of snap, of Flatpak, and of macOS.
const PROFILES: [&str; 5] = [
    ".mozilla/firefox",
    ".config/mozilla/firefox",
    "snap/firefox/common/.mozilla/firefox",
    ".var/app/org.mozilla.firefox/.mozilla/firefox",
    "Library/Application Support/Firefox/Profiles",
];

/// What Chromium and others share.
const SHARED: [&str; 2] = [".pki/nssdb", "snap/chromium/current/.pki/nssdb"];

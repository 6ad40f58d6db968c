//! Which files of an authority others on the machine could read or change.

use std::{
    fs::{self, Metadata},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use rung_spec::Config;
use rustix::{
    fs::{Access, access},
    process::{getegid, geteuid},
};

/// A permission that is wider than it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    text: String,
    /// Whether it matters only to those who ask for strictness.
    pub strict_only: bool,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.text)
    }
}

/// What anybody but the owner may do with a file.
#[derive(Clone, Copy)]
enum Limit {
    /// Nothing: it is a secret, or holds one.
    Secret,
    /// Read it.
    ReadOnly,
}

/// Look at the configuration in `path` and at the files that it names.
pub fn examine(path: &Path, config: &Config, password_file: Option<&Path>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let holds_password = config.password.is_some();
    look(path, if holds_password { Limit::Secret } else { Limit::ReadOnly }, "the configuration", &mut findings);
    look(Path::new(&config.key), Limit::Secret, "the issuing key", &mut findings);
    for key in config.retired_intermediates.iter().filter_map(|retired| retired.key.as_ref()) {
        look(Path::new(key), Limit::Secret, "the key of a retired intermediate", &mut findings);
    }
    if let Some(file) = password_file {
        look(file, Limit::Secret, "the password of the issuing key", &mut findings);
    }
    let retired = config.retired_intermediates.iter().map(|retired| &retired.crt);
    for file in config.root.iter().chain(&config.federated_roots).chain([&config.crt]).chain(retired) {
        look(file, Limit::ReadOnly, "a certificate of the authority", &mut findings);
    }
    if let Some(database) = &config.db {
        look(Path::new(&database.data_source), Limit::ReadOnly, "the database", &mut findings);
    }
    findings.extend(strictly(path));
    findings
}

/// What only matters where the service must not be able to change its own rules.
fn strictly(path: &Path) -> Option<Finding> {
    let text = if geteuid().is_root() {
        "the process runs as root: give it a user of its own".to_owned()
    } else {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let writable = [path, folder].into_iter().find(|place| access(*place, Access::WRITE_OK).is_ok())?;
        format!(
            "the process may change its own configuration ({} is writable): let {} belong to somebody else",
            writable.display(),
            path.display()
        )
    };
    Some(Finding { text, strict_only: true })
}

fn look(path: &Path, limit: Limit, what: &str, findings: &mut Vec<Finding>) {
    // What is not a file of this machine, such as the address of a key store, has no mode.
    let Ok(metadata) = fs::metadata(path) else { return };
    let Some((who, may, mode)) = too_much(&metadata, limit) else { return };
    let path: PathBuf = path.to_owned();
    let text = format!(
        "{what}, {path}, may be {may} by {who} (mode {:04o}): chmod {mode} {path}",
        metadata.mode() & 0o7777,
        path = path.display()
    );
    findings.push(Finding { text, strict_only: false });
}

/// Who may do what that they should not, and the change of mode that ends it.
fn too_much(metadata: &Metadata, limit: Limit) -> Option<(&'static str, &'static str, &'static str)> {
    let mode = metadata.mode();
    // A service often reads what belongs to somebody else by its own group.
    let own_group = metadata.gid() == getegid().as_raw();
    let is_secret = matches!(limit, Limit::Secret);
    let (others, group) = (mode & 0o007, (mode & 0o070) >> 3);
    let found = if others & 0o2 != 0 {
        ("everybody", "changed")
    } else if group & 0o2 != 0 {
        ("its group", "changed")
    } else if is_secret && others & 0o4 != 0 {
        ("everybody", "read")
    } else if is_secret && group & 0o4 != 0 && !own_group {
        ("its group", "read")
    } else {
        return None;
    };
    let mend = match limit {
        Limit::Secret if own_group && group & 0o2 == 0 => "o=",
        Limit::Secret => "go=",
        Limit::ReadOnly => "go-w",
    };
    Some((found.0, found.1, mend))
}

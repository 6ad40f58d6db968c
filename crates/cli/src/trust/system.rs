//! The store of the operating system.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use super::Root;
use super::step::{Step, text};

/// How the system keeps its roots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum System {
    /// Files in a folder, and a program that makes the store of them.
    Linux(&'static Anchors),
    /// The key chain of the system.
    MacOs,
    /// The store `ROOT` of the machine.
    Windows,
}

/// Where a Linux distribution wants files with certificates, and what makes its store of them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Anchors {
    folder: &'static str,
    ending: &'static str,
    update: &'static [&'static str],
}

impl System {
    /// Find it.
    pub(super) fn find() -> anyhow::Result<Self> {
        Self::of(std::env::consts::OS, |folder| Path::new(folder).is_dir())
    }

    /// That of an operating system on which `exists` says which folders there are.
    pub(super) fn of(system: &str, exists: impl Fn(&str) -> bool) -> anyhow::Result<Self> {
        match system {
            "macos" => Ok(Self::MacOs),
            "windows" => Ok(Self::Windows),
            _ => match ANCHORS.iter().find(|anchors| exists(anchors.folder)) {
                Some(anchors) => Ok(Self::Linux(anchors)),
                None => {
                    let folders: Vec<&str> = ANCHORS.iter().map(|anchors| anchors.folder).collect();
                    bail!(
                        "this system has no trust store that is known: none of {} exists; install the package \
                         ca-certificates, or leave the system out with --no-system",
                        folders.join(", ")
                    )
                }
            },
        }
    }

    /// Put a root in.
    pub(super) fn add(self, root: &Root) -> anyhow::Result<()> {
        let certificate = CertificateFile::new(root)?;
        for step in self.to_add(root, certificate.path()?)? {
            step.must()?;
        }
        Ok(())
    }

    /// Take a root out; the answer is whether it was there, as far as that can be seen.
    pub(super) fn remove(self, root: &Root) -> anyhow::Result<bool> {
        let was_there = match self {
            Self::Linux(anchors) => Path::new(&anchors.file(root)?).exists(),
            // These fail for what is not there.
            Self::MacOs | Self::Windows => true,
        };
        // Root may see what we do not, so this is done in any case.
        let certificate = CertificateFile::new(root)?;
        for step in self.to_remove(root, certificate.path()?)? {
            step.must()?;
        }
        Ok(was_there)
    }

    /// What puts the root in whose certificate is in this file.
    pub(super) fn to_add(self, root: &Root, certificate: &str) -> anyhow::Result<Vec<Step>> {
        Ok(match self {
            Self::Linux(anchors) => vec![
                Step::new(&["tee", &anchors.file(root)?]).by_root().with_input(root.certificate.to_pem().as_bytes()),
                Step::new(anchors.update).by_root(),
            ],
            Self::MacOs => {
                let words = ["security", "add-trusted-cert", "-d", "-r", "trustRoot", "-k", KEY_CHAIN, certificate];
                vec![Step::new(&words).by_root()]
            }
            Self::Windows => vec![Step::new(&["certutil.exe", "-addstore", "-f", "ROOT", certificate])],
        })
    }

    /// What takes it out.
    pub(super) fn to_remove(self, root: &Root, certificate: &str) -> anyhow::Result<Vec<Step>> {
        Ok(match self {
            Self::Linux(anchors) => {
                vec![Step::new(&["rm", "-f", &anchors.file(root)?]).by_root(), Step::new(anchors.update).by_root()]
            }
            Self::MacOs => vec![Step::new(&["security", "remove-trusted-cert", "-d", certificate]).by_root()],
            Self::Windows => {
                // The fingerprint names one certificate, where a serial number may be that of several.
                let sha1 = digest(&SHA1_FOR_LEGACY_USE_ONLY, root.certificate.der());
                let sha1 = rung_pki::hex(sha1.as_ref());
                vec![Step::new(&["certutil.exe", "-delstore", "ROOT", &sha1])]
            }
        })
    }
}

impl Anchors {
    /// The file of a root. Its name must stay inside the folder, since it is written as root.
    fn file(&self, root: &Root) -> anyhow::Result<String> {
        let name = root.name.replace([' ', '/'], "_") + self.ending;
        if name.len() > LONGEST_NAME {
            bail!("the name of the certificate is too long for a file; give it a shorter one with --prefix");
        }
        Ok(format!("{}/{name}", self.folder))
    }
}

/// The certificate in a file of ours, for programs that want one: what is installed is what was checked.
struct CertificateFile(tempfile::NamedTempFile);

impl CertificateFile {
    fn new(root: &Root) -> anyhow::Result<Self> {
        let file = tempfile::Builder::new().prefix("rung-").suffix(".crt").tempfile();
        let mut file = file.context("could not make a temporary file")?;
        file.write_all(root.certificate.to_pem().as_bytes()).context("could not write a temporary file")?;
        file.flush().context("could not write a temporary file")?;
        Ok(Self(file))
    }

    fn path(&self) -> anyhow::Result<&str> {
        text(self.0.path())
    }
}

/// Fedora and its kin, Debian and its kin, SUSE, Arch. The first that is there counts.
static ANCHORS: [Anchors; 4] = [
    Anchors { folder: "/etc/pki/ca-trust/source/anchors", ending: ".pem", update: &["update-ca-trust", "extract"] },
    Anchors { folder: "/usr/local/share/ca-certificates", ending: ".crt", update: &["update-ca-certificates"] },
    Anchors { folder: "/usr/share/pki/trust/anchors", ending: ".crt", update: &["update-ca-certificates"] },
    Anchors {
        folder: "/etc/ca-certificates/trust-source/anchors",
        ending: ".crt",
        update: &["trust", "extract-compat"],
    },
];

const KEY_CHAIN: &str = "/Library/Keychains/System.keychain";

/// What Linux takes, without the ending of the links that are made for it.
const LONGEST_NAME: usize = 240;

//! The places where a machine keeps the root certificates that its programs trust.
//!
//! They are changed with the programs that own them: those of the operating system, `keytool` of Java, `certutil` of NSS.
//! Every place is found before the first of them is changed.

mod java;
mod nss;
mod step;
mod system;
#[cfg(test)]
mod tests;

use anyhow::bail;
use rung_pki::Certificate;

use crate::failure::Usage;

use java::Java;
use nss::Databases;
use system::System;

/// A root certificate, and the name that it has in every store.
#[derive(Debug)]
pub(crate) struct Root {
    certificate: Certificate,
    name: String,
}

impl Root {
    /// Take a certificate that is its own issuer; its name is `prefix`, else its common name, and its serial number.
    pub(crate) fn new(file: &str, certificate: Certificate, prefix: Option<&str>) -> anyhow::Result<Self> {
        if !certificate.is_ca() || !certificate.is_self_signed() {
            bail!("certificate {file} is not a root CA");
        }
        let common_name = certificate.subject().common_name().filter(|name| !name.is_empty());
        let start = match (prefix, common_name) {
            (Some(prefix), _) => prefix.to_owned(),
            (None, Some(common_name)) => format!("{common_name} "),
            (None, None) => NAMELESS.to_owned(),
        };
        let name = format!("{start}{}", certificate.serial());
        // The name is an argument of other programs, some of which run as root. A certificate from elsewhere must not
        // speak to them: `keytool` hands what begins with `-J` to the Java machine, and reads a file for `@`.
        if name.starts_with(['-', '@']) || name.contains(char::is_control) {
            let hint = "Give it a name with --prefix.".to_owned();
            let text = format!("the name of the certificate in {file} cannot be one in a trust store");
            return Err(Usage::new(text).with_hint(hint).into());
        }
        Ok(Self { certificate, name })
    }

    /// The certificate itself.
    pub(crate) fn certificate(&self) -> &Certificate {
        &self.certificate
    }
}

/// Which stores somebody asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// The operating system's.
    pub(crate) system: bool,
    /// That of the Java of `JAVA_HOME`.
    pub(crate) java: Asked,
    /// The databases of Firefox, and of what else uses NSS.
    pub(crate) firefox: Asked,
}

/// How much somebody wants a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// By its own name: that it is not here is an error.
    ByName,
    /// Where there is one.
    IfHere,
    /// Not at all.
    No,
}

/// Stores that are here.
#[derive(Debug)]
pub(crate) struct Stores {
    java: Option<Java>,
    firefox: Option<Databases>,
    system: Option<System>,
    /// Why those that would be nice to have are not among them.
    pub(crate) missing: Vec<String>,
}

impl Stores {
    /// Find them; nothing is changed.
    pub(crate) fn find(wanted: Wanted) -> anyhow::Result<Self> {
        let mut missing = Vec::new();
        let java = if_here(wanted.java, Java::find, &mut missing)?;
        let firefox = if_here(wanted.firefox, Databases::find, &mut missing)?;
        let system = if wanted.system { Some(System::find()?) } else { None };
        if java.is_none() && firefox.is_none() && system.is_none() {
            let hint = "Leave out --no-system, or add --java or --firefox.".to_owned();
            let text = match missing.is_empty() {
                true => "there is no trust store to change".to_owned(),
                false => format!("there is no trust store to change: {}", missing.join("; ")),
            };
            return Err(Usage::new(text).with_hint(hint).into());
        }
        Ok(Self { java, firefox, system, missing })
    }

    /// Have them trust a root. Where it is already trusted, nothing changes.
    pub(crate) fn add(&self, root: &Root) -> anyhow::Result<()> {
        // The system comes last, as it is the one that asks for a password.
        self.java.as_ref().map_or(Ok(()), |store| store.add(root))?;
        self.firefox.as_ref().map_or(Ok(()), |store| store.add(root))?;
        self.system.as_ref().map_or(Ok(()), |store| store.add(root))
    }

    /// Have them no longer trust a root; the answer is whether any of them had it.
    pub(crate) fn remove(&self, root: &Root) -> anyhow::Result<bool> {
        let java = self.java.as_ref().map_or(Ok(false), |store| store.remove(root))?;
        let firefox = self.firefox.as_ref().map_or(Ok(false), |store| store.remove(root))?;
        let system = self.system.as_ref().map_or(Ok(false), |store| store.remove(root))?;
        Ok(java || firefox || system)
    }
}

fn if_here<Store>(
    asked: Asked,
    find: impl FnOnce() -> anyhow::Result<Store>,
    missing: &mut Vec<String>,
) -> anyhow::Result<Option<Store>> {
    match (asked, find) {
        (Asked::No, _) => Ok(None),
        (Asked::ByName, find) => find().map(Some),
        (Asked::IfHere, find) => match find() {
            Ok(store) => Ok(Some(store)),
            Err(error) => {
                missing.push(format!("{error:#}"));
                Ok(None)
            }
        },
    }
}

/// What a root without a common name is called.
const NAMELESS: &str = "Rung Root CA ";

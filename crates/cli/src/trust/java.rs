//! The store of a Java installation: the file `cacerts`, changed with its own `keytool`.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::Root;
use super::step::{Answer, Step, is_program, text};

/// The Java of `JAVA_HOME`.
#[derive(Debug)]
pub(super) struct Java {
    keytool: PathBuf,
    store: PathBuf,
}

impl Java {
    /// Find it.
    pub(super) fn find() -> anyhow::Result<Self> {
        let home = env::var_os("JAVA_HOME").filter(|home| !home.is_empty());
        let home = PathBuf::from(home.context("define JAVA_HOME to name the Java whose trust store is meant")?);
        Self::below(&home)
    }

    fn below(home: &Path) -> anyhow::Result<Self> {
        let keytool = home.join("bin/keytool");
        if !is_program(&keytool) {
            bail!("JAVA_HOME is not the folder of a Java: there is no program {}", keytool.display());
        }
        // Java 8 has one inside `jre`, which is the one that counts.
        let stores = ["jre/lib/security/cacerts", "lib/security/cacerts"].map(|name| home.join(name));
        let store = stores.into_iter().find(|store| store.exists());
        let store = store.with_context(|| format!("the Java in {} has no trust store", home.display()))?;
        Ok(Self { keytool, store })
    }

    /// Put a root in.
    pub(super) fn add(&self, root: &Root) -> anyhow::Result<()> {
        if self.has(root)? {
            return Ok(());
        }
        let step = self.step("-importcert", root, &["-noprompt"])?.with_input(root.certificate.to_pem().as_bytes());
        let answer = run(&step)?;
        if answer.status.success() { Ok(()) } else { Err(step.failed(&answer)) }
    }

    /// Take a root out; the answer is whether it was there.
    pub(super) fn remove(&self, root: &Root) -> anyhow::Result<bool> {
        if !self.has(root)? {
            return Ok(false);
        }
        let step = self.step("-delete", root, &[])?;
        let answer = run(&step)?;
        if answer.status.success() { Ok(true) } else { Err(step.failed(&answer)) }
    }

    /// Whether it is there, under its name.
    fn has(&self, root: &Root) -> anyhow::Result<bool> {
        let step = self.step("-exportcert", root, &[])?;
        let answer = step.answer()?;
        match answer.status.success() {
            true => Ok(answer.stdout == root.certificate.der()),
            false if answer.said.contains("does not exist") => Ok(false),
            false => Err(step.failed(&answer)),
        }
    }

    fn step(&self, what: &str, root: &Root, more: &[&str]) -> anyhow::Result<Step> {
        let words = [text(&self.keytool)?, ENGLISH, what, "-keystore", text(&self.store)?, "-storepass", PASSWORD];
        let words: Vec<&str> = words.into_iter().chain(more.iter().copied()).chain(["-alias", &root.name]).collect();
        Ok(Step::new(&words))
    }
}

/// Run it, and once more as root when the store belongs to root.
fn run(step: &Step) -> anyhow::Result<Answer> {
    let answer = step.answer()?;
    if !answer.status.success() && answer.said.contains("java.io.FileNotFoundException") {
        return step.clone().by_root().answer();
    }
    Ok(answer)
}

/// What `keytool` says is understood above.
const ENGLISH: &str = "-J-Duser.language=en";

/// Every Java is delivered with it. It keeps no secret: certificates that are trusted are for all to see.
const PASSWORD: &str = "changeit";

//! The real world of an agent: files, a CA, and the programs that use certificates.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use rung_pki::{Certificate, PrivateKey, keyfile};
use rustix::process::{Pid, Signal, kill_process_group};

use super::notes::Notes;
use super::settings::Entry;
use super::turn::{Fingerprint, Seen, World};
use crate::ca::connection::read_roots;
use crate::ca::issue::to_pem;
use crate::clock::{self, Moment};
use crate::output::{self, Commit, Existing, Mode, Target};
use crate::renewal::exchange::{Issuer, Proof};
use crate::renewal::flags::random;
use crate::renewal::pair::Pair;
use crate::renewal::schedule::Lifetime;
use crate::ui::{Ui, shown};
use crate::{input, secret};

/// What a turn for one certificate needs.
pub(super) struct Machine<'a> {
    /// What is known of the certificate.
    pub(super) entry: &'a Entry,
    /// Where notes are kept.
    pub(super) folder: &'a Path,
    /// Where the log goes.
    pub(super) ui: &'a Ui,
}

/// A certificate that was issued, with its key if that is new.
pub(super) struct Issued {
    chain: Vec<Certificate>,
    key: Option<PrivateKey>,
    certificate: Target,
    key_target: Option<Target>,
}

impl World for Machine<'_> {
    type Issued = Issued;

    fn now(&self) -> Moment {
        clock::moment()
    }

    fn random(&mut self) -> anyhow::Result<u64> {
        random()
    }

    fn look(&mut self) -> anyhow::Result<Seen> {
        let file = &self.entry.crt;
        output::recover(Path::new(file))?;
        let contents = input::read("the certificate", file)?;
        let chain = Certificate::all_from_pem(&contents);
        let chain = chain.with_context(|| format!("the certificate, {file}, cannot be used"))?;
        let leaf = chain.first().with_context(|| format!("there is no certificate in {file}"))?;
        Ok(Seen { fingerprint: fingerprint(leaf), lifetime: Lifetime::of(leaf) })
    }

    fn keep(&mut self, notes: &Notes) -> anyhow::Result<()> {
        notes.write(self.folder).context("the agent cannot keep its notes")
    }

    fn obtain(&mut self) -> anyhow::Result<(Fingerprint, Issued)> {
        let entry = self.entry;
        let issuer = Issuer { url: entry.ca_url.parse()?, roots: read_roots(&entry.root)? };
        let pair = Pair::read(&entry.crt, &entry.key, || read_key(entry))?;
        let claim = |file: &str| Target::claim(Path::new(file), Existing::Replace);
        let certificate = claim(&entry.crt)?;
        certificate.check_room()?;
        let issued = if entry.rekey {
            let key_target = claim(&entry.key)?;
            key_target.check_room()?;
            let key = PrivateKey::generate(pair.key().algorithm())?;
            let chain = issuer.rekey(&pair, &key, clock::now())?;
            Issued { chain, key: Some(key), certificate, key_target: Some(key_target) }
        } else {
            let proof = if entry.token { Proof::Token } else { Proof::Tls };
            let chain = issuer.renew(&pair, proof, clock::now())?;
            Issued { chain, key: None, certificate, key_target: None }
        };
        let leaf = issued.chain.first().context("the CA returned no certificate")?;
        Ok((fingerprint(leaf), issued))
    }

    fn place(&mut self, issued: Issued) -> anyhow::Result<()> {
        let mut commit = Commit::default();
        commit.put(issued.certificate, Mode::AsBefore, to_pem(&issued.chain));
        if let (Some(target), Some(key)) = (issued.key_target, &issued.key) {
            commit.put(target, Mode::AsBeforeSecret, keyfile::to_pem(key).as_bytes());
        }
        commit.write()
    }

    fn tell(&mut self) -> Option<anyhow::Result<()>> {
        let after = self.entry.after();
        if after.signal.is_none() && after.command.is_none() {
            return None;
        }
        let run = || {
            after.send()?;
            let Some(mut command) = after.command() else { return Ok(()) };
            command.env("RUNG_CRT_FILE", &self.entry.crt).env("RUNG_KEY_FILE", &self.entry.key);
            run_within(command, HOOK_LIMIT)
        };
        Some(run())
    }

    fn say(&mut self, text: &str) {
        self.ui.line(&format!("{}: {text}", shown(&self.entry.crt)));
    }

    fn complain(&mut self, error: &anyhow::Error) {
        self.ui.line(&format!("{}: {}", shown(&self.entry.crt), shown(&format!("{error:#}"))));
    }
}

/// Run a command to its end, or end it with everything that it started.
fn run_within(mut command: std::process::Command, limit: Duration) -> anyhow::Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).process_group(0);
    let mut child = command.spawn().with_context(|| format!("could not start '{name}'"))?;
    let start = clock::moment().steady;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if clock::moment().steady.saturating_sub(start) > limit {
            if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
                // It may have ended by itself just now.
                let _ = kill_process_group(group, Signal::KILL);
            }
            child.wait()?;
            bail!("'{name}' was still running after {limit:?} and was ended");
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    match status.code() {
        Some(0) => Ok(()),
        Some(code) => Err(anyhow!("exit status {code}").context(format!("'{name}' failed"))),
        None => bail!("'{name}' was ended by a signal"),
    }
}

fn read_key(entry: &Entry) -> anyhow::Result<PrivateKey> {
    let contents = input::read("the private key", &entry.key)?;
    let password = entry.password_file.as_ref().map(|file| secret::password_file("password-file", file)).transpose()?;
    let password = password.as_ref().map(|password| password.as_bytes());
    let key = keyfile::read_private_key(&contents, password);
    key.with_context(|| format!("the private key, {}, cannot be used", entry.key))
}

fn fingerprint(certificate: &Certificate) -> Fingerprint {
    rung_pki::hex(&certificate.fingerprint())
}

/// Reloading a service takes seconds; something that takes longer hangs.
const HOOK_LIMIT: Duration = Duration::from_secs(300);

//! The file of a JWK set: read, locked, replaced.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use rung_pki::jose::Jwk;
use rustix::fs::{FlockOperation, flock};
use serde_json::{Map, Value, json};

use crate::input;
use crate::keys::json::why_not_an_object;
use crate::output::{Commit, Existing, Mode, Target};

/// A JWK set in a file; members that Rung does not know are kept.
pub(super) struct KeySetFile {
    path: String,
    members: Map<String, Value>,
}

/// The lock of a file that is about to be replaced.
pub(super) struct Locked(#[expect(dead_code, reason = "the lock lasts as long as the file is open")] File);

impl KeySetFile {
    /// Read it without changing it.
    pub(super) fn read(path: &str) -> anyhow::Result<Self> {
        if let Err(error) = std::fs::metadata(path)
            && error.kind() == ErrorKind::NotFound
        {
            bail!("open {path} failed: no such file or directory");
        }
        Self::parse(path, &input::read("the JWK set", path)?)
    }

    /// Lock it and read it; it is made if it is not there.
    pub(super) fn lock(path: &str) -> anyhow::Result<(Self, Locked)> {
        // Two rounds are enough unless somebody replaces the file all the time.
        for _ in 0..10 {
            let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
            let file = file.with_context(|| format!("open {path} failed"))?;
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {}
                Err(rustix::io::Errno::WOULDBLOCK) => bail!("error reading {path}: file is locked"),
                Err(error) => return Err(anyhow!(error).context(format!("error locking {path}"))),
            }
            // Whoever held the lock may have put another file in its place.
            let (ours, present) = (file.metadata()?, std::fs::metadata(path));
            if present.is_ok_and(|present| (present.dev(), present.ino()) == (ours.dev(), ours.ino())) {
                let set = Self::parse(path, &input::read("the JWK set", path)?)?;
                return Ok((set, Locked(file)));
            }
        }
        bail!("error reading {path}: file is locked")
    }

    fn parse(path: &str, contents: &[u8]) -> anyhow::Result<Self> {
        let mut members: Map<String, Value> = if contents.is_empty() {
            Map::new()
        } else {
            let refused = |_| anyhow!("error reading {path}: {}", why_not_an_object(contents));
            serde_json::from_slice(contents).map_err(refused)?
        };
        let keys = members.entry("keys").or_insert_with(|| json!([]));
        let all_objects = keys.as_array().is_some_and(|keys| keys.iter().all(Value::is_object));
        if !all_objects {
            bail!("error reading {path}: its member `keys` is not a list of JWKs");
        }
        Ok(Self { path: path.to_owned(), members })
    }

    /// The keys with their ids.
    pub(super) fn keys(&self) -> impl Iterator<Item = (&str, &Value)> {
        let keys = self.members["keys"].as_array().into_iter().flatten();
        keys.map(|key| (key["kid"].as_str().unwrap_or_default(), key))
    }

    /// Add a key at the end.
    pub(super) fn add(&mut self, jwk: &Jwk) -> anyhow::Result<()> {
        let key: Value = serde_json::from_str(&jwk.to_json())?;
        self.members["keys"].as_array_mut().expect("checked when it was read").push(key);
        Ok(())
    }

    /// Remove the keys with this id; the answer is how many there were.
    pub(super) fn remove(&mut self, key_id: &str) -> usize {
        let keys = self.members["keys"].as_array_mut().expect("checked when it was read");
        let before = keys.len();
        keys.retain(|key| key["kid"].as_str().unwrap_or_default() != key_id);
        before - keys.len()
    }

    /// Replace the file in one step.
    pub(super) fn write(&self, _lock: Locked) -> anyhow::Result<()> {
        let target = Target::claim(Path::new(&self.path), Existing::Replace)?;
        let mut commit = Commit::default();
        commit.put(target, Mode::Private, serde_json::to_string_pretty(&self.members)?);
        commit.write()
    }
}

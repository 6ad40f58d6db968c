//! Sealing the audit record with signed checkpoints, and exporting it for auditors.

use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use rung_authority::{
    audit::{BEGINNING, Said, record},
    store::{AuditEntry, Store},
};
use rung_pki::{
    KeyAlgorithm, PrivateKey, Signer, keyfile,
    tlog::{Checkpoint, Edge, Hash, LogKey, TILE_WIDTH, append_to_bundle, entries_path, leaf_hash, root_of, tile_path},
};
use rung_spec::file;
use rung_store::AuditReader;

/// What checkpoints of the audit record are signed with.
pub struct Seal {
    key: PrivateKey,
    log: LogKey,
}

impl Seal {
    /// The key beside the database, made when there is none. The name under which it signs is that of the authority
    /// when it was made, and stays.
    ///
    /// # Errors
    /// When it cannot be read or made.
    pub fn open(database: &Path, authority: &str) -> anyhow::Result<Self> {
        let (file, public) = (beside(database, "-audit-key"), beside(database, "-audit-key.pub"));
        let key = match file::read(&file) {
            Ok(text) => keyfile::read_private_key(&text, None)
                .with_context(|| format!("{} is no private key", file.display()))?,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let key = PrivateKey::generate(KeyAlgorithm::Ed25519)?;
                write_new(&file, 0o600, keyfile::to_pem(&key).as_bytes())?;
                key
            }
            Err(error) => return Err(error).with_context(|| format!("{} cannot be read", file.display())),
        };
        let log = match file::read_text(&public) {
            Ok(text) => LogKey::parse(&text).with_context(|| format!("{} is no key of a log", public.display()))?,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let name = format!("{authority}/rung-audit");
                let log = LogKey::new(&name, key.public_key().clone()).context("the audit key is not Ed25519")?;
                write_new(&public, 0o644, format!("{}\n", log.to_text()).as_bytes())?;
                log
            }
            Err(error) => return Err(error).with_context(|| format!("{} cannot be read", public.display())),
        };
        if LogKey::new(log.name(), key.public_key().clone()).as_ref() != Some(&log) {
            bail!("{} and {} do not belong together", file.display(), public.display());
        }
        Ok(Self { key, log })
    }

    /// The public key, as auditors pass it around.
    pub fn public(&self) -> String {
        self.log.to_text()
    }

    /// Compare the record with the latest checkpoint: it must have been signed with this key, and nothing that it saw
    /// may be gone.
    ///
    /// # Errors
    /// When the record was changed, or the store does not answer.
    pub async fn check(&self, store: &dyn Store) -> anyhow::Result<()> {
        let Some(note) = store.checkpoint().await? else { return Ok(()) };
        let sealed = Checkpoint::verify(&note, &self.log).context("the last checkpoint of the audit record")?;
        let (size, root) = store.audit_head().await?;
        if size < sealed.size || size == sealed.size && root != sealed.root {
            bail!(
                "the audit record has {size} records and was sealed with {}: records were changed or are gone; restore the database from a backup",
                sealed.size
            );
        }
        Ok(())
    }

    /// Sign a checkpoint, if anything was recorded since the last one.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn seal(&self, store: &dyn Store) -> anyhow::Result<()> {
        let (size, root) = store.audit_head().await?;
        let last = store.checkpoint().await?.and_then(|note| Checkpoint::verify(&note, &self.log).ok());
        if last.is_some_and(|last| last.size >= size) {
            return Ok(());
        }
        let checkpoint = Checkpoint { origin: self.log.name().to_owned(), size, root };
        Ok(store.keep_checkpoint(size, &checkpoint.sign(self.log.name(), &self.key)?).await?)
    }
}

/// An entry of the audit record about the daemon itself.
pub fn entry(at: std::time::SystemTime, action: &'static str, detail: &serde_json::Value) -> AuditEntry {
    AuditEntry { at, action, request_id: String::new(), detail: detail.to_string() }
}

/// Write the audit record up to its latest checkpoint into an empty folder, as C2SP `tlog-tiles` lays it out, and check
/// it on the way; gives the number of records.
///
/// # Errors
/// When the record is not what was sealed, or the folder cannot be written.
pub fn export(database: &Path, folder: &Path) -> anyhow::Result<u64> {
    let reader = AuditReader::open(database)?;
    let key = beside(database, "-audit-key.pub");
    let key = file::read_text(&key).with_context(|| format!("{} cannot be read", key.display()))?;
    let log = LogKey::parse(&key)?;
    let note = reader.checkpoint()?.context("the audit record was never sealed: the authority does so as it runs")?;
    let sealed = Checkpoint::verify(&note, &log)?;
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    if fs::read_dir(folder)?.next().is_some() {
        bail!("{} is not empty: name a new folder", folder.display());
    }
    let mut export = Export { folder, previous: BEGINNING, edge: Edge::default(), levels: vec![Vec::new()] };
    while export.edge.size() < sealed.size {
        let wanted = (sealed.size - export.edge.size()).min(TILE_WIDTH);
        let wanted = u32::try_from(wanted).expect("a tile is small");
        export.bundle(&reader.records(export.edge.size() + 1, wanted)?, wanted)?;
    }
    if export.edge.root() != sealed.root {
        bail!("the audit record is not the one that was sealed: its root differs");
    }
    export.finish()?;
    write_new(&folder.join("key"), 0o644, key.as_bytes())?;
    write_new(&folder.join("checkpoint"), 0o644, note.as_bytes())?;
    Ok(sealed.size)
}

struct Export<'a> {
    folder: &'a Path,
    previous: Hash,
    edge: Edge,
    /// The hashes of each level of tiles that are not in a full tile yet.
    levels: Vec<Vec<Hash>>,
}

impl Export<'_> {
    fn bundle(&mut self, records: &[rung_authority::store::AuditRecord], wanted: u32) -> anyhow::Result<()> {
        if records.len() != wanted as usize {
            bail!("the audit record ends with {}, before the place where it was sealed", self.edge.size());
        }
        let (mut bundle, mut hashes) = (Vec::new(), Vec::new());
        let index = self.edge.size() / TILE_WIDTH;
        for kept in records {
            let position = self.edge.size() + 1;
            let said = Said {
                position,
                at: kept.at,
                action: &kept.action,
                request_id: &kept.request_id,
                detail: &kept.detail,
            };
            let octets = record(&said, &self.previous);
            let hash = leaf_hash(&octets);
            if kept.position != position || kept.hash != hash {
                bail!("record {position} of the audit was changed");
            }
            append_to_bundle(&mut bundle, &octets)?;
            hashes.push(hash);
            self.edge.push(hash);
            self.previous = hash;
        }
        write(&self.folder.join(entries_path(index, u64::from(wanted))), &bundle)?;
        self.tile(0, hashes)
    }

    /// Write a tile, and add its root to the level above when it is full.
    fn tile(&mut self, level: usize, hashes: Vec<Hash>) -> anyhow::Result<()> {
        let width = hashes.len() as u64;
        let first = (self.edge.size() >> (8 * level)).saturating_sub(1) / TILE_WIDTH;
        let path = tile_path(u32::try_from(level)?, first, width);
        write(&self.folder.join(path), &hashes.concat())?;
        if width < TILE_WIDTH {
            return Ok(());
        }
        if self.levels.len() <= level + 1 {
            self.levels.push(Vec::new());
        }
        let above = &mut self.levels[level + 1];
        above.push(root_of(&hashes));
        if above.len() as u64 == TILE_WIDTH {
            let full = std::mem::take(above);
            return self.tile(level + 1, full);
        }
        Ok(())
    }

    /// Write the tiles that are not full.
    fn finish(&mut self) -> anyhow::Result<()> {
        for level in 1..self.levels.len() {
            let rest = std::mem::take(&mut self.levels[level]);
            if !rest.is_empty() {
                self.tile(level, rest)?;
            }
        }
        Ok(())
    }
}

fn write(path: &Path, contents: &[u8]) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    }
    write_new(path, 0o644, contents)
}

fn write_new(path: &Path, mode: u32, contents: &[u8]) -> anyhow::Result<()> {
    let shown = || format!("{} cannot be written", path.display());
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path).with_context(shown)?;
    file.write_all(contents).and_then(|()| file.sync_all()).with_context(shown)
}

fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

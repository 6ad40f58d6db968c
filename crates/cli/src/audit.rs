//! The audit record of an authority as auditors have it: a folder that `rung-ca audit export` wrote, checked without the
//! authority.

mod record;

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use rung_pki::hex;
use rung_pki::tlog::{
    Checkpoint, Edge, Hash, LogKey, OfflineProof, TILE_WIDTH, entries_path, inclusion_proof, leaf_hash, node_in_tile,
    read_bundle, tile_path,
};

pub(crate) use record::Record;

use crate::input;

/// A folder with an audit record.
pub(crate) struct Export {
    folder: PathBuf,
    key: LogKey,
    note: String,
    sealed: Checkpoint,
}

/// A tile has 256 hashes, and a bundle as many records.
const BUNDLE_LIMIT: u64 = TILE_WIDTH * (2 + u16::MAX as u64);

impl Export {
    /// Open a folder and check its checkpoint, by the key in `key` or else by the one within.
    pub(crate) fn open(folder: &str, key: Option<&str>) -> anyhow::Result<Self> {
        let path = Path::new(folder);
        let within = path.join("key").to_string_lossy().into_owned();
        let key = read_key(key.unwrap_or(&within))?;
        let note = text("the checkpoint", &path.join("checkpoint").to_string_lossy())?;
        let sealed = Checkpoint::verify(&note, &key)?;
        Ok(Self { folder: path.to_owned(), key, note, sealed })
    }

    /// What the log says about itself.
    pub(crate) fn sealed(&self) -> &Checkpoint {
        &self.sealed
    }

    /// The key that it is signed with.
    pub(crate) fn key(&self) -> &LogKey {
        &self.key
    }

    /// Check every record: that it goes on from the one before, and that the signed root is over all of them. Where
    /// `root_at` knows what the root over so many records was, it has to be that one still.
    pub(crate) fn check(&self, mut root_at: impl FnMut(u64) -> Option<Hash>) -> anyhow::Result<()> {
        let mut edge = Edge::default();
        let mut previous = [0; 32];
        self.walk(|octets| {
            let position = edge.size() + 1;
            let record = Record::parse(octets).with_context(|| format!("record {position} of the audit"))?;
            if record.position != position || record.previous != hex(&previous) {
                bail!("record {position} of the audit does not go on from the one before");
            }
            previous = leaf_hash(octets);
            edge.push(previous);
            if root_at(position).is_some_and(|root| root != edge.root()) {
                bail!("the first {position} records are not those of the earlier checkpoint: the record was rewritten");
            }
            Ok(())
        })?;
        if edge.root() != self.sealed.root {
            bail!("the records are not those that were sealed: the root over them differs from the checkpoint");
        }
        Ok(())
    }

    /// Tell `each` every record, in order.
    pub(crate) fn walk(&self, mut each: impl FnMut(&[u8]) -> anyhow::Result<()>) -> anyhow::Result<()> {
        for index in 0..self.sealed.size.div_ceil(TILE_WIDTH) {
            let width = self.width(index);
            let bundle = self.read(&entries_path(index, width), BUNDLE_LIMIT)?;
            let records = read_bundle(&bundle).with_context(|| entries_path(index, width))?;
            if records.len() as u64 != width {
                bail!("{} has {} records instead of {width}", entries_path(index, width), records.len());
            }
            records.into_iter().try_for_each(&mut each)?;
        }
        Ok(())
    }

    /// The proof that a record is in the log; `index` counts from zero.
    pub(crate) fn prove(&self, index: u64, record: &[u8]) -> anyhow::Result<OfflineProof> {
        let hashes = inclusion_proof(index, self.sealed.size, |level, index| {
            let node = node_in_tile(level, index, |level, index| self.tile(level, index))?;
            node.with_context(|| format!("the tile for node {index} of level {level} has too few hashes"))
        })?;
        Ok(OfflineProof { record: record.to_owned(), index, hashes, checkpoint: self.note.clone() })
    }

    /// The hashes of a tile, as many as there are.
    fn tile(&self, level: u32, index: u64) -> anyhow::Result<Vec<Hash>> {
        let nodes = self.sealed.size >> (8 * level);
        let width = (nodes - index * TILE_WIDTH).min(TILE_WIDTH);
        let octets = self.read(&tile_path(level, index, width), TILE_WIDTH * 32)?;
        let (hashes, rest) = octets.as_chunks::<32>();
        if !rest.is_empty() || hashes.len() as u64 != width {
            bail!("{} has not {width} hashes", tile_path(level, index, width));
        }
        Ok(hashes.to_vec())
    }

    fn width(&self, index: u64) -> u64 {
        (self.sealed.size - index * TILE_WIDTH).min(TILE_WIDTH)
    }

    fn read(&self, path: &str, limit: u64) -> anyhow::Result<Vec<u8>> {
        let path = self.folder.join(path);
        let mut octets = Vec::new();
        let read = File::open(&path).and_then(|file| file.take(limit + 1).read_to_end(&mut octets));
        match read {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                bail!("{} is missing: the export is not complete; export it again", path.display())
            }
            read => read.with_context(|| format!("could not read {}", path.display()))?,
        };
        if octets.len() as u64 > limit {
            bail!("{} is larger than {limit} octets", path.display());
        }
        Ok(octets)
    }
}

/// Read the public key of a log.
pub(crate) fn read_key(file: &str) -> anyhow::Result<LogKey> {
    LogKey::parse(&text("the key of the audit record", file)?).with_context(|| input::name(file).to_owned())
}

/// Read a text.
pub(crate) fn text(purpose: &str, file: &str) -> anyhow::Result<String> {
    let octets = input::read(purpose, file)?;
    let text = std::str::from_utf8(&octets).with_context(|| format!("{purpose}, {}, is no text", input::name(file)))?;
    Ok(text.to_owned())
}

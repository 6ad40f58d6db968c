//! The audit record in the file: its chain, and the tree over it.
//!
//! Each row has its leaf hash. Of the tree, only the roots of complete subtrees of 256, 65,536 and so on records are
//! kept, which is all that a start or a proof needs besides the rows themselves.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rung_authority::{
    audit::{BEGINNING, Said, record},
    store::AuditEntry,
};
use rung_pki::tlog::{Edge, Hash, TILE_HEIGHT, leaf_hash};
use rusqlite::{Connection, OptionalExtension};

use super::read::milliseconds;

/// The end of the record: what the next one goes on from.
pub(super) struct Head {
    edge: Edge,
    previous: Hash,
}

impl Head {
    /// Read the end of the record from the file.
    pub(super) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        let query = "SELECT coalesce(max(position), 0) FROM audit";
        let size: i64 = connection.query_row(query, [], |row| row.get(0))?;
        Self::load_at(connection, size.unsigned_abs())
    }

    /// Read what the end of the record was when it had that size.
    pub(super) fn load_at(connection: &Connection, size: u64) -> rusqlite::Result<Self> {
        let mut edge = Edge::default();
        let top = connection.query_row("SELECT coalesce(max(level), 0) FROM audit_nodes", [], |row| row.get(0))?;
        for level in (0..=top).rev() {
            let height = TILE_HEIGHT * level;
            let number = |size: u64| i64::try_from(size >> height).unwrap_or(i64::MAX);
            let (from, to) = (number(edge.size()), number(size));
            let query = match level {
                0 => "SELECT hash FROM audit WHERE position > ?1 AND position <= ?2 ORDER BY position",
                _ => {
                    "SELECT hash FROM audit_nodes WHERE level = ?3 AND position >= ?1 AND position < ?2
                     ORDER BY position"
                }
            };
            let mut statement = connection.prepare(query)?;
            let hash = |row: &rusqlite::Row<'_>| row.get::<_, Hash>(0);
            let hashes = match level {
                0 => statement.query_map((from, to), hash)?.collect::<Result<Vec<_>, _>>()?,
                _ => statement.query_map((from, to, level), hash)?.collect::<Result<Vec<_>, _>>()?,
            };
            hashes.into_iter().for_each(|hash| edge.push_subtree(height, hash, |_, _| ()));
        }
        let previous = connection
            .query_row("SELECT hash FROM audit WHERE position = ?1", [i64::try_from(size).unwrap_or(i64::MAX)], |row| {
                row.get(0)
            })
            .optional()?
            .unwrap_or(BEGINNING);
        Ok(Self { edge, previous })
    }

    /// How many records there are, and the root of the tree over them.
    pub(super) fn size_and_root(&self) -> (u64, Hash) {
        (self.edge.size(), self.edge.root())
    }

    /// Append a record.
    pub(super) fn append(&mut self, connection: &Connection, entry: &AuditEntry) -> rusqlite::Result<()> {
        // Parts of a millisecond are not kept, and what is not kept must not be hashed.
        let at = milliseconds(entry.at);
        let said = Said {
            position: self.edge.size() + 1,
            at: UNIX_EPOCH + Duration::from_millis(at.unsigned_abs()),
            action: entry.action,
            request_id: &entry.request_id,
            detail: &entry.detail,
        };
        let leaf = leaf_hash(&record(&said, &self.previous));
        let mut append = connection.prepare_cached(
            "INSERT INTO audit (position, at, action, request_id, detail, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        append.execute((said.position.cast_signed(), at, said.action, said.request_id, said.detail, leaf))?;
        self.grow(connection, leaf)
    }

    /// Add a leaf to the tree, and keep the subtrees that it completes.
    fn grow(&mut self, connection: &Connection, leaf: Hash) -> rusqlite::Result<()> {
        let mut nodes = Vec::new();
        self.edge.push_subtree(0, leaf, |height, hash| {
            if height > 0 && height.is_multiple_of(TILE_HEIGHT) {
                nodes.push((height / TILE_HEIGHT, *hash));
            }
        });
        for (level, hash) in nodes {
            let position = (self.edge.size() >> (TILE_HEIGHT * level)) - 1;
            connection
                .prepare_cached("INSERT INTO audit_nodes (level, position, hash) VALUES (?1, ?2, ?3)")?
                .execute((level, position.cast_signed(), hash))?;
        }
        self.previous = leaf;
        Ok(())
    }
}

/// What the records make together.
pub(super) struct Chain {
    pub(super) size: u64,
    pub(super) root: Hash,
    /// When the last was made.
    pub(super) last: Option<SystemTime>,
}

/// Go through all records, and see that each is the one that was chained; the inner error says which is not.
pub(super) fn verify(connection: &Connection) -> rusqlite::Result<Result<Chain, String>> {
    let (mut edge, mut previous, mut last) = (Edge::default(), BEGINNING, None);
    let query = "SELECT position, at, action, request_id, detail, hash FROM audit ORDER BY position";
    let mut read = connection.prepare(query)?;
    let mut rows = read.query([])?;
    while let Some(row) = rows.next()? {
        let position = row.get::<_, i64>(0)?.unsigned_abs();
        let at = UNIX_EPOCH + Duration::from_millis(row.get::<_, i64>(1)?.unsigned_abs());
        let (action, request_id, detail): (String, String, String) = (row.get(2)?, row.get(3)?, row.get(4)?);
        let said = Said { position, at, action: &action, request_id: &request_id, detail: &detail };
        let leaf = leaf_hash(&record(&said, &previous));
        if position != edge.size() + 1 || row.get::<_, Hash>(5)? != leaf {
            return Ok(Err(format!("record {position} of the audit is not the one that was written")));
        }
        edge.push(leaf);
        (previous, last) = (leaf, Some(at));
    }
    let kept = Head::load(connection)?.size_and_root();
    if kept != (edge.size(), edge.root()) {
        return Ok(Err("the tree of the audit record is not that of its records".to_owned()));
    }
    Ok(Ok(Chain { size: edge.size(), root: edge.root(), last }))
}

/// Chain records that were written before there was a chain.
pub(super) fn chain_old_records(connection: &Connection) -> rusqlite::Result<()> {
    let mut head = Head { edge: Edge::default(), previous: BEGINNING };
    let mut read =
        connection.prepare("SELECT position, at, action, request_id, detail FROM audit ORDER BY position")?;
    let mut rows = read.query([])?;
    while let Some(row) = rows.next()? {
        let position = row.get::<_, i64>(0)?.unsigned_abs();
        let (action, request_id, detail): (String, String, String) = (row.get(2)?, row.get(3)?, row.get(4)?);
        let at = UNIX_EPOCH + Duration::from_millis(row.get::<_, i64>(1)?.unsigned_abs());
        let said = Said { position, at, action: &action, request_id: &request_id, detail: &detail };
        let leaf = leaf_hash(&record(&said, &head.previous));
        connection.execute("UPDATE audit SET hash = ?2 WHERE position = ?1", (position.cast_signed(), leaf))?;
        head.grow(connection, leaf)?;
    }
    Ok(())
}

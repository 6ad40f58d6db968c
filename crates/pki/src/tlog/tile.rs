//! The files that a log is published in (C2SP `tlog-tiles`).

use super::{Hash, tree::root_of};

/// A tile holds the hashes of so many levels, the lowest of them.
pub const TILE_HEIGHT: u32 = 8;
/// So many hashes are in a tile that is full.
pub const TILE_WIDTH: u64 = 1 << TILE_HEIGHT;
/// The longest record that fits into a bundle.
pub const BUNDLE_RECORD_MAX: usize = u16::MAX as usize;

/// A bundle of records that is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// A record is longer than [`BUNDLE_RECORD_MAX`].
    #[error("a record has {0} octets, more than fit into a bundle")]
    TooLong(usize),
    /// It ends within a record.
    #[error("the bundle ends within a record")]
    Truncated,
}

/// The path of a tile with `width` hashes; a full one has [`TILE_WIDTH`].
pub fn tile_path(level: u32, index: u64, width: u64) -> String {
    format!("tile/{level}/{}", place(index, width))
}

/// The path of the bundle of records whose hashes are in the tile at `index` of level 0.
pub fn entries_path(index: u64, width: u64) -> String {
    format!("tile/entries/{}", place(index, width))
}

fn place(index: u64, width: u64) -> String {
    let mut path = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1000);
        rest /= 1000;
    }
    if width < TILE_WIDTH { format!("{path}.p/{width}") } else { path }
}

/// The root of the complete subtree at `level` and `index`, from the tile that it lies in.
///
/// `tile(level, index)` gives the hashes of a tile, as many as there are. Nothing when the tile has too few of them.
///
/// # Errors
/// What `tile` says.
pub fn node_in_tile<E>(
    level: u32,
    index: u64,
    tile: impl FnOnce(u32, u64) -> Result<Vec<Hash>, E>,
) -> Result<Option<Hash>, E> {
    let within = level % TILE_HEIGHT;
    let hashes = tile(level / TILE_HEIGHT, index >> (TILE_HEIGHT - within))?;
    let start = ((index << within) % TILE_WIDTH) as usize;
    Ok(hashes.get(start..start + (1 << within)).map(root_of))
}

/// Append a record to a bundle.
///
/// # Errors
/// When the record is too long.
pub fn append_to_bundle(bundle: &mut Vec<u8>, record: &[u8]) -> Result<(), BundleError> {
    let length = u16::try_from(record.len()).map_err(|_| BundleError::TooLong(record.len()))?;
    bundle.extend(length.to_be_bytes());
    bundle.extend(record);
    Ok(())
}

/// The records of a bundle.
///
/// # Errors
/// When it ends within one.
pub fn read_bundle(mut bundle: &[u8]) -> Result<Vec<&[u8]>, BundleError> {
    let mut records = Vec::new();
    while !bundle.is_empty() {
        let (length, rest) = bundle.split_first_chunk().ok_or(BundleError::Truncated)?;
        let (record, rest) =
            rest.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or(BundleError::Truncated)?;
        records.push(record);
        bundle = rest;
    }
    Ok(records)
}

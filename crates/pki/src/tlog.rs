//! Logs that cannot be rewritten unnoticed: a Merkle tree over records (RFC 9162 §2.1), its signed checkpoints (C2SP
//! `tlog-checkpoint`) and the files that it is published in (C2SP `tlog-tiles`).
//!
//! Nothing here keeps a log. [`Edge`] grows with each record; everything else takes the hashes that it needs from a
//! function, so that they may lie in a database, in files or behind an address.

mod checkpoint;
mod offline;
mod proof;
#[cfg(test)]
mod tests;
mod tile;
mod tree;

pub use checkpoint::{Checkpoint, CheckpointError, LogKey};
pub use offline::{OfflineProof, OfflineProofError};
pub use proof::{ProofError, consistency_proof, inclusion_proof, verify_consistency, verify_inclusion};
pub use tile::{
    BUNDLE_RECORD_MAX, BundleError, TILE_HEIGHT, TILE_WIDTH, append_to_bundle, entries_path, node_in_tile, read_bundle,
    tile_path,
};
pub use tree::{Edge, Hash, leaf_hash, node_hash, root_of};

//! Hashes of records, of nodes, and of the whole tree.

use aws_lc_rs::digest::{Context, SHA256};

/// A hash in the tree: SHA-256.
pub type Hash = [u8; 32];

/// The hash of a record (RFC 9162 §2.1.1).
pub fn leaf_hash(record: &[u8]) -> Hash {
    hash(&[&[0], record])
}

/// The hash of a node with two children (RFC 9162 §2.1.1).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    hash(&[&[1], left, right])
}

fn hash(parts: &[&[u8]]) -> Hash {
    let mut context = Context::new(&SHA256);
    parts.iter().for_each(|part| context.update(part));
    context.finish().as_ref().try_into().expect("SHA-256 has 32 octets")
}

/// The right edge of a growing tree: all that is needed to add records and to know the root.
///
/// It holds the roots of the complete subtrees that the tree consists of, the largest first, one for each bit that is
/// set in its size.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    hashes: Vec<Hash>,
}

impl Edge {
    /// The edge of a tree of that size with these subtrees; nothing when their number does not fit the size.
    pub fn load(size: u64, hashes: Vec<Hash>) -> Option<Self> {
        (hashes.len() == size.count_ones() as usize).then_some(Self { size, hashes })
    }

    /// How many records the tree has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The subtrees, the largest first.
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// Add a record by the hash of it.
    pub fn push(&mut self, leaf: Hash) {
        self.push_subtree(0, leaf, |_, _| ());
    }

    /// Add `1 << height` records at once by the root of the tree over them; `completed` is told the height and the root
    /// of every subtree that this completes, the added one included.
    ///
    /// # Panics
    /// When the size is no multiple of so many records, since then they are not a subtree of this tree.
    pub fn push_subtree(&mut self, height: u32, root: Hash, mut completed: impl FnMut(u32, &Hash)) {
        assert!(self.size.is_multiple_of(1 << height), "{} records end within a subtree of height {height}", self.size);
        let mut hash = root;
        completed(height, &hash);
        for above in 1..=(self.size >> height).trailing_ones() {
            let left = self.hashes.pop().expect("there is a subtree for each bit of the size");
            hash = node_hash(&left, &hash);
            completed(height + above, &hash);
        }
        self.hashes.push(hash);
        self.size += 1 << height;
    }

    /// The root of the tree (RFC 9162 §2.1.1).
    pub fn root(&self) -> Hash {
        let mut hashes = self.hashes.iter().rev();
        match hashes.next() {
            None => hash(&[]),
            Some(last) => hashes.fold(*last, |right, left| node_hash(left, &right)),
        }
    }
}

/// The root over these hashes of records.
pub fn root_of(leaves: &[Hash]) -> Hash {
    let mut edge = Edge::default();
    leaves.iter().for_each(|leaf| edge.push(*leaf));
    edge.root()
}

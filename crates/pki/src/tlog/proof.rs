//! Proofs that a record is in a tree, and that a tree goes on from an earlier one.

use super::{Hash, node_hash, tree::root_of};

/// A proof that proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// It does not lead to the root.
    #[error("the proof does not lead to the root of the tree")]
    Root,
    /// It has too few or too many hashes for trees of these sizes, or the sizes themselves make no sense.
    #[error("the proof does not fit the sizes of the trees")]
    Shape,
}

/// The hashes that lead from the record at `index` to the root of the tree of `size` records (RFC 9162 §2.1.3.1).
///
/// `node(level, index)` gives the root of the complete subtree over the records from `index << level` on, `1 << level`
/// of them; it is only asked for subtrees that are complete in the tree.
///
/// # Errors
/// What `node` says.
///
/// # Panics
/// When there is no such record.
pub fn inclusion_proof<E>(
    index: u64,
    size: u64,
    mut node: impl FnMut(u32, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    assert!(index < size, "there is no record {index} in a tree of {size}");
    let (mut low, mut high) = (0, size);
    let mut path = Vec::new();
    while high - low > 1 {
        let middle = low + split(high - low);
        if index < middle {
            path.push(range(middle, high, &mut node)?);
            high = middle;
        } else {
            path.push(range(low, middle, &mut node)?);
            low = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The hashes that show that the first `old` records of a tree of `new` are those of the tree of `old`
/// (RFC 9162 §2.1.4.1). `node` is asked as by [`inclusion_proof`].
///
/// # Errors
/// What `node` says.
///
/// # Panics
/// When `old` is larger than `new`.
pub fn consistency_proof<E>(
    old: u64,
    new: u64,
    mut node: impl FnMut(u32, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    assert!(old <= new, "a tree of {new} does not go on from one of {old}");
    if old == 0 {
        return Ok(Vec::new());
    }
    let (mut low, mut high, mut complete) = (0, new, true);
    let mut path = Vec::new();
    while old < high {
        let middle = low + split(high - low);
        if old <= middle {
            path.push(range(middle, high, &mut node)?);
            high = middle;
        } else {
            path.push(range(low, middle, &mut node)?);
            (low, complete) = (middle, false);
        }
    }
    // Whoever verifies knows the root of the old tree, but no other part of it.
    if !complete {
        path.push(range(low, high, &mut node)?);
    }
    path.reverse();
    Ok(path)
}

/// Check that a record with that hash is in the tree (RFC 9162 §2.1.3.2).
///
/// # Errors
/// When the proof does not show it.
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Shape);
    }
    let (mut place, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return Err(ProofError::Shape);
        }
        if place & 1 == 1 || place == last {
            hash = node_hash(sibling, &hash);
            let up = if place == 0 { 0 } else { place.trailing_zeros() };
            (place, last) = (place >> up, last >> up);
        } else {
            hash = node_hash(&hash, sibling);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    match (last, hash == *root) {
        (0, true) => Ok(()),
        (0, false) => Err(ProofError::Root),
        _ => Err(ProofError::Shape),
    }
}

/// Check that the tree of `new` records goes on from the tree of `old` (RFC 9162 §2.1.4.2).
///
/// # Errors
/// When the proof does not show it.
pub fn verify_consistency(
    (old, old_root): (u64, &Hash),
    (new, new_root): (u64, &Hash),
    proof: &[Hash],
) -> Result<(), ProofError> {
    match old {
        _ if old > new => return Err(ProofError::Shape),
        0 => {
            // An empty tree is the beginning of every other.
            let is_good = proof.is_empty() && *old_root == root_of(&[]) && (new > 0 || new_root == old_root);
            return if is_good { Ok(()) } else { Err(ProofError::Root) };
        }
        _ if old == new => {
            return if proof.is_empty() && old_root == new_root { Ok(()) } else { Err(ProofError::Root) };
        }
        _ => {}
    }
    let mut proof = proof.iter();
    let up = (old - 1).trailing_ones();
    let (mut place, mut last) = ((old - 1) >> up, (new - 1) >> up);
    let first = if old.is_power_of_two() { Some(old_root) } else { proof.next() };
    let first = *first.ok_or(ProofError::Shape)?;
    let (mut old_hash, mut new_hash) = (first, first);
    for hash in proof {
        if last == 0 {
            return Err(ProofError::Shape);
        }
        if place & 1 == 1 || place == last {
            old_hash = node_hash(hash, &old_hash);
            new_hash = node_hash(hash, &new_hash);
            let up = if place == 0 { 0 } else { place.trailing_zeros() };
            (place, last) = (place >> up, last >> up);
        } else {
            new_hash = node_hash(&new_hash, hash);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    match (last, old_hash == *old_root && new_hash == *new_root) {
        (0, true) => Ok(()),
        (0, false) => Err(ProofError::Root),
        _ => Err(ProofError::Shape),
    }
}

/// The root over the records from `low` up to `high`.
fn range<E>(low: u64, high: u64, node: &mut impl FnMut(u32, u64) -> Result<Hash, E>) -> Result<Hash, E> {
    let count = high - low;
    if count.is_power_of_two() && low.is_multiple_of(count) {
        return node(count.trailing_zeros(), low / count);
    }
    let middle = low + split(count);
    Ok(node_hash(&range(low, middle, node)?, &range(middle, high, node)?))
}

/// The largest power of two that is smaller than `count`, which is at least 2.
fn split(count: u64) -> u64 {
    1 << (63 - (count - 1).leading_zeros())
}

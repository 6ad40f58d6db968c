//! Against `golang.org/x/mod/sumdb`: `vectors.json` holds what its packages `tlog` and `note` gave for the records
//! `record 0`, `record 1` and so on.

use std::{collections::BTreeMap, convert::Infallible};

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::{KeyAlgorithm, PrivateKey, Signer};

const VECTORS: &str = include_str!("vectors.json");

fn vectors() -> Value {
    serde_json::from_str(VECTORS).unwrap()
}

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|number| leaf_hash(format!("record {number}").as_bytes())).collect()
}

fn hex(hash: &Hash) -> String {
    hash.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// The nodes of the tree over `leaves`.
fn nodes(leaves: &[Hash]) -> impl FnMut(u32, u64) -> Result<Hash, Infallible> {
    |level, index| {
        let (start, count) = ((index << level) as usize, 1_usize << level);
        Ok(root_of(&leaves[start..start + count]))
    }
}

fn sizes(text: &str, between: &str) -> (u64, u64) {
    let (first, second) = text.split_once(between).unwrap();
    (first.parse().unwrap(), second.parse().unwrap())
}

fn members(vectors: &Value, member: &str) -> BTreeMap<String, Vec<String>> {
    serde_json::from_value(vectors[member].clone()).unwrap()
}

#[test]
fn roots_are_those_of_the_other_implementation() {
    for (size, root) in vectors()["roots"].as_object().unwrap() {
        assert_eq!(hex(&root_of(&leaves(size.parse().unwrap()))), root.as_str().unwrap(), "{size}");
    }
    // RFC 9162 §2.1.1: the hash of nothing.
    assert_eq!(hex(&Edge::default().root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

#[test]
fn proofs_are_those_of_the_other_implementation() {
    let vectors = vectors();
    for (case, expected) in members(&vectors, "inclusion") {
        let (index, size) = sizes(&case, " in ");
        let leaves = leaves(size);
        let Ok(proof) = inclusion_proof(index, size, nodes(&leaves));
        assert_eq!(proof.iter().map(hex).collect::<Vec<_>>(), expected, "{case}");
        assert_eq!(verify_inclusion(&leaves[index as usize], index, size, &proof, &root_of(&leaves)), Ok(()), "{case}");
    }
    for (case, expected) in members(&vectors, "consistency") {
        let (old, new) = sizes(&case, " to ");
        let leaves = leaves(new);
        let Ok(proof) = consistency_proof(old, new, nodes(&leaves));
        assert_eq!(proof.iter().map(hex).collect::<Vec<_>>(), expected, "{case}");
        let old_root = root_of(&leaves[..old as usize]);
        assert_eq!(verify_consistency((old, &old_root), (new, &root_of(&leaves)), &proof), Ok(()), "{case}");
    }
}

#[test]
fn checkpoints_and_keys_are_those_of_the_other_implementation() {
    let vectors = vectors();
    let (key, note) = (vectors["key"].as_str().unwrap(), vectors["note"].as_str().unwrap());
    let read = LogKey::parse(key).unwrap();
    assert_eq!(read.to_text(), key);
    let checkpoint = Checkpoint::verify(note, &read).unwrap();
    assert_eq!(checkpoint.origin, "audit.example.com/rung");
    assert_eq!((checkpoint.size, checkpoint.root), (300, root_of(&leaves(300))));
    for (place, path) in vectors["paths"].as_object().unwrap() {
        let numbers: Vec<u64> = place.split(' ').map(|number| number.parse().unwrap()).collect();
        // There the height stands in the path, too.
        let expected = path.as_str().unwrap().replacen("tile/8/", "tile/", 1);
        assert_eq!(tile_path(numbers[0] as u32, numbers[1], numbers[2]), expected);
    }
    assert_eq!(entries_path(7, 3), "tile/entries/007.p/3");
}

#[test]
fn our_checkpoints_verify_and_changed_ones_do_not() {
    let key = PrivateKey::generate(KeyAlgorithm::Ed25519).unwrap();
    let log = LogKey::new("log", key.public_key().clone()).unwrap();
    let checkpoint = Checkpoint { origin: "log of a CA".to_owned(), size: 0, root: Edge::default().root() };
    let note = checkpoint.sign("log", &key).unwrap();
    assert_eq!(Checkpoint::verify(&note, &log), Ok(checkpoint.clone()));
    let other = LogKey::new("log", PrivateKey::generate(KeyAlgorithm::Ed25519).unwrap().public_key().clone()).unwrap();
    assert_eq!(Checkpoint::verify(&note, &other), Err(CheckpointError::NotSigned("log".to_owned())));
    let changed = note.replacen("\n0\n", "\n1\n", 1);
    assert_eq!(Checkpoint::verify(&changed, &log), Err(CheckpointError::Signature("log".to_owned())));
    for size in ["00", "+1", "-1", "", "1e3", "18446744073709551616"] {
        let text = format!("log\n{size}\n{}\n", "A".repeat(44));
        let signature = key.sign_now(crate::SignatureAlgorithm::Ed25519, text.as_bytes()).unwrap();
        let id = log.to_text().split('+').nth(1).unwrap().to_owned();
        let id: Vec<u8> = (0..8).step_by(2).map(|at| u8::from_str_radix(&id[at..at + 2], 16).unwrap()).collect();
        let signature = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, [id, signature].concat());
        let note = format!("{text}\n— log {signature}\n");
        assert!(matches!(Checkpoint::verify(&note, &log), Err(CheckpointError::Malformed(_))), "{size:?}");
    }
    let ec = PrivateKey::generate(KeyAlgorithm::EcP256).unwrap();
    assert!(checkpoint.sign("log", &ec).is_err() && LogKey::new("log", ec.public_key().clone()).is_none());
    assert!(LogKey::new("a b", key.public_key().clone()).is_none());
    let wrong_id = log.to_text().replacen('+', "+0", 1);
    assert!(LogKey::parse(&wrong_id).is_err());
}

#[test]
fn nodes_are_found_in_tiles() {
    let leaves = leaves(700);
    let tile = |level: u32, index: u64| -> Result<Vec<Hash>, Infallible> {
        let width = (1_u64 << (8 * level)) as usize;
        let all: Vec<Hash> = leaves.chunks_exact(width).map(root_of).collect();
        Ok(all.chunks(256).nth(index as usize).map(<[Hash]>::to_vec).unwrap_or_default())
    };
    for (level, index) in [(0, 0), (0, 699), (3, 5), (7, 1), (8, 0), (8, 1), (9, 0)] {
        let Ok(found) = node_in_tile(level, index, tile);
        let Ok(expected) = nodes(&leaves)(level, index);
        assert_eq!(found, Some(expected), "{level} {index}");
    }
    let Ok(none) = node_in_tile(8, 2, tile);
    assert_eq!(none, None);
}

#[test]
fn bundles_hold_their_records() {
    let mut bundle = Vec::new();
    for record in [&b"one"[..], b"", &[7; BUNDLE_RECORD_MAX]] {
        append_to_bundle(&mut bundle, record).unwrap();
    }
    assert_eq!(read_bundle(&bundle).unwrap(), [&b"one"[..], b"", &[7; BUNDLE_RECORD_MAX]]);
    assert_eq!(read_bundle(&bundle[..bundle.len() - 1]), Err(BundleError::Truncated));
    assert_eq!(read_bundle(&[0]), Err(BundleError::Truncated));
    assert_eq!(append_to_bundle(&mut bundle, &[0; 65536]), Err(BundleError::TooLong(65536)));
}

proptest! {
    #[test]
    fn every_proof_verifies_and_no_changed_one_does(
        size in 1_u64..400,
        place in any::<prop::sample::Index>(),
        change in any::<prop::sample::Index>(),
    ) {
        let leaves = leaves(size);
        let index = place.index(size as usize) as u64;
        let root = root_of(&leaves);
        let leaf = leaves[index as usize];
        let Ok(proof) = inclusion_proof(index, size, nodes(&leaves));
        prop_assert_eq!(verify_inclusion(&leaf, index, size, &proof, &root), Ok(()));
        let old_root = root_of(&leaves[..index as usize]);
        let Ok(path) = consistency_proof(index, size, nodes(&leaves));
        prop_assert_eq!(verify_consistency((index, &old_root), (size, &root), &path), Ok(()));
        prop_assert!(verify_inclusion(&leaf_hash(b"other"), index, size, &proof, &root).is_err());
        prop_assert!(verify_inclusion(&leaf, index + 1, size, &proof, &root).is_err() || size == 1);
        for (proof, is_inclusion) in [(proof, true), (path, false)] {
            let verify = |proof: &[Hash]| match is_inclusion {
                true => verify_inclusion(&leaf, index, size, proof, &root),
                false => verify_consistency((index, &old_root), (size, &root), proof),
            };
            let mut longer = proof.clone();
            longer.push(root);
            prop_assert!(verify(&longer).is_err());
            if !proof.is_empty() {
                let mut changed = proof.clone();
                changed[change.index(proof.len())][0] ^= 1;
                prop_assert!(verify(&changed).is_err());
                prop_assert!(verify(&proof[1..]).is_err());
            }
        }
    }

    #[test]
    fn an_edge_goes_on_from_what_was_kept(size in 0_u64..300, more in 0_u64..40) {
        let leaves = leaves(size + more);
        let mut edge = Edge::default();
        leaves[..size as usize].iter().for_each(|leaf| edge.push(*leaf));
        let mut loaded = Edge::load(edge.size(), edge.hashes().to_vec()).unwrap();
        leaves[size as usize..].iter().for_each(|leaf| loaded.push(*leaf));
        prop_assert_eq!(loaded.root(), root_of(&leaves));
        prop_assert!(Edge::load(size + 1, edge.hashes().to_vec()).is_none_or(|_| (size + 1).count_ones() == size.count_ones()));
    }

    #[test]
    fn subtrees_are_as_good_as_their_records(size in 0_u64..600, height in 0_u32..9) {
        let leaves = leaves(size);
        let mut completed = std::collections::BTreeMap::new();
        let mut edge = Edge::default();
        for leaf in &leaves {
            let before = edge.size();
            edge.push_subtree(0, *leaf, |height, hash| {
                completed.insert((height, before >> height), *hash);
            });
        }
        let mut again = Edge::default();
        for (index, chunk) in leaves.chunks(1 << height).enumerate() {
            match completed.get(&(height, index as u64)) {
                Some(root) => again.push_subtree(height, *root, |_, _| ()),
                None => chunk.iter().for_each(|leaf| again.push(*leaf)),
            }
        }
        prop_assert_eq!(again, edge);
    }

    #[test]
    fn any_text_is_a_checkpoint_or_an_error(text in "\\PC*\n*", key in "\\PC*") {
        let log = LogKey::parse(vectors()["key"].as_str().unwrap()).unwrap();
        prop_assert!(Checkpoint::verify(&text, &log).is_err());
        let _ = LogKey::parse(&key);
    }
}

#[test]
fn proofs_stand_alone_and_nothing_in_them_can_be_changed() {
    let key = PrivateKey::generate(KeyAlgorithm::Ed25519).unwrap();
    let log = LogKey::new("audit.example.com/rung", key.public_key().clone()).unwrap();
    let leaves = leaves(300);
    let sealed = Checkpoint { origin: log.name().to_owned(), size: 300, root: root_of(&leaves) };
    let Ok(hashes) = inclusion_proof(299, 300, nodes(&leaves));
    let checkpoint = sealed.sign(log.name(), &key).unwrap();
    let proof = OfflineProof { record: b"record 299".to_vec(), index: 299, hashes, checkpoint };
    assert_eq!(proof.verify(&log), Ok(sealed));
    let text = proof.to_text();
    assert_eq!(OfflineProof::parse(&text), Ok(proof.clone()));
    let changes: [fn(&mut OfflineProof); 5] = [
        |proof| proof.record.push(b'0'),
        |proof| proof.index -= 1,
        |proof| proof.index += 1,
        |proof| proof.hashes[0][0] ^= 1,
        |proof| proof.hashes.truncate(1),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut changed = proof.clone();
        change(&mut changed);
        assert!(changed.verify(&log).is_err(), "{number}");
    }
    let bad = [
        "".to_owned(),
        text.replace("@v1", "@v2"),
        text.replace("extra ", "more "),
        text.replace("index 299", "index 0299"),
        text.replace("index 299", "index -1"),
        text.replacen("\n\n", "\nAA==\n\n", 1),
        text.replacen("\n\n", &format!("{}\n\n", format!("\n{}", "A".repeat(43) + "=").repeat(65)), 1),
        text.split("\n\n").next().unwrap().to_owned(),
    ];
    for text in bad {
        assert!(matches!(OfflineProof::parse(&text), Err(OfflineProofError::Malformed(_))), "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_a_proof_or_refused(text in "(c2sp.org/tlog-proof@v1\n)?(extra [A-Za-z+/=]{0,9}\n)?(index [0-9-]{0,22}\n)?.{0,99}") {
        if let Ok(proof) = OfflineProof::parse(&text) {
            prop_assert_eq!(OfflineProof::parse(&proof.to_text()), Ok(proof));
        }
    }
}

//! Audit records that were exported: read, checked and proven. That the real authority writes such folders is shown by
//! the end-to-end tests.

use std::fs;
use std::path::Path;

use rung_pki::tlog::{
    Checkpoint, Edge, Hash, LogKey, OfflineProof, TILE_WIDTH, append_to_bundle, entries_path, leaf_hash, root_of,
    tile_path,
};
use rung_pki::{KeyAlgorithm, PrivateKey, Signer};
use serde_json::{Value, json};

use crate::sandbox::Sandbox;

/// How many records there are: a full tile, and a part of one.
const RECORDS: u64 = 300;

/// Write a record to `exported`, its key to `audit.pub` and a checkpoint over the first half to `checkpoint.old`.
pub(crate) fn export(folder: &Path) {
    let key = PrivateKey::generate(KeyAlgorithm::Ed25519).expect("a key");
    let log = LogKey::new("ca.example.com/rung-audit", key.public_key().clone()).expect("a name");
    write(&folder.join("audit.pub"), format!("{}\n", log.to_text()).as_bytes());
    let sign = |size: u64, root: Hash| {
        let origin = log.name().to_owned();
        Checkpoint { origin, size, root }.sign(log.name(), &key).expect("a signature")
    };
    let exported = folder.join("exported");
    let (mut previous, mut edge, mut leaves, mut bundle) = ([0; 32], Edge::default(), Vec::new(), Vec::new());
    for position in 1..=RECORDS {
        let octets = record(position, &previous).to_string();
        append_to_bundle(&mut bundle, octets.as_bytes()).expect("a short record");
        previous = leaf_hash(octets.as_bytes());
        edge.push(previous);
        leaves.push(previous);
        if position == RECORDS / 2 {
            write(&folder.join("checkpoint.old"), sign(position, edge.root()).as_bytes());
        }
        if leaves.len() as u64 == TILE_WIDTH || position == RECORDS {
            let (index, width) = ((position - 1) / TILE_WIDTH, leaves.len() as u64);
            write(&exported.join(entries_path(index, width)), &bundle);
            write(&exported.join(tile_path(0, index, width)), &leaves.concat());
            if width == TILE_WIDTH {
                write(&exported.join(tile_path(1, 0, 1)), &root_of(&leaves));
            }
            (bundle, leaves) = (Vec::new(), Vec::new());
        }
    }
    write(&exported.join("key"), log.to_text().as_bytes());
    write(&exported.join("checkpoint"), sign(RECORDS, edge.root()).as_bytes());
}

fn record(position: u64, previous: &Hash) -> Value {
    let serial = (position + 998).to_string();
    let (action, detail) = match position {
        1 => ("started", json!({"version": "0.1.0", "sha256": "00"})),
        2 => (
            "issued",
            json!({"provisioner": "admin", "type": "JWK", "subject": "svc.example.com", "email": null,
            "admin": false, "names": ["svc.example.com"], "serial": serial, "key": "00"}),
        ),
        3 => ("revoked", json!({"serial": "1000", "reason": "keyCompromise", "by": "its holder"})),
        4 => (
            "refused",
            json!({"operation": "sign", "check": "domain", "reason": "the domain is not allowed",
            "provisioner": "Google", "subject": "1", "email": "mallory\u{1b}[31m@evil.example"}),
        ),
        5 => ("refused without proof", json!({"counts": {"signature": 7}})),
        _ => (
            "issued",
            json!({"provisioner": "Google", "subject": "7", "email": "alice@a.com",
            "names": ["alice@a.com"], "serial": serial}),
        ),
    };
    let previous: String = previous.iter().map(|octet| format!("{octet:02x}")).collect();
    json!({"position": position, "at": 1_790_000_000_000_u64 + position, "action": action,
        "request_id": format!("request-{position}"), "detail": detail, "previous": previous})
}

fn write(path: &Path, contents: &[u8]) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, contents).expect("a file");
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    export(&sandbox.path(""));
    sandbox
}

#[test]
fn a_record_that_is_whole_is_said_to_be() {
    let sandbox = sandbox();
    let outcome = sandbox.run(&["audit", "verify", "exported", "--key", "audit.pub", "--since", "checkpoint.old"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let said = "The record of ca.example.com/rung-audit is whole: 300 records, and goes on from the 150 of the earlier \
        checkpoint.\n";
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), (said, ""));
    let outcome = sandbox.run(&["audit", "verify", "exported"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stderr.contains("ca.example.com/rung-audit+"), "{outcome:?}");
}

#[test]
fn what_was_changed_is_found() {
    let (first, second) = (entries_path(0, TILE_WIDTH), entries_path(1, RECORDS - TILE_WIDTH));
    let swap = |path: String, from: &'static str, to: &'static str| {
        move |sandbox: &Sandbox| {
            let path = sandbox.path("exported").join(&path);
            let mut contents = fs::read(&path).unwrap();
            let place = contents.windows(from.len()).position(|part| part == from.as_bytes()).unwrap();
            contents[place..place + from.len()].copy_from_slice(to.as_bytes());
            fs::write(path, contents).unwrap();
        }
    };
    let cut = |sandbox: &Sandbox| {
        let path = sandbox.path("exported").join(entries_path(1, RECORDS - TILE_WIDTH));
        let contents = fs::read(&path).unwrap();
        fs::write(path, &contents[..contents.len() - 1]).unwrap();
    };
    let gone = |sandbox: &Sandbox| fs::remove_file(sandbox.path("exported").join(entries_path(0, TILE_WIDTH))).unwrap();
    let other_log = |sandbox: &Sandbox| {
        let other = crate::audit::sandbox();
        fs::copy(other.path("audit.pub"), sandbox.path("audit.pub")).unwrap();
    };
    let other_past = |sandbox: &Sandbox| {
        let path = sandbox.path("checkpoint.old");
        let note = fs::read_to_string(&path).unwrap();
        fs::write(path, note.replace("\n150\n", "\n149\n")).unwrap();
    };
    type Change<'a> = &'a dyn Fn(&Sandbox);
    let cases: [(Change<'_>, &str); 8] = [
        (&swap(first.clone(), "alice@a.com", "carol@a.com"), "does not go on from the one before"),
        (&swap(second, "alice@a.com", "carol@a.com"), "does not go on from the one before"),
        (&swap(first, "\"position\":2", "\"position\":9"), "record 2 of the audit does not go on"),
        (&swap("checkpoint".to_owned(), "\n300\n", "\n299\n"), "does not verify"),
        (&cut, "ends within a record"),
        (&gone, "is missing: the export is not complete"),
        (&other_log, "is not signed by"),
        (&other_past, "does not verify"),
    ];
    for (change, says) in cases {
        let sandbox = sandbox();
        change(&sandbox);
        let outcome = sandbox.run(&["audit", "verify", "exported", "--key", "audit.pub", "--since", "checkpoint.old"]);
        assert_eq!(outcome.code, Some(1), "{says}: {outcome:?}");
        assert!(outcome.stderr.contains(says), "{says}: {outcome:?}");
        assert_eq!(outcome.stdout, "", "{says}");
    }
}

#[test]
fn the_last_record_is_under_the_seal_too() {
    let sandbox = sandbox();
    let path = sandbox.path("exported").join(entries_path(1, RECORDS - TILE_WIDTH));
    let mut contents = fs::read(&path).unwrap();
    let place = contents.windows(5).rposition(|part| part == b"alice").unwrap();
    contents[place..place + 5].copy_from_slice(b"carol");
    fs::write(&path, contents).unwrap();
    let outcome = sandbox.run(&["audit", "verify", "exported", "--key", "audit.pub"]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.stderr.contains("the root over them differs from the checkpoint"), "{outcome:?}");
}

#[test]
fn decisions_are_shown_and_filtered() {
    let sandbox = sandbox();
    let show = |flags: &[&str]| {
        let outcome = sandbox.run(&[&["audit", "show", "exported", "--key", "audit.pub"], flags].concat());
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        outcome.stdout
    };
    let cases: [(&[&str], usize); 7] = [
        (&[], 300),
        (&["--action", "refused"], 1),
        (&["--serial", "1000"], 2),
        (&["--who", "alice@a.com"], 295),
        (&["--who", "svc.example.com"], 1),
        (&["--provisioner", "admin"], 1),
        (&["--request-id", "request-9"], 1),
    ];
    for (flags, count) in cases {
        assert_eq!(show(flags).lines().count(), count, "{flags:?}");
        let json = show(&[flags, &["--format", "json"]].concat());
        let records: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(records.len(), count, "{flags:?}");
    }
    let refused = show(&["--action", "refused"]);
    assert!(refused.contains("Google") && refused.contains("sign: the domain is not allowed"), "{refused}");
    assert!(!refused.contains('\u{1b}'), "{refused:?}");
    assert!(show(&["--action", "refused without proof"]).contains("7 × signature"));
}

#[test]
fn a_proof_needs_the_key_alone() {
    let sandbox = sandbox();
    for (serial, action, position) in [("1000", "issued", 2), ("0x3e8", "revoked", 3), ("1298", "issued", 300)] {
        let outcome = sandbox.run(&["audit", "prove", serial, "exported", "--action", action]);
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        sandbox.write("one.tlog-proof", &outcome.stdout);
        let verified = sandbox.run(&["audit", "verify", "one.tlog-proof", "--key", "audit.pub"]);
        assert_eq!(verified.code, Some(0), "{verified:?}");
        let record: Value = serde_json::from_str(&verified.stdout).unwrap();
        assert_eq!((&record["position"], &record["action"]), (&position.into(), &action.into()));
        let mut proof = OfflineProof::parse(&outcome.stdout).unwrap();
        assert_eq!(proof.to_text(), outcome.stdout);
        proof.record[20] ^= 1;
        sandbox.write("forged.tlog-proof", &proof.to_text());
        let refused = sandbox.run(&["audit", "verify", "forged.tlog-proof", "--key", "audit.pub"]);
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""), "{refused:?}");
    }
    let outcome = sandbox.run(&["audit", "prove", "7", "exported"]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.stderr.contains("no record says that the certificate 7 was issued"), "{outcome:?}");
    let outcome = sandbox.run(&["audit", "verify", "one.tlog-proof"]);
    assert!(outcome.stderr.contains("requires the '--key' flag"), "{outcome:?}");
}

//! The audit record: sealed as the authority runs, and exported for auditors.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    process::{Command, Output},
};

use rung_pki::tlog::{Checkpoint, LogKey, TILE_WIDTH, entries_path, leaf_hash, read_bundle, root_of, tile_path};
use serde_json::Value;

use crate::{
    client::Client,
    server::Server,
    stage::{Stage, request},
};

fn export(stage: &Stage, folder: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rung-ca"));
    command.env_clear().current_dir(stage.path("")).args(["audit", "export", "ca.json", folder]);
    command.output().unwrap()
}

/// Change the database behind the authority's back.
fn tamper(stage: &Stage, statements: &str) {
    let script =
        "import sqlite3, sys\nd = sqlite3.connect('db.sqlite')\nd.executescript(sys.argv[1])\nd.commit()\nd.close()";
    let mut python = Command::new("python3");
    let output = python.current_dir(stage.path("")).args(["-c", script, statements]).output();
    let output = output.expect("the program python3, which these tests need");
    assert!(output.status.success(), "{output:?}");
}

/// The records of an export, checked as an auditor would: nothing but the folder and the public key.
fn audit(stage: &Stage, folder: &str, key: &str) -> Vec<Value> {
    let read = |path: &str| fs::read(stage.path(folder).join(path)).unwrap();
    let log = LogKey::parse(key).unwrap();
    let checkpoint = Checkpoint::verify(&String::from_utf8(read("checkpoint")).unwrap(), &log).unwrap();
    let (mut leaves, mut records) = (Vec::new(), Vec::new());
    let mut previous = "0".repeat(64);
    for index in 0..checkpoint.size.div_ceil(TILE_WIDTH) {
        let width = (checkpoint.size - index * TILE_WIDTH).min(TILE_WIDTH);
        let bundle = read(&entries_path(index, width));
        let tile = read(&tile_path(0, index, width));
        for (place, octets) in read_bundle(&bundle).unwrap().into_iter().enumerate() {
            let hash = leaf_hash(octets);
            assert_eq!(tile[32 * place..32 * (place + 1)], hash);
            let record: Value = serde_json::from_slice(octets).unwrap();
            assert_eq!(record["previous"], previous.as_str());
            previous = hash.iter().map(|octet| format!("{octet:02x}")).collect();
            leaves.push(hash);
            records.push(record);
        }
    }
    assert_eq!((leaves.len() as u64, root_of(&leaves)), (checkpoint.size, checkpoint.root));
    for index in 0..checkpoint.size / TILE_WIDTH {
        let full = checkpoint.size / TILE_WIDTH;
        let hashes = read(&tile_path(1, 0, full));
        let start = (index * TILE_WIDTH) as usize;
        let place = 32 * index as usize;
        assert_eq!(hashes[place..place + 32], root_of(&leaves[start..start + TILE_WIDTH as usize]));
    }
    records
}

#[test]
fn an_auditor_needs_the_export_and_the_key_alone() {
    let stage = Stage::new();
    let mut server = stage.serve();
    let client = Client::new(&stage, &server.address);
    for _ in 0..2 {
        assert_eq!(client.post("/sign", &stage.sign_body()).status, 201);
    }
    server.reload("The configuration was reloaded");
    stage.write("ca.json.good", &fs::read_to_string(stage.path("ca.json")).unwrap());
    stage.write("ca.json", "{");
    server.reload("Continuing to serve");
    stage.write("ca.json", &fs::read_to_string(stage.path("ca.json.good")).unwrap());
    server.stop();
    let key = fs::read_to_string(stage.path("db.sqlite-audit-key.pub")).unwrap();
    assert!(key.starts_with("localhost/rung-audit+"), "{key}");
    let mode = fs::metadata(stage.path("db.sqlite-audit-key")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let output = export(&stage, "exported");
    assert!(output.status.success(), "{output:?}");
    let records = audit(&stage, "exported", &key);
    let actions: Vec<&str> = records.iter().map(|record| record["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["started", "issued", "issued", "reloaded", "reload refused", "stopped"]);
    assert_eq!(records[1]["detail"]["provisioner"], "admin");
    let again = export(&stage, "exported");
    assert_eq!(again.status.code(), Some(2), "{again:?}");
    assert!(String::from_utf8_lossy(&again.stderr).contains("is not empty"));
    for arguments in [&["audit"][..], &["audit", "show"], &["audit", "export"], &["audit", "export", "a", "b", "c"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_rung-ca")).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("audit export [config] FOLDER"));
    }
}

#[test]
fn refusals_of_somebody_known_are_on_record_and_rubbish_is_counted() {
    let stage = Stage::new();
    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    let sign = |names: &[&str], token: &str| {
        let body = serde_json::json!({"csr": request(names), "ott": token}).to_string();
        client.post("/sign", &body).status
    };
    let (good, expired) = (stage.token(&serde_json::json!({})), stage.token(&serde_json::json!({"iat": 1, "exp": 2})));
    assert_eq!(sign(&[], &good), 201);
    assert_eq!(sign(&[], &good), 401);
    assert_eq!(sign(&[], &expired), 401);
    assert_eq!(sign(&["other.example"], &stage.token(&serde_json::json!({}))), 403);
    let forged = format!("{}AAAA", &good[..good.len() - 4]);
    for _ in 0..1000 {
        assert_eq!(sign(&[], &forged), 401);
    }
    assert_eq!(sign(&[], "rubbish"), 401);
    // What is no request, and who shows nothing: at each endpoint that decides something.
    for path in ["/sign", "/rekey", "/revoke"] {
        assert_eq!(client.post(path, "{").status, 400);
    }
    let csr = serde_json::json!({"csr": request(&[])}).to_string();
    let serial = "{\"serial\":\"7\",\"passive\":true}";
    for (path, body) in [("/renew", ""), ("/rekey", csr.as_str()), ("/revoke", serial)] {
        assert_eq!(client.post(path, body).status, 400, "{path}");
    }
    server.stop();
    assert!(export(&stage, "exported").status.success());
    let key = fs::read_to_string(stage.path("db.sqlite-audit-key.pub")).unwrap();
    let records = audit(&stage, "exported", &key);
    let (refused, rest): (Vec<&Value>, Vec<&Value>) = records.iter().partition(|record| record["action"] == "refused");
    let checks: Vec<&str> = refused.iter().map(|record| record["detail"]["check"].as_str().unwrap()).collect();
    assert_eq!(checks, ["spent", "expired", "name"]);
    for record in refused {
        let detail = &record["detail"];
        assert_eq!((&detail["operation"], &detail["provisioner"]), (&"sign".into(), &"admin".into()), "{record}");
        assert_eq!(detail["subject"], "foo.example");
        assert_eq!(detail["key"].as_str().unwrap().len(), 64);
        assert_ne!(record["request_id"], "");
    }
    let summaries: Vec<&&Value> = rest.iter().filter(|record| record["action"] == "refused without proof").collect();
    let total = |check: &str| summaries.iter().filter_map(|record| record["detail"]["counts"][check].as_u64()).sum();
    assert_eq!((total("signature"), total("malformed")), (1000u64, 1u64), "{summaries:?}");
    assert_eq!((total("request"), total("certificate")), (3u64, 3u64), "{summaries:?}");
    // One each half minute: a slow machine may take longer than one.
    assert!(summaries.len() <= 5, "{summaries:?}");
    let text = serde_json::to_string(&records).unwrap();
    assert!(!text.contains(&good) && !text.contains("canary-jti"), "{text}");
}

#[test]
fn long_records_are_exported_while_the_authority_runs() {
    let stage = Stage::new();
    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    let bodies: Vec<String> = (0..600).map(|_| stage.sign_body()).collect();
    std::thread::scope(|scope| {
        for chunk in bodies.chunks(150) {
            scope.spawn(|| chunk.iter().for_each(|body| assert_eq!(client.post("/sign", body).status, 201)));
        }
    });
    // Only what is sealed is exported, and a restart seals.
    server.stop();
    let running = stage.serve();
    let output = export(&stage, "exported");
    assert!(output.status.success(), "{output:?}");
    let key = fs::read_to_string(stage.path("db.sqlite-audit-key.pub")).unwrap();
    let records = audit(&stage, "exported", &key);
    assert!(records.len() >= 600, "{}", records.len());
    running.stop();
}

#[test]
fn d10_a_record_that_was_changed_is_noticed() {
    let stage = Stage::new();
    let server = stage.serve();
    assert_eq!(Client::new(&stage, &server.address).post("/sign", &stage.sign_body()).status, 201);
    server.stop();
    let free = "DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_shortened;";
    tamper(&stage, &format!("{free} UPDATE audit SET detail = '{{}}' WHERE position = 2;"));
    let output = export(&stage, "changed");
    assert!(String::from_utf8_lossy(&output.stderr).contains("record 2 of the audit was changed"), "{output:?}");
    tamper(&stage, "DELETE FROM audit WHERE position = 3;");
    let ended = Server::spawn(&mut stage.command()).wait();
    assert!(ended.stderr.contains("it lacks the last record of what was decided"), "{}", ended.stderr);
    // Even if somebody says that this is meant, the checkpoint says otherwise.
    stage.does(&["confirm-restore", "ca.json"]);
    let ended = Server::spawn(&mut stage.command()).wait();
    assert_eq!(ended.status.code(), Some(2));
    assert!(ended.stderr.contains("was sealed with 3"), "{}", ended.stderr);
}

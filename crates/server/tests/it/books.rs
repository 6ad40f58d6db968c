//! Whether what was answered is what is on record: every test of refusals ends with [`Books::close`].

use std::{
    collections::BTreeSet,
    process::Command,
    sync::{Arc, Mutex},
};

use serde_json::Value;

use crate::{client::Answer, server::Server, stage::Stage};

/// What was answered at the endpoints that decide something, as clients remember it.
#[derive(Clone, Default)]
pub(crate) struct Books(Arc<Mutex<Remembered>>);

#[derive(Default)]
struct Remembered {
    issued: u64,
    revoked: u64,
    /// The identifiers of the requests that were refused.
    refused: Vec<String>,
}

impl Books {
    /// Remember what came of a request; a refusal has one shape.
    #[track_caller]
    pub(crate) fn note(&self, target: &str, answer: &Answer) {
        let operation = target.strip_prefix("/1.0").unwrap_or(target).split('?').next().unwrap();
        let decides = ["/sign", "/renew", "/re-sign", "/rekey", "/re-key", "/revoke"].contains(&operation);
        // Who may not look through what is on record is refused like those who may not change it.
        let looks = operation == "/certificates" && [401, 403].contains(&answer.status);
        if !decides && !looks {
            return;
        }
        let mut remembered = self.0.lock().unwrap();
        match answer.status {
            201 => remembered.issued += 1,
            200 => remembered.revoked += 1,
            400 | 401 | 403 | 408 | 413 | 429 | 501 => {
                // A question for the head alone is answered with that.
                if decides || !answer.body.is_empty() {
                    let body = answer.json();
                    let members: Vec<&String> = body.as_object().unwrap().keys().collect();
                    assert_eq!(members, ["status", "message"], "{answer:?}");
                }
                assert_eq!(answer.header("content-type"), Some("application/json"), "{answer:?}");
                let id = answer.header("x-request-id").unwrap_or_else(|| panic!("no request id: {answer:?}"));
                remembered.refused.push(id.to_owned());
            }
            // Nothing was decided.
            _ => {}
        }
    }

    /// End the program and compare: one certificate for each that was answered, one entry for each revocation; for each
    /// refusal one entry with the identifier of its request, or one count; and nothing besides.
    #[track_caller]
    pub(crate) fn close(&self, stage: &Stage, server: Server) -> crate::server::Ended {
        let ended = server.stop();
        assert!(ended.status.success(), "{}", ended.stderr);
        let remembered = self.0.lock().unwrap();
        let found = on_record(stage);
        let number = |member: &str| found[member].as_u64().unwrap();
        assert_eq!((number("certificates"), number("issued")), (remembered.issued, remembered.issued), "{found}");
        assert_eq!((number("revocations"), number("revoked")), (remembered.revoked, remembered.revoked), "{found}");
        assert!(number("tokens") <= remembered.issued + remembered.revoked, "a refusal spent a token: {found}");
        let asked: BTreeSet<&str> = remembered.refused.iter().map(String::as_str).collect();
        let entries: Vec<&str> =
            found["refused"].as_array().unwrap().iter().map(|entry| entry.as_str().unwrap()).collect();
        let distinct: BTreeSet<&str> = entries.iter().copied().collect();
        assert_eq!(distinct.len(), entries.len(), "a refusal is on record twice: {found}");
        assert!(distinct.is_subset(&asked), "a refusal is on record that nobody was told: {found}");
        let told = remembered.refused.len() as u64;
        assert_eq!(entries.len() as u64 + number("counted"), told, "refusals are missing or too many: {found}");
        ended
    }
}

/// What the database of a program that has ended says.
#[track_caller]
fn on_record(stage: &Stage) -> Value {
    let script = r"
import json, sqlite3
d = sqlite3.connect('file:db.sqlite?mode=ro', uri=True)
one = lambda statement: d.execute(statement).fetchone()[0]
audit = lambda *actions: [row for row in d.execute('SELECT action, request_id, detail FROM audit') if row[0] in actions]
counts = [json.loads(row[2])['counts'] for row in audit('refused without proof')]
tables = {table: one(f'SELECT count(*) FROM {table}') for table in ('certificates', 'tokens', 'revocations')}
print(json.dumps(tables | {
    'issued': len(audit('issued', 'renewed', 'rekeyed')), 'revoked': len(audit('revoked')),
    'refused': [row[1] for row in audit('refused')], 'counts': counts,
    'counted': sum(sum(count.values()) for count in counts)}))
";
    let mut python = Command::new("python3");
    let output = python.current_dir(stage.path("")).args(["-c", script]).output();
    let output = output.expect("the program python3, which these tests need");
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

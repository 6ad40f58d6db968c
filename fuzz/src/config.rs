//! The configuration of an authority.

use std::path::Path;

use rung_spec::{Config, edit};
use serde_json::json;

/// A `ca.json`, read and edited.
pub fn config(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let file = Path::new("ca.json");
    match Config::parse(text, file) {
        Ok(_) => assert!(serde_json::from_str::<serde_json::Value>(text).is_ok(), "a configuration is JSON"),
        Err(errors) => {
            let lines = text.lines().count() + 1;
            assert!(!errors.problems.is_empty());
            assert!(errors.problems.iter().all(|problem| problem.position.line <= lines), "{errors}");
        }
    }
    let added = edit::add_provisioner(text, file, &json!({ "type": "ACME", "name": "x" }));
    drop(edit::remove_provisioner(text, file, "admin@example.com"));
    drop(edit::update_provisioner(text, file, "admin@example.com", &json!({ "name": "new", "claims": { "a": [1] } })));
    if let Ok(added) = added {
        edit::provisioner(&added, "x").expect("what was added is there");
    }
}

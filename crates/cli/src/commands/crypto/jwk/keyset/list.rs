//! `crypto jwk keyset list`

use serde_json::{Value, json};

use super::file::KeySetFile;
use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Command, Example, Flag, Scope};
use crate::ui::print;

pub(crate) static COMMAND: Command = Command {
    name: "list",
    summary: "list the ids of the keys in a JWK set",
    description: "Prints the id of every key of the set, one on each line; an empty line for a key without one. With \
        --format json it prints what each key is, without the key itself.",
    arguments: std::slice::from_ref(&super::FILE),
    flags: &[&[Flag::value(&["format"], "<format>", "text (the default) or json.")]],
    examples: &[Example { purpose: "List the ids of the keys:", lines: &["crypto jwk keyset list jwks.json"] }],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let format = call.text("format")?;
    let set = KeySetFile::read(call.argument(0).unwrap_or_default())?;
    let text = match format.as_deref() {
        None | Some("text") => set.keys().map(|(key_id, _)| format!("{}\n", crate::ui::shown(key_id))).collect(),
        Some("json") => {
            let keys: Vec<Value> = set.keys().map(|(_, key)| said(key)).collect();
            serde_json::to_string_pretty(&keys)? + "\n"
        }
        Some(other) => {
            return Err(
                Usage::new(format!("invalid value '{other}' for flag '--format'; options are text, json")).into()
            );
        }
    };
    print(text.as_bytes())
}

/// What a key says about itself.
fn said(key: &Value) -> Value {
    let mut members = json!({});
    for name in ["kid", "kty", "crv", "alg", "use"] {
        if let Some(value) = key.get(name) {
            members[name] = value.clone();
        }
    }
    members
}

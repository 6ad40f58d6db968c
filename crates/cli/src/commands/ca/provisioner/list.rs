//! `ca provisioner list`

use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};

use crate::ca::connection::{self, Connection};
use crate::ca::grant::provisioners;
use crate::call::Call;
use crate::grammar::{Command, Example, Scope};
use crate::ui::print;

pub(crate) static COMMAND: Command = Command {
    name: "list",
    summary: "print the CA's provisioners",
    description: "Prints the provisioners of the CA as JSON, in the order in which the CA has them. One that does not \
        work at the moment says so in its members 'state' and 'stateReason'.",
    arguments: &[],
    flags: &[connection::FLAGS],
    examples: &[Example { purpose: "Print them:", lines: &["ca provisioner list"] }],
    scope: Scope::Within,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let found = provisioners(&Connection::open(call)?)?;
    // Parts that the list keeps as text are laid out like the rest.
    let found = serde_json::to_value(&found)?;
    let mut out = Vec::new();
    found.serialize(&mut Serializer::with_formatter(&mut out, PrettyFormatter::with_indent(b"   ")))?;
    out.push(b'\n');
    print(&escape_controls(&out))
}

/// JSON leaves some invisible characters in place; as `\u` escapes they mean the same.
fn escape_controls(json: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(json);
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        let mut buffer = [0; 2];
        let escaped = crate::ui::shown(character.encode_utf8(&mut [0; 4])).starts_with("\\u");
        if escaped {
            for unit in character.encode_utf16(&mut buffer) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(character);
        }
    }
    out.into_bytes()
}

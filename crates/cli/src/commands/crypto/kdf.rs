//! `crypto kdf …`

mod compare;
mod hash;
pub(crate) mod phc;

use anyhow::bail;
use zeroize::Zeroizing;

use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Example, Group, Node};
use crate::input;
use crate::ui::Question;

pub(crate) static GROUP: Group = Group {
    name: "kdf",
    summary: "hash passwords",
    description: "Hashes passwords in a way that makes them slow to guess, and compares passwords with such hashes: \
        scrypt, bcrypt and argon2, as text that servers and databases read.",
    examples: &[Example { purpose: "Hash a password:", lines: &["crypto kdf hash < password.txt"] }],
    children: &[Node::Command(&compare::COMMAND), Node::Command(&hash::COMMAND)],
};

/// The password: the argument at this place, which others can see and so needs `--insecure`, else standard input, else
/// what the person types.
fn password(call: &Call, place: usize, label: &str) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    if let Some(password) = call.argument(place) {
        if !call.switch("insecure")? {
            return Err(Usage::new("positional argument <INPUT> requires the '--insecure' flag").into());
        }
        return Ok(Zeroizing::new(password.as_bytes().to_vec()));
    }
    if let Some(password) = input::piped("the password")? {
        return Ok(password);
    }
    let remedy = "write it into standard input";
    let password = call.ui.ask_password(&Question { what: "the password to hash", remedy, heading: "", label })?;
    if password.is_empty() {
        bail!("there is no password to hash");
    }
    Ok(Zeroizing::new(password.as_bytes().to_vec()))
}

/// A password without the line break that `echo` and editors put behind it.
fn without_line_break(password: &[u8]) -> &[u8] {
    let line = password.strip_suffix(b"\n").unwrap_or(password);
    line.strip_suffix(b"\r").unwrap_or(line)
}

//! New passwords: asked for, or generated when the answer is empty.

use anyhow::anyhow;
use zeroize::Zeroizing;

use crate::ui::{Question, Ui};

/// What a new password is for.
pub(crate) struct Wish<'a> {
    /// As an error names it.
    pub(crate) what: &'a str,
    /// A line above the prompt.
    pub(crate) heading: &'a str,
    /// What stands before the answer.
    pub(crate) label: &'a str,
}

/// Ask for a new password. An empty answer gets one generated, which is shown once.
pub(crate) fn ask_new(ui: &Ui, wish: &Wish<'_>) -> anyhow::Result<Zeroizing<String>> {
    let question = Question {
        what: wish.what,
        remedy: "put it into a file and pass it with --password-file",
        heading: wish.heading,
        label: wish.label,
    };
    let password = ui.ask_password(&question)?;
    if !password.is_empty() {
        return Ok(password);
    }
    let generated = generate()?;
    ui.done("Password", &generated);
    Ok(generated)
}

/// 32 letters and digits: 190 bits.
pub(crate) fn generate() -> anyhow::Result<Zeroizing<String>> {
    let mut password = Zeroizing::new(String::with_capacity(LENGTH));
    let mut octets = Zeroizing::new([0; 64]);
    while password.len() < LENGTH {
        aws_lc_rs::rand::fill(&mut *octets).map_err(|_| anyhow!("the system has no randomness"))?;
        // Values past the largest multiple of 62 would make the first letters likelier.
        let even = octets.iter().filter(|octet| usize::from(**octet) < 256 / LETTERS.len() * LETTERS.len());
        for octet in even.take(LENGTH - password.len()) {
            password.push(char::from(LETTERS[usize::from(*octet) % LETTERS.len()]));
        }
    }
    Ok(password)
}

const LENGTH: usize = 32;
const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

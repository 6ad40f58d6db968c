//! `crypto key inspect`

use std::fmt::Write as _;

use rung_pki::keyfile::{self, AnyKey, Extent};
use rung_pki::{ExchangeAlgorithm, KeyAlgorithm, PrivateKey, PublicKey, Signer as _};
use zeroize::Zeroizing;

use crate::call::Call;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::inspect::{Json, Object, hex_lines, key_info};
use crate::keys::file;
use crate::ui::print;

pub(crate) static COMMAND: Command = Command {
    name: "inspect",
    summary: "show the numbers that a key is made of",
    description: "Shows what kind of key it is and its numbers, of the first key when the file has several. Of a private \
        key it shows the private numbers, too, so mind who looks over your shoulder: 'crypto key public' shows the \
        public half. JSON has the public half alone; 'crypto key format --jwk' writes all of it.",
    arguments: &[Argument {
        name: "<key-file>",
        count: Count::Optional,
        help: "A key or certificate; standard input without it or with '-'.",
    }],
    flags: &[&[
        Flag::value(&["password-file"], "<file>", "File with the password of the key, if it is encrypted."),
        Flag::json_or_text(),
    ]],
    examples: &[
        Example { purpose: "Look at a key:", lines: &["crypto key inspect svc.key"] },
        Example { purpose: "Look at the key of a certificate:", lines: &["crypto key inspect svc.crt"] },
        Example {
            purpose: "Ask in a script what kind of key it is:",
            lines: &["crypto key inspect svc.key --format json | jq -r .key_algorithm.name"],
        },
    ],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let key = file::read(call, call.argument(0).unwrap_or("-"), Extent::First)?;
    if call.wants_json()? {
        let mut out = Object::new();
        out.put("private", key.private().is_some());
        out.extend(key_info(key.spki()));
        return print(Json::from(out).pretty().as_bytes());
    }
    // Enough for the largest key, which would otherwise be left behind by growing.
    let mut out = Zeroizing::new(String::with_capacity(64 * 1024));
    match &key {
        AnyKey::ExchangePrivate(key) => {
            let _ = writeln!(out, "{} Private-Key: ({} bit)", key.algorithm(), key.secret().len() * 8);
            number(&mut out, "Public", key.public_key().octets());
            let name = if key.algorithm() == ExchangeAlgorithm::X25519 { "Private" } else { "Seed" };
            number(&mut out, name, key.secret());
        }
        AnyKey::ExchangePublic(key) => {
            let _ = writeln!(out, "{} Public-Key: ({} bit)", key.algorithm(), key.octets().len() * 8);
            number(&mut out, "Public", key.octets());
        }
        AnyKey::Public(key) => show_public(&mut out, key),
        AnyKey::Private(key) => show_private(&mut out, key),
    }
    print(out.as_bytes())
}

fn show_public(out: &mut String, key: &PublicKey) {
    if let Some((modulus, exponent)) = key.rsa_numbers() {
        let _ = writeln!(out, "RSA Public-Key: ({} bit)", modulus.len() * 8);
        number(out, "Modulus", modulus);
        let _ = writeln!(out, "Exponent: {}", decimal(exponent));
        return;
    }
    match (key.coordinates(), curve(key)) {
        (Some((x, y)), Some((name, bits))) => {
            let _ = writeln!(out, "EC Public-Key: ({bits} bit)");
            number(out, "X", x);
            number(out, "Y", y);
            let _ = writeln!(out, "Curve: {name}");
        }
        _ if key.algorithm() == KeyAlgorithm::Ed25519 => {
            out.push_str("Ed25519 Public-Key: (256 bit)\n");
            number(out, "Public", key.bits());
        }
        _ => {
            let _ = writeln!(out, "{} Public-Key: ({} bit)", key.algorithm(), key.bits().len() * 8);
            number(out, "Public", key.bits());
        }
    }
}

fn show_private(out: &mut String, key: &PrivateKey) {
    let public = key.public_key();
    let numbers = keyfile::private_numbers(key);
    match key.algorithm() {
        KeyAlgorithm::Rsa { .. } => {
            let (modulus, exponent) = public.rsa_numbers().unwrap_or_default();
            let _ = writeln!(out, "RSA Private-Key: ({} bit)", modulus.len() * 8);
            number(out, "Modulus", modulus);
            let _ = writeln!(out, "Public Exponent: {}", decimal(exponent));
            let names = ["Private Exponent", "Prime #1", "Prime #2", "Exponent #1", "Exponent #2", "Coefficient"];
            for (name, value) in names.into_iter().zip(&numbers) {
                number(out, name, value);
            }
        }
        KeyAlgorithm::Ed25519 => {
            out.push_str("Ed25519 Private-Key: (512 bit)\n");
            number(out, "Public", public.bits());
            number(out, "Private", &numbers[0]);
        }
        KeyAlgorithm::MlDsa(set) => {
            let _ = writeln!(out, "{set} Private-Key: ({} bit)", numbers[0].len() * 8);
            number(out, "Public", public.bits());
            number(out, "Seed", &numbers[0]);
        }
        KeyAlgorithm::EcP256 | KeyAlgorithm::EcP384 | KeyAlgorithm::EcP521 => {
            let (x, y) = public.coordinates().unwrap_or_default();
            let (name, bits) = curve(public).unwrap_or_default();
            // The odd word is what scripts look for.
            let _ = writeln!(out, "EC PrivateKey-Key: ({bits} bit)");
            number(out, "X", x);
            number(out, "Y", y);
            number(out, "D", &numbers[0]);
            let _ = writeln!(out, "Curve: {name}");
        }
    }
}

fn curve(key: &PublicKey) -> Option<(&'static str, &'static str)> {
    let name = key.algorithm().curve()?;
    Some((name, name.strip_prefix("P-")?))
}

fn number(out: &mut String, name: &str, octets: &[u8]) {
    let _ = writeln!(out, "{name}:");
    hex_lines(out, octets, 16, 4);
}

/// An exponent in both notations; one that no honest key has is shown in one.
fn decimal(octets: &[u8]) -> String {
    match octets.len() {
        0..=8 => {
            let number = octets.iter().fold(0_u64, |number, octet| number << 8 | u64::from(*octet));
            format!("{number} (0x{number:x})")
        }
        _ => octets.iter().fold("0x".to_owned(), |text, octet| text + &format!("{octet:02x}")),
    }
}

//! `crypto rand`

mod prime;

use anyhow::{anyhow, bail};
use aws_lc_rs::rand;
use zeroize::Zeroizing;

use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::ui::print;
use crate::{fingerprint, input};

pub(crate) static COMMAND: Command = Command {
    name: "rand",
    summary: "print something random",
    description: "Prints random letters, digits, octets, words, a number or a prime, from the randomness that keys are \
        made of. Each letter, word or number is as likely as any other.",
    arguments: &[Argument {
        name: "<length>",
        count: Count::Optional,
        help: "How many letters, digits, octets (for raw and emoji), words or bits (for prime), 32 without it; for die the \
            number of its sides, 6 without it. Six words without it.",
    }],
    flags: &[&[
        Flag::value(
            &["format"],
            "<format>",
            "ascii (the default), alphanumeric, alphabet, lower, upper, hex, dec, emoji, raw, die, prime or uuid.",
        ),
        Flag::value(&["dictionary", "dict"], "<file>", "Print words out of this <file>, which has one on each line."),
    ]],
    examples: &[
        Example { purpose: "Make a password:", lines: &["crypto rand"] },
        Example {
            purpose: "Make a secret of 20 letters and digits:",
            lines: &["crypto rand --format alphanumeric 20"],
        },
        Example { purpose: "Make a key of 32 octets:", lines: &["crypto rand --format raw 32 > secret.key"] },
    ],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let dictionary = call.text("dictionary")?;
    let format = call.text("format")?;
    if dictionary.is_some() && format.is_some() {
        return Err(Usage::new("flag '--format' is incompatible with '--dictionary'").into());
    }
    let format = format.unwrap_or_else(|| "ascii".to_owned()).to_ascii_lowercase();
    let usual = if dictionary.is_some() || matches!(format.as_str(), "die" | "dice") { 6 } else { 32 };
    let len = call.argument(0).map_or(Ok(usual), length)?;
    let text = match dictionary {
        Some(file) => words(&file, len)?,
        None if format == "raw" => return print(&octets(len)?),
        None => of_format(&format, len)?,
    };
    print(&Zeroizing::new([text.as_bytes(), b"\n"].concat()))
}

fn of_format(format: &str, len: usize) -> anyhow::Result<Zeroizing<String>> {
    let letters = match format {
        "alphabet" => letters(&[b'a'..=b'z', b'A'..=b'Z']),
        "alphanumeric" => letters(&[b'0'..=b'9', b'a'..=b'z', b'A'..=b'Z']),
        "ascii" => letters(&[b'!'..=b'~']),
        "dec" | "decimal" => letters(&[b'0'..=b'9']),
        "hex" | "hexadecimal" => letters(&[b'0'..=b'9', b'a'..=b'f']),
        "lower" => letters(&[b'a'..=b'z']),
        "upper" => letters(&[b'A'..=b'Z']),
        "dice" | "die" => return Ok(Zeroizing::new((below(len)? + 1).to_string())),
        "emoji" => {
            let encode = fingerprint::encoder("emoji").ok_or_else(|| anyhow!("emoji are a format of fingerprints"))?;
            return Ok(Zeroizing::new(encode(&octets(len)?)));
        }
        "prime" => return prime::of_bits(len),
        "uuid" => return uuid(),
        other => return Err(Usage::new(format!("invalid value '{other}' for flag '--format'")).into()),
    };
    let mut text = Zeroizing::new(String::with_capacity(len));
    for _ in 0..len {
        text.push(char::from(letters[below(letters.len())?]));
    }
    Ok(text)
}

fn length(text: &str) -> anyhow::Result<usize> {
    let number: i64 = text
        .parse()
        .map_err(|_| Usage::new(format!("positional argument <length> \"{text}\" is not a valid number")))?;
    match usize::try_from(number) {
        Ok(0) | Err(_) => {
            Err(Usage::new(format!("positional argument <length> \"{text}\" must be greater than 0")).into())
        }
        Ok(len) if len > MOST => {
            Err(Usage::new(format!("positional argument <length> \"{text}\" must be at most {MOST}")).into())
        }
        Ok(len) => Ok(len),
    }
}

fn words(file: &str, len: usize) -> anyhow::Result<Zeroizing<String>> {
    let contents = input::read("the dictionary", file)?;
    let text = std::str::from_utf8(&contents).map_err(|_| anyhow!("the dictionary, {file}, is not UTF-8 text"))?;
    let mut words: Vec<&str> =
        text.trim_start_matches('\u{feff}').lines().map(str::trim).filter(|word| !word.is_empty()).collect();
    words.sort_unstable();
    words.dedup();
    if words.len() < 2 {
        bail!("the dictionary, {file}, needs at least two different words");
    }
    let mut picked = Vec::new();
    for _ in 0..len {
        picked.push(words[below(words.len())?]);
    }
    Ok(Zeroizing::new(picked.join("-")))
}

/// A random UUID (RFC 9562 §5.4).
fn uuid() -> anyhow::Result<Zeroizing<String>> {
    let mut octets = octets(16)?;
    octets[6] = octets[6] & 0x0f | 0x40;
    octets[8] = octets[8] & 0x3f | 0x80;
    let hex = rung_pki::hex(&octets);
    let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    Ok(Zeroizing::new(parts.join("-")))
}

fn letters(ranges: &[std::ops::RangeInclusive<u8>]) -> Vec<u8> {
    ranges.iter().cloned().flatten().collect()
}

fn octets(len: usize) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let mut octets = Zeroizing::new(vec![0; len]);
    rand::fill(&mut octets).map_err(|_| anyhow!("the system has no randomness"))?;
    Ok(octets)
}

/// A number below `count`, each as likely as any other.
fn below(count: usize) -> anyhow::Result<usize> {
    let count = u64::try_from(count)?;
    // What is left of the numbers after the last whole multiple would favour the small ones.
    let whole = u64::MAX - u64::MAX % count;
    loop {
        let mut octets = [0; 8];
        rand::fill(&mut octets).map_err(|_| anyhow!("the system has no randomness"))?;
        let number = u64::from_le_bytes(octets);
        if number < whole {
            return Ok(usize::try_from(number % count)?);
        }
    }
}

/// As much as somebody could want at once.
const MOST: usize = 1 << 20;

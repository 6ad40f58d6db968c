//! Secrets that come from files.

use std::fs::File;
use std::io::{self, Read};

use anyhow::{Context as _, bail};
use zeroize::Zeroizing;

/// Read the password in the file of a flag; `-` is standard input. White space at its end is cut off.
pub(crate) fn password_file(flag: &str, file: &str) -> anyhow::Result<Zeroizing<String>> {
    // The buffer never grows, so no copy of a secret is left behind by growing it.
    let mut contents = Zeroizing::new(Vec::with_capacity(LIMIT + 1));
    let read = match file {
        "-" | "/dev/stdin" => io::stdin().lock().take(LIMIT as u64 + 1).read_to_end(&mut contents),
        path => File::open(path).and_then(|opened| opened.take(LIMIT as u64 + 1).read_to_end(&mut contents)),
    };
    read.with_context(|| format!("could not read the password file of --{flag}, {file}"))?;
    if contents.len() > LIMIT {
        bail!("the password file of --{flag}, {file}, is larger than a password can be (64 KiB)");
    }
    let text = std::str::from_utf8(&contents).ok();
    let text = text.with_context(|| format!("the password file of --{flag}, {file}, is not UTF-8 text"))?;
    let text = text.trim_start_matches('\u{feff}').trim_end();
    Ok(Zeroizing::new(text.to_owned()))
}

const LIMIT: usize = 64 * 1024;

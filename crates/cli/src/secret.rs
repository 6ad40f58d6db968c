//! Secrets that come from files.

use std::fs::File;
use std::io::{self, Read};

use anyhow::{Context as _, bail};
use zeroize::Zeroizing;

/// Read the password in the file of a flag; `-` is standard input. White space at its end is cut off.
pub(crate) fn password_file(flag: &str, file: &str) -> anyhow::Result<Zeroizing<String>> {
    let mut contents = Zeroizing::new(Vec::with_capacity(MOST));
    let read = match file {
        "-" | "/dev/stdin" => io::stdin().lock().take(LIMIT).read_to_end(&mut contents),
        path => File::open(path).and_then(|opened| opened.take(LIMIT).read_to_end(&mut contents)),
    };
    read.with_context(|| format!("could not read the password file of --{flag}, {file}"))?;
    if contents.len() >= MOST {
        bail!("the password file of --{flag}, {file}, is longer than a password can be");
    }
    let text = std::str::from_utf8(&contents).ok();
    let text = text.with_context(|| format!("the password file of --{flag}, {file}, is not UTF-8 text"))?;
    let text = text.trim_start_matches('\u{feff}').trim_end();
    Ok(Zeroizing::new(text.to_owned()))
}

/// The buffer never grows past this, so no copy of a secret is left behind by growing it.
const MOST: usize = 64 * 1024;
const LIMIT: u64 = 64 * 1024;

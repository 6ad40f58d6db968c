//! Reading the files that a command is given.

use std::fs::File;
use std::io::{self, Read};

use anyhow::{Context as _, bail};
use zeroize::Zeroizing;

/// Read a file, or standard input for `-`; `purpose` says in errors what it was for.
///
/// What is read may be a private key, so it is wiped afterwards.
pub(crate) fn read(purpose: &str, file: &str) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let mut contents = Zeroizing::new(Vec::with_capacity(16 * 1024));
    let done = match file {
        "-" | "/dev/stdin" => io::stdin().lock().take(LIMIT + 1).read_to_end(&mut contents),
        path => File::open(path).and_then(|opened| opened.take(LIMIT + 1).read_to_end(&mut contents)),
    };
    done.with_context(|| format!("could not read {purpose}, {}", name(file)))?;
    if contents.len() as u64 > LIMIT {
        bail!("{purpose}, {}, is larger than {} MiB", name(file), LIMIT >> 20);
    }
    Ok(contents)
}

/// How errors call the file.
pub(crate) fn name(file: &str) -> &str {
    match file {
        "-" => "standard input",
        path => path,
    }
}

/// Room for a bundle of tens of thousands of certificates.
const LIMIT: u64 = 64 << 20;

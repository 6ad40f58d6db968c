//! The roots that certificates have to lead to: those of `--roots`, or the system's.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};
use rung_pki::chain::ChainError;
use rung_pki::{Certificate, pem};

use crate::inspect::rfc3339;
use crate::{clock, input};

/// The roots in a file, in several files with commas between, or in all files of a folder.
pub(crate) fn given(paths: &str) -> anyhow::Result<Vec<Certificate>> {
    let failed = || format!("failure to load root certificate pool from input path '{paths}'");
    let mut roots = Vec::new();
    for path in paths.split(',').map(str::trim).filter(|path| !path.is_empty()) {
        if Path::new(path).is_dir() {
            roots.extend(folder(path).with_context(failed)?);
        } else {
            roots.extend(certificates(path).with_context(failed)?);
        }
    }
    if roots.is_empty() {
        bail!("{}: error reading cert pool: not certificates found", failed());
    }
    Ok(roots)
}

fn folder(path: &str) -> anyhow::Result<Vec<Certificate>> {
    let entries = fs::read_dir(path).with_context(|| format!("error reading cert pool: open {path}"))?;
    let mut names = Vec::new();
    for entry in entries {
        let file = entry?.path();
        if file.is_file() {
            names.push(file.to_string_lossy().into_owned());
        }
    }
    // The order of a folder is the file system's; errors should not depend on it.
    names.sort_unstable();
    // A folder may hold other things, too.
    Ok(names.iter().filter_map(|name| certificates(name).ok()).flatten().collect())
}

/// The certificates of a file, PEM or DER.
pub(crate) fn certificates(file: &str) -> anyhow::Result<Vec<Certificate>> {
    let contents = input::read("the root certificates", file)
        .map_err(|error| match error.downcast_ref::<std::io::Error>().map(std::io::Error::kind) {
            Some(std::io::ErrorKind::NotFound) => anyhow::anyhow!("open {file}: no such file or directory"),
            _ => error,
        })
        .context("error reading cert pool")?;
    if let Ok(single) = Certificate::from_der(&contents) {
        return Ok(vec![single]);
    }
    let blocks = pem::decode_all(&contents).with_context(|| format!("{} cannot be used", input::name(file)))?;
    let ders = blocks.iter().filter(|block| block.label == "CERTIFICATE").map(|block| &block.contents);
    ders.map(|der| Certificate::from_der(der).with_context(|| format!("{} cannot be used", input::name(file))))
        .collect()
}

/// The roots that this machine trusts.
pub(crate) fn of_the_system() -> anyhow::Result<Vec<Certificate>> {
    let found = rustls_native_certs::load_native_certs();
    // Stores hold certificates that are too odd to be used; the others do.
    let roots: Vec<Certificate> = found.certs.iter().filter_map(|der| Certificate::from_der(der).ok()).collect();
    if roots.is_empty() {
        bail!("the system has no root certificates; name yours with --roots");
    }
    Ok(roots)
}

/// Why a chain is not accepted: first in the words that scripts look for, then what it is about.
pub(crate) fn reason(error: &ChainError) -> String {
    let now = || rfc3339(clock::now());
    match error {
        ChainError::Host { host, names } if names.is_empty() => {
            format!("x509: certificate is not valid for any names, but wanted to match {host}")
        }
        ChainError::Host { host, names } => {
            format!("x509: certificate is valid for {}, not {host}", names.join(", "))
        }
        ChainError::Expired { not_after, .. } => format!(
            "x509: certificate has expired or is not yet valid: current time {} is after {}: {error}",
            now(),
            rfc3339(*not_after)
        ),
        ChainError::NotYetValid { not_before, .. } => format!(
            "x509: certificate has expired or is not yet valid: current time {} is before {}: {error}",
            now(),
            rfc3339(*not_before)
        ),
        ChainError::Signature { .. } | ChainError::UnknownIssuer { .. } => {
            format!("x509: certificate signed by unknown authority: {error}")
        }
        ChainError::Usage { .. } => format!("x509: certificate specifies an incompatible key usage: {error}"),
        _ => format!("x509: {error}"),
    }
}

//! Files that people name, read within bounds: nobody means a configuration, a certificate or a key of a gigabyte.

use std::{
    fs::File,
    io::{self, ErrorKind, Read},
    path::Path,
};

use zeroize::Zeroizing;

/// Read a file of at most [`LIMIT`] octets. It may be a private key, so it is wiped afterwards.
///
/// # Errors
/// When it cannot be read, or is larger ([`ErrorKind::FileTooLarge`]).
pub fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = File::open(path)?;
    // Devices and pipes do not say how much there is; what says it need not be read.
    if file.metadata()?.len() > LIMIT {
        return Err(too_large());
    }
    read_all(file)
}

/// Read a file with a text of at most [`LIMIT`] octets.
///
/// # Errors
/// As for [`read`], and when it is not UTF-8.
pub fn read_text(path: &Path) -> io::Result<Zeroizing<String>> {
    let contents = read(path)?;
    let text = std::str::from_utf8(&contents).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Read a source to its end, which has to come within [`LIMIT`] octets.
///
/// # Errors
/// As for [`read`].
pub fn read_all(mut source: impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut contents = Zeroizing::new(Vec::with_capacity(16 * 1024));
    let len = source.by_ref().take(LIMIT).read_to_end(&mut contents)?;
    // What is too large is not asked to fit.
    if len as u64 == LIMIT && source.take(1).read_to_end(&mut Vec::new())? > 0 {
        // It is no secret of anybody, and wiping so much would take longer than reading it.
        drop(std::mem::take(&mut *contents));
        return Err(too_large());
    }
    Ok(contents)
}

fn too_large() -> io::Error {
    io::Error::new(ErrorKind::FileTooLarge, format!("it is larger than {} MiB", LIMIT >> 20))
}

/// Room for a bundle of tens of thousands of certificates.
pub const LIMIT: u64 = 64 << 20;

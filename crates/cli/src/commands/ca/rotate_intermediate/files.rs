//! Where the next intermediate goes.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use rung_pki::{PublicKey, Signer, keyfile};

use super::present::Present;
use crate::call::Call;
use crate::private_key::KeyFile;
use crate::ui::Ui;

/// The files of the next intermediate.
pub(super) struct Files {
    /// Its number; the first has none.
    pub(super) number: u32,
    pub(super) crt: PathBuf,
    pub(super) key: PathBuf,
}

/// More intermediates than any CA has.
const MOST: u32 = 10_000;

impl Files {
    /// Names that are free, beside those of the present one.
    pub(super) fn next(present: &Present) -> anyhow::Result<Self> {
        let free = Self::all(present).find(|files| !files.crt.exists() && !files.key.exists());
        free.ok_or_else(|| no_name(present))
    }

    /// The same for another certificate of the present key.
    pub(super) fn next_of_same_key(present: &Present) -> anyhow::Result<Self> {
        let free = Self::all(present).find(|files| !files.crt.exists()).ok_or_else(|| no_name(present))?;
        Ok(Self { key: PathBuf::from(&present.config.key), ..free })
    }
    /// The names of the key that was made for a request, and waits for its certificate.
    pub(super) fn waiting(present: &Present, public: &PublicKey, call: &Call) -> anyhow::Result<Self> {
        for files in Self::all(present).take_while(|files| files.crt.exists() || files.key.exists()) {
            if files.crt.exists() {
                continue;
            }
            let file = files.key.to_string_lossy();
            let source =
                KeyFile { purpose: "the key of the new intermediate", file: &file, password_flag: "password-file" };
            if source.read(call, keyfile::read_private_key)?.public_key() == public {
                return Ok(files);
            }
        }
        Err(anyhow!(
            "no key beside {} belongs to the certificate: was it made for the request of --csr?",
            present.config.key
        ))
    }

    fn all(present: &Present) -> impl Iterator<Item = Self> {
        let (crt, key) = (present.config.crt.clone(), PathBuf::from(&present.config.key));
        (2..MOST).map(move |number| Self { number, crt: numbered(&crt, number), key: numbered(&key, number) })
    }
}

/// `a/b.crt` and `a/b_2.crt` with another number.
fn numbered(path: &Path, number: u32) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let bare = match stem.rsplit_once('_') {
        Some((bare, last)) if !last.is_empty() && last.bytes().all(|octet| octet.is_ascii_digit()) => bare,
        _ => &*stem,
    };
    let extension = path.extension().map(|extension| format!(".{}", extension.to_string_lossy()));
    path.with_file_name(format!("{bare}_{number}{}", extension.unwrap_or_default()))
}

/// The service must be able to read its new key as it reads the old one.
pub(super) fn give_to_owner_of(old: &Path, new: &Path, ui: &Ui) {
    let (Ok(old), Ok(made)) = (fs::metadata(old), fs::metadata(new)) else { return };
    if (old.uid(), old.gid()) == (made.uid(), made.gid()) {
        return;
    }
    if let Err(error) = chown(new, Some(old.uid()), Some(old.gid())) {
        ui.warning(&format!("{} could not be given to the owner of the old key: {error}", new.display()));
    }
}

/// Where the root's key is when nothing else is said.
pub(super) fn root_key(present: &Present) -> PathBuf {
    Path::new(&present.config.key).with_file_name("root_ca_key")
}

fn no_name(present: &Present) -> anyhow::Error {
    anyhow!("there is no free name for another intermediate beside {}", present.config.crt.display())
}

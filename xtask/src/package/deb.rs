//! The Debian package.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{Release, architecture, place, sbom};
use crate::run::{command, must, output, root};

/// What the user of the service is called.
const POSTINST: &str = r#"#!/bin/sh
set -e
if [ "$1" = configure ]; then
    if ! getent passwd rung > /dev/null; then
        useradd --system --user-group --home-dir /etc/rung --no-create-home --shell /usr/sbin/nologin rung
    fi
    # What is in there belongs to root; the service reads it by its group.
    install -d -o root -g rung -m 0750 /etc/rung
    if [ -d /run/systemd/system ]; then
        systemctl daemon-reload || true
        # A new version is taken over where the old one runs.
        systemctl try-restart rung-ca.service || true
    fi
fi
"#;
const PRERM: &str = r#"#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
    systemctl stop rung-ca.service || true
fi
"#;
const POSTRM: &str = r#"#!/bin/sh
set -e
if [ -d /run/systemd/system ]; then
    systemctl daemon-reload || true
fi
# Keys and certificates stay, even when the package is purged: only a person may throw an authority away.
"#;

/// Shells and where Debian looks for what completes commands in them.
const COMPLETIONS: [(&str, &str); 3] = [
    ("bash", "usr/share/bash-completion/completions/rung"),
    ("zsh", "usr/share/zsh/vendor-completions/_rung"),
    ("fish", "usr/share/fish/vendor_completions.d/rung.fish"),
];

/// Build the package; gives its file.
pub(super) fn build(release: &Release) -> Result<PathBuf> {
    let tree = release.empty_folder("deb")?;
    fill(release, &tree)?;
    let file = release.file(&format!("rung_{}_{}.deb", release.version, architecture()?));
    let mut pack = command("dpkg-deb");
    pack.args(["--root-owner-group", "-Zxz", "--build"]).arg(&tree).arg(&file);
    must(pack.env("SOURCE_DATE_EPOCH", &release.epoch), "the Debian package could not be built")?;
    must(command("dpkg-deb").arg("--info").arg(&file), "the Debian package cannot be read")?;
    Ok(file)
}

fn fill(release: &Release, tree: &Path) -> Result<()> {
    for program in ["rung", "rung-ca"] {
        place(&tree.join("usr/bin").join(program), 0o755, &fs::read(release.programs.join(program))?)?;
    }
    for (shell, path) in COMPLETIONS {
        place(&tree.join(path), 0o644, release.says("rung", &["completion", shell])?.as_bytes())?;
    }
    for unit in fs::read_dir(root().join("contrib/systemd"))? {
        let unit = unit?;
        place(&tree.join("usr/lib/systemd/system").join(unit.file_name()), 0o644, &fs::read(unit.path())?)?;
    }
    let documents = tree.join("usr/share/doc/rung");
    for name in ["README.md", "CHANGELOG.md", "SECURITY.md"] {
        place(&documents.join(name), 0o644, &fs::read(root().join(name))?)?;
    }
    place(&documents.join("copyright"), 0o644, &fs::read(root().join("LICENSE"))?)?;
    place(&documents.join("rung.cdx.json"), 0o644, sbom::document(release, &[])?.as_bytes())?;
    place(&tree.join("DEBIAN/control"), 0o644, control(release, kibibytes(tree)?)?.as_bytes())?;
    for (name, script) in [("postinst", POSTINST), ("prerm", PRERM), ("postrm", POSTRM)] {
        place(&tree.join("DEBIAN").join(name), 0o755, script.as_bytes())?;
    }
    Ok(())
}

/// How much room the files below a folder need; folders do not count, as their size is up to the file system.
fn kibibytes(folder: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        sum += if metadata.is_dir() { kibibytes(&entry.path())? } else { metadata.len().div_ceil(1024) };
    }
    Ok(sum)
}

fn control(release: &Release, size: u64) -> Result<String> {
    let listing = output(
        command("objdump").args(["-T"]).arg(release.programs.join("rung-ca")).arg(release.programs.join("rung")),
        "the symbols that the programs need cannot be read",
    )?;
    let (major, minor) = newest_libc(&listing);
    Ok(format!(
        "Package: rung\nVersion: {version}\nArchitecture: {architecture}\nInstalled-Size: {size}\n\
         Maintainer: the Rung maintainers <maintainers@rung.invalid>\nSection: net\nPriority: optional\n\
         Depends: libc6 (>= {major}.{minor}), libgcc-s1, passwd\nRecommends: ca-certificates\n\
         Description: private certificate authority: a login becomes a certificate\n \
         People log in at the identity provider that their company has and get a short-lived\n \
         certificate; services get theirs with a password or a token. Contains the server,\n \
         rung-ca, and the command line, rung. Compatible with step-ca and step.\n",
        version = release.version,
        architecture = architecture()?,
    ))
}

/// The newest version of the C library that a listing of symbols asks for.
fn newest_libc(listing: &str) -> (u32, u32) {
    let version = |text: &str| {
        let numbers = text.split(|character: char| !character.is_ascii_digit() && character != '.').next()?;
        let (major, rest) = numbers.split_once('.')?;
        let minor = rest.split('.').next()?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    };
    listing.split("GLIBC_").skip(1).filter_map(version).max().unwrap_or((2, 17))
}

#[cfg(test)]
mod tests {
    use super::newest_libc;

    #[test]
    fn the_newest_version_of_the_c_library_is_found() {
        let listing = "0 DF *UND* 0 (GLIBC_2.3.4) memcpy\n0 DF *UND* 0 (GLIBC_2.34) main\n0 DF *UND* 0 (GLIBC_2.9) x";
        assert_eq!(newest_libc(listing), (2, 34));
        assert_eq!(newest_libc("GLIBC_PRIVATE"), (2, 17));
    }
}

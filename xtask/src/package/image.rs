//! The container image, as an archive in the OCI image layout: one layer with the two programs and what they load.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::{Release, architecture, place, sbom};
use crate::run::{command, must, output, probe, root};

/// The user in the image; a number, so that orchestrators can see that it is not root.
const USER: u32 = 65532;
/// Where the authority lives in the image: the one place that is written to.
const HOME: &str = "var/lib/rung";

/// Build the image; gives its archive.
pub(super) fn build(release: &Release) -> Result<PathBuf> {
    let tree = release.empty_folder("image-root")?;
    let libraries = fill(release, &tree)?;
    let layer = pack_layer(release, &tree)?;
    try_out(&tree)?;
    let layout = release.empty_folder("image")?;
    let uncompressed = digest(&layer)?;
    must(command("gzip").args(["--no-name", "--best", "--force"]).arg(&layer), "the layer cannot be compressed")?;
    let layer = add(&layout, &fs::read(layer.with_extension("tar.gz"))?)?;
    let config = add(&layout, config(release, &uncompressed)?.to_string().as_bytes())?;
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": descriptor("application/vnd.oci.image.config.v1+json", &config),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar+gzip", &layer)],
        "annotations": annotations(release, &libraries),
    });
    let mut manifest =
        descriptor("application/vnd.oci.image.manifest.v1+json", &add(&layout, manifest.to_string().as_bytes())?);
    manifest["platform"] = json!({"architecture": architecture()?, "os": "linux"});
    manifest["annotations"] = json!({"org.opencontainers.image.ref.name": release.version});
    let index = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [manifest],
    });
    place(&layout.join("index.json"), 0o644, index.to_string().as_bytes())?;
    place(&layout.join("oci-layout"), 0o644, br#"{"imageLayoutVersion":"1.0.0"}"#)?;
    let file = release.file(&format!("rung_{}_{}.oci.tar", release.version, architecture()?));
    must(tar(release, "--create", &file, (0, 0), &layout).arg("."), "the image cannot be packed")?;
    Ok(file)
}

/// Lay out what the image holds; gives the Debian packages that the libraries come from.
fn fill(release: &Release, tree: &Path) -> Result<Vec<sbom::DebianPackage>> {
    let mut libraries = BTreeSet::new();
    for program in ["rung", "rung-ca"] {
        let built = release.programs.join(program);
        place(&tree.join("usr/bin").join(program), 0o755, &fs::read(&built)?)?;
        libraries.extend(loaded(&output(command("ldd").arg(&built), "what a program loads is not known")?));
    }
    let mut packages = Vec::new();
    for library in &libraries {
        let path = Path::new(library);
        let inside = path.strip_prefix("/").with_context(|| format!("{library} is no absolute path"))?;
        place(&tree.join(inside), 0o755, &fs::read(path)?)?;
        packages.extend(sbom::owner(path));
    }
    packages.sort();
    packages.dedup();
    let roots = Path::new("/etc/ssl/certs/ca-certificates.crt");
    let roots = fs::read(roots).with_context(|| format!("{} is missing: install ca-certificates", roots.display()))?;
    place(&tree.join("etc/ssl/certs/ca-certificates.crt"), 0o644, &roots)?;
    let (user, group) = (format!("rung:x:{USER}:{USER}::/{HOME}:\n"), format!("rung:x:{USER}:\n"));
    place(&tree.join("etc/passwd"), 0o644, format!("root:x:0:0::/:\n{user}").as_bytes())?;
    place(&tree.join("etc/group"), 0o644, format!("root:x:0:\n{group}").as_bytes())?;
    place(&tree.join("usr/share/doc/rung/LICENSE"), 0o644, &fs::read(root().join("LICENSE"))?)?;
    let list = sbom::document(release, &packages)?;
    place(&tree.join("usr/share/doc/rung/rung.cdx.json"), 0o644, list.as_bytes())?;
    fs::create_dir_all(tree.join(HOME))?;
    Ok(packages)
}

/// The files in the output of `ldd`.
fn loaded(listing: &str) -> Vec<String> {
    let path = |line: &str| line.split_whitespace().find(|word| word.starts_with('/')).map(str::to_owned);
    listing.lines().filter_map(path).collect()
}

fn pack_layer(release: &Release, tree: &Path) -> Result<PathBuf> {
    let layer = release.file("layer.tar");
    let top = fs::read_dir(tree)?.map(|entry| Ok(entry?.file_name())).collect::<Result<BTreeSet<_>>>()?;
    let mut pack = tar(release, "--create", &layer, (0, 0), tree);
    must(pack.arg(format!("--exclude={HOME}")).args(&top), "the layer cannot be packed")?;
    let mut home = tar(release, "--append", &layer, (USER, USER), tree);
    must(home.arg("--mode=0700").arg(HOME), "the home of the authority cannot be packed")?;
    Ok(layer)
}

/// A tar that gives the same archive for the same files.
fn tar(release: &Release, what: &str, file: &Path, (user, group): (u32, u32), folder: &Path) -> std::process::Command {
    let mut tar = command("tar");
    tar.arg(what).arg("--file").arg(file).arg("--directory").arg(folder);
    tar.args(["--sort=name", "--format=gnu", "--numeric-owner"]);
    tar.arg(format!("--mtime=@{}", release.epoch)).arg(format!("--owner={user}")).arg(format!("--group={group}"));
    tar
}

/// Run both programs with nothing around them but the tree, where the system lets us.
fn try_out(tree: &Path) -> Result<()> {
    if probe("id", &["-u"]).as_deref() != Some("0") {
        println!("the image was not tried: only root may change the root folder");
        return Ok(());
    }
    for program in ["rung", "rung-ca"] {
        let mut run = command("chroot");
        run.arg(tree).arg(format!("/usr/bin/{program}")).arg("version");
        let said = output(&mut run, "a program does not run in the image")?;
        print!("{}", said.lines().next().map(|line| format!("in the image: {line}\n")).unwrap_or_default());
    }
    Ok(())
}

fn config(release: &Release, layer: &str) -> Result<Value> {
    Ok(json!({
        "created": date(release)?,
        "architecture": architecture()?,
        "os": "linux",
        "config": {
            "User": format!("{USER}:{USER}"),
            "Env": ["PATH=/usr/bin", format!("STEPPATH=/{HOME}"), format!("HOME=/{HOME}")],
            "Entrypoint": ["/usr/bin/rung-ca"],
            "Cmd": [format!("/{HOME}/config/ca.json")],
            "WorkingDir": format!("/{HOME}"),
            "Volumes": {format!("/{HOME}"): {}},
            "StopSignal": "SIGTERM",
        },
        "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{layer}")]},
        "history": [{"created": date(release)?, "created_by": "cargo xtask package image"}],
    }))
}

fn annotations(release: &Release, libraries: &[sbom::DebianPackage]) -> Value {
    let libraries: Vec<String> =
        libraries.iter().map(|package| format!("{} {}", package.name, package.version)).collect();
    json!({
        "org.opencontainers.image.title": "rung",
        "org.opencontainers.image.description": "private certificate authority: a login becomes a certificate",
        "org.opencontainers.image.licenses": "Apache-2.0",
        "org.opencontainers.image.version": release.version,
        "org.rung.libraries": libraries.join(", "),
    })
}

fn date(release: &Release) -> Result<String> {
    let mut date = command("date");
    date.args(["--utc", "--date", &format!("@{}", release.epoch), "+%Y-%m-%dT%H:%M:%SZ"]);
    Ok(output(&mut date, "the time of the commit cannot be written")?.trim().to_owned())
}

/// A blob: its digest and its length.
struct Blob {
    digest: String,
    length: usize,
}

fn add(layout: &Path, contents: &[u8]) -> Result<Blob> {
    let unnamed = layout.join("blob");
    place(&unnamed, 0o644, contents)?;
    let digest = digest(&unnamed)?;
    let blobs = layout.join("blobs/sha256");
    fs::create_dir_all(&blobs)?;
    fs::rename(unnamed, blobs.join(&digest))?;
    Ok(Blob { digest, length: contents.len() })
}

fn descriptor(media_type: &str, blob: &Blob) -> Value {
    json!({"mediaType": media_type, "digest": format!("sha256:{}", blob.digest), "size": blob.length})
}

fn digest(file: &Path) -> Result<String> {
    let line = output(command("sha256sum").arg(file), "no checksum")?;
    match line.split_whitespace().next() {
        Some(digest) if digest.len() == 64 => Ok(digest.to_owned()),
        _ => bail!("sha256sum printed {line:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::loaded;

    #[test]
    fn the_files_that_a_program_loads_are_found() {
        let listing = "\tlinux-vdso.so.1 (0x7f)\n\tlibm.so.6 => /lib/libm.so.6 (0x7f)\n\t/lib64/ld.so.2 (0x7f)\n";
        assert_eq!(loaded(listing), ["/lib/libm.so.6", "/lib64/ld.so.2"]);
    }
}

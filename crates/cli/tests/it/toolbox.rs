//! `base64`, and `crypto hash`, `kdf` and `rand`.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use crate::sandbox::{Outcome, Sandbox};

/// Run with words that are separated by spaces.
fn run(sandbox: &Sandbox, line: &str, input: &str) -> Outcome {
    sandbox.run_with(&line.split(' ').collect::<Vec<_>>(), input)
}

#[track_caller]
fn check_prints(line: &str, input: &str, expected: &str) {
    run(&Sandbox::new(), line, input).printed(expected);
}

#[track_caller]
fn check_refused(line: &str, input: &str, part: &str) {
    run(&Sandbox::new(), line, input).failed(1, part);
}

#[test]
fn base64_is_that_of_rfc_4648() {
    for (text, encoded) in
        [("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy"), (">>>?", "Pj4+Pw==")]
    {
        let raw = encoded.trim_end_matches('=');
        let url = encoded.replace('+', "-");
        check_prints("base64", text, &format!("{encoded}\n"));
        check_prints("base64 -r", text, &format!("{raw}\n"));
        check_prints("base64 -u", text, &format!("{url}\n"));
        check_prints(&format!("base64 --url --raw {text}"), "", &format!("{}\n", url.trim_end_matches('=')));
        for line in ["base64 -d", "base64 --decode"] {
            for written in [encoded, raw, &url, url.trim_end_matches('=')] {
                check_prints(line, written, text);
            }
        }
        check_prints("base64 -d -u", &url, text);
        check_prints("base64 -d -u", url.trim_end_matches('='), text);
        check_prints("base64 -d -r", raw, text);
    }
    check_prints("base64 hello world", "", "aGVsbG8gd29ybGQ=\n");
    check_prints("base64 -d", "aGVs\nbG8=\n", "hello");
    check_prints("base64", "", "\n");
    check_refused("base64 -d", "aGVs bG8=", "error decoding input: illegal base64 data at input byte 4");
    check_refused("base64 -d -r", "aGVsbG8=", "error decoding input: illegal base64 data at input byte 7");
}

#[test]
fn hashes_of_files_are_those_of_openssl() {
    let sandbox = Sandbox::new();
    sandbox.write("a file", "content\n");
    for (name, option) in [
        ("sha1", "sha1"),
        ("sha", "sha1"),
        ("sha224", "sha224"),
        ("SHA256", "sha256"),
        ("sha384", "sha384"),
        ("sha512", "sha512"),
        ("sha512-224", "sha512-224"),
        ("sha512-256", "sha512-256"),
        ("md5", "md5"),
    ] {
        let judged = Command::new("openssl")
            .args(["dgst", "-r", &format!("-{option}"), "a file"])
            .current_dir(sandbox.path(""))
            .output()
            .expect("the program openssl, which these tests need");
        let judged = String::from_utf8(judged.stdout).unwrap();
        let hash = judged.split(' ').next().unwrap();
        let outcome = sandbox.run(&["crypto", "hash", "digest", "--alg", name, "--insecure", "a file", "a file"]);
        outcome.printed(&format!("{hash}  a file\n").repeat(2));
        let compare =
            |hash: &str| sandbox.run(&["crypto", "hash", "compare", "--alg", name, "--insecure", hash, "a file"]);
        compare(hash).printed("ok\n");
        compare(&hash.to_uppercase()).printed("ok\n");
        compare(&hash[2..]).failed(1, "fail\n");
    }
    let refused = |line: &str, part: &str| run(&sandbox, line, "").failed(1, part);
    refused("crypto hash digest --alg md5 x", "flag '--alg md5' requires the '--insecure' flag");
    refused("crypto hash digest --alg foo x", "invalid value 'foo' for flag '--alg'");
    refused("crypto hash digest x", "stat x failed: no such file or directory");
    refused("crypto hash compare zz x", "error decoding zz: : U+007A 'z'");
    refused("crypto hash compare abc x", "error decoding abc: : odd length hex string");
    run(&sandbox, "crypto hash digest /dev/stdin", "")
        .printed("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  /dev/stdin\n");
}

/// The hashes are those that step 0.30 prints for this folder.
#[test]
fn hashes_of_folders_are_those_of_step() {
    let sandbox = Sandbox::new();
    sandbox.write("t/one", "a");
    sandbox.write("t/sub/two", "b");
    symlink("one", sandbox.path("t/link")).unwrap();
    for (name, mode) in [("t", 0o755), ("t/sub", 0o755), ("t/one", 0o644), ("t/sub/two", 0o640)] {
        fs::set_permissions(sandbox.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    let digest = |line: &str| run(&sandbox, line, "");
    digest("crypto hash digest t").printed("5b12a675793d8c40ab5a2efa69137afdd072fe2f3cf803b08bbeb14d8f02d91f  t\n");
    digest("crypto hash digest --alg sha512-224 t")
        .printed("78413a52f09e1ee39ab4f8b41f84fdf8cb984196a14ecd930e226f19  t\n");
    fs::set_permissions(sandbox.path("t/one"), fs::Permissions::from_mode(0o600)).unwrap();
    assert!(!digest("crypto hash digest --alg sha512-224 t").stdout.starts_with("78413a52"), "modes count");
    symlink("..", sandbox.path("t/up")).unwrap();
    digest("crypto hash digest t").failed(1, "Too many levels of symbolic links");
    fs::remove_file(sandbox.path("t/up")).unwrap();
    let pipe = Command::new("mkfifo").arg(sandbox.path("t/pipe")).status().unwrap();
    assert!(pipe.success());
    digest("crypto hash digest t").failed(1, "t/pipe is neither a file nor a folder");
}

/// Published vectors: RFC 7914 §12, and those of the implementations of argon2 and bcrypt.
#[test]
fn passwords_are_compared_with_hashes_of_others() {
    for (hash, password) in [
        (
            "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw",
            "pleaseletmein",
        ),
        ("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "password"),
        ("$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA", "password"),
        ("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"),
        ("$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", "U*U*"),
    ] {
        let sandbox = Sandbox::new();
        let compare = |input: &str| sandbox.run_with(&["crypto", "kdf", "compare", hash], input);
        compare(password).printed("ok\n");
        compare(&format!("{password}\n")).printed("ok\n");
        compare(&format!("{password}x")).failed(1, "fail\n");
        compare("").failed(1, "fail\n");
        sandbox.run(&["crypto", "kdf", "compare", "--insecure", hash, password]).printed("ok\n");
        sandbox
            .run(&["crypto", "kdf", "compare", hash, password])
            .failed(1, "positional argument <INPUT> requires the '--insecure' flag");
    }
}

#[test]
fn what_is_hashed_compares() {
    let sandbox = Sandbox::new();
    for (name, start) in [
        ("scrypt", "$scrypt$ln=15,r=8,p=1$"),
        ("bcrypt", "$2a$10$"),
        ("argon2i", "$argon2i$v=19$m=32768,t=3,p=4$"),
        ("argon2id", "$argon2id$v=19$m=65536,t=1,p=4$"),
    ] {
        let hash = |input| run(&sandbox, &format!("crypto kdf hash --alg {name}"), input);
        let (first, second) = (hash("secret\n"), hash("secret"));
        assert!(first.stdout.starts_with(start), "{first:?}");
        assert_ne!(first.stdout, second.stdout, "each has its own salt");
        for outcome in [first, second] {
            let compare = ["crypto", "kdf", "compare", outcome.stdout.trim_end()];
            sandbox.run_with(&compare, "secret\n").printed("ok\n");
            sandbox.run_with(&compare, "Secret").failed(1, "fail\n");
        }
    }
    let long = "x".repeat(73);
    run(&sandbox, "crypto kdf hash --alg bcrypt", &long).failed(1, "password length exceeds 72 bytes");
    run(&sandbox, "crypto kdf hash --alg foo", "x").failed(1, "invalid value 'foo' for flag '--alg'");
    run(&sandbox, "crypto kdf hash x", "").failed(1, "requires the '--insecure' flag");
}

#[test]
fn hashes_that_are_none_or_cost_too_much_are_refused() {
    for (hash, part) in [
        ("x", "error decoding hash: cannot decode password hash"),
        ("$2a$10$x", "error decoding hash: cannot decode password hash"),
        ("$2a$21$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "invalid bcrypt parameter cost=21"),
        ("$scrypt$ln=21,r=8,p=1$YWJj$YWJjYWJjYWJjYWJj", "invalid scrypt parameter ln=21"),
        ("$scrypt$ln=0,r=8,p=1$YWJj$YWJjYWJjYWJjYWJj", "invalid scrypt parameter ln=0"),
        ("$scrypt$ln=10,r=8,p=1$Y%Jj$YWJjYWJjYWJjYWJj", "error decoding hash: illegal base64 data at input byte 1"),
        ("$scrypt$ln=10,r=8,p=1$YWJj$YWJj", "less than 10"),
        ("$scrypt$ln=10,r=8$YWJj$YWJjYWJjYWJjYWJj", "scrypt parameter p is missing"),
        ("$argon2d$v=19$m=64,t=1,p=1$YWJj$YWJj", "invalid or unsupported hash method with id 'argon2d'"),
        ("$argon2id$v=16$m=64,t=1,p=1$YWJj$YWJj", "unsupported argon2 version '16'"),
        ("$argon2id$v=19$m=99999999,t=1,p=1$YWJj$YWJj", "invalid argon2 parameter m=99999999"),
        ("$argon2id$v=19$m=64,t=1,p=400$YWJj$YWJj", "invalid argon2 parameter p=400"),
    ] {
        Sandbox::new().run_with(&["crypto", "kdf", "compare", hash], "y").failed(1, part);
    }
}

/// What is printed has this length and these letters, and differs each time.
#[track_caller]
fn check_random(line: &str, len: usize, allowed: fn(char) -> bool) {
    let sandbox = Sandbox::new();
    let [first, second] = [(); 2].map(|()| run(&sandbox, line, "").stdout);
    let text = first.strip_suffix('\n').expect("a line");
    assert_eq!(text.len(), len, "{line}: {text}");
    assert!(text.chars().all(allowed), "{line}: {text}");
    assert_ne!(first, second, "{line}");
}

#[test]
fn random_texts_have_their_letters_and_lengths() {
    check_random("crypto rand", 32, |letter| letter.is_ascii_graphic());
    check_random("crypto rand 100 --format ASCII", 100, |letter| letter.is_ascii_graphic());
    check_random("crypto rand --format alphanumeric 50", 50, |letter| letter.is_ascii_alphanumeric());
    check_random("crypto rand --format alphabet", 32, |letter| letter.is_ascii_alphabetic());
    check_random("crypto rand --format lower", 32, |letter| letter.is_ascii_lowercase());
    check_random("crypto rand --format upper", 32, |letter| letter.is_ascii_uppercase());
    check_random("crypto rand --format hex 33", 33, |letter| matches!(letter, '0'..='9' | 'a'..='f'));
    check_random("crypto rand --format hexadecimal", 32, |letter| matches!(letter, '0'..='9' | 'a'..='f'));
    check_random("crypto rand --format dec", 32, |letter| letter.is_ascii_digit());
    check_random("crypto rand --format uuid", 36, |letter| letter.is_ascii_hexdigit() || letter == '-');
    let sandbox = Sandbox::new();
    let uuid = run(&sandbox, "crypto rand --format uuid", "").stdout;
    assert!(uuid.as_bytes()[14] == b'4' && b"89ab".contains(&uuid.as_bytes()[19]), "{uuid}");
    let raw =
        Command::new(env!("CARGO_BIN_EXE_rung")).args(["crypto", "rand", "--format", "raw", "41"]).output().unwrap();
    assert_eq!(raw.stdout.len(), 41);
    let mut thrown: Vec<String> = (0..200).map(|_| run(&sandbox, "crypto rand --format die 3", "").stdout).collect();
    thrown.sort();
    thrown.dedup();
    assert_eq!(thrown, ["1\n", "2\n", "3\n"], "each side comes up, and no other");
}

#[test]
fn random_words_are_those_of_the_dictionary() {
    let sandbox = Sandbox::new();
    sandbox.write("words", "\u{feff}alpha\r\n\n  beta \ngamma\ngamma\n");
    let words = run(&sandbox, "crypto rand --dictionary words", "").stdout;
    let words: Vec<&str> = words.trim_end().split('-').collect();
    assert_eq!(words.len(), 6);
    assert!(words.iter().all(|word| ["alpha", "beta", "gamma"].contains(word)), "{words:?}");
    assert_eq!(run(&sandbox, "crypto rand --dict words 9", "").stdout.matches('-').count(), 8);
    sandbox.write("empty", "");
    run(&sandbox, "crypto rand --dict empty", "").failed(1, "needs at least two different words");
    run(&sandbox, "crypto rand --dict gone", "").failed(1, "gone");
    run(&sandbox, "crypto rand --dict words --format hex", "")
        .failed(1, "flag '--format' is incompatible with '--dictionary'");
}

#[test]
fn random_primes_are_primes_of_their_length() {
    let sandbox = Sandbox::new();
    for bits in [2, 3, 4, 5, 17, 64, 512] {
        let prime = run(&sandbox, &format!("crypto rand --format prime {bits}"), "").stdout;
        let judged = Command::new("openssl").args(["prime", prime.trim_end()]).output().unwrap();
        let judged = String::from_utf8(judged.stdout).unwrap();
        assert!(judged.trim_end().ends_with("is prime"), "{judged}");
        let digits = judged.split(' ').next().unwrap().trim_start_matches('0');
        let first = u32::from_str_radix(&digits[..1], 16).unwrap();
        assert_eq!(digits.len() as u32 * 4 - (first.leading_zeros() - 28), bits, "{judged}");
    }
}

#[test]
fn lengths_that_are_none_are_refused() {
    for (line, part) in [
        ("x", "positional argument <length> \"x\" is not a valid number"),
        ("0", "positional argument <length> \"0\" must be greater than 0"),
        ("-- -3", "positional argument <length> \"-3\" must be greater than 0"),
        ("99999999", "must be at most 1048576"),
        ("--format foo", "invalid value 'foo' for flag '--format'"),
        ("--format prime 1", "crypto/rand: prime size must be at least 2-bit"),
        ("--format prime 5000", "primes have at most 4096 bits"),
    ] {
        check_refused(&format!("crypto rand {line}"), "", part);
    }
}

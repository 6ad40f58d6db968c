//! `crypto keypair`, `crypto key` and `crypto change-pass`, judged by OpenSSL and ssh-keygen.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use crate::sandbox::Sandbox;

/// What `crypto keypair` makes: the arguments, and how OpenSSL describes the key.
const KINDS: [(&str, &str); 5] = [
    ("--kty EC --crv P-256", "ASN1 OID: prime256v1"),
    ("--kty EC --curve P-384", "ASN1 OID: secp384r1"),
    ("--kty EC --curve P-521", "ASN1 OID: secp521r1"),
    ("--kty OKP", "ED25519 Private-Key:"),
    ("--kty RSA --size 3072", "(3072 bit, 2 primes)"),
];

/// A sandbox with the password `secret` in `pw`.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("pw", "secret\n");
    sandbox.write("new", "other\n");
    sandbox
}

/// Run a program on files of the folder; the words are separated by spaces.
#[track_caller]
fn tool(sandbox: &Sandbox, line: &str) -> Vec<u8> {
    let Output { status, stdout, stderr } = run_tool(sandbox, &line.split(' ').collect::<Vec<_>>());
    assert!(status.success(), "{line}\n{}", String::from_utf8_lossy(&stderr));
    stdout
}

fn run_tool(sandbox: &Sandbox, words: &[&str]) -> Output {
    let program = words[0];
    let output = Command::new(program).args(&words[1..]).current_dir(sandbox.path("")).output();
    output.unwrap_or_else(|error| panic!("the program {program}, which these tests need: {error}"))
}

/// Run the program; the words are separated by spaces. Answers what it printed.
#[track_caller]
fn rung(sandbox: &Sandbox, line: &str) -> String {
    let outcome = sandbox.run(&line.split(' ').collect::<Vec<_>>());
    assert_eq!(outcome.code, Some(0), "{line}: {outcome:?}");
    outcome.stdout
}

/// It fails, and says this.
#[track_caller]
fn check_refused(sandbox: &Sandbox, line: &str, part: &str) {
    sandbox.run(&line.split(' ').collect::<Vec<_>>()).failed(1, part);
}

#[test]
fn a_pair_is_made_of_every_kind() {
    let sandbox = sandbox();
    for (arguments, description) in KINDS {
        let outcome = sandbox.run(
            &format!("crypto keypair a.pub a.key --password-file pw --force {arguments}")
                .split(' ')
                .collect::<Vec<_>>(),
        );
        outcome.said("Your public key has been saved in a.pub.\nYour private key has been saved in a.key.\n");
        for file in ["a.pub", "a.key"] {
            assert_eq!(fs::metadata(sandbox.path(file)).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let shown = tool(&sandbox, "openssl pkey -in a.key -passin file:pw -noout -text");
        let shown = String::from_utf8(shown).unwrap();
        assert!(shown.contains(description), "{arguments}: {shown}");
        assert_eq!(tool(&sandbox, "openssl pkey -in a.key -passin file:pw -pubout"), sandbox.read("a.pub").as_bytes());
        assert!(!run_tool(&sandbox, &["openssl", "pkey", "-in", "a.key", "-passin", "pass:no"]).status.success());
    }
}

#[test]
fn what_is_no_pair_is_refused_before_anything_is_written() {
    let sandbox = sandbox();
    sandbox.write("oct.jwk", r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"}"#);
    for (arguments, part) in [
        (
            "a a",
            "positional arguments <PUB_FILE> and <PRIV_FILE> cannot be equal in 'rung crypto keypair <pub_file> <priv_file>'",
        ),
        ("a", "not enough positional arguments were provided in 'rung crypto keypair <pub_file> <priv_file>'"),
        ("a b --kty foo", "invalid value 'foo' for flag '--kty'; options are RSA, EC, OKP"),
        ("a b --no-password", "flag '--no-password' requires the '--insecure' flag"),
        ("a b --no-password --password-file pw", "flag '--no-password' is incompatible with 'password-file'"),
        ("a b --from-jwk x --kty EC", "flag '--from-jwk' is incompatible with '--kty'"),
        ("a b --from-jwk x", "error reading x: open x: no such file or directory"),
        ("a b --from-jwk pw", "error reading pw: unsupported format"),
        ("a b --from-jwk oct.jwk", "oct.jwk holds a shared secret"),
        ("a b --kty RSA --size 0", "flag '--size' requires at least 2048 unless '--insecure' flag is provided"),
        ("a b --kty RSA --size 16", "flag '--size' requires at least 2048 unless '--insecure' flag is provided"),
        ("a b --kty RSA --size -1 --insecure", "flag '--size' must be greater than or equal to 0"),
        ("a b --kty RSA --size 16 --insecure", "error generating RSA key: crypto/rsa: 16-bit keys are insecure"),
        ("a b --kty RSA --size 1024 --insecure", "error generating RSA key: keys of 1024 bits"),
        ("a b --kty RSA --size 2049", "invalid value '2049' for flag '--size'; options are 2048, 3072, 4096, 8192"),
        ("a b --kty RSA --crv P-256", "flag '--curve' is incompatible with flag '--kty RSA'"),
        ("a b --kty EC --size 2048", "flag '--size' is incompatible with flag '--kty EC'"),
        (
            "a b --kty EC --crv P-512",
            "flag '--kty EC' is incompatible with flag '--curve P-512'\n\n  Option(s): --curve P-256, P-384, P-521\n",
        ),
        (
            "a b --kty OKP --crv X448",
            "flag '--kty OKP' is incompatible with flag '--curve X448'\n\n  Option(s): --curve Ed25519, X25519\n",
        ),
        (
            "a b --kty AKP --crv ML-KEM",
            "flag '--kty AKP' is incompatible with flag '--curve ML-KEM'\n\n  Option(s): --curve ML-DSA-44, ML-DSA-65, ML-DSA-87, \
             ML-KEM-512, ML-KEM-768, ML-KEM-1024\n",
        ),
        ("a b --kty AKP --size 2048", "flag '--size' is incompatible with flag '--kty AKP'"),
        ("a b --kty OKP --crv X25519 --size 2048", "flag '--size' is incompatible with flag '--kty OKP'"),
        ("a b", "there is no terminal to ask"),
    ] {
        check_refused(&sandbox, &format!("crypto keypair {arguments}"), part);
        assert!(!sandbox.path("a").exists() && !sandbox.path("b").exists(), "{arguments}");
    }
}

#[test]
fn a_jwk_becomes_a_pair() {
    let sandbox = sandbox();
    rung(&sandbox, "crypto jwk create a.pub.json a.json --password-file pw");
    rung(&sandbox, "crypto keypair a.pub a.key --from-jwk a.json --password-file pw");
    assert_eq!(rung(&sandbox, "crypto key public a.pub.json"), sandbox.read("a.pub"));
    let outcome = sandbox.run(&["crypto", "keypair", "b.pub", "b.key", "--from-jwk", "a.pub.json"]);
    outcome.said(
        "Your public key has been saved in b.pub.\nOnly the public PEM was generated.\nCannot retrieve a private key from a \
         public one.\n",
    );
    assert!(!sandbox.path("b.key").exists());
    assert_eq!(sandbox.read("b.pub"), sandbox.read("a.pub"));
}

#[test]
fn a_key_goes_through_every_format_and_back() {
    let sandbox = sandbox();
    for (arguments, _) in KINDS {
        rung(&sandbox, &format!("crypto keypair a.pub a.key --no-password --insecure --force {arguments}"));
        let before = sandbox.read("a.key");
        for form in ["--der", "--der --pkcs8", "--pem --pkcs8", "--ssh", "--jwk"] {
            for password in ["--no-password --insecure", "--password-file pw"] {
                rung(&sandbox, &format!("crypto key format a.key --force --out b.key {form} {password}"));
                assert_eq!(fs::metadata(sandbox.path("b.key")).unwrap().permissions().mode() & 0o777, 0o600);
                let back =
                    "crypto key format b.key --pem --no-password --insecure --password-file pw --force --out c.key";
                rung(&sandbox, back);
                assert_eq!(sandbox.read("c.key"), before, "{arguments} {form} {password}");
            }
            rung(&sandbox, &format!("crypto key format a.pub --force --out b.pub {form}"));
            assert_eq!(rung(&sandbox, "crypto key public b.pub"), sandbox.read("a.pub"), "{arguments} {form}");
        }
        let line = rung(&sandbox, "crypto key format a.pub --ssh");
        sandbox.write("line.pub", &line);
        let judged = String::from_utf8(tool(&sandbox, "ssh-keygen -l -f line.pub")).unwrap();
        let ours = rung(&sandbox, "crypto key fingerprint --ssh --format base64-raw a.key");
        assert!(judged.contains(ours.trim_end()), "{judged} {ours}");
        for (word, password) in [("secret", "--password-file pw"), ("", "--no-password --insecure")] {
            rung(&sandbox, &format!("crypto key format a.key --ssh {password} --force --out id"));
            let read = run_tool(&sandbox, &["ssh-keygen", "-y", "-P", word, "-f", "id"]);
            assert_eq!(String::from_utf8_lossy(&read.stdout).trim_end(), line.trim_end(), "{read:?}");
        }
        rung(&sandbox, "crypto key format a.key --der --pkcs8 --force --out a.der");
        assert_eq!(tool(&sandbox, "openssl pkey -in a.der -inform DER -pubout"), sandbox.read("a.pub").as_bytes());
    }
}

/// Kinds that OpenSSH does not have; the last word of each is what it is called.
const OTHERS: [&str; 7] = [
    "--kty OKP --crv X25519",
    "--kty AKP --crv ML-DSA-44",
    "--kty AKP --crv ML-DSA-65",
    "--kty AKP --crv ML-DSA-87",
    "--kty AKP --crv ML-KEM-512",
    "--kty AKP --crv ML-KEM-768",
    "--kty AKP --crv ML-KEM-1024",
];

#[test]
fn keys_that_openssh_does_not_have_go_through_the_other_formats() {
    let sandbox = sandbox();
    for arguments in OTHERS {
        rung(&sandbox, &format!("crypto keypair a.pub a.key --no-password --insecure --force {arguments}"));
        let (before, name) = (sandbox.read("a.key"), arguments.rsplit_once(' ').unwrap().1);
        assert!(before.starts_with("-----BEGIN PRIVATE KEY-----\n"), "{before}");
        let json = if name.starts_with("ML-KEM") { None } else { Some("--jwk") };
        for form in ["--der", "--der --pkcs8", "--pem --pkcs8"].into_iter().chain(json) {
            for password in ["--no-password --insecure", "--password-file pw"] {
                rung(&sandbox, &format!("crypto key format a.key --force --out b.key {form} {password}"));
                let back =
                    "crypto key format b.key --pem --no-password --insecure --password-file pw --force --out c.key";
                rung(&sandbox, back);
                assert_eq!(sandbox.read("c.key"), before, "{arguments} {form} {password}");
            }
            rung(&sandbox, &format!("crypto key format a.pub --force --out b.pub {form}"));
            assert_eq!(rung(&sandbox, "crypto key public b.pub"), sandbox.read("a.pub"), "{arguments} {form}");
        }
        let own = rung(&sandbox, "crypto key fingerprint a.key");
        assert_eq!(own, rung(&sandbox, "crypto key fingerprint a.pub"));
        assert!(rung(&sandbox, "crypto key inspect a.key").starts_with(&format!("{name} Private-Key: (")));
        assert!(rung(&sandbox, "crypto key inspect a.pub").starts_with(&format!("{name} Public-Key: (")));
        check_refused(
            &sandbox,
            "crypto key format a.pub --ssh",
            &format!("OpenSSH has no form for keys of type {name}"),
        );
        check_refused(&sandbox, "crypto key fingerprint --ssh a.pub", &format!("no form for keys of type {name}"));
        if json.is_none() {
            check_refused(
                &sandbox,
                "crypto key format a.pub --jwk",
                &format!("JWK has no form for keys of type {name}"),
            );
        }
        rung(&sandbox, "crypto change-pass a.key --new-password-file new");
        assert!(sandbox.read("a.key").starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
        rung(&sandbox, "crypto change-pass a.key --password-file new --no-password --insecure");
        assert_eq!(sandbox.read("a.key"), before);
    }
}

#[test]
fn ml_dsa_signs_and_exchange_keys_do_not() {
    let sandbox = sandbox();
    for arguments in OTHERS {
        rung(&sandbox, &format!("crypto keypair a.pub a.key --no-password --insecure --force {arguments}"));
        let name = arguments.rsplit_once(' ').unwrap().1;
        if name.starts_with("ML-DSA") {
            let signature = rung(&sandbox, "crypto key sign --key a.key pw");
            let verify = format!("crypto key verify --key a.pub --signature {}", signature.trim_end());
            assert_eq!(rung(&sandbox, &format!("{verify} pw")), "true\n");
            check_refused(&sandbox, &format!("{verify} new"), "false");
            continue;
        }
        let nothing = format!("a key of type {name} signs nothing, and one that signs is needed here");
        for line in [
            "crypto key sign --key a.key pw",
            "crypto key sign --key a.pub pw",
            "crypto key verify --key a.pub --signature AAAA pw",
            "certificate create a a.csr --csr --key a.key",
            "certificate create a a.csr --csr --key a.pub --skip-csr-signature",
        ] {
            check_refused(&sandbox, line, &nothing);
        }
        assert!(!sandbox.path("a.csr").exists());
    }
}

#[test]
fn an_encrypted_key_is_not_written_in_clear_unasked() {
    let sandbox = sandbox();
    rung(&sandbox, "crypto keypair a.pub a.key --password-file pw");
    rung(&sandbox, "crypto key format a.key --out a.der --password-file pw");
    let encrypted = "openssl pkey -in a.der -inform DER -passin file:pw -pubout";
    assert_eq!(tool(&sandbox, encrypted), sandbox.read("a.pub").as_bytes());
    assert!(
        !run_tool(&sandbox, &["openssl", "pkey", "-in", "a.der", "-inform", "DER", "-passin", "pass:"])
            .status
            .success()
    );
    for (arguments, part) in [
        ("format a.key", "there is no terminal to ask"),
        ("format a.pub --pem --der", "flag '--pem' is incompatible with '--der'"),
        ("format a.pub --ssh --jwk", "flag '--ssh' is incompatible with '--jwk'"),
        ("format a.key --no-password", "flag '--no-password' requires the '--insecure' flag"),
        ("format a.key --password-file new", "error decrypting a.key: x509: decryption password incorrect"),
        ("format pw", "error decoding pw: it is not a key"),
        ("format gone", "gone"),
        ("fingerprint --pkix --ssh a.pub", "flag '--pkix' and flag '--ssh' are mutually exclusive"),
        ("fingerprint --format foo a.pub", "'foo' is not a valid fingerprint format"),
        ("sign a.pub", "'rung crypto key sign' requires the '--key' flag"),
        ("sign --key a.pub pw", "key a.pub is not a signer"),
        ("sign --key a.key --alg sha pw", "unsupported algorithm sha"),
        ("verify --key a.pub pw", "'rung crypto key verify' requires the '--signature' flag"),
        ("verify --key a.key --sig AA== pw", "unsupported public key a.key"),
        ("verify --key a.pub --sig A* pw", "error decoding base64 signature"),
        ("verify --key a.pub --sig AA== pw", "false\n"),
    ] {
        check_refused(&sandbox, &format!("crypto key {arguments}"), part);
    }
    sandbox.write("two", &sandbox.read("a.pub").repeat(2));
    check_refused(&sandbox, "crypto key format two", "error decoding two: contains more than one PEM encoded block");
    assert_eq!(rung(&sandbox, "crypto key public two"), sandbox.read("a.pub"));
}

#[test]
fn signatures_are_those_of_openssl() {
    let sandbox = sandbox();
    sandbox.write("m", "message");
    sandbox.write("other", "another");
    rung(&sandbox, "crypto keypair ec.pub ec.key --no-password --insecure");
    rung(&sandbox, "crypto keypair rsa.pub rsa.key --kty RSA --password-file pw");
    let sign = |arguments: &str| {
        let line = format!("crypto key sign {arguments} --raw --password-file pw m");
        let words: Vec<&str> = line.split(' ').collect();
        // The signature is no text, so it goes through a file.
        let text = sandbox.run(&words.iter().copied().filter(|word| *word != "--raw").collect::<Vec<_>>());
        assert_eq!(text.code, Some(0), "{text:?}");
        sandbox.write("sig.txt", &text.stdout);
        tool(&sandbox, "openssl base64 -d -A -in sig.txt -out sig");
        text.stdout.trim_end().to_owned()
    };
    let verify = |arguments: &str, file: &str, signature: &str| {
        let line = format!("crypto key verify {arguments} --signature {signature} {file}");
        sandbox.run(&line.split(' ').collect::<Vec<_>>()).code
    };
    let signature = sign("--key ec.key");
    tool(&sandbox, "openssl dgst -sha256 -verify ec.pub -signature sig m");
    assert_eq!(verify("--key ec.pub", "m", &signature), Some(0));
    assert_eq!(verify("--key ec.pub", "other", &signature), Some(1));
    for hash in ["sha256", "SHA384", "sha512"] {
        let signature = sign(&format!("--key rsa.key --alg {hash}"));
        tool(&sandbox, &format!("openssl dgst -{} -verify rsa.pub -signature sig m", hash.to_lowercase()));
        assert_eq!(verify(&format!("--key rsa.pub --alg {hash}"), "m", &signature), Some(0));
        let signature = sign(&format!("--key rsa.key --pss --alg {hash}"));
        let options = "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:auto";
        tool(&sandbox, &format!("openssl dgst -{} {options} -verify rsa.pub -signature sig m", hash.to_lowercase()));
        assert_eq!(verify(&format!("--key rsa.pub --pss --alg {hash}"), "m", &signature), Some(0));
        assert_eq!(verify(&format!("--key rsa.pub --alg {hash}"), "m", &signature), Some(1));
    }
    // Everything that OpenSSL signs is verified, with salts of any length; and nothing else is.
    for hash in ["md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha512-224", "sha512-256"] {
        let salts = ["max", "7"].map(|len| {
            format!("-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:{len} -sigopt rsa_mgf1_md:{hash} ")
        });
        for options in [String::new()].iter().chain(&salts) {
            tool(&sandbox, &format!("openssl dgst -{hash} {options}-sign rsa.key -passin file:pw -out sig m"));
            let signature = String::from_utf8(tool(&sandbox, "openssl base64 -A -in sig")).unwrap();
            let arguments = format!("--key rsa.pub --alg {hash}{}", if options.is_empty() { "" } else { " --pss" });
            assert_eq!(verify(&arguments, "m", &signature), Some(0), "{hash} {options}");
            assert_eq!(verify(&arguments, "other", &signature), Some(1), "{hash} {options}");
        }
    }
    for hash in ["md5", "sha1", "sha224"] {
        check_refused(&sandbox, &format!("crypto key sign --key rsa.key --password-file pw --alg {hash} m"), "hash");
    }
}

#[test]
fn the_numbers_of_a_key_are_shown() {
    let sandbox = sandbox();
    for (arguments, _) in KINDS {
        rung(&sandbox, &format!("crypto keypair a.pub a.key --no-password --insecure --force {arguments}"));
        let digits = |text: &str| -> String {
            let lines = text.lines().filter(|line| line.starts_with("    "));
            lines.flat_map(|line| line.chars().filter(char::is_ascii_hexdigit)).collect()
        };
        let (public, private) =
            (rung(&sandbox, "crypto key inspect a.pub"), rung(&sandbox, "crypto key inspect a.key"));
        let judged = String::from_utf8(tool(&sandbox, "openssl pkey -in a.key -noout -text")).unwrap();
        let judged = digits(&judged);
        assert!(!digits(&public).is_empty() && private.len() > public.len());
        // OpenSSL puts a zero before what has its highest bit set, and orders the numbers of elliptic curves otherwise.
        for block in private.split_terminator(":\n").filter(|block| block.starts_with("    ")) {
            let block = digits(block);
            let block = block.trim_start_matches('0');
            assert!(judged.contains(block), "{arguments}: {block} is not in {judged}");
        }
    }
    let text = rung(&sandbox, "crypto key inspect a.pub");
    assert!(text.starts_with("RSA Public-Key: (3072 bit)\nModulus:\n    "), "{text}");
    assert!(text.ends_with("Exponent: 65537 (0x10001)\n"), "{text}");
    let private = rung(&sandbox, "crypto key inspect a.key");
    let titles: Vec<&str> = private.lines().filter(|line| !line.starts_with(' ')).collect();
    assert_eq!(
        titles,
        [
            "RSA Private-Key: (3072 bit)",
            "Modulus:",
            "Public Exponent: 65537 (0x10001)",
            "Private Exponent:",
            "Prime #1:",
            "Prime #2:",
            "Exponent #1:",
            "Exponent #2:",
            "Coefficient:",
        ]
    );
}

#[test]
fn changing_a_password_keeps_the_container() {
    let sandbox = sandbox();
    tool(&sandbox, "ssh-keygen -q -t ed25519 -a 2 -C me@example.com -N secret -f id");
    let public = sandbox.read("id.pub");
    rung(&sandbox, "crypto change-pass id --password-file pw --new-password-file new");
    let shown = run_tool(&sandbox, &["ssh-keygen", "-y", "-P", "other", "-f", "id"]);
    assert_eq!(String::from_utf8_lossy(&shown.stdout), public, "the comment stays, too");
    rung(&sandbox, "crypto change-pass id --password-file new --no-password --insecure");
    let shown = run_tool(&sandbox, &["ssh-keygen", "-y", "-P", "", "-f", "id"]);
    assert_eq!(String::from_utf8_lossy(&shown.stdout), public);

    tool(&sandbox, "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -outform DER -out a.der");
    let public = tool(&sandbox, "openssl pkey -inform DER -in a.der -pubout");
    rung(&sandbox, "crypto change-pass a.der --new-password-file new");
    assert_eq!(tool(&sandbox, "openssl pkey -inform DER -in a.der -passin file:new -pubout"), public);
    rung(&sandbox, "crypto change-pass a.der --password-file new --no-password --insecure");
    assert_eq!(tool(&sandbox, "openssl rsa -inform DER -in a.der -pubout"), public);

    rung(&sandbox, "crypto jwk create e.pub.json e.json --use enc --kid e --password-file pw");
    rung(&sandbox, "crypto change-pass e.json --password-file pw --no-password --insecure");
    let jwk: serde_json::Value = serde_json::from_str(&sandbox.read("e.json")).unwrap();
    assert_eq!(
        (jwk["use"].as_str(), jwk["alg"].as_str(), jwk["kid"].as_str()),
        (Some("enc"), Some("ECDH-ES"), Some("e"))
    );
    check_refused(&sandbox, "crypto change-pass e.pub.json --new-password-file new", "there is no private key in it");
}

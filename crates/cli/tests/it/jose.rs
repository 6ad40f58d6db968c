//! Keys, tokens, signed and encrypted content as JSON.

use std::os::unix::fs::PermissionsExt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::sandbox::{Outcome, Sandbox};

/// A sandbox with a key pair of this kind in `key.json` and `key.pub`.
fn with_key(kind: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new().started_as("step");
    make_key(&sandbox, "key", kind);
    sandbox
}

#[track_caller]
fn make_key(sandbox: &Sandbox, name: &str, kind: &[&str]) {
    let (public, private) = (format!("{name}.pub"), format!("{name}.json"));
    let words = ["crypto", "jwk", "create", &public, &private, "--no-password", "--insecure"];
    let outcome = sandbox.run(&[&words[..], kind].concat());
    let saved = format!("Your public key has been saved in {public}.\nYour private key has been saved in {private}.\n");
    outcome.said(&saved);
}

fn json_of(outcome: &Outcome) -> Value {
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    serde_json::from_str(&outcome.stdout).expect("JSON")
}

fn decoded(part: &str) -> String {
    String::from_utf8(URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("text")
}

#[track_caller]
fn check_made(kind: &[&str], members: &[&str], algorithm: &str) {
    let sandbox = with_key(kind);
    let private: Value = serde_json::from_str(&sandbox.read("key.json")).expect("JSON");
    let names: Vec<&str> = private.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!((&names[..], private["alg"].as_str()), (members, Some(algorithm)), "{kind:?}");
    for file in ["key.json", "key.pub"] {
        let text = sandbox.read(file);
        assert!(text.starts_with("{\n  \"use\": \"") && text.ends_with("\"\n}"), "{text}");
        let mode = sandbox.path(file).metadata().expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[test]
fn keys_have_their_members_in_the_usual_order() {
    let ec = ["use", "kty", "kid", "crv", "alg", "x", "y", "d"];
    let rsa = ["use", "kty", "kid", "alg", "n", "e", "d", "p", "q", "dp", "dq", "qi"];
    let oct = ["use", "kty", "alg", "k"];
    check_made(&[], &ec, "ES256");
    check_made(&["--crv", "P-384"], &ec, "ES384");
    check_made(&["--kty", "EC", "--curve", "P-521", "--use", "enc"], &ec, "ECDH-ES");
    check_made(&["--kty", "RSA"], &rsa, "RS256");
    check_made(&["--kty", "RSA", "--use", "enc"], &rsa, "RSA-OAEP-256");
    check_made(&["--kty", "OKP"], &["use", "kty", "kid", "crv", "alg", "x", "d"], "EdDSA");
    check_made(&["--kty", "OKP", "--crv", "X25519"], &["use", "kty", "kid", "crv", "alg", "x", "d"], "ECDH-ES");
    let akp = ["use", "kty", "kid", "alg", "pub", "priv"];
    check_made(&["--kty", "AKP"], &akp, "ML-DSA-65");
    check_made(&["--kty", "AKP", "--alg", "ML-DSA-44"], &akp, "ML-DSA-44");
    check_made(&["--kty", "oct"], &oct, "HS256");
    check_made(&["--kty", "oct", "--use", "enc"], &oct, "A256GCMKW");
}

#[test]
fn a_new_secret_is_as_long_as_its_algorithm_wants() {
    let uses = [
        ("HS256", "sig", 32),
        ("HS384", "sig", 48),
        ("HS512", "sig", 64),
        ("A128KW", "enc", 16),
        ("A192GCMKW", "enc", 24),
        ("dir", "enc", 32),
    ];
    for (algorithm, usage, len) in uses {
        let sandbox = with_key(&["--kty", "oct", "--alg", algorithm, "--use", usage]);
        let key: Value = serde_json::from_str(&sandbox.read("key.json")).expect("JSON");
        let octets = URL_SAFE_NO_PAD.decode(key["k"].as_str().expect("text")).expect("base64url");
        assert_eq!(octets.len(), len, "{algorithm}");
    }
}

#[track_caller]
fn check_not_made(words: &[&str], expected: &str) {
    let sandbox = Sandbox::new().started_as("step");
    sandbox.write("pass", "secret");
    let create = ["crypto", "jwk", "create"];
    sandbox.run(&[&create[..], words].concat()).failed(1, expected);
    assert!(!sandbox.path("a").exists() && !sandbox.path("b").exists(), "{words:?}");
}

#[test]
fn keys_that_cannot_be_are_not_made() {
    check_not_made(
        &["a", "a"],
        "positional arguments <public-jwk-file> and <private-jwk-file> cannot be equal in 'step \
         crypto jwk create <public-jwk-file> <private-jwk-file>'\n",
    );
    check_not_made(&["a", "b", "--no-password"], "flag '--no-password' requires the '--insecure' flag\n");
    check_not_made(
        &["a", "b", "--kty", "ec"],
        "invalid value 'ec' for flag '--kty'; options are EC, RSA, OKP, or oct; or AKP, for ML-DSA\n",
    );
    check_not_made(&["a", "b", "--size", "2048"], "flag '--size' is incompatible with '--kty EC'\n");
    check_not_made(&["a", "b", "--kty", "oct", "--curve", "P-256"], "flag '--crv' is incompatible with '--kty oct'\n");
    let small = "flag '--size' requires at least 2048 unless '--insecure' flag is provided\n";
    check_not_made(&["a", "b", "--kty", "RSA", "--size", "1024"], small);
    let weak = "the size of the RSA key should be at least 2048 bits\n";
    check_not_made(&["a", "b", "--kty", "RSA", "--size", "1024", "--insecure"], weak);
    check_not_made(&["a", "b", "--kty", "oct", "--size", "0", "--insecure"], "must be greater than or equal to 0");
    let curve = "alg 'ES384' is not compatible with kty 'EC' and crv 'P-256'\n";
    check_not_made(&["a", "b", "--alg", "ES384", "--password-file", "pass"], curve);
    check_not_made(&["a", "b", "--kty", "OKP", "--use", "enc"], "Ed25519 cannot be used for encryption\n");
    check_not_made(&["a", "b", "--kty", "AKP", "--use", "enc"], "ML-DSA-65 cannot be used for encryption\n");
    check_not_made(&["a", "b", "--kty", "AKP", "--alg", "ES256"], "options are ML-DSA-44, ML-DSA-65, ML-DSA-87\n");
    check_not_made(&["a", "b", "--kty", "AKP", "--crv", "P-256"], "flag '--crv' is incompatible with '--kty AKP'\n");
    let exchange = ["a", "b", "--kty", "OKP", "--crv", "X25519", "--use", "sig"];
    check_not_made(&exchange, "X25519 cannot be used for signatures\n");
    check_not_made(&[&exchange[..], &["--alg", "HS256"]].concat(), "key X25519 cannot be used for signatures\n");
    check_not_made(&["a", "b", "--crv", "P-224"], "invalid value for argument crv (crv: 'P-224')\n");
    // Without a terminal nobody can be asked for the password, and then nothing is written.
    check_not_made(&["a", "b"], "--password-file");
}

#[test]
fn a_private_key_is_encrypted_with_the_password() {
    let sandbox = Sandbox::new();
    sandbox.write("pass", "secret\n");
    let words = ["crypto", "jwk", "create", "key.pub", "key.json", "--password-file", "pass"];
    assert_eq!(sandbox.run(&words).code, Some(0));
    let encrypted: Value = serde_json::from_str(&sandbox.read("key.json")).expect("JSON");
    let header: Value = serde_json::from_str(&decoded(encrypted["protected"].as_str().expect("text"))).expect("JSON");
    assert_eq!(header["alg"], "PBES2-HS256+A128KW");
    assert_eq!(
        (&header["enc"], &header["p2c"], &header["cty"]),
        (&json!("A256GCM"), &json!(600_000), &json!("jwk+json"))
    );
    let input = sandbox.read("key.json");
    let decrypt = |file| sandbox.run_with(&["crypto", "jwe", "decrypt", "--password-file", file], &input);
    assert!(decrypt("pass").stdout.starts_with("{\"use\":\"sig\",\"kty\":\"EC\""));
    sandbox.write("wrong", "Secret");
    decrypt("wrong").failed(1, "error decrypting data: the password is wrong\n");
    let public = sandbox.run_with(&["crypto", "jwk", "public", "--password-file", "pass"], &input);
    public.printed(&(sandbox.read("key.pub") + "\n"));
    let wrong = sandbox.run_with(&["crypto", "jwk", "public", "--password-file", "wrong"], &input);
    wrong.failed(1, "failed to decrypt JWE: invalid password\n");
    sandbox.run_with(&["crypto", "jwk", "public"], &input).failed(1, "--password-file");
}

#[test]
fn the_public_half_and_the_thumbprint_are_printed() {
    for kind in ["EC", "OKP", "RSA"] {
        let sandbox = with_key(&["--kty", kind]);
        for file in ["key.json", "key.pub"] {
            let input = sandbox.read(file);
            sandbox.run_with(&["crypto", "jwk", "public"], &input).printed(&(sandbox.read("key.pub") + "\n"));
            let public: Value = serde_json::from_str(&sandbox.read("key.pub")).expect("JSON");
            let expected = format!("{}\n", public["kid"].as_str().expect("an id"));
            sandbox.run_with(&["crypto", "jwk", "thumbprint"], &input).printed(&expected);
        }
    }
    let secret = with_key(&["--kty", "oct"]);
    let input = secret.read("key.json");
    secret.run_with(&["crypto", "jwk", "public"], &input).failed(1, "has no public half");
    secret.run_with(&["crypto", "jwk", "thumbprint"], &input).failed(1, "error generating JWK thumbprint: ");
    secret.run_with(&["crypto", "jwk", "public"], "no key").failed(1, "error reading JWK: unsupported format\n");
}

#[test]
fn a_pem_key_and_a_certificate_become_jwks() {
    let sandbox = Sandbox::new();
    let openssl = |words: &[&str]| {
        let done = std::process::Command::new("openssl").args(words).current_dir(sandbox.path("")).output();
        assert!(done.expect("openssl starts").status.success(), "{words:?}");
    };
    openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-out", "key.pem"]);
    let usage = "keyUsage=digitalSignature";
    openssl(&["req", "-x509", "-key", "key.pem", "-subj", "/CN=x", "-addext", usage, "-out", "crt.pem"]);
    let plain = ["--no-password", "--insecure"];
    let create = |from: &'static str, names: [&'static str; 2]| {
        let words = ["crypto", "jwk", "create", names[0], names[1], "--from-pem", from];
        sandbox.run(&[&words[..], &plain].concat())
    };
    assert_eq!(create("key.pem", ["a.pub", "a.json"]).code, Some(0));
    let only = create("crt.pem", ["c.pub", "c.json"]);
    only.said(
        "Your public key has been saved in c.pub.\nOnly the public JWK was generated.\nCannot retrieve a private \
               key from a public one.\n",
    );
    assert!(!sandbox.path("c.json").exists());
    let (key, certificate): (Value, Value) = (
        serde_json::from_str(&sandbox.read("a.pub")).expect("JSON"),
        serde_json::from_str(&sandbox.read("c.pub")).expect("JSON"),
    );
    assert_eq!((&key["x"], &key["alg"]), (&certificate["x"], &json!("ES384")));
    let der = sandbox.read("crt.pem");
    let der: String = der.lines().filter(|line| !line.starts_with('-')).collect();
    assert_eq!(certificate["x5c"], json!([der]));
    // The certificate goes into the header of a token.
    let sign = ["crypto", "jws", "sign", "--x5c-cert", "crt.pem", "--key", "key.pem"];
    let token = sandbox.run_with(&sign, "content").stdout;
    let header: Value = serde_json::from_str(&decoded(token.split('.').next().expect("a part"))).expect("JSON");
    assert_eq!(header["x5c"], json!([der]));
    let verify = ["crypto", "jws", "verify", "--key", "crt.pem"];
    sandbox.run_with(&verify, &token).printed("content");
    openssl(&["genpkey", "-algorithm", "ED25519", "-out", "other.pem"]);
    let other = ["crypto", "jws", "sign", "--x5c-cert", "crt.pem", "--key", "other.pem"];
    sandbox.run_with(&other, "").failed(1, "private key does not match public key\n");
}

#[test]
fn a_set_is_kept_in_a_file() {
    let sandbox = with_key(&["--kid", "one"]);
    make_key(&sandbox, "two", &["--kty", "OKP", "--kid", "two"]);
    let keyset =
        |words: &[&str], input: &str| sandbox.run_with(&[&["crypto", "jwk", "keyset"][..], words].concat(), input);
    keyset(&["list", "set.json"], "").failed(1, "open set.json failed: no such file or directory\n");
    assert!(!sandbox.path("set.json").exists());
    keyset(&["add", "set.json"], &sandbox.read("key.pub")).said("");
    keyset(&["add", "set.json"], &sandbox.read("two.json"))
        .said("The key that was added is secret: do not publish this set.\n");
    keyset(&["list", "set.json"], "").printed("one\ntwo\n");
    let listed = json_of(&keyset(&["list", "set.json", "--format", "json"], ""));
    assert_eq!(listed[1], json!({"kid": "two", "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig"}));
    keyset(&["find", "set.json", "--kid", "one"], "").printed(&(sandbox.read("key.pub") + "\n"));
    keyset(&["find", "set.json", "--kid", "x"], "").failed(1, "cannot find key with kid x on set.json\n");
    keyset(&["find", "set.json"], "").failed(1, "requires the '--kid' flag\n");
    keyset(&["remove", "set.json"], "").failed(1, "requires the '--kid' flag\n");
    let expected = "There is no key with the id 'x'; nothing was removed.\n";
    keyset(&["remove", "set.json", "--kid", "x"], "").said(expected);
    keyset(&["remove", "set.json", "--kid", "two"], "").said("");
    let text = sandbox.read("set.json");
    assert!(
        text.starts_with("{\n  \"keys\": [\n    {\n      \"use\": \"sig\",\n") && text.ends_with("  ]\n}"),
        "{text}"
    );
    // What Rung does not know stays.
    sandbox.write("set.json", r#"{"x":1,"keys":[{"kty":"new","kid":"k","y":2}]}"#);
    keyset(&["add", "set.json"], &sandbox.read("key.pub")).said("");
    let set: Value = serde_json::from_str(&sandbox.read("set.json")).expect("JSON");
    assert_eq!((&set["x"], &set["keys"][0]), (&json!(1), &json!({"kty": "new", "kid": "k", "y": 2})));
    sandbox.write("bad.json", "{\"keys\":1}");
    keyset(&["list", "bad.json"], "").failed(1, "error reading bad.json: its member `keys` is not a list of JWKs\n");
    keyset(&["add", "set.json"], "{}").failed(1, "error reading JWK: unsupported format\n");
}

#[test]
fn a_set_that_another_program_holds_is_not_changed() {
    let sandbox = with_key(&[]);
    sandbox.write("set.json", "{\"keys\":[]}");
    let file = std::fs::File::open(sandbox.path("set.json")).expect("a file");
    file.lock().expect("a lock");
    let add = sandbox.run_with(&["crypto", "jwk", "keyset", "add", "set.json"], &sandbox.read("key.pub"));
    add.failed(1, "error reading set.json: file is locked\n");
    assert_eq!(sandbox.read("set.json"), "{\"keys\":[]}");
}

const CLAIMS: [&str; 8] = ["--iss", "me", "--aud", "api", "--sub", "job", "--exp", "5m"];

fn sign(sandbox: &Sandbox, words: &[&str], input: &str) -> Outcome {
    sandbox.run_with(&[&["crypto", "jwt", "sign"][..], words].concat(), input)
}

fn verify(sandbox: &Sandbox, words: &[&str], token: &str) -> Outcome {
    sandbox.run_with(&[&["crypto", "jwt", "verify"][..], words].concat(), token)
}

#[test]
fn every_kind_of_key_signs_tokens_that_verify() {
    let secret = ["--kty", "oct", "--alg", "HS512"];
    for kind in [
        &[][..],
        &["--crv", "P-521"],
        &["--kty", "OKP"],
        &["--kty", "AKP"],
        &["--kty", "RSA", "--alg", "PS384"],
        &secret,
    ] {
        let sandbox = with_key(kind);
        let outcome = sign(&sandbox, &[&["--key", "key.json"][..], &CLAIMS].concat(), "");
        assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""), "{kind:?}");
        let good = verify(&sandbox, &["--key", "key.pub", "--iss", "me", "--aud", "api"], &outcome.stdout);
        let shown = json_of(&good);
        assert_eq!((&shown["payload"]["sub"], &shown["payload"]["aud"]), (&json!("job"), &json!("api")));
        assert_eq!(shown["payload"]["jti"].as_str().map(str::len), Some(64));
        let wrong = verify(&sandbox, &["--key", "key.pub", "--iss", "x", "--aud", "y"], &outcome.stdout);
        wrong.failed(1, "validation failed: invalid issuer claim (iss), invalid audience claim (aud)\n");
        make_key(&sandbox, "other", kind);
        let other = verify(&sandbox, &["--key", "other.pub", "--iss", "me", "--aud", "api"], &outcome.stdout);
        other.failed(1, "validation failed: invalid signature\n");
    }
}

#[test]
fn claims_come_from_flags_and_from_a_file_that_counts_more() {
    let sandbox = with_key(&["--kid", "k"]);
    sandbox.write("claims.json", r#"{"z": 12345678901234567890, "sub": "file", "a": {"y": 1.50, "b": "<&>"}}"#);
    let flags = ["claims.json", "--key", "key.json", "--iss", "me", "--aud", "a", "--aud", "b", "--sub", "flag"];
    let times = ["--exp", "4000000000", "--nbf", "1", "--iat", "2", "--jti", "id", "--header", "x=y"];
    let token = sign(&sandbox, &[&flags[..], &times].concat(), "").stdout;
    let parts: Vec<&str> = token.trim_end().split('.').collect();
    assert_eq!(decoded(parts[0]), r#"{"alg":"ES256","kid":"k","typ":"JWT","x":"y"}"#);
    let expected = r#"{"a":{"b":"<&>","y":1.5},"aud":["a","b"],"exp":4000000000,"iat":2,"iss":"me","jti":"id","nbf":1,"sub":"file","z":12345678901234567890}"#;
    assert_eq!(decoded(parts[1]), expected);
    let nothing = sign(&sandbox, &["--key", "key.json", "--subtle", "--no-kid"], "");
    assert!(nothing.stdout.starts_with("eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9."), "{nothing:?}");
}

#[track_caller]
fn check_not_signed(words: &[&str], input: &str, expected: &str) {
    let sandbox = with_key(&[]);
    make_key(&sandbox, "enc", &["--use", "enc"]);
    make_key(&sandbox, "short", &["--kty", "oct", "--size", "20"]);
    sandbox.write("text", "a text that is no key");
    sandbox.write("set.json", &format!("{{\"keys\":[{}]}}", sandbox.read("enc.json")));
    sign(&sandbox, words, input).failed(1, expected);
}

#[test]
fn tokens_that_cannot_be_are_not_signed() {
    let key = ["--key", "key.json"];
    check_not_signed(&[], "", "one of flag --key or --jwks is required\n");
    check_not_signed(&["--key", "key.json", "--jwks", "set.json"], "", "flag '--key' and flag '--jwks' are mutually");
    check_not_signed(&["--jwks", "set.json"], "", "flag '--kid' requires the '--jwks' flag\n");
    check_not_signed(&["--jwks", "set.json", "--kid", "4"], "", "cannot find key with kid 4 on set.json\n");
    check_not_signed(&["--key", "key.pub"], "", "cannot use a public key for signing\n");
    check_not_signed(&["--key", "none"], "", "error reading none: open none: no such file or directory\n");
    check_not_signed(&["--key", "text", "--alg", "HS256"], "", "error reading text: unsupported format\n");
    check_not_signed(&["--key", "enc.json"], "", "invalid jwk use: found 'enc', expecting 'sig' (signature)\n");
    check_not_signed(&[&key[..], &["--alg", "HS256"]].concat(), "", "alg HS256 does not match the alg on key.json\n");
    check_not_signed(&key, "", "flag '--iss' is required unless '--subtle' is used\n");
    let past = [&key[..], &["--exp", "5"]].concat();
    check_not_signed(&past, "", "flag '--exp' must be in the future unless the '--subtle' flag is provided\n");
    let soon = [&key[..], &["--exp", "soon"]].concat();
    check_not_signed(&soon, "", "invalid value \"soon\" for flag -exp: parse error\n");
    check_not_signed(&key, "[1]", "error decoding JSON from STDIN: json: cannot unmarshal array");
    check_not_signed(&key, r#"{"a":1,"a":2}"#, "error decoding JSON from STDIN: the name \"a\" occurs twice\n");
    let short = [&["--key", "short.json"][..], &CLAIMS].concat();
    check_not_signed(&short, "", "the secret has 20 octets, and HS256 takes at least 32\n");
    let certificate = ["--x5c-cert", "crt"];
    let expected = "one of flag --key or --x5c-key is required with flag --x5c-cert\n";
    check_not_signed(&certificate, "", expected);
}

/// A token with this header and payload and a signature of nobody.
fn forged(header: &str, payload: &str) -> String {
    format!("{}.{}.AAAA", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload))
}

#[test]
fn tokens_that_are_not_good_are_refused() {
    let sandbox = with_key(&[]);
    make_key(&sandbox, "rsa", &["--kty", "RSA"]);
    let mut rsa: Value = serde_json::from_str(&sandbox.read("rsa.pub")).expect("JSON");
    rsa.as_object_mut().expect("an object").shift_remove("alg");
    sandbox.write("rsa.pub", &rsa.to_string());
    let good = sign(&sandbox, &[&["--key", "key.json"][..], &CLAIMS].concat(), "").stdout;
    let ec = ["--key", "key.pub", "--iss", "me", "--aud", "api"];
    let check = |words: &[&str], token: &str, expected: &str| verify(&sandbox, words, token).failed(1, expected);
    check(&[], &good, "one of flag --key or --jwks is required\n");
    check(&["--key", "key.pub"], &good, "flag '--iss' is required unless the '--subtle' flag is provided\n");
    check(&[&ec[..], &["--alg", "RS256"]].concat(), &good, "alg RS256 does not match the alg on key.pub\n");
    let by_rsa = ["--key", "rsa.pub", "--iss", "me", "--aud", "api"];
    check(&by_rsa, &good, "flag '--alg' is required with the given key\n");
    let with_alg = [&by_rsa[..], &["--alg", "RS256"]].concat();
    check(&with_alg, &good, "alg RS256 does not match the alg on JWT (ES256)\n");
    check(&[&ec[..], &["--no-exp-check"]].concat(), &good, "flag '--no-exp-check' requires the '--insecure' flag\n");
    let invalid = "validation failed: invalid signature\n";
    for algorithm in ["none", "ES256", "HS256", "RS256"] {
        check(&ec, &forged(&json!({ "alg": algorithm }).to_string(), "{}"), invalid);
    }
    check(&ec, &good[..good.len() - 4], invalid);
    let critical = "validation failed: unrecognized critical headers (crit)\n";
    check(&ec, &forged(r#"{"alg":"ES256","crit":["x"],"x":1}"#, "{}"), critical);
    let parsing = "error parsing token: ";
    check(&ec, "", &format!("{parsing}compact JWS format must have three parts\n"));
    check(&ec, &forged("foo", "{}"), &format!("{parsing}invalid character 'o' in literal false (expecting 'a')\n"));
    check(&ec, &forged("{\"alg\":\"", "{}"), &format!("{parsing}unexpected end of JSON input\n"));
    check(
        &ec,
        &forged("[4]", "{}"),
        &format!("{parsing}json: cannot unmarshal array into Go value of type jose.rawHeader\n"),
    );
    check(&ec, "!.b.c", &format!("{parsing}illegal base64 data at input byte 0"));
    check(
        &ec,
        &forged(r#"{"alg":"ES256","alg":"ES256"}"#, "{}"),
        &format!("{parsing}the header has the member \"alg\" twice\n"),
    );
    let parts: Vec<&str> = good.trim_end().split('.').collect();
    let flattened = json!({"protected": parts[0], "payload": parts[1], "signature": parts[2]}).to_string();
    check(&ec, &flattened, "a JWT is always compact\n");
    check(&ec, &flattened.replace(',', ",\n"), &format!("{parsing}unexpected end of JSON input\n"));
}

#[test]
fn times_are_judged_to_the_second() {
    let sandbox = with_key(&[]);
    let verified = |claims: Value| {
        let token = sign(&sandbox, &["--key", "key.json", "--subtle"], &claims.to_string()).stdout;
        verify(&sandbox, &["--key", "key.pub", "--subtle"], &token)
    };
    verified(json!({"exp": 4_000_000_000_u64, "nbf": 0})).said("");
    verified(json!({"nbf": null, "exp": null})).said("");
    let expired = verified(json!({"exp": 0}));
    expired.failed(1, "validation failed: token is expired by ");
    assert!(expired.stderr.ends_with("s (exp)\n"), "{expired:?}");
    verified(json!({"nbf": 4_000_000_000.5})).failed(1, "validation failed: token not valid yet (nbf)\n");
    verified(json!({"exp": "4000000000"})).failed(1, "the claim exp is not a time (exp)\n");
    verified(json!({"exp": 1e300})).failed(1, "the claim exp is not a time (exp)\n");
}

#[test]
fn a_token_names_its_key_in_a_set() {
    let sandbox = with_key(&["--kid", "one"]);
    make_key(&sandbox, "two", &["--kid", "two"]);
    let set = format!("{{\"keys\":[{},{}]}}", sandbox.read("two.json"), sandbox.read("key.json"));
    sandbox.write("set.json", &set);
    let token = sign(&sandbox, &[&["--jwks", "set.json", "--kid", "one"][..], &CLAIMS].concat(), "").stdout;
    let words = ["--jwks", "set.json", "--iss", "me", "--aud", "api"];
    assert_eq!(json_of(&verify(&sandbox, &words, &token))["header"]["kid"], "one");
    let other = [&words[..], &["--kid", "two"]].concat();
    verify(&sandbox, &other, &token).failed(1, "validation failed: invalid signature\n");
    let unknown = [&words[..], &["--kid", "x"]].concat();
    verify(&sandbox, &unknown, &token).failed(1, "cannot find key with kid x on set.json\n");
    sandbox.write("set.json", &format!("{{\"keys\":[{},{}]}}", sandbox.read("key.pub"), sandbox.read("key.pub")));
    verify(&sandbox, &words, &token).failed(1, "multiple keys with kid one have been found on set.json\n");
}

#[test]
fn tokens_are_inspected_in_the_order_of_their_members() {
    let sandbox = Sandbox::new().started_as("step");
    let token = forged(r#"{"typ":"JWT","alg":"none","n":1.50}"#, r#"{"z":[],"a":{"b":12345678901234567890}}"#);
    let needed = "'step crypto jwt inspect' requires the '--insecure' flag\n";
    sandbox.run_with(&["crypto", "jwt", "inspect"], &token).failed(1, needed);
    let expected = "{\n  \"header\": {\n    \"typ\": \"JWT\",\n    \"alg\": \"none\",\n    \"n\": 1.50\n  },\n  \"payload\": {\n    \
        \"z\": [],\n    \"a\": {\n      \"b\": 12345678901234567890\n    }\n  },\n  \"signature\": \"AAAA\"\n}\n";
    // Later lines do not matter.
    sandbox.run_with(&["crypto", "jwt", "inspect", "--insecure"], &format!(" {token} \nmore\n")).printed(expected);
}

#[test]
fn content_of_any_kind_is_signed() {
    let sandbox = with_key(&["--kid", "k"]);
    sandbox.write("content", "line\nline\n");
    let jws = |words: &[&str], input: &str| sandbox.run_with(&[&["crypto", "jws"][..], words].concat(), input);
    let signed =
        jws(&["sign", "content", "--key", "key.json", "--cty", "text", "--jku", "https://x", "--jwk"], "").stdout;
    let header: Value = serde_json::from_str(&decoded(signed.split('.').next().expect("a part"))).expect("JSON");
    let public: Value = serde_json::from_str(&sandbox.read("key.pub")).expect("JSON");
    let expected = json!({"alg": "ES256", "cty": "text", "jku": "https://x", "jwk": public, "kid": "k"});
    assert_eq!(header, expected);
    jws(&["verify", "--key", "key.pub"], &signed).printed("line\nline\n");
    jws(&["inspect", "--insecure"], &signed).printed("line\nline\n");
    let shown = json_of(&jws(&["verify", "--key", "key.pub", "--json"], &signed));
    assert_eq!(decoded(shown["payload"].as_str().expect("text")), "line\nline\n");
    jws(&["verify", "--key", "key.pub", "--alg", "RS256"], &signed)
        .failed(1, "alg RS256 does not match the alg on key.pub\n");
    // In JSON, on as many lines as you like, with as many signatures as one.
    let parts: Vec<&str> = signed.trim_end().split('.').collect();
    let flattened = json!({"protected": parts[0], "payload": parts[1], "signature": parts[2]});
    let pretty = serde_json::to_string_pretty(&flattened).expect("JSON");
    jws(&["verify", "--key", "key.pub"], &pretty).printed("line\nline\n");
    let one = json!({"protected": parts[0], "signature": parts[2]});
    let two = json!({"payload": parts[1], "signatures": [one, one]}).to_string();
    let several = "validation failed: multiple signatures are not supported\n";
    jws(&["verify", "--key", "key.pub"], &two).failed(1, several);
    let empty = jws(&["sign", "--key", "key.json"], "").stdout;
    jws(&["verify", "--key", "key.pub"], &empty).printed("");
    make_key(&sandbox, "secret", &["--kty", "oct"]);
    jws(&["sign", "--key", "secret.json", "--jwk"], "x").failed(1, "a shared secret (oct) has no public key");
}

#[test]
fn content_is_encrypted_for_every_kind_of_key() {
    let enc = ["A128GCM", "A192GCM", "A256GCM", "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512"];
    let kinds: [&[&str]; 10] = [
        &["--kty", "EC"],
        &["--kty", "EC", "--crv", "P-384", "--alg", "ECDH-ES+A128KW"],
        &["--kty", "EC", "--crv", "P-521", "--alg", "ECDH-ES+A192KW"],
        &["--kty", "OKP", "--crv", "X25519"],
        &["--kty", "OKP", "--crv", "X25519", "--alg", "ECDH-ES+A256KW"],
        &["--kty", "RSA"],
        &["--kty", "oct"],
        &["--kty", "oct", "--alg", "A192KW"],
        &["--kty", "oct", "--alg", "A128GCMKW"],
        &["--kty", "oct", "--alg", "A256KW"],
    ];
    for (kind, enc) in kinds.into_iter().zip(enc.into_iter().cycle()) {
        let sandbox = with_key(&[kind, &["--use", "enc"]].concat());
        let jwe = |words: &[&str], input: &str| sandbox.run_with(&[&["crypto", "jwe"][..], words].concat(), input);
        let encrypted = jwe(&["encrypt", "--key", "key.pub", "--enc", enc, "--cty", "text"], "content");
        assert_eq!((encrypted.code, encrypted.stdout.lines().count()), (Some(0), 1), "{encrypted:?}");
        let object: Value = serde_json::from_str(&encrypted.stdout).expect("JSON");
        let header = decoded(object["protected"].as_str().expect("text"));
        assert!(header.starts_with("{\"alg\":\"") && header.contains(&format!("\"cty\":\"text\",\"enc\":\"{enc}\"")));
        jwe(&["decrypt", "--key", "key.json"], &encrypted.stdout).printed("content");
        let compact = ["protected", "encrypted_key", "iv", "ciphertext", "tag"];
        let compact = compact.map(|name| object[name].as_str().unwrap_or_default()).join(".");
        jwe(&["decrypt", "--key", "key.json"], &compact).printed("content");
        make_key(&sandbox, "other", &[kind, &["--use", "enc"]].concat());
        let wrong = "error decrypting data: the key does not decrypt it, or it was changed\n";
        jwe(&["decrypt", "--key", "other.json"], &encrypted.stdout).failed(1, wrong);
    }
}

#[test]
fn content_is_encrypted_with_a_password() {
    let sandbox = with_key(&["--use", "enc"]);
    sandbox.write("pass", "secret");
    let jwe = |words: &[&str], input: &str| sandbox.run_with(&[&["crypto", "jwe"][..], words].concat(), input);
    for algorithm in ["PBES2-HS256+A128KW", "PBES2-HS384+A192KW", "PBES2-HS512+A256KW"] {
        let encrypted = jwe(&["encrypt", "--alg", algorithm, "--password-file", "pass"], "content");
        jwe(&["decrypt", "--password-file", "pass"], &encrypted.stdout).printed("content");
        let key = format!("flag '--key' cannot be used with JWE algorithm '{algorithm}'\n");
        jwe(&["decrypt", "--key", "key.json"], &encrypted.stdout).failed(1, &key);
        let both = format!("flag '--alg {algorithm}' and flag '--key' are mutually exclusive\n");
        jwe(&["encrypt", "--alg", algorithm, "--key", "key.pub"], "").failed(1, &both);
    }
}

#[test]
fn content_that_cannot_be_is_neither_encrypted_nor_decrypted() {
    let sandbox = with_key(&["--use", "enc"]);
    make_key(&sandbox, "sig", &[]);
    make_key(&sandbox, "okp", &["--kty", "OKP"]);
    let jwe = |words: &[&str], input: &str| sandbox.run_with(&[&["crypto", "jwe"][..], words].concat(), input);
    jwe(&["encrypt"], "").failed(1, "one of flag --key or --jwks is required\n");
    jwe(&["encrypt", "--key", "key.pub", "--enc", "FOO"], "").failed(1, "invalid value 'FOO' for flag '--enc'\n");
    jwe(&["encrypt", "--key", "key.pub", "--alg", "dir"], "").failed(1, "alg dir does not match the alg on key.pub\n");
    let signing = "invalid jwk use: found 'sig' (signature), expecting 'enc' (encryption)\n";
    jwe(&["encrypt", "--key", "sig.pub"], "").failed(1, signing);
    let encrypted = jwe(&["encrypt", "--key", "key.pub"], "x").stdout;
    jwe(&["decrypt", "--key", "key.pub"], &encrypted).failed(1, "cannot use a public key for decryption\n");
    jwe(&["decrypt", "--key", "sig.json"], &encrypted).failed(1, signing);
    jwe(&["decrypt", "--key", "key.json"], "x").failed(1, "error parsing data: ");
    let okp = sandbox.read("okp.pub").replace("sig", "enc").replace("EdDSA", "ECDH-ES");
    sandbox.write("okp.pub", &okp);
    jwe(&["encrypt", "--key", "okp.pub"], "").failed(1, "key Ed25519 cannot be used for encryption\n");
}

#[test]
fn each_way_of_writing_turns_into_the_other() {
    let sandbox = with_key(&[]);
    make_key(&sandbox, "enc", &["--use", "enc"]);
    let format = |input: &str| sandbox.run_with(&["crypto", "jose", "format"], input);
    let signed = sandbox.run_with(&["crypto", "jws", "sign", "--key", "key.json"], "x").stdout;
    let json = format(&signed);
    let names: Vec<String> = json_of(&json).as_object().expect("an object").keys().cloned().collect();
    assert_eq!(names, ["payload", "protected", "signature"]);
    format(&json.stdout).printed(&signed);
    let encrypted = sandbox.run_with(&["crypto", "jwe", "encrypt", "--key", "enc.pub"], "x").stdout;
    let compact = format(&encrypted);
    assert_eq!(compact.stdout.split('.').count(), 5);
    format(&compact.stdout).printed(&encrypted);
    format("a.b").failed(1, "error parsing data: compact JWS format must have three parts\n");
    let parts: Vec<&str> = signed.trim_end().split('.').collect();
    let one = json!({"protected": parts[0], "signature": parts[2]});
    let two = json!({"payload": parts[1], "signatures": [one, one]}).to_string();
    format(&two).failed(1, "so it has no compact form\n");
}

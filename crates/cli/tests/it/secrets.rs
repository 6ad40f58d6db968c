//! `crypto otp`, `crypto nacl` and `crypto winpe`.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::sandbox::{Outcome, Sandbox};

fn run(sandbox: &Sandbox, line: &str, input: &str) -> Outcome {
    sandbox.run_with(&line.split(' ').collect::<Vec<_>>(), input)
}

/// Run with octets on standard input; what comes out is octets, too.
#[track_caller]
fn run_raw(sandbox: &Sandbox, line: &str, input: &[u8]) -> Vec<u8> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_rung"))
        .args(line.split(' '))
        .current_dir(sandbox.path(""))
        .env("STEPPATH", sandbox.path("step"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("a pipe").write_all(input).expect("it is read");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{line}");
    output.stdout
}

#[track_caller]
fn tool(sandbox: &Sandbox, line: &str) -> Vec<u8> {
    let mut words = line.split(' ');
    let program = words.next().expect("a program");
    let output = Command::new(program).args(words).current_dir(sandbox.path("")).output();
    let output = output.unwrap_or_else(|error| panic!("the program {program}, which these tests need: {error}"));
    assert!(output.status.success(), "{line}\n{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn octets(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|place| u8::from_str_radix(&hex[place..place + 2], 16).expect("hex")).collect()
}

/// The table of RFC 6238, appendix B: seconds since 1970, code, algorithm.
const CODES: [(&str, &str, &str); 9] = [
    ("1970-01-01T00:00:59Z", "94287082", "SHA1"),
    ("1970-01-01T00:00:59Z", "46119246", "SHA256"),
    ("1970-01-01T00:00:59Z", "90693936", "SHA512"),
    ("2005-03-18T01:58:29Z", "07081804", "SHA1"),
    ("2005-03-18T01:58:29Z", "68084774", "sha256"),
    ("2005-03-18T01:58:29Z", "25091201", "SHA512"),
    ("2603-10-11T11:33:20Z", "65353130", "SHA1"),
    ("2603-10-11T11:33:20Z", "77737706", "SHA256"),
    ("2603-10-11T11:33:20Z", "47863826", "SHA512"),
];

/// The secrets of the table: the digits from 1 to 0, 20, 32 and 64 of them.
fn secret(algorithm: &str) -> &'static str {
    match algorithm {
        "SHA1" => "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "SHA512" => {
            "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNA"
        }
        _ => "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA",
    }
}

#[test]
fn codes_are_those_of_rfc_6238() {
    let sandbox = Sandbox::new();
    for (time, code, algorithm) in CODES {
        let secret = secret(algorithm);
        sandbox.write("plain", secret);
        sandbox.write("spaced", &format!(" {} {}\n", secret[..8].to_lowercase(), &secret[8..]));
        sandbox.write("url", &format!("otpauth://totp/a:b?secret={secret}&digits=8&algorithm={algorithm}&period=30"));
        for (file, more) in [("plain", true), ("spaced", true), ("url", false)] {
            let more = if more { format!(" --digits 8 --alg {algorithm}") } else { String::new() };
            let verify = |code: &str, flags: &str| {
                run(&sandbox, &format!("crypto otp verify --secret {file}{more}{flags}"), code)
            };
            verify(&format!("{code}\n"), &format!(" --time {time}")).printed("ok\n");
            let wrong = verify("00000000", &format!(" --time {time}"));
            assert_eq!((wrong.code, &*wrong.stdout, &*wrong.stderr), (Some(1), "fail\n", ""), "{time}");
            assert_eq!(verify(code, "").code, Some(1), "it is not that time any more");
        }
    }
    sandbox.write("secret", secret("SHA1"));
    for (flags, code) in [
        ("--time 1970-01-01T00:00:59Z", 0),
        ("--time 1970-01-01T00:01:00Z", 1),
        ("--time 1970-01-01T00:01:00Z --skew 1", 0),
        ("--time 1970-01-01T00:00:29Z --skew 1", 0),
        ("--time 1970-01-01T00:01:30Z --skew 1", 1),
        ("--time 1970-01-01T00:01:30Z --skew 2 --insecure", 0),
        ("--time 1970-01-01T00:01:59Z --period 60", 0),
    ] {
        let outcome = run(&sandbox, &format!("crypto otp verify --secret secret {flags}"), "287082");
        assert_eq!(outcome.code, Some(code), "{flags}: {outcome:?}");
    }
}

#[test]
fn what_is_no_code_or_secret_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("s", secret("SHA1"));
    sandbox.write("bad", "x!");
    sandbox.write("hotp", "otpauth://hotp/a:b?secret=GEZDGNBVGY3TQOJQ");
    sandbox.write("digits", "otpauth://totp/a:b?secret=GEZDGNBVGY3TQOJQ&digits=99");
    for (line, input, part) in [
        ("verify --secret s", "12345", "error while validating TOTP: Input length unexpected"),
        ("verify --secret s", "", "error while validating TOTP: Input length unexpected"),
        ("verify --secret bad", "123456", "error while validating TOTP: Decoding of secret as base32 failed."),
        ("verify --secret hotp", "123456", "only codes that depend on the time"),
        ("verify --secret digits", "123456", "the `digits` of the otpauth address"),
        ("verify", "123456", "'rung crypto otp verify' requires the '--secret' flag"),
        ("verify --secret s --skew 2", "123456", "'--skew' values greater than 1 require the '--insecure' flag"),
        ("verify --secret s --skew -1", "123456", "invalid value \"-1\" for flag -skew: parse error"),
        ("verify --secret s --time foo", "123456", "invalid value 'foo' for flag '--time'"),
        (
            "verify --secret s --alg md5",
            "1",
            "invalid value 'md5' for flag '--alg'; options are SHA1, SHA256, or SHA512",
        ),
        ("generate --issuer a", "", "requires the '--account' flag"),
        ("generate --account a", "", "requires the '--issuer' flag"),
        ("generate --issuer a:b --account a", "", "cannot contain a colon"),
        ("generate --issuer a --account a --secret-size 8", "", "flag '--secret-size' must be from 16 to 128"),
        ("generate --issuer a --account a --digits 11", "", "flag '--length' must be from 1 to 10"),
    ] {
        run(&sandbox, &format!("crypto otp {line}"), input).failed(1, part);
    }
}

#[test]
fn a_secret_is_made_and_shown() {
    let sandbox = Sandbox::new();
    let make = |more: &str| {
        let outcome = run(&sandbox, &format!("crypto otp generate --issuer ex.com --account me@ex.com{more}"), "");
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        outcome.stdout.trim_end().to_owned()
    };
    let (first, second) = (make(""), make(""));
    assert_eq!((first.len(), second.len()), (32, 32));
    assert_ne!(first, second);
    assert_eq!(make(" --secret-size 32").len(), 52);
    let url = make(" --url --alg sha512 --period 60 --digits 8");
    let start = "otpauth://totp/ex.com:me@ex.com?algorithm=SHA512&digits=8&issuer=ex.com&period=60&secret=";
    assert!(url.starts_with(start), "{url}");
    let names = ["crypto", "otp", "generate", "--issuer", "A & B/C", "--account", "é b", "--url"];
    let url = sandbox.run(&names).stdout;
    let start =
        "otpauth://totp/A%20&%20B/C:%C3%A9%20b?algorithm=SHA1&digits=6&issuer=A%20%26%20B%2FC&period=30&secret=";
    assert!(url.starts_with(start), "{url}");
}

/// Python takes the picture apart, and a reader of QR codes finds the address in it.
#[test]
fn the_picture_is_a_qr_code_of_the_address() {
    let script = "import struct, sys, zlib\n\
        data = open('code.png', 'rb').read()\n\
        assert data[:8] == b'\\x89PNG\\r\\n\\x1a\\n'\n\
        place, parts = 8, []\n\
        while place < len(data):\n\
        \x20   size, kind = struct.unpack('>I4s', data[place:place + 8])\n\
        \x20   body, crc = data[place + 8:place + 8 + size], data[place + 8 + size:place + 12 + size]\n\
        \x20   assert struct.pack('>I', zlib.crc32(kind + body)) == crc\n\
        \x20   parts.append((kind, body))\n\
        \x20   place += 12 + size\n\
        assert [kind for kind, _ in parts] == [b'IHDR', b'IDAT', b'IEND']\n\
        width, height, *rest = struct.unpack('>IIBBBBB', parts[0][1])\n\
        assert rest == [8, 0, 0, 0, 0]\n\
        lines = zlib.decompress(parts[1][1])\n\
        assert len(lines) == height * (width + 1)\n\
        rows = [lines[row * (width + 1):(row + 1) * (width + 1)] for row in range(height)]\n\
        assert all(row[0] == 0 for row in rows)\n\
        open('grey', 'wb').write(b''.join(row[1:] for row in rows))\n\
        print(width)\n";
    let sandbox = Sandbox::new();
    sandbox.write("png.py", script);
    let long = "account-".repeat(40);
    for account in ["me@example.com", &long] {
        let line = format!("crypto otp generate --issuer example.com --account {account} --url --force --qr code.png");
        let outcome = run(&sandbox, &line, "");
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        assert_eq!(fs::metadata(sandbox.path("code.png")).expect("a file").permissions().mode() & 0o777, 0o600);
        let width: usize =
            String::from_utf8(tool(&sandbox, "python3 png.py")).expect("text").trim().parse().expect("a number");
        assert!(width == 200 || account == long && width > 200, "{width}");
        let grey = fs::read(sandbox.path("grey")).expect("a file");
        let mut image =
            rqrr::PreparedImage::prepare_from_greyscale(width, width, |column, row| grey[row * width + column]);
        let grids = image.detect_grids();
        let (_, found) = grids.first().expect("a QR code").decode().expect("a text");
        assert_eq!(found, outcome.stdout.trim_end());
    }
    let drawn = run(&sandbox, "crypto otp generate --issuer a --account b --qr -", "");
    assert!(drawn.stderr.lines().count() > 10 && drawn.stderr.contains('█'), "{drawn:?}");
    assert_eq!(drawn.stdout.len(), 33);
    run(&sandbox, "crypto otp generate --issuer a --account b --qr code.png", "").failed(1, "code.png exists");
}

/// Key pairs of two people for boxes, a secret, and a key for signatures; and what step 0.30 seals and signs with them.
const ALICE: (&str, &str) = (
    "83be24972ffbf69e783121cbb70ff6edd4da63d69bbc186ffdc534a23ff5fe08",
    "28d1916b90f9e6887d6b6ffed7e63c2c1ce8ca709f3d97ba2a1490608c890e41",
);
const BOB: (&str, &str) = (
    "42affd1a6e9f4cd3bf8379a6f56996f994a4c6810a4b737849ce639c2c50d403",
    "02a3902b9be58f4d795117a2960143b926a161f8d2c7190a8da5391377d4b710",
);
const SIGNER: &str = "90732582bddeac166091674b2e30af4e32dc375c92c0ce10034b6a6e31849a0c4838a3d2055409471f8a19edc439826eacc5050d5b6dbbdb683f2c19fb9a2023";
const BOX: &str = "G-y0nVNlif6byfenINsyS1B3vA";
const SECRET_BOX: &str = "h3-PDn_kGEzYylz5cPpA29oRvg";
const SIGNED: &str = "HWmuI__EJu_nrn8xtoBw-NpsvMate3ou00i8MfN7hnuwylX4O13WjSsI-Te2ylXFq365FXvGMY8jRXsCC5sSAW1zZw";
const DIGEST: &str = "599c2bc489831bf7cf141f90eb961929b8af64b25910e969e9591cf86d1c4a67";

fn with_keys() -> Sandbox {
    let sandbox = Sandbox::new();
    for (name, key) in [
        ("alice.pub", ALICE.0),
        ("alice.priv", ALICE.1),
        ("bob.pub", BOB.0),
        ("bob.priv", BOB.1),
        ("sign.priv", SIGNER),
        ("sign.pub", &SIGNER[64..]),
    ] {
        fs::write(sandbox.path(name), octets(key)).expect("a file");
    }
    sandbox.write("secret", "0123456789012345678901234567890\n");
    sandbox.write("short", "x");
    // A point of low order, which makes one secret for everybody.
    fs::write(sandbox.path("zero.pub"), [0; 32]).expect("a file");
    sandbox
}

#[test]
fn boxes_and_signatures_are_those_of_step() {
    let sandbox = with_keys();
    let nacl = |line: &str, input: &str| run(&sandbox, &format!("crypto nacl {line}"), input);
    nacl("box seal nonce bob.pub alice.priv", "msg").printed(&format!("{BOX}\n"));
    nacl("box open nonce alice.pub bob.priv", &format!("{BOX}\n")).printed("msg");
    nacl("box open other alice.pub bob.priv", BOX).failed(1, "error authenticating or decrypting input");
    for nonce in ["abc", "string:abc", "base64:YWJj"] {
        nacl(&format!("secretbox seal {nonce} secret"), "msg").printed(&format!("{SECRET_BOX}\n"));
        nacl(&format!("secretbox open {nonce} secret"), SECRET_BOX).printed("msg");
    }
    nacl("sign sign sign.priv", "msg").printed(&format!("{SIGNED}\n"));
    nacl("sign open sign.pub", SIGNED).printed("msg");
    nacl("auth digest secret", "msg").printed(&format!("{DIGEST}\n"));
    nacl(&format!("auth verify secret {DIGEST}"), "msg").printed("ok\n");
    nacl(&format!("auth verify secret {DIGEST}"), "Msg").failed(1, "fail\n");
    nacl("auth verify secret abcd", "msg").failed(1, "fail\n");

    // The same as octets.
    let sealed = run_raw(&sandbox, "crypto nacl secretbox seal --raw abc secret", b"msg");
    assert_eq!(URL_SAFE_NO_PAD.encode(&sealed), SECRET_BOX);
    assert_eq!(run_raw(&sandbox, "crypto nacl secretbox open --raw abc secret", &sealed), b"msg");
    // Whatever is changed is noticed.
    for place in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[place] ^= 1;
        nacl("secretbox open abc secret", &URL_SAFE_NO_PAD.encode(changed)).failed(1, "error authenticating");
    }
    let signed = run_raw(&sandbox, "crypto nacl sign sign --raw sign.priv", b"msg");
    fs::write(sandbox.path("sig"), &signed[..64]).expect("a file");
    sandbox.write("msg", "msg");
    let spki = [&octets("302a300506032b6570032100")[..], &octets(&SIGNER[64..])].concat();
    sandbox.write(
        "pub.pem",
        &format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(spki)),
    );
    tool(&sandbox, "openssl pkeyutl -verify -pubin -inkey pub.pem -rawin -in msg -sigfile sig");
    let key = "303132333435363738393031323334353637383930313233343536373839300a";
    let judged = tool(&sandbox, &format!("openssl dgst -r -sha512 -mac HMAC -macopt hexkey:{key} msg"));
    assert!(judged.starts_with(DIGEST.as_bytes()));
}

#[test]
fn new_keys_of_nacl_work_together() {
    let sandbox = Sandbox::new();
    for kind in ["box", "sign"] {
        for name in ["a", "b"] {
            run(&sandbox, &format!("crypto nacl {kind} keypair {name}.pub {name}.priv --force"), "").said(&format!(
                "Your public key has been saved in {name}.pub.\nYour private key has been saved in {name}.priv.\n"
            ));
        }
        let private = fs::metadata(sandbox.path("a.priv")).expect("a file");
        assert_eq!((private.len(), private.permissions().mode() & 0o777), (if kind == "box" { 32 } else { 64 }, 0o600));
        assert_eq!(fs::metadata(sandbox.path("a.pub")).expect("a file").len(), 32);
        let (seal, open) = match kind {
            "box" => ("box seal n b.pub a.priv", "box open n a.pub b.priv"),
            _ => ("sign sign a.priv", "sign open a.pub"),
        };
        let sealed = run(&sandbox, &format!("crypto nacl {seal}"), "a message\n").stdout;
        run(&sandbox, &format!("crypto nacl {open}"), &sealed).printed("a message\n");
        let others = open.replace("a.pub", "b.pub");
        run(&sandbox, &format!("crypto nacl {others}"), &sealed).failed(1, "error authenticating");
    }
    run(&sandbox, "crypto nacl box keypair a.pub b.priv", "").failed(1, "a.pub exists");
    run(&sandbox, "crypto nacl box keypair x x", "").failed(1, "cannot be equal in 'rung crypto nacl box keypair");
}

#[test]
fn what_nacl_cannot_work_with_is_refused() {
    let sandbox = with_keys();
    for (line, input, part) in [
        ("box seal n short alice.priv", "x", "invalid public key: key size is not 32 bytes"),
        ("box seal n bob.pub short", "x", "invalid private key: key size is not 32 bytes"),
        ("box seal n zero.pub alice.priv", "x", "invalid public key: everybody would share the secret"),
        ("box seal 0123456789012345678901234 bob.pub alice.priv", "x", "nonce cannot be longer than 24 bytes"),
        ("secretbox seal base64:Y*Jj secret", "x", "error decoding base64 nonce: illegal base64 data at input byte 1"),
        ("secretbox seal n short", "x", "invalid key: key size is not 32 bytes"),
        ("secretbox open n secret", "a*", "error decoding base64 input: illegal base64 data at input byte 1"),
        ("secretbox open n secret", "YQ", "error authenticating or decrypting input"),
        ("sign sign sign.pub", "x", "invalid private key: key size is not 64 bytes"),
        ("sign open sign.priv", "x", "invalid public key: key size is not 32 bytes"),
        ("sign open sign.pub", "YQ", "error authenticating input"),
        ("auth digest short", "x", "invalid key file: key size is not 32 bytes"),
        ("auth verify secret zz", "x", "error decoding digest: encoding/hex: invalid byte: U+007A 'z'"),
        ("auth digest gone", "x", "gone"),
        ("box seal n", "x", "not enough positional arguments were provided in 'rung crypto nacl box seal"),
    ] {
        run(&sandbox, &format!("crypto nacl {line}"), input).failed(1, part);
    }
    // The halves of a private key that do not belong together would give the key away.
    let mixed = [&octets(SIGNER)[..32], &octets(ALICE.0)].concat();
    fs::write(sandbox.path("mixed.priv"), mixed).expect("a file");
    run(&sandbox, "crypto nacl sign sign mixed.priv", "x").failed(1, "its halves do not belong together");
}

/// A program that does nothing, signed by what OpenSSL packs; of 32 or 64 bits.
fn program(signature: Option<&[u8]>, is_64: bool) -> Vec<u8> {
    let mut program = vec![0; 0x40];
    program[..2].copy_from_slice(b"MZ");
    program[0x3c..].copy_from_slice(&0x40_u32.to_le_bytes());
    program.extend_from_slice(b"PE\0\0");
    program.extend_from_slice(&[0; 20]);
    let start = program.len();
    let directories = if is_64 { 108 } else { 92 };
    program.extend_from_slice(&vec![0; directories + 4 + 16 * 8]);
    program[start..start + 2].copy_from_slice(&if is_64 { 0x20b_u16 } else { 0x10b }.to_le_bytes());
    program[start + directories..start + directories + 4].copy_from_slice(&16_u32.to_le_bytes());
    if let Some(signature) = signature {
        let place = program.len() as u32;
        let len = signature.len() as u32 + 8;
        let entry = start + directories + 4 + 4 * 8;
        program[entry..entry + 4].copy_from_slice(&place.to_le_bytes());
        program[entry + 4..entry + 8].copy_from_slice(&len.next_multiple_of(8).to_le_bytes());
        program.extend_from_slice(&len.next_multiple_of(8).to_le_bytes());
        program.extend_from_slice(&[0, 2, 2, 0]);
        program.extend_from_slice(signature);
        program.resize((place + len.next_multiple_of(8)) as usize, 0);
    }
    program
}

#[test]
fn the_certificates_of_a_program_are_printed() {
    let sandbox = Sandbox::new();
    let mut expected = String::new();
    for name in ["b", "a"] {
        let new = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 -keyout key -subj";
        tool(&sandbox, &format!("{new} /CN={name} -out {name}.crt"));
        expected += &sandbox.read(&format!("{name}.crt"));
    }
    tool(&sandbox, "openssl crl2pkcs7 -nocrl -certfile b.crt -certfile a.crt -outform DER -out p7");
    let signature = fs::read(sandbox.path("p7")).expect("a file");
    let extract = |program: &[u8]| {
        fs::write(sandbox.path("p.exe"), program).expect("a file");
        run(&sandbox, "crypto winpe extract p.exe", "")
    };
    for is_64 in [false, true] {
        let signed = program(Some(&signature), is_64);
        extract(&signed).printed(&expected);
        extract(&program(None, is_64)).failed(1, "Error parsing the executable's headers: No Certificate Table found");
        for end in (0..signed.len()).step_by(7) {
            assert_eq!(extract(&signed[..end]).code, Some(1), "{end} of {}", signed.len());
        }
    }
    extract(b"").failed(1, "it is not a Windows program");
    extract(&[b"MZ".to_vec(), vec![0xff; 100]].concat()).failed(1, "it is not a Windows program");
    extract(&program(Some(b"\x30\x03\x02\x01\x05"), true)).failed(1, "the signature is not one of PKCS#7");
}

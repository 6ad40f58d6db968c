//! The examples of every page of the help, run as somebody would who copies them.
//!
//! Each runs in a fresh folder with files of the names that the pages use. What needs a CA, a network or a person is run
//! elsewhere, and listed here by kind; whatever is not on that list has to work, and every command has to have an
//! example. A command whose examples need further files adds them to [`PREPARE`], or to [`BEFORE`] if others do not want
//! them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::sandbox::Sandbox;

/// What examples need that is not here, and who tries them.
const ELSEWHERE: &[(&str, &str)] = &[
    ("agent run", "a signal to end, and the system's folders; it has tests of its own"),
    ("ca ", "a CA; the end-to-end tests have one"),
    ("certificate install", "the trust stores of this machine; it has tests of its own"),
    ("certificate uninstall", "the trust stores of this machine; it has tests of its own"),
    ("demo", "the daemon; the end-to-end tests have it"),
    ("fileserver", "a signal to end; it has tests of its own"),
    ("oauth", "an identity provider; it has tests of its own"),
    ("ssh ", "a CA; the end-to-end tests have one"),
];

/// Makes the files that examples use. The programs are `rung` and OpenSSL.
const PREPARE: &str = r#"
set -e
printf '%s\n' '[req]' 'distinguished_name=dn' '[dn]' '[ca]' 'basicConstraints=critical,CA:TRUE' \
    'keyUsage=critical,keyCertSign,cRLSign' 'subjectKeyIdentifier=hash' 'authorityKeyIdentifier=keyid' \
    '[root]' 'basicConstraints=critical,CA:TRUE' 'keyUsage=critical,keyCertSign,cRLSign' 'subjectKeyIdentifier=hash' \
    '[leaf]' 'subjectAltName=DNS:svc.example.com' 'authorityKeyIdentifier=keyid' \
    '[list]' 'default_ca=list' 'database=index.txt' 'crlnumber=number' 'default_md=sha256' 'default_crl_days=7' \
    'crl_extensions=extensions' '[extensions]' 'authorityKeyIdentifier=keyid' > x.cnf
new='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -config x.cnf'
openssl req -x509 $new -extensions root -subj /C=NL/O=Example/CN=Root -days 9 -keyout root_ca.key -out root_ca.crt
sign() {
    openssl req -new $new -subj "/CN=$1" -keyout "$2.key" -out "$2.csr"
    openssl x509 -req -in "$2.csr" -CA "$3.crt" -CAkey "$3.key" -CAcreateserial -days 9 -extfile x.cnf \
        -extensions "$4" -out "$2.crt"
}
sign Intermediate intermediate_ca root_ca ca
sign svc.example.com svc intermediate_ca leaf
cat intermediate_ca.crt >> svc.crt
cp intermediate_ca.crt ca.crt
cp intermediate_ca.key ca.key
: > index.txt
echo 01 > number
openssl ca -config x.cnf -name list -cert ca.crt -keyfile ca.key -gencrl -out ca.crl
for file in password password.txt pass.txt pw.txt; do echo password > $file; done
echo hello > message.txt
mkdir -p public .config/fish/completions step/authorities/staging step/profiles/staging
cp message.txt report.pdf
echo '{"subject": {"commonName": {{ toJson .Subject.CommonName }}, "organizationalUnit": {{ toJson .Insecure.User.ou }}}}' \
    > leaf.tpl
cp message.txt public/
openssl pkey -in svc.key -pubout -out svc.pub
rung crypto rand --format raw 32 > auth.key
cp auth.key box.key
for name in alice bob; do rung crypto nacl box keypair $name.pub $name.priv; done
rung crypto nacl sign keypair nacl.pub nacl.priv
rung crypto nacl auth digest auth.key < message.txt > digest.txt
rung crypto nacl secretbox seal nonce-1 box.key < message.txt > secret.box
rung crypto nacl box seal nonce-1 bob.pub alice.priv < message.txt > letter.box
rung crypto nacl sign sign nacl.priv < message.txt > letter.signed
rung crypto otp generate --issuer example.com --account me@example.com > otp.txt
openssl crl2pkcs7 -nocrl -certfile svc.crt -outform DER -out p7.der
python3 - <<'PYTHON'
import struct
signature = open('p7.der', 'rb').read()
signature += bytes(-len(signature) % 8)
optional = struct.pack('<H', 0x20b) + bytes(106) + struct.pack('<I', 16)
start = b'MZ' + bytes(58) + struct.pack('<I', 64) + b'PE' + bytes(22) + optional
table = struct.pack('<IHH', len(signature) + 8, 0x200, 2) + signature
directory = bytes(32) + struct.pack('<II', len(start) + 128, len(table)) + bytes(88)
open('setup.exe', 'wb').write(start + directory + table)
PYTHON
echo '{"staging":{"authority":"staging","profile":"staging"},"main":{"authority":"main","profile":"main"}}' \
    > step/contexts.json
"#;

/// What single examples need before they are run: the beginning of the line, and commands.
const BEFORE: &[(&str, &str)] = &[
    ("certificate extract svc.p12", "rung certificate p12 svc.p12 svc.crt svc.key --password-file password.txt"),
    ("audit verify svc.tlog-proof", "rung audit prove 1000 exported > svc.tlog-proof"),
    ("context current", "rung context select staging"),
    ("crypto jwe decrypt --password-file", "cp by-password.jwe message.jwe"),
    ("crypto jws verify --key rsa.pub", "cp by-rsa.jws report.jws"),
];

/// Keys as JSON, a set of them, and what is made with them.
const JOSE: &str = r#"
set -e
make() { rung crypto jwk create "$@" --no-password --insecure; }
make jwk.pub.json jwk.json --kid my-key
make old.pub.json old.json --kid old-key
make enc.pub.json enc.json --use enc
make secret.pub.json secret.json --kty oct
for key in jwk old; do rung crypto jwk keyset add jwks.json < $key.pub.json; done
rung crypto jws sign report.pdf --key jwk.json > report.jws
rung crypto jwe encrypt --key enc.pub.json < message.txt > message.jwe
rung crypto jwe encrypt --alg PBES2-HS256+A128KW --password-file pass.txt < message.txt > by-password.jwe
rung crypto jwt sign --key jwk.json --iss me@example.com --aud api --sub job-7 --exp 5m > token.txt
echo '{"role":"admin"}' > claims.json
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.key
openssl pkey -in rsa.key -pubout -out rsa.pub
rung crypto jws sign report.pdf --key rsa.key --alg RS256 > by-rsa.jws
"#;

#[test]
fn every_example_works() {
    let prepared = Sandbox::new();
    run(&prepared, PREPARE).expect("the files are made");
    crate::audit::export(&prepared.path(""));
    let with_keys = Sandbox::new();
    copy(&prepared.path(""), &with_keys.path(""));
    run(&with_keys, JOSE).expect("the keys are made");
    let pages = pages(&prepared);
    let mut tried: BTreeMap<&str, usize> = BTreeMap::new();
    let mut failed = Vec::new();
    for (command, lines) in &pages {
        assert!(!lines.is_empty(), "{command} has no example");
        for line in lines {
            // What makes the keys wants none there.
            let uses_keys = ["crypto jw", "crypto jose"].iter().any(|start| line.starts_with(start))
                && !line.starts_with("crypto jwk create");
            match try_line(if uses_keys { &with_keys } else { &prepared }, line) {
                Ok(how) => *tried.entry(how).or_default() += 1,
                Err(why) => failed.push(format!("{command}: {line}\n  {why}")),
            }
        }
    }
    eprintln!("examples: {tried:?}");
    assert!(failed.is_empty(), "{} of the examples do not work:\n{}", failed.len(), failed.join("\n"));
    assert!(tried.get("run").is_some_and(|count| *count > 20), "{tried:?}");
}

/// The examples of every page: command and lines as they are typed, without the program's name.
fn pages(sandbox: &Sandbox) -> Vec<(String, Vec<String>)> {
    let outcome = sandbox.run(&["help", "--html", "help-pages", "--report"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let report: Value = serde_json::from_str(&sandbox.read("help-pages/report.json")).expect("JSON");
    let pages = report["report"].as_array().expect("a list");
    let of_commands = pages.iter().filter(|page| section(page, "Commands").is_none());
    of_commands
        .map(|page| {
            let examples = section(page, "Examples").unwrap_or_default();
            // A line that ends with a backslash goes on.
            let text = examples.replace("\\\n", " ");
            let lines = text.lines().filter_map(|line| line.strip_prefix("$ rung ")).map(str::to_owned);
            (page["command"].as_str().expect("a text").to_owned(), lines.collect())
        })
        .collect()
}

fn section(page: &Value, name: &str) -> Option<String> {
    let sections = page["sections"].as_array().expect("a list");
    let found = sections.iter().find(|section| section["name"] == name)?;
    Some(found["text"].as_str().expect("a text").to_owned())
}

/// Run a line in a copy of the prepared folder; the answer is how it was tried.
fn try_line(prepared: &Sandbox, line: &str) -> Result<&'static str, String> {
    if let Some((_, kind)) = ELSEWHERE.iter().find(|(start, _)| line.starts_with(start)) {
        return Ok(kind);
    }
    if line.contains("https://") {
        return Ok("a network");
    }
    let sandbox = Sandbox::new();
    copy(&prepared.path(""), &sandbox.path(""));
    for (_, commands) in BEFORE.iter().filter(|(start, _)| line.starts_with(start)) {
        run(&sandbox, commands)?;
    }
    // What filters the output is not ours to try where it is missing.
    let has_jq = Command::new("jq").arg("--version").output().is_ok();
    let line = if has_jq { line } else { line.split(" | jq").next().unwrap_or(line) };
    match run(&sandbox, &format!("rung {line}")) {
        Ok(()) => Ok("run"),
        Err(error) if error.contains("there is no terminal to ask") => Ok("a person; it asked"),
        Err(error) => Err(error),
    }
}

/// Run commands in a folder, with the program in the path.
pub(crate) fn run(sandbox: &Sandbox, commands: &str) -> Result<(), String> {
    let bin = sandbox.path("bin");
    fs::create_dir_all(&bin).expect("a folder");
    let link = bin.join("rung");
    if !link.exists() {
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_rung"), link).expect("a link");
    }
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
    let output = Command::new("setsid")
        .args(["--wait", "timeout", "20", "bash", "-o", "pipefail", "-c", commands])
        .env_clear()
        .env("PATH", path)
        .env("HOME", sandbox.path(""))
        .env("STEPPATH", sandbox.path("step"))
        .current_dir(sandbox.path(""))
        .stdin(Stdio::null())
        .output()
        .expect("bash");
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()) }
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_name() == "bin" || entry.file_name() == "help-pages" {
            continue;
        }
        if entry.path().is_dir() {
            fs::create_dir_all(&target).expect("a folder");
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

//! Input that is larger than anybody means: refused with the limit, in the memory that there is, and soon.
//!
//! Which files a command reads is asked of its page, so that none is forgotten: each has to stand in a line of
//! [`LINES`], or in [`UNBOUNDED`]. What reads standard input is found by giving every command one that is too large.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Seek;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::fileserver::Running;
use crate::sandbox::{Outcome, Sandbox};

const RSA: &[u8] = include_bytes!("../vectors/rsa.pem");

/// Makes what [`LINES`] name.
const PREPARE: &str = r#"
set -e
echo password > pw
plain='--no-password --insecure'
rung certificate create Root root.crt root.key --profile root-ca --password-file pw
rung certificate create Intermediate ca.crt ca.key --profile intermediate-ca --ca root.crt --ca-key root.key \
    --ca-password-file pw --password-file pw
rung certificate create svc.example.com svc.crt svc.key --ca ca.crt --ca-key ca.key --ca-password-file pw \
    --password-file pw
rung certificate create svc.example.com svc.csr plain.key --csr $plain
rung certificate create 127.0.0.1 server.crt server.key --ca ca.crt --ca-key ca.key --ca-password-file pw \
    --bundle $plain
rung certificate p12 svc.p12 svc.crt svc.key --key-password-file pw --password-file pw
rung crypto keypair plain.pub other.key $plain
rung crypto jwk create jwk.pub.json jwk.json --kid a --password-file pw
rung crypto jwk create enc.pub.json enc.json --kid b --use enc --password-file pw
rung crypto jwk create plain.pub.json plain.json --kid c $plain
for key in jwk enc; do rung crypto jwk keyset add jwks.json < $key.pub.json; done
echo 'a text' > text
echo '{"a": "b"}' > set.json
echo '{"subject": {{ toJson .Subject }}, "sans": {{ toJson .SANs }}}' > leaf.tpl
rung crypto rand --format raw 32 > auth.key
rung crypto nacl box keypair box.pub box.priv
rung crypto nacl sign keypair sign.pub sign.priv
rung crypto otp generate --issuer a --account b > secret
echo 99999999 > pid
echo '{"installed": {"client_id": "a", "auth_uri": "https://a/", "token_uri": "https://a/"}}' > account.json
echo '[]' > rules.json
export STEPPATH=$PWD/pki
rung ca init --name Test --dns ca.example.com --address :443 --provisioner me --password-file pw
cp pki/config/ca.json .
rung ca provisioner add oidc --type OIDC --client-id a --configuration-endpoint https://a.test/ --ca-config ca.json
rung ca token svc.example.com --offline --provisioner me --provisioner-password-file pw > token
mkdir public
rung audit prove 1000 exported > proof
rung crypto jws sign text --key jwk.json --password-file pw > signed
rung crypto jwe encrypt --key enc.pub.json < text > by-key.jwe
echo '{"certificates": []}' > agent.json
cp svc.crt list
"#;

/// Every command that reads files, with files that are there for all that it reads. What begins with `new` is made or
/// only named, what ends with a slash is a folder.
const LINES: &[&str] = &[
    "agent add svc.crt svc.key --pid-file new.pid --password-file pw --agent-config agent.json --root root.crt \
     --ca-url $CA",
    "agent list --agent-config agent.json",
    "agent remove new.crt --agent-config agent.json",
    "agent run --agent-config agent.json",
    "agent status --agent-config agent.json",
    "api token create team svc.crt svc.key --password-file pw --api-url $CA",
    "audit prove 1000 exported --key audit.pub",
    "audit show exported --key audit.pub",
    "audit verify exported/ --key audit.pub --since checkpoint.old",
    "audit verify proof --key audit.pub",
    "ca certificate svc.example.com new.crt new.key --token $TOKEN --ca-url $CA --root root.crt \
     --set-file set.json",
    "ca certificate svc.example.com new.crt new.key --provisioner me --password-file pw --ca-url $CA --root root.crt",
    "ca certificate svc.example.com new.crt new.key --provisioner me --provisioner-password-file pw \
     --ca-url $CA --root root.crt",
    "ca certificates export --cert svc.crt --key svc.key --password-file pw --for-key svc.crt \
     --ca-url $CA --root root.crt",
    "ca certificates list --cert svc.crt --key svc.key --password-file pw --for-key svc.crt \
     --ca-url $CA --root root.crt",
    "ca certificates show 1 --cert svc.crt --key svc.key --password-file pw --ca-url $CA --root root.crt",
    "ca federation new.crt --ca-url $CA --root root.crt",
    "ca health --ca-url $CA --root root.crt",
    "ca init --name A --dns a --address :1 --provisioner me --password-file pw --provisioner-password-file pw \
     --root root.crt --key root.key --key-password-file pw",
    "ca provisioner add new --type JWK --public-key plain.pub.json --private-key plain.json --password-file pw \
     --ca-config ca.json --root new.crt",
    "ca provisioner add new --type OIDC --client-id a --configuration-endpoint https://a.test/ --rules rules.json \
     --ca-config ca.json --root new.crt",
    "ca provisioner doctor me --ca-config ca.json",
    "ca provisioner jwe-key a --ca-url $CA --root root.crt",
    "ca provisioner list --ca-url $CA --root root.crt",
    "ca provisioner preview me svc.example.com --token token --ca-url $CA --root root.crt",
    "ca provisioner remove me --ca-config ca.json --root new.crt",
    "ca provisioner update me --public-key plain.pub.json --private-key plain.json --password-file pw \
     --ca-config ca.json --root new.crt",
    "ca provisioner update oidc --rules rules.json --ca-config ca.json --root new.crt",
    "ca rekey svc.crt svc.key --out-cert new.crt --out-key new.key --private-key plain.key --pid-file pid \
     --password-file pw --ca-url $CA --root root.crt --force",
    "ca renew svc.crt svc.key --out new.crt --pid-file pid --password-file pw --ca-url $CA \
     --root root.crt --force",
    "ca revoke --cert svc.crt --key svc.key --password-file pw --ca-url $CA --root root.crt",
    "ca revoke 1 --provisioner me --provisioner-password-file pw --ca-url $CA --root root.crt",
    "ca root new.crt --ca-url $CA",
    "ca roots new.crt --ca-url $CA --root root.crt",
    "ca rotate-intermediate --ca root.crt --ca-key root.key --ca-password-file pw --password-file pw \
     --cross-ca root.crt --cross-ca-key root.key --ca-config ca.json",
    "ca rotate-intermediate --csr new.csr --password-file pw --ca-config ca.json",
    "ca rotate-intermediate --signed ca.crt --ca-config ca.json",
    "ca rotate-intermediate --announce root.crt --ca-config ca.json",
    "ca rotate-intermediate --drop-root root.crt --ca-config ca.json",
    "ca sign svc.csr new.crt --token $TOKEN --set-file set.json --ca-url $CA --root root.crt",
    "ca sign svc.csr new.crt --provisioner me --password-file pw --ca-url $CA --root root.crt",
    "ca sign svc.csr new.crt --provisioner me --provisioner-password-file pw --ca-url $CA --root root.crt",
    "ca token svc.example.com --offline --provisioner me --provisioner-password-file pw --ca-config ca.json \
     --root root.crt --cnf-file svc.csr --output-file new",
    "ca token svc.example.com --provisioner me --set-file set.json --ca-url $CA --root root.crt",
    "ca token svc.example.com --key jwk.json --password-file pw --provisioner me --ca-url $CA --root root.crt",
    "certificate bundle svc.crt ca.crt new.crt",
    "certificate create a new.crt new.key --ca ca.crt --ca-key ca.key --ca-password-file pw --password-file pw",
    "certificate create a new.crt new.key --ca ca.crt --ca-key ca.key --ca-password-file pw --key svc.key \
     --template leaf.tpl --set-file set.json --password-file pw",
    "certificate extract svc.p12 new.crt new.key --password-file pw",
    "certificate fingerprint https://127.0.0.1:1 --roots root.crt",
    "certificate format svc.crt --out new.crt",
    "certificate inspect https://127.0.0.1:1 --roots root.crt",
    "certificate install svc.crt",
    "certificate key svc.crt --out new.pub",
    "certificate lint https://127.0.0.1:1 --roots root.crt",
    "certificate needs-renewal https://127.0.0.1:1 --roots root.crt",
    "certificate p12 new.p12 svc.crt svc.key --ca ca.crt --password-file pw --key-password-file pw",
    "certificate sign svc.csr ca.crt ca.key --password-file pw --template leaf.tpl --set-file set.json",
    "certificate uninstall svc.crt",
    "certificate verify ca.crt --roots root.crt --issuing-ca root.crt --verify-ocsp --ocsp-endpoint http://127.0.0.1:1",
    "crl inspect list --ca ca.crt",
    "crl inspect https://127.0.0.1:1 --roots root.crt --ca ca.crt",
    "crypto change-pass svc.key --password-file pw --new-password-file pw --out new.key",
    "crypto jwe decrypt --key enc.json --password-file pw < by-key.jwe",
    "crypto jwe decrypt --jwks jwks.json --kid b < by-key.jwe",
    "crypto jwe encrypt --key enc.json --password-file pw < text",
    "crypto jwe encrypt --jwks jwks.json --kid b < text",
    "crypto jwk create new.pub new.json --from-pem svc.key --password-file pw",
    "crypto jwk keyset add jwks.json --password-file pw < jwk.json",
    "crypto jwk keyset find jwks.json --kid a",
    "crypto jwk keyset list jwks.json",
    "crypto jwk keyset remove jwks.json --kid a",
    "crypto jwk public --password-file pw < jwk.json",
    "crypto jwk thumbprint --password-file pw < jwk.json",
    "crypto jws sign text --key jwk.json --password-file pw",
    "crypto jws sign text --jwks jwks.json --kid a",
    "crypto jws sign text --x5c-cert svc.crt --key svc.key --password-file pw",
    "crypto jws sign text --x5t-cert svc.crt --key svc.key --password-file pw",
    "crypto jws verify --key jwk.json --password-file pw < signed",
    "crypto jws verify --jwks jwks.json --kid a < signed",
    "crypto jwt sign set.json --key jwk.json --password-file pw --subtle",
    "crypto jwt sign --jwks jwks.json --kid a --subtle",
    "crypto jwt sign --x5c-cert svc.crt --key svc.key --password-file pw --subtle",
    "crypto jwt sign --x5t-cert svc.crt --key svc.key --password-file pw --subtle",
    "crypto jwt verify --key jwk.json --password-file pw --subtle < signed",
    "crypto jwt verify --jwks jwks.json --kid a --subtle < signed",
    "crypto key fingerprint svc.key --password-file pw",
    "crypto key format svc.key --password-file pw --out new.key",
    "crypto key inspect svc.key --password-file pw",
    "crypto key public svc.key --password-file pw --out new.pub",
    "crypto key sign text --key svc.key --password-file pw",
    "crypto key verify text --key plain.pub --signature AAAA",
    "crypto keypair new.pub new.key --from-jwk jwk.json --password-file pw",
    "crypto nacl auth digest auth.key < text",
    "crypto nacl auth verify auth.key AAAA < text",
    "crypto nacl box keypair new.pub new.priv",
    "crypto nacl box open nonce box.pub box.priv < text",
    "crypto nacl box seal nonce box.pub box.priv < text",
    "crypto nacl secretbox open nonce auth.key < text",
    "crypto nacl secretbox seal nonce auth.key < text",
    "crypto nacl sign keypair new.pub new.priv",
    "crypto nacl sign open sign.pub < text",
    "crypto nacl sign sign sign.priv < text",
    "crypto otp generate --issuer a --account b --qr new.png",
    "crypto otp verify --secret secret < text",
    "crypto rand 4 --dictionary text",
    "crypto winpe extract text",
    "fileserver public --cert svc.crt --key plain.key --roots root.crt --pidfile new.pid --address 127.0.0.1:0",
    "oauth --client-id a --client-secret-file pw --provider $CA",
    "oauth --account account.json",
];

/// Lines that read standard input, beside those above that are not given all that they want.
const FROM_STANDARD_INPUT: &[&str] = &[
    "base64",
    "base64 -d",
    "certificate inspect -",
    "certificate verify - --roots root.crt",
    "crypto jose format",
    "crypto jwe decrypt",
    "crypto jwk thumbprint",
    "crypto jws inspect --insecure",
    "crypto jwt inspect --insecure",
    "crypto kdf hash",
    "crypto key inspect -",
    "crypto key verify --key plain.pub --signature AAAA",
    "crypto nacl sign open sign.pub --raw",
    "crypto otp verify --secret secret",
];

/// Files that may have any size, since they are read in parts and not kept.
const UNBOUNDED: &[(&str, &str)] =
    &[("crypto hash compare", "<file-or-directory>"), ("crypto hash digest", "<file-or-directory>")];

/// Commands that end when somebody ends them, or that would change this machine.
const NOT_RUN: &[&str] = &["agent run", "certificate install", "certificate uninstall", "demo", "fileserver", "oauth"];

/// Files that commands read without being told to, and lines that do.
const UNASKED: &[(&str, &str)] = &[
    ("config.json", "--config config.json certificate fingerprint svc.crt"),
    ("exported/checkpoint", "audit verify exported --key audit.pub"),
    ("exported/tile/entries/000", "audit verify exported --key audit.pub"),
    ("step/certs/root_ca.crt", "ca health --ca-url $CA"),
    ("step/config/agent.json", "agent list"),
    ("step/config/ca.json", "ca provisioner remove me"),
    ("step/config/defaults.json", "certificate fingerprint svc.crt"),
    ("step/contexts.json", "context list"),
    ("step/current-context.json", "context current"),
];

/// What values of arguments and flags are called that are no files.
const NO_FILES: &[&str] = &[
    "<action>",
    "<address>",
    "<algorithm>",
    "<audience>",
    "<base64>",
    "<bits>",
    "<browser>",
    "<ca>",
    "<claim=value>",
    "<claim>",
    "<client-id>",
    "<command>",
    "<cursor>",
    "<curve>",
    "<digest>",
    "<digits>",
    "<dir>",
    "<domain>",
    "<duration>",
    "<email>",
    "<encryption>",
    "<fingerprint>",
    "<flow>",
    "<folder>",
    "<format>",
    "<group>",
    "<hash>",
    "<host>",
    "<id>",
    "<input>",
    "<issuer>",
    "<key=value>",
    "<kid>",
    "<kind>",
    "<kty>",
    "<length>",
    "<name=value>",
    "<name>",
    "<namespace>",
    "<new-name>",
    "<nonce>",
    "<number>",
    "<octets>",
    "<owner/name>",
    "<pattern>",
    "<percent|duration>",
    "<periods>",
    "<phc-hash>",
    "<pid>",
    "<profile>",
    "<prompt>",
    "<provider>",
    "<realm>",
    "<reason>",
    "<scope>",
    "<seconds>",
    "<secret>",
    "<serial>",
    "<shell>",
    "<size>",
    "<state>",
    "<subject>",
    "<team>",
    "<text>",
    "<time>",
    "<time|duration>",
    "<token>",
    "<type>",
    "<url>",
    "<use>",
    "<word>",
];

/// A command as its page shows it.
struct Page {
    /// The names of what stands without a dash, and whether that may be missing.
    arguments: Vec<(String, bool)>,
    /// The flags with a value, in every spelling: the first spelling, and what the value is called.
    flags: BTreeMap<String, (String, String)>,
}

type Pages = BTreeMap<String, Page>;

/// The place of a file: the command, and the name of the argument or the flag.
type Place = (String, String);

/// A value in a line.
struct Word {
    /// Which of the words it is.
    at: usize,
    place: Place,
    is_file: bool,
    is_optional: bool,
}

fn pages(sandbox: &Sandbox) -> Pages {
    let outcome = sandbox.run(&["help", "--html", "help-pages", "--report"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let report: Value = serde_json::from_str(&sandbox.read("help-pages/report.json")).expect("JSON");
    let pages = report["report"].as_array().expect("a list").iter();
    pages
        .filter_map(|page| Some((page["command"].as_str()?.strip_prefix("rung ")?.to_owned(), read_page(page)?)))
        .collect()
}

/// What is on the page of a command; that of a group is none.
fn read_page(page: &Value) -> Option<Page> {
    let sections = page["sections"].as_array().expect("a list");
    let section = |title: &str| {
        let found = sections.iter().find(|section| section["name"] == title);
        found.map(|section| section["text"].as_str().expect("a text"))
    };
    let items = |title: &str| {
        // The name of an item is on one line, what it is on the next.
        let names: Vec<&str> = section(title).unwrap_or_default().lines().step_by(2).collect();
        assert!(names.iter().all(|name| name.starts_with(['-', '<'])), "{names:?}");
        names
    };
    if section("Commands").is_some() {
        return None;
    }
    let usage = section("Usage").expect("a usage");
    let arguments = items("Positional arguments");
    let arguments = arguments.iter().map(|&name| (name.to_owned(), usage.contains(&format!("[{name}")))).collect();
    let mut flags = BTreeMap::new();
    for item in items("Options") {
        let spellings: Vec<_> = item.split(", ").filter_map(|spelling| spelling.split_once('=')).collect();
        for (name, value) in &spellings {
            flags.insert((*name).to_owned(), (spellings[0].0.to_owned(), (*value).to_owned()));
        }
    }
    Some(Page { arguments, flags })
}

/// The places of all files that commands take.
fn places(pages: &Pages) -> Vec<Place> {
    let mut places = Vec::new();
    for (command, page) in pages {
        let flags = page.flags.values().map(|(name, value)| (name, value));
        let found = page.arguments.iter().map(|(name, _)| (name, name)).chain(flags);
        let files = found.filter(|(_, value)| !NO_FILES.contains(&value.as_str()));
        places.extend(files.map(|(name, _)| (command.clone(), name.clone())));
    }
    places
}

/// The command of a line.
fn command_of<'a>(pages: &'a Pages, line: &str) -> (&'a str, &'a Page) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let found = (1..=words.len()).rev().find_map(|count| pages.get_key_value(&words[..count].join(" ")));
    let (command, page) = found.unwrap_or_else(|| panic!("no command: {line}"));
    (command, page)
}

/// The values in a line.
fn values(pages: &Pages, line: &str) -> Vec<Word> {
    let (command, page) = command_of(pages, line);
    let words: Vec<&str> = line.split_whitespace().take_while(|word| *word != "<").collect();
    let mut found = Vec::new();
    let (mut at, mut arguments) = (command.split(' ').count(), page.arguments.iter());
    while let Some(&word) = words.get(at) {
        let (name, value, is_optional) = match page.flags.get(word) {
            Some((name, value)) => {
                at += 1;
                (name, value, false)
            }
            None if word.starts_with("--") => {
                at += 1;
                continue;
            }
            None => {
                let (name, is_optional) = arguments.next().unwrap_or_else(|| panic!("too many arguments: {line}"));
                (name, name, *is_optional)
            }
        };
        let place = (command.to_owned(), name.clone());
        found.push(Word { at, place, is_file: !NO_FILES.contains(&value.as_str()), is_optional });
        at += 1;
    }
    found
}

/// The files that lines name, one of a gigabyte of which nothing is on the disk, and what answers like a CA.
fn prepared() -> (Sandbox, Running) {
    let sandbox = Sandbox::new();
    crate::audit::export(&sandbox.path(""));
    crate::examples::run(&sandbox, PREPARE).expect("the files are made");
    large(&sandbox, "large");
    let config: Value = serde_json::from_str(&sandbox.read("ca.json")).expect("JSON");
    let list = json!({ "provisioners": config["authority"]["provisioners"], "nextCursor": "" });
    sandbox.write("public/provisioners", &list.to_string());
    let server = Running::start(&sandbox, &["--cert", "server.crt", "--key", "server.key"]);
    let token = sandbox.read("token").trim().to_owned();
    let sandbox = sandbox.with_env("TOKEN", &token).with_env("CA", &format!("https://127.0.0.1:{}", server.port));
    (sandbox, server)
}

fn large(sandbox: &Sandbox, name: &str) {
    File::create(sandbox.write(name, "")).expect("a file").set_len(1 << 30).expect("a sparse file");
}

/// What is wrong with how that was refused.
fn complaint(line: &str, input: &str, outcome: &Outcome) -> Option<String> {
    let says = |part: &str| outcome.stderr.contains(part);
    let is_refused = outcome.code != Some(0) && says(input) && says("larger than");
    (!is_refused).then(|| format!("{line}: {:?} {}", outcome.code, outcome.stderr))
}

#[test]
fn l02_every_file_that_is_too_large_is_refused() {
    let (sandbox, _ca) = prepared();
    let pages = pages(&sandbox);
    // What gives no size has to be read to find out, which takes a while.
    let inputs = if std::env::var_os("SLOW_TESTS").is_some() { &["large", "/dev/zero"][..] } else { &["large"] };
    let (mut left, mut wrong) = (places(&pages), Vec::new());
    for line in LINES {
        for value in values(&pages, line).into_iter().filter(|value| value.is_file) {
            left.retain(|place| *place != value.place);
            let mut words: Vec<&str> = line.split_whitespace().collect();
            if words[value.at].starts_with("new") || words[value.at].ends_with('/') {
                continue;
            }
            for input in inputs {
                words[value.at] = input;
                let line = words.join(" ");
                wrong.extend(complaint(&line, input, &sandbox.run_in_little_memory(&line, Stdio::null())));
            }
        }
    }
    assert!(wrong.is_empty(), "{} are not refused:\n{}", wrong.len(), wrong.join("\n"));
    left.retain(|(command, name)| !UNBOUNDED.contains(&(command, name)));
    assert!(left.is_empty(), "no line of LINES has {left:?}");
}

#[test]
fn files_that_nobody_named_are_refused_as_well() {
    let (sandbox, _ca) = prepared();
    for (file, line) in UNASKED {
        let (place, aside) = (sandbox.path(file), sandbox.path("aside"));
        let was_there = fs::rename(&place, &aside).is_ok();
        large(&sandbox, file);
        let name = place.file_name().expect("a name").to_string_lossy().into_owned();
        let outcome = sandbox.run_in_little_memory(line, Stdio::null());
        assert_eq!(complaint(line, &name, &outcome), None);
        fs::remove_file(&place).expect("the large file");
        if was_there {
            fs::rename(aside, place).expect("the file from before");
        }
    }
}

#[test]
fn standard_input_that_is_too_large_is_refused() {
    let (sandbox, _ca) = prepared();
    let pages = pages(&sandbox);
    let mut reading = BTreeSet::new();
    for line in FROM_STANDARD_INPUT {
        assert!(reads_standard_input(&sandbox, line), "{line}");
        let endless = sandbox.run_in_little_memory(&format!("{line} < <(yes 2> yes.log)"), Stdio::null());
        assert_eq!(complaint(line, "standard input", &endless), None);
        reading.insert(command_of(&pages, line).0);
    }
    // The others are found by trying, which takes a while.
    if std::env::var_os("SLOW_TESTS").is_none() {
        return;
    }
    for (command, page) in pages.iter().filter(|(command, _)| !NOT_RUN.contains(&command.as_str())) {
        let mut lines = vec![format!("{command} {}", "x ".repeat(page.arguments.len()))];
        for line in LINES.iter().filter(|line| command_of(&pages, line).0 == command) {
            let words: Vec<&str> = line.split_whitespace().take_while(|word| *word != "<").collect();
            let optional = values(&pages, line).into_iter().filter(|value| value.is_optional).map(|value| value.at);
            let optional: Vec<usize> = optional.collect();
            let required = words.iter().enumerate().filter(|(at, _)| !optional.contains(at)).map(|(_, word)| *word);
            lines.push(required.collect::<Vec<_>>().join(" "));
        }
        for line in lines {
            if !reading.contains(command.as_str()) && reads_standard_input(&sandbox, &line) {
                reading.insert(command);
            }
        }
    }
    assert!(reading.contains("crypto jws sign") && reading.contains("crypto nacl box seal"), "{reading:?}");
}

/// Run a line with too much on standard input, and say whether that was read. What reads it has to refuse it.
#[track_caller]
fn reads_standard_input(sandbox: &Sandbox, line: &str) -> bool {
    let mut input = File::open(sandbox.path("large")).expect("a file");
    let outcome = sandbox.run_in_little_memory(line, input.try_clone().expect("the same file").into());
    // The position is that of the program, too.
    let position = input.stream_position().expect("a position");
    let is_read = position > 0;
    if is_read {
        assert_eq!(complaint(line, "standard input", &outcome), None);
    }
    assert!(position < 65 << 20, "{line}: {position} octets were read");
    is_read
}

#[test]
fn what_only_goes_through_may_have_any_size() {
    let sandbox = Sandbox::new();
    File::create(sandbox.path("longer")).expect("a file").set_len(1 << 27).expect("a sparse file");
    let outcome = sandbox.run_in_little_memory("crypto hash digest longer", Stdio::null());
    let of_zeros = "254bcc3fc4f27172636df4bf32de9f107f620d559b20d760197e452b97453917";
    assert!(outcome.stdout.contains(of_zeros), "{outcome:?}");
}

#[test]
fn a_bundle_of_ten_thousand_certificates_is_shown_whole() {
    let sandbox = Sandbox::new();
    let pem = String::from_utf8_lossy(RSA).into_owned();
    sandbox.write("bundle.pem", &pem.repeat(10_000));
    let outcome = sandbox.run(&["certificate", "inspect", "--short", "--bundle", "bundle.pem"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert_eq!(outcome.stdout.matches("X.509v3").count(), 10_000);
}

//! Lists of revoked certificates and OCSP, against a CA and a responder that are OpenSSL.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::documents::openssl;
use crate::peers::Server;
use crate::sandbox::{Outcome, Sandbox};

/// A CA with a certificate `good`, one that is revoked, `bad`, and a server with its list and a responder.
struct Authority {
    sandbox: Sandbox,
    server: Server,
}

impl Authority {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let folder = sandbox.path("");
        let server = Server::serve(move |stream| answer(stream, &folder));
        let port = server.port;
        sandbox.write(
            "x.cnf",
            &format!(
                "[ca]\ndefault_ca=c\n[c]\ndatabase=index.txt\nserial=serial\ncrlnumber=crlnumber\ndefault_md=sha256\n\
                 default_crl_days=7\ndefault_days=30\nnew_certs_dir=.\npolicy=p\ncrl_extensions=ce\n\
                 [p]\ncommonName=supplied\n[ce]\nauthorityKeyIdentifier=keyid\n[req]\ndistinguished_name=dn\n[dn]\n\
                 [v3]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n\
                 subjectKeyIdentifier=hash\n\
                 [leaf]\nauthorityKeyIdentifier=keyid\n\
                 crlDistributionPoints=URI:ldap://127.0.0.1/x,URI:http://127.0.0.1:{port}/ca.crl\n\
                 authorityInfoAccess=OCSP;URI:http://127.0.0.1:{port}/ocsp,caIssuers;URI:http://127.0.0.1:{port}/ca.crt\n"
            ),
        );
        let authority = Self { sandbox, server };
        authority.root("ca", "/O=Org/CN=Root");
        authority.sandbox.write("index.txt", "");
        authority.sandbox.write("serial", "1000\n");
        authority.sandbox.write("crlnumber", "05\n");
        for name in ["good", "bad"] {
            let (key, csr, crt) = (format!("{name}.key"), format!("{name}.csr"), format!("{name}.crt"));
            let subject = format!("/CN={name}");
            authority
                .openssl(&[&["req", "-new"][..], &KEY, &["-subj", &subject, "-keyout", &key, "-out", &csr]].concat());
            authority.ca(&["-in", &csr, "-out", &crt, "-extensions", "leaf", "-notext"]);
        }
        authority.ca(&["-revoke", "bad.crt", "-crl_reason", "keyCompromise"]);
        authority.ca(&["-gencrl", "-out", "ca.crl"]);
        authority
    }

    fn root(&self, name: &str, subject: &str) {
        let (key, crt) = (format!("{name}.key"), format!("{name}.crt"));
        let words = ["-x509", "-extensions", "v3", "-subj", subject, "-keyout", &key, "-out", &crt];
        self.openssl(&[&["req"][..], &KEY, &words].concat());
    }

    fn openssl(&self, words: &[&str]) {
        openssl(&self.sandbox, words);
    }

    fn ca(&self, words: &[&str]) {
        let ca = ["ca", "-batch", "-config", "x.cnf", "-cert", "ca.crt", "-keyfile", "ca.key"];
        self.openssl(&[&ca[..], words].concat());
    }

    fn verify(&self, words: &[&str]) -> Outcome {
        self.sandbox.run(&[&["certificate", "verify", "--roots", "ca.crt"][..], words].concat())
    }

    fn inspect(&self, words: &[&str]) -> Outcome {
        self.sandbox.run(&[&["crl", "inspect"][..], words].concat())
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.server.port)
    }
}

const KEY: [&str; 7] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-config", "x.cnf"];

/// Answer a request for a file, or a question to the responder, whose signer is `responder.crt` when that is there.
fn answer(stream: TcpStream, folder: &Path) {
    let mut reader = BufReader::new(stream);
    let (mut line, mut length) = (String::new(), 0);
    reader.read_line(&mut line).expect("a request");
    let path = line.split(' ').nth(1).expect("a path").trim_start_matches('/').to_owned();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).expect("a header");
        let Some((name, value)) = header.trim().split_once(": ") else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().expect("a length");
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    let body = if path == "ocsp" { Some(respond(folder, &body)) } else { fs::read(folder.join(&path)).ok() };
    let status = if body.is_some() { "200 OK" } else { "404 Not Found" };
    let body = body.unwrap_or_default();
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    let stream = reader.get_mut();
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body)).expect("an answer");
}

fn respond(folder: &Path, question: &[u8]) -> Vec<u8> {
    let canned: PathBuf = folder.join("canned.der");
    if canned.exists() {
        return fs::read(canned).expect("an answer");
    }
    fs::write(folder.join("question.der"), question).expect("a file");
    let signer = if folder.join("responder.crt").exists() { "responder" } else { "ca" };
    let (crt, key) = (format!("{signer}.crt"), format!("{signer}.key"));
    let output = Command::new("openssl")
        .args(["ocsp", "-index", "index.txt", "-CA", "ca.crt", "-ndays", "1", "-reqin", "question.der"])
        .args(["-rsigner", &crt, "-rkey", &key, "-respout", "answer.der"])
        .current_dir(folder)
        .output()
        .expect("openssl");
    assert!(output.status.success(), "{output:?}");
    fs::read(folder.join("answer.der")).expect("an answer")
}

fn silent() -> Outcome {
    Outcome { code: Some(0), stdout: String::new(), stderr: String::new() }
}

#[test]
fn a_list_of_the_issuer_says_who_is_revoked() {
    let authority = Authority::new();
    assert_eq!(authority.verify(&["good.crt", "--verify-crl"]), silent());
    let place = authority.url("ca.crl");
    authority.verify(&["good.crt", "--verify-crl", "-v"]).printed(&format!(
        "certificate validated against roots\ncertificate not revoked in CRL {place}\ncertificate is valid\n"
    ));
    let revoked = authority.verify(&["bad.crt", "--verify-crl"]);
    revoked.failed(1, &format!("certificate marked as revoked in CRL {place}: since "));
    revoked.failed(1, "reason keyCompromise\n");
    // PEM is read, too.
    authority.openssl(&["crl", "-in", "ca.crl", "-outform", "DER", "-out", "der.crl"]);
    for name in ["ca.crl", "der.crl"] {
        let place = authority.url(name);
        assert_eq!(authority.verify(&["good.crt", "--verify-crl", "--crl-endpoint", &place]), silent());
        authority.verify(&["bad.crt", "--verify-crl", "--crl-endpoint", &place]).failed(1, "marked as revoked");
    }
    // A certificate of the issuer that is only told by its own extension.
    let direct = ["certificate", "verify", "good.crt", "--roots", "good.crt", "--verify-crl"];
    assert_eq!(authority.sandbox.run(&direct), silent());
}

#[test]
fn a_list_that_does_not_count_is_no_answer() {
    let authority = Authority::new();
    let with_list = |name: &str, words: &[&str]| {
        let place = authority.url(name);
        authority.verify(&[&["good.crt", "--verify-crl", "--crl-endpoint", &place][..], words].concat())
    };
    let none = "could not verify certificate against CRL distribution point(s)";
    with_list("gone.crl", &[])
        .failed(1, &format!("{none}: {}: error downloading crl: status code 404\n", authority.url("gone.crl")));
    authority.sandbox.write("rubbish.crl", "rubbish");
    with_list("rubbish.crl", &[]).failed(1, "error parsing crl: ");
    let told = with_list("rubbish.crl", &["--verbose"]);
    assert!(told.stdout.is_empty() && told.stderr.matches("error parsing crl").count() == 2, "{told:?}");
    // The list of another CA that calls itself the same.
    fs::rename(authority.sandbox.path("ca.key"), authority.sandbox.path("real.key")).expect("a file");
    fs::rename(authority.sandbox.path("ca.crt"), authority.sandbox.path("real.crt")).expect("a file");
    authority.root("ca", "/O=Org/CN=Root");
    authority.ca(&["-gencrl", "-out", "forged.crl"]);
    fs::rename(authority.sandbox.path("ca.crt"), authority.sandbox.path("impostor.crt")).expect("a file");
    fs::rename(authority.sandbox.path("real.crt"), authority.sandbox.path("ca.crt")).expect("a file");
    fs::rename(authority.sandbox.path("real.key"), authority.sandbox.path("ca.key")).expect("a file");
    with_list("forged.crl", &[]).failed(1, "error validating the CRL against the CA issuer: ");
    assert_eq!(with_list("forged.crl", &["--insecure"]), silent());
    with_list("forged.crl", &["--issuing-ca", "impostor.crt"])
        .failed(1, "the certificate in impostor.crt did not issue this one");
    // A list that is over.
    authority.ca(&[
        "-gencrl",
        "-out",
        "old.crl",
        "-crl_lastupdate",
        "20250101000000Z",
        "-crl_nextupdate",
        "20250102000000Z",
    ]);
    with_list("old.crl", &[]).failed(1, "error validating the CRL against the CA issuer: CRL has expired\n");
    with_list("old.crl", &["--insecure"]).failed(1, "CRL has expired\n");
    authority.verify(&["ca.crt", "--verify-crl"]).failed(1, "CRL distribution endpoint not found in certificate");
    authority.verify(&["ca.crt", "--verify-ocsp"]).failed(1, "no OCSP AIA extension found");
}

#[test]
fn a_responder_says_who_is_good() {
    let authority = Authority::new();
    let place = authority.url("ocsp");
    assert_eq!(authority.verify(&["good.crt", "--verify-ocsp"]), silent());
    authority.verify(&["good.crt", "--verify-ocsp", "--verify-crl", "--verbose"]).printed(&format!(
        "certificate validated against roots\ncertificate not revoked in CRL {}\ncertificate status is good according \
         OCSP {place}\ncertificate is valid\n",
        authority.url("ca.crl")
    ));
    let revoked = authority.verify(&["bad.crt", "--verify-ocsp"]);
    revoked.failed(1, &format!("certificate has been revoked according to OCSP {place}: since "));
    // What the responder said about another certificate, or what somebody else said, counts for nothing.
    fs::copy(authority.sandbox.path("answer.der"), authority.sandbox.path("of-bad.der")).expect("a copy");
    assert_eq!(authority.verify(&["good.crt", "--verify-ocsp"]), silent());
    fs::copy(authority.sandbox.path("answer.der"), authority.sandbox.path("canned.der")).expect("a copy");
    let none = "could not verify certificate against OCSP server(s)";
    authority.verify(&["bad.crt", "--verify-ocsp"]).failed(1, none);
    fs::write(authority.sandbox.path("canned.der"), "rubbish").expect("a file");
    authority.verify(&["good.crt", "--verify-ocsp"]).failed(1, none);
    fs::remove_file(authority.sandbox.path("canned.der")).expect("a file");
    authority.root("responder", "/O=Org/CN=Root");
    authority
        .verify(&["good.crt", "--verify-ocsp"])
        .failed(1, "not signed by the issuer or somebody it has authorized");
    let gone = authority.url("gone");
    authority
        .verify(&["good.crt", "--verify-ocsp", "--ocsp-endpoint", &gone])
        .failed(1, &format!("{none}: {gone}: error contacting OCSP server: status code 404\n"));
}

#[test]
fn a_list_is_shown_with_what_it_is_worth() {
    let authority = Authority::new();
    let shown = authority.inspect(&["ca.crl", "--ca", "ca.crt"]);
    assert_eq!(shown.code, Some(0), "{shown:?}");
    let lines: Vec<&str> = shown.stdout.lines().collect();
    assert_eq!(
        lines[..6],
        [
            "Certificate Revocation List (CRL):",
            "    Data:",
            "        Valid: true",
            "        Version: 2 (0x1)",
            "    Signature algorithm: ECDSA-SHA256",
            "        Issuer: O=Org,CN=Root",
        ]
    );
    assert!(shown.stdout.contains("            X509v3 CRL Number:\n                5\n"), "{shown:?}");
    let entry =
        "        Revoked Certificates:\n            Serial Number: 4097 (0x1001)\n                Revocation Date: ";
    assert!(shown.stdout.contains(entry), "{shown:?}");
    assert!(shown.stdout.contains("X509v3 CRL Reason Code:\n                        Key Compromise\n"), "{shown:?}");
    let fetched = authority.inspect(&[&authority.url("ca.crl"), "--ca", "ca.crt"]);
    assert_eq!(fetched, shown);
    let json = authority.inspect(&["ca.crl", "--ca", "ca.crt", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!((&json["signature"]["valid"], &json["version"]), (&true.into(), &2.into()));
    assert_eq!(json["issuer"], serde_json::json!({ "common_name": "Root", "organization": ["Org"] }));
    assert_eq!(json["revoked_certificates"][0]["serial_number"], "4097");
    assert_eq!(
        json["revoked_certificates"][0]["extensions"],
        serde_json::json!([{ "crl_reason_code": "Key Compromise" }])
    );
    let pem = authority.inspect(&["ca.crl", "--ca", "ca.crt", "--format", "pem"]);
    assert_eq!(pem.stdout, authority.sandbox.read("ca.crl"));
    authority.inspect(&["ca.crl"]).failed(1, "'rung crl inspect' requires the '--insecure' flag\n");
    authority.inspect(&["ca.crl", "--insecure", "--format=xml"]).failed(1, "options are text, json, pem\n");
    let from = authority.inspect(&["good.crt", "--from", "--ca", "ca.crt"]);
    assert_eq!(from, shown);
    authority.inspect(&["ca.crt", "--from"]).failed(1, "failed to get CRL distribution points from ca.crt\n");
}

#[test]
fn a_list_that_is_not_valid_ends_with_code_1() {
    let authority = Authority::new();
    let check = |words: &[&str], code: i32, reason: &str| {
        let shown = authority.inspect(words);
        assert_eq!(shown.code, Some(code), "{shown:?}");
        assert!(shown.stdout.contains(&format!("        Valid: false\n        Reason: {reason}\n")), "{shown:?}");
        let json = authority.inspect(&[words, &["--format=json"]].concat());
        let json: serde_json::Value = serde_json::from_str(&json.stdout).expect("JSON");
        assert_eq!((&json["signature"]["valid"], &json["signature"]["reason"]), (&false.into(), &reason.into()));
    };
    check(&["ca.crl", "--insecure"], 0, "Signature was not checked");
    check(&["ca.crl", "--ca", "good.crt"], 1, "No certificate of the CA that signed it is known");
    authority.ca(&[
        "-gencrl",
        "-out",
        "old.crl",
        "-crl_lastupdate",
        "20250101000000Z",
        "-crl_nextupdate",
        "20250102000000Z",
    ]);
    check(&["old.crl", "--ca", "ca.crt"], 1, "CRL has expired");
    check(&["old.crl", "--ca", "ca.crt", "--insecure"], 0, "CRL has expired");
    let mut der = Command::new("openssl")
        .args(["crl", "-in", "ca.crl", "-outform", "DER"])
        .current_dir(authority.sandbox.path(""))
        .output()
        .expect("openssl")
        .stdout;
    *der.last_mut().expect("an octet") ^= 1;
    fs::write(authority.sandbox.path("broken.crl"), der).expect("a file");
    check(&["broken.crl", "--ca", "ca.crt"], 1, "Signature does not match");
}

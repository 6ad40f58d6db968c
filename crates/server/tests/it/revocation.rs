//! Renewal, revocation, CRLs and OCSP over the wire; OpenSSL asks and judges.

use std::{
    process::Command,
    thread,
    time::{Duration, UNIX_EPOCH},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use rung_pki::{
    Certificate, Crl, PrivateKey,
    crl::Reason,
    jose::{SignHeader, sign_compact},
    keyfile,
    ocsp::{HashAlgorithm, IssuerHashes, RequestContent},
};
use rustix::process::Signal;
use rustls::version::TLS13;
use serde_json::{Value, json};

use crate::{
    client::{Answer, Client},
    server::Server,
    stage::{Stage, ec, present, request, request_of},
};

/// An authority that tells revocations, also over plain HTTP.
pub(crate) struct Scene {
    pub(crate) stage: Stage,
    pub(crate) server: Server,
    pub(crate) client: Client,
    /// `http://` and where revocations are told.
    pub(crate) plain: String,
}

/// A certificate with its key.
pub(crate) struct Held {
    pub(crate) certificate: Certificate,
    pub(crate) key: PrivateKey,
}

impl Scene {
    pub(crate) fn new(crl: &Value) -> Self {
        Self::changed(crl, |_| {})
    }

    /// The same with another configuration.
    pub(crate) fn changed(crl: &Value, change: impl FnOnce(&mut Value)) -> Self {
        let stage = Stage::new();
        let mut config = stage.config();
        change(&mut config);
        config["crl"] = crl.clone();
        config["insecureAddress"] = "127.0.0.1:0".into();
        config["revocationURL"] = "http://pki.example".into();
        stage.configure(&config);
        let (server, plain) = Self::serve(&stage);
        let client = Client::new(&stage, &server.address);
        Self { stage, server, client, plain }
    }

    fn serve(stage: &Stage) -> (Server, String) {
        let mut server = Server::spawn(&mut stage.command());
        server.address = server.serving();
        let line = server.wait_for("Serving CRLs and OCSP on http://");
        let plain = line.split_once("http://").unwrap().1.trim_end_matches(" ...").to_owned();
        (server, format!("http://{plain}"))
    }

    pub(crate) fn restart(&mut self, signal: Signal) {
        self.server.signal(signal);
        let old = std::mem::replace(&mut self.server, Server::spawn(&mut Command::new("true")));
        old.wait();
        (self.server, self.plain) = Self::serve(&self.stage);
        self.client = self.client.at(&self.server.address);
    }

    pub(crate) fn sign(&self) -> Held {
        let key = ec();
        let body = json!({"csr": request_of(&key, &[]), "ott": self.stage.token(&json!({}))});
        let answer = self.client.post("/sign", &body.to_string());
        assert_eq!(answer.status, 201, "{answer:?}");
        Held { certificate: certificate(&answer), key }
    }

    /// A client with that certificate.
    pub(crate) fn with(&self, held: &Held) -> Client {
        let chain = [held.certificate.clone(), self.stage.intermediate.clone()];
        let identity = Some((&chain[..], &held.key));
        let mut client = Client::with(&self.stage.root, &self.server.address, &[&TLS13], identity);
        client.books = self.client.books.clone();
        client
    }

    pub(crate) fn revoke_body(&self, certificate: &Certificate, changes: &Value) -> String {
        let serial = certificate.serial().to_string();
        let token = self.stage.token(&json!({"aud": "https://localhost/1.0/revoke", "sub": serial}));
        let mut body = json!({"serial": serial, "ott": token, "reasonCode": 4, "reason": "x", "passive": true});
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        body.to_string()
    }

    #[track_caller]
    pub(crate) fn revoke(&self, certificate: &Certificate) {
        let answer = self.client.post("/revoke", &self.revoke_body(certificate, &json!({})));
        assert_eq!((answer.status, answer.body.as_str()), (200, "{\"status\":\"ok\"}\n"), "{answer:?}");
    }

    /// End the program, and see that its answers are on record.
    #[track_caller]
    pub(crate) fn close(self) {
        self.client.books.close(&self.stage, self.server);
    }

    pub(crate) fn crl(&self) -> Crl {
        let answer = self.client.get("/1.0/crl?pem");
        assert_eq!(answer.status, 200, "{answer:?}");
        Crl::from_pem_or_der(answer.body.as_bytes()).unwrap()
    }

    /// What `openssl ocsp` says about a certificate.
    pub(crate) fn ocsp(&self, certificate: &Certificate, more: &[&str]) -> String {
        self.stage.write("leaf.crt", &certificate.to_pem());
        let url = format!("{}/ocsp", self.plain);
        let mut openssl = Command::new("openssl");
        openssl.current_dir(self.stage.path("")).arg("ocsp").args(more);
        openssl.args(["-issuer", "int.crt", "-cert", "leaf.crt", "-url", &url]);
        openssl.args(["-CAfile", "root.crt", "-verify_other", "int.crt"]);
        let output = openssl.output().expect("the program openssl, which these tests need");
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    }
}

pub(crate) fn certificate(answer: &Answer) -> Certificate {
    Certificate::from_pem(answer.json()["crt"].as_str().unwrap().as_bytes()).unwrap()
}

pub(crate) fn always() -> Value {
    json!({"enabled": true, "generateOnRevoke": true})
}

#[test]
fn a_certificate_is_renewed_rekeyed_and_revoked_by_its_holder() {
    let scene = Scene::new(&always());
    let held = scene.sign();
    let holder = scene.with(&held);
    for path in ["/renew", "/1.0/renew", "/re-sign"] {
        let answer = holder.post(path, "");
        assert_eq!(answer.status, 201, "{path}: {answer:?}");
        let renewed = certificate(&answer);
        assert_eq!(renewed.public_key().unwrap(), held.certificate.public_key().unwrap());
        assert_eq!(answer.json()["certChain"].as_array().unwrap().len(), 2);
    }
    let key = ec();
    let answer = holder.post("/rekey", &json!({"csr": request_of(&key, &["other.example"])}).to_string());
    assert_eq!(answer.status, 201, "{answer:?}");
    let rekeyed = certificate(&answer);
    assert_eq!(rekeyed.subject_alt_names().unwrap(), held.certificate.subject_alt_names().unwrap());
    let same = json!({"csr": request_of(&held.key, &[])}).to_string();
    assert_eq!(holder.post("/rekey", &same).status, 403, "c23");
    for (body, message) in
        [("", "error decoding json"), ("{}", "missing csr"), ("{\"csr\":\"x\"}", "error decoding json")]
    {
        let answer = holder.post("/rekey", body);
        assert_eq!(answer.status, 400);
        assert!(answer.message().contains(message), "{answer:?}");
    }
    let other = rekeyed.serial().to_string();
    let body = json!({"serial": other, "passive": true}).to_string();
    assert_eq!(holder.post("/revoke", &body).status, 403, "c24: somebody else's");
    let own = json!({"serial": held.certificate.serial().to_string(), "reasonCode": 1, "passive": true}).to_string();
    assert_eq!(holder.post("/revoke", &own).status, 200);
    let again = holder.post("/revoke", &own);
    assert_eq!((again.status, again.message().contains("is already revoked")), (400, true));
    for path in ["/renew", "/rekey"] {
        let answer = holder.post(path, &json!({"csr": request(&[])}).to_string());
        assert_eq!((answer.status, answer.message().contains("is revoked")), (401, true), "c21 {path}: {answer:?}");
    }
    scene.close();
}

#[test]
fn c22_headers_of_proxies_are_nobodys_certificate() {
    let scene = Scene::new(&always());
    let held = scene.sign();
    let pem = held.certificate.to_pem().replace('\n', "%0A");
    let der = STANDARD.encode(held.certificate.der());
    let serial = held.certificate.serial().to_string();
    let body = json!({"csr": request(&[]), "serial": serial, "passive": true}).to_string();
    for name in [
        "X-Client-Cert",
        "X-SSL-Cert",
        "X-SSL-Client-Cert",
        "X-Forwarded-Client-Cert",
        "Client-Cert",
        "SSL_CLIENT_CERT",
    ] {
        for value in [&pem, &der, &format!(":{der}:"), &format!("Hash=00;Cert=\"{pem}\"")] {
            let headers = format!("{name}: {value}\r\nX-SSL-Client-Verify: SUCCESS\r\nX-Forwarded-For: 127.0.0.1\r\n");
            for (path, message) in [
                ("/renew", "missing client certificate"),
                ("/rekey", "missing client certificate"),
                ("/revoke", "missing ott or client certificate"),
            ] {
                let answer = scene.client.send("POST", path, &headers, &body);
                assert_eq!(
                    (answer.status, answer.message().contains(message)),
                    (400, true),
                    "{path} {name}: {answer:?}"
                );
            }
        }
    }
    assert_eq!((scene.stage.rows("certificates"), scene.stage.rows("revocations")), (1, 0));
    scene.close();
}

/// A token that renews, with this chain in its header and claims that differ by these.
pub(crate) fn renewal(chain: &[Certificate], key: &PrivateKey, changes: &Value) -> String {
    let chain: Vec<String> = chain.iter().map(|certificate| STANDARD.encode(certificate.der())).collect();
    let mut header = SignHeader { typ: Some("JWT"), ..SignHeader::default() };
    header.extra.insert("x5cInsecure", json!(chain));
    let now = present();
    let mut claims = json!({
        "iss": "step-ca-client/1.0", "sub": "foo.example", "aud": "https://localhost/renew", "exp": now + 300, "nbf": now,
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    sign_compact(&header, claims.to_string().as_bytes(), key).unwrap()
}

#[test]
fn t14_chains_in_tokens_are_looked_at_like_all_others() {
    use rung_pki::extension::{self, KeyUsage, Purpose};
    let scene = Scene::new(&always());
    let stage = &scene.stage;
    let held = scene.sign();
    let own = Some((&stage.intermediate, &stage.key));
    let usage = |usage, purpose| vec![extension::key_usage(usage), extension::extended_key_usage(&[purpose])];
    let (signs, encrypts) = (KeyUsage::DIGITAL_SIGNATURE, KeyUsage::KEY_ENCIPHERMENT);
    let days = crate::stage::DAYS_365;
    let make = |issuer, lifetime, extensions| {
        crate::stage::certificate("foo.example", &held.key, issuer, lifetime, extensions)
    };
    let mine = (ec(), ec());
    let foreign = crate::stage::ca("Test Root CA", &mine.0, None, days);
    let client = || usage(signs, Purpose::ClientAuth);
    let leaf = held.certificate.clone();
    let intermediate = stage.intermediate.clone();
    for (case, chain, key) in [
        ("no chain", vec![], &held.key),
        ("a foreign root", vec![make(Some((&foreign, &mine.0)), days, client()), foreign.clone()], &held.key),
        ("expired", vec![make(own, Duration::from_secs(60), client()), intermediate.clone()], &held.key),
        ("a CA as leaf", vec![intermediate.clone()], &stage.key),
        ("the root as leaf", vec![stage.root.clone()], &stage.root_key),
        ("for servers", vec![make(own, days, usage(signs, Purpose::ServerAuth)), intermediate.clone()], &held.key),
        ("no signatures", vec![make(own, days, usage(encrypts, Purpose::ClientAuth)), intermediate.clone()], &held.key),
        ("another key", vec![leaf.clone(), intermediate.clone()], &mine.1),
        ("11 certificates", [vec![leaf.clone()], vec![intermediate.clone(); 10]].concat(), &held.key),
        ("not on record", vec![make(own, days, client()), intermediate.clone()], &held.key),
    ] {
        let token = renewal(&chain, key, &json!({}));
        let answer = scene.client.send("POST", "/renew", &format!("Authorization: Bearer {token}\r\n"), "");
        assert_eq!(answer.status, 401, "{case}: {answer:?}");
    }
    let hundred = renewal(&[vec![leaf.clone()], vec![intermediate.clone(); 100]].concat(), &held.key, &json!({}));
    let answer = scene.client.send("POST", "/renew", &format!("Authorization: Bearer {hundred}\r\n"), "");
    assert_eq!(answer.status, 431, "{answer:?}");
    let chain = [leaf, intermediate];
    for (case, changes) in [
        ("another's name", json!({"sub": "bar.example"})),
        ("another's issuer", json!({"iss": "somebody"})),
        ("t20: to sign", json!({"aud": "https://localhost/1.0/sign"})),
        ("t20: another CA", json!({"aud": "https://other.example/renew"})),
        ("t22: expired", json!({"exp": present() - 120})),
        ("t22: not yet", json!({"nbf": present() + 120})),
        ("t23: for ever", json!({"exp": 1e18 as u64})),
        ("t23: without end", json!({"exp": null})),
    ] {
        let token = renewal(&chain, &held.key, &changes);
        let answer = scene.client.send("POST", "/renew", &format!("Authorization: Bearer {token}\r\n"), "");
        assert_eq!(answer.status, 401, "{case}: {answer:?}");
    }
    assert_eq!(stage.rows("certificates"), 1, "something was issued");
    let token = renewal(&chain, &held.key, &json!({}));
    let answer = scene.client.send("POST", "/renew", &format!("Authorization: Bearer {token}\r\n"), "");
    assert_eq!(answer.status, 201, "the good one: {answer:?}");
    scene.close();
}

#[test]
fn a_token_of_the_certificates_key_renews_it() {
    let scene = Scene::new(&always());
    let held = scene.sign();
    let chain = [held.certificate.clone(), scene.stage.intermediate.clone()];
    let token = renewal(&chain, &held.key, &json!({}));
    let renew = |scheme: &str| scene.client.send("POST", "/renew", &format!("Authorization: {scheme}{token}\r\n"), "");
    assert_eq!(renew("bearer ").status, 400);
    assert_eq!(renew("Bearer ").status, 201);
    assert_eq!(renew("Bearer ").status, 401, "a second time");
    let nonsense = scene.client.send("POST", "/renew", "Authorization: Bearer nonsense\r\n", "");
    assert_eq!(nonsense.status, 401);
    scene.close();
}

#[test]
fn c24_requests_to_revoke_are_checked_in_their_order() {
    let scene = Scene::new(&always());
    let held = scene.sign();
    let serial = held.certificate.serial().to_string();
    for (body, status, message) in [
        (String::new(), 400, "error decoding json"),
        ("{\"serial\":7}".to_owned(), 400, "error decoding json"),
        ("{\"serial\":\"7\",\"reasonCode\":\"1\"}".to_owned(), 400, "error decoding json"),
        ("{}".to_owned(), 400, "missing serial"),
        ("{\"serial\":\"x\"}".to_owned(), 400, "is not a valid serial number"),
        ("{\"serial\":\"-1\"}".to_owned(), 400, "is not a valid serial number"),
        ("{\"serial\":\"0\"}".to_owned(), 400, "is not a valid serial number"),
        ("{\"serial\":\"017\"}".to_owned(), 400, "is not a valid serial number"),
        (format!("{{\"serial\":\"{}\"}}", "9".repeat(60)), 400, "is not a valid serial number"),
        ("{\"serial\":\"7\",\"reasonCode\":-1}".to_owned(), 400, "reasonCode out of bounds"),
        ("{\"serial\":\"7\",\"reasonCode\":7}".to_owned(), 400, "reasonCode out of bounds"),
        ("{\"serial\":\"7\",\"reasonCode\":8}".to_owned(), 400, "removeFromCRL"),
        ("{\"serial\":\"7\",\"reasonCode\":11}".to_owned(), 400, "reasonCode out of bounds"),
        ("{\"serial\":\"7\",\"reasonCode\":99}".to_owned(), 400, "reasonCode out of bounds"),
        ("{\"serial\":\"7\",\"ott\":\"x\"}".to_owned(), 501, "not implemented"),
        ("{\"serial\":\"7\",\"passive\":true}".to_owned(), 400, "missing ott or client certificate"),
        ("{\"serial\":\"7\",\"passive\":true,\"ott\":\"x\"}".to_owned(), 401, "malformed"),
        (scene.revoke_body(&held.certificate, &json!({"serial": "7"})), 403, "do not match"),
    ] {
        let answer = scene.client.post("/revoke", &body);
        assert_eq!(answer.status, status, "{body}: {answer:?}");
        assert!(answer.message().contains(message), "{body}: {answer:?}");
    }
    assert!(scene.crl().is_empty());
    let hexadecimal = format!("0x{}", held.certificate.serial().to_hex());
    let body = scene.revoke_body(&held.certificate, &json!({"serial": hexadecimal}));
    assert_eq!(scene.client.post("/revoke", &body).status, 200, "{serial}");
    assert_eq!(scene.client.post("/revoke", &body).status, 401, "the token was used");
    scene.close();
}

#[test]
fn r03_openssl_learns_of_a_revocation_at_once() {
    let scene = Scene::new(&always());
    let (good, bad) = (scene.sign().certificate, scene.sign().certificate);
    for certificate in [&good, &bad] {
        let said = scene.ocsp(certificate, &[]);
        assert!(said.contains("Response verify OK") && said.contains("leaf.crt: good"), "{said}");
        let said = scene.ocsp(certificate, &["-no_nonce", "-sha256"]);
        assert!(said.contains("Response verify OK") && said.contains("leaf.crt: good"), "{said}");
    }
    scene.revoke(&bad);
    for more in [&[][..], &["-no_nonce", "-sha256"], &["-no_nonce"]] {
        let said = scene.ocsp(&bad, more);
        assert!(said.contains("leaf.crt: revoked") && said.contains("Reason: superseded"), "{more:?} {said}");
        assert!(scene.ocsp(&good, more).contains("leaf.crt: good"));
    }
    let issuer = Some((&scene.stage.intermediate, &scene.stage.key));
    let unrecorded = crate::stage::certificate("x", &ec(), issuer, crate::stage::DAYS_365, vec![]);
    let said = scene.ocsp(&unrecorded, &[]);
    assert!(said.contains("leaf.crt: unknown"), "what is not on record is never good: {said}");
    // Somebody else's certificate.
    scene.stage.write("leaf.crt", &good.to_pem());
    let url = format!("{}/ocsp", scene.plain);
    let mut openssl = Command::new("openssl");
    openssl.current_dir(scene.stage.path("")).args(["ocsp", "-issuer", "root.crt", "-cert", "leaf.crt", "-url", &url]);
    let said = openssl.output().unwrap();
    assert!(String::from_utf8_lossy(&said.stdout).contains("unauthorized"), "{said:?}");
}

/// What a request is answered with over plain HTTP: status, headers and body.
fn plain(scene: &Scene, method: &str, path: &str, body: &[u8]) -> (u16, String, Vec<u8>) {
    scene.stage.write("empty", "");
    std::fs::write(scene.stage.path("body"), body).unwrap();
    let mut curl = Command::new("curl");
    curl.current_dir(scene.stage.path("")).args(["--silent", "--include", "--max-time", "30", "--request", method]);
    if method == "POST" {
        curl.args(["--data-binary", "@body", "--header", "Content-Type: application/ocsp-request"]);
    }
    let output = curl.arg(format!("{}{path}", scene.plain)).output().expect("the program curl, which these tests need");
    let end = output.stdout.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(output.stdout[..end].to_vec()).unwrap().to_ascii_lowercase();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head, output.stdout[end + 4..].to_vec())
}

#[test]
fn r01_questions_are_bounded_and_answers_are_cacheable() {
    let scene = Scene::new(&always());
    let leaf = scene.sign().certificate;
    let hashes = IssuerHashes::of(&scene.stage.intermediate).unwrap();
    let id = hashes.id(HashAlgorithm::Sha1, leaf.serial());
    let question =
        |count: usize, nonce: Option<&[u8]>| RequestContent { questions: &vec![id.clone(); count], nonce }.to_der();
    let malformed = [0x30, 3, 0x0a, 1, 1];
    for der in [question(33, None), question(1000, None), question(1, Some(&[7; 1024])), b"nonsense".to_vec(), vec![]] {
        let (status, head, body) = plain(&scene, "POST", "/ocsp", &der);
        assert_eq!((status, body.as_slice()), (200, &malformed[..]));
        assert!(head.contains("cache-control: no-store"), "{head}");
    }
    let (status, ..) = plain(&scene, "POST", "/ocsp", &vec![0; 2 << 20]);
    assert_eq!(status, 413);
    let encoded = STANDARD.encode(question(1, None)).replace('+', "%2B").replace('=', "%3D");
    for path in [format!("/ocsp/{encoded}"), format!("/1.0/ocsp/{}", encoded.replace('/', "%2F"))] {
        let (status, head, body) = plain(&scene, "GET", &path, b"");
        assert_eq!(status, 200, "{head}");
        for expected in ["content-type: application/ocsp-response", "max-age=", "expires: ", "last-modified: "] {
            assert!(head.contains(expected), "{expected} is not in {head}");
        }
        let (_, _, again) = plain(&scene, "POST", "/ocsp", &question(1, None));
        assert_eq!(body, again, "one answer serves all");
    }
    let (_, _, first) = plain(&scene, "POST", "/ocsp", &question(1, Some(&[1; 32])));
    let (_, _, second) = plain(&scene, "POST", "/ocsp", &question(1, Some(&[2; 32])));
    assert_ne!(first, second);
}

#[test]
fn plain_http_tells_revocations_and_nothing_else() {
    let scene = Scene::new(&always());
    for (method, path, expected) in [
        ("GET", "/crl", 200),
        ("GET", "/1.0/crl", 200),
        ("GET", "/intermediates.pem", 200),
        ("POST", "/crl", 405),
        ("GET", "/health", 404),
        ("POST", "/sign", 404),
        ("POST", "/revoke", 404),
        ("GET", "/roots", 404),
        ("GET", "/", 404),
    ] {
        assert_eq!(plain(&scene, method, path, b"{}").0, expected, "{method} {path}");
    }
}

#[test]
fn the_list_is_complete_and_its_numbers_only_grow() {
    let mut scene = Scene::new(&always());
    let leaves: Vec<Certificate> = (0..3).map(|_| scene.sign().certificate).collect();
    let mut numbers = vec![scene.crl().number().unwrap().to_vec()];
    for (count, leaf) in leaves.iter().enumerate() {
        scene.revoke(leaf);
        // It is made beside the requests, a moment later.
        let crl = loop {
            let crl = scene.crl();
            if crl.len() == count + 1 {
                break crl;
            }
            thread::yield_now();
        };
        assert_eq!(crl.find(leaf.serial()).map(|entry| entry.reason), Some(Reason::Superseded));
        assert_eq!(crl.is_signed_by(scene.stage.key_public()), Ok(()));
        numbers.push(crl.number().unwrap().to_vec());
    }
    for signal in [Signal::TERM, Signal::KILL] {
        scene.restart(signal);
        let crl = scene.crl();
        assert_eq!(crl.len(), 3, "r03: what was acknowledged is there after {signal:?}");
        numbers.push(crl.number().unwrap().to_vec());
    }
    scene.server.reload("The configuration was reloaded");
    let reloaded = loop {
        let number = scene.crl().number().unwrap().to_vec();
        if Some(&number) != numbers.last() {
            break number;
        }
        thread::yield_now();
    };
    numbers.push(reloaded);
    let as_number = |octets: &Vec<u8>| octets.iter().fold(0_u64, |number, octet| number << 8 | u64::from(*octet));
    assert!(numbers.windows(2).all(|pair| as_number(&pair[0]) < as_number(&pair[1])), "r02: {numbers:?}");
    // OpenSSL obeys it.
    let answer = scene.client.get("/crl?pem");
    scene.stage.write("crl.pem", &answer.body);
    scene.stage.write("chain.pem", &format!("{}{}", scene.stage.root.to_pem(), scene.stage.intermediate.to_pem()));
    let verify = |leaf: &Certificate| {
        scene.stage.write("leaf.crt", &leaf.to_pem());
        let arguments = ["verify", "-crl_check", "-CAfile", "chain.pem", "-CRLfile", "crl.pem", "leaf.crt"];
        let output = Command::new("openssl").current_dir(scene.stage.path("")).args(arguments).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (good, said) = verify(&scene.sign().certificate);
    assert!(good, "{said}");
    let (good, said) = verify(&leaves[0]);
    assert!(!good && said.contains("certificate revoked"), "{said}");
    // Whoever has it is told so.
    let tag = answer.header("etag").unwrap();
    assert!(answer.header("expires").unwrap().ends_with(" GMT"), "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/x-pem-file"));
    let known = scene.client.send("GET", "/crl?pem", &format!("If-None-Match: {tag}\r\n"), "");
    assert_eq!((known.status, known.body.as_str()), (304, ""));
    let other = scene.client.send("GET", "/crl?pem", "If-None-Match: \"1-pem\"\r\n", "");
    assert_eq!(other.status, 200);
}

#[test]
fn without_generate_on_revoke_the_list_waits_for_its_time() {
    let scene = Scene::new(&json!({"enabled": true, "cacheDuration": "1h"}));
    let leaf = scene.sign().certificate;
    scene.revoke(&leaf);
    let crl = scene.crl();
    assert!(crl.is_empty());
    let lasts = crl.next_update().unwrap().duration_since(crl.this_update()).unwrap();
    assert_eq!(lasts, Duration::from_secs(3600));
    assert!(crl.this_update() > UNIX_EPOCH + Duration::from_secs(present() - 60));
    let scene = Scene::new(&json!({"enabled": false}));
    assert_eq!(scene.client.get("/crl").status, 404);
}

#[test]
fn certificates_say_where_revocations_are_told() {
    let scene = Scene::new(&always());
    let leaf = scene.sign().certificate;
    scene.stage.write("leaf.crt", &leaf.to_pem());
    let output = Command::new("openssl")
        .current_dir(scene.stage.path(""))
        .args(["x509", "-in", "leaf.crt", "-noout", "-text"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    for expected in
        ["OCSP - URI:http://pki.example/ocsp", "URI:http://pki.example/crl", "CA Issuers - URI:http://pki.example/"]
    {
        assert!(text.contains(expected), "{expected} is not in {text}");
    }
    let stage = Stage::new();
    let server = stage.serve();
    let answer = Client::new(&stage, &server.address).post("/sign", &stage.sign_body());
    assert_eq!(certificate(&answer).extensions().len(), leaf.extensions().len() - 2, "nothing is added unasked");
}

#[test]
fn a_ca_that_may_not_sign_lists_is_refused_at_the_start() {
    use rung_pki::extension::{self, BasicConstraints, KeyUsage};
    let stage = Stage::new();
    let extensions = vec![
        extension::key_usage(KeyUsage::CERT_SIGN),
        extension::basic_constraints(BasicConstraints { is_ca: true, path_len: None }),
    ];
    let issuer = Some((&stage.root, &stage.root_key));
    let intermediate = crate::stage::certificate("No Lists", &stage.key, issuer, crate::stage::DAYS_365, extensions);
    stage.write("int.crt", &intermediate.to_pem());
    stage.write("int.key", &keyfile::to_pem(&stage.key));
    let mut config = stage.config();
    config["crl"] = always();
    stage.configure(&config);
    let ended = Server::spawn(&mut stage.command()).wait();
    assert_eq!(ended.status.code(), Some(2));
    assert!(ended.stderr.contains("may not sign lists of revoked certificates"), "{}", ended.stderr);
}

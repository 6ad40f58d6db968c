//! Getting a token from a management API, which asks for a certificate.

use std::io::{Read, Write};
use std::sync::{Arc, Mutex};

use rustls::crypto::aws_lc_rs;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::Value;

use crate::documents::{chain, openssl};
use crate::peers::Server;
use crate::sandbox::{Outcome, Sandbox};

/// Run the command against an API that answers with this; also what it was asked.
fn ask(sandbox: &Sandbox, answer: &'static str, words: &[&str]) -> (Outcome, Option<(String, Value)>) {
    let file = |name: &str| CertificateDer::pem_file_iter(sandbox.path(name)).expect("a file").map(Result::unwrap);
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(file("root.crt"));
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build();
    let key = PrivateKeyDer::from_pem_file(sandbox.path("api.key")).expect("a key");
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_client_cert_verifier(verifier.expect("a verifier"))
        .with_single_cert(file("api.crt").collect(), key)
        .expect("a configuration");
    let (config, seen) = (Arc::new(config), Arc::new(Mutex::new(None)));
    let kept = seen.clone();
    let server = Server::serve(move |stream| {
        let connection = ServerConnection::new(config.clone()).expect("a connection");
        let mut stream = StreamOwned::new(connection, stream);
        let mut request = Vec::new();
        let mut buffer = [0; 4096];
        // Whoever has no certificate never gets here with a whole request.
        while let Ok(count) = stream.read(&mut buffer) {
            request.extend_from_slice(&buffer[..count]);
            let text = String::from_utf8_lossy(&request).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let Ok(body) = serde_json::from_str::<Value>(body) else { continue };
            *kept.lock().expect("a lock") = Some((head.lines().next().unwrap_or_default().to_owned(), body));
            let _ = stream.write_all(answer.as_bytes()).and_then(|()| stream.flush());
            return;
        }
    });
    let url = format!("https://127.0.0.1:{}/v1/", server.port);
    let outcome = sandbox.run(&[&["api", "token", "create"][..], words, &["--api-url", &url]].concat());
    let seen = seen.lock().expect("a lock").take();
    (outcome, seen)
}

fn sandbox() -> Sandbox {
    let sandbox = chain();
    let certs = sandbox.path("api.crt");
    let sandbox = sandbox.with_env("SSL_CERT_FILE", certs.to_str().expect("UTF-8"));
    let words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-config", "x.cnf"];
    let names = ["-addext", "subjectAltName=IP:127.0.0.1", "-subj", "/CN=api"];
    openssl(&sandbox, &[&words[..], &names, &["-keyout", "api.key", "-out", "api.crt"]].concat());
    sandbox
}

const CREATED: &str = "HTTP/1.1 201 Created\r\nContent-Length: 17\r\nConnection: close\r\n\r\n{\"token\":\"t.o.k\"}";

#[test]
fn a_certificate_brings_a_token() {
    let sandbox = sandbox();
    let (outcome, seen) = ask(&sandbox, CREATED, &["example", "chain.crt", "leaf.key", "--audience", "x"]);
    outcome.printed("t.o.k\n");
    outcome.said("✔ Token successfully created:\n");
    let (line, body) = seen.expect("a request");
    assert_eq!(line, "POST /v1/api/auth HTTP/1.1");
    assert_eq!((&body["teamID"], &body["teamSlug"], &body["audience"]), (&"".into(), &"example".into(), &"x".into()));
    assert_eq!(body["bundle"].as_array().expect("a list").len(), 2);
    let (outcome, seen) = ask(&sandbox, CREATED, &["ff98be70-7cc3-4df5-a5db-37f5d3c96e23", "chain.crt", "leaf.key"]);
    outcome.printed("t.o.k\n");
    let (_, body) = seen.expect("a request");
    assert_eq!((&body["teamID"], &body["teamSlug"]), (&"ff98be70-7cc3-4df5-a5db-37f5d3c96e23".into(), &"".into()));
}

#[test]
fn refusals_are_told() {
    let sandbox = sandbox();
    let refused =
        "HTTP/1.1 403 Forbidden\r\nContent-Length: 23\r\nConnection: close\r\n\r\n{\"message\":\"not yours\"}";
    let ask = |answer, words: &[&str]| ask(&sandbox, answer, words).0;
    ask(refused, &["example", "chain.crt", "leaf.key"]).failed(1, "not yours\n");
    let odd = "HTTP/1.1 200 OK\r\nContent-Length: 13\r\nConnection: close\r\n\r\n{\"token\":\"t\"}";
    ask(odd, &["example", "chain.crt", "leaf.key"]).failed(1, "failed to create token: 200\n");
    ask(CREATED, &["example", "chain.crt", "inter.key"]).failed(1, "chain.crt and the key do not belong together\n");
    ask(CREATED, &["example", "gone.crt", "leaf.key"]).failed(1, "could not read the certificate, gone.crt: ");
    let without = ["api", "token", "create", "example", "chain.crt", "leaf.key"];
    sandbox.run(&without).failed(1, "'rung api token create' requires the '--api-url' flag\n");
}

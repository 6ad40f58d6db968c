//! The TLS port.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::Arc,
    time::Duration,
};

use rung_pki::{
    Certificate,
    extension::{self, KeyUsage, Purpose},
};
use rustls::{
    NamedGroup, ProtocolVersion,
    version::{TLS12, TLS13},
};

use crate::{
    client::Client,
    stage::{DAYS_365, Stage, certificate, ec, request_of},
};

/// Version and key exchange group of a handshake, and what the server agreed to speak.
fn negotiate(client: &Client, protocols: &[&str]) -> (ProtocolVersion, NamedGroup, Option<String>) {
    let mut config = client.config();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    let mut connection = rustls::ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let mut socket = client.connect().unwrap().sock;
    while connection.is_handshaking() {
        connection.complete_io(&mut socket).unwrap();
    }
    let protocol = connection.alpn_protocol().map(|protocol| String::from_utf8(protocol.to_vec()).unwrap());
    let group = connection.negotiated_key_exchange_group().unwrap().name();
    (connection.protocol_version().unwrap(), group, protocol)
}

#[test]
fn versions_protocols_and_the_hybrid_group() {
    let stage = Stage::new();
    let server = stage.serve();
    let new = Client::new(&stage, &server.address);
    let old = Client::with(&stage.root, &server.address, &[&TLS12], None);
    let hybrid = NamedGroup::X25519MLKEM768;
    assert_eq!(negotiate(&new, &["h2", "http/1.1"]), (ProtocolVersion::TLSv1_3, hybrid, Some("h2".to_owned())));
    assert_eq!(negotiate(&new, &["http/1.1"]), (ProtocolVersion::TLSv1_3, hybrid, Some("http/1.1".to_owned())));
    assert_eq!(negotiate(&new, &[]), (ProtocolVersion::TLSv1_3, hybrid, None));
    let (version, _, protocol) = negotiate(&old, &["h2"]);
    assert_eq!((version, protocol.as_deref()), (ProtocolVersion::TLSv1_2, Some("h2")));
    assert_eq!(old.get("/health").status, 200);
}

#[test]
fn h05_tls_1_1_is_refused() {
    let stage = Stage::new();
    let server = stage.serve();
    let mut socket = TcpStream::connect(&server.address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    // ClientHello: version 3.2, random, no session, ECDHE-ECDSA-AES128-SHA, no compression; the extensions
    // supported_groups (P-256), ec_point_formats and signature_algorithms.
    let extensions: &[u8] = &[0, 10, 0, 4, 0, 2, 0, 23, 0, 11, 0, 2, 1, 0, 0, 13, 0, 4, 0, 2, 4, 3];
    let mut hello = vec![3, 2];
    hello.extend([7; 32]);
    hello.extend([0, 0, 2, 0xc0, 0x09, 1, 0]);
    hello.extend([0, u8::try_from(extensions.len()).unwrap()]);
    hello.extend(extensions);
    let length = u8::try_from(hello.len()).unwrap();
    let mut record = vec![22, 3, 1, 0, length + 4, 1, 0, 0, length];
    record.extend(hello);
    socket.write_all(&record).unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).unwrap();
    // A fatal alert: protocol_version (RFC 5246 §7.2).
    assert_eq!((answer[0], &answer[5..]), (21, &[2, 70][..]), "{answer:?}");
}

#[test]
fn tls_1_3_alone() {
    let stage = Stage::new();
    let mut config = stage.config();
    config["tls"] = serde_json::json!({"minVersion": 1.3});
    stage.configure(&config);
    let server = stage.serve();
    assert_eq!(Client::new(&stage, &server.address).get("/health").status, 200);
    let old = Client::with(&stage.root, &server.address, &[&TLS12], None);
    assert!(old.exchange(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n").is_err());
}

#[test]
fn h06_client_certificates_are_of_this_authority_or_the_handshake_fails() {
    let stage = Stage::new();
    let server = stage.serve();
    let key = ec();
    let body = serde_json::json!({"csr": request_of(&key, &[]), "ott": stage.token(&serde_json::json!({}))});
    let answer = Client::new(&stage, &server.address).post("/sign", &body.to_string());
    let own = Certificate::from_pem(answer.json()["crt"].as_str().unwrap().as_bytes()).unwrap();
    let usage =
        |purpose| vec![extension::key_usage(KeyUsage::DIGITAL_SIGNATURE), extension::extended_key_usage(&[purpose])];
    let issuer = Some((&stage.intermediate, &stage.key));
    let minute = Duration::from_secs(60);
    let cases = [
        ("issued", own, None),
        ("foreign", certificate("x", &key, None, DAYS_365, usage(Purpose::ClientAuth)), Some("UnknownCA")),
        ("expired", certificate("x", &key, issuer, minute, usage(Purpose::ClientAuth)), Some("Expired")),
        ("for servers", certificate("x", &key, issuer, DAYS_365, usage(Purpose::ServerAuth)), Some("")),
    ];
    for (case, leaf, refused) in cases {
        for versions in [[&TLS13], [&TLS12]] {
            let chain = [leaf.clone(), stage.intermediate.clone()];
            let client = Client::with(&stage.root, &server.address, &versions, Some((&chain, &key)));
            let said = client.exchange(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            match (said, refused) {
                (Ok(answer), None) => assert!(answer.starts_with("HTTP/1.1 200"), "{case}"),
                (Err(error), Some(alert)) => assert!(error.to_string().contains(alert), "{case}: {error}"),
                (said, _) => panic!("{case}: {said:?}"),
            }
        }
    }
}

#[test]
fn many_requests_over_one_connection_of_http_2() {
    let stage = Stage::new();
    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    let mut config = client.config();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let statuses: Vec<u16> = runtime.block_on(async {
        let socket = tokio::net::TcpStream::connect(&server.address).await.unwrap();
        let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
        let stream = connector.connect("localhost".try_into().unwrap(), socket).await.unwrap();
        let executor = hyper_util::rt::TokioExecutor::new();
        let io = hyper_util::rt::TokioIo::new(stream);
        let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io).await.unwrap();
        let driver = tokio::spawn(connection);
        let mut answers = Vec::new();
        for _ in 0..10 {
            let body = http_body_util::Full::new(bytes::Bytes::from(stage.sign_body()));
            let request = http::Request::post("https://localhost/sign").body(body).unwrap();
            answers.push(tokio::spawn(sender.send_request(request)));
        }
        let mut statuses = Vec::new();
        for answer in answers {
            statuses.push(answer.await.unwrap().unwrap().status().as_u16());
        }
        drop(sender);
        driver.abort();
        statuses
    });
    assert_eq!(statuses, [201; 10]);
}

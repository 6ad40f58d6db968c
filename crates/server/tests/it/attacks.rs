//! What breaks the rules of HTTP and TLS, said octet by octet.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use rung_pki::{
    Certificate,
    extension::{self, KeyUsage, Purpose},
};
use rustls::{
    ClientConnection, StreamOwned,
    client::Resumption,
    version::{TLS12, TLS13},
};
use serde_json::json;

use crate::{
    client::{Answer, Client, Stream},
    revocation::{Scene, always},
    server::Server,
    stage::{DAYS_365, Stage, ca, certificate, ec},
};

/// An authority that waits for nobody longer than two seconds.
fn impatient() -> (Stage, Server) {
    let stage = Stage::new();
    let mut config = stage.config();
    config["limits"] = json!({"patience": "2s"});
    stage.configure(&config);
    let server = stage.serve();
    (stage, server)
}

#[test]
fn h03_no_request_hides_in_another() {
    let stage = Stage::new();
    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    let hidden = "GET /version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let length = hidden.len();
    let chunk = format!("{length:x}\r\n{hidden}\r\n0\r\n\r\n");
    let last = format!("0\r\n\r\n{hidden}");
    for (case, headers, body) in [
        ("cl.te", format!("Content-Length: {}\r\nTransfer-Encoding: chunked\r\n", last.len()), &last),
        ("te.cl", "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n".to_owned(), &chunk),
        ("te.te", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n".to_owned(), &last),
        ("te, folded", "Transfer-Encoding:\r\n chunked\r\n".to_owned(), &last),
        ("te, x", "Transfer-Encoding: xchunked\r\n".to_owned(), &last),
        ("te, tab", "Transfer-Encoding:\tchunked, identity\r\n".to_owned(), &last),
        ("te, space before the colon", "Transfer-Encoding : chunked\r\n".to_owned(), &last),
        ("te, vertical tab", "Transfer-Encoding: \x0bchunked\r\n".to_owned(), &last),
        ("two lengths", format!("Content-Length: 0\r\nContent-Length: {length}\r\n"), &hidden.to_owned()),
        ("two lengths in one", format!("Content-Length: 0, {length}\r\n"), &hidden.to_owned()),
        ("a length in hexadecimal", "Content-Length: 0x0\r\n".to_owned(), &hidden.to_owned()),
        ("NUL in a name", "X\0Y: z\r\nContent-Length: 0\r\n".to_owned(), &hidden.to_owned()),
        ("CR in a value", "X: a\rb\r\nContent-Length: 0\r\n".to_owned(), &hidden.to_owned()),
    ] {
        let request = format!("POST /sign HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n{body}");
        let answers = client.say("/sign", request.as_bytes());
        assert!(!answers.contains("\"version\""), "{case}: {answers}");
        assert!(answers.is_empty() || Answer::parse(&answers).status == 400, "{case}: {answers}");
        assert_eq!(answers.matches("HTTP/1.1 ").count(), usize::from(!answers.is_empty()), "{case}: {answers}");
    }
    for (case, chunks) in [
        ("an extension without end", format!("2;{}\r\n{{}}\r\n0\r\n\r\n", "x".repeat(100_000))),
        ("a length that wraps", "10000000000000002\r\n{}\r\n0\r\n\r\n".to_owned()),
        ("a chunk that is longer", "1\r\n{}\r\n0\r\n\r\n".to_owned()),
        ("LF alone", "2\n{}\n0\n\n".to_owned()),
        ("trailers without end", format!("2\r\n{{}}\r\n0\r\n{}\r\n", "X: y\r\n".repeat(20_000))),
    ] {
        let head = "POST /sign HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
        let answers = client.say("/sign", format!("{head}{chunks}{hidden}").as_bytes());
        assert!(!answers.contains("\"version\""), "{case}: {answers}");
        assert!(answers.is_empty() || Answer::parse(&answers).status == 400, "{case}: {answers}");
    }
    assert_eq!(client.get("/health").status, 200);
    client.books.close(&stage, server);
}

#[test]
fn h08_nothing_is_tunnelled_and_no_method_is_overridden() {
    let stage = Stage::new();
    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    let host = "Host: localhost\r\nConnection: close\r\n\r\n";
    for request in
        ["CONNECT localhost:443", "CONNECT /health", "TRACE /health", "OPTIONS *", "GET http://169.254.169.254/x"]
    {
        let answer = Answer::parse(&client.say("/", format!("{request} HTTP/1.1\r\n{host}").as_bytes()));
        assert!([400, 404, 405].contains(&answer.status), "{request}: {answer:?}");
        assert!(!answer.body.contains("Host"), "{request} echoes: {answer:?}");
    }
    for name in ["X-HTTP-Method", "X-HTTP-Method-Override", "X-Method-Override"] {
        let answer = client.send("GET", "/sign?_method=POST", &format!("{name}: POST\r\n"), &stage.sign_body());
        assert_eq!(answer.status, 405, "{name}");
    }
    for name in ["X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Prefix"] {
        let answer = client.send("GET", "/nope", &format!("{name}: /health\r\n"), "");
        assert_eq!(answer.status, 404, "{name}");
    }
    client.books.close(&stage, server);
}

/// A frame of HTTP/2 (RFC 9113 §4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// The head of a request, compressed (RFC 7541): `GET` or `POST`, `https`, the path and `localhost`.
fn head(method: u8, path: &str) -> Vec<u8> {
    let length = |text: &str| u8::try_from(text.len()).unwrap();
    [&[method, 0x87, 0x04, length(path)], path.as_bytes(), &[0x01, 9], b"localhost"].concat()
}

const GET: u8 = 0x82;
const POST: u8 = 0x83;

/// A connection that speaks HTTP/2, after the preface.
fn two(client: &Client, server: &Server) -> Stream {
    let mut config = client.config();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let connection = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let socket = TcpStream::connect(&server.address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    socket.set_write_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut stream = StreamOwned::new(connection, socket);
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).unwrap();
    stream
}

/// Say these frames, then a ping, and read until a frame of that kind comes, the ping's own answer if it is a ping, or the
/// connection ends: the kinds of the frames that came.
fn answers(stream: &mut Stream, frames: impl Iterator<Item = Vec<u8>>, last: u8) -> Vec<u8> {
    let mut kinds = Vec::new();
    let mut received = Vec::new();
    for frame in frames.chain([frame(PING, 0, 0, b"the end.")]) {
        if stream.write_all(&frame).is_err() {
            break;
        }
    }
    let _ = stream.flush();
    let mut octets = [0; 16_384];
    while let Ok(count @ 1..) = stream.read(&mut octets) {
        received.extend_from_slice(&octets[..count]);
        while received.len() >= 9 {
            let length = usize::from(received[0]) << 16 | usize::from(received[1]) << 8 | usize::from(received[2]);
            if received.len() < 9 + length {
                break;
            }
            kinds.push(received[3]);
            if received[3] == last && (last != PING || received[9..].starts_with(b"the end.")) {
                return kinds;
            }
            received.drain(..9 + length);
        }
    }
    kinds
}

/// How many octets of memory a process has.
fn memory(server: &Server) -> u64 {
    let statm = std::fs::read_to_string(format!("/proc/{}/statm", server.pid())).unwrap();
    statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

#[test]
fn h04_floods_of_frames_end_the_connection_or_cost_little() {
    let (stage, server) = impatient();
    let client = Client::new(&stage, &server.address);
    let open = |number: u32, flags: u8| frame(HEADERS, flags, 2 * number + 1, &head(GET, "/health"));
    let whole = END_STREAM | END_HEADERS;
    let mut one = two(&client, &server);
    let kinds = answers(&mut one, std::iter::once(open(0, whole)), DATA);
    assert!(kinds.contains(&HEADERS) && !kinds.contains(&GOAWAY), "a good request is answered: {kinds:?}");
    let before = memory(&server);
    let flood = |case: &str, first: Vec<u8>, frames: &dyn Fn(u32) -> Vec<u8>| {
        let mut stream = two(&client, &server);
        let kinds = answers(&mut stream, std::iter::once(first).chain((0..5_000).map(frames)), PING);
        assert_eq!(client.get("/health").status, 200, "{case}");
        kinds.contains(&GOAWAY) || !kinds.contains(&PING)
    };
    let nothing = || frame(SETTINGS, 0, 0, &[]);
    let reset = |number: u32| [open(number, whole), frame(RST_STREAM, 0, 2 * number + 1, &[0, 0, 0, 8])].concat();
    assert!(flood("rapid reset (CVE-2023-44487)", nothing(), &reset));
    // The other side is made to reset: a window that overflows is an error of the stream.
    let provoke = |number: u32| {
        [open(number, END_HEADERS), frame(WINDOW_UPDATE, 0, 2 * number + 1, &[0x7f, 0xff, 0xff, 0xff])].concat()
    };
    assert!(flood("made to reset (CVE-2025-8671)", nothing(), &provoke));
    let more = |_| frame(CONTINUATION, 0, 1, &[0x40, 1, b'x', 1, b'y']);
    assert!(flood("CONTINUATION without end", open(0, END_STREAM), &more));
    let empty = |_| frame(CONTINUATION, 0, 1, &[]);
    assert!(flood("empty CONTINUATION", open(0, END_STREAM), &empty));
    let large = [head(GET, "/health"), [&[0x40, 1, b'x', 0x7f, 0x80, 0x7f][..], &[b'y'; 16_255]].concat()].concat();
    assert!(flood("heads of 16 kB", nothing(), &|number| frame(HEADERS, whole, 2 * number + 1, &large[..16_000])));
    assert!(flood("streams that were closed", open(0, whole), &|_| frame(DATA, 0, 1, &[7; 100])));
    // What has to be answered is, and nothing is kept of it.
    flood("settings", nothing(), &|_| frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0xff, 0xff]));
    flood("pings", nothing(), &|_| frame(PING, 0, 0, b"hellohel"));
    let post = frame(HEADERS, END_HEADERS, 1, &head(POST, "/sign"));
    flood("DATA without data", post, &|_| frame(DATA, 0, 1, &[]));
    flood("frames that nobody knows", nothing(), &|_| frame(0x77, 0, 0, &[7; 1000]));
    let grown = memory(&server).saturating_sub(before);
    assert!(grown < 64 << 20, "{grown} octets more");
    let ended = server.stop();
    assert!(ended.status.success() && !ended.stderr.contains("panic"), "{}", ended.stderr);
}

#[test]
fn h05_a_hello_without_end_is_not_kept() {
    let stage = Stage::new();
    let server = stage.serve();
    let mut socket = TcpStream::connect(&server.address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    // A ClientHello of 10 MB, in records of 16 kB.
    let mut record = vec![22, 3, 1, 0x40, 0];
    record.extend([1, 0x98, 0x96, 0x80, 3, 3]);
    record.resize(5 + 0x4000, 7);
    let mut written = 0;
    while written < 10 << 20 && socket.write_all(&record).is_ok() {
        written += record.len();
        record[5..].fill(7);
    }
    let mut answer = Vec::new();
    // An alert, or nothing at all.
    let _ = socket.read_to_end(&mut answer);
    assert!(answer.is_empty() || answer[0] == 21, "{answer:?}");
    assert!(written < 8 << 20, "{written} octets were taken");
    assert_eq!(Client::new(&stage, &server.address).get("/health").status, 200);
}

#[test]
fn h05_a_chain_without_end_is_refused() {
    let stage = Stage::new();
    let server = stage.serve();
    let key = ec();
    let usage =
        vec![extension::key_usage(KeyUsage::DIGITAL_SIGNATURE), extension::extended_key_usage(&[Purpose::ClientAuth])];
    let leaf = certificate("x", &key, Some((&stage.intermediate, &stage.key)), DAYS_365, usage);
    let ask = |chain: &[Certificate]| {
        let client = Client::with(&stage.root, &server.address, &[&TLS13], Some((chain, &key)));
        client.exchange(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    };
    let others: Vec<Certificate> =
        (0..100).map(|number| ca(&format!("CA {number}"), &stage.key, None, DAYS_365)).collect();
    let with = |count: usize| [&[leaf.clone(), stage.intermediate.clone()], &others[..count]].concat();
    assert!(ask(&with(9)).is_ok());
    assert!(ask(&with(10)).is_err());
    assert!(ask(&with(100)).is_err());
    // Two CAs that certify each other lead nowhere, and soon.
    let (one, two) = (ec(), ec());
    let first = ca("One", &one, Some((&ca("Two", &two, None, DAYS_365), &two)), DAYS_365);
    let second = ca("Two", &two, Some((&first, &one)), DAYS_365);
    let usage = vec![extension::key_usage(KeyUsage::DIGITAL_SIGNATURE)];
    let astray = certificate("x", &key, Some((&first, &one)), DAYS_365, usage);
    let circle: Vec<Certificate> = [first, second].into_iter().cycle().take(8).collect();
    assert!(ask(&[&[astray], &circle[..]].concat()).is_err());
}

#[test]
fn h05_no_early_data_and_no_renegotiation() {
    let (stage, server) = impatient();
    let mut config = Client::new(&stage, &server.address).config();
    config.enable_early_data = true;
    config.resumption = Resumption::in_memory_sessions(8);
    let config = Arc::new(config);
    for round in 0..3 {
        let mut connection = ClientConnection::new(config.clone(), "localhost".try_into().unwrap()).unwrap();
        assert!(connection.early_data().is_none(), "round {round}: early data is offered");
        let mut stream = StreamOwned::new(connection, TcpStream::connect(&server.address).unwrap());
        stream.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let resumed = stream.conn.handshake_kind() == Some(rustls::HandshakeKind::Resumed);
        assert_eq!(resumed, round > 0, "a session is resumed, without early data");
    }
    let mut openssl = Command::new("openssl");
    openssl.args(["s_client", "-tls1_2", "-connect", &server.address]);
    let mut openssl = openssl.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    openssl.stdin.take().unwrap().write_all(b"R\n").unwrap();
    let output = openssl.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let refused = text.contains("no renegotiation") || text.contains("unexpected eof");
    assert!(text.contains("RENEGOTIATING") && refused, "{text}");
}

#[test]
fn h05_a_flood_of_new_keys_is_survived() {
    let stage = Stage::new();
    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    let mut stream = client.connect().unwrap();
    stream.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    stream.flush().unwrap();
    let flood = |stream: &mut Stream| -> io::Result<()> {
        for _ in 0..2_000 {
            stream.conn.refresh_traffic_keys().map_err(io::Error::other)?;
            while stream.conn.wants_write() {
                stream.conn.write_tls(&mut stream.sock)?;
            }
        }
        Ok(())
    };
    // It ends the connection or follows; either way others do not notice.
    let _ = flood(&mut stream);
    assert_eq!(client.get("/health").status, 200);
    client.books.close(&stage, server);
}

#[test]
fn h05_h06_who_is_revoked_gains_nothing_by_resuming() {
    let scene = Scene::new(&always());
    let held = scene.sign();
    for versions in [&TLS13, &TLS12] {
        let chain = [held.certificate.clone(), scene.stage.intermediate.clone()];
        let mut holder = Client::with(&scene.stage.root, &scene.server.address, &[versions], Some((&chain, &held.key)));
        holder.books = scene.client.books.clone();
        let renew = |expected: u16| {
            let answer = holder.post("/renew", "");
            assert_eq!(answer.status, expected, "{answer:?}");
        };
        if versions.version == TLS13.version {
            renew(201);
            renew(201);
            scene.revoke(&held.certificate);
        }
        renew(401);
        renew(401);
        let body = json!({"serial": held.certificate.serial().to_string(), "passive": true}).to_string();
        assert_eq!(holder.post("/revoke", &body).status, 400, "already revoked");
    }
    scene.close();
}

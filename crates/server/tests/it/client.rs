//! A client that says exactly what it is told.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

use rung_pki::{Certificate, PrivateKey};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion, crypto::aws_lc_rs,
    version::TLS13,
};
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use serde_json::Value;
use socket2::{Domain, Protocol, Socket, Type};

use crate::{books::Books, stage::Stage};

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// A client that trusts the stage's root.
#[derive(Clone)]
pub(crate) struct Client {
    config: Arc<ClientConfig>,
    address: String,
    /// What it was answered.
    pub(crate) books: Books,
}

/// A connection after its handshake.
pub(crate) type Stream = StreamOwned<ClientConnection, TcpStream>;

/// A plain connection from another address of this machine.
pub(crate) fn connect_from(source: [u8; 4], address: &str) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    socket.bind(&SocketAddr::from((source, 0)).into())?;
    socket.connect(&address.parse::<SocketAddr>().unwrap().into())?;
    Ok(socket.into())
}

impl Client {
    pub(crate) fn new(stage: &Stage, address: &str) -> Self {
        Self::with(&stage.root, address, &[&TLS13], None)
    }

    pub(crate) fn with(
        root: &Certificate,
        address: &str,
        versions: &[&'static SupportedProtocolVersion],
        identity: Option<(&[Certificate], &PrivateKey)>,
    ) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(root.der().to_vec())).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots);
        let config = match identity {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => {
                let chain = chain.iter().map(|certificate| CertificateDer::from(certificate.der().to_vec())).collect();
                builder.with_client_auth_cert(chain, PrivatePkcs8KeyDer::from(key.pkcs8().to_vec()).into()).unwrap()
            }
        };
        Self { config: Arc::new(config), address: address.to_owned(), books: Books::default() }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn at(&self, address: &str) -> Self {
        Self { config: self.config.clone(), address: address.to_owned(), books: self.books.clone() }
    }

    pub(crate) fn config(&self) -> ClientConfig {
        (*self.config).clone()
    }

    /// A connection; the handshake happens with the first octet.
    pub(crate) fn connect(&self) -> io::Result<Stream> {
        self.over(TcpStream::connect(&self.address)?)
    }

    /// A connection from another address of this machine, which has sixteen million of them.
    pub(crate) fn connect_from(&self, source: [u8; 4]) -> io::Result<Stream> {
        self.over(connect_from(source, &self.address)?)
    }

    fn over(&self, socket: TcpStream) -> io::Result<Stream> {
        socket.set_read_timeout(Some(Duration::from_secs(60)))?;
        let connection = ClientConnection::new(self.config.clone(), "localhost".try_into().unwrap()).unwrap();
        Ok(StreamOwned::new(connection, socket))
    }

    /// Say these octets and read until the other side is done.
    pub(crate) fn exchange(&self, octets: &[u8]) -> io::Result<String> {
        let mut stream = self.connect()?;
        // The other side may answer, and close, before it has read everything.
        let written = stream.write_all(octets);
        let mut answer = Vec::new();
        match stream.read_to_end(&mut answer) {
            Ok(_) => {}
            Err(error) if answer.is_empty() => return Err(written.err().unwrap_or(error)),
            Err(_) => {}
        }
        Ok(String::from_utf8(answer).unwrap())
    }

    /// Say these octets, whether or not they are a request, and read the answer if there is one.
    #[track_caller]
    pub(crate) fn say(&self, target: &str, octets: &[u8]) -> String {
        // An end without an answer is one.
        let said = self.exchange(octets).unwrap_or_default();
        // What is no request has no handler, and so no identifier.
        if said.contains("\r\nx-request-id: ") {
            self.books.note(target, &Answer::parse(&said));
        }
        said
    }

    /// A request with these header lines besides `Host`, `Connection` and `Content-Length`.
    #[track_caller]
    pub(crate) fn send(&self, method: &str, target: &str, headers: &str, body: &str) -> Answer {
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}{length}\r\n{body}"
        );
        let answer = Answer::parse(&self.exchange(request.as_bytes()).unwrap());
        self.books.note(target, &answer);
        answer
    }

    /// A connection for many requests, unless the handshake fails.
    pub(crate) fn session(&self) -> Option<Session> {
        let mut session = Session { stream: self.connect().unwrap(), books: self.books.clone() };
        // In TLS 1.3 a client learns only with the first answer that its certificate was refused.
        session.try_ask("GET", "/health", "", "").ok().map(|_| session)
    }

    #[track_caller]
    pub(crate) fn get(&self, target: &str) -> Answer {
        self.send("GET", target, "", "")
    }

    #[track_caller]
    pub(crate) fn post(&self, target: &str, body: &str) -> Answer {
        self.send("POST", target, "", body)
    }
}

/// A connection that stays open.
pub(crate) struct Session {
    stream: Stream,
    books: Books,
}

impl Session {
    /// A request with these header lines besides `Host` and `Content-Length`, and its answer.
    #[track_caller]
    pub(crate) fn ask(&mut self, method: &str, target: &str, headers: &str, body: &str) -> Answer {
        self.try_ask(method, target, headers, body).unwrap_or_else(|error| panic!("{method} {target}: {error}"))
    }

    fn try_ask(&mut self, method: &str, target: &str, headers: &str, body: &str) -> io::Result<Answer> {
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let request = format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n{headers}{length}\r\n{body}");
        self.stream.write_all(request.as_bytes())?;
        let mut said = Vec::new();
        while !said.ends_with(b"\r\n\r\n") {
            let mut octet = [0];
            self.stream.read_exact(&mut octet)?;
            said.push(octet[0]);
        }
        let mut answer = Answer::parse(&String::from_utf8(said).unwrap());
        if method != "HEAD" {
            let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
            let mut body = vec![0; length];
            self.stream.read_exact(&mut body)?;
            // What is signed is not text.
            answer.body = String::from_utf8_lossy(&body).into_owned();
        }
        self.books.note(target, &answer);
        Ok(answer)
    }
}

impl Answer {
    #[track_caller]
    pub(crate) fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("not an answer: {text:?}"));
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let header = |line: &str| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_ascii_lowercase(), value.trim().to_owned())
        };
        Self { status, headers: lines.map(header).collect(), body: body.to_owned() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The message of a refusal.
    #[track_caller]
    pub(crate) fn message(&self) -> String {
        let body = self.json();
        assert_eq!(body["status"], self.status, "{self:?}");
        body["message"].as_str().unwrap().to_owned()
    }
}

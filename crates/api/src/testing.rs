//! A small TLS server for tests, with certificates made on the spot.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use url::Url;

/// What a client sent: request line and headers, and the body.
pub(crate) struct Received {
    pub(crate) head: String,
    pub(crate) body: String,
}

/// Where a handler writes its raw answer.
pub(crate) type Sink<'a> = &'a mut dyn Write;

type Handler = dyn Fn(&Received, Sink<'_>) -> std::io::Result<()> + Send + Sync;

/// A server on loopback that lives as long as this value.
pub(crate) struct Server {
    address: SocketAddr,
    scheme: &'static str,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Speak plain HTTP.
    pub(crate) fn plain(handler: impl Fn(&Received, Sink<'_>) -> std::io::Result<()> + Send + Sync + 'static) -> Self {
        Self::start(None, Arc::new(handler))
    }

    /// Speak TLS with `identity`.
    pub(crate) fn tls(
        identity: Identity,
        handler: impl Fn(&Received, Sink<'_>) -> std::io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::start(Some(identity.config()), Arc::new(handler))
    }

    fn start(tls: Option<Arc<ServerConfig>>, handler: Arc<Handler>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("the address");
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let scheme = if tls.is_some() { "https" } else { "http" };
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let (tls, handler) = (tls.clone(), Arc::clone(&handler));
                let Ok(stream) = stream else { continue };
                std::thread::spawn(move || {
                    // The client may go away at any time; that is for it to judge.
                    let _ = serve(stream, tls, &*handler);
                });
            }
        });
        Self { address, scheme, stop, thread: Some(thread) }
    }

    pub(crate) fn url(&self, path: &str) -> Url {
        format!("{}://{}{path}", self.scheme, self.address).parse().expect("a URL")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(stream: TcpStream, tls: Option<Arc<ServerConfig>>, handler: &Handler) -> std::io::Result<()> {
    let Some(config) = tls else {
        return answer(&mut BufReader::new(stream.try_clone()?), &mut &stream, handler);
    };
    let connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut stream = BufReader::new(StreamOwned::new(connection, stream));
    let received = receive(&mut stream)?;
    let mut stream = stream.into_inner();
    handler(&received, &mut stream)?;
    stream.conn.send_close_notify();
    stream.flush()
}

fn answer(reader: &mut dyn BufRead, out: Sink<'_>, handler: &Handler) -> std::io::Result<()> {
    handler(&receive(reader)?, out)
}

fn receive(reader: &mut dyn BufRead) -> std::io::Result<Received> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    let length = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, value)| value.parse().expect("a length"));
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Received { head, body: String::from_utf8(body).expect("text") })
}

/// Write a whole answer with a JSON body.
pub(crate) fn reply(out: Sink<'_>, status: &str, body: &str) -> std::io::Result<()> {
    reply_with(out, status, "Content-Type: application/json\r\n", body)
}

/// Write a whole answer with these header lines.
pub(crate) fn reply_with(out: Sink<'_>, status: &str, headers: &str, body: &str) -> std::io::Result<()> {
    let length = body.len();
    write!(out, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n{body}")
}

/// An authority made on the spot.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) root: CertificateDer<'static>,
    pub(crate) root_pem: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).expect("a root");
        let (root, root_pem) = (certificate.der().clone(), certificate.pem());
        Self { issuer: Issuer::new(params, key), root, root_pem }
    }

    /// A server's identity for these names.
    pub(crate) fn identity(&self, names: &[&str]) -> Identity {
        self.identity_until(names, rcgen::date_time_ymd(2999, 1, 1))
    }

    /// An identity that has expired long ago.
    pub(crate) fn expired_identity(&self, names: &[&str]) -> Identity {
        self.identity_until(names, rcgen::date_time_ymd(2001, 1, 1))
    }

    /// The authority itself as a server.
    pub(crate) fn own_identity(&self) -> Identity {
        Identity { chain: vec![self.root.clone()], key: self.issuer.key().serialize_der() }
    }

    fn identity_until(&self, names: &[&str], end: time::OffsetDateTime) -> Identity {
        let key = KeyPair::generate().expect("a key");
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("names");
        params.not_before = rcgen::date_time_ymd(2000, 1, 1);
        params.not_after = end;
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Identity { chain: vec![certificate.der().clone()], key: key.serialize_der() }
    }
}

/// A certificate and its key.
pub(crate) struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: Vec<u8>,
}

impl Identity {
    fn config(self) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.key));
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("protocol versions")
            .with_no_client_auth()
            .with_single_cert(self.chain, key)
            .expect("a server configuration");
        Arc::new(config)
    }
}

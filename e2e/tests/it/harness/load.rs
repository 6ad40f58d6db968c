//! Requests over rustls, one or many, to see that none is lost.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::PATIENCE;

/// Clients that ask the server for something, again and again, half of them on kept connections.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    workers: Vec<JoinHandle<Result<(), String>>>,
}

/// No test asks more often than this.
const MOST_REQUESTS: usize = 20_000;

impl Load {
    /// Start `clients` clients, which trust `root`.
    pub(crate) fn start(port: u16, root: &Path, clients: usize) -> Self {
        let config = client_config(root, None);
        let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let worker = |index: usize| {
            let (config, stop, answered) = (Arc::clone(&config), Arc::clone(&stop), Arc::clone(&answered));
            std::thread::spawn(move || work(port, &config, index.is_multiple_of(2), &stop, &answered))
        };
        let workers = (0..clients).map(worker).collect();
        Self { stop, answered, workers }
    }

    /// How many requests were answered until now.
    pub(crate) fn answered(&self) -> usize {
        self.answered.load(Ordering::SeqCst)
    }

    /// Wait until `count` more requests were answered, or a client failed.
    pub(crate) fn wait_for(&self, count: usize) {
        let goal = self.answered() + count;
        while self.answered() < goal && !self.workers.iter().any(JoinHandle::is_finished) {
            std::thread::yield_now();
        }
    }

    /// Stop; gives how many requests were answered and what went wrong.
    pub(crate) fn finish(self) -> (usize, Vec<String>) {
        self.stop.store(true, Ordering::SeqCst);
        let results = self.workers.into_iter().map(|worker| worker.join().expect("a client does not panic"));
        let failures = results.filter_map(Result::err).collect();
        (self.answered.load(Ordering::SeqCst), failures)
    }
}

fn work(
    port: u16,
    config: &Arc<ClientConfig>,
    keeps: bool,
    stop: &AtomicBool,
    answered: &AtomicUsize,
) -> Result<(), String> {
    let mut kept = None;
    while !stop.load(Ordering::SeqCst) && answered.load(Ordering::SeqCst) < MOST_REQUESTS {
        let mut stream = match kept.take() {
            Some(stream) => stream,
            None => connect(port, config).map_err(|error| format!("connecting: {error}"))?,
        };
        let outcome = request(&mut stream, "GET", "/health", "");
        let (status, body) = outcome.map_err(|error| format!("asking, kept connection {keeps}: {error}"))?;
        if status != 200 {
            return Err(format!("{status}: {body}"));
        }
        answered.fetch_add(1, Ordering::SeqCst);
        if keeps {
            kept = Some(stream);
        }
    }
    Ok(())
}

/// A TLS connection to a port of this machine.
pub(crate) fn connect(
    port: u16,
    config: &Arc<ClientConfig>,
) -> std::io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let name = ServerName::try_from("localhost").expect("a good name");
    let connection = ClientConnection::new(Arc::clone(config), name).map_err(std::io::Error::other)?;
    Ok(StreamOwned::new(connection, stream))
}

/// A client that trusts `root` and, when asked, shows the certificate and key of two files.
pub(crate) fn client_config(root: &Path, identity: Option<(&Path, &Path)>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(root).expect("the root is there") {
        roots.add(certificate.expect("it is a certificate")).expect("it can be trusted");
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.expect("the provider has all of it").with_root_certificates(roots);
    let config = match identity {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = CertificateDer::pem_file_iter(certificate).expect("the certificate is there");
            let chain = chain.collect::<Result<Vec<_>, _>>().expect("it is a chain");
            let key = PrivateKeyDer::from_pem_file(key).expect("the key is there");
            builder.with_client_auth_cert(chain, key).expect("they belong together")
        }
    };
    Arc::new(config)
}

/// One HTTP/1.1 request on an open connection; gives the status and the body.
pub(crate) fn request(
    stream: &mut (impl Read + Write),
    method: &str,
    path: &str,
    body: &str,
) -> std::io::Result<(u16, String)> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n");
    if method != "GET" {
        write!(text, "Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()).expect("memory");
    }
    stream.write_all(format!("{text}\r\n{body}").as_bytes())?;
    stream.flush()?;
    read_answer(stream)
}

/// Read one HTTP/1.1 answer; gives the status and the body.
pub(crate) fn read_answer(stream: &mut impl Read) -> std::io::Result<(u16, String)> {
    let broken = |what: &str| std::io::Error::new(std::io::ErrorKind::InvalidData, what.to_owned());
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| broken(&format!("no status line: {line:?}")))?;
    let (mut length, mut chunked) = (None, false);
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok(),
            "transfer-encoding" => chunked = true,
            _ => {}
        }
    }
    let mut body = Vec::new();
    match (length, chunked) {
        (Some(length), _) => {
            body.resize(length, 0);
            reader.read_exact(&mut body)?;
        }
        (None, true) => read_chunks(&mut reader, &mut body)?,
        (None, false) => {
            reader.read_to_end(&mut body)?;
        }
    }
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

fn read_chunks(reader: &mut impl BufRead, body: &mut Vec<u8>) -> std::io::Result<()> {
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let length = usize::from_str_radix(line.trim(), 16).map_err(std::io::Error::other)?;
        let start = body.len();
        body.resize(start + length, 0);
        reader.read_exact(&mut body[start..])?;
        line.clear();
        reader.read_line(&mut line)?;
        if length == 0 {
            return Ok(());
        }
    }
}

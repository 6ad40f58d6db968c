//! Clients that ask over loopback, and what that costs the server.

use std::{
    net::{Ipv4Addr, SocketAddrV4},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use rung_pki::{Certificate, PrivateKey};
use rustls::{ClientConfig, RootCertStore, client::Resumption, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpSocket,
};
use tokio_rustls::TlsConnector;

use crate::{Outcome, machine::cpu_seconds, setup::Server};

/// The running server, and how to reach it.
#[derive(Clone)]
pub(crate) struct Target {
    address: String,
    pub(crate) pid: u32,
    /// Where clients come from.
    source: Ipv4Addr,
    /// Nothing for plain HTTP.
    connector: Option<TlsConnector>,
}

/// A connection that is kept.
pub(crate) struct Connection(Box<dyn Stream>);

impl Connection {
    /// Ask once; says the status and the body.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> Outcome<(u16, Vec<u8>)> {
        exchange(&mut self.0, request).await
    }
}

/// What clients ask for.
pub(crate) struct Load {
    /// What the line with the figures begins with.
    pub(crate) title: &'static str,
    /// Whole HTTP requests. When there are fewer than are sent, they are sent over and over.
    pub(crate) requests: Vec<Vec<u8>>,
    /// So many are sent.
    pub(crate) count: usize,
    /// How many clients there are.
    pub(crate) clients: usize,
    /// How long a client waits between two.
    pub(crate) pause: Duration,
    /// Whether a client keeps its connection.
    pub(crate) keep: bool,
    /// The status of a good answer.
    pub(crate) status: u16,
}

/// What came of it.
pub(crate) struct Figures {
    /// Answers a second.
    pub(crate) rate: f64,
    /// Microseconds of the server's processor time for each.
    pub(crate) cpu: f64,
    /// Latencies, the shortest first.
    latencies: Vec<Duration>,
    /// How many answers were no good ones.
    pub(crate) failed: usize,
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

impl Target {
    /// Over TLS, with a client certificate if there is one.
    pub(crate) fn tls(
        server: &Server,
        root: &Certificate,
        client: Option<(&[Certificate], &PrivateKey)>,
    ) -> Outcome<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(root.der().to_vec()))?;
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots);
        let mut config = match client {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => {
                let chain = chain.iter().map(|certificate| CertificateDer::from(certificate.der().to_vec())).collect();
                let key = PrivatePkcs8KeyDer::from(key.pkcs8().to_vec());
                builder.with_client_auth_cert(chain, key.into())?
            }
        };
        // A new connection shall be a new connection.
        config.resumption = Resumption::disabled();
        let connector = Some(TlsConnector::from(Arc::new(config)));
        Ok(Self { address: server.address.clone(), pid: server.pid(), source: Ipv4Addr::LOCALHOST, connector })
    }

    /// Over plain HTTP.
    pub(crate) fn plain(server: &Server) -> Self {
        Self { address: server.plain_address.clone(), pid: server.pid(), source: Ipv4Addr::LOCALHOST, connector: None }
    }

    /// The same, with clients that come from another address of this machine.
    pub(crate) fn from(&self, source: Ipv4Addr) -> Self {
        Self { source, ..self.clone() }
    }

    /// A connection to keep.
    pub(crate) async fn open(&self) -> Outcome<Connection> {
        Ok(Connection(self.connect().await?))
    }

    async fn connect(&self) -> Outcome<Box<dyn Stream>> {
        let socket = TcpSocket::new_v4()?;
        if self.source != Ipv4Addr::LOCALHOST {
            socket.bind(SocketAddrV4::new(self.source, 0).into())?;
        }
        let stream = socket.connect(self.address.parse()?).await?;
        stream.set_nodelay(true)?;
        Ok(match &self.connector {
            None => Box::new(stream),
            Some(connector) => Box::new(connector.connect(ServerName::try_from("localhost")?, stream).await?),
        })
    }

    /// Ask once, over a connection of its own; says the status and the body.
    pub(crate) async fn ask(&self, request: &[u8]) -> Outcome<(u16, Vec<u8>)> {
        exchange(&mut self.connect().await?, request).await
    }

    /// Have clients ask until everything is answered.
    pub(crate) async fn drive(&self, load: Load) -> Outcome<Figures> {
        let load = Arc::new(load);
        let next = Arc::new(AtomicUsize::new(0));
        let before = cpu_seconds(self.pid)?;
        let start = Instant::now();
        let clients: Vec<_> =
            (0..load.clients).map(|_| tokio::spawn(client(self.clone(), load.clone(), next.clone()))).collect();
        let (mut latencies, mut failed) = (Vec::with_capacity(load.count), 0);
        for client in clients {
            let (mut of_client, failed_of_client) = client.await??;
            latencies.append(&mut of_client);
            failed += failed_of_client;
        }
        let rate = load.count as f64 / start.elapsed().as_secs_f64();
        let cpu = (cpu_seconds(self.pid)? - before) * 1e6 / load.count as f64;
        latencies.sort_unstable();
        Ok(Figures { rate, cpu, latencies, failed })
    }

    /// The same, with a line about it; says the processor time for each, in microseconds.
    pub(crate) async fn measure(&self, load: Load, bare: f64) -> Outcome<f64> {
        let title = load.title;
        let figures = self.drive(load).await?;
        println!(
            "{title:<28}{:>9.0}{:>9.1} µs{:>12.2} ×{:>7.2} ms{:>7.2} ms{:>10}",
            figures.rate,
            figures.cpu,
            figures.cpu / bare,
            figures.millis_at(0.5),
            figures.millis_at(0.99),
            figures.failed
        );
        Ok(figures.cpu)
    }
}

impl Figures {
    /// The latency that this share of the answers did not exceed, in milliseconds.
    pub(crate) fn millis_at(&self, share: f64) -> f64 {
        self.latencies[((self.latencies.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3
    }
}

/// What the lines of [`Target::measure`] mean.
pub(crate) fn heading(what: &str) {
    println!(
        "{:<28}{:>9}{:>12}{:>15}{:>10}{:>10}{:>8}",
        "",
        format!("{what}/s"),
        "CPU each",
        "of the crypto",
        "p50",
        "p99",
        "failed"
    );
}

async fn client(target: Target, load: Arc<Load>, next: Arc<AtomicUsize>) -> Outcome<(Vec<Duration>, usize)> {
    let (mut latencies, mut failed) = (Vec::new(), 0);
    let mut stream = None;
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= load.count {
            return Ok((latencies, failed));
        }
        let request = &load.requests[number % load.requests.len()];
        let start = Instant::now();
        let mut open = match stream.take() {
            Some(open) => open,
            None => target.connect().await?,
        };
        let (status, _) = exchange(&mut open, request).await?;
        latencies.push(start.elapsed());
        failed += usize::from(status != load.status);
        stream = load.keep.then_some(open);
        if !load.pause.is_zero() {
            tokio::time::sleep(load.pause).await;
        }
    }
}

async fn exchange(stream: &mut Box<dyn Stream>, request: &[u8]) -> Outcome<(u16, Vec<u8>)> {
    stream.write_all(request).await?;
    let mut answer = Vec::with_capacity(8192);
    loop {
        if stream.read_buf(&mut answer).await? == 0 {
            return Err("the server closed the connection".into());
        }
        let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(&answer[..end])?;
        let length: usize = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned))
            .ok_or("the answer has no length")?
            .parse()?;
        let status = std::str::from_utf8(&answer[9..12])?.parse()?;
        while answer.len() < end + 4 + length {
            if stream.read_buf(&mut answer).await? == 0 {
                return Err("the answer is cut".into());
            }
        }
        return Ok((status, answer.split_off(end + 4)));
    }
}

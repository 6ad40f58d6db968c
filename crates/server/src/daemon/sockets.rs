//! The sockets that the daemon listens on, and exchanging them under way.

use std::{io, sync::Arc, time::Duration};

use anyhow::Context;
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use listenfd::ListenFd;
use rung_spec::Config;
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
    task::JoinHandle,
};

use crate::{
    connection::Outgoing,
    handlers,
    http::{Reply, Transport},
    listener::{self, bind, local_address},
    state::Shared,
};

/// The sockets that the daemon listens on.
pub(crate) struct Sockets {
    https: Listening,
    plain: Option<Listening>,
    metrics: Option<Listening>,
    /// Tells the connections to end; each holds a receiver until it has.
    end: watch::Sender<bool>,
}

/// A socket and the task that accepts on it.
struct Listening {
    /// The address as it was configured.
    address: String,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// Sockets for another configuration, bound but not yet accepted on.
pub(crate) struct Bound {
    https: Option<(String, TcpListener)>,
    plain: Option<(String, TcpListener)>,
    keep_plain: bool,
    metrics: Option<(String, TcpListener)>,
    keep_metrics: bool,
}

impl Sockets {
    /// Listen where the configuration says; systemd may hand over the HTTPS socket.
    pub(super) async fn open(shared: &Arc<Shared>, config: &Config) -> anyhow::Result<Self> {
        let inherited = ListenFd::from_env().take_tcp_listener(0).context("the socket from systemd cannot be used")?;
        let https = match inherited {
            Some(listener) => {
                listener.set_nonblocking(true)?;
                listener
            }
            None => bind_for(&config.address, "address")?,
        };
        let metrics = config.metrics_address().map(|address| bind_for(address, "metricsAddress")).transpose()?;
        let plain = plain_address(config).map(|address| bind_for(address, "insecureAddress")).transpose()?;
        let (end, _) = watch::channel(false);
        let https = listen(shared, &config.address, TcpListener::from_std(https)?, &end, Transport::Tls)?;
        let plain = match (plain_address(config), plain) {
            (Some(address), Some(listener)) => {
                Some(listen(shared, address, TcpListener::from_std(listener)?, &end, Transport::Plain)?)
            }
            _ => None,
        };
        let metrics = match (config.metrics_address(), metrics) {
            (Some(address), Some(listener)) => Some(listen_metrics(shared, address, TcpListener::from_std(listener)?)?),
            _ => None,
        };
        Ok(Self { https, plain, metrics, end })
    }

    /// Bind what another configuration wants and the present one does not have. Nothing changes yet.
    pub(crate) fn prepare(&self, config: &Config) -> anyhow::Result<Bound> {
        let fresh =
            |present: Option<&Listening>, wanted: &str, member| -> anyhow::Result<Option<(String, TcpListener)>> {
                if present.is_some_and(|present| present.address == wanted) {
                    return Ok(None);
                }
                Ok(Some((wanted.to_owned(), TcpListener::from_std(bind_for(wanted, member)?)?)))
            };
        let https = fresh(Some(&self.https), &config.address, "address")?;
        let plain = match plain_address(config) {
            Some(address) => fresh(self.plain.as_ref(), address, "insecureAddress")?,
            None => None,
        };
        let keep_plain = plain.is_none() && plain_address(config).is_some();
        let metrics = match config.metrics_address() {
            Some(address) => fresh(self.metrics.as_ref(), address, "metricsAddress")?,
            None => None,
        };
        let keep_metrics = metrics.is_none() && config.metrics_address().is_some();
        Ok(Bound { https, plain, keep_plain, metrics, keep_metrics })
    }

    /// Accept on the new sockets and stop accepting on those that they replace; open connections go on.
    pub(crate) fn switch(&mut self, shared: &Arc<Shared>, bound: Bound) -> anyhow::Result<()> {
        if let Some((address, listener)) = bound.https {
            let https = listen(shared, &address, listener, &self.end, Transport::Tls)?;
            std::mem::replace(&mut self.https, https).stop();
        }
        if !bound.keep_plain
            && let Some(plain) = self.plain.take()
        {
            plain.stop();
        }
        if let Some((address, listener)) = bound.plain {
            self.plain = Some(listen(shared, &address, listener, &self.end, Transport::Plain)?);
        }
        if !bound.keep_metrics
            && let Some(metrics) = self.metrics.take()
        {
            metrics.stop();
        }
        if let Some((address, listener)) = bound.metrics {
            self.metrics = Some(listen_metrics(shared, &address, listener)?);
        }
        Ok(())
    }

    /// Ends when the HTTPS listener does, which it only does by a defect.
    pub(super) async fn died(&mut self) {
        // Both outcomes of the task mean the same: nobody accepts any more.
        let _ = (&mut self.https.task).await;
    }

    /// Stop accepting and wait until the open requests are answered; false when they were not in time.
    pub(super) async fn drain(self, limit: Duration) -> bool {
        self.https.stop();
        if let Some(metrics) = self.metrics {
            metrics.stop();
        }
        let _ = self.https.task.await;
        if let Some(plain) = self.plain {
            plain.stop();
            let _ = plain.task.await;
        }
        self.end.send_replace(true);
        tokio::time::timeout(limit, self.end.closed()).await.is_ok()
    }
}

impl Listening {
    fn stop(&self) {
        self.stop.send_replace(true);
    }
}

/// Where revocations are told over plain HTTP, if anywhere.
fn plain_address(config: &Config) -> Option<&str> {
    (!config.insecure_address.is_empty()).then_some(config.insecure_address.as_str())
}

fn bind_for(address: &str, member: &str) -> anyhow::Result<std::net::TcpListener> {
    bind(address).map_err(|error| {
        let hint = match error.kind() {
            io::ErrorKind::AddrInUse => "; another process listens there: stop it, or change the port",
            io::ErrorKind::PermissionDenied => "; ports below 1024 need the right CAP_NET_BIND_SERVICE",
            _ => "",
        };
        anyhow::anyhow!("cannot listen on {address} ({member}): {error}{hint}")
    })
}

fn listen(
    shared: &Arc<Shared>,
    address: &str,
    listener: TcpListener,
    end: &watch::Sender<bool>,
    transport: Transport,
) -> io::Result<Listening> {
    let shown = shown(address, &listener)?;
    let (stop, stopped) = watch::channel(false);
    let task = tokio::spawn(listener::serve(shared.clone(), listener, stopped, end.subscribe(), transport));
    match transport {
        Transport::Plain => shared.log.info(&format!("Serving CRLs and OCSP on http://{shown} ...")),
        Transport::Tls => shared.log.info(&format!("Serving HTTPS on {shown} ...")),
    }
    Ok(Listening { address: address.to_owned(), stop, task })
}

fn listen_metrics(shared: &Arc<Shared>, address: &str, listener: TcpListener) -> io::Result<Listening> {
    let shown = shown(address, &listener)?;
    let (stop, stopped) = watch::channel(false);
    let task = tokio::spawn(serve_metrics(shared.clone(), listener, stopped));
    shared.log.info(&format!("Serving metrics on http://{shown}/metrics ..."));
    Ok(Listening { address: address.to_owned(), stop, task })
}

/// The address as it was configured; the one that the system chose where it was asked to choose.
fn shown(address: &str, listener: &TcpListener) -> io::Result<String> {
    if address.ends_with(":0") { Ok(local_address(listener)?.to_string()) } else { Ok(address.to_owned()) }
}

/// So many scrapers may be connected at the same time.
const SCRAPERS: usize = 16;

async fn serve_metrics(shared: Arc<Shared>, listener: TcpListener, mut stop: watch::Receiver<bool>) {
    let scrapers = Arc::new(Semaphore::new(SCRAPERS));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let Ok(scraper) = scrapers.clone().try_acquire_owned() else { continue };
        let shared = shared.clone();
        tokio::spawn(async move {
            let _scraper = scraper;
            let service = service_fn(|request: Request<Incoming>| {
                let reply = metrics_reply(&shared, &request);
                std::future::ready(Ok::<_, std::convert::Infallible>(reply))
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(Duration::from_secs(15))
                .serve_connection(TokioIo::new(stream), service);
            // What breaks a connection is the scraper's business.
            let _ = connection.await;
        });
    }
}

fn metrics_reply(shared: &Shared, request: &Request<Incoming>) -> http::Response<Outgoing> {
    let reply = match (request.method(), request.uri().path()) {
        (&http::Method::GET | &http::Method::HEAD, "/metrics") => {
            Reply::metrics(shared.metrics.text(&shared.snapshot()))
        }
        // Here, too, since nobody takes the room of those who watch.
        (&http::Method::GET | &http::Method::HEAD, "/health") => handlers::health::of(&shared.current.load()),
        (_, "/health" | "/metrics") => Reply::method_not_allowed(Some("GET")),
        _ => Reply::page_not_found(),
    };
    reply.into_response(&http::HeaderValue::from_static("metrics"))
}

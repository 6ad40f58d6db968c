//! A server of files, to try certificates with: listening, reloading, ending.

mod answer;
mod body;
mod credentials;
mod place;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::net::TcpListener as Bound;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use time::OffsetDateTime;
use time::macros::format_description;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

use crate::clock;

pub(crate) use credentials::Credentials;
use credentials::Current;

/// What to serve, and how.
pub(crate) struct Settings {
    /// The folder, in its canonical form.
    pub(crate) folder: PathBuf,
    /// Where to listen.
    pub(crate) address: String,
    /// What to prove itself with; without it there is no TLS.
    pub(crate) credentials: Option<Credentials>,
    /// Where to write the process id.
    pub(crate) pid_file: Option<PathBuf>,
}

/// Serve until a signal says that it is enough.
pub(crate) fn run(settings: Settings) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(serve(settings))
}

async fn serve(settings: Settings) -> anyhow::Result<()> {
    let tls = match settings.credentials {
        Some(credentials) => {
            log("reloading TLS configuration");
            Some(Arc::new(Current::load(credentials)?))
        }
        None => None,
    };
    let (mut hangup, mut interrupt, mut terminate) =
        (signal(SignalKind::hangup())?, signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let listener = bind(&settings.address).with_context(|| format!("could not listen at {}", settings.address))?;
    let listener = TcpListener::from_std(listener)?;
    let _pid_file = settings.pid_file.map(PidFile::write).transpose()?;
    let kind = if tls.is_some() { "HTTPS" } else { "HTTP" };
    log(&format!("serving {kind} at {}", listener.local_addr()?));

    let folder = Arc::new(settings.folder);
    let connections = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let (tls, folder, watcher) = (tls.clone(), folder.clone(), connections.watcher());
                    let Ok(place) = room.clone().try_acquire_owned() else { continue };
                    tokio::spawn(async move {
                        connection(stream, tls.as_deref(), folder, watcher).await;
                        drop(place);
                    });
                }
                // No room for another one; the next may find some.
                Err(_) => tokio::time::sleep(BREATH).await,
            },
            Some(()) = hangup.recv() => if let Some(tls) = &tls {
                log("reloading TLS configuration");
                match tls.reload() {
                    Ok(()) => log("reloaded; new connections see it"),
                    Err(error) => {
                        log(&format!("the new TLS configuration cannot be used, the old one stays: {error:#}"));
                    }
                }
            },
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
        }
    }
    log("shutting down");
    drop(listener);
    // Whoever has not finished by then is cut off.
    let _ = tokio::time::timeout(FAREWELL, connections.shutdown()).await;
    Ok(())
}

async fn connection(stream: TcpStream, tls: Option<&Current>, folder: Arc<PathBuf>, watcher: Watcher) {
    let Some(tls) = tls else { return speak(stream, folder, watcher).await };
    let handshake = TlsAcceptor::from(tls.config()).accept(stream);
    match tokio::time::timeout(PATIENCE, handshake).await {
        Ok(Ok(stream)) => speak(stream, folder, watcher).await,
        Ok(Err(error)) => log(&format!("TLS handshake error: {error}")),
        Err(_) => {}
    }
}

async fn speak(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, folder: Arc<PathBuf>, watcher: Watcher) {
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = answer::answer(&request, &folder);
        std::future::ready(Ok::<_, std::convert::Infallible>(answer))
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(PATIENCE).max_buf_size(64 << 10);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(PATIENCE).max_concurrent_streams(64);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    // What breaks a connection is the client's business.
    let _ = watcher.watch(connection.into_owned()).await;
}

/// Listen; an address without a host means all of this machine.
fn bind(address: &str) -> io::Result<Bound> {
    let listener = match address.strip_prefix(':') {
        // IPv6 and IPv4 in one, where there is IPv6.
        Some(port) => Bound::bind(format!("[::]:{port}")).or_else(|_| Bound::bind(format!("0.0.0.0:{port}"))),
        None => Bound::bind(address),
    }?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// A line with the time on standard error.
fn log(text: &str) {
    let format = format_description!("[year]/[month]/[day] [hour]:[minute]:[second]");
    let time = OffsetDateTime::from(clock::now()).format(format).unwrap_or_default();
    // Standard error may be closed; there is nobody left to tell.
    let _ = io::Write::write_all(&mut io::stderr(), format!("{time} {}\n", crate::ui::shown(text)).as_bytes());
}

/// A file with the process id, as long as this is there.
struct PidFile(PathBuf);

impl PidFile {
    fn write(path: PathBuf) -> anyhow::Result<Self> {
        let done = fs::write(&path, format!("{}\n", std::process::id()));
        done.with_context(|| format!("could not write the file of --pidfile, {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        // At the end there is nobody to tell.
        let _ = fs::remove_file(&self.0);
    }
}

const MOST_CONNECTIONS: usize = 512;
/// For the handshake, and for the headers of a request.
const PATIENCE: Duration = Duration::from_secs(15);
const FAREWELL: Duration = Duration::from_secs(5);
const BREATH: Duration = Duration::from_millis(50);

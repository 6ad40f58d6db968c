//! Accepting connections: sockets, handshakes, and ending in good order.

use std::{
    io,
    net::SocketAddr,
    os::fd::AsFd,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use hyper::{Request, body::Incoming, service::service_fn};
use rung_authority::presented::Shown;
use rung_pki::Certificate;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_rustls::TlsAcceptor;

use crate::{
    connection::{self, Activity},
    http::{self, Peer, Transport},
    limits::{Held, Source},
    state::Shared,
};

/// How long to wait when the machine has no room for another connection.
const BREATH: Duration = Duration::from_millis(50);

/// Bind `address`, which may leave out the host to mean all of them.
///
/// # Errors
/// When the address is taken or not one of this machine.
pub fn bind(address: &str) -> io::Result<std::net::TcpListener> {
    let listener = match address.strip_prefix(':') {
        Some(port) => bind_all(port)?,
        None => std::net::TcpListener::bind(address)?,
    };
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// All addresses of this machine: IPv6 and IPv4 in one socket where there is IPv6.
fn bind_all(port: &str) -> io::Result<std::net::TcpListener> {
    use socket2::{Domain, Protocol, Socket, Type};
    let port: u16 =
        port.parse().map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "the port is not a number"))?;
    let dual = || -> io::Result<std::net::TcpListener> {
        let socket = Socket::new(Domain::IPV6, Type::STREAM, Some(Protocol::TCP))?;
        socket.set_only_v6(false)?;
        socket.set_reuse_address(true)?;
        socket.bind(&SocketAddr::from(([0_u16; 8], port)).into())?;
        socket.listen(1024)?;
        Ok(socket.into())
    };
    match dual() {
        // A machine without IPv6 says so in one of these ways.
        Err(error)
            if matches!(error.raw_os_error(), Some(libc::EAFNOSUPPORT | libc::EADDRNOTAVAIL | libc::ENOPROTOOPT)) =>
        {
            std::net::TcpListener::bind(("0.0.0.0", port))
        }
        bound => bound,
    }
}

/// A connection that was let in.
struct Admitted {
    stream: TcpStream,
    address: SocketAddr,
    source: Source,
    /// Its share of all the connections there may be.
    held: Held,
    /// How long anything at its edge may take: handshake, headers, an idle pause.
    patience: Duration,
    /// Says when the daemon ends.
    end: watch::Receiver<bool>,
}

/// Accept connections until `stop` says so; the open ones go on until `end` does.
pub async fn serve(
    shared: Arc<Shared>,
    listener: TcpListener,
    mut stop: watch::Receiver<bool>,
    end: watch::Receiver<bool>,
    transport: Transport,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        match accepted {
            Ok((stream, address)) => {
                let Some(admitted) = admit(&shared, stream, address, &end) else { continue };
                match transport {
                    Transport::Plain => drop(tokio::spawn(plain(shared.clone(), admitted))),
                    Transport::Tls => drop(tokio::spawn(connection(shared.clone(), admitted))),
                }
            }
            Err(error) if is_exhaustion(&error) => {
                if shared.limiter.is_worth_a_line() {
                    shared.log.warning(&format!("no room for another connection: {error}"));
                }
                tokio::time::sleep(BREATH).await;
            }
            // The peer went away between connecting and being accepted.
            Err(_) => {}
        }
    }
}

/// Let a connection in, or close it before it costs a handshake.
fn admit(
    shared: &Arc<Shared>,
    stream: TcpStream,
    address: SocketAddr,
    end: &watch::Receiver<bool>,
) -> Option<Admitted> {
    let generation = shared.current.load();
    let limits = &generation.config.limits;
    let source = shared.limiter.source(address.ip(), limits);
    match shared.limiter.connect(source, limits) {
        Ok(held) => Some(Admitted { stream, address, source, held, patience: limits.patience, end: end.clone() }),
        Err(refused) => {
            if shared.limiter.is_worth_a_line() {
                let cause = refused.cause.name();
                shared.log.warning(&format!("a connection from {address} was refused, and others may be ({cause})"));
            }
            None
        }
    }
}

async fn connection(shared: Arc<Shared>, admitted: Admitted) {
    let Admitted { stream, address, source, held: _held, patience, end } = admitted;
    // A socket that cannot be tuned still serves.
    let _ = stream.set_nodelay(true);
    let acceptor = TlsAcceptor::from(shared.current.load().tls.clone());
    let handshake = async {
        if speaks_plainly(&stream).await? {
            refuse_plain(stream).await?;
            return Ok(None);
        }
        acceptor.accept(stream).await.map(Some)
    };
    let stream = match tokio::time::timeout(patience, handshake).await {
        Ok(Ok(Some(stream))) => stream,
        Ok(Ok(None)) => {
            shared.metrics.failed_handshakes.fetch_add(1, Ordering::Relaxed);
            return shared.log.info(&format!("{address} sent an HTTP request without TLS"));
        }
        Ok(Err(error)) => {
            shared.metrics.failed_handshakes.fetch_add(1, Ordering::Relaxed);
            if error.kind() == io::ErrorKind::InvalidData {
                shared.log.info(&format!("TLS handshake error from {address}: {error}"));
            }
            return;
        }
        Err(_) => {
            shared.metrics.failed_handshakes.fetch_add(1, Ordering::Relaxed);
            return;
        }
    };
    // What the handshake has accepted is well formed.
    let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
    let certificate = shown.and_then(|der| Certificate::from_der(der).ok()).map(|shown| Arc::new(Shown::new(shown)));
    let activity = Activity::begin();
    let peer = Peer { address, source, certificate, transport: Transport::Tls, activity: activity.clone() };
    let service = service_fn(move |request: Request<Incoming>| http::serve(shared.clone(), peer.clone(), request));
    connection::attend(stream, service, activity, patience, end).await;
}

/// A connection over which only what is signed for itself is served.
async fn plain(shared: Arc<Shared>, admitted: Admitted) {
    let Admitted { stream, address, source, held: _held, patience, end } = admitted;
    let activity = Activity::begin();
    let peer = Peer { address, source, certificate: None, transport: Transport::Plain, activity: activity.clone() };
    let service = service_fn(move |request: Request<Incoming>| http::serve(shared.clone(), peer.clone(), request));
    connection::attend(stream, service, activity, patience, end).await;
}

/// Whether the peer speaks HTTP without TLS: no TLS record begins with a letter (RFC 8446 §5.1).
async fn speaks_plainly(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0];
    Ok(stream.peek(&mut first).await? == 1 && first[0].is_ascii_uppercase())
}

/// Tell somebody who wrote `http` for `https`.
async fn refuse_plain(mut stream: TcpStream) -> io::Result<()> {
    // What is left unread would reset the connection, and the answer would be lost.
    let mut request = [0; 4096];
    let _ = stream.read(&mut request).await?;
    stream.write_all(PLAIN_REFUSAL).await?;
    stream.shutdown().await
}

const PLAIN_REFUSAL: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 48\r\nConnection: close\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";

/// Whether there are no file descriptors or memory left.
fn is_exhaustion(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM))
}

/// The address that a socket is bound to.
///
/// # Errors
/// When the socket is none.
pub fn local_address(listener: &impl AsFd) -> io::Result<SocketAddr> {
    socket2::SockRef::from(listener)
        .local_addr()?
        .as_socket()
        .ok_or_else(|| io::Error::other("the socket has no internet address"))
}

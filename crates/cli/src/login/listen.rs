//! Where the browser comes back to.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use rung_api::printable;
use url::Url;

/// A listener that waits for the browser.
#[derive(Debug)]
pub(super) struct Listening {
    pub(super) listener: TcpListener,
    /// What the provider is told; exactly this must be registered there.
    pub(super) redirect_uri: String,
    /// The path that the browser comes back to.
    pub(super) path: String,
}

/// Why nothing can listen for the browser.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The address is not one.
    #[error("`{0}` is not an address to listen on: write `:PORT`, `127.0.0.1:PORT` or `[::1]:PORT`")]
    Address(String),
    /// Other machines could reach the address.
    #[error("listening on `{0}` would let other machines answer the login: use 127.0.0.1, [::1] or localhost")]
    Exposed(String),
    /// The redirect URI is not one.
    #[error("`{0}` is not a redirect URL such as http://127.0.0.1:10000/callback")]
    RedirectUrl(String),
    /// The address is taken or may not be used.
    #[error("cannot listen on {address} for the login: {reason}; choose another with --listen")]
    Taken {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        reason: String,
    },
}

impl Listening {
    /// Listen on `address`, or on any port of loopback when it is empty. Only a person who
    /// says so (`explicit`) and names the redirect URL themselves may open it to others.
    pub(super) fn bind(address: &str, explicit: bool, redirect_url: Option<&str>) -> Result<Self, ListenError> {
        let place = Place::parse(address)?;
        let allowed = explicit && redirect_url.is_some();
        if !place.ip.is_loopback() && !allowed {
            return Err(ListenError::Exposed(printable(address).into_owned()));
        }
        let (listener, port) = bind(place.ip, place.port).or_else(|error| match address {
            // A machine without IPv4 has the other loopback.
            "" => bind(Ipv6Addr::LOCALHOST.into(), 0).map_err(|_| error),
            _ => Err(error),
        })?;
        let ip = listener.local_addr().map_or(place.ip, |address| address.ip());
        let (redirect_uri, path) = match redirect_url {
            Some(url) => given(url, port)?,
            None => (place.url(ip, port), "/".to_owned()),
        };
        Ok(Self { listener, redirect_uri, path })
    }
}

/// The redirect URI for a browser on another machine, where nobody listens.
pub(super) fn redirect_elsewhere(address: &str, redirect_url: Option<&str>) -> Result<String, ListenError> {
    let place = Place::parse(address)?;
    // The browser's machine should have nothing there, either.
    let port = if place.port == 0 { UNUSED_PORT } else { place.port };
    match redirect_url {
        Some(url) => Ok(given(url, port)?.0),
        None => Ok(place.url(place.ip, port)),
    }
}

/// The given redirect URL with the port that is listened on where it says 0, and its path.
fn given(text: &str, port: u16) -> Result<(String, String), ListenError> {
    let wrong = || ListenError::RedirectUrl(printable(text).into_owned());
    let mut url: Url = text.parse().map_err(|_| wrong())?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() || url.fragment().is_some() {
        return Err(wrong());
    }
    if url.port() == Some(0) {
        url.set_port(Some(port)).map_err(|()| wrong())?;
        return Ok((url.as_str().to_owned(), url.path().to_owned()));
    }
    Ok((text.to_owned(), url.path().to_owned()))
}

fn bind(ip: IpAddr, port: u16) -> Result<(TcpListener, u16), ListenError> {
    let address = SocketAddr::new(ip, port);
    let taken = |error: io::Error| {
        let reason = match error.kind() {
            io::ErrorKind::AddrInUse => "another program listens there".to_owned(),
            io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
            _ => error.to_string(),
        };
        ListenError::Taken { address, reason }
    };
    let listener = TcpListener::bind(address).map_err(taken)?;
    let port = listener.local_addr().map_err(taken)?.port();
    Ok((listener, port))
}

/// A host and port as a person writes them.
struct Place {
    ip: IpAddr,
    port: u16,
    named: bool,
}

impl Place {
    fn parse(text: &str) -> Result<Self, ListenError> {
        let wrong = || ListenError::Address(printable(text).into_owned());
        if text.is_empty() {
            return Ok(Self { ip: Ipv4Addr::LOCALHOST.into(), port: 0, named: false });
        }
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let port = port.parse().map_err(|_| wrong())?;
        let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let (ip, named) = match (host, bracketed) {
            ("", _) => (Ipv4Addr::LOCALHOST.into(), false),
            ("localhost", _) => (Ipv4Addr::LOCALHOST.into(), true),
            (_, Some(inner)) => (inner.parse::<Ipv6Addr>().map_err(|_| wrong())?.into(), false),
            (host, None) => (host.parse::<Ipv4Addr>().map_err(|_| wrong())?.into(), false),
        };
        Ok(Self { ip, port, named })
    }

    /// RFC 8252 §7.3: loopback, http, any port; no path and no final slash, as registered.
    fn url(&self, ip: IpAddr, port: u16) -> String {
        match ip {
            _ if self.named => format!("http://localhost:{port}"),
            IpAddr::V4(ip) => format!("http://{ip}:{port}"),
            IpAddr::V6(ip) => format!("http://[{ip}]:{port}"),
        }
    }
}

/// A port that no usual program listens on.
const UNUSED_PORT: u16 = 61_861;

//! Where the browser comes back to.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use rung_api::printable;
use url::Url;

/// What waits for the browser.
#[derive(Debug)]
pub(super) struct Listening {
    /// On the address of the redirect URI first, on the other loopback address next.
    pub(super) listeners: Vec<TcpListener>,
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
    /// The listener broke.
    #[error("cannot listen for the login: {0}")]
    Lost(String),
    /// No port is free on both loopback addresses.
    #[error("no port is free for the login; name one with --listen, such as --listen 127.0.0.1:10000")]
    NoPort,
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
        /// Whether somebody else listens there, perhaps for a while only.
        in_use: bool,
    },
}

impl ListenError {
    /// Whether trying again later may help.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, Self::Taken { in_use: true, .. })
    }
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
        let (listeners, address) = place.listen(address.is_empty())?;
        let (redirect_uri, path) = match redirect_url {
            Some(url) => given(url, address.port())?,
            None => (place.url(address.ip(), address.port()), "/".to_owned()),
        };
        Ok(Self { listeners, redirect_uri, path })
    }
}

/// Check what is to become [`super::Options::listen`].
pub fn check_listen(address: &str) -> Result<(), ListenError> {
    Place::parse(address).map(drop)
}

/// Check what is to become [`super::Options::listen_url`].
pub fn check_listen_url(url: &str) -> Result<(), ListenError> {
    given(url, UNUSED_PORT).map(drop)
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

fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ListenError> {
    let taken = |error: io::Error| {
        let in_use = error.kind() == io::ErrorKind::AddrInUse;
        let reason = match error.kind() {
            io::ErrorKind::AddrInUse => "another program listens there".to_owned(),
            io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
            _ => error.to_string(),
        };
        ListenError::Taken { address, reason, in_use }
    };
    let listener = TcpListener::bind(address).map_err(taken)?;
    let address = listener.local_addr().map_err(taken)?;
    Ok((listener, address))
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

    /// Listen here and, where that is possible, on the same port of the other loopback
    /// address: which of the two a browser takes for `localhost` is its own affair.
    fn listen(&self, anywhere: bool) -> Result<(Vec<TcpListener>, SocketAddr), ListenError> {
        for _ in 0..TRIES {
            let (first, address) = match bind(SocketAddr::new(self.ip, self.port)) {
                // A machine without IPv4 has the other loopback.
                Err(error) if anywhere => {
                    let (other, address) = bind((Ipv6Addr::LOCALHOST, 0).into()).map_err(|_| error)?;
                    return Ok((vec![other], address));
                }
                result => result?,
            };
            let other = match self.ip {
                IpAddr::V4(Ipv4Addr::LOCALHOST) => IpAddr::from(Ipv6Addr::LOCALHOST),
                IpAddr::V6(Ipv6Addr::LOCALHOST) => IpAddr::from(Ipv4Addr::LOCALHOST),
                // A particular address was asked for.
                _ => return Ok((vec![first], address)),
            };
            match bind(SocketAddr::new(other, address.port())) {
                Ok((second, _)) => return Ok((vec![first, second], address)),
                // Whoever listens there could get the code of a redirect to `localhost`.
                Err(error) if error.may_pass() && self.named && self.port != 0 => return Err(error),
                Err(error) if error.may_pass() && self.port == 0 => {} // Another port may be free.
                // There is no such address on this machine.
                Err(_) => return Ok((vec![first], address)),
            }
        }
        Err(ListenError::NoPort)
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

/// Ports that are tried before giving up on one that is free on both loopback addresses.
const TRIES: usize = 20;

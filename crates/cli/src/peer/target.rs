//! Which server a URL names.

use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};

use anyhow::Context as _;
use url::{Host, Url};

use crate::failure::Usage;

/// A server that speaks TLS from the first octet on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// Its name or address, without brackets.
    pub(crate) host: String,
    /// Its port.
    pub(crate) port: u16,
}

/// Whether the text names a server, and not a file.
pub(crate) fn is_url(text: &str) -> bool {
    scheme(text).is_some()
}

impl Target {
    /// Read a URL; its path and what follows do not matter.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let (usual_port, rest) = scheme(text).with_context(|| format!("'{text}' is not the URL of a TLS server"))?;
        let wrong = |error| Usage::new(format!("error parsing URL '{text}': {error}"));
        // Hosts are read as those of the web are; the other scheme has no usual port, so that one that is written stays.
        let web = Url::parse(&format!("https://{rest}")).map_err(wrong)?;
        let port = Url::parse(&format!("tls://{rest}")).map_err(wrong)?.port();
        let host = match web.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => return Err(Usage::new(format!("error parsing URL '{text}': it names no host")).into()),
        };
        Ok(Self { host, port: port.unwrap_or(usual_port) })
    }

    /// The addresses to try.
    pub(super) fn addresses(&self) -> std::io::Result<Vec<SocketAddr>> {
        Ok((self.host.as_str(), self.port).to_socket_addrs()?.collect())
    }
}

impl fmt::Display for Target {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(out, "[{}]:{}", self.host, self.port),
            false => write!(out, "{}:{}", self.host, self.port),
        }
    }
}

/// The usual port of the scheme, and what follows it.
fn scheme(text: &str) -> Option<(u16, &str)> {
    SCHEMES.iter().find_map(|(scheme, port)| {
        let start = text.get(..scheme.len()).filter(|start| start.eq_ignore_ascii_case(scheme))?;
        Some((*port, &text[start.len()..]))
    })
}

const SCHEMES: [(&str, u16); 5] =
    [("https://", 443), ("tls://", 443), ("tcp://", 443), ("smtps://", 465), ("ldaps://", 636)];

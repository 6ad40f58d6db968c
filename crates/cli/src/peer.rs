//! Servers that are named by a URL, and the certificates that they show.
//!
//! Nothing but a TLS handshake takes place. Whatever the server shows is collected first and judged afterwards, with the
//! same verifier that every command uses, so that a certificate that is not accepted can still be named.

mod collect;
mod deadline;
mod target;
#[cfg(test)]
mod tests;

use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use rung_pki::Certificate;
use rung_pki::chain::{self, ChainError};
use rung_pki::extension::Purpose;
use rustls::{ClientConfig, ClientConnection};
use rustls_pki_types::ServerName;

use crate::call::Call;
use crate::clock;
use crate::grammar::Flag;
use crate::roots::{self, reason};
use collect::{Collector, Seen};
use deadline::Deadline;

pub(crate) use target::{Target, is_url};

/// What a server showed.
#[derive(Debug)]
pub(crate) struct Peer {
    /// Its certificates as they came, its own first.
    pub(crate) chain: Vec<Certificate>,
    /// What is wrong with them, if anything; nothing when nobody asked.
    pub(crate) verdict: Option<ChainError>,
}

impl Peer {
    /// The certificates, if nothing is wrong with them.
    pub(crate) fn trusted(self) -> anyhow::Result<Vec<Certificate>> {
        match self.verdict {
            None => Ok(self.chain),
            Some(problem) => bail!("failed to connect: tls: failed to verify certificate: {}", reason(&problem)),
        }
    }
}

/// Flags of a command that takes the URL of a server where a file can stand.
pub(crate) static FLAGS: &[Flag] = &[
    Flag::value(
        &["roots"],
        "<files>",
        "Roots that a server has to prove itself with, instead of the system's: a file, several with commas between, or \
        a folder.",
    ),
    Flag::value(
        &["servername"],
        "<name>",
        "The name that a server is asked for and has to prove, instead of the one in its URL.",
    ),
    Flag::switch(&["insecure"], "Take what a server shows, whoever it is."),
];

/// The values of [`FLAGS`].
#[derive(Debug)]
pub(crate) struct Flags {
    roots: Option<String>,
    server_name: Option<String>,
    insecure: bool,
}

impl Flags {
    /// What a command was called with; a command without `--insecure` verifies always.
    pub(crate) fn of(call: &Call) -> anyhow::Result<Self> {
        let insecure = call.knows("insecure") && call.switch("insecure")?;
        Ok(Self { roots: call.text("roots")?, server_name: call.text("servername")?, insecure })
    }

    /// The same, but what a server shows is verified whatever the flags say.
    pub(crate) fn always_verified(self) -> Self {
        Self { insecure: false, ..self }
    }

    /// Fetch the certificates of the server that `url` names.
    pub(crate) fn fetch(&self, url: &str) -> anyhow::Result<Peer> {
        let (roots, server_name) = (self.roots.as_deref(), self.server_name.as_deref());
        fetch(url, Judgement { roots, server_name, insecure: self.insecure })
    }
}

/// How the certificates of a server are judged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Judgement<'a> {
    /// The roots of `--roots`; the system's without it.
    pub(crate) roots: Option<&'a str>,
    /// The name of `--servername`, which the server is asked for and has to prove, instead of its address.
    pub(crate) server_name: Option<&'a str>,
    /// Whether anything is accepted, as `--insecure` says.
    pub(crate) insecure: bool,
}

/// Fetch the certificates of the server that `url` names.
///
/// # Errors
/// When the server cannot be reached or does not speak TLS. What is wrong with its certificates is in the answer.
pub(crate) fn fetch(url: &str, judgement: Judgement<'_>) -> anyhow::Result<Peer> {
    let target = Target::parse(url)?;
    // Roots that cannot be read are told before anybody is bothered.
    let trusted = match (judgement.insecure, judgement.roots) {
        (true, _) => Vec::new(),
        (false, Some(paths)) => roots::given(paths)?,
        (false, None) => roots::of_the_system()?,
    };
    let name = judgement.server_name.unwrap_or(&target.host).to_owned();
    let seen = shake_hands(&target, &name, judgement.insecure)?;
    let chain = seen.iter().map(|der| Certificate::from_der(der)).collect::<Result<Vec<_>, _>>();
    let chain = chain.with_context(|| format!("a certificate of {url} cannot be used"))?;
    let Some((leaf, intermediates)) = chain.split_first() else {
        bail!("failed to connect: {url} showed no certificate");
    };
    let verdict = if judgement.insecure {
        None
    } else {
        let path = chain::verify(leaf, intermediates, &trusted, clock::now(), Some(Purpose::ServerAuth));
        path.map(drop).and_then(|()| chain::matches_host(leaf, &name)).err()
    };
    Ok(Peer { chain, verdict })
}

/// The certificates that the server shows, after it has proved to hold the first one's key unless `insecure`.
fn shake_hands(target: &Target, name: &str, insecure: bool) -> anyhow::Result<Vec<Vec<u8>>> {
    let collector = Arc::new(Collector::new(insecure));
    let config = ClientConfig::builder_with_provider(collector.provider())
        .with_safe_default_protocol_versions()
        .context("failed to connect")?
        .dangerous()
        .with_custom_certificate_verifier(collector.clone())
        .with_no_client_auth();
    let bare = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
    let server_name = ServerName::try_from(bare.to_owned());
    let server_name = server_name.map_err(|_| anyhow!("'{name}' is neither a host name nor an IP address"))?;
    let mut connection = ClientConnection::new(Arc::new(config), server_name).context("failed to connect")?;
    let mut deadline = Deadline::of(target, WHOLE)?;
    let done = loop {
        if !connection.is_handshaking() {
            break Ok(());
        }
        if let Err(error) = connection.complete_io(&mut deadline) {
            break Err(error);
        }
    };
    match (collector.seen(), done) {
        (seen, Ok(())) => Ok(seen.ders),
        // A server that wants a certificate of ours ends the handshake, but has shown and proved its own by then.
        (Seen { ders, proven: true }, Err(_)) => Ok(ders),
        (_, Err(error)) => Err(anyhow!("failed to connect: {target}: {}", deadline.explain(error))),
    }
}

/// From the first packet to the last.
const WHOLE: Duration = Duration::from_secs(15);

/// Connect to one of the addresses of a host.
fn dial(target: &Target, left: impl Fn() -> Duration) -> anyhow::Result<TcpStream> {
    let unknown = || anyhow!("failed to connect: dial tcp: lookup {}: no such host", target.host);
    let addresses = target.addresses().map_err(|_| unknown())?;
    let mut problem = unknown();
    for address in addresses {
        match TcpStream::connect_timeout(&address, left().clamp(Duration::from_millis(1), EACH)) {
            Ok(stream) => return Ok(stream),
            Err(error) => problem = anyhow!("failed to connect: dial tcp {address}: connect: {}", plain(&error)),
        }
    }
    Err(problem)
}

/// The text of the system's error, as other programs write it.
fn plain(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        std::io::ErrorKind::TimedOut => "it did not answer in time".to_owned(),
        _ => error.to_string(),
    }
}

/// For one address, so that there is time for the next.
const EACH: Duration = Duration::from_secs(5);

//! The configuration of a certificate authority: `ca.json`.

mod authority;
mod database;
mod limits;
mod logger;
mod network;
mod retired;
mod revocation;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use crate::{
    ConfigErrors, Provisioner, ResolvedClaims, Secret, Tls, features,
    json::{Members, Node, Reader},
};
pub use authority::{AuthorityConfig, SubjectTemplate};
pub use database::Database;
pub use limits::{Limits, Network, Rate};
pub use logger::{LogFormat, Logger};
pub(crate) use network::check_address;
pub use retired::RetiredIntermediate;
pub use revocation::CrlConfig;

/// The configuration of a certificate authority.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Files with the root certificates.
    pub root: Vec<PathBuf>,
    /// Files with roots of other authorities that are handed out too.
    pub federated_roots: Vec<PathBuf>,
    /// The file with the issuing certificate, followed by its parents.
    pub crt: PathBuf,
    /// The issuing key: a file, or the address of a key store.
    pub key: String,
    /// Who issued before: their certificates still verify, are renewed and revoked.
    pub retired_intermediates: Vec<RetiredIntermediate>,
    /// Where HTTPS is served, `host:port`.
    pub address: String,
    /// Where revocations are told over plain HTTP; nowhere when it is empty.
    pub insecure_address: String,
    /// The names by which clients reach the authority; at least one.
    pub dns_names: Vec<String>,
    /// How requests are logged; not at all when absent.
    pub logger: Option<Logger>,
    /// Where decisions are remembered; in memory when absent.
    pub db: Option<Database>,
    /// Rules and provisioners.
    pub authority: AuthorityConfig,
    /// TLS settings.
    pub tls: Tls,
    /// The password of the issuing key.
    pub password: Option<Secret<String>>,
    /// The common name of the server's own certificate.
    pub common_name: String,
    /// The lists of revoked certificates.
    pub crl: CrlConfig,
    /// Where certificates say that their issuer, its list and OCSP are; they say nothing when absent.
    pub revocation_url: Option<String>,
    /// How much it takes on at once, and from whom.
    pub limits: Limits,
    /// Who may look through the certificates on record: names that client certificates have.
    pub inventory_readers: Vec<String>,
    metrics_address: String,
}

impl Config {
    /// Read a configuration; `file` is its name in errors.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its place.
    pub fn parse(text: &str, file: &Path) -> Result<Self, ConfigErrors> {
        let (reader, members) = Reader::parse(text);
        let config = members.map(|members| Self::read(&members));
        let problems = reader.problems();
        match config {
            Some(config) if problems.is_empty() => Ok(config),
            _ => Err(ConfigErrors { file: file.to_owned(), problems }),
        }
    }

    fn read(members: &Members<'_>) -> Self {
        let config = Self {
            address: required_address(members),
            dns_names: network::dns_names(members),
            root: roots(members),
            crt: PathBuf::from(required(members, "crt")),
            key: required(members, "key"),
            federated_roots: paths(&members.get("federatedRoots").map(|node| node.list()).unwrap_or_default()),
            retired_intermediates: retired::read(members),
            insecure_address: network::address(members, "insecureAddress"),
            metrics_address: network::address(members, "metricsAddress"),
            logger: members.object("logger").map(|logger| Logger::read(&logger)),
            db: members.object("db").and_then(|db| Database::read(&db)),
            authority: members.object("authority").map(|object| AuthorityConfig::read(&object)).unwrap_or_default(),
            tls: members.object("tls").map(|tls| Tls::read(&tls)).unwrap_or_default(),
            password: members.text_of("password").filter(|password| !password.is_empty()).map(Secret::new),
            common_name: members
                .text_of("commonName")
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| DEFAULT_COMMON_NAME.to_owned()),
            crl: members.object("crl").map(|crl| CrlConfig::read(&crl)).unwrap_or_default(),
            revocation_url: revocation::url(members, "revocationURL"),
            inventory_readers: inventory_readers(members),
            limits: members.object("limits").map(|limits| Limits::read(&limits)).unwrap_or_default(),
        };
        if !config.inventory_readers.is_empty() && config.db.is_none() {
            members.report("certificates are looked through in a database: add `db`, or remove `inventoryReaders`");
        }
        if config.crl.enabled && config.db.is_none() {
            members.report("lists of revoked certificates need a database: add `db`, or set crl.enabled to false");
        }
        if config.crl.shards.is_some() && config.revocation_url.is_none() {
            members.report("certificates say in which shard they are: add `revocationURL`, or remove crl.shards");
        }
        features::refuse_top(members);
        members.finish();
        config
    }

    /// Where metrics are served, if anywhere.
    pub fn metrics_address(&self) -> Option<&str> {
        (!self.metrics_address.is_empty()).then_some(self.metrics_address.as_str())
    }

    /// The header that carries a request's identifier, besides `X-Request-Id`.
    pub fn trace_header(&self) -> &str {
        self.logger.as_ref().map_or(logger::DEFAULT_TRACE_HEADER, |logger| &logger.trace_header)
    }

    /// The lifetimes and switches of a provisioner with every level taken into account.
    pub fn resolved_claims(&self, provisioner: &Provisioner) -> ResolvedClaims {
        let authority = ResolvedClaims::default().apply(&self.authority.claims);
        authority
            .and_then(|authority| authority.apply(provisioner.claims()))
            .expect("the claims of every provisioner were checked when the configuration was read")
    }
}

fn inventory_readers(members: &Members<'_>) -> Vec<String> {
    let nodes = members.get("inventoryReaders").map(|node| node.list()).unwrap_or_default();
    let name = |node: &Node<'_>| {
        let text = node.string()?;
        if text.trim() != text || text.is_empty() {
            node.report(
                "a reader is an e-mail address, DNS name or URI that client certificates have, as it stands there",
            );
        }
        Some(text)
    };
    nodes.iter().filter_map(name).collect()
}

/// The one member `root` is a file name or a list of them.
fn roots(members: &Members<'_>) -> Vec<PathBuf> {
    let Some(node) = members.get("root") else {
        members.report("the member `root` is missing: name the file with the root certificate");
        return Vec::new();
    };
    let nodes = match node.is_list() {
        true => node.list(),
        false => vec![node.clone()],
    };
    if nodes.is_empty() {
        node.report("root names no file: name the file with the root certificate");
    }
    paths(&nodes)
}

fn paths(nodes: &[Node<'_>]) -> Vec<PathBuf> {
    let path = |node: &Node<'_>| {
        let text = node.string()?;
        if text.is_empty() {
            node.report("the name of a file must not be empty");
        }
        Some(PathBuf::from(text))
    };
    nodes.iter().filter_map(path).collect()
}

fn required(members: &Members<'_>, name: &'static str) -> String {
    let Some(node) = members.get(name) else {
        members.report(format!("the member `{name}` is missing"));
        return String::new();
    };
    let text = node.string();
    if text.as_deref() == Some("") {
        node.report(format!("{name} must not be empty"));
    }
    text.unwrap_or_default()
}

fn required_address(members: &Members<'_>) -> String {
    required(members, "address");
    network::address(members, "address")
}

const DEFAULT_COMMON_NAME: &str = "Rung Online CA";

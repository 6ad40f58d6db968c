//! The configuration of a certificate authority: `ca.json`.

#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    Claims, ConfigErrors, Position, Provisioner, ResolvedClaims, Secret, Tls, features,
    json::{Members, Node, Reader},
};

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
    /// Where HTTPS is served, `host:port`.
    pub address: String,
    /// Where plain HTTP would be served; nothing of this version is.
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
    metrics_address: String,
}

/// How requests are logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logger {
    /// The shape of a line.
    pub format: LogFormat,
    /// The header that carries a request's identifier, besides `X-Request-Id`.
    pub trace_header: String,
}

/// The shape of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// As web servers write it.
    Common,
    /// A JSON object.
    Json,
    /// `key=value` pairs.
    Text,
}

/// Where decisions are remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// The file of the SQLite database, or a folder for it.
    pub data_source: PathBuf,
}

/// Rules and provisioners.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AuthorityConfig {
    /// Who vouches for the people and machines that ask.
    pub provisioners: Vec<Provisioner>,
    /// Lifetimes and switches for all of them.
    pub claims: Claims,
    /// Subject attributes of certificates that have none.
    pub template: SubjectTemplate,
    /// How far back certificates start.
    pub backdate: Duration,
    /// Whether tokens from before the start are taken.
    pub disable_issued_at_check: bool,
}

/// Subject attributes of certificates that have none; empty ones are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SubjectTemplate {
    /// Country (C).
    pub country: String,
    /// Organization (O).
    pub organization: String,
    /// Organizational unit (OU).
    pub organizational_unit: String,
    /// Locality (L).
    pub locality: String,
    /// State or province (ST).
    pub province: String,
    /// Street address.
    pub street_address: String,
    /// Serial number of the subject.
    pub serial_number: String,
    /// Common name (CN).
    pub common_name: String,
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
            address: required(members, "address"),
            dns_names: dns_names(members),
            root: paths(members, "root"),
            crt: PathBuf::from(required(members, "crt")),
            key: required(members, "key"),
            federated_roots: members.texts("federatedRoots").into_iter().map(PathBuf::from).collect(),
            insecure_address: address(members, "insecureAddress"),
            metrics_address: address(members, "metricsAddress"),
            logger: members.object("logger").map(|logger| Logger::read(&logger)),
            db: members.object("db").and_then(|db| Database::read(&db)),
            authority: members
                .object("authority")
                .map(|object| AuthorityConfig::read(&object))
                .unwrap_or_else(|| AuthorityConfig { backdate: DEFAULT_BACKDATE, ..AuthorityConfig::default() }),
            tls: members.object("tls").map(|tls| Tls::read(&tls)).unwrap_or_default(),
            password: members.text_of("password").map(Secret::new),
            common_name: members
                .text_of("commonName")
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| "Rung Online CA".to_owned()),
        };
        if let Some(node) = members.get("address").filter(|_| !config.address.is_empty())
            && let Err(problem) = check_address(&config.address)
        {
            node.report(problem);
        }
        if config.root.is_empty() {
            members.report("the member `root` is missing: name the file with the root certificate");
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
        self.logger.as_ref().map_or(DEFAULT_TRACE_HEADER, |logger| &logger.trace_header)
    }

    /// The lifetimes and switches of a provisioner with every level taken into account.
    pub fn resolved_claims(&self, provisioner: &Provisioner) -> ResolvedClaims {
        let authority = ResolvedClaims::default().apply(&self.authority.claims);
        authority
            .and_then(|authority| authority.apply(provisioner.claims()))
            .expect("the claims of every provisioner were checked when the configuration was read")
    }
}

impl Logger {
    fn read(members: &Members<'_>) -> Self {
        let format = match members.get("format") {
            None => LogFormat::Text,
            Some(node) => match node.string().as_deref() {
                Some("json") => LogFormat::Json,
                Some("common") => LogFormat::Common,
                Some("text" | "") | None => LogFormat::Text,
                Some(other) => {
                    node.report(format!("unsupported logger.format {other:?}: use \"text\", \"json\" or \"common\""));
                    LogFormat::Text
                }
            },
        };
        let trace_header = members.text_of("traceHeader").filter(|header| !header.is_empty());
        members.finish();
        Self { format, trace_header: trace_header.unwrap_or_else(|| DEFAULT_TRACE_HEADER.to_owned()) }
    }
}

impl Database {
    fn read(members: &Members<'_>) -> Option<Self> {
        let data_source = members.text_of("dataSource").unwrap_or_default();
        // Members of databases that are not supported: their type is refused below.
        for name in ["valueDir", "database", "badgerFileLoadingMode"] {
            drop(members.text_of(name));
        }
        let kind = members.get("type");
        members.finish();
        let Some(node) = kind else {
            members.report("the database has no type: write \"type\": \"sqlite\"");
            return None;
        };
        let text = node.string()?;
        if !text.eq_ignore_ascii_case("sqlite") {
            let folder = if data_source.is_empty() { "db" } else { data_source.trim_end_matches('/') };
            node.report(format!(
                "databases of type {text:?} are not supported: write {{\"type\": \"sqlite\", \"dataSource\": \"{folder}/rung.sqlite\"}}"
            ));
            return None;
        }
        if data_source.is_empty() {
            members.report("the database has no dataSource: name the file, such as \"/var/lib/rung/rung.sqlite\"");
            return None;
        }
        Some(Self { data_source: PathBuf::from(data_source) })
    }
}

impl AuthorityConfig {
    fn read(members: &Members<'_>) -> Self {
        let claims_object = members.object("claims");
        let claims = claims_object.as_ref().map(Claims::read).unwrap_or_default();
        let resolved = ResolvedClaims::default().apply(&claims).unwrap_or_else(|problem| {
            members.report(format!("the claims of the authority contradict each other: {problem}"));
            ResolvedClaims::default()
        });
        let nodes = members.get("provisioners").map(|node| node.list()).unwrap_or_default();
        let provisioners = read_provisioners(&nodes, &resolved);
        let config = Self {
            provisioners,
            claims,
            template: members.object("template").map(|template| SubjectTemplate::read(&template)).unwrap_or_default(),
            backdate: backdate(members),
            disable_issued_at_check: members.flag("disableIssuedAtCheck").unwrap_or(false),
        };
        features::refuse_in_authority(members);
        members.finish();
        config
    }
}

impl SubjectTemplate {
    fn read(members: &Members<'_>) -> Self {
        let text = |name| members.text_of(name).unwrap_or_default();
        let template = Self {
            country: text("country"),
            organization: text("organization"),
            organizational_unit: text("organizationalUnit"),
            locality: text("locality"),
            province: text("province"),
            street_address: text("streetAddress"),
            serial_number: text("serialNumber"),
            common_name: text("commonName"),
        };
        members.finish();
        template
    }
}

/// Two provisioners that a name or a token could mean are refused, each naming the other.
fn read_provisioners(nodes: &[Node<'_>], claims: &ResolvedClaims) -> Vec<Provisioner> {
    let mut provisioners = Vec::new();
    let mut names: HashMap<String, Position> = HashMap::new();
    let mut token_ids: HashMap<String, Position> = HashMap::new();
    for node in nodes {
        let Some(provisioner) = Provisioner::read(node, claims) else { continue };
        if let Some(first) = names.insert(provisioner.name().to_owned(), node.position()) {
            node.report(format!("the name {:?} is taken by the provisioner at {first}", provisioner.name()));
        } else if let Some(first) = token_ids.insert(provisioner.token_id(), node.position()) {
            node.report(format!("tokens for {:?} would also mean the provisioner at {first}", provisioner.token_id()));
        }
        provisioners.push(provisioner);
    }
    provisioners
}

fn backdate(members: &Members<'_>) -> Duration {
    let Some(node) = members.get("backdate") else { return DEFAULT_BACKDATE };
    match node.duration().map(crate::GoDuration::positive) {
        Some(Some(backdate)) => backdate,
        Some(None) => {
            node.report("the backdate must not be negative");
            DEFAULT_BACKDATE
        }
        None => DEFAULT_BACKDATE,
    }
}

fn dns_names(members: &Members<'_>) -> Vec<String> {
    let Some(node) = members.get("dnsNames") else {
        return ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
    };
    let names: Vec<String> = node.list().iter().filter_map(Node::string).collect();
    if names.is_empty() || names.iter().any(String::is_empty) {
        node.report("dnsNames must name at least one host, and none of them may be empty");
    }
    names
}

fn paths(members: &Members<'_>, name: &'static str) -> Vec<PathBuf> {
    let Some(node) = members.get(name) else { return Vec::new() };
    let texts = if node.is_string() {
        node.string().into_iter().collect()
    } else {
        node.list().iter().filter_map(Node::string).collect::<Vec<_>>()
    };
    if texts.iter().any(String::is_empty) {
        node.report(format!("{name} must not be empty"));
    }
    texts.into_iter().map(PathBuf::from).collect()
}

fn required(members: &Members<'_>, name: &'static str) -> String {
    let text = members.text_of(name).unwrap_or_default();
    if text.is_empty() && members.get(name).is_none_or(|node| node.is_string()) {
        members.report(format!("the member `{name}` is missing or empty"));
    }
    text
}

fn address(members: &Members<'_>, name: &'static str) -> String {
    let text = members.text_of(name).unwrap_or_default();
    if let Some(node) = members.get(name).filter(|_| !text.is_empty())
        && let Err(problem) = check_address(&text)
    {
        node.report(problem);
    }
    text
}

/// Refuse what is not `host:port`; the host may be left out.
pub(crate) fn check_address(address: &str) -> Result<(), String> {
    let problem = || format!("{address:?} is not an address with a port, such as \":443\" or \"127.0.0.1:9000\"");
    let (host, port) = address.rsplit_once(':').ok_or_else(problem)?;
    if port.parse::<u16>().is_err() || !port.bytes().all(|octet| octet.is_ascii_digit()) {
        return Err(problem());
    }
    let bracketed = host.starts_with('[') && host.ends_with(']');
    if host.contains(':') && !bracketed || host.contains(['/', ' ', '@']) {
        return Err(problem());
    }
    Ok(())
}

const DEFAULT_BACKDATE: Duration = Duration::from_secs(60);
const DEFAULT_TRACE_HEADER: &str = "x-smallstep-id";

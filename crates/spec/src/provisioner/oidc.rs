//! OpenID providers as they are written down.

mod identity;
mod path;
mod pattern;
mod read;
mod rule;
mod shape;
#[cfg(test)]
mod tests;

use std::{net::IpAddr, time::Duration};

use crate::{
    Claims, Position, ResolvedClaims, Secret,
    config::check_address,
    json::{Members, Node},
};
pub use identity::{Identity, IdentityKind, Person};
pub use path::{ClaimPath, PathError};
pub use pattern::{Pattern, PatternError, PatternPart, Wildcard};
pub use rule::{ExtendedKeyUsage, Requirement, Rule};
pub use shape::{NameKind, NamePattern};

/// An OpenID provider and which of its people may come in.
#[derive(Debug, Clone, PartialEq)]
pub struct OidcProvisioner {
    /// Its name.
    pub name: String,
    /// The client that tokens must be issued to.
    pub client_id: String,
    /// The client's secret, which every command line needs; empty for a public client.
    pub client_secret: Secret<String>,
    /// Where the discovery document is.
    pub configuration_endpoint: String,
    /// What stands for `{tenantid}` in the issuer.
    pub tenant_id: String,
    /// E-mail addresses of administrators; entries without an `@` are groups.
    pub admins: Vec<String>,
    /// Groups whose members are administrators.
    pub admin_groups: Vec<String>,
    /// Domains of e-mail addresses that may come in; all when empty.
    pub domains: Vec<String>,
    /// Groups of which one must be had; none when empty.
    pub groups: Vec<String>,
    /// Where command lines wait for the browser.
    pub listen_address: String,
    /// What command lines ask for.
    pub scopes: Vec<String>,
    /// What command lines add to the address of the login, as `key=value`.
    pub auth_params: Vec<String>,
    /// Whether an e-mail address counts only when the provider says that it is verified.
    pub require_verified_email: bool,
    /// Which claims say who somebody is; the built-in rule without it.
    pub identity: Option<Identity>,
    /// Claims without which nobody comes in.
    pub require: Vec<Requirement>,
    /// Where the groups stand; `groups` without it.
    pub groups_claim: Option<ClaimPath>,
    /// Who gets what beside the identity.
    pub rules: Vec<Rule>,
    /// Audiences that count beside the client.
    pub audiences: Vec<String>,
    /// Clients that may ask for tokens beside the client.
    pub authorized_parties: Vec<String>,
    /// How far the provider's clock may differ; a minute without it.
    pub clock_tolerance: Option<Duration>,
    /// Whether a token must say when it was issued.
    pub require_issued_at: bool,
    /// Its lifetimes and switches.
    pub claims: Claims,
    /// Where it stands.
    pub position: Position,
}

impl OidcProvisioner {
    /// Read a provisioner whose certificates live within `bounds`.
    pub(super) fn read(members: &Members<'_>, name: String, claims: Claims, bounds: &ResolvedClaims) -> Self {
        let rules = members.get("rules").map(|node| node.list()).unwrap_or_default();
        let oidc = Self {
            client_id: members.text_of("clientID").unwrap_or_default(),
            client_secret: Secret::new(members.text_of("clientSecret").unwrap_or_default()),
            configuration_endpoint: members.text_of("configurationEndpoint").unwrap_or_default(),
            tenant_id: members.text_of("tenantID").unwrap_or_default(),
            admins: list(members, "admins", |_| None),
            admin_groups: list(members, "adminGroups", |_| None),
            domains: list(members, "domains", domain_problem),
            groups: list(members, "groups", |_| None),
            listen_address: members.text_of("listenAddress").unwrap_or_default(),
            scopes: list(members, "scopes", |_| None),
            auth_params: list(members, "authParams", parameter_problem),
            require_verified_email: members.flag("requireVerifiedEmail").unwrap_or(true),
            identity: members.object("identity").map(|identity| Identity::read(&identity)),
            require: members.object("require").map(|require| rule::requirements(&require)).unwrap_or_default(),
            groups_claim: members.get("groupsClaim").and_then(|node| read::path(&node)),
            rules: rules.iter().filter_map(|node| Rule::read(node, bounds)).collect(),
            audiences: list(members, "audiences", |_| None),
            authorized_parties: list(members, "authorizedParties", |_| None),
            clock_tolerance: members.get("clockTolerance").and_then(|node| read::tolerance(&node)),
            require_issued_at: members.flag("requireIssuedAt").unwrap_or(true),
            claims,
            position: members.position(),
            name,
        };
        oidc.check(members);
        oidc
    }

    fn check(&self, members: &Members<'_>) {
        let name = &self.name;
        if self.client_id.is_empty() {
            members.report(format!("the provisioner {name:?} has no clientID"));
        }
        match members.get("configurationEndpoint") {
            Some(node) => {
                if let Some(problem) = node.string().and_then(|endpoint| endpoint_problem(&endpoint)) {
                    node.report(problem);
                }
            }
            None => members.report(format!("the provisioner {name:?} has no configurationEndpoint")),
        }
        if let Some(node) = members.get("listenAddress").filter(|_| !self.listen_address.is_empty())
            && let Err(problem) = check_address(&self.listen_address)
        {
            node.report(problem);
        }
    }
}

/// A list of texts; an empty entry would match an empty claim, so there is none.
fn list(members: &Members<'_>, name: &'static str, problem: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let nodes = members.get(name).map(|node| node.list()).unwrap_or_default();
    let entry = |node: &Node<'_>| {
        let text = node.string()?;
        if text.is_empty() {
            node.report("the entry is empty: remove it");
        } else if let Some(problem) = problem(&text) {
            node.report(problem);
        }
        Some(text)
    };
    nodes.iter().filter_map(entry).collect()
}

fn domain_problem(domain: &str) -> Option<String> {
    let is_bad = domain.contains(['@', '*', '/', ':']) || domain.contains(char::is_whitespace);
    is_bad.then(|| format!("{domain:?} is not a domain such as \"example.com\""))
}

fn parameter_problem(parameter: &str) -> Option<String> {
    let is_good = parameter.split_once('=').is_some_and(|(name, _)| !name.is_empty());
    (!is_good).then(|| format!("{parameter:?} is not of the form key=value"))
}

/// What keeps an address from being asked: it is `https`, or plain `http` to this machine.
fn endpoint_problem(endpoint: &str) -> Option<&'static str> {
    const SCHEME: &str = "the configuration endpoint must be an https:// address (http:// only on this machine)";
    let Some((scheme, rest)) = endpoint.split_once("://") else { return Some(SCHEME) };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if endpoint.contains(char::is_whitespace) || endpoint.contains(char::is_control) {
        return Some("the configuration endpoint must not contain spaces");
    }
    if authority.contains('@') {
        return Some("the configuration endpoint must not contain a user name or password");
    }
    let host = match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next().unwrap_or_default(),
        None => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
    };
    if host.is_empty() {
        return Some("the configuration endpoint names no host");
    }
    let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    match scheme.to_ascii_lowercase().as_str() {
        "https" => None,
        "http" if is_here => None,
        _ => Some(SCHEME),
    }
}

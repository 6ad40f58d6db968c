//! OpenID providers as they are written down.

use crate::{Claims, Position, Secret, config::check_address, json::Members};

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
    /// Its lifetimes and switches.
    pub claims: Claims,
    /// Where it stands.
    pub position: Position,
}

impl OidcProvisioner {
    pub(super) fn read(members: &Members<'_>, name: String, claims: Claims) -> Self {
        let oidc = Self {
            client_id: members.text_of("clientID").unwrap_or_default(),
            client_secret: Secret::new(members.text_of("clientSecret").unwrap_or_default()),
            configuration_endpoint: members.text_of("configurationEndpoint").unwrap_or_default(),
            tenant_id: members.text_of("tenantID").unwrap_or_default(),
            admins: members.texts("admins"),
            admin_groups: members.texts("adminGroups"),
            domains: members.texts("domains"),
            groups: members.texts("groups"),
            listen_address: members.text_of("listenAddress").unwrap_or_default(),
            scopes: members.texts("scopes"),
            auth_params: members.texts("authParams"),
            require_verified_email: members.flag("requireVerifiedEmail").unwrap_or(true),
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
            Some(node) if !is_safe_endpoint(&self.configuration_endpoint) => {
                node.report("the configuration endpoint must be an https:// address (http:// only on this machine)");
            }
            Some(_) => {}
            None => members.report(format!("the provisioner {name:?} has no configurationEndpoint")),
        }
        if let Some(node) = members.get("listenAddress").filter(|_| !self.listen_address.is_empty())
            && let Err(problem) = check_address(&self.listen_address)
        {
            node.report(problem);
        }
        for (index, domain) in self.domains.iter().enumerate() {
            if domain.is_empty() || domain.contains(['@', '*', ' ', '/']) {
                members.report(format!("domains[{index}]: {domain:?} is not a domain such as \"example.com\""));
            }
        }
        for (index, parameter) in self.auth_params.iter().enumerate() {
            if !parameter.contains('=') || parameter.starts_with('=') {
                members.report(format!("authParams[{index}]: {parameter:?} is not of the form key=value"));
            }
        }
    }
}

/// `https`, or plain `http` to this machine.
fn is_safe_endpoint(endpoint: &str) -> bool {
    let Some((scheme, rest)) = endpoint.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() || authority.contains('@') {
        return false;
    }
    let host = match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next().unwrap_or_default(),
        None => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
    };
    match scheme {
        "https" => true,
        "http" => host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback()),
        _ => false,
    }
}

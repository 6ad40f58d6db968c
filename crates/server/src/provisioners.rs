//! From the provisioners of a configuration to those of the authority, and to what anybody may see of them.

use anyhow::Context;
use rung_api::body;
use rung_authority::provisioner::{
    Collection, Provisioner,
    jwk::Jwk,
    oidc::{Oidc, Rules},
};
use rung_pki::jose::PublicJwk;
use rung_spec::{Config, JwkProvisioner, OidcProvisioner, Provisioner as Spec};

use crate::oidc::{Endpoint, ProviderStatus};

/// The provisioners that the authority takes tokens of.
///
/// # Errors
/// When one of them cannot work, naming it.
pub fn collection(config: &Config) -> anyhow::Result<Collection> {
    let mut provisioners = Vec::new();
    for spec in &config.authority.provisioners {
        let name = spec.name();
        let claims = config.resolved_claims(spec);
        let provisioner = match spec {
            Spec::Jwk(jwk) => {
                let key = PublicJwk::from_json(jwk.key.get().as_bytes())
                    .with_context(|| format!("the key of the provisioner {name:?} cannot be used"))?;
                Provisioner::Jwk(Jwk::new(name, &key, claims))
            }
            Spec::Oidc(oidc) => Provisioner::Oidc(Oidc::new(name, &oidc.client_id, rules(oidc), claims)),
            // Reading the configuration refuses every other type by name.
            Spec::Other(_) => anyhow::bail!("the provisioner {name:?} has a type that is not served"),
        };
        provisioners.push((spec.token_id(), provisioner));
    }
    Ok(Collection::new(provisioners)?)
}

fn rules(oidc: &OidcProvisioner) -> Rules {
    // An entry with an @ is an address and nothing else: no group gets an administrator's rights by its name.
    let (admins, groups) = oidc.admins.iter().cloned().partition(|admin: &String| admin.contains('@'));
    let admin_groups: Vec<String> = [groups, oidc.admin_groups.clone()].concat();
    Rules {
        admins,
        admin_groups,
        domains: oidc.domains.clone(),
        groups: oidc.groups.clone(),
        accept_unverified_email: !oidc.require_verified_email,
        identity: oidc.identity.clone(),
        require: oidc.require.clone(),
        groups_claim: oidc.groups_claim.clone(),
        rules: oidc.rules.clone(),
        audiences: oidc.audiences.clone(),
        authorized_parties: oidc.authorized_parties.clone(),
        clock_tolerance: oidc.clock_tolerance,
        accept_missing_issued_at: !oidc.require_issued_at,
    }
}

/// Where the identity providers of a configuration are, by provisioner.
pub fn endpoints(config: &Config) -> Vec<(String, Endpoint)> {
    let endpoint = |spec: &Spec| match spec {
        Spec::Oidc(oidc) => Some((
            oidc.name.clone(),
            Endpoint { configuration: oidc.configuration_endpoint.clone(), tenant: oidc.tenant_id.clone() },
        )),
        Spec::Jwk(_) | Spec::Other(_) => None,
    };
    config.authority.provisioners.iter().filter_map(endpoint).collect()
}

/// The provisioners of a configuration as anybody may see them, in its order.
pub struct Listing {
    entries: Vec<body::Provisioner>,
}

/// How many provisioners a page has when nobody asks for a number.
const DEFAULT_LIMIT: usize = 20;
/// How many provisioners a page has at most.
const MAX_LIMIT: usize = 100;

impl Listing {
    /// List the provisioners of a configuration.
    pub fn new(config: &Config) -> Self {
        Self { entries: config.authority.provisioners.iter().filter_map(public).collect() }
    }

    /// A page of the list that starts at `cursor`, with the present state of the identity providers.
    pub fn page(&self, cursor: &str, limit: usize, status: &[ProviderStatus]) -> body::ProvisionerPage {
        let limit = if limit == 0 { DEFAULT_LIMIT } else { limit.min(MAX_LIMIT) };
        // Whatever is not a cursor of ours starts at the beginning, as an empty one does.
        let start = usize::from_str_radix(cursor, 16).unwrap_or(0).min(self.entries.len());
        let end = (start + limit).min(self.entries.len());
        let mut provisioners = self.entries[start..end].to_vec();
        for provisioner in &mut provisioners {
            if let Some(status) = status.iter().find(|status| status.provisioner == provisioner.name()) {
                show_state(provisioner, status);
            }
        }
        let next_cursor = if end < self.entries.len() { format!("{end:x}") } else { String::new() };
        body::ProvisionerPage { provisioners, next_cursor }
    }

    /// The encrypted private key of the JWK provisioner with that key id.
    pub fn encrypted_key(&self, key_id: &str) -> Option<&str> {
        self.entries.iter().find_map(|entry| match entry {
            body::Provisioner::Jwk(jwk) if !jwk.encrypted_key.is_empty() => {
                let key: serde_json::Value = serde_json::from_str(jwk.key.get()).ok()?;
                (key["kid"] == key_id).then_some(jwk.encrypted_key.as_str())
            }
            _ => None,
        })
    }
}

fn show_state(provisioner: &mut body::Provisioner, status: &ProviderStatus) {
    let body::Provisioner::Oidc(oidc) = provisioner else { return };
    let (state, since, reason) = crate::handlers::health::describe(&status.state);
    oidc.state = state.to_owned();
    if let (Some(since), Some(reason)) = (since, reason) {
        oidc.state_reason = format!("since {since}: {reason}");
    }
}

fn public(spec: &Spec) -> Option<body::Provisioner> {
    match spec {
        Spec::Jwk(jwk) => Some(body::Provisioner::Jwk(Box::new(public_jwk(jwk)))),
        Spec::Oidc(oidc) => Some(body::Provisioner::Oidc(Box::new(public_oidc(oidc)))),
        Spec::Other(_) => None,
    }
}

fn public_jwk(jwk: &JwkProvisioner) -> body::JwkProvisioner {
    body::JwkProvisioner {
        kind: "JWK".to_owned(),
        name: jwk.name.clone(),
        key: jwk.key.clone(),
        encrypted_key: jwk.encrypted_key.clone(),
        claims: public_claims(&jwk.claims),
        options: None,
        state: String::new(),
        state_reason: String::new(),
    }
}

fn public_oidc(oidc: &OidcProvisioner) -> body::OidcProvisioner {
    body::OidcProvisioner {
        kind: "OIDC".to_owned(),
        name: oidc.name.clone(),
        client_id: oidc.client_id.clone(),
        client_secret: oidc.client_secret.expose().clone(),
        configuration_endpoint: oidc.configuration_endpoint.clone(),
        tenant_id: oidc.tenant_id.clone(),
        admins: oidc.admins.clone(),
        domains: oidc.domains.clone(),
        groups: oidc.groups.clone(),
        listen_address: oidc.listen_address.clone(),
        claims: public_claims(&oidc.claims),
        options: None,
        scopes: oidc.scopes.clone(),
        auth_params: oidc.auth_params.clone(),
        admin_groups: oidc.admin_groups.clone(),
        require_verified_email: (!oidc.require_verified_email).then_some(false),
        identity_by_rules: oidc.identity.is_some() || oidc.groups_claim.is_some() || !oidc.rules.is_empty(),
        state: String::new(),
        state_reason: String::new(),
    }
}

fn public_claims(claims: &rung_spec::Claims) -> Option<body::Claims> {
    let text = |duration: Option<rung_spec::GoDuration>| duration.map(|duration| duration.to_string());
    let public = body::Claims {
        min_tls: text(claims.min_tls),
        max_tls: text(claims.max_tls),
        default_tls: text(claims.default_tls),
        min_user_ssh: text(claims.min_user_ssh),
        max_user_ssh: text(claims.max_user_ssh),
        default_user_ssh: text(claims.default_user_ssh),
        min_host_ssh: text(claims.min_host_ssh),
        max_host_ssh: text(claims.max_host_ssh),
        default_host_ssh: text(claims.default_host_ssh),
        enable_ssh_ca: claims.enable_ssh_ca,
        disable_renewal: claims.disable_renewal,
        allow_renewal_after_expiry: claims.allow_renewal_after_expiry,
        disable_smallstep_extensions: claims.disable_smallstep_extensions,
    };
    (public != body::Claims::default()).then_some(public)
}

//! Rules and provisioners.

use std::{collections::HashMap, time::Duration};

use crate::{
    Claims, Position, Provisioner, ResolvedClaims, features,
    json::{Members, Node},
};

/// Rules and provisioners.
#[derive(Debug, Clone, PartialEq)]
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

impl Default for AuthorityConfig {
    fn default() -> Self {
        Self {
            provisioners: Vec::new(),
            claims: Claims::default(),
            template: SubjectTemplate::default(),
            backdate: DEFAULT_BACKDATE,
            disable_issued_at_check: false,
        }
    }
}

impl AuthorityConfig {
    pub(super) fn read(members: &Members<'_>) -> Self {
        let (claims, resolved) = claims(members);
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

/// The claims of the authority, and what they make of the built-in ones.
fn claims(members: &Members<'_>) -> (Claims, ResolvedClaims) {
    let Some(object) = members.object("claims") else { return Default::default() };
    let claims = Claims::read(&object);
    let resolved = ResolvedClaims::default().apply(&claims).unwrap_or_else(|problem| {
        object.report(format!("the claims of the authority contradict each other: {problem}"));
        ResolvedClaims::default()
    });
    (claims, resolved)
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
        } else {
            for id in provisioner.token_ids() {
                if let Some(first) = token_ids.get(&id) {
                    node.report(format!("tokens for {id:?} would also mean the provisioner at {first}"));
                }
                token_ids.insert(id, node.position());
            }
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

const DEFAULT_BACKDATE: Duration = Duration::from_secs(60);

//! What is known of widely used identity providers: how a provisioner for each of them looks, what has to be
//! registered there, and how to mend there what goes wrong.

mod answer;
mod known;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

pub(crate) use answer::{Answers, Ask};
pub(crate) use known::PRESETS;

/// What is known of one identity provider.
#[derive(Debug)]
pub(crate) struct Preset {
    /// As it is given to `--preset`.
    pub(crate) name: &'static str,
    /// As people know it.
    pub(crate) title: &'static str,
    /// What must be known for a provisioner.
    pub(crate) asks: &'static [Ask],
    /// Where it is configured, with answers in braces.
    pub(crate) endpoint: &'static str,
    /// Where command lines listen, for providers that allow no free port; else empty.
    pub(crate) listen: &'static str,
    /// What to ask for; the usual scopes when empty.
    pub(crate) scopes: &'static [&'static str],
    /// Which claim names the person, and what it becomes; for machines the whole of `identity`.
    pub(crate) identity: Identity,
    /// The claim with the groups, if it is not `groups`.
    pub(crate) groups_claim: &'static str,
    /// What is particular.
    pub(crate) finish: fn(&Answers, &mut Map<String, Value>),
    /// What to do at the provider, in two or three lines with answers in braces.
    pub(crate) register: &'static [&'static str],
    /// Addresses by which the provider is recognised: the end of the host, or a part of the path after a `/`.
    pub(crate) signs: &'static [&'static str],
    /// How to mend there what goes wrong.
    pub(crate) mend: Mend,
}

/// Who a certificate is for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Identity {
    /// A person, named by the e-mail address or what looks like one in this claim.
    Person(&'static str),
    /// A machine: the claim that is the common name, and the URI.
    Machine(&'static str, &'static str),
}

/// How to mend at one provider what goes wrong with many.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Mend {
    /// The configuration endpoint is not one.
    pub(crate) endpoint: &'static str,
    /// The provider does not know the client, or wants another secret.
    pub(crate) client: &'static str,
    /// The provider does not send anybody back to us.
    pub(crate) redirect: &'static str,
    /// Tokens have no groups.
    pub(crate) groups: &'static str,
    /// Tokens have no verified e-mail address.
    pub(crate) email: &'static str,
    /// No device logins are offered.
    pub(crate) device: &'static str,
}

impl Preset {
    /// The preset with this name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        PRESETS.iter().find(|preset| preset.name.eq_ignore_ascii_case(name))
    }

    /// The preset for a provider that was configured by its address, if it can be told from that.
    pub(crate) fn of_endpoint(endpoint: &str) -> Option<&'static Self> {
        let address: url::Url = endpoint.parse().ok()?;
        let host = address.host_str()?;
        let is_at = |sign: &str| match sign.strip_prefix('/') {
            Some(_) => address.path().contains(sign),
            None => host == sign || host.ends_with(&format!(".{sign}")),
        };
        PRESETS.iter().find(|preset| preset.signs.iter().any(|sign| is_at(sign)))
    }

    /// Whether people log in there; machines bring their tokens along.
    pub(crate) fn is_for_people(&self) -> bool {
        matches!(self.identity, Identity::Person(_))
    }

    /// The members of a provisioner beside type and name.
    pub(crate) fn provisioner(&self, answers: &Answers) -> Map<String, Value> {
        let mut members = Map::new();
        let mut put = |name: &str, value: Value| drop(members.insert(name.to_owned(), value));
        put("clientID", answers.one(Ask::ClientId).into());
        if !answers.one(Ask::ClientSecret).is_empty() {
            put("clientSecret", answers.one(Ask::ClientSecret).into());
        }
        put("configurationEndpoint", answers.fill(self.endpoint).into());
        if !answers.all(Ask::Domain).is_empty() {
            put("domains", answers.all(Ask::Domain).to_vec().into());
        }
        if !self.listen.is_empty() {
            put("listenAddress", self.listen.into());
        }
        if !self.scopes.is_empty() {
            put("scopes", self.scopes.to_vec().into());
        }
        put("identity", self.identity.members(answers));
        if !self.groups_claim.is_empty() {
            put("groupsClaim", self.groups_claim.into());
        }
        (self.finish)(answers, &mut members);
        members
    }

    /// What to do at the provider.
    pub(crate) fn to_register(&self, answers: &Answers) -> Vec<String> {
        self.register.iter().map(|line| answers.fill(line)).collect()
    }
}

impl Identity {
    fn members(self, answers: &Answers) -> Value {
        match self {
            Self::Person(claim) => serde_json::json!({"claim": claim, "as": "email"}),
            Self::Machine(claim, uri) => {
                let uri = answers.fill(uri);
                serde_json::json!({"claim": claim, "as": "name", "uri": uri, "issuerUri": false})
            }
        }
    }
}

//! What a preset wants to know, and what is made of the answers.

use std::collections::BTreeMap;

/// Something that a preset wants to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ask {
    /// The id of the client, or the audience of tokens that machines bring along.
    ClientId,
    /// The secret of the client.
    ClientSecret,
    /// The domains of people.
    Domain,
    /// Where the provider is.
    Host,
    /// Namespaces of a cluster.
    Namespace,
    /// The realm of the provider.
    Realm,
    /// Repositories.
    Repository,
    /// The tenant of the provider.
    Tenant,
    /// The trust domain of SPIFFE ids.
    TrustDomain,
}

impl Ask {
    /// The flag that answers it.
    pub(crate) fn flag(self) -> &'static str {
        match self {
            Self::ClientId => "client-id",
            Self::ClientSecret => "client-secret",
            Self::Domain => "domain",
            Self::Host => "host",
            Self::Namespace => "namespace",
            Self::Realm => "realm",
            Self::Repository => "repository",
            Self::Tenant => "tenant",
            Self::TrustDomain => "trust-domain",
        }
    }

    /// How it is asked.
    pub(crate) fn question(self) -> &'static str {
        match self {
            Self::ClientId => "Client id, or for machines the audience of their tokens",
            Self::ClientSecret => "Secret of the client",
            Self::Domain => "Domain of the people's addresses, such as example.com",
            Self::Host => "Address of the provider, such as idp.example.com",
            Self::Namespace => "Namespace that may have certificates, such as web",
            Self::Realm => "Realm",
            Self::Repository => "Repository that may have certificates, such as example/app, or example/* for all",
            Self::Tenant => "Tenant (directory) id",
            Self::TrustDomain => "Trust domain of the SPIFFE ids, such as example.org",
        }
    }

    fn hole(self) -> String {
        format!("<{}>", self.flag())
    }

    const ALL: [Self; 9] = [
        Self::ClientId,
        Self::ClientSecret,
        Self::Domain,
        Self::Host,
        Self::Namespace,
        Self::Realm,
        Self::Repository,
        Self::Tenant,
        Self::TrustDomain,
    ];

    /// Whether several answers make sense.
    pub(crate) fn takes_many(self) -> bool {
        matches!(self, Self::Domain | Self::Namespace | Self::Repository)
    }

    /// The answer as it is used, or what is wrong with it.
    pub(crate) fn check(self, preset: &str, answer: &str) -> Result<String, String> {
        let answer = answer.trim();
        if answer.is_empty() || answer.chars().any(|character| character.is_control() || character == ' ') {
            return Err("it is empty, or has spaces in it".to_owned());
        }
        match self {
            Self::ClientId | Self::ClientSecret => Ok(answer.to_owned()),
            Self::Domain => domain(answer),
            Self::Host => host(preset, answer),
            Self::Namespace | Self::Realm | Self::TrustDomain => part(answer),
            Self::Repository => repository(answer),
            Self::Tenant => tenant(answer),
        }
    }
}

fn domain(answer: &str) -> Result<String, String> {
    let bare = answer.trim_start_matches('@');
    let is_good =
        bare.contains('.') && bare.bytes().all(|octet| octet.is_ascii_alphanumeric() || b".-".contains(&octet));
    if is_good { Ok(bare.to_ascii_lowercase()) } else { Err("it is not a domain such as example.com".to_owned()) }
}

/// One step of an address.
fn part(answer: &str) -> Result<String, String> {
    let is_good = answer.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-._".contains(&octet));
    if is_good {
        Ok(answer.to_owned())
    } else {
        Err("it has other characters than letters, digits, -, . and _".to_owned())
    }
}

fn repository(answer: &str) -> Result<String, String> {
    let good = |part: &str| {
        !part.is_empty() && part.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-._".contains(&octet))
    };
    match answer.split_once('/') {
        Some((owner, name)) if good(owner) && (name == "*" || good(name)) => Ok(answer.to_owned()),
        _ => Err("it is not of the form owner/name or owner/*".to_owned()),
    }
}

/// Tokens name the tenant by its id, never by a domain.
fn tenant(answer: &str) -> Result<String, String> {
    let lengths: Vec<usize> = answer.split('-').map(str::len).collect();
    let is_id = lengths == [8, 4, 4, 4, 12] && answer.bytes().all(|octet| octet == b'-' || octet.is_ascii_hexdigit());
    if is_id {
        return Ok(answer.to_ascii_lowercase());
    }
    Err("it is not an id such as 11111111-2222-3333-4444-555555555555: the overview page of the directory shows it as \
         `Tenant ID`"
        .to_owned())
}

/// The address of a provider, without a slash at its end.
fn host(preset: &str, answer: &str) -> Result<String, String> {
    let address = if answer.contains("://") { answer.to_owned() } else { format!("https://{answer}") };
    let parsed: url::Url = address.parse().map_err(|error| format!("it is not an address: {error}"))?;
    let name = parsed.host_str().unwrap_or_default();
    if name.is_empty() || parsed.query().is_some() || parsed.fragment().is_some() || !parsed.username().is_empty() {
        return Err("it is not the address of a host".to_owned());
    }
    match preset {
        "okta" if name.contains("-admin.okta") => {
            return Err("that is the console of administrators: leave `-admin` out".to_owned());
        }
        "salesforce" if name.ends_with("lightning.force.com") || name == "login.salesforce.com" => {
            return Err(
                "give the My Domain address, such as example.my.salesforce.com; Setup, My Domain shows it".to_owned()
            );
        }
        _ => {}
    }
    Ok(address.trim_end_matches('/').to_owned())
}

/// The answers to what a preset wants to know.
#[derive(Debug, Default, Clone)]
pub(crate) struct Answers {
    given: BTreeMap<Ask, Vec<String>>,
}

impl Answers {
    /// Take in answers that were checked.
    pub(crate) fn put(&mut self, ask: Ask, answers: Vec<String>) {
        self.given.insert(ask, answers);
    }

    /// The only answer, or nothing.
    pub(crate) fn one(&self, ask: Ask) -> &str {
        self.all(ask).first().map(String::as_str).unwrap_or_default()
    }

    /// All of them.
    pub(crate) fn all(&self, ask: Ask) -> &[String] {
        self.given.get(&ask).map(Vec::as_slice).unwrap_or_default()
    }

    /// The text with the answers where `<flag>` stands.
    pub(crate) fn fill(&self, text: &str) -> String {
        Ask::ALL.into_iter().fold(text.to_owned(), |text, ask| text.replace(&ask.hole(), &self.all(ask).join(", ")))
    }
}

//! From a provisioner, or a token made elsewhere, to a token that a certificate can be asked for with.

use anyhow::{Context as _, anyhow, bail};
use rung_api::body::{OidcProvisioner, Provisioner};
use rung_api::client::{CaUrl, Fingerprint};
use zeroize::Zeroizing;

use super::choose::{Usable, Wanted, choose};
use super::connection::{Connection, ca_url, roots};
use super::identity::{Identity, UnverifiedClaims, for_login};
use super::token::{self, Content, LIFETIME};
use crate::call::Call;
use crate::clock;
use crate::failure::Usage;
use crate::grammar::Flag;
use crate::secret;

/// Flags of a command that asks for a certificate.
pub(crate) static FLAGS: &[Flag] = &[
    Flag::value(&["token"], "<token>", "A one-time token that 'ca token' made; '-' reads it from standard input."),
    Flag::value(&["provisioner", "issuer"], "<name>", "Name of the provisioner that vouches for you."),
    Flag::value(
        &["provisioner-password-file"],
        "<file>",
        "File with the password of the provisioner's key; '-' is standard input.",
    ),
    Flag::value(&["password-file"], "<file>", "The same, for scripts written for one password."),
    Flag::value(&["not-before"], "<time|duration>", "When the certificate becomes valid; now without it."),
    Flag::value(
        &["not-after"],
        "<time|duration>",
        "When the certificate expires, or how long it is valid; the CA decides without it.",
    ),
    Flag::switch(&["force", "f"], "Overwrite files without asking."),
    Flag::refused(&["offline"], "the CA has to be asked; use its address with --ca-url"),
    Flag::refused_value(&["ca-config"], "it belongs to --offline"),
    Flag::refused_value(&["acme"], "use a provisioner of type JWK or OIDC"),
    Flag::refused(&["standalone"], "it belongs to ACME"),
    Flag::refused_value(&["webroot"], "it belongs to ACME"),
    Flag::refused_value(&["contact"], "it belongs to ACME"),
    Flag::refused_value(&["http-listen"], "it belongs to ACME"),
    Flag::refused_value(&["x5c-cert"], "use a provisioner of type JWK or OIDC"),
    Flag::refused_value(&["x5c-key"], "use a provisioner of type JWK or OIDC"),
    Flag::refused_value(&["x5c-chain"], "use a provisioner of type JWK or OIDC"),
    Flag::refused_value(&["nebula-cert"], "use a provisioner of type JWK or OIDC"),
    Flag::refused_value(&["nebula-key"], "use a provisioner of type JWK or OIDC"),
    Flag::refused_value(&["k8ssa-token-path"], "use a provisioner of type JWK or OIDC"),
    Flag::refused_value(&["kms"], "keys live in files"),
    Flag::refused_value(&["attestation-uri"], "keys live in files"),
    Flag::refused_value(&["attestation-ca-url"], "keys live in files"),
    Flag::refused_value(&["attestation-ca-root"], "keys live in files"),
];

/// A token, the CA that it is for, and the names that it is good for.
pub(crate) struct Grant {
    pub(crate) connection: Connection,
    pub(crate) token: Zeroizing<String>,
    pub(crate) identity: Identity,
}

/// What a certificate is asked for.
pub(crate) struct Ask<'a> {
    /// The common name.
    pub(crate) subject: &'a str,
    /// Names that replace the subject as a name, when there are any.
    pub(crate) sans: &'a [String],
    /// SHA-256 of the request, when the request exists already.
    pub(crate) request: Option<[u8; 32]>,
}

impl Grant {
    /// Take the token of `--token`, or get one from the provisioner that is chosen.
    pub(crate) fn obtain(call: &Call, ask: &Ask<'_>) -> anyhow::Result<Self> {
        match call.text("token")? {
            Some(token) => Self::from_token(call, ask, given_token(&token)?),
            None => Self::from_provisioner(call, ask),
        }
    }

    fn from_provisioner(call: &Call, ask: &Ask<'_>) -> anyhow::Result<Self> {
        let connection = Connection::open(call)?;
        let all = provisioners(&connection)?;
        let wanted = Wanted { name: call.text("provisioner")?, key_id: None };
        match choose(&all, &wanted, &call.ui)? {
            Usable::Jwk(jwk) => {
                let identity = Identity::asked(ask.subject, ask.sans)?;
                let key = token::unlock(call, &jwk)?;
                let now = clock::now();
                let content = Content {
                    audience: &format!("{}/1.0/sign", connection.client.url()),
                    subject: ask.subject,
                    names: &identity.names.iter().map(ToString::to_string).collect::<Vec<_>>(),
                    root: connection.roots.first().map(|root| Fingerprint::of(root.der()).to_string()),
                    confirmation: ask.request.map(token::confirmation),
                    user: None,
                    not_before: now,
                    not_after: now + LIFETIME,
                    now,
                };
                let token = token::sign(&key, &content)?;
                Ok(Self { connection, token, identity })
            }
            Usable::Oidc(oidc) => {
                let token = token::log_in(call, &oidc, ask.subject)?;
                let claims = UnverifiedClaims::of(&token)?;
                let identity = for_login(&claims, Some(&oidc), (ask.subject, ask.sans))?;
                Ok(Self { connection, token, identity })
            }
        }
    }

    fn from_token(call: &Call, ask: &Ask<'_>, token: Zeroizing<String>) -> anyhow::Result<Self> {
        let claims = UnverifiedClaims::of(&token)?;
        if claims.has_expired(clock::now()) {
            bail!("the token has expired; make a new one with 'ca token'");
        }
        if !claims.names_its_certificate() {
            let connection = Connection::open(call)?;
            let all = provisioners(&connection)?;
            let named = call.text("provisioner")?;
            let provisioner = named.map_or_else(|| meant(&all, &claims), |name| with_name(&all, &name));
            let identity = for_login(&claims, provisioner, (ask.subject, ask.sans))?;
            return Ok(Self { connection, token, identity });
        }
        if !ask.sans.is_empty() && ask.request.is_none() {
            return Err(Usage::new("flag '--token' and flag '--san' are mutually exclusive").into());
        }
        let subject = claims.text("sub").unwrap_or_default();
        if !subject.eq_ignore_ascii_case(ask.subject) {
            bail!("token subject '{subject}' and argument '{}' do not match", ask.subject);
        }
        let names: Vec<String> = claims.texts("sans").into_iter().map(str::to_owned).collect();
        let identity = Identity::asked(subject, &names)?;
        Ok(Self { connection: connection_of(call, &claims)?, token, identity })
    }
}

/// A token names the CA and the fingerprint of its root, so nothing else has to be known.
pub(crate) fn connection_of(call: &Call, claims: &UnverifiedClaims) -> anyhow::Result<Connection> {
    let url = match call.text("ca-url")? {
        Some(url) => ca_url(&url)?,
        None => audience_url(claims)?,
    };
    match claims.text("sha") {
        Some(sha) if call.text("root")?.is_none() => {
            let fingerprint = sha.parse::<Fingerprint>().context("the `sha` of the token")?;
            Connection::bootstrap(&url, &fingerprint)
        }
        _ => Ok(Connection::trusting(&url, roots(call)?)),
    }
}

fn audience_url(claims: &UnverifiedClaims) -> anyhow::Result<CaUrl> {
    let audiences = claims.texts("aud");
    let url = audiences.iter().find_map(|audience| audience.parse().ok());
    url.ok_or_else(|| anyhow!("the token does not say which CA it is for; pass the address with --ca-url"))
}

/// The provisioner whose client asked for the token, or else for whose client it is.
pub(super) fn meant<'a>(all: &'a [Provisioner], claims: &UnverifiedClaims) -> Option<&'a OidcProvisioner> {
    let ids = claims.text("azp").into_iter().chain(claims.texts("aud"));
    ids.filter_map(|id| oidc(all).find(|one| one.client_id == id)).next()
}

fn with_name<'a>(all: &'a [Provisioner], name: &str) -> Option<&'a OidcProvisioner> {
    oidc(all).find(|one| one.name == name)
}

fn oidc(all: &[Provisioner]) -> impl Iterator<Item = &OidcProvisioner> {
    all.iter().filter_map(|one| match one {
        Provisioner::Oidc(oidc) => Some(&**oidc),
        _ => None,
    })
}

/// The CA's list of provisioners.
pub(crate) fn provisioners(connection: &Connection) -> anyhow::Result<Vec<Provisioner>> {
    connection.client.provisioners().context("error getting the provisioners")
}

/// The value of `--token`.
pub(crate) fn given_token(value: &str) -> anyhow::Result<Zeroizing<String>> {
    match value {
        "-" => secret::password_file("token", "-"),
        token => Ok(Zeroizing::new(token.trim().to_owned())),
    }
}

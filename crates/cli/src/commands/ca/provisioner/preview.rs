//! `ca provisioner preview`

use std::borrow::Cow;
use std::fmt::Write as _;

use anyhow::{Context as _, bail};
use base64::{Engine, engine::general_purpose::STANDARD};
use rung_api::body::{PreviewResponse, SignRequest};
use rung_api::client::ClientError;
use rung_pki::{Certificate, KeyAlgorithm, PrivateKey};
use serde_json::json;
use zeroize::Zeroizing;

use crate::ca::choose::{Usable, Wanted, choose};
use crate::ca::connection::{self, Connection};
use crate::ca::grant::provisioners;
use crate::ca::identity::{Identity, UnverifiedClaims};
use crate::ca::token;
use crate::call::Call;
use crate::commands::ca::certificate::request;
use crate::failure::Usage;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::inspect::{Document, rfc3339, short, text};
use crate::secret;
use crate::sign_in;
use crate::ui::{print, shown};

pub(crate) static COMMAND: Command = Command {
    name: "preview",
    summary: "show the certificate that a token would get",
    description: "Asks the CA what it would issue for a token, or for a login, and shows the certificate and which \
        rule of the provisioner gave what; or the check that the token fails. Nothing is issued, and the token stays \
        good. The claims of the token are shown too, on standard error.",
    arguments: &[
        Argument { name: "<name>", count: Count::One, help: "Name of the provisioner." },
        Argument {
            name: "<subject>",
            count: Count::Optional,
            help: "The subject to ask for; the e-mail address or subject of the token without it.",
        },
    ],
    flags: &[
        &[
            Flag::value(&["token"], "<file>", "File with the token; '-' is standard input."),
            Flag::switch(&["login"], "Log in at the identity provider; this is what is done without '--token'."),
            Flag::list(&["san"], "<name>", "A name to ask for, instead of the subject alone; may be repeated."),
            Flag::value(&["format"], "<format>", "'text' (as 'certificate inspect' shows it), 'short' or 'json'."),
        ],
        sign_in::FLAGS,
        connection::FLAGS,
    ],
    examples: &[
        Example {
            purpose: "Log in, and see what 'ca certificate' would give you:",
            lines: &["ca provisioner preview Google"],
        },
        Example {
            purpose: "See why the token of a CI job is refused:",
            lines: &["ca provisioner preview github --token token.jwt --format short"],
        },
    ],
    scope: Scope::Within,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let name = call.argument(0).unwrap_or_default();
    let format = Format::of(call)?;
    let connection = Connection::open(call)?;
    let token = obtain(call, &connection, name)?;
    let claims = UnverifiedClaims::of(&token)?;
    say_claims(call, &claims);
    let sans = call.list("san")?;
    let subject = call.argument(1).or_else(|| claims.text("email")).or_else(|| claims.text("sub"));
    let subject = subject.unwrap_or_default();
    let identity = match claims.names_its_certificate() && sans.is_empty() {
        true => Identity::asked(subject, &claims.texts("sans").into_iter().map(str::to_owned).collect::<Vec<_>>())?,
        false => Identity::by_rules(subject, &sans)?,
    };
    // A key for this one question.
    let key = PrivateKey::generate(KeyAlgorithm::EcP256)?;
    let csr = request(&identity, &key)?;
    let asked = SignRequest { csr: Cow::Borrowed(&csr), ott: Cow::Borrowed(&token), ..SignRequest::default() };
    let preview = connection.client.preview(&asked).map_err(explain)?;
    if preview.provisioner != name {
        bail!("the token leads to the provisioner '{}', not to '{name}'", shown(&preview.provisioner));
    }
    print(format.show(&preview)?.as_bytes())
}

/// Other CAs have nothing at that address.
fn explain(error: ClientError) -> anyhow::Error {
    let what = match &error {
        ClientError::Refused(refusal) if refusal.status != 404 => "the token would get no certificate",
        ClientError::Refused(_) | ClientError::Unexpected { .. } => "this CA cannot preview certificates; rung-ca can",
        ClientError::Fingerprint { .. } | ClientError::Unreachable { .. } => "the CA could not be asked",
    };
    anyhow::Error::new(error).context(what)
}

/// The token of the file, or of a login.
fn obtain(call: &Call, connection: &Connection, name: &str) -> anyhow::Result<Zeroizing<String>> {
    match (call.text("token")?, call.switch("login")?) {
        (Some(_), true) => Err(Usage::new("flag '--token' and flag '--login' are mutually exclusive").into()),
        (Some(file), false) => secret::password_file("token", &file),
        (None, _) => {
            let wanted = Wanted { name: Some(name.to_owned()), key_id: None };
            match choose(&provisioners(connection)?, &wanted, &call.ui)? {
                Usable::Oidc(oidc) => token::log_in(call, &oidc, call.argument(1).unwrap_or_default()),
                Usable::Jwk(_) => bail!(
                    "nobody logs in at '{name}', a provisioner of type JWK; make a token with 'ca token' and give its \
                     file with --token"
                ),
            }
        }
    }
}

fn say_claims(call: &Call, claims: &UnverifiedClaims) {
    call.ui.line("The token says:");
    for (name, value) in claims.shown() {
        call.ui.line(&format!("    {}: {}", shown(name), shown(&value)));
    }
    call.ui.line("");
}

#[derive(Clone, Copy)]
enum Format {
    Json,
    Short,
    Text,
}

impl Format {
    fn of(call: &Call) -> anyhow::Result<Self> {
        match call.text("format")?.as_deref() {
            Some("json") => Ok(Self::Json),
            Some("short") => Ok(Self::Short),
            None | Some("text") => Ok(Self::Text),
            Some(other) => {
                let problem = format!("invalid value '{other}' for flag '--format'; options are text, short, json");
                Err(Usage::new(problem).into())
            }
        }
    }

    fn show(self, preview: &PreviewResponse) -> anyhow::Result<String> {
        let der = STANDARD.decode(&preview.certificate).context("the CA's preview is not base64")?;
        let certificate = Certificate::from_der(&der).context("the CA's preview is not a certificate")?;
        let document = Document::Certificate(certificate.clone());
        let mut out = match self {
            Self::Json => return json_of(preview, &certificate),
            Self::Short => short(&document, None),
            Self::Text => unsigned(&text(&document, None)),
        };
        if !preview.rules.is_empty() {
            out.push_str("Because:\n");
        }
        for rule in &preview.rules {
            writeln!(out, "    {}", shown(rule))?;
        }
        out.push_str("Nothing was issued: this is what the token would get.\n");
        Ok(out)
    }
}

/// Without the lines on the signature, which there is none of.
fn unsigned(text: &str) -> String {
    let end = text.find("\n    Signature Algorithm:").map_or(text.len(), |at| at + 1);
    text[..end].lines().filter(|line| !line.trim_start().starts_with("Serial Number:")).fold(
        String::new(),
        |mut lines, line| {
            lines.push_str(line);
            lines.push('\n');
            lines
        },
    )
}

fn json_of(preview: &PreviewResponse, certificate: &Certificate) -> anyhow::Result<String> {
    let names: Vec<String> = certificate.subject_alt_names()?.iter().map(ToString::to_string).collect();
    let summary = json!({
        "provisioner": preview.provisioner,
        "subject": certificate.subject().to_string(),
        "names": names,
        "notBefore": rfc3339(certificate.not_before()),
        "notAfter": rfc3339(certificate.not_after()),
        "rules": preview.rules,
        "certificate": preview.certificate,
    });
    Ok(format!("{}\n", serde_json::to_string_pretty(&summary)?))
}

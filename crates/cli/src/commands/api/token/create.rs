//! `api token create`

use anyhow::{Context as _, bail};
use rung_api::outbound::Fetcher;
use rung_pki::{Certificate, Signer as _, keyfile};
use rustls_pki_types::CertificateDer;
use serde::Deserialize;
use url::Url;

use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::input;
use crate::inspect::{Json, Object};
use crate::private_key::KeyFile;
use crate::ui::print;

pub(crate) static COMMAND: Command = Command {
    name: "create",
    summary: "get a token with a certificate",
    description: "Shows a certificate to a management API and prints the token that it answers with. The API has to know \
        the root that the certificate leads to. Its own certificate has to lead to a root of this machine; name another in \
        SSL_CERT_FILE.",
    arguments: &[
        Argument {
            name: "<team>",
            count: Count::One,
            help: "The team that the token is for: its UUID or its short name.",
        },
        Argument { name: "<crt-file>", count: Count::One, help: "The certificate with its intermediates, PEM." },
        Argument { name: "<key-file>", count: Count::One, help: "Its private key." },
    ],
    flags: &[&[
        Flag::value(&["api-url"], "<url>", "Address of the API, such as https://api.example.com. There is no default."),
        Flag::value(&["audience"], "<name>", "Ask for a token for this audience."),
        Flag::value(&["password-file"], "<file>", "File with the password of the private key."),
    ]],
    examples: &[Example {
        purpose: "Keep a token for an hour's work:",
        lines: &["api token create example svc.crt svc.key --api-url https://api.example.com"],
    }],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let [team, crt, key] = call.arguments() else {
        return Err(Usage::new("the team, the certificate and the key have to be named").into());
    };
    let base = call.required("api-url")?;
    let wrong = |error| Usage::new(format!("invalid value '{base}' for flag '--api-url'; {error}"));
    let mut url = Url::parse(&base).map_err(wrong)?;
    url.path_segments_mut()
        .map_err(|()| Usage::new(format!("invalid value '{base}' for flag '--api-url'; it has no path")))?
        .pop_if_empty()
        .extend(["api", "auth"]);
    let chain = Certificate::all_from_pem_or_der(&input::read("the certificate", crt)?);
    let chain = chain.with_context(|| format!("the certificate, {crt}, cannot be used"))?;
    let file = KeyFile { purpose: "the key", file: key, password_flag: "password-file" };
    let key = file.read(call, keyfile::read_private_key)?;
    if chain.first().and_then(|leaf| leaf.public_key().ok()) != Some(key.public_key()) {
        bail!("{crt} and the key do not belong together");
    }
    let ders: Vec<CertificateDer<'_>> = chain.iter().map(|one| CertificateDer::from(one.der())).collect();
    let fetcher = Fetcher::new(Vec::new()).with_identity(&ders, &key);
    let question = question(team, &chain, call.text("audience")?);
    let answer = fetcher.post_json::<Answer>(&url, question.into_bytes())?;
    match answer.body {
        Answer { token: Some(token), .. } if answer.status == 201 => {
            call.ui.line("✔ Token successfully created:");
            print(format!("{token}\n").as_bytes())
        }
        Answer { message: Some(message), .. } => bail!("{message}"),
        Answer { .. } => bail!("failed to create token: {}", answer.status),
    }
}

fn question(team: &str, chain: &[Certificate], audience: Option<String>) -> String {
    let (id, name) = if is_uuid(team) { (team, "") } else { ("", team) };
    let mut out = Object::new();
    out.put("teamID", id);
    out.put("teamSlug", name);
    out.put("bundle", Json::List(chain.iter().map(|one| Json::octets(one.der())).collect()));
    out.put_some("audience", audience);
    Json::from(out).pretty()
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|octet| octet.is_ascii_hexdigit()))
}

#[derive(Deserialize)]
struct Answer {
    token: Option<String>,
    message: Option<String>,
}

//! `ca token`

use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, bail};
use rung_api::body::Provisioner;
use rung_api::client::Fingerprint;
use rung_pki::{CertificateRequest, Signer, jose::PublicJwk, keyfile};
use zeroize::Zeroizing;

use crate::ca::choose::{JwkUse, Usable, Wanted, choose};
use crate::ca::connection::{self, Connection, read_roots, roots};
use crate::ca::grant::provisioners;
use crate::ca::identity::Identity;
use crate::ca::offline::Offline;
use crate::ca::token::{self, Content, LIFETIME, TokenKey};
use crate::ca::{template, when};
use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::output::{Commit, Existing, Mode, Target};
use crate::private_key::KeyFile;
use crate::ui::print;
use crate::{clock, input, sign_in};

pub(crate) static COMMAND: Command = Command {
    name: "token",
    summary: "make a one-time token that a certificate can be had for",
    description: "Makes a token that is good for one certificate with exactly the names given, within the next five \
        minutes. Whoever holds it passes it to 'ca certificate --token' or 'ca sign --token' and needs neither \
        password nor root certificate. Treat it like a password.\n\n\
        With a provisioner of type OIDC the token is the one of your login, and good for your own names.",
    arguments: &[Argument {
        name: "<subject>",
        count: Count::One,
        help: "Name that the certificate is for: a DNS name, IP address, e-mail address or URI.",
    }],
    flags: &[
        &[
            Flag::list(&["san"], "<name>", "A name that the certificate may have, in place of the subject."),
            Flag::value(&["provisioner", "issuer"], "<name>", "Name of the provisioner that signs the token."),
            Flag::value(&["kid"], "<kid>", "Key id, or OIDC client id, of the provisioner."),
            Flag::value(
                &["key"],
                "<file>",
                "Sign with the key in this <file> (PEM or JWK) instead of the one that the CA keeps encrypted.",
            ),
            Flag::value(
                &["provisioner-password-file"],
                "<file>",
                "File with the password of the provisioner's key; '-' is standard input.",
            ),
            Flag::value(&["password-file"], "<file>", "The same, for scripts written for one password."),
            Flag::value(&["not-before"], "<time|duration>", "When the token becomes good; now without it."),
            Flag::value(&["not-after"], "<time|duration>", "When the token expires; in 5m without it, in 1h at most."),
            Flag::value(&["cnf"], "<fingerprint>", "Good only for the request with this SHA-256 (base64url)."),
            Flag::value(&["cnf-file"], "<file>", "Good only for the request (CSR) in this <file>."),
            Flag::value(&["output-file"], "<file>", "Write the token to this <file> instead of printing it."),
            Flag::switch(&["force", "f"], "Overwrite the file without asking."),
            Flag::switch(&["offline"], "Take the provisioner from ca.json instead of asking the CA."),
            Flag::value(&["ca-config"], "<file>", "The ca.json for --offline; config/ca.json without it."),
            Flag::refused(&["ssh"], "there are no SSH certificates yet"),
            Flag::refused(&["host"], "there are no SSH certificates yet"),
            Flag::refused_value(&["principal", "n"], "there are no SSH certificates yet"),
            Flag::refused_value(&["cert-not-before"], "there are no SSH certificates yet"),
            Flag::refused_value(&["cert-not-after"], "there are no SSH certificates yet"),
            Flag::refused(&["revoke"], "tokens are for new certificates"),
            Flag::refused(&["renew"], "tokens are for new certificates"),
            Flag::refused(&["rekey"], "tokens are for new certificates"),
            Flag::refused_value(&["x5c-cert"], "use a provisioner of type JWK or OIDC"),
            Flag::refused_value(&["x5c-key"], "use a provisioner of type JWK or OIDC"),
            Flag::refused(&["x5c-insecure"], "use a provisioner of type JWK or OIDC"),
            Flag::refused_value(&["sshpop-cert"], "use a provisioner of type JWK or OIDC"),
            Flag::refused_value(&["sshpop-key"], "use a provisioner of type JWK or OIDC"),
            Flag::refused_value(&["nebula-cert"], "use a provisioner of type JWK or OIDC"),
            Flag::refused_value(&["nebula-key"], "use a provisioner of type JWK or OIDC"),
            Flag::refused_value(&["k8ssa-token-path"], "use a provisioner of type JWK or OIDC"),
            Flag::refused_value(&["kms"], "keys live in files"),
        ],
        sign_in::FLAGS,
        template::FLAGS,
        connection::FLAGS,
    ],
    examples: &[
        Example {
            purpose: "Make a token and use it on another machine:",
            lines: &[
                "ca token svc.example.com > token",
                "$ rung ca certificate svc.example.com svc.crt svc.key --token - < token",
            ],
        },
        Example {
            purpose: "On the CA's own machine, while it is not running:",
            lines: &["ca token svc.example.com --offline --provisioner admin"],
        },
    ],
    scope: Scope::Within,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let subject = call.argument(0).unwrap_or_default();
    let identity = Identity::asked(subject, &call.list("san")?)?;
    let offline = call.switch("offline")?;
    let user = template::data(call)?;
    if offline && user.is_some() {
        return Err(Usage::new("flag '--offline' is incompatible with '--set'").into());
    }
    let now = clock::now();
    let (not_before, not_after) = lifetime(call, now)?;
    let confirmation = confirmation(call)?;
    let existing = Existing::forced(call.switch("force")?, &call.ui);
    let file = call.text("output-file")?;
    let target = file.map(|file| Target::claim(Path::new(&file), existing)).transpose()?;

    let source = if offline { Source::offline(call)? } else { Source::online(call)? };
    let wanted = Wanted { name: call.text("provisioner")?, key_id: call.text("kid")? };
    let token = match choose(&source.provisioners, &wanted, &call.ui)? {
        Usable::Oidc(oidc) => token::log_in(call, &oidc, subject)?,
        Usable::Jwk(jwk) => {
            let content = Content {
                audience: &source.audience,
                subject,
                names: &identity.names.iter().map(ToString::to_string).collect::<Vec<_>>(),
                root: source.root,
                confirmation,
                user,
                not_before,
                not_after,
                now,
            };
            token::sign(&signing_key(call, &jwk)?, &content)?
        }
    };
    match target {
        None => print(Zeroizing::new(format!("{}\n", *token)).as_bytes()),
        Some(target) => {
            let mut commit = Commit::default();
            commit.put(target, Mode::Private, token.as_bytes());
            commit.write()
        }
    }
}

/// Where provisioners come from, and what the token has to say about the CA.
struct Source {
    provisioners: Vec<Provisioner>,
    audience: String,
    root: Option<String>,
}

impl Source {
    fn online(call: &Call) -> anyhow::Result<Self> {
        let connection = Connection::open(call)?;
        let root = connection.roots.first().map(|root| Fingerprint::of(root.der()).to_string());
        let audience = format!("{}/1.0/sign", connection.client.url());
        Ok(Self { provisioners: provisioners(&connection)?, audience, root })
    }

    fn offline(call: &Call) -> anyhow::Result<Self> {
        let offline = Offline::read(call)?;
        let roots = match (call.text("root")?, &offline.root) {
            (None, Some(file)) => read_roots(file)?,
            _ => roots(call)?,
        };
        let root = roots.first().map(|root| Fingerprint::of(root.der()).to_string());
        let audience = offline.audience();
        Ok(Self { provisioners: offline.provisioners, audience, root })
    }
}

fn lifetime(call: &Call, now: SystemTime) -> anyhow::Result<(SystemTime, SystemTime)> {
    let point = |name: &str, usual: SystemTime| -> anyhow::Result<SystemTime> {
        let Some((text, when)) = when::flag(call, name)? else { return Ok(usual) };
        when.resolve(now).with_context(|| format!("invalid value '{text}' for flag '--{name}'"))
    };
    let not_before = point("not-before", now)?;
    let not_after = point("not-after", not_before + LIFETIME)?;
    let length = not_after.duration_since(not_before.max(now)).unwrap_or_default();
    if length < SHORTEST {
        bail!("requested token validity is too short: it is {length:?}, and must be {SHORTEST:?} at least");
    }
    if length > LONGEST {
        bail!("requested token validity is too long: it is {length:?}, and must be {LONGEST:?} at most");
    }
    if not_before.duration_since(now).is_ok_and(|ahead| ahead > FURTHEST) {
        bail!("the token would become good too late: '--not-before' must be within {FURTHEST:?}");
    }
    Ok((not_before, not_after))
}

fn confirmation(call: &Call) -> anyhow::Result<Option<String>> {
    match (call.text("cnf")?, call.text("cnf-file")?) {
        (Some(_), Some(_)) => Err(Usage::new("flag '--cnf' and flag '--cnf-file' are mutually exclusive").into()),
        (Some(fingerprint), None) => Ok(Some(fingerprint)),
        (None, Some(file)) => {
            let request = CertificateRequest::from_pem(&input::read("the file of --cnf-file", &file)?);
            let request = request.with_context(|| format!("{} is not a certificate request", input::name(&file)))?;
            Ok(Some(token::confirmation(request.verify()?.fingerprint())))
        }
        (None, None) => Ok(None),
    }
}

/// The key of `--key`, or the provisioner's own.
fn signing_key(call: &Call, jwk: &JwkUse) -> anyhow::Result<TokenKey> {
    let Some(file) = call.text("key")? else { return token::unlock(call, jwk) };
    let key_file = KeyFile { purpose: "the key of --key", file: &file, password_flag: "password-file" };
    let key = key_file.read(call, keyfile::read_private_key)?;
    let public = PublicJwk::from_json(jwk.key.as_bytes()).context("the provisioner's public key is no JWK")?;
    if public.key() != key.public_key() {
        bail!("the key in {} is not the one of provisioner '{}'", input::name(&file), jwk.name);
    }
    Ok(TokenKey { issuer: jwk.name.clone(), key_id: jwk.key_id.clone(), key })
}

const SHORTEST: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(3600);
const FURTHEST: Duration = Duration::from_secs(1800);

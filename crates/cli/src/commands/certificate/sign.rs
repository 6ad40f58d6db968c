//! `certificate sign`

use anyhow::{Context as _, bail};
use rung_pki::extension::{Decoded, oid};
use rung_pki::profile::Profile;
use rung_pki::{Certificate, RequestError, SubjectAltName, VerifiedRequest};
use serde_json::{Value, json};

use base64::{Engine, engine::general_purpose::STANDARD};

use super::terms::{self, DATA, DAY, Terms, Window};
use crate::ca::template;
use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::input;
use crate::inspect::{Document, parse};
use crate::issuer::{Issuer, TEN_YEARS};
use crate::private_key::KeyFile;
use crate::template::{Wish, apply};
use crate::ui::print;

pub(crate) static COMMAND: Command = Command {
    name: "sign",
    summary: "sign a certificate signing request",
    description: "Signs a certificate signing request with the key of a CA in files, and prints the certificate. The \
        profile says what becomes of the request: 'leaf' (the default) takes subject and names of it for a certificate \
        for TLS, 'intermediate-ca' makes the certificate of a CA, 'csr' takes every extension as it is asked for. A \
        template says it in every detail, see 'certificate create'.\n\n\
        The request has to be signed by its own key, and the CA has to be one: what it may not sign is refused.",
    arguments: &[
        Argument { name: "<csr-file>", count: Count::One, help: "The request, PEM or DER; '-' is standard input." },
        Argument {
            name: "<crt-file>",
            count: Count::One,
            help: "The certificate of the CA; with those above it for --bundle.",
        },
        Argument { name: "<key-file>", count: Count::One, help: "The key of the CA." },
    ],
    flags: &[
        &[
            Flag::value(&["profile"], "<profile>", "leaf (the default), intermediate-ca, or csr."),
            Flag::value(&["template"], "<file>", "A template for the certificate, instead of a profile."),
            Flag::value(&["password-file"], "<file>", "The password of the key of the CA."),
            Flag::value(
                &["path-len"],
                "<number>",
                "With 'intermediate-ca': how many CAs may come below it; 0 if nothing is said, -1 for any number.",
            ),
            Flag::switch(
                &["omit-cn-san"],
                "Do not take the common name for the name of the certificate when the request has no other.",
            ),
            Flag::switch(&["bundle"], "Print the certificates of <crt-file> behind the new one."),
            Flag::refused_value(&["kms"], "keys in a KMS are not supported by this version; name a file"),
        ],
        DATA,
        terms::FLAGS,
    ],
    examples: &[
        Example {
            purpose: "Sign a request for a server:",
            lines: &["certificate sign svc.csr ca.crt ca.key --bundle > new.crt"],
        },
        Example {
            purpose: "For a week:",
            lines: &["certificate sign svc.csr ca.crt ca.key --not-after 168h > new.crt"],
        },
        Example {
            purpose: "Make an intermediate of it that may have CAs below it:",
            lines: &[
                "certificate sign svc.csr root_ca.crt root_ca.key --profile intermediate-ca \\",
                "    --path-len 1 > new.crt",
            ],
        },
    ],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let [csr_file, crt_file, key_file] = call.arguments() else { unreachable!("three arguments are needed") };
    let template = call.text("template")?;
    let profile = call.text("profile")?;
    if template.is_some() && profile.is_some() {
        return Err(Usage::new("flag '--profile' is incompatible with '--template'").into());
    }
    let profile = profile.unwrap_or_else(|| "leaf".to_owned());
    if !["leaf", "intermediate-ca", "csr"].contains(&profile.as_str()) {
        let text = format!("invalid value '{profile}' for flag '--profile'; options are leaf, intermediate-ca, csr");
        return Err(Usage::new(text).into());
    }
    let path_len = path_len(call)?;
    let terms = Terms::read(call)?;
    let request = request(csr_file)?;
    let source = KeyFile { purpose: "the key of the CA", file: key_file, password_flag: "password-file" };
    let issuer = Issuer::read(call, crt_file, &source)?;
    let mut usual = DAY;
    let described = match (&template, profile.as_str()) {
        (Some(file), _) => {
            let names = names(call, &request)?;
            let (subject, extensions, key) = (request.subject(), request.extensions(), request.public_key());
            apply(file, &Wish { subject, names: &names, extensions, key }, template::data(call)?)?
        }
        (None, "csr") => as_asked(&request)?,
        (None, "intermediate-ca") => {
            usual = TEN_YEARS;
            describe(terms::authority(path_len), &request, &[])?
        }
        (None, _) => describe(terms::leaf(request.public_key()), &request, &names(call, &request)?)?,
    };
    let certificate = issuer.sign(&described, request.public_key(), terms.validity(Window::FromBeginning, usual)?)?;
    let mut text = certificate.to_pem();
    if call.switch("bundle")? {
        text.extend(issuer.chain.iter().map(Certificate::to_pem));
    }
    print(text.as_bytes())
}

/// The request, whose sender has shown that the key is theirs.
fn request(file: &str) -> anyhow::Result<VerifiedRequest> {
    let contents = input::read("the request", file)?;
    let unreadable = || format!("error parsing {}: error parsing certificate request as DER format", input::name(file));
    let request = parse(&contents).with_context(unreadable)?.into_iter().find_map(|document| match document {
        Document::Request(request) => Some(request),
        Document::Certificate(_) => None,
    });
    let Some(request) = request else { bail!("{}: it holds no certificate signing request", unreadable()) };
    request.verify().map_err(|error| match error {
        RequestError::Signature => {
            anyhow::Error::msg("certificate request has invalid signature: it was not made with the key in the request")
        }
        other => anyhow::Error::new(other).context(format!("the request in {file} cannot be signed")),
    })
}

/// The names of the request, or else the common name.
fn names(call: &Call, request: &VerifiedRequest) -> anyhow::Result<Vec<SubjectAltName>> {
    let names = request.subject_alt_names()?.to_vec();
    let common = request.subject().common_name().filter(|name| !name.is_empty());
    match common {
        Some(common) if names.is_empty() && request.other_names() == 0 && !call.switch("omit-cn-san")? => {
            let name = SubjectAltName::classify(common).with_context(|| {
                format!("the common name '{common}' cannot be the name of the certificate; pass --omit-cn-san")
            })?;
            Ok(vec![name])
        }
        _ => Ok(names),
    }
}

/// A profile with the subject of the request as it stands.
fn describe(mut description: Value, request: &VerifiedRequest, names: &[SubjectAltName]) -> anyhow::Result<Profile> {
    if !request.subject().is_empty() {
        description["rawSubject"] = STANDARD.encode(request.subject().der()).into();
    }
    description["sans"] = names.iter().map(|name| json!({"type": name.kind(), "value": name.to_string()})).collect();
    Ok(Profile::parse(&description.to_string())?)
}

/// Everything as it is asked for.
fn as_asked(request: &VerifiedRequest) -> anyhow::Result<Profile> {
    let mut profile = describe(json!({}), request, &[])?;
    // Which keys they are is not for the request to say.
    let keys = [oid::SUBJECT_KEY_IDENTIFIER, oid::AUTHORITY_KEY_IDENTIFIER];
    let asked = request.extensions().iter().filter(|extension| !keys.contains(&extension.oid));
    profile.extensions = asked.cloned().collect();
    // What the CA may sign is judged by that; the extension itself is among the others.
    profile.basic_constraints = request.extensions().iter().find_map(|extension| match extension.decode() {
        Decoded::BasicConstraints(constraints) => Some(constraints),
        _ => None,
    });
    Ok(profile)
}

fn path_len(call: &Call) -> anyhow::Result<Option<u8>> {
    let Some(text) = call.text("path-len")? else { return Ok(Some(0)) };
    let wrong = |problem: &str| Usage::new(format!("invalid value '{text}' for flag '--path-len'; {problem}"));
    match text.parse::<i64>() {
        Ok(-1) => Ok(None),
        Ok(number @ 0..=255) => Ok(u8::try_from(number).ok()),
        Ok(number) if number < -1 => Err(wrong("path-len must be -1 or greater").into()),
        Ok(_) => Err(wrong("path-len must be 255 or less").into()),
        Err(_) => Err(wrong("it must be a whole number").into()),
    }
}

//! `certificate create`

use std::path::Path;

use anyhow::{Context as _, anyhow};
use rung_pki::keyfile::{self, AnyKey, Extent};
use rung_pki::profile::Profile;
use rung_pki::{Certificate, DistinguishedName, KeyAlgorithm, PrivateKey, PublicKey, RequestContent, SubjectAltName};
use serde_json::{Value, json};

use super::terms::{self, DATA, DAY, Terms, Window};
use crate::ca::{key as kind, template};
use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::issuer::{Issuer, TEN_YEARS, Validity, sign_itself};
use crate::keys::{self, file::new_password};
use crate::output::{Commit, Existing, Mode, Target};
use crate::private_key::KeyFile;
use crate::template::{Wish, apply};
use crate::ui::shown;

pub(crate) static COMMAND: Command = Command {
    name: "create",
    summary: "make a key and a certificate or certificate signing request for it",
    description: "Makes a key, and a certificate for it that is signed with the key of a CA in files, or with the new key \
        itself for a root; no authority has to run. With --csr it makes the request for a certificate instead, which \
        somebody else signs. Key and certificate appear together, readable by you alone.\n\n\
        The profile says what the certificate is for: 'leaf' (the default) for TLS servers and clients, \
        'intermediate-ca' and 'root-ca' for CAs, 'self-signed' for a leaf without a CA. A template says it in every \
        detail: JSON, with parts in {{ }} that are filled in, in the language of Go's text/template with the functions \
        of sprig. It knows .Subject and .SANs (print them with toJson), .Insecure.CR, which is the request, and \
        .Insecure.User, the data of --set.",
    arguments: &[
        Argument {
            name: "<subject>",
            count: Count::One,
            help: "The common name. Without --san it is the name that a leaf is for, too.",
        },
        Argument { name: "<crt-file>", count: Count::One, help: "Where to write the certificate or request, PEM." },
        Argument {
            name: "<key-file>",
            count: Count::Optional,
            help: "Where to write the key, PEM; with --key it need not be given.",
        },
    ],
    flags: &[
        kind::FLAGS,
        &[
            Flag::switch(&["csr"], "Make a certificate signing request."),
            Flag::value(&["profile"], "<profile>", "leaf (the default), intermediate-ca, root-ca, or self-signed."),
            Flag::value(&["template"], "<file>", "A template for the certificate or request, instead of a profile."),
            Flag::list(
                &["san"],
                "<name>",
                "A name to put into the certificate in place of the subject: DNS name, IP address, e-mail address or URI.",
            ),
            Flag::value(&["ca"], "<file>", "The certificate of the CA that signs; with others behind it for --bundle."),
            Flag::value(&["ca-key"], "<file>", "The key of the CA that signs."),
            Flag::value(&["ca-password-file"], "<file>", "The password of the key of the CA."),
            Flag::value(&["key"], "<file>", "Take this key and make none; with --skip-csr-signature a public one."),
            Flag::value(
                &["password-file"],
                "<file>",
                "The password to encrypt the key with, and to decrypt the one of --key.",
            ),
            Flag::switch(&["no-password"], "Write the key unencrypted; takes --insecure as well."),
            Flag::switch(&["bundle"], "Write the certificates of --ca behind the new one."),
            Flag::switch(&["skip-csr-signature"], "Do not ask for a proof that the key is there; for public keys."),
            Flag::switch(&["force", "f"], "Overwrite files without asking."),
            Flag::switch(&["subtle"], "Allow what is rarely right, such as certificates that sign themselves."),
            Flag::switch(&["insecure"], "Allow what is not safe."),
            Flag::refused_value(&["kms"], "keys in a KMS are not supported by this version; --key takes a file"),
            Flag::refused_value(&["ca-kms"], "keys in a KMS are not supported by this version; --ca-key takes a file"),
        ],
        DATA,
        terms::FLAGS,
    ],
    examples: &[
        Example {
            purpose: "Make a root and an intermediate:",
            lines: &[
                "certificate create 'Example Root' root.crt root.key --profile root-ca \\",
                "    --password-file password.txt",
                "certificate create 'Example CA' sub.crt sub.key --profile intermediate-ca \\",
                "    --ca root_ca.crt --ca-key root_ca.key --password-file password.txt",
            ],
        },
        Example {
            purpose: "A certificate for a server of two names:",
            lines: &[
                "certificate create svc.example.com new.crt new.key --ca ca.crt --ca-key ca.key \\",
                "    --san svc.example.com --san 10.1.2.3 --bundle --password-file password.txt",
            ],
        },
        Example {
            purpose: "A request, and a key that is not encrypted:",
            lines: &["certificate create svc.example.com new.csr new.key --csr --no-password --insecure"],
        },
        Example {
            purpose: "A request for a key that is there:",
            lines: &["certificate create svc.example.com new.csr --csr --key svc.key"],
        },
        Example {
            purpose: "In every detail as a template has it:",
            lines: &[
                "certificate create svc.example.com new.crt new.key --template leaf.tpl \\",
                "    --set ou=Ops --ca ca.crt --ca-key ca.key --password-file password.txt",
            ],
        },
    ],
    scope: Scope::Anywhere,
    run,
};

/// What a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Intermediate,
    Leaf,
    Root,
    SelfSigned,
}

fn run(call: &Call) -> anyhow::Result<()> {
    let plan = Plan::read(call)?;
    let own = own_key(call, plan.kind)?;
    plan.check(call)?;
    let existing = Existing::forced(call.switch("force")?, &call.ui);
    let key_target = plan.key_file.map(|file| Target::claim(Path::new(file), existing)).transpose()?;
    let crt_target = Target::claim(Path::new(plan.crt_file), existing)?;
    let issuer = plan.issuer(call)?;
    let (text, what) = match call.switch("csr")? {
        true => (plan.request(call, &own)?, "certificate signing request"),
        false => (plan.certificate(call, &own, issuer.as_ref())?, "certificate"),
    };
    let mut commit = Commit::default();
    let mut wrote_key = false;
    if let (Some(target), AnyKey::Private(key)) = (key_target, &own) {
        let contents = if call.switch("no-password")? {
            keyfile::to_pem(&**key)
        } else {
            let password = new_password(call, "password-file", "Please enter the password to encrypt the private key")?;
            keyfile::to_encrypted_pkcs8_pem(&**key, password.as_bytes())?.into()
        };
        commit.put(target, Mode::Private, contents.as_bytes());
        wrote_key = true;
    }
    commit.put(crt_target, Mode::Private, text.as_bytes());
    commit.write()?;
    call.ui.line(&format!("Your {what} has been saved in {}.", shown(plan.crt_file)));
    if let Some(file) = plan.key_file.filter(|_| wrote_key) {
        call.ui.line(&format!("Your private key has been saved in {}.", shown(file)));
    }
    Ok(())
}

/// What the words and flags ask for.
struct Plan<'a> {
    subject: &'a str,
    crt_file: &'a str,
    key_file: Option<&'a str>,
    purpose: Purpose,
    template: Option<String>,
    kind: KeyAlgorithm,
    terms: Terms,
}

impl<'a> Plan<'a> {
    fn read(call: &'a Call) -> anyhow::Result<Self> {
        let usage = format!("{} <subject> <crt-file> <key-file>", call.full_name());
        let (subject, crt_file) = match call.arguments() {
            [subject, crt_file, ..] => (subject.as_str(), crt_file.as_str()),
            _ => return Err(Usage::new(format!("not enough positional arguments were provided in '{usage}'")).into()),
        };
        let key_file = call.argument(2);
        if key_file.is_none() && call.text("key")?.is_none() {
            return Err(Usage::new(format!("not enough positional arguments were provided in '{usage}'")).into());
        }
        if call.switch("no-password")? && !call.switch("insecure")? {
            return Err(Usage::new("flag '--no-password' requires the '--insecure' flag").into());
        }
        if key_file == Some(crt_file) {
            let text = format!("positional arguments <<crt-file>> and <<key-file>> cannot be equal in '{usage}'");
            return Err(Usage::new(text).into());
        }
        let terms = Terms::read(call)?;
        let template = call.text("template")?;
        let purpose = match call.text("profile")?.as_deref() {
            Some(_) if template.is_some() => {
                return Err(Usage::new("flag '--profile' is incompatible with '--template'").into());
            }
            None | Some("leaf") => Purpose::Leaf,
            Some("intermediate-ca") => Purpose::Intermediate,
            Some("root-ca") => Purpose::Root,
            Some("self-signed") => Purpose::SelfSigned,
            Some(other) => {
                let options = "leaf, intermediate-ca, root-ca, self-signed";
                let text = format!("invalid value '{other}' for flag '--profile'; options are {options}");
                return Err(Usage::new(text).into());
            }
        };
        Ok(Self { subject, crt_file, key_file, purpose, template, kind: kind::algorithm(call)?, terms })
    }

    /// Which flags go together.
    fn check(&self, call: &Call) -> anyhow::Result<()> {
        let refuse = |text: String| -> anyhow::Result<()> { Err(Usage::new(text).into()) };
        if call.switch("csr")? {
            if self.purpose != Purpose::Leaf {
                return refuse("flag '--profile' is incompatible with '--csr'".to_owned());
            }
            for flag in ["ca", "ca-key", "ca-password-file", "not-before", "not-after"] {
                if call.is_typed(flag) {
                    return refuse(format!("flag '--{flag}' is incompatible with '--csr'"));
                }
            }
            if call.switch("bundle")? {
                return refuse("flag '--bundle' is incompatible with '--csr'".to_owned());
            }
            if call.switch("skip-csr-signature")? {
                return refuse("flag '--csr' is incompatible with '--skip-csr-signature'".to_owned());
            }
            return Ok(());
        }
        let profile = self.purpose.name();
        if call.switch("bundle")? && self.purpose != Purpose::Leaf {
            return refuse(format!("flag '--bundle' is incompatible with flag '--profile {profile}'"));
        }
        if self.purpose == Purpose::SelfSigned && !call.switch("subtle")? {
            return refuse("'--profile self-signed' requires the '--subtle' flag".to_owned());
        }
        let given = |flag: &str| call.text(flag).map(|value| value.is_some());
        match self.purpose {
            Purpose::Root | Purpose::SelfSigned => {
                for flag in ["ca", "ca-key"] {
                    if given(flag)? {
                        return refuse(format!("flag '--{flag}' is incompatible with flag '--profile {profile}'"));
                    }
                }
            }
            Purpose::Leaf if self.template.is_some() && !given("ca")? && !given("ca-key")? => {}
            Purpose::Leaf | Purpose::Intermediate => {
                for flag in ["ca", "ca-key"] {
                    if !given(flag)? {
                        let with = if self.template.is_some() { "--template" } else { "--profile" };
                        let value = if self.template.is_some() { "" } else { profile };
                        let text = format!("'{}' requires the '--{flag}' flag", format!("{with} {value}").trim_end());
                        return refuse(text);
                    }
                }
            }
        }
        Ok(())
    }

    fn issuer(&self, call: &Call) -> anyhow::Result<Option<Issuer>> {
        let (Some(file), Some(key_file)) = (call.text("ca")?, call.text("ca-key")?) else { return Ok(None) };
        let source = KeyFile { purpose: "the key of --ca-key", file: &key_file, password_flag: "ca-password-file" };
        Issuer::read(call, &file, &source).map(Some)
    }

    /// The names of --san, or else the subject where a certificate is for something.
    fn names(&self, call: &Call) -> anyhow::Result<Vec<SubjectAltName>> {
        let given = call.list("san")?;
        let wants_names = self.template.is_some() || matches!(self.purpose, Purpose::Leaf | Purpose::SelfSigned);
        if given.is_empty() && wants_names && !self.subject.is_empty() {
            let name = SubjectAltName::classify(self.subject).map_err(|error| {
                let text = format!("'{}' cannot be the name that the certificate is for: {error}", self.subject);
                Usage::new(text).with_hint("Name what it is for with --san.".to_owned())
            })?;
            return Ok(vec![name]);
        }
        let classify = |name: &String| {
            SubjectAltName::classify(name).map_err(|error| anyhow!("invalid value '{name}' for flag '--san': {error}"))
        };
        let names = given.iter().filter(|name| !name.is_empty()).map(classify);
        names.collect()
    }

    fn subject(&self) -> anyhow::Result<DistinguishedName> {
        match self.subject {
            "" => Ok(DistinguishedName::new()),
            name => DistinguishedName::new()
                .with_common_name(name)
                .with_context(|| format!("'{name}' cannot be the subject of a certificate")),
        }
    }

    /// What the template or the profile says.
    fn profile(&self, call: &Call, key: &PublicKey) -> anyhow::Result<Profile> {
        let (subject, names) = (self.subject()?, self.names(call)?);
        if let Some(file) = &self.template {
            let wish = Wish { subject: &subject, names: &names, extensions: &[], key };
            return apply(file, &wish, template::data(call)?);
        }
        let mut description = match self.purpose {
            _ if call.switch("csr")? => json!({}),
            Purpose::Leaf | Purpose::SelfSigned => terms::leaf(key),
            Purpose::Intermediate => terms::authority(Some(0)),
            Purpose::Root => terms::authority(Some(1)),
        };
        description["subject"] = json!({ "commonName": self.subject });
        if !matches!(self.purpose, Purpose::Intermediate | Purpose::Root) {
            description["sans"] =
                names.iter().map(|name| json!({"type": name.kind(), "value": name.to_string()})).collect::<Value>();
        }
        Ok(Profile::parse(&description.to_string())?)
    }

    fn request(&self, call: &Call, own: &AnyKey) -> anyhow::Result<String> {
        let profile = self.profile(call, own.verifying()?)?;
        let content = RequestContent {
            extensions: profile.request_extensions()?,
            subject: profile.subject,
            ..RequestContent::default()
        };
        match own {
            AnyKey::Private(key) => Ok(content.sign(key)?.to_pem()),
            _ => Err(private_key_needed()),
        }
    }

    fn certificate(&self, call: &Call, own: &AnyKey, issuer: Option<&Issuer>) -> anyhow::Result<String> {
        let public = own.verifying()?;
        let profile = self.profile(call, public)?;
        let usual = match self.purpose {
            Purpose::Leaf | Purpose::SelfSigned => DAY,
            Purpose::Intermediate | Purpose::Root => TEN_YEARS,
        };
        let validity: Validity = self.terms.validity(Window::FromNow, usual)?;
        let leaf = match (issuer, own) {
            (Some(issuer), _) => issuer.sign(&profile, public, validity)?,
            (None, AnyKey::Private(key)) => sign_itself(&profile, key, validity)?,
            (None, _) => return Err(private_key_needed()),
        };
        let mut text = leaf.to_pem();
        if call.switch("bundle")? {
            let above = issuer.map(|issuer| issuer.chain.as_slice()).unwrap_or_default();
            text.extend(above.iter().map(Certificate::to_pem));
        }
        Ok(text)
    }
}

/// The key of --key, or a new one.
fn own_key(call: &Call, kind: KeyAlgorithm) -> anyhow::Result<AnyKey> {
    let Some(file) = call.text("key")? else { return Ok(AnyKey::Private(Box::new(PrivateKey::generate(kind)?))) };
    for flag in ["kty", "curve", "size"] {
        if call.is_typed(flag) {
            return Err(Usage::new(format!("flag '--key' is incompatible with '{flag}'")).into());
        }
    }
    let key = keys::file::read(call, &file, Extent::Only)?;
    key.verifying().with_context(|| format!("error reading {file}"))?;
    if key.private().is_none() && !call.switch("skip-csr-signature")? {
        return Err(Usage::new("flag '--skip-csr-signature' is required with a public key").into());
    }
    Ok(key)
}

fn private_key_needed() -> anyhow::Error {
    Usage::new("invalid value for flag --key: a private key is required").into()
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::Intermediate => "intermediate-ca",
            Self::Leaf => "leaf",
            Self::Root => "root-ca",
            Self::SelfSigned => "self-signed",
        }
    }
}

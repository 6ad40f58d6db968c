//! `ca certificate`

use std::path::Path;

use anyhow::Context as _;
use rung_pki::{Certificate, DistinguishedName, PrivateKey, RequestContent, Signer, keyfile};

use crate::ca::grant::{self, Ask, Grant};
use crate::ca::identity::Identity;
use crate::ca::issue::{Terms, issue, to_pem};
use crate::ca::{connection, key, template};
use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::output::{Commit, Existing, Mode, Target};
use crate::sign_in;

pub(crate) static COMMAND: Command = Command {
    name: "certificate",
    summary: "make a key and get a certificate for it",
    description: "Makes a new key, gets a certificate for it from the CA, and writes both. A provisioner of the CA has \
        to vouch for you: with type JWK you know the password of its key, with type OIDC you log in at an identity \
        provider in your browser. When several provisioners fit, you choose one from a list.\n\n\
        Nothing is written unless the certificate that comes back is for your key, has the names that you asked for, \
        and leads to the root certificate of your CA. Key and certificate then appear together, readable by you \
        alone; the certificate file holds the intermediates too, as servers want it.",
    arguments: &[
        Argument {
            name: "<subject>",
            count: Count::One,
            help: "Name of the certificate's holder: a DNS name, IP address, e-mail address or URI. With a login, your \
                own e-mail address.",
        },
        Argument { name: "<crt-file>", count: Count::One, help: "Where to write the certificate with its chain, PEM." },
        Argument { name: "<key-file>", count: Count::One, help: "Where to write the private key, PEM, not encrypted." },
    ],
    flags: &[
        &[Flag::list(
            &["san"],
            "<name>",
            "A name to put into the certificate in place of the subject: DNS name, IP address, e-mail address or URI.",
        )],
        grant::FLAGS,
        sign_in::FLAGS,
        key::FLAGS,
        template::FLAGS,
        connection::FLAGS,
    ],
    examples: &[
        Example {
            purpose: "Get a certificate for a server, with the password of a provisioner:",
            lines: &["ca certificate svc.example.com svc.crt svc.key"],
        },
        Example {
            purpose: "Get a certificate for yourself, with a login:",
            lines: &["ca certificate alice@example.com alice.crt alice.key --provisioner sso"],
        },
        Example {
            purpose: "The same on a server, with a code to enter on your phone:",
            lines: &["ca certificate alice@example.com alice.crt alice.key --provisioner sso --console"],
        },
        Example {
            purpose: "Several names, and a key on another curve:",
            lines: &[
                "ca certificate svc svc.crt svc.key --san svc.example.com --san 10.1.2.3 \\",
                "    --kty EC --curve P-384",
            ],
        },
        Example {
            purpose: "In a script, with a token that somebody else made:",
            lines: &["ca certificate svc.example.com svc.crt svc.key --token $TOKEN"],
        },
    ],
    scope: Scope::Within,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let [subject, crt_file, key_file] = call.arguments() else { unreachable!("three arguments are needed") };
    if crt_file == key_file {
        let name = call.full_name();
        return Err(Usage::new(format!(
            "positional arguments <crt-file> and <key-file> cannot be equal in '{name} <subject> <crt-file> <key-file>'"
        ))
        .into());
    }
    let algorithm = key::algorithm(call)?;
    let terms = Terms::of(call)?;
    let sans = call.list("san")?;
    let existing = Existing::forced(call.switch("force")?, &call.ui);
    let crt_target = Target::claim(Path::new(crt_file), existing)?;
    let key_target = Target::claim(Path::new(key_file), existing)?;

    let grant = Grant::obtain(call, &Ask { subject, sans: &sans, request: None })?;
    let key = PrivateKey::generate(algorithm)?;
    let request = request(&grant.identity, &key)?;
    call.ui.done("CA", &grant.connection.client.url().to_string());
    let chain = issue(&grant, (&request, key.public_key()), &terms)?;

    let mut commit = Commit::default();
    commit.put(crt_target, Mode::Private, to_pem(&chain));
    commit.put(key_target, Mode::Private, keyfile::to_pem(&key).as_bytes());
    commit.write()?;
    if grant.identity.open {
        call.ui.done("Names", &names(&chain));
    }
    call.ui.done("Certificate", crt_file);
    call.ui.done("Private Key", key_file);
    Ok(())
}

/// The names of the first certificate, for people.
fn names(chain: &[Certificate]) -> String {
    let names = chain.first().map(|leaf| leaf.subject_alt_names().unwrap_or_default()).unwrap_or_default();
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    names.join(", ")
}

/// A request for those names, signed with the key, PEM.
pub(super) fn request(identity: &Identity, key: &PrivateKey) -> anyhow::Result<String> {
    let subject = match identity.subject.as_str() {
        "" => DistinguishedName::new(),
        subject => DistinguishedName::new()
            .with_common_name(subject)
            .with_context(|| format!("'{subject}' cannot be the subject of a certificate"))?,
    };
    let content = RequestContent { subject, names: identity.names.clone(), ..RequestContent::default() };
    Ok(content.sign(key)?.to_pem())
}

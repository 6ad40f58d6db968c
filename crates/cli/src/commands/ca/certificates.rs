//! `ca certificates …`

mod export;
mod list;
mod show;

use anyhow::Context as _;
use rung_api::body::CertificatePage;
use rung_api::client::Client;
use rung_api::inventory::key_digest;
use rung_api::inventory::print::Format;
use rung_pki::keyfile;

use crate::ca::connection::Connection;
use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Example, Flag, Group, Node};
use crate::input;
use crate::private_key::KeyFile;
use crate::renewal::exchange::Issuer;
use crate::renewal::pair::Pair;

pub(crate) static GROUP: Group = Group {
    name: "certificates",
    summary: "look through the certificates that the CA has issued",
    description: "Asks the CA for the certificates on record: by name, provisioner, state, end, key or serial number, \
        however many there are. You show who you are with a certificate of that CA, one of whose names is in \
        'inventoryReaders' of its 'ca.json'.\n\n\
        On the machine of the CA, 'rung-ca certificates' does the same without a certificate, and while the CA is down.",
    examples: &[Example {
        purpose: "See what ends within a week:",
        lines: &["ca certificates list --expires-within 168h --cert me.crt --key me.key"],
    }],
    children: &[Node::Command(&export::COMMAND), Node::Command(&list::COMMAND), Node::Command(&show::COMMAND)],
};

/// Who asks.
static WHO: &[Flag] = &[
    Flag::value(&["cert"], "<file>", "Your certificate, PEM, with a name that the CA lists as a reader."),
    Flag::value(&["key"], "<file>", "Its private key."),
    Flag::value(&["password-file"], "<file>", "File with the password of --key."),
];

/// Which certificates are wanted: flags that are called so in the query, too.
const FILTERS: [&str; 8] =
    ["name", "provisioner", "state", "expires-within", "ends-after", "ends-before", "serial", "after"];

/// The flags of [`FILTERS`], and `--for-key`.
static FILTER_FLAGS: &[Flag] = &[
    Flag::value(&["name"], "<name>", "A common name, DNS name, e-mail address, IP address or URI that it has, whole."),
    Flag::value(&["provisioner"], "<name>", "Name of the provisioner that granted it."),
    Flag::value(&["state"], "<state>", "How it is: valid, expired or revoked."),
    Flag::value(&["expires-within"], "<duration>", "It is valid and ends within this time, such as 168h."),
    Flag::value(
        &["ends-after"],
        "<time>",
        "It ends then or later: a time such as 2026-03-01T08:00:00Z, or a duration.",
    ),
    Flag::value(&["ends-before"], "<time>", "It ends before that."),
    Flag::value(&["for-key"], "<file>", "It is for the key of this certificate, public or private key, PEM."),
    Flag::value(&["serial"], "<serial>", "Its serial number, decimal or with 0x in front."),
    Flag::value(&["after"], "<cursor>", "Go on behind this place, with which the last page ended."),
];

/// `--format`, with its options.
const fn format_flag(help: &'static str) -> Flag {
    Flag::value(&["format"], "<format>", help)
}

fn format(call: &Call, usual: Format) -> anyhow::Result<Format> {
    match call.text("format")? {
        None => Ok(usual),
        Some(text) => text
            .parse()
            .map_err(|error| Usage::new(format!("invalid value '{text}' for flag '--format'; {error}")).into()),
    }
}

/// A client that shows who asks.
fn client(call: &Call) -> anyhow::Result<Client> {
    let (certificate, key) = (call.required("cert")?, call.required("key")?);
    let connection = Connection::open(call)?;
    let file = KeyFile { purpose: "the key of --key", file: &key, password_flag: "password-file" };
    let pair = Pair::read(&certificate, &key, || file.read(call, keyfile::read_private_key))?;
    let issuer = Issuer { url: connection.client.url().clone(), roots: connection.roots };
    Ok(issuer.client_as(&pair))
}

/// What is wanted, as a query.
fn query(call: &Call) -> anyhow::Result<Vec<(&'static str, String)>> {
    let mut query = Vec::new();
    for name in FILTERS {
        query.extend(call.text(name)?.map(|value| (name, value)));
    }
    if let Some(file) = call.text("for-key")? {
        let contents = input::read("the key", &file)?;
        let digest = key_digest(&contents);
        query.push(("key", digest.with_context(|| format!("{} has no key", input::name(&file)))?));
    }
    Ok(query)
}

/// Ask for a page.
fn page(client: &Client, query: &[(&str, String)]) -> anyhow::Result<CertificatePage> {
    client.certificates_on_record(query).context("the CA does not show its certificates")
}

//! Certificate templates of the command line: what they are given, and what they make of it.

use anyhow::{Context as _, anyhow};
use rung_pki::profile::Profile;
use rung_pki::{
    Attribute, DistinguishedName, Extension, KeyAlgorithm, PublicKey, Random as _, SubjectAltName, SystemRandom,
    extension::{BasicConstraints, Decoded},
};
use rung_template::{Environment, ErrorKind, Object, Template, Time, Value};

use crate::{clock, input};

/// What a certificate is asked for: a request, or what would be in one.
pub(crate) struct Wish<'a> {
    /// Whom the certificate shall be about.
    pub(crate) subject: &'a DistinguishedName,
    /// The names that it shall be for.
    pub(crate) names: &'a [SubjectAltName],
    /// The extensions that the request has.
    pub(crate) extensions: &'a [Extension],
    /// The key that it is for.
    pub(crate) key: &'a PublicKey,
}

/// Render the template in a file and read what comes out as a certificate.
pub(crate) fn apply(
    file: &str,
    wish: &Wish<'_>,
    user: Option<serde_json::Map<String, serde_json::Value>>,
) -> anyhow::Result<Profile> {
    let source = input::read("the template", file)?;
    let source =
        std::str::from_utf8(&source).with_context(|| format!("{}: a template is a text", input::name(file)))?;
    let template = Template::parse("template", source).map_err(|error| anyhow!("error parsing template: {error}"))?;
    let fill = |octets: &mut [u8]| SystemRandom.fill(octets).is_ok();
    let now = Time::unix(i64::try_from(clock::unix_seconds(clock::now())).unwrap_or(i64::MAX), 0);
    let environment = Environment { now: Some(now), random: Some(&fill), ..Environment::default() };
    let rendered = template.render(&data(wish, user), &environment).map_err(|error| match error.kind() {
        // What the author of the template wants to have said.
        ErrorKind::Refused => anyhow!("{}", error.message()),
        _ => anyhow!("error executing template: {error}"),
    })?;
    Profile::parse(&rendered).context("error unmarshaling certificate")
}

/// What templates are given.
fn data(wish: &Wish<'_>, user: Option<serde_json::Map<String, serde_json::Value>>) -> Value {
    let user = Value::from(serde_json::Value::Object(user.unwrap_or_default()));
    let insecure = Value::map([("CR", Value::from(request(wish))), ("User", user)]);
    let names: Vec<Value> = wish.names.iter().map(|name| alternative_name(name).into()).collect();
    Value::map([
        ("Subject", subject(wish.subject).into()),
        ("SANs", Value::List(names).typed("[]x509util.SubjectAlternativeName")),
        ("Insecure", insecure.typed("x509util.TemplateData")),
    ])
    .typed("x509util.TemplateData")
}

fn alternative_name(name: &SubjectAltName) -> Object {
    Object::opaque("x509util.SubjectAlternativeName").member("Type", "type", name.kind()).member(
        "Value",
        "value",
        name.to_string(),
    )
}

/// The attributes that have a place of their own, and their members in JSON.
const LISTS: [(Attribute, &str, &str); 7] = [
    (Attribute::Country, "Country", "country"),
    (Attribute::Organization, "Organization", "organization"),
    (Attribute::OrganizationalUnit, "OrganizationalUnit", "organizationalUnit"),
    (Attribute::Locality, "Locality", "locality"),
    (Attribute::State, "Province", "province"),
    (Attribute::Street, "StreetAddress", "streetAddress"),
    (Attribute::PostalCode, "PostalCode", "postalCode"),
];
const SINGLES: [(Attribute, &str, &str); 2] =
    [(Attribute::SerialNumber, "SerialNumber", "serialNumber"), (Attribute::CommonName, "CommonName", "commonName")];

fn subject(name: &DistinguishedName) -> Object {
    let values = |wanted: Attribute| -> Vec<String> {
        let found = name.attributes().filter(|value| value.attribute == wanted);
        found.filter_map(|value| value.text().map(std::borrow::Cow::into_owned)).collect()
    };
    let mut object = Object::opaque("x509util.Subject").with_json();
    for (attribute, field, member) in LISTS {
        object = with_list(object, (field, member), values(attribute));
    }
    for (attribute, field, member) in SINGLES {
        let value = values(attribute).pop().unwrap_or_default();
        object = if value.is_empty() { object.field(field, value) } else { object.member(field, member, value) };
    }
    let named = |attribute: Attribute| LISTS.iter().chain(&SINGLES).any(|known| known.0 == attribute);
    let extra: Vec<Value> = name
        .attributes()
        .filter(|value| !named(value.attribute))
        .map(|value| {
            let text = value.text().unwrap_or_default().into_owned();
            let name = Object::opaque("x509util.DistinguishedName");
            name.member("Type", "type", value.attribute.oid().to_string()).member("Value", "value", text).into()
        })
        .collect();
    match extra.is_empty() {
        true => object.field("ExtraNames", Value::List(extra)),
        false => object.member("ExtraNames", "extraNames", Value::List(extra)),
    }
}

/// A list that is left out of the JSON when it is empty.
fn with_list(object: Object, (field, member): (&str, &str), values: Vec<String>) -> Object {
    let is_empty = values.is_empty();
    let list = Value::Strings(values).typed("x509util.MultiString");
    if is_empty { object.field(field, list) } else { object.member(field, member, list) }
}

fn request(wish: &Wish<'_>) -> Object {
    let of_kind = |kind: &str| -> Vec<String> {
        wish.names.iter().filter(|name| name.kind() == kind).map(ToString::to_string).collect()
    };
    let mut object = Object::opaque("*x509util.CertificateRequest")
        .member("Version", "version", Value::Int(0))
        .member("Subject", "subject", subject(wish.subject))
        .member("RawSubject", "rawSubject", Value::Bytes(wish.subject.der().to_vec()));
    let lists = [
        ("DNSNames", "dnsNames", of_kind("dns")),
        ("EmailAddresses", "emailAddresses", of_kind("email")),
        ("IPAddresses", "ipAddresses", of_kind("ip")),
        ("URIs", "uris", of_kind("uri")),
    ];
    for (field, member, values) in lists {
        object = object.member(field, member, Value::Strings(values).typed("x509util.MultiString"));
    }
    let extensions: Vec<Value> = wish.extensions.iter().map(|extension| one_extension(extension).into()).collect();
    object = object.member("Extensions", "extensions", Value::List(extensions));
    let decoded: Vec<Decoded> = wish.extensions.iter().map(Extension::decode).collect();
    let usage = decoded.iter().find_map(|decoded| match decoded {
        Decoded::KeyUsage(usage) => Some(usage.bits()),
        _ => None,
    });
    if let Some(bits) = usage {
        object = object.member("KeyUsage", "keyUsage", Value::Int(i64::from(bits)));
    }
    let constraints = decoded.iter().find_map(|decoded| match decoded {
        Decoded::BasicConstraints(constraints) => Some(*constraints),
        _ => None,
    });
    if let Some(BasicConstraints { is_ca, path_len }) = constraints {
        let constraints = Object::opaque("*x509util.BasicConstraints").member("IsCA", "isCA", is_ca).member(
            "MaxPathLen",
            "maxPathLen",
            Value::Int(path_len.map_or(-1, i64::from)),
        );
        object = object.member("BasicConstraints", "basicConstraints", constraints);
    }
    let (key, algorithm) = public_key(wish.key);
    object
        .field("PublicKey", key)
        .field("PublicKeyAlgorithm", Object::opaque("x509.PublicKeyAlgorithm").text(algorithm))
}

fn one_extension(extension: &Extension) -> Object {
    Object::opaque("x509util.Extension")
        .member("ID", "id", extension.oid.to_string())
        .member("Critical", "critical", extension.critical)
        .member("Value", "value", Value::Bytes(extension.value.clone()))
}

/// The type that Go has for a key, and the name of its algorithm.
fn public_key(key: &PublicKey) -> (Object, &'static str) {
    match key.algorithm() {
        KeyAlgorithm::Rsa { bits } => {
            let size = Value::Int(i64::from(bits.div_ceil(8)));
            (Object::opaque("*rsa.PublicKey").field("Size", size), "RSA")
        }
        KeyAlgorithm::EcP256 | KeyAlgorithm::EcP384 | KeyAlgorithm::EcP521 => {
            (Object::opaque("*ecdsa.PublicKey"), "ECDSA")
        }
        KeyAlgorithm::Ed25519 => (Object::opaque("ed25519.PublicKey"), "Ed25519"),
        KeyAlgorithm::MlDsa(set) => (Object::opaque("*mldsa.PublicKey"), set.as_str()),
    }
}

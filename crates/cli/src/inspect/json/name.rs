//! Names, as JSON.

use std::net::IpAddr;

use rung_pki::extension::GeneralName;
use rung_pki::{Certificate, DistinguishedName};

use super::{Json, Object};

/// A distinguished name: for each kind of attribute the list of its values.
pub(super) fn json(name: &DistinguishedName) -> Object {
    let mut out = Object::new();
    for value in name.attributes() {
        let oid = value.attribute.oid().to_string();
        let member = MEMBERS.iter().find(|(known, _)| *known == oid).map(|(_, member)| *member);
        if let (Some(member), Some(text)) = (member, value.text()) {
            out.append(member, Json::text(text));
        }
    }
    out.ordered(&MEMBERS.map(|(_, member)| member))
}

/// The name of who signed a list, in which common name and serial number are no lists.
pub(in crate::inspect) fn of_issuer(name: &DistinguishedName) -> Object {
    let mut out = Object::new();
    for (member, value) in json(name).into_members() {
        match value {
            Json::List(mut values) if ["common_name", "serial_number"].contains(&member.as_str()) => {
                out.put_some(&member, values.pop());
            }
            value => out.put(&member, value),
        }
    }
    out
}

/// `C=NL, O=X`, unless the name is empty.
pub(super) fn joined(name: &DistinguishedName) -> Option<String> {
    let values = name.attributes().map(|value| {
        let oid = value.attribute.oid().to_string();
        let short = SHORT.iter().find(|(known, _)| *known == oid).map(|(_, short)| *short);
        match (short, value.text()) {
            (Some(short), Some(text)) => format!("{short}={text}"),
            _ => value.to_string(),
        }
    });
    let text = values.collect::<Vec<_>>().join(", ");
    Some(text).filter(|text| !text.is_empty())
}

/// Names of any kind, sorted by kind.
pub(super) fn general_names(names: &[GeneralName]) -> Object {
    let mut out = Object::new();
    for name in names {
        match name {
            GeneralName::Dns(text) => out.append("dns_names", Json::text(text)),
            GeneralName::Email(text) => out.append("email_addresses", Json::text(text)),
            GeneralName::Uri(text) => out.append("uniform_resource_identifiers", Json::text(text)),
            GeneralName::Ip(address) => out.append("ip_addresses", Json::text(address.to_string())),
            GeneralName::RegisteredId(oid) => out.append("registered_ids", Json::text(oid.to_string())),
            GeneralName::DirectoryName(name) => out.append("directory_names", json(name).into()),
            GeneralName::OtherName { type_id, value } => {
                let mut other = Object::new();
                other.put("id", type_id.to_string());
                other.put("value", Json::octets(value));
                out.append("other_names", other.into());
            }
            GeneralName::EdiPartyName(value) => out.append("edi_party_names", Json::octets(value)),
            GeneralName::X400Address(value) => out.append("x400_addresses", Json::octets(value)),
        }
    }
    out.ordered(&KINDS)
}

/// The hosts and addresses that a certificate is for: its common name if that is one, then the others, each once.
pub(super) fn all(certificate: &Certificate) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut add = |name: String| {
        if !all.contains(&name) {
            all.push(name);
        }
    };
    if let Some(name) = certificate.subject().common_name().filter(|name| is_host(name) || is_address(name)) {
        add(name.to_owned());
    }
    for name in certificate.general_names() {
        match name {
            GeneralName::Dns(text) if is_host(&text) => add(text),
            GeneralName::Ip(address) => add(address.to_string()),
            GeneralName::Uri(text) if ["http://", "https://"].iter().any(|scheme| text.starts_with(scheme)) => {
                add(text);
            }
            _ => {}
        }
    }
    all
}

/// Whether a name was blacked out (a proposal for certificate transparency that came to nothing).
pub(super) fn is_redacted(certificate: &Certificate) -> bool {
    all(certificate).iter().any(|name| name.starts_with('?'))
}

fn is_address(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
}

fn is_host(text: &str) -> bool {
    let bare = text.strip_prefix("*.").unwrap_or(text);
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'?'))
    };
    bare.contains('.') && bare.split('.').all(is_label)
}

const MEMBERS: [(&str, &str); 16] = [
    ("2.5.4.3", "common_name"),
    ("2.5.4.5", "serial_number"),
    ("2.5.4.6", "country"),
    ("2.5.4.7", "locality"),
    ("2.5.4.8", "province"),
    ("2.5.4.9", "street_address"),
    ("2.5.4.10", "organization"),
    ("2.5.4.11", "organizational_unit"),
    ("2.5.4.17", "postal_code"),
    ("0.9.2342.19200300.100.1.25", "domain_component"),
    ("1.2.840.113549.1.9.1", "email_address"),
    ("2.5.4.42", "given_name"),
    ("2.5.4.4", "surname"),
    ("1.3.6.1.4.1.311.60.2.1.3", "jurisdiction_country"),
    ("1.3.6.1.4.1.311.60.2.1.1", "jurisdiction_locality"),
    ("1.3.6.1.4.1.311.60.2.1.2", "jurisdiction_province"),
];
/// Short names that are written in another way than elsewhere.
const SHORT: [(&str, &str); 9] = [
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.9", "street"),
    ("2.5.4.17", "postalCode"),
    ("2.5.4.42", "GN"),
    ("2.5.4.4", "SN"),
    ("2.5.4.12", "title"),
    ("2.5.4.13", "description"),
    ("2.5.4.15", "businessCategory"),
    ("2.5.4.20", "telephoneNumber"),
];
const KINDS: [&str; 8] = [
    "directory_names",
    "dns_names",
    "edi_party_names",
    "email_addresses",
    "ip_addresses",
    "other_names",
    "registered_ids",
    "uniform_resource_identifiers",
];

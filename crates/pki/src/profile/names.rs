//! Who a template says that a certificate is about.

use std::net::IpAddr;

use base64::{Engine, engine::general_purpose::STANDARD};
use const_oid::ObjectIdentifier;
use serde_json::Value;

use super::{Members, Names, ProfileError, extensions, has_own_names};
use crate::{
    Attribute, DistinguishedName, NameError, SubjectAltName,
    asn1::{Reader, Writer, is_printable, tag},
    extension::GeneralName,
};

/// `subject` and `rawSubject`.
pub(super) fn subject(top: &Members<'_>) -> Result<DistinguishedName, ProfileError> {
    if let Some(der) = top.octets("rawSubject")? {
        return DistinguishedName::from_der(&der)
            .map_err(|error| top.wrong("rawSubject", format!("cannot be used: {error}")));
    }
    match top.get("subject")? {
        None => Ok(DistinguishedName::new()),
        Some(Value::String(name)) if name.is_empty() => Ok(DistinguishedName::new()),
        Some(Value::String(name)) => {
            let made = DistinguishedName::new().with_common_name(name);
            made.map_err(|error| top.wrong("subject", refused(name, error)))
        }
        Some(value @ Value::Object(_)) => distinguished_name(&Members::of("subject".to_owned(), value)?),
        Some(_) => Err(top.wrong("subject", "is neither a text nor an object")),
    }
}

/// A name as an object: common attributes by name, others by object identifier.
fn distinguished_name(members: &Members<'_>) -> Result<DistinguishedName, ProfileError> {
    let mut others = Vec::new();
    for extra in members.objects("extraNames")? {
        let id = extra.text("type")?.unwrap_or_default();
        let oid: ObjectIdentifier =
            id.parse().map_err(|_| extra.wrong("type", format!("is {id:?}, which is no object identifier")))?;
        let value = extra.text("value")?.unwrap_or_default();
        others.push((extra, Attribute::from(oid), value));
    }
    let mut name = DistinguishedName::new();
    for (member, attribute) in LISTS.iter().chain(&SINGLES) {
        let values = match attribute {
            Attribute::CommonName | Attribute::SerialNumber => members.text(member)?.into_iter().collect(),
            _ => members.texts(member)?,
        };
        // An attribute that is given by its identifier stands for the one that is given by name.
        let values = values.into_iter().filter(|value| !value.is_empty());
        for value in values.filter(|_| others.iter().all(|(_, other, _)| other != attribute)) {
            let added = name.with(*attribute, &value);
            name = added.map_err(|error| members.wrong(member, refused(&value, error)))?;
        }
    }
    for (extra, attribute, value) in others {
        let added = name.with(attribute, &value);
        name = added.map_err(|error| extra.wrong("value", refused(&value, error)))?;
    }
    Ok(name)
}

const LISTS: [(&str, Attribute); 7] = [
    ("country", Attribute::Country),
    ("organization", Attribute::Organization),
    ("organizationalUnit", Attribute::OrganizationalUnit),
    ("locality", Attribute::Locality),
    ("province", Attribute::State),
    ("streetAddress", Attribute::Street),
    ("postalCode", Attribute::PostalCode),
];
const SINGLES: [(&str, Attribute); 2] =
    [("serialNumber", Attribute::SerialNumber), ("commonName", Attribute::CommonName)];

/// The lists of names, and `sans`.
pub(super) fn alternative(top: &Members<'_>) -> Result<Names, ProfileError> {
    if has_own_names(&extensions(top)?) {
        return Ok(Names::default());
    }
    let mut names = Vec::new();
    for (member, kind) in [("dnsNames", "dns"), ("emailAddresses", "email"), ("ipAddresses", "ip"), ("uris", "uri")] {
        for text in top.texts(member)? {
            names.push(usual(kind, &text).map_err(|problem| top.wrong(member, problem))?);
        }
    }
    let mut others = false;
    for entry in top.objects("sans")? {
        let (kind, value) = (entry.text("type")?.unwrap_or_default(), entry.text("value")?.unwrap_or_default());
        let is_usual = ["", "auto", "dns", "email", "ip", "uri"].contains(&kind.as_str());
        if is_usual && value.is_empty() {
            continue;
        }
        if is_usual {
            names.push(usual(&kind, &value).map_err(|problem| entry.wrong("value", problem))?);
        } else {
            let name = other(&entry, &kind, &value)?;
            others |= name.is_some();
            names.extend(name);
        }
    }
    if others {
        return Ok(Names::General(names));
    }
    let strict = |name: GeneralName| crate::extension::subject_alt_name(&name).and_then(Result::ok);
    let mut all: Vec<SubjectAltName> = Vec::new();
    for name in names.into_iter().filter_map(strict) {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    Ok(Names::Usual(all))
}

/// A name of one of the kinds that Rung certifies.
fn usual(kind: &str, text: &str) -> Result<GeneralName, String> {
    let name = match kind {
        "dns" => text.parse().map(SubjectAltName::Dns),
        "email" => text.parse().map(SubjectAltName::Email),
        "ip" => match text.parse::<IpAddr>() {
            Ok(address) => SubjectAltName::ip(address),
            Err(_) => return Err(format!("has {text:?}, which is no IP address")),
        },
        "uri" => text.parse().map(SubjectAltName::Uri),
        _ => SubjectAltName::classify(text),
    };
    name.map(GeneralName::from).map_err(|error| refused(text, error))
}

fn refused(text: &str, error: NameError) -> String {
    format!("has {text:?}, which cannot be used: {error}")
}

/// A name of a kind that only templates can make.
fn other(entry: &Members<'_>, kind: &str, value: &str) -> Result<Option<GeneralName>, ProfileError> {
    let described = entry.object("asn1Value");
    if !OTHER_KINDS.contains(&kind) && !kind.starts_with(|character: char| character.is_ascii_digit()) {
        let problem = format!(
            "is {kind:?}; it can be dns, email, ip, uri, auto, {} or an object identifier",
            OTHER_KINDS.join(", ")
        );
        return Err(entry.wrong("type", problem));
    }
    if value.is_empty() && entry.get("asn1Value")?.is_none() {
        return Ok(None);
    }
    let oid = |text: &str, member: &str| -> Result<ObjectIdentifier, ProfileError> {
        text.parse().map_err(|_| entry.wrong(member, format!("is {text:?}, which is no object identifier")))
    };
    let other_name = |type_id, write: &dyn Fn(&mut Writer)| {
        let mut out = Writer::default();
        write(&mut out);
        Ok(Some(GeneralName::OtherName { type_id, value: out.into_der() }))
    };
    match kind {
        "registeredID" => Ok(Some(GeneralName::RegisteredId(oid(value, "value")?))),
        "permanentIdentifier" => {
            let (identifier, assigner) = match described? {
                Some(members) => (members.text("identifier")?.unwrap_or_default(), members.text("assigner")?),
                None => (value.to_owned(), None),
            };
            let assigner = assigner.filter(|text| !text.is_empty()).map(|text| oid(&text, "asn1Value")).transpose()?;
            other_name(PERMANENT_IDENTIFIER, &|out| {
                out.sequence(|out| {
                    if !identifier.is_empty() {
                        out.element(tag::UTF8_STRING, identifier.as_bytes());
                    }
                    assigner.iter().for_each(|assigner| out.oid(assigner));
                });
            })
        }
        "hardwareModuleName" => {
            let parsed: Value;
            let members = match described? {
                Some(members) => members,
                None => {
                    parsed = serde_json::from_str(value).map_err(|_| entry.wrong("value", "is no JSON object"))?;
                    return hardware_module(entry, &Members::whole(&parsed)?);
                }
            };
            hardware_module(entry, &members)
        }
        "dn" => {
            let parsed: Value;
            let name = match described? {
                Some(members) => distinguished_name(&members)?,
                None => {
                    parsed = serde_json::from_str(value).map_err(|_| entry.wrong("value", "is no JSON object"))?;
                    distinguished_name(&Members::whole(&parsed)?)?
                }
            };
            Ok(Some(GeneralName::DirectoryName(name)))
        }
        "userPrincipalName" => other_name(USER_PRINCIPAL_NAME, &|out| out.element(tag::UTF8_STRING, value.as_bytes())),
        kind => {
            let type_id = oid(kind, "type")?;
            let der = any(value).map_err(|problem| entry.wrong("value", problem))?;
            Ok(Some(GeneralName::OtherName { type_id, value: der }))
        }
    }
}

/// The kinds of names that have words of their own here.
const OTHER_KINDS: [&str; 5] = ["registeredID", "permanentIdentifier", "hardwareModuleName", "dn", "userPrincipalName"];

fn hardware_module(entry: &Members<'_>, members: &Members<'_>) -> Result<Option<GeneralName>, ProfileError> {
    let id = members.text("type")?.unwrap_or_default();
    let module: ObjectIdentifier = id
        .parse()
        .map_err(|_| entry.wrong("asn1Value", format!("has the type {id:?}, which is no object identifier")))?;
    let serial = members.octets("serialNumber")?.unwrap_or_default();
    let mut out = Writer::default();
    out.sequence(|out| {
        out.oid(&module);
        // RFC 4108 §5 has a plain OCTET STRING here; step-ca writes [4], and its readers expect that.
        out.element(tag::context(4), &serial);
    });
    Ok(Some(GeneralName::OtherName { type_id: HARDWARE_MODULE_NAME, value: out.into_der() }))
}

/// The DER of `[type:]value`.
fn any(text: &str) -> Result<Vec<u8>, String> {
    let (kind, value) = match text.split_once(':') {
        Some((kind, value)) if KINDS.contains(&kind) => (kind, value),
        Some((kind, _)) if kind.contains([',', '=']) || ["utc", "generalized"].contains(&kind) => {
            return Err(format!("begins with {kind:?}, which is not offered here; write raw: and DER in base64"));
        }
        _ => ("printable", text),
    };
    let mut out = Writer::default();
    match kind {
        "printable" if is_printable(value) => out.element(tag::PRINTABLE_STRING, value.as_bytes()),
        "ia5" if value.is_ascii() => out.element(tag::IA5_STRING, value.as_bytes()),
        "numeric" if value.bytes().all(|octet| octet.is_ascii_digit() || octet == b' ') => {
            out.element(tag::NUMERIC_STRING, value.as_bytes());
        }
        "utf8" => out.element(tag::UTF8_STRING, value.as_bytes()),
        "int" => out.signed(value.parse().map_err(|_| format!("has {value:?}, which is no whole number"))?),
        "oid" => out.oid(&value.parse().map_err(|_| format!("has {value:?}, which is no object identifier"))?),
        "bool" | "boolean" => match value {
            "true" => out.element(tag::BOOLEAN, &[0xff]),
            "false" => out.element(tag::BOOLEAN, &[0]),
            _ => return Err(format!("has {value:?}, which is neither true nor false")),
        },
        "raw" => {
            let der = STANDARD.decode(value).map_err(|_| "has raw: without base64 behind it".to_owned())?;
            let mut reader = Reader::new(&der);
            if reader.element().is_err() || reader.finish().is_err() {
                return Err("has raw: without one DER value behind it".to_owned());
            }
            out.raw(&der);
        }
        kind => return Err(format!("has {value:?}, which is no {kind} string")),
    }
    Ok(out.into_der())
}

const KINDS: [&str; 9] = ["printable", "utf8", "ia5", "numeric", "int", "oid", "bool", "boolean", "raw"];
/// RFC 4043 §2.
const PERMANENT_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.8.3");
/// RFC 4108 §5.
const HARDWARE_MODULE_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.8.4");
/// Microsoft's user principal name.
const USER_PRINCIPAL_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.20.2.3");

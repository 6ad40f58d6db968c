//! Extensions, as text.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rung_pki::Extension;
use rung_pki::extension::{Decoded, GeneralName, NameConstraints, Subtree, oid};

use super::hex;
use super::text::{date, hex_lines};
use super::tlv::{self, Element};
use crate::ui::shown;

/// One extension: its head, and what it says.
pub(super) fn write(out: &mut String, one: &Extension, names: &[GeneralName], constraints: Option<&NameConstraints>) {
    let oid = one.oid.to_string();
    let (head, body) = match oid.as_str() {
        "2.5.29.15" => ("X509v3 Key Usage", key_usage(&one.value)),
        "2.5.29.37" => ("X509v3 Extended Key Usage", extended_key_usage(&one.value)),
        "2.5.29.19" => ("X509v3 Basic Constraints", basic_constraints(&one.value)),
        "2.5.29.14" => ("X509v3 Subject Key Identifier", subject_key_identifier(&one.value)),
        "2.5.29.35" => ("X509v3 Authority Key Identifier", authority_key_identifier(&one.value)),
        "2.5.29.17" => ("X509v3 Subject Alternative Name", Some(alternative_names(names))),
        "2.5.29.30" => ("X509v3 Name Constraints", constraints.map(name_constraints)),
        "2.5.29.31" => ("X509v3 CRL Distribution Points", distribution_points(&one.value)),
        "2.5.29.32" => ("X509v3 Certificate Policies", policies(&one.value)),
        "1.3.6.1.5.5.7.1.1" => ("Authority Information Access", information_access(&one.value)),
        "1.3.6.1.4.1.37476.9000.64.1" => ("X509v3 Step Provisioner", provisioner(&one.value)),
        "1.3.6.1.4.1.37476.9000.64.2" => ("X509v3 Step Registration Authority", registration_authority(&one.value)),
        "1.3.6.1.4.1.37476.9000.64.3" => ("X509v3 Step Managed Endpoint", managed(&one.value, "EndpointID")),
        "1.3.6.1.4.1.37476.9000.64.4" => ("X509v3 Step Managed Device", managed(&one.value, "DeviceID")),
        "2.5.29.18" => ("X509v3 Issuer Alternative Name", issuer_names(one)),
        "2.5.29.46" => ("X509v3 Freshest CRL", distribution_points(&one.value)),
        "1.3.6.1.4.1.11129.2.4.2" => ("RFC6962 Certificate Transparency SCT", timestamps(one)),
        "2.16.840.1.113730.1.13" => ("Netscape Comment", comment(&one.value)),
        other => match SIGSTORE.iter().find(|(known, _)| *known == other) {
            Some((_, head)) => (*head, Some(vec![raw(&one.value)])),
            None => (other, None),
        },
    };
    let critical = if one.critical { " critical" } else { "" };
    let _ = writeln!(out, "            {head}:{critical}");
    for line in body.unwrap_or_else(|| vec![raw(&one.value)]) {
        let _ = writeln!(out, "                {}", shown(&line));
    }
}

type Lines = Option<Vec<String>>;

/// Octets that are no text are shown as dots.
pub(super) fn raw(value: &[u8]) -> String {
    let printable = |octet: &u8| if (0x20..0x7f).contains(octet) { char::from(*octet) } else { '.' };
    value.iter().map(printable).collect()
}

fn key_usage(value: &[u8]) -> Lines {
    let bits = tlv::one(value).filter(|bits| bits.tag == 3)?.content.get(1..)?;
    let is_set = |bit: usize| bits.get(bit / 8).is_some_and(|octet| octet & 0x80 >> (bit % 8) != 0);
    let named: Vec<&str> = (0..).zip(USAGES).filter(|(bit, _)| is_set(*bit)).map(|(_, name)| name).collect();
    Some(vec![if named.is_empty() { "None".to_owned() } else { named.join(", ") }])
}

fn extended_key_usage(value: &[u8]) -> Lines {
    let oids: Option<Vec<String>> = tlv::one(value)?.children()?.iter().map(Element::oid).collect();
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for oid in oids? {
        match PURPOSES.iter().find(|(found, _)| *found == oid) {
            Some((_, name)) => known.push((*name).to_owned()),
            None => unknown.push(oid),
        }
    }
    known.append(&mut unknown);
    Some(vec![known.join(", ")])
}

fn basic_constraints(value: &[u8]) -> Lines {
    let members = tlv::one(value)?.children()?;
    let is_ca = members.iter().any(|member| member.tag == 1 && member.content == [0xff]);
    let length = members.iter().find(|member| member.tag == 2);
    let length =
        length.map(|length| length.content.iter().fold(0_u64, |number, octet| number << 8 | u64::from(*octet)));
    let length = length.map(|length| format!(", pathlen:{length}")).unwrap_or_default();
    Some(vec![format!("CA:{}{length}", if is_ca { "TRUE" } else { "FALSE" })])
}

fn subject_key_identifier(value: &[u8]) -> Lines {
    Some(vec![hex::upper(tlv::one(value)?.content)])
}

fn authority_key_identifier(value: &[u8]) -> Lines {
    let members = tlv::one(value)?.children()?;
    Some(vec![hex::upper(members.iter().find(|member| member.tag == 0x80)?.content)])
}

fn alternative_names(names: &[GeneralName]) -> Vec<String> {
    let line = |of_kind: &dyn Fn(&GeneralName) -> Option<String>| {
        let found: Vec<String> = names.iter().filter_map(of_kind).collect();
        (!found.is_empty()).then(|| found.join(", "))
    };
    let mut lines: Vec<String> = [
        line(&|name| if let GeneralName::Dns(text) = name { Some(format!("DNS:{text}")) } else { None }),
        line(&|name| if let GeneralName::Email(text) = name { Some(format!("email:{text}")) } else { None }),
        line(&|name| if let GeneralName::Ip(address) = name { Some(format!("IP Address:{address}")) } else { None }),
        line(&|name| if let GeneralName::Uri(text) = name { Some(format!("URI:{text}")) } else { None }),
    ]
    .into_iter()
    .flatten()
    .collect();
    lines.extend(names.iter().filter_map(other_name));
    lines
}

/// Names that are rarer; directory names and registered ids are shown too, so that nothing is hidden.
fn other_name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::OtherName { type_id, value } => {
            let text = tlv::one(value).and_then(|inside| inside.text());
            Some(match (type_id.to_string().as_str(), text) {
                ("1.3.6.1.4.1.311.20.2.3", Some(text)) => format!("UPN: {text}"),
                ("1.3.6.1.4.1.57264.1.7", Some(text)) => format!("Sigstore Identity: {text}"),
                (other, _) => format!("OtherName: Type: {other}, Value: 0x{}", hex::lower(value)),
            })
        }
        GeneralName::DirectoryName(name) => Some(format!("DirName: {}", name.joined(","))),
        GeneralName::RegisteredId(oid) => Some(format!("Registered ID: {oid}")),
        GeneralName::X400Address(value) => Some(format!("X400Name: 0x{}", hex::lower(value))),
        GeneralName::EdiPartyName(value) => Some(format!("EdiPartyName: 0x{}", hex::lower(value))),
        GeneralName::Dns(_) | GeneralName::Email(_) | GeneralName::Ip(_) | GeneralName::Uri(_) => None,
    }
}

fn name_constraints(constraints: &NameConstraints) -> Vec<String> {
    let mut lines = Vec::new();
    for (head, subtrees) in [("Permitted:", &constraints.permitted), ("Excluded:", &constraints.excluded)] {
        if subtrees.is_empty() {
            continue;
        }
        lines.push(head.to_owned());
        let mut kinds: Vec<(&str, Vec<String>)> = Vec::new();
        for (kind, text) in subtrees.iter().map(subtree) {
            match kinds.iter_mut().find(|(found, _)| *found == kind) {
                Some((_, texts)) => texts.push(text),
                None => kinds.push((kind, vec![text])),
            }
        }
        lines.extend(kinds.into_iter().map(|(kind, texts)| format!("  {kind}: {}", texts.join(", "))));
    }
    lines
}

fn subtree(subtree: &Subtree) -> (&'static str, String) {
    match subtree {
        Subtree::Dns(text) => ("DNS", text.clone()),
        Subtree::Email(text) => ("Email", text.clone()),
        Subtree::Uri(text) => ("URI", text.clone()),
        Subtree::Ip { network, mask } => ("IP Range", format!("{network}/{}", prefix(mask))),
        Subtree::Directory(name) => ("DirName", name.joined(",")),
        Subtree::Unsupported { kind, der } => ("Other", format!("[{kind}] 0x{}", hex::lower(der))),
    }
}

fn prefix(mask: &IpAddr) -> u32 {
    match mask {
        IpAddr::V4(mask) => mask.to_bits().leading_ones(),
        IpAddr::V6(mask) => mask.to_bits().leading_ones(),
    }
}

fn distribution_points(value: &[u8]) -> Lines {
    let mut urls = Vec::new();
    for point in tlv::one(value)?.children()? {
        for part in point.children()?.iter().filter(|part| part.tag == 0xa0) {
            for full_name in part.children()?.iter().filter(|name| name.tag == 0xa0) {
                urls.extend(full_name.children()?.iter().filter(|name| name.tag == 0x86).filter_map(Element::text));
            }
        }
    }
    if urls.is_empty() {
        return None;
    }
    let urls: Vec<String> = urls.iter().map(|url| format!("URI:{url}")).collect();
    Some(vec!["Full Name:".to_owned(), format!("  {}", urls.join(", "))])
}

fn policies(value: &[u8]) -> Lines {
    let policies = tlv::one(value)?.children()?;
    policies.iter().map(|policy| Some(format!("Policy: {}", policy.children()?.first()?.oid()?))).collect()
}

fn information_access(value: &[u8]) -> Lines {
    let (mut ocsp, mut issuers) = (Vec::new(), Vec::new());
    for description in tlv::one(value)?.children()? {
        let [method, location] = &description.children()?[..] else { return None };
        let url = location.text().filter(|_| location.tag == 0x86).map(|url| format!("URI:{url}"));
        match method.oid()?.as_str() {
            "1.3.6.1.5.5.7.48.1" => ocsp.extend(url),
            "1.3.6.1.5.5.7.48.2" => issuers.extend(url),
            _ => {}
        }
    }
    let mut lines = Vec::new();
    if !ocsp.is_empty() {
        lines.push(format!("OCSP - {}", ocsp.join(",")));
    }
    if !issuers.is_empty() {
        lines.push(format!("CA Issuers - {}", issuers.join(",")));
    }
    Some(lines)
}

fn provisioner(value: &[u8]) -> Lines {
    let members = tlv::one(value)?.children()?;
    let [kind, name, credential, rest @ ..] = &members[..] else { return None };
    let mut lines = vec![kind_line(kind), format!("Name: {}", text_of(name))];
    if !credential.content.is_empty() {
        lines.push(format!("CredentialID: {}", text_of(credential)));
    }
    lines.extend(pair_lines(rest.first())?);
    Some(lines)
}

fn registration_authority(value: &[u8]) -> Lines {
    let members = tlv::one(value)?.children()?;
    let [kind, certificate, rest @ ..] = &members[..] else { return None };
    let mut lines = vec![kind_line(kind), format!("CertificateID: {}", text_of(certificate))];
    lines.extend(pair_lines(rest.first())?);
    Some(lines)
}

fn managed(value: &[u8], label: &str) -> Lines {
    let members = tlv::one(value)?.children()?;
    let [kind, id, ..] = &members[..] else { return None };
    let number = number_of(kind);
    let kind = usize::try_from(number).ok().and_then(|number| MANAGED.get(number));
    let kind = kind.map_or_else(|| format!("{number} (unknown)"), |name| (*name).to_owned());
    Some(vec![format!("Kind: {kind}"), format!("{label}: {}", text_of(id))])
}

fn kind_line(kind: &Element<'_>) -> String {
    let number = number_of(kind);
    match provisioner_kind(number) {
        Some(name) => format!("Type: {name}"),
        None => format!("Type: {number} (unknown)"),
    }
}

/// The name of a type of provisioner.
pub(super) fn provisioner_kind(number: i64) -> Option<&'static str> {
    PROVISIONERS.get(usize::try_from(number.checked_sub(1)?).ok()?).copied()
}

fn pair_lines(pairs: Option<&Element<'_>>) -> Lines {
    let pairs: Vec<String> = match pairs {
        Some(pairs) => pairs.children()?.iter().map(text_of).collect(),
        None => Vec::new(),
    };
    let line = |pair: &[String]| format!("{}: {}", pair[0], pair.get(1).map_or("-", String::as_str));
    Some(pairs.chunks(2).map(line).collect())
}

fn number_of(element: &Element<'_>) -> i64 {
    element.content.iter().take(8).fold(0, |number, octet| number << 8 | i64::from(*octet))
}

fn text_of(element: &Element<'_>) -> String {
    String::from_utf8_lossy(element.content).into_owned()
}

fn issuer_names(one: &Extension) -> Lines {
    let as_subject = Extension { oid: oid::SUBJECT_ALT_NAME, ..one.clone() };
    match as_subject.decode() {
        Decoded::SubjectAltName(names) => Some(alternative_names(&names)),
        _ => None,
    }
}

fn comment(value: &[u8]) -> Lines {
    Some(vec![tlv::one(value)?.text()?.to_owned()])
}

/// What certificate transparency logs promised; the signature is six spaces deeper than its head.
fn timestamps(one: &Extension) -> Lines {
    let Decoded::SignedTimestamps(timestamps) = one.decode() else { return None };
    let mut lines = Vec::new();
    for (number, timestamp) in timestamps.iter().enumerate() {
        let version = timestamp.version;
        lines.push(format!("SCT [{number}]:"));
        lines.push(format!("    Version: V{version} ({:#x})", version - 1));
        lines.push(format!("    LogID: {}", STANDARD.encode(timestamp.log_id)));
        lines.push(format!("    Timestamp: {}", milliseconds(timestamp.timestamp)?));
        let algorithm = match timestamp.algorithm {
            [4, 3] => "SHA256-ECDSA".to_owned(),
            [4, 1] => "SHA256-RSA".to_owned(),
            [hash, signature] => format!("{hash}-{signature}"),
        };
        lines.push(format!("    Signature Algorithm: {algorithm}"));
        let mut octets = String::new();
        hex_lines(&mut octets, &timestamp.signature, 18, 6);
        lines.extend(octets.lines().map(str::to_owned));
    }
    Some(lines)
}

/// Such as `Nov 14 22:13:20.123 2023 UTC`.
fn milliseconds(since_1970: u64) -> Option<String> {
    let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(since_1970))?;
    let whole = date(time);
    let (front, year) = whole.split_at(whole.len().checked_sub(9)?);
    let fraction = match since_1970 % 1000 {
        0 => String::new(),
        part => format!(".{part:03}").trim_end_matches('0').to_owned(),
    };
    Some(format!("{front}{fraction}{year}"))
}

const USAGES: [&str; 9] = [
    "Digital Signature",
    "Content Commitment",
    "Key Encipherment",
    "Data Encipherment",
    "Key Agreement",
    "Certificate Sign",
    "CRL Sign",
    "Encipher Only",
    "Decipher Only",
];
const PURPOSES: [(&str, &str); 10] = [
    ("2.5.29.37.0", "Any Usage"),
    ("1.3.6.1.5.5.7.3.1", "Server Authentication"),
    ("1.3.6.1.5.5.7.3.2", "Client Authentication"),
    ("1.3.6.1.5.5.7.3.3", "Code Signing"),
    ("1.3.6.1.5.5.7.3.4", "E-mail Protection"),
    ("1.3.6.1.5.5.7.3.5", "IPSec End System"),
    ("1.3.6.1.5.5.7.3.6", "IPSec Tunnel"),
    ("1.3.6.1.5.5.7.3.7", "IPSec User"),
    ("1.3.6.1.5.5.7.3.8", "Time Stamping"),
    ("1.3.6.1.5.5.7.3.9", "OCSP Signing"),
];
/// From 1 on.
const PROVISIONERS: [&str; 11] =
    ["JWK", "OIDC", "GCP", "AWS", "Azure", "ACME", "X5C", "K8sSA", "SSHPOP", "SCEP", "Nebula"];
const MANAGED: [&str; 6] = ["Unknown", "Device", "Workload", "People", "Agent", "Account"];
const SIGSTORE: [(&str, &str); 6] = [
    ("1.3.6.1.4.1.57264.1.1", "Sigstore OIDC Issuer"),
    ("1.3.6.1.4.1.57264.1.2", "Sigstore GitHub Workflow Trigger"),
    ("1.3.6.1.4.1.57264.1.3", "Sigstore GitHub Workflow SHA Hash"),
    ("1.3.6.1.4.1.57264.1.4", "Sigstore GitHub Workflow Name"),
    ("1.3.6.1.4.1.57264.1.5", "Sigstore GitHub Workflow Repository"),
    ("1.3.6.1.4.1.57264.1.6", "Sigstore GitHub Workflow Ref"),
];

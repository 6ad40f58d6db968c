//! Extensions, as JSON.

use std::net::IpAddr;

use rung_pki::Extension;
use rung_pki::extension::{
    AccessDescription, Decoded, GeneralName, KeyUsage, NameConstraints, Policy, ProvisionerExtension, Purpose,
    SignedTimestamp, Subtree, oid,
};

use super::{Json, Object, name, purposes};

/// The extensions of a certificate: what they say, and those of which that is not known.
pub(super) struct CertificateExtensions {
    /// By name.
    pub(super) known: Object,
    /// As octets.
    pub(super) unknown: Vec<Json>,
}

impl CertificateExtensions {
    pub(super) fn of(extensions: &[Extension]) -> Self {
        let (mut known, mut unknown) = (Object::new(), Vec::new());
        for extension in extensions {
            match read(extension) {
                Some((name, value)) => known.put(name, value),
                None => unknown.push(raw(extension)),
            }
        }
        Self { known: known.ordered(&ORDER), unknown }
    }
}

/// An extension as it stands.
pub(super) fn raw(extension: &Extension) -> Json {
    let mut out = Object::new();
    out.put("id", extension.oid.to_string());
    out.put("critical", extension.critical);
    out.put("value", Json::octets(&extension.value));
    out.into()
}

fn read(extension: &Extension) -> Option<(&'static str, Json)> {
    let texts = |names: &[GeneralName]| Json::List(names.iter().filter_map(uri).collect());
    Some(match extension.decode() {
        Decoded::KeyUsage(usage) => ("key_usage", key_usage(usage)),
        Decoded::BasicConstraints(constraints) => {
            let mut out = Object::new();
            out.put("is_ca", constraints.is_ca);
            out.put_some("max_path_len", constraints.path_len.map(Json::number));
            ("basic_constraints", out.into())
        }
        Decoded::SubjectAltName(names) => ("subject_alt_name", name::general_names(&names).into()),
        Decoded::NameConstraints(constraints) => {
            ("name_constraints", name_constraints(&constraints, extension.critical).into())
        }
        Decoded::CrlDistributionPoints(points) => {
            let names: Vec<GeneralName> = points.into_iter().flat_map(|point| point.full_name).collect();
            ("crl_distribution_points", texts(&names))
        }
        Decoded::AuthorityKeyIdentifier(identifier) => ("authority_key_id", Json::hex(&identifier?)),
        Decoded::SubjectKeyIdentifier(identifier) => ("subject_key_id", Json::hex(&identifier)),
        Decoded::ExtendedKeyUsage(usage) => ("extended_key_usage", extended_key_usage(usage.purposes()).into()),
        Decoded::CertificatePolicies(list) => ("certificate_policies", Json::List(list.iter().map(policy).collect())),
        Decoded::AuthorityInformationAccess(list) => {
            let mut out = Object::new();
            for (name, method) in
                [("ocsp_urls", AccessDescription::OCSP), ("issuer_urls", AccessDescription::CA_ISSUERS)]
            {
                let found = list.iter().filter(|description| description.method == method);
                out.put_list(name, found.filter_map(|description| uri(&description.location)).collect());
            }
            ("authority_info_access", out.into())
        }
        Decoded::SignedTimestamps(list) => {
            ("signed_certificate_timestamps", Json::List(list.iter().map(timestamp).collect()))
        }
        Decoded::Provisioner(found) => ("step_provisioner", provisioner(&found)),
        Decoded::Malformed => return None,
        Decoded::Unknown => match extension.oid.to_string().as_str() {
            ISSUER_ALT_NAME => {
                let as_subject = Extension { oid: oid::SUBJECT_ALT_NAME, ..extension.clone() };
                let Decoded::SubjectAltName(names) = as_subject.decode() else { return None };
                ("issuer_alt_name", name::general_names(&names).into())
            }
            POISON => ("ct_poison", true.into()),
            _ => return None,
        },
    })
}

fn uri(name: &GeneralName) -> Option<Json> {
    match name {
        GeneralName::Uri(text) => Some(Json::text(text)),
        _ => None,
    }
}

fn key_usage(usage: KeyUsage) -> Json {
    let mut out = Object::new();
    for (bit, name) in USAGES.iter().enumerate() {
        if usage.bits() >> bit & 1 == 1 {
            out.put(name, true);
        }
    }
    out.put("value", Json::number(usage.bits()));
    out.into()
}

fn extended_key_usage(purposes: &[Purpose]) -> Object {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for oid in purposes.iter().map(|purpose| purpose.oid().to_string()) {
        match purposes::name(&oid) {
            Some(name) => known.push(name),
            None => unknown.push(Json::Text(oid)),
        }
    }
    known.sort_unstable();
    known.dedup();
    let mut out = Object::new();
    known.iter().for_each(|name| out.put(name, true));
    out.put_list("unknown", unknown);
    out
}

fn name_constraints(constraints: &NameConstraints, critical: bool) -> Object {
    let mut out = Object::new();
    out.put("critical", critical);
    for (prefix, subtrees) in [("permitted", &constraints.permitted), ("excluded", &constraints.excluded)] {
        let mut part = Object::new();
        for subtree in subtrees {
            let (kind, value) = match subtree {
                Subtree::Dns(text) => ("names", Json::text(text)),
                Subtree::Email(text) => ("email_addresses", Json::text(text)),
                Subtree::Uri(text) => ("uris", Json::text(text)),
                Subtree::Ip { network, mask } => ("ip_addresses", network_json(*network, *mask).into()),
                Subtree::Directory(found) => ("directory_names", name::json(found).into()),
                Subtree::Unsupported { der, .. } => ("others", Json::octets(der)),
            };
            part.append(&format!("{prefix}_{kind}"), value);
        }
        let order = KINDS.map(|kind| format!("{prefix}_{kind}"));
        let order: Vec<&str> = order.iter().map(String::as_str).collect();
        part.ordered(&order).into_members().for_each(|(name, value)| out.put(&name, value));
    }
    out
}

fn network_json(network: IpAddr, mask: IpAddr) -> Object {
    let octets = |address: IpAddr| match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    let (first, mask_octets) = (octets(network), octets(mask));
    let last: Vec<u8> = first.iter().zip(&mask_octets).map(|(octet, mask)| octet | !mask).collect();
    let last = match <[u8; 4]>::try_from(last.as_slice()) {
        Ok(four) => IpAddr::from(four).to_string(),
        Err(_) => {
            <[u8; 16]>::try_from(last.as_slice()).map_or_else(|_| String::new(), |all| IpAddr::from(all).to_string())
        }
    };
    let prefix: u32 = mask_octets.iter().map(|octet| octet.count_ones()).sum();
    let mut out = Object::new();
    out.put("cidr", format!("{network}/{prefix}"));
    out.put("begin", network.to_string());
    out.put("end", last);
    out.put("mask", mask.to_string());
    out
}

fn policy(policy: &Policy) -> Json {
    let mut out = Object::new();
    out.put("id", policy.oid.to_string());
    out.put_list("cps", policy.statements.iter().map(Json::text).collect());
    let notices = policy.notices.iter().map(|text| {
        let mut notice = Object::new();
        notice.put("explicit_text", text.as_str());
        notice.into()
    });
    out.put_list("user_notice", notices.collect());
    out.into()
}

fn timestamp(timestamp: &SignedTimestamp) -> Json {
    let mut out = Object::new();
    out.put("version", Json::number(timestamp.version - 1));
    out.put("log_id", Json::octets(&timestamp.log_id));
    out.put("timestamp", Json::number(timestamp.timestamp / 1000));
    // As TLS writes it (RFC 5246 §4.7): the algorithm, the length, the octets.
    let len = u16::try_from(timestamp.signature.len()).expect("it was read behind a length of two octets");
    let signed = [&timestamp.algorithm[..], &len.to_be_bytes(), &timestamp.signature].concat();
    out.put("signature", Json::octets(&signed));
    out.into()
}

fn provisioner(found: &ProvisionerExtension) -> Json {
    let mut out = Object::new();
    out.put_some("credentialID", Some(found.credential_id.as_str()).filter(|id| !id.is_empty()));
    for pair in found.pairs.chunks(2) {
        let mut letters = pair[0].chars();
        let first = letters.next().map(|letter| letter.to_lowercase().to_string()).unwrap_or_default();
        let name = first + letters.as_str();
        if !["credentialID", "name", "type"].contains(&name.as_str()) {
            out.put(&name, pair.get(1).map_or("", String::as_str));
        }
    }
    out.put("name", found.name.as_str());
    let kind = crate::inspect::extension::provisioner_kind(found.kind);
    out.put("type", kind.map_or_else(|| format!("Unknown ({:#x})", found.kind), str::to_owned));
    out.into()
}

pub(super) const ISSUER_ALT_NAME: &str = "2.5.29.18";
pub(super) const SIGNED_TIMESTAMPS: &str = "1.3.6.1.4.1.11129.2.4.2";
pub(super) const POISON: &str = "1.3.6.1.4.1.11129.2.4.3";
const ORDER: [&str; 14] = [
    "key_usage",
    "basic_constraints",
    "subject_alt_name",
    "issuer_alt_name",
    "name_constraints",
    "crl_distribution_points",
    "authority_key_id",
    "subject_key_id",
    "extended_key_usage",
    "certificate_policies",
    "authority_info_access",
    "ct_poison",
    "signed_certificate_timestamps",
    "step_provisioner",
];
const USAGES: [&str; 9] = [
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "certificate_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
];
const KINDS: [&str; 6] = ["names", "email_addresses", "ip_addresses", "directory_names", "uris", "others"];

//! The rules of RFC 5280 on extensions.

use rung_pki::extension::{AccessDescription, GeneralName, KeyUsage, Subtree};

use super::rules;
use crate::inspect::tlv;
use crate::lint::Rule;
use crate::lint::facts::Facts;

rules! {
    "e_basic_constraints_not_critical" since EVER, |f| f.is_ca() => |f| f.is_critical(CONSTRAINTS);
    "e_path_len_constraint_improperly_included" since RFC3280, |f| f.constraints.is_some() =>
        |f| !has_path_len(f) || f.is_ca() && f.allows(KeyUsage::CERT_SIGN);
    "e_path_len_constraint_zero_or_less" since EVER, |f| f.constraints.is_some() => |_| true;
    "e_ca_key_usage_missing" since RFC3280, |f| f.is_ca() && f.is_for_servers() =>
        |f| f.usage.is_some_and(|usage| !usage.is_empty());
    "e_ext_key_usage_cert_sign_without_ca" since RFC3280, |f| f.usage.is_some() =>
        |f| !f.allows(KeyUsage::CERT_SIGN) || f.is_ca();
    "e_ext_key_usage_without_bits" since RFC5280, |f| f.usage.is_some() =>
        |f| f.usage.is_some_and(|usage| !usage.is_empty());
    "w_ext_key_usage_not_critical" since EVER, |f| f.usage.is_some() => |f| f.is_critical(USAGE);
    "w_eku_critical_improperly" since RFC5280, |f| f.purposes.is_some() => |f| {
        let any = f.purposes.iter().flatten().any(|purpose| *purpose == rung_pki::extension::Purpose::Any);
        !(any && f.is_critical(PURPOSES))
    };
    "e_ext_authority_key_identifier_critical" since EVER, |f| f.has(AUTHORITY_KEY) => |f| !f.is_critical(AUTHORITY_KEY);
    "e_ext_authority_key_identifier_missing" since EVER, |f| !f.is_root() => |f| f.has(AUTHORITY_KEY);
    "e_ext_authority_key_identifier_no_key_identifier" since EVER, |_| true =>
        |f| f.is_self_signed || f.certificate.authority_key_identifier().is_some();
    "e_ext_subject_key_identifier_critical" since EVER, |f| f.has(SUBJECT_KEY) => |f| !f.is_critical(SUBJECT_KEY);
    "e_ext_subject_key_identifier_missing_ca" since EVER, |f| f.is_ca() => |f| f.has(SUBJECT_KEY);
    "w_ext_subject_key_identifier_missing_sub_cert" since EVER, |f| !f.is_ca() => |f| f.has(SUBJECT_KEY);
    "e_ext_aia_marked_critical" since EVER, |f| f.has(ACCESS) => |f| !f.is_critical(ACCESS);
    "w_ext_aia_access_location_missing" since RFC5280, |f| !issuer_urls(f).is_empty() => |f| {
        issuer_urls(f).iter().any(|url| url.starts_with("http://") || url.starts_with("ldap://"))
    };
    "e_ext_freshest_crl_marked_critical" since EVER, |f| f.has(FRESHEST) => |f| !f.is_critical(FRESHEST);
    "e_ext_subject_directory_attr_critical" since EVER, |f| f.has(DIRECTORY_ATTRIBUTES) =>
        |f| !f.is_critical(DIRECTORY_ATTRIBUTES);
    "e_subject_info_access_marked_critical" since EVER, |f| f.has(SUBJECT_ACCESS) => |f| !f.is_critical(SUBJECT_ACCESS);
    "w_ext_crl_distribution_marked_critical" since EVER, |f| f.has(POINTS) => |f| !f.is_critical(POINTS);
    "e_distribution_point_incomplete" since EVER, |f| f.has(POINTS) => |f| points(f).iter().all(is_complete_point);
    "w_distribution_point_missing_ldap_or_uri" since RFC5280, |f| f.has(POINTS) => |f| {
        let names = f.points.iter().flatten().flat_map(|point| &point.full_name);
        names.filter_map(|name| if let GeneralName::Uri(url) = name { Some(url.to_ascii_lowercase()) } else { None })
            .any(|url| url.starts_with("ldap") || url.starts_with("http"))
    };
    "e_inhibit_any_policy_not_critical" since EVER, |f| f.has(INHIBIT) => |f| f.is_critical(INHIBIT);
    "e_ext_policy_constraints_empty" since EVER, |f| f.has(POLICY_CONSTRAINTS) =>
        |f| f.elements(POLICY_CONSTRAINTS).is_some_and(|list| !list.is_empty());
    "e_ext_policy_constraints_not_critical" since EVER, |f| f.has(POLICY_CONSTRAINTS) =>
        |f| f.is_critical(POLICY_CONSTRAINTS);
    "e_ext_policy_map_any_policy" since EVER, |f| f.has(MAPPINGS) =>
        |f| mappings(f).iter().flatten().all(|policy| policy != ANY_POLICY);
    "w_ext_policy_map_not_critical" since EVER, |f| f.has(MAPPINGS) => |f| f.is_critical(MAPPINGS);
    "w_ext_policy_map_not_in_cert_policy" since EVER, |f| f.has(MAPPINGS) =>
        |f| mappings(f).iter().filter_map(|pair| pair.first()).all(|policy| f.has_policy(policy));
    "e_ext_cert_policy_duplicate" since RFC5280, |f| f.has(POLICIES) => |f| {
        let mut oids: Vec<String> = f.policies.iter().flatten().map(|policy| policy.oid.to_string()).collect();
        let count = oids.len();
        oids.sort_unstable();
        oids.dedup();
        oids.len() == count
    };
    "e_ext_duplicate_extension" since EVER, |f| f.certificate.version() == 3 => |_| true;
    "e_ext_name_constraints_not_critical" since EVER, |f| f.has(NAMES) => |f| f.is_critical(NAMES);
    "e_ext_name_constraints_not_in_ca" since EVER, |f| f.has(NAMES) => |f| f.is_ca();
    "e_name_constraint_empty" since EVER, |f| f.has(NAMES) =>
        |f| f.name_constraints.as_ref().is_some_and(|names| !names.permitted.is_empty() || !names.excluded.is_empty());
    "e_name_constraint_maximum_not_absent" since EVER, |f| f.has(NAMES) => |_| true;
    "e_name_constraint_minimum_non_zero" since EVER, |f| f.has(NAMES) => |_| true;
    "w_name_constraint_on_x400" since EVER, |f| f.has(NAMES) => |f| !constrains(f, 3);
    "w_name_constraint_on_edi_party_name" since EVER, |f| f.has(NAMES) => |f| !constrains(f, 5);
    "w_name_constraint_on_registered_id" since EVER, |f| f.has(NAMES) => |f| !constrains(f, 8);
}

/// Where the issuer's certificate is.
fn issuer_urls(facts: &Facts<'_>) -> Vec<String> {
    let issuers = facts.access.iter().flatten().filter(|one| one.method == AccessDescription::CA_ISSUERS);
    let url = |one: &AccessDescription| match &one.location {
        GeneralName::Uri(url) => Some(url.to_ascii_lowercase()),
        _ => None,
    };
    issuers.filter_map(url).collect()
}

fn has_path_len(facts: &Facts<'_>) -> bool {
    facts.constraints.is_some_and(|constraints| constraints.path_len.is_some())
}

fn points<'a>(facts: &'a Facts<'_>) -> Vec<tlv::Element<'a>> {
    facts.elements(POINTS).unwrap_or_default()
}

/// RFC 5280 §4.2.1.13: reasons alone make no point.
fn is_complete_point(point: &tlv::Element<'_>) -> bool {
    point.children().is_some_and(|parts| parts.iter().any(|part| matches!(part.tag, 0xa0 | 0xa2)))
}

/// Pairs of policies that a CA takes for the same.
fn mappings(facts: &Facts<'_>) -> Vec<Vec<String>> {
    let pairs = facts.elements(MAPPINGS).unwrap_or_default();
    let oids =
        |pair: &tlv::Element<'_>| pair.children().unwrap_or_default().iter().filter_map(|one| one.oid()).collect();
    pairs.iter().map(oids).collect()
}

/// Whether there are name constraints on a kind that has no rules for them.
fn constrains(facts: &Facts<'_>, wanted: u8) -> bool {
    let all = facts.name_constraints.iter().flat_map(|names| names.permitted.iter().chain(&names.excluded));
    all.into_iter().any(|subtree| matches!(subtree, Subtree::Unsupported { kind, .. } if *kind == wanted))
}

const DIRECTORY_ATTRIBUTES: &str = "2.5.29.9";
const SUBJECT_KEY: &str = "2.5.29.14";
const USAGE: &str = "2.5.29.15";
const CONSTRAINTS: &str = "2.5.29.19";
const NAMES: &str = "2.5.29.30";
const POINTS: &str = "2.5.29.31";
const POLICIES: &str = "2.5.29.32";
const ANY_POLICY: &str = "2.5.29.32.0";
const MAPPINGS: &str = "2.5.29.33";
const AUTHORITY_KEY: &str = "2.5.29.35";
const POLICY_CONSTRAINTS: &str = "2.5.29.36";
const PURPOSES: &str = "2.5.29.37";
const FRESHEST: &str = "2.5.29.46";
const INHIBIT: &str = "2.5.29.54";
const ACCESS: &str = "1.3.6.1.5.5.7.1.1";
const SUBJECT_ACCESS: &str = "1.3.6.1.5.5.7.1.11";

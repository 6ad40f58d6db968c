//! The rules on names: subject, issuer, alternative names.

use rung_pki::extension::GeneralName;

use super::rules;
use crate::lint::Rule;
use crate::lint::facts::{Attribute, COMMON_NAME, Facts};

rules! {
    "e_ca_subject_field_empty" since EVER, |f| f.is_ca() => |f| !f.subject.is_empty();
    "e_subject_empty_without_san" since EVER, |_| true => |f| !f.subject.is_empty() || f.has(SAN);
    "e_ext_san_not_critical_without_subject" since EVER, |f| f.has(SAN) =>
        |f| !f.subject.is_empty() || f.is_critical(SAN);
    "w_ext_san_critical_with_subject_dn" since RFC5280, |f| f.has(SAN) && f.is_for_servers() =>
        |f| f.subject.is_empty() || !f.is_critical(SAN);
    "e_subject_common_name_max_length" since EVER, |_| true => |f| f.at_most(COMMON_NAME, 64);
    "e_subject_locality_name_max_length" since EVER, |_| true => |f| f.at_most("2.5.4.7", 128);
    "e_subject_state_name_max_length" since EVER, |_| true => |f| f.at_most("2.5.4.8", 128);
    "e_subject_street_address_max_length" since EVER, |_| true => |f| f.at_most("2.5.4.9", 128);
    "e_subject_organization_name_max_length" since EVER, |_| true => |f| f.at_most("2.5.4.10", 64);
    "e_subject_organizational_unit_name_max_length" since EVER, |_| true => |f| f.at_most("2.5.4.11", 64);
    "e_subject_postal_code_max_length" since EVER, |_| true => |f| f.at_most("2.5.4.17", 16);
    "e_subject_given_name_max_length" since EVER, |_| true => |f| f.at_most("2.5.4.42", 32768);
    "e_subject_surname_max_length" since EVER, |_| true => |f| f.at_most("2.5.4.4", 32768);
    "e_subject_email_max_length" since EVER, |_| true => |f| f.at_most("1.2.840.113549.1.9.1", 255);
    "e_subject_dn_serial_number_max_length" since EVER, |f| f.has_subject(SERIAL) => |f| f.at_most(SERIAL, 64);
    "e_subject_dn_serial_number_not_printable_string" since EVER, |f| f.has_subject(SERIAL) =>
        |f| is_printable(&f.subject, SERIAL);
    "e_subject_dn_country_not_printable_string" since EVER, |f| !f.subject_values(COUNTRY).is_empty() =>
        |f| is_printable(&f.subject, COUNTRY);
    "e_issuer_dn_country_not_printable_string" since EVER,
        |f| f.issuer.iter().any(|attribute| attribute.oid == COUNTRY) => |f| is_printable(&f.issuer, COUNTRY);
    "w_issuer_dn_leading_whitespace" since EVER, |_| true => |f| none_has_space(&f.issuer, <[u8]>::first);
    "w_issuer_dn_trailing_whitespace" since EVER, |_| true => |f| none_has_space(&f.issuer, <[u8]>::last);
    "w_subject_dn_leading_whitespace" since EVER, |_| true => |f| none_has_space(&f.subject, <[u8]>::first);
    "w_subject_dn_trailing_whitespace" since EVER, |_| true => |f| none_has_space(&f.subject, <[u8]>::last);
    "w_multiple_issuer_rdn" since EVER, |_| true => |f| f.issuer.iter().all(|attribute| attribute.siblings == 1);
    "n_multiple_subject_rdn" since EVER, |_| true => |f| f.subject.iter().all(|attribute| attribute.siblings == 1);
    "e_ext_san_no_entries" since EVER, |f| f.has(SAN) => |f| !f.names.is_empty();
    "e_ext_san_empty_name" since EVER, |f| f.has(SAN) => |f| f.names.iter().all(|name| !is_empty(name));
    "e_ext_san_dns_not_ia5_string" since EVER, |f| f.has(SAN) => |_| true;
    "e_ext_san_space_dns_name" since EVER, |f| f.has(SAN) => |f| f.dns_names().all(|name| name != " ");
    "e_ext_san_rfc822_format_invalid" since EVER, |f| f.has(SAN) => |f| mailboxes_are_valid(&f.names);
    "e_ext_san_uri_not_ia5" since RFC5280, |f| f.has(SAN) => |_| true;
    "e_ext_san_uri_relative" since RFC5280, |f| f.has(SAN) => |f| uris(&f.names).all(has_scheme);
    "e_ext_san_uri_format_invalid" since RFC5280, |f| f.has(SAN) => |f| uris(&f.names).all(is_whole);
    "e_ext_san_uri_host_not_fqdn_or_ip" since RFC5280, |f| f.has(SAN) => |f| uris(&f.names).all(has_good_host);
    "e_san_bare_wildcard" since EVER, |f| f.has(SAN) => |f| f.dns_names().all(|name| !name.ends_with('*'));
    "e_san_wildcard_not_first" since EVER, |f| f.has(SAN) => |f| f.dns_names().all(|name| !has_late_wildcard(name));
    "e_san_dns_name_starts_with_period" since EVER, |f| f.has(SAN) => |f| f.dns_names().all(|name| !name.starts_with('.'));
    "e_san_dns_name_includes_null_char" since EVER, |f| f.has(SAN) => |f| f.dns_names().all(|name| !name.contains('\0'));
    "e_ext_ian_no_entries" since EVER, has_ian => |f| f.issuer_names.as_ref().is_some_and(|names| !names.is_empty());
    "e_ext_ian_empty_name" since EVER, has_ian => |f| f.issuer_names.iter().flatten().all(|name| !is_empty(name));
    "e_ext_ian_dns_not_ia5_string" since EVER, has_ian => |_| true;
    "e_ext_ian_space_dns_name" since EVER, has_ian => |f| f.issuer_dns_names().all(|name| name != " ");
    "e_ext_ian_rfc822_format_invalid" since EVER, has_ian =>
        |f| mailboxes_are_valid(f.issuer_names.as_deref().unwrap_or_default());
    "e_ext_ian_uri_not_ia5" since EVER, has_ian => |_| true;
    "e_ext_ian_uri_relative" since EVER, has_ian => |f| issuer_uris(f).all(has_scheme);
    "e_ext_ian_uri_format_invalid" since EVER, has_ian => |f| issuer_uris(f).all(is_whole);
    "e_ext_ian_uri_host_not_fqdn_or_ip" since EVER, has_ian => |f| issuer_uris(f).all(has_good_host);
    "e_ian_bare_wildcard" since EVER, has_ian => |f| f.issuer_dns_names().all(|name| !name.ends_with('*'));
    "e_ian_wildcard_not_first" since EVER, has_ian => |f| f.issuer_dns_names().all(|name| !has_late_wildcard(name));
    "e_ian_dns_name_starts_with_period" since EVER, has_ian =>
        |f| f.issuer_dns_names().all(|name| !name.starts_with('.'));
    "e_ian_dns_name_includes_null_char" since EVER, has_ian => |f| f.issuer_dns_names().all(|name| !name.contains('\0'));
    "w_ext_ian_critical" since EVER, has_ian => |f| !f.is_critical(IAN);
    "n_contains_redacted_dnsname" since EVER, |f| f.is_sub_cert() => |f| f.hosts().iter().all(|name| !name.starts_with('?'));
}

fn has_ian(facts: &Facts<'_>) -> bool {
    facts.has(IAN)
}

fn is_printable(attributes: &[Attribute<'_>], oid: &str) -> bool {
    attributes.iter().filter(|attribute| attribute.oid == oid).all(|attribute| attribute.tag == PRINTABLE_STRING)
}

/// Whether no value has white space at that end.
fn none_has_space(attributes: &[Attribute<'_>], end: fn(&[u8]) -> Option<&u8>) -> bool {
    attributes.iter().all(|attribute| end(attribute.content).is_none_or(|octet| !octet.is_ascii_whitespace()))
}

fn is_empty(name: &GeneralName) -> bool {
    match name {
        GeneralName::Dns(text) | GeneralName::Email(text) | GeneralName::Uri(text) => text.is_empty(),
        _ => false,
    }
}

fn uris(names: &[GeneralName]) -> impl Iterator<Item = &str> {
    names.iter().filter_map(|name| if let GeneralName::Uri(text) = name { Some(text.as_str()) } else { None })
}

fn issuer_uris<'a>(facts: &'a Facts<'_>) -> impl Iterator<Item = &'a str> {
    uris(facts.issuer_names.as_deref().unwrap_or_default())
}

/// RFC 5280 §4.2.1.6: a URI is absolute.
fn has_scheme(uri: &str) -> bool {
    uri.split_once(':').is_some_and(|(scheme, rest)| {
        let letters = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'-' | b'.');
        scheme.starts_with(|first: char| first.is_ascii_alphabetic()) && scheme.bytes().all(letters) && !rest.is_empty()
    })
}

/// Whether there is something behind the scheme.
fn is_whole(uri: &str) -> bool {
    has_scheme(uri) && !uri.ends_with("://")
}

/// RFC 5280 §4.2.1.6: a URI with an authority has a whole host name or an address in it. One that goes by a path needs an
/// authority, as it is absolute; `mailto:` and the like have none.
fn has_good_host(uri: &str) -> bool {
    let rest = match uri.split_once(':') {
        _ if uri.is_empty() => return true,
        Some((_, rest)) if has_scheme(uri) => rest,
        _ => return false,
    };
    let Some(rest) = rest.strip_prefix("//") else { return !rest.starts_with('/') };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if host.starts_with('[') {
        return true;
    }
    let host = host.split(':').next().unwrap_or_default();
    let bare = host.strip_prefix("*.").unwrap_or(host);
    host.parse::<std::net::IpAddr>().is_ok() || bare.contains('.') && bare.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    let letters = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
    !label.is_empty() && label.len() <= 63 && label.bytes().all(letters)
}

fn mailboxes_are_valid(names: &[GeneralName]) -> bool {
    let is_valid = |text: &str| {
        let Some((local, host)) = text.rsplit_once('@') else { return false };
        !local.is_empty() && !local.contains([' ', '<', '>', '@']) && host.split('.').all(is_label)
    };
    names.iter().all(|name| if let GeneralName::Email(text) = name { is_valid(text) } else { true })
}

fn has_late_wildcard(name: &str) -> bool {
    name.get(1..).is_some_and(|rest| rest.contains('*'))
}

const SAN: &str = "2.5.29.17";
const IAN: &str = "2.5.29.18";
const SERIAL: &str = "2.5.4.5";
const COUNTRY: &str = "2.5.4.6";
const PRINTABLE_STRING: u8 = 19;

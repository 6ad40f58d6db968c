//! The rules of the CA/Browser Forum, for certificates of web servers and of the CAs above them.

use std::net::IpAddr;
use std::ops::Not as _;

use rung_pki::extension::{AccessDescription, GeneralName, KeyUsage, Purpose};

use super::rules;
use crate::clock::unix_seconds;
use crate::lint::Rule;
use crate::lint::facts::{COMMON_NAME, Facts};

rules! {
    "e_ca_common_name_missing" since WEB_CA_NAMES, |f| f.is_ca() => |f| f.has_subject(COMMON_NAME);
    "e_ca_country_name_missing" since WEB, |f| f.is_ca() => |f| f.has_subject(COUNTRY);
    "e_ca_country_name_invalid" since WEB, |f| f.is_ca() && !f.subject_values(COUNTRY).is_empty() => |f| has_country_codes(f);
    "e_ca_organization_name_missing" since WEB, |f| f.is_ca() => |f| f.has_subject(ORGANIZATION);
    "e_ca_is_ca" since WEB, |f| f.allows(KeyUsage::CERT_SIGN) && f.constraints.is_some() => |f| f.is_ca();
    "e_ca_key_cert_sign_not_set" since WEB, |f| f.is_ca() && f.usage.is_some() => |f| f.allows(KeyUsage::CERT_SIGN);
    "e_ca_crl_sign_not_set" since WEB, |f| f.is_ca() && f.usage.is_some() => |f| f.allows(KeyUsage::CRL_SIGN);
    "e_ca_key_usage_not_critical" since WEB, |f| f.is_ca() && f.usage.is_some() => |f| f.is_critical(USAGE);
    "n_ca_digital_signature_not_set" since WEB, |f| f.is_ca() && f.usage.is_some() =>
        |f| f.allows(KeyUsage::DIGITAL_SIGNATURE);
    "e_root_ca_key_usage_must_be_critical" since EVER, |f| f.is_for_servers() && f.is_root() && f.usage.is_some() =>
        |f| f.is_critical(USAGE);
    "e_root_ca_key_usage_present" since EVER, |f| f.is_for_servers() && f.is_root() => |f| f.usage.is_some();
    "e_root_ca_extended_key_usage_present" since WEB, |f| f.is_root() => |f| f.purposes.is_none();
    "w_root_ca_contains_cert_policy" since WEB, |f| f.is_root() => |f| !f.has(POLICIES);
    "w_root_ca_basic_constraints_path_len_constraint_field_present" since WEB, |f| f.is_root() =>
        |f| f.constraints.is_none_or(|constraints| constraints.path_len.is_none());
    "e_sub_ca_aia_missing" since WEB, |f| f.is_sub_ca() => |f| f.has(ACCESS);
    "e_sub_ca_aia_marked_critical" since EVER, |f| f.is_for_servers() && f.is_sub_ca() && f.has(ACCESS) =>
        |f| !f.is_critical(ACCESS);
    "e_sub_ca_aia_does_not_contain_ocsp_url" since WEB, |f| f.is_sub_ca() => |f| f.has_access(AccessDescription::OCSP);
    "w_sub_ca_aia_does_not_contain_issuing_ca_url" since WEB, |f| f.is_sub_ca() =>
        |f| f.has_access(AccessDescription::CA_ISSUERS);
    "e_sub_ca_certificate_policies_missing" since WEB, |f| f.is_sub_ca() => |f| f.has(POLICIES);
    "w_sub_ca_certificate_policies_marked_critical" since WEB, |f| f.is_sub_ca() && f.has(POLICIES) =>
        |f| !f.is_critical(POLICIES);
    "e_sub_ca_crl_distribution_points_missing" since WEB, |f| f.is_sub_ca() => |f| f.has(POINTS);
    "e_sub_ca_crl_distribution_points_marked_critical" since WEB, |f| f.is_sub_ca() && f.has(POINTS) =>
        |f| !f.is_critical(POINTS);
    "e_sub_ca_crl_distribution_points_does_not_contain_url" since WEB, |f| f.is_sub_ca() && f.has(POINTS) =>
        |f| f.has_point_over_http();
    "n_sub_ca_eku_missing" since WEB, |f| f.is_sub_ca() => |f| f.purposes.is_some();
    "w_sub_ca_eku_critical" since WEB, |f| f.is_sub_ca() && f.purposes.is_some() => |f| !f.is_critical(PURPOSES);
    "w_sub_ca_name_constraints_not_critical" since WEB, |f| f.is_sub_ca() && f.has(NAMES) => |f| f.is_critical(NAMES);
    "e_sub_cert_aia_missing" since WEB, |f| f.is_sub_cert() => |f| f.has(ACCESS);
    "e_sub_cert_aia_marked_critical" since WEB, |f| f.is_sub_cert() && f.has(ACCESS) => |f| !f.is_critical(ACCESS);
    "e_sub_cert_aia_does_not_contain_ocsp_url" since WEB, |f| f.is_sub_cert() =>
        |f| f.has_access(AccessDescription::OCSP);
    "w_sub_cert_aia_does_not_contain_issuing_ca_url" since WEB, |f| f.is_sub_cert() =>
        |f| f.has_access(AccessDescription::CA_ISSUERS);
    "e_sub_cert_certificate_policies_missing" since WEB, |f| f.is_sub_cert() => |f| f.has(POLICIES);
    "e_sub_cert_cert_policy_empty" since WEB, |f| f.is_sub_cert() => |f| f.has(POLICIES);
    "w_sub_cert_certificate_policies_marked_critical" since WEB, |f| f.has(POLICIES) => |f| !f.is_critical(POLICIES);
    "e_sub_cert_crl_distribution_points_marked_critical" since WEB, |f| f.has(POINTS) => |f| !f.is_critical(POINTS);
    "e_sub_cert_crl_distribution_points_does_not_contain_url" since WEB, |f| f.has(POINTS) => |f| f.has_point_over_http();
    "e_sub_cert_eku_missing" since WEB, |f| f.is_sub_cert() => |f| f.purposes.is_some();
    "e_sub_cert_eku_server_auth_client_auth_missing" since WEB, |f| f.purposes.is_some() => |f| {
        f.purposes.iter().flatten().any(|purpose| matches!(purpose, Purpose::ServerAuth | Purpose::ClientAuth | Purpose::Any))
    };
    "w_sub_cert_eku_extra_values" since WEB, |f| f.purposes.is_some() => |f| {
        f.purposes.iter().flatten().all(|purpose| {
            matches!(purpose, Purpose::ServerAuth | Purpose::ClientAuth | Purpose::EmailProtection)
        })
    };
    "e_sub_cert_key_usage_cert_sign_bit_set" since WEB, |f| f.is_sub_cert() && f.usage.is_some() =>
        |f| !f.allows(KeyUsage::CERT_SIGN);
    "e_sub_cert_key_usage_crl_sign_bit_set" since WEB, |f| f.is_sub_cert() && f.usage.is_some() =>
        |f| !f.allows(KeyUsage::CRL_SIGN);
    "e_sub_cert_not_is_ca" since WEB,
        |f| f.usage.is_some() && !f.allows(KeyUsage::CERT_SIGN) && f.constraints.is_some() => |f| !f.is_ca();
    "n_sub_ca_eku_not_technically_constrained" since WEB_1_1_6, |f| f.is_sub_ca() && f.purposes.is_some() => |f| {
        f.purposes.iter().flatten().any(|purpose| matches!(purpose, Purpose::ServerAuth | Purpose::ClientAuth))
    };
    "e_ext_san_contains_reserved_ip" since WEB, must_be_reachable =>
        |f| f.names.iter().all(|name| !matches!(name, GeneralName::Ip(address) if is_reserved(address)));
    "e_subject_contains_reserved_ip" since WEB, must_be_reachable => |f| {
        let common = f.subject_values(COMMON_NAME).into_iter().last();
        common.is_none_or(|name| name.parse().is_ok_and(|address| is_reserved(&address)).not())
    };
    "e_sub_cert_valid_time_longer_than_39_months" since WEB_39_MONTHS, |f| f.is_sub_cert() => |f| f.days() <= 1187;
    "e_sub_cert_valid_time_longer_than_825_days" since WEB_825_DAYS, |f| f.is_sub_cert() => |f| f.days() <= 825;
    "e_ext_san_missing" since WEB, |f| f.is_sub_cert() => |f| f.has(SAN);
    "e_ext_san_dns_name_too_long" since EVER, |f| f.dns_names().next().is_some() =>
        |f| f.dns_names().all(|name| name.len() <= 253);
    "e_ext_san_directory_name_present" since WEB, has_names => |f| !f.names.iter().any(|name| matches!(name, GeneralName::DirectoryName(_)));
    "e_ext_san_edi_party_name_present" since WEB, has_names => |f| !f.names.iter().any(|name| matches!(name, GeneralName::EdiPartyName(_)));
    "e_ext_san_other_name_present" since WEB, has_names => |f| !f.names.iter().any(|name| matches!(name, GeneralName::OtherName { .. }));
    "e_ext_san_registered_id_present" since WEB, has_names => |f| !f.names.iter().any(|name| matches!(name, GeneralName::RegisteredId(_)));
    "e_ext_san_rfc822_name_present" since WEB, has_names => |f| !f.names.iter().any(|name| matches!(name, GeneralName::Email(_)));
    "e_ext_san_uniform_resource_identifier_present" since WEB, has_names => |f| !f.names.iter().any(|name| matches!(name, GeneralName::Uri(_)));
    "n_subject_common_name_included" since WEB, |f| f.is_sub_cert() => |f| !f.has_subject(COMMON_NAME);
    "e_subject_common_name_not_from_san" since WEB, |f| f.is_sub_cert() && f.has_subject(COMMON_NAME) => |f| {
        let names: Vec<String> = f.names.iter().filter_map(host).collect();
        let common = f.subject_values(COMMON_NAME).into_iter().last();
        common.is_some_and(|common| names.iter().any(|name| name.eq_ignore_ascii_case(&common)))
    };
    "e_subject_contains_noninformational_value" since WEB, |_| true => |f| {
        f.subject.iter().all(|attribute| attribute.content.is_empty() || !attribute.text().chars().all(|character| ".- ".contains(character)))
    };
    "e_subject_country_not_iso" since WEB, |_| true => has_country_codes;
    "e_cab_dv_conflicts_with_locality" since EVER, is_domain_validated => |f| !f.has_subject(LOCALITY);
    "e_cab_dv_conflicts_with_org" since EVER, is_domain_validated => |f| !f.has_subject(ORGANIZATION);
    "e_cab_dv_conflicts_with_postal" since EVER, is_domain_validated => |f| !f.has_subject(POSTAL_CODE);
    "e_cab_dv_conflicts_with_province" since EVER, is_domain_validated => |f| !f.has_subject(PROVINCE);
    "e_cab_dv_conflicts_with_street" since EVER, is_domain_validated => |f| !f.has_subject(STREET);
    "e_dnsname_empty_label" since WEB, has_hosts => |f| labels(f).iter().all(|label| !label.is_empty());
    "e_dnsname_label_too_long" since WEB, has_hosts => |f| labels(f).iter().all(|label| label.len() <= 63);
    "e_dnsname_bad_character_in_label" since WEB, has_hosts => |f| {
        let good = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
        let whole = |label: &str| label == "*" || !label.is_empty() && label.bytes().all(good);
        // What is left out of logs of certificates stands there as a question mark.
        f.hosts().iter().map(|name| name.trim_start_matches("?.")).all(|name| {
            name.split('.').all(whole)
        })
    };
    "e_dnsname_left_label_wildcard_correct" since WEB, |_| true => |f| {
        let first = |name: &String| name.split('.').next().map(str::to_owned).unwrap_or_default();
        f.hosts().iter().map(first).all(|label| !label.contains('*') || label == "*")
    };
    "e_dnsname_wildcard_only_in_left_label" since WEB, |_| true =>
        |f| f.hosts().iter().all(|name| name.split('.').skip(1).all(|label| !label.contains('*')));
}

/// Since 2015-11-01 no certificate is for an address that is everybody's.
fn must_be_reachable(facts: &Facts<'_>) -> bool {
    unix_seconds(facts.certificate.not_after()) > NOVEMBER_2015
}

/// Whether an address is no single machine's on the internet (the IANA's registries of special-purpose addresses, and
/// what it has not given to anybody).
fn is_reserved(address: &IpAddr) -> bool {
    let number = match address {
        IpAddr::V4(address) => u128::from(address.to_bits()) << 96,
        IpAddr::V6(address) => address.to_bits(),
    };
    let list: &[(&str, u32)] = if address.is_ipv4() { &RESERVED_V4 } else { &RESERVED_V6 };
    list.iter().any(|(first, bits)| {
        let first = match first.parse() {
            Ok(IpAddr::V4(first)) => u128::from(first.to_bits()) << 96,
            Ok(IpAddr::V6(first)) => first.to_bits(),
            Err(_) => return false,
        };
        (number ^ first) >> (128 - bits) == 0
    })
}

fn has_names(facts: &Facts<'_>) -> bool {
    facts.has(SAN)
}

fn has_hosts(facts: &Facts<'_>) -> bool {
    facts.is_sub_cert() && (facts.has_subject(COMMON_NAME) || facts.dns_names().next().is_some())
}

fn labels(facts: &Facts<'_>) -> Vec<String> {
    facts.hosts().iter().flat_map(|name| name.split('.').map(str::to_owned).collect::<Vec<_>>()).collect()
}

fn host(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::Dns(text) => Some(text.clone()),
        GeneralName::Ip(address) => Some(address.to_string()),
        _ => None,
    }
}

fn is_domain_validated(facts: &Facts<'_>) -> bool {
    facts.is_for_servers() && facts.is_sub_cert() && facts.has_policy("2.23.140.1.2.1")
}

/// Two letters each; XX stands for what has no code. One that is blank beside others is let pass, but not alone.
fn has_country_codes(facts: &Facts<'_>) -> bool {
    let codes = facts.subject_values(COUNTRY);
    let is_code = |code: &String| code.len() == 2 && CODES.contains(&format!(" {} ", code.to_ascii_uppercase()));
    let mut said = codes.iter().filter(|code| !code.is_empty()).peekable();
    (said.peek().is_some() || codes.is_empty()) && said.all(is_code)
}

const SAN: &str = "2.5.29.17";
const USAGE: &str = "2.5.29.15";
const NAMES: &str = "2.5.29.30";
const POINTS: &str = "2.5.29.31";
const POLICIES: &str = "2.5.29.32";
const PURPOSES: &str = "2.5.29.37";
const ACCESS: &str = "1.3.6.1.5.5.7.1.1";
const COUNTRY: &str = "2.5.4.6";
const LOCALITY: &str = "2.5.4.7";
const PROVINCE: &str = "2.5.4.8";
const STREET: &str = "2.5.4.9";
const ORGANIZATION: &str = "2.5.4.10";
const POSTAL_CODE: &str = "2.5.4.17";
/// ISO 3166-1, and XX.
const CODES: &str = " AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT \
    BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK \
    FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE \
    JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ \
    MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO \
    RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW \
    TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XX YE YT ZA ZM ZW ";
/// 2015-11-01.
const NOVEMBER_2015: u64 = 1_446_336_000;

const RESERVED_V4: [(&str, u32); 17] = [
    ("0.0.0.0", 8),
    ("10.0.0.0", 8),
    ("100.64.0.0", 10),
    ("127.0.0.0", 8),
    ("169.254.0.0", 16),
    ("172.16.0.0", 12),
    ("192.0.0.0", 24),
    ("192.0.2.0", 24),
    ("192.31.196.0", 24),
    ("192.52.193.0", 24),
    ("192.168.0.0", 16),
    ("192.175.48.0", 24),
    ("198.18.0.0", 15),
    ("198.51.100.0", 24),
    ("203.0.113.0", 24),
    ("224.0.0.0", 4),
    ("240.0.0.0", 4),
];
const RESERVED_V6: [(&str, u32); 19] = [
    ("::", 96),
    ("64:ff9b::", 96),
    ("64:ff9b:1::", 48),
    ("100::", 64),
    ("400::", 6),
    ("800::", 5),
    ("1000::", 4),
    ("2001::", 23),
    ("2001:db8::", 32),
    ("2002::", 16),
    ("2620:4f:8000::", 48),
    ("4000::", 3),
    ("6000::", 3),
    ("8000::", 3),
    ("a000::", 3),
    ("c000::", 3),
    ("e000::", 4),
    ("f000::", 5),
    ("f800::", 5),
];

//! The rules on the fields of a certificate: version, serial number, times, key, signature.

use num_bigint::BigUint;

use super::rules;
use crate::clock::unix_seconds;
use crate::lint::Rule;
use crate::lint::facts::Facts;

rules! {
    "e_invalid_certificate_version" since WEB_1_3_0, |_| true => |f| f.certificate.version() == 3;
    "e_cert_extensions_version_not_3" since EVER, |_| true =>
        |f| f.certificate.extensions().is_empty() || f.certificate.version() == 3;
    "e_cert_contains_unique_identifier" since RFC5280, |_| true => |f| !has_unique_identifier(f);
    "e_cert_unique_identifier_version_not_2_or_3" since EVER, has_unique_identifier =>
        |f| f.certificate.version() >= 2;
    "e_serial_number_longer_than_20_octets" since RFC3280, |_| true =>
        |f| f.certificate.serial().as_bytes().len() <= 20;
    "e_serial_number_not_positive" since RFC3280, |_| true => |f| !f.certificate.serial().as_bytes().is_empty();
    "w_serial_number_low_entropy" since WEB_64_BITS, |_| true => |f| f.certificate.serial().as_bytes().len() >= 8;
    "e_validity_time_not_positive" since EVER, |_| true =>
        |f| f.certificate.not_before() <= f.certificate.not_after();
    "e_wrong_time_format_pre2050" since EVER, |_| true => |f| times(f).iter().all(|time| !is_needlessly_general(time));
    "e_generalized_time_does_not_include_seconds" since EVER, has_general_time =>
        |f| general_times(f).iter().all(|text| text.len() >= 15);
    "e_generalized_time_includes_fraction_seconds" since EVER, has_general_time =>
        |f| general_times(f).iter().all(|text| !text.contains(&b'.'));
    "e_generalized_time_not_in_zulu" since EVER, has_general_time =>
        |f| general_times(f).iter().all(|text| text.last() == Some(&b'Z'));
    "e_utc_time_does_not_include_seconds" since EVER, |_| true =>
        |f| utc_times(f).iter().all(|text| text.len() >= 13);
    "e_utc_time_not_in_zulu" since EVER, |_| true => |f| utc_times(f).iter().all(|text| text.last() == Some(&b'Z'));
    "e_issuer_field_empty" since EVER, |_| true => |f| !f.issuer.is_empty();
    "e_subject_not_dn" since EVER, |_| true => |_| true;
    "e_rsa_no_public_key" since EVER, |f| is_of(f, RSA) => |f| f.rsa.is_some();
    "e_rsa_exp_negative" since EVER, |f| f.rsa.is_some() => |_| true;
    "e_rsa_public_exponent_not_odd" since WEB_1_1_3, |f| f.rsa.is_some() => |f| is_odd(&exponent(f));
    "e_rsa_public_exponent_too_small" since WEB_1_1_3, |f| f.rsa.is_some() =>
        |f| exponent(f).len() > 1 || exponent(f).first().is_some_and(|octet| *octet >= 3);
    "w_rsa_public_exponent_not_in_range" since WEB_1_1_3, |f| f.rsa.is_some() =>
        |f| exponent(f).len() >= 3 && exponent(f).len() <= 32;
    "w_rsa_mod_not_odd" since WEB_1_1_3, |f| f.rsa.is_some() => |f| is_odd(&modulus(f));
    "w_rsa_mod_factors_smaller_than_752" since WEB_1_1_3, |f| f.rsa.is_some() =>
        |f| (2..752).all(|factor| remainder(&modulus(f), factor) != 0);
    "e_rsa_mod_less_than_2048_bits" since EVER,
        |f| f.is_for_servers() && f.rsa.is_some() && unix_seconds(f.certificate.not_after()) >= END_OF_2013 =>
        |f| f.rsa_bits().is_some_and(|bits| bits >= 2048);
    "e_old_root_ca_rsa_mod_less_than_2048_bits" since EVER,
        |f| f.rsa.is_some() && f.is_root() && unix_seconds(f.certificate.not_before()) < START_OF_2011 =>
        |f| f.rsa_bits().is_some_and(|bits| bits >= 2048);
    "e_old_sub_ca_rsa_mod_less_than_1024_bits" since EVER,
        |f| f.rsa.is_some() && f.is_sub_ca() && ends_before_2014(f) =>
        |f| f.rsa_bits().is_some_and(|bits| bits >= 1024);
    "e_old_sub_cert_rsa_mod_less_than_1024_bits" since EVER,
        |f| f.rsa.is_some() && !f.is_ca() && ends_before_2014(f) =>
        |f| f.rsa_bits().is_some_and(|bits| bits >= 1024);
    "e_ec_improper_curves" since EVER, |f| f.is_for_servers() && is_of(f, EC) => |f| f.certificate.public_key().is_ok();
    "e_public_key_type_not_allowed" since WEB, |_| true => |f| is_of(f, RSA) || is_of(f, EC) || is_of(f, DSA);
    "e_signature_algorithm_not_supported" since EVER, |f| f.is_for_servers() => |f| {
        SIGNATURES.contains(&f.certificate.signature_algorithm_oid().to_string().as_str())
    };
    "e_sub_cert_or_sub_ca_using_sha1" since WEB_NO_SHA1, |_| true => |f| !uses_sha1(f);
    "w_sub_cert_sha1_expiration_too_long" since WEB_SHA1_ENDS, |f| f.is_sub_cert() && uses_sha1(f) =>
        |f| unix_seconds(f.certificate.not_after()) <= START_OF_2017;
    "e_dsa_shorter_than_2048_bits" since EVER, |f| is_of(f, DSA) =>
        |f| dsa(f).is_some_and(|(p, q)| p >= 2048 && q >= 224);
    "e_dsa_improper_modulus_or_divisor_size" since EVER, |f| is_of(f, DSA) =>
        |f| dsa(f).is_some_and(|sizes| [(2048, 224), (2048, 256), (3072, 256)].contains(&sizes));
    "e_dsa_unique_correct_representation" since WEB, |f| dsa(f).is_some() => |f| {
        numbers(f).is_some_and(|key| key.y >= BigUint::from(2_u8) && key.y + BigUint::from(2_u8) <= key.p)
    };
    "e_dsa_correct_order_in_subgroup" since WEB, |f| dsa(f).is_some() => |f| {
        numbers(f).is_some_and(|key| key.y.modpow(&key.q, &key.p) == BigUint::from(1_u8))
    };
    "e_dsa_params_missing" since WEB_1_1_3, |f| is_of(f, DSA) => |f| dsa(f).is_some();
}

fn has_unique_identifier(facts: &Facts<'_>) -> bool {
    facts.fields().iter().any(|field| matches!(field.tag, 0x81 | 0x82))
}

/// Tag and text of the two times.
fn times(facts: &Facts<'_>) -> Vec<(u8, Vec<u8>)> {
    let fields = facts.fields();
    let is_validity = |children: &Vec<crate::inspect::tlv::Element<'_>>| {
        children.len() == 2 && children.iter().all(|child| matches!(child.tag, UTC | GENERALIZED))
    };
    let validity = fields.iter().filter_map(|field| field.children()).find(is_validity).unwrap_or_default();
    validity.iter().map(|time| (time.tag, time.content.to_vec())).collect()
}

/// RFC 5280 §4.1.2.5: through 2049 times are UTCTime.
fn is_needlessly_general((tag, text): &(u8, Vec<u8>)) -> bool {
    *tag == GENERALIZED && text.get(..4).is_some_and(|year| year < b"2050".as_slice())
}

fn general_times(facts: &Facts<'_>) -> Vec<Vec<u8>> {
    times(facts).into_iter().filter(|(tag, _)| *tag == GENERALIZED).map(|(_, text)| text).collect()
}

fn utc_times(facts: &Facts<'_>) -> Vec<Vec<u8>> {
    times(facts).into_iter().filter(|(tag, _)| *tag == UTC).map(|(_, text)| text).collect()
}

fn has_general_time(facts: &Facts<'_>) -> bool {
    !general_times(facts).is_empty()
}

fn ends_before_2014(facts: &Facts<'_>) -> bool {
    unix_seconds(facts.certificate.not_after()) < END_OF_2013
}

fn exponent(facts: &Facts<'_>) -> Vec<u8> {
    facts.rsa.as_ref().map(|(_, exponent)| exponent.clone()).unwrap_or_default()
}

fn modulus(facts: &Facts<'_>) -> Vec<u8> {
    facts.rsa.as_ref().map(|(modulus, _)| modulus.clone()).unwrap_or_default()
}

fn is_odd(number: &[u8]) -> bool {
    number.last().is_some_and(|octet| octet % 2 == 1)
}

fn remainder(number: &[u8], divisor: u32) -> u32 {
    number.iter().fold(0, |rest, octet| (rest << 8 | u32::from(*octet)) % divisor)
}

/// Whether the key is of that kind.
fn is_of(facts: &Facts<'_>, kind: &str) -> bool {
    crate::inspect::kind(facts.certificate.public_key_info()) == kind
}

/// The sizes of the numbers p and q, in bits.
fn dsa(facts: &Facts<'_>) -> Option<(usize, usize)> {
    crate::inspect::dsa_sizes(facts.certificate.public_key_info())
}

/// The numbers of a DSA key.
struct Dsa {
    p: BigUint,
    q: BigUint,
    y: BigUint,
}

/// The numbers of a DSA key, unless they are longer than any that FIPS 186 has: then nobody can wait for the outcome.
fn numbers(facts: &Facts<'_>) -> Option<Dsa> {
    dsa(facts).filter(|(p, q)| (2..=4096).contains(p) && *q <= 512)?;
    let key = crate::inspect::dsa_numbers(facts.certificate.public_key_info())?;
    let [p, q, y] = key.map(BigUint::from_bytes_be);
    Some(Dsa { p, q, y })
}

fn uses_sha1(facts: &Facts<'_>) -> bool {
    facts.certificate.signature_algorithm_name().contains("SHA1")
}

/// RSA, ECDSA and DSA with SHA-1 and SHA-2, and Ed25519. Broken ones are told by other rules.
const SIGNATURES: [&str; 11] = [
    "1.2.840.113549.1.1.5",
    "1.2.840.113549.1.1.11",
    "1.2.840.113549.1.1.12",
    "1.2.840.113549.1.1.13",
    "1.2.840.10045.4.1",
    "1.2.840.10045.4.3.2",
    "1.2.840.10045.4.3.3",
    "1.2.840.10045.4.3.4",
    "1.2.840.10040.4.3",
    "2.16.840.1.101.3.4.3.2",
    "1.3.101.112",
];
const UTC: u8 = 23;
const GENERALIZED: u8 = 24;
const RSA: &str = "RSA";
const EC: &str = "ECDSA";
const DSA: &str = "DSA";
/// 2013-12-31: keys of 1024 bits end here.
const END_OF_2013: u64 = 1_388_448_000;
/// 2017-01-01.
const START_OF_2017: u64 = 1_483_228_800;
/// 2011-01-01.
const START_OF_2011: u64 = 1_293_840_000;

//! The rules on texts: those that policies show to people, and names in other scripts than Latin.

use icu_normalizer::ComposingNormalizer;

use super::rules;
use crate::inspect::tlv::Element;
use crate::lint::Rule;
use crate::lint::facts::Facts;

rules! {
    "e_ext_cert_policy_disallowed_any_policy_qualifier" since RFC3280, |f| f.has(POLICIES) =>
        |f| qualifiers(f).iter().all(|(kind, _)| [STATEMENT, NOTICE].contains(&kind.as_str()));
    "e_ext_cert_policy_explicit_text_ia5_string" since RFC6818, has_texts => |f| texts(f).iter().all(|text| text.tag != IA5_STRING);
    "e_ext_cert_policy_explicit_text_too_long" since RFC6818, has_texts =>
        |f| texts(f).iter().all(|text| text.content.len() <= 200);
    "w_ext_cert_policy_explicit_text_not_utf8" since RFC6818, has_texts => |f| texts(f).iter().all(|text| text.tag == UTF8_STRING);
    "w_ext_cert_policy_explicit_text_includes_control" since RFC6818, has_texts =>
        |f| texts(f).iter().filter(|text| text.tag == UTF8_STRING).all(|text| !has_control(text.content));
    "w_ext_cert_policy_explicit_text_not_nfc" since RFC6818, has_texts =>
        |f| texts(f).iter().filter_map(unicode).all(|text| is_composed(&text));
    "w_ext_cert_policy_contains_noticeref" since RFC5280, |f| f.has(POLICIES) =>
        |f| notices(f).iter().flatten().all(|part| part.tag != SEQUENCE);
    "e_international_dns_name_not_unicode" since RFC3490, |f| f.has(SAN) =>
        |f| foreign_labels(f).all(|label| idna::punycode::decode(label).is_some());
    "e_international_dns_name_not_nfc" since RFC8399, |f| f.has(SAN) && foreign_labels(f).all(|label| decoded(label).is_some()) =>
        |f| foreign_labels(f).filter_map(decoded).all(|label| is_composed(&label));
}

/// What stands behind the policies: kind and value (RFC 5280 §4.2.1.4).
fn qualifiers<'a>(facts: &'a Facts<'_>) -> Vec<(String, Element<'a>)> {
    let policies = facts.elements(POLICIES).unwrap_or_default();
    let lists = policies.into_iter().filter_map(|policy| policy.children()?.into_iter().nth(1)?.children());
    let pair = |qualifier: Element<'a>| match qualifier.children()?[..] {
        [kind, value, ..] => Some((kind.oid()?, value)),
        _ => None,
    };
    lists.flatten().filter_map(pair).collect()
}

/// The parts of each notice: a reference to somebody's notices, a text, or both.
fn notices<'a>(facts: &'a Facts<'_>) -> Vec<Vec<Element<'a>>> {
    let all = qualifiers(facts).into_iter();
    all.filter(|(kind, _)| kind == NOTICE).map(|(_, value)| value.children().unwrap_or_default()).collect()
}

fn texts<'a>(facts: &'a Facts<'_>) -> Vec<Element<'a>> {
    notices(facts).into_iter().flatten().filter(|part| part.tag != SEQUENCE).collect()
}

fn has_texts(facts: &Facts<'_>) -> bool {
    !texts(facts).is_empty()
}

fn has_control(text: &[u8]) -> bool {
    String::from_utf8_lossy(text).chars().any(char::is_control)
}

/// Whether letters and their accents are written as one character where there is one (Unicode normal form C).
fn is_composed(text: &str) -> bool {
    ComposingNormalizer::new_nfc().is_normalized(text)
}

/// The text of an element that can hold every script.
fn unicode(text: &Element<'_>) -> Option<String> {
    match text.tag {
        UTF8_STRING => Some(String::from_utf8_lossy(text.content).into_owned()),
        BMP_STRING => {
            let units: Vec<u16> =
                text.content.chunks_exact(2).map(|unit| u16::from_be_bytes([unit[0], unit[1]])).collect();
            Some(String::from_utf16_lossy(&units))
        }
        _ => None,
    }
}

/// The labels of host names that stand for others, without the mark in front.
fn foreign_labels<'a>(facts: &'a Facts<'_>) -> impl Iterator<Item = &'a str> {
    facts.dns_names().flat_map(|name| name.split('.')).filter_map(|label| label.strip_prefix("xn--"))
}

fn decoded(label: &str) -> Option<String> {
    idna::punycode::decode_to_string(label)
}

const SAN: &str = "2.5.29.17";
const POLICIES: &str = "2.5.29.32";
const STATEMENT: &str = "1.3.6.1.5.5.7.2.1";
const NOTICE: &str = "1.3.6.1.5.5.7.2.2";
const UTF8_STRING: u8 = 12;
const IA5_STRING: u8 = 22;
const BMP_STRING: u8 = 30;
const SEQUENCE: u8 = 0x30;

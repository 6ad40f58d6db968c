//! The rules on what the policies of a certificate say about how its subject was validated.

use super::rules;
use crate::lint::Rule;
use crate::lint::facts::Facts;

rules! {
    "e_cab_iv_requires_personal_name" since WEB_1_3_1, |f| f.has_policy(INDIVIDUAL) && !f.is_ca() =>
        |f| f.has_subject(ORGANIZATION) || f.has_subject(GIVEN_NAME) && f.has_subject(SURNAME);
    "e_cab_ov_requires_org" since WEB, |f| f.has_policy(ORGANIZATIONAL) && !f.is_ca() => |f| f.has_subject(ORGANIZATION);
    "e_cert_policy_iv_requires_country" since WEB_1_3_1, |f| f.has_policy(INDIVIDUAL) => |f| f.has_subject(COUNTRY);
    "e_cert_policy_iv_requires_province_or_locality" since WEB_1_3_1, |f| f.has_policy(INDIVIDUAL) && f.is_sub_cert() =>
        has_place;
    "e_cert_policy_ov_requires_country" since WEB, |f| f.has_policy(ORGANIZATIONAL) => |f| f.has_subject(COUNTRY);
    "e_cert_policy_ov_requires_province_or_locality" since WEB, |f| f.has_policy(ORGANIZATIONAL) && f.is_sub_cert() =>
        has_place;
    "e_ev_business_category_missing" since WEB_EVER, is_extended => |f| f.has_subject(BUSINESS_CATEGORY);
    "e_ev_country_name_missing" since WEB_EVER, is_extended => |f| f.has_subject(COUNTRY);
    "e_ev_organization_name_missing" since WEB_EVER, is_extended => |f| f.has_subject(ORGANIZATION);
    "e_ev_serial_number_missing" since WEB_EVER, is_extended => |f| f.has_subject(SERIAL_NUMBER);
    "e_ev_valid_time_too_long" since WEB_EVER, is_extended =>
        |f| f.certificate.validity().as_secs() <= 825 * 86_400;
    "e_sub_cert_country_name_must_appear" since WEB_PEOPLE, |f| f.is_sub_cert() =>
        |f| !names_somebody(f) || f.has_subject(COUNTRY);
    "e_sub_cert_locality_name_must_appear" since WEB_PEOPLE, |f| f.is_sub_cert() => |f| !names_somebody(f) || has_place(f);
    "e_sub_cert_province_must_appear" since WEB_PEOPLE, |f| f.is_sub_cert() => |f| !names_somebody(f) || has_place(f);
    "e_sub_cert_locality_name_must_not_appear" since WEB_PEOPLE, |f| f.is_sub_cert() =>
        |f| names_somebody(f) || !f.has_subject(LOCALITY);
    "e_sub_cert_postal_code_must_not_appear" since WEB_PEOPLE, |f| f.is_sub_cert() =>
        |f| names_somebody(f) || !f.has_subject(POSTAL_CODE);
    "e_sub_cert_province_must_not_appear" since WEB_PEOPLE, |f| f.is_sub_cert() =>
        |f| names_somebody(f) || !f.has_subject(PROVINCE);
    "e_sub_cert_street_address_should_not_exist" since WEB_PEOPLE, |f| f.is_sub_cert() =>
        |f| names_somebody(f) || !f.has_subject(STREET);
    "e_sub_cert_given_name_surname_contains_correct_policy" since WEB_PEOPLE,
        |f| f.is_sub_cert() && (f.has_subject(GIVEN_NAME) || f.has_subject(SURNAME)) => |f| f.has_policy(INDIVIDUAL);
}

/// Where somebody is, more closely than the country.
fn has_place(facts: &Facts<'_>) -> bool {
    facts.has_subject(LOCALITY) || facts.has_subject(PROVINCE)
}

/// Whether the subject is an organization or a person, and not a host alone.
fn names_somebody(facts: &Facts<'_>) -> bool {
    [ORGANIZATION, GIVEN_NAME, SURNAME].iter().any(|oid| facts.has_subject(oid))
}

/// The CA/Browser Forum's own identifier alone: those of single CAs come and go.
fn is_extended(facts: &Facts<'_>) -> bool {
    facts.has_policy("2.23.140.1.1")
}

const ORGANIZATIONAL: &str = "2.23.140.1.2.2";
const INDIVIDUAL: &str = "2.23.140.1.2.3";
const SURNAME: &str = "2.5.4.4";
const SERIAL_NUMBER: &str = "2.5.4.5";
const COUNTRY: &str = "2.5.4.6";
const LOCALITY: &str = "2.5.4.7";
const PROVINCE: &str = "2.5.4.8";
const STREET: &str = "2.5.4.9";
const ORGANIZATION: &str = "2.5.4.10";
const BUSINESS_CATEGORY: &str = "2.5.4.15";
const POSTAL_CODE: &str = "2.5.4.17";
const GIVEN_NAME: &str = "2.5.4.42";

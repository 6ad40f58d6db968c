//! The rules, in groups, and the names of those that are not looked at.

mod extensions;
mod fields;
mod names;
mod servers;
mod texts;
mod validation;

use super::{Rule, Since};

/// Every rule that is looked at.
pub(super) fn all() -> impl Iterator<Item = &'static Rule> {
    let groups = [extensions::RULES, fields::RULES, names::RULES, servers::RULES, texts::RULES, validation::RULES];
    groups.into_iter().flatten()
}

/// Rules that need lists of domains which change from week to week, so that no program knows them for long; one a line.
pub(super) const NOT_LOOKED_AT: &str = include_str!("rules/not_looked_at.txt");

/// Rules as a table: name, since when, of which certificates, and what has to hold.
macro_rules! rules {
    ($($name:literal since $since:ident, $applies:expr => $holds:expr;)*) => {
        pub(super) static RULES: &[Rule] = &[$(Rule {
            name: $name,
            since: crate::lint::rules::$since,
            applies: $applies,
            holds: $holds,
        }),*];
    };
}
pub(super) use rules;

const fn since(days_since_1970: u64, web: bool) -> Since {
    Since { seconds: days_since_1970 * 86_400, web }
}

/// Always.
const EVER: Since = since(0, false);
/// 2002-04-30.
const RFC3280: Since = since(11_807, false);
/// 2008-05-01.
const RFC5280: Since = since(14_000, false);
/// 2012-07-01: the first Baseline Requirements of the CA/Browser Forum.
const WEB: Since = since(15_522, true);
/// 2013-02-01: the Baseline Requirements 1.1.3 come into force.
const WEB_1_1_3: Since = since(15_737, true);
/// 2016-01-01: no SHA-1 from now on.
const WEB_NO_SHA1: Since = since(16_801, true);
/// 2015-01-16: what is signed with SHA-1 ends with 2016.
const WEB_SHA1_ENDS: Since = since(16_451, true);
/// 2015-04-16: the Baseline Requirements 1.3.0.
const WEB_1_3_0: Since = since(16_541, true);
/// After 2016-07-01: 39 months at most.
const WEB_39_MONTHS: Since = since(16_984, true);
/// 2018-03-01: 825 days at most.
const WEB_825_DAYS: Since = since(17_591, true);
/// 2016-09-30: 64 random bits in serial numbers.
const WEB_64_BITS: Since = since(17_074, true);
/// Of certificates of web servers, always.
const WEB_EVER: Since = since(0, true);
/// 2003-03-01: RFC 3490.
const RFC3490: Since = since(12_112, false);
/// 2013-01-01: RFC 6818.
const RFC6818: Since = since(15_706, false);
/// 2018-05-01: RFC 8399.
const RFC8399: Since = since(17_652, false);
/// 2013-07-29: the Baseline Requirements 1.1.6.
const WEB_1_1_6: Since = since(15_915, true);
/// 2015-09-28: the Baseline Requirements 1.3.1.
const WEB_1_3_1: Since = since(16_706, true);
/// 2016-09-07: people's names in subjects.
const WEB_PEOPLE: Since = since(17_051, true);
/// 2017-06-08: CAs have a common name.
const WEB_CA_NAMES: Since = since(17_325, true);

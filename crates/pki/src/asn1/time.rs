//! `UTCTime` and `GeneralizedTime` as RFC 5280 §4.1.2.5 restricts them: UTC, whole seconds.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Element, NotDer, Writer, tag};

/// Read a time in either of its two forms.
pub(crate) fn read_time(element: &Element<'_>) -> Result<SystemTime, NotDer> {
    let (year, rest) = match (element.tag, element.content.len()) {
        (tag::UTC_TIME, 13) => {
            let (year, rest) = element.content.split_at(2);
            let year = digits(year)?;
            // RFC 5280 §4.1.2.5.1: 50 to 99 are in the twentieth century.
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        (tag::GENERALIZED_TIME, 15) => {
            let (year, rest) = element.content.split_at(4);
            (digits(year)?, rest)
        }
        _ => return Err(NotDer),
    };
    let mut fields = [0; 5];
    for (field, text) in fields.iter_mut().zip(rest[..10].chunks_exact(2)) {
        *field = digits(text)?;
    }
    if rest[10] != b'Z' {
        return Err(NotDer);
    }
    instant(year, fields)
}

/// A time of RFC 3339, in whole seconds; nothing when it is none.
pub(crate) fn read_rfc3339(text: &str) -> Option<SystemTime> {
    let (date, rest) = text.as_bytes().split_at_checked(19)?;
    let year = digits(&date[..4]).ok()?;
    let separators = [date[4], date[7], date[10], date[13], date[16]];
    if separators != *b"--T::" && separators != *b"--t::" {
        return None;
    }
    let mut fields = [0; 5];
    for (field, start) in fields.iter_mut().zip([5, 8, 11, 14, 17]) {
        *field = digits(&date[start..start + 2]).ok()?;
    }
    let local = instant(year, fields).ok()?;
    let rest = match rest.strip_prefix(b".") {
        Some(fraction) => {
            let count = fraction.iter().take_while(|octet| octet.is_ascii_digit()).count();
            fraction.get(count..).filter(|_| count > 0)?
        }
        None => rest,
    };
    match rest {
        b"Z" | b"z" => Some(local),
        [sign @ (b'+' | b'-'), hours @ .., b':', first, second] if hours.len() == 2 => {
            let (hours, minutes) = (digits(hours).ok()?, digits(&[*first, *second]).ok()?);
            let offset = Duration::from_secs((hours * 3600 + minutes * 60).unsigned_abs());
            let is_offset = hours < 24 && minutes < 60;
            let utc = if *sign == b'+' { local.checked_sub(offset) } else { local.checked_add(offset) };
            utc.filter(|_| is_offset)
        }
        _ => None,
    }
}

/// The instant that a date and a time of day mean.
fn instant(year: i64, [month, day, hour, minute, second]: [i64; 5]) -> Result<SystemTime, NotDer> {
    let in_range = (1..=12).contains(&month)
        && day >= 1
        && day <= days_in_month(year, month)
        && hour < 24
        && minute < 60
        && second < 60;
    if !in_range {
        return Err(NotDer);
    }
    let seconds = days_since_epoch(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    let distance = Duration::from_secs(seconds.unsigned_abs());
    let time = if seconds < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) };
    time.ok_or(NotDer)
}

/// Write a time: `UTCTime` from 1950 to 2049, else `GeneralizedTime` (RFC 5280 §4.1.2.5). Parts of a second are cut
/// off; what lies beyond the year 9999 becomes its last second, which stands for "never" there.
pub(crate) fn write_time(out: &mut Writer, time: SystemTime) {
    let (year, text) = to_text(time);
    if (1950..2050).contains(&year) {
        out.element(tag::UTC_TIME, &text[2..]);
    } else {
        out.element(tag::GENERALIZED_TIME, &text);
    }
}

/// Write a time as `GeneralizedTime` whatever the year, as OCSP and the entries of CRLs have it.
pub(crate) fn write_generalized_time(out: &mut Writer, time: SystemTime) {
    out.element(tag::GENERALIZED_TIME, &to_text(time).1);
}

/// The year, and the time as `GeneralizedTime` writes it.
fn to_text(time: SystemTime) -> (i64, [u8; 15]) {
    let seconds = match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(LAST),
        Err(before) => {
            let before = before.duration();
            let whole = i64::try_from(before.as_secs()).unwrap_or(-FIRST);
            -whole - i64::from(before.subsec_nanos() > 0)
        }
    };
    let seconds = seconds.clamp(FIRST, LAST);
    let (year, month, day) = civil(seconds.div_euclid(86_400));
    let of_day = seconds.rem_euclid(86_400);
    let mut text = [0; 15];
    let fields = [year / 100, year % 100, month, day, of_day / 3600, of_day / 60 % 60, of_day % 60];
    for (pair, field) in text.chunks_exact_mut(2).zip(fields) {
        pair[0] = b'0' + u8::try_from(field / 10).expect("a field has two digits");
        pair[1] = b'0' + u8::try_from(field % 10).expect("a field has two digits");
    }
    text[14] = b'Z';
    (year, text)
}

fn digits(text: &[u8]) -> Result<i64, NotDer> {
    text.iter().try_fold(0, |number, octet| match octet {
        b'0'..=b'9' => Ok(number * 10 + i64::from(octet - b'0')),
        _ => Err(NotDer),
    })
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar.
///
/// Years are counted from March, so that the leap day is the last of its year.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + day_of_year - EPOCH_FROM_YEAR_ZERO
}

/// The date that many days after 1970-01-01.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + EPOCH_FROM_YEAR_ZERO;
    let era = days.div_euclid(DAYS_IN_400_YEARS);
    let of_era = days.rem_euclid(DAYS_IN_400_YEARS);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = (from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

/// Days from 0000-03-01 to 1970-01-01.
const EPOCH_FROM_YEAR_ZERO: i64 = 719_468;
const DAYS_IN_400_YEARS: i64 = 146_097;
/// 0000-01-01T00:00:00Z.
const FIRST: i64 = -62_167_219_200;
/// 9999-12-31T23:59:59Z.
const LAST: i64 = 253_402_300_799;

//! Moments, with Go's layouts.

use std::fmt::Write as _;

use crate::error::Failure;

/// A moment in a zone: Go's `time.Time`, from the year 0 to the year 9999.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Time {
    /// Seconds since 1970.
    seconds: i64,
    nanoseconds: u32,
    zone: Zone,
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Zone {
    /// Seconds east of UTC.
    offset: i32,
    name: String,
}

/// A moment taken apart.
struct Civil {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    /// From Sunday.
    weekday: i64,
    /// From one.
    day_of_year: i64,
}

impl Time {
    /// The moment so many seconds after 1970, in UTC. Moments outside of the years 0 to 9999 are moved to the nearest
    /// one inside.
    pub fn unix(seconds: i64, nanoseconds: u32) -> Self {
        let zone = Zone { offset: 0, name: "UTC".to_owned() };
        Time { seconds: seconds.clamp(EARLIEST, LATEST), nanoseconds: nanoseconds.min(999_999_999), zone }
    }

    /// Seconds since 1970.
    pub fn unix_seconds(&self) -> i64 {
        self.seconds
    }

    /// The nanoseconds of the second.
    pub fn nanoseconds(&self) -> u32 {
        self.nanoseconds
    }

    pub(crate) fn checked_unix(seconds: i64, nanoseconds: u32) -> Result<Self, Failure> {
        if (EARLIEST..=LATEST).contains(&seconds) {
            Ok(Time::unix(seconds, nanoseconds))
        } else {
            Err("the time is outside of the years 0 to 9999".into())
        }
    }

    /// Whether it is the first moment of the year 1: Go's zero.
    pub(crate) fn is_zero(&self) -> bool {
        self.seconds == ZERO && self.nanoseconds == 0
    }

    pub(crate) fn to_utc(&self) -> Self {
        Time::unix(self.seconds, self.nanoseconds)
    }

    pub(crate) fn total_nanoseconds(&self) -> i128 {
        i128::from(self.seconds) * 1_000_000_000 + i128::from(self.nanoseconds)
    }

    /// Moved by a duration in nanoseconds.
    pub(crate) fn add(&self, nanoseconds: i64) -> Result<Self, Failure> {
        let total = self.total_nanoseconds() + i128::from(nanoseconds);
        let seconds = i64::try_from(total.div_euclid(1_000_000_000)).map_err(|_| "the time is out of range")?;
        let rest = u32::try_from(total.rem_euclid(1_000_000_000)).map_err(|_| "the time is out of range")?;
        Ok(Time { zone: self.zone.clone(), ..Time::checked_unix(seconds, rest)? })
    }

    /// Moved by years, months and days of the calendar.
    pub(crate) fn add_date(&self, years: i64, months: i64, days: i64) -> Result<Self, Failure> {
        let out = || Failure::from("the time is out of range");
        let civil = self.civil();
        let small = |value: i64| (value.abs() < 10_000_000).then_some(value).ok_or_else(out);
        let month = civil.month - 1 + small(months)?;
        let year = civil.year + small(years)? + month.div_euclid(12);
        let days = days_from_civil(year, month.rem_euclid(12) + 1, 1) + civil.day - 1 + small(days)?;
        let seconds = days * DAY + civil.hour * 3600 + civil.minute * 60 + civil.second - i64::from(self.zone.offset);
        Ok(Time { zone: self.zone.clone(), ..Time::checked_unix(seconds, self.nanoseconds)? })
    }

    fn civil(&self) -> Civil {
        let local = self.seconds + i64::from(self.zone.offset);
        let days = local.div_euclid(DAY);
        let rest = local.rem_euclid(DAY);
        let (year, month, day) = civil_from_days(days);
        let weekday = (days + 4).rem_euclid(7);
        let day_of_year = days - days_from_civil(year, 1, 1) + 1;
        Civil { year, month, day, hour: rest / 3600, minute: rest / 60 % 60, second: rest % 60, weekday, day_of_year }
    }

    /// A part of the moment by the name of Go's method.
    pub(crate) fn part(&self, method: &str) -> Option<i64> {
        let civil = self.civil();
        Some(match method {
            "Year" => civil.year,
            "Day" => civil.day,
            "Hour" => civil.hour,
            "Minute" => civil.minute,
            "Second" => civil.second,
            "Nanosecond" => i64::from(self.nanoseconds),
            "YearDay" => civil.day_of_year,
            _ => return None,
        })
    }

    /// What Go prints for a moment.
    pub(crate) fn text(&self) -> String {
        self.format("2006-01-02 15:04:05.999999999 -0700 MST")
    }

    /// Written by a layout, which is the moment `Mon Jan 2 15:04:05 2006 -0700` written in the way that is wanted.
    pub fn format(&self, layout: &str) -> String {
        let civil = self.civil();
        let mut text = String::new();
        let mut rest = layout;
        while let Some((before, element, after)) = next_element(rest) {
            text.push_str(before);
            self.write_element(&mut text, &civil, element);
            rest = after;
        }
        text.push_str(rest);
        text
    }

    fn write_element(&self, text: &mut String, civil: &Civil, element: Element) {
        let twelve = match civil.hour % 12 {
            0 => 12,
            hour => hour,
        };
        let written = match element {
            Element::Year => write!(text, "{:04}", civil.year),
            Element::ShortYear => write!(text, "{:02}", civil.year.rem_euclid(100)),
            Element::LongMonth => write!(text, "{}", MONTHS[index(civil.month - 1)]),
            Element::ShortMonth => write!(text, "{}", &MONTHS[index(civil.month - 1)][..3]),
            Element::Month => write!(text, "{}", civil.month),
            Element::ZeroMonth => write!(text, "{:02}", civil.month),
            Element::LongWeekday => write!(text, "{}", WEEKDAYS[index(civil.weekday)]),
            Element::ShortWeekday => write!(text, "{}", &WEEKDAYS[index(civil.weekday)][..3]),
            Element::Day => write!(text, "{}", civil.day),
            Element::SpaceDay => write!(text, "{:2}", civil.day),
            Element::ZeroDay => write!(text, "{:02}", civil.day),
            Element::SpaceDayOfYear => write!(text, "{:3}", civil.day_of_year),
            Element::ZeroDayOfYear => write!(text, "{:03}", civil.day_of_year),
            Element::Hour => write!(text, "{:02}", civil.hour),
            Element::Hour12 => write!(text, "{twelve}"),
            Element::ZeroHour12 => write!(text, "{twelve:02}"),
            Element::Minute => write!(text, "{}", civil.minute),
            Element::ZeroMinute => write!(text, "{:02}", civil.minute),
            Element::Second => write!(text, "{}", civil.second),
            Element::ZeroSecond => write!(text, "{:02}", civil.second),
            Element::UpperHalf => write!(text, "{}", if civil.hour < 12 { "AM" } else { "PM" }),
            Element::LowerHalf => write!(text, "{}", if civil.hour < 12 { "am" } else { "pm" }),
            Element::ZoneName => write!(text, "{}", self.zone_name()),
            Element::Offset { z: true, .. } if self.zone.offset == 0 => write!(text, "Z"),
            Element::Offset { colons, seconds, hours_only, .. } => {
                write_offset(text, self.zone.offset, colons, seconds, hours_only);
                Ok(())
            }
            Element::Fraction { digits, trims, separator } => {
                let all = format!("{:09}", self.nanoseconds);
                let mut shown = &all[..digits.min(9)];
                if trims {
                    shown = shown.trim_end_matches('0');
                }
                if shown.is_empty() { Ok(()) } else { write!(text, "{separator}{shown}") }
            }
        };
        written.expect("a string takes everything");
    }

    fn zone_name(&self) -> String {
        if !self.zone.name.is_empty() {
            return self.zone.name.clone();
        }
        let mut name = String::new();
        write_offset(&mut name, self.zone.offset, false, false, false);
        name
    }

    /// Read by a layout. The text has to be all of it; where no zone is written, it is UTC.
    pub fn parse(layout: &str, text: &str) -> Result<Self, String> {
        Reading::default().read(layout, text).map_err(|part| {
            format!("parsing time {text:?} as {layout:?}: cannot parse {part}; write it as the layout has it")
        })
    }
}

fn write_offset(text: &mut String, offset: i32, colons: bool, seconds: bool, hours_only: bool) {
    let colon = if colons { ":" } else { "" };
    let sign = if offset < 0 { '-' } else { '+' };
    let offset = offset.abs();
    let written = match (hours_only, seconds) {
        (true, _) => write!(text, "{sign}{:02}", offset / 3600),
        (_, false) => write!(text, "{sign}{:02}{colon}{:02}", offset / 3600, offset / 60 % 60),
        (_, true) => write!(text, "{sign}{:02}{colon}{:02}{colon}{:02}", offset / 3600, offset / 60 % 60, offset % 60),
    };
    written.expect("a string takes everything");
}

/// A number that the calendar keeps small and positive.
fn index(value: i64) -> usize {
    usize::try_from(value).expect("months and days of the week are small positive numbers")
}

/// A part of a layout.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Element {
    Day,
    Fraction { digits: usize, trims: bool, separator: char },
    Hour,
    Hour12,
    LongMonth,
    LongWeekday,
    LowerHalf,
    Minute,
    Month,
    Offset { z: bool, colons: bool, seconds: bool, hours_only: bool },
    Second,
    ShortMonth,
    ShortWeekday,
    ShortYear,
    SpaceDay,
    SpaceDayOfYear,
    UpperHalf,
    Year,
    ZeroDay,
    ZeroDayOfYear,
    ZeroHour12,
    ZeroMinute,
    ZeroMonth,
    ZeroSecond,
    ZoneName,
}

/// The elements by how they are written, longer ones before their beginnings.
const ELEMENTS: [(&str, Element); 34] = [
    ("January", Element::LongMonth),
    ("Jan", Element::ShortMonth),
    ("Monday", Element::LongWeekday),
    ("Mon", Element::ShortWeekday),
    ("MST", Element::ZoneName),
    ("002", Element::ZeroDayOfYear),
    ("01", Element::ZeroMonth),
    ("02", Element::ZeroDay),
    ("03", Element::ZeroHour12),
    ("04", Element::ZeroMinute),
    ("05", Element::ZeroSecond),
    ("06", Element::ShortYear),
    ("15", Element::Hour),
    ("1", Element::Month),
    ("2006", Element::Year),
    ("2", Element::Day),
    ("__2", Element::SpaceDayOfYear),
    ("_2006", Element::Year),
    ("_2", Element::SpaceDay),
    ("3", Element::Hour12),
    ("4", Element::Minute),
    ("5", Element::Second),
    ("PM", Element::UpperHalf),
    ("pm", Element::LowerHalf),
    ("-070000", Element::Offset { z: false, colons: false, seconds: true, hours_only: false }),
    ("-07:00:00", Element::Offset { z: false, colons: true, seconds: true, hours_only: false }),
    ("-0700", Element::Offset { z: false, colons: false, seconds: false, hours_only: false }),
    ("-07:00", Element::Offset { z: false, colons: true, seconds: false, hours_only: false }),
    ("-07", Element::Offset { z: false, colons: false, seconds: false, hours_only: true }),
    ("Z070000", Element::Offset { z: true, colons: false, seconds: true, hours_only: false }),
    ("Z07:00:00", Element::Offset { z: true, colons: true, seconds: true, hours_only: false }),
    ("Z0700", Element::Offset { z: true, colons: false, seconds: false, hours_only: false }),
    ("Z07:00", Element::Offset { z: true, colons: true, seconds: false, hours_only: false }),
    ("Z07", Element::Offset { z: true, colons: false, seconds: false, hours_only: true }),
];

/// The text before the next element of a layout, the element, and what follows it.
fn next_element(layout: &str) -> Option<(&str, Element, &str)> {
    for (at, _) in layout.char_indices() {
        let here = &layout[at..];
        for (written, element) in ELEMENTS {
            let Some(after) = here.strip_prefix(written) else { continue };
            let goes_on_as_word = matches!(element, Element::ShortMonth | Element::ShortWeekday)
                && after.starts_with(|next: char| next.is_ascii_lowercase());
            if goes_on_as_word {
                continue;
            }
            if written == "_2006" {
                return Some((&layout[..=at], element, after));
            }
            return Some((&layout[..at], element, after));
        }
        let Some(separator) = here.chars().next().filter(|sign| matches!(sign, '.' | ',')) else { continue };
        let behind = &here[1..];
        let Some(digit) = behind.chars().next().filter(|digit| matches!(digit, '0' | '9')) else { continue };
        let digits = behind.len() - behind.trim_start_matches(digit).len();
        let after = &behind[digits..];
        if !after.starts_with(|next: char| next.is_ascii_digit()) {
            let element = Element::Fraction { digits, trims: digit == '9', separator };
            return Some((&layout[..at], element, after));
        }
    }
    None
}

/// What was read so far.
#[derive(Default)]
struct Reading {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanoseconds: u32,
    afternoon: Option<bool>,
    offset: Option<i32>,
    zone_name: Option<String>,
}

impl Reading {
    /// Read all of the text; what cannot be read is shown in the error.
    fn read(mut self, layout: &str, text: &str) -> Result<Time, String> {
        let shown = |rest: &str| format!("{rest:?}");
        let (mut layout, mut rest) = (layout, text);
        loop {
            let Some((before, element, after)) = next_element(layout) else {
                let left = skip(rest, layout).ok_or_else(|| shown(rest))?;
                if !left.is_empty() {
                    return Err(format!("extra text {left:?}"));
                }
                return self.finish().ok_or_else(|| "a date that there is in the calendar".to_owned());
            };
            rest = skip(rest, before).ok_or_else(|| shown(rest))?;
            rest = self.element(element, rest, after).ok_or_else(|| shown(rest))?;
            layout = after;
        }
    }

    fn element<'t>(&mut self, element: Element, text: &'t str, layout: &str) -> Option<&'t str> {
        let rest;
        match element {
            Element::Year => {
                let digits = text.get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
                self.year = digits.parse().ok()?;
                rest = &text[4..];
            }
            Element::ShortYear => {
                let (year, after) = two_digits(text, true)?;
                self.year = if year >= 69 { 1900 + year } else { 2000 + year };
                rest = after;
            }
            Element::LongMonth | Element::ShortMonth => {
                let (month, after) = name(text, &MONTHS, element == Element::LongMonth)?;
                self.month = Some(month + 1);
                rest = after;
            }
            Element::LongWeekday | Element::ShortWeekday => {
                (_, rest) = name(text, &WEEKDAYS, element == Element::LongWeekday)?;
            }
            Element::Month | Element::ZeroMonth => {
                let (month, after) = two_digits(text, element == Element::ZeroMonth)?;
                self.month = Some(month).filter(|month| (1..=12).contains(month));
                self.month?;
                rest = after;
            }
            Element::Day | Element::SpaceDay | Element::ZeroDay => {
                let text = if element == Element::SpaceDay { text.strip_prefix(' ').unwrap_or(text) } else { text };
                let (day, after) = two_digits(text, element == Element::ZeroDay)?;
                self.day = Some(day);
                rest = after;
            }
            Element::SpaceDayOfYear | Element::ZeroDayOfYear => {
                let digits = text.get(..3)?.trim_start_matches(' ');
                self.day_of_year = Some(digits.parse().ok()?);
                rest = &text[3..];
            }
            Element::Hour => (self.hour, rest) = two_digits(text, false).filter(|(hour, _)| *hour < 24)?,
            Element::Hour12 | Element::ZeroHour12 => {
                let fixed = element == Element::ZeroHour12;
                (self.hour, rest) = two_digits(text, fixed).filter(|(hour, _)| *hour <= 12)?;
            }
            Element::Minute | Element::ZeroMinute => {
                let fixed = element == Element::ZeroMinute;
                (self.minute, rest) = two_digits(text, fixed).filter(|(minute, _)| *minute < 60)?;
            }
            Element::Second | Element::ZeroSecond => {
                let (second, after) = two_digits(text, element == Element::ZeroSecond)?;
                self.second = Some(second).filter(|second| *second < 60)?;
                // A fraction may follow a second even if the layout has none.
                let layout_has_fraction = matches!(next_element(layout), Some(("", Element::Fraction { .. }, _)));
                rest = if layout_has_fraction { after } else { self.fraction(after, None)? };
            }
            Element::UpperHalf | Element::LowerHalf => {
                let (morning, evening) = if element == Element::UpperHalf { ("AM", "PM") } else { ("am", "pm") };
                let after = text.strip_prefix(morning).map(|after| (false, after));
                let (afternoon, after) = after.or_else(|| text.strip_prefix(evening).map(|after| (true, after)))?;
                self.afternoon = Some(afternoon);
                rest = after;
            }
            Element::Fraction { digits, trims, .. } => {
                rest = self.fraction(text, (!trims).then_some(digits))?;
            }
            Element::Offset { z: true, .. } if text.starts_with('Z') => {
                self.offset = Some(0);
                rest = &text[1..];
            }
            Element::Offset { colons, seconds, hours_only, .. } => {
                (self.offset, rest) = offset(text, colons, seconds, hours_only).map(|(o, r)| (Some(o), r))?;
            }
            Element::ZoneName => {
                // Only the names that every machine takes for the same: what others mean depends on where it is.
                let name = ["UTC", "GMT"].into_iter().find(|name| text.starts_with(name))?;
                self.zone_name = Some(name.to_owned());
                rest = &text[name.len()..];
                if rest.starts_with(|next: char| next.is_ascii_alphanumeric() || matches!(next, '+' | '-')) {
                    return None;
                }
            }
        }
        Some(rest)
    }

    /// A fraction of a second with so many digits, or with as many as there are, also none.
    fn fraction<'t>(&mut self, text: &'t str, wanted: Option<usize>) -> Option<&'t str> {
        let digits = match text.strip_prefix(['.', ',']) {
            Some(after) => &after[..after.len() - after.trim_start_matches(|next: char| next.is_ascii_digit()).len()],
            None => "",
        };
        match wanted {
            Some(wanted) if digits.len() != wanted => return None,
            _ if digits.is_empty() => return Some(text),
            _ => {}
        }
        let nine: String = digits.chars().chain("000000000".chars()).take(9).collect();
        self.nanoseconds = nine.parse().ok()?;
        Some(&text[1 + digits.len()..])
    }

    fn finish(self) -> Option<Time> {
        let mut hour = self.hour;
        match self.afternoon {
            Some(true) if hour < 12 => hour += 12,
            Some(false) if hour == 12 => hour = 0,
            _ => {}
        }
        let leap = days_from_civil(self.year + 1, 1, 1) - days_from_civil(self.year, 1, 1) == 366;
        let days = match self.day_of_year {
            Some(day) => {
                if !(1..=if leap { 366 } else { 365 }).contains(&day) {
                    return None;
                }
                let days = days_from_civil(self.year, 1, 1) + day - 1;
                let (_, month, of_month) = civil_from_days(days);
                if self.month.is_some_and(|wanted| wanted != month) || self.day.is_some_and(|wanted| wanted != of_month)
                {
                    return None;
                }
                days
            }
            None => {
                let (month, day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
                let next = if month == 12 { (self.year + 1, 1) } else { (self.year, month + 1) };
                let first = days_from_civil(self.year, month, 1);
                if !(1..=days_from_civil(next.0, next.1, 1) - first).contains(&day) {
                    return None;
                }
                first + day - 1
            }
        };
        let offset = self.offset.unwrap_or(0);
        let seconds = days * DAY + hour * 3600 + self.minute * 60 + self.second - i64::from(offset);
        let name = match self.zone_name {
            Some(name) => name,
            None if offset == 0 => "UTC".to_owned(),
            None => String::new(),
        };
        let time = Time::checked_unix(seconds, self.nanoseconds).ok()?;
        Some(Time { zone: Zone { offset, name }, ..time })
    }
}

/// Text that has to be there; a space in a layout stands for any number of them.
fn skip<'t>(text: &'t str, wanted: &str) -> Option<&'t str> {
    let mut text = text;
    let mut wanted = wanted;
    while let Some(next) = wanted.chars().next() {
        if next == ' ' {
            if !text.is_empty() && !text.starts_with(' ') {
                return None;
            }
            wanted = wanted.trim_start_matches(' ');
            text = text.trim_start_matches(' ');
            continue;
        }
        text = text.strip_prefix(next)?;
        wanted = &wanted[next.len_utf8()..];
    }
    Some(text)
}

fn two_digits(text: &str, fixed: bool) -> Option<(i64, &str)> {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).filter(|byte| byte.is_ascii_digit()).map(|byte| i64::from(byte - b'0'));
    let first = digit(0)?;
    match digit(1) {
        Some(second) => Some((first * 10 + second, &text[2..])),
        None if fixed => None,
        None => Some((first, &text[1..])),
    }
}

fn name<'t>(text: &'t str, names: &[&str], long: bool) -> Option<(i64, &'t str)> {
    names.iter().zip(0..).find_map(|(name, index)| {
        let name = if long { name } else { &name[..3] };
        let start = text.get(..name.len())?;
        start.eq_ignore_ascii_case(name).then(|| (index, &text[name.len()..]))
    })
}

fn offset(text: &str, colons: bool, seconds: bool, hours_only: bool) -> Option<(i32, &str)> {
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let mut rest = &text[1..];
    let parts = if hours_only { 1 } else { 2 + usize::from(seconds) };
    let mut total = 0;
    for part in 0..parts {
        if part > 0 && colons {
            rest = rest.strip_prefix(':')?;
        }
        let (value, after) = two_digits(rest, true)?;
        if value > if part == 0 { 24 } else { 60 } {
            return None;
        }
        total += i32::try_from(value).ok()? * [3600, 60, 1][part];
        rest = after;
    }
    Some((sign * total, rest))
}

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// Read a duration such as `1h30m` or `-1.5s`, in nanoseconds.
pub(crate) fn parse_duration(text: &str) -> Result<i64, String> {
    let invalid = || format!("time: invalid duration {text:?}");
    let (negative, mut rest) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let digits = |text: &str| text.len() - text.trim_start_matches(|next: char| next.is_ascii_digit()).len();
        let whole = digits(rest);
        let mut fraction = "";
        let whole_digits = &rest[..whole];
        rest = &rest[whole..];
        if let Some(after) = rest.strip_prefix('.') {
            fraction = &after[..digits(after)];
            rest = &after[fraction.len()..];
        }
        if whole == 0 && fraction.is_empty() || whole > 18 {
            return Err(invalid());
        }
        let unit_end = rest.find(|next: char| next == '.' || next.is_ascii_digit()).unwrap_or(rest.len());
        let unit: i128 = match &rest[..unit_end] {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "" => return Err(format!("time: missing unit in duration {text:?}")),
            unit => return Err(format!("time: unknown unit {unit:?} in duration {text:?}")),
        };
        rest = &rest[unit_end..];
        let value: i128 = if whole == 0 { 0 } else { whole_digits.parse().map_err(|_| invalid())? };
        total += value * unit;
        // More digits than this are below a nanosecond of an hour.
        let digits = &fraction[..fraction.len().min(15)];
        if !digits.is_empty() {
            let value: i128 = digits.parse().map_err(|_| invalid())?;
            total += value * unit / 10_i128.pow(u32::try_from(digits.len()).map_err(|_| invalid())?);
        }
    }
    i64::try_from(if negative { -total } else { total }).map_err(|_| invalid())
}

/// A duration as Go prints it.
pub(crate) fn duration_text(nanoseconds: i64) -> String {
    if nanoseconds == 0 {
        return "0s".to_owned();
    }
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let total = nanoseconds.unsigned_abs();
    let with_fraction = |value: u64, unit: u64| {
        let fraction = format!("{:0width$}", value % unit, width = unit.ilog10() as usize);
        let fraction = fraction.trim_end_matches('0');
        let whole = value / unit;
        if fraction.is_empty() || unit == 1 { whole.to_string() } else { format!("{whole}.{fraction}") }
    };
    if total < 1_000 {
        return format!("{sign}{total}ns");
    }
    if total < 1_000_000 {
        return format!("{sign}{}µs", with_fraction(total, 1_000));
    }
    if total < 1_000_000_000 {
        return format!("{sign}{}ms", with_fraction(total, 1_000_000));
    }
    let minutes = total / 60_000_000_000;
    let seconds = with_fraction(total % 60_000_000_000, 1_000_000_000);
    match (minutes / 60, minutes % 60) {
        (0, 0) => format!("{sign}{seconds}s"),
        (0, minutes) => format!("{sign}{minutes}m{seconds}s"),
        (hours, minutes) => format!("{sign}{hours}h{minutes}m{seconds}s"),
    }
}

const DAY: i64 = 86_400;
/// The beginning of the year 0.
const EARLIEST: i64 = -62_167_219_200;
/// The end of the year 9999.
const LATEST: i64 = 253_402_300_799;
/// The beginning of the year 1.
const ZERO: i64 = -62_135_596_800;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

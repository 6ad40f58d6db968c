//! Durations and instants as people write them.

#[cfg(test)]
mod tests;

use std::{
    fmt,
    str::FromStr,
    time::{Duration, SystemTime},
};

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// A duration in Go's grammar, such as `24h` or `1h30m`; it may be negative. Nanoseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GoDuration(i64);

/// Why a text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a duration: write numbers with units from ns, us, ms, s, m and h, such as \"24h\" or \"1h30m\"")]
pub struct ParseDurationError(String);

impl GoDuration {
    /// The length, unless it is negative.
    pub fn positive(self) -> Option<Duration> {
        u64::try_from(self.0).ok().map(Duration::from_nanos)
    }

    /// Nanoseconds.
    pub fn nanoseconds(self) -> i64 {
        self.0
    }

    /// Whether it is nothing.
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl From<Duration> for GoDuration {
    /// The longest that fits, some 292 years, for whatever is longer.
    fn from(duration: Duration) -> Self {
        Self(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX))
    }
}

impl FromStr for GoDuration {
    type Err = ParseDurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).map(Self).ok_or_else(|| ParseDurationError(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let number_len = rest.find(|character: char| !character.is_ascii_digit() && character != '.')?;
        let (number, tail) = rest.split_at(number_len);
        let unit_len =
            tail.find(|character: char| character.is_ascii_digit() || character == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_len);
        total = total.checked_add(amount(number, unit_nanoseconds(unit)?)?)?;
        rest = tail;
    }
    let total = if negative { -total } else { total };
    i64::try_from(total).ok()
}

fn amount(number: &str, unit: i128) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') || number.len() > 30 {
        return None;
    }
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut total = whole.checked_mul(unit)?;
    let mut place = unit;
    for digit in fraction.bytes() {
        place /= 10;
        total += i128::from(digit - b'0') * place;
    }
    Some(total)
}

fn unit_nanoseconds(unit: &str) -> Option<i128> {
    match unit {
        "ns" => Some(1),
        "us" | "µs" | "μs" => Some(1_000),
        "ms" => Some(1_000_000),
        "s" => Some(1_000_000_000),
        "m" => Some(60_000_000_000),
        "h" => Some(3_600_000_000_000),
        _ => None,
    }
}

/// Go's canonical form: `24h0m0s`, `1.5s`, `106.611µs`.
impl fmt::Display for GoDuration {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 0 {
            out.write_str("-")?;
        }
        let total = self.0.unsigned_abs();
        match total {
            0 => return out.write_str("0s"),
            1..1_000 => return write!(out, "{total}ns"),
            1_000..1_000_000 => return write!(out, "{}µs", decimal(total, 1_000)),
            1_000_000..1_000_000_000 => return write!(out, "{}ms", decimal(total, 1_000_000)),
            _ => {}
        }
        let (minutes, rest) = (total / 60_000_000_000, total % 60_000_000_000);
        if minutes >= 60 {
            write!(out, "{}h{}m", minutes / 60, minutes % 60)?;
        } else if minutes > 0 {
            write!(out, "{minutes}m")?;
        }
        write!(out, "{}s", decimal(rest, 1_000_000_000))
    }
}

/// `value / unit` with as many decimal places as it needs.
fn decimal(value: u64, unit: u64) -> String {
    let (whole, rest) = (value / unit, value % unit);
    if rest == 0 {
        return whole.to_string();
    }
    let width = unit.ilog10() as usize;
    let fraction = format!("{rest:0width$}");
    format!("{whole}.{}", fraction.trim_end_matches('0'))
}

/// An instant, or a distance from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeOrDuration {
    /// A distance, from whatever it is measured from.
    Duration(GoDuration),
    /// An instant.
    Time(SystemTime),
}

/// Why a text is neither an instant nor a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither an RFC 3339 time such as 2026-01-31T12:00:00Z nor a duration such as 24h")]
pub struct ParseTimeError(String);

impl TimeOrDuration {
    /// Read an RFC 3339 time or a duration; an empty text and a duration of nothing are no wish at all.
    ///
    /// # Errors
    /// When it is neither.
    pub fn parse(text: &str) -> Result<Option<Self>, ParseTimeError> {
        if text.is_empty() {
            return Ok(None);
        }
        if let Ok(duration) = text.parse::<GoDuration>() {
            return Ok((!duration.is_zero()).then_some(Self::Duration(duration)));
        }
        let time = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| ParseTimeError(text.to_owned()))?;
        Ok(Some(Self::Time(time.into())))
    }

    /// The instant it means, counted from `base`; nothing when that is out of range.
    pub fn resolve(&self, base: SystemTime) -> Option<SystemTime> {
        match self {
            Self::Duration(GoDuration(nanoseconds)) if *nanoseconds < 0 => {
                base.checked_sub(Duration::from_nanos(nanoseconds.unsigned_abs()))
            }
            Self::Duration(GoDuration(nanoseconds)) => {
                base.checked_add(Duration::from_nanos(nanoseconds.unsigned_abs()))
            }
            Self::Time(time) => Some(*time),
        }
    }
}

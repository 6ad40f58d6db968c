//! Moments. Local time is UTC; other zones are refused, since what they mean changes with the machine.

use super::{Function, Outcome, Type, function, int, text, time, variadic};
use crate::error::Failure;
use crate::render::Runtime;
use crate::run_value::Val;
use crate::time::{Time, duration_text, parse_duration};

pub(super) static FUNCTIONS: &[Function] = &[
    function("ago", &[Type::Any], |runtime, values| {
        let now = runtime.now()?;
        let then = moment(&values[0])?;
        Ok(Val::text(duration_text(rounded_to_seconds(now.total_nanoseconds() - then.total_nanoseconds())?)))
    }),
    function("date", &[Type::Text, Type::Any], |_, values| {
        Ok(Val::text(moment(&values[1])?.to_utc().format(text(values, 0))))
    }),
    function("dateInZone", &[Type::Text, Type::Any, Type::Text], date_in_zone),
    function("dateModify", &[Type::Text, Type::Time], |_, values| modify(values, false)),
    function("date_in_zone", &[Type::Text, Type::Any, Type::Text], date_in_zone),
    function("date_modify", &[Type::Text, Type::Time], |_, values| modify(values, false)),
    function("duration", &[Type::Any], duration),
    function("durationRound", &[Type::Any], duration_round),
    function("formatTime", &[Type::Any], |_, values| Ok(Val::text(any_moment(&values[0])?.format(RFC3339)))),
    function("htmlDate", &[Type::Any], |_, values| Ok(Val::text(moment(&values[0])?.to_utc().format("2006-01-02")))),
    function("htmlDateInZone", &[Type::Any, Type::Text], |_, values| {
        zone(text(values, 1))?;
        Ok(Val::text(moment(&values[0])?.to_utc().format("2006-01-02")))
    }),
    function("mustDateModify", &[Type::Text, Type::Time], |_, values| modify(values, true)),
    variadic("mustParseTime", &[], Type::Text, parse_time),
    function("mustToDate", &[Type::Text, Type::Text], |_, values| {
        Ok(Val::Time(Time::parse(text(values, 0), text(values, 1))?))
    }),
    function("must_date_modify", &[Type::Text, Type::Time], |_, values| modify(values, true)),
    function("now", &[], |runtime, _| Ok(Val::Time(runtime.now()?))),
    // A moment that cannot be read is the year 1 in Go; a certificate must not be dated by a slip.
    variadic("parseTime", &[], Type::Text, parse_time),
    function("toDate", &[Type::Text, Type::Text], |_, values| {
        Ok(Val::Time(Time::parse(text(values, 0), text(values, 1))?))
    }),
    function("toTime", &[Type::Any], |_, values| Ok(Val::Time(any_moment(&values[0])?))),
    function("toTimeLayout", &[Type::Text], |_, values| Ok(Val::text(layout(text(values, 0))))),
    function("unixEpoch", &[Type::Time], |_, values| Ok(Val::text(time(values, 0).unix_seconds().to_string()))),
];

/// What templates can call on a moment.
pub(super) static METHODS: &[Function] = &[
    function("AddDate", &[Type::Time, Type::Int, Type::Int, Type::Int], |_, values| {
        Ok(Val::Time(time(values, 0).add_date(int(values, 1), int(values, 2), int(values, 3))?))
    }),
    function("After", &[Type::Time, Type::Time], |_, values| {
        Ok(Val::Bool(time(values, 0).total_nanoseconds() > time(values, 1).total_nanoseconds()))
    }),
    function("Before", &[Type::Time, Type::Time], |_, values| {
        Ok(Val::Bool(time(values, 0).total_nanoseconds() < time(values, 1).total_nanoseconds()))
    }),
    function("Day", &[Type::Time], |_, values| part(values, "Day")),
    function("Equal", &[Type::Time, Type::Time], |_, values| {
        Ok(Val::Bool(time(values, 0).total_nanoseconds() == time(values, 1).total_nanoseconds()))
    }),
    function("Format", &[Type::Time, Type::Text], |_, values| Ok(Val::text(time(values, 0).format(text(values, 1))))),
    function("Hour", &[Type::Time], |_, values| part(values, "Hour")),
    function("IsZero", &[Type::Time], |_, values| Ok(Val::Bool(time(values, 0).is_zero()))),
    function("Minute", &[Type::Time], |_, values| part(values, "Minute")),
    function("Nanosecond", &[Type::Time], |_, values| part(values, "Nanosecond")),
    function("Second", &[Type::Time], |_, values| part(values, "Second")),
    function("String", &[Type::Time], |_, values| Ok(Val::text(time(values, 0).text()))),
    function("UTC", &[Type::Time], |_, values| Ok(Val::Time(time(values, 0).to_utc()))),
    function("Unix", &[Type::Time], |_, values| Ok(Val::Int64(time(values, 0).unix_seconds()))),
    function("UnixMilli", &[Type::Time], |_, values| unix(values, 1_000_000)),
    function("UnixNano", &[Type::Time], |_, values| unix(values, 1)),
    function("Year", &[Type::Time], |_, values| part(values, "Year")),
    function("YearDay", &[Type::Time], |_, values| part(values, "YearDay")),
];

fn part(values: &[Val], method: &str) -> Outcome {
    time(values, 0).part(method).map(Val::Int).ok_or_else(|| format!("a time has no {method}").into())
}

fn unix(values: &[Val], unit: i128) -> Outcome {
    let value = time(values, 0).total_nanoseconds().div_euclid(unit);
    i64::try_from(value).map(Val::Int64).map_err(|_| "the time does not fit into an int64".into())
}

/// What the date functions take for a moment: one, or whole seconds since 1970.
fn moment(value: &Val) -> Result<Time, Failure> {
    match value {
        Val::Time(time) => Ok(time.clone()),
        Val::Int(seconds) | Val::Int64(seconds) => Time::checked_unix(*seconds, 0),
        // sprig takes anything else for now. That would date certificates by a slip.
        value => {
            let name = value.type_in_words();
            Err(format!("a value of type {name} is no time; give one, or the seconds since 1970 as a whole number")
                .into())
        }
    }
}

/// The same of the functions for certificates, which also take seconds that came out of JSON.
fn any_moment(value: &Val) -> Result<Time, Failure> {
    match value {
        Val::Float(seconds) => Time::checked_unix(super::convert::whole(*seconds)?, 0),
        value => Ok(moment(value)?.to_utc()),
    }
}

fn zone(name: &str) -> Result<(), Failure> {
    if matches!(name, "" | "UTC" | "Local") {
        return Ok(());
    }
    Err(format!("the time zone {name:?} is not supported in templates; use UTC").into())
}

fn date_in_zone(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    zone(text(values, 2))?;
    Ok(Val::text(moment(&values[1])?.to_utc().format(text(values, 0))))
}

fn modify(values: &[Val], must: bool) -> Outcome {
    match parse_duration(text(values, 0)) {
        Ok(duration) => Ok(Val::Time(time(values, 1).add(duration)?)),
        Err(message) if must => Err(message.into()),
        Err(message) => Err(format!("{message}; write it like 24h or -90m").into()),
    }
}

fn rounded_to_seconds(nanoseconds: i128) -> Result<i64, Failure> {
    let half = if nanoseconds < 0 { -500_000_000 } else { 500_000_000 };
    let rounded = (nanoseconds + half) / 1_000_000_000 * 1_000_000_000;
    i64::try_from(rounded).map_err(|_| "the times are too far apart".into())
}

fn duration(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let seconds = match &values[0] {
        Val::Text(text) => crate::number::parse_int(text, 10).unwrap_or(0),
        Val::Int64(seconds) => *seconds,
        _ => 0,
    };
    let nanoseconds = seconds.checked_mul(1_000_000_000).ok_or("the duration is too long")?;
    Ok(Val::text(duration_text(nanoseconds)))
}

fn duration_round(runtime: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let nanoseconds = match &values[0] {
        Val::Text(text) => i128::from(parse_duration(text).unwrap_or(0)),
        Val::Int64(nanoseconds) => i128::from(*nanoseconds),
        Val::Time(then) => runtime.now()?.total_nanoseconds() - then.total_nanoseconds(),
        _ => 0,
    };
    let size = nanoseconds.unsigned_abs();
    let second: u128 = 1_000_000_000;
    let units = [
        (second * 3600 * 24 * 365, "y"),
        (second * 3600 * 24 * 30, "mo"),
        (second * 3600 * 24, "d"),
        (second * 3600, "h"),
        (second * 60, "m"),
        (second, "s"),
    ];
    let unit = units.iter().find(|(unit, _)| size > *unit);
    Ok(Val::text(unit.map_or("0s".to_owned(), |(unit, name)| format!("{}{name}", size / unit))))
}

fn parse_time(runtime: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let time = match values.len() {
        0 => runtime.now()?.to_utc(),
        1 => Time::parse(RFC3339, text(values, 0))?,
        2 => Time::parse(layout(text(values, 0)), text(values, 1))?,
        3 => {
            zone(text(values, 2))?;
            Time::parse(layout(text(values, 0)), text(values, 1))?
        }
        _ => return Err("unsupported number of parameters".into()),
    };
    Ok(Val::Time(time))
}

/// A layout by the name of Go's constant.
fn layout(name: &str) -> &str {
    let constant = name.strip_prefix("time.").unwrap_or(name).to_uppercase();
    LAYOUTS.iter().find(|(known, _)| *known == constant).map_or(name, |(_, layout)| layout)
}

const RFC3339: &str = "2006-01-02T15:04:05Z07:00";

const LAYOUTS: [(&str, &str); 19] = [
    ("LAYOUT", "01/02 03:04:05PM '06 -0700"),
    ("ANSIC", "Mon Jan _2 15:04:05 2006"),
    ("UNIXDATE", "Mon Jan _2 15:04:05 MST 2006"),
    ("RUBYDATE", "Mon Jan 02 15:04:05 -0700 2006"),
    ("RFC822", "02 Jan 06 15:04 MST"),
    ("RFC822Z", "02 Jan 06 15:04 -0700"),
    ("RFC850", "Monday, 02-Jan-06 15:04:05 MST"),
    ("RFC1123", "Mon, 02 Jan 2006 15:04:05 MST"),
    ("RFC1123Z", "Mon, 02 Jan 2006 15:04:05 -0700"),
    ("RFC3339", RFC3339),
    ("RFC3339NANO", "2006-01-02T15:04:05.999999999Z07:00"),
    ("KITCHEN", "3:04PM"),
    ("STAMP", "Jan _2 15:04:05"),
    ("STAMPMILLI", "Jan _2 15:04:05.000"),
    ("STAMPMICRO", "Jan _2 15:04:05.000000"),
    ("STAMPNANO", "Jan _2 15:04:05.000000000"),
    ("DATETIME", "2006-01-02 15:04:05"),
    ("DATEONLY", "2006-01-02"),
    ("TIMEONLY", "15:04:05"),
];

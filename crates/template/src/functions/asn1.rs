//! DER for extensions, as base64.

use base64::Engine as _;

use super::encoding::{BASE64, decode_base64};
use super::{Function, Outcome, Type, function, text, variadic};
use crate::error::Failure;
use crate::number::parse_int;
use crate::render::Runtime;
use crate::run_value::Val;
use crate::time::Time;

pub(super) static FUNCTIONS: &[Function] = &[
    function("asn1Enc", &[Type::Text], encode),
    variadic("asn1Marshal", &[Type::Any], Type::Text, marshal),
    variadic("asn1Seq", &[], Type::Text, |_, values| collect(0x30, values)),
    variadic("asn1Set", &[], Type::Text, |_, values| collect(0x31, values)),
];

/// Encoded elements one after the other in a SEQUENCE or SET.
fn collect(tag: u8, values: &[Val]) -> Outcome {
    let mut content = Vec::new();
    for at in 0..values.len() {
        content.extend(decode_base64(text(values, at))?);
    }
    Ok(Val::text(BASE64.encode(element(tag, &content))))
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut der = vec![tag];
    match u8::try_from(content.len()) {
        Ok(length) if length < 0x80 => der.push(length),
        _ => {
            let length = content.len().to_be_bytes();
            let skipped = length.iter().take_while(|byte| **byte == 0).count();
            der.push(0x80 | u8::try_from(length.len() - skipped).expect("at most eight bytes"));
            der.extend(&length[skipped..]);
        }
    }
    der.extend(content);
    der
}

/// How something is encoded, beside its value.
#[derive(Default)]
struct Parameters {
    tag: Option<u8>,
    explicit: bool,
    /// Application or private instead of context-specific.
    class: Option<u8>,
    omit_empty: bool,
    /// The kind of value, or of string or time.
    kind: Option<String>,
    is_set: bool,
}

impl Parameters {
    fn read(parts: &[&str]) -> Result<Self, Failure> {
        let mut parameters = Parameters::default();
        for part in parts {
            match *part {
                "" => {}
                "explicit" => {
                    parameters.explicit = true;
                    parameters.tag = parameters.tag.or(Some(0));
                }
                "application" => {
                    parameters.class = Some(0x40);
                    parameters.tag = parameters.tag.or(Some(0));
                }
                "private" => {
                    parameters.class = Some(0xc0);
                    parameters.tag = parameters.tag.or(Some(0));
                }
                "omitempty" => parameters.omit_empty = true,
                "set" => parameters.is_set = true,
                "optional" => return Err("the parameter optional is not supported".into()),
                part => match part.strip_prefix("tag:") {
                    Some(tag) => {
                        let tag = tag.parse().ok().filter(|tag| *tag < 31);
                        parameters.tag = Some(tag.ok_or("a tag must be a number from 0 to 30")?);
                    }
                    None if part.contains(':') => return Err(format!("the parameter {part:?} is not supported").into()),
                    None => parameters.kind = Some(part.to_owned()),
                },
            }
        }
        Ok(parameters)
    }

    /// The element with the tag that is asked for.
    fn finish(&self, tag: u8, content: &[u8]) -> Vec<u8> {
        let Some(number) = self.tag else { return element(tag, content) };
        let class = self.class.unwrap_or(0x80);
        if self.explicit {
            return element(class | 0x20 | number, &element(tag, content));
        }
        element(class | tag & 0x20 | number, content)
    }
}

/// `[type:]value`, where the type may have parameters joined by commas.
fn encode(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let source = text(values, 0);
    let (kind, value) = source.split_once(':').unwrap_or(("printable", source));
    // A tag has a colon of its own, so this never sees one, as in the reference.
    let parts: Vec<&str> = kind.split(',').collect();
    let parameters = Parameters::read(&parts)?;
    let kind = parameters.kind.clone().unwrap_or_default();
    let der = match kind.as_str() {
        "int" => parameters.finish(2, &integer(parse_int(value, 10).map_err(|_| "invalid int value")?)),
        "oid" => parameters.finish(6, &object_identifier(value)?),
        "raw" => decode_base64(value)?,
        "utf8" => parameters.finish(0x0c, value.as_bytes()),
        "ia5" => {
            let valid = value.is_ascii();
            parameters.finish(0x16, valid.then_some(value.as_bytes()).ok_or("invalid ia5 value")?)
        }
        "numeric" => {
            let valid = value.bytes().all(|byte| byte.is_ascii_digit() || byte == b' ');
            parameters.finish(0x12, valid.then_some(value.as_bytes()).ok_or("invalid numeric value")?)
        }
        "utc" | "generalized" => {
            let layouts = ["2006-01-02 15:04:05.999999999 -0700 MST", "2006-01-02T15:04:05Z07:00"];
            let time = layouts.iter().find_map(|layout| Time::parse(layout, value).ok());
            let time = time.ok_or_else(|| format!("invalid {kind} value"))?;
            let (tag, content) = moment(&time, kind == "generalized")?;
            parameters.finish(tag, content.as_bytes())
        }
        "bool" | "boolean" => {
            let value = match value {
                "1" | "t" | "T" | "TRUE" | "true" | "True" => 0xff,
                "0" | "f" | "F" | "FALSE" | "false" | "False" => 0,
                _ => return Err("invalid bool value".into()),
            };
            parameters.finish(1, &[value])
        }
        "printable" => parameters.finish(0x13, printable(value)?),
        kind => return Err(format!("asn1Enc has no type {kind:?}; printable, utf8, ia5, numeric, int, oid, utc, generalized, bool and raw are there").into()),
    };
    Ok(Val::text(BASE64.encode(der)))
}

fn printable(value: &str) -> Result<&[u8], Failure> {
    // With the asterisk, which X.680 does not have and names of hosts need.
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || b" '()+,-./:=?*".contains(&byte);
    if value.bytes().all(valid) { Ok(value.as_bytes()) } else { Err("invalid printable value".into()) }
}

fn integer(value: i64) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let sign = if value < 0 { 0xff } else { 0 };
    let redundant = bytes.windows(2).take_while(|pair| pair[0] == sign && (pair[1] ^ sign) & 0x80 == 0).count();
    bytes[redundant..].to_vec()
}

fn object_identifier(text: &str) -> Result<Vec<u8>, Failure> {
    let invalid = || Failure::from("invalid oid value");
    let arcs: Result<Vec<u64>, _> = text.split('.').map(str::parse::<u64>).collect();
    let arcs = arcs.map_err(|_| invalid())?;
    let [first, second, rest @ ..] = arcs.as_slice() else { return Err(invalid()) };
    let most = i32::MAX.unsigned_abs().into();
    if *first > 2 || (*first < 2 && *second >= 40) || arcs.iter().any(|arc| *arc > most) {
        return Err(invalid());
    }
    let mut bytes = Vec::new();
    for arc in std::iter::once(first * 40 + second).chain(rest.iter().copied()) {
        let groups = (64 - arc.leading_zeros()).div_ceil(7).max(1);
        for group in (0..groups).rev() {
            let digits = u8::try_from(arc >> (7 * group) & 0x7f).expect("seven bits");
            bytes.push(if group > 0 { digits | 0x80 } else { digits });
        }
    }
    Ok(bytes)
}

/// A moment as UTCTime, or as GeneralizedTime where that is asked for or the year needs it.
fn moment(time: &Time, generalized: bool) -> Result<(u8, String), Failure> {
    let year: u32 = time.format("2006").parse().map_err(|_| "the year is out of range")?;
    let zone = match time.format("-0700").as_str() {
        "+0000" => "Z".to_owned(),
        zone => zone.to_owned(),
    };
    if generalized || !(1950..2050).contains(&year) {
        return Ok((0x18, time.format("20060102150405") + &zone));
    }
    Ok((0x17, time.format("060102150405") + &zone))
}

/// A value of the template by its own type.
fn marshal(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let joined = (1..values.len()).map(|at| text(values, at)).collect::<Vec<_>>().join(",");
    let parameters = Parameters::read(&joined.split(',').collect::<Vec<_>>())?;
    let der = marshalled(&values[0], &parameters, 0)?;
    Ok(Val::text(BASE64.encode(der)))
}

fn marshalled(value: &Val, parameters: &Parameters, depth: usize) -> Result<Vec<u8>, Failure> {
    if depth > 20 {
        return Err("lists are nested too deep for asn1Marshal".into());
    }
    if parameters.omit_empty {
        return Err("the parameter omitempty is not supported".into());
    }
    let kind = parameters.kind.as_deref();
    if kind.is_some() && !matches!(value, Val::Text(_) | Val::Time(_)) {
        return Err(format!("the parameter {:?} is for strings and times", kind.unwrap_or_default()).into());
    }
    match value {
        Val::Bool(value) => Ok(parameters.finish(1, &[if *value { 0xff } else { 0 }])),
        Val::Int(value) | Val::Int64(value) => Ok(parameters.finish(2, &integer(*value))),
        Val::Bytes(bytes) => Ok(parameters.finish(4, bytes)),
        Val::Text(text) => {
            let is_printable =
                |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&byte));
            let (tag, valid) = match kind {
                Some("utf8") => (0x0c, true),
                Some("ia5") => (0x16, text.is_ascii()),
                Some("numeric") => (0x12, text.bytes().all(|byte| byte.is_ascii_digit() || byte == b' ')),
                Some("printable") => (0x13, printable(text).is_ok()),
                None if is_printable(text) => (0x13, true),
                None => (0x0c, true),
                Some(kind) => return Err(format!("asn1Marshal has no type {kind:?} for strings").into()),
            };
            if !valid {
                return Err(format!("invalid {} value", kind.unwrap_or_default()).into());
            }
            Ok(parameters.finish(tag, text.as_bytes()))
        }
        Val::Time(time) => {
            let (tag, content) = match kind {
                None | Some("utc") => moment(time, false)?,
                Some("generalized") => moment(time, true)?,
                Some(kind) => return Err(format!("asn1Marshal has no type {kind:?} for times").into()),
            };
            Ok(parameters.finish(tag, content.as_bytes()))
        }
        Val::List(list) => {
            let mut parts = Vec::new();
            for item in list.items.borrow().iter() {
                parts.push(marshalled(item, &Parameters::default(), depth + 1)?);
            }
            let tag = if parameters.is_set { 0x31 } else { 0x30 };
            if parameters.is_set {
                parts.sort();
            }
            Ok(parameters.finish(tag, &parts.concat()))
        }
        value => Err(format!("a value of type {} has no ASN.1", value.type_name()).into()),
    }
}

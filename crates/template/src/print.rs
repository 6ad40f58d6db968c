//! Values as text, the way Go's `fmt` prints them.

use crate::error::Failure;
use crate::limits::{Bound, DEEPEST_VALUE};
use crate::quote::{can_backquote, quote, quote_ascii, quote_character};
use crate::run_value::{List, Map, Val};

/// The text of a value as `{{ . }}` shows it.
pub(crate) fn shown(value: &Val) -> Result<String, Failure> {
    let mut printer = Printer::default();
    match value {
        Val::Missing => printer.text.push_str("<no value>"),
        value => printer.argument(value, 'v', 0)?,
    }
    Ok(printer.text)
}

/// `fmt.Sprint`: a space between two that are both no strings.
pub(crate) fn sprint(values: &[Val]) -> Result<String, Failure> {
    let mut printer = Printer::default();
    let is_text = |value: &Val| matches!(value, Val::Text(_));
    for (index, value) in values.iter().enumerate() {
        if index > 0 && !is_text(value) && !is_text(&values[index - 1]) {
            printer.text.push(' ');
        }
        printer.argument(value, 'v', 0)?;
    }
    Ok(printer.text)
}

/// `fmt.Sprintln`.
pub(crate) fn sprintln(values: &[Val]) -> Result<String, Failure> {
    let mut printer = Printer::default();
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            printer.text.push(' ');
        }
        printer.argument(value, 'v', 0)?;
    }
    printer.text.push('\n');
    Ok(printer.text)
}

/// `fmt.Sprintf`.
pub(crate) fn sprintf(format: &str, values: &[Val]) -> Result<String, Failure> {
    let mut printer = Printer::default();
    let mut used = 0;
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        printer.text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        printer.flags = Flags::default();
        rest = printer.read_flags(rest, values, &mut used)?;
        let Some(verb) = rest.chars().next() else {
            printer.text.push_str("%!(NOVERB)");
            break;
        };
        rest = &rest[verb.len_utf8()..];
        if verb == '%' {
            printer.text.push('%');
            continue;
        }
        let Some(value) = values.get(used) else {
            printer.text.extend(["%!", &verb.to_string(), "(MISSING)"]);
            continue;
        };
        used += 1;
        if verb == 'w' {
            // Sprintf has no errors to wrap.
            printer.bad_verb(value, verb, 0)?;
            continue;
        }
        if verb == 'v' {
            printer.flags.sharp_v = std::mem::take(&mut printer.flags.sharp);
            // The plus sign is for structures here, which are not printed.
            printer.flags.plus = false;
        }
        printer.argument(value, verb, 0)?;
        if printer.text.len() > MOST_TEXT {
            return Err(Failure::Limit(Bound::Memory(MOST_TEXT)));
        }
    }
    if !rest.contains('%') && !printer.text.ends_with("%!(NOVERB)") {
        printer.text.push_str(rest);
    }
    if used < values.len() {
        printer.flags = Flags::default();
        printer.text.push_str("%!(EXTRA ");
        for (index, value) in values[used..].iter().enumerate() {
            if index > 0 {
                printer.text.push_str(", ");
            }
            if value.is_nothing() {
                printer.text.push_str("<nil>");
            } else {
                printer.text.push_str(value.type_name());
                printer.text.push('=');
                printer.argument(value, 'v', 0)?;
            }
        }
        printer.text.push(')');
    }
    Ok(printer.text)
}

/// Longer texts come from nobody who means well.
const MOST_TEXT: usize = 1024 * 1024;
/// Go refuses widths above this.
const WIDEST: usize = 1_000_000;

#[derive(Clone, Copy, Default)]
struct Flags {
    minus: bool,
    plus: bool,
    sharp: bool,
    sharp_v: bool,
    space: bool,
    zero: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

#[derive(Default)]
struct Printer {
    text: String,
    flags: Flags,
}

impl Printer {
    fn read_flags<'f>(&mut self, format: &'f str, values: &[Val], used: &mut usize) -> Result<&'f str, Failure> {
        let mut rest = format;
        while let Some(flag) = rest.chars().next() {
            match flag {
                '#' => self.flags.sharp = true,
                '0' => self.flags.zero = true,
                '+' => self.flags.plus = true,
                '-' => self.flags.minus = true,
                ' ' => self.flags.space = true,
                _ => break,
            }
            rest = &rest[1..];
        }
        if rest.starts_with('[') {
            return Err("printf with numbered arguments, such as %[1]d, is not supported; give them in order".into());
        }
        if let Some(after) = rest.strip_prefix('*') {
            rest = after;
            match star(values, used) {
                Some(width) => {
                    self.flags.minus |= width < 0;
                    self.flags.width = usize::try_from(width.unsigned_abs()).ok();
                }
                None => self.text.push_str("%!(BADWIDTH)"),
            }
        } else {
            (self.flags.width, rest) = digits(rest);
        }
        if let Some(after) = rest.strip_prefix('.') {
            rest = after;
            if let Some(after) = rest.strip_prefix('*') {
                rest = after;
                self.flags.precision = star(values, used).and_then(|precision| usize::try_from(precision).ok());
                if self.flags.precision.is_none() {
                    self.text.push_str("%!(BADPREC)");
                }
            } else {
                let (precision, after) = digits(rest);
                self.flags.precision = Some(precision.unwrap_or(0));
                rest = after;
            }
        }
        if rest.starts_with('[') {
            return Err("printf with numbered arguments, such as %[1]d, is not supported; give them in order".into());
        }
        let widest = self.flags.width.unwrap_or(0).max(self.flags.precision.unwrap_or(0));
        if widest > WIDEST {
            return Err(format!("a width of {widest} in printf is too large").into());
        }
        // Zeros are never written after the value.
        self.flags.zero &= !self.flags.minus;
        Ok(rest)
    }

    fn argument(&mut self, value: &Val, verb: char, depth: usize) -> Result<(), Failure> {
        if depth > DEEPEST_VALUE {
            return Err(Failure::Limit(Bound::Values(DEEPEST_VALUE)));
        }
        if self.text.len() > MOST_TEXT {
            return Err(Failure::Limit(Bound::Memory(MOST_TEXT)));
        }
        if depth == 0 && verb == 'T' {
            let name = value.type_name().to_owned();
            self.string(&name, 's');
            return Ok(());
        }
        if verb == 'p' {
            return Err("printf with %p prints addresses, which is not supported".into());
        }
        match value {
            Val::Missing | Val::Nil => match (depth, verb) {
                (0, 'v') => self.pad("<nil>"),
                (0, _) => self.text.extend(["%!", &verb.to_string(), "(<nil>)"]),
                (_, _) if self.flags.sharp_v => self.text.push_str("interface {}(nil)"),
                (_, _) => self.text.push_str("<nil>"),
            },
            Val::Bool(flag) => match verb {
                't' | 'v' => self.pad(if *flag { "true" } else { "false" }),
                _ => self.bad_verb(value, verb, depth)?,
            },
            Val::Bytes(bytes) => self.bytes(bytes, value, verb, depth)?,
            Val::Float(float) => match verb {
                'v' => self.float(*float, 'g', None),
                'g' | 'G' => self.float(*float, verb, None),
                'e' | 'E' | 'f' | 'F' => self.float(*float, if verb == 'F' { 'f' } else { verb }, Some(6)),
                'b' | 'x' | 'X' => return Err(format!("printf with %{verb} of a float64 is not supported").into()),
                _ => self.bad_verb(value, verb, depth)?,
            },
            Val::Int(int) | Val::Int64(int) => self.integer(int.unsigned_abs(), *int < 0, value, verb, depth)?,
            Val::Uint8(int) => self.integer(u64::from(*int), false, value, verb, depth)?,
            Val::Uint64(int) => self.integer(*int, false, value, verb, depth)?,
            Val::List(list) => self.list(list, verb, depth)?,
            Val::Map(map) => self.map(map, verb, depth)?,
            Val::Object(object) => match &object.text {
                Some(text) if prints_as_text(verb) && !self.flags.sharp_v => self.string(text, verb),
                _ => return Err(unprintable(value)),
            },
            Val::Text(text) => match verb {
                'v' if self.flags.sharp_v => self.string(text, 'q'),
                'v' | 's' | 'x' | 'X' | 'q' => self.string(text, verb),
                _ => self.bad_verb(value, verb, depth)?,
            },
            Val::Time(time) => {
                if !prints_as_text(verb) || self.flags.sharp_v {
                    return Err(unprintable(value));
                }
                self.string(&time.text(), verb);
            }
        }
        Ok(())
    }

    fn bad_verb(&mut self, value: &Val, verb: char, depth: usize) -> Result<(), Failure> {
        self.text.extend(["%!", &verb.to_string(), "("]);
        self.text.push_str(value.type_name());
        self.text.push('=');
        // From here on a text is printed as it is.
        self.argument(value, 'v', depth.max(1))?;
        self.text.push(')');
        Ok(())
    }

    fn list(&mut self, list: &List, verb: char, depth: usize) -> Result<(), Failure> {
        let items = list.items.borrow();
        if self.flags.sharp_v {
            self.text.push_str(&list.type_name);
            if list.is_nil {
                self.text.push_str("(nil)");
                return Ok(());
            }
            self.text.push('{');
            for (index, item) in items.iter().enumerate() {
                self.text.push_str(if index > 0 { ", " } else { "" });
                self.argument(item, verb, depth + 1)?;
            }
            self.text.push('}');
            return Ok(());
        }
        self.text.push('[');
        for (index, item) in items.iter().enumerate() {
            self.text.push_str(if index > 0 { " " } else { "" });
            self.argument(item, verb, depth + 1)?;
        }
        self.text.push(']');
        Ok(())
    }

    fn map(&mut self, map: &Map, verb: char, depth: usize) -> Result<(), Failure> {
        let sharp_v = self.flags.sharp_v;
        if sharp_v {
            self.text.push_str(&map.type_name);
            if map.is_nil {
                self.text.push_str("(nil)");
                return Ok(());
            }
        }
        self.text.push_str(if sharp_v { "{" } else { "map[" });
        for (index, (key, value)) in map.entries.borrow().iter().enumerate() {
            self.text.push_str(match (index, sharp_v) {
                (0, _) => "",
                (_, true) => ", ",
                (_, false) => " ",
            });
            self.argument(&Val::Text(key.clone()), verb, depth + 1)?;
            self.text.push(':');
            self.argument(value, verb, depth + 1)?;
        }
        self.text.push(if sharp_v { '}' } else { ']' });
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8], value: &Val, verb: char, depth: usize) -> Result<(), Failure> {
        match verb {
            's' | 'q' => match std::str::from_utf8(bytes) {
                Ok(text) => self.string(text, verb),
                Err(_) => return Err("the bytes are not UTF-8 and cannot be printed as text; try %x".into()),
            },
            'x' | 'X' => self.hex(bytes, verb),
            'v' | 'd' if self.flags.sharp_v => return Err(unprintable(value)),
            'v' | 'd' => {
                self.text.push('[');
                for (index, byte) in bytes.iter().enumerate() {
                    self.text.push_str(if index > 0 { " " } else { "" });
                    self.integer(u64::from(*byte), false, &Val::Uint8(*byte), 'd', depth + 1)?;
                }
                self.text.push(']');
            }
            _ => return Err(format!("printf with %{verb} of bytes is not supported").into()),
        }
        Ok(())
    }

    fn string(&mut self, text: &str, verb: char) {
        let cut = match self.flags.precision {
            Some(most) => text.char_indices().nth(most).map_or(text, |(at, _)| &text[..at]),
            None => text,
        };
        match verb {
            'x' | 'X' => {
                let bytes = text.as_bytes();
                let most = self.flags.precision.unwrap_or(bytes.len()).min(bytes.len());
                self.hex(&bytes[..most], verb);
            }
            'q' if self.flags.sharp && can_backquote(cut) => self.pad(&format!("`{cut}`")),
            'q' if self.flags.plus => self.pad(&quote_ascii(cut)),
            'q' => self.pad(&quote(cut)),
            _ => self.pad(cut),
        }
    }

    fn hex(&mut self, bytes: &[u8], verb: char) {
        let Flags { sharp, space, .. } = self.flags;
        let prefix = match (sharp, verb) {
            (false, _) => "",
            (true, 'x') => "0x",
            (true, _) => "0X",
        };
        let byte = |byte: &u8| if verb == 'x' { format!("{byte:02x}") } else { format!("{byte:02X}") };
        let text = if bytes.is_empty() {
            String::new()
        } else if space {
            bytes.iter().map(|next| format!("{prefix}{}", byte(next))).collect::<Vec<_>>().join(" ")
        } else {
            format!("{prefix}{}", bytes.iter().map(byte).collect::<String>())
        };
        self.pad(&text);
    }

    fn integer(
        &mut self,
        magnitude: u64,
        negative: bool,
        value: &Val,
        verb: char,
        depth: usize,
    ) -> Result<(), Failure> {
        let is_unsigned = matches!(value, Val::Uint8(_) | Val::Uint64(_));
        match verb {
            'v' if self.flags.sharp_v && is_unsigned => {
                let sharp = std::mem::replace(&mut self.flags.sharp, true);
                self.format_integer(format!("{magnitude:x}"), negative, 'x');
                self.flags.sharp = sharp;
            }
            'v' | 'd' => self.format_integer(magnitude.to_string(), negative, 'd'),
            'b' => self.format_integer(format!("{magnitude:b}"), negative, verb),
            'o' | 'O' => self.format_integer(format!("{magnitude:o}"), negative, verb),
            'x' => self.format_integer(format!("{magnitude:x}"), negative, verb),
            'X' => self.format_integer(format!("{magnitude:X}"), negative, verb),
            'c' | 'q' => {
                let code = u32::try_from(magnitude).ok().filter(|_| !negative);
                let character = code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER);
                let text =
                    if verb == 'c' { character.to_string() } else { quote_character(character, self.flags.plus) };
                self.pad(&text);
            }
            'U' => return Err("printf with %U is not supported; use %x".into()),
            _ => self.bad_verb(value, verb, depth)?,
        }
        Ok(())
    }

    fn format_integer(&mut self, digits: String, negative: bool, verb: char) {
        let flags = self.flags;
        let signed = usize::from(negative || flags.plus || flags.space);
        let mut least = 0;
        if let Some(precision) = flags.precision {
            if precision == 0 && digits == "0" {
                let blank = Flags { zero: false, ..flags };
                self.text.extend(std::iter::repeat_n(' ', blank.width.unwrap_or(0)));
                return;
            }
            least = precision;
        } else if flags.zero && flags.width.is_some() {
            least = flags.width.unwrap_or(0).saturating_sub(signed);
        }
        let mut text = String::new();
        if negative {
            text.push('-');
        } else if flags.plus {
            text.push('+');
        } else if flags.space {
            text.push(' ');
        }
        let zeros = "0".repeat(least.saturating_sub(digits.len()));
        match verb {
            'O' => text.push_str("0o"),
            'b' if flags.sharp => text.push_str("0b"),
            'o' if flags.sharp && !format!("{zeros}{digits}").starts_with('0') => text.push('0'),
            'x' if flags.sharp => text.push_str("0x"),
            'X' if flags.sharp => text.push_str("0X"),
            _ => {}
        }
        text.push_str(&zeros);
        text.push_str(&digits);
        self.flags.zero = false;
        self.pad(&text);
        self.flags.zero = flags.zero;
    }

    fn float(&mut self, value: f64, verb: char, precision: Option<usize>) {
        let precision = self.flags.precision.or(precision);
        let text = format_float(value.abs(), verb, precision);
        let sign = if value.is_sign_negative() && !value.is_nan() {
            "-"
        } else if self.flags.plus {
            "+"
        } else if self.flags.space {
            " "
        } else {
            ""
        };
        let infinite_sign = if value == f64::INFINITY && sign.is_empty() { "+" } else { sign };
        let before = self.flags;
        if !value.is_finite() {
            self.flags.zero = false;
            let sign = if value.is_nan() { sign } else { infinite_sign };
            self.pad(&format!("{sign}{text}"));
        } else if self.flags.zero && self.flags.width.is_some_and(|width| width > sign.len() + text.len()) {
            self.text.push_str(sign);
            self.flags.width = self.flags.width.map(|width| width - sign.len());
            self.pad(&text);
        } else {
            self.pad(&format!("{sign}{text}"));
        }
        self.flags = before;
    }

    fn pad(&mut self, text: &str) {
        let width = self.flags.width.unwrap_or(0);
        let missing = width.saturating_sub(text.chars().count());
        let filling = if self.flags.zero { '0' } else { ' ' };
        if !self.flags.minus {
            self.text.extend(std::iter::repeat_n(filling, missing));
        }
        self.text.push_str(text);
        if self.flags.minus {
            self.text.extend(std::iter::repeat_n(' ', missing));
        }
    }
}

fn prints_as_text(verb: char) -> bool {
    matches!(verb, 'v' | 's' | 'x' | 'X' | 'q')
}

fn unprintable(value: &Val) -> Failure {
    let name = value.type_name();
    format!("a value of type {name} cannot be printed like this; print one of its fields, or use toJson").into()
}

fn star(values: &[Val], used: &mut usize) -> Option<i64> {
    let value = values.get(*used)?;
    *used += 1;
    match value {
        Val::Int(value) | Val::Int64(value) if value.unsigned_abs() <= WIDEST as u64 => Some(*value),
        _ => None,
    }
}

fn digits(text: &str) -> (Option<usize>, &str) {
    let rest = text.trim_start_matches(|next: char| next.is_ascii_digit());
    let digits = &text[..text.len() - rest.len()];
    if digits.is_empty() {
        return (None, rest);
    }
    (Some(digits.parse().unwrap_or(usize::MAX)), rest)
}

/// A number that is not negative, by Go's `strconv.FormatFloat`; without precision, with as few digits as tell it apart.
pub(crate) fn format_float(value: f64, verb: char, precision: Option<usize>) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return "Inf".to_owned();
    }
    match verb {
        'f' => match precision {
            Some(precision) => format!("{value:.precision$}"),
            None => format!("{value}"),
        },
        'e' | 'E' => {
            let text = match precision {
                Some(precision) => format!("{value:.precision$e}"),
                None => format!("{value:e}"),
            };
            exponent_of_two_digits(&text, verb)
        }
        _ => {
            let text = match precision {
                Some(precision) => format!("{value:.0$e}", precision.max(1) - 1),
                None => format!("{value:e}"),
            };
            let (mantissa, exponent) = text.split_once('e').expect("Rust writes an exponent");
            let exponent: i32 = exponent.parse().expect("Rust writes a number");
            let all: String = mantissa.chars().filter(|digit| *digit != '.').collect();
            let digits = match all.trim_end_matches('0') {
                "" => "0",
                digits => digits,
            };
            let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
            let mut threshold = precision.map_or(6, |precision| i32::try_from(precision.max(1)).unwrap_or(i32::MAX));
            if precision.is_some() && threshold > count && count > exponent {
                threshold = count;
            }
            if precision.is_none() {
                // As few digits as needed, and an exponent where six would not do.
                threshold = 6;
            }
            if exponent < -4 || exponent >= threshold {
                let letter = if verb == 'G' { 'E' } else { 'e' };
                let mut mantissa = digits[..1].to_owned();
                if digits.len() > 1 {
                    mantissa.push('.');
                    mantissa.push_str(&digits[1..]);
                }
                return exponent_of_two_digits(&format!("{mantissa}e{exponent}"), letter);
            }
            let decimals = usize::try_from((count - 1 - exponent).max(0)).unwrap_or(0);
            format!("{value:.decimals$}")
        }
    }
}

fn exponent_of_two_digits(text: &str, letter: char) -> String {
    let (mantissa, exponent) = text.split_once('e').expect("Rust writes an exponent");
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => ('+', exponent),
    };
    format!("{mantissa}{letter}{sign}{digits:0>2}")
}

/// What strings a value stands for, by sprig's `toString`.
pub(crate) fn text_of(value: &Val) -> Result<String, Failure> {
    match value {
        Val::Text(text) => Ok(text.to_string()),
        Val::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => Err("the bytes are not UTF-8".into()),
        },
        Val::Missing => Ok("<nil>".to_owned()),
        value => shown(value),
    }
}

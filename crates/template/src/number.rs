//! Numbers as Go writes them.

/// A number in a template. What it becomes depends on where it is used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Constant {
    /// Its value as a whole number, when it is one that fits.
    pub(crate) int: Option<i64>,
    /// The same for the unsigned ones that do not fit in `int`.
    pub(crate) is_unsigned: bool,
    pub(crate) float: f64,
    /// Whether it is written as a number with a fraction or exponent, so that it is one where any type will do.
    pub(crate) looks_like_float: bool,
}

impl Constant {
    pub(crate) fn character(character: char) -> Self {
        let int = i64::from(u32::from(character));
        Constant { int: Some(int), is_unsigned: true, float: int as f64, looks_like_float: false }
    }

    /// Read what the lexer took for a number.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        if text.ends_with('i') {
            return Err(format!("complex numbers are not supported: {text:?}"));
        }
        let int = parse_int(text, 0).ok();
        let unsigned = parse_uint(text, 0).ok();
        let hex_int =
            text.len() > 2 && (text.starts_with("0x") || text.starts_with("0X")) && !text.contains(['p', 'P']);
        let looks_like_float = !hex_int && text.contains(['.', 'e', 'E', 'p', 'P']);
        if let Some(value) = int {
            return Ok(Constant { int, is_unsigned: unsigned.is_some(), float: value as f64, looks_like_float });
        }
        if let Some(value) = unsigned {
            return Ok(Constant { int: None, is_unsigned: true, float: value as f64, looks_like_float });
        }
        let Some(float) = parse_float(text) else { return Err(format!("illegal number syntax: {text:?}")) };
        if !text.contains(['.', 'e', 'E', 'p', 'P']) {
            return Err(format!("integer overflow: {text:?}"));
        }
        // Within ±2^63, where the conversion is exact.
        let whole = float.trunc() == float && float.abs() < 9_223_372_036_854_775_808.0;
        Ok(Constant { int: whole.then_some(float as i64), is_unsigned: whole && float >= 0.0, float, looks_like_float })
    }
}

/// Why a text is not a number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum NotANumber {
    /// It is none at all.
    Syntax,
    /// It does not fit.
    Range,
}

/// A whole number; in base 0 its prefix says the base, and underscores may part digits.
pub(crate) fn parse_int(text: &str, base: u32) -> Result<i64, NotANumber> {
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let magnitude = parse_uint(digits, base)?;
    let signed = if negative { 0_i128 - i128::from(magnitude) } else { i128::from(magnitude) };
    i64::try_from(signed).map_err(|_| NotANumber::Range)
}

/// The same without a sign.
pub(crate) fn parse_uint(text: &str, base: u32) -> Result<u64, NotANumber> {
    let prefixed = |prefixes: [&str; 2]| prefixes.iter().find_map(|prefix| text.strip_prefix(prefix));
    let (base, digits) = match base {
        0 => {
            if let Some(rest) = prefixed(["0x", "0X"]) {
                (16, rest)
            } else if let Some(rest) = prefixed(["0o", "0O"]) {
                (8, rest)
            } else if let Some(rest) = prefixed(["0b", "0B"]) {
                (2, rest)
            } else if text.len() > 1 && text.starts_with('0') {
                (8, &text[1..])
            } else {
                (10, text)
            }
        }
        base => (base, text),
    };
    let zero_prefix = digits.len() < text.len();
    if digits.contains('_') && !(text.len() > 1 && underscores_part_digits(digits, zero_prefix)) {
        return Err(NotANumber::Syntax);
    }
    let mut value: u64 = 0;
    let mut any = false;
    let mut fits = true;
    for digit in digits.chars().filter(|digit| *digit != '_') {
        let digit = digit.to_digit(base).ok_or(NotANumber::Syntax)?;
        any = true;
        match value.checked_mul(u64::from(base)).and_then(|value| value.checked_add(u64::from(digit))) {
            Some(more) => value = more,
            None => fits = false,
        }
    }
    match (any, fits) {
        (false, _) => Err(NotANumber::Syntax),
        (true, false) => Err(NotANumber::Range),
        (true, true) => Ok(value),
    }
}

/// Underscores may stand between digits, and after a prefix.
fn underscores_part_digits(digits: &str, prefixed: bool) -> bool {
    let mut before = if prefixed { '0' } else { '!' };
    for next in digits.chars() {
        match next {
            '_' if before != '0' => return false,
            '_' => before = '_',
            next if next.is_ascii_hexdigit() => before = '0',
            _ if before == '_' => return false,
            _ => before = '!',
        }
    }
    before != '_'
}

/// A number with fraction and exponent, decimal or hexadecimal.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    if matches!(lower.as_str(), "inf" | "infinity") {
        return Some(if negative { f64::NEG_INFINITY } else { f64::INFINITY });
    }
    if lower == "nan" {
        return Some(f64::NAN);
    }
    let magnitude = match lower.strip_prefix("0x") {
        Some(hex) => parse_hex_float(hex)?,
        None => {
            // In decimal, an exponent's letter is no digit that an underscore could stand beside.
            let spelt = lower.replace('e', "!");
            if !lower.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'+' | b'-' | b'_'))
                || lower.contains('_') && !underscores_part_digits(&spelt, false)
            {
                return None;
            }
            let value: f64 = lower.replace('_', "").parse().ok()?;
            // What is too large is an error in Go, not infinity.
            value.is_finite().then_some(value)?
        }
    };
    Some(if negative { -magnitude } else { magnitude })
}

/// The part behind `0x`: digits, and an exponent of two that has to be there.
fn parse_hex_float(text: &str) -> Option<f64> {
    let (digits, exponent) = text.split_once('p')?;
    if text.contains('_') && !underscores_part_digits(digits, true) {
        return None;
    }
    let digits = digits.replace('_', "");
    let exponent: i64 = exponent.strip_prefix('+').unwrap_or(exponent).parse().ok()?;
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    if whole.is_empty() && fraction.is_empty() || whole.len() + fraction.len() > 13 {
        // More digits could need rounding, which nobody writes by hand.
        return None;
    }
    let mut value: u64 = 0;
    for digit in whole.chars().chain(fraction.chars()) {
        value = value * 16 + u64::from(digit.to_digit(16)?);
    }
    let exponent = exponent - 4 * i64::try_from(fraction.len()).ok()?;
    // Powers within these bounds are exact, and so is their product with at most 52 bits.
    if !(-900..=900).contains(&exponent) {
        return None;
    }
    Some(value as f64 * 2_f64.powi(i32::try_from(exponent).ok()?))
}

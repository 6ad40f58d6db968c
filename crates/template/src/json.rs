//! JSON as Go's `encoding/json` reads and writes it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::error::Failure;
use crate::limits::{Bound, DEEPEST_VALUE};
use crate::print::format_float;
use crate::run_value::Val;
use crate::value::Value;

/// How JSON is written.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    /// Whether `<`, `>` and `&` are escaped.
    pub(crate) html: bool,
    /// Whether every member has a line of its own.
    pub(crate) indented: bool,
}

/// Write a value; `most` bounds the result.
pub(crate) fn write(value: &Val, style: Style, most: usize) -> Result<String, Failure> {
    let mut writer = Writer { text: String::new(), style, most };
    writer.value(value, 0)?;
    Ok(writer.text)
}

struct Writer {
    text: String,
    style: Style,
    most: usize,
}

impl Writer {
    fn value(&mut self, value: &Val, depth: usize) -> Result<(), Failure> {
        if depth > DEEPEST_VALUE {
            return Err(Failure::Limit(Bound::Values(DEEPEST_VALUE)));
        }
        if self.text.len() > self.most {
            return Err(Failure::Limit(Bound::Memory(self.most)));
        }
        match value {
            Val::Missing | Val::Nil => self.text.push_str("null"),
            Val::Bool(flag) => self.text.push_str(if *flag { "true" } else { "false" }),
            Val::Bytes(bytes) => self.string(&STANDARD.encode(bytes)),
            Val::Float(float) => self.text.push_str(&number(*float)?),
            Val::Int(int) | Val::Int64(int) => self.text.push_str(&int.to_string()),
            Val::Uint8(int) => self.text.push_str(&int.to_string()),
            Val::Uint64(int) => self.text.push_str(&int.to_string()),
            Val::Text(text) => self.string(text),
            Val::Time(time) => self.string(&time.format("2006-01-02T15:04:05.999999999Z07:00")),
            Val::List(list) if list.is_nil => self.text.push_str("null"),
            Val::List(list) => {
                let items = list.items.borrow();
                self.sequence('[', ']', items.iter().map(|item| (None, item)), depth)?;
            }
            Val::Map(map) if map.is_nil => self.text.push_str("null"),
            Val::Map(map) => {
                let entries = map.entries.borrow();
                self.sequence('{', '}', entries.iter().map(|(name, value)| (Some(&**name), value)), depth)?;
            }
            Val::Object(object) if object.has_json => {
                let members = object.fields.iter();
                let members = members.filter_map(|(_, json, value)| json.as_deref().map(|name| (Some(name), value)));
                self.sequence('{', '}', members, depth)?;
            }
            Val::Object(object) => {
                let name = &object.type_name;
                return Err(format!("a value of type {name} has no JSON; use one of its fields").into());
            }
        }
        Ok(())
    }

    fn sequence<'v>(
        &mut self,
        open: char,
        close: char,
        items: impl Iterator<Item = (Option<&'v str>, &'v Val)>,
        depth: usize,
    ) -> Result<(), Failure> {
        self.text.push(open);
        let mut any = false;
        for (name, value) in items {
            if any {
                self.text.push(',');
            }
            any = true;
            self.line(depth + 1);
            if let Some(name) = name {
                self.string(name);
                self.text.push_str(if self.style.indented { ": " } else { ":" });
            }
            self.value(value, depth + 1)?;
        }
        if any {
            self.line(depth);
        }
        self.text.push(close);
        Ok(())
    }

    fn line(&mut self, depth: usize) {
        if self.style.indented {
            self.text.push('\n');
            self.text.extend(std::iter::repeat_n("  ", depth));
        }
    }

    fn string(&mut self, text: &str) {
        self.text.push('"');
        for character in text.chars() {
            match character {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\u{8}' => self.text.push_str("\\b"),
                '\u{c}' => self.text.push_str("\\f"),
                '\n' => self.text.push_str("\\n"),
                '\r' => self.text.push_str("\\r"),
                '\t' => self.text.push_str("\\t"),
                '<' | '>' | '&' if self.style.html => self.unicode(character),
                '\0'..='\u{1f}' | '\u{2028}' | '\u{2029}' => self.unicode(character),
                character => self.text.push(character),
            }
        }
        self.text.push('"');
    }

    fn unicode(&mut self, character: char) {
        write!(self.text, "\\u{:04x}", u32::from(character)).expect("a string takes everything");
    }
}

fn number(value: f64) -> Result<String, Failure> {
    if !value.is_finite() {
        return Err(format!("JSON has no number {value}").into());
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
        let text = format_float(magnitude, 'e', None);
        // A negative exponent of one digit is written as one.
        return Ok(format!("{sign}{}", text.replace("e-0", "e-")));
    }
    Ok(format!("{sign}{magnitude}"))
}

/// Read JSON into the types that Go reads it into.
pub(crate) fn read(text: &str) -> Result<Value, String> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    reader.space();
    match reader.peek() {
        None => Ok(value),
        Some(next) => Err(format!("invalid character {} after top-level value", shown(next))),
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn space(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
    }

    fn wrong(&self, wanted: &str) -> String {
        match self.peek() {
            None => "unexpected end of JSON input".to_owned(),
            Some(next) => format!("invalid character {} {wanted}", shown(next)),
        }
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn value(&mut self, depth: usize) -> Result<Value, String> {
        if depth > DEEPEST_VALUE {
            return Err(format!("the JSON is nested deeper than {DEEPEST_VALUE}"));
        }
        self.space();
        match self.peek() {
            Some('{') => self.object(depth),
            Some('[') => self.array(depth),
            Some('"') => Ok(Value::String(self.string()?)),
            Some('t') => self.literal("true", Value::Bool(true)),
            Some('f') => self.literal("false", Value::Bool(false)),
            Some('n') => self.literal("null", Value::Nil),
            Some('-' | '0'..='9') => self.number(),
            _ => Err(self.wrong("looking for beginning of value")),
        }
    }

    fn literal(&mut self, word: &str, value: Value) -> Result<Value, String> {
        for letter in word.chars() {
            if !self.take(letter) {
                return Err(self.wrong(&format!("in literal {word} (expecting '{letter}')")));
            }
        }
        Ok(value)
    }

    fn object(&mut self, depth: usize) -> Result<Value, String> {
        self.take('{');
        let mut members = BTreeMap::new();
        self.space();
        if self.take('}') {
            return Ok(Value::Map(members));
        }
        loop {
            self.space();
            if self.peek() != Some('"') {
                return Err(self.wrong("looking for beginning of object key string"));
            }
            let name = self.string()?;
            self.space();
            if !self.take(':') {
                return Err(self.wrong("after object key"));
            }
            let value = self.value(depth + 1)?;
            members.insert(name, value);
            self.space();
            if self.take('}') {
                return Ok(Value::Map(members));
            }
            if !self.take(',') {
                return Err(self.wrong("after object key:value pair"));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, String> {
        self.take('[');
        let mut items = Vec::new();
        self.space();
        if self.take(']') {
            return Ok(Value::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            if self.take(']') {
                return Ok(Value::List(items));
            }
            if !self.take(',') {
                return Err(self.wrong("after array element"));
            }
        }
    }

    fn number(&mut self) -> Result<Value, String> {
        let start = self.at;
        self.take('-');
        if !self.take('0') && self.run_of_digits() == 0 {
            return Err(self.wrong("in numeric literal"));
        }
        if self.take('.') && self.run_of_digits() == 0 {
            return Err(self.wrong("after decimal point in numeric literal"));
        }
        if self.take('e') || self.take('E') {
            let _ = self.take('+') || self.take('-');
            if self.run_of_digits() == 0 {
                return Err(self.wrong("in exponent of numeric literal"));
            }
        }
        let text = &self.text[start..self.at];
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Value::Float(value)),
            _ => Err(format!("the number {text} is too large")),
        }
    }

    fn run_of_digits(&mut self) -> usize {
        let rest = &self.text[self.at..];
        let digits = rest.len() - rest.trim_start_matches(|next: char| next.is_ascii_digit()).len();
        self.at += digits;
        digits
    }

    fn string(&mut self) -> Result<String, String> {
        self.take('"');
        let mut text = String::new();
        loop {
            let Some(next) = self.peek() else { return Err(self.wrong("in string literal")) };
            match next {
                '"' => {
                    self.at += 1;
                    return Ok(text);
                }
                '\0'..='\u{1f}' => return Err(self.wrong("in string literal")),
                '\\' => {
                    self.at += 1;
                    text.push(self.escape()?);
                }
                next => {
                    self.at += next.len_utf8();
                    text.push(next);
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, String> {
        let Some(next) = self.peek() else { return Err(self.wrong("in string escape code")) };
        let character = match next {
            '"' | '\\' | '/' => next,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                self.at += 1;
                let high = self.four_digits()?;
                if !(0xd800..0xdc00).contains(&high) {
                    return Ok(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                // The other half of a pair; a half alone stands for nothing.
                let back = self.at;
                if self.text[self.at..].starts_with("\\u") {
                    self.at += 2;
                    let low = self.four_digits()?;
                    if (0xdc00..0xe000).contains(&low) {
                        let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                        return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                    }
                    self.at = back;
                }
                return Ok(char::REPLACEMENT_CHARACTER);
            }
            _ => return Err(self.wrong("in string escape code")),
        };
        self.at += 1;
        Ok(character)
    }

    fn four_digits(&mut self) -> Result<u32, String> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|next| next.to_digit(16));
            let Some(digit) = digit else { return Err(self.wrong("in \\u hexadecimal character escape")) };
            value = value * 16 + digit;
            self.at += 1;
        }
        Ok(value)
    }
}

fn shown(character: char) -> String {
    match character {
        '\'' => r"'\''".to_owned(),
        '"' => "'\"'".to_owned(),
        character => crate::quote::quote_character(character, false),
    }
}

//! Regular expressions in the syntax of RE2.
//!
//! The library that matches them has a syntax of its own, close enough to be mistaken for Go's. So expressions are
//! taken apart and written anew: what both have is passed on with Go's meaning, everything else is refused.

use regex::{Regex, RegexBuilder};

use super::{Function, Outcome, Type, function, int, text};
use crate::error::Failure;
use crate::render::Runtime;
use crate::run_value::{Element, Val};

pub(super) static FUNCTIONS: &[Function] = &[
    function("mustRegexFind", &[Type::Text, Type::Text], find),
    function("mustRegexFindAll", &[Type::Text, Type::Text, Type::Int], find_all),
    function("mustRegexMatch", &[Type::Text, Type::Text], matches),
    function("mustRegexReplaceAll", &[Type::Text, Type::Text, Type::Text], replace_all),
    function("mustRegexReplaceAllLiteral", &[Type::Text, Type::Text, Type::Text], replace_all_literal),
    function("mustRegexSplit", &[Type::Text, Type::Text, Type::Int], split),
    function("regexFind", &[Type::Text, Type::Text], find),
    function("regexFindAll", &[Type::Text, Type::Text, Type::Int], find_all),
    // Where sprig takes an expression that is none for one that does not match, this refuses.
    function("regexMatch", &[Type::Text, Type::Text], matches),
    function("regexQuoteMeta", &[Type::Text], |_, values| {
        let escaped = text(values, 0).chars().flat_map(|next| {
            let special = "\\.+*?()|[]{}^$".contains(next);
            special.then_some('\\').into_iter().chain([next])
        });
        Ok(Val::text(escaped.collect::<String>()))
    }),
    function("regexReplaceAll", &[Type::Text, Type::Text, Type::Text], replace_all),
    function("regexReplaceAllLiteral", &[Type::Text, Type::Text, Type::Text], replace_all_literal),
    function("regexSplit", &[Type::Text, Type::Text, Type::Int], split),
];

fn compile(runtime: &mut Runtime<'_>, values: &[Val]) -> Result<Regex, Failure> {
    let pattern = text(values, 0);
    // Looking through a text is work, too.
    runtime.step(text(values, 1).len() / 4)?;
    runtime.expression(pattern, || {
        let translated = Translator { rest: pattern, pattern: String::new(), whole: pattern }.translate()?;
        let built = RegexBuilder::new(&translated).size_limit(LARGEST).dfa_size_limit(LARGEST).nest_limit(50).build();
        built.map_err(|_| refused(pattern, "it is wrong or too large"))
    })
}

fn refused(pattern: &str, why: &str) -> Failure {
    format!("the regular expression {pattern:?} is not supported: {why}").into()
}

fn matches(runtime: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    Ok(Val::Bool(compile(runtime, values)?.is_match(text(values, 1))))
}

fn find(runtime: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    Ok(Val::text(compile(runtime, values)?.find(text(values, 1)).map_or("", |found| found.as_str())))
}

/// How many at most, where a negative number means all.
fn most(values: &[Val]) -> usize {
    usize::try_from(int(values, 2)).unwrap_or(usize::MAX)
}

fn find_all(runtime: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let regex = compile(runtime, values)?;
    let found: Vec<&str> = regex.find_iter(text(values, 1)).take(most(values)).map(|found| found.as_str()).collect();
    runtime.step(found.len())?;
    Ok(if found.is_empty() { Val::nil_list(Element::Text) } else { Val::texts(found) })
}

fn replace_all(runtime: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let regex = compile(runtime, values)?;
    let (source, replacement) = (text(values, 1), text(values, 2));
    let mut replaced = String::new();
    let mut done = 0;
    for captures in regex.captures_iter(source) {
        let whole = captures.get(0).map_or(0..0, |whole| whole.range());
        replaced.push_str(&source[done..whole.start]);
        captures.expand(replacement, &mut replaced);
        done = whole.end;
        runtime.step(1)?;
        runtime.room(replaced.len())?;
    }
    replaced.push_str(&source[done..]);
    Ok(Val::text(replaced))
}

fn replace_all_literal(runtime: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let regex = compile(runtime, values)?;
    let (source, replacement) = (text(values, 1), text(values, 2));
    let mut replaced = String::new();
    let mut done = 0;
    for found in regex.find_iter(source) {
        replaced.push_str(&source[done..found.start()]);
        replaced.push_str(replacement);
        done = found.end();
        runtime.step(1)?;
        runtime.room(replaced.len())?;
    }
    replaced.push_str(&source[done..]);
    Ok(Val::text(replaced))
}

fn split(runtime: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let regex = compile(runtime, values)?;
    let source = text(values, 1);
    let most = most(values);
    if most == 0 {
        return Ok(Val::nil_list(Element::Text));
    }
    if !text(values, 0).is_empty() && source.is_empty() {
        return Ok(Val::texts([""]));
    }
    let mut parts = Vec::new();
    let (mut start, mut end) = (0, 0);
    for found in regex.find_iter(source).take(most) {
        if parts.len() + 1 == most {
            break;
        }
        end = found.start();
        if found.end() != 0 {
            parts.push(&source[start..end]);
        }
        start = found.end();
    }
    if end != source.len() {
        parts.push(&source[start..]);
    }
    runtime.step(parts.len())?;
    Ok(Val::texts(parts))
}

/// Reads Go's syntax, writes that of the library.
struct Translator<'p> {
    rest: &'p str,
    pattern: String,
    whole: &'p str,
}

impl Translator<'_> {
    fn translate(mut self) -> Result<String, Failure> {
        // Whether there is something before that could be repeated, and whether it already is.
        let mut repeatable = false;
        while let Some(next) = self.take() {
            match next {
                '*' | '+' | '?' => {
                    self.must_repeat(repeatable)?;
                    self.pattern.push(next);
                    self.lazy();
                    repeatable = false;
                }
                '{' => match self.repetition() {
                    Some(bounds) => {
                        self.must_repeat(repeatable)?;
                        self.pattern.push_str(&bounds?);
                        self.lazy();
                        repeatable = false;
                    }
                    None => {
                        self.pattern.push_str("\\{");
                        repeatable = true;
                    }
                },
                '(' => {
                    self.group()?;
                    repeatable = false;
                }
                '|' => {
                    self.pattern.push('|');
                    repeatable = false;
                }
                ')' | '.' | '^' | '$' => {
                    self.pattern.push(next);
                    repeatable = true;
                }
                '[' => {
                    self.class()?;
                    repeatable = true;
                }
                '\\' => {
                    self.escape()?;
                    repeatable = true;
                }
                next => {
                    self.literal(next);
                    repeatable = true;
                }
            }
        }
        Ok(self.pattern)
    }

    fn no(&self, why: &str) -> Failure {
        refused(self.whole, why)
    }

    fn take(&mut self) -> Option<char> {
        let next = self.rest.chars().next()?;
        self.rest = &self.rest[next.len_utf8()..];
        Some(next)
    }

    fn must_repeat(&self, repeatable: bool) -> Result<(), Failure> {
        if repeatable { Ok(()) } else { Err(self.no("there is nothing to repeat, or it is repeated twice")) }
    }

    fn lazy(&mut self) {
        if let Some(rest) = self.rest.strip_prefix('?') {
            self.rest = rest;
            self.pattern.push('?');
        }
    }

    fn literal(&mut self, character: char) {
        if character.is_ascii_punctuation() {
            self.pattern.push('\\');
        }
        self.pattern.push(character);
    }

    /// `{2}`, `{2,}` and `{2,5}`; everything else in braces is taken literally.
    fn repetition(&mut self) -> Option<Result<String, Failure>> {
        let (bounds, after) = self.rest.split_once('}')?;
        let (least, most) = bounds.split_once(',').unwrap_or((bounds, bounds));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let leads_with_zero = |text: &str| text.len() > 1 && text.starts_with('0');
        if !is_number(least) || !(most.is_empty() || is_number(most)) || leads_with_zero(least) || leads_with_zero(most)
        {
            return None;
        }
        let number = |text: &str| text.parse::<u32>().unwrap_or(u32::MAX);
        self.rest = after;
        let reversed = !most.is_empty() && number(most) < number(least);
        if number(least) > 1000 || (!most.is_empty() && number(most) > 1000) || reversed {
            return Some(Err(self.no("something is repeated more than 1000 times, or the bounds are reversed")));
        }
        Some(Ok(format!("{{{bounds}}}")))
    }

    /// The part behind an opening parenthesis that says what kind of group it is.
    fn group(&mut self) -> Result<(), Failure> {
        let Some(rest) = self.rest.strip_prefix('?') else {
            self.pattern.push('(');
            return Ok(());
        };
        if let Some(named) = rest.strip_prefix("P<").or_else(|| rest.strip_prefix('<')) {
            let Some((name, after)) = named.split_once('>') else { return Err(self.no("a name has no end")) };
            let valid = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            if name.is_empty() || !name.bytes().all(valid) || name.starts_with(|next: char| next.is_ascii_digit()) {
                return Err(self.no("a group has a name that is none"));
            }
            self.pattern.push_str(&format!("(?P<{name}>"));
            self.rest = after;
            return Ok(());
        }
        let end = rest.find([':', ')']).ok_or_else(|| self.no("a group has no end"))?;
        let flags = &rest[..end];
        let colon = rest[end..].starts_with(':');
        let known = flags.bytes().all(|byte| matches!(byte, b'i' | b'm' | b's' | b'U' | b'-'));
        if !known || flags.ends_with('-') || flags.matches('-').count() > 1 || (flags.is_empty() && !colon) {
            return Err(self.no("a group has flags that there are not"));
        }
        self.pattern.push_str(&format!("(?{flags}{}", if colon { ':' } else { ')' }));
        self.rest = &rest[end + 1..];
        Ok(())
    }

    fn escape(&mut self) -> Result<(), Failure> {
        let Some(next) = self.take() else { return Err(self.no("a backslash has nothing behind it")) };
        match next {
            'A' | 'z' => self.pattern.extend(['\\', next]),
            'b' => self.pattern.push_str("(?-u:\\b)"),
            'B' => return Err(self.no("\\B is not supported")),
            'Q' => {
                let (literal, after) = self.rest.split_once("\\E").unwrap_or((self.rest, ""));
                literal.chars().for_each(|next| self.literal(next));
                self.rest = after;
                // What follows would repeat the last letter only, in both; but an empty one has none.
                if self.rest.starts_with(['*', '+', '?', '{']) {
                    return Err(self.no("a repetition behind \\Q…\\E is not supported; use a group"));
                }
            }
            'p' | 'P' => {
                let class = self.unicode_class(next)?;
                self.pattern.push_str(&class);
            }
            next => {
                if let Some(class) = perl_class(next) {
                    self.pattern.push_str(class);
                } else {
                    let character = self.character(next)?;
                    self.literal_code(character);
                }
            }
        }
        Ok(())
    }

    /// `\pL` or `\p{Greek}`: the ones that mean the same to everybody.
    fn unicode_class(&mut self, escape: char) -> Result<String, Failure> {
        let (name, after) = match self.rest.strip_prefix('{') {
            Some(inner) => inner.split_once('}').unwrap_or(("", "")),
            None => self.rest.split_at(self.rest.chars().next().map_or(0, char::len_utf8)),
        };
        if !UNICODE_CLASSES.contains(&name) {
            return Err(self.no(&format!("the class \\{escape}{{{name}}} is not supported")));
        }
        self.rest = after;
        Ok(format!("\\{escape}{{{name}}}"))
    }

    fn literal_code(&mut self, character: char) {
        self.pattern.push_str(&format!("\\x{{{:X}}}", u32::from(character)));
    }

    /// What an escape stands for, when it is a single character.
    fn character(&mut self, escape: char) -> Result<char, Failure> {
        match escape {
            'a' => Ok('\u{7}'),
            'f' => Ok('\u{c}'),
            'n' => Ok('\n'),
            'r' => Ok('\r'),
            't' => Ok('\t'),
            'v' => Ok('\u{b}'),
            'x' => {
                let (digits, after) = match self.rest.strip_prefix('{') {
                    Some(inner) => inner.split_once('}').ok_or_else(|| self.no("\\x has no end"))?,
                    None => (self.rest.get(..2).unwrap_or(""), self.rest.get(2..).unwrap_or("")),
                };
                let valid = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
                let code = u32::from_str_radix(digits, 16).ok().filter(|_| valid).and_then(char::from_u32);
                self.rest = after;
                code.ok_or_else(|| self.no("\\x needs the number of a character"))
            }
            escape if escape.is_ascii_punctuation() => Ok(escape),
            escape => Err(self.no(&format!("\\{escape} is not supported"))),
        }
    }

    /// A class in brackets, the first of which is past.
    fn class(&mut self) -> Result<(), Failure> {
        let mut class = String::from("[");
        if let Some(rest) = self.rest.strip_prefix('^') {
            self.rest = rest;
            class.push('^');
        }
        let mut first = true;
        loop {
            if let Some(rest) = self.rest.strip_prefix("[:") {
                let Some((name, after)) = rest.split_once(":]") else { return Err(self.no("a class has no end")) };
                if !NAMED_CLASSES.contains(&name.trim_start_matches('^')) || name.starts_with("^^") {
                    return Err(self.no(&format!("there is no class [:{name}:]")));
                }
                class.push_str(&format!("[:{name}:]"));
                self.rest = after;
                first = false;
                continue;
            }
            let Some(next) = self.take() else { return Err(self.no("a class has no end")) };
            if next == ']' && !first {
                class.push(']');
                self.pattern.push_str(&class);
                return Ok(());
            }
            first = false;
            if next == '\\'
                && let Some(escape) = self.rest.chars().next()
            {
                if let Some(perl) = perl_class(escape) {
                    self.take();
                    class.push_str(perl);
                    continue;
                }
                if matches!(escape, 'p' | 'P') {
                    self.take();
                    class.push_str(&self.unicode_class(escape)?);
                    continue;
                }
            }
            let low = self.class_character(next)?;
            class.push_str(&format!("\\x{{{:X}}}", u32::from(low)));
            let ranged = self.rest.strip_prefix('-').filter(|rest| !rest.starts_with(']') && !rest.is_empty());
            if let Some(rest) = ranged {
                self.rest = rest;
                let Some(next) = self.take() else { return Err(self.no("a class has no end")) };
                let high = self.class_character(next)?;
                if high < low {
                    return Err(self.no("a range in a class goes backwards"));
                }
                class.push_str(&format!("-\\x{{{:X}}}", u32::from(high)));
            }
        }
    }

    fn class_character(&mut self, next: char) -> Result<char, Failure> {
        if next != '\\' {
            return Ok(next);
        }
        let Some(escape) = self.take() else { return Err(self.no("a backslash has nothing behind it")) };
        self.character(escape)
    }
}

/// Perl's classes, which in Go are ASCII.
fn perl_class(letter: char) -> Option<&'static str> {
    Some(match letter {
        'd' => "[0-9]",
        'D' => "[^0-9]",
        's' => "[\\t\\n\\x0C\\r\\x20]",
        'S' => "[^\\t\\n\\x0C\\r\\x20]",
        'w' => "[0-9A-Za-z_]",
        'W' => "[^0-9A-Za-z_]",
        _ => return None,
    })
}

const NAMED_CLASSES: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word",
    "xdigit",
];

const UNICODE_CLASSES: [&str; 32] = [
    "L", "Ll", "Lm", "Lo", "Lt", "Lu", "M", "Mc", "Me", "Mn", "N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Pe", "Pf", "Pi",
    "Po", "Ps", "S", "Sc", "Sk", "Sm", "So", "Z", "Cyrillic", "Greek", "Han", "Latin",
];

/// Bytes that an expression may take.
const LARGEST: usize = 1 << 18;

//! Versions, and what they have to satisfy.

use std::cmp::Ordering;
use std::rc::Rc;

use super::{Function, Outcome, Type, function, text};
use crate::error::Failure;
use crate::render::Runtime;
use crate::run_value::{Object, Val};

pub(super) static FUNCTIONS: &[Function] =
    &[function("semver", &[Type::Text], parse), function("semverCompare", &[Type::Text, Type::Text], compare)];

/// A version, with what was left out of it counted as 0.
#[derive(Debug)]
struct Version {
    numbers: [u64; 3],
    prerelease: String,
    metadata: String,
}

impl Version {
    fn read(source: &str) -> Result<Self, Failure> {
        let invalid = || Failure::from("Invalid Semantic Version");
        let source = source.strip_prefix('v').unwrap_or(source);
        let (source, metadata) = source.split_once('+').map_or((source, None), |(rest, after)| (rest, Some(after)));
        let (core, prerelease) = source.split_once('-').map_or((source, None), |(rest, after)| (rest, Some(after)));
        let mut numbers = [0; 3];
        for (at, part) in core.split('.').enumerate() {
            *numbers.get_mut(at).ok_or_else(invalid)? = number(part).ok_or_else(invalid)?;
        }
        let is_part =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let all_parts = |text: Option<&str>| text.is_none_or(|text| text.split('.').all(is_part));
        if !all_parts(prerelease) || !all_parts(metadata) {
            return Err(invalid());
        }
        let leads_with_zero =
            |part: &str| part.len() > 1 && part.starts_with('0') && part.bytes().all(|b| b.is_ascii_digit());
        if prerelease.is_some_and(|prerelease| prerelease.split('.').any(leads_with_zero)) {
            return Err("Version segment starts with 0".into());
        }
        let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
        Ok(Version { numbers, prerelease: owned(prerelease), metadata: owned(metadata) })
    }

    fn shown(&self) -> String {
        let [major, minor, patch] = self.numbers;
        let mut shown = format!("{major}.{minor}.{patch}");
        if !self.prerelease.is_empty() {
            shown.extend(["-", &self.prerelease]);
        }
        if !self.metadata.is_empty() {
            shown.extend(["+", &self.metadata]);
        }
        shown
    }

    fn order(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| self.order_of_prerelease(other))
    }

    /// No prerelease comes after every one; parts are compared as numbers where both are.
    fn order_of_prerelease(&self, other: &Self) -> Ordering {
        match (self.prerelease.is_empty(), other.prerelease.is_empty()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return Ordering::Greater,
            (false, true) => return Ordering::Less,
            (false, false) => {}
        }
        let (mut ours, mut theirs) = (self.prerelease.split('.'), other.prerelease.split('.'));
        loop {
            let order = match (ours.next(), theirs.next()) {
                (None, None) => return Ordering::Equal,
                (None, Some(_)) => Ordering::Less,
                (Some(_), None) => Ordering::Greater,
                (Some(one), Some(other)) => match (one.parse::<u64>(), other.parse::<u64>()) {
                    (Ok(one), Ok(other)) => one.cmp(&other),
                    (Ok(_), Err(_)) => Ordering::Less,
                    (Err(_), Ok(_)) => Ordering::Greater,
                    (Err(_), Err(_)) => one.cmp(other),
                },
            };
            if order != Ordering::Equal {
                return order;
            }
        }
    }
}

/// Digits without a zero in front, which would be a slip.
fn number(part: &str) -> Option<u64> {
    let valid = !part.is_empty()
        && part.bytes().all(|byte| byte.is_ascii_digit())
        && !(part.len() > 1 && part.starts_with('0'));
    part.parse().ok().filter(|_| valid)
}

fn parse(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let version = Version::read(text(values, 0))?;
    let field = |name: &str, value: Val| (Some(name.to_owned()), None, value);
    let [major, minor, patch] = version.numbers;
    let fields = vec![
        field("Major", Val::Uint64(major)),
        field("Minor", Val::Uint64(minor)),
        field("Patch", Val::Uint64(patch)),
        field("Prerelease", Val::text(&version.prerelease)),
        field("Metadata", Val::text(&version.metadata)),
        field("Original", values[0].clone()),
        field("String", Val::text(version.shown())),
    ];
    let type_name = "*semver.Version".to_owned();
    Ok(Val::Object(Rc::new(Object { type_name, text: Some(version.shown()), has_json: false, fields })))
}

/// One condition on a version.
struct Constraint {
    operator: Operator,
    version: Version,
    /// How many of the three numbers are written.
    written: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Operator {
    AtLeast,
    AtMost,
    Equal,
    Less,
    More,
    NotEqual,
    SameMajor,
    SameMinor,
}

fn compare(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let mut alternatives = Vec::new();
    for alternative in text(values, 0).split("||") {
        alternatives.push(constraints(alternative)?);
    }
    let version = Version::read(text(values, 1))?;
    Ok(Val::Bool(alternatives.iter().any(|all| all.iter().all(|constraint| constraint.admits(&version)))))
}

/// Conditions that hold together, parted by commas or spaces; `1 - 2` is a range.
fn constraints(source: &str) -> Result<Vec<Constraint>, Failure> {
    let improper = || Failure::from(format!("improper constraint: {source}"));
    let mut constraints: Vec<Constraint> = Vec::new();
    let mut rest = source.trim();
    if rest.is_empty() {
        return Err(improper());
    }
    while !rest.is_empty() {
        let end = rest.find(|next: char| !"=!<>~^".contains(next)).unwrap_or(rest.len());
        let operator = match &rest[..end] {
            "" | "=" => Operator::Equal,
            "!=" => Operator::NotEqual,
            ">" => Operator::More,
            "<" => Operator::Less,
            ">=" | "=>" => Operator::AtLeast,
            "<=" | "=<" => Operator::AtMost,
            "~" | "~>" => Operator::SameMinor,
            "^" => Operator::SameMajor,
            _ => return Err(improper()),
        };
        rest = rest[end..].trim_start();
        let end = rest.find([' ', ',']).unwrap_or(rest.len());
        let constraint = Constraint::read(operator, &rest[..end]).ok_or_else(improper)?;
        rest = rest[end..].trim_start();
        match rest.strip_prefix("- ") {
            Some(upper) if constraint.operator == Operator::Equal => {
                let upper = upper.trim_start();
                let end = upper.find([' ', ',']).unwrap_or(upper.len());
                constraints.push(Constraint { operator: Operator::AtLeast, ..constraint });
                constraints.push(Constraint::read(Operator::AtMost, &upper[..end]).ok_or_else(improper)?);
                rest = upper[end..].trim_start();
            }
            Some(_) => return Err(improper()),
            None => constraints.push(constraint),
        }
        if let Some(after) = rest.strip_prefix(',') {
            rest = after.trim_start();
            if rest.is_empty() {
                return Err(improper());
            }
        }
    }
    Ok(constraints)
}

impl Constraint {
    fn read(operator: Operator, source: &str) -> Option<Self> {
        let end = source.find(['-', '+']).unwrap_or(source.len());
        let core = source[..end].strip_prefix('v').unwrap_or(&source[..end]);
        let parts: Vec<&str> = core.split('.').collect();
        let written = parts.iter().take_while(|part| !matches!(**part, "x" | "X" | "*")).count();
        if parts.len() > 3 || (written < parts.len() && end < source.len()) || (written < 3 && end < source.len()) {
            return None;
        }
        if parts[written..].iter().any(|part| !matches!(*part, "x" | "X" | "*")) {
            return None;
        }
        let mut numbers = [0; 3];
        for (at, part) in parts[..written].iter().enumerate() {
            numbers[at] = number(part)?;
        }
        let [major, minor, patch] = numbers;
        let version = Version::read(&format!("{major}.{minor}.{patch}{}", &source[end..])).ok()?;
        Some(Constraint { operator, version, written })
    }

    fn admits(&self, version: &Version) -> bool {
        let Constraint { operator, version: wanted, written } = self;
        // A prerelease is only for those who ask for one, or who name one version that they do not want.
        let names_one = *operator == Operator::NotEqual && *written == 3;
        if !version.prerelease.is_empty() && wanted.prerelease.is_empty() && !names_one {
            return false;
        }
        let order = version.order(wanted);
        let ([major, minor, _], [wanted_major, wanted_minor, _]) = (version.numbers, wanted.numbers);
        let whole = *written == 3;
        match operator {
            Operator::Equal if whole => order == Ordering::Equal,
            Operator::Equal | Operator::SameMinor => self.is_within_minor(version, order),
            Operator::NotEqual if whole || *written == 0 => order != Ordering::Equal,
            Operator::NotEqual => major != wanted_major || (*written == 2 && minor != wanted_minor),
            Operator::More if whole => order == Ordering::Greater,
            Operator::More => match written {
                1 => major > wanted_major,
                2 => (major, minor) > (wanted_major, wanted_minor),
                _ => order == Ordering::Greater && major > wanted_major,
            },
            Operator::Less => order == Ordering::Less,
            Operator::AtLeast => order != Ordering::Less,
            Operator::AtMost if whole => order != Ordering::Greater,
            Operator::AtMost => {
                major < wanted_major || (major == wanted_major && (minor <= wanted_minor || *written == 1))
            }
            Operator::SameMajor => self.is_within_major(version, order),
        }
    }

    fn is_within_minor(&self, version: &Version, order: Ordering) -> bool {
        let ([major, minor, _], [wanted_major, wanted_minor, _]) = (version.numbers, self.version.numbers);
        let anything = self.version.numbers == [0; 3] && matches!(self.written, 0 | 3);
        order != Ordering::Less && (anything || (major == wanted_major && (minor == wanted_minor || self.written == 1)))
    }

    /// What comes behind the first number that is not 0 may be larger.
    fn is_within_major(&self, version: &Version, order: Ordering) -> bool {
        let ([major, minor, patch], [wanted_major, wanted_minor, wanted_patch]) =
            (version.numbers, self.version.numbers);
        if order == Ordering::Less || major != wanted_major {
            return false;
        }
        if wanted_major > 0 || self.written == 1 {
            return true;
        }
        if wanted_minor > 0 || self.written == 2 {
            return minor == wanted_minor;
        }
        minor == 0 && patch == wanted_patch
    }
}

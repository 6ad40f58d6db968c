//! Reading the words after a command.

use super::Flag;
use crate::failure::Usage;

/// The words after a command, sorted into flags and positional arguments.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Parsed {
    /// What stood without a dash.
    pub(crate) positionals: Vec<String>,
    /// Main spelling and value of every flag given, in order. A switch has the value `true` or `false`.
    pub(crate) values: Vec<(&'static str, String)>,
    /// Whether help was asked for.
    pub(crate) help: bool,
}

/// Sort `words`, which follow a command with these flags.
///
/// One dash or two are the same; a value follows `=` or is the next word, whatever that is; flags may
/// follow positional arguments; `--` ends the flags; a lone `-` is an argument.
pub(crate) fn parse(flags: &[&'static Flag], words: &[String]) -> Result<Parsed, Usage> {
    let mut parsed = Parsed::default();
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let Some(text) = flag_text(word) else {
            parsed.positionals.push(word.clone());
            continue;
        };
        if text.is_empty() {
            parsed.positionals.extend(rest.cloned());
            break;
        }
        let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
        if matches!(name, "help" | "h") {
            parsed.help = true;
            continue;
        }
        let flag = flags.iter().find(|flag| flag.names.contains(&name)).ok_or_else(|| unknown(flags, name))?;
        let value = match value {
            Some(value) if flag.is_switch() => boolean(name, value)?.to_string(),
            Some(value) => value.to_owned(),
            None if flag.is_switch() => true.to_string(),
            None => rest.next().cloned().ok_or_else(|| Usage::new(format!("flag needs an argument: -{name}")))?,
        };
        if flag.is_refused() && !value.is_empty() && value != "false" {
            return Err(Usage::new(format!("flag '--{name}' is not supported by this version: {}", flag.help)));
        }
        parsed.values.push((flag.name(), value));
    }
    Ok(parsed)
}

/// The word without its dashes, if it is a flag; empty for `--`.
pub(super) fn flag_text(word: &str) -> Option<&str> {
    let text = word.strip_prefix('-').filter(|text| !text.is_empty())?;
    Some(text.strip_prefix('-').unwrap_or(text))
}

/// Read a boolean as the environment, `--flag=…` and defaults files write it.
pub(crate) fn truth(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

fn boolean(name: &str, value: &str) -> Result<bool, Usage> {
    truth(value).ok_or_else(|| Usage::new(format!("invalid boolean value \"{value}\" for -{name}: parse error")))
}

fn unknown(flags: &[&'static Flag], name: &str) -> Usage {
    let message = format!("flag provided but not defined: -{name}");
    let known = flags.iter().filter(|flag| !flag.is_refused()).flat_map(|flag| flag.names);
    let near = known.filter(|known| known.len() > 2).min_by_key(|known| distance(known, name));
    match near.filter(|near| distance(near, name) <= 1 + name.len() / 5) {
        Some(near) => Usage::new(message).with_hint(format!("Did you mean --{near}?")),
        None => Usage::new(message),
    }
}

/// How many letters have to be put in, taken out or exchanged to get from one word to the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (above, letter) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = above + 1;
        for column in 0..to.len() {
            let replaced = diagonal + usize::from(to[column] != letter);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

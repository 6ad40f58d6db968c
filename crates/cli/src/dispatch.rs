//! From the words of the command line to the command that runs.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::anyhow;

use crate::call::Call;
use crate::commands::ROOT;
use crate::failure::{UnknownTopic, Usage};
use crate::grammar::{Command, Count, Flag, Group, Node, Parsed, parse};
use crate::program::{Program, version_lines};
use crate::ui::Ui;
use crate::{commands, help};

/// Run what `words`, without the program's name, ask for.
pub(crate) fn run(program: &Program, ui: &Ui, words: impl Iterator<Item = OsString>) -> anyhow::Result<()> {
    let words = words
        .enumerate()
        .map(|(place, word)| word.into_string().map_err(|_| anyhow!("argument {} is not UTF-8 text", place + 1)));
    let mut words = words.collect::<anyhow::Result<Vec<String>>>()?;
    if words.last().is_some_and(|word| word == commands::completion::HOOK) {
        words.pop();
        return commands::completion::candidates(&words);
    }
    let (config, rest) = match before_the_command(&words)? {
        Start::Command { config, rest } => (config, rest),
        Start::Help => return help::show_topic(program, &[]),
        Start::Version => return crate::ui::print(version_lines().as_bytes()),
    };
    walk(program, ui, config, rest)
}

/// What stands before the first command word.
enum Start<'a> {
    Command { config: Option<PathBuf>, rest: &'a [String] },
    Help,
    Version,
}

fn before_the_command(words: &[String]) -> anyhow::Result<Start<'_>> {
    let count = leading(words, &[&CONFIG, &VERSION]);
    let parsed = parse(&[&CONFIG, &VERSION], &words[..count])?;
    let given = |name| parsed.values.iter().rev().find(|(given, _)| *given == name).map(|(_, value)| value.as_str());
    if parsed.help {
        return Ok(Start::Help);
    }
    if given("version") == Some("true") {
        return Ok(Start::Version);
    }
    let config = given("config").filter(|file| !file.is_empty()).map(PathBuf::from);
    Ok(Start::Command { config, rest: &words[count..] })
}

/// How many words at the start are flags and their values.
fn leading(words: &[String], flags: &[&'static Flag]) -> usize {
    let mut count = 0;
    while let Some(text) = words.get(count).and_then(|word| word.strip_prefix('-')) {
        let name = text.strip_prefix('-').unwrap_or(text);
        let with_value = flags.iter().any(|flag| flag.names.contains(&name) && !flag.is_switch());
        count += if with_value { 2 } else { 1 };
    }
    count.min(words.len())
}

fn walk(program: &Program, ui: &Ui, config: Option<PathBuf>, words: &[String]) -> anyhow::Result<()> {
    let mut group: &Group = &ROOT;
    let mut path: Vec<&str> = Vec::new();
    for (place, word) in words.iter().enumerate() {
        let rest = &words[place + 1..];
        if path.is_empty() && matches!(word.as_str(), "help" | "h") {
            return start(program, ui, (&["help"], &commands::help::COMMAND), config, rest);
        }
        if matches!(word.as_str(), "help" | "h") {
            let topic: Vec<&str> = path.iter().copied().chain(rest.iter().map(String::as_str)).collect();
            return help::show_topic(program, &topic);
        }
        if word.starts_with('-') {
            // A group has no flags but --help.
            parse(&[], &words[place..])?;
            break;
        }
        match group.child(word) {
            Some(Node::Group(found)) => {
                path.push(found.name);
                group = found;
            }
            Some(Node::Command(command)) => {
                path.push(command.name);
                return start(program, ui, (&path, command), config, rest);
            }
            None => return Err(UnknownTopic(word.clone()).into()),
        }
    }
    help::show_topic(program, &path)
}

fn start(
    program: &Program,
    ui: &Ui,
    (path, command): (&[&str], &'static Command),
    config: Option<PathBuf>,
    words: &[String],
) -> anyhow::Result<()> {
    let flags: Vec<&'static Flag> = command.all_flags().collect();
    let parsed = parse(&flags, words)?;
    if parsed.help {
        return help::show_topic(program, path);
    }
    let path = path.join(" ");
    check_count(command, &parsed, &format!("{} {path}", program.name))?;
    (command.run)(&Call::new(program, ui, (path, command), parsed, config))
}

fn check_count(command: &Command, parsed: &Parsed, name: &str) -> Result<(), Usage> {
    let least = command.arguments.iter().filter(|argument| argument.count == Count::One).count();
    let endless = command.arguments.iter().any(|argument| argument.count == Count::Any);
    let given = parsed.positionals.len();
    let wrong = match given {
        _ if given < least => "not enough",
        _ if given > command.arguments.len() && !endless => "too many",
        _ => return Ok(()),
    };
    let usage = format!("{name} {}", command.usage_tail());
    Err(Usage::new(format!("{wrong} positional arguments were provided in '{}'", usage.trim_end())))
}

/// The flags before the first command word; the help of the program lists them.
pub(crate) static CONFIG: Flag =
    Flag::value(&["config"], "<file>", "Read defaults for flags from this <file> instead of the usual place.");
pub(crate) static VERSION: Flag = Flag::switch(&["version", "v"], "Print the version and exit.");

//! Help, made from the same tables that the command line is read with.

#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::io;

use crate::commands::ROOT;
use crate::dispatch::{CONFIG, VERSION};
use crate::failure::UnknownTopic;
use crate::grammar::{Command, Example, Flag, Group, Kind, Node};
use crate::program::Program;
use crate::ui::{colour_wanted, print};

/// Print the help of the command or group that these words name.
pub(crate) fn show_topic(program: &Program, words: &[&str]) -> anyhow::Result<()> {
    let node = find(program, words)?;
    let text = render(program, words, node, colour_wanted(&io::stdout()));
    print(text.as_bytes())
}

fn find(program: &Program, words: &[&str]) -> Result<Node, UnknownTopic> {
    let mut node = Node::Group(&ROOT);
    for (place, word) in words.iter().enumerate() {
        let child = match node {
            Node::Group(group) => group.child(word),
            Node::Command(_) => None,
        };
        let full = || [&[program.name], &words[..=place]].concat().join(" ");
        node = child.ok_or_else(|| UnknownTopic(if place == 0 { (*word).to_owned() } else { full() }))?;
    }
    Ok(node)
}

/// The whole text.
pub(super) fn render(program: &Program, words: &[&str], node: Node, bold: bool) -> String {
    let name = [&[program.name], words].concat().join(" ");
    let mut page = Page { text: String::new(), bold, program: program.name };
    page.section("NAME");
    page.paragraph(&format!("{name} -- {}", node.summary()), BODY);
    match node {
        Node::Command(command) => page.command(&name, command),
        Node::Group(group) => page.group(&name, group),
    }
    page.text
}

struct Page {
    text: String,
    bold: bool,
    program: &'static str,
}

impl Page {
    fn group(&mut self, name: &str, group: &Group) {
        self.section("USAGE");
        self.paragraph(&format!("{name} <subcommand> [arguments] [--flags]"), BODY);
        self.section("DESCRIPTION");
        self.description(group.description);
        if std::ptr::eq(group, &raw const ROOT) {
            self.section("OPTIONS");
            self.flags([&CONFIG, &VERSION, &HELP].into_iter());
        }
        self.examples(group.examples);
        self.section("COMMANDS");
        let width = group.children.iter().map(|child| child.name().len()).max().unwrap_or(0);
        for child in group.children {
            let _ = writeln!(self.text, "{:BODY$}{:width$}  {}", "", child.name(), child.summary());
        }
        self.text.push('\n');
    }

    fn command(&mut self, name: &str, command: &Command) {
        self.section("USAGE");
        let mut usage = format!("{name} {}", command.usage_tail());
        for flag in command.all_flags().filter(|flag| !flag.is_refused()) {
            let _ = match flag.kind {
                Kind::Value(value) | Kind::List(value) => write!(usage, " [--{}={value}]", flag.name()),
                _ => write!(usage, " [--{}]", flag.name()),
            };
        }
        self.paragraph(&usage, BODY);
        self.section("DESCRIPTION");
        self.description(command.description);
        if !command.arguments.is_empty() {
            self.section("POSITIONAL ARGUMENTS");
            for argument in command.arguments {
                self.item(argument.name, argument.help);
            }
        }
        self.section("OPTIONS");
        self.flags(command.all_flags().chain([&HELP]));
        self.examples(command.examples);
    }

    fn flags(&mut self, flags: impl Iterator<Item = &'static Flag>) {
        for flag in flags.filter(|flag| !flag.is_refused()) {
            let value = match flag.kind {
                Kind::Value(value) | Kind::List(value) => format!("={value}"),
                Kind::RefusedSwitch | Kind::RefusedValue | Kind::Switch => String::new(),
            };
            let spellings = flag.names.iter().map(|name| {
                let dashes = if name.len() == 1 { "-" } else { "--" };
                format!("{dashes}{name}{value}")
            });
            let mut help = flag.help.to_owned();
            if matches!(flag.kind, Kind::List(_)) {
                help.push_str(" Can be given several times.");
            }
            self.item(&spellings.collect::<Vec<_>>().join(", "), &help);
        }
    }

    fn examples(&mut self, examples: &[Example]) {
        if examples.is_empty() {
            return;
        }
        self.section("EXAMPLES");
        for example in examples {
            self.paragraph(example.purpose, BODY);
            for (place, line) in example.lines.iter().enumerate() {
                let _ = match place {
                    0 => writeln!(self.text, "{:ITEM$}$ {} {line}", "", self.program),
                    _ => writeln!(self.text, "{:ITEM$}{line}", ""),
                };
            }
            self.text.push('\n');
        }
    }

    fn section(&mut self, title: &str) {
        let title = self.strong(title);
        let _ = writeln!(self.text, "{title}");
    }

    fn item(&mut self, name: &str, help: &str) {
        let name = self.strong(name);
        let _ = writeln!(self.text, "{:BODY$}{name}", "");
        self.paragraph(help, ITEM);
    }

    fn description(&mut self, text: &str) {
        for paragraph in text.split("\n\n") {
            self.paragraph(paragraph, BODY);
        }
    }

    /// One paragraph and an empty line; `{program}` is the program's name.
    fn paragraph(&mut self, text: &str, indent: usize) {
        let text = text.replace("{program}", self.program);
        let mut column = 0;
        for word in text.split_whitespace() {
            let length = word.chars().count();
            if column > 0 && column + 1 + length > WIDTH {
                self.text.push('\n');
                column = 0;
            }
            if column == 0 {
                let _ = write!(self.text, "{:indent$}", "");
                column = indent;
            } else {
                self.text.push(' ');
                column += 1;
            }
            self.text.push_str(word);
            column += length;
        }
        self.text.push_str("\n\n");
    }

    fn strong(&self, text: &str) -> String {
        if self.bold { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
    }
}

static HELP: Flag = Flag::switch(&["help", "h"], "Print this help and exit.");
const BODY: usize = 6;
const ITEM: usize = 10;
const WIDTH: usize = 80;

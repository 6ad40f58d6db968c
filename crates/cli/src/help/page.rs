//! What a page of the help says, before it becomes text, HTML, Markdown or a man page.

use crate::commands::ROOT;
use crate::dispatch::{CONFIG, VERSION};
use crate::grammar::{Command, Example, Flag, Group, Kind, Node};
use crate::program::Program;

/// One page: all about one command or group.
#[derive(Debug)]
pub(super) struct Page {
    /// Program and command as they are typed.
    pub(super) name: String,
    /// What it is for, in half a sentence.
    pub(super) summary: &'static str,
    /// Its sections, in order.
    pub(super) sections: Vec<Section>,
}

/// A part of a page under a title.
#[derive(Debug)]
pub(super) struct Section {
    /// The title, in capitals.
    pub(super) title: &'static str,
    /// What stands in it.
    pub(super) blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Debug)]
pub(super) enum Block {
    /// A paragraph.
    Paragraph(String),
    /// How a command is called.
    Usage(String),
    /// A flag or an argument, and what it is.
    Item {
        /// As it is typed.
        name: String,
        /// What it is.
        text: String,
    },
    /// What command lines do, and the lines; the first is typed, the others may follow it.
    Example {
        /// What they do.
        purpose: String,
        /// The lines, the first with the program's name.
        lines: Vec<String>,
    },
    /// The commands of a group, each with what it is for.
    Commands(Vec<(&'static str, &'static str)>),
}

impl Page {
    /// The page of the command or group that these words lead to.
    pub(super) fn of(program: &Program, words: &[&str], node: Node) -> Self {
        let name = [&[program.name], words].concat().join(" ");
        let writer = Writer { program: program.name };
        let sections = match node {
            Node::Command(command) => writer.command(&name, command),
            Node::Group(group) => writer.group(&name, group),
        };
        Self { name, summary: node.summary(), sections }
    }
}

struct Writer {
    program: &'static str,
}

impl Writer {
    fn group(&self, name: &str, group: &Group) -> Vec<Section> {
        let mut sections = vec![
            section("USAGE", vec![Block::Usage(format!("{name} <subcommand> [arguments] [--flags]"))]),
            section("DESCRIPTION", self.paragraphs(group.description)),
        ];
        if std::ptr::eq(group, &raw const ROOT) {
            sections.push(section("OPTIONS", self.flags([&CONFIG, &VERSION, &HELP].into_iter())));
        }
        sections.extend(self.examples(group.examples));
        let commands = group.children.iter().map(|child| (child.name(), child.summary())).collect();
        sections.push(section("COMMANDS", vec![Block::Commands(commands)]));
        sections
    }

    fn command(&self, name: &str, command: &Command) -> Vec<Section> {
        let mut usage = format!("{name} {}", command.usage_tail());
        for flag in command.all_flags().filter(|flag| !flag.is_refused()) {
            let shown = match flag.kind {
                Kind::Value(value) | Kind::List(value) => format!(" [--{}={value}]", flag.name()),
                _ => format!(" [--{}]", flag.name()),
            };
            usage.push_str(&shown);
        }
        let mut sections = vec![
            section("USAGE", vec![Block::Usage(usage)]),
            section("DESCRIPTION", self.paragraphs(command.description)),
        ];
        if !command.arguments.is_empty() {
            let items = command.arguments.iter().map(|argument| self.item(argument.name.to_owned(), argument.help));
            sections.push(section("POSITIONAL ARGUMENTS", items.collect()));
        }
        sections.push(section("OPTIONS", self.flags(command.all_flags().chain([&HELP]))));
        sections.extend(self.examples(command.examples));
        sections
    }

    fn flags(&self, flags: impl Iterator<Item = &'static Flag>) -> Vec<Block> {
        let shown = flags.filter(|flag| !flag.is_refused());
        shown
            .map(|flag| {
                let value = match flag.kind {
                    Kind::Value(value) | Kind::List(value) => format!("={value}"),
                    Kind::RefusedSwitch | Kind::RefusedValue | Kind::Switch => String::new(),
                };
                let spellings = flag.names.iter().map(|name| {
                    let dashes = if name.len() == 1 { "-" } else { "--" };
                    format!("{dashes}{name}{value}")
                });
                let again = if matches!(flag.kind, Kind::List(_)) { " Can be given several times." } else { "" };
                self.item(spellings.collect::<Vec<_>>().join(", "), &format!("{}{again}", flag.help))
            })
            .collect()
    }

    fn examples(&self, examples: &[Example]) -> Option<Section> {
        let blocks = examples.iter().map(|example| {
            let lines = example.lines.iter().enumerate().map(|(place, line)| match place {
                0 => format!("{} {line}", self.program),
                _ => (*line).to_owned(),
            });
            Block::Example { purpose: self.fill(example.purpose), lines: lines.collect() }
        });
        (!examples.is_empty()).then(|| section("EXAMPLES", blocks.collect()))
    }

    fn item(&self, name: String, help: &str) -> Block {
        Block::Item { name, text: self.fill(help) }
    }

    fn paragraphs(&self, text: &str) -> Vec<Block> {
        text.split("\n\n").map(|paragraph| Block::Paragraph(self.fill(paragraph))).collect()
    }

    /// The text with the program's name for `{program}`.
    fn fill(&self, text: &str) -> String {
        text.replace("{program}", self.program)
    }
}

fn section(title: &'static str, blocks: Vec<Block>) -> Section {
    Section { title, blocks }
}

static HELP: Flag = Flag::switch(&["help", "h"], "Print this help and exit.");

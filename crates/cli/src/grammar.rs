//! What the command line is made of: groups, commands, their arguments and flags, all as data.

mod parse;
#[cfg(test)]
mod tests;

use crate::call::Call;

pub(crate) use parse::{Parsed, parse, truth};

/// A word on the way to a command.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Node {
    /// A command that does something.
    Command(&'static Command),
    /// A group of further words.
    Group(&'static Group),
}

impl Node {
    /// The word itself.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Command(command) => command.name,
            Self::Group(group) => group.name,
        }
    }

    /// What it is for, in half a sentence.
    pub(crate) fn summary(self) -> &'static str {
        match self {
            Self::Command(command) => command.summary,
            Self::Group(group) => group.summary,
        }
    }
}

/// Commands that belong together under one word.
#[derive(Debug)]
pub(crate) struct Group {
    /// The word.
    pub(crate) name: &'static str,
    /// What it is for, in half a sentence.
    pub(crate) summary: &'static str,
    /// What a newcomer has to know.
    pub(crate) description: &'static str,
    /// Command lines worth knowing.
    pub(crate) examples: &'static [Example],
    /// What is in it.
    pub(crate) children: &'static [Node],
}

impl Group {
    /// The child with this name.
    pub(crate) fn child(&self, name: &str) -> Option<Node> {
        self.children.iter().copied().find(|child| child.name() == name)
    }
}

/// One command: how it is called, and what it does.
#[derive(Debug)]
pub(crate) struct Command {
    /// The last word of its name.
    pub(crate) name: &'static str,
    /// What it is for, in half a sentence.
    pub(crate) summary: &'static str,
    /// What a newcomer has to know.
    pub(crate) description: &'static str,
    /// What stands after the name, in order.
    pub(crate) arguments: &'static [Argument],
    /// Its flags; shared ones come as a slice of their own.
    pub(crate) flags: &'static [&'static [Flag]],
    /// Command lines that work.
    pub(crate) examples: &'static [Example],
    /// Whether the settings of the current context apply.
    pub(crate) scope: Scope,
    /// What it does.
    pub(crate) run: fn(&Call) -> anyhow::Result<()>,
}

impl Command {
    /// All flags, shared ones included.
    pub(crate) fn all_flags(&self) -> impl Iterator<Item = &'static Flag> + use<> {
        self.flags.iter().copied().flatten()
    }

    /// The flag with this spelling.
    pub(crate) fn flag(&self, name: &str) -> Option<&'static Flag> {
        self.all_flags().find(|flag| flag.names.contains(&name))
    }

    /// The arguments as the usage line shows them, such as `<subject> <crt-file> [<key-file>]`.
    pub(crate) fn usage_tail(&self) -> String {
        let shown = self.arguments.iter().map(|argument| match argument.count {
            Count::Any => format!("[{} …]", argument.name),
            Count::One => argument.name.to_owned(),
            Count::Optional => format!("[{}]", argument.name),
        });
        shown.collect::<Vec<_>>().join(" ")
    }
}

/// Whether a command works in the current context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Settings come from the current context if there is one, and nobody is asked to choose one.
    Anywhere,
    /// It makes, lists or ignores contexts.
    Outside,
    /// Settings come from the current context.
    Within,
}

/// Something that stands after the command without a dash.
#[derive(Debug)]
pub(crate) struct Argument {
    /// As the usage line shows it, such as `<crt-file>`.
    pub(crate) name: &'static str,
    /// Whether it has to be there.
    pub(crate) count: Count,
    /// What it is.
    pub(crate) help: &'static str,
}

/// How often an argument stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Count {
    /// Any number of times.
    Any,
    /// Exactly once.
    One,
    /// Once or not at all.
    Optional,
}

/// A flag. One and two dashes are the same.
#[derive(Debug)]
pub(crate) struct Flag {
    /// Its spellings, the main one first.
    pub(crate) names: &'static [&'static str],
    /// What it takes.
    pub(crate) kind: Kind,
    /// What it is for; for a refused flag: why, and what to do.
    pub(crate) help: &'static str,
    /// Where its value may come from.
    pub(crate) source: Source,
}

/// What a flag takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A value, any number of times; the text is its name in the help.
    List(&'static str),
    /// Known, but not part of this version; without a value.
    RefusedSwitch,
    /// Known, but not part of this version; with a value.
    RefusedValue,
    /// Nothing, or `=false`.
    Switch,
    /// One value; the text is its name in the help.
    Value(&'static str),
}

/// Where the value of a flag may come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// The command line, the environment, the defaults file.
    Anywhere,
    /// The command line alone.
    CommandLine,
}

impl Flag {
    /// A flag without a value.
    pub(crate) const fn switch(names: &'static [&'static str], help: &'static str) -> Self {
        Self { names, kind: Kind::Switch, help, source: Source::Anywhere }
    }

    /// A flag with one value.
    pub(crate) const fn value(names: &'static [&'static str], value: &'static str, help: &'static str) -> Self {
        Self { names, kind: Kind::Value(value), help, source: Source::Anywhere }
    }

    /// A flag that can be given several times.
    pub(crate) const fn list(names: &'static [&'static str], value: &'static str, help: &'static str) -> Self {
        Self { names, kind: Kind::List(value), help, source: Source::Anywhere }
    }

    /// A flag without a value that is refused by name.
    pub(crate) const fn refused(names: &'static [&'static str], help: &'static str) -> Self {
        Self { names, kind: Kind::RefusedSwitch, help, source: Source::CommandLine }
    }

    /// A flag with a value that is refused by name.
    pub(crate) const fn refused_value(names: &'static [&'static str], help: &'static str) -> Self {
        Self { names, kind: Kind::RefusedValue, help, source: Source::CommandLine }
    }

    /// `--format` of a command that says nothing that scripts read unless they ask for JSON. It is for the command line
    /// alone: a `STEP_FORMAT` that is meant for another command changes nothing here.
    pub(crate) const fn json_or_text() -> Self {
        Self::value(&["format"], "<format>", "text (the default) or json.").only_on_the_command_line()
    }

    /// The same, but neither the environment nor a defaults file can set it.
    pub(crate) const fn only_on_the_command_line(mut self) -> Self {
        self.source = Source::CommandLine;
        self
    }

    /// The main spelling.
    pub(crate) fn name(&self) -> &'static str {
        self.names[0]
    }

    /// Whether it stands alone.
    pub(crate) fn is_switch(&self) -> bool {
        matches!(self.kind, Kind::Switch | Kind::RefusedSwitch)
    }

    /// Whether this version refuses it.
    pub(crate) fn is_refused(&self) -> bool {
        matches!(self.kind, Kind::RefusedSwitch | Kind::RefusedValue)
    }
}

/// A command line that works, and what it does.
#[derive(Debug)]
pub(crate) struct Example {
    /// What it does.
    pub(crate) purpose: &'static str,
    /// The command line, without the program's name; other lines of the transcript may follow.
    pub(crate) lines: &'static [&'static str],
}

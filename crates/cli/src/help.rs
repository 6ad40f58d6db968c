//! Help, made from the same tables that the command line is read with.

mod files;
mod html;
mod man;
mod markdown;
mod page;
mod report;
#[cfg(test)]
mod tests;
mod text;

use std::io;

use crate::commands::ROOT;
use crate::failure::UnknownTopic;
use crate::grammar::Node;
use crate::program::Program;
use crate::ui::{colour_wanted, print};
use page::Page;

pub(crate) use files::{Form, export};
pub(crate) use html::escaped as escaped_html;

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
    text::render(&Page::of(program, words, node), bold)
}

/// Visit every command and group, those above before those below, with the words that lead there.
fn each(node: Node, path: &mut Vec<&'static str>, visit: &mut impl FnMut(&[&'static str], Node)) {
    visit(path, node);
    if let Node::Group(group) = node {
        for child in group.children {
            path.push(child.name());
            each(*child, path, visit);
            path.pop();
        }
    }
}

/// A title as it stands in a book: `Positional arguments` for `POSITIONAL ARGUMENTS`.
fn capitalised(title: &str) -> String {
    let (first, rest) = title.split_at(1);
    first.to_owned() + &rest.to_lowercase()
}

//! A report on all pages: how long each section is, for those who look after them.

use super::page::{Block, Page};
use crate::inspect::{Json, Object};

/// The report as JSON.
pub(super) fn render(pages: &[Page]) -> String {
    let mut out = Object::new();
    out.put("report", Json::List(pages.iter().map(|page| of_page(page).into()).collect()));
    Json::from(out).pretty()
}

fn of_page(page: &Page) -> Object {
    let mut out = entry(&page.name, "Name", &format!("{} – {}", page.name, page.summary));
    let sections = page.sections.iter().map(|section| {
        let text: Vec<String> = section.blocks.iter().map(text).collect();
        let mut entry = entry(&page.name, &super::capitalised(section.title), &text.join("\n"));
        entry.put("sections", Json::Null);
        entry.into()
    });
    out.put("sections", Json::List(sections.collect()));
    out
}

fn entry(command: &str, name: &str, text: &str) -> Object {
    let mut out = Object::new();
    out.put("command", command);
    out.put("name", name);
    out.put("text", text);
    out.put("words", Json::number(text.split_whitespace().count()));
    out.put("lines", Json::number(text.lines().count()));
    out
}

fn text(block: &Block) -> String {
    match block {
        Block::Paragraph(text) | Block::Usage(text) => text.clone(),
        Block::Item { name, text } => format!("{name}\n{text}"),
        Block::Example { purpose, lines } => format!("{purpose}\n$ {}", lines.join("\n")),
        Block::Commands(commands) => {
            let lines: Vec<String> = commands.iter().map(|(name, summary)| format!("{name}\n{summary}")).collect();
            lines.join("\n")
        }
    }
}

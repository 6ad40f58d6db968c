//! Pages as Markdown, in the subset that MDX reads, too.

use std::fmt::Write as _;

use super::page::{Block, Page};

/// The page as Markdown.
pub(super) fn render(page: &Page) -> String {
    let mut out = format!("# {}\n\n{}\n", escaped(&page.name), escaped(page.summary));
    for section in &page.sections {
        let _ = writeln!(out, "\n## {}", super::capitalised(section.title));
        section.blocks.iter().for_each(|entry| block(&mut out, entry));
    }
    out
}

fn block(out: &mut String, block: &Block) {
    let _ = match block {
        Block::Paragraph(text) => writeln!(out, "\n{}", escaped(text)),
        Block::Usage(text) => writeln!(out, "\n```text\n{text}\n```"),
        Block::Item { name, text } => writeln!(out, "\n`{name}`  \n{}", escaped(text)),
        Block::Example { purpose, lines } => {
            writeln!(out, "\n{}\n\n```console\n$ {}\n```", escaped(purpose), lines.join("\n"))
        }
        Block::Commands(commands) => {
            out.push('\n');
            for (name, summary) in commands {
                let _ = writeln!(out, "- [{name}]({name}/README.mdx): {}", escaped(summary));
            }
            Ok(())
        }
    };
}

/// Plain text in Markdown and MDX: what would be markup is written out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '{' => out.push_str("&#123;"),
            '}' => out.push_str("&#125;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' => out.extend(['\\', character]),
            other => out.push(other),
        }
    }
    out
}

//! Pages for `man` (man-pages(7), groff_man(7)).

use std::fmt::Write as _;

use super::page::{Block, Page};

/// The page as roff source.
pub(super) fn render(page: &Page) -> String {
    let title = file_stem(&page.name).to_uppercase();
    let version = env!("CARGO_PKG_VERSION");
    let mut out = format!(".TH \"{}\" 1 \"\" \"Rung {version}\" \"Rung\"\n", escaped(&title));
    let _ = writeln!(out, ".SH NAME\n{} \\- {}", escaped(&file_stem(&page.name)), escaped(page.summary));
    for section in &page.sections {
        let title = if section.title == "USAGE" { "SYNOPSIS" } else { section.title };
        let _ = writeln!(out, ".SH {title}");
        section.blocks.iter().for_each(|entry| block(&mut out, entry, &page.name));
    }
    out
}

/// The name of the page: `rung-ca-certificate` for `rung ca certificate`.
pub(super) fn file_stem(name: &str) -> String {
    name.replace(' ', "-")
}

fn block(out: &mut String, block: &Block, page: &str) {
    let _ = match block {
        Block::Paragraph(text) | Block::Usage(text) => writeln!(out, ".PP\n{}", line(text)),
        Block::Item { name, text } => writeln!(out, ".TP\n.B {}\n{}", line(name), line(text)),
        Block::Example { purpose, lines } => {
            let lines: Vec<String> = lines.iter().map(|one| line(one)).collect();
            writeln!(out, ".PP\n{}\n.PP\n.RS 4\n.nf\n$ {}\n.fi\n.RE", line(purpose), lines.join("\n"))
        }
        Block::Commands(commands) => {
            for (name, summary) in commands {
                let page = line(&file_stem(&format!("{page} {name}")));
                let _ = writeln!(out, ".TP\n.BR {page} (1)\n{}", line(summary));
            }
            Ok(())
        }
    };
}

/// One line of input: what roff would take for a request at its beginning is kept from that.
fn line(text: &str) -> String {
    let text = escaped(text);
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\e"),
            '-' => out.push_str("\\-"),
            '"' => out.push_str("\\(dq"),
            '~' => out.push_str("\\(ti"),
            '^' => out.push_str("\\(ha"),
            '`' => out.push_str("\\(ga"),
            other if other.is_ascii() => out.push(other),
            other => {
                let _ = write!(out, "\\[u{:04X}]", u32::from(other));
            }
        }
    }
    out
}

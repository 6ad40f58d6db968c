//! Pages as text for a terminal.

use std::fmt::Write as _;

use super::page::{Block, Page};

/// The page as text; titles and names are bold if the terminal can show that.
pub(super) fn render(page: &Page, bold: bool) -> String {
    let mut text = Text { out: String::with_capacity(4096), bold };
    text.title("NAME");
    text.paragraph(&format!("{} -- {}", page.name, page.summary), BODY);
    for section in &page.sections {
        text.title(section.title);
        section.blocks.iter().for_each(|block| text.block(block));
    }
    text.out
}

struct Text {
    out: String,
    bold: bool,
}

impl Text {
    fn block(&mut self, block: &Block) {
        match block {
            Block::Paragraph(text) | Block::Usage(text) => self.paragraph(text, BODY),
            Block::Item { name, text } => {
                let name = self.strong(name);
                let _ = writeln!(self.out, "{:BODY$}{name}", "");
                self.paragraph(text, ITEM);
            }
            Block::Example { purpose, lines } => {
                self.paragraph(purpose, BODY);
                for (place, line) in lines.iter().enumerate() {
                    let prompt = if place == 0 { "$ " } else { "" };
                    let _ = writeln!(self.out, "{:ITEM$}{prompt}{line}", "");
                }
                self.out.push('\n');
            }
            Block::Commands(commands) => {
                let width = commands.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
                for (name, summary) in commands {
                    let _ = writeln!(self.out, "{:BODY$}{name:width$}  {summary}", "");
                }
                self.out.push('\n');
            }
        }
    }

    fn title(&mut self, title: &str) {
        let title = self.strong(title);
        let _ = writeln!(self.out, "{title}");
    }

    /// One paragraph and an empty line.
    fn paragraph(&mut self, text: &str, indent: usize) {
        let mut column = 0;
        for word in text.split_whitespace() {
            let length = word.chars().count();
            if column > 0 && column + 1 + length > WIDTH {
                self.out.push('\n');
                column = 0;
            }
            if column == 0 {
                let _ = write!(self.out, "{:indent$}", "");
                column = indent;
            } else {
                self.out.push(' ');
                column += 1;
            }
            self.out.push_str(word);
            column += length;
        }
        self.out.push_str("\n\n");
    }

    fn strong(&self, text: &str) -> String {
        if self.bold { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
    }
}

const BODY: usize = 6;
const ITEM: usize = 10;
const WIDTH: usize = 80;

//! Pages as HTML that needs nothing but its style sheet.

use std::fmt::Write as _;

use super::page::{Block, Page};

/// The page as an HTML document; `depth` is how many folders it lies below the first page.
pub(super) fn render(page: &Page, depth: usize) -> String {
    let up = "../".repeat(depth);
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{name}</title>\n\
         <link rel=\"stylesheet\" href=\"{up}style.css\">\n</head>\n<body>\n<main>\n",
        name = escaped(&page.name)
    );
    out.push_str(&trail(&page.name, depth));
    let _ = writeln!(out, "<h1>{}</h1>\n<p class=\"summary\">{}</p>", escaped(&page.name), escaped(page.summary));
    for section in &page.sections {
        let _ = writeln!(out, "<h2>{}</h2>", super::capitalised(section.title));
        let is_list = section.blocks.iter().any(|block| matches!(block, Block::Item { .. }));
        out.push_str(if is_list { "<dl>\n" } else { "" });
        section.blocks.iter().for_each(|entry| block(&mut out, entry));
        out.push_str(if is_list { "</dl>\n" } else { "" });
    }
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

/// Links to the pages above.
fn trail(name: &str, depth: usize) -> String {
    let words: Vec<&str> = name.split(' ').collect();
    let above = words.iter().take(words.len() - 1).enumerate();
    let links = above.map(|(place, word)| format!("<a href=\"{}index.html\">{word}</a>", "../".repeat(depth - place)));
    let links = links.collect::<Vec<_>>().join(" › ");
    if links.is_empty() { String::new() } else { format!("<nav>{links}</nav>\n") }
}

fn block(out: &mut String, block: &Block) {
    let _ = match block {
        Block::Paragraph(text) => writeln!(out, "<p>{}</p>", escaped(text)),
        Block::Usage(text) => writeln!(out, "<pre class=\"usage\"><code>{}</code></pre>", escaped(text)),
        Block::Item { name, text } => {
            writeln!(out, "<dt><code>{}</code></dt>\n<dd>{}</dd>", escaped(name), escaped(text))
        }
        Block::Example { purpose, lines } => {
            let lines = escaped(&lines.join("\n"));
            writeln!(out, "<p>{}</p>\n<pre><code>$ {lines}</code></pre>", escaped(purpose))
        }
        Block::Commands(commands) => {
            out.push_str("<dl>\n");
            for (name, summary) in commands {
                let _ = writeln!(
                    out,
                    "<dt><a href=\"{name}/index.html\"><code>{name}</code></a></dt>\n<dd>{}</dd>",
                    escaped(summary)
                );
            }
            writeln!(out, "</dl>")
        }
    };
}

/// The text in HTML, also within quotes.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The style sheet of all pages.
pub(super) const STYLE: &str = include_str!("style.css");

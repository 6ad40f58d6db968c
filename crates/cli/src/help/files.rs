//! All pages as files in a folder.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::page::Page;
use super::{each, html, man, markdown, report};
use crate::commands::ROOT;
use crate::grammar::Node;
use crate::program::Program;

/// What the pages are written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `index.html` in a folder for each command, with a style sheet.
    Html,
    /// `README.mdx` in a folder for each command.
    Markdown,
    /// A file for each command in one folder, such as `rung-ca-init.1`.
    Man,
}

/// Write every page into a folder, which is made if it is not there. Returns how many there are.
pub(crate) fn export(program: &Program, form: Form, folder: &Path, with_report: bool) -> anyhow::Result<usize> {
    let mut pages = Vec::new();
    let mut places = Vec::new();
    each(Node::Group(&ROOT), &mut Vec::new(), &mut |path, node| {
        pages.push(Page::of(program, path, node));
        places.push(path.iter().collect::<PathBuf>());
    });
    for (page, place) in pages.iter().zip(&places) {
        let depth = place.components().count();
        match form {
            Form::Html => write(&folder.join(place).join("index.html"), &html::render(page, depth))?,
            Form::Markdown => write(&folder.join(place).join("README.mdx"), &markdown::render(page))?,
            Form::Man => write(&folder.join(format!("{}.1", man::file_stem(&page.name))), &man::render(page))?,
        }
    }
    if form == Form::Html {
        write(&folder.join("style.css"), html::STYLE)?;
    }
    if with_report {
        write(&folder.join("report.json"), &report::render(&pages))?;
    }
    Ok(pages.len())
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let failed = || format!("could not write {}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(failed)?;
    }
    fs::write(path, text).with_context(failed)
}

//! What must not be in a file of this repository: paths of one machine, hosts of registries, links that lead nowhere,
//! and names of tests that do not exist.

#[cfg(test)]
mod tests;

use std::path::Path;

use anyhow::{Result, bail};

use crate::run::{command, output, root};

/// Text that no file may contain, and why. Written in halves, so that this file passes its own check.
const FORBIDDEN: [(&str, &str, &str); 11] = [
    ("/root", "/.", "is a path of one machine"),
    ("/wo", "rk/", "is a path of one machine"),
    ("/ho", "me/", "is a path of one machine"),
    ("/Us", "ers/", "is a path of one machine"),
    ("registry.", "npmjs", "is the host of a registry"),
    ("proxy.", "golang", "is the host of a registry"),
    ("files.", "pythonhosted", "is the host of a registry"),
    ("index.", "crates.io", "is the host of a registry"),
    ("static.", "crates.io", "is the host of a registry"),
    ("deb.", "debian.org", "is the host of a registry"),
    ("<<<<", "<<< ", "is left over from a merge"),
];

/// Look through every file that git knows.
pub(crate) fn run() -> Result<()> {
    let listing = output(command("git").args(["ls-files", "-z"]), "git does not list the files")?;
    let mut files = 0;
    let mut wrong = Vec::new();
    for path in listing.split('\0').filter(|path| !path.is_empty()) {
        // A file that is not text holds test data; one that is gone is about to be removed.
        let Ok(contents) = std::fs::read_to_string(root().join(path)) else { continue };
        files += 1;
        wrong.extend(forbidden_text(path, &contents));
        if path.ends_with(".md") {
            wrong.extend(dead_links(path, &contents, |target| target.exists()));
            wrong.extend(missing_tests(path, &contents, |file| std::fs::read_to_string(root().join(file)).ok()));
        }
    }
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    println!("{files} files are clean");
    Ok(())
}

fn forbidden_text(path: &str, contents: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for (number, line) in contents.lines().enumerate() {
        for (start, end, why) in FORBIDDEN {
            let text = format!("{start}{end}");
            if line.contains(&text) {
                wrong.push(format!("{path}:{}: `{text}` {why}", number + 1));
            }
        }
    }
    wrong
}

/// Links of a Markdown file to files that are not there.
fn dead_links(path: &str, contents: &str, exists: impl Fn(&Path) -> bool) -> Vec<String> {
    let folder = root().join(path).parent().map(Path::to_owned).unwrap_or_default();
    let mut wrong = Vec::new();
    for (number, line) in contents.lines().enumerate() {
        for after in line.split("](").skip(1) {
            let target = after.split([')', '#', ' ']).next().unwrap_or_default();
            if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            if !exists(&folder.join(target)) {
                wrong.push(format!("{path}:{}: the link to `{target}` leads nowhere", number + 1));
            }
        }
    }
    wrong
}

/// Tests that a Markdown file names as `file.rs::function` and that are not there.
fn missing_tests(path: &str, contents: &str, read: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (number, line) in contents.lines().enumerate() {
        for code in line.split('`').skip(1).step_by(2) {
            let Some((file, function)) = code.split_once(".rs::") else { continue };
            let is_there =
                read(&format!("{file}.rs")).is_some_and(|source| source.contains(&format!("fn {function}(")));
            if !is_there {
                wrong.push(format!("{path}:{}: there is no test `{code}`", number + 1));
            }
        }
    }
    wrong
}

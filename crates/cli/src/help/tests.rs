//! Every page of the help, whatever commands there are.

use super::{each, render};
use crate::commands::ROOT;
use crate::grammar::{Command, Count, Node};
use crate::program::Program;

fn each_command(mut visit: impl FnMut(&[&'static str], &'static Command)) {
    each(Node::Group(&ROOT), &mut Vec::new(), &mut |path, node| {
        if let Node::Command(command) = node {
            visit(path, command);
        }
    });
}

#[test]
fn every_page_has_its_sections_and_fits_the_width() {
    let program = Program { name: "step", debug: false };
    each(Node::Group(&ROOT), &mut Vec::new(), &mut |path, node| {
        let page = render(&program, path, node, false);
        for section in ["NAME\n", "USAGE\n", "DESCRIPTION\n"] {
            assert!(page.contains(section), "{path:?} has no {section}");
        }
        assert!(!page.contains('\x1b') && !page.contains("{program}"), "{path:?}");
        let long = page.lines().find(|line| line.chars().count() > 100 && line.trim_start().contains(' '));
        assert_eq!(long, None, "{path:?}");
    });
}

#[test]
fn every_command_has_a_description_and_an_example_that_is_one_of_it() {
    each_command(|path, command| {
        assert!(command.description.len() > 40, "{path:?}");
        let name = path.join(" ");
        let fits = |line: &str| line.starts_with(&name) || line.contains(&format!(" {name}"));
        let first = command.examples.first().unwrap_or_else(|| panic!("{path:?} has no example"));
        assert!(fits(first.lines.first().expect("a line")), "{path:?}");
    });
}

#[test]
fn no_command_lists_a_flag_twice_or_an_optional_argument_before_a_needed_one() {
    each_command(|path, command| {
        let mut names: Vec<&str> = command.all_flags().flat_map(|flag| flag.names).copied().collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count, "{path:?}");
        let order: Vec<bool> = command.arguments.iter().map(|argument| argument.count != Count::One).collect();
        assert!(order.is_sorted(), "{path:?}");
    });
}

//! Shapes of what is read and not served, so that a misspelt name or a wrong type is still found.

use crate::json::{Members, Node};

/// The shape of a value.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    /// Whatever there is.
    Any,
    /// Octets in standard base64 with padding.
    Base64,
    /// A duration in a string.
    Duration,
    /// True or false.
    Flag,
    /// Objects of one shape.
    List(&'static [Member]),
    /// A number.
    Number,
    /// An object.
    Object(&'static [Member]),
    /// A string.
    Text,
    /// Strings.
    Texts,
}

/// The name and the shape of a member.
pub(crate) type Member = (&'static str, Shape);

impl Shape {
    /// Report what does not fit; tells whether everything does.
    pub(crate) fn fits(self, node: &Node<'_>) -> bool {
        let before = node.problem_count();
        match self {
            Self::Any => {}
            Self::Base64 => check_base64(node),
            Self::Duration => drop(node.duration()),
            Self::Flag => drop(node.boolean()),
            Self::List(shape) => {
                for object in node.list().iter().filter_map(Node::object) {
                    check_object(&object, shape);
                }
            }
            Self::Number => drop(node.number()),
            Self::Object(shape) => {
                if let Some(object) = node.object() {
                    check_object(&object, shape);
                }
            }
            Self::Text => drop(node.string()),
            Self::Texts => node.list().iter().for_each(|text| drop(text.string())),
        }
        node.problem_count() == before
    }
}

/// Check the members of an object, but not that there are no others.
pub(crate) fn check(members: &Members<'_>, shape: &'static [Member]) {
    for (name, shape) in shape {
        if let Some(node) = members.get(name) {
            shape.fits(&node);
        }
    }
}

fn check_object(members: &Members<'_>, shape: &'static [Member]) {
    check(members, shape);
    members.finish();
}

fn check_base64(node: &Node<'_>) {
    let Some(text) = node.string() else { return };
    let octets: Vec<u8> = text.bytes().filter(|octet| !matches!(octet, b'\r' | b'\n')).collect();
    let padding = octets.iter().rev().take_while(|octet| **octet == b'=').count();
    let body = &octets[..octets.len() - padding];
    let is_digit = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/');
    if padding > 2 || !octets.len().is_multiple_of(4) || !body.iter().all(is_digit) {
        node.report("this is not base64: encode the PEM text with `base64 -w0`");
    }
}

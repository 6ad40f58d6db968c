//! What a template is once it is read.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::functions::Function;

/// All templates of one source, by name.
pub(crate) type Trees = BTreeMap<String, Arc<[Node]>>;

/// A part of a template's body.
#[derive(Debug)]
pub(crate) enum Node {
    Action(Pipe),
    Break,
    Continue,
    If(Branch),
    Range(Branch),
    Template { span: Span, name: String, pipe: Option<Pipe> },
    Text(String),
    With(Branch),
}

/// `if`, `range` and `with`.
#[derive(Debug)]
pub(crate) struct Branch {
    pub(crate) pipe: Pipe,
    pub(crate) body: Vec<Node>,
    pub(crate) otherwise: Vec<Node>,
}

/// Where something is in the source, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// Commands whose results go into the next one, and the variables that get the last result.
#[derive(Debug)]
pub(crate) struct Pipe {
    pub(crate) span: Span,
    pub(crate) variables: Vec<String>,
    /// Whether the variables exist already.
    pub(crate) assigns: bool,
    pub(crate) commands: Vec<Command>,
}

/// A first word and what it is given. There is always a first word.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) span: Span,
    pub(crate) words: Vec<Operand>,
}

/// One word of a command.
#[derive(Debug)]
pub(crate) struct Operand {
    pub(crate) span: Span,
    pub(crate) term: Term,
}

#[derive(Debug)]
pub(crate) enum Term {
    Bool(bool),
    /// Fields of something that is neither the dot nor a variable.
    Chain(Box<Operand>, Vec<String>),
    Dot,
    /// One field or more of the dot.
    Field(Vec<String>),
    Function(&'static Function),
    Nil,
    Number(crate::number::Constant),
    Pipe(Box<Pipe>),
    Text(String),
    /// A variable, with its sign, and fields of it.
    Variable(String, Vec<String>),
}

impl Node {
    /// Whether nothing but space is in it.
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Node::Text(text) if text.trim().is_empty())
    }
}

//! How much a template may use.

use std::fmt;

/// Asked now and then while a template is rendered; `true` means that it has to stop.
///
/// This crate has no clock, so that a template cannot tell the time; who renders knows when it has been long enough.
pub type Deadline<'a> = &'a (dyn Fn() -> bool + 'a);

/// The bounds of a template. Reaching one is an error, never a shorter result.
#[derive(Clone, Copy)]
pub struct Limits<'a> {
    /// Bytes of a template's source.
    pub source: usize,
    /// How deep actions and parentheses may be nested in the source.
    pub nesting: usize,
    /// Actions, operands and elements that may be worked on.
    pub steps: u64,
    /// How deep templates may call each other, with the actions that are open at that moment.
    pub depth: usize,
    /// Bytes that may be made in between: strings, lists and dicts.
    pub memory: usize,
    /// Bytes of the result.
    pub output: usize,
    /// Asked while the template is rendered.
    pub deadline: Option<Deadline<'a>>,
}

/// A bound that was reached.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Bound {
    /// [`Limits::source`].
    Source(usize),
    /// [`Limits::nesting`].
    Nesting(usize),
    /// [`Limits::steps`].
    Steps(u64),
    /// [`Limits::depth`].
    Depth(usize),
    /// [`Limits::memory`].
    Memory(usize),
    /// [`Limits::output`].
    Output(usize),
    /// [`Limits::deadline`].
    Deadline,
    /// Values hold values that hold values, deeper than this.
    Values(usize),
}

impl Default for Limits<'_> {
    fn default() -> Self {
        Limits {
            source: 256 * 1024,
            nesting: 64,
            steps: 100_000,
            depth: 100,
            memory: 8 * 1024 * 1024,
            output: 1024 * 1024,
            deadline: None,
        }
    }
}

impl fmt::Debug for Limits<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Limits { source, nesting, steps, depth, memory, output, deadline } = self;
        formatter
            .debug_struct("Limits")
            .field("source", source)
            .field("nesting", nesting)
            .field("steps", steps)
            .field("depth", depth)
            .field("memory", memory)
            .field("output", output)
            .field("deadline", &deadline.is_some())
            .finish()
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bound::Source(most) => write!(formatter, "the template is larger than {most} bytes; make it shorter"),
            Bound::Nesting(most) => {
                write!(formatter, "actions or parentheses are nested deeper than {most}; split them with define")
            }
            Bound::Steps(most) => write!(formatter, "the template needs more than {most} steps; look for a loop"),
            Bound::Depth(most) => {
                write!(
                    formatter,
                    "templates and actions are more than {most} deep; look for a template that calls itself"
                )
            }
            Bound::Memory(most) => write!(formatter, "the template makes more than {most} bytes of values"),
            Bound::Output(most) => write!(formatter, "the result is larger than {most} bytes"),
            Bound::Deadline => write!(formatter, "the template took too long"),
            Bound::Values(most) => write!(formatter, "values are nested deeper than {most}"),
        }
    }
}

/// How deep values may hold values when they are looked through.
pub(crate) const DEEPEST_VALUE: usize = 100;

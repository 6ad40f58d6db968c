//! What is used up while a template is rendered, and what its functions may ask for.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::{Rc, Weak};

use regex::Regex;

use crate::Environment;
use crate::error::Failure;
use crate::limits::{Bound, Limits};
use crate::run_value::{ANY_MAP, Element, Map, Val};
use crate::time::Time;

/// The account of one rendering.
pub(crate) struct Runtime<'e> {
    environment: &'e Environment<'e>,
    steps: u64,
    memory: usize,
    /// Regular expressions that were made ready, since that is the larger part of the work.
    expressions: HashMap<String, Regex>,
    /// Dicts can be made to hold themselves; these are emptied at the end.
    maps: Vec<Weak<Map>>,
}

impl<'e> Runtime<'e> {
    pub(crate) fn new(environment: &'e Environment<'e>) -> Self {
        Runtime { environment, steps: 0, memory: 0, expressions: HashMap::new(), maps: Vec::new() }
    }

    pub(crate) fn limits(&self) -> &Limits<'e> {
        &self.environment.limits
    }

    /// Count work that was done, or is about to be.
    pub(crate) fn step(&mut self, count: usize) -> Result<(), Failure> {
        let limits = &self.environment.limits;
        let before = self.steps / STEPS_BETWEEN_LOOKS;
        self.steps = self.steps.saturating_add(count as u64);
        if self.steps > limits.steps {
            return Err(Failure::Limit(Bound::Steps(limits.steps)));
        }
        let late = self.steps / STEPS_BETWEEN_LOOKS != before && limits.deadline.is_some_and(|is_over| is_over());
        if late { Err(Failure::Limit(Bound::Deadline)) } else { Ok(()) }
    }

    /// Refuse before so many bytes are made. They are counted when they are there.
    pub(crate) fn room(&self, bytes: usize) -> Result<(), Failure> {
        let most = self.environment.limits.memory;
        if self.memory.saturating_add(bytes) > most { Err(Failure::Limit(Bound::Memory(most))) } else { Ok(()) }
    }

    /// Count the bytes of a value that a function made. Those that it holds were counted when they were made.
    pub(crate) fn charge_value(&mut self, value: &Val) -> Result<(), Failure> {
        let bytes = match value {
            Val::Text(text) => text.len(),
            Val::Bytes(bytes) => bytes.len(),
            Val::List(list) => list.items.borrow().len() * BYTES_OF_VALUE,
            Val::Map(map) => map.entries.borrow().len() * 2 * BYTES_OF_VALUE,
            _ => 0,
        };
        self.room(bytes)?;
        self.memory += bytes;
        Ok(())
    }

    pub(crate) fn map(&mut self, entries: BTreeMap<Rc<str>, Val>) -> Val {
        self.typed_map(ANY_MAP, Element::Any, entries, false)
    }

    pub(crate) fn nil_map(&mut self) -> Val {
        self.typed_map(ANY_MAP, Element::Any, BTreeMap::new(), true)
    }

    pub(crate) fn typed_map(
        &mut self,
        type_name: &'static str,
        element: Element,
        entries: BTreeMap<Rc<str>, Val>,
        is_nil: bool,
    ) -> Val {
        let type_name = Cow::Borrowed(type_name);
        let map = Rc::new(Map { type_name, element, entries: RefCell::new(entries), is_nil });
        self.maps.push(Rc::downgrade(&map));
        Val::Map(map)
    }

    /// Let go of everything, also of dicts that hold themselves.
    pub(crate) fn forget_values(&mut self) {
        for map in std::mem::take(&mut self.maps) {
            if let Some(map) = map.upgrade() {
                map.entries.take();
            }
        }
    }

    /// A regular expression, made ready once.
    pub(crate) fn expression(
        &mut self,
        pattern: &str,
        make: impl FnOnce() -> Result<Regex, Failure>,
    ) -> Result<Regex, Failure> {
        if let Some(ready) = self.expressions.get(pattern) {
            return Ok(ready.clone());
        }
        self.step(STEPS_OF_EXPRESSION + pattern.len())?;
        let ready = make()?;
        self.expressions.insert(pattern.to_owned(), ready.clone());
        Ok(ready)
    }

    /// The time that was given.
    pub(crate) fn now(&self) -> Result<Time, Failure> {
        self.environment.now.clone().ok_or_else(|| "this template is rendered without a present time".into())
    }

    /// Random bytes from who renders.
    pub(crate) fn random(&self, bytes: &mut [u8]) -> Result<(), Failure> {
        match self.environment.random {
            Some(fill) if fill(bytes) => Ok(()),
            Some(_) => Err("there is no randomness".into()),
            None => Err("this template is rendered without randomness".into()),
        }
    }
}

const STEPS_BETWEEN_LOOKS: u64 = 256;
/// Making an expression ready takes about as long as this many actions.
const STEPS_OF_EXPRESSION: usize = 500;
/// About what a value takes in a list.
const BYTES_OF_VALUE: usize = 24;

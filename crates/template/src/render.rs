//! Trees and data into text.

mod runtime;

use std::rc::Rc;

pub(crate) use runtime::Runtime;

use crate::error::{Error, Failure};
use crate::functions::{self, Function, Run, Type};
use crate::limits::Bound;
use crate::parse::position;
use crate::print;
use crate::run_value::{ANY_MAP, List, Val, forget, load};
use crate::tree::{Branch, Command, Node, Operand, Pipe, Span, Term};
use crate::value::Value;
use crate::{Environment, Template};

/// Render a template by its own name.
pub(crate) fn render(template: &Template, data: &Value, environment: &Environment<'_>) -> Result<String, Error> {
    let mut renderer = Renderer {
        template,
        executing: &template.name,
        runtime: Runtime::new(environment),
        output: String::new(),
        variables: Vec::new(),
        depth: 0,
    };
    let data = load(data);
    renderer.variables.push(("$", data.clone()));
    let rendered = match template.trees.get(&template.name) {
        Some(body) => renderer.body(&data, body).map(|_| ()),
        None => Ok(()),
    };
    renderer.variables.clear();
    renderer.runtime.forget_values();
    forget(data);
    rendered?;
    Ok(renderer.output)
}

/// What to do after a part of a body.
#[derive(Clone, Copy, PartialEq)]
enum Flow {
    Break,
    Continue,
    On,
}

type Outcome<T> = Result<T, Error>;

struct Renderer<'t> {
    template: &'t Template,
    executing: &'t str,
    runtime: Runtime<'t>,
    output: String,
    variables: Vec<(&'t str, Val)>,
    depth: usize,
}

impl<'t> Renderer<'t> {
    fn fail(&self, span: Span, failure: impl Into<Failure>) -> Error {
        self.fail_calling(span, None, failure.into())
    }

    fn fail_calling(&self, span: Span, function: Option<&str>, failure: Failure) -> Error {
        let Template { name, source, .. } = self.template;
        let part = source.get(span.start..span.end).unwrap_or_default().to_owned();
        let place = position(source, span.start);
        Error::execution(name, place, (self.executing.to_owned(), part), function, failure)
    }

    fn written(&self, span: Span) -> &'t str {
        self.template.source.get(span.start..span.end).unwrap_or_default()
    }

    fn step(&mut self, span: Span) -> Outcome<()> {
        self.runtime.step(1).map_err(|failure| self.fail(span, failure))
    }

    fn deeper(&mut self, span: Span) -> Outcome<()> {
        let most = self.runtime.limits().depth;
        if self.depth >= most {
            return Err(self.fail(span, Failure::Limit(Bound::Depth(most))));
        }
        self.depth += 1;
        Ok(())
    }

    fn write(&mut self, span: Span, text: &str) -> Outcome<()> {
        let most = self.runtime.limits().output;
        if self.output.len() + text.len() > most {
            return Err(self.fail(span, Failure::Limit(Bound::Output(most))));
        }
        self.output.push_str(text);
        Ok(())
    }

    fn body(&mut self, dot: &Val, body: &'t [Node]) -> Outcome<Flow> {
        for node in body {
            let flow = self.node(dot, node)?;
            if flow != Flow::On {
                return Ok(flow);
            }
        }
        Ok(Flow::On)
    }

    fn node(&mut self, dot: &Val, node: &'t Node) -> Outcome<Flow> {
        match node {
            Node::Action(pipe) => {
                let value = self.pipeline(dot, pipe)?;
                if pipe.variables.is_empty() {
                    let text = print::shown(&value).map_err(|failure| self.fail(pipe.span, failure))?;
                    self.write(pipe.span, &text)?;
                }
            }
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
            Node::If(branch) => return self.branch(dot, branch, false),
            Node::Range(branch) => return self.range(dot, branch),
            Node::Template { span, name, pipe } => self.call_template(dot, *span, name, pipe.as_ref())?,
            Node::Text(text) => {
                let span = Span { start: 0, end: 0 };
                self.step(span)?;
                self.write(span, text)?;
            }
            Node::With(branch) => return self.branch(dot, branch, true),
        }
        Ok(Flow::On)
    }

    /// `if` and `with`.
    fn branch(&mut self, dot: &Val, branch: &'t Branch, moves_dot: bool) -> Outcome<Flow> {
        self.deeper(branch.pipe.span)?;
        let known = self.variables.len();
        let value = self.pipeline(dot, &branch.pipe)?;
        let flow = match (value.is_true(), moves_dot) {
            (true, true) => self.body(&value, &branch.body)?,
            (true, false) => self.body(dot, &branch.body)?,
            (false, _) => self.body(dot, &branch.otherwise)?,
        };
        self.variables.truncate(known);
        self.depth -= 1;
        Ok(flow)
    }

    fn range(&mut self, dot: &Val, branch: &'t Branch) -> Outcome<Flow> {
        let span = branch.pipe.span;
        self.deeper(span)?;
        let known = self.variables.len();
        let value = self.pipeline(dot, &branch.pipe)?;
        let any = match &value {
            Val::Int(_) | Val::Int64(_) | Val::Uint8(_) | Val::Uint64(_) => self.range_number(branch, &value)?,
            Val::List(list) => self.range_list(branch, list)?,
            Val::Bytes(bytes) => {
                self.range_over(branch, (0..).map(Val::Int).zip(bytes.iter().map(|b| Val::Uint8(*b))))?
            }
            Val::Map(map) => {
                let entries: Vec<(Val, Val)> =
                    map.entries.borrow().iter().map(|(key, value)| (Val::Text(key.clone()), value.clone())).collect();
                self.range_over(branch, entries.into_iter())?
            }
            Val::Missing | Val::Nil => None,
            Val::Bool(_) | Val::Float(_) | Val::Object(_) | Val::Text(_) | Val::Time(_) => {
                let shown = print::shown(&value).unwrap_or_else(|_| value.type_name().to_owned());
                return Err(self.fail(span, format!("range can't iterate over {shown}")));
            }
        };
        let flow = match any {
            Some(flow) => flow,
            None => self.body(dot, &branch.otherwise)?,
        };
        self.variables.truncate(known);
        self.depth -= 1;
        Ok(flow)
    }

    fn range_number(&mut self, branch: &'t Branch, value: &Val) -> Outcome<Option<Flow>> {
        if branch.pipe.variables.len() > 1 {
            let shown = print::shown(value).unwrap_or_default();
            let message = format!("can't use {shown} to iterate over more than one variable");
            return Err(self.fail(branch.pipe.span, message));
        }
        let nothing = std::iter::repeat(Val::Missing);
        match *value {
            Val::Int(end) => self.range_over(branch, nothing.zip((0..end).map(Val::Int))),
            Val::Int64(end) => self.range_over(branch, nothing.zip((0..end).map(Val::Int64))),
            Val::Uint8(end) => self.range_over(branch, nothing.zip((0..end).map(Val::Uint8))),
            Val::Uint64(end) => self.range_over(branch, nothing.zip((0..end).map(Val::Uint64))),
            _ => Ok(None),
        }
    }

    fn range_list(&mut self, branch: &'t Branch, list: &Rc<List>) -> Outcome<Option<Flow>> {
        // Sorting the list in the body is seen by the iterations that follow, as in Go.
        let length = list.items.borrow().len();
        let items = (0..length).map(|at| list.items.borrow().get(at).cloned().unwrap_or(Val::Missing));
        self.range_over(branch, (0..).map(Val::Int).zip(items))
    }

    /// One round for each element. Without elements there is no flow, and `else` has its turn.
    fn range_over(&mut self, branch: &'t Branch, items: impl Iterator<Item = (Val, Val)>) -> Outcome<Option<Flow>> {
        let Pipe { span, variables, assigns, .. } = &branch.pipe;
        let mark = self.variables.len();
        let mut any = None;
        for (index, element) in items {
            self.step(*span)?;
            match (variables.as_slice(), *assigns) {
                ([], _) => {}
                ([one], true) => self.assign(*span, one, element.clone())?,
                ([one, two], true) => {
                    self.assign(*span, one, index)?;
                    self.assign(*span, two, element.clone())?;
                }
                (names, _) => {
                    // The pipeline declared them last.
                    self.variables[mark - 1].1 = element.clone();
                    if names.len() > 1 {
                        self.variables[mark - 2].1 = index;
                    }
                }
            }
            let flow = self.body(&element, &branch.body)?;
            self.variables.truncate(mark);
            any = Some(Flow::On);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(any)
    }

    fn assign(&mut self, span: Span, name: &str, value: Val) -> Outcome<()> {
        match self.variables.iter_mut().rev().find(|(known, _)| *known == name) {
            Some(variable) => {
                variable.1 = value;
                Ok(())
            }
            None => Err(self.fail(span, format!("undefined variable: {name}"))),
        }
    }

    fn call_template(&mut self, dot: &Val, span: Span, name: &'t str, pipe: Option<&'t Pipe>) -> Outcome<()> {
        let Some(body) = self.template.trees.get(name) else {
            return Err(self.fail(span, format!("template {name:?} not defined")));
        };
        self.deeper(span)?;
        let dot = match pipe {
            Some(pipe) => self.pipeline(dot, pipe)?,
            None => Val::Missing,
        };
        let outside = std::mem::replace(&mut self.variables, vec![("$", dot.clone())]);
        let executing = std::mem::replace(&mut self.executing, name);
        self.body(&dot, body)?;
        self.variables = outside;
        self.executing = executing;
        self.depth -= 1;
        Ok(())
    }

    fn pipeline(&mut self, dot: &Val, pipe: &'t Pipe) -> Outcome<Val> {
        self.deeper(pipe.span)?;
        let mut value = None;
        for command in &pipe.commands {
            let result = self.command(dot, command, value)?;
            // Nothing is left of a nil behind a pipeline.
            value = Some(if matches!(result, Val::Nil) { Val::Missing } else { result });
        }
        let value = value.unwrap_or(Val::Missing);
        for name in &pipe.variables {
            if pipe.assigns {
                self.assign(pipe.span, name, value.clone())?;
            } else {
                self.variables.push((name, value.clone()));
            }
        }
        self.depth -= 1;
        Ok(value)
    }

    fn command(&mut self, dot: &Val, command: &'t Command, last: Option<Val>) -> Outcome<Val> {
        let (first, arguments) = command.words.split_first().expect("a command has a first word");
        self.step(command.span)?;
        match &first.term {
            Term::Chain(inner, fields) => {
                let value = self.chain_start(dot, inner, first.span)?;
                self.fields(dot, value, fields, first.span, arguments, last)
            }
            Term::Field(fields) => self.fields(dot, dot.clone(), fields, first.span, arguments, last),
            Term::Function(function) => self.call(dot, function, first.span, command.span, None, arguments, last),
            Term::Variable(name, fields) if !fields.is_empty() => {
                let value = self.variable(first.span, name)?;
                self.fields(dot, value, fields, first.span, arguments, last)
            }
            _ if !arguments.is_empty() || last.is_some() => {
                let written = self.written(first.span);
                Err(self.fail(first.span, format!("can't give argument to non-function {written}")))
            }
            Term::Nil => Err(self.fail(first.span, "nil is not a command")),
            Term::Pipe(pipe) => self.pipeline(dot, pipe),
            Term::Variable(name, _) => self.variable(first.span, name),
            Term::Dot => Ok(dot.clone()),
            Term::Bool(_) | Term::Number(_) | Term::Text(_) => self.literal(first),
        }
    }

    /// A variable that was declared in the source may still not be there, when what declares it was not reached.
    fn variable(&self, span: Span, name: &str) -> Outcome<Val> {
        match self.variables.iter().rev().find(|(known, _)| *known == name) {
            Some((_, value)) => Ok(value.clone()),
            None => Err(self.fail(span, format!("undefined variable: {name}"))),
        }
    }

    fn literal(&self, operand: &Operand) -> Outcome<Val> {
        match &operand.term {
            Term::Bool(value) => Ok(Val::Bool(*value)),
            Term::Text(text) => Ok(Val::text(text)),
            Term::Number(number) if number.looks_like_float => Ok(Val::Float(number.float)),
            Term::Number(number) => match number.int {
                Some(int) => Ok(Val::Int(int)),
                None => Err(self.fail(operand.span, format!("{} overflows int", self.written(operand.span)))),
            },
            _ => Ok(Val::Missing),
        }
    }

    fn chain_start(&mut self, dot: &Val, inner: &'t Operand, span: Span) -> Outcome<Val> {
        match &inner.term {
            Term::Pipe(pipe) => self.pipeline(dot, pipe),
            Term::Function(function) => self.call(dot, function, inner.span, inner.span, None, &[], None),
            _ => Err(self.fail(span, "only a function or parentheses can have fields here")),
        }
    }

    /// Fields of fields; only the last may be a method and have arguments.
    fn fields(
        &mut self,
        dot: &Val,
        start: Val,
        fields: &'t [String],
        span: Span,
        arguments: &'t [Operand],
        last: Option<Val>,
    ) -> Outcome<Val> {
        let mut value = start;
        let Some((name, before)) = fields.split_last() else { return Ok(value) };
        for field in before {
            value = self.field(dot, value, field, span, &[], None)?;
        }
        self.field(dot, value, name, span, arguments, last)
    }

    fn field(
        &mut self,
        dot: &Val,
        value: Val,
        name: &str,
        span: Span,
        arguments: &'t [Operand],
        last: Option<Val>,
    ) -> Outcome<Val> {
        let has_arguments = !arguments.is_empty() || last.is_some();
        let unknown = |renderer: &Self, value: &Val| {
            renderer.fail(span, format!("can't evaluate field {name} in type {}", value.type_in_words()))
        };
        match &value {
            Val::Missing => Ok(Val::Missing),
            Val::Nil => Err(self.fail(span, format!("nil pointer evaluating interface {{}}.{name}"))),
            Val::Time(_) => match functions::time_method(name) {
                Some(method) => self.call(dot, method, span, span, Some(value), arguments, last),
                None => Err(unknown(self, &value)),
            },
            Val::Object(object) => {
                let field = object.fields.iter().find(|(known, ..)| known.as_deref() == Some(name));
                match field {
                    Some(_) if has_arguments => {
                        Err(self.fail(span, format!("{name} has arguments but cannot be invoked as function")))
                    }
                    Some((_, _, field)) => Ok(field.clone()),
                    None => Err(unknown(self, &value)),
                }
            }
            Val::Map(_) if has_arguments => Err(self.fail(span, format!("{name} is not a method but has arguments"))),
            Val::Map(map) => Ok(map.entries.borrow().get(name).cloned().unwrap_or(Val::Missing)),
            _ => Err(unknown(self, &value)),
        }
    }

    /// Call a function: `receiver` is the first argument, `last` what a pipeline hands on.
    #[expect(clippy::too_many_arguments, reason = "everything that is known at the place of a call")]
    fn call(
        &mut self,
        dot: &Val,
        function: &'static Function,
        name_span: Span,
        span: Span,
        receiver: Option<Val>,
        arguments: &'t [Operand],
        last: Option<Val>,
    ) -> Outcome<Val> {
        let Function { name, fixed, variadic, run } = function;
        let first = usize::from(receiver.is_some());
        let count = first + arguments.len() + usize::from(last.is_some());
        if variadic.is_none() && count != fixed.len() {
            let wanted = fixed.len() - first;
            let message = format!("wrong number of args for {name}: want {wanted} got {}", count - first);
            return Err(self.fail(name_span, message));
        }
        if variadic.is_some() && count < fixed.len() {
            let message = format!("wrong number of args for {name}: want at least {} got {count}", fixed.len());
            return Err(self.fail(name_span, message));
        }
        let body = match run {
            Run::And | Run::Or => {
                // These stop at the argument that decides, and leave the others alone.
                let decides = matches!(run, Run::Or);
                for argument in arguments {
                    let value = self.argument(dot, Type::Reflected, argument)?;
                    if value.is_true() == decides
                        || (last.is_none() && std::ptr::eq(argument, &arguments[arguments.len() - 1]))
                    {
                        return Ok(value);
                    }
                }
                return Ok(last.unwrap_or(Val::Missing));
            }
            Run::Function(body) => body,
        };
        let mut values: Vec<Val> = receiver.into_iter().collect();
        let type_of = |at: usize| fixed.get(at).copied().or(*variadic).unwrap_or(Type::Any);
        for argument in arguments {
            let wanted = type_of(values.len());
            values.push(self.argument(dot, wanted, argument)?);
        }
        if let Some(last) = last {
            values.push(self.fit(last, type_of(values.len()), span)?);
        }
        self.step(span)?;
        let called = body(&mut self.runtime, &values).and_then(|value| {
            self.runtime.charge_value(&value)?;
            Ok(value)
        });
        called.map_err(|failure| self.fail_calling(span, Some(name), failure))
    }

    fn argument(&mut self, dot: &Val, wanted: Type, operand: &'t Operand) -> Outcome<Val> {
        let span = operand.span;
        let value = match &operand.term {
            Term::Dot => dot.clone(),
            Term::Nil => {
                return match wanted {
                    Type::Any | Type::Reflected => Ok(Val::Nil),
                    Type::Map => Ok(self.runtime.nil_map()),
                    _ => Err(self.fail(span, format!("cannot assign nil to {}", wanted.name()))),
                };
            }
            Term::Chain(inner, fields) => {
                let value = self.chain_start(dot, inner, span)?;
                self.fields(dot, value, fields, span, &[], None)?
            }
            Term::Field(fields) => self.fields(dot, dot.clone(), fields, span, &[], None)?,
            Term::Function(function) => self.call(dot, function, span, span, None, &[], None)?,
            Term::Pipe(pipe) => self.pipeline(dot, pipe)?,
            Term::Variable(name, fields) => {
                let value = self.variable(span, name)?;
                self.fields(dot, value, fields, span, &[], None)?
            }
            Term::Bool(_) | Term::Number(_) | Term::Text(_) => return self.literal_as(wanted, operand),
        };
        self.fit(value, wanted, span)
    }

    /// A literal becomes what its place needs.
    fn literal_as(&mut self, wanted: Type, operand: &Operand) -> Outcome<Val> {
        let written = || self.written(operand.span);
        match (wanted, &operand.term) {
            (Type::Any | Type::Reflected, _) => self.literal(operand),
            (Type::Bool, Term::Bool(value)) => Ok(Val::Bool(*value)),
            (Type::Text, Term::Text(text)) => Ok(Val::text(text)),
            (Type::Float, Term::Number(number)) => Ok(Val::Float(number.float)),
            (Type::Int, Term::Number(number)) if number.int.is_some() => Ok(Val::Int(number.int.unwrap_or_default())),
            (Type::Bool | Type::Text | Type::Float | Type::Int, _) => {
                Err(self.fail(operand.span, format!("expected {}; found {}", wanted.word(), written())))
            }
            (Type::Map | Type::Time, _) => {
                let message = format!("can't handle {} for arg of type {}", written(), wanted.name());
                Err(self.fail(operand.span, message))
            }
        }
    }

    /// A value has to be of the type of its place; nothing is converted.
    fn fit(&mut self, value: Val, wanted: Type, span: Span) -> Outcome<Val> {
        match (wanted, &value) {
            (Type::Any | Type::Reflected, Val::Missing) => Ok(Val::Nil),
            (Type::Map, Val::Missing) => Ok(self.runtime.nil_map()),
            (_, Val::Missing) => Err(self.fail(span, format!("invalid value; expected {}", wanted.name()))),
            (Type::Any | Type::Reflected, _)
            | (Type::Bool, Val::Bool(_))
            | (Type::Float, Val::Float(_))
            | (Type::Int, Val::Int(_))
            | (Type::Text, Val::Text(_))
            | (Type::Time, Val::Time(_)) => Ok(value),
            (Type::Map, Val::Map(map)) if map.element == crate::run_value::Element::Any => Ok(value),
            _ => {
                let (wanted, got) = (wanted.name(), value.type_in_words());
                Err(self.fail(span, format!("wrong type for value; expected {wanted}; got {got}")))
            }
        }
    }
}

impl Type {
    /// The Go type.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Type::Any | Type::Reflected => "interface {}",
            Type::Bool => "bool",
            Type::Float => "float64",
            Type::Int => "int",
            Type::Map => ANY_MAP,
            Type::Text => "string",
            Type::Time => "time.Time",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Type::Float => "float",
            Type::Int => "integer",
            other => other.name(),
        }
    }
}

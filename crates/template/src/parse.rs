//! Tokens into trees.

use std::sync::Arc;

use crate::error::Error;
use crate::functions;
use crate::lex::{Keyword, Kind, Token, lex};
use crate::limits::{Bound, Limits};
use crate::number::Constant;
use crate::quote::{unquote, unquote_character};
use crate::tree::{Branch, Command, Node, Operand, Pipe, Span, Term, Trees};

/// Line and column of a byte, as Go counts them: lines from one, columns from zero.
pub(crate) fn position(source: &str, at: usize) -> (usize, usize) {
    let before = &source.as_bytes()[..at.min(source.len())];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count();
    (line, column)
}

/// Read a source and everything that is defined in it.
pub(crate) fn parse(name: &str, source: &str, limits: &Limits<'_>) -> Result<Trees, Error> {
    if source.len() > limits.source {
        return Err(Error::limit(name, (1, 0), Bound::Source(limits.source)));
    }
    let scope = vec!["$".to_owned()];
    let tokens = lex(source);
    let trees = Trees::new();
    let mut parser =
        Parser { name, source, tokens, at: 0, trees, scope, loops: 0, depth: 0, deepest: limits.nesting, action: None };
    let body = parser.main_body()?;
    parser.add(name, body)?;
    Ok(parser.trees)
}

struct Parser<'p> {
    name: &'p str,
    source: &'p str,
    tokens: Vec<Token>,
    at: usize,
    trees: Trees,
    /// The variables that are known here.
    scope: Vec<String>,
    /// How many `range` are open.
    loops: usize,
    depth: usize,
    deepest: usize,
    /// Where the present action began.
    action: Option<usize>,
}

/// What ends a body.
#[derive(Clone, Copy, PartialEq)]
enum End {
    /// `else`; what follows it, `if` or `with`, is not read yet.
    Else,
    End,
}

enum Item {
    End(End),
    Node(Node),
}

impl Parser<'_> {
    fn peek(&self) -> &Token {
        // The last token ends the source and is never passed.
        &self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
        token
    }

    fn skip_space(&mut self) {
        while self.peek().kind == Kind::Space {
            self.next();
        }
    }

    fn peek_past_space(&mut self) -> &Token {
        self.skip_space();
        self.peek()
    }

    fn next_past_space(&mut self) -> Token {
        self.skip_space();
        self.next()
    }

    fn error(&self, at: usize, message: String) -> Error {
        Error::syntax(self.name, position(self.source, at), message)
    }

    fn unexpected(&self, token: &Token, context: &str) -> Error {
        if token.kind != Kind::Error {
            return self.error(token.at, format!("unexpected {} in {context}", shown(token)));
        }
        let line = |at: usize| position(self.source, at).0;
        let began = self.action.map(line).filter(|began| *began != line(token.at));
        let extra = match began {
            Some(began) if token.text.ends_with(" action") => format!(" started at {}:{began}", self.name),
            Some(began) => format!(" in action started at {}:{began}", self.name),
            None => String::new(),
        };
        self.error(token.at, format!("{}{extra}", token.text))
    }

    fn expect_close(&mut self, context: &str) -> Result<(), Error> {
        let token = self.next_past_space();
        if token.kind == Kind::RightDelimiter { Ok(()) } else { Err(self.unexpected(&token, context)) }
    }

    fn deeper(&mut self, at: usize) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > self.deepest {
            let place = position(self.source, at);
            return Err(Error::limit(self.name, place, Bound::Nesting(self.deepest)));
        }
        Ok(())
    }

    fn add(&mut self, name: &str, body: Vec<Node>) -> Result<(), Error> {
        let is_empty = body.iter().all(Node::is_empty);
        match self.trees.get(name) {
            Some(tree) if !tree.iter().all(Node::is_empty) => {
                if !is_empty {
                    let at = self.peek().at;
                    return Err(self.error(at, format!("template: multiple definition of template {name:?}")));
                }
            }
            Some(_) | None => {
                self.trees.insert(name.to_owned(), Arc::from(body));
            }
        }
        Ok(())
    }

    fn main_body(&mut self) -> Result<Vec<Node>, Error> {
        let mut body = Vec::new();
        loop {
            match self.peek().kind {
                Kind::Eof => return Ok(body),
                Kind::LeftDelimiter => {
                    let open = self.at;
                    let started = self.next().at;
                    if self.next_past_space().kind == Kind::Keyword(Keyword::Define) {
                        self.action = Some(started);
                        self.definition()?;
                        self.action = None;
                        continue;
                    }
                    self.at = open;
                }
                _ => {}
            }
            let at = self.peek().at;
            match self.text_or_action()? {
                Item::Node(node) => body.push(node),
                Item::End(End::Else) => return Err(self.error(at, "unexpected {{else}}".to_owned())),
                Item::End(End::End) => return Err(self.error(at, "unexpected {{end}}".to_owned())),
            }
        }
    }

    fn definition(&mut self) -> Result<(), Error> {
        let token = self.next_past_space();
        let name = self.template_name(&token, "define clause")?;
        self.expect_close("define clause")?;
        let body = self.own_scope("define clause")?;
        self.add(&name, body)
    }

    /// The body of a template of its own, which sees no variable from outside.
    fn own_scope(&mut self, context: &str) -> Result<Vec<Node>, Error> {
        let outside = std::mem::replace(&mut self.scope, vec!["$".to_owned()]);
        let loops = std::mem::take(&mut self.loops);
        let (body, end, at) = self.body()?;
        if end != End::End {
            return Err(self.error(at, format!("unexpected {{{{else}}}} in {context}")));
        }
        self.scope = outside;
        self.loops = loops;
        Ok(body)
    }

    /// Everything up to `end` or `else`, and which of them, where.
    fn body(&mut self) -> Result<(Vec<Node>, End, usize), Error> {
        let mut body = Vec::new();
        let started = self.peek().at;
        self.deeper(started)?;
        loop {
            let token = self.peek_past_space();
            let at = token.at;
            if token.kind == Kind::Eof {
                return Err(self.error(at, "unexpected EOF".to_owned()));
            }
            match self.text_or_action()? {
                Item::Node(node) => body.push(node),
                Item::End(end) => {
                    self.depth -= 1;
                    return Ok((body, end, at));
                }
            }
        }
    }

    fn text_or_action(&mut self) -> Result<Item, Error> {
        let token = self.next_past_space();
        match token.kind {
            Kind::Text => Ok(Item::Node(Node::Text(token.text))),
            Kind::LeftDelimiter => {
                self.action = Some(token.at);
                let item = self.action();
                self.action = None;
                item
            }
            _ => Err(self.unexpected(&token, "input")),
        }
    }

    fn action(&mut self) -> Result<Item, Error> {
        let token = self.peek_past_space().clone();
        let Kind::Keyword(keyword) = token.kind else {
            return Ok(Item::Node(Node::Action(self.pipeline("command", Kind::RightDelimiter)?)));
        };
        self.next();
        let node = match keyword {
            Keyword::Block => self.block(&token)?,
            Keyword::Break => self.jump("break", Node::Break)?,
            Keyword::Continue => self.jump("continue", Node::Continue)?,
            Keyword::Else => {
                let next = self.peek_past_space().kind;
                if !matches!(next, Kind::Keyword(Keyword::If | Keyword::With)) {
                    self.expect_close("else")?;
                }
                return Ok(Item::End(End::Else));
            }
            Keyword::End => {
                self.expect_close("end")?;
                return Ok(Item::End(End::End));
            }
            Keyword::If => Node::If(self.branch(Keyword::If)?),
            Keyword::Range => Node::Range(self.branch(Keyword::Range)?),
            Keyword::Template => self.template(&token)?,
            Keyword::With => Node::With(self.branch(Keyword::With)?),
            Keyword::Define => return Err(self.unexpected(&token, "command")),
        };
        Ok(Item::Node(node))
    }

    fn jump(&mut self, word: &str, node: Node) -> Result<Node, Error> {
        let token = self.next_past_space();
        if token.kind != Kind::RightDelimiter {
            return Err(self.unexpected(&token, &format!("{{{{{word}}}}}")));
        }
        if self.loops == 0 {
            return Err(self.error(token.at, format!("{{{{{word}}}}} outside {{{{range}}}}")));
        }
        Ok(node)
    }

    fn branch(&mut self, keyword: Keyword) -> Result<Branch, Error> {
        let (context, looped) = match keyword {
            Keyword::Range => ("range", 1),
            Keyword::With => ("with", 0),
            _ => ("if", 0),
        };
        let known = self.scope.len();
        let pipe = self.pipeline(context, Kind::RightDelimiter)?;
        self.loops += looped;
        let (body, end, _) = self.body()?;
        self.loops -= looped;
        let otherwise = match (end, self.peek().kind) {
            (End::End, _) => Vec::new(),
            (End::Else, Kind::Keyword(next)) if next == keyword && keyword != Keyword::Range => {
                // `else if` closes together with what it belongs to.
                let at = self.next().at;
                self.deeper(at)?;
                let branch = self.branch(keyword)?;
                self.depth -= 1;
                vec![if keyword == Keyword::If { Node::If(branch) } else { Node::With(branch) }]
            }
            (End::Else, _) => {
                let (otherwise, end, at) = self.body()?;
                if end != End::End {
                    return Err(self.error(at, "expected end; found {{else}}".to_owned()));
                }
                otherwise
            }
        };
        self.scope.truncate(known);
        Ok(Branch { pipe, body, otherwise })
    }

    fn template_name(&self, token: &Token, context: &str) -> Result<String, Error> {
        match token.kind {
            Kind::String | Kind::RawString => unquote(&token.text).map_err(|message| self.error(token.at, message)),
            _ => Err(self.unexpected(token, context)),
        }
    }

    fn block(&mut self, keyword: &Token) -> Result<Node, Error> {
        let token = self.next_past_space();
        let name = self.template_name(&token, "block clause")?;
        let pipe = self.pipeline("block clause", Kind::RightDelimiter)?;
        let body = self.own_scope("block clause")?;
        self.add(&name, body)?;
        Ok(Node::Template { span: Span { start: keyword.at, end: pipe.span.end }, name, pipe: Some(pipe) })
    }

    fn template(&mut self, keyword: &Token) -> Result<Node, Error> {
        let token = self.next_past_space();
        let name = self.template_name(&token, "template clause")?;
        let mut span = Span { start: keyword.at, end: token.at + token.text.len() };
        if self.peek_past_space().kind == Kind::RightDelimiter {
            self.next();
            return Ok(Node::Template { span, name, pipe: None });
        }
        let pipe = self.pipeline("template clause", Kind::RightDelimiter)?;
        span.end = pipe.span.end;
        Ok(Node::Template { span, name, pipe: Some(pipe) })
    }

    fn pipeline(&mut self, context: &str, end: Kind) -> Result<Pipe, Error> {
        let start = self.peek_past_space().at;
        let (variables, assigns) = self.declarations(context)?;
        let mut commands: Vec<Command> = Vec::new();
        loop {
            let token = self.peek_past_space().clone();
            match token.kind {
                kind if kind == end => {
                    self.next();
                    let span = Span { start, end: self.source[..token.at].trim_end().len().max(start) };
                    let pipe = Pipe { span, variables, assigns, commands };
                    self.check_pipeline(&pipe, context)?;
                    return Ok(pipe);
                }
                Kind::Bool
                | Kind::CharConstant
                | Kind::Complex
                | Kind::Dot
                | Kind::Field
                | Kind::Identifier
                | Kind::Number
                | Kind::Nil
                | Kind::RawString
                | Kind::String
                | Kind::Variable
                | Kind::LeftParen => commands.push(self.command()?),
                _ => return Err(self.unexpected(&token, context)),
            }
        }
    }

    /// `$x :=`, `$x =`, and in a range `$i, $x :=`.
    fn declarations(&mut self, context: &str) -> Result<(Vec<String>, bool), Error> {
        let mut variables = Vec::new();
        while self.peek_past_space().kind == Kind::Variable {
            let back = self.at;
            let variable = self.next().text;
            let next = self.peek_past_space().clone();
            match next.kind {
                Kind::Assign | Kind::Declare => {
                    self.next();
                    self.scope.push(variable.clone());
                    variables.push(variable);
                    return Ok((variables, next.kind == Kind::Assign));
                }
                Kind::Char if next.text == "," => {
                    self.next();
                    self.scope.push(variable.clone());
                    variables.push(variable);
                    if context != "range" || variables.len() > 1 {
                        return Err(self.error(next.at, format!("too many declarations in {context}")));
                    }
                    let following = self.peek_past_space();
                    if !matches!(following.kind, Kind::Variable | Kind::RightDelimiter | Kind::RightParen) {
                        let at = following.at;
                        return Err(self.error(at, "range can only initialize variables".to_owned()));
                    }
                }
                _ => {
                    self.at = back;
                    break;
                }
            }
        }
        Ok((variables, false))
    }

    fn check_pipeline(&self, pipe: &Pipe, context: &str) -> Result<(), Error> {
        if pipe.commands.is_empty() {
            return Err(self.error(pipe.span.start, format!("missing value for {context}")));
        }
        for (stage, command) in pipe.commands.iter().enumerate().skip(1) {
            let cannot_run = matches!(
                command.words[0].term,
                Term::Bool(_) | Term::Dot | Term::Nil | Term::Number(_) | Term::Text(_)
            );
            if cannot_run {
                let message = format!("non executable command in pipeline stage {}", stage + 1);
                return Err(self.error(command.span.start, message));
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Result<Command, Error> {
        let start = self.peek_past_space().at;
        let mut words: Vec<Operand> = Vec::new();
        loop {
            self.skip_space();
            if let Some(operand) = self.operand()? {
                words.push(operand);
            }
            let token = self.peek().clone();
            match token.kind {
                Kind::Space => {
                    self.next();
                    continue;
                }
                Kind::RightDelimiter | Kind::RightParen => {}
                Kind::Pipe => {
                    self.next();
                }
                _ => return Err(self.unexpected(&token, "operand")),
            }
            let Some(last) = words.last() else {
                return Err(self.error(start, "empty command".to_owned()));
            };
            return Ok(Command { span: Span { start, end: last.span.end }, words });
        }
    }

    fn operand(&mut self) -> Result<Option<Operand>, Error> {
        let Some(operand) = self.term()? else { return Ok(None) };
        if self.peek().kind != Kind::Field {
            return Ok(Some(operand));
        }
        let mut span = operand.span;
        let mut fields = Vec::new();
        while self.peek().kind == Kind::Field {
            let token = self.next();
            span.end = token.at + token.text.len();
            fields.push(token.text[1..].to_owned());
        }
        let term = match operand.term {
            Term::Field(mut chain) => {
                chain.append(&mut fields);
                Term::Field(chain)
            }
            Term::Variable(name, mut chain) => {
                chain.append(&mut fields);
                Term::Variable(name, chain)
            }
            Term::Bool(_) | Term::Text(_) | Term::Number(_) | Term::Nil | Term::Dot => {
                let written = &self.source[operand.span.start..operand.span.end];
                return Err(self.error(operand.span.start, format!("unexpected . after term {written:?}")));
            }
            term => Term::Chain(Box::new(Operand { span: operand.span, term }), fields),
        };
        Ok(Some(Operand { span, term }))
    }

    fn term(&mut self) -> Result<Option<Operand>, Error> {
        let token = self.peek_past_space().clone();
        let mut span = Span { start: token.at, end: token.at + token.text.len() };
        let wrong = |parser: &Self, message: String| parser.error(token.at, message);
        let term = match token.kind {
            Kind::Identifier => match functions::find(&token.text) {
                Some(function) => Term::Function(function),
                None => return Err(wrong(self, format!("function {:?} not defined", token.text))),
            },
            Kind::Dot => Term::Dot,
            Kind::Nil => Term::Nil,
            Kind::Variable if self.scope.contains(&token.text) => Term::Variable(token.text.clone(), Vec::new()),
            Kind::Variable => return Err(wrong(self, format!("undefined variable {:?}", token.text))),
            Kind::Field => Term::Field(vec![token.text[1..].to_owned()]),
            Kind::Bool => Term::Bool(token.text == "true"),
            Kind::CharConstant => match unquote_character(&token.text) {
                Ok(character) => Term::Number(Constant::character(character)),
                Err(message) => return Err(wrong(self, message)),
            },
            Kind::Number | Kind::Complex => match Constant::read(&token.text) {
                Ok(constant) => Term::Number(constant),
                Err(message) => return Err(wrong(self, message)),
            },
            Kind::String | Kind::RawString => match unquote(&token.text) {
                Ok(text) => Term::Text(text),
                Err(message) => return Err(wrong(self, message)),
            },
            Kind::LeftParen => {
                self.deeper(token.at)?;
                self.next();
                let pipe = self.pipeline("parenthesized pipeline", Kind::RightParen)?;
                self.depth -= 1;
                // The closing parenthesis is the token that was read last.
                span.end = self.tokens[self.at - 1].at + 1;
                return Ok(Some(Operand { span, term: Term::Pipe(Box::new(pipe)) }));
            }
            _ => return Ok(None),
        };
        self.next();
        Ok(Some(Operand { span, term }))
    }
}

/// A token as Go shows it in an error.
fn shown(token: &Token) -> String {
    match token.kind {
        Kind::Eof => "EOF".to_owned(),
        Kind::Keyword(_) | Kind::Dot | Kind::Nil => format!("<{}>", token.text),
        _ if token.text.chars().count() > 10 => {
            let start: String = token.text.chars().take(10).collect();
            format!("{start:?}...")
        }
        _ => format!("{:?}", token.text),
    }
}

//! Source text into tokens.

/// What a token is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Assign,
    Bool,
    /// A sign that means nothing here, such as a comma.
    Char,
    CharConstant,
    Complex,
    Declare,
    Dot,
    Error,
    Eof,
    Field,
    Identifier,
    Keyword(Keyword),
    LeftDelimiter,
    LeftParen,
    Nil,
    Number,
    Pipe,
    RawString,
    RightDelimiter,
    RightParen,
    Space,
    String,
    Text,
    Variable,
}

/// The words that are not functions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Keyword {
    Block,
    Break,
    Continue,
    Define,
    Else,
    End,
    If,
    Range,
    Template,
    With,
}

/// A piece of the source. For [`Kind::Error`], `text` is what to say.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) at: usize,
    pub(crate) text: String,
}

/// All tokens; the last is [`Kind::Eof`] or [`Kind::Error`].
pub(crate) fn lex(source: &str) -> Vec<Token> {
    let mut lexer = Lexer { source, at: 0, start: 0, parens: 0, tokens: Vec::new() };
    if let Err(message) = lexer.text() {
        let at = lexer.start;
        lexer.tokens.push(Token { kind: Kind::Error, at, text: message });
    }
    lexer.tokens
}

struct Lexer<'s> {
    source: &'s str,
    at: usize,
    start: usize,
    parens: usize,
    tokens: Vec<Token>,
}

type Step = Result<(), String>;

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.source[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn accept(&mut self, wanted: &str) -> bool {
        match self.peek() {
            Some(next) if wanted.contains(next) => {
                self.at += next.len_utf8();
                true
            }
            _ => false,
        }
    }

    fn accept_run(&mut self, wanted: &str) {
        while self.accept(wanted) {}
    }

    fn emit(&mut self, kind: Kind) {
        self.tokens.push(Token { kind, at: self.start, text: self.source[self.start..self.at].to_owned() });
        self.start = self.at;
    }

    /// Text outside of actions, and the actions in it.
    fn text(&mut self) -> Step {
        loop {
            self.start = self.at;
            let Some(offset) = self.rest().find(LEFT) else {
                self.at = self.source.len();
                if self.at > self.start {
                    self.emit(Kind::Text);
                }
                self.emit(Kind::Eof);
                return Ok(());
            };
            let open = self.at + offset;
            let after = &self.source[open + LEFT.len()..];
            let trimmed = trims_left(after);
            let text = &self.source[self.start..open];
            self.at = self.start + if trimmed { text.trim_end_matches(SPACES).len() } else { text.len() };
            if self.at > self.start {
                self.emit(Kind::Text);
            }
            (self.start, self.at) = (open, open + LEFT.len());
            let marker = if trimmed { MARKER } else { 0 };
            if self.rest()[marker..].starts_with(LEFT_COMMENT) {
                self.at += marker;
                self.start = self.at;
                self.comment()?;
                continue;
            }
            self.emit(Kind::LeftDelimiter);
            self.at += marker;
            self.start = self.at;
            self.action()?;
        }
    }

    fn comment(&mut self) -> Step {
        self.at += LEFT_COMMENT.len();
        let Some(end) = self.rest().find(RIGHT_COMMENT) else { return Err("unclosed comment".to_owned()) };
        self.at += end + RIGHT_COMMENT.len();
        match self.right_delimiter() {
            None => Err("comment ends before closing delimiter".to_owned()),
            Some(trims) => {
                self.close(trims);
                Ok(())
            }
        }
    }

    /// Whether an action ends here, and whether it eats the space after it.
    fn right_delimiter(&self) -> Option<bool> {
        let rest = self.rest();
        let mut chars = rest.chars();
        let marked = chars.next().is_some_and(is_space) && chars.next() == Some('-');
        if marked && rest[MARKER..].starts_with(RIGHT) {
            return Some(true);
        }
        rest.starts_with(RIGHT).then_some(false)
    }

    fn close(&mut self, trims: bool) {
        if trims {
            self.at += MARKER;
        }
        self.at += RIGHT.len();
        if trims {
            self.skip_spaces();
        }
    }

    fn skip_spaces(&mut self) {
        self.at = self.source.len() - self.rest().trim_start_matches(SPACES).len();
    }

    fn action(&mut self) -> Step {
        self.parens = 0;
        loop {
            self.start = self.at;
            if let Some(trims) = self.right_delimiter() {
                if self.parens > 0 {
                    return Err("unclosed left paren".to_owned());
                }
                self.at += if trims { MARKER } else { 0 };
                self.start = self.at;
                self.at += RIGHT.len();
                self.emit(Kind::RightDelimiter);
                if trims {
                    self.skip_spaces();
                }
                return Ok(());
            }
            let Some(next) = self.next() else { return Err("unclosed action".to_owned()) };
            match next {
                next if is_space(next) => self.space(),
                '=' => self.emit(Kind::Assign),
                ':' if self.accept("=") => self.emit(Kind::Declare),
                ':' => return Err("expected :=".to_owned()),
                '|' => self.emit(Kind::Pipe),
                '"' => self.quoted('"', Kind::String, "unterminated quoted string")?,
                '\'' => self.quoted('\'', Kind::CharConstant, "unterminated character constant")?,
                '`' => self.raw()?,
                '$' => self.name(Kind::Variable)?,
                '.' if !self.peek().is_some_and(|next| next.is_ascii_digit()) => self.name(Kind::Field)?,
                '.' | '+' | '-' | '0'..='9' => self.number()?,
                next if is_alphanumeric(next) => self.identifier()?,
                '(' => {
                    self.parens += 1;
                    self.emit(Kind::LeftParen);
                }
                ')' if self.parens == 0 => return Err("unexpected right paren".to_owned()),
                ')' => {
                    self.parens -= 1;
                    self.emit(Kind::RightParen);
                }
                next if next.is_ascii_graphic() => self.emit(Kind::Char),
                next => return Err(format!("unrecognized character in action: {}", unicode(next))),
            }
        }
    }

    /// Spaces are tokens: they part operands. One before a closing `-}}` belongs to that.
    fn space(&mut self) {
        while self.peek().is_some_and(is_space) {
            self.at += 1;
        }
        let last = self.at - 1;
        if self.source[last + 1..].starts_with("-}}") {
            self.at = last;
        }
        if self.at > self.start {
            self.emit(Kind::Space);
        }
    }

    fn quoted(&mut self, end: char, kind: Kind, unterminated: &str) -> Step {
        loop {
            match self.next() {
                Some('\\') if !matches!(self.peek(), None | Some('\n')) => {
                    self.next();
                }
                Some(next) if next == end => break,
                Some('\\' | '\n') | None => return Err(unterminated.to_owned()),
                Some(_) => {}
            }
        }
        self.emit(kind);
        Ok(())
    }

    fn raw(&mut self) -> Step {
        let Some(end) = self.rest().find('`') else { return Err("unterminated raw quoted string".to_owned()) };
        self.at += end + 1;
        self.emit(Kind::RawString);
        Ok(())
    }

    /// `.Field` or `$variable`, the sign is past.
    fn name(&mut self, kind: Kind) -> Step {
        if self.at_terminator() {
            self.emit(if kind == Kind::Field { Kind::Dot } else { kind });
            return Ok(());
        }
        while self.peek().is_some_and(is_alphanumeric) {
            self.next();
        }
        self.must_end()?;
        self.emit(kind);
        Ok(())
    }

    fn identifier(&mut self) -> Step {
        while self.peek().is_some_and(is_alphanumeric) {
            self.next();
        }
        self.must_end()?;
        let kind = match &self.source[self.start..self.at] {
            "block" => Kind::Keyword(Keyword::Block),
            "break" => Kind::Keyword(Keyword::Break),
            "continue" => Kind::Keyword(Keyword::Continue),
            "define" => Kind::Keyword(Keyword::Define),
            "else" => Kind::Keyword(Keyword::Else),
            "end" => Kind::Keyword(Keyword::End),
            "if" => Kind::Keyword(Keyword::If),
            "range" => Kind::Keyword(Keyword::Range),
            "template" => Kind::Keyword(Keyword::Template),
            "with" => Kind::Keyword(Keyword::With),
            "nil" => Kind::Nil,
            "true" | "false" => Kind::Bool,
            _ => Kind::Identifier,
        };
        self.emit(kind);
        Ok(())
    }

    fn must_end(&self) -> Step {
        match self.peek() {
            Some(next) if !self.at_terminator() => Err(format!("bad character {}", unicode(next))),
            _ => Ok(()),
        }
    }

    fn at_terminator(&self) -> bool {
        match self.peek() {
            None | Some('.' | ',' | '|' | ':' | ')' | '(') => true,
            Some(next) => is_space(next) || self.rest().starts_with(RIGHT),
        }
    }

    fn number(&mut self) -> Step {
        self.at = self.start;
        let bad = |lexer: &Self| Err(format!("bad number syntax: {:?}", &lexer.source[lexer.start..lexer.at]));
        if !self.scan_number() {
            return bad(self);
        }
        if matches!(self.peek(), Some('+' | '-')) {
            if !self.scan_number() || !self.source[..self.at].ends_with('i') {
                return bad(self);
            }
            self.emit(Kind::Complex);
            return Ok(());
        }
        self.emit(Kind::Number);
        Ok(())
    }

    fn scan_number(&mut self) -> bool {
        self.accept("+-");
        let mut digits = "0123456789_";
        let mut exponent = "eE";
        if self.accept("0") {
            if self.accept("xX") {
                (digits, exponent) = ("0123456789abcdefABCDEF_", "pP");
            } else if self.accept("oO") {
                (digits, exponent) = ("01234567_", "");
            } else if self.accept("bB") {
                (digits, exponent) = ("01_", "");
            }
        }
        self.accept_run(digits);
        if self.accept(".") {
            self.accept_run(digits);
        }
        if self.accept(exponent) {
            self.accept("+-");
            self.accept_run("0123456789_");
        }
        self.accept("i");
        if self.peek().is_some_and(is_alphanumeric) {
            self.next();
            return false;
        }
        true
    }
}

fn trims_left(after: &str) -> bool {
    let mut chars = after.chars();
    chars.next() == Some('-') && chars.next().is_some_and(is_space)
}

fn is_space(character: char) -> bool {
    SPACES.contains(&character)
}

fn is_alphanumeric(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}

fn unicode(character: char) -> String {
    format!("U+{:04X} '{character}'", u32::from(character))
}

const LEFT: &str = "{{";
const RIGHT: &str = "}}";
const LEFT_COMMENT: &str = "/*";
const RIGHT_COMMENT: &str = "*/";
/// A minus sign and a space.
const MARKER: usize = 2;
const SPACES: [char; 4] = [' ', '\t', '\r', '\n'];

//! Words in other cases.

use super::unicode::{is_space, lower, map, title, upper};
use super::{Function, Outcome, Type, function, text};
use crate::error::Failure;
use crate::render::Runtime;
use crate::run_value::Val;

pub(super) static FUNCTIONS: &[Function] = &[
    function("camelcase", &[Type::Text], camel_case),
    function("kebabcase", &[Type::Text], |_, values| Ok(Val::text(lower_words(text(values, 0), '-')?))),
    function("lower", &[Type::Text], |_, values| Ok(Val::text(map(text(values, 0), lower)?))),
    function("snakecase", &[Type::Text], |_, values| Ok(Val::text(lower_words(text(values, 0), '_')?))),
    function("swapcase", &[Type::Text], swap_case),
    function("title", &[Type::Text], title_case),
    function("untitle", &[Type::Text], untitle),
    function("upper", &[Type::Text], |_, values| Ok(Val::text(map(text(values, 0), upper)?))),
];

fn title_case(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let mut changed = String::new();
    let mut before = ' ';
    for character in text(values, 0).chars() {
        let begins = if before.is_ascii() {
            !(before.is_ascii_alphanumeric() || before == '_')
        } else if before.is_alphanumeric() {
            false
        } else {
            is_space(before)
        };
        changed.push(if begins { title(character)? } else { character });
        before = character;
    }
    Ok(Val::text(changed))
}

fn untitle(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let mut changed = String::new();
    let mut begins = true;
    for character in text(values, 0).chars() {
        let space = is_space(character);
        changed.push(if begins && !space { lower(character)? } else { character });
        begins = space;
    }
    Ok(Val::text(changed))
}

fn swap_case(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let mut changed = String::new();
    let mut after_space = true;
    for character in text(values, 0).chars() {
        if character.is_uppercase() {
            changed.push(lower(character)?);
            after_space = false;
        } else if character.is_lowercase() {
            changed.push(if after_space { title(character)? } else { upper(character)? });
            after_space = false;
        } else {
            changed.push(character);
            after_space = is_space(character);
        }
    }
    Ok(Val::text(changed))
}

fn is_connector(character: char) -> bool {
    matches!(character, '-' | '_') || is_space(character)
}

/// `some_words` becomes `SomeWords`; connectors in front stay.
fn camel_case(_: &mut Runtime<'_>, values: &[Val]) -> Outcome {
    let source = text(values, 0);
    let mut changed = String::new();
    let mut characters = source.chars();
    let mut current;
    let mut capital_run;
    loop {
        let Some(first) = characters.next() else { return Ok(Val::text(changed)) };
        if !is_connector(first) {
            capital_run = first.is_uppercase();
            current = upper(first)?;
            break;
        }
        // The very last character is written twice by the library that sprig uses when it is a connector.
        if characters.as_str().is_empty() {
            changed.push(first);
        }
        changed.push(first);
    }
    for next in characters {
        let before = current;
        current = next;
        if is_connector(current) && is_connector(before) {
            changed.push(before);
            continue;
        }
        if is_connector(before) {
            capital_run = current.is_uppercase();
            current = upper(current)?;
            continue;
        }
        if capital_run {
            if current.is_uppercase() {
                current = lower(current)?;
            } else {
                capital_run = false;
            }
        }
        changed.push(before);
    }
    changed.push(current);
    Ok(Val::text(changed))
}

/// What a run of characters is.
#[derive(Clone, Copy, PartialEq)]
enum Word {
    Alphabet,
    Connector,
    Number,
    Other,
    Punctuation,
    Upper,
}

/// Words joined by a connector, small. Only ASCII: what is a letter elsewhere is not decided here.
fn lower_words(text: &str, connector: char) -> Result<String, Failure> {
    if !text.is_ascii() {
        return Err("only ASCII can be taken apart into words".into());
    }
    let mut changed = String::new();
    let write = |changed: &mut String, kind: Word, word: &str| {
        if kind == Word::Connector {
            changed.extend(word.chars().map(|_| connector));
        } else {
            changed.push_str(&word.to_ascii_lowercase());
        }
    };
    let mut current = next_word(text);
    while let Some((kind, word, rest)) = current {
        if rest.is_empty() {
            write(&mut changed, kind, word);
            break;
        }
        if kind != Word::Connector {
            write(&mut changed, kind, word);
        }
        current = next_word(rest);
        match kind {
            Word::Number => {
                current = write_run(&mut changed, current, &write);
                if current.is_some_and(|(next, ..)| !matches!(next, Word::Punctuation | Word::Connector)) {
                    changed.push(connector);
                }
            }
            Word::Connector => write(&mut changed, kind, word),
            Word::Punctuation => {}
            Word::Alphabet | Word::Other | Word::Upper => {
                let Some((next, number, rest)) = current else { break };
                if next != Word::Number {
                    if !matches!(next, Word::Connector | Word::Punctuation) {
                        changed.push(connector);
                    }
                    continue;
                }
                if rest.is_empty() {
                    continue;
                }
                current = next_word(rest);
                let follows = current.map(|(kind, ..)| kind);
                if follows != Some(Word::Alphabet) {
                    write(&mut changed, Word::Number, number);
                    if follows.is_some_and(|kind| !matches!(kind, Word::Connector | Word::Punctuation)) {
                        changed.push(connector);
                    }
                    continue;
                }
                changed.push(connector);
                write(&mut changed, Word::Number, number);
                current = write_run(&mut changed, current, &write);
                if current.is_some_and(|(next, ..)| !matches!(next, Word::Punctuation | Word::Connector)) {
                    changed.push(connector);
                }
            }
        }
    }
    Ok(changed)
}

type Next<'t> = Option<(Word, &'t str, &'t str)>;

/// Write letters and digits that belong together; what follows them is returned.
fn write_run<'t>(changed: &mut String, current: Next<'t>, write: &impl Fn(&mut String, Word, &str)) -> Next<'t> {
    let mut current = current;
    while let Some((kind @ (Word::Alphabet | Word::Number), word, rest)) = current {
        write(changed, kind, word);
        current = next_word(rest);
    }
    current
}

fn next_word(text: &str) -> Next<'_> {
    let kind_of = |byte: u8| match byte {
        b'-' | b'_' | b' ' | b'\t'..=b'\r' => Word::Connector,
        b'A'..=b'Z' => Word::Upper,
        b'a'..=b'z' => Word::Alphabet,
        b'0'..=b'9' => Word::Number,
        b'$' | b'+' | b'<' | b'=' | b'>' | b'^' | b'`' | b'|' | b'~' => Word::Other,
        byte if byte.is_ascii_punctuation() => Word::Punctuation,
        _ => Word::Other,
    };
    let bytes = text.as_bytes();
    let kind = kind_of(*bytes.first()?);
    let run = |from: usize, kind: Word| from + bytes[from..].iter().take_while(|byte| kind_of(**byte) == kind).count();
    let mut end = run(0, kind);
    if kind == Word::Upper && bytes.get(end).is_some_and(u8::is_ascii_lowercase) {
        // `HTTPServer` is `HTTP` and `Server`; a single capital begins its word.
        end = if end == 1 { run(1, Word::Alphabet) } else { end - 1 };
    }
    Some((kind, &text[..end], &text[end..]))
}

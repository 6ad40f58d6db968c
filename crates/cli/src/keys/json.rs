//! JSON as other programs print it: two spaces of indent, members in their order, numbers as they were written.

/// Write valid JSON on several lines, two spaces of indent, without a final newline.
///
/// Nothing is read and written again, so numbers and escapes stay as they are. Control and bidirectional characters,
/// which could deceive whoever reads a terminal, are escaped.
pub(crate) fn pretty(json: &str) -> String {
    let mut text = String::with_capacity(json.len() * 2);
    let mut depth = 0;
    let mut inside = false;
    let mut escaped = false;
    let mut rest = json.chars().peekable();
    while let Some(character) = rest.next() {
        if inside {
            append(&mut text, character);
            inside = escaped || character != '"';
            escaped = !escaped && character == '\\';
            continue;
        }
        match character {
            '"' => {
                inside = true;
                text.push('"');
            }
            '{' | '[' => {
                text.push(character);
                while rest.peek().is_some_and(char::is_ascii_whitespace) {
                    rest.next();
                }
                // An empty list or object stays on its line.
                if let Some(end) = rest.next_if(|next| matches!(next, '}' | ']')) {
                    text.push(end);
                } else {
                    depth += 1;
                    line(&mut text, depth);
                }
            }
            '}' | ']' => {
                depth -= 1;
                line(&mut text, depth);
                text.push(character);
            }
            ',' => {
                text.push(',');
                line(&mut text, depth);
            }
            ':' => text.push_str(": "),
            other if other.is_ascii_whitespace() => {}
            other => text.push(other),
        }
    }
    text
}

fn line(text: &mut String, depth: usize) {
    text.push('\n');
    (0..depth).for_each(|_| text.push_str("  "));
}

fn append(text: &mut String, character: char) {
    let deceives = character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if deceives {
        text.push_str(&format!("\\u{:04x}", u32::from(character)));
    } else {
        text.push(character);
    }
}

/// What is wrong with a text that is no JSON object, in the words of Go's JSON package, since scripts look for them.
pub(crate) fn why_not_an_object(text: &[u8]) -> String {
    let error = match serde_json::from_slice::<serde::de::IgnoredAny>(text) {
        Ok(_) => {
            let kind = match text.trim_ascii().first() {
                Some(b'[') => "array",
                Some(b'"') => "string",
                Some(b't' | b'f') => "bool",
                Some(b'n') => "null",
                _ => "number",
            };
            return format!("json: cannot unmarshal {kind} into Go value of type jose.rawHeader");
        }
        Err(error) => error,
    };
    if error.is_eof() && !looks_like_a_literal(text) {
        return "unexpected end of JSON input".to_owned();
    }
    if let Some(problem) = in_literal(text.trim_ascii()) {
        return problem;
    }
    let line = text.split(|octet| *octet == b'\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
    let character = line.get(error.column().saturating_sub(1)).copied().unwrap_or(b' ');
    let place =
        if error.line() == 1 && error.column() <= 1 { "looking for beginning of value" } else { "in JSON text" };
    format!("invalid character '{}' {place}", char::from(character).escape_default())
}

fn looks_like_a_literal(text: &[u8]) -> bool {
    in_literal(text.trim_ascii()).is_some()
}

fn in_literal(text: &[u8]) -> Option<String> {
    let literal = ["false", "null", "true"].into_iter().find(|literal| text.first() == literal.as_bytes().first())?;
    let differs = text.iter().zip(literal.bytes()).find(|(found, expected)| *found != expected)?;
    let (found, expected) = (char::from(*differs.0).escape_default(), char::from(differs.1));
    Some(format!("invalid character '{found}' in literal {literal} (expecting '{expected}')"))
}

#[cfg(test)]
mod tests {
    use super::{pretty, why_not_an_object};

    #[test]
    fn json_is_indented_as_it_is() {
        let json = r#"{"b": [1.50,{ },[ ], "a\\\"{,:"] ,"a":{"x":12345678901234567890}}"#;
        let expected = "{\n  \"b\": [\n    1.50,\n    {},\n    [],\n    \"a\\\\\\\"{,:\"\n  ],\n  \"a\": {\n    \"x\": 12345678901234567890\n  }\n}";
        assert_eq!(pretty(json), expected);
        assert_eq!(pretty("\"\u{9b}\u{202e}é\""), "\"\\u009b\\u202eé\"");
    }

    #[test]
    fn what_is_no_object_is_named_as_go_does() {
        for (text, expected) in [
            ("foo", "invalid character 'o' in literal false (expecting 'a')"),
            ("[42]", "json: cannot unmarshal array into Go value of type jose.rawHeader"),
            ("{\"a\":\"}", "unexpected end of JSON input"),
            ("{", "unexpected end of JSON input"),
            ("", "unexpected end of JSON input"),
            ("eyJ", "invalid character 'e' looking for beginning of value"),
        ] {
            assert_eq!(why_not_an_object(text.as_bytes()), expected, "{text}");
        }
    }
}

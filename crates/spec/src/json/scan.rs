//! What the parser would let pass, or could not survive, is found before it looks.

/// Deeper nesting than this is nobody's configuration.
const MAX_DEPTH: usize = 64;

/// Refuse a text that is not strict JSON in ways that the parser does not mind; gives the place and the reason.
pub(super) fn check(text: &str) -> Result<(), (usize, &'static str)> {
    if text.starts_with('\u{feff}') {
        return Err((0, "the file starts with a byte order mark: save it as UTF-8 without one"));
    }
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (offset, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            // RFC 8259 §7: control characters are escaped.
            '\0'..='\x1f' if in_string => {
                return Err((
                    offset,
                    "this is not JSON: a string holds a line end or control character; is a quote missing?",
                ));
            }
            _ if in_string => {}
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            // RFC 8259 §2: only these four are white space.
            ' ' | '\t' | '\n' | '\r' => {}
            _ if character.is_whitespace() => {
                return Err((offset, "this is not JSON: there is an invisible character that is not a plain space"));
            }
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err((offset, "values are nested too deeply"));
        }
    }
    Ok(())
}

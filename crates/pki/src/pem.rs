//! Textual encoding of keys and certificates (RFC 7468), with the headers of RFC 1421 that old key files carry.

#[cfg(test)]
mod tests;

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

/// One PEM block.
#[derive(Clone, PartialEq, Eq)]
pub struct Block {
    /// What stands after `BEGIN`, such as `CERTIFICATE`.
    pub label: String,
    /// The lines `Name: value` before the content (RFC 1421 §4.4), in order.
    pub headers: Vec<(String, String)>,
    /// The decoded content; it may be a key, so it is wiped when dropped.
    pub contents: Zeroizing<Vec<u8>>,
}

/// Why a text is not PEM.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    /// A block has no matching end line.
    #[error("line {line}: the block {label} has no end line")]
    Unfinished {
        /// The label of the block.
        label: String,
        /// Where it begins, counted from one.
        line: usize,
    },
    /// The content is not base64.
    #[error("line {line}: the content of the block {label} is not base64")]
    NotBase64 {
        /// The label of the block.
        label: String,
        /// Where it begins, counted from one.
        line: usize,
    },
}

/// Decode every PEM block of a text; what stands between the blocks is skipped.
///
/// # Errors
/// When a block begins and is not well formed. No block at all is an empty list.
pub fn decode_all(text: &[u8]) -> Result<Vec<Block>, PemError> {
    let mut blocks = Vec::new();
    let mut lines = text.split(|octet| *octet == b'\n').map(trim).enumerate();
    while let Some((number, line)) = lines.next() {
        let Some(label) = boundary(line, b"-----BEGIN ") else { continue };
        let unfinished = || PemError::Unfinished { label: label.to_owned(), line: number + 1 };
        let mut headers = Vec::new();
        let mut encoded = Zeroizing::new(Vec::new());
        loop {
            let (_, line) = lines.next().ok_or_else(unfinished)?;
            if let Some(end) = boundary(line, b"-----END ") {
                if end != label {
                    return Err(unfinished());
                }
                break;
            }
            match header(line) {
                Some(header) if encoded.is_empty() => headers.push(header),
                _ if line.iter().any(u8::is_ascii_whitespace) => {
                    encoded.extend(line.iter().filter(|octet| !octet.is_ascii_whitespace()));
                }
                _ => encoded.extend_from_slice(line),
            }
        }
        let contents = STANDARD
            .decode(&*encoded)
            .map_err(|_| PemError::NotBase64 { label: label.to_owned(), line: number + 1 })?;
        blocks.push(Block { label: label.to_owned(), headers, contents: Zeroizing::new(contents) });
    }
    Ok(blocks)
}

/// Write one block with lines of 64 characters and a final newline.
pub fn encode(label: &str, contents: &[u8]) -> String {
    encode_in_lines_of(64, label, contents)
}

/// The same with lines of that many characters.
pub(crate) fn encode_in_lines_of(width: usize, label: &str, contents: &[u8]) -> String {
    let mut encoded = Zeroizing::new(vec![0; contents.len().div_ceil(3) * 4]);
    let len = STANDARD.encode_slice(contents, &mut encoded).expect("the buffer has the length of the encoding");
    let encoded = std::str::from_utf8(&encoded[..len]).expect("base64 is ASCII");
    let mut text = String::with_capacity(len + len / width + 2 * label.len() + 36);
    text.extend(["-----BEGIN ", label, "-----\n"]);
    let mut rest = encoded;
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(width));
        text.extend([line, "\n"]);
        rest = tail;
    }
    text.extend(["-----END ", label, "-----\n"]);
    text
}

impl std::fmt::Debug for Block {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Block({}, {} octets)", self.label, self.contents.len())
    }
}

fn trim(line: &[u8]) -> &[u8] {
    line.trim_ascii()
}

fn boundary<'a>(line: &'a [u8], start: &[u8]) -> Option<&'a str> {
    let label = line.strip_prefix(start)?.strip_suffix(b"-----")?;
    std::str::from_utf8(label).ok()
}

fn header(line: &[u8]) -> Option<(String, String)> {
    let (name, value) = std::str::from_utf8(line).ok()?.split_once(':')?;
    Some((name.trim().to_owned(), value.trim().to_owned()))
}

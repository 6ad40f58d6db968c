//! Writing a JSON body with the escapes and the final newline that Go's encoder writes.

use std::io;

use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter};

/// Write `body` as one line of JSON: `<`, `>`, `&` and the two line separators of
/// Unicode are escaped, so the answer is harmless wherever it is pasted.
pub fn to_json<T: Serialize + ?Sized>(body: &T) -> Vec<u8> {
    let mut out = Vec::with_capacity(TYPICAL);
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, GoFormatter);
    body.serialize(&mut serializer).expect("bodies have string keys and a vector takes every byte");
    out.push(b'\n');
    out
}

struct GoFormatter;

impl Formatter for GoFormatter {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let bytes = fragment.as_bytes();
        // Nearly every text is without them, and this look is quicker than the one for each.
        if !bytes.iter().any(|byte| matches!(byte, b'<' | b'>' | b'&' | 0xe2)) {
            return out.write_all(bytes);
        }
        let mut written = 0;
        for (at, byte) in bytes.iter().enumerate() {
            let (escape, length): (&[u8], usize) = match byte {
                b'<' => (b"\\u003c", 1),
                b'>' => (b"\\u003e", 1),
                b'&' => (b"\\u0026", 1),
                0xe2 if bytes[at..].starts_with("\u{2028}".as_bytes()) => (b"\\u2028", 3),
                0xe2 if bytes[at..].starts_with("\u{2029}".as_bytes()) => (b"\\u2029", 3),
                _ => continue,
            };
            out.write_all(&bytes[written..at])?;
            out.write_all(escape)?;
            written = at + length;
        }
        out.write_all(&bytes[written..])
    }

    fn write_char_escape<W: ?Sized + io::Write>(&mut self, out: &mut W, escape: CharEscape) -> io::Result<()> {
        serde_json::ser::CompactFormatter.write_char_escape(out, escape)
    }

    /// Go writes a whole number without its fraction: `1`, not `1.0`.
    fn write_f64<W: ?Sized + io::Write>(&mut self, out: &mut W, value: f64) -> io::Result<()> {
        if value.fract() == 0.0 && value.abs() < 1e15 {
            return write!(out, "{value:.0}");
        }
        serde_json::ser::CompactFormatter.write_f64(out, value)
    }
}

/// A sign answer of two P-256 certificates has about this size.
const TYPICAL: usize = 4096;

//! A DER writer that appends to one buffer.

use const_oid::ObjectIdentifier;

use super::tag;

/// DER in the making.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    buffer: Vec<u8>,
}

impl Writer {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self { buffer: Vec::with_capacity(capacity) }
    }

    /// Go on behind DER that is there already.
    pub(crate) fn from_der(der: Vec<u8>) -> Self {
        Self { buffer: der }
    }

    pub(crate) fn into_der(self) -> Vec<u8> {
        self.buffer
    }

    /// Elements that are DER already.
    pub(crate) fn raw(&mut self, der: &[u8]) {
        self.buffer.extend_from_slice(der);
    }

    /// One element.
    pub(crate) fn element(&mut self, tag: u8, content: &[u8]) {
        self.nested(tag, |inside| inside.raw(content));
    }

    /// One element whose content is written by `write`.
    pub(crate) fn nested(&mut self, tag: u8, write: impl FnOnce(&mut Self)) {
        // Most elements are short, so one octet of length is kept free and the rest is made when it is needed.
        self.buffer.extend_from_slice(&[tag, 0]);
        let start = self.buffer.len();
        write(self);
        let len = self.buffer.len() - start;
        if len < 0x80 {
            self.buffer[start - 1] = u8::try_from(len).expect("less than 128");
            return;
        }
        let octets = len.to_be_bytes();
        let skipped = octets.iter().take_while(|octet| **octet == 0).count();
        let count = octets.len() - skipped;
        self.buffer[start - 1] = 0x80 | u8::try_from(count).expect("a length has at most eight octets");
        self.buffer.splice(start..start, octets[skipped..].iter().copied());
    }

    /// Tag and length of an element whose content comes afterwards.
    pub(crate) fn header(&mut self, tag: u8, length: usize) {
        self.buffer.push(tag);
        match u8::try_from(length) {
            Ok(short @ ..0x80) => self.buffer.push(short),
            _ => {
                let octets = length.to_be_bytes();
                let skipped = octets.iter().take_while(|octet| **octet == 0).count();
                self.buffer.push(0x80 | u8::try_from(octets.len() - skipped).expect("at most eight octets"));
                self.buffer.extend_from_slice(&octets[skipped..]);
            }
        }
    }

    pub(crate) fn sequence(&mut self, write: impl FnOnce(&mut Self)) {
        self.nested(tag::SEQUENCE, write);
    }

    /// An INTEGER that is not negative, from its magnitude.
    pub(crate) fn unsigned(&mut self, magnitude: &[u8]) {
        let skipped = magnitude.iter().take_while(|octet| **octet == 0).count();
        let digits = &magnitude[skipped..];
        self.nested(tag::INTEGER, |inside| {
            if digits.first().is_none_or(|first| *first >= 0x80) {
                inside.raw(&[0]);
            }
            inside.raw(digits);
        });
    }

    pub(crate) fn signed(&mut self, number: i64) {
        let octets = number.to_be_bytes();
        let redundant =
            |pair: &[u8]| matches!(pair, [0, next] if *next < 0x80) || matches!(pair, [0xff, next] if *next >= 0x80);
        let skipped = octets.windows(2).take_while(|pair| redundant(pair)).count();
        self.element(tag::INTEGER, &octets[skipped..]);
    }

    pub(crate) fn oid(&mut self, oid: &ObjectIdentifier) {
        self.element(tag::OID, oid.as_bytes());
    }

    /// A BIT STRING of whole octets.
    pub(crate) fn octet_bits(&mut self, octets: &[u8]) {
        self.nested(tag::BIT_STRING, |inside| {
            inside.raw(&[0]);
            inside.raw(octets);
        });
    }

    /// The default false is not written (X.690 §11.5).
    pub(crate) fn flag(&mut self, flag: bool) {
        if flag {
            self.raw(&[tag::BOOLEAN, 1, 0xff]);
        }
    }

    /// Text in the string type that Go chooses.
    pub(crate) fn directory_string(&mut self, text: &str) {
        let tag = if super::is_printable(text) { tag::PRINTABLE_STRING } else { tag::UTF8_STRING };
        self.element(tag, text.as_bytes());
    }
}

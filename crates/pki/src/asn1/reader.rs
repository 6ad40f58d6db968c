//! A strict DER reader that copies nothing and cannot recurse.

use const_oid::ObjectIdentifier;

use super::{NotDer, tag};

/// What is left to read of some DER.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

/// One tag, length and value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) content: &'a [u8],
    /// Tag, length and content as they stand in the input.
    pub(crate) der: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(der: &'a [u8]) -> Self {
        Self { rest: der }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The tag of the next element.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next element, whatever it is.
    pub(crate) fn element(&mut self) -> Result<Element<'a>, NotDer> {
        let [tag, first, after @ ..] = self.rest else { return Err(NotDer) };
        // X.690 §8.1.2.4: the form with more identifier octets; nothing in a certificate needs it.
        if tag & 0x1f == 0x1f {
            return Err(NotDer);
        }
        let (len, after) = length(*first, after)?;
        if len > after.len() {
            return Err(NotDer);
        }
        let (content, rest) = after.split_at(len);
        let der = &self.rest[..self.rest.len() - rest.len()];
        self.rest = rest;
        Ok(Element { tag: *tag, content, der })
    }

    /// The next element, which must have that tag.
    pub(crate) fn expect(&mut self, tag: u8) -> Result<Element<'a>, NotDer> {
        if self.peek() == Some(tag) { self.element() } else { Err(NotDer) }
    }

    /// The next element if it has that tag.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<Element<'a>>, NotDer> {
        if self.peek() == Some(tag) { self.element().map(Some) } else { Ok(None) }
    }

    /// What is inside the next element, which must have that tag.
    pub(crate) fn nested(&mut self, tag: u8) -> Result<Self, NotDer> {
        Ok(Self::new(self.expect(tag)?.content))
    }

    /// Refuse octets that nobody read.
    pub(crate) fn finish(self) -> Result<(), NotDer> {
        if self.rest.is_empty() { Ok(()) } else { Err(NotDer) }
    }

    /// The inside of the one element that all of `der` is.
    pub(crate) fn whole(der: &'a [u8], tag: u8) -> Result<Self, NotDer> {
        let mut reader = Self::new(der);
        let inside = reader.nested(tag)?;
        reader.finish()?;
        Ok(inside)
    }

    pub(crate) fn oid(&mut self) -> Result<ObjectIdentifier, NotDer> {
        self.expect(tag::OID)?.oid()
    }

    /// An INTEGER that is not negative, without its sign octet.
    pub(crate) fn unsigned(&mut self) -> Result<&'a [u8], NotDer> {
        self.expect(tag::INTEGER)?.unsigned()
    }

    /// A BIT STRING of whole octets.
    pub(crate) fn octet_bits(&mut self) -> Result<&'a [u8], NotDer> {
        match self.expect(tag::BIT_STRING)?.content {
            [0, octets @ ..] => Ok(octets),
            _ => Err(NotDer),
        }
    }

    /// A BOOLEAN that is false when it is absent.
    pub(crate) fn flag(&mut self) -> Result<bool, NotDer> {
        // X.690 §11.5 forbids an explicit false, yet CAs in the field write it, and its meaning is plain.
        match self.optional(tag::BOOLEAN)?.map(|element| element.content) {
            None | Some([0]) => Ok(false),
            Some([0xff]) => Ok(true),
            Some(_) => Err(NotDer),
        }
    }
}

impl<'a> Element<'a> {
    pub(crate) fn reader(&self) -> Reader<'a> {
        Reader::new(self.content)
    }

    pub(crate) fn oid(&self) -> Result<ObjectIdentifier, NotDer> {
        ObjectIdentifier::from_bytes(self.content).map_err(|_| NotDer)
    }

    /// The magnitude of an INTEGER that is not negative and has the shortest form (X.690 §8.3.2); zero is `[0]`.
    pub(crate) fn unsigned(&self) -> Result<&'a [u8], NotDer> {
        match self.content {
            [0, next, ..] if *next < 0x80 => Err(NotDer),
            [0, rest @ ..] if !rest.is_empty() => Ok(rest),
            [first, ..] if *first < 0x80 => Ok(self.content),
            _ => Err(NotDer),
        }
    }

    /// An INTEGER that fits an `i64`.
    pub(crate) fn signed(&self) -> Result<i64, NotDer> {
        let content = self.content;
        let padded =
            matches!(content, [0, next, ..] if *next < 0x80) || matches!(content, [0xff, next, ..] if *next >= 0x80);
        if content.is_empty() || content.len() > 8 || padded {
            return Err(NotDer);
        }
        let start = if content[0] < 0x80 { 0 } else { -1 };
        Ok(content.iter().fold(start, |number, octet| number << 8 | i64::from(*octet)))
    }

    /// Seven-bit text.
    pub(crate) fn ascii(&self) -> Result<&'a str, NotDer> {
        if !self.content.is_ascii() {
            return Err(NotDer);
        }
        std::str::from_utf8(self.content).map_err(|_| NotDer)
    }
}

/// The length that begins with the octet `first` (X.690 §10.1: definite and in the shortest form), and what follows it.
fn length(first: u8, after: &[u8]) -> Result<(usize, &[u8]), NotDer> {
    if first < 0x80 {
        return Ok((usize::from(first), after));
    }
    let count = usize::from(first & 0x7f);
    // Four octets of length are more than any input here may have; 0x80 alone is the indefinite form.
    if !(1..=4).contains(&count) || count > after.len() || after[0] == 0 {
        return Err(NotDer);
    }
    let (octets, after) = after.split_at(count);
    let len = octets.iter().fold(0_usize, |len, octet| len << 8 | usize::from(*octet));
    if len < 0x80 {
        return Err(NotDer);
    }
    Ok((len, after))
}

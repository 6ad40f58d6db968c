//! Distinguished names (X.501): who a certificate is about and who issued it.

mod attribute;

use std::{borrow::Cow, fmt};

use super::NameError;
use crate::asn1::{NotDer, Reader, Writer, plain_text, tag, text};
pub use attribute::Attribute;

/// A distinguished name, kept as the DER that it is written in.
///
/// A name that was read keeps its octets, its order and its multi-valued parts. One that is made here has the order
/// of the certificate profile whatever the order of the calls: country, state, locality, street, postal code,
/// organization, unit, common name, serial number, then everything else as it came. Several values of one of those
/// attributes share one part (RDN).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct DistinguishedName {
    der: Vec<u8>,
}

/// One attribute of a name and its value.
#[derive(Debug, Clone, Copy)]
pub struct AttributeValue<'a> {
    /// Which attribute it is.
    pub attribute: Attribute,
    /// Which part (RDN) of the name it belongs to, counted from zero.
    pub part: usize,
    tag: u8,
    content: &'a [u8],
}

impl DistinguishedName {
    /// The empty name.
    pub fn new() -> Self {
        Self { der: vec![tag::SEQUENCE, 0] }
    }

    /// This name with that common name.
    ///
    /// # Errors
    /// When the value is empty, too long or has control characters.
    pub fn with_common_name(self, value: &str) -> Result<Self, NameError> {
        self.with(Attribute::CommonName, value)
    }

    /// This name with one more value of an attribute; common name and serial number have one, which is replaced.
    ///
    /// # Errors
    /// When the value is empty, too long, has control characters, or does not fit the attribute.
    pub fn with(self, attribute: Attribute, value: &str) -> Result<Self, NameError> {
        check_text(value)?;
        if attribute.is_ia5() && !value.is_ascii() {
            return Err(NameError::NotAscii);
        }
        let mut entry = Writer::default();
        entry.sequence(|out| {
            out.oid(&attribute.oid());
            match attribute.is_ia5() {
                true => out.element(tag::IA5_STRING, value.as_bytes()),
                false => out.directory_string(value),
            }
        });
        Ok(self.inserted(attribute, entry.into_der()))
    }

    fn inserted(&self, attribute: Attribute, entry: Vec<u8>) -> Self {
        let rank = attribute.rank();
        let mut parts: Vec<(Option<u8>, Vec<&[u8]>)> = Vec::new();
        for value in self.entries() {
            match parts.get_mut(value.part) {
                Some((_, entries)) => entries.push(value.entry),
                None => parts.push((value.attribute.rank(), vec![value.entry])),
            }
        }
        let place = match rank {
            Some(_) => {
                parts.iter().position(|part| part.0.is_none_or(|other| Some(other) >= rank)).unwrap_or(parts.len())
            }
            None => parts.len(),
        };
        match parts.get_mut(place) {
            Some(part) if rank.is_some() && part.0 == rank && attribute.is_single() => part.1 = vec![&entry],
            Some(part) if rank.is_some() && part.0 == rank => part.1.push(&entry),
            _ => parts.insert(place, (rank, vec![&entry])),
        }
        let mut out = Writer::with_capacity(self.der.len() + entry.len() + 8);
        out.sequence(|out| {
            for (_, mut entries) in parts {
                // X.690 §11.6: the elements of a set in ascending order.
                entries.sort_unstable();
                out.nested(tag::SET, |out| entries.iter().for_each(|entry| out.raw(entry)));
            }
        });
        Self { der: out.into_der() }
    }

    /// Read a DER `Name`; its octets are kept.
    ///
    /// # Errors
    /// When it is malformed.
    pub fn from_der(der: &[u8]) -> Result<Self, NameError> {
        Self::check(der).map_err(|NotDer| NameError::Malformed)?;
        Ok(Self { der: der.to_vec() })
    }

    fn check(der: &[u8]) -> Result<(), NotDer> {
        let mut parts = Reader::whole(der, tag::SEQUENCE)?;
        while !parts.is_empty() {
            let mut part = parts.nested(tag::SET)?;
            if part.is_empty() {
                return Err(NotDer);
            }
            while !part.is_empty() {
                let mut entry = part.nested(tag::SEQUENCE)?;
                entry.oid()?;
                entry.element()?;
                entry.finish()?;
            }
        }
        Ok(())
    }

    /// The name in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.der.len() == 2
    }

    /// Every attribute with its value, in the order of the name.
    pub fn attributes(&self) -> impl Iterator<Item = AttributeValue<'_>> {
        self.entries().map(|entry| entry.value())
    }

    fn entries(&self) -> Entries<'_> {
        let parts = Reader::whole(&self.der, tag::SEQUENCE).expect("a name was checked when it was made");
        Entries { parts, part: Reader::new(&[]), next: 0 }
    }

    /// The common name; the last, and so the most specific, if there are several.
    pub fn common_name(&self) -> Option<&str> {
        let names = self.attributes().filter(|value| value.attribute == Attribute::CommonName);
        names.last().and_then(|value| value.plain())
    }

    /// The attributes as `O=Rung, CN=x` with another separator; see [`Display`](fmt::Display).
    pub fn joined(&self, separator: &str) -> String {
        let values: Vec<String> = self.attributes().map(|value| value.to_string()).collect();
        values.join(separator)
    }

    /// Refuse what must not be copied into a certificate: strings of unusual types, control characters, excess.
    pub(crate) fn check_plain(&self) -> Result<(), NameError> {
        let mut common_names = 0;
        for (count, value) in self.attributes().enumerate() {
            if count == MAX_ATTRIBUTES {
                return Err(NameError::TooMany(MAX_ATTRIBUTES));
            }
            if !matches!(value.tag, tag::UTF8_STRING | tag::PRINTABLE_STRING | tag::IA5_STRING) {
                return Err(NameError::StringType);
            }
            let text = value.plain().ok_or(NameError::Malformed)?;
            if value.tag != tag::UTF8_STRING && !text.is_ascii() {
                return Err(NameError::NotAscii);
            }
            check_text(text)?;
            // With two of them, a check could look at the one and a relying party at the other.
            common_names += usize::from(value.attribute == Attribute::CommonName);
            if common_names > 1 {
                return Err(NameError::TwoCommonNames);
            }
        }
        Ok(())
    }

    /// The name in a form in which names are equal when RFC 5280 §7.1 takes them for equal, one text per part:
    /// whatever the string type, the case and the amount of white space.
    pub(crate) fn comparable(&self) -> Vec<String> {
        let mut parts: Vec<Vec<String>> = Vec::new();
        for value in self.attributes() {
            let text = value.text().map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase());
            let text = text.unwrap_or_else(|| value.hexadecimal());
            let entry = format!("{}={text}", value.attribute.oid());
            match parts.get_mut(value.part) {
                Some(part) => part.push(entry),
                None => parts.push(vec![entry]),
            }
        }
        let sorted = parts.into_iter().map(|mut part| {
            part.sort_unstable();
            part.join("\0")
        });
        sorted.collect()
    }
}

impl Default for DistinguishedName {
    fn default() -> Self {
        Self::new()
    }
}

/// `O=Rung, CN=x`: the attributes in the order of the name, nothing escaped but control characters.
impl fmt::Display for DistinguishedName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (count, value) in self.attributes().enumerate() {
            if count > 0 {
                out.write_str(", ")?;
            }
            value.fmt(out)?;
        }
        Ok(())
    }
}

impl fmt::Debug for DistinguishedName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "DistinguishedName({self})")
    }
}

struct Entries<'a> {
    parts: Reader<'a>,
    part: Reader<'a>,
    next: usize,
}

#[derive(Clone, Copy)]
struct Entry<'a> {
    attribute: Attribute,
    part: usize,
    entry: &'a [u8],
    tag: u8,
    content: &'a [u8],
}

impl<'a> Entry<'a> {
    fn value(self) -> AttributeValue<'a> {
        AttributeValue { attribute: self.attribute, part: self.part, tag: self.tag, content: self.content }
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        if self.part.is_empty() {
            self.part = self.parts.nested(tag::SET).ok()?;
            self.next += 1;
        }
        let entry = self.part.expect(tag::SEQUENCE).ok()?;
        let mut inside = entry.reader();
        let attribute = Attribute::from(inside.oid().ok()?);
        let value = inside.element().ok()?;
        Some(Entry { attribute, part: self.next - 1, entry: entry.der, tag: value.tag, content: value.content })
    }
}

impl<'a> AttributeValue<'a> {
    /// The value as text; nothing when it is no string, or not a valid one.
    pub fn text(&self) -> Option<Cow<'a, str>> {
        text(self.tag, self.content)
    }

    /// The value as it stands, if its string type is one of octets.
    fn plain(&self) -> Option<&'a str> {
        plain_text(self.tag, self.content)
    }

    fn hexadecimal(&self) -> String {
        format!("#{:02x}:{}", self.tag, crate::hex(self.content))
    }
}

/// `CN=x`; a value that is no text is shown as `#`, its tag and its octets.
impl fmt::Display for AttributeValue<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}=", self.attribute)?;
        let Some(text) = self.text() else { return out.write_str(&self.hexadecimal()) };
        // A name must not be able to write to a terminal or begin a new line of a log.
        text.chars().try_for_each(|character| match character.is_control() {
            true => write!(out, "{}", character.escape_default()),
            false => write!(out, "{character}"),
        })
    }
}

fn check_text(text: &str) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if text.len() > MAX_VALUE {
        return Err(NameError::TooLong(MAX_VALUE));
    }
    text.chars()
        .find(|character| character.is_control())
        .map_or(Ok(()), |character| Err(NameError::Character(character)))
}

/// X.520 says 64 for most attributes, yet OpenID subjects have up to 255 characters and clients expect them to pass.
const MAX_VALUE: usize = 256;
const MAX_ATTRIBUTES: usize = 32;

//! Reading DER as nested tags and contents, for the extensions that are only shown.

/// One element: its tag and its content.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) content: &'a [u8],
}

impl<'a> Element<'a> {
    /// The elements inside it.
    pub(crate) fn children(&self) -> Option<Vec<Element<'a>>> {
        all(self.content)
    }

    /// The content as ASCII text.
    pub(crate) fn text(&self) -> Option<&'a str> {
        std::str::from_utf8(self.content).ok().filter(|text| text.is_ascii())
    }

    /// The content as an object identifier, dotted.
    pub(crate) fn oid(&self) -> Option<String> {
        (self.tag == 6).then(|| dotted(self.content))?
    }
}

/// The elements that follow one another in `der`.
pub(crate) fn all(mut der: &[u8]) -> Option<Vec<Element<'_>>> {
    let mut elements = Vec::new();
    while let Some((&tag, rest)) = der.split_first() {
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x84 => {
                let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (octets.iter().fold(0, |length, octet| length << 8 | usize::from(*octet)), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        elements.push(Element { tag, content });
        der = rest;
    }
    Some(elements)
}

/// How long the first element of `der` is, with tag and length; none if that is not written as DER has it.
pub(crate) fn first_len(der: &[u8]) -> Option<usize> {
    let digits = match *der.get(1)? {
        short @ 0..=0x7f => return Some(2 + usize::from(short)),
        long @ 0x81..=0x84 => usize::from(long & 0x7f),
        _ => return None,
    };
    let length = der.get(2..2 + digits)?.iter().fold(0, |length, octet| length << 8 | usize::from(*octet));
    Some(2 + digits + length)
}

/// The only element of `der`.
pub(crate) fn one(der: &[u8]) -> Option<Element<'_>> {
    match all(der)?[..] {
        [element] => Some(element),
        _ => None,
    }
}

/// The DER of one element.
pub(crate) fn write(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut der = vec![tag];
    match u8::try_from(content.len()) {
        Ok(short) if short < 0x80 => der.push(short),
        _ => {
            let octets = content.len().to_be_bytes();
            let digits = &octets[octets.iter().take_while(|octet| **octet == 0).count()..];
            der.push(0x80 | u8::try_from(digits.len()).expect("a length has at most eight octets"));
            der.extend(digits);
        }
    }
    der.extend(content);
    der
}

/// An object identifier as dotted numbers (X.690 §8.19).
fn dotted(octets: &[u8]) -> Option<String> {
    let mut numbers: Vec<u64> = Vec::new();
    let mut number: u64 = 0;
    for octet in octets {
        number = number.checked_mul(128)? + u64::from(octet & 0x7f);
        if octet & 0x80 == 0 {
            if numbers.is_empty() {
                let first = (number / 40).min(2);
                numbers.extend([first, number - first * 40]);
            } else {
                numbers.push(number);
            }
            number = 0;
        }
    }
    Some(numbers.iter().map(u64::to_string).collect::<Vec<_>>().join("."))
}

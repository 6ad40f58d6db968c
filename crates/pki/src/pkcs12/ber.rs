//! BER into DER, as far as PKCS #12 files need it: browsers write lengths that are open, and octets in pieces.

use super::Pkcs12Error;
use crate::asn1::Writer;

/// Deeper than any file is.
const MAX_DEPTH: usize = 16;
const CONSTRUCTED: u8 = 0x20;
const OCTET_STRING_IN_PIECES: u8 = 0x24;
const OCTET_STRING: u8 = 4;

/// The same value, with every length written and octet strings whole.
pub(super) fn to_der(ber: &[u8]) -> Result<Vec<u8>, Pkcs12Error> {
    let mut out = Writer::with_capacity(ber.len());
    let mut input = Input { rest: ber };
    input.value(&mut out, 0)?;
    if input.rest.is_empty() { Ok(out.into_der()) } else { Err(malformed()) }
}

fn malformed() -> Pkcs12Error {
    Pkcs12Error::Malformed("its structure (BER)")
}

struct Input<'a> {
    rest: &'a [u8],
}

impl Input<'_> {
    fn value(&mut self, out: &mut Writer, depth: usize) -> Result<(), Pkcs12Error> {
        let (tag, length) = self.head()?;
        let mut result = Ok(());
        match tag {
            _ if depth > MAX_DEPTH => return Err(malformed()),
            OCTET_STRING_IN_PIECES => out.nested(OCTET_STRING, |out| result = self.pieces(length, out, depth)),
            tag if tag & CONSTRUCTED != 0 => out.nested(tag, |out| {
                result = self.values(length, |input| input.value(out, depth + 1));
            }),
            tag => {
                let content = self.take(length.ok_or_else(malformed)?)?;
                out.element(tag, content);
            }
        }
        result
    }

    /// The pieces of an octet string, one behind the other.
    fn pieces(&mut self, length: Option<usize>, out: &mut Writer, depth: usize) -> Result<(), Pkcs12Error> {
        self.values(length, |input| match input.head()? {
            (OCTET_STRING, Some(length)) => {
                out.raw(input.take(length)?);
                Ok(())
            }
            (OCTET_STRING_IN_PIECES, length) if depth < MAX_DEPTH => input.pieces(length, out, depth + 1),
            _ => Err(malformed()),
        })
    }

    /// Do something for each value within.
    fn values(
        &mut self,
        length: Option<usize>,
        mut each: impl FnMut(&mut Input<'_>) -> Result<(), Pkcs12Error>,
    ) -> Result<(), Pkcs12Error> {
        let Some(length) = length else {
            loop {
                if let Some(rest) = self.rest.strip_prefix(&[0, 0]) {
                    self.rest = rest;
                    return Ok(());
                }
                each(self)?;
            }
        };
        let mut within = Input { rest: self.take(length)? };
        while !within.rest.is_empty() {
            each(&mut within)?;
        }
        Ok(())
    }

    /// Tag and length; no length when it is open.
    fn head(&mut self) -> Result<(u8, Option<usize>), Pkcs12Error> {
        let [tag, first] = *self.take_array()?;
        if tag & 0x1f == 0x1f || tag == 0 {
            return Err(malformed());
        }
        let length = match first {
            0..0x80 => Some(usize::from(first)),
            0x80 if tag & CONSTRUCTED != 0 => None,
            0x81..=0x84 => {
                let octets = self.take(usize::from(first - 0x80))?;
                Some(octets.iter().fold(0, |length, octet| length << 8 | usize::from(*octet)))
            }
            _ => return Err(malformed()),
        };
        Ok((tag, length))
    }

    fn take_array<const N: usize>(&mut self) -> Result<&[u8; N], Pkcs12Error> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or_else(malformed)?;
        self.rest = rest;
        Ok(taken)
    }
}

impl<'a> Input<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Pkcs12Error> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or_else(malformed)?;
        self.rest = rest;
        Ok(taken)
    }
}

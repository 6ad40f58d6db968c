//! Which certificates a list speaks about.

use crate::{
    asn1::{NotDer, Reader, Writer, tag},
    extension::GeneralName,
};

/// Which certificates a list speaks about, and where it is (RFC 5280 §5.2.5).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IssuingDistributionPoint {
    /// Where the list is; certificates that name the same place are those that it speaks about.
    pub full_name: Vec<GeneralName>,
    /// Certificates that are not of CAs alone.
    pub only_user_certificates: bool,
    /// Certificates of CAs alone.
    pub only_ca_certificates: bool,
    /// These reasons alone, as the bits of `ReasonFlags`, the first of them the lowest.
    pub only_reasons: Option<u16>,
    /// Certificates of other issuers, too.
    pub indirect: bool,
    /// Attribute certificates alone.
    pub only_attribute_certificates: bool,
}

impl IssuingDistributionPoint {
    /// The list is at that address, and speaks about all certificates.
    pub fn at(address: &str) -> Self {
        Self { full_name: vec![GeneralName::Uri(address.to_owned())], ..Self::default() }
    }

    /// Only addresses can be written.
    pub(super) fn write(&self, out: &mut Writer) {
        out.sequence(|out| {
            out.nested(tag::context_constructed(0), |out| {
                out.nested(tag::context_constructed(0), |out| {
                    for name in &self.full_name {
                        if let GeneralName::Uri(address) = name {
                            out.element(tag::context(6), address.as_bytes());
                        }
                    }
                });
            });
            for (number, flag) in [(1, self.only_user_certificates), (2, self.only_ca_certificates)] {
                if flag {
                    out.element(tag::context(number), &[0xff]);
                }
            }
        });
    }

    pub(super) fn read(value: &[u8]) -> Result<Self, NotDer> {
        let mut fields = Reader::whole(value, tag::SEQUENCE)?;
        let mut point = Self::default();
        if let Some(name) = fields.optional(tag::context_constructed(0))? {
            let mut choice = name.reader();
            match choice.optional(tag::context_constructed(0))? {
                Some(names) => {
                    let mut names = names.reader();
                    while !names.is_empty() {
                        point.full_name.push(GeneralName::read(&names.element()?)?);
                    }
                }
                // A name relative to the issuer's, which nobody uses.
                None => drop(choice.expect(tag::context_constructed(1))?),
            }
            choice.finish()?;
        }
        point.only_user_certificates = flag(&mut fields, 1)?;
        point.only_ca_certificates = flag(&mut fields, 2)?;
        if let Some(reasons) = fields.optional(tag::context(3))? {
            let [unused @ 0..=7, octets @ ..] = reasons.content else { return Err(NotDer) };
            let bits = octets.iter().rev().fold(0_u16, |bits, octet| bits << 8 | u16::from(octet.reverse_bits()));
            if octets.len() > 2 || (octets.is_empty() && *unused != 0) {
                return Err(NotDer);
            }
            point.only_reasons = Some(bits);
        }
        point.indirect = flag(&mut fields, 4)?;
        point.only_attribute_certificates = flag(&mut fields, 5)?;
        fields.finish()?;
        Ok(point)
    }
}

fn flag(fields: &mut Reader<'_>, number: u8) -> Result<bool, NotDer> {
    match fields.optional(tag::context(number))?.map(|element| element.content) {
        None | Some([0]) => Ok(false),
        Some([0xff]) => Ok(true),
        Some(_) => Err(NotDer),
    }
}

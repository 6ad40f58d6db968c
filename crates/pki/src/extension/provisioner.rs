//! The extension that names the provisioner that granted a certificate.

use crate::asn1::{NotDer, Reader, Writer, tag};

/// Which provisioner granted a certificate, and by which credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvisionerExtension {
    /// The number of the provisioner's type: 1 is JWK, 2 OIDC, and so on.
    pub kind: i64,
    /// The provisioner's name.
    pub name: String,
    /// What it was granted by: the id of a key, a client id; may be empty.
    pub credential_id: String,
    /// More about it: a key, its value, the next key, and so on.
    pub pairs: Vec<String>,
}

impl ProvisionerExtension {
    pub(super) fn write(&self, out: &mut Writer) {
        out.sequence(|out| {
            out.signed(self.kind);
            out.element(tag::OCTET_STRING, self.name.as_bytes());
            out.element(tag::OCTET_STRING, self.credential_id.as_bytes());
            if !self.pairs.is_empty() {
                out.sequence(|out| self.pairs.iter().for_each(|text| out.directory_string(text)));
            }
        });
    }

    pub(crate) fn read(value: &[u8]) -> Result<Self, NotDer> {
        let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).map_err(|_| NotDer);
        let mut fields = Reader::whole(value, tag::SEQUENCE)?;
        let kind = fields.expect(tag::INTEGER)?.signed()?;
        let name = text(fields.expect(tag::OCTET_STRING)?.content)?;
        let credential_id = text(fields.expect(tag::OCTET_STRING)?.content)?;
        let mut pairs = Vec::new();
        if let Some(list) = fields.optional(tag::SEQUENCE)? {
            let mut list = list.reader();
            while !list.is_empty() {
                let element = list.element()?;
                match element.tag {
                    tag::PRINTABLE_STRING | tag::UTF8_STRING => pairs.push(text(element.content)?),
                    _ => return Err(NotDer),
                }
            }
        }
        fields.finish()?;
        Ok(Self { kind, name, credential_id, pairs })
    }
}

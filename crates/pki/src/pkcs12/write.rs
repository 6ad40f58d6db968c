//! Writing PKCS #12 files.

use const_oid::ObjectIdentifier;

use super::{
    Bundle, CERT_BAG, DATA, ENCRYPTED_DATA, FRIENDLY_NAME, JAVA_TRUSTED, LOCAL_KEY_ID, Pkcs12Error, SHROUDED_KEY_BAG,
    X509, kdf, mac, old,
};
use crate::{
    Certificate, PrivateKey,
    asn1::{Reader, Writer, tag},
    extension::Purpose,
    keyfile::pbes2,
};

/// Which programs a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Those of today: AES-256 by PBES2, and a seal of HMAC-SHA-256.
    Modern,
    /// Those from before about 2018: Triple DES and a seal of HMAC-SHA-1.
    Legacy,
}

/// Iterations for the seal and for the encryption of [`Style::Legacy`].
const ITERATIONS: u32 = 100_000;

impl Bundle {
    /// Write the file. Without a key the certificates are marked as trusted, as Java wants it.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn write(&self, password: &str, style: Style) -> Result<Vec<u8>, Pkcs12Error> {
        let encoded = kdf::password(password);
        let seal = Sealing { password, encoded: &encoded, style };
        let own_id = self.key.as_ref().and(self.certificates.first()).map(sha1);
        let mut bags = Writer::default();
        bags.sequence(|out| {
            for (place, certificate) in self.certificates.iter().enumerate() {
                let own_id = own_id.as_deref().filter(|_| place == 0);
                let trusted = self.key.is_none().then(|| friendly_name(certificate, place));
                cert_bag(out, certificate, own_id, trusted.as_deref());
            }
        });
        let mut safes = vec![seal.encrypted_data(&bags.into_der())?];
        if let Some(key) = &self.key {
            safes.push(seal.key_data(key, own_id.as_deref())?);
        }
        let mut content = Writer::default();
        content.sequence(|out| safes.iter().for_each(|safe| out.raw(safe)));
        let content = content.into_der();
        let mac = mac::seal(&content, &encoded, style == Style::Legacy, ITERATIONS)?;
        let mut file = Writer::default();
        file.sequence(|out| {
            out.signed(3);
            data(out, &content);
            out.raw(&mac);
        });
        Ok(file.into_der())
    }
}

struct Sealing<'a> {
    password: &'a str,
    encoded: &'a [u8],
    style: Style,
}

impl Sealing<'_> {
    /// The `AlgorithmIdentifier`, and what was encrypted.
    fn encrypt(&self, plaintext: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Pkcs12Error> {
        if self.style == Style::Legacy {
            return old::encrypt(self.encoded, plaintext, ITERATIONS);
        }
        let document = pbes2::encrypt(plaintext, self.password.as_bytes()).map_err(|_| Pkcs12Error::Randomness)?;
        let mut fields = Reader::whole(&document, tag::SEQUENCE).expect("it was just made");
        let algorithm = fields.expect(tag::SEQUENCE).expect("it was just made").der.to_vec();
        Ok((algorithm, fields.expect(tag::OCTET_STRING).expect("it was just made").content.to_vec()))
    }

    /// Encrypted bags as a `ContentInfo`.
    fn encrypted_data(&self, bags: &[u8]) -> Result<Vec<u8>, Pkcs12Error> {
        let (algorithm, encrypted) = self.encrypt(bags)?;
        let mut out = Writer::default();
        out.sequence(|out| {
            out.oid(&ENCRYPTED_DATA);
            out.nested(tag::context_constructed(0), |out| {
                out.sequence(|out| {
                    out.signed(0);
                    out.sequence(|out| {
                        out.oid(&DATA);
                        out.raw(&algorithm);
                        out.element(tag::context(0), &encrypted);
                    });
                });
            });
        });
        Ok(out.into_der())
    }

    /// The encrypted key as a `ContentInfo`.
    fn key_data(&self, key: &PrivateKey, own_id: Option<&[u8]>) -> Result<Vec<u8>, Pkcs12Error> {
        let (algorithm, encrypted) = self.encrypt(key.pkcs8())?;
        let mut bags = Writer::default();
        bags.sequence(|out| {
            out.sequence(|out| {
                out.oid(&SHROUDED_KEY_BAG);
                out.nested(tag::context_constructed(0), |out| {
                    out.sequence(|out| {
                        out.raw(&algorithm);
                        out.element(tag::OCTET_STRING, &encrypted);
                    });
                });
                attributes(out, own_id, None);
            });
        });
        let mut out = Writer::default();
        data(&mut out, &bags.into_der());
        Ok(out.into_der())
    }
}

fn data(out: &mut Writer, content: &[u8]) {
    out.sequence(|out| {
        out.oid(&DATA);
        out.nested(tag::context_constructed(0), |out| out.element(tag::OCTET_STRING, content));
    });
}

fn cert_bag(out: &mut Writer, certificate: &Certificate, own_id: Option<&[u8]>, trusted: Option<&str>) {
    out.sequence(|out| {
        out.oid(&CERT_BAG);
        out.nested(tag::context_constructed(0), |out| {
            out.sequence(|out| {
                out.oid(&X509);
                out.nested(tag::context_constructed(0), |out| out.element(tag::OCTET_STRING, certificate.der()));
            });
        });
        attributes(out, own_id, trusted);
    });
}

fn attributes(out: &mut Writer, own_id: Option<&[u8]>, trusted: Option<&str>) {
    if own_id.is_none() && trusted.is_none() {
        return;
    }
    let mut all: Vec<Vec<u8>> = Vec::new();
    let mut attribute = |oid: &ObjectIdentifier, write: &dyn Fn(&mut Writer)| {
        let mut out = Writer::default();
        out.sequence(|out| {
            out.oid(oid);
            out.nested(tag::SET, |out| write(out));
        });
        all.push(out.into_der());
    };
    if let Some(own_id) = own_id {
        attribute(&LOCAL_KEY_ID, &|out| out.element(tag::OCTET_STRING, own_id));
    }
    if let Some(name) = trusted {
        let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_be_bytes).collect();
        attribute(&FRIENDLY_NAME, &|out| out.element(tag::BMP_STRING, &name));
        // For every purpose.
        attribute(&JAVA_TRUSTED, &|out| out.oid(&Purpose::Any.oid()));
    }
    // X.690 §11.6: the elements of a set in ascending order.
    all.sort_unstable();
    out.nested(tag::SET, |out| all.iter().for_each(|attribute| out.raw(attribute)));
}

/// Java finds entries by their names, so no two may have the same.
fn friendly_name(certificate: &Certificate, place: usize) -> String {
    let name = certificate.subject().common_name().unwrap_or("certificate");
    if place == 0 { name.to_owned() } else { format!("{name} ({})", place + 1) }
}

fn sha1(certificate: &Certificate) -> Vec<u8> {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, certificate.der());
    digest.as_ref().to_vec()
}

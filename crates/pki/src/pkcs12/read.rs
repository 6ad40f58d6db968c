//! Reading PKCS #12 files.

use const_oid::ObjectIdentifier;
use zeroize::Zeroizing;

use super::{
    Bundle, CERT_BAG, DATA, ENCRYPTED_DATA, KEY_BAG, LOCAL_KEY_ID, MAX_LEN, Pkcs12Error, SAFE_CONTENTS_BAG,
    SHROUDED_KEY_BAG, X509, ber, kdf, mac, old,
};
use crate::{
    Certificate, PrivateKey, Signer as _,
    asn1::{NotDer, Reader, Writer, tag},
    keyfile::{KeyFileError, pbes2},
};

/// No file has more.
const MAX_BAGS: usize = 10_000;
/// Most programs encrypt two parts.
const MAX_DECRYPTIONS: usize = 16;
/// Bags within bags.
const MAX_DEPTH: usize = 8;

fn malformed(_: NotDer) -> Pkcs12Error {
    Pkcs12Error::Malformed("its structure")
}

impl Bundle {
    /// Read a file: check its seal, then decrypt what is in it.
    ///
    /// # Errors
    /// When it is no such file, the password is wrong, or something in it is not supported.
    pub fn read(contents: &[u8], password: &str) -> Result<Self, Pkcs12Error> {
        if contents.len() > MAX_LEN {
            return Err(Pkcs12Error::Unsupported(format!("more than {MAX_LEN} octets")));
        }
        let der = ber::to_der(contents)?;
        let mut file = Reader::whole(&der, tag::SEQUENCE).map_err(malformed)?;
        let version = file.unsigned().map_err(malformed)?;
        if version != [3] {
            return Err(Pkcs12Error::Malformed("it has not version 3"));
        }
        let (kind, mut content) = content_info(&mut file)?;
        if kind != DATA {
            return Err(Pkcs12Error::Unsupported("a signature in place of a password".to_owned()));
        }
        let content = content.expect(tag::OCTET_STRING).map_err(malformed)?.content;
        let encoded = match file.is_empty() {
            false => mac::verify(file.element().map_err(malformed)?.der, content, password)?,
            // A trust store may have no seal; what is encrypted then says itself whether the password is right.
            true => kdf::password(password),
        };
        let mut found = Found { password, encoded, bundle: Bags::default(), decryptions: 0 };
        let safe = ber::to_der(content)?;
        let mut safes = Reader::whole(&safe, tag::SEQUENCE).map_err(malformed)?;
        while !safes.is_empty() {
            found.safe(&mut safes)?;
        }
        found.bundle.finish()
    }
}

/// The kind of a `ContentInfo`, and what is within.
fn content_info<'a>(list: &mut Reader<'a>) -> Result<(ObjectIdentifier, Reader<'a>), Pkcs12Error> {
    let mut info = list.nested(tag::SEQUENCE).map_err(malformed)?;
    let kind = info.oid().map_err(malformed)?;
    let content = info.nested(tag::context_constructed(0)).map_err(malformed)?;
    Ok((kind, content))
}

struct Found<'a> {
    password: &'a str,
    encoded: Zeroizing<Vec<u8>>,
    bundle: Bags,
    /// How many parts were decrypted so far.
    decryptions: usize,
}

#[derive(Default)]
struct Bags {
    keys: Vec<(Option<Vec<u8>>, PrivateKey)>,
    certificates: Vec<(Option<Vec<u8>>, Certificate)>,
    count: usize,
}

impl Found<'_> {
    fn safe(&mut self, safes: &mut Reader<'_>) -> Result<(), Pkcs12Error> {
        let (kind, mut content) = content_info(safes)?;
        match kind {
            DATA => {
                let octets = content.expect(tag::OCTET_STRING).map_err(malformed)?.content;
                self.bags(&ber::to_der(octets)?, 0)
            }
            ENCRYPTED_DATA => {
                let mut fields = content.nested(tag::SEQUENCE).map_err(malformed)?;
                fields.unsigned().map_err(malformed)?;
                let mut info = fields.nested(tag::SEQUENCE).map_err(malformed)?;
                info.oid().map_err(malformed)?;
                let algorithm = info.expect(tag::SEQUENCE).map_err(malformed)?.der;
                let data = encrypted(&mut info)?;
                let plaintext = self.decrypt(algorithm, &data)?;
                self.bags(&ber::to_der(&plaintext)?, 0)
            }
            other => Err(Pkcs12Error::Unsupported(format!("contents of the kind {other}"))),
        }
    }

    fn bags(&mut self, der: &[u8], depth: usize) -> Result<(), Pkcs12Error> {
        let mut bags = Reader::whole(der, tag::SEQUENCE).map_err(malformed)?;
        while !bags.is_empty() {
            self.bundle.count += 1;
            if self.bundle.count > MAX_BAGS || depth > MAX_DEPTH {
                return Err(Pkcs12Error::Unsupported(format!("more than {MAX_BAGS} entries")));
            }
            let mut bag = bags.nested(tag::SEQUENCE).map_err(malformed)?;
            let kind = bag.oid().map_err(malformed)?;
            let value = bag.nested(tag::context_constructed(0)).map_err(malformed)?;
            let own_id = if bag.is_empty() { None } else { local_key_id(bag.nested(tag::SET).map_err(malformed)?)? };
            self.bag(kind, value, own_id, depth)?;
        }
        Ok(())
    }

    fn bag(
        &mut self,
        kind: ObjectIdentifier,
        mut value: Reader<'_>,
        own_id: Option<Vec<u8>>,
        depth: usize,
    ) -> Result<(), Pkcs12Error> {
        match kind {
            KEY_BAG => {
                let der = value.element().map_err(malformed)?.der;
                self.bundle.keys.push((own_id, private_key(der)?));
            }
            SHROUDED_KEY_BAG => {
                let mut fields = value.nested(tag::SEQUENCE).map_err(malformed)?;
                let algorithm = fields.expect(tag::SEQUENCE).map_err(malformed)?.der;
                let data = fields.expect(tag::OCTET_STRING).map_err(malformed)?.content;
                let plaintext = self.decrypt(algorithm, data)?;
                self.bundle.keys.push((own_id, private_key(&plaintext)?));
            }
            CERT_BAG => {
                let mut fields = value.nested(tag::SEQUENCE).map_err(malformed)?;
                if fields.oid().map_err(malformed)? == X509 {
                    let mut within = fields.nested(tag::context_constructed(0)).map_err(malformed)?;
                    let der = within.expect(tag::OCTET_STRING).map_err(malformed)?.content;
                    let certificate = Certificate::from_der(der)
                        .map_err(|_| Pkcs12Error::Malformed("a certificate in it cannot be read"))?;
                    self.bundle.certificates.push((own_id, certificate));
                }
            }
            SAFE_CONTENTS_BAG => self.bags(value.element().map_err(malformed)?.der, depth + 1)?,
            // Lists of revoked certificates and secrets of applications are none of ours.
            _ => {}
        }
        Ok(())
    }

    fn decrypt(&mut self, algorithm: &[u8], data: &[u8]) -> Result<Zeroizing<Vec<u8>>, Pkcs12Error> {
        // Each part has a derivation of its own: many small ones must not keep this program busy.
        self.decryptions += 1;
        if self.decryptions > MAX_DECRYPTIONS {
            return Err(Pkcs12Error::Unsupported(format!("more than {MAX_DECRYPTIONS} encrypted parts")));
        }
        let mut fields = Reader::whole(algorithm, tag::SEQUENCE).map_err(malformed)?;
        let oid = fields.oid().map_err(malformed)?;
        match old::Cipher::from_oid(oid) {
            Some(cipher) => {
                let (salt, iterations) = old::parameters(fields.element().map_err(malformed)?.der)?;
                old::decrypt(cipher, (&self.encoded, &salt, iterations), data)
            }
            None => {
                let mut document = Writer::with_capacity(algorithm.len() + data.len() + 8);
                document.sequence(|out| {
                    out.raw(algorithm);
                    out.element(tag::OCTET_STRING, data);
                });
                let document = document.into_der();
                pbes2::open(&document, Some(self.password.as_bytes())).map_err(|error| match error {
                    KeyFileError::WrongPassword => Pkcs12Error::Password,
                    KeyFileError::Unsupported(what) => Pkcs12Error::Unsupported(what),
                    _ => Pkcs12Error::Malformed("parameters of its encryption"),
                })
            }
        }
    }
}

/// What is encrypted, whole or in pieces.
fn encrypted(info: &mut Reader<'_>) -> Result<Vec<u8>, Pkcs12Error> {
    let element = info.element().map_err(malformed)?;
    if element.tag == tag::context(0) {
        return Ok(element.content.to_vec());
    }
    let mut pieces = element.reader();
    let mut data = Vec::new();
    while element.tag == tag::context_constructed(0) && !pieces.is_empty() {
        data.extend_from_slice(pieces.expect(tag::OCTET_STRING).map_err(malformed)?.content);
    }
    Ok(data)
}

fn local_key_id(mut attributes: Reader<'_>) -> Result<Option<Vec<u8>>, Pkcs12Error> {
    let mut found = None;
    while !attributes.is_empty() {
        let mut attribute = attributes.nested(tag::SEQUENCE).map_err(malformed)?;
        if attribute.oid().map_err(malformed)? == LOCAL_KEY_ID {
            let mut values = attribute.nested(tag::SET).map_err(malformed)?;
            found = Some(values.expect(tag::OCTET_STRING).map_err(malformed)?.content.to_vec());
        }
    }
    Ok(found)
}

fn private_key(der: &[u8]) -> Result<PrivateKey, Pkcs12Error> {
    PrivateKey::from_pkcs8(der).map_err(|error| Pkcs12Error::Unsupported(format!("a key that is not known: {error}")))
}

impl Bags {
    /// One key at most, and its certificate in front.
    fn finish(self) -> Result<Bundle, Pkcs12Error> {
        let Self { mut keys, certificates, .. } = self;
        if keys.len() > 1 {
            return Err(Pkcs12Error::Unsupported("more than one key".to_owned()));
        }
        let key = keys.pop();
        let is_own = |(own_id, certificate): &(Option<Vec<u8>>, Certificate)| match &key {
            Some((key_id, key)) => {
                key_id.is_some() && own_id == key_id
                    || certificate.public_key().is_ok_and(|public| public == key.public_key())
            }
            None => false,
        };
        let (mut own, others): (Vec<_>, Vec<_>) = certificates.into_iter().partition(is_own);
        own.extend(others);
        let certificates = own.into_iter().map(|(_, certificate)| certificate).collect();
        Ok(Bundle { key: key.map(|(_, key)| key), certificates })
    }
}

//! The encryption that PKCS #12 had of its own before PBES2 (RFC 7292 appendix C). It is written only where an old
//! program has to read it.

use aws_lc_rs::{digest, rand};
use const_oid::ObjectIdentifier;
use des::cipher::{Block, BlockCipherEncrypt, KeyInit};
use zeroize::Zeroizing;

use super::{
    MAX_ITERATIONS, Pkcs12Error,
    kdf::{Use, derive},
};
use crate::{
    asn1::{Reader, Writer, tag},
    keyfile::cbc::{BadPadding, decrypt_blocks},
};

/// One of those ciphers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cipher {
    TripleDes,
    TwoKeyDes,
    Rc2 { bits: usize },
}

impl Cipher {
    pub(super) fn from_oid(oid: ObjectIdentifier) -> Option<Self> {
        match oid {
            TRIPLE_DES => Some(Self::TripleDes),
            TWO_KEY_DES => Some(Self::TwoKeyDes),
            RC2_128 => Some(Self::Rc2 { bits: 128 }),
            RC2_40 => Some(Self::Rc2 { bits: 40 }),
            _ => None,
        }
    }

    fn key_len(self) -> usize {
        match self {
            Self::TripleDes => 24,
            Self::TwoKeyDes => 16,
            Self::Rc2 { bits } => bits / 8,
        }
    }
}

/// Salt and iterations.
pub(super) fn parameters(der: &[u8]) -> Result<(Vec<u8>, u32), Pkcs12Error> {
    let malformed = |_| Pkcs12Error::Malformed("parameters of its encryption");
    let mut fields = Reader::whole(der, tag::SEQUENCE).map_err(malformed)?;
    let salt = fields.expect(tag::OCTET_STRING).map_err(malformed)?.content.to_vec();
    let iterations = number(&mut fields)?;
    Ok((salt, iterations))
}

/// A number of iterations that this program is willing to do.
pub(super) fn number(fields: &mut Reader<'_>) -> Result<u32, Pkcs12Error> {
    let octets = fields.unsigned().map_err(|_| Pkcs12Error::Malformed("a number of iterations"))?;
    let number = match octets.len() {
        0..=4 => octets.iter().fold(0_u32, |number, octet| number << 8 | u32::from(*octet)),
        _ => u32::MAX,
    };
    match number {
        0 => Err(Pkcs12Error::Malformed("there are no iterations")),
        1..=MAX_ITERATIONS => Ok(number),
        _ => Err(Pkcs12Error::Unsupported(format!("more than {MAX_ITERATIONS} iterations"))),
    }
}

/// Decrypt and take the padding off.
pub(super) fn decrypt(
    cipher: Cipher,
    (password, salt, iterations): (&[u8], &[u8], u32),
    data: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Pkcs12Error> {
    if data.is_empty() || !data.len().is_multiple_of(8) {
        return Err(Pkcs12Error::Malformed("what is encrypted is no whole number of blocks"));
    }
    let secrets = (password, salt, iterations);
    let mut key = derive(&digest::SHA1_FOR_LEGACY_USE_ONLY, Use::Key, secrets, cipher.key_len());
    let vector = derive(&digest::SHA1_FOR_LEGACY_USE_ONLY, Use::Vector, secrets, 8);
    if cipher == Cipher::TwoKeyDes {
        key.extend_from_within(..8);
    }
    let plaintext = match cipher {
        Cipher::TripleDes | Cipher::TwoKeyDes => {
            decrypt_blocks(&des::TdesEde3::new_from_slice(&key).expect("24 octets"), &vector, data)
        }
        Cipher::Rc2 { bits } => decrypt_blocks(&rc2::Rc2::new_with_eff_key_len(&key, bits), &vector, data),
    };
    plaintext.map_err(|BadPadding| Pkcs12Error::Password)
}

/// Pad and encrypt with Triple DES; gives the `AlgorithmIdentifier` and what was encrypted.
pub(super) fn encrypt(password: &[u8], data: &[u8], iterations: u32) -> Result<(Vec<u8>, Vec<u8>), Pkcs12Error> {
    let mut salt = [0; 16];
    rand::fill(&mut salt).map_err(|_| Pkcs12Error::Randomness)?;
    let secrets = (password, &salt[..], iterations);
    let key = derive(&digest::SHA1_FOR_LEGACY_USE_ONLY, Use::Key, secrets, 24);
    let mut previous = derive(&digest::SHA1_FOR_LEGACY_USE_ONLY, Use::Vector, secrets, 8).to_vec();
    let cipher = des::TdesEde3::new_from_slice(&key).expect("24 octets");
    let padding = 8 - data.len() % 8;
    let padded = data.iter().copied().chain(std::iter::repeat_n(padding as u8, padding));
    let padded: Zeroizing<Vec<u8>> = Zeroizing::new(padded.collect());
    let mut encrypted = Vec::with_capacity(padded.len());
    for chunk in padded.chunks_exact(8) {
        let mixed: Vec<u8> = chunk.iter().zip(&previous).map(|(octet, previous)| octet ^ previous).collect();
        let mut block = Block::<des::TdesEde3>::try_from(&mixed[..]).expect("a block has eight octets");
        cipher.encrypt_block(&mut block);
        previous = block.to_vec();
        encrypted.extend_from_slice(&previous);
    }
    let mut algorithm = Writer::default();
    algorithm.sequence(|out| {
        out.oid(&TRIPLE_DES);
        out.sequence(|out| {
            out.element(tag::OCTET_STRING, &salt);
            out.signed(i64::from(iterations));
        });
    });
    Ok((algorithm.into_der(), encrypted))
}

const TRIPLE_DES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.3");
const TWO_KEY_DES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.4");
const RC2_128: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.5");
const RC2_40: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.6");

//! What certificates are looked for by, in blocks that are searched as a whole.
//!
//! An ordinary index would cost each issuance several random pages, to make quick what an administrator does now and
//! then. So certificates are gathered into blocks once they are on record, in their order: a block has the ends of its
//! certificates, and short digests of their names, keys and provisioners, sorted. A search goes through every block,
//! 25 bytes a certificate and name; certificates that are in no block yet are looked at themselves.

use std::net::IpAddr;

use rung_pki::{Certificate, sha256};

/// Something that a certificate is looked for by, shortened: others may have the same, so that what is found is looked
/// at before it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Term([u8; 4]);

impl Term {
    /// SHA-256 of a subject public key info.
    pub(crate) fn key(digest: &[u8; 32]) -> Self {
        Self::of(b'k', digest)
    }

    /// A common name or an alternative name, without regard to case.
    pub(crate) fn name(name: &str) -> Self {
        Self::of(b'n', folded(name).as_bytes())
    }

    /// The name of a provisioner.
    pub(crate) fn provisioner(name: &str) -> Self {
        Self::of(b'p', name.as_bytes())
    }

    fn of(kind: u8, value: &[u8]) -> Self {
        let digest = sha256(&[&[kind], value].concat());
        Self([digest[0], digest[1], digest[2], digest[3]])
    }
}

/// A name as names are compared: addresses in their usual spelling, letters of ASCII in lower case.
pub(crate) fn folded(name: &str) -> String {
    name.parse::<IpAddr>().map_or_else(|_| name.to_ascii_lowercase(), |address| address.to_string())
}

/// The names that a certificate has, as names are compared.
pub(crate) fn names(certificate: &Certificate) -> Vec<String> {
    let mut names: Vec<_> = certificate.subject().common_name().map(folded).into_iter().collect();
    // A list that cannot be read has no names that anybody could ask for.
    for name in certificate.subject_alt_names().unwrap_or_default() {
        let name = folded(&name.to_string());
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// A block that is being made.
#[derive(Default)]
pub(super) struct BlockBuilder {
    first: i64,
    last: i64,
    places: Vec<u8>,
    terms: Vec<(Term, u16)>,
}

/// A block as it is stored.
pub(super) struct Block {
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) contents: Vec<u8>,
}

/// So many certificates make a block.
pub(super) const BLOCK: usize = 1024;
/// A place in a block: how far behind the first, and the end in milliseconds since 1970.
const PLACE: usize = 2 + 8;
/// A term in a block, and the number of its place.
const TERM: usize = 4 + 2;
const DIGEST: usize = 32;

impl BlockBuilder {
    /// Add the next certificate; false when it does not belong into this block any more.
    pub(super) fn add(&mut self, (id, ends): (i64, i64), certificate: &Certificate, provisioner: &str) -> bool {
        let number = self.places.len() / PLACE;
        if number == 0 {
            self.first = id;
        }
        let (Ok(distance), Ok(number)) = (u16::try_from(id - self.first), u16::try_from(number)) else { return false };
        if usize::from(number) == BLOCK {
            return false;
        }
        self.last = id;
        self.places.extend(distance.to_be_bytes());
        self.places.extend(ends.to_be_bytes());
        let keys = [Term::key(&sha256(certificate.public_key_info())), Term::provisioner(provisioner)];
        let names = names(certificate);
        self.terms.extend(keys.into_iter().chain(names.iter().map(|name| Term::name(name))).map(|term| (term, number)));
        true
    }

    /// The block, or none when nothing was added.
    pub(super) fn finish(mut self) -> Option<Block> {
        let number = u16::try_from(self.places.len() / PLACE).ok().filter(|number| *number > 0)?;
        self.terms.sort_unstable();
        let mut contents = Vec::with_capacity(DIGEST + 2 + self.places.len() + self.terms.len() * TERM);
        contents.extend([0; DIGEST]);
        contents.extend(number.to_be_bytes());
        contents.extend(&self.places);
        for (term, number) in &self.terms {
            contents.extend(term.0);
            contents.extend(number.to_be_bytes());
        }
        let digest = sha256(&contents[DIGEST..]);
        contents[..DIGEST].copy_from_slice(&digest);
        Some(Block { first: self.first, last: self.last, contents })
    }
}

/// The certificates of a block that have all the terms: their row and when they end. None when it is damaged.
pub(crate) fn search(first: i64, contents: &[u8], terms: &[Term], found: &mut Vec<(i64, i64)>) -> Option<()> {
    let (digest, contents) = contents.split_at_checked(DIGEST)?;
    if sha256(contents) != digest {
        return None;
    }
    let (number, contents) = contents.split_at_checked(2)?;
    let number = usize::from(u16::from_be_bytes(number.try_into().ok()?));
    let (places, rest) = contents.split_at_checked(number * PLACE)?;
    let (places, rest) = (places.as_chunks::<PLACE>().0, rest.as_chunks::<TERM>().0);
    let mut wanted: Option<Vec<u16>> = None;
    for term in terms {
        let begin = rest.partition_point(|entry| entry[..4] < term.0[..]);
        let having = rest[begin..].iter().take_while(|entry| entry[..4] == term.0);
        let having = having.map(|entry| u16::from_be_bytes([entry[4], entry[5]]));
        wanted = Some(match wanted {
            // Both are sorted.
            Some(before) => having.filter(|number| before.binary_search(number).is_ok()).collect(),
            None => having.collect(),
        });
    }
    for number in wanted.unwrap_or_default() {
        let place = places.get(usize::from(number))?;
        let (distance, ends) = place.split_first_chunk::<2>()?;
        found.push((i64::from_be_bytes(ends.try_into().ok()?), first + i64::from(u16::from_be_bytes(*distance))));
    }
    Some(())
}

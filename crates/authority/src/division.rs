//! How the list of an issuer is divided into shards, and which certificate is in which.

use rung_pki::SerialNumber;

/// How certificates of an issuer say in which shard of its list they would be.
///
/// The address of a shard says all that its content depends on: into how many the list is divided, and which one it is.
/// So an address means the same for as long as the issuer is there, whatever is configured by then.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Division {
    /// What the addresses of its shards begin with.
    pub base: String,
    /// How many there are: a power of two, at most [`Division::MOST`].
    pub shards: u32,
}

impl Division {
    /// More shards than this nobody has. Every number of shards divides it.
    pub const MOST: u32 = 1024;

    /// Which of [`Division::MOST`] shards a certificate is in: the last bits of its serial number, which are random.
    pub fn finest(serial: &SerialNumber) -> usize {
        let last = |number: usize, octet: &u8| number << 8 | usize::from(*octet);
        let octets = serial.as_bytes();
        octets[octets.len().saturating_sub(2)..].iter().fold(0, last) % Self::MOST as usize
    }

    /// The address of the shard that a certificate is in.
    pub fn address_of(&self, serial: &SerialNumber) -> String {
        // The number is below `MOST`.
        self.address(Self::finest(serial) as u32 % self.shards)
    }

    /// The address of a shard.
    pub fn address(&self, shard: u32) -> String {
        format!("{}/{}", self.base, Self::name(shard, self.shards))
    }

    /// What a shard is called at the end of its address.
    pub fn name(shard: u32, shards: u32) -> String {
        format!("{shard}-of-{shards}")
    }
}

//! Proofs that stand alone: a record's place in a log, the way to the root, and the signed root (C2SP `tlog-proof`).

use std::fmt::Write as _;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{Checkpoint, CheckpointError, Hash, LogKey, ProofError, leaf_hash, verify_inclusion};

/// A proof that a record is in a log, with everything that checking it takes but the key of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfflineProof {
    /// The record itself, as the log hashes it. `tlog-proof` leaves open what extra data means; here it is this.
    pub record: Vec<u8>,
    /// Its place in the log, from zero.
    pub index: u64,
    /// The hashes from the record to the root.
    pub hashes: Vec<Hash>,
    /// The signed checkpoint.
    pub checkpoint: String,
}

/// Why a text proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OfflineProofError {
    /// The checkpoint in it is not to be relied on.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The text has not the form of a proof.
    #[error("this is not a proof of a log: {0}")]
    Malformed(&'static str),
    /// The hashes do not lead from the record to the root.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";
/// No tree that has a size in 64 bits is deeper.
const MAX_HASHES: usize = 64;

impl OfflineProof {
    /// The proof as a file has it.
    pub fn to_text(&self) -> String {
        let mut text = format!("{FIRST_LINE}\nextra {}\nindex {}\n", STANDARD.encode(&self.record), self.index);
        for hash in &self.hashes {
            writeln!(text, "{}", STANDARD.encode(hash)).expect("a text can be written to");
        }
        text + "\n" + &self.checkpoint
    }

    /// Read a proof as [`Self::to_text`] writes it. Nothing in it is checked yet.
    ///
    /// # Errors
    /// When it has not the form, or not the record within.
    pub fn parse(text: &str) -> Result<Self, OfflineProofError> {
        let malformed = |what| OfflineProofError::Malformed(what);
        let (proof, checkpoint) = text.split_once("\n\n").ok_or(malformed("it has no checkpoint"))?;
        let mut lines = proof.lines();
        if lines.next() != Some(FIRST_LINE) {
            return Err(malformed("it does not begin with c2sp.org/tlog-proof@v1"));
        }
        let record = lines.next().and_then(|line| line.strip_prefix("extra "));
        let record = record.ok_or(malformed("the record is not within"))?;
        let record = STANDARD.decode(record).map_err(|_| malformed("the record is not base64"))?;
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).ok_or(malformed("it has no index"))?;
        let canonical = index == "0" || !index.starts_with(['0', '+']);
        let index = index.parse().ok().filter(|_| canonical).ok_or(malformed("the index is no number"))?;
        let mut hashes = Vec::new();
        for line in lines {
            let hash = STANDARD.decode(line).ok().and_then(|hash| Hash::try_from(hash).ok());
            hashes.push(hash.ok_or(malformed("a line is no hash"))?);
            if hashes.len() > MAX_HASHES {
                return Err(malformed("it has too many hashes"));
            }
        }
        Ok(Self { record, index, hashes, checkpoint: checkpoint.to_owned() })
    }

    /// Check that the record is in the log with that key; gives what the log says about itself.
    ///
    /// # Errors
    /// When the checkpoint is not signed by the key, or the hashes do not lead to it.
    pub fn verify(&self, key: &LogKey) -> Result<Checkpoint, OfflineProofError> {
        let sealed = Checkpoint::verify(&self.checkpoint, key)?;
        verify_inclusion(&leaf_hash(&self.record), self.index, sealed.size, &self.hashes, &sealed.root)?;
        Ok(sealed)
    }
}

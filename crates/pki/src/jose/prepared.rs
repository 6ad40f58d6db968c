//! Keys that verify many tokens.

use std::sync::OnceLock;

use aws_lc_rs::signature::ParsedPublicKey;

use super::JwsAlgorithm;
use crate::{PublicKey, SignatureError};

/// A key that was made ready for the algorithm that it was used with first. Nearly every key is used with one alone.
#[derive(Default)]
pub(super) struct Prepared(OnceLock<(JwsAlgorithm, ParsedPublicKey)>);

impl Prepared {
    /// Verify a signature with `key`, which must be the same one each time.
    pub(super) fn verify(
        &self,
        key: &PublicKey,
        algorithm: JwsAlgorithm,
        (message, signature): (&[u8], &[u8]),
    ) -> Result<(), SignatureError> {
        match self.0.get() {
            Some((ready, parsed)) if *ready == algorithm => {
                parsed.verify_sig(message, signature).map_err(|_| SignatureError)
            }
            Some(_) => key.verify_jose(algorithm.signature_algorithm(), message, signature),
            None => {
                let parsed = key.prepare_jose(algorithm.signature_algorithm())?;
                parsed.verify_sig(message, signature).map_err(|_| SignatureError)?;
                // Only a good signature tells which algorithm the key is used with. Another thread may have been quicker.
                let _ = self.0.set((algorithm, parsed));
                Ok(())
            }
        }
    }
}

/// A copy makes itself ready anew.
impl Clone for Prepared {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// Being ready is no property of a key.
impl PartialEq for Prepared {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Prepared {}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Prepared")
    }
}

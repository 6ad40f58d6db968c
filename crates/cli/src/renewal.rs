//! Keeping a certificate fresh: what `ca renew`, `ca rekey` and the agent share.
//!
//! `schedule` decides when and knows neither clock nor randomness; `pair` is a certificate with its key on disk;
//! `exchange` asks the CA and checks what comes back; `after` tells the program that uses the certificate.

pub(crate) mod after;
pub(crate) mod daemon;
pub(crate) mod exchange;
pub(crate) mod flags;
pub(crate) mod pair;
pub(crate) mod schedule;
pub(crate) mod words;

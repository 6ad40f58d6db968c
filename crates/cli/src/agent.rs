//! The agent: one process that keeps any number of certificates fresh.
//!
//! `settings` is the file that lists them, `notes` what is remembered of each across restarts. `turn` is one look at one
//! certificate and decides everything; what it does in the world goes through a trait, so that a test can play a year in
//! a moment. `machine` is the real world, `pool` takes turns for all certificates, `serve` is the process around it.

pub(crate) mod lock;
mod machine;
pub(crate) mod metrics;
pub(crate) mod notes;
mod pool;
pub(crate) mod serve;
pub(crate) mod settings;
mod turn;

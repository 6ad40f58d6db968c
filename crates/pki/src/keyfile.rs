//! Private keys in every clothing that Rung reads and writes.

pub(crate) mod structure;

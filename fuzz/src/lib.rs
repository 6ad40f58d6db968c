//! What is done with arbitrary input. The tests of the crates do the same with the corpus, on any compiler.

pub mod api;
pub mod config;
pub mod jose;
pub mod pki;
pub mod query;
pub mod template;

//! cli.

pub mod login;

//! What an operator writes down, as plain data: the configuration of an authority, and where it is kept.
//!
//! Everything that is read here is read strictly: what is unknown, misspelt, of the wrong type or not served by this
//! version is refused by name, with file, line and column.

mod claims;
mod config;
mod duration;
pub mod edit;
mod features;
pub mod file;
pub mod initial;
mod json;
mod problem;
mod provisioner;
mod secret;
mod shape;
pub mod steppath;
mod tls;

pub use claims::{Claims, ResolvedClaims};
pub use config::{
    AuthorityConfig, Config, CrlConfig, Database, Limits, LogFormat, Logger, Network, Rate, RetiredIntermediate,
    SubjectTemplate,
};
pub use duration::{GoDuration, ParseDurationError, ParseTimeError, TimeOrDuration};
pub use problem::{ConfigErrors, Position, Problem, ProblemKind};
pub use provisioner::*;
pub use secret::Secret;
pub use tls::Tls;

//! Opening keys and signing with them.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod contract;
mod file;

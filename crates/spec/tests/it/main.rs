//! What an operator can see of the crate: configurations that are read, refused and changed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod anything;
mod corpus;
mod edits;
mod samples;

//! The contract that every store keeps, and what is particular to each.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod contract;
mod crash;
mod files;
mod inventory;
mod mark;
mod neighbours;
mod samples;

//! The contract that every store keeps, and what is particular to each.

mod contract;
mod crash;
mod files;
mod samples;

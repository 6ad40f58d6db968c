//! Looking through the certificates on record: what is asked with, and how what is found is printed. The server's own
//! program and the client print the same.

pub mod print;

/// What a query of `GET /certificates` may say, each the flag of a command, too.
pub const FILTERS: [&str; 10] =
    ["after", "ends-after", "ends-before", "expires-within", "key", "limit", "name", "provisioner", "serial", "state"];

/// So many certificates are on a page at most.
pub const MOST: u32 = 1000;
/// So many are on it when nothing is said.
pub const USUAL: u32 = 100;

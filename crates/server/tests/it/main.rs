//! The real program, as clients, scripts and service managers meet it.
#![expect(clippy::unwrap_used, reason = "tests stop at what does not work")]

mod abuse_cases;
mod attacks;
mod audit;
mod bodies;
mod books;
mod client;
mod corpus;
mod faults;
mod http;
mod idp;
mod inventory;
mod kill;
mod life;
mod limits;
mod lists;
mod matrix;
mod metrics;
mod outages;
mod pages;
mod permissions;
mod preview;
mod reload;
mod revocation;
mod revocation_faults;
mod rotation;
mod rules;
mod secrets;
mod server;
mod sign;
mod stage;
mod start;
mod systemd;
mod tls;
mod tokens;

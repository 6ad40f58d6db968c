//! What goes over the wire: the bodies of the HTTP API, the bounded fetcher for
//! everything Rung asks of others, OpenID Connect discovery, and the typed client of a CA.

pub mod body;
pub mod client;
pub mod inventory;
pub mod oidc;
pub mod outbound;
mod printable;
mod table;

pub use printable::printable;
pub use table::table;

#[cfg(test)]
mod testing;

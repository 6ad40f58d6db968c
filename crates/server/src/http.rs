//! HTTP: from the bytes of a request to the bytes of its answer.

mod date;
mod reply;
mod request_id;
mod routes;
mod service;

pub use date::http_date;
pub use reply::Reply;
pub(crate) use reply::chain;
pub use request_id::RequestId;
pub use routes::{Endpoint, Mounted, ROUTES, Route, Router};
pub use service::{Call, Peer, Transport, serve};

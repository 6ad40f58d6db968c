//! Targets of HTTP requests.

use rung_server::handlers::{provisioners::Wanted, revocation};
use rung_server::http::{Mounted, Router};

/// A path and perhaps a query, as they stand in the first line of a request.
pub fn query(data: &[u8]) {
    let Ok(target) = std::str::from_utf8(data) else { return };
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    for method in [http::Method::GET, http::Method::POST] {
        if let Mounted::Found(_, route, parameter) = Router::new().find(&method, path) {
            assert!(route.contains('{') || parameter.is_empty(), "{route}");
        }
    }
    let _ = Wanted::of(query);
    let _ = revocation::names(query).count();
}

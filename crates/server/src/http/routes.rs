//! The table of everything that is served, and finding a request's place in it.

use std::borrow::Cow;

use http::Method;
use percent_encoding::percent_decode_str;

/// One thing that the CA does over HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// `GET /certificates`
    Certificates,
    /// `GET /crl`, and `GET /crl/{issuer}`
    Crl,
    /// `GET /crl/{issuer}/delta`
    CrlDelta,
    /// `GET /crl/{issuer}/{shard}`
    CrlShard,
    /// `GET /provisioners/{kid}/encrypted-key`
    EncryptedKey,
    /// `GET /federation`
    Federation,
    /// `GET /health`
    Health,
    /// `GET /intermediates`
    Intermediates,
    /// `GET /intermediates.pem`
    IntermediatesPem,
    /// `GET /ocsp/{request}`
    OcspGet,
    /// `POST /ocsp`
    OcspPost,
    /// `POST /preview`
    Preview,
    /// `GET /provisioners`
    Provisioners,
    /// `POST /rekey`
    Rekey,
    /// `POST /renew`, and under its old name `POST /re-sign`
    Renew,
    /// `POST /revoke`
    Revoke,
    /// `GET /root/{sha}`
    Root,
    /// `GET /roots`
    Roots,
    /// `GET /roots.pem`
    RootsPem,
    /// `POST /sign`
    Sign,
    /// `GET /version`
    Version,
}

/// A line of the table.
#[derive(Debug)]
pub struct Route {
    /// The path, below each place where it is mounted.
    pub path: &'static str,
    /// The one method it answers; `HEAD` goes with `GET`.
    pub method: Method,
    /// What it does.
    pub endpoint: Endpoint,
}

const fn get(path: &'static str, endpoint: Endpoint) -> Route {
    Route { path, method: Method::GET, endpoint }
}

const fn post(path: &'static str, endpoint: Endpoint) -> Route {
    Route { path, method: Method::POST, endpoint }
}

/// Everything that is served, each at `/` and at `/1.0/`.
pub const ROUTES: &[Route] = &[
    get("/certificates", Endpoint::Certificates),
    get("/crl", Endpoint::Crl),
    get("/crl/{issuer}", Endpoint::Crl),
    get("/crl/{issuer}/delta", Endpoint::CrlDelta),
    get("/crl/{issuer}/{shard}", Endpoint::CrlShard),
    get("/federation", Endpoint::Federation),
    get("/health", Endpoint::Health),
    get("/intermediates", Endpoint::Intermediates),
    get("/intermediates.pem", Endpoint::IntermediatesPem),
    post("/ocsp", Endpoint::OcspPost),
    get("/ocsp/{*request}", Endpoint::OcspGet),
    post("/preview", Endpoint::Preview),
    get("/provisioners", Endpoint::Provisioners),
    get("/provisioners/{kid}/encrypted-key", Endpoint::EncryptedKey),
    post("/re-sign", Endpoint::Renew),
    post("/rekey", Endpoint::Rekey),
    post("/renew", Endpoint::Renew),
    post("/revoke", Endpoint::Revoke),
    get("/root/{sha}", Endpoint::Root),
    get("/roots", Endpoint::Roots),
    get("/roots.pem", Endpoint::RootsPem),
    post("/sign", Endpoint::Sign),
    get("/version", Endpoint::Version),
];

/// Finds the line of the table that a request belongs to.
pub struct Router {
    paths: matchit::Router<&'static Route>,
}

/// A request's place in the table.
#[derive(Debug, PartialEq, Eq)]
pub enum Mounted {
    /// There, with the path's parameters decoded (empty when it has none).
    Found(Endpoint, &'static str, String),
    /// The path is there, the method is not; these are allowed.
    OtherMethod(&'static str),
    /// Nowhere.
    Unknown,
}

impl Router {
    /// Build the router of the table.
    pub fn new() -> Self {
        Self::of(ROUTES.iter())
    }

    /// Build the router of what is served over plain HTTP, too: what is signed for itself.
    pub fn plain() -> Self {
        let is_signed = |route: &&Route| {
            matches!(
                route.endpoint,
                Endpoint::Crl
                    | Endpoint::CrlDelta
                    | Endpoint::CrlShard
                    | Endpoint::OcspGet
                    | Endpoint::OcspPost
                    | Endpoint::IntermediatesPem
            )
        };
        Self::of(ROUTES.iter().filter(is_signed))
    }

    fn of(routes: impl Iterator<Item = &'static Route>) -> Self {
        let mut paths = matchit::Router::new();
        for route in routes {
            for mount in ["", "/1.0"] {
                paths.insert(format!("{mount}{}", route.path), route).expect("the paths of the table differ");
            }
        }
        Self { paths }
    }

    /// Find a request's place. Paths are exact: no case folding, no cleaning, no trailing slash.
    pub fn find(&self, method: &Method, path: &str) -> Mounted {
        let Ok(found) = self.paths.at(path) else { return Mounted::Unknown };
        let route = *found.value;
        let fits = *method == route.method || *method == Method::HEAD && route.method == Method::GET;
        if !fits {
            return Mounted::OtherMethod(if route.method == Method::GET { "GET" } else { "POST" });
        }
        let mut parameters = found.params.iter().map(|(_, value)| Cow::Borrowed(value));
        let first = parameters.next().unwrap_or_default();
        // Whoever takes two finds them with a slash between them.
        let parameter = parameters.fold(first, |all, next| format!("{all}/{next}").into());
        match percent_decode_str(&parameter).decode_utf8() {
            Ok(decoded) => Mounted::Found(route.endpoint, route.path, decoded.into_owned()),
            Err(_) => Mounted::Unknown,
        }
    }
}

impl Default for Router {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(method: Method, path: &str, expected: &Mounted) {
        assert_eq!(Router::new().find(&method, path), *expected, "{method} {path}");
    }

    #[test]
    fn every_line_of_the_table_is_found_at_both_places() {
        for route in ROUTES {
            for mount in ["", "/1.0"] {
                let path = format!("{mount}{}", route.path).replace("{kid}", "a").replace("{sha}", "a");
                let path = path.replace("{*request}", "a").replace("{issuer}", "a").replace("{shard}", "a");
                let parameter = match path.matches("/a").count() {
                    0 => "",
                    1 => "a",
                    _ => "a/a",
                };
                check(route.method.clone(), &path, &Mounted::Found(route.endpoint, route.path, parameter.to_owned()));
            }
        }
    }

    #[test]
    fn h07_paths_are_exact() {
        for path in [
            "/",
            "",
            "//health",
            "/health/",
            "/Health",
            "/1.0",
            "/1.0//health",
            "/../health",
            "/health;x",
            "/2.0/health",
        ] {
            check(Method::GET, path, &Mounted::Unknown);
        }
        check(Method::GET, "/health%00", &Mounted::Unknown);
        check(Method::GET, "/root/", &Mounted::Unknown);
        check(Method::GET, "/root/a/b", &Mounted::Unknown);
    }

    #[test]
    fn h08_other_methods_are_told_what_is_allowed() {
        check(Method::POST, "/health", &Mounted::OtherMethod("GET"));
        check(Method::GET, "/sign", &Mounted::OtherMethod("POST"));
        check(Method::HEAD, "/sign", &Mounted::OtherMethod("POST"));
        check(Method::TRACE, "/sign", &Mounted::OtherMethod("POST"));
        check(Method::HEAD, "/health", &Mounted::Found(Endpoint::Health, "/health", String::new()));
    }

    #[test]
    fn parameters_are_decoded() {
        let key =
            |kid: &str| Mounted::Found(Endpoint::EncryptedKey, "/provisioners/{kid}/encrypted-key", kid.to_owned());
        check(Method::GET, "/provisioners/a%5Fb/encrypted-key", &key("a_b"));
        check(Method::GET, "/provisioners/a%2Fb/encrypted-key", &key("a/b"));
        check(Method::GET, "/provisioners/%ff/encrypted-key", &Mounted::Unknown);
    }
}

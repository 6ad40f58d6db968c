//! Asking others: HTTPS requests that are bounded in time, size and destination.
//!
//! A [`Fetcher`] follows no redirects, speaks plain HTTP to this machine only, trusts the
//! system's roots (`SSL_CERT_FILE` and `SSL_CERT_DIR` are honoured) and any extra ones it
//! was given, and goes through the proxy that `HTTPS_PROXY` or `ALL_PROXY` names unless
//! `NO_PROXY` or a loopback address says otherwise.

mod error;
mod exchange;
mod trust;

use std::sync::OnceLock;
use std::time::Duration;

use rung_pki::{PrivateKey, keyfile};
use rustls_pki_types::CertificateDer;
use serde::de::{DeserializeOwned, IgnoredAny};
use ureq::Agent;
use ureq::http::{HeaderMap, Request, header};
use ureq::tls::ClientCert;
use url::Url;

pub use error::{FetchError, Problem};
pub(crate) use exchange::{Answer, Limits, exchange};
pub(crate) use trust::{Trust, agent, proxy};

/// Fetches documents from others, within bounds.
#[derive(Debug, Default)]
pub struct Fetcher {
    limits: Limits,
    extra_roots: Vec<CertificateDer<'static>>,
    any_server: bool,
    identity: Option<ClientCert>,
    agents: [OnceLock<(Agent, TrustNote)>; 4],
}

/// What was wrong with the system's roots, if anything.
type TrustNote = Option<String>;

impl Fetcher {
    /// A fetcher that also trusts `extra_roots`. The system's roots are read when the
    /// first request needs them.
    pub fn new(extra_roots: Vec<CertificateDer<'static>>) -> Self {
        Self { extra_roots, ..Self::default() }
    }

    /// The same with another limit for a whole request; ten seconds if never said.
    #[must_use]
    pub fn with_time_limit(mut self, total: Duration) -> Self {
        self.limits.total = total;
        self.limits.connect = self.limits.connect.min(total);
        self
    }

    /// The same with another limit for the size of an answer; 1 MiB if never said.
    #[must_use]
    pub fn with_body_limit(mut self, bytes: u64) -> Self {
        self.limits.body = bytes;
        self
    }

    /// The same, but it shows itself with a certificate, its chain leaf first, to whoever asks for one.
    #[must_use]
    pub fn with_identity(mut self, chain: &[CertificateDer<'_>], key: &PrivateKey) -> Self {
        let chain: Vec<_> = chain.iter().map(|der| ureq::tls::Certificate::from_der(der).to_owned()).collect();
        // From PEM, since the kinds of DER keys have no name outside of ureq.
        let key = ureq::tls::PrivateKey::from_pem(keyfile::to_pem(key).as_bytes()).expect("our own PEM is read");
        self.identity = Some(ClientCert::new_with_certs(&chain, key));
        self
    }

    /// Send a JSON document and take the JSON object that answers it, whatever the status.
    pub fn post_json<T: DeserializeOwned>(&self, url: &Url, body: Vec<u8>) -> Result<FormReply<T>, FetchError> {
        let request = Request::post(url.as_str()).header(header::CONTENT_TYPE, "application/json");
        let answer = self.run_json(url, request.body(body))?;
        let body = serde_json::from_slice(&answer.body);
        Ok(FormReply { status: answer.status, body: body.map_err(|_| FetchError::new(url, not_json(&answer)))? })
    }

    /// The same, but whoever answers is taken for the one who was asked. Only for [`Self::get_signed`] and
    /// [`Self::post_signed`], whose answers prove themselves.
    #[must_use]
    pub fn accepting_any_server(mut self) -> Self {
        self.any_server = true;
        self
    }

    /// Fetch a document that is signed, such as a CRL, and that the caller verifies: status 200, or an error.
    ///
    /// Since nothing on the way can change it unnoticed, it may come over plain HTTP (RFC 5280 §8 has a reason why it
    /// should: a certificate must not need itself to be verified).
    pub fn get_signed(&self, url: &Url) -> Result<Vec<u8>, FetchError> {
        self.run_signed(url, Request::get(url.as_str()).body(Vec::new()))
    }

    /// Send a question whose answer is signed, such as one to an OCSP responder, as [`Self::get_signed`] does.
    pub fn post_signed(&self, url: &Url, content_type: &str, body: Vec<u8>) -> Result<Vec<u8>, FetchError> {
        let request = Request::post(url.as_str()).header(header::CONTENT_TYPE, content_type);
        self.run_signed(url, request.body(body))
    }

    fn run_signed(
        &self,
        url: &Url,
        request: Result<Request<Vec<u8>>, ureq::http::Error>,
    ) -> Result<Vec<u8>, FetchError> {
        let route = match url.scheme() {
            "http" if !is_loopback(url) => Route::PlainRemote,
            _ => route(url).map_err(|problem| FetchError::new(url, problem))?,
        };
        let answer = self.run(url, route, request, "*/*")?;
        match answer.status {
            200 => Ok(answer.body),
            other => Err(FetchError::new(url, Problem::Status(other))),
        }
    }

    /// Fetch a JSON document: status 200 and a well-formed JSON value, or an error.
    pub fn get_json(&self, url: &Url) -> Result<Fetched, FetchError> {
        let request = Request::get(url.as_str()).body(Vec::new());
        let answer = self.run_json(url, request)?;
        if answer.status != 200 {
            return Err(FetchError::new(url, Problem::Status(answer.status)));
        }
        serde_json::from_slice::<IgnoredAny>(&answer.body).map_err(|_| FetchError::new(url, not_json(&answer)))?;
        let date = answer.headers.get(header::DATE).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok(Fetched { max_age: max_age(&answer.headers), date, bytes: answer.body })
    }

    /// Send a form as OAuth does and take the JSON object that answers it, whatever the
    /// status below 500: refusals are JSON, too.
    pub fn post_form<T: DeserializeOwned>(
        &self,
        url: &Url,
        fields: &[(&str, &str)],
        credentials: Option<&Basic<'_>>,
    ) -> Result<FormReply<T>, FetchError> {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut request = Request::post(url.as_str()).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(credentials) = credentials {
            request = request.header(header::AUTHORIZATION, credentials.header());
        }
        let answer = self.run_json(url, request.body(form.into_bytes()))?;
        if answer.status >= 500 {
            return Err(FetchError::new(url, Problem::Status(answer.status)));
        }
        match serde_json::from_slice(&answer.body) {
            Ok(body) => Ok(FormReply { status: answer.status, body }),
            // A refusal without JSON tells nothing but its status.
            Err(_) if answer.status != 200 => Err(FetchError::new(url, Problem::Status(answer.status))),
            Err(_) => Err(FetchError::new(url, not_json(&answer))),
        }
    }

    fn run_json(&self, url: &Url, request: Result<Request<Vec<u8>>, ureq::http::Error>) -> Result<Answer, FetchError> {
        if self.any_server {
            let text = "whoever answers is not verified, and the answer does not prove itself";
            return Err(FetchError::new(url, Problem::Insecure(text.to_owned())));
        }
        let route = route(url).map_err(|problem| FetchError::new(url, problem))?;
        self.run(url, route, request, "application/json")
    }

    fn run(
        &self,
        url: &Url,
        route: Route,
        request: Result<Request<Vec<u8>>, ureq::http::Error>,
        accepted: &'static str,
    ) -> Result<Answer, FetchError> {
        let mut request = request.map_err(|error| FetchError::new(url, Problem::Insecure(error.to_string())))?;
        let headers = request.headers_mut();
        headers.insert(header::ACCEPT, header::HeaderValue::from_static(accepted));

        let (agent, note) = self.agent(route);
        let answer = exchange(agent, request, &self.limits)
            .map_err(|problem| FetchError::new(url, problem.with_note(note.as_deref().unwrap_or(TRUST_HINT))))?;
        if (300..400).contains(&answer.status) {
            // Following it would let whoever answers choose where we connect to next.
            let location = answer.headers.get(header::LOCATION);
            let location = location.and_then(|value| value.to_str().ok()).unwrap_or("nowhere");
            return Err(FetchError::new(url, Problem::Redirected(location.to_owned())));
        }
        Ok(answer)
    }

    fn agent(&self, route: Route) -> &(Agent, TrustNote) {
        self.agents[route as usize].get_or_init(|| {
            let (roots, note) = match route {
                Route::Plain | Route::PlainRemote => (Vec::new(), None),
                Route::Local | Route::Remote => trust::system_roots(&self.extra_roots),
            };
            let proxy = if route == Route::Remote { trust::proxy() } else { None };
            let trust = if self.any_server { Trust::Unverified } else { Trust::Roots(roots) };
            (agent(self.identity.clone(), trust, proxy, &self.limits), note)
        })
    }
}

/// How an address is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Route {
    /// TLS to this machine, never through a proxy.
    Local,
    /// Plain HTTP to this machine.
    Plain,
    /// TLS to another machine.
    Remote,
    /// Plain HTTP to another machine, for what is signed.
    PlainRemote,
}

/// A document that was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Its bytes: one JSON value.
    pub bytes: Vec<u8>,
    /// How long it may be kept, if the server said so.
    pub max_age: Option<Duration>,
    /// What time it was for the server, as it wrote it, if it said so.
    pub date: Option<String>,
}

/// What answered a form.
#[derive(Debug)]
pub struct FormReply<T> {
    /// The HTTP status, below 500 and no redirect.
    pub status: u16,
    /// The JSON body.
    pub body: T,
}

/// A client id and secret, sent as RFC 6749 §2.3.1 wants it.
pub struct Basic<'a> {
    /// The client id.
    pub id: &'a str,
    /// The client secret.
    pub secret: &'a str,
}

impl Basic<'_> {
    fn header(&self) -> String {
        let encode = |text: &str| -> String { url::form_urlencoded::byte_serialize(text.as_bytes()).collect() };
        let pair = format!("{}:{}", encode(self.id), encode(self.secret));
        format!("Basic {}", base64::Engine::encode(&base64::engine::general_purpose::STANDARD, pair))
    }
}

/// Whether the host of `url` is this machine, by its name or address alone.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn route(url: &Url) -> Result<Route, Problem> {
    if !url.username().is_empty() || url.password().is_some() {
        let text = "it holds a user name or password; remove them";
        return Err(Problem::Insecure(text.to_owned()));
    }
    match (url.scheme(), is_loopback(url)) {
        ("https", true) => Ok(Route::Local),
        ("https", false) => Ok(Route::Remote),
        ("http", true) => Ok(Route::Plain),
        _ => {
            let text = "it is not https; plain http is accepted for this machine only";
            Err(Problem::Insecure(text.to_owned()))
        }
    }
}

fn not_json(answer: &Answer) -> Problem {
    let kind = answer.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let first = answer.body.iter().find(|byte| !byte.is_ascii_whitespace());
    let html = kind.is_some_and(|kind| kind.to_ascii_lowercase().starts_with("text/html"));
    Problem::NotJson { html: html || first == Some(&b'<') }
}

/// The `max-age` of the first `Cache-Control` header; none where it forbids keeping.
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let control = headers.get(header::CACHE_CONTROL)?.to_str().ok()?;
    control.split(',').find_map(|directive| {
        let (name, value) = directive.split_once('=')?;
        let seconds = value.trim().trim_matches('"').parse().ok()?;
        name.trim().eq_ignore_ascii_case("max-age").then(|| Duration::from_secs(seconds))
    })
}

const TRUST_HINT: &str = "add its root to this machine's trusted roots, or name a file that holds it in SSL_CERT_FILE";

#[cfg(test)]
mod tests;

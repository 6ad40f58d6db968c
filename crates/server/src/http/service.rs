//! One request on its way through the daemon: identifier, route, bounds, answer, log line.

use std::{
    borrow::Cow,
    convert::Infallible,
    net::SocketAddr,
    panic::AssertUnwindSafe,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Method, Request, Response, Version, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use rung_api::body::ErrorReport;
use rung_pki::Certificate;

use super::{Endpoint, Mounted, Reply, RequestId, Router};
use crate::{
    handlers,
    log::Access,
    state::{Generation, Shared},
    stopwatch::Stopwatch,
};

/// Who is at the other end of a connection.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Where the connection comes from.
    pub address: SocketAddr,
    /// The certificate that the client showed, and whose key it has.
    pub certificate: Option<Certificate>,
    /// What the connection runs over.
    pub transport: Transport,
}

/// What a connection runs over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Plain TCP.
    Plain,
    /// TLS.
    Tls,
}

/// The methods that HTTP defines (RFC 9110 §9.3, RFC 5789).
const DEFINED: [Method; 9] = [
    Method::CONNECT,
    Method::DELETE,
    Method::GET,
    Method::HEAD,
    Method::OPTIONS,
    Method::PATCH,
    Method::POST,
    Method::PUT,
    Method::TRACE,
];
/// The longest body that is read.
const MAX_BODY: usize = 1 << 20;
/// The longest time that a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(15);

/// Answer one request. Whatever happens, there is an answer.
pub async fn serve(
    shared: Arc<Shared>,
    peer: Peer,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let stopwatch = Stopwatch::start();
    let start = shared.clock.now();
    let generation = shared.current.load_full();
    let (head, body) = request.into_parts();
    let id = RequestId::of(&head.headers, &generation.trace_header, &*shared.random);
    let (route, answer) = match router(&shared, peer.transport).find(&head.method, head.uri.path()) {
        _ if lacks_host(&head) => ("", Answer::Ready(missing_host())),
        Mounted::Unknown => ("", Answer::Ready(Reply::page_not_found())),
        Mounted::OtherMethod(allow) => ("", Answer::Ready(method_not_allowed(&head.method, allow))),
        Mounted::Found(endpoint, route, parameter) => (route, Answer::Endpoint(endpoint, parameter)),
    };
    let reply = match answer {
        Answer::Ready(reply) => reply,
        Answer::Endpoint(endpoint, parameter) => {
            let call = Call {
                shared: &shared,
                generation: &generation,
                query: head.uri.query(),
                parameter: &parameter,
                headers: &head.headers,
                peer: &peer,
                id: &id,
            };
            guarded(&shared, endpoint, call, body).await
        }
    };
    shared.metrics.count_answer(route, reply.status.as_u16());
    let text =
        |name: header::HeaderName| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    shared.log.access(&Access {
        request_id: id.as_str(),
        remote: peer.address,
        start,
        duration: stopwatch.elapsed(),
        method: head.method.as_str(),
        path: head.uri.path(),
        protocol: protocol(head.version),
        status: reply.status.as_u16(),
        size: reply.size(),
        referer: text(header::REFERER),
        user_agent: text(header::USER_AGENT),
        fields: &reply.fields,
    });
    Ok(reply.into_response(id.header()))
}

fn router(shared: &Shared, transport: Transport) -> &Router {
    match transport {
        Transport::Plain => &shared.plain_router,
        Transport::Tls => &shared.router,
    }
}

enum Answer {
    Endpoint(Endpoint, String),
    Ready(Reply),
}

/// What an endpoint is called with.
pub struct Call<'a> {
    /// What outlives configurations.
    pub shared: &'a Arc<Shared>,
    /// The configuration that was in force when the request came.
    pub generation: &'a Arc<Generation>,
    /// The query, undecoded.
    pub query: Option<&'a str>,
    /// The parameter in the path, decoded.
    pub parameter: &'a str,
    /// The headers.
    pub headers: &'a http::HeaderMap,
    /// Who is at the other end.
    pub peer: &'a Peer,
    /// The request's identifier.
    pub id: &'a RequestId,
}

/// Run an endpoint so that a defect in it costs one answer and not the process.
async fn guarded(shared: &Shared, endpoint: Endpoint, call: Call<'_>, body: Incoming) -> Reply {
    match AssertUnwindSafe(dispatch(endpoint, call, body)).catch_unwind().await {
        Ok(reply) => reply,
        Err(_) => {
            shared.metrics.panics.fetch_add(1, Ordering::Relaxed);
            Reply::refusal(&ErrorReport::internal_plain(), "the handler panicked; this is a defect of the program")
        }
    }
}

async fn dispatch(endpoint: Endpoint, call: Call<'_>, body: Incoming) -> Reply {
    let body = match endpoint {
        Endpoint::OcspPost | Endpoint::Preview | Endpoint::Rekey | Endpoint::Revoke | Endpoint::Sign => {
            match read_body(body).await {
                Ok(body) => body,
                Err(refusal) => return refusal,
            }
        }
        // Nothing of it is looked at.
        _ => Bytes::new(),
    };
    match endpoint {
        Endpoint::Crl => handlers::revocation::crl(&call),
        Endpoint::EncryptedKey => handlers::provisioners::encrypted_key(&call),
        Endpoint::Federation => handlers::certificates::federation(&call),
        Endpoint::Health => handlers::health::health(&call),
        Endpoint::Intermediates => handlers::certificates::intermediates(&call),
        Endpoint::IntermediatesPem => handlers::certificates::intermediates_pem(&call),
        Endpoint::OcspGet => handlers::revocation::ocsp_get(&call).await,
        Endpoint::OcspPost => handlers::revocation::ocsp_post(&call, &body).await,
        Endpoint::Preview => handlers::preview::preview(&call, &body).await,
        Endpoint::Provisioners => handlers::provisioners::list(&call),
        Endpoint::Rekey => handlers::renew::rekey(&call, &body).await,
        Endpoint::Renew => handlers::renew::renew(&call).await,
        Endpoint::Revoke => handlers::revoke::revoke(&call, &body).await,
        Endpoint::Root => handlers::certificates::root(&call),
        Endpoint::Roots => handlers::certificates::roots(&call),
        Endpoint::RootsPem => handlers::certificates::roots_pem(&call),
        Endpoint::Sign => handlers::sign::sign(&call, &body).await,
        Endpoint::Version => handlers::health::version(),
    }
}

async fn read_body(body: Incoming) -> Result<Bytes, Reply> {
    let too_large = || Reply::refusal(&ErrorReport::too_large(MAX_BODY), "the body is too long");
    if body.size_hint().lower() > MAX_BODY as u64 {
        return Err(too_large());
    }
    match tokio::time::timeout(BODY_TIME, Limited::new(body, MAX_BODY).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(error)) => {
            let reason = format!("the body broke off: {error}");
            Err(Reply::refusal(&ErrorReport::bad_request("the body broke off"), reason))
        }
        Err(_) => {
            let report =
                ErrorReport::new(408, "The request could not be completed: the body took too long.".to_owned());
            Err(Reply::refusal(&report, "the body took too long"))
        }
    }
}

/// Methods that HTTP does not define are refused without naming others.
fn method_not_allowed(method: &Method, allow: &'static str) -> Reply {
    let defined = DEFINED.contains(method);
    let mut reply = Reply::method_not_allowed(defined.then_some(allow));
    reply.fields.push(("error", Cow::Owned(format!("the method {method} is not served here"))));
    reply
}

/// RFC 9112 §3.2: a request of HTTP/1.1 without `Host` is answered with 400.
fn lacks_host(head: &http::request::Parts) -> bool {
    head.version == Version::HTTP_11 && !head.headers.contains_key(header::HOST)
}

fn missing_host() -> Reply {
    let text = "missing required Host header";
    Reply::refusal(&ErrorReport::bad_request(text), text)
}

fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_2 => "HTTP/2.0",
        Version::HTTP_10 => "HTTP/1.0",
        _ => "HTTP/1.1",
    }
}

//! One request on its way through the daemon: identifier, route, bounds, answer, log line.

use std::{
    borrow::Cow,
    convert::Infallible,
    net::SocketAddr,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Method, Request, Response, Version, header};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use rung_api::body::ErrorReport;
use rung_authority::presented::Shown;

use super::{Endpoint, Mounted, Reply, RequestId, Router};
use crate::{
    connection::{Activity, Outgoing},
    handlers,
    limits::{BodyRoom, Refused, Source},
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
    pub certificate: Option<Arc<Shown>>,
    /// What the connection runs over.
    pub transport: Transport,
    /// Whose share of the limits it takes.
    pub source: Source,
    /// What moves on the connection.
    pub activity: Arc<Activity>,
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
/// The longest time that a request is worked on. Logins may wait for an identity provider, twice.
const WORK_TIME: Duration = Duration::from_secs(30);

/// Answer one request. Whatever happens, there is an answer.
pub async fn serve(
    shared: Arc<Shared>,
    peer: Peer,
    request: Request<Incoming>,
) -> Result<Response<Outgoing>, Infallible> {
    let _working = peer.activity.work();
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
            guarded(&shared.metrics.panics, dispatch(endpoint, call, body)).await
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
    Ok(reply.into_response(id.header()).map(|body| body.watched(&peer.activity)))
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

/// See to an answer so that a defect on the way to it costs this one answer and not the process.
async fn guarded(panics: &AtomicU64, answer: impl Future<Output = Reply>) -> Reply {
    match AssertUnwindSafe(answer).catch_unwind().await {
        Ok(reply) => reply,
        Err(_) => {
            panics.fetch_add(1, Ordering::Relaxed);
            Reply::refusal(&ErrorReport::internal_plain(), "the handler panicked; this is a defect of the program")
        }
    }
}

/// Look whether it is too much, read the body, and do the work.
async fn dispatch(endpoint: Endpoint, call: Call<'_>, body: Incoming) -> Reply {
    let (limiter, limits) = (&call.shared.limiter, &call.generation.config.limits);
    let source = call.peer.source;
    // Whoever watches over the authority must see it under load, too.
    if !matches!(endpoint, Endpoint::Health | Endpoint::Version)
        && let Err(refused) = limiter.ask(source, limits)
    {
        return too_much(&call, endpoint, refused);
    }
    if body.size_hint().lower() > MAX_BODY as u64 {
        return unread(&call, endpoint, too_large());
    }
    let mut room = limiter.body(source);
    let body = if takes_body(endpoint) {
        match tokio::time::timeout(limits.patience, read_body(body, &mut room)).await {
            Ok(Ok(body)) => body,
            Ok(Err(Unread::Refused(refused))) => return too_much(&call, endpoint, refused),
            Ok(Err(Unread::Reply(reply))) => return unread(&call, endpoint, *reply),
            Err(_) => return unread(&call, endpoint, too_slow()),
        }
    } else {
        // Nothing of it is looked at.
        Bytes::new()
    };
    if !takes_work(endpoint) {
        return answer(endpoint, &call, &body).await;
    }
    let _held = match limiter.work(source, limits) {
        Ok(held) => held,
        Err(refused) => return too_much(&call, endpoint, refused),
    };
    tokio::time::timeout(WORK_TIME, answer(endpoint, &call, &body)).await.unwrap_or_else(|_| Reply::took_too_long())
}

/// Whether the body of a request is part of it.
fn takes_body(endpoint: Endpoint) -> bool {
    matches!(endpoint, Endpoint::OcspPost | Endpoint::Preview | Endpoint::Rekey | Endpoint::Revoke | Endpoint::Sign)
}

/// Whether an answer takes cryptography or the database, and not only memory.
fn takes_work(endpoint: Endpoint) -> bool {
    takes_body(endpoint) || matches!(endpoint, Endpoint::Certificates | Endpoint::OcspGet | Endpoint::Renew)
}

/// Refuse what is too much.
fn too_much(call: &Call<'_>, endpoint: Endpoint, refused: Refused) -> Reply {
    count(call, endpoint, "limit");
    Reply::too_much(refused)
}

/// Refuse a request whose body is not there as a whole.
fn unread(call: &Call<'_>, endpoint: Endpoint, reply: Reply) -> Reply {
    count(call, endpoint, "body");
    reply
}

/// That somebody asked for a decision and got none is counted for the audit record.
fn count(call: &Call<'_>, endpoint: Endpoint, check: &'static str) {
    if matches!(endpoint, Endpoint::Rekey | Endpoint::Renew | Endpoint::Revoke | Endpoint::Sign) {
        call.shared.refusals.count(check, call.id.as_str());
    }
}

async fn answer(endpoint: Endpoint, call: &Call<'_>, body: &[u8]) -> Reply {
    match endpoint {
        Endpoint::Certificates => handlers::inventory::certificates(call).await,
        Endpoint::Crl => handlers::revocation::crl(call),
        Endpoint::CrlDelta => handlers::revocation::crl_delta(call),
        Endpoint::CrlShard => handlers::revocation::crl_shard(call),
        Endpoint::EncryptedKey => handlers::provisioners::encrypted_key(call),
        Endpoint::Federation => handlers::certificates::federation(call),
        Endpoint::Health => handlers::health::health(call),
        Endpoint::Intermediates => handlers::certificates::intermediates(call),
        Endpoint::IntermediatesPem => handlers::certificates::intermediates_pem(call),
        Endpoint::OcspGet => handlers::revocation::ocsp_get(call).await,
        Endpoint::OcspPost => handlers::revocation::ocsp_post(call, body).await,
        Endpoint::Preview => handlers::preview::preview(call, body).await,
        Endpoint::Provisioners => handlers::provisioners::list(call),
        Endpoint::Rekey => handlers::renew::rekey(call, body).await,
        Endpoint::Renew => handlers::renew::renew(call).await,
        Endpoint::Revoke => handlers::revoke::revoke(call, body).await,
        Endpoint::Root => handlers::certificates::root(call),
        Endpoint::Roots => handlers::certificates::roots(call),
        Endpoint::RootsPem => handlers::certificates::roots_pem(call),
        Endpoint::Sign => handlers::sign::sign(call, body).await,
        Endpoint::Version => handlers::health::version(),
    }
}

/// Why a body was not read.
enum Unread {
    Refused(Refused),
    Reply(Box<Reply>),
}

async fn read_body(mut body: Incoming, room: &mut BodyRoom) -> Result<Bytes, Unread> {
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Unread::Reply(Box::new(broken_off(&error))))?;
        // Trailers say nothing to this server.
        let Ok(part) = frame.into_data() else { continue };
        if part.len() > MAX_BODY - whole.len() {
            return Err(Unread::Reply(Box::new(too_large())));
        }
        if part.len() > whole.capacity() - whole.len() {
            // In steps, so that the parts of a long body are not copied again and again, and exactly, so that it takes
            // what it is said to take.
            let step = part.len().max(whole.len() / 4);
            room.more(step).map_err(Unread::Refused)?;
            whole.reserve_exact(step);
        }
        whole.extend_from_slice(&part);
    }
    Ok(whole.into())
}

fn too_large() -> Reply {
    Reply::refusal(&ErrorReport::too_large(MAX_BODY), "the body is too long")
}

fn broken_off(error: &hyper::Error) -> Reply {
    let reason = format!("the body broke off: {error}");
    Reply::refusal(&ErrorReport::bad_request("the body broke off"), reason)
}

fn too_slow() -> Reply {
    let report = ErrorReport::new(408, "The request could not be completed: the body took too long.".to_owned());
    Reply::refusal(&report, "the body took too long")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn h09_a_defect_costs_one_answer_and_tells_nothing() {
        let panics = AtomicU64::new(0);
        let defect = std::future::poll_fn(|_| -> std::task::Poll<Reply> { panic!("canary-in-a-panic") });
        let reply = guarded(&panics, defect).await;
        assert_eq!((reply.status.as_u16(), panics.load(Ordering::Relaxed)), (500, 1));
        let response = reply.into_response(&http::HeaderValue::from_static("x"));
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(body.contains("\"status\":500") && !body.contains("canary"), "{body}");
        assert_eq!(guarded(&panics, async { Reply::page_not_found() }).await.status.as_u16(), 404);
        assert_eq!(panics.load(Ordering::Relaxed), 1);
    }
}

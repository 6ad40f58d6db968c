//! `GET /crl` and `/ocsp`: who is revoked.

use std::{sync::Arc, time::SystemTime};

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderValue, header};
use rung_api::body::ErrorReport;

use crate::{
    http::{Call, Reply, http_date},
    revocation::{Answered, PublishedCrl},
};

/// `GET /crl` of the issuer that issues, and `GET /crl/{issuer}` of each; in PEM with `pem` in the query.
pub fn crl(call: &Call<'_>) -> Reply {
    let lists = &call.shared.crl;
    match call.parameter {
        "" => match lists.current() {
            None if call.generation.config.crl.enabled => {
                Reply::refusal(&ErrorReport::unavailable(), "there is no list of revoked certificates yet")
            }
            found => list(call, found, NONE),
        },
        issuer => list(call, lists.of(issuer), "no such issuer has a list of revoked certificates here"),
    }
}

/// `GET /crl/{issuer}/delta`: what came after a complete list.
pub fn crl_delta(call: &Call<'_>) -> Reply {
    let missing = "no such issuer has a list of what came after another here";
    list(call, call.shared.crl.delta_of(call.parameter), missing)
}

/// `GET /crl/{issuer}/{shard}`: a part of the complete list.
pub fn crl_shard(call: &Call<'_>) -> Reply {
    let (issuer, shard) = call.parameter.split_once('/').unwrap_or_default();
    list(call, call.shared.crl.shard_of(issuer, shard), "the list of no such issuer has a shard of that name here")
}

const NONE: &str = "no list of revoked certificates is made: `crl.enabled` is not set";

/// The answer with a list; `missing` says what there is not.
fn list(call: &Call<'_>, found: Option<Arc<PublishedCrl>>, missing: &'static str) -> Reply {
    let missing = if call.generation.config.crl.enabled { missing } else { NONE };
    let Some(crl) = found.filter(|_| call.generation.config.crl.enabled) else {
        return Reply::refusal(&ErrorReport::not_found(missing), missing);
    };
    let in_pem = names(call.query).any(|name| name == "pem");
    let etag = format!("\"{}-{}\"", crl.number, if in_pem { "pem" } else { "der" });
    let mut reply = if is_known(call, &etag) {
        Reply::not_modified()
    } else if in_pem {
        Reply::file(crl.pem(), "application/x-pem-file").named("crl.pem")
    } else {
        Reply::file(crl.der.clone(), "application/pkix-crl").named("crl.crl")
    };
    reply.set(header::ETAG, &etag);
    reply.set(header::LAST_MODIFIED, &http_date(crl.this_update));
    reply.set(header::EXPIRES, &http_date(crl.next_update));
    // A newer one may come before the end of this one; asking whether there is one costs little.
    reply.set(header::CACHE_CONTROL, "max-age=60, must-revalidate");
    reply
}

/// `POST /ocsp`.
pub async fn ocsp_post(call: &Call<'_>, question: &[u8]) -> Reply {
    ocsp(call, question).await
}

/// `GET /ocsp/{request}`, where the request is DER in base64 (RFC 6960 appendix A.1).
pub async fn ocsp_get(call: &Call<'_>) -> Reply {
    // What is no base64 is no request either.
    let question = STANDARD.decode(call.parameter).unwrap_or_default();
    ocsp(call, &question).await
}

async fn ocsp(call: &Call<'_>, question: &[u8]) -> Reply {
    let (generation, shared) = (call.generation, call.shared);
    let Answered { der, times } = generation.responders.answer(question, &generation.authority, shared).await;
    shared.metrics.ocsp_answers.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let mut reply = Reply::file(der, "application/ocsp-response");
    match times {
        // RFC 5019 §6.2.
        Some((this_update, next_update)) => {
            reply.set(header::LAST_MODIFIED, &http_date(this_update));
            reply.set(header::EXPIRES, &http_date(next_update));
            let age = age(this_update, next_update, shared.clock.now());
            reply.set(header::CACHE_CONTROL, &format!("max-age={age}, public, no-transform, must-revalidate"));
        }
        None => reply.set(header::CACHE_CONTROL, "no-store"),
    }
    reply
}

/// How many seconds others may keep an answer: briefly, since a revocation is known here at once.
fn age(this_update: SystemTime, next_update: SystemTime, now: SystemTime) -> u64 {
    let left = next_update.duration_since(now.max(this_update)).unwrap_or_default();
    left.as_secs().min(LONGEST_AGE)
}

const LONGEST_AGE: u64 = 60;

/// Whether the client has what it would get.
fn is_known(call: &Call<'_>, etag: &str) -> bool {
    let known = call.headers.get(header::IF_NONE_MATCH).and_then(|value: &HeaderValue| value.to_str().ok());
    known.is_some_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == etag))
}

/// The names in a query.
pub fn names(query: Option<&str>) -> impl Iterator<Item = &str> {
    query.into_iter().flat_map(|query| query.split('&')).map(|pair| pair.split('=').next().unwrap_or_default())
}

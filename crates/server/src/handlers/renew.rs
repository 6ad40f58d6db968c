//! `POST /renew` and `POST /rekey`: a certificate becomes its successor.

use http::header;
use rung_api::body::{ErrorReport, RekeyRequest};
use rung_authority::{
    Error, RenewRequest,
    presented::{PresentError, Presented},
    refusal::{Asker, RefusedRequest},
};
use rung_pki::{PublicKey, VerifiedRequest};

use super::sign;
use crate::{
    http::{Call, Reply},
    refusals,
};

/// `POST /renew`, by the certificate of the connection or by a renewal token.
pub async fn renew(call: &Call<'_>) -> Reply {
    match presented(call) {
        Ok(Some(presented)) => succeed(call, &presented, None).await,
        Ok(None) => missing(call),
        Err(error) => refuse(call, "renew", bearer(call).map_or(Asker::Anybody, Asker::Token), None, &error).await,
    }
}

/// `POST /rekey`, by the certificate of the connection alone.
pub async fn rekey(call: &Call<'_>, body: &[u8]) -> Reply {
    let asked = RekeyRequest::parse(body).map_err(|error| sign::malformed(&error));
    let request = match asked.and_then(|asked| sign::verified_request(&asked.csr)) {
        Ok(request) => request,
        Err(refusal) => {
            call.shared.refusals.count("request", call.id.as_str());
            return refusal;
        }
    };
    match holder(call) {
        Ok(Some(presented)) => succeed(call, &presented, Some(&request)).await,
        Ok(None) => missing(call),
        Err(error) => refuse(call, "rekey", Asker::Anybody, Some(request.public_key()), &error).await,
    }
}

/// Who shows a certificate: in the handshake, or in a token that counts only when the handshake had none.
fn presented(call: &Call<'_>) -> Result<Option<Presented>, Error> {
    if let Some(presented) = holder(call)? {
        return Ok(Some(presented));
    }
    let Some(token) = bearer(call) else { return Ok(None) };
    let presented = call.generation.authority.presented_by_token(token);
    presented.map(Some).map_err(|error| match error {
        PresentError::Certificate(refusal) => refusal.into(),
        PresentError::Token(refusal) => refusal.into(),
    })
}

/// The token in the header that is made for them (RFC 6750 §2.1).
fn bearer<'a>(call: &Call<'a>) -> Option<&'a str> {
    let given = call.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    given.and_then(|value| value.strip_prefix("Bearer ")).map(str::trim)
}

/// The certificate of the handshake.
pub(super) fn holder(call: &Call<'_>) -> Result<Option<Presented>, Error> {
    Ok(call.peer.certificate.clone().map(Presented::in_tls).transpose()?)
}

async fn succeed(call: &Call<'_>, presented: &Presented, rekey: Option<&VerifiedRequest>) -> Reply {
    let asked = RenewRequest { presented, rekey, request_id: call.id.as_str() };
    let metrics = &call.shared.metrics;
    let counts = if rekey.is_some() { &metrics.rekeyed } else { &metrics.renewed };
    match call.generation.authority.renew(&asked).await {
        Ok(recorded) => {
            counts.count(&recorded.provisioner().name, true);
            sign::answer(call, &recorded)
        }
        Err(error) => {
            counts.count("", false);
            sign::count_unreleased(call, &error);
            let operation = if rekey.is_some() { "rekey" } else { "renew" };
            let key = rekey.map_or(presented.key(), VerifiedRequest::public_key);
            refuse(call, operation, Asker::Holder(presented), Some(key), &error).await
        }
    }
}

/// The answer to a refused request, which goes on record.
async fn refuse(
    call: &Call<'_>,
    operation: &'static str,
    by: Asker<'_>,
    key: Option<&PublicKey>,
    error: &Error,
) -> Reply {
    let refused = RefusedRequest { operation, by, error, key, serial: None, request_id: call.id.as_str() };
    refusals::note(call.shared, call.generation, &refused).await;
    Reply::from_error(error)
}

fn missing(call: &Call<'_>) -> Reply {
    call.shared.refusals.count("certificate", call.id.as_str());
    let text = "missing client certificate";
    Reply::refusal(&ErrorReport::bad_request(text), text)
}

//! `POST /renew` and `POST /rekey`: a certificate becomes its successor.

use http::header;
use rung_api::body::{ErrorReport, RekeyRequest};
use rung_authority::{
    Error, RenewRequest,
    presented::{PresentError, Presented},
};
use rung_pki::VerifiedRequest;

use super::sign;
use crate::http::{Call, Reply};

/// `POST /renew`, by the certificate of the connection or by a renewal token.
pub async fn renew(call: &Call<'_>) -> Reply {
    match presented(call) {
        Ok(Some(presented)) => succeed(call, &presented, None).await,
        Ok(None) => missing(),
        Err(error) => Reply::from_error(&error),
    }
}

/// `POST /rekey`, by the certificate of the connection alone.
pub async fn rekey(call: &Call<'_>, body: &[u8]) -> Reply {
    let asked = match RekeyRequest::parse(body) {
        Ok(asked) => asked,
        Err(error) => return sign::malformed(&error),
    };
    let request = match sign::verified_request(&asked.csr) {
        Ok(request) => request,
        Err(refusal) => return refusal,
    };
    match holder(call) {
        Ok(Some(presented)) => succeed(call, &presented, Some(&request)).await,
        Ok(None) => missing(),
        Err(error) => Reply::from_error(&error),
    }
}

/// Who shows a certificate: in the handshake, or in a token that counts only when the handshake had none.
fn presented(call: &Call<'_>) -> Result<Option<Presented>, Error> {
    if let Some(presented) = holder(call)? {
        return Ok(Some(presented));
    }
    let given = call.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(token) = given.and_then(|value| value.strip_prefix("Bearer ")) else { return Ok(None) };
    let presented = call.generation.authority.presented_by_token(token.trim());
    presented.map(Some).map_err(|error| match error {
        PresentError::Certificate(refusal) => refusal.into(),
        PresentError::Token(refusal) => refusal.into(),
    })
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
            Reply::from_error(&error)
        }
    }
}

fn missing() -> Reply {
    let text = "missing client certificate";
    Reply::refusal(&ErrorReport::bad_request(text), text)
}

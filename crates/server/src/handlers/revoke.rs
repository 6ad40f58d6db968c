//! `POST /revoke`: a certificate ends before its time.

use std::{panic::resume_unwind, sync::Arc};

use http::StatusCode;
use rung_api::body::{ErrorReport, RevokeRequest as Asked, Revoked, to_json};
use rung_authority::{
    Error, RevokeRequest, Revoker,
    presented::Presented,
    refusal::{Asker, RefusedRequest},
};
use rung_pki::{SerialNumber, crl::Reason};

use super::{renew, sign};
use crate::{
    http::{Call, Reply},
    refusals,
    state::{Generation, Shared},
};

/// `POST /revoke`, by a token or by the certificate itself.
pub async fn revoke(call: &Call<'_>, body: &[u8]) -> Reply {
    let asked = Asked::parse(body).map_err(|error| sign::malformed(&error));
    let ((serial, reason), asked) = match asked.and_then(|asked| Ok((prepare(&asked)?, asked))) {
        Ok(asked) => asked,
        Err(refusal) => {
            call.shared.refusals.count("request", call.id.as_str());
            return refusal;
        }
    };
    let holder = match renew::holder(call) {
        Ok(holder) => holder,
        Err(error) => {
            call.shared.refusals.count("certificate", call.id.as_str());
            return Reply::from_error(&error);
        }
    };
    let by = match holder {
        _ if !asked.ott.is_empty() => By::Token(asked.ott.into_owned()),
        Some(presented) => By::Holder(presented),
        None => {
            call.shared.refusals.count("certificate", call.id.as_str());
            return bad("missing ott or client certificate");
        }
    };
    let by_token = matches!(by, By::Token(_));
    let text = asked.reason.into_owned();
    let order = Order { serial, reason, text: text.clone(), by, request_id: call.id.as_str().to_owned() };
    // On a task of its own, which ends also when the client goes away: what is on record must be told at once.
    let task = tokio::spawn(see_through(call.shared.clone(), call.generation.clone(), order));
    let outcome = match task.await {
        Ok(outcome) => outcome,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(_) => return Reply::refusal(&ErrorReport::unavailable(), "the program ends"),
        },
    };
    match outcome {
        Ok(on_record) => {
            let mut reply = Reply::json(StatusCode::OK, to_json(&Revoked { status: "ok".into() }));
            reply.fields = vec![
                ("serial", serial.to_string().into()),
                ("reasonCode", reason.code().to_string().into()),
                ("reason", text.into()),
                ("on-record", on_record.to_string().into()),
                ("mTLS", (!by_token).to_string().into()),
            ];
            reply
        }
        Err(error) => Reply::from_error(&error),
    }
}

/// A revocation that was asked for, with nothing borrowed from the request.
struct Order {
    serial: SerialNumber,
    reason: Reason,
    text: String,
    by: By,
    request_id: String,
}

enum By {
    Holder(Presented),
    Token(String),
}

/// Revoke, and have it told; says whether the certificate was on record.
async fn see_through(shared: Arc<Shared>, generation: Arc<Generation>, order: Order) -> Result<bool, Error> {
    let by = match &order.by {
        By::Holder(presented) => Revoker::Holder(presented),
        By::Token(token) => Revoker::Token(token),
    };
    let (serial, reason, request_id) = (order.serial, order.reason, order.request_id.as_str());
    let asked = RevokeRequest { serial, reason, text: &order.text, by, request_id };
    match generation.authority.revoke(&asked).await {
        Ok(revoked) => {
            shared.revoked(revoked.serial(), &generation);
            Ok(revoked.was_on_record())
        }
        Err(error) => {
            let refused = RefusedRequest {
                operation: "revoke",
                by: match &order.by {
                    By::Holder(presented) => Asker::Holder(presented),
                    By::Token(token) => Asker::Token(token),
                },
                error: &error,
                key: None,
                serial: Some(&order.serial),
                request_id,
            };
            refusals::note(&shared, &generation, &refused).await;
            if let Error::Unavailable { .. } = error {
                // It may be on record all the same: the answers that are ready do not count any more.
                shared.ocsp.forget(&order.serial);
            }
            Err(error)
        }
    }
}

/// Check the shape of a request, in the order in which clients expect complaints.
fn prepare(asked: &Asked<'_>) -> Result<(SerialNumber, Reason), Reply> {
    if asked.serial.is_empty() {
        return Err(bad("missing serial"));
    }
    let serial = serial(&asked.serial).ok_or_else(|| {
        let shown: String = asked.serial.chars().take(64).collect();
        bad(&format!(
            "'{shown}' is not a valid serial number - use a base 10 representation or a base 16 representation with '0x' prefix"
        ))
    })?;
    // RFC 5280 §5.3.1: 7 is not used, and 8 takes a certificate off a list that it was put on for a while.
    let reason = match Reason::try_from(asked.reason_code) {
        Ok(Reason::RemoveFromCrl) => return Err(bad("the reason removeFromCRL (8) does not revoke anything")),
        Ok(reason) => reason,
        Err(_) => return Err(bad("reasonCode out of bounds")),
    };
    if asked.reason.chars().count() > LONGEST_REASON {
        return Err(bad(&format!("the reason has more than {LONGEST_REASON} characters")));
    }
    if !asked.passive {
        let reason = "only passive revocation is offered";
        return Err(Reply::refusal(&ErrorReport::not_implemented(), reason));
    }
    Ok((serial, reason))
}

/// A decimal number, or a hexadecimal one behind `0x`. A zero in front would make it octal in other programs.
fn serial(text: &str) -> Option<SerialNumber> {
    let is_octal = text.starts_with('0') && !text.starts_with("0x") && !text.starts_with("0X");
    if is_octal { None } else { text.parse().ok() }
}

fn bad(text: &str) -> Reply {
    Reply::refusal(&ErrorReport::bad_request(text), text.to_owned())
}

/// It goes into the audit record.
const LONGEST_REASON: usize = 256;

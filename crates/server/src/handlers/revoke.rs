//! `POST /revoke`: a certificate ends before its time.

use http::StatusCode;
use rung_api::body::{ErrorReport, RevokeRequest as Asked, Revoked, to_json};
use rung_authority::{RevokeRequest, Revoker};
use rung_pki::{SerialNumber, crl::Reason};

use super::{renew, sign};
use crate::http::{Call, Reply};

/// `POST /revoke`, by a token or by the certificate itself.
pub async fn revoke(call: &Call<'_>, body: &[u8]) -> Reply {
    let asked = match Asked::parse(body) {
        Ok(asked) => asked,
        Err(error) => return sign::malformed(&error),
    };
    let (serial, reason) = match prepare(&asked) {
        Ok(prepared) => prepared,
        Err(refusal) => return refusal,
    };
    let holder = match renew::holder(call) {
        Ok(holder) => holder,
        Err(error) => return Reply::from_error(&error),
    };
    let by = match &holder {
        _ if !asked.ott.is_empty() => Revoker::Token(&asked.ott),
        Some(presented) => Revoker::Holder(presented),
        None => return bad("missing ott or client certificate"),
    };
    let request = RevokeRequest { serial, reason, text: &asked.reason, by, request_id: call.id.as_str() };
    match call.generation.authority.revoke(&request).await {
        Ok(revoked) => {
            call.shared.revoked(revoked.serial(), call.generation);
            let mut reply = Reply::json(StatusCode::OK, to_json(&Revoked { status: "ok".into() }));
            reply.fields = vec![
                ("serial", serial.to_string().into()),
                ("reasonCode", reason.code().to_string().into()),
                ("reason", asked.reason.clone().into_owned().into()),
                ("on-record", revoked.was_on_record().to_string().into()),
                ("mTLS", asked.ott.is_empty().to_string().into()),
            ];
            reply
        }
        Err(error) => Reply::from_error(&error),
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

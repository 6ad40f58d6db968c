//! `POST /sign`: a token and a certificate request become a certificate.

use std::{borrow::Cow, sync::atomic::Ordering};

use base64::{Engine, engine::general_purpose::STANDARD};
use http::StatusCode;
use rung_api::body::{ErrorReport, Malformed, SignRequest};
use rung_authority::{
    Error,
    issue::Recorded,
    plan::WantedValidity,
    refusal::{Asker, RefusedRequest},
};
use rung_pki::{CertificateRequest, RequestError, SubjectAltName, VerifiedRequest};
use rung_spec::TimeOrDuration;

use crate::{
    http::{Call, Reply},
    log::rfc3339,
    refusals,
};

/// `POST /sign`.
pub async fn sign(call: &Call<'_>, body: &[u8]) -> Reply {
    let asked = SignRequest::parse(body).map_err(|error| malformed(&error));
    match asked.and_then(|asked| Ok((prepare(&asked)?, asked))) {
        Ok(((request, validity), asked)) => issue(call, &asked.ott, &request, validity).await,
        Err(refusal) => {
            call.shared.refusals.count("request", call.id.as_str());
            refusal
        }
    }
}

/// The answer to a body that is no request for a certificate.
pub(super) fn malformed(error: &Malformed) -> Reply {
    Reply::refusal(&ErrorReport::bad_request(error), format!("{error:?}"))
}

/// Check the shape of a request, in the order in which clients expect complaints.
pub(super) fn prepare(parsed: &SignRequest<'_>) -> Result<(VerifiedRequest, WantedValidity), Reply> {
    let bad = |text: &str, reason: String| Reply::refusal(&ErrorReport::bad_request(text), reason);
    let time = |text: &str| {
        TimeOrDuration::parse(text).map_err(|error| bad("error decoding json", format!("{text:?}: {error}")))
    };
    let validity = WantedValidity { not_before: time(&parsed.not_before)?, not_after: time(&parsed.not_after)? };
    let request = verified_request(&parsed.csr)?;
    if parsed.ott.is_empty() {
        return Err(bad("missing ott", "missing ott".to_owned()));
    }
    Ok((request, validity))
}

/// The certificate request, PEM, whose sender has shown that the key is theirs.
pub(super) fn verified_request(csr: &str) -> Result<VerifiedRequest, Reply> {
    let bad = |text: &str, reason: String| Reply::refusal(&ErrorReport::bad_request(text), reason);
    if csr.is_empty() {
        return Err(bad("missing csr", "missing csr".to_owned()));
    }
    let request = CertificateRequest::from_pem(csr.as_bytes())
        .map_err(|error| bad(&format!("error decoding json: {error}"), error.to_string()))?;
    request.verify().map_err(|error| match error {
        RequestError::WeakKey(weak) => Reply::refusal(&ErrorReport::forbidden(weak), weak.to_string()),
        // Its text begins with the words that clients know.
        RequestError::Signature | RequestError::SignatureAlgorithm(_) => bad(&error.to_string(), error.to_string()),
        other => bad(&format!("invalid csr: {other}"), other.to_string()),
    })
}

/// A certificate that was signed and not recorded never left; that is counted.
pub(super) fn count_unreleased(call: &Call<'_>, error: &Error) {
    if let Error::Unavailable { what, .. } = error
        && what == rung_authority::issue::NOT_RECORDED
    {
        call.shared.metrics.unreleased.fetch_add(1, Ordering::Relaxed);
    }
}

async fn issue(call: &Call<'_>, token: &str, request: &VerifiedRequest, validity: WantedValidity) -> Reply {
    let authority = &call.generation.authority;
    let metrics = &call.shared.metrics;
    if let Some(refused) = provisioner_is_over(call, token) {
        return refused;
    }
    let asked = rung_authority::SignRequest { request, token, validity, request_id: call.id.as_str() };
    match authority.sign(&asked).await {
        Ok(recorded) => {
            let provisioner = &recorded.provisioner().name;
            metrics.signed.count(provisioner, true);
            if let Some(rate) = call.generation.config.limits.per_provisioner {
                call.shared.limiter.issued(provisioner, rate);
            }
            answer(call, &recorded)
        }
        Err(error) => {
            count_unreleased(call, &error);
            metrics.signed.count("", false);
            let refused = RefusedRequest {
                operation: "sign",
                by: Asker::Token(token),
                error: &error,
                key: Some(request.public_key()),
                serial: None,
                request_id: call.id.as_str(),
            };
            refusals::note(call.shared, call.generation, &refused).await;
            Reply::from_error(&error)
        }
    }
}

/// The answer when the provisioner that a token names has issued too much of late. Only what was issued counts, so
/// that nobody uses a provisioner up with tokens that are none of its.
fn provisioner_is_over(call: &Call<'_>, token: &str) -> Option<Reply> {
    let rate = call.generation.config.limits.per_provisioner?;
    let provisioner = call.generation.authority.named_provisioner(token)?;
    let refused = call.shared.limiter.may_issue(&provisioner.name, rate).err()?;
    call.shared.refusals.count("limit", call.id.as_str());
    Some(Reply::too_much(refused))
}

/// The answer for a certificate that is on record.
pub(super) fn answer(call: &Call<'_>, recorded: &Recorded) -> Reply {
    call.shared.metrics.issuer_signatures.fetch_add(1, Ordering::Relaxed);
    let body = call.generation.published.sign_response.with(&recorded.certificate().to_pem());
    let mut reply = Reply::json(StatusCode::CREATED, body);
    if call.shared.log.logs_requests() {
        reply.fields = log_fields(recorded);
    }
    reply
}

/// What the log says about a certificate; the token is not among it.
fn log_fields(recorded: &Recorded) -> Vec<(&'static str, Cow<'static, str>)> {
    let certificate = recorded.certificate();
    let provisioner = recorded.provisioner();
    let credential = certificate.provisioner().map(|extension| extension.credential_id).unwrap_or_default();
    let name = |name: &rung_pki::DistinguishedName| name.common_name().unwrap_or_default().to_owned();
    vec![
        ("certificate", Cow::Owned(STANDARD.encode(certificate.der()))),
        ("issuer", Cow::Owned(name(certificate.issuer()))),
        ("provisioner", Cow::Owned(format!("{} ({credential})", provisioner.name))),
        ("public-key", Cow::Owned(recorded.key().to_string())),
        ("sans", Cow::Owned(sans(recorded.names()))),
        ("serial", Cow::Owned(certificate.serial().to_string())),
        ("subject", Cow::Owned(name(certificate.subject()))),
        ("valid-from", Cow::Owned(rfc3339(certificate.not_before()))),
        ("valid-to", Cow::Owned(rfc3339(certificate.not_after()))),
    ]
}

/// The names of a certificate as a JSON object of lists by kind.
fn sans(names: &[SubjectAltName]) -> String {
    let mut kinds: [(&str, Vec<String>); 4] = [("dns", vec![]), ("email", vec![]), ("ip", vec![]), ("uri", vec![])];
    for name in names {
        let kind = match name {
            SubjectAltName::Dns(_) => 0,
            SubjectAltName::Email(_) => 1,
            SubjectAltName::Ip(_) => 2,
            SubjectAltName::Uri(_) => 3,
        };
        kinds[kind].1.push(name.to_string());
    }
    let object: serde_json::Map<String, serde_json::Value> = kinds
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(kind, names)| (kind.to_owned(), names.into()))
        .collect();
    serde_json::Value::Object(object).to_string()
}

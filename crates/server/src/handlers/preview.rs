//! `POST /preview`: what `POST /sign` would do, without doing it.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::StatusCode;
use rung_api::body::{PreviewResponse, SignRequest, to_json};

use super::sign::{malformed, prepare};
use crate::http::{Call, Reply};

/// `POST /preview`. Whoever has a token learns from it what the token is good for, and no more than `POST /sign` tells.
pub async fn preview(call: &Call<'_>, body: &[u8]) -> Reply {
    let asked = SignRequest::parse(body).map_err(|error| malformed(&error));
    let ((request, validity), asked) = match asked.and_then(|asked| Ok((prepare(&asked)?, asked))) {
        Ok(asked) => asked,
        Err(refusal) => return refusal,
    };
    let asked =
        rung_authority::SignRequest { request: &request, token: &asked.ott, validity, request_id: call.id.as_str() };
    match call.generation.authority.preview(&asked).await {
        Ok(preview) => Reply::json(
            StatusCode::OK,
            to_json(&PreviewResponse {
                provisioner: preview.provisioner().to_owned(),
                certificate: STANDARD.encode(preview.certificate().der()),
                rules: preview.explanation().to_vec(),
            }),
        ),
        Err(error) => Reply::from_error(&error),
    }
}

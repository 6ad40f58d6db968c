//! The CA's own certificates: `/root/{sha}`, `/roots`, `/intermediates` and `/federation`.

use http::StatusCode;
use rung_api::body::{ErrorReport, Root, to_json};

use crate::http::{Call, Reply};

/// `GET /root/{sha}`: the root with that SHA-256, for clients that know nothing else yet.
pub fn root(call: &Call<'_>) -> Reply {
    let wanted: String =
        call.parameter.chars().filter(|character| *character != '-').collect::<String>().to_lowercase();
    match call.generation.published.root(&wanted) {
        Some(pem) => Reply::json(StatusCode::OK, to_json(&Root { ca: pem.to_owned() })),
        None => {
            let shown: String = wanted.chars().take(128).collect();
            let text = format!("root certificate with fingerprint {shown:?} was not found");
            Reply::refusal(&ErrorReport::not_found(&text), text)
        }
    }
}

/// `GET /roots`.
pub fn roots(call: &Call<'_>) -> Reply {
    Reply::json(StatusCode::CREATED, call.generation.published.roots.clone())
}

/// `GET /roots.pem`.
pub fn roots_pem(call: &Call<'_>) -> Reply {
    Reply::pem_file(call.generation.published.roots_pem.clone())
}

/// `GET /intermediates`.
pub fn intermediates(call: &Call<'_>) -> Reply {
    Reply::json(StatusCode::CREATED, call.generation.published.intermediates.clone())
}

/// `GET /intermediates.pem`.
pub fn intermediates_pem(call: &Call<'_>) -> Reply {
    Reply::pem_file(call.generation.published.intermediates_pem.clone())
}

/// `GET /federation`: the roots and those of the CAs that this one trusts.
pub fn federation(call: &Call<'_>) -> Reply {
    Reply::json(StatusCode::CREATED, call.generation.published.federation.clone())
}

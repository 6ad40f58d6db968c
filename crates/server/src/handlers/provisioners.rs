//! `/provisioners` and `/provisioners/{kid}/encrypted-key`.

use http::StatusCode;
use rung_api::body::{EncryptedKey, ErrorReport, to_json};

use crate::http::{Call, Reply};

/// `GET /provisioners`: a page of the provisioners, as anybody may see them.
pub fn list(call: &Call<'_>) -> Reply {
    let (mut cursor, mut limit) = (String::new(), String::new());
    for (name, value) in url::form_urlencoded::parse(call.query.unwrap_or_default().as_bytes()) {
        match &*name {
            "cursor" => cursor = value.into_owned(),
            "limit" => limit = value.into_owned(),
            _ => {}
        }
    }
    let wanted = match limit.parse::<i64>() {
        Ok(number) => usize::try_from(number).unwrap_or(0),
        Err(_) if limit.is_empty() => 0,
        Err(_) => {
            let shown: String = limit.chars().take(64).collect();
            let text = format!("limit '{shown}' is not an integer");
            return Reply::refusal(&ErrorReport::bad_request(&text), text);
        }
    };
    let generation = call.generation;
    let page = generation.listing.page(&cursor, wanted, &generation.providers.status());
    Reply::json(StatusCode::OK, to_json(&page))
}

/// `GET /provisioners/{kid}/encrypted-key`: the private key of a provisioner, under its password.
pub fn encrypted_key(call: &Call<'_>) -> Reply {
    match call.generation.listing.encrypted_key(call.parameter) {
        Some(key) => Reply::json(StatusCode::OK, to_json(&EncryptedKey { key: key.to_owned() })),
        None => Reply::refusal(&ErrorReport::not_found_plain(), "no provisioner has a stored key with that id"),
    }
}

//! `/provisioners` and `/provisioners/{kid}/encrypted-key`.

use http::StatusCode;
use rung_api::body::{EncryptedKey, ErrorReport, to_json};

use crate::http::{Call, Reply};

/// `GET /provisioners`: a page of the provisioners, as anybody may see them.
pub fn list(call: &Call<'_>) -> Reply {
    let Wanted { cursor, limit } = match Wanted::of(call.query) {
        Ok(wanted) => wanted,
        Err(text) => return Reply::refusal(&ErrorReport::bad_request(&text), text),
    };
    let generation = call.generation;
    let page = generation.listing.page(&cursor, limit, &generation.providers.status());
    Reply::json(StatusCode::OK, to_json(&page))
}

/// Which page of the provisioners is asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Where it begins.
    pub cursor: String,
    /// How many provisioners it has at most; zero leaves it to the server.
    pub limit: usize,
}

impl Wanted {
    /// Read a query; what it says twice counts as it is said last.
    ///
    /// # Errors
    /// What to tell whoever asked.
    pub fn of(query: Option<&str>) -> Result<Self, String> {
        let (mut cursor, mut limit) = (String::new(), String::new());
        for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            match &*name {
                "cursor" => cursor = value.into_owned(),
                "limit" => limit = value.into_owned(),
                _ => {}
            }
        }
        let limit = match limit.parse::<i64>() {
            Ok(number) => usize::try_from(number).unwrap_or(0),
            Err(_) if limit.is_empty() => 0,
            Err(_) => {
                let shown: String = limit.chars().take(64).collect();
                return Err(format!("limit '{shown}' is not an integer"));
            }
        };
        Ok(Self { cursor, limit })
    }
}

/// `GET /provisioners/{kid}/encrypted-key`: the private key of a provisioner, under its password.
pub fn encrypted_key(call: &Call<'_>) -> Reply {
    match call.generation.listing.encrypted_key(call.parameter) {
        Some(key) => Reply::json(StatusCode::OK, to_json(&EncryptedKey { key: key.to_owned() })),
        None => Reply::refusal(&ErrorReport::not_found_plain(), "no provisioner has a stored key with that id"),
    }
}

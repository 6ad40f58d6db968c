//! `GET /certificates`: a page of the certificates on record, for those who may see them.

use std::time::SystemTime;

use http::{StatusCode, header};
use rung_api::body::{CertificatePage, ErrorReport, to_json};
use rung_authority::{
    Error,
    inventory::Reader,
    refusal::{Asker, RefusedRequest},
};
use rung_spec::Database;
use rung_store::inventory::Inventory;

use super::renew;
use crate::{
    certificates::{Unreadable, Wanted},
    daemon::database_file,
    http::{Call, Reply},
    refusals,
};

/// So many look through the certificates at once; others wait their turn.
pub const AT_ONCE: usize = 1;

/// `GET /certificates`, by a client certificate with a name that the configuration lists.
pub async fn certificates(call: &Call<'_>) -> Reply {
    let reader = match reader(call).await {
        Ok(reader) => reader,
        Err(reply) => return *reply,
    };
    let now = call.shared.clock.now();
    let wanted = match wanted(call.query, now) {
        Ok(wanted) => wanted,
        Err(text) => return Reply::refusal(&ErrorReport::bad_request(&text), text),
    };
    // Readers are configured with a database alone.
    let Some(database) = call.generation.config.db.clone() else {
        let text = "no certificates are kept here";
        return Reply::refusal(&ErrorReport::not_found(text), text);
    };
    match search(call, database, wanted, now).await {
        Ok(page) => {
            let mut reply = Reply::json(StatusCode::OK, to_json(&page));
            reply.set(header::CACHE_CONTROL, "no-store");
            reply.fields = vec![
                ("reader", reader.name().to_owned().into()),
                ("certificates", page.certificates.len().to_string().into()),
            ];
            reply
        }
        Err(error) => Reply::from_error(&error),
    }
}

/// Who asks, if they may.
async fn reader(call: &Call<'_>) -> Result<Reader, Box<Reply>> {
    let (presented, refused) = match renew::holder(call) {
        Ok(Some(presented)) => {
            let readers = &call.generation.config.inventory_readers;
            match call.generation.authority.reader(&presented, readers).await {
                Ok(reader) => return Ok(reader),
                Err(error) => (Some(presented), error),
            }
        }
        Ok(None) => {
            call.shared.refusals.count("certificate", call.id.as_str());
            let text = "The request lacked necessary authorization to be completed: missing client certificate.";
            return Err(Box::new(Reply::refusal(&ErrorReport::unauthorized(text.to_owned()), text)));
        }
        Err(error) => (None, error),
    };
    let by = presented.as_ref().map_or(Asker::Anybody, Asker::Holder);
    let key = presented.as_ref().map(|presented| presented.key());
    let (error, request_id) = (&refused, call.id.as_str());
    let record = RefusedRequest { operation: "inventory", by, error, key, serial: None, request_id };
    refusals::note(call.shared, call.generation, &record).await;
    Err(Box::new(Reply::from_error(&refused)))
}

/// What is asked for. A filter that is not known would find too much, so that it is refused.
fn wanted(query: Option<&str>, now: SystemTime) -> Result<Wanted, String> {
    let mut wanted = Wanted::default();
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        let shown = |text: &str| text.chars().take(64).collect::<String>();
        wanted
            .set(&name, &value, now)
            .map_err(|Unreadable(text)| format!("invalid value '{}' for '{}': {text}", shown(&value), shown(&name)))?;
    }
    Ok(wanted)
}

async fn search(
    call: &Call<'_>,
    database: Database,
    wanted: Wanted,
    now: SystemTime,
) -> Result<CertificatePage, Error> {
    let unavailable = |source| Error::Unavailable { what: "the store does not answer".to_owned(), source };
    let _turn = call.shared.searches.acquire().await.map_err(|error| unavailable(error.into()))?;
    let search = move || -> Result<CertificatePage, Box<dyn std::error::Error + Send + Sync>> {
        Ok(wanted.page(&Inventory::open(&database_file(&database.data_source))?, now)?)
    };
    let found = tokio::task::spawn_blocking(search).await.map_err(|error| unavailable(error.into()))?;
    found.map_err(unavailable)
}

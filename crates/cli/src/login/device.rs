//! Logging in with a browser on another machine, by a short code (RFC 8628).

use std::time::Duration;

use rung_api::outbound::Problem;
use rung_api::printable;
use serde::Deserialize;
use url::Url;

use super::attempt::scope;
use super::token::{Reply, TokenReply};
use super::{IdToken, Login, LoginError, Ui};

/// Show the person where to enter which code, and ask the provider until they did.
pub(super) fn log_in(login: &Login, ui: &mut dyn Ui) -> Result<IdToken, LoginError> {
    let endpoint = login.metadata.device_authorization_endpoint.as_ref();
    let endpoint = endpoint.ok_or_else(|| LoginError::Token("it offers no device login".to_owned()))?;
    let scope = scope(&login.provider.scopes);
    let reply = login.post::<Grant>(endpoint, &[("scope", &scope)])?;
    let grant = reply.body;
    if let Some(error) = &grant.error {
        return Err(LoginError::refused(error, grant.error_description.as_deref()));
    }
    show(&grant, ui)?;
    poll(login, &grant)
}

fn show(grant: &Grant, ui: &mut dyn Ui) -> Result<(), LoginError> {
    let short = grant.verification_uri.as_deref().or(grant.verification_url.as_deref());
    let place = grant.verification_uri_complete.as_deref().or(short);
    let place: Url = place
        .and_then(|text| text.parse().ok())
        .filter(|url: &Url| matches!(url.scheme(), "http" | "https"))
        .ok_or_else(|| LoginError::Token("it does not say where to enter the code".to_owned()))?;
    if grant.device_code.is_empty() || grant.user_code.is_empty() {
        return Err(LoginError::Token("it holds no code".to_owned()));
    }
    let heading = match grant.verification_uri_complete {
        Some(_) => "Open this address in a browser, on any machine, and check that it shows the code below:",
        None => "Open this address in a browser, on any machine, and enter the code below:",
    };
    let code = format!("Code: {}", printable(&grant.user_code));
    for line in [heading, "", place.as_str(), "", &code, ""] {
        ui.line(line);
    }
    Ok(())
}

fn poll(login: &Login, grant: &Grant) -> Result<IdToken, LoginError> {
    let endpoint = login.metadata.token_endpoint()?;
    let fields = [("device_code", grant.device_code.as_str()), ("grant_type", DEVICE_CODE)];
    let limit = Duration::from_secs(grant.expires_in).min(LONGEST);
    let mut interval = Duration::from_secs(grant.interval.unwrap_or(5).clamp(1, 60));
    let mut waited = Duration::ZERO;
    while waited + interval <= limit {
        (login.clock.sleep)(interval);
        waited += interval;
        let reply = match login.post::<TokenReply>(endpoint, &fields) {
            Ok(reply) => reply,
            // RFC 8628 §3.5: a provider that is too slow is asked less often.
            Err(LoginError::Fetch(error)) if matches!(error.problem, Problem::TimedOut(_)) => {
                interval *= 2;
                continue;
            }
            Err(error) => return Err(error),
        };
        match reply.body.error() {
            Some("authorization_pending") => {}
            Some("slow_down") => interval += Duration::from_secs(5),
            Some("expired_token") => return Err(LoginError::TimedOut(limit)),
            _ => return Ok(login.accept(reply, None)?.0),
        }
    }
    Err(LoginError::TimedOut(limit))
}

/// What the device authorization endpoint answers.
#[derive(Deserialize)]
struct Grant {
    #[serde(default)]
    device_code: String,
    #[serde(default)]
    user_code: String,
    verification_uri: Option<String>,
    /// An older name of the same.
    verification_url: Option<String>,
    verification_uri_complete: Option<String>,
    #[serde(default)]
    expires_in: u64,
    interval: Option<u64>,
    error: Option<String>,
    error_description: Option<String>,
}

impl Reply for Grant {
    fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }
}

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Nobody is waited for longer than this.
const LONGEST: Duration = Duration::from_secs(15 * 60);

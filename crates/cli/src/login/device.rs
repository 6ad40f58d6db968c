//! Logging in with a browser on another machine, by a short code (RFC 8628).

use std::time::Duration;

use rung_api::outbound::{FetchError, FormReply, Problem};
use rung_api::printable;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::attempt::{parameter, scope};
use super::qr::Drawing;
use super::token::{Reply, TokenReply, Tokens};
use super::{Login, LoginError, Ui};

/// Ask the provider for a code to show.
pub(super) fn begin(login: &Login) -> Result<Grant, LoginError> {
    login.endpoints.token()?;
    let scope = scope(&login.provider.scopes);
    let mut fields = vec![("scope", scope.as_str())];
    for text in &login.provider.auth_params {
        fields.push(parameter(text)?);
    }
    let FormReply { status, body } = login.post::<GrantReply>(login.endpoints.device()?, &fields)?;
    if let Some(error) = body.error() {
        return Err(LoginError::refused(error, body.error_description.as_deref()));
    }
    if !(200..300).contains(&status) {
        return Err(LoginError::Token(format!("status {status} and no reason")));
    }
    body.try_into()
}

/// Show the person where to enter which code, and ask the provider until they did.
pub(super) fn finish(login: &Login, grant: &Grant, ui: &mut dyn Ui) -> Result<Tokens, LoginError> {
    show(login, grant, ui);
    poll(login, grant, ui)
}

/// RFC 8628 §3.3.1: the code is shown with the complete address, too, so that the person
/// can see that the page is about this login. No browser is opened: who is tricked into
/// confirming somebody else's login should at least have to look (§5.4).
fn show(login: &Login, grant: &Grant, ui: &mut dyn Ui) {
    let client = printable(&login.provider.client_id).into_owned();
    let (place, heading) = match &grant.complete {
        Some(complete) => {
            (complete, "Open this address in a browser, on any device, and check that it shows the code below:")
        }
        None => (&grant.place, "Open this address in a browser, on any device, and enter the code below:"),
    };
    let code = format!("Code: {}", printable(&grant.user_code));
    for line in [heading, "", place.as_str(), "", &code] {
        ui.line(line);
    }
    if grant.complete.is_some() {
        ui.line(&format!("To type both by hand, go to {}", grant.place));
    }
    ui.line("");
    if let Some(drawing) = Drawing::of(place.as_str()) {
        ui.drawing(&drawing);
    }
    let limit = super::error::minutes(grant.limit);
    ui.line(&format!("The page must be about the client `{client}`. Waiting for {limit} at most."));
}

fn poll(login: &Login, grant: &Grant, ui: &mut dyn Ui) -> Result<Tokens, LoginError> {
    let endpoint = login.endpoints.token()?;
    let fields = [("device_code", grant.device_code.as_str()), ("grant_type", DEVICE_CODE)];
    let mut interval = grant.interval;
    let mut wait = interval;
    let mut left = grant.limit;
    let mut trouble = None;
    while wait <= left {
        left = pause(login, wait, left, ui);
        let reply = match login.post::<TokenReply>(endpoint, &fields) {
            Ok(reply) => reply,
            // RFC 8628 §3.5: a provider in trouble is asked less often.
            Err(LoginError::Fetch(error)) if may_pass(&error) => {
                wait = (wait * 2).min(SLOWEST.max(interval));
                trouble = Some(error);
                continue;
            }
            Err(error) => return Err(error),
        };
        trouble = None;
        match reply.body.error() {
            Some("authorization_pending") => {}
            // It counts for all questions that follow.
            Some("slow_down") => interval += SLOWER,
            Some("expired_token") => return Err(LoginError::TimedOut(grant.limit)),
            _ => {
                ui.progress("");
                return Ok(login.accept(reply, None)?.0);
            }
        }
        wait = interval;
    }
    ui.progress("");
    Err(trouble.map_or(LoginError::TimedOut(grant.limit), LoginError::Fetch))
}

/// Wait for `interval` and show how much time is left; what is left then.
fn pause(login: &Login, interval: Duration, mut left: Duration, ui: &mut dyn Ui) -> Duration {
    for _ in 0..interval.as_secs() {
        ui.progress(&super::left("login", left));
        (login.clock.sleep)(SECOND);
        left = left.saturating_sub(SECOND);
    }
    left
}

/// Whether asking again may help.
fn may_pass(error: &FetchError) -> bool {
    match error.problem {
        Problem::TimedOut(_) | Problem::Unreachable(_) => true,
        Problem::Status(status) => status == 429 || status >= 500,
        Problem::Insecure(_)
        | Problem::NotJson { .. }
        | Problem::Redirected(_)
        | Problem::TooLarge(_)
        | Problem::Tls { .. } => false,
    }
}

/// A login by code that the provider has begun.
pub(super) struct Grant {
    device_code: zeroize::Zeroizing<String>,
    user_code: String,
    /// Where the code is typed.
    place: Url,
    /// The same with the code in it.
    complete: Option<Url>,
    limit: Duration,
    interval: Duration,
}

/// What the device authorization endpoint answers.
#[derive(Deserialize)]
struct GrantReply {
    #[serde(default)]
    device_code: String,
    #[serde(default)]
    user_code: String,
    verification_uri: Option<String>,
    /// An older name of the same.
    verification_url: Option<String>,
    verification_uri_complete: Option<String>,
    /// Numbers; some providers write them as text.
    expires_in: Option<Value>,
    interval: Option<Value>,
    error: Option<String>,
    error_description: Option<String>,
}

impl Reply for GrantReply {
    fn error(&self) -> Option<&str> {
        self.error.as_deref().filter(|error| !error.is_empty())
    }
}

impl TryFrom<GrantReply> for Grant {
    type Error = LoginError;

    fn try_from(reply: GrantReply) -> Result<Self, LoginError> {
        let address = |text: &String| {
            text.parse().ok().filter(|url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host())
        };
        let complete = reply.verification_uri_complete.as_ref().and_then(address);
        let place = reply.verification_uri.as_ref().or(reply.verification_url.as_ref()).and_then(address);
        let place = place.or_else(|| complete.clone());
        let place = place.ok_or_else(|| LoginError::Token("it does not say where to enter the code".to_owned()))?;
        if reply.device_code.is_empty() || reply.user_code.is_empty() {
            return Err(LoginError::Token("it holds no code".to_owned()));
        }
        let limit = seconds(reply.expires_in.as_ref()).map_or(LONGEST, |limit| limit.min(LONGEST));
        // RFC 8628 §3.2: five seconds when nothing is said.
        let interval = seconds(reply.interval.as_ref()).unwrap_or(SLOWER).clamp(SECOND, SLOWEST);
        let device_code = zeroize::Zeroizing::new(reply.device_code);
        Ok(Self { device_code, user_code: reply.user_code, place, complete, limit, interval })
    }
}

fn seconds(value: Option<&Value>) -> Option<Duration> {
    let seconds = match value? {
        Value::Number(number) => number.as_u64()?,
        Value::String(text) => text.parse().ok()?,
        _ => return None,
    };
    Some(Duration::from_secs(seconds))
}

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Nobody is waited for longer than this: a short life is what protects the code.
const LONGEST: Duration = Duration::from_secs(15 * 60);

const SECOND: Duration = Duration::from_secs(1);

/// RFC 8628 §3.5: what `slow_down` adds to the interval.
const SLOWER: Duration = Duration::from_secs(5);

const SLOWEST: Duration = Duration::from_secs(60);

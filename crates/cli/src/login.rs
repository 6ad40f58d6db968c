//! The login at an OpenID Connect identity provider: from a provisioner to an id token.
//!
//! A browser on this machine is sent to the provider and comes back to a listener on
//! loopback ([`callback`]). With `console`, the person uses a browser elsewhere: by a short
//! code where the provider offers that ([`device`], RFC 8628), else by pasting the address
//! that they were sent back to ([`paste`]).

mod attempt;
mod browser;
mod callback;
mod claims;
mod device;
mod listen;
mod page;
mod paste;
mod token;

use std::io;
use std::time::{Duration, SystemTime};

use rung_api::oidc::{self, Metadata, OidcError};
use rung_api::outbound::{FetchError, Fetcher};
use rung_api::printable;
use zeroize::Zeroizing;

use attempt::Attempt;
use listen::Listening;

pub use listen::ListenError;

/// The identity provider, as the provisioner describes it.
#[derive(Clone, Default)]
pub struct Provider {
    /// The issuer, or the address of its discovery document.
    pub configuration_endpoint: String,
    /// Our id at the provider.
    pub client_id: String,
    /// Our secret at the provider; empty for a public client.
    pub client_secret: String,
    /// The scopes to ask for; `openid email` when empty.
    pub scopes: Vec<String>,
    /// `key=value` pairs to add to the authorization URL.
    pub auth_params: Vec<String>,
    /// Where to listen; any port of 127.0.0.1 when empty.
    pub listen_address: String,
    /// The tenant, for a provider that serves several.
    pub tenant_id: String,
}

/// How this login is to happen.
#[derive(Clone)]
pub struct Options {
    /// Log in with a browser on another machine.
    pub console: bool,
    /// Where to listen; goes before the provisioner's address.
    pub listen: Option<String>,
    /// The redirect URI, where it is not the address that is listened on.
    pub listen_url: Option<String>,
    /// Whether a browser may be opened.
    pub open_browser: bool,
    /// How long to wait for the person.
    pub time_limit: Duration,
    /// Where the time comes from.
    pub clock: Clock,
}

impl Options {
    /// Log in with a browser on this machine, within two minutes.
    pub fn new(clock: Clock) -> Self {
        let time_limit = Duration::from_secs(120);
        Self { console: false, listen: None, listen_url: None, open_browser: true, time_limit, clock }
    }
}

/// Time, for the expiry of tokens and the pace of asking.
#[derive(Clone, Copy)]
pub struct Clock {
    /// What time it is.
    pub now: fn() -> SystemTime,
    /// Wait.
    pub sleep: fn(Duration),
}

/// Talks with the person.
pub trait Ui {
    /// Show a line.
    fn line(&mut self, text: &str);
    /// Ask for a line of text.
    fn paste(&mut self, prompt: &str) -> io::Result<String>;
}

/// An id token. Its signature is not verified: that is the CA's part.
pub type IdToken = Zeroizing<String>;

/// Log in at `provider` and return the id token.
pub fn id_token(provider: &Provider, options: &Options, ui: &mut dyn Ui) -> Result<IdToken, LoginError> {
    let fetcher = Fetcher::default();
    let metadata = oidc::fetch_metadata(&fetcher, &provider.configuration_endpoint, &provider.tenant_id)?;
    let login = Login { fetcher, metadata, provider: provider.clone(), clock: options.clock };
    if options.console && login.metadata.device_authorization_endpoint.is_some() {
        return device::log_in(&login, ui);
    }
    let address = options.listen.as_deref().unwrap_or(&provider.listen_address);
    if options.console {
        let redirect_uri = listen::redirect_elsewhere(address, options.listen_url.as_deref())?;
        return paste::log_in(&login, Attempt::new(&login, redirect_uri)?, ui);
    }
    let listening = Listening::bind(address, options.listen.is_some(), options.listen_url.as_deref())?;
    let attempt = Attempt::new(&login, listening.redirect_uri.clone())?;
    invite(&attempt, options, ui);
    callback::wait(login, attempt, listening, options.time_limit, ui)
}

/// Show the address and open it if that is possible.
fn invite(attempt: &Attempt, options: &Options, ui: &mut dyn Ui) {
    let url = attempt.url.as_str();
    let environment = browser::Environment::of_this_process();
    if !options.open_browser || environment.forbids() {
        return ui.line(url);
    }
    let heading = if browser::open(url, &environment) {
        "Your default web browser has been opened to visit:"
    } else if environment.is_remote() {
        "This is a remote session. Use --console if your browser is on another machine, or visit here:"
    } else {
        "Open a local web browser and visit:"
    };
    for line in [heading, "", url, ""] {
        ui.line(line);
    }
}

/// One login: whom we ask and with what.
struct Login {
    fetcher: Fetcher,
    metadata: Metadata,
    provider: Provider,
    clock: Clock,
}

/// Why a login failed; the text is one line for a person.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The provisioner's settings cannot be used.
    #[error("the provisioner's `authParams` hold `{0}`, which {1}")]
    AuthParam(String, &'static str),
    /// The provider's metadata cannot be had or used.
    #[error(transparent)]
    Discovery(#[from] OidcError),
    /// The provider did not answer.
    #[error("the login could not be finished: {0}")]
    Fetch(#[from] FetchError),
    /// The listener could not be set up.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The answer is from another provider than the one that was asked.
    #[error("the answer came from `{found}` instead of `{expected}`; the login was stopped, as it may be an attack")]
    MixUp {
        /// Who was asked.
        expected: String,
        /// Who answered.
        found: String,
    },
    /// No login could be read from the terminal.
    #[error("no login address was entered: {0}")]
    Paste(String),
    /// The provider said no.
    #[error("the identity provider refused the login: {}", describe(.error, .description))]
    Refused {
        /// The code of the reason.
        error: String,
        /// The reason in words; may be empty.
        description: String,
    },
    /// Nobody logged in.
    #[error("nobody logged in within {}: run the command again", minutes(*.0))]
    TimedOut(Duration),
    /// The id token is missing or not for us.
    #[error("the identity provider's answer cannot be used: {0}")]
    Token(String),
}

impl LoginError {
    fn refused(error: &str, description: Option<&str>) -> Self {
        let short = |text: &str| printable(&text.chars().take(LONGEST_REASON).collect::<String>()).into_owned();
        Self::Refused { error: short(error), description: short(description.unwrap_or_default()) }
    }
}

fn describe(error: &str, description: &str) -> String {
    match (error, description) {
        (error, "") => error.to_owned(),
        (error, description) => format!("{description} ({error})"),
    }
}

fn minutes(duration: Duration) -> String {
    match duration.as_secs() {
        60 => "a minute".to_owned(),
        seconds if seconds >= 60 && seconds % 60 == 0 => format!("{} minutes", seconds / 60),
        _ => format!("{duration:?}"),
    }
}

/// Characters of a provider's reason that are shown.
const LONGEST_REASON: usize = 400;

#[cfg(test)]
mod tests;

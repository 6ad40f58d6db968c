//! The login at an OpenID Connect or OAuth provider: from a provisioner to an id token, or
//! from addresses to whatever tokens the provider gives.
//!
//! A browser on this machine is sent to the provider and comes back to a listener on
//! loopback ([`callback`]). Where there is no browser, the person uses one elsewhere: by a
//! short code where the provider offers that ([`device`], RFC 8628), else by pasting the
//! address that they were sent back to, or the code that a page shows ([`paste`]). Which of
//! these it is, is decided in [`way`].

mod attempt;
mod browser;
mod callback;
mod claims;
mod device;
mod endpoints;
mod environment;
mod error;
mod listen;
mod page;
mod paste;
mod qr;
mod token;
mod way;

use std::io;
use std::time::{Duration, SystemTime};

use rung_api::outbound::Fetcher;
use url::Url;
use zeroize::Zeroizing;

use attempt::Attempt;
use environment::Environment;
use listen::Listening;
use way::{Decision, Facts, Flow, decide};

pub use endpoints::Endpoints;
pub use error::LoginError;
pub use listen::{ListenError, check_listen, check_listen_url};
pub use qr::Drawing;
pub use token::{Need, Tokens};
pub use way::Way;

/// The identity provider, as the provisioner describes it.
#[derive(Clone, Default)]
pub struct Provider {
    /// The issuer, or the address of its discovery document.
    pub configuration_endpoint: String,
    /// Its endpoints where they are known, so that nothing has to be discovered.
    pub endpoints: Option<Endpoints>,
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
    /// Which way to log in.
    pub way: Way,
    /// Where to listen; goes before the provisioner's address.
    pub listen: Option<String>,
    /// The redirect URI, where it is not the address that is listened on.
    pub listen_url: Option<String>,
    /// Where the browser goes after a login that worked, instead of a page of ours.
    pub after: Option<Url>,
    /// Whether a browser may be opened.
    pub open_browser: bool,
    /// The browser to open, as `$BROWSER` would name it; on macOS the name of an application.
    pub browser: Option<String>,
    /// Whether the refresh token is going to be used.
    pub will_refresh: bool,
    /// How long to wait for the person.
    pub time_limit: Duration,
    /// Where the time comes from.
    pub clock: Clock,
}

impl Options {
    /// Log in the way that fits, within two minutes.
    pub fn new(clock: Clock) -> Self {
        let time_limit = Duration::from_secs(120);
        let (way, open_browser) = (Way::Auto, true);
        let (listen, listen_url, after, browser, will_refresh) = (None, None, None, None, false);
        Self { way, listen, listen_url, after, open_browser, browser, will_refresh, time_limit, clock }
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
    /// Whether there is somebody who can be asked.
    fn can_ask(&self) -> bool;
    /// Show a drawing if there is a place for it.
    fn drawing(&mut self, drawing: &Drawing);
    /// Show how it goes, until the next text takes its place.
    fn progress(&mut self, text: &str);
}

/// An id token. Its signature is not verified: that is the CA's part.
pub type IdToken = Zeroizing<String>;

/// Log in at `provider` and return the id token.
pub fn id_token(provider: &Provider, options: &Options, ui: &mut dyn Ui) -> Result<IdToken, LoginError> {
    Ok(tokens(provider, Need::IdToken, options, ui)?.id_token)
}

/// Log in at `provider` and return the tokens that it gives.
pub fn tokens(provider: &Provider, need: Need, options: &Options, ui: &mut dyn Ui) -> Result<Tokens, LoginError> {
    log_in(Login::new(provider, need, options)?, options, ui)
}

/// Get new tokens without a person, for the refresh token of an earlier login.
pub fn tokens_again(
    provider: &Provider,
    need: Need,
    options: &Options,
    refresh_token: &str,
) -> Result<Tokens, LoginError> {
    Login::new(provider, need, options)?.refresh(refresh_token)
}

/// Get tokens without a person, for an assertion that the client signed (RFC 7523).
pub fn tokens_for_assertion(endpoint: &Url, assertion: &str) -> Result<Tokens, LoginError> {
    let fields = [("assertion", assertion), ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")];
    token::read(Fetcher::default().post_form(endpoint, &fields, None)?)
}

fn log_in(login: Login, options: &Options, ui: &mut dyn Ui) -> Result<Tokens, LoginError> {
    let environment = Environment::of_this_process();
    let openers = environment.openers("", options.browser.as_deref());
    let facts = Facts {
        way: options.way,
        offers_device: login.endpoints.device.is_some(),
        may_open: options.open_browser && !environment.forbids(),
        has_opener: openers.iter().any(|words| browser::is_there(words)),
        listens: options.listen.is_some(),
        can_ask: ui.can_ask(),
        obstacle: environment.obstacle(),
    };
    let Decision { flow, otherwise, said } = decide(&facts);
    if let Some(said) = said {
        ui.line(&said);
    }
    if flow != Flow::Device {
        return login.go(flow, &environment, options, ui);
    }
    match (device::begin(&login), otherwise) {
        (Ok(grant), _) => device::finish(&login, &grant, ui),
        // Providers offer it to all and allow it to some.
        (Err(error), Some(next)) if error.is_an_answer() => {
            ui.line(&format!("The provider allows this client no login by code: {error}."));
            login.go(next, &environment, options, ui)
        }
        (Err(error), _) => Err(error),
    }
}

/// One login: whom we ask and with what.
struct Login {
    fetcher: Fetcher,
    endpoints: Endpoints,
    provider: Provider,
    need: Need,
    after: Option<Url>,
    will_refresh: bool,
    clock: Clock,
}

impl Login {
    fn new(provider: &Provider, need: Need, options: &Options) -> Result<Self, LoginError> {
        let mut provider = provider.clone();
        // Without it there is no id token.
        let without = !provider.scopes.is_empty() && !provider.scopes.iter().any(|scope| scope == "openid");
        if need == Need::IdToken && without {
            provider.scopes.insert(0, "openid".to_owned());
        }
        let fetcher = Fetcher::default();
        let endpoints = match &provider.endpoints {
            Some(endpoints) => endpoints.clone(),
            None => Endpoints::discover(&fetcher, &provider)?,
        };
        let (after, will_refresh, clock) = (options.after.clone(), options.will_refresh, options.clock);
        Ok(Self { fetcher, endpoints, provider, need, after, will_refresh, clock })
    }

    /// Log in one way.
    fn go(
        self,
        flow: Flow,
        environment: &Environment,
        options: &Options,
        ui: &mut dyn Ui,
    ) -> Result<Tokens, LoginError> {
        let address = options.listen.as_deref().unwrap_or(&self.provider.listen_address);
        let listen_url = options.listen_url.as_deref();
        match flow {
            Flow::Device => device::finish(&self, &device::begin(&self)?, ui),
            Flow::OutOfBand => paste::out_of_band(&self, Attempt::new(&self, OUT_OF_BAND.to_owned(), flow)?, ui),
            Flow::Paste => {
                let redirect_uri = listen::redirect_elsewhere(address, listen_url)?;
                paste::log_in(&self, Attempt::new(&self, redirect_uri, flow)?, ui)
            }
            Flow::Implicit { open } | Flow::Loopback { open } => {
                let listening = self.listen(address, options, ui)?;
                let attempt = Attempt::new(&self, listening.redirect_uri.clone(), flow)?;
                invite(&attempt, open.then_some(environment), options, ui);
                callback::wait(self, attempt, listening, options.time_limit, ui)
            }
        }
    }
}

impl Login {
    /// Listen on `address`. Where the provider allows one port only, logins take turns.
    fn listen(&self, address: &str, options: &Options, ui: &mut dyn Ui) -> Result<Listening, LoginError> {
        let mut waited = Duration::ZERO;
        loop {
            let listening = Listening::bind(address, options.listen.is_some(), options.listen_url.as_deref());
            match listening {
                // Who names the port for this command can name another.
                Err(error) if error.may_pass() && options.listen.is_none() && waited < options.time_limit => {
                    if waited.is_zero() {
                        ui.line(&format!(
                            "{address} is taken, perhaps by a login in another terminal. Waiting for it to end \
                             (--listen takes another address, --console needs none)."
                        ));
                    }
                    (self.clock.sleep)(TURN);
                    waited += TURN;
                }
                result => return Ok(result?),
            }
        }
    }
}

/// Show the address and open it if that is possible.
fn invite(attempt: &Attempt, opener: Option<&Environment>, options: &Options, ui: &mut dyn Ui) {
    let url = attempt.url.as_str();
    let Some(environment) = opener else {
        // Scripts read the address, and look for nothing else.
        if ui.can_ask() {
            ui.line("Open this address in a browser on this machine:");
            ui.line("");
        }
        return ui.line(url);
    };
    let heading = if browser::open(&environment.openers(url, options.browser.as_deref())) {
        "Your default web browser has been opened to visit:"
    } else {
        "Open a local web browser and visit (--console is for one on another device):"
    };
    for line in [heading, "", url, ""] {
        ui.line(line);
    }
}

/// How much time is left, for a person who waits.
fn left(what: &str, left: Duration) -> String {
    let seconds = left.as_secs();
    format!("Waiting for the {what} … {}:{:02} left", seconds / 60, seconds % 60)
}

/// How often is looked whether it is our turn.
const TURN: Duration = Duration::from_millis(250);

/// Where a provider shows the code instead of sending the browser somewhere.
const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";

#[cfg(test)]
mod tests;

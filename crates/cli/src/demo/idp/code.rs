//! Logins under way, and the codes that stand for them.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use rung_pki::{Random, RandomError, SystemRandom, jose::base64url};
use url::Url;

use super::value;

/// What a client asked for when it sent somebody here to log in.
#[derive(Debug, Clone)]
pub(super) struct Login {
    pub(super) client: String,
    pub(super) redirect: Url,
    pub(super) state: String,
    pub(super) nonce: String,
    challenge: String,
}

/// The codes that were given out and not yet exchanged.
#[derive(Default)]
pub(super) struct Codes {
    open: HashMap<String, (Login, String, SystemTime)>,
}

/// The one client there is.
const CLIENT: &str = "rung";
/// A code is good for this long.
const LIFETIME: Duration = Duration::from_secs(60);
/// So many logins are never under way at once.
const MOST: usize = 100;

impl Login {
    /// Check an authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3, RFC 8252 §7.3).
    pub(super) fn from_request(query: &[(String, String)]) -> Result<Self, &'static str> {
        if value(query, "client_id") != CLIENT {
            return Err("The client is unknown.");
        }
        if value(query, "response_type") != "code" || value(query, "code_challenge_method") != "S256" {
            return Err("Only the authorization code flow with PKCE (S256) is supported.");
        }
        let redirect = Url::parse(value(query, "redirect_uri")).map_err(|_| "The redirect address is not a URL.")?;
        if redirect.scheme() != "http" || !matches!(redirect.host_str(), Some("127.0.0.1" | "[::1]" | "localhost")) {
            return Err("The redirect address is not on this machine.");
        }
        let text = |name| value(query, name).to_owned();
        Ok(Self {
            client: CLIENT.to_owned(),
            redirect,
            state: text("state"),
            nonce: text("nonce"),
            challenge: text("code_challenge"),
        })
    }
}

impl Codes {
    pub(super) fn issue(&mut self, login: Login, user: &str, now: SystemTime) -> Result<String, RandomError> {
        self.open.retain(|_, (_, _, end)| *end > now);
        if self.open.len() >= MOST {
            self.open.clear();
        }
        let mut octets = [0; 32];
        SystemRandom.fill(&mut octets)?;
        let code = base64url(octets);
        self.open.insert(code.clone(), (login, user.to_owned(), now + LIFETIME));
        Ok(code)
    }

    /// Take a code back; it works once, for whoever started the login.
    pub(super) fn redeem(
        &mut self,
        form: &[(String, String)],
        now: SystemTime,
    ) -> Result<(Login, String), &'static str> {
        let (login, user, end) =
            self.open.remove(value(form, "code")).ok_or("the code is unknown or was used before")?;
        if end <= now {
            return Err("the code has expired");
        }
        if value(form, "grant_type") != "authorization_code" || value(form, "client_id") != login.client {
            return Err("the code belongs to another client");
        }
        if Url::parse(value(form, "redirect_uri")).ok().as_ref() != Some(&login.redirect) {
            return Err("the redirect address is another one");
        }
        let verifier = rung_pki::sha256(value(form, "code_verifier").as_bytes());
        if base64url(verifier) != login.challenge {
            return Err("the code verifier does not belong to the code challenge");
        }
        Ok((login, user))
    }
}

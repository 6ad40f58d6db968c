//! One attempt with the authorization code flow: its secrets, its URL, and what an answer
//! to it is worth.

use std::collections::BTreeMap;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rung_api::printable;
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use super::token::{TokenReply, Tokens};
use super::way::Flow;
use super::{Login, LoginError};

/// What is remembered between sending a person away and their coming back.
pub(super) struct Attempt {
    /// Where the person logs in.
    pub(super) url: Url,
    /// Where they come back to.
    pub(super) redirect_uri: String,
    /// Goes into the id token.
    pub(super) nonce: Option<String>,
    /// Proves that the code is ours (RFC 7636).
    pub(super) verifier: Zeroizing<String>,
    /// How the tokens come.
    pub(super) response: Response,
    state: String,
    issuer: Option<String>,
    issuer_in_response: bool,
}

/// What the browser brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Response {
    /// A code.
    Code,
    /// The tokens themselves.
    Tokens,
}

/// What an answer is worth.
pub(super) enum Verdict {
    /// A code to exchange.
    Code(Zeroizing<String>),
    /// The end of the attempt.
    Failed(LoginError),
    /// Not an answer to this attempt; it changes nothing.
    NotOurs,
    /// The tokens themselves, still to be checked.
    Tokens(Box<Tokens>),
}

impl Attempt {
    pub(super) fn new(login: &Login, redirect_uri: String, flow: Flow) -> Result<Self, LoginError> {
        let response = match flow {
            Flow::Implicit { .. } => Response::Tokens,
            Flow::Device | Flow::Loopback { .. } | Flow::OutOfBand | Flow::Paste => Response::Code,
        };
        let (state, verifier) = (random(), Zeroizing::new(random()));
        // Some providers repeat it in every id token of a refresh, which an authority takes
        // for a replay. Where PKCE binds the code it can be left out (RFC 9700 §2.1.1).
        let without = login.will_refresh && login.endpoints.binds_codes && response == Response::Code;
        let nonce = (!without).then(random);
        let url = Question {
            redirect_uri: &redirect_uri,
            state: &state,
            nonce: nonce.as_deref(),
            verifier: &verifier,
            response,
        };
        let url = url.to(login)?;
        let issuer = login.endpoints.issuer.clone();
        let issuer_in_response = login.endpoints.issuer_in_response;
        Ok(Self { url, redirect_uri, nonce, verifier, response, state, issuer, issuer_in_response })
    }

    /// Judge the query of the address that a browser came back to.
    pub(super) fn judge(&self, query: &str) -> Verdict {
        let Some(answer) = parameters(query) else { return Verdict::NotOurs };
        let parameter = |name: &str| answer.get(name).map(|value| value.as_str()).filter(|value| !value.is_empty());
        // Nothing else is believed before this: anybody can send a browser here.
        if !self.is_ours(parameter("state").unwrap_or_default()) {
            return Verdict::NotOurs;
        }
        // RFC 9207 §2.4: compared before the rest is acted on.
        match (parameter("iss"), &self.issuer) {
            (Some(found), Some(issuer)) if found != issuer => return Verdict::Failed(self.mix_up(found)),
            (None, Some(_)) if self.issuer_in_response => return Verdict::Failed(self.mix_up("nobody")),
            _ => {}
        }
        if let Some(error) = parameter("error") {
            return Verdict::Failed(LoginError::refused(error, parameter("error_description")));
        }
        let text = |name: &str| parameter(name).map(str::to_owned);
        match (self.response, parameter("code")) {
            (Response::Code, Some(code)) => Verdict::Code(Zeroizing::new(code.to_owned())),
            (Response::Code, None) => Verdict::Failed(LoginError::Token(NOTHING.to_owned())),
            (Response::Tokens, _) => {
                let (access_token, id_token) = (text("access_token"), text("id_token"));
                let (token_type, scope) = (text("token_type"), text("scope"));
                let expires_in = text("expires_in").map(Into::into);
                let all = TokenReply { access_token, id_token, expires_in, token_type, scope, ..TokenReply::default() };
                all.try_into().map_or_else(Verdict::Failed, |tokens| Verdict::Tokens(Box::new(tokens)))
            }
        }
    }

    /// Judge a code and a state that were copied from a page.
    pub(super) fn judge_code(&self, code: &str, state: &str) -> Verdict {
        match self.is_ours(state) {
            true => Verdict::Code(Zeroizing::new(code.to_owned())),
            false => Verdict::NotOurs,
        }
    }

    fn is_ours(&self, state: &str) -> bool {
        verify_slices_are_equal(state.as_bytes(), self.state.as_bytes()).is_ok()
    }

    fn mix_up(&self, found: &str) -> LoginError {
        let found = printable(&found.chars().take(200).collect::<String>()).into_owned();
        let expected = printable(self.issuer.as_deref().unwrap_or_default()).into_owned();
        LoginError::MixUp { expected, found }
    }
}

/// The parameters of a query; none if one of ours is there twice (RFC 6749 §3.1).
fn parameters(query: &str) -> Option<BTreeMap<String, Zeroizing<String>>> {
    let mut all = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if KNOWN.contains(&&*name) && all.insert(name.into_owned(), Zeroizing::new(value.into_owned())).is_some() {
            return None;
        }
    }
    Some(all)
}

/// What is asked of the authorization endpoint.
struct Question<'a> {
    redirect_uri: &'a str,
    state: &'a str,
    nonce: Option<&'a str>,
    verifier: &'a str,
    response: Response,
}

impl Question<'_> {
    fn to(&self, login: &Login) -> Result<Url, LoginError> {
        let mut url = login.endpoints.authorization()?.clone();
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, self.verifier.as_bytes()));
        let scope = scope(&login.provider.scopes);
        let mut pairs = vec![
            ("client_id", login.provider.client_id.as_str()),
            ("redirect_uri", self.redirect_uri),
            ("scope", &scope),
            ("state", self.state),
        ];
        pairs.extend(self.nonce.map(|nonce| ("nonce", nonce)));
        match self.response {
            Response::Code => pairs.extend([
                ("code_challenge", challenge.as_str()),
                ("code_challenge_method", "S256"),
                ("response_type", "code"),
            ]),
            Response::Tokens => pairs.push(("response_type", "id_token token")),
        }
        for text in &login.provider.auth_params {
            pairs.push(parameter(text)?);
        }
        pairs.sort();
        url.query_pairs_mut().extend_pairs(pairs);
        Ok(url)
    }
}

/// Take an extra parameter, `key=value`, apart.
pub(super) fn parameter(text: &str) -> Result<(&str, &str), LoginError> {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    let wrong = |why| LoginError::AuthParam(printable(text).into_owned(), why);
    if name.is_empty() {
        return Err(wrong("it is not of the form key=value"));
    }
    if OURS.contains(&name) || (name == "response_mode" && value != "query") {
        return Err(wrong("the login itself decides about that"));
    }
    Ok((name, value))
}

/// The scopes to ask for.
pub(super) fn scope(configured: &[String]) -> String {
    if configured.is_empty() { "openid email".to_owned() } else { configured.join(" ") }
}

/// 256 random bits in the characters that every parameter may hold (RFC 7636 §4.1).
fn random() -> String {
    let mut octets = Zeroizing::new([0; 32]);
    aws_lc_rs::rand::fill(&mut *octets).expect("the system's random numbers do not run out");
    URL_SAFE_NO_PAD.encode(*octets)
}

/// What an answer may hold; other parameters mean nothing.
const KNOWN: [&str; 10] = [
    "access_token",
    "code",
    "error",
    "error_description",
    "expires_in",
    "id_token",
    "iss",
    "scope",
    "state",
    "token_type",
];

/// What nobody else may say in a request.
const OURS: [&str; 10] = [
    "client_id",
    "client_secret",
    "code_challenge",
    "code_challenge_method",
    "device_code",
    "nonce",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
];

const NOTHING: &str = "it holds neither a code nor an error";

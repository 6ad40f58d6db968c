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

use super::{Login, LoginError};

/// What is remembered between sending a person away and their coming back.
pub(super) struct Attempt {
    /// Where the person logs in.
    pub(super) url: Url,
    /// Where they come back to.
    pub(super) redirect_uri: String,
    /// Goes into the id token.
    pub(super) nonce: String,
    /// Proves that the code is ours (RFC 7636).
    pub(super) verifier: Zeroizing<String>,
    state: String,
    issuer: String,
    issuer_in_response: bool,
}

/// What an answer is worth.
pub(super) enum Verdict {
    /// A code to exchange.
    Code(Zeroizing<String>),
    /// The end of the attempt.
    Failed(LoginError),
    /// Not an answer to this attempt; it changes nothing.
    NotOurs,
}

impl Attempt {
    pub(super) fn new(login: &Login, redirect_uri: String) -> Result<Self, LoginError> {
        let (state, nonce, verifier) = (random(), random(), Zeroizing::new(random()));
        let url = authorization_url(login, &redirect_uri, &state, &nonce, &verifier)?;
        let issuer = login.metadata.issuer.clone();
        let issuer_in_response = login.metadata.issuer_in_response;
        Ok(Self { url, redirect_uri, nonce, verifier, state, issuer, issuer_in_response })
    }

    /// Judge the query of the address that a browser came back to.
    pub(super) fn judge(&self, query: &str) -> Verdict {
        let Some(answer) = parameters(query) else { return Verdict::NotOurs };
        let parameter = |name: &str| answer.get(name).map(|value| value.as_str()).filter(|value| !value.is_empty());
        // Nothing else is believed before this: anybody can send a browser here.
        let state = parameter("state").unwrap_or_default();
        if verify_slices_are_equal(state.as_bytes(), self.state.as_bytes()).is_err() {
            return Verdict::NotOurs;
        }
        // RFC 9207 §2.4: compared before the rest is acted on.
        match parameter("iss") {
            Some(found) if found != self.issuer => return Verdict::Failed(self.mix_up(found)),
            None if self.issuer_in_response => return Verdict::Failed(self.mix_up("nobody")),
            _ => {}
        }
        if let Some(error) = parameter("error") {
            return Verdict::Failed(LoginError::refused(error, parameter("error_description")));
        }
        match parameter("code") {
            Some(code) => Verdict::Code(Zeroizing::new(code.to_owned())),
            None => Verdict::Failed(LoginError::Token("it holds neither a code nor an error".to_owned())),
        }
    }

    fn mix_up(&self, found: &str) -> LoginError {
        let found = printable(&found.chars().take(200).collect::<String>()).into_owned();
        LoginError::MixUp { expected: printable(&self.issuer).into_owned(), found }
    }
}

/// The parameters of a query; none if one of ours is there twice (RFC 6749 §3.1).
fn parameters(query: &str) -> Option<BTreeMap<String, Zeroizing<String>>> {
    let mut all = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let known = ["code", "error", "error_description", "iss", "state"].contains(&&*name);
        if known && all.insert(name.into_owned(), Zeroizing::new(value.into_owned())).is_some() {
            return None;
        }
    }
    Some(all)
}

fn authorization_url(
    login: &Login,
    redirect_uri: &str,
    state: &str,
    nonce: &str,
    verifier: &str,
) -> Result<Url, LoginError> {
    let mut url = login.metadata.authorization_endpoint()?.clone();
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
    let scope = scope(&login.provider.scopes);
    let ours = [
        ("client_id", login.provider.client_id.as_str()),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
        ("nonce", nonce),
        ("redirect_uri", redirect_uri),
        ("response_type", "code"),
        ("scope", &scope),
        ("state", state),
    ];
    let mut pairs: Vec<(String, String)> =
        ours.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
    for parameter in &login.provider.auth_params {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let wrong = |why| LoginError::AuthParam(printable(parameter).into_owned(), why);
        if name.is_empty() {
            return Err(wrong("is not of the form key=value"));
        }
        if ours.iter().any(|(own, _)| *own == name) || (name == "response_mode" && value != "query") {
            return Err(wrong("the login itself decides"));
        }
        pairs.push((name.to_owned(), value.to_owned()));
    }
    pairs.sort();
    url.query_pairs_mut().extend_pairs(pairs);
    Ok(url)
}

/// The scopes to ask for. Without `openid` there is no id token.
pub(super) fn scope(configured: &[String]) -> String {
    if configured.is_empty() {
        return "openid email".to_owned();
    }
    let missing = !configured.iter().any(|scope| scope == "openid");
    let first = missing.then_some("openid");
    first.into_iter().chain(configured.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
}

/// 256 random bits in the characters that every parameter may hold (RFC 7636 §4.1).
fn random() -> String {
    let mut octets = Zeroizing::new([0; 32]);
    aws_lc_rs::rand::fill(&mut *octets).expect("the system's random numbers do not run out");
    URL_SAFE_NO_PAD.encode(*octets)
}

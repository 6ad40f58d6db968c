//! The demo's identity provider: OpenID Connect with one client, two users and no passwords, on loopback only.

mod code;
mod page;

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use http::{Method, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use rung_pki::{
    KeyAlgorithm, PrivateKey, Signer,
    jose::{self, PublicJwk, SignHeader},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};
use url::form_urlencoded;

use super::USERS;
use code::{Codes, Login};

/// The demo's identity provider while it runs.
pub(super) struct Idp {
    issuer: String,
    task: JoinHandle<()>,
}

struct Provider {
    issuer: String,
    key: PrivateKey,
    jwk: PublicJwk,
    codes: Mutex<Codes>,
    /// Whether a login may name its user in the address, without the page.
    unattended: bool,
}

type Answer = Response<Full<Bytes>>;

impl Idp {
    pub(super) async fn start(unattended: bool) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let issuer = format!("http://127.0.0.1:{}", listener.local_addr()?.port());
        let key = PrivateKey::generate(KeyAlgorithm::EcP256)?;
        let jwk = PublicJwk::describe(key.public_key().clone());
        let provider = Arc::new(Provider { issuer: issuer.clone(), key, jwk, codes: Mutex::default(), unattended });
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let provider = provider.clone();
                let service = service_fn(move |request| answer(provider.clone(), request));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Ok(Self { issuer, task })
    }

    pub(super) fn configuration_endpoint(&self) -> String {
        format!("{}/.well-known/openid-configuration", self.issuer)
    }
}

impl Drop for Idp {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(provider: Arc<Provider>, request: Request<Incoming>) -> Result<Answer, Infallible> {
    let (head, body) = request.into_parts();
    let query = pairs(head.uri.query().unwrap_or_default().as_bytes());
    let answer = match (&head.method, head.uri.path()) {
        (&Method::GET, "/.well-known/openid-configuration") => json_answer(StatusCode::OK, &provider.metadata()),
        (&Method::GET, "/jwks") => json_answer(StatusCode::OK, &provider.keys()),
        (&Method::GET, "/authorize") => provider.authorize(&query),
        (&Method::POST, "/login") => provider.login(&form(body).await),
        (&Method::POST, "/token") => provider.token(&form(body).await),
        _ => page::message(StatusCode::NOT_FOUND, "There is nothing here."),
    };
    Ok(answer)
}

impl Provider {
    fn metadata(&self) -> Value {
        let at = |path: &str| format!("{}{path}", self.issuer);
        json!({
            "issuer": self.issuer,
            "authorization_endpoint": at("/authorize"),
            "token_endpoint": at("/token"),
            "jwks_uri": at("/jwks"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none"],
            "authorization_response_iss_parameter_supported": true,
        })
    }

    fn keys(&self) -> Value {
        let key: Value = serde_json::from_str(&self.jwk.to_json()).expect("a key is written as JSON");
        json!({ "keys": [key] })
    }

    /// Show the login page, or say what is wrong with the request; a bad one is never redirected anywhere.
    fn authorize(&self, query: &[(String, String)]) -> Answer {
        let login = match Login::from_request(query) {
            Ok(login) => login,
            Err(problem) => return page::message(StatusCode::BAD_REQUEST, problem),
        };
        match value(query, "demo_user") {
            user if self.unattended && USERS.contains(&user) => self.grant(login, user),
            _ => page::login(query),
        }
    }

    /// Somebody pressed a button on the login page.
    fn login(&self, form: &[(String, String)]) -> Answer {
        let login = match Login::from_request(form) {
            Ok(login) => login,
            Err(problem) => return page::message(StatusCode::BAD_REQUEST, problem),
        };
        let user = value(form, "user");
        if USERS.contains(&user) {
            return self.grant(login, user);
        }
        let mut url = login.redirect.clone();
        url.query_pairs_mut()
            .append_pair("error", "access_denied")
            .append_pair("error_description", "The login was cancelled.")
            .append_pair("state", &login.state)
            .append_pair("iss", &self.issuer);
        redirect(&url)
    }

    fn grant(&self, login: Login, user: &str) -> Answer {
        let mut url = login.redirect.clone();
        let state = login.state.clone();
        let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(code) = codes.issue(login, user, now()) else {
            return page::message(StatusCode::INTERNAL_SERVER_ERROR, "The system has no randomness.");
        };
        url.query_pairs_mut().append_pair("code", &code).append_pair("state", &state).append_pair("iss", &self.issuer);
        redirect(&url)
    }

    /// Exchange a code for an ID token (RFC 6749 §4.1.3, RFC 7636 §4.6).
    fn token(&self, form: &[(String, String)]) -> Answer {
        let redeemed = self.codes.lock().unwrap_or_else(PoisonError::into_inner).redeem(form, now());
        let (login, user) = match redeemed {
            Ok(redeemed) => redeemed,
            Err(description) => {
                let refusal = json!({ "error": "invalid_grant", "error_description": description });
                return json_answer(StatusCode::BAD_REQUEST, &refusal);
            }
        };
        let issued = now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let claims = json!({
            "iss": self.issuer,
            "sub": format!("demo-{}", user.split('@').next().unwrap_or_default()),
            "aud": login.client,
            "iat": issued,
            "exp": issued + 300,
            "nonce": login.nonce,
            "email": user,
            "email_verified": true,
        });
        let header = SignHeader { key_id: self.jwk.key_id(), typ: Some("JWT"), ..SignHeader::default() };
        match jose::sign_compact(&header, claims.to_string().as_bytes(), &self.key) {
            Ok(token) => {
                let answer = json!({
                    "access_token": "none",
                    "token_type": "Bearer",
                    "expires_in": 300,
                    "id_token": token,
                });
                json_answer(StatusCode::OK, &answer)
            }
            Err(error) => json_answer(StatusCode::INTERNAL_SERVER_ERROR, &json!({ "error": error.to_string() })),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the demo's provider is a program of its own, with the machine's clock")]
fn now() -> SystemTime {
    SystemTime::now()
}

async fn form(body: Incoming) -> Vec<(String, String)> {
    let read = tokio::time::timeout(Duration::from_secs(10), Limited::new(body, 1 << 16).collect());
    match read.await {
        Ok(Ok(body)) => pairs(&body.to_bytes()),
        // A form that does not arrive is an empty one.
        Ok(Err(_)) | Err(_) => Vec::new(),
    }
}

fn pairs(encoded: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(encoded).into_owned().collect()
}

/// The value of a parameter; empty when it is missing or there are several.
fn value<'a>(pairs: &'a [(String, String)], name: &str) -> &'a str {
    let mut values = pairs.iter().filter(|(key, _)| key == name);
    match (values.next(), values.next()) {
        (Some((_, value)), None) => value,
        _ => "",
    }
}

fn redirect(url: &url::Url) -> Answer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = StatusCode::SEE_OTHER;
    let location = header::HeaderValue::from_str(url.as_str()).expect("a URL is visible ASCII");
    answer.headers_mut().insert(header::LOCATION, location);
    answer
}

fn json_answer(status: StatusCode, body: &Value) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body.to_string())));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    answer
}

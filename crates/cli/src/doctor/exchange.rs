//! The endpoints, asked as a login asks them, up to the point where a person would have to do something.

use std::net::IpAddr;

use rung_api::{
    oidc::Metadata,
    outbound::{Basic, FetchError, FormReply, Problem, is_loopback},
    printable,
};
use serde::Deserialize;
use url::Url;

use super::Doctor;

/// What an OAuth endpoint says about a mistake.
#[derive(Deserialize)]
struct Refusal {
    error: Option<String>,
    error_description: Option<String>,
}

impl Doctor<'_> {
    /// Look at each endpoint.
    pub(super) fn endpoints(&mut self, metadata: &Metadata) {
        let (Some(authorization), Some(token)) = (&metadata.authorization_endpoint, &metadata.token_endpoint) else {
            let is_for_machines = self.preset.is_some_and(|preset| !preset.is_for_people());
            let text = "the provider has no logins for people: whoever wants a certificate brings a token (--token)";
            let mend =
                if is_for_machines { "" } else { "for people, choose a provider with an authorization endpoint" };
            return self.note("endpoints", text, mend);
        };
        if let Some(redirect) = self.redirect() {
            self.authorization(authorization, &redirect);
            self.client(metadata, token, &redirect);
        }
        match &metadata.device_authorization_endpoint {
            Some(device) => self.good("device", device.as_str()),
            None => {
                let mend = self.at_provider(|mend| mend.device, "");
                let text = "no logins by code: without a browser, people paste the address that it was sent to";
                self.note("device", text, mend);
            }
        }
    }

    /// Where logins come back to, unless nothing could.
    fn redirect(&mut self) -> Option<String> {
        let listen = &self.provisioner.listen_address;
        if listen.is_empty() {
            self.good("redirect", "http://127.0.0.1 with any free port");
            return Some(format!("http://127.0.0.1:{ANY_PORT}"));
        }
        let (host, port) = listen.rsplit_once(':').unwrap_or((listen, ""));
        let host = if host.is_empty() { "127.0.0.1" } else { host };
        let port = if port == "0" { ANY_PORT } else { port };
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if host != "localhost" && !bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()) {
            let mend = self.update("--listen-address 127.0.0.1:10000");
            let text = format!("listenAddress {listen} would let other machines answer logins, so logins refuse it");
            self.wrong("redirect", text, mend);
            return None;
        }
        let redirect = format!("http://{host}:{port}");
        let shown = match port {
            ANY_PORT => format!("http://{host} with any free port"),
            _ => format!("{redirect}, which must be registered at the provider"),
        };
        self.good("redirect", shown);
        Some(redirect)
    }

    /// Ask for a login without a person (OpenID Connect Core §3.1.2.1, `prompt=none`): a provider that knows client and
    /// redirect address sends the browser back to it with an error; every other one keeps the browser.
    fn authorization(&mut self, endpoint: &Url, redirect: &str) {
        if endpoint.scheme() != "https" && !is_loopback(endpoint) {
            let text = format!("{endpoint} is not https, so anybody on the way could log in as somebody else");
            return self.wrong("authorization", text, "let the provider publish its https address");
        }
        let scopes = &self.provisioner.scopes;
        let scope = if scopes.is_empty() { "openid email".to_owned() } else { scopes.join(" ") };
        let mut url = endpoint.clone();
        url.query_pairs_mut()
            .append_pair("client_id", &self.provisioner.client_id)
            .append_pair("code_challenge", CHALLENGE)
            .append_pair("code_challenge_method", "S256")
            .append_pair("nonce", "doctor")
            .append_pair("prompt", "none")
            .append_pair("redirect_uri", redirect)
            .append_pair("response_type", "code")
            .append_pair("scope", &scope)
            .append_pair("state", "doctor");
        match self.fetcher.get_json(&url) {
            Err(FetchError { problem: Problem::Redirected(to), .. }) if comes_back(&to, redirect) => {
                self.sent_back(&to)
            }
            Err(FetchError { problem: Problem::Status(status), .. }) if (400..500).contains(&status) => {
                let text = format!("the provider refuses to log anybody in for this client (status {status})");
                let anywhere =
                    format!("register {redirect} as redirect address of the client {}", self.provisioner.client_id);
                let mend = self.at_provider(|mend| mend.redirect, &anywhere);
                self.wrong("authorization", text, mend);
            }
            Ok(_)
            | Err(FetchError {
                problem: Problem::Redirected(_) | Problem::NotJson { .. } | Problem::TooLarge(_),
                ..
            }) => {
                let mend = self
                    .at_provider(|mend| mend.redirect, "if logins end on an error page, register the redirect address");
                let text = format!("{endpoint} answers; only a login can tell whether it knows the redirect address");
                self.note("authorization", text, mend);
            }
            Err(error) => self.wrong("authorization", error.to_string(), "people cannot reach the login either"),
        }
    }

    fn sent_back(&mut self, location: &str) {
        let query = location.split_once('?').map(|(_, query)| query.split('#').next().unwrap_or_default());
        let pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        let error = pairs.into_owned().find_map(|(name, value)| (name == "error").then_some(value));
        match error.as_deref() {
            None
            | Some("login_required" | "interaction_required" | "consent_required" | "account_selection_required") => {
                self.good("authorization", "the provider knows client and redirect address");
            }
            Some("invalid_scope") => {
                let mend = self.update("--remove-scope SCOPE");
                self.wrong("authorization", "the provider refuses a scope (invalid_scope)", mend);
            }
            Some(other) => {
                let text = format!("the provider refuses logins of this client ({})", printable(other));
                let mend =
                    self.at_provider(|mend| mend.client, "allow the authorization code flow with PKCE for the client");
                self.wrong("authorization", text, mend);
            }
        }
    }

    /// Send a made-up code to the token endpoint: whoever complains about the code accepted the client.
    fn client(&mut self, metadata: &Metadata, endpoint: &Url, redirect: &str) {
        let (id, secret) = (self.provisioner.client_id.as_str(), self.provisioner.client_secret.expose().as_str());
        let offers = |method: &str| metadata.token_endpoint_auth_methods.iter().any(|offered| offered == method);
        let by_basic = !secret.is_empty() && offers("client_secret_basic") && !offers("client_secret_post");
        let mut fields = vec![
            ("code", "doctor"),
            ("code_verifier", VERIFIER),
            ("grant_type", "authorization_code"),
            ("redirect_uri", redirect),
        ];
        if !by_basic {
            fields.push(("client_id", id));
            fields.extend((!secret.is_empty()).then_some(("client_secret", secret)));
        }
        let basic = Basic { id, secret };
        let reply: Result<FormReply<Refusal>, _> =
            self.fetcher.post_form(endpoint, &fields, by_basic.then_some(&basic));
        match reply {
            Ok(FormReply { body, status }) => self.judge_client(status, &body),
            Err(error) => self.wrong("token", error.to_string(), "logins end here, too: check firewalls and proxies"),
        }
    }

    fn judge_client(&mut self, status: u16, body: &Refusal) {
        let description = body.error_description.as_deref().unwrap_or_default();
        let shown: String = printable(description).chars().take(200).collect();
        match body.error.as_deref() {
            Some("invalid_grant") => self.good("token", "the provider knows the client"),
            Some(error @ ("invalid_client" | "unauthorized_client")) => {
                let mend =
                    self.at_provider(|mend| mend.client, "compare clientID and clientSecret with the provider's");
                self.wrong("token", format!("the provider does not accept the client ({error}) {shown}"), mend);
            }
            Some(error) => {
                let text = format!("the token endpoint answers {} {shown}", printable(error));
                self.note("token", text, "a login tells whether that matters");
            }
            None => self.note("token", format!("the token endpoint answers a made-up code with status {status}"), ""),
        }
    }
}

/// Whether a redirect goes to the address that was asked for.
fn comes_back(location: &str, redirect: &str) -> bool {
    location.strip_prefix(redirect).is_some_and(|rest| rest.is_empty() || rest.starts_with(['?', '/', '#']))
}

/// Stands for a port that is free at the time.
const ANY_PORT: &str = "61861";
/// RFC 7636 appendix B: a verifier and its challenge; nothing is protected by them here.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

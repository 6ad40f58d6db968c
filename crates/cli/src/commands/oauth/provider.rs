//! Whom `oauth` asks: the provider of the flags and the client there.

use rung_api::outbound::is_loopback;
use url::Url;

use super::account::Account;
use crate::call::Call;
use crate::failure::Usage;
use crate::login::{Endpoints, Provider};
use crate::{secret, sign_in};

/// The provider and the client of the flags, or of a file of type `installed`.
pub(super) fn of(call: &Call, account: Option<Account>) -> anyhow::Result<Provider> {
    let given = endpoints(call)?;
    let mut provider = match (account, given) {
        (Some(Account::Installed(installed)), given) => {
            let given = given.unwrap_or_default();
            let endpoints = Endpoints {
                authorization: Some(given.authorization.unwrap_or(installed.authorization)),
                token: Some(given.token.unwrap_or(installed.token)),
                device: given.device,
                ..Endpoints::default()
            };
            let (client_id, client_secret) = (installed.client_id, installed.client_secret);
            Provider { endpoints: Some(endpoints), client_id, client_secret, ..Provider::default() }
        }
        (_, Some(endpoints)) => Provider { endpoints: Some(endpoints), ..Provider::default() },
        (_, None) => known(call)?,
    };
    if let Some(id) = call.text("client-id")? {
        provider.client_id = id;
        provider.client_secret = String::new();
    }
    if let Some(secret) = client_secret(call)? {
        provider.client_secret = secret;
    }
    if provider.client_id.is_empty() {
        let hint = "There is no client built in: register one at the provider, as a native or desktop application \
            with the redirect address http://127.0.0.1, and give its id.";
        return Err(Usage::new("flag '--client-id' required with '--provider'").with_hint(hint.to_owned()).into());
    }
    Ok(provider)
}

/// The endpoints of the flags, if there are enough of them.
fn endpoints(call: &Call) -> anyhow::Result<Option<Endpoints>> {
    let url = |flag: &str| -> anyhow::Result<Option<Url>> {
        Ok(call.text(flag)?.map(|text| sign_in::web_address(flag, &text)).transpose()?)
    };
    let (authorization, device) = (url("authorization-endpoint")?, url("device-authorization-endpoint")?);
    let token = url("token-endpoint")?;
    for (flag, endpoint) in [("authorization-endpoint", &authorization), ("device-authorization-endpoint", &device)] {
        if endpoint.is_some() && token.is_none() {
            return Err(Usage::new(format!("flag '--{flag}' requires flag '--token-endpoint'")).into());
        }
    }
    let enough = authorization.is_some() || device.is_some();
    Ok(enough.then(|| Endpoints { authorization, token, device, ..Endpoints::default() }))
}

fn known(call: &Call) -> anyhow::Result<Provider> {
    let name = call.text("provider")?.unwrap_or_else(|| "google".to_owned());
    let fixed = |endpoints| Provider { endpoints: Some(endpoints), ..Provider::default() };
    match name.as_str() {
        "google" => Ok(fixed(google())),
        "github" => Ok(fixed(github())),
        address if is_issuer(address) => Ok(Provider { configuration_endpoint: name, ..Provider::default() }),
        _ => {
            let hint = "Or the address of an issuer, such as https://sso.example.com; http is for this machine only.";
            Err(Usage::new("use a valid provider: google or github").with_hint(hint.to_owned()).into())
        }
    }
}

fn is_issuer(text: &str) -> bool {
    text.parse().is_ok_and(|url: Url| match url.scheme() {
        "https" => true,
        "http" => is_loopback(&url),
        _ => false,
    })
}

fn client_secret(call: &Call) -> anyhow::Result<Option<String>> {
    if let Some(file) = call.text("client-secret-file")? {
        return Ok(Some(secret::password_file("client-secret-file", &file)?.to_string()));
    }
    if call.is_typed("client-secret") {
        call.ui.warning(
            "Others on this machine can see a secret on the command line; use --client-secret-file or the \
             environment (STEP_CLIENT_SECRET).",
        );
    }
    call.text("client-secret")
}

fn google() -> Endpoints {
    let mut endpoints = fixed(
        "https://accounts.google.com/o/oauth2/v2/auth",
        "https://www.googleapis.com/oauth2/v4/token",
        "https://oauth2.googleapis.com/device/code",
    );
    endpoints.issuer = Some("https://accounts.google.com".to_owned());
    endpoints
}

fn github() -> Endpoints {
    fixed(
        "https://github.com/login/oauth/authorize",
        "https://github.com/login/oauth/access_token",
        "https://github.com/login/device/code",
    )
}

fn fixed(authorization: &str, token: &str, device: &str) -> Endpoints {
    let url = |text: &str| Some(text.parse().expect("our own addresses are addresses"));
    Endpoints { authorization: url(authorization), token: url(token), device: url(device), ..Endpoints::default() }
}

//! What `oauth` prints.

use anyhow::bail;
use serde_json::json;
use zeroize::Zeroizing;

use crate::call::Call;
use crate::login::Tokens;
use crate::ui::print;

/// How the tokens are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Output {
    /// All of them, as JSON.
    All,
    /// One of them.
    Bare(Which),
    /// One of them, as an HTTP header.
    Header(Which),
}

/// One of the tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Access,
    Id,
}

impl Output {
    /// What the flags ask for.
    pub(super) fn of(call: &Call) -> anyhow::Result<Self> {
        let which = if call.switch("oidc")? { Which::Id } else { Which::Access };
        Ok(match (call.switch("header")?, call.switch("bare")?) {
            (true, _) => Self::Header(which),
            (false, true) => Self::Bare(which),
            (false, false) => Self::All,
        })
    }

    /// Print the tokens to standard output.
    pub(super) fn print(self, tokens: &Tokens) -> anyhow::Result<()> {
        let text = match self {
            Self::All => all(tokens)?,
            Self::Bare(which) => Zeroizing::new(format!("{}\n", one(tokens, which)?)),
            Self::Header(which) => Zeroizing::new(format!("Authorization: Bearer {}\n", one(tokens, which)?)),
        };
        print(text.as_bytes())
    }
}

fn all(tokens: &Tokens) -> anyhow::Result<Zeroizing<String>> {
    let mut object = json!({
        "access_token": *tokens.access_token,
        "id_token": *tokens.id_token,
        "refresh_token": *tokens.refresh_token,
        "expires_in": tokens.expires_in,
        "token_type": tokens.token_type,
    });
    if !tokens.scope.is_empty() {
        object["scope"] = tokens.scope.as_str().into();
    }
    Ok(Zeroizing::new(serde_json::to_string_pretty(&object)? + "\n"))
}

fn one(tokens: &Tokens, which: Which) -> anyhow::Result<&str> {
    let (token, name, help) = match which {
        Which::Access => (&tokens.access_token, "access token", "--oidc takes the id token"),
        Which::Id => (&tokens.id_token, "id token", "ask for it with --scope openid, if the provider has any"),
    };
    if token.is_empty() {
        bail!("the provider gave no {name}; {help}");
    }
    Ok(token)
}

//! Why a login failed.

use std::time::Duration;

use rung_api::oidc::OidcError;
use rung_api::outbound::{FetchError, Problem};
use rung_api::printable;

use super::ListenError;

/// Why a login failed; the text is one line for a person.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// An extra parameter of the authorization URL cannot be used.
    #[error("the authorization parameter `{0}` cannot be used: {1}")]
    AuthParam(String, &'static str),
    /// The provider's metadata cannot be had or used.
    #[error(transparent)]
    Discovery(#[from] OidcError),
    /// The provider did not answer.
    #[error("the login could not be finished: {0}")]
    Fetch(#[from] FetchError),
    /// The token endpoint or another is needed and was not given.
    #[error("the provider's {0} is needed for this login; give it, too")]
    NoEndpoint(&'static str),
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
    #[error("the result of the login was not entered: {0}")]
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
    /// Whether the provider answered, and will answer the same when asked again.
    pub fn is_an_answer(&self) -> bool {
        match self {
            Self::Fetch(error) => matches!(error.problem, Problem::NotJson { .. } | Problem::Status(400..500)),
            Self::Refused { .. } | Self::Token(_) => true,
            _ => false,
        }
    }

    pub(super) fn refused(error: &str, description: Option<&str>) -> Self {
        let short = |text: &str| printable(&text.chars().take(LONGEST_REASON).collect::<String>()).into_owned();
        Self::Refused { error: short(error), description: short(description.unwrap_or_default()) }
    }
}

pub(super) fn describe(error: &str, description: &str) -> String {
    match (error, description) {
        (error, "") => error.to_owned(),
        (error, description) => format!("{description} ({error})"),
    }
}

pub(super) fn minutes(duration: Duration) -> String {
    match duration.as_secs() {
        60 => "a minute".to_owned(),
        seconds if seconds >= 60 && seconds % 60 == 0 => format!("{} minutes", seconds / 60),
        _ => format!("{duration:?}"),
    }
}

/// Characters of a provider's reason that are shown.
const LONGEST_REASON: usize = 400;

//! Logging in with a browser on another machine: the person pastes the address that the
//! browser was sent back to.

use super::attempt::{Attempt, Verdict};
use super::{IdToken, Login, LoginError, Ui};

/// Ask the person to log in elsewhere and to paste the result.
pub(super) fn log_in(login: &Login, attempt: Attempt, ui: &mut dyn Ui) -> Result<IdToken, LoginError> {
    for line in ["Open this address in a browser, on any machine:", "", attempt.url.as_str(), ""] {
        ui.line(line);
    }
    ui.line("After the login the browser goes to a page that does not load. Copy its address from the address bar.");
    for _ in 0..TRIES {
        let text = ui.paste("Address of that page: ").map_err(|error| LoginError::Paste(error.to_string()))?;
        let text = text.trim();
        if text.is_empty() {
            return Err(LoginError::Paste("the input is empty".to_owned()));
        }
        let query = text.split_once('?').map_or(text, |(_, query)| query);
        let query = query.split('#').next().unwrap_or_default();
        match attempt.judge(query) {
            Verdict::Code(code) => return Ok(login.exchange(&attempt, &code)?.0),
            Verdict::Failed(error) => return Err(error),
            Verdict::NotOurs => {
                ui.line("That address does not belong to this login. Copy all of it, from http to the end.")
            }
        }
    }
    Err(LoginError::Paste("none of the addresses belonged to this login".to_owned()))
}

const TRIES: usize = 3;

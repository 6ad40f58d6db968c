//! Logging in with a browser on another machine: the person pastes the address that the
//! browser was sent back to, or types the code that the provider's page shows.

use zeroize::Zeroizing;

use super::attempt::{Attempt, Verdict};
use super::token::Tokens;
use super::{Login, LoginError, Ui};

/// Ask the person to log in elsewhere and to paste the result.
pub(super) fn log_in(login: &Login, attempt: Attempt, ui: &mut dyn Ui) -> Result<Tokens, LoginError> {
    for line in ["Open this address in a browser, on any device:", "", attempt.url.as_str(), ""] {
        ui.line(line);
    }
    ui.line("After the login the browser goes to a page that does not load. Copy its address from the address bar.");
    ask(login, &attempt, ("Address of that page: ", "an address"), ui)
}

/// Ask the person to log in anywhere and to type the code that they are shown.
pub(super) fn out_of_band(login: &Login, attempt: Attempt, ui: &mut dyn Ui) -> Result<Tokens, LoginError> {
    for line in ["Open a local web browser and visit:", "", attempt.url.as_str(), ""] {
        ui.line(line);
    }
    ask(login, &attempt, ("Enter verification code: ", "a code"), ui)
}

fn ask(login: &Login, attempt: &Attempt, (prompt, what): (&str, &str), ui: &mut dyn Ui) -> Result<Tokens, LoginError> {
    for _ in 0..TRIES {
        let text = ui.paste(prompt).map_err(|error| LoginError::Paste(error.to_string()))?;
        let text = Zeroizing::new(text);
        if text.trim().is_empty() {
            return Err(LoginError::Paste("the input is empty".to_owned()));
        }
        match read(attempt, text.trim()) {
            Verdict::Code(code) => return Ok(login.exchange(attempt, &code)?.0),
            Verdict::Failed(error) => return Err(error),
            Verdict::NotOurs | Verdict::Tokens(_) => {
                ui.line(&format!(
                    "That is not {what} of this login. Copy all of it, from its first character to the last."
                ));
            }
        }
    }
    Err(LoginError::Paste("nothing that was entered belongs to this login".to_owned()))
}

/// Read what was pasted: an address, its query, or a code alone.
fn read(attempt: &Attempt, text: &str) -> Verdict {
    let is_address = text.contains("://") || text.starts_with("localhost") || text.starts_with("127.0.0.1");
    let looks_like_query = |text: &str| text.split('&').any(|pair| pair.starts_with("state="));
    match text.split_once('?') {
        Some((_, query)) => attempt.judge(query.split('#').next().unwrap_or_default()),
        None if looks_like_query(text) => attempt.judge(text),
        None if is_address || text.chars().any(|character| !character.is_ascii_graphic()) => Verdict::NotOurs,
        // Some pages show `code#state`; then the state counts. A code alone is still bound
        // to this login: the provider gives nothing for it without our verifier (RFC 7636).
        None => match text.split_once('#') {
            Some((code, state)) => attempt.judge_code(code, state),
            None => Verdict::Code(Zeroizing::new(text.to_owned())),
        },
    }
}

const TRIES: usize = 3;

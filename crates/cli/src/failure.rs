//! How a command fails: what is printed, and with which exit code the program ends.

use std::process::ExitCode;

use crate::program::Program;
use crate::ui::{Ui, shown};

/// The command line is wrong.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Usage {
    message: String,
    hint: Option<String>,
}

impl Usage {
    /// A usage error with this text.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    /// With a second line that helps.
    pub(crate) fn with_hint(mut self, hint: String) -> Self {
        self.hint = Some(hint);
        self
    }

    /// The second line.
    pub(crate) fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

/// A command ends with an exit code that means something, after it has said what there is to say.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub(crate) struct Ended {
    code: u8,
    text: String,
}

impl Ended {
    /// End with that code and that line, or without one when it is empty.
    pub(crate) fn with(code: u8, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

/// A word that is neither a command nor a group.
#[derive(Debug, thiserror::Error)]
#[error("No help topic for '{0}'")]
pub(crate) struct UnknownTopic(pub(crate) String);

/// Show why a command failed; the answer is the program's exit code.
pub(crate) fn report(program: &Program, ui: &Ui, error: &anyhow::Error) -> ExitCode {
    if let Some(unknown) = error.downcast_ref::<UnknownTopic>() {
        ui.line(&shown(&unknown.to_string()));
        return ExitCode::from(3);
    }
    if let Some(ended) = error.downcast_ref::<Ended>() {
        if !ended.text.is_empty() {
            ui.failure(&ended.text);
        }
        return ExitCode::from(ended.code);
    }
    ui.failure(&format!("{error:#}"));
    if let Some(hint) = error.downcast_ref::<Usage>().and_then(Usage::hint) {
        ui.line(&shown(hint));
    }
    if let Some(refusal) = refusal(error) {
        if program.debug {
            ui.line(&format!("HTTP status {}, request id {}", refusal.status, shown(&refusal.request_id)));
        } else {
            ui.line("Re-run with STEPDEBUG=1 for more info.");
        }
    }
    ExitCode::FAILURE
}

fn refusal(error: &anyhow::Error) -> Option<&rung_api::client::Refusal> {
    error.chain().find_map(|cause| match cause.downcast_ref::<rung_api::client::ClientError>() {
        Some(rung_api::client::ClientError::Refused(refusal)) => Some(refusal),
        _ => None,
    })
}

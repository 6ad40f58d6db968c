//! Questions with an answer: a text, a password, one of a list, yes or no.

use std::fmt;

use anyhow::{anyhow, bail};
use inquire::ui::{Attributes, Color, ErrorMessageRenderConfig, RenderConfig, StyleSheet, Styled};
use inquire::validator::Validation;
use inquire::{InquireError, Password, PasswordDisplayMode, Select, Text};
use zeroize::{Zeroize, Zeroizing};

use super::terminal::Terminal;
use super::{Ui, shown};

/// Something to ask a person.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    /// What is asked for, as an error names it, such as `the name of the PKI`.
    pub(crate) what: &'a str,
    /// How to do without the question, such as `give it with --name`.
    pub(crate) remedy: &'a str,
    /// A line above the prompt; none when empty.
    pub(crate) heading: &'a str,
    /// What stands before the answer.
    pub(crate) label: &'a str,
}

/// One item of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice<T> {
    /// How it is shown; escaped when it is drawn.
    pub(crate) text: String,
    /// What it stands for.
    pub(crate) value: T,
}

impl<T> fmt::Display for Choice<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A longer line would break over the terminal's edge and spoil the drawing.
        let columns = columns().max(20);
        let text = shown(&self.text);
        let fits = columns - 4;
        if text.chars().count() <= fits {
            return out.write_str(&text);
        }
        let short: String = text.chars().take(fits - 1).collect();
        write!(out, "{short}…")
    }
}

impl Ui {
    /// Ask for a text that `check` accepts; the answer is trimmed.
    pub(crate) fn ask_text<F>(&self, question: &Question<'_>, check: F) -> anyhow::Result<String>
    where
        F: Fn(&str) -> Result<(), String> + Clone + 'static,
    {
        let _terminal = Terminal::open(question.what, question.remedy)?;
        self.heading(question);
        let validator = move |answer: &str| match check(answer.trim()) {
            Ok(()) => Ok(Validation::Valid),
            Err(reason) => Ok(Validation::Invalid(reason.into())),
        };
        let label = format!("{}:", question.label);
        let answer =
            Text::new(&label).with_validator(validator).with_render_config(self.looks()).prompt().map_err(stopped)?;
        Ok(answer.trim().to_owned())
    }

    /// Ask for a password; nothing of it is shown. White space at its end is cut off.
    pub(crate) fn ask_password(&self, question: &Question<'_>) -> anyhow::Result<Zeroizing<String>> {
        let _terminal = Terminal::open(question.what, question.remedy)?;
        self.heading(question);
        let label = format!("{}:", question.label);
        let mut answer = Password::new(&label)
            .with_display_mode(PasswordDisplayMode::Hidden)
            .with_formatter(&|_| String::new())
            .without_confirmation()
            .with_render_config(self.looks())
            .prompt()
            .map_err(stopped)?;
        let password = Zeroizing::new(answer.trim_end().to_owned());
        answer.zeroize();
        Ok(password)
    }

    /// Ask for a password that `open` accepts: three tries, each failure is told.
    ///
    /// `open` answers nothing when the password is wrong.
    pub(crate) fn unlock<T>(
        &self,
        question: &Question<'_>,
        open: impl Fn(&[u8]) -> anyhow::Result<Option<T>>,
    ) -> anyhow::Result<T> {
        for left in (0..TRIES).rev() {
            let password = self.ask_password(question)?;
            if let Some(opened) = open(password.as_bytes())? {
                return Ok(opened);
            }
            if left > 0 {
                self.warning("That password is wrong, try again.");
            }
        }
        bail!("the password for {} was wrong {TRIES} times; {}", question.what, question.remedy)
    }

    /// Have one of `choices` picked, and say so as `✔ Label: item`. A single one is taken without asking.
    pub(crate) fn select<T>(&self, question: &Question<'_>, mut choices: Vec<Choice<T>>) -> anyhow::Result<T> {
        if choices.len() > 1 {
            let _terminal = Terminal::open(question.what, question.remedy)?;
            let rows = crossterm::terminal::size().map_or(0, |(_, rows)| usize::from(rows));
            let picked = Select::new(question.heading, choices.iter().collect())
                .with_page_size(if rows == 0 { 10 } else { rows.saturating_sub(5).clamp(3, 15) })
                .with_help_message("↑↓ to move, type to filter, enter to choose")
                .with_formatter(&|_| String::new())
                .with_render_config(self.looks())
                .raw_prompt()
                .map_err(stopped)?
                .index;
            // The line that inquire leaves repeats the question; ours tells the answer.
            self.begin("\x1b[1A\r\x1b[2K");
            choices.swap(0, picked);
        }
        let Some(choice) = choices.into_iter().next() else {
            return Err(anyhow!("there is nothing to choose from for {}", question.what));
        };
        self.done(question.label, &choice.text);
        Ok(choice.value)
    }

    /// Ask a question with yes or no.
    pub(crate) fn confirm(&self, question: &Question<'_>) -> anyhow::Result<bool> {
        let check = |answer: &str| match yes_or_no(answer) {
            Some(_) => Ok(()),
            None => Err(format!("{} is not a valid answer", if answer.is_empty() { "nothing" } else { answer })),
        };
        let answer = self.ask_text(question, check)?;
        Ok(yes_or_no(&answer) == Some(true))
    }

    fn heading(&self, question: &Question<'_>) {
        if !question.heading.is_empty() {
            self.line(question.heading);
        }
    }

    fn looks(&self) -> RenderConfig<'static> {
        if !self.colour {
            return RenderConfig::empty()
                .with_prompt_prefix(Styled::new("?"))
                .with_answered_prompt_prefix(Styled::new("✔"))
                .with_highlighted_option_prefix(Styled::new(">"));
        }
        let bold = StyleSheet::new().with_attr(Attributes::BOLD);
        let mut looks = RenderConfig::default_colored()
            .with_prompt_prefix(Styled::new("?").with_fg(Color::LightBlue))
            .with_answered_prompt_prefix(Styled::new("✔").with_fg(Color::DarkGreen))
            .with_highlighted_option_prefix(Styled::new("▸").with_attr(Attributes::BOLD))
            .with_error_message(ErrorMessageRenderConfig::default_colored().with_prefix(Styled::new(">>")))
            .with_answer(StyleSheet::empty())
            .with_help_message(StyleSheet::new().with_fg(Color::DarkGrey));
        looks.prompt = bold;
        looks.canceled_prompt_indicator = Styled::new("");
        looks
    }
}

/// The width of the terminal; one that does not know it says 0.
fn columns() -> usize {
    match crossterm::terminal::size() {
        Ok((0, _)) | Err(_) => 80,
        Ok((columns, _)) => usize::from(columns),
    }
}

fn yes_or_no(answer: &str) -> Option<bool> {
    match answer.to_ascii_lowercase().as_str() {
        "y" | "yes" => Some(true),
        "n" | "no" => Some(false),
        _ => None,
    }
}

fn stopped(error: InquireError) -> anyhow::Error {
    match error {
        InquireError::OperationCanceled | InquireError::OperationInterrupted => anyhow!("stopped at the prompt"),
        other => anyhow!("could not ask on the terminal: {other}"),
    }
}

/// How often a password may be tried.
const TRIES: usize = 3;

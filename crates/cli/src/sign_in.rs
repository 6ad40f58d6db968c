//! Logging in on behalf of a command: its flags, and the person at the terminal.

use std::io::{self, BufRead, IsTerminal};

use url::Url;

use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::Flag;
use crate::login::{self, Clock, Drawing, LoginError, Options, Ui as LoginUi, Way};
use crate::ui::{Question, Ui, shown};

/// Flags of a command that may log in.
pub(crate) static FLAGS: &[Flag] = &[
    Flag::switch(
        &["console", "c"],
        "Log in with a browser on another device: by a code if the provider offers that, else by pasting an address.",
    ),
    Flag::value(
        &["console-flow"],
        "<flow>",
        "How to log in with another device: 'device' shows a code to enter, 'paste' asks for the address that the \
         browser ends up at, 'oob' for a code that the provider shows.",
    ),
    Flag::switch(&["no-browser"], "Open no browser, and wait for one on this machine to visit the address shown."),
    Flag::value(
        &["listen"],
        "<address>",
        "Where the browser comes back to on this machine: ':PORT', '127.0.0.1:PORT', '[::1]:PORT' or \
         'localhost:PORT'; any free port without it.",
    ),
    Flag::value(
        &["listen-url"],
        "<url>",
        "The redirect URL to tell the provider, where it is not the address of --listen; port 0 in it becomes the \
         port that is listened on.",
    ),
    Flag::value(&["redirect-url"], "<url>", "Where the browser goes after a login, instead of a page of ours."),
];

/// How the flags say that a login is to happen. A command that has none of them follows the environment.
pub(crate) fn options(call: &Call) -> anyhow::Result<Options> {
    let text = |name: &str| match call.knows(name) {
        true => call.text(name),
        false => Ok(crate::settings::from_environment(&[name]).map(|(_, value)| value)),
    };
    let switch = |name: &str| if call.knows(name) { call.switch(name) } else { Ok(text(name)?.is_some()) };
    let clock = Clock { now: crate::clock::now, sleep: std::thread::sleep };
    let mut options = Options::new(clock);
    options.open_browser = !switch("no-browser")?;
    options.way = match text("console-flow")? {
        Some(flow) => console_flow(&flow)?,
        None if switch("console")? => Way::Console,
        None => Way::Auto,
    };
    options.listen = text("listen")?;
    options.listen_url = text("listen-url")?;
    for (flag, value) in [("listen", &options.listen), ("listen-url", &options.listen_url)] {
        let Some(value) = value else { continue };
        let checked = if flag == "listen" { login::check_listen(value) } else { login::check_listen_url(value) };
        checked.map_err(|error| Usage::new(format!("invalid value '{value}' for flag '--{flag}': {error}")))?;
    }
    options.after = text("redirect-url")?.map(|text| web_address("redirect-url", &text)).transpose()?;
    Ok(options)
}

/// Read the value of a flag that names a page.
pub(crate) fn web_address(flag: &str, text: &str) -> Result<Url, Usage> {
    let url = text.parse().ok().filter(|url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.ok_or_else(|| Usage::new(format!("invalid value '{text}' for flag '--{flag}'; it is not a web address")))
}

/// The error of a login, for a person. Its text holds its causes.
pub(crate) fn told(error: LoginError) -> anyhow::Error {
    anyhow::anyhow!(error.to_string())
}

fn console_flow(text: &str) -> Result<Way, Usage> {
    match text.to_ascii_lowercase().as_str() {
        "device" => Ok(Way::Device),
        "oob" => Ok(Way::OutOfBand),
        "paste" => Ok(Way::Paste),
        _ => {
            let text = format!("invalid value '{text}' for flag '--console-flow'; options are device, oob, paste");
            Err(Usage::new(text))
        }
    }
}

/// Extra parameters of the login that the environment may hold, as flags of `oauth` do.
pub(crate) fn parameters() -> Vec<String> {
    let given = [("prompt", "prompt"), ("email", "login_hint")].into_iter().filter_map(|(flag, parameter)| {
        let (_, value) = crate::settings::from_environment(&[flag])?;
        Some(format!("{parameter}={value}"))
    });
    given.collect()
}

/// Where what a person pastes comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// Standard input, where that is no terminal.
    Input,
    /// The terminal alone: standard input may be data.
    Terminal,
}

/// The person who logs in.
pub(crate) struct Person<'a> {
    ui: &'a Ui,
    source: Source,
    progress: bool,
}

impl<'a> Person<'a> {
    /// The person behind `ui`.
    pub(crate) fn new(ui: &'a Ui, source: Source) -> Self {
        Self { ui, source, progress: false }
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.progress) {
            self.ui.begin("\r\x1b[2K");
        }
    }
}

impl LoginUi for Person<'_> {
    fn line(&mut self, text: &str) {
        self.clear();
        self.ui.line(&shown(text));
    }

    fn paste(&mut self, prompt: &str) -> io::Result<String> {
        self.clear();
        if self.source == Source::Input && !io::stdin().is_terminal() {
            self.ui.begin(prompt);
            let mut text = String::new();
            io::Read::take(io::stdin().lock(), LONGEST).read_line(&mut text)?;
            self.ui.line("");
            return if text.is_empty() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(text) };
        }
        let question = Question {
            what: "the result of the login",
            remedy: "log in with a browser on this machine (--no-browser), or with a code (--console-flow device)",
            heading: "",
            label: prompt.trim().trim_end_matches(':'),
        };
        self.ui.ask_text(&question, |_| Ok(())).map_err(|error| io::Error::other(format!("{error:#}")))
    }

    fn can_ask(&self) -> bool {
        crate::ui::has_terminal()
    }

    fn drawing(&mut self, drawing: &Drawing) {
        let Some((columns, rows)) = self.ui.screen() else { return };
        // A code that scrolls away or wraps is of no use.
        if columns < drawing.columns() || rows < drawing.lines().len() + 4 {
            return;
        }
        self.clear();
        for line in drawing.lines() {
            self.ui.white_on_black(line);
        }
        self.ui.line("");
    }

    fn progress(&mut self, text: &str) {
        self.clear();
        if self.ui.screen().is_some() && !text.is_empty() {
            self.ui.begin(&shown(text));
            self.progress = true;
        }
    }
}

impl Drop for Person<'_> {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Addresses with codes of some providers are kilobytes long.
const LONGEST: u64 = 64 * 1024;

//! Logging in on behalf of a command: its flags, and the person at the terminal.

mod kept;
mod keyring;

use std::io::{self, BufRead, IsTerminal};
use std::time::Duration;

use url::Url;

use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::Flag;
use crate::login::{self, Clock, Drawing, LoginError, Need, Options, Provider, Tokens, Ui as LoginUi, Way};
use crate::ui::{Question, Ui, shown};
use kept::Kept;

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
    Flag::switch(
        &["remember"],
        "Keep the login, encrypted, and use it instead of a browser as long as the provider lets you.",
    ),
    Flag::switch(&["forget"], "Remove what --remember kept for this provider.").only_on_the_command_line(),
];

/// Log in with the flags of `call`: by what is kept, if that is wanted, else as a person.
pub(crate) fn log_in(
    call: &Call,
    provider: &Provider,
    (need, options): (Need, &Options),
    person: &mut Person<'_>,
) -> anyhow::Result<Tokens> {
    let on = |name: &str| if call.knows(name) { call.switch(name) } else { Ok(false) };
    if on("forget")? {
        forget(call, provider)?;
    }
    if !on("remember")? {
        return login::tokens(provider, need, options, person).map_err(told);
    }
    let options = &Options { will_refresh: true, ..options.clone() };
    let provider = offline(provider);
    let kept = Kept::of(call, &provider)?;
    let tokens = match kept.token()? {
        Some(token) => match again(&kept, &provider, (need, options), &token) {
            Ok(tokens) => {
                person.line("Logged in by what --remember kept; --forget removes it.");
                keep(call, &kept, (&tokens, Some(&token)));
                return Ok(tokens);
            }
            Err(error) if error.is_an_answer() => {
                person.line(&format!("The kept login has ended: {error}."));
                login::tokens(&provider, need, options, person).map_err(told)?
            }
            Err(error) => return Err(told(error)),
        },
        None => login::tokens(&provider, need, options, person).map_err(told)?,
    };
    match tokens.refresh_token.is_empty() {
        true => person.line("The provider gave nothing to keep: it allows this client no refresh tokens."),
        false => keep(call, &kept, (&tokens, None)),
    }
    Ok(tokens)
}

/// Log in by what is kept.
fn again(
    kept: &Kept<'_>,
    provider: &Provider,
    (need, options): (Need, &Options),
    token: &str,
) -> Result<Tokens, LoginError> {
    let tokens = login::tokens_again(provider, need, options, token)?;
    if need == Need::Any || !kept.was_used(&tokens.id_token) {
        return Ok(tokens);
    }
    // Within one second a provider may make the same id token twice, and an authority takes each once.
    (options.clock.sleep)(Duration::from_secs(1));
    login::tokens_again(provider, need, options, &tokens.refresh_token)
}

/// The login is done, whether it can be kept or not.
fn keep(call: &Call, kept: &Kept<'_>, (tokens, old): (&Tokens, Option<&str>)) {
    if let Err(error) = kept.keep(tokens, old) {
        call.ui.warning(&format!("The login was not kept: {error:#}"));
    }
}

/// Remove what is kept for `provider`, and say what became of it.
pub(crate) fn forget(call: &Call, provider: &Provider) -> anyhow::Result<()> {
    let text = match Kept::of(call, &offline(provider))?.forget()? {
        true => "The kept login was removed.",
        false => "No login was kept here.",
    };
    call.ui.line(text);
    Ok(())
}

/// The same provider, asked for a refresh token (OpenID Connect Core §11).
fn offline(provider: &Provider) -> Provider {
    let mut provider = provider.clone();
    let known = provider.endpoints.as_ref().and_then(|endpoints| endpoints.authorization.as_ref());
    let address = known.map_or(provider.configuration_endpoint.as_str(), |url| url.as_str());
    let is_at = |host: &str| address.strip_prefix("https://").is_some_and(|rest| rest.starts_with(host));
    let asks = provider.auth_params.iter().any(|parameter| parameter.starts_with("prompt="));
    let mut ask = |parameter: &str| provider.auth_params.push(parameter.to_owned());
    // Entra asks for consent by itself, once.
    if !asks && !is_at("login.microsoftonline.") {
        ask("prompt=consent");
    }
    // Google has a parameter of its own, and refuses the scope.
    if is_at("accounts.google.com") {
        ask("access_type=offline");
        return provider;
    }
    if provider.scopes.is_empty() {
        provider.scopes = vec!["openid".to_owned(), "email".to_owned()];
    }
    if !provider.scopes.iter().any(|scope| scope == "offline_access") {
        provider.scopes.push("offline_access".to_owned());
    }
    provider
}

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

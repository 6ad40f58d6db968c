//! Opening a web browser, and knowing whether that worked.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// What decides which browser there is.
#[derive(Debug, Clone)]
pub(super) struct Environment {
    pub(super) system: System,
    variables: Vec<(&'static str, String)>,
}

/// Kinds of systems that differ in how a browser is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum System {
    Android,
    Mac,
    Unix,
    Windows,
    /// Linux under Windows.
    Wsl,
}

impl Environment {
    pub(super) fn of_this_process() -> Self {
        let variables = VARIABLES.into_iter().filter_map(|name| {
            let value = std::env::var(name).ok().filter(|value| !value.is_empty())?;
            Some((name, value))
        });
        let variables: Vec<_> = variables.collect();
        let under_windows = variables.iter().any(|(name, _)| *name == "WSL_DISTRO_NAME")
            || Path::new("/proc/sys/fs/binfmt_misc/WSLInterop").exists();
        let system = match std::env::consts::OS {
            "android" => System::Android,
            "macos" => System::Mac,
            "windows" => System::Windows,
            _ if under_windows => System::Wsl,
            _ => System::Unix,
        };
        Self { system, variables }
    }

    /// Whether the person does not want a browser to be opened.
    pub(super) fn forbids(&self) -> bool {
        let off = |name| self.variable(name).is_some_and(|value| ["0", "false", "no"].contains(&value));
        off("RUNG_OPEN_BROWSER") || off("STEP_OPEN_BROWSER")
    }

    /// Whether the person sits at another machine.
    pub(super) fn is_remote(&self) -> bool {
        ["SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"].iter().any(|name| self.variable(name).is_some())
    }

    fn has_display(&self) -> bool {
        self.variable("DISPLAY").is_some() || self.variable("WAYLAND_DISPLAY").is_some()
    }

    fn variable(&self, name: &str) -> Option<&str> {
        self.variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// The commands that may open `url`, best first: program and arguments.
    pub(super) fn openers(&self, url: &str) -> Vec<Vec<String>> {
        let command = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        let mut all: Vec<_> = self
            .variable("BROWSER")
            .into_iter()
            .flat_map(|list| list.split(':'))
            .filter_map(|one| named(one, url))
            .collect();
        let own: Vec<Vec<String>> = match self.system {
            System::Windows => vec![command(&["rundll32", "url.dll,FileProtocolHandler", url])],
            System::Wsl => {
                vec![command(&["wslview", url]), command(&["rundll32.exe", "url.dll,FileProtocolHandler", url])]
            }
            System::Mac if !self.is_remote() => vec![command(&["open", url])],
            System::Android => vec![command(&["xdg-open", url])],
            System::Unix if self.has_display() => vec![command(&["xdg-open", url])],
            // A text browser in the terminal would only get in the way.
            System::Mac | System::Unix => Vec::new(),
        };
        all.extend(own);
        all
    }
}

/// A command of `$BROWSER`: words, with `%s` for the address.
fn named(command: &str, url: &str) -> Option<Vec<String>> {
    let mut words: Vec<String> = command.split_whitespace().map(|word| word.replace("%s", url)).collect();
    if words.is_empty() {
        return None;
    }
    if !command.contains("%s") {
        words.push(url.to_owned());
    }
    Some(words)
}

/// Open `url`; whether a browser seems to have taken it.
pub(super) fn open(url: &str, environment: &Environment) -> bool {
    environment.openers(url).into_iter().any(|words| {
        let words: Vec<OsString> = words.into_iter().map(OsString::from).collect();
        let Some((program, arguments)) = words.split_first() else { return false };
        let child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        child.is_ok_and(took_it)
    })
}

/// An opener either ends well soon, or it is the browser itself and keeps running.
fn took_it(mut child: Child) -> bool {
    let (ended, end) = mpsc::channel();
    std::thread::spawn(move || {
        let success = child.wait().is_ok_and(|status| status.success());
        // Nobody listens any more when the browser is closed later.
        let _ = ended.send(success);
    });
    end.recv_timeout(PATIENCE).unwrap_or(true)
}

/// An opener that fails does so at once.
const PATIENCE: Duration = Duration::from_millis(1500);

const VARIABLES: [&str; 9] = [
    "BROWSER",
    "DISPLAY",
    "RUNG_OPEN_BROWSER",
    "SSH_CLIENT",
    "SSH_CONNECTION",
    "SSH_TTY",
    "STEP_OPEN_BROWSER",
    "WAYLAND_DISPLAY",
    "WSL_DISTRO_NAME",
];

#[cfg(test)]
impl Environment {
    pub(super) fn with(system: System, variables: &[(&'static str, &str)]) -> Self {
        let variables = variables.iter().map(|&(name, value)| (name, value.to_owned())).collect();
        Self { system, variables }
    }
}

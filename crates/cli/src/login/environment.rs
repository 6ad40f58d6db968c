//! Where this process runs, as far as it decides how a browser is reached.

use std::path::Path;

/// What decides which browser there is.
#[derive(Debug, Clone)]
pub(super) struct Environment {
    system: System,
    in_container: bool,
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
        let has = |name| variables.iter().any(|(known, _)| *known == name);
        let in_container = ["/.dockerenv", "/run/.containerenv"].iter().any(|mark| Path::new(mark).exists())
            || has("container")
            || has("KUBERNETES_SERVICE_HOST");
        // A container on Windows shares the kernel with WSL and still cannot start its programs.
        let under_windows =
            has("WSL_DISTRO_NAME") || (!in_container && Path::new("/proc/sys/fs/binfmt_misc/WSLInterop").exists());
        let system = match std::env::consts::OS {
            "android" => System::Android,
            "macos" => System::Mac,
            "windows" => System::Windows,
            _ if under_windows => System::Wsl,
            _ => System::Unix,
        };
        Self { system, in_container, variables }
    }

    /// Whether the person does not want a browser to be opened.
    pub(super) fn forbids(&self) -> bool {
        let off = |name| self.variable(name).is_some_and(|value| ["0", "false", "no"].contains(&value));
        off("RUNG_OPEN_BROWSER") || off("STEP_OPEN_BROWSER")
    }

    /// Why there may be no browser here, as the beginning of a sentence.
    pub(super) fn obstacle(&self) -> &'static str {
        match self.system {
            _ if self.is_remote() => "This is a remote session",
            _ if self.in_container => "This is a container without a browser",
            System::Unix if !self.has_display() => "There is no display here",
            _ => "No program that opens a browser was found",
        }
    }

    /// The commands that may open `url`, best first: program and arguments. `wanted` is the
    /// browser that the person names for this login.
    pub(super) fn openers(&self, url: &str, wanted: Option<&str>) -> Vec<Vec<String>> {
        let mut all = match (wanted, self.system) {
            (Some(application), System::Mac) => vec![words(&["open", "-a", application, url])],
            (Some(command), _) => named(command, url).into_iter().collect(),
            (None, _) => Vec::new(),
        };
        let listed = self.variable("BROWSER").into_iter().flat_map(|list| list.split(':'));
        all.extend(listed.filter_map(|one| named(one, url)));
        all.extend(self.own_openers(url));
        all
    }

    /// Those of the system. A text browser in the terminal would only get in the way, and
    /// what opens on the screen of another machine helps nobody.
    fn own_openers(&self, url: &str) -> Vec<Vec<String>> {
        const HANDLER: &str = "url.dll,FileProtocolHandler";
        match self.system {
            System::Unix if self.has_display() => vec![
                words(&["xdg-open", url]),
                words(&["gio", "open", url]),
                words(&["kde-open", url]),
                words(&["x-www-browser", url]),
            ],
            _ if self.is_remote() => Vec::new(),
            System::Android => vec![words(&["termux-open-url", url]), words(&["xdg-open", url])],
            System::Mac => vec![words(&["open", url])],
            System::Unix => Vec::new(),
            System::Windows => vec![words(&["rundll32", HANDLER, url])],
            System::Wsl => vec![
                words(&["wslview", url]),
                words(&["rundll32.exe", HANDLER, url]),
                // Where Windows' own path is not taken over.
                words(&["/mnt/c/Windows/System32/rundll32.exe", HANDLER, url]),
            ],
        }
    }

    /// Whether the person sits at another machine.
    fn is_remote(&self) -> bool {
        ["SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"].iter().any(|name| self.variable(name).is_some())
    }

    fn has_display(&self) -> bool {
        self.variable("DISPLAY").is_some() || self.variable("WAYLAND_DISPLAY").is_some()
    }

    fn variable(&self, name: &str) -> Option<&str> {
        self.variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
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

const VARIABLES: [&str; 11] = [
    "BROWSER",
    "DISPLAY",
    "KUBERNETES_SERVICE_HOST",
    "RUNG_OPEN_BROWSER",
    "SSH_CLIENT",
    "SSH_CONNECTION",
    "SSH_TTY",
    "STEP_OPEN_BROWSER",
    "WAYLAND_DISPLAY",
    "WSL_DISTRO_NAME",
    "container",
];

#[cfg(test)]
impl Environment {
    pub(super) fn with(system: System, variables: &[(&'static str, &str)]) -> Self {
        let variables = variables.iter().map(|&(name, value)| (name, value.to_owned())).collect();
        Self { system, in_container: false, variables }
    }

    pub(super) fn in_a_container(self) -> Self {
        Self { in_container: true, ..self }
    }
}

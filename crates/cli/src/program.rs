//! What the program knows about itself.

use std::env;
use std::path::Path;

/// The program as it was started.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    /// `step` when it was started under that name, else `rung`.
    pub(crate) name: &'static str,
    /// Whether errors should say more.
    pub(crate) debug: bool,
}

impl Program {
    /// What this process was started as.
    pub(crate) fn of_this_process() -> Self {
        let started = env::args_os().next().unwrap_or_default();
        let name = Path::new(&started).file_name().is_some_and(|name| name == "step");
        let debug = env::var("STEPDEBUG").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"));
        Self { name: if name { "step" } else { "rung" }, debug }
    }
}

/// Name, version and platform, such as `Rung CLI/0.1.0 (linux/amd64)`, and on a second line when it was released.
pub(crate) fn version_lines() -> String {
    format!("Rung CLI/{VERSION} ({})\nRelease Date: {RELEASED}\n", platform())
}

/// The system and the machine that the program was built for, as Go names them: `linux/amd64`.
pub(crate) fn platform() -> String {
    let system = match env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let machine = match env::consts::ARCH {
        "aarch64" => "arm64",
        "x86_64" => "amd64",
        other => other,
    };
    format!("{system}/{machine}")
}

/// The version of the program.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Set with the version; not the time of the build, so that a build can be repeated.
pub(crate) const RELEASED: &str = "2026-11-24 00:00 UTC";

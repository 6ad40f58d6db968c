//! The whole check, step by step; the first failure ends it.

use std::time::SystemTime;

use anyhow::{Context, Result};

use crate::run::{cargo, must};
use crate::{arrows, deny, e2e, hygiene, tools};

/// One step of the check: its heading and what it does.
type Step = (&'static str, fn() -> Result<()>);

/// Quick checks first, so that a mistake shows soon.
const STEPS: [Step; 8] = [
    ("Tools that the tests use", tools::run),
    ("Formatting", format),
    ("Crate arrows", arrows::run),
    ("Hygiene of the files", hygiene::run),
    ("Dependencies and licences", deny::run),
    ("Lints", clippy),
    ("Unit and integration tests", test),
    ("End-to-end tests on real programs", || e2e::run(&[])),
];

/// Run every step.
pub(crate) fn run() -> Result<()> {
    let started = Stopwatch::start();
    let mut times = Vec::new();
    for (index, (heading, step)) in STEPS.iter().enumerate() {
        println!("\n━━ {}/{}  {heading}", index + 1, STEPS.len());
        let stopwatch = Stopwatch::start();
        step().with_context(|| format!("step “{heading}” failed after {}", stopwatch.read()))?;
        println!("━━ {heading}: good, {}", stopwatch.read());
        times.push((heading, stopwatch.read()));
    }
    println!("\nEverything is good, in {}:", started.read());
    for (heading, time) in times {
        println!("  {time:>8}  {heading}");
    }
    Ok(())
}

/// Whether every file is formatted.
pub(crate) fn format() -> Result<()> {
    must(&mut cargo(&["fmt", "--all", "--check"]), "some files are not formatted; run `cargo fmt --all`")
}

/// Whether the lints find nothing, in the end-to-end tests too.
pub(crate) fn clippy() -> Result<()> {
    let arguments = ["clippy", "--workspace", "--all-targets", "--features", "rung-e2e/real-parts", "--locked"];
    must(cargo(&arguments).args(["--", "-D", "warnings"]), "the lints found something")
}

/// The tests of every crate, but for the end-to-end tests.
pub(crate) fn test() -> Result<()> {
    let arguments = ["test", "--workspace", "--locked"];
    must(cargo(&arguments).env("SLOW_TESTS", "1"), "a test failed")
}

/// Time since a moment, for a person to read.
struct Stopwatch(SystemTime);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "how long a step takes is measured, nothing is decided by it")]
    fn start() -> Self {
        Self(SystemTime::now())
    }

    fn read(&self) -> String {
        let seconds = self.0.elapsed().unwrap_or_default().as_secs_f64();
        if seconds < 60.0 {
            format!("{seconds:.1} s")
        } else {
            format!("{:.0} min {:02.0} s", (seconds / 60.0).floor(), seconds % 60.0)
        }
    }
}

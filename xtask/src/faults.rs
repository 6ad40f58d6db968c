//! `cargo xtask faults`: the fault suite against the built server, as a table of bars and measurements.

use std::collections::BTreeMap;
use std::process::Stdio;

use anyhow::{Context, Result, bail};

use crate::run::cargo;

/// A fault, what is promised under it, and the tests that make it, by a part of their names.
struct Fault {
    id: &'static str,
    what: &'static str,
    bar: &'static str,
    tests: &'static [&'static str],
}

const fn fault(id: &'static str, what: &'static str, bar: &'static str, tests: &'static [&'static str]) -> Fault {
    Fault { id, what, bar, tests }
}

/// Every fault that can be made with what there is. `docs/security/faults.md` says what is missing, and why.
const FAULTS: &[Fault] = &[
    fault("F1", "kill -9 under load", "I1-I9 hold; ready < 2 s with 100,000 certificates", &["::f01_"]),
    fault("F2", "power loss", "what was acknowledged is there, whatever the disk lost", &["::f02_"]),
    fault("F3", "full disk", "503 < 1 s; the rest answers; issues again < 5 s after", &["::f03_"]),
    fault(
        "F4",
        "EIO and ENOSPC from the disk",
        "never acknowledged; nothing written after; clean restart",
        &["::f04_"],
    ),
    fault("F5", "damaged database", "refused by name, never a wrong answer", &["::f05_"]),
    fault(
        "F11",
        "hostile rows, other schema",
        "refused, no panic",
        &["::f11_", "::p05_a_file_of_a_newer_version_is_refused"],
    ),
    fault("F12", "identity provider slow, hanging, broken", "others unchanged; one fetch at a time", &["::f12_"]),
    fault("F13", "keys rotate during logins", "0 failed logins", &["::f13_"]),
    fault("F14", "identity provider down at the start", "ready at once; up <= 30 s after it", &["::f14_"]),
    fault("F15", "clock jumps", "no panic; nothing used or expired comes back", &["::f15_"]),
    fault("F16", "idle connections", "<= 30 KB each; others < 2x", &["::f16_"]),
    fault("F17", "slow senders and readers", "dropped at the end of the patience (15 s)", &["::f17_"]),
    fault("F18", "no files left", "no crash, CPU < 20 %, recovers < 1 s", &["::f18_"]),
    fault("F19", "largest requests of many", "< 128 MB, the rest shed with 503", &["::f19_"]),
    fault("F20", "stopped, then continued; busy processors", "0 failed requests", &["::f20_"]),
    fault("F21", "reload after reload under load", "0 failed requests, files and memory flat", &["::f21_"]),
    fault(
        "F22",
        "reload of 25 bad configurations",
        "the old one serves on, reason logged",
        &["::p01_whatever_is_wrong_the_old_configuration_serves_on"],
    ),
    fault("F27", "kill while lists are made", "no acknowledged revocation lost, no number twice", &["f27_"]),
    fault("F28", "nobody reads the log", "latency unaffected; losses counted", &["::f28_"]),
    fault("F29", "no random numbers", "nothing weak is issued", &["::f29_"]),
    fault("F30", "soak", "memory slope < 1 MB in 10 min", &["::f30_"]),
    fault(
        "F31",
        "backup under load, and restore",
        "I1-I3 up to the backup; refused until confirmed; numbers never repeat",
        &["::f31_"],
    ),
    fault("flood", "too much from one source", "a refusal < 100 us of a processor, < 50 ms", &["::a_source_that_"]),
];

/// The crates whose tests make faults.
const CRATES: [&str; 3] = ["rung-server", "rung-store", "rung-authority"];

/// How one test went.
struct Outcome {
    good: bool,
    measured: Vec<String>,
}

/// Run the tests of the faults whose ids or names contain the filter; `--long` gives them the time that a night has.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let is_long = arguments.iter().any(|argument| argument == "--long");
    let filters: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with("--")).collect();
    if let Some(unknown) = arguments.iter().find(|argument| argument.starts_with("--") && *argument != "--long") {
        bail!("there is no option {unknown}; write `cargo xtask faults [FILTER ...] [--long]`");
    }
    let is_wanted = |fault: &&Fault| {
        let matches = |filter: &&String| fault.id.eq_ignore_ascii_case(filter) || fault.what.contains(filter.as_str());
        filters.is_empty() || filters.iter().any(matches)
    };
    let wanted: Vec<&Fault> = FAULTS.iter().filter(is_wanted).collect();
    if wanted.is_empty() {
        let ids: Vec<&str> = FAULTS.iter().map(|fault| fault.id).collect();
        bail!("no fault is called so; there are {}", ids.join(", "));
    }
    let mut outcomes = BTreeMap::new();
    for name in CRATES {
        outcomes.extend(test(name, &wanted, is_long)?);
    }
    let mut failures = Vec::new();
    println!("\n{:<5} {:<41} {:<58} measured", "", "fault", "bar");
    for fault in wanted {
        let its: Vec<(&String, &Outcome)> = outcomes.iter().filter(|(test, _)| fault.has(test)).collect();
        let bad: Vec<&str> = its.iter().filter(|(_, outcome)| !outcome.good).map(|(test, _)| test.as_str()).collect();
        let said: Vec<&str> =
            its.iter().flat_map(|(_, outcome)| &outcome.measured).filter_map(|said| fault.measurement(said)).collect();
        let verdict = match (its.len(), bad.len()) {
            (0, _) => "NO TEST RAN".to_owned(),
            (1, 0) if said.is_empty() => "held, by one test".to_owned(),
            (count, 0) if said.is_empty() => format!("held, by {count} tests"),
            (_, 0) => said.join("; "),
            (..) => format!("FAILED: {}", bad.join(", ")),
        };
        if its.is_empty() || !bad.is_empty() {
            failures.push(fault.id);
        }
        println!("{:<5} {:<41} {:<58} {verdict}", fault.id, fault.what, fault.bar);
    }
    if !failures.is_empty() {
        bail!("not held: {}", failures.join(", "));
    }
    Ok(())
}

impl Fault {
    fn has(&self, test: &str) -> bool {
        // Tests at the top of a crate have no module before their names.
        self.tests.iter().any(|part| format!("::{test}").contains(part))
    }

    /// What a line says about this fault.
    fn measurement<'a>(&self, said: &'a str) -> Option<&'a str> {
        said.strip_prefix("measured ")?.strip_prefix(self.id)?.strip_prefix(": ").or_else(|| {
            // A machine that lacks what a fault is made with must not look as if all were well.
            said.starts_with("skipped: ").then_some(said)
        })
    }
}

/// Run the tests of a crate and read what they say.
fn test(name: &str, faults: &[&Fault], is_long: bool) -> Result<BTreeMap<String, Outcome>> {
    let mut command = cargo(&["test", "--locked", "-p", name, "--", "--show-output"]);
    command.args(faults.iter().flat_map(|fault| fault.tests).map(|part| part.trim_start_matches("::")));
    if is_long {
        command.env("RUNG_LONG_FAULTS", "1").env("SLOW_TESTS", "1");
    }
    eprintln!("testing {name} ...");
    let output = command.stderr(Stdio::inherit()).output().context("cargo cannot be started")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let outcomes = read(&text);
    // What failed is shown as a whole, and a crate that does not build has no outcomes.
    if !output.status.success() {
        print!("{text}");
        if outcomes.values().all(|outcome| outcome.good) {
            bail!("the tests of {name} did not come to an end");
        }
    }
    Ok(outcomes)
}

/// Read what the test harness prints: a line for each test, and under a heading what each of them said.
fn read(text: &str) -> BTreeMap<String, Outcome> {
    let mut outcomes: BTreeMap<String, Outcome> = BTreeMap::new();
    let mut section: Option<String> = None;
    for line in text.lines() {
        let verdict = line.strip_prefix("test ").and_then(|rest| rest.rsplit_once(" ... "));
        if let Some((test, verdict)) = verdict {
            outcomes.insert(test.to_owned(), Outcome { good: verdict == "ok", measured: Vec::new() });
        } else if let Some(test) = line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" stdout ----")) {
            section = Some(test.to_owned());
        } else if (line.starts_with("measured ") || line.starts_with("skipped: "))
            && let Some(outcome) = section.as_ref().and_then(|test| outcomes.get_mut(test))
        {
            outcome.measured.push(line.to_owned());
        }
    }
    outcomes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_harness_prints_is_read() {
        let outcomes = read(
            "running 2 tests\ntest faults::disk::f03_x ... ok\ntest faults::disk::f04_y ... FAILED\n\nsuccesses:\n\n\
             ---- faults::disk::f03_x stdout ----\nmeasured F3: in 3 ms\nother\n",
        );
        assert!(outcomes["faults::disk::f03_x"].good && !outcomes["faults::disk::f04_y"].good);
        assert_eq!(outcomes["faults::disk::f03_x"].measured, ["measured F3: in 3 ms"]);
        assert!(FAULTS.iter().any(|fault| fault.id == "F3" && fault.has("faults::disk::f03_x")));
        assert_eq!(FAULTS[0].measurement("measured F1: x"), Some("x"));
        assert_eq!(FAULTS[0].measurement("measured F12: x"), None);
    }

    /// The page says of every fault where it is tested, or what has to come first.
    #[test]
    fn the_page_knows_every_fault() {
        let page = std::fs::read_to_string(crate::run::root().join("docs/security/faults.md")).unwrap();
        for number in 1..=33 {
            let rows = page.lines().filter(|line| line.starts_with(&format!("| F{number} |"))).count();
            assert_eq!(rows, 1, "F{number}");
        }
        for fault in FAULTS.iter().filter(|fault| fault.id.starts_with('F')) {
            let row = page.lines().find(|line| line.starts_with(&format!("| {} |", fault.id))).unwrap();
            assert!(row.contains("| tested |"), "{row}");
        }
        // Whatever the page names is there.
        let sources: String =
            ["crates", "e2e/tests"].iter().map(|folder| contents(&crate::run::root().join(folder))).collect();
        for name in
            page.split('`').skip(1).step_by(2).filter(|name| name.contains('_') && !name.contains(['/', ' ', '.']))
        {
            assert!(sources.contains(&format!("fn {name}(")), "no test is called {name}");
        }
    }

    fn contents(folder: &std::path::Path) -> String {
        let mut text = String::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                text.push_str(&contents(&path));
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                text.push_str(&std::fs::read_to_string(&path).unwrap());
            }
        }
        text
    }
}

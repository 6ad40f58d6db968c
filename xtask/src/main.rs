//! The project's own commands: `cargo xtask ci` and its parts.

mod arrows;
mod bench;
mod ci;
mod demo;
mod deny;
mod e2e;
mod faults;
mod hygiene;
mod metadata;
mod package;
mod run;
mod tools;

use std::process::ExitCode;

/// What `cargo xtask` alone and `cargo xtask help` print.
const HELP: &str = "\
cargo xtask COMMAND

  ci               everything below, in the order that finds mistakes soonest
  bench sign       figures of speed and memory, of the real server in release
  bench renew      the same of renewals over mutual TLS
  bench ocsp       the same of answers over OCSP, ready and signed on demand
  bench refuse     what a refusal costs, and good clients beside a flood of them
  bench crl        the same of a list of a million revoked certificates
  bench inventory  the same of looking through a million certificates on record
  bench keys       what it costs to look whether a key is weak, beside a verification
  package [PARTS]  a Debian package, a container image and a list of what is in them (deb, image, sbom);
                   --check builds everything twice and compares
  demo [ARGS]      build both programs and run `rung demo`: a login becomes a certificate
  tools            install what the end-to-end tests need, or say what is missing
  fmt | clippy     the formatting and the lints
  arrows           which crate may use which
  hygiene          what must not be in a file of this repository
  deny             which dependencies and licences are allowed
  test             the unit and integration tests of every crate
  faults [FILTER]  kills, full and failing disks, lost power, wrong clocks, crowds: what is promised and what was
                   measured; --long takes as long as a night
  e2e [FILTER]     the end-to-end tests on real programs
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rest = arguments.get(1..).unwrap_or_default();
    let outcome = match arguments.first().map(String::as_str) {
        None | Some("help" | "-h" | "--help") => {
            print!("{HELP}");
            Ok(())
        }
        Some("ci") => ci::run(),
        Some("bench") => bench::run(rest),
        Some("package") => package::run(rest),
        Some("faults") => faults::run(rest),
        Some("demo") => demo::run(rest),
        Some("tools") => tools::run(),
        Some("fmt") => ci::format(),
        Some("clippy") => ci::clippy(),
        Some("arrows") => arrows::run(),
        Some("hygiene") => hygiene::run(),
        Some("deny") => deny::run(),
        Some("test") => ci::test(),
        Some("e2e") => tools::run().and_then(|()| e2e::run(rest)),
        Some(other) => Err(anyhow::anyhow!("there is no command `{other}`; `cargo xtask help` lists them")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

//! Figures of speed and memory, printed beside the cost of the bare cryptography in the same run.

use anyhow::{Result, bail};

use crate::run::{cargo, must, target};

/// Run the named benchmark.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    match arguments {
        [name] if name == "crl" => crl(),
        [name] if name == "inventory" => inventory(),
        [name] if name == "keys" => keys(),
        [name] if matches!(name.as_str(), "ocsp" | "refuse" | "renew" | "sign") => server(name),
        _ => bail!("which benchmark? There are: cargo xtask bench crl|inventory|keys|ocsp|refuse|renew|sign"),
    }
}

/// Time and memory of a list of a million revoked certificates, and what making it does to those who want one.
fn crl() -> Result<()> {
    let mut bench = cargo(&["run", "--release", "--locked", "--quiet", "-p", "rung-pki", "--example", "bench_crl"]);
    must(&mut bench, "the benchmark did not reach its end")?;
    server("publish")
}

/// Time of pages of an inventory of a million certificates.
fn inventory() -> Result<()> {
    let run = ["run", "--release", "--locked", "--quiet", "-p", "rung-store", "--example", "bench_inventory"];
    must(&mut cargo(&run), "the benchmark did not reach its end")
}

/// Time of looking whether a key is weak.
fn keys() -> Result<()> {
    let mut bench = cargo(&["run", "--release", "--locked", "--quiet", "-p", "rung-pki", "--example", "bench_keys"]);
    must(&mut bench, "the benchmark did not reach its end")
}

/// Answers per second, processor time, latencies and memory of the server, doing that.
fn server(what: &str) -> Result<()> {
    let build = ["build", "--release", "--locked", "-p", "rung-server", "--bins", "--example", "bench"];
    must(&mut cargo(&build), "the server did not build")?;
    let mut bench =
        cargo(&["run", "--release", "--locked", "--quiet", "-p", "rung-server", "--example", "bench", what]);
    must(bench.env("RUNG_CA", target().join("release/rung-ca")), "the benchmark did not reach its end")
}

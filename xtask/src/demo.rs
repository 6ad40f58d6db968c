//! The first command of the README.

use std::process::Stdio;

use anyhow::Result;

use crate::run::{cargo, command, must, target};

/// Build both programs as they are shipped, then run `rung demo`.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let build = ["build", "--release", "--locked", "-p", "rung-cli", "-p", "rung-server"];
    must(&mut cargo(&build), "the programs did not build")?;
    let mut demo = command(target().join("release/rung"));
    must(demo.arg("demo").args(arguments).stdin(Stdio::inherit()), "the demo did not reach its end")
}

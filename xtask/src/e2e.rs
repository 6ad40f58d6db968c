//! The end-to-end tests: the real programs, driven as a person drives them.

use anyhow::Result;

use crate::run::{cargo, must, target};
use crate::tools;

/// Build both programs, then run the tests whose names contain the filter.
pub(crate) fn run(filter: &[String]) -> Result<()> {
    let build = ["build", "--locked", "-p", "rung-cli", "-p", "rung-server"];
    must(&mut cargo(&build), "the programs did not build")?;
    let mut test = cargo(&["test", "--locked", "-p", "rung-e2e", "--features", "real-parts", "--"]);
    test.args(filter).env("RUNG_PROGRAMS", target().join("debug")).env("RUNG_TOOLS", tools::folder());
    must(test.env("PATH", tools::search_path()), "an end-to-end test failed")
}

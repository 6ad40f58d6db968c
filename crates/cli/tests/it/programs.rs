//! Programs that tests want and that not every machine has.

use std::env;
use std::io::{self, Write};
use std::path::PathBuf;

/// Whether a program is here. When it is not, that is said where everybody sees it, whether or not the test passes.
pub(crate) fn is_here(program: &str, test: &str) -> bool {
    let here = env::split_paths(&env::var_os("PATH").unwrap_or_default())
        .chain([PathBuf::from("/usr/sbin")])
        .any(|folder| folder.join(program).is_file());
    if !here {
        // What is printed the usual way is shown only when a test fails.
        let _ = writeln!(io::stderr(), "skipped: {test} wants the program {program}");
    }
    here
}

/// The same for a program that `cargo xtask tools` installs, without which the whole check is not one.
#[track_caller]
pub(crate) fn has_tool(program: &str, test: &str) -> bool {
    let here = is_here(program, test);
    assert!(here || env::var_os("SLOW_TESTS").is_none(), "{program} is missing; `cargo xtask tools` installs it");
    here
}

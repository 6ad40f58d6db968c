//! The program `rung`.

use std::process::ExitCode;

fn main() -> ExitCode {
    rung_cli::main()
}

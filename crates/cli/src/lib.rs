//! The command line of Rung.
//!
//! A command is one file under `commands` with a table of its arguments and flags and a function that runs
//! it; `commands` lists them all. `grammar` reads the words, `call` finds the value of every flag, `ui` talks
//! to the person, `output` writes files.

mod agent;
mod audit;
mod base64_text;
mod ca;
mod call;
mod clock;
mod commands;
mod demo;
mod dispatch;
mod doctor;
mod failure;
mod fileserver;
mod fingerprint;
pub mod fuzz;
mod grammar;
mod help;
mod input;
mod inspect;
mod issuer;
mod keys;
mod lint;
pub mod login;
mod nacl;
mod output;
mod pe;
mod peer;
mod preset;
mod private_key;
mod program;
mod renewal;
mod revocation;
mod roots;
mod secret;
mod settings;
mod sign_in;
mod template;
mod trust;
mod ui;

use std::env;
use std::process::ExitCode;

use program::Program;
use ui::Ui;

/// Run the program on the arguments of this process.
pub fn main() -> ExitCode {
    if let Err(error) = keep_memory_private() {
        eprintln!("core dumps cannot be switched off: {error}");
        return ExitCode::FAILURE;
    }
    let program = Program::of_this_process();
    let ui = Ui::of_this_process();
    match dispatch::run(&program, &ui, env::args_os().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure::report(&program, &ui, &error),
    }
}

/// Keys and passwords pass through this process: leave no core dump of them, and let no debugger of the same user look in.
fn keep_memory_private() -> std::io::Result<()> {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};
    // Programs that are started from here, such as hooks, may raise it again for themselves.
    let maximum = getrlimit(Resource::Core).maximum;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum })?;
    // The limit alone does not hold for dumps that the system pipes into a program (core(5)).
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}

//! The command line of Rung.
//!
//! A command is one file under `commands` with a table of its arguments and flags and a function that runs
//! it; `commands` lists them all. `grammar` reads the words, `call` finds the value of every flag, `ui` talks
//! to the person, `output` writes files.

mod ca;
mod call;
mod clock;
mod commands;
mod demo;
mod dispatch;
mod doctor;
mod failure;
mod grammar;
mod help;
mod input;
mod inspect;
pub mod login;
mod output;
mod preset;
mod private_key;
mod program;
mod secret;
mod settings;
mod sign_in;
mod ui;

use std::env;
use std::process::ExitCode;

use program::Program;
use ui::Ui;

/// Run the program on the arguments of this process.
pub fn main() -> ExitCode {
    let program = Program::of_this_process();
    let ui = Ui::of_this_process();
    match dispatch::run(&program, &ui, env::args_os().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure::report(&program, &ui, &error),
    }
}

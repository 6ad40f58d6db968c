//! `rung-ca`: serves a certificate authority.

use std::{path::Path, process::ExitCode};

use rung_server::{
    args::{self, Command},
    backup, certificates,
    daemon::{self, Failure},
};

fn main() -> ExitCode {
    if let Err(error) = rung_server::hardening::keep_memory_private() {
        eprintln!("core dumps cannot be switched off: {error}");
        return ExitCode::from(2);
    }
    let mut words = std::env::args();
    let program = words.next().as_deref().and_then(|word| Path::new(word).file_name()?.to_str().map(str::to_owned));
    let program = program.unwrap_or_else(|| "rung-ca".to_owned());
    let command = match args::parse(&program, words) {
        Ok(command) => command,
        Err(error) => {
            eprintln!("{error}\nSee '{program} help'.");
            return ExitCode::from(1);
        }
    };
    let outcome = match command {
        Command::Backup(None) => {
            print!("{}", backup::help(&program));
            Ok(ExitCode::SUCCESS)
        }
        Command::Backup(Some(ask)) => backup::run(&ask).map(|()| ExitCode::SUCCESS),
        Command::Certificates(None) => {
            print!("{}", certificates::help(&program));
            Ok(ExitCode::SUCCESS)
        }
        Command::Certificates(Some(ask)) => list(&ask).map(|()| ExitCode::SUCCESS),
        Command::Check(settings) => daemon::check(&settings).map(|(verdict, warnings)| {
            for warning in warnings {
                eprintln!("warning: {warning}");
            }
            println!("{verdict}");
            ExitCode::SUCCESS
        }),
        Command::ExportAudit(settings, folder) => daemon::export_audit(&settings, &folder).map(|said| {
            println!("{said}");
            ExitCode::SUCCESS
        }),
        Command::Help => {
            print!("{}", args::help(&program));
            Ok(ExitCode::SUCCESS)
        }
        Command::Serve(settings) => daemon::run(&settings),
        Command::Version => {
            println!("{}", daemon::title());
            Ok(ExitCode::SUCCESS)
        }
    };
    outcome.unwrap_or_else(|failure| report(&failure))
}

/// A reader that has gone away is no error.
fn list(ask: &certificates::Ask) -> Result<(), Failure> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let flush = |out: &mut dyn std::io::Write| out.flush().map_err(|error| Failure::Start(error.into()));
    match certificates::run(ask, &mut out).and_then(|()| flush(&mut out)) {
        Err(Failure::Start(error)) if error.downcast_ref().is_some_and(is_broken_pipe) => Ok(()),
        done => done,
    }
}

fn is_broken_pipe(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::BrokenPipe
}

fn report(failure: &Failure) -> ExitCode {
    match failure {
        Failure::NoConfig(path) => {
            eprintln!("There is no configuration file at {}.", path.display());
            eprintln!("Make a certificate authority with `rung ca init`, or name its configuration file.");
            ExitCode::from(1)
        }
        Failure::Start(error) => {
            eprintln!("{error:#}");
            ExitCode::from(2)
        }
    }
}

//! Opening a web browser, and knowing whether that worked.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// Whether the program of this command is there.
pub(super) fn is_there(words: &[String]) -> bool {
    let Some(program) = words.first() else { return false };
    if cfg!(windows) || program.contains('/') {
        return cfg!(windows) || Path::new(program).is_file();
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| folder.join(program).is_file())
}

/// Try these commands in turn; whether a browser seems to have taken the address.
pub(super) fn open(openers: &[Vec<String>]) -> bool {
    openers.iter().filter(|words| is_there(words)).any(|words| {
        let Some((program, arguments)) = words.split_first() else { return false };
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // Ctrl-C in this terminal is for us; the browser has other work to do.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command.spawn().is_ok_and(took_it)
    })
}

/// An opener either ends well soon, or it is the browser itself and keeps running. One that
/// hangs is not waited for.
fn took_it(mut child: Child) -> bool {
    let (ended, end) = mpsc::channel();
    std::thread::spawn(move || {
        let success = child.wait().is_ok_and(|status| status.success());
        // Nobody listens any more when the browser is closed later.
        let _ = ended.send(success);
    });
    end.recv_timeout(PATIENCE).unwrap_or(true)
}

/// An opener that fails does so at once.
const PATIENCE: Duration = Duration::from_millis(1500);

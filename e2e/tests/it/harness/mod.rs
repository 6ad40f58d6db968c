//! What the tests share: places to work in, programs that are started and always ended, and the real parts around Rung.

mod browser;
mod ca;
mod idp;
mod lint;
mod load;
mod peers;
mod place;
mod process;
mod terminal;

pub(crate) use browser::{Page, browse, find_login_url};
pub(crate) use ca::{Ca, OidcOptions, PASSWORD};
pub(crate) use idp::Idp;
pub(crate) use lint::{check_answer, check_certificates, check_certificates_but, check_list};
pub(crate) use load::{Load, client_config, connect, read_answer, request};
pub(crate) use peers::{nginx, python_server, say_hello};
pub(crate) use place::{Place, free_port, own_file, program, setting};
pub(crate) use process::{Background, Finished};
pub(crate) use terminal::Terminal;

/// How long anything may take before a test gives up on it. Generous: a loaded machine is slow.
pub(crate) const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// Try until `attempt` gives something; what is waited for happens in another program and sends no signal.
#[track_caller]
pub(crate) fn eventually<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let pause = std::time::Duration::from_millis(100);
    for _ in 0..PATIENCE.as_millis() / pause.as_millis() {
        if let Some(result) = attempt() {
            return result;
        }
        std::thread::sleep(pause);
    }
    panic!("{what} never happened");
}

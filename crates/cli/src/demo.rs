//! `rung demo`: the whole journey on one machine, with real programs and nothing left behind.
//!
//! A certificate authority in a throwaway folder, a small identity provider on loopback, a login, a certificate, and
//! an mTLS server that greets its holder by name. Each step runs the command that a person would run.

mod browser;
mod hello;
mod idp;
mod stage;
use std::time::Duration;

use anyhow::Context;

use idp::Idp;
use stage::Stage;

/// How the demo runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The person logs in; a browser is opened when there is one.
    Browser,
    /// The person logs in; only the address is printed.
    NoBrowser,
    /// The demo logs in by itself and ends after the greeting.
    Auto,
}

/// Who can log in at the demo's identity provider.
pub(crate) const USERS: [&str; 2] = ["alice@demo.test", "bob@demo.test"];

/// Run the demo.
pub(crate) fn run(mode: Mode) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // Whoever is first ends the demo; dropping the journey stops what it started and removes its folder.
        tokio::select! {
            journey = journey(mode) => journey,
            _ = tokio::signal::ctrl_c() => Ok(()),
        }
    })
}

async fn journey(mode: Mode) -> anyhow::Result<()> {
    eprintln!(
        "Rung demo: a login becomes a certificate. Everything happens on this machine and is removed at the end.\n"
    );
    let mut stage = Stage::set().context("the demo could not be set up")?;
    stage.init().await?;
    stage.serve().await?;
    let idp = Idp::start(mode == Mode::Auto).await.context("the demo's identity provider could not be started")?;
    stage.trust(&idp).await?;
    let user = loop {
        match stage.log_in(mode, USERS[0]).await? {
            Some(user) => break user,
            None => eprintln!("\nThat login did not lead to a certificate. Try again: log in as {}.\n", USERS[0]),
        }
    };
    stage.inspect().await?;
    let hello = hello::Server::start(&stage.files()).await.context("the mTLS server could not be started")?;
    stage.greet(&hello, &user).await?;
    if mode == Mode::Auto {
        return Ok(());
    }
    stage.what_next(&hello);
    // Until ctrl-C.
    loop {
        tokio::time::sleep(Duration::from_secs(3600)).await;
    }
}

//! Measures the real server: starts it on a SQLite database and drives it over loopback.
//!
//! `cargo xtask bench` builds both in release and runs this with what is to be measured as its argument. The cost of the
//! bare cryptography on this machine, measured in the same run, stands beside the figures.

#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

mod load;
mod machine;
mod minter;
mod ocsp;
mod publish;
mod refuse;
mod renew;
mod setup;
mod sign;

use std::error::Error;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// So many clients ask at once.
const CLIENTS: usize = 32;

fn main() -> Outcome<()> {
    let what = std::env::args().nth(1).unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        let stage = setup::Stage::new().await?;
        match what.as_str() {
            "ocsp" => ocsp::run(&stage).await,
            "publish" => publish::run(&stage).await,
            "refuse" => refuse::run(&stage).await,
            "renew" => renew::run(&stage).await,
            "sign" => sign::run(&stage).await,
            _ => Err(format!("there is no benchmark {what:?}").into()),
        }
    })
}

/// So many for a run of the usual length; a tenth where it shall be quick.
fn count_of(full: usize) -> usize {
    if std::env::var_os("BENCH_QUICK").is_some() { full / 10 } else { full }
}

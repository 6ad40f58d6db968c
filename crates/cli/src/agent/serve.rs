//! The process: signals, the list of certificates as it changes, metrics, and telling systemd.

use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use anyhow::Context as _;
use rung_spec::file;
use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::LocalSet;

use super::lock::Lock;
use super::metrics;
use super::pool::Pool;
use super::settings::{Settings, notes_folder};
use crate::ui::{Ui, shown};

/// Take care of the certificates in the list at `path` until SIGINT or SIGTERM.
pub(crate) fn run(ui: &Ui, path: &Path) -> anyhow::Result<()> {
    let folder = notes_folder(path);
    let _lock = Lock::take(&folder)?;
    let list = List::read(path)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("the system does not let an agent start")?;
    let pool = Rc::new(Pool::start(folder, ui)?);
    let result = LocalSet::new().block_on(&runtime, serve(ui, list, &pool));
    // What is still running is a visitor of the metrics.
    runtime.shutdown_background();
    if let Some(pool) = Rc::into_inner(pool) {
        pool.stop();
    }
    result
}

async fn serve(ui: &Ui, mut list: List<'_>, pool: &Rc<Pool>) -> anyhow::Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut metrics = None;
    if let Some(address) = list.settings.metrics {
        metrics = Some(metrics::Server::start(address, Rc::clone(pool)).await?);
    }
    pool.set(&list.settings)?;
    ui.line(&format!("Taking care of {}", list.describe()));
    notify(&[NotifyState::Ready, NotifyState::Status(&list.describe())]);
    loop {
        let asked = tokio::select! {
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
            _ = hangup.recv() => true,
            () = tokio::time::sleep(LOOK) => false,
        };
        if asked {
            let mut states = vec![NotifyState::Reloading];
            states.extend(NotifyState::monotonic_usec_now());
            notify(&states);
        }
        let before = list.settings.metrics;
        match list.read_again() {
            Ok(true) => {
                let changed = take_over(&list, before, pool, &mut metrics).await;
                match changed {
                    Ok(()) => ui.line(&format!("The list has changed: taking care of {}", list.describe())),
                    Err(error) => ui.warning(&format!("{error:#}")),
                }
            }
            Ok(false) => {}
            Err(error) => ui.warning(&format!("The list is not taken over: {error:#}")),
        }
        if asked {
            notify(&[NotifyState::Ready, NotifyState::Status(&list.describe())]);
        }
    }
    notify(&[NotifyState::Stopping]);
    ui.line("Finishing what was begun");
    Ok(())
}

async fn take_over(
    list: &List<'_>,
    before: Option<std::net::SocketAddr>,
    pool: &Rc<Pool>,
    metrics: &mut Option<metrics::Server>,
) -> anyhow::Result<()> {
    pool.set(&list.settings)?;
    if before != list.settings.metrics {
        *metrics = None;
        if let Some(address) = list.settings.metrics {
            *metrics = Some(metrics::Server::start(address, Rc::clone(pool)).await?);
        }
    }
    Ok(())
}

/// The list as it was read.
struct List<'a> {
    path: &'a Path,
    contents: Option<Vec<u8>>,
    settings: Settings,
    /// What could not be used, so that it is said once.
    refused: Option<Vec<u8>>,
}

impl<'a> List<'a> {
    fn read(path: &'a Path) -> anyhow::Result<Self> {
        let settings = Settings::read(path)?;
        Ok(Self { path, contents: octets(path).ok(), settings, refused: None })
    }

    /// Read it again, and say whether it has changed.
    fn read_again(&mut self) -> anyhow::Result<bool> {
        // A list that is gone is a mistake; whoever wants nothing taken care of stops the agent.
        let contents = octets(self.path).with_context(|| format!("could not read {}", self.path.display()));
        let contents = match contents {
            Ok(contents) => contents,
            Err(_) if self.contents.is_none() => return Ok(false),
            Err(_) if self.refused == Some(Vec::new()) => return Ok(false),
            Err(error) => {
                self.refused = Some(Vec::new());
                return Err(error);
            }
        };
        if self.contents.as_ref() == Some(&contents) || self.refused.as_ref() == Some(&contents) {
            return Ok(false);
        }
        match Settings::parse(&contents).with_context(|| format!("{} cannot be used", self.path.display())) {
            Ok(settings) => {
                (self.settings, self.contents, self.refused) = (settings, Some(contents), None);
                Ok(true)
            }
            Err(error) => {
                self.refused = Some(contents);
                Err(error)
            }
        }
    }

    fn describe(&self) -> String {
        let path = shown(&self.path.to_string_lossy()).into_owned();
        match self.settings.certificates.len() {
            1 => format!("1 certificate of {path}"),
            count => format!("{count} certificates of {path}"),
        }
    }
}

fn octets(path: &Path) -> std::io::Result<Vec<u8>> {
    Ok(file::read(path)?.to_vec())
}

/// Tell systemd, if it started us.
fn notify(states: &[NotifyState<'_>]) {
    // Without systemd there is nobody to tell.
    let _ = sd_notify::notify(states);
}

/// How often the list is looked at, so that 'agent add' needs no signal.
const LOOK: Duration = Duration::from_secs(5);

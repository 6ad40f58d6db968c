//! The life of the daemon: start, signals, reloads, end.

mod banner;
mod sockets;
mod trust;

use std::{
    future::Future,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::Context;
use arc_swap::ArcSwap;
use rung_authority::{
    clock::{Clock, SystemClock},
    store::Store,
};
use rung_pki::SystemRandom;
use rung_spec::{Config, Database, file};
use rung_store::{MemoryStore, SqliteStore};
use sd_notify::NotifyState;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::{Notify, Semaphore},
};

use serde_json::json;

use crate::{
    VERSION,
    args::Settings,
    audit::{self, Seal},
    handlers, hardening,
    http::Router,
    leaf::LeafProfile,
    limits::Limiter,
    load::{self, Parts, Passwords},
    log::{Log, Writer},
    metrics::Metrics,
    permissions,
    refusals::{self, Refusals},
    reload,
    revocation::{CrlPublisher, OcspAnswers},
    state::Shared,
};
use sockets::Sockets;
use trust::{LEAP, Trust, Verdict};

/// The name, version and platform of the program, as `version` prints it.
pub fn title() -> String {
    banner::title()
}

/// How the daemon came to its end.
#[derive(Debug)]
pub enum Failure {
    /// The configuration file is not there.
    NoConfig(PathBuf),
    /// Anything else that keeps it from serving.
    Start(anyhow::Error),
}

/// Requests in flight get this long to finish at the end.
const DRAIN: Duration = Duration::from_secs(60);
/// How often to look whether something is due.
const CHORES: Duration = Duration::from_secs(30);
/// How many expired tokens are forgotten in one transaction.
const PURGE: u32 = 1000;
/// So many certificates are forgotten in one transaction: it keeps others waiting for some milliseconds.
const FORGET: u32 = 200;
/// The pause between two such transactions: twice as many leave as the fastest authority issues.
const BREATH: Duration = Duration::from_millis(5);

/// Everything that the daemon runs on.
pub(crate) struct Daemon {
    pub(crate) shared: Arc<Shared>,
    pub(crate) parts: Parts,
    pub(crate) passwords: Arc<Passwords>,
    pub(crate) path: PathBuf,
    pub(crate) settings: Settings,
    pub(crate) sockets: Sockets,
    signals: Signals,
}

/// Serve until a signal ends it.
///
/// # Errors
/// What keeps it from serving.
pub fn run(settings: &Settings) -> Result<ExitCode, Failure> {
    let path = config_path(settings)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let (log, writer) = Log::start(clock.clone(), std::io::stderr());
    let passwords = Arc::new(Passwords::new(settings.password_file.clone(), true));
    let materials = load::read(&path, &passwords).map_err(Failure::Start)?;
    for finding in loose(settings, &path, &materials.config).map_err(Failure::Start)? {
        log.warning(&finding);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(16)
        .build()
        .context("no threads to serve with")
        .map_err(Failure::Start)?;
    let ended = runtime.block_on(async {
        let store = open_store(&materials.config, &path)?;
        let parts = Parts {
            seal: store.seal(&materials.config).await?,
            store: store.as_dyn(),
            random: Arc::new(SystemRandom),
            started: whole_seconds(clock.now()),
            restored: store.restored(),
            clock,
            log,
        };
        let generation = load::assemble(materials, &parts, None).await?;
        let daemon = Daemon::start(generation, parts, passwords, path, settings.clone()).await?;
        let _pid_file = PidFile::write(settings.pid_file.as_deref())?;
        daemon.live().await;
        store.close().await;
        anyhow::Ok(())
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    finish(ended, writer)
}

fn finish(ended: anyhow::Result<()>, writer: Writer) -> Result<ExitCode, Failure> {
    drop(writer);
    ended.map(|()| ExitCode::SUCCESS).map_err(Failure::Start)
}

/// What others could read or change, to warn about it.
///
/// # Errors
/// The same, when it is to be refused.
pub(crate) fn loose(settings: &Settings, path: &Path, config: &Config) -> anyhow::Result<Vec<String>> {
    let findings = permissions::examine(path, config, settings.password_file.as_deref());
    let counted = findings.iter().filter(|finding| settings.strict || !finding.strict_only);
    let texts: Vec<String> = counted.map(ToString::to_string).collect();
    if settings.strict && !texts.is_empty() {
        let texts = texts.join("\n  ");
        anyhow::bail!("--strict does not allow this:\n  {texts}");
    }
    Ok(texts)
}

/// Look a configuration over without serving it; the verdict, and what to mind about the files.
///
/// # Errors
/// What is wrong with it.
pub fn check(settings: &Settings) -> Result<(String, Vec<String>), Failure> {
    let path = config_path(settings)?;
    let passwords = Passwords::new(settings.password_file.clone(), true);
    let materials = load::read(&path, &passwords).map_err(Failure::Start)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let (log, writer) = Log::start(clock.clone(), std::io::stderr());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("no threads to check with")
        .map_err(Failure::Start)?;
    let parts = Parts {
        store: Arc::new(MemoryStore::default()),
        seal: None,
        random: Arc::new(SystemRandom),
        started: clock.now(),
        restored: None,
        clock,
        log,
    };
    let assembled = runtime.block_on(load::assemble(materials, &parts, None));
    drop(writer);
    let generation = assembled.map_err(Failure::Start)?;
    let count = generation.config.authority.provisioners.len();
    let warnings = loose(settings, &path, &generation.config).map_err(Failure::Start)?;
    check_database(&generation.config).map_err(Failure::Start)?;
    Ok((format!("{} is a good configuration ({count} provisioners).", path.display()), warnings))
}

/// Whether the database, if there is one already, is as it was left.
fn check_database(config: &Config) -> anyhow::Result<()> {
    let Some(database) = &config.db else { return Ok(()) };
    let file = database_file(&database.data_source);
    if file.exists()
        && let Some(gap) = rung_store::backup::gap(&file)?
    {
        return Err(rung_store::OpenError::Gap { file, gap }.into());
    }
    Ok(())
}

/// Write the audit record of an authority into an empty folder, for auditors; says how that went.
///
/// # Errors
/// When the record is not what was sealed, or the folder cannot be written.
pub fn export_audit(settings: &Settings, folder: &Path) -> Result<String, Failure> {
    let path = config_path(settings)?;
    let read = || -> anyhow::Result<String> {
        let text = file::read_text(&path).with_context(|| format!("error reading {}", path.display()))?;
        let config = Config::parse(&text, &path)?;
        let database = config.db.context("the authority has no database, and so no audit record")?;
        let count = audit::export(&database_file(&database.data_source), folder)?;
        Ok(format!("{count} records were checked and written to {}.", folder.display()))
    };
    read().map_err(Failure::Start)
}

impl Daemon {
    async fn start(
        generation: crate::state::Generation,
        parts: Parts,
        passwords: Arc<Passwords>,
        path: PathBuf,
        settings: Settings,
    ) -> anyhow::Result<Self> {
        // Before anybody is told that the daemon serves: a signal that nobody hears would end it.
        let signals = Signals::listen().context("signals cannot be heard")?;
        let log = parts.log.clone();
        if !settings.quiet {
            banner::introduce(&log, &path, &generation);
        }
        let config = generation.config.clone();
        log.set_format(config.logger.as_ref().map(|logger| logger.format));
        let shared = Arc::new(Shared {
            current: ArcSwap::from_pointee(generation),
            store: parts.store.clone(),
            seal: parts.seal.clone(),
            log,
            metrics: Metrics::start(),
            clock: parts.clock.clone(),
            random: parts.random.clone(),
            router: Router::new(),
            plain_router: Router::plain(),
            crl: CrlPublisher::default(),
            departure: Notify::new(),
            searches: Semaphore::new(handlers::inventory::AT_ONCE),
            ocsp: OcspAnswers::default(),
            refusals: Refusals::default(),
            limiter: Arc::new(Limiter::new(hardening::open_more_files())),
        });
        shared.mind_limits(&config);
        // Before anybody can ask for it.
        shared.crl.publish(&shared, &shared.current.load_full()).await;
        let sockets = Sockets::open(&shared, &config).await?;
        Ok(Self { shared, parts, passwords, path, settings, sockets, signals })
    }

    /// Serve until a signal says to stop, then see everything through.
    async fn live(mut self) {
        self.shared
            .note(
                "started",
                json!({
                    "version": VERSION,
                    "configuration": self.path.display().to_string(),
                    "sha256": self.shared.current.load().digest,
                }),
            )
            .await;
        self.shared.seal().await;
        let chores = tokio::spawn(chores(self.shared.clone()));
        let shared = self.shared.clone();
        let lists = tokio::spawn(async move { shared.crl.run(&shared).await });
        let shared = self.shared.clone();
        notify(&[NotifyState::Ready]);
        loop {
            match self.signals.next(self.sockets.died(), shared.departure.notified()).await {
                Event::Reload => {
                    notify(&reloading());
                    reload::reload(&mut self).await;
                    notify(&[NotifyState::Ready]);
                }
                Event::Stop => break self.shared.log.info("shutting down ..."),
                Event::SocketDied => break self.shared.log.error("a listener died; shutting down ..."),
            }
        }
        notify(&[NotifyState::Stopping]);
        chores.abort();
        lists.abort();
        if !self.sockets.drain(DRAIN).await {
            self.shared.log.warning("some requests did not finish in time");
        }
        refusals::flush(&self.shared).await;
        self.shared.note("stopped", json!({})).await;
        self.shared.seal().await;
    }
}

/// What the daemon waits for.
enum Event {
    Reload,
    SocketDied,
    Stop,
}

struct Signals {
    hangup: Signal,
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self, died: impl Future<Output = ()>, departure: impl Future<Output = ()>) -> Event {
        tokio::select! {
            _ = self.hangup.recv() => Event::Reload,
            _ = self.interrupt.recv() => Event::Stop,
            _ = self.terminate.recv() => Event::Stop,
            () = died => Event::SocketDied,
            () = departure => Event::Reload,
        }
    }
}

/// What has to be done now and then: the server's own certificate, and what may be forgotten.
async fn chores(shared: Arc<Shared>) {
    let mut trust = Trust::begin(shared.clock.now());
    loop {
        tokio::time::sleep(until_departure(&shared).min(CHORES)).await;
        // The wall clock is asked each time, so that a machine that slept or a clock that was set is noticed.
        let now = shared.clock.now();
        let generation = shared.current.load_full();
        if let Err(error) = renew_leaf(&shared, &generation, now).await {
            shared.log.error(&format!("the server's own certificate could not be renewed: {error:#}"));
        }
        refusals::flush(&shared).await;
        shared.seal().await;
        if let Some(gone) = generation.authority.retired.iter().find(|retired| retired.until <= now) {
            let name = gone.issuer.certificate().subject();
            shared.log.warning(&format!("the retired intermediate {name} leaves, since its time is over"));
            shared.departure.notify_one();
        }
        match trust.look(now) {
            Verdict::Leapt => shared.log.warning("the clock leapt ahead: for a day nothing is forgotten"),
            Verdict::Distrusted => {}
            Verdict::Trusted => {
                while let Ok(PURGE..) = shared.store.purge_tokens(now - LEAP, PURGE).await {}
                let retention = generation.config.db.as_ref().and_then(|db| db.retention);
                if let Some(retention) = retention {
                    forget(&*shared.store, now - retention).await;
                }
            }
        }
    }
}

/// How long the next retired issuer is still there. One that should have left is looked at again after a while: the
/// configuration may be in such a state that it is not taken over.
fn until_departure(shared: &Shared) -> Duration {
    let (generation, now) = (shared.current.load(), shared.clock.now());
    let ends = generation.authority.retired.iter().map(|retired| retired.until);
    ends.filter_map(|end| end.duration_since(now).ok()).min().map_or(CHORES, |left| left + Duration::from_millis(1))
}

/// Forget the certificates that ended before.
async fn forget(store: &dyn Store, ended: SystemTime) {
    while let Ok(FORGET..) = store.purge_certificates(ended, FORGET).await {
        // Whoever wants a certificate comes first.
        tokio::time::sleep(BREATH).await;
    }
}

async fn renew_leaf(shared: &Shared, generation: &crate::state::Generation, now: SystemTime) -> anyhow::Result<()> {
    let names = load::server_names(&generation.config)?;
    let profile = LeafProfile { common_name: &generation.config.common_name, names: &names };
    if generation.leaf.renew(&profile, &generation.authority.issuer, &*shared.random, now).await? {
        shared.log.info("the server's own certificate was renewed");
    }
    Ok(())
}

/// A store with the means to close it.
enum OpenStore {
    Memory(Arc<MemoryStore>),
    Sqlite(Arc<SqliteStore>),
}

impl OpenStore {
    fn as_dyn(&self) -> Arc<dyn Store> {
        match self {
            Self::Memory(store) => store.clone(),
            Self::Sqlite(store) => store.clone(),
        }
    }

    fn restored(&self) -> Option<SystemTime> {
        match self {
            Self::Memory(_) => None,
            Self::Sqlite(store) => store.restored(),
        }
    }

    /// What the audit record is sealed with, after a look at whether it is still what was sealed.
    async fn seal(&self, config: &Config) -> anyhow::Result<Option<Arc<Seal>>> {
        let (Self::Sqlite(store), Some(database)) = (self, &config.db) else { return Ok(None) };
        let seal = Seal::open(&database_file(&database.data_source), &config.dns_names[0])
            .context("the audit record cannot be sealed")?;
        seal.check(&**store).await?;
        Ok(Some(Arc::new(seal)))
    }

    async fn close(&self) {
        match self {
            Self::Memory(_) => {}
            Self::Sqlite(store) => store.close().await,
        }
    }
}

fn open_store(config: &Config, path: &Path) -> anyhow::Result<OpenStore> {
    match &config.db {
        Some(Database { data_source, .. }) => {
            let file = database_file(Path::new(data_source));
            let store = SqliteStore::open(&file)
                .with_context(|| format!("the database of {} cannot be used", path.display()))?;
            Ok(OpenStore::Sqlite(Arc::new(store)))
        }
        None => Ok(OpenStore::Memory(Arc::new(MemoryStore::default()))),
    }
}

/// The database's file: the data source itself, or a file in it when it is a folder.
pub(crate) fn database_file(data_source: &Path) -> PathBuf {
    if data_source.is_dir() { data_source.join("rung.sqlite") } else { data_source.to_owned() }
}

/// The database's file: the one that is named, or that of the configuration which the settings mean.
pub(crate) fn database_of(named: Option<&Path>, settings: &Settings) -> Result<PathBuf, Failure> {
    if let Some(named) = named {
        return Ok(database_file(named));
    }
    let path = config_path(settings)?;
    let read = || -> anyhow::Result<PathBuf> {
        let text = file::read_text(&path).with_context(|| format!("could not read {}", path.display()))?;
        let config = Config::parse(&text, &path)?;
        let missing = || format!("{} has no database, so nothing is kept", path.display());
        Ok(database_file(&config.db.with_context(missing)?.data_source))
    };
    read().map_err(Failure::Start)
}

/// The configuration that the settings mean.
pub(crate) fn config_path(settings: &Settings) -> Result<PathBuf, Failure> {
    let path = match &settings.config {
        Some(path) => path.clone(),
        None => {
            let step_path = rung_spec::steppath::resolve(settings.context.as_deref());
            step_path.map_err(|error| Failure::Start(error.into()))?.join("config").join("ca.json")
        }
    };
    if path.exists() { Ok(path) } else { Err(Failure::NoConfig(path)) }
}

/// The file with the process id, removed at the end.
struct PidFile(PathBuf);

impl PidFile {
    fn write(path: Option<&Path>) -> anyhow::Result<Option<Self>> {
        let Some(path) = path else { return Ok(None) };
        std::fs::write(path, format!("{}\n", std::process::id()))
            .with_context(|| format!("the process id cannot be written to {}", path.display()))?;
        Ok(Some(Self(path.to_owned())))
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        // Somebody else may have removed it; the end is the same.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Tell systemd, if it started us.
fn notify(states: &[NotifyState<'_>]) {
    // Without systemd there is nobody to tell.
    let _ = sd_notify::notify(states);
}

fn reloading() -> Vec<NotifyState<'static>> {
    let mut states = vec![NotifyState::Reloading];
    states.extend(NotifyState::monotonic_usec_now());
    states
}

fn whole_seconds(time: SystemTime) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
}

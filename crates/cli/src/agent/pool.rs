//! A few threads that take turns for all certificates.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::machine::Machine;
use super::notes::Notes;
use super::settings::{Entry, Settings};
use super::turn::Watch;
use crate::clock;
use crate::renewal::schedule::Lifetime;
use crate::ui::{Ui, shown};

/// All certificates, and the threads that take turns for them.
pub(super) struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

struct Shared {
    slots: Mutex<Slots>,
    changed: Condvar,
    folder: PathBuf,
    ui: Ui,
}

#[derive(Default)]
struct Slots {
    all: Vec<Slot>,
    stopping: bool,
}

/// One certificate.
struct Slot {
    entry: Arc<Entry>,
    /// Away while a thread takes a turn for it.
    watch: Option<Watch>,
    /// When the next turn is, by the steady clock.
    wake: Duration,
    report: Report,
}

/// What is known of one certificate, for metrics.
#[derive(Debug, Clone, Default)]
pub(super) struct Report {
    pub(super) certificate: String,
    pub(super) notes: Notes,
    pub(super) lifetime: Option<Lifetime>,
}

impl Pool {
    /// Start the threads; there is nothing to do for them yet.
    pub(super) fn start(folder: PathBuf, ui: &Ui) -> anyhow::Result<Self> {
        let (slots, changed) = (Mutex::default(), Condvar::new());
        let shared = Arc::new(Shared { slots, changed, folder, ui: ui.clone() });
        let spawn = |number| {
            let shared = Arc::clone(&shared);
            std::thread::Builder::new().name(format!("renewal-{number}")).spawn(move || shared.work())
        };
        let workers = (0..WORKERS).map(spawn).collect::<Result<_, _>>()?;
        Ok(Self { shared, workers })
    }

    /// Take care of these certificates from now on.
    pub(super) fn set(&self, settings: &Settings) -> anyhow::Result<()> {
        let mut slots = self.shared.lock();
        let mut all = Vec::with_capacity(settings.certificates.len());
        for entry in &settings.certificates {
            let place = slots.all.iter().position(|slot| slot.entry.crt == entry.crt);
            all.push(match place.map(|place| slots.all.swap_remove(place)) {
                Some(slot) if *slot.entry == *entry => slot,
                // Notes go on; a turn that is being taken brings its own back.
                Some(slot) => {
                    let rule = entry.rule()?;
                    let watch = slot.watch.map(|watch| Watch::new(rule, watch.notes().clone()));
                    Slot { entry: Arc::new(entry.clone()), watch, wake: Duration::ZERO, report: slot.report }
                }
                None => {
                    let watch = Watch::new(entry.rule()?, Notes::read(&self.shared.folder, &entry.crt)?);
                    let report = Report { certificate: entry.crt.clone(), ..Report::default() };
                    Slot { entry: Arc::new(entry.clone()), watch: Some(watch), wake: Duration::ZERO, report }
                }
            });
        }
        slots.all = all;
        drop(slots);
        self.shared.changed.notify_all();
        Ok(())
    }

    /// What is known of all certificates.
    pub(super) fn reports(&self) -> Vec<Report> {
        self.shared.lock().all.iter().map(|slot| slot.report.clone()).collect()
    }

    /// Finish the turns that are being taken, and begin no other.
    pub(super) fn stop(self) {
        self.shared.lock().stopping = true;
        self.shared.changed.notify_all();
        for worker in self.workers {
            // One that panicked has said so.
            let _ = worker.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        while let Some((entry, watch)) = self.next() {
            self.take_turn(&entry, watch);
        }
    }

    /// Wait for a certificate whose turn it is; nothing when the agent stops.
    fn next(&self) -> Option<(Arc<Entry>, Watch)> {
        let mut slots = self.lock();
        loop {
            if slots.stopping {
                return None;
            }
            let now = clock::moment().steady;
            let waiting = slots.all.iter_mut().filter(|slot| slot.watch.is_some());
            let pause = match waiting.min_by_key(|slot| slot.wake) {
                Some(slot) if slot.wake <= now => {
                    let watch = slot.watch.take().expect("only slots with one were looked at");
                    return Some((Arc::clone(&slot.entry), watch));
                }
                Some(slot) => slot.wake - now,
                None => STEP,
            };
            // In steps, since the time that is slept away is not noticed by timers.
            slots = self.changed.wait_timeout(slots, pause.min(STEP)).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn take_turn(&self, entry: &Arc<Entry>, mut watch: Watch) {
        let mut machine = Machine { entry, folder: &self.folder, ui: &self.ui };
        let wait = watch.turn(&mut machine).unwrap_or_else(|error| {
            self.ui.line(&format!("{}: {}", shown(&entry.crt), shown(&format!("{error:#}"))));
            STEP
        });
        let mut slots = self.lock();
        // It may have been removed from the list, or been given other settings, meanwhile.
        let Some(slot) = slots.all.iter_mut().find(|slot| slot.entry.crt == entry.crt) else { return };
        slot.report =
            Report { certificate: entry.crt.clone(), notes: watch.notes().clone(), lifetime: watch.lifetime() };
        slot.wake = clock::moment().steady + wait.min(STEP);
        if !Arc::ptr_eq(&slot.entry, entry)
            && let Ok(rule) = slot.entry.rule()
        {
            watch = Watch::new(rule, watch.notes().clone());
        }
        slot.watch = Some(watch);
    }
}

/// Asking a CA takes milliseconds, and waiting for one that does not answer costs a thread for seconds.
const WORKERS: usize = 8;

/// How often a certificate is looked at: somebody may replace it, and the clock may change.
const STEP: Duration = Duration::from_secs(30);

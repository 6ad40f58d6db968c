//! One look at one certificate: whether it is due, and what to do.

#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime};

use super::notes::{HookRun, Notes, Trouble};
use crate::clock::{Moment, stamp};
use crate::renewal::schedule::{self, Alarm, Lifetime, Rule};

/// The SHA-256 of a certificate, hexadecimal.
pub(crate) type Fingerprint = String;

/// A certificate as it lies on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Which one it is.
    pub(crate) fingerprint: Fingerprint,
    /// When it is valid.
    pub(crate) lifetime: Lifetime,
}

/// How to decide when a certificate is renewed.
type Due = fn(Lifetime, Rule, SystemTime, u64) -> SystemTime;

/// What a turn does to one certificate, its CA and its users.
pub(crate) trait World {
    /// A certificate that the CA issued and that is not yet in its place.
    type Issued;

    /// The present time.
    fn now(&self) -> Moment;
    /// Something to spread renewals with.
    fn random(&mut self) -> anyhow::Result<u64>;
    /// Look at the certificate and its key; finishes what an interrupted replacement left to do.
    fn look(&mut self) -> anyhow::Result<Seen>;
    /// Make the notes durable.
    fn keep(&mut self, notes: &Notes) -> anyhow::Result<()>;
    /// Have a new certificate issued, and say which one it is.
    fn obtain(&mut self) -> anyhow::Result<(Fingerprint, Self::Issued)>;
    /// Put it, and its key, in the place of the old one.
    fn place(&mut self, issued: Self::Issued) -> anyhow::Result<()>;
    /// Tell whoever uses the certificate; nothing when nobody is to be told.
    fn tell(&mut self) -> Option<anyhow::Result<()>>;
    /// Say what happened, for the log.
    fn say(&mut self, text: &str);
    /// Say what went wrong.
    fn complain(&mut self, error: &anyhow::Error);
}

/// A certificate that is watched.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    rule: Rule,
    /// Which certificate the alarm is for.
    seen: Option<Seen>,
    alarm: Option<Alarm>,
    /// What is remembered across restarts.
    notes: Notes,
    /// Whether the disk has older notes than these.
    unwritten: bool,
}

impl Watch {
    /// Begin to watch, with what an earlier process remembered.
    pub(crate) fn new(rule: Rule, notes: Notes) -> Self {
        Self { rule, seen: None, alarm: None, notes, unwritten: false }
    }

    /// What is known.
    pub(crate) fn notes(&self) -> &Notes {
        &self.notes
    }

    /// When the certificate on disk is valid, if it could be read.
    pub(crate) fn lifetime(&self) -> Option<Lifetime> {
        self.seen.as_ref().map(|seen| seen.lifetime)
    }

    /// Look, do what is due, and say how long nothing will be due.
    ///
    /// The order of steps is what makes hooks run once for each change: that a hook is owed is durable before the
    /// certificate changes, and forgotten after the hook ran. A crash in between leaves a note that names the new
    /// certificate; whether that one is on disk tells whether the hook is still owed.
    pub(crate) fn turn<W: World>(&mut self, world: &mut W) -> anyhow::Result<Duration> {
        if self.unwritten {
            self.keep(world);
        }
        let seen = match world.look() {
            Ok(seen) => seen,
            Err(error) => {
                // Told at once when it happens, and then as often as it is tried.
                if self.seen.take().is_some() {
                    self.failed(world, &error)?;
                }
                return self.when_due(world, |watch, world| watch.failed(world, &error));
            }
        };
        self.pay(world, &seen);
        if self.seen.as_ref() != Some(&seen) {
            // The first look, or somebody else has put another certificate here.
            self.take_up(world, seen, schedule::due)?;
            self.keep(world);
        }
        self.when_due(world, Self::renew)
    }

    /// Do it if the alarm rings, and say how long it will be silent.
    fn when_due<W: World>(
        &mut self,
        world: &mut W,
        action: impl FnOnce(&mut Self, &mut W) -> anyhow::Result<()>,
    ) -> anyhow::Result<Duration> {
        let left = |watch: &Self, now| watch.alarm.map_or(Duration::ZERO, |alarm| alarm.left(now));
        if left(self, world.now()).is_zero() {
            action(self, world)?;
        }
        Ok(left(self, world.now()))
    }

    fn renew<W: World>(&mut self, world: &mut W) -> anyhow::Result<()> {
        // These notes do not say anything new: whoever cannot write them shall not ask for certificates.
        if let Err(error) = world.keep(&self.notes) {
            return self.failed(world, &error);
        }
        let (fingerprint, issued) = match world.obtain() {
            Ok(obtained) => obtained,
            Err(error) => return self.failed(world, &error),
        };
        self.notes.owed = Some(fingerprint);
        if let Err(error) = world.keep(&self.notes) {
            // Whatever is on disk then names a certificate that never came there, which owes nothing.
            self.notes.owed = None;
            return self.failed(world, &error);
        }
        if let Err(error) = world.place(issued) {
            self.notes.owed = None;
            self.unwritten = true;
            return self.failed(world, &error);
        }
        let seen = match world.look() {
            Ok(seen) => seen,
            Err(error) => return self.failed(world, &error),
        };
        self.notes.renewals += 1;
        self.notes.renewed = Some(stamp(world.now().wall));
        self.take_up(world, seen.clone(), schedule::due_again)?;
        world.say("renewed");
        self.pay(world, &seen);
        Ok(())
    }

    /// Run the hook if it is owed to the certificate that lies on disk.
    fn pay<W: World>(&mut self, world: &mut W, seen: &Seen) {
        let Some(owed) = self.notes.owed.take() else { return };
        if owed == seen.fingerprint
            && let Some(result) = world.tell()
        {
            let error = result.as_ref().err().map(|error| format!("{error:#}"));
            match &result {
                Ok(()) => world.say("told its users"),
                Err(error) => world.complain(error),
            }
            self.notes.hooks += 1;
            self.notes.hook_failures += u64::from(error.is_some());
            self.notes.hook = Some(HookRun { at: stamp(world.now().wall), error });
        }
        self.keep(world);
    }

    /// Set the alarm for a certificate that was not seen before.
    fn take_up<W: World>(&mut self, world: &mut W, seen: Seen, due: Due) -> anyhow::Result<()> {
        let (now, random) = (world.now(), world.random()?);
        let due = due(seen.lifetime, self.rule, now.wall, random);
        self.alarm = Some(Alarm::set(due, now));
        self.seen = Some(seen);
        self.notes.failures = 0;
        self.notes.trouble = None;
        self.notes.next = Some(stamp(due));
        self.unwritten = true;
        Ok(())
    }

    fn failed<W: World>(&mut self, world: &mut W, error: &anyhow::Error) -> anyhow::Result<()> {
        world.complain(error);
        self.notes.failures = self.notes.failures.saturating_add(1);
        self.notes.failed += 1;
        let (now, random) = (world.now(), world.random()?);
        // Without a certificate there is no hurry.
        let lifetime = self.lifetime().map_or(Duration::MAX, Lifetime::length);
        let due = now.wall + schedule::pause(self.notes.failures, lifetime, random);
        self.alarm = Some(Alarm::set(due, now));
        self.notes.next = Some(stamp(due));
        self.notes.trouble = Some(Trouble { at: stamp(now.wall), why: format!("{error:#}") });
        self.keep(world);
        Ok(())
    }

    fn keep<W: World>(&mut self, world: &mut W) {
        // A full disk is told once by the renewal that fails because of it; the notes are written when there is room.
        self.unwritten = world.keep(&self.notes).is_err();
    }
}

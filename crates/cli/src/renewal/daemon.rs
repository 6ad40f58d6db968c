//! Staying in the foreground and replacing one certificate again and again, as `--daemon` does.

use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use rung_spec::GoDuration;
use time::OffsetDateTime;
use time::macros::format_description;
use tokio::signal::unix::{SignalKind, signal};

use super::after::After;
use super::flags::{random, rounded};
use super::pair::Pair;
use super::schedule::{self, Alarm, Lifetime, Rule};
use crate::clock;
use crate::ui::{Ui, print, shown};

/// Replace the certificate of `pair` whenever it is due, until SIGINT or SIGTERM; SIGHUP makes it due.
///
/// `replace` asks the CA, writes the files, and gives the pair that is there now.
pub(crate) fn run(
    ui: &Ui,
    pair: Pair,
    rule: Rule,
    (replace, after): (impl Fn(&Pair) -> anyhow::Result<Pair>, &After),
) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("the system does not let a daemon start")?;
    runtime.block_on(async {
        let mut hangup = signal(SignalKind::hangup())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut watch = Watch { pair, rule, failures: 0 };
        let mut alarm = watch.alarm(schedule::due)?;
        say(&format!("first renewal in {}", go(alarm.left(clock::moment()))))?;
        loop {
            let left = alarm.left(clock::moment());
            if !left.is_zero() {
                // In steps, since the time that is slept away is not noticed by timers.
                tokio::select! {
                    _ = interrupt.recv() => return Ok(()),
                    _ = terminate.recv() => return Ok(()),
                    _ = hangup.recv() => {}
                    () = tokio::time::sleep(left.min(LONGEST_STEP)) => {
                        if !alarm.left(clock::moment()).is_zero() {
                            continue;
                        }
                    }
                }
            }
            match replace(&watch.pair) {
                Ok(pair) => {
                    watch = Watch { pair, rule, failures: 0 };
                    alarm = watch.alarm(schedule::due_again)?;
                    let next = go(alarm.left(clock::moment()));
                    say(&format!("{} certificate renewed, next in {next}", shown(&watch.pair.name())))?;
                    if let Err(error) = after.run() {
                        complain(ui, &error);
                    }
                }
                Err(error) => {
                    complain(ui, &error);
                    watch.failures += 1;
                    alarm = watch.again()?;
                }
            }
        }
    })
}

/// How to decide when the certificate is renewed.
type Due = fn(Lifetime, Rule, SystemTime, u64) -> SystemTime;

struct Watch {
    pair: Pair,
    rule: Rule,
    failures: u32,
}

impl Watch {
    fn alarm(&self, due: Due) -> anyhow::Result<Alarm> {
        let now = clock::moment();
        Ok(Alarm::set(due(self.pair.lifetime(), self.rule, now.wall, random()?), now))
    }

    fn again(&self) -> anyhow::Result<Alarm> {
        let now = clock::moment();
        let pause = schedule::pause(self.failures, self.pair.lifetime().length(), random()?);
        Ok(Alarm::set(now.wall + pause, now))
    }
}

fn say(text: &str) -> anyhow::Result<()> {
    print(format!("INFO: {} {text}\n", stamp(clock::now())).as_bytes())
}

fn complain(ui: &Ui, error: &anyhow::Error) {
    ui.line(&format!("ERROR: {} {}", stamp(clock::now()), shown(&format!("{error:#}"))));
}

/// A date as Go's log package writes it, in UTC.
fn stamp(time: SystemTime) -> String {
    let format = format_description!("[year]/[month]/[day] [hour]:[minute]:[second]");
    OffsetDateTime::from(time).format(format).unwrap_or_default()
}

fn go(duration: Duration) -> GoDuration {
    GoDuration::from(rounded(duration))
}

const LONGEST_STEP: Duration = Duration::from_secs(30);

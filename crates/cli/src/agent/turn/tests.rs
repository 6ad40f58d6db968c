//! A year of an agent's life in a moment: a made-up world with its clock, its CA, its disk and its crashes.

use anyhow::bail;

use super::*;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

fn new_year() -> SystemTime {
    SystemTime::UNIX_EPOCH + DAY * 20_454
}

/// The world around one certificate.
struct Simulation {
    /// Time as it really goes by since new year.
    real: Duration,
    /// How far the clock on the wall is off, in seconds.
    off: i64,
    lifetime: Duration,
    allows_expired: bool,
    disk: Option<Seen>,
    saved: Notes,
    ca_is_down: bool,
    disk_is_full: bool,
    /// Crash when so many more things were done.
    crash_after: Option<u32>,
    seed: u64,
    issued: u64,
    asked: u64,
    told: Vec<Fingerprint>,
    log: Vec<String>,
}

/// The process is gone.
#[derive(Debug, thiserror::Error)]
#[error("the process was killed")]
struct Killed;

impl Simulation {
    fn new(lifetime: Duration, seed: u64) -> Self {
        let mut world = Self {
            real: Duration::ZERO,
            off: 0,
            lifetime,
            allows_expired: false,
            disk: None,
            saved: Notes::default(),
            ca_is_down: false,
            disk_is_full: false,
            crash_after: None,
            seed,
            issued: 0,
            asked: 0,
            told: Vec::new(),
            log: Vec::new(),
        };
        world.disk = Some(world.issue());
        world
    }

    /// What time it really is.
    fn truth(&self) -> SystemTime {
        new_year() + self.real
    }

    fn issue(&mut self) -> Seen {
        self.issued += 1;
        let start = self.truth() - MINUTE;
        Seen {
            fingerprint: format!("{:04}", self.issued),
            lifetime: Lifetime { start, end: self.truth() + self.lifetime },
        }
    }

    fn is_expired(&self) -> bool {
        self.disk.as_ref().is_none_or(|seen| seen.lifetime.end < self.truth())
    }

    /// Something is done, unless the process is killed before it.
    fn step(&mut self) -> anyhow::Result<()> {
        match &mut self.crash_after {
            Some(0) => bail!(Killed),
            Some(left) => *left -= 1,
            None => {}
        }
        Ok(())
    }

    fn next_random(&mut self) -> u64 {
        // SplitMix64.
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.seed;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl World for Simulation {
    type Issued = Seen;

    fn now(&self) -> Moment {
        let off = Duration::from_secs(self.off.unsigned_abs());
        let wall = if self.off < 0 { self.truth() - off } else { self.truth() + off };
        Moment { wall, steady: self.real }
    }

    fn random(&mut self) -> anyhow::Result<u64> {
        Ok(self.next_random())
    }

    fn look(&mut self) -> anyhow::Result<Seen> {
        self.disk.clone().ok_or_else(|| anyhow::anyhow!("there is no certificate"))
    }

    fn keep(&mut self, notes: &Notes) -> anyhow::Result<()> {
        self.step()?;
        if self.disk_is_full {
            bail!("no space left on device");
        }
        self.saved = notes.clone();
        Ok(())
    }

    fn obtain(&mut self) -> anyhow::Result<(Fingerprint, Seen)> {
        self.step()?;
        self.asked += 1;
        if self.ca_is_down {
            bail!("connection refused");
        }
        if self.is_expired() && !self.allows_expired {
            bail!("certificate expired");
        }
        let seen = self.issue();
        Ok((seen.fingerprint.clone(), seen))
    }

    fn place(&mut self, issued: Seen) -> anyhow::Result<()> {
        self.step()?;
        if self.disk_is_full {
            bail!("no space left on device");
        }
        self.disk = Some(issued);
        Ok(())
    }

    fn tell(&mut self) -> Option<anyhow::Result<()>> {
        if self.step().is_err() {
            return None;
        }
        let seen = self.disk.clone().expect("a hook follows a change");
        self.told.push(seen.fingerprint);
        Some(Ok(()))
    }

    fn say(&mut self, text: &str) {
        self.log.push(text.to_owned());
    }

    fn complain(&mut self, error: &anyhow::Error) {
        self.log.push(format!("{error:#}"));
    }
}

/// Take turns until `until`, at most half a minute apart, as the pool does.
fn live(world: &mut Simulation, watch: &mut Watch, until: Duration) {
    while world.real < until {
        let wait = watch.turn(world).expect("there is randomness");
        world.real += wait.clamp(Duration::from_secs(1), Duration::from_secs(30));
    }
}

#[test]
fn a_quiet_year_renews_at_two_thirds_and_tells_once_for_each_change() {
    let mut world = Simulation::new(DAY, 1);
    let mut watch = Watch::new(Rule::Third, Notes::default());
    let mut least = DAY;
    while world.real < DAY * 365 {
        let until = (world.real + HOUR).min(DAY * 365);
        live(&mut world, &mut watch, until);
        least = least.min(world.disk.as_ref().expect("a certificate").lifetime.left(world.truth()));
        assert!(!world.is_expired());
    }
    let changes = usize::try_from(world.issued - 1).expect("few");
    // Every sixteen hours, up to one and a quarter earlier.
    assert!((540..=605).contains(&changes), "{changes}");
    assert!(least >= HOUR * 7, "{least:?}");
    assert_eq!(world.told.len(), changes);
    assert_eq!(world.asked, world.issued - 1);
    assert_eq!((watch.notes().renewals, watch.notes().hooks), (world.issued - 1, world.issued - 1));
}

#[test]
fn l13_a_year_of_outages_full_disks_sleep_and_wrong_clocks() {
    for seed in 0..4 {
        let mut world = Simulation::new(DAY * 7, seed);
        world.allows_expired = true;
        let mut watch = Watch::new(Rule::Third, Notes::default());
        while world.real < DAY * 365 {
            let (kind, length) = (world.next_random() % 8, world.next_random() % 96);
            let until = world.real + HOUR * u32::try_from(length).expect("few");
            let before = world.asked;
            match kind {
                0 => world.ca_is_down = true,
                1 => world.disk_is_full = true,
                // Asleep: nothing happens, and it is later.
                2 => world.real = until,
                3 => world.off = -86_400,
                4 => world.off = 86_400 * 2,
                _ => {}
            }
            live(&mut world, &mut watch, until);
            let failures = world.asked - before;
            assert!(failures <= length * 9 + 12, "asked {failures} times in {length} hours");
            (world.ca_is_down, world.disk_is_full, world.off) = (false, false, 0);
            // Twenty minutes after everything is well again, the certificate is, too.
            let soon = world.real + MINUTE * 20;
            live(&mut world, &mut watch, soon);
            assert!(!world.is_expired(), "seed {seed}, day {}", world.real.as_secs() / 86_400);
        }
        check_told_once(&world, &watch);
    }
}

#[test]
fn l13_an_outage_longer_than_the_lifetime_ends_by_itself_where_the_ca_allows_it() {
    let mut world = Simulation::new(DAY, 5);
    world.allows_expired = true;
    world.ca_is_down = true;
    let mut watch = Watch::new(Rule::Third, Notes::default());
    live(&mut world, &mut watch, DAY * 3);
    assert!(world.is_expired());
    assert_eq!(world.disk.as_ref().expect("the old one stays").fingerprint, "0001");
    world.ca_is_down = false;
    live(&mut world, &mut watch, DAY * 3 + MINUTE * 15);
    assert!(!world.is_expired());
    check_told_once(&world, &watch);
}

#[test]
fn a_certificate_that_somebody_else_put_there_is_taken_up() {
    let mut world = Simulation::new(DAY, 6);
    world.ca_is_down = true;
    let mut watch = Watch::new(Rule::Third, Notes::default());
    live(&mut world, &mut watch, DAY * 2);
    assert!(watch.notes().trouble.is_some());
    let new = world.issue();
    world.disk = Some(new);
    live(&mut world, &mut watch, DAY * 2 + MINUTE);
    assert_eq!((watch.notes().failures, watch.notes().trouble.clone()), (0, None));
    assert!(world.told.is_empty(), "whoever replaced it tells its users");
}

#[test]
fn l13_a_certificate_that_is_gone_is_looked_for_with_pauses() {
    let mut world = Simulation::new(DAY, 7);
    world.allows_expired = true;
    let mut watch = Watch::new(Rule::Third, Notes::default());
    live(&mut world, &mut watch, HOUR);
    let kept = world.disk.take();
    live(&mut world, &mut watch, HOUR * 30);
    assert_eq!(world.asked, 0);
    let complaints = world.log.iter().filter(|line| line.contains("there is no certificate")).count();
    assert!((50..=200).contains(&complaints), "{complaints}");
    world.disk = kept;
    live(&mut world, &mut watch, HOUR * 30 + MINUTE);
    assert_eq!((watch.notes().failures, world.asked), (0, 1));
}

#[test]
fn a_crash_anywhere_tells_once_for_each_change() {
    // A renewal does a dozen things; die before each of them, and come back.
    for steps in 0..12 {
        let mut world = Simulation::new(DAY, 8);
        let mut watch = Watch::new(Rule::Third, Notes::default());
        live(&mut world, &mut watch, HOUR);
        world.real += HOUR * 16;
        world.crash_after = Some(steps);
        let _ = watch.turn(&mut world);
        world.crash_after = None;
        // What only the dead process knew is gone.
        watch = Watch::new(Rule::Third, world.saved.clone());
        let until = world.real + HOUR;
        live(&mut world, &mut watch, until);
        assert!(!world.is_expired());
        let present = world.disk.as_ref().expect("a certificate").fingerprint.clone();
        assert!(present != "0001", "died before step {steps}: it was never renewed");
        assert_eq!(world.told.last(), Some(&present), "died before step {steps}");
        let mut once = world.told.clone();
        once.dedup();
        // Only whoever dies between a hook and the note that it ran has it run again.
        let after_hook = world.told.len() - once.len();
        assert!(after_hook <= usize::from(steps == 5), "died before step {steps}: told {:?}", world.told);
    }
}

#[track_caller]
fn check_told_once(world: &Simulation, watch: &Watch) {
    let mut told = world.told.clone();
    told.dedup();
    assert_eq!(told, world.told, "a change was told twice");
    let renewals = usize::try_from(watch.notes().renewals).expect("few");
    assert_eq!(told.len(), renewals, "a change was not told");
    assert_eq!(told.last(), world.disk.as_ref().map(|seen| &seen.fingerprint), "the last change was not told");
}

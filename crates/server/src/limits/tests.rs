use std::{num::NonZeroU32, time::Duration};

use super::*;

fn rate(per_second: u32, burst: u32) -> Rate {
    Rate { per_second: NonZeroU32::new(per_second).unwrap(), burst: NonZeroU32::new(burst).unwrap() }
}

#[test]
fn a_pace_lets_a_burst_through_and_then_so_many_a_second() {
    let (pace, rate) = (Pace::default(), rate(10, 5));
    let start = 7_000_000_000;
    let mut passed = 0;
    while pace.pass(rate, start).is_ok() {
        passed += 1;
    }
    assert_eq!(passed, 5);
    assert_eq!(pace.pass(rate, start), Err(Duration::from_millis(100)));
    // In ten seconds come a hundred, however often one asks.
    passed = 0;
    for tick in 1..=10_000_u64 {
        passed += u32::from(pace.pass(rate, start + tick * 1_000_000).is_ok());
    }
    assert_eq!(passed, 100);
    // After a long pause it is a burst again, not more.
    passed = 0;
    while pace.pass(rate, start + 3_600_000_000_000).is_ok() {
        passed += 1;
    }
    assert_eq!(passed, 5);
}

#[test]
fn what_was_taken_beyond_the_pace_is_made_up_for() {
    let (pace, rate) = (Pace::default(), rate(10, 2));
    assert_eq!(pace.look(rate, 0), Ok(()));
    (0..12).for_each(|_| pace.take(rate, 0));
    assert_eq!(pace.look(rate, 0), Err(Duration::from_millis(1100)));
    assert_eq!(pace.look(rate, 1_100_000_000), Ok(()));
}

#[test]
fn sources_are_addresses_and_networks_of_version_six() {
    let limiter = Limiter::new(1000);
    let of = |address: &str| limiter.source(address.parse().unwrap(), &Limits::default());
    assert_eq!(of("127.0.0.1"), Source(None));
    assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::2"));
    assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    // Two sources may share a place, many do not.
    let others = |format: fn(u32) -> String| (0..100).filter(|at| of(&format(*at)) == of(&format(at + 1))).count();
    assert!(others(|at| format!("2001:db8:1:{at:x}::1")) < 5);
    assert!(others(|at| format!("192.0.2.{at}")) < 5);
}

#[test]
fn what_is_held_comes_back() {
    let limiter = Arc::new(Limiter::new(1000));
    let limits = Limits { connections: 3, connections_per_source: 2, ..Limits::default() };
    let source = limiter.source([192, 0, 2, 1].into(), &limits);
    let everybody = Source(None);
    let held: Vec<Held> = (0..2).map(|_| limiter.connect(source, &limits).unwrap_or_else(|_| panic!())).collect();
    let refused = |source| limiter.connect(source, &limits).err().map(|refused| refused.cause);
    assert_eq!(refused(source), Some(Cause::ConnectionsPerSource));
    let last = limiter.connect(everybody, &limits).unwrap_or_else(|_| panic!());
    assert_eq!(refused(everybody), Some(Cause::Connections));
    assert_eq!(limiter.under_way(), (3, 0));
    drop((held, last));
    assert_eq!(limiter.under_way(), (0, 0));
    assert_eq!(refused(source), None);
    assert_eq!(limiter.refusals().map(|(_, count)| count).sum::<u64>(), 2);
}

#[test]
fn the_system_has_the_last_word_on_connections() {
    let limiter = Arc::new(Limiter::new(66));
    assert_eq!(limiter.ceiling(), 8);
    let held: Vec<Held> = std::iter::from_fn(|| limiter.connect(Source(None), &Limits::default()).ok()).collect();
    assert_eq!(held.len(), 8);
}

#[test]
fn bodies_take_no_more_memory_than_there_is_for_them() {
    let limiter = Arc::new(Limiter::new(1000));
    let source = limiter.source([192, 0, 2, 1].into(), &Limits::default());
    let mut bodies: Vec<BodyRoom> = (0..17).map(|_| limiter.body(source)).collect();
    let taken = bodies.iter_mut().filter_map(|body| body.more(1 << 20).ok()).count();
    assert_eq!(taken, 16);
    assert_eq!(bodies[0].more(1).err().map(|refused| refused.cause), Some(Cause::Bodies));
    drop(bodies);
    assert_eq!(limiter.body(source).more(1 << 20), Ok(()));
}

//! F2: the power fails. Every write of the database is recorded by `strace` with what it wrote; of each moment there is
//! what the disk surely had, which is what was written before the last `fsync` of the file, and of what came after it
//! nothing, some, or half of it. Whatever was acknowledged before that moment must be there.
//!
//! LazyFS would do the same in a file system, but needs FUSE, which machines that run tests seldom allow.

use std::{collections::BTreeMap, fs, path::Path, sync::Arc, thread};

use rung_authority::store::Store;
use rung_store::SqliteStore;

use super::{
    History, Outcome,
    disk::{patient_stage, under_strace},
    has, is_long,
    kill::revoke,
    measured, sign,
};
use crate::{
    client::Client,
    server::Server,
    stage::{ec, request_of},
};

/// Something that happened to a file.
#[derive(Debug, Clone)]
enum Event {
    Sync,
    Truncate(usize),
    Write(usize, Vec<u8>),
}

/// What became of a write that nobody had asked the disk to keep.
#[derive(Debug, Clone, Copy)]
enum Fate {
    /// Nothing of them is there.
    Lost,
    /// Every second one is.
    Mixed,
    /// The last one is there by half, the ones before as a whole.
    Torn,
}

/// A file as the disk may have it.
#[derive(Debug, Clone, Default)]
struct Image {
    durable: Vec<u8>,
    pending: Vec<Event>,
}

impl Image {
    fn see(&mut self, event: &Event) {
        match event {
            Event::Sync => {
                for event in std::mem::take(&mut self.pending) {
                    apply(&mut self.durable, &event, 1);
                }
            }
            Event::Truncate(_) | Event::Write(..) => self.pending.push(event.clone()),
        }
    }

    fn after(&self, fate: Fate) -> Vec<u8> {
        let mut octets = self.durable.clone();
        for (at, event) in self.pending.iter().enumerate() {
            match fate {
                Fate::Lost => {}
                Fate::Mixed if at % 2 == 0 => {}
                Fate::Torn if at + 1 == self.pending.len() => apply(&mut octets, event, 2),
                Fate::Mixed | Fate::Torn => apply(&mut octets, event, 1),
            }
        }
        octets
    }
}

/// Do it, or a part of it.
fn apply(octets: &mut Vec<u8>, event: &Event, part: usize) {
    match event {
        Event::Sync => {}
        Event::Truncate(length) => octets.resize(*length, 0),
        Event::Write(offset, written) => {
            let written = &written[..written.len() / part];
            if octets.len() < offset + written.len() {
                octets.resize(offset + written.len(), 0);
            }
            octets[*offset..offset + written.len()].copy_from_slice(written);
        }
    }
}

/// What `strace` wrote down: when, in microseconds since 1970, to which file, what.
fn read_trace(trace: &str) -> Vec<(u64, String, Event)> {
    let mut begun: BTreeMap<&str, (u64, String)> = BTreeMap::new();
    let mut events = Vec::new();
    for line in trace.lines() {
        let Some((process, rest)) = line.split_once(' ') else { continue };
        let (time, rest) = rest.trim_start().split_once(' ').unwrap();
        let (seconds, micros) = time.split_once('.').unwrap();
        let time = seconds.parse::<u64>().unwrap() * 1_000_000 + micros.parse::<u64>().unwrap();
        if let Some(head) = rest.strip_suffix(" <unfinished ...>") {
            begun.insert(process, (time, head.to_owned()));
            continue;
        }
        let (time, call) = match rest.strip_prefix("<... ").and_then(|rest| rest.split_once(" resumed>")) {
            Some((_, end)) => {
                let Some((time, head)) = begun.remove(process) else { continue };
                (time, format!("{head}{end}"))
            }
            None => (time, rest.to_owned()),
        };
        if let Some((file, event)) = parse(&call) {
            events.push((time, file, event));
        }
    }
    events
}

/// A call such as `pwrite64(12</path/db.sqlite>, "\x00…", 4096, 8192) = 4096`.
fn parse(call: &str) -> Option<(String, Event)> {
    let (name, rest) = call.split_once('(')?;
    let (arguments, result) = rest.rsplit_once(") ")?;
    let result: i64 = result.trim().strip_prefix("= ")?.split(' ').next()?.parse().ok()?;
    let (file, arguments) = arguments.split_once('<')?.1.split_once('>')?;
    let file = String::from_utf8(if file.starts_with("\\x") { unescape(file) } else { file.into() }).ok()?;
    let file = file.rsplit_once('/')?.1.to_owned();
    (result >= 0).then_some(())?;
    let event = match name {
        "fdatasync" | "fsync" => Event::Sync,
        "ftruncate" => Event::Truncate(arguments.trim_start_matches(", ").parse().ok()?),
        "pwrite64" => {
            let (text, numbers) = arguments.strip_prefix(", \"")?.split_once('"')?;
            let offset = numbers.rsplit_once(", ")?.1.parse().ok()?;
            let octets = unescape(text);
            assert_eq!(octets.len() as i64, result, "a write was not recorded as a whole");
            Event::Write(offset, octets)
        }
        _ => return None,
    };
    Some((file, event))
}

fn unescape(text: &str) -> Vec<u8> {
    text.split("\\x").skip(1).map(|digits| u8::from_str_radix(digits, 16).unwrap()).collect()
}

/// Open the database as the daemon would and see that it is whole.
fn recover(database: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let store = Arc::new(SqliteStore::open(database).unwrap());
        store.check().await.unwrap();
        store.close().await;
    });
}

#[test]
fn f02_whenever_the_power_fails_what_was_acknowledged_is_there() {
    if !has("strace", &["-V"]) {
        return;
    }
    let stage = patient_stage();
    // The file is there before, so that what is recorded begins with a known state.
    assert!(stage.serve().stop().status.success());
    let database = stage.path("db.sqlite");
    let mut images = BTreeMap::from([
        ("db.sqlite".to_owned(), Image { durable: fs::read(&database).unwrap(), pending: Vec::new() }),
        ("db.sqlite-wal".to_owned(), Image::default()),
        // What says how far the database had come is never ahead of it, or it would not be opened.
        (
            "db.sqlite-mark".to_owned(),
            Image { durable: fs::read(stage.path("db.sqlite-mark")).unwrap(), pending: Vec::new() },
        ),
    ]);
    let before = stage.path("before.sqlite");
    fs::copy(&database, &before).unwrap();
    let history = History::begin(&stage.path(""));
    let calls = "trace=pwrite64,fdatasync,fsync,ftruncate";
    let arguments = ["-ttt", "-y", "-xx", "-s", "1000000", "-o", "trace", "-e", calls];
    let server = Server::start(&mut under_strace(&stage, &arguments));
    let client = Client::new(&stage, &server.address);
    let request = request_of(&ec(), &[]);
    let each = if is_long() { 200 } else { 25 };
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for turn in 0..each {
                    let (outcome, certificate) = sign(&client, &stage, &history, &request);
                    assert_eq!(outcome, Outcome::Done);
                    if turn % 4 == 3 {
                        assert_eq!(revoke(&client, &stage, &history, &certificate.unwrap()), Outcome::Done);
                    }
                }
            });
        }
    });
    assert!(server.stop().status.success());
    let events = read_trace(&fs::read_to_string(stage.path("trace")).unwrap());
    let syncs = events.iter().filter(|(.., event)| matches!(event, Event::Sync)).count();
    assert!(events.len() > 100 && syncs > 20, "{} events, {syncs} of them syncs", events.len());
    let moments = if is_long() { 200 } else { 24 };
    let step = (events.len() / moments).max(1);
    let (mut tried, mut kept) = (0, String::new());
    let crashed = tempfile::tempdir().unwrap();
    for (at, (_, file, event)) in events.iter().enumerate() {
        if let Some(image) = images.get_mut(file) {
            image.see(event);
        }
        let Some((next, ..)) = events.get(at + 1) else { break };
        if at % step != 0 {
            continue;
        }
        let fate = [Fate::Lost, Fate::Torn, Fate::Mixed][tried % 3];
        let copy = crashed.path().join(format!("{tried}"));
        fs::create_dir(&copy).unwrap();
        for (name, image) in &images {
            fs::write(copy.join(name), image.after(fate)).unwrap();
        }
        recover(&copy.join("db.sqlite"));
        kept = history.judge_until(&stage, &copy.join("db.sqlite"), *next);
        tried += 1;
    }
    measured(
        "F2",
        &format!("{tried} moments among {} writes and {syncs} syncs; the last: {kept}", events.len() - syncs),
    );
}

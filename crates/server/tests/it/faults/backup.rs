//! F31: a backup under load, and a database that was put back. P4: it answers for nothing until that is confirmed.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, UNIX_EPOCH},
};

use rung_authority::clock::{Clock, SystemClock};
use rung_server::stopwatch::Stopwatch;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::{
    History, Outcome, alone,
    disk::under_strace,
    has,
    kill::{fill, load, revoke, stage},
    measured, sign, soon,
};
use crate::{
    client::Client,
    server::Server,
    stage::{Stage, ec, request_of},
};

/// So many certificates are on record before.
const BEFORE: u32 = 20_000;

/// What the server says that does not start.
fn refusal(stage: &Stage) -> String {
    let ended = Server::spawn(&mut stage.command()).wait();
    assert!(!ended.status.success(), "it serves");
    ended.stderr
}

#[test]
fn f31_p04_a_backup_under_load_has_what_was_acknowledged_before_it_and_is_confirmed_before_it_serves() {
    const CLIENTS: usize = 4;
    let (_turn, stage) = (alone(), stage());
    fill(&stage, BEFORE);
    let history = History::begin(&stage.path(""));
    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    let done = AtomicUsize::new(0);
    let (mut copies, mut slowest) = (Vec::new(), Duration::ZERO);
    thread::scope(|scope| {
        for at in 0..CLIENTS {
            let (stage, client, history, done) = (&stage, &client, &history, &done);
            scope.spawn(move || load(stage, client, history, at * 3, done));
        }
        for round in 1..=3 {
            let before = done.load(Ordering::SeqCst);
            soon("work", Duration::from_secs(60), || done.load(Ordering::SeqCst) > before + 40);
            let begun = SystemClock.now().duration_since(UNIX_EPOCH).unwrap().as_micros() as u64;
            let (file, answered) = (format!("copy-{round}.sqlite"), done.load(Ordering::SeqCst));
            let stopwatch = Stopwatch::start();
            let said = stage.does(&["backup", &file, "ca.json", "--format", "json"]);
            slowest = slowest.max(stopwatch.elapsed());
            assert!(done.load(Ordering::SeqCst) > answered, "the authority stood still meanwhile");
            copies.push((file, begun, serde_json::from_str::<Value>(&said).unwrap()));
        }
        server.signal(Signal::KILL);
    });
    for (file, begun, said) in &copies {
        let copy = stage.path(file);
        assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(said["certificates"].as_u64().unwrap() > u64::from(BEFORE), "{said}");
        history.judge_until(&stage, &copy, *begun);
        // It stays what it is: nothing beside it, and nothing of that name is overwritten.
        assert!(!stage.path(&format!("{file}-wal")).exists() && !stage.path(&format!("{file}.part")).exists());
        let (success, said) = stage.tries(&["backup", file, "ca.json"]);
        assert!(!success && said.contains("is there already"), "{said}");
    }

    let (file, begun, _) = &copies[1];
    let said = stage.does(&["restore", file, "ca.json"]);
    assert!(said.contains("records of what was decided"), "{said}");
    assert!(stage.path("db.sqlite-before-restore").exists());
    history.judge(&stage, &stage.path("db.sqlite-before-restore"));
    for _ in 0..2 {
        let said = refusal(&stage);
        assert!(said.contains("is not as it was left") && said.contains("rung-ca confirm-restore"), "{said}");
    }
    let said = stage.does(&["confirm-restore", "ca.json"]);
    assert!(said.contains("Confirmed, and on record"), "{said}");
    assert!(stage.does(&["confirm-restore", "ca.json"]).contains("There is nothing to confirm"));
    assert_eq!(stage.rows("audit WHERE action = 'restore confirmed'"), 1);
    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    let (_, certificate) = sign(&client, &stage, &History::begin(&stage.path("")), &request_of(&ec(), &[]));
    assert!(certificate.is_some(), "it issues again");
    assert!(server.stop().status.success());
    history.judge_until(&stage, &stage.path("db.sqlite"), *begun);
    measured(
        "F31",
        &format!(
            "3 backups of {BEFORE} certificates and more under load, {slowest:.1?} at most, {} requests answered; \
             refused until confirmed",
            done.load(Ordering::SeqCst)
        ),
    );
}

#[test]
fn f31_what_is_no_backup_is_not_put_back_and_a_running_authority_is_left_alone() {
    let stage = stage();
    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    assert_eq!(client.post("/sign", &stage.sign_body()).status, 201);
    stage.does(&["backup", "copy.sqlite", "ca.json"]);
    let (success, said) = stage.tries(&["restore", "copy.sqlite", "ca.json"]);
    assert!(!success && said.contains("is in use by another process: stop it first"), "{said}");
    let (success, said) = stage.tries(&["confirm-restore", "ca.json"]);
    assert!(success && said.contains("nothing to confirm"), "{said}");
    assert!(server.stop().status.success());
    let before = fs::read(stage.path("db.sqlite")).unwrap();
    let whole = fs::read(stage.path("copy.sqlite")).unwrap();
    // A certificate that somebody changed, a record that somebody changed, half of a file, another file, none.
    let serial = whole.windows(8).position(|window| window == b"\"serial\"").unwrap();
    let mut record = whole.clone();
    record[serial..serial + 8].copy_from_slice(b"\"SERIAL\"");
    stage.write("other.sqlite", "not a database");
    fs::write(stage.path("record.sqlite"), record).unwrap();
    fs::write(stage.path("half.sqlite"), &whole[..whole.len() / 2]).unwrap();
    for (file, expected) in [
        ("record.sqlite", "of the audit is not the one that was written"),
        ("half.sqlite", "half.sqlite"),
        ("other.sqlite", "is not a database of Rung"),
        ("nothing.sqlite", "nothing.sqlite"),
    ] {
        let (success, said) = stage.tries(&["restore", file, "ca.json"]);
        assert!(!success && said.contains(expected), "{file}: {said}");
    }
    assert_eq!(fs::read(stage.path("db.sqlite")).unwrap(), before, "nothing was touched");
    // Nothing happened since the copy but the end of the server, which is a record: so something is missing.
    let said: Value =
        serde_json::from_str(&stage.does(&["restore", "copy.sqlite", "ca.json", "--format", "json"])).unwrap();
    assert!(said["gap"].as_str().unwrap().starts_with("it lacks the last record of what was decided"), "{said}");
    let (success, said) = stage.tries(&["check", "ca.json"]);
    assert!(!success && said.contains("it lacks the last record") && said.contains("confirm-restore"), "{said}");
    stage.does(&["confirm-restore", "ca.json"]);
    stage.does(&["check", "ca.json"]);
    assert!(stage.serve().stop().status.success());
    // A log without its database is not taken for that of the one that is put back.
    fs::remove_file(stage.path("db.sqlite")).unwrap();
    fs::write(stage.path("db.sqlite-wal"), "of another database").unwrap();
    let said: Value =
        serde_json::from_str(&stage.does(&["restore", "copy.sqlite", "ca.json", "--format", "json"])).unwrap();
    assert!(!stage.path("db.sqlite-wal").exists(), "{said}");
    let aside = format!("{}-wal", said["before"].as_str().unwrap());
    assert_eq!(fs::read_to_string(aside).unwrap(), "of another database");
    stage.does(&["confirm-restore", "ca.json"]);
    assert!(stage.serve().stop().status.success());
    // On another machine there is no mark: that is told, too.
    let elsewhere = crate::stage::Stage::new();
    // What the record is sealed with is a file of its own.
    for file in ["copy.sqlite", "db.sqlite-audit-key", "db.sqlite-audit-key.pub"] {
        fs::copy(stage.path(file), elsewhere.path(file)).unwrap();
    }
    assert!(elsewhere.does(&["restore", "copy.sqlite", "ca.json"]).contains("nothing here says how far it had come"));
    assert!(refusal(&elsewhere).contains("confirm-restore"));
    let refused = elsewhere.does(&["confirm-restore", "ca.json", "--format=json"]);
    assert_eq!(serde_json::from_str::<Value>(&refused).unwrap()["confirmed"], json!(true));
    assert!(elsewhere.serve().stop().status.success());
}

#[test]
fn f04_p04_a_confirmation_counts_once_it_is_on_the_disk() {
    if !has("strace", &["-V"]) {
        return;
    }
    let stage = stage();
    assert!(stage.serve().stop().status.success());
    stage.does(&["backup", "copy.sqlite", "ca.json"]);
    assert!(stage.serve().stop().status.success());
    stage.does(&["restore", "copy.sqlite", "ca.json"]);
    for (call, may_be_there) in [("pwrite64", false), ("fdatasync", true)] {
        // All that is written of a confirmation beside the database.
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-o", "trace", "-P"]).arg(stage.path("db.sqlite-mark"));
        command.args(["-e", &format!("trace={call}"), "-e", &format!("inject={call}:error=EIO")]);
        command.args([env!("CARGO_BIN_EXE_rung-ca"), "confirm-restore", "ca.json"]).current_dir(stage.path(""));
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains("beside its mark"), "{call}: {said}");
        assert!(output.stdout.is_empty(), "{output:?}");
        assert!(may_be_there || refusal(&stage).contains("confirm-restore"), "{call}");
    }
    stage.does(&["confirm-restore", "ca.json"]);
    assert!(stage.serve().stop().status.success());
}

#[test]
fn f31_what_root_puts_back_belongs_to_whoever_serves_it() {
    const NOBODY: u32 = 65534;
    let stage = stage();
    assert!(stage.serve().stop().status.success());
    stage.does(&["backup", "copy.sqlite", "ca.json"]);
    let data = stage.path("data");
    fs::create_dir(&data).unwrap();
    if chown(&data, Some(NOBODY), Some(NOBODY)).is_err() {
        return println!("skipped: only root can give files away");
    }
    let mut config = stage.config();
    config["db"]["dataSource"] = data.join("db.sqlite").to_str().unwrap().into();
    stage.configure(&config);
    stage.does(&["restore", "copy.sqlite", "ca.json"]);
    stage.does(&["confirm-restore", "ca.json"]);
    let owners = fs::read_dir(&data).unwrap().map(|file| {
        let file = file.unwrap();
        (file.file_name().into_string().unwrap(), file.metadata().unwrap().uid())
    });
    let mut owners: Vec<_> = owners.collect();
    owners.sort();
    let expected = ["db.sqlite", "db.sqlite-lock", "db.sqlite-mark"].map(|name| (name.to_owned(), NOBODY));
    assert_eq!(owners, expected);
    assert_eq!(fs::metadata(stage.path("copy.sqlite")).unwrap().uid(), rustix::process::getuid().as_raw());
}

/// The database has the revocation, and the file that says so is about to be written: neither is anybody told of what a
/// backup could take back unnoticed, nor is a database that nobody replaced taken for one.
#[test]
fn f01_f04_p04_between_a_revocation_and_its_mark_nothing_is_acknowledged_and_no_alarm_is_raised() {
    if !has("strace", &["-V"]) {
        return;
    }
    let (_turn, stage) = (alone(), stage());
    let history = History::begin(&stage.path(""));
    let request = request_of(&ec(), &[]);
    assert!(stage.serve().stop().status.success());
    let mark = stage.path("db.sqlite-mark");
    for (number, (call, fault, expected)) in [
        ("pwrite64", "signal=KILL", Outcome::Unknown),
        ("fdatasync", "signal=KILL", Outcome::Unknown),
        ("pwrite64", "error=EIO", Outcome::Failed),
        ("pwrite64", "error=ENOSPC", Outcome::Failed),
        ("fdatasync", "error=EIO", Outcome::Failed),
    ]
    .into_iter()
    .enumerate()
    {
        // Once when it is opened, and twice by the thread that writes: when the record is sealed, and for the revocation.
        let (trace, inject) = (stage.path("trace"), format!("inject={call}:{fault}:when=2"));
        let arguments = ["-o", "trace", "-P", mark.to_str().unwrap(), "-e", &format!("trace={call}"), "-e", &inject];
        let server = Server::start(&mut under_strace(&stage, &arguments));
        let client = Client::new(&stage, &server.address);
        let (_, certificate) = sign(&client, &stage, &history, &request);
        soon("the beginning", Duration::from_secs(60), || {
            fs::read_to_string(&trace).unwrap().matches(&format!("{call}(")).count() >= 2
        });
        assert_eq!(revoke(&client, &stage, &history, &certificate.unwrap()), expected, "{inject}");
        if expected == Outcome::Failed {
            let (later, _) = sign(&client, &stage, &history, &request);
            assert_eq!(later, Outcome::Failed, "{inject}: it goes on with a mark that says nothing");
            server.signal(Signal::KILL);
        }
        server.wait();
        let server = stage.serve();
        let client = Client::new(&stage, &server.address);
        assert_eq!(sign(&client, &stage, &history, &request).0, Outcome::Done, "{inject}");
        assert!(server.stop().status.success());
        assert_eq!(stage.rows("revocations"), number as u64 + 1, "{inject}: what was recorded stays recorded");
    }
    history.judge(&stage, &stage.path("db.sqlite"));
}

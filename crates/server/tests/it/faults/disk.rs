//! F3: no room. F4: the disk fails. F5: what is stored is damaged. At the level of the daemon; the tests of the store
//! look at the same from within.

use std::{fs, process::Command, time::Duration};

use rustix::process::Signal;

use super::{History, Outcome, ask, has, is_long, measured, sign, soon};
use crate::{
    client::Client,
    server::Server,
    stage::{Stage, ec, request_of},
};

/// The program under `strace`, which makes system calls fail.
pub(super) fn under_strace(stage: &Stage, arguments: &[&str]) -> Command {
    let own = stage.command();
    let mut command = Command::new("strace");
    // The tracer is the grandchild, so that signals reach the program.
    command.args(["-D", "-f", "-qq"]).args(arguments).arg(own.get_program()).args(own.get_args());
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", stage.path("")).current_dir(stage.path(""));
    command
}

/// Tokens from before the start stay good.
pub(super) fn patient_stage() -> Stage {
    let stage = Stage::new();
    let mut config = stage.config();
    config["authority"]["disableIssuedAtCheck"] = true.into();
    stage.configure(&config);
    stage
}

#[test]
fn f03_a_full_disk_stops_issuance_and_nothing_else_and_ends_by_itself() {
    if !has("unshare", &["-m", "true"]) {
        return;
    }
    let stage = Stage::new();
    let disk = stage.path("disk");
    fs::create_dir(&disk).unwrap();
    let mut config = stage.config();
    config["db"]["dataSource"] = disk.join("db.sqlite").to_str().unwrap().into();
    stage.configure(&config);
    let own = stage.command();
    let mut command = Command::new("unshare");
    // The disk is there for the program alone, and gone with it.
    command.args(["-m", "sh", "-c", "mount -t tmpfs -o size=8m tmpfs disk && exec \"$0\" \"$@\""]);
    command.arg(own.get_program()).args(own.get_args()).env("HOME", stage.path("")).current_dir(stage.path(""));
    let Ok(server) = Server::try_start(&mut command) else {
        return println!("skipped: no disk can be made on this machine");
    };
    let client = Client::new(&stage, &server.address);
    let history = History::begin(&stage.path(""));
    let request = request_of(&ec(), &[]);
    let inside = std::path::PathBuf::from(format!("/proc/{}/root", server.pid())).join(disk.strip_prefix("/").unwrap());
    for _ in 0..10 {
        assert_eq!(sign(&client, &stage, &history, &request).0, Outcome::Done);
    }
    // Somebody else fills the disk.
    let filler = inside.join("filler");
    let _ = fs::write(&filler, vec![7; 16 << 20]);
    let full = soon("the first refusal", Duration::from_secs(30), || {
        sign(&client, &stage, &history, &request).0 == Outcome::Failed
    });
    let refused = ask(&client, "POST", "/sign", &stage.sign_body()).unwrap();
    assert_eq!(refused.status, 503, "{refused:?}");
    assert!(refused.header("retry-after").is_some(), "{refused:?}");
    for path in ["/health", "/roots", "/provisioners"] {
        assert!(ask(&client, "GET", path, "").unwrap().status < 300, "{path}");
    }
    fs::remove_file(&filler).unwrap();
    let recovered =
        soon("recovery", Duration::from_secs(5), || sign(&client, &stage, &history, &request).0 == Outcome::Done);
    measured(
        "F3",
        &format!("refused with 503 {full:.0?} after the disk was full; issues again {recovered:.0?} after it was not"),
    );
    // The disk ends with the program, so what is on it is taken out as it is ended.
    server.signal(Signal::STOP);
    for name in ["db.sqlite", "db.sqlite-wal"] {
        fs::copy(inside.join(name), stage.path(name)).unwrap();
    }
    server.signal(Signal::CONT);
    assert!(server.stop().status.success());
    history.judge(&stage, &stage.path("db.sqlite"));
}

#[test]
fn f04_a_failing_disk_is_never_acknowledged_and_ends_writing() {
    if !has("strace", &["-V"]) {
        return;
    }
    let variants: Vec<(&str, &str, usize)> = ["fdatasync", "pwrite64"]
        .into_iter()
        .flat_map(|call| ["EIO", "ENOSPC"].map(|error| (call, error)))
        .flat_map(|(call, error)| [2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 30, 35].map(|nth| (call, error, nth)))
        .collect();
    let step = if is_long() { 1 } else { 5 };
    let (mut refused, mut unstarted) = (0, 0);
    let tried = variants.iter().step_by(step).count();
    for (call, error, nth) in variants.into_iter().step_by(step) {
        let stage = patient_stage();
        let history = History::begin(&stage.path(""));
        let inject = format!("inject={call}:error={error}:when={nth}");
        let arguments = ["-o", "trace", "-e", &format!("trace={call}"), "-e", &inject];
        let request = request_of(&ec(), &[]);
        match Server::try_start(&mut under_strace(&stage, &arguments)) {
            Ok(server) => {
                let client = Client::new(&stage, &server.address);
                let outcomes: Vec<Outcome> = (0..40).map(|_| sign(&client, &stage, &history, &request).0).collect();
                let first = outcomes.iter().position(|outcome| *outcome != Outcome::Done);
                refused += usize::from(first.is_some());
                if let Some(first) = first
                    && error == "EIO"
                {
                    let later = &outcomes[first..];
                    assert!(!later.contains(&Outcome::Done), "{inject}: acknowledged after it failed: {outcomes:?}");
                }
                let ended = server.stop();
                assert!(!ended.stderr.contains("panic"), "{inject}: {}", ended.stderr);
            }
            Err(ended) => {
                unstarted += 1;
                assert!(!ended.stderr.contains("panic"), "{inject}: {}", ended.stderr);
            }
        }
        // Nobody's hand is needed.
        let server = stage.serve();
        let client = Client::new(&stage, &server.address);
        assert_eq!(sign(&client, &stage, &history, &request).0, Outcome::Done, "{inject}");
        assert!(server.stop().status.success());
        history.judge(&stage, &stage.path("db.sqlite"));
    }
    assert!(refused > 0, "no error reached the daemon");
    measured(
        "F4",
        &format!(
            "{tried} variants: {refused} refused from the error on, {unstarted} did not start; each clean after a restart"
        ),
    );
}

#[test]
fn f05_a_damaged_database_is_never_served() {
    let stage = patient_stage();
    let history = History::begin(&stage.path(""));
    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    let request = request_of(&ec(), &[]);
    for _ in 0..30 {
        assert_eq!(sign(&client, &stage, &history, &request).0, Outcome::Done);
    }
    assert!(server.stop().status.success());
    let database = stage.path("db.sqlite");
    let good = fs::read(&database).unwrap();
    let pages = good.len() / 4096;
    let (mut refused, mut harmless) = (0, 0);
    let step = if is_long() { 1 } else { pages.div_ceil(12) };
    for page in (0..pages).step_by(step) {
        let mut bad = good.clone();
        // The kind of the page, which every page of a tree begins with; the first has the header of the file before it.
        let at = page * 4096 + if page == 0 { 100 } else { 0 };
        bad[at] ^= 0xff;
        fs::write(&database, &bad).unwrap();
        match Server::try_start(&mut stage.command()) {
            Err(ended) => {
                assert!(ended.stderr.contains("db.sqlite"), "page {page}: the file is not named: {}", ended.stderr);
                assert!(!ended.stderr.contains("panic"), "page {page}: {}", ended.stderr);
                refused += 1;
            }
            // Pages that hold nothing may say anything.
            Ok(server) => {
                harmless += 1;
                assert!(server.stop().status.success());
                history.judge(&stage, &database);
            }
        }
        for name in ["db.sqlite-wal", "db.sqlite-shm"] {
            let _ = fs::remove_file(stage.path(name));
        }
    }
    fs::write(&database, &good[..good.len() / 2]).unwrap();
    assert!(Server::try_start(&mut stage.command()).is_err(), "half a database was served");
    measured(
        "F5",
        &format!("{refused} damaged pages and half a file refused by name, {harmless} pages that hold nothing"),
    );
    assert!(refused > 3);
    fs::write(&database, &good).unwrap();
    assert!(stage.serve().stop().status.success());
}

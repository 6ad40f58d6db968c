//! What must stay true while things break. Every test is named by the fault that it makes, and prints what it measured.
//!
//! `cargo xtask faults` runs them and shows the bars beside what was measured.

mod backup;
mod clock;
mod crowds;
mod disk;
mod kill;
mod log;
mod power;
mod random;
mod reload;
mod soak;

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, UNIX_EPOCH},
};

use rung_authority::clock::{Clock, SystemClock};
use rung_server::stopwatch::Stopwatch;
use serde_json::{Value, json};

use crate::{
    client::{Answer, Client},
    stage::Stage,
};

/// Whether to take the time that `cargo xtask faults --long` gives.
fn is_long() -> bool {
    std::env::var_os("RUNG_LONG_FAULTS").is_some()
}

/// Tell `cargo xtask faults` what was measured.
fn measured(fault: &str, what: &str) {
    println!("measured {fault}: {what}");
}

/// Tests that measure how long things take do not disturb each other.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a program is here; says so when it is not.
fn has(program: &str, arguments: &[&str]) -> bool {
    let works = Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success());
    if !works {
        println!("skipped: {program} {} does not work on this machine", arguments.join(" "));
    }
    works
}

/// What clients did and what became of it, for the judge.
struct History {
    file: Mutex<File>,
    path: PathBuf,
    stopwatch: Stopwatch,
    /// In microseconds since 1970.
    began: u64,
}

impl History {
    fn begin(folder: &Path) -> Self {
        let path = folder.join("history.jsonl");
        let began = SystemClock.now().duration_since(UNIX_EPOCH).unwrap().as_micros() as u64;
        Self { file: Mutex::new(File::create(&path).unwrap()), path, stopwatch: Stopwatch::start(), began }
    }

    /// Do something and write down when it began and ended, and how.
    fn note<T>(&self, mut about: Value, act: impl FnOnce() -> (Outcome, Value, T)) -> T {
        let start = self.stopwatch.elapsed();
        let (outcome, more, result) = act();
        about["start"] = json!(start.as_micros() as u64);
        about["end"] = json!(self.stopwatch.elapsed().as_micros() as u64);
        about["outcome"] = json!(outcome.name());
        for (name, value) in more.as_object().into_iter().flatten() {
            about[name] = value.clone();
        }
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(file, "{about}").unwrap();
        result
    }

    /// Have the judge decide the invariants, by the database and this history.
    #[track_caller]
    fn judge(&self, stage: &Stage, database: &Path) -> String {
        self.judge_until(stage, database, u64::MAX)
    }

    /// The same of what was acknowledged until then, in microseconds since 1970.
    #[track_caller]
    fn judge_until(&self, stage: &Stage, database: &Path, until: u64) -> String {
        match self.verdict(stage, database, until) {
            Ok(said) => said,
            Err(said) => panic!("the judge says:\n{said}"),
        }
    }

    fn verdict(&self, stage: &Stage, database: &Path, until: u64) -> Result<String, String> {
        let until = until.saturating_sub(self.began).to_string();
        let judge = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/faults/judge.py");
        let output = Command::new("python3")
            .arg(judge)
            .args([database, &self.path, &stage.path("int.crt")])
            .arg(until)
            .output()
            .expect("the program python3, which these tests need");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        if output.status.success() { Ok(said.trim_end().replace('\n', "; ")) } else { Err(format!("{said}{errors}")) }
    }
}

/// What a client knows of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// It was acknowledged: the whole answer came.
    Done,
    /// It was refused.
    Failed,
    /// Nobody knows.
    Unknown,
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Self::Done => "ok",
            Self::Failed => "fail",
            Self::Unknown => "unknown",
        }
    }
}

/// Ask without expecting an answer; a part of one is none.
fn ask(client: &Client, method: &str, path: &str, body: &str) -> Option<Answer> {
    let length = body.len();
    let said = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let text = client.exchange(said.as_bytes()).ok()?;
    let (head, rest) = text.split_once("\r\n\r\n")?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    let answer = (length.parse() == Ok(rest.len())).then(|| Answer::parse(&text))?;
    client.books.note(path, &answer);
    Some(answer)
}

/// Sign, and write down what came of it; the certificate, if it was acknowledged.
fn sign(client: &Client, stage: &Stage, history: &History, request: &str) -> (Outcome, Option<String>) {
    let token = stage.token(&json!({}));
    let body = json!({"csr": request, "ott": token}).to_string();
    history.note(json!({"op": "sign", "token": token}), || match ask(client, "POST", "/sign", &body) {
        Some(answer) if answer.status == 201 => {
            let pem = answer.json()["crt"].as_str().unwrap().to_owned();
            (Outcome::Done, json!({"certificate": pem}), (Outcome::Done, Some(pem)))
        }
        Some(answer) => (Outcome::Failed, json!({"status": answer.status}), (Outcome::Failed, None)),
        None => (Outcome::Unknown, Value::Null, (Outcome::Unknown, None)),
    })
}

/// Wait for something that comes soon.
#[track_caller]
fn soon(what: &str, limit: Duration, mut is_so: impl FnMut() -> bool) -> Duration {
    let start = Stopwatch::start();
    while !is_so() {
        assert!(start.elapsed() < limit, "{what} took more than {limit:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
    start.elapsed()
}

/// A number of a process as Linux tells it, in kilobytes: `VmRSS`, `VmHWM`.
fn memory(process: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Open files and threads of a process.
fn belongings(process: u32) -> (usize, usize) {
    let count = |folder: &str| fs::read_dir(format!("/proc/{process}/{folder}")).unwrap().count();
    (count("fd"), count("task"))
}

/// The value below which so many of a hundred are.
fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times[(times.len() * percent / 100).min(times.len() - 1)]
}

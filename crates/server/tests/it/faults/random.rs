//! F29: the system has no random numbers.

use std::collections::BTreeSet;

use super::{History, disk, has, is_long, measured, sign};
use crate::{
    client::Client,
    revocation::always,
    server::Server,
    stage::{ec, request_of},
};

#[test]
fn f29_without_random_numbers_nothing_is_issued_and_nothing_is_guessed() {
    if !has("strace", &["-V"]) {
        return;
    }
    let (mut unstarted, mut died, mut issued) = (0, 0, BTreeSet::new());
    let most = if is_long() { 12 } else { 6 };
    for first in 1..=most {
        let stage = disk::patient_stage();
        let mut config = stage.config();
        config["crl"] = always();
        stage.configure(&config);
        let history = History::begin(&stage.path(""));
        let inject = format!("inject=getrandom:error=EIO:when={first}+");
        let mut command = disk::under_strace(&stage, &["-o", "trace", "-e", "trace=getrandom", "-e", &inject]);
        let Ok(server) = Server::try_start(&mut command) else {
            unstarted += 1;
            continue;
        };
        let client = Client::new(&stage, &server.address);
        let request = request_of(&ec(), &[]);
        let before = issued.len();
        let given: Vec<String> = (0..20).filter_map(|_| sign(&client, &stage, &history, &request).1).collect();
        died += usize::from(given.len() < 20);
        // What was drawn before still feeds the generator: every certificate is another one.
        issued.extend(given.iter().cloned());
        assert_eq!(issued.len() - before, given.len(), "a certificate was given twice");
        drop(server);
        assert!(stage.serve().stop().status.success());
        history.judge(&stage, &stage.path("db.sqlite"));
    }
    let served = most - unstarted;
    measured(
        "F29",
        &format!(
            "{unstarted} of {most} did not start; {served} served from numbers drawn before, {died} of them not to the end; {} serials, each once",
            issued.len()
        ),
    );
    assert!(unstarted > 0, "no failure reached the daemon");
}

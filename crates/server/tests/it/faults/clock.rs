//! F15: the clock is set, forwards and backwards, by a minute and by ten years. A library that is loaded before the
//! others stands between the daemon and the system's clock; monotonic time is left alone, as by a real change.

use std::{fs, os::unix::fs::FileExt, process::Command};

use serde_json::json;

use super::{ask, has, measured};
use crate::{
    client::Client,
    server::Server,
    stage::{Stage, present, request},
};

/// The clock of the system, moved by the number of seconds in a file.
const SHIM: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

static volatile long *offset;
static int (*real)(clockid_t, struct timespec *);

__attribute__((constructor)) static void begin(void) {
    int file = open(getenv("MOVED_CLOCK"), O_RDONLY);
    real = dlsym(RTLD_NEXT, "clock_gettime");
    offset = mmap(0, sizeof(long), PROT_READ, MAP_SHARED, file, 0);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    if (!real) begin();
    int outcome = real(clock, time);
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) time->tv_sec += *offset;
    return outcome;
}
"#;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A token as somebody makes it whose clock is off by so much.
fn token(stage: &Stage, offset: i64) -> String {
    let now = present().checked_add_signed(offset).unwrap();
    stage.token(&json!({"iat": now, "nbf": now, "exp": now + 300}))
}

fn body(token: &str) -> String {
    json!({"csr": request(&[]), "ott": token}).to_string()
}

#[test]
fn f15_a_clock_that_is_set_neither_stops_anything_nor_revives_what_is_over() {
    if !has("cc", &["--version"]) {
        return;
    }
    let stage = Stage::new();
    let mut config = stage.config();
    config["authority"]["disableIssuedAtCheck"] = true.into();
    stage.configure(&config);
    stage.write("shim.c", SHIM);
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-o", "shim.so", "shim.c", "-ldl"]).current_dir(stage.path(""));
    assert!(compiler.status().unwrap().success(), "the library does not build");
    fs::write(stage.path("offset"), 0_i64.to_ne_bytes()).unwrap();
    let mut command = stage.command();
    command.env("LD_PRELOAD", stage.path("shim.so")).env("MOVED_CLOCK", stage.path("offset"));
    let server = Server::start(&mut command);
    let client = Client::new(&stage, &server.address);
    let set = |offset: i64| {
        let file = fs::File::options().write(true).open(stage.path("offset")).unwrap();
        file.write_all_at(&offset.to_ne_bytes(), 0).unwrap();
    };
    let post = |token: &str| ask(&client, "POST", "/sign", &body(token)).expect("there is always an answer");
    let first = token(&stage, 0);
    assert_eq!(post(&first).status, 201);
    let mut used = vec![first];
    for offset in [MINUTE, -MINUTE, HOUR, -HOUR, DAY, -DAY, 0] {
        set(offset);
        let fresh = token(&stage, offset);
        let answer = post(&fresh);
        assert_eq!(answer.status, 201, "{offset}: {answer:?}");
        used.push(fresh);
        for old in &used {
            assert_eq!(post(old).status, 401, "{offset}: a token was good twice");
        }
        assert_eq!(client.get("/health").status, 200);
    }
    // Nothing is issued from a certificate that has ended, and nothing of it lasts.
    set(10 * 365 * DAY);
    assert_ne!(post(&token(&stage, 10 * 365 * DAY)).status, 201);
    assert_eq!(client.get("/health").status, 200);
    set(0);
    assert_eq!(post(&token(&stage, 0)).status, 201);
    for old in &used {
        assert_eq!(post(old).status, 401);
    }
    let ended = client.books.close(&stage, server);
    assert!(!ended.stderr.contains("panic"), "{}", ended.stderr);
    measured("F15", &format!("9 jumps from a minute to ten years, no token of {} good twice", used.len()));
}

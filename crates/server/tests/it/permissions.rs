//! Files that others on the machine could read or change, and memory that nobody may look at.

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use crate::{
    server::{Ended, Server},
    stage::{PASSWORD, Stage},
};

/// A stage whose files have the modes that `rung ca init` gives them.
fn private() -> Stage {
    let stage = Stage::new();
    stage.encrypt_key();
    for name in ["ca.json", "int.key", "password", "root.crt", "int.crt"] {
        mode(&stage, name, 0o600);
    }
    stage
}

fn mode(stage: &Stage, name: &str, mode: u32) {
    fs::set_permissions(stage.path(name), fs::Permissions::from_mode(mode)).unwrap();
}

fn checking(stage: &Stage, more: &[&str]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rung-ca"));
    command.env_clear().current_dir(stage.path("")).args(["check", "ca.json", "--password-file", "password"]);
    Server::spawn(command.args(more)).wait()
}

/// With that mode the file is warned about with these words, or not at all.
#[track_caller]
fn check(name: &str, wide: u32, expected: Option<&str>) {
    let stage = private();
    mode(&stage, name, wide);
    let ended = checking(&stage, &[]);
    assert!(ended.status.success(), "{}", ended.stderr);
    match expected {
        Some(text) => assert!(ended.stderr.contains(text) && ended.stderr.contains("chmod"), "{}", ended.stderr),
        None => assert_eq!(ended.stderr, ""),
    }
    let strict = checking(&stage, &["--strict"]);
    assert_eq!(strict.status.code(), Some(2), "{}", strict.stderr);
    // As an ordinary user or as root, the test may change the configuration that it made.
    assert!(strict.stderr.contains("--strict does not allow this"), "{}", strict.stderr);
    assert!(expected.is_none_or(|text| strict.stderr.contains(text)), "{}", strict.stderr);
}

#[test]
fn p02_files_that_others_may_read_or_change_are_warned_about() {
    check("int.key", 0o600, None);
    check("int.key", 0o640, None); // The group of whoever runs the test is the group of the process.
    check("int.key", 0o644, Some("the issuing key, "));
    check("int.key", 0o660, Some("may be changed by its group"));
    check("password", 0o604, Some("the password of the issuing key, password, may be read by everybody"));
    check("ca.json", 0o644, None);
    check("ca.json", 0o646, Some("the configuration, ca.json, may be changed by everybody"));
    check("root.crt", 0o644, None);
    check("root.crt", 0o666, Some("a certificate of the authority"));
}

#[test]
fn p02_a_configuration_with_a_password_is_a_secret() {
    let stage = private();
    let mut config = stage.config();
    config["password"] = PASSWORD.into();
    stage.configure(&config);
    mode(&stage, "ca.json", 0o644);
    let ended = checking(&stage, &[]);
    assert!(ended.stderr.contains("the configuration, ca.json, may be read by everybody"), "{}", ended.stderr);
}

#[test]
fn p02_the_server_warns_and_is_strict_when_asked() {
    let stage = private();
    mode(&stage, "int.key", 0o644);
    let arguments = ["--password-file", "password"];
    let mut server = Server::start(stage.command().args(arguments));
    assert!(server.said.contains("the issuing key, "), "{}", server.said);
    mode(&stage, "password", 0o644);
    server.reload("The configuration was reloaded");
    assert!(server.said.contains("the password of the issuing key, "), "{}", server.said);
    server.stop();
    let ended = Server::spawn(stage.command().args(arguments).arg("--strict")).wait();
    assert_eq!(ended.status.code(), Some(2));
    assert!(ended.stderr.contains("--strict does not allow this") && !ended.stderr.contains("Serving"));
}

#[test]
fn p03_no_memory_is_left_behind() {
    let stage = Stage::new();
    let server = stage.serve();
    let limits = fs::read_to_string(format!("/proc/{}/limits", server.pid())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().collect::<Vec<_>>()[4..6], ["0", "0"], "{core}");
    // What may not be dumped belongs to root in /proc (proc(5)), whoever runs it.
    use std::os::unix::fs::MetadataExt;
    assert_eq!(fs::metadata(format!("/proc/{}/environ", server.pid())).unwrap().uid(), 0);
    server.stop();
}

//! Starting: what works, and what is said when it does not.

use std::process::Command;

use rung_pki::keyfile;
use serde_json::Value;

use crate::{
    client::Client,
    server::{Ended, Server},
    stage::{PASSWORD, Stage},
};

fn run(command: &mut Command) -> Ended {
    Server::spawn(command).wait()
}

/// The program ends with that status and says this.
#[track_caller]
fn check(command: &mut Command, status: i32, said: &[&str]) {
    let ended = run(command);
    let written = format!("{}{}", ended.stdout, ended.stderr);
    assert_eq!(ended.status.code(), Some(status), "{written}");
    for text in said {
        assert!(written.contains(text), "{text:?} is not in\n{written}");
    }
    assert!(!written.contains(PASSWORD), "{written}");
    assert!(!written.contains("panicked"), "{written}");
}

#[test]
fn no_configuration_ends_with_1_and_says_what_to_do() {
    let stage = Stage::new();
    std::fs::remove_file(stage.path("ca.json")).unwrap();
    check(&mut stage.command(), 1, &["There is no configuration file at", "ca.json", "rung ca init"]);
    let mut nothing = Command::new(env!("CARGO_BIN_EXE_rung-ca"));
    nothing.env_clear().env("STEPPATH", stage.path("step"));
    check(&mut nothing, 1, &["There is no configuration file at", "step/config/ca.json"]);
    check(stage.command().arg("second"), 1, &["too many positional arguments"]);
    check(stage.command().arg("--nope"), 1, &["flag provided but not defined: -nope"]);
}

#[test]
fn what_keeps_it_from_serving_ends_with_2() {
    let stage = Stage::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let with = |member: &str, value: Value| {
        let mut config = stage.config();
        config[member] = value;
        stage.configure(&config);
        stage.command()
    };
    let listening = format!("cannot listen on {address} (address)");
    check(&mut with("address", address.into()), 2, &[&listening, "another process listens there"]);
    check(&mut with("key", "nowhere.key".into()), 2, &["the key file nowhere.key does not exist"]);
    check(&mut with("key", stage.path("").to_str().unwrap().into()), 2, &["directory"]);
    stage.write("short.key", &keyfile::to_pem(&stage.key)[..80]);
    check(&mut with("key", "short.key".into()), 2, &["short.key"]);
    stage.write("empty.key", "");
    check(&mut with("key", "empty.key".into()), 2, &["empty.key"]);
    check(&mut with("unknown", 1.into()), 2, &["ca.json:", "unknown member `unknown`"]);
    stage.write("damaged.sqlite", &"no database ".repeat(100));
    let damaged = serde_json::json!({"type": "sqlite", "dataSource": stage.path("damaged.sqlite")});
    check(&mut with("db", damaged), 2, &["the database of", "damaged.sqlite"]);
}

#[test]
fn files_that_are_larger_than_anybody_means_are_not_read() {
    let stage = Stage::new();
    std::fs::File::create(stage.path("large")).unwrap().set_len(1 << 30).unwrap();
    let with = |member: &str, value: Value| {
        let mut config = stage.config();
        config[member] = value;
        stage.configure(&config);
        stage.command()
    };
    let too_large = "it is larger than 64 MiB";
    for file in ["large", "/dev/zero"] {
        check(&mut with("root", file.into()), 2, &[file, "root", too_large]);
        check(&mut with("federatedRoots", vec![file].into()), 2, &[file, "federatedRoots", too_large]);
        check(&mut with("crt", file.into()), 2, &[file, "crt", too_large]);
        check(&mut with("key", file.into()), 2, &[file, "it is larger than any key (64 KiB)"]);
    }
    stage.configure(&stage.config());
    stage.encrypt_key();
    for file in ["large", "/dev/zero"] {
        check(stage.command().args(["--password-file", file]), 2, &["error reading", file, too_large]);
    }
    let mut nothing = Command::new(env!("CARGO_BIN_EXE_rung-ca"));
    nothing.env_clear().current_dir(stage.path(""));
    check(nothing.arg("large"), 2, &["error reading large", too_large]);
    for file in ["contexts.json", "current-context.json"] {
        std::fs::create_dir_all(stage.path("step")).unwrap();
        std::fs::rename(stage.path("large"), stage.path("step").join(file)).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_rung-ca"));
        command.env_clear().env("STEPPATH", stage.path("step"));
        if file == "contexts.json" {
            command.args(["--context", "one"]);
        }
        check(&mut command, 2, &[file, too_large]);
        std::fs::rename(stage.path("step").join(file), stage.path("large")).unwrap();
    }
}

#[test]
fn the_password_of_the_key() {
    let stage = Stage::new();
    stage.encrypt_key();
    check(&mut stage.command(), 2, &["int.key is encrypted", "--password-file"]);
    stage.write("wrong", "wrong");
    check(stage.command().arg("--password-file").arg(stage.path("wrong")), 2, &["int.key", "password"]);
    check(stage.command().arg("--password-file").arg("nowhere"), 2, &["error reading nowhere"]);
    for arguments in
        [["--password-file", "password"], ["-password-file", "password"], ["--password-file=password", "--quiet"]]
    {
        let server = Server::start(stage.command().args(arguments));
        assert_eq!(Client::new(&stage, &server.address).get("/health").status, 200);
    }
    let mut config = stage.config();
    config["password"] = PASSWORD.into();
    stage.configure(&config);
    assert!(stage.serve().stop().status.success());
}

#[test]
fn check_says_whether_it_would_serve() {
    let stage = Stage::new();
    let checking = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rung-ca"));
        command.env_clear().current_dir(stage.path("")).args(["check", "ca.json"]);
        command
    };
    check(&mut checking(), 0, &["ca.json is a good configuration (1 provisioners)."]);
    assert!(!stage.path("db.sqlite").exists(), "checking made a database");
    let mut config = stage.config();
    config["adress"] = 1.into();
    config["dnsNames"] = serde_json::json!([]);
    stage.configure(&config);
    check(&mut checking(), 2, &["unknown member `adress`", "dnsNames must name at least one host"]);
    std::fs::remove_file(stage.path("ca.json")).unwrap();
    check(&mut checking(), 1, &["There is no configuration file at ca.json"]);
}

#[test]
fn it_introduces_itself_and_keeps_quiet_when_asked() {
    let stage = Stage::new();
    let ended = stage.serve().stop();
    let fingerprint: String = stage.root.fingerprint().iter().map(|octet| format!("{octet:02x}")).collect();
    for text in [
        &format!("Starting Rung CA/{}", env!("CARGO_PKG_VERSION")),
        "Config file: ",
        "The primary server URL is https://localhost",
        "Root certificates are available at https://localhost",
        "Additional configured hostnames: 127.0.0.1",
        &format!("X.509 Root Fingerprint: {fingerprint}"),
        "Serving HTTPS on 127.0.0.1:",
    ] {
        assert!(ended.stderr.contains(text), "{text} is not in\n{}", ended.stderr);
    }
    let ended = Server::start(stage.command().arg("--quiet")).stop();
    assert!(!ended.stderr.contains("Starting") && ended.stderr.contains("Serving HTTPS"), "{}", ended.stderr);
}

#[test]
fn started_under_the_other_name_it_does_the_same() {
    let stage = Stage::new();
    let program = stage.path("step-ca");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_rung-ca"), &program).unwrap();
    let server = Server::start(&mut stage.command_of(&program));
    assert_eq!(Client::new(&stage, &server.address).post("/sign", &stage.sign_body()).status, 201);
    assert!(server.stop().status.success());
    check(Command::new(&program).arg("version"), 0, &["Rung CA/"]);
    check(Command::new(&program).arg("help"), 0, &["step-ca [config]"]);
    check(stage.command_of(&program).args(["a", "b"]), 1, &["'step-ca [config]'", "See 'step-ca help'."]);
}

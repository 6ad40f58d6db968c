//! What goes wrong: one clear line on what to do, a non-zero exit code, and old files as they were.

use std::net::TcpListener;
use std::os::unix::fs::symlink;

use crate::harness::{Background, Ca, Finished, Place, own_file, program};

const ASK: [&str; 5] = ["ca", "certificate", "svc.example.com", "svc.crt", "svc.key"];
const CREDENTIAL: [&str; 4] = ["--provisioner", "admin", "--provisioner-password-file", "password"];

/// Ask for a certificate as `svc.crt` and `svc.key`, with further flags.
#[track_caller]
fn ask(ca: &Ca, more: &[&str]) -> Finished {
    ca.place.rung(&[&ASK[..], more].concat())
}

#[track_caller]
fn check_nothing_written(ca: &Ca) {
    let left: Vec<String> = ca.place.list(".").into_iter().filter(|name| name.contains("svc")).collect();
    assert!(left.is_empty(), "something was left behind: {left:?}");
}

#[test]
fn no_terminal() {
    let ca = Ca::init();
    let server = ca.serve();
    ask(&ca, &[]).refusal(&["--provisioner-password-file"]);
    let add = ["ca", "provisioner", "add", "second", "--type", "JWK", "--create", "--password-file", "password"];
    ca.place.rung(&[&add[..], &["--ca-config", &ca.config()]].concat()).success();
    let _server = ca.serve_again(server);
    ask(&ca, &[]).refusal(&["--provisioner"]);
    check_nothing_written(&ca);
    let place = Place::new();
    place.rung(&["ca", "init"]).refusal(&["--name"]);
    assert!(!place.has("step/certs/root_ca.crt"));
}

#[test]
fn a_wrong_password() {
    let ca = Ca::init();
    ca.place.write("wrong", "wrong");
    let server = ca.serve();
    ask(&ca, &["--provisioner", "admin", "--provisioner-password-file", "wrong"])
        .refusal(&["password", "--provisioner-password-file"]);
    check_nothing_written(&ca);
    server.finish_with_term().success();
    let config = ca.config();
    ca.place.rung_ca(&["--password-file", "wrong", &config]).refusal(&["intermediate_ca_key", "password"]);
    let key = "step/secrets/root_ca_key";
    let before = ca.place.read(key);
    let change =
        ["crypto", "change-pass", key, "--password-file", "wrong", "--new-password-file", "password", "--force"];
    ca.place.rung(&change).refusal(&["root_ca_key", "password"]);
    assert_eq!(ca.place.read(key), before);
}

#[test]
fn a_truncated_or_unreadable_key() {
    let ca = Ca::init();
    let path = "step/secrets/intermediate_ca_key";
    let key = ca.place.read(path);
    ca.place.write(path, &key[..key.len() / 2]);
    ca.run().refusal(&["intermediate_ca_key"]);
    ca.place.write(path, "");
    ca.run().refusal(&["intermediate_ca_key"]);
    std::fs::remove_file(ca.place.path(path))
        .and_then(|()| std::fs::create_dir(ca.place.path(path)))
        .expect("a folder");
    ca.run().refusal(&["intermediate_ca_key"]);
    std::fs::remove_dir(ca.place.path(path)).expect("it is empty");
    ca.run().refusal(&["intermediate_ca_key"]);
}

#[test]
fn a_key_of_another_certificate() {
    let ca = Ca::init();
    std::fs::copy(ca.place.path("step/secrets/root_ca_key"), ca.place.path("step/secrets/intermediate_ca_key"))
        .expect("a copy");
    ca.run().refusal(&["intermediate_ca_key"]);
}

#[test]
fn a_port_that_is_taken() {
    let ca = Ca::init();
    let taken = TcpListener::bind(("127.0.0.1", ca.port)).expect("it was free");
    ca.run().refusal(&[&format!("127.0.0.1:{}", ca.port)]);
    drop(taken);
    ca.serve();
}

#[test]
fn a_disk_that_is_full_under_the_output() {
    let ca = Ca::init();
    let _server = ca.serve();
    let script = "mkdir out && mount -t tmpfs -o size=64k none out && echo old > out/svc.crt && echo old > out/svc.key
        cat /dev/zero > out/filler 2> filled; \"$@\"; code=$?; cat out/svc.crt out/svc.key; ls -A out; exit $code";
    let rung = program("rung");
    let mut command = ca.place.command("unshare");
    command.args(["--mount", "--map-root-user", "sh", "-c", script, "sh"]).arg(rung);
    command.args(["ca", "certificate", "svc.example.com", "out/svc.crt", "out/svc.key", "--force"]).args(CREDENTIAL);
    let finished = Finished::run(&command).refusal(&["out/svc"]);
    assert_eq!(finished.stdout, "old\nold\nfiller\nsvc.crt\nsvc.key\n");
}

#[test]
fn an_authority_that_cannot_be_reached() {
    let ca = Ca::init();
    let url = format!("https://localhost:{}", ca.port);
    ask(&ca, &CREDENTIAL).refusal(&[&url]);
    ca.place.rung(&["ca", "health"]).refusal(&[&url]);
    check_nothing_written(&ca);
}

#[test]
fn l03_a_wrong_fingerprint() {
    let ca = Ca::init();
    let _server = ca.serve();
    let (url, other) = (format!("https://localhost:{}", ca.port), Place::new());
    let wrong = "0123456789abcdef".repeat(4);
    let right = ca.fingerprint();
    // Too short, too long, SHA-1.
    for malformed in [&right[..63], &format!("{right}0"), &right[..40], ""] {
        other.rung(&["ca", "bootstrap", "--ca-url", &url, "--fingerprint", malformed]).refusal(&["fingerprint"]);
    }
    other.rung(&["ca", "bootstrap", "--ca-url", &url, "--fingerprint", &wrong]).refusal(&["fingerprint"]);
    other.rung(&["ca", "root", "root.crt", "--ca-url", &url, "--fingerprint", &wrong]).refusal(&["fingerprint"]);
    assert!(!other.has("step/certs/root_ca.crt") && !other.has("root.crt"));
    other.rung(&["ca", "bootstrap", "--ca-url", &url, "--fingerprint", &ca.fingerprint()]).success();
    assert_eq!(other.read("step/certs/root_ca.crt"), ca.place.read("step/certs/root_ca.crt"));
}

#[test]
fn a_token_that_is_expired() {
    let ca = Ca::init();
    let curve = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "other.key"];
    ca.place.run("openssl", &[&["genpkey"], &curve[..]].concat()).success();
    ca.place.run("openssl", &["pkey", "-in", "other.key", "-pubout", "-out", "other.pub"]).success();
    let add = ["ca", "provisioner", "add", "other", "--type", "JWK", "--public-key", "other.pub"];
    ca.place.rung(&[&add[..], &["--ca-config", &ca.config()]].concat()).success();
    let _server = ca.serve();
    let token = |from: i32, to: i32| {
        let audience = format!("https://localhost:{}/1.0/sign", ca.port);
        let (names, id) = (["svc.example.com"], format!("{from} {to}"));
        let times = serde_json::json!({ "now": from });
        let claims = serde_json::json!({
            "iss": "other", "sub": names[0], "sans": names, "aud": audience, "jti": id,
            "nbf": times, "iat": { "now": 0 }, "exp": { "now": to },
        });
        let maker = own_file("python/make_token.py").into_os_string().into_string().expect("our own paths are text");
        let printed = ca.place.run("python3", &[&maker, "other.key", &claims.to_string()]).success();
        printed.stdout.trim().to_owned()
    };
    ask(&ca, &["--token", &token(-600, -120)]).refusal(&["expired"]);
    check_nothing_written(&ca);
    ask(&ca, &["--token", &token(120, 600)]).refusal(&["not"]);
    check_nothing_written(&ca);
    ask(&ca, &["--token", &token(-60, 240)]).success();
}

#[test]
fn a_token_that_was_used() {
    let ca = Ca::init();
    let _server = ca.serve();
    let token = ca.place.rung(&[&["ca", "token", "svc.example.com"], &CREDENTIAL[..]].concat()).success().stdout;
    ask(&ca, &["--token", token.trim()]).success();
    let before = (ca.place.read("svc.crt"), ca.place.read("svc.key"));
    ask(&ca, &["--token", token.trim(), "--force"]).refusal(&["used before"]);
    assert_eq!((ca.place.read("svc.crt"), ca.place.read("svc.key")), before);
}

#[test]
fn a_used_token_is_remembered_over_a_restart() {
    let ca = Ca::init();
    let server = ca.serve();
    let token = ca.place.rung(&[&["ca", "token", "svc.example.com"], &CREDENTIAL[..]].concat()).success().stdout;
    ask(&ca, &["--token", token.trim()]).success();
    let _server = ca.serve_again(server);
    ask(&ca, &["--token", token.trim(), "--force"]).refusal(&[]);
}

#[test]
fn an_unknown_provisioner() {
    let ca = Ca::init();
    let _server = ca.serve();
    ask(&ca, &["--provisioner", "nope", "--provisioner-password-file", "password"]).refusal(&["nope", "admin"]);
    check_nothing_written(&ca);
}

#[test]
fn an_output_that_exists() {
    let ca = Ca::init();
    let _server = ca.serve();
    for name in ["svc.crt", "svc.key"] {
        ca.place.write(name, "precious");
        ask(&ca, &CREDENTIAL).refusal(&[name, "--force"]);
        assert_eq!(ca.place.read(name), "precious");
        assert!(!(ca.place.has("svc.crt") && ca.place.has("svc.key")), "the other file was written");
        std::fs::remove_file(ca.place.path(name)).expect("it is there");
    }
    ca.place.write("svc.crt", "old");
    ask(&ca, &[&CREDENTIAL[..], &["--force"]].concat()).success();
    assert!(ca.place.read("svc.crt").starts_with("-----BEGIN CERTIFICATE-----"));
}

#[test]
fn an_output_that_is_a_link_or_a_folder() {
    let ca = Ca::init();
    let _server = ca.serve();
    ca.place.write("precious", "precious");
    symlink("precious", ca.place.path("svc.key")).expect("a link");
    ask(&ca, &[&CREDENTIAL[..], &["--force"]].concat()).refusal(&["svc.key"]);
    assert_eq!(ca.place.read("precious"), "precious");
    assert!(!ca.place.has("svc.crt"));
    std::fs::remove_file(ca.place.path("svc.key"))
        .and_then(|()| std::fs::create_dir(ca.place.path("svc.key")))
        .expect("a folder");
    ask(&ca, &[&CREDENTIAL[..], &["--force"]].concat()).refusal(&["svc.key"]);
    assert!(!ca.place.has("svc.crt"));
}

#[test]
fn a_configuration_with_a_wrong_type() {
    let ca = Ca::init();
    let good = ca.place.read("step/config/ca.json");
    let config = ca.config();
    let cases = [
        ("\"address\": \"", "\"address\": 5, \"x\": \"", "address"),
        ("\"type\": \"JWK\"", "\"type\": \"FOO\"", "FOO"),
        ("\"address\"", "\"adress\"", "adress"),
    ];
    for (from, to, word) in cases {
        assert!(good.contains(from), "{from} is not in {good}");
        let line = 1 + good.lines().position(|line| line.contains(from)).expect("it is there");
        ca.place.write("step/config/ca.json", &good.replacen(from, to, 1));
        let place = format!("ca.json:{line}:");
        ca.run().refusal(&[&place, word]);
        ca.place.rung_ca(&["check", "--password-file", "password", &config]).refusal(&[&place, word]);
    }
    ca.place.write("step/config/ca.json", &good[..good.len() / 2]);
    ca.run().refusal(&["ca.json:"]);
    ca.place.write("step/config/ca.json", &good);
    ca.place.rung_ca(&["check", "--password-file", "password", &config]).success();
}

#[test]
fn a_tree_that_is_there_already() {
    let ca = Ca::init();
    let before = [ca.place.read("step/certs/root_ca.crt"), ca.place.read("step/config/ca.json")];
    let init = ["ca", "init", "--name", "Other", "--dns", "localhost", "--address", ":9000", "--provisioner", "admin"];
    ca.place.rung(&[&init[..], &["--password-file", "password"]].concat()).refusal(&["root_ca.crt"]);
    assert_eq!([ca.place.read("step/certs/root_ca.crt"), ca.place.read("step/config/ca.json")], before);
}

#[test]
fn a_disk_that_is_full_under_the_database() {
    let ca = Ca::init();
    let script = "mount -t tmpfs -o size=2m none step/db && exec \"$@\"";
    let mut command = ca.place.command("unshare");
    command.args(["--mount", "--map-root-user", "sh", "-c", script, "sh"]).arg(program("rung-ca"));
    command.args(["--password-file", "password", &ca.config()]);
    let server = Background::start(&command);
    server.wait_for_text("Serving HTTPS on", 1);
    // The disk is there for the server alone; this is the way to it.
    let inside = format!("/proc/{}/root{}", server.pid().as_raw_nonzero(), ca.place.text_path("step/db"));
    let filler = std::path::Path::new(&inside).join("filler");
    std::fs::write(&filler, vec![0; 4 << 20]).expect_err("the disk is smaller than that");
    let token = ca.place.rung(&[&["ca", "token", "svc.example.com"], &CREDENTIAL[..]].concat()).success().stdout;
    ask(&ca, &["--token", token.trim()]).refusal(&[]);
    check_nothing_written(&ca);
    std::fs::remove_file(filler).expect("it was written in part");
    // Neither was a certificate issued, nor the token spent.
    ask(&ca, &["--token", token.trim()]).success();
}

//! The identity provider: a certified implementation, over HTTPS, with switches to misbehave.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::load::request;
use super::place::{Place, own_file};
use super::process::Background;

/// A running identity provider; it ends with this value.
pub(crate) struct Idp {
    /// Its issuer, such as `https://127.0.0.1:12345`.
    pub(crate) issuer: String,
    root: PathBuf,
    control: String,
    _place: Place,
    _server: Background,
}

impl Idp {
    /// Start one with a certificate of its own.
    #[track_caller]
    pub(crate) fn start() -> Self {
        Self::start_as("plain")
    }

    /// The same, with the issuer and the tokens of `google`, `entra`, `okta` or `keycloak`.
    #[track_caller]
    pub(crate) fn start_as(dress: &str) -> Self {
        let place = Place::new();
        let make = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
        let root = ["-keyout", "root.key", "-out", "root.crt", "-subj", "/CN=Web PKI of a test"];
        place.run("openssl", &[&make[..], &root].concat()).success();
        let leaf = [
            "-CA",
            "root.crt",
            "-CAkey",
            "root.key",
            "-keyout",
            "idp.key",
            "-out",
            "idp.crt",
            "-subj",
            "/CN=127.0.0.1",
        ];
        let names = ["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"];
        place.run("openssl", &[&make[..], &leaf, &names].concat()).success();
        let mut node = place.command("node");
        node.arg(own_file("node/idp.mjs")).args(["idp.crt", "idp.key", dress]);
        let server = Background::start(&node);
        let line = server.wait_for("where it is", |printed| {
            let line = printed.lines().find(|line| line.starts_with('{'))?;
            serde_json::from_str::<Value>(line).ok()
        });
        let text = |name: &str| line[name].as_str().expect("it is text").to_owned();
        let root = place.path("root.crt");
        Self { issuer: text("issuer"), control: text("control"), root, _place: place, _server: server }
    }

    /// The root to trust: the value for `SSL_CERT_FILE`.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Its configuration document.
    pub(crate) fn configuration_endpoint(&self) -> String {
        format!("{}/.well-known/openid-configuration", self.issuer)
    }

    /// Stop answering.
    pub(crate) fn close(&self) {
        self.switch("/close", "");
    }

    /// Answer again.
    pub(crate) fn open(&self) {
        self.switch("/open", "");
    }

    /// Sign with a new key, and publish only that.
    pub(crate) fn rotate_keys(&self) {
        self.switch("/rotate", "");
    }

    /// Misbehave on every path that starts with `path`: `html`, `drop` or `unavailable`.
    pub(crate) fn misbehave(&self, path: &str, kind: &str) {
        self.switch("/misbehave", &serde_json::json!({ path: kind }).to_string());
    }

    /// Be good again.
    pub(crate) fn behave(&self) {
        self.switch("/misbehave", "{}");
    }

    /// How often paths that start with `path` were asked for.
    pub(crate) fn requests(&self, path: &str) -> u64 {
        let counts: Value = serde_json::from_str(&self.switch("/requests", "")).expect("it answers with JSON");
        let counts = counts.as_object().expect("it counts by path");
        counts.iter().filter(|(name, _)| name.starts_with(path)).filter_map(|(_, count)| count.as_u64()).sum()
    }

    #[track_caller]
    fn switch(&self, path: &str, body: &str) -> String {
        let mut stream = std::net::TcpStream::connect(&self.control).expect("the switches answer");
        let (status, answer) = request(&mut stream, "POST", path, body).expect("the switches answer");
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }
}

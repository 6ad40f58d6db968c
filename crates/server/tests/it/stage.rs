//! An authority in a throwaway folder: certificates, keys and a configuration.

use std::{
    fs,
    path::{Path, PathBuf},
    pin::pin,
    process::Command,
    sync::atomic::{AtomicU64, Ordering},
    task::{Context, Poll, Waker},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rung_authority::clock::{Clock, SystemClock};
use rung_pki::{
    Certificate, CertificateContent, DistinguishedName, KeyAlgorithm, PrivateKey, RequestContent, SerialNumber, Signer,
    SubjectAltName, SystemRandom,
    extension::{self, BasicConstraints, KeyUsage},
    jose::{PublicJwk, SignHeader, sign_compact},
    keyfile,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::server::Server;

/// The password of everything that has one.
pub(crate) const PASSWORD: &str = "canary-password-7341";

/// An authority in a throwaway folder.
pub(crate) struct Stage {
    folder: TempDir,
    pub(crate) root: Certificate,
    pub(crate) root_key: PrivateKey,
    pub(crate) intermediate: Certificate,
    pub(crate) key: PrivateKey,
    pub(crate) jwk: PrivateKey,
    pub(crate) jwk_id: String,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let (root_key, key, jwk) = (ec(), ec(), ec());
        let root = ca("Test Root CA", &root_key, None, DAYS_365);
        let intermediate = ca("Test Intermediate CA", &key, Some((&root, &root_key)), DAYS_365);
        let jwk_id = PublicJwk::describe(jwk.public_key().clone()).key_id().unwrap().to_owned();
        let folder = tempfile::tempdir().unwrap();
        let stage = Self { folder, root, root_key, intermediate, key, jwk, jwk_id };
        stage.write("root.crt", &stage.root.to_pem());
        stage.write("int.crt", &stage.intermediate.to_pem());
        stage.write("int.key", &keyfile::to_pem(&stage.key));
        stage.write("password", &format!("{PASSWORD}\n"));
        stage.configure(&stage.config());
        stage
    }

    /// The public half of the issuing key.
    pub(crate) fn key_public(&self) -> &rung_pki::PublicKey {
        self.key.public_key()
    }

    /// A good configuration.
    pub(crate) fn config(&self) -> Value {
        let key: Value = serde_json::from_str(&PublicJwk::describe(self.jwk.public_key().clone()).to_json()).unwrap();
        json!({
            "root": self.path("root.crt"), "federatedRoots": [], "crt": self.path("int.crt"),
            "key": self.path("int.key"), "address": "127.0.0.1:0", "dnsNames": ["localhost", "127.0.0.1"],
            "logger": {"format": "text"}, "db": {"type": "sqlite", "dataSource": self.path("db.sqlite")},
            "authority": {"provisioners": [
                {"type": "JWK", "name": "admin", "key": key, "encryptedKey": "canary.encrypted.key"},
            ]},
        })
    }

    pub(crate) fn configure(&self, config: &Value) {
        self.write("ca.json", &serde_json::to_string_pretty(config).unwrap());
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, contents: &str) {
        fs::write(self.path(name), contents).unwrap();
    }

    /// Put the issuing key under the password.
    pub(crate) fn encrypt_key(&self) {
        self.write("int.key", &keyfile::to_encrypted_pkcs8_pem(&self.key, PASSWORD.as_bytes()).unwrap());
    }

    /// The program with the configuration as its argument.
    pub(crate) fn command(&self) -> Command {
        self.command_of(Path::new(env!("CARGO_BIN_EXE_rung-ca")))
    }

    pub(crate) fn command_of(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.arg(self.path("ca.json")).env_clear().env("HOME", self.folder.path()).current_dir(self.folder.path());
        command
    }

    /// Run the program to its end with these words, which it shall carry out; what it said.
    #[track_caller]
    pub(crate) fn does(&self, words: &[&str]) -> String {
        let (success, said) = self.tries(words);
        assert!(success, "{words:?}: {said}");
        said
    }

    /// Run the program to its end with these words; whether it did that, and what it said.
    pub(crate) fn tries(&self, words: &[&str]) -> (bool, String) {
        let mut program = Command::new(env!("CARGO_BIN_EXE_rung-ca"));
        let output =
            program.args(words).env_clear().env("HOME", self.folder.path()).current_dir(self.path("")).output();
        let output = output.unwrap();
        (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    }

    /// The program, serving.
    pub(crate) fn serve(&self) -> Server {
        Server::start(&mut self.command())
    }

    /// A token of the provisioner with these claims changed.
    pub(crate) fn token(&self, changes: &Value) -> String {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let now = present();
        let mut claims = json!({
            "iss": "admin", "sub": "foo.example", "aud": "https://localhost/1.0/sign", "iat": now, "nbf": now,
            "exp": now + 300, "jti": format!("canary-jti-{}", NEXT.fetch_add(1, Ordering::Relaxed)),
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let header = SignHeader { key_id: Some(&self.jwk_id), typ: Some("JWT"), ..SignHeader::default() };
        sign_compact(&header, claims.to_string().as_bytes(), &self.jwk).unwrap()
    }

    /// How many rows a table of the database has, while the program uses it or afterwards.
    pub(crate) fn rows(&self, table: &str) -> u64 {
        let script = "import sqlite3, sys\nd = sqlite3.connect('file:db.sqlite?mode=ro', uri=True)\n\
            print(d.execute(f'SELECT count(*) FROM {sys.argv[1]}').fetchone()[0])";
        let mut python = Command::new("python3");
        let output = python.current_dir(self.path("")).args(["-c", script, table]).output();
        let output = output.expect("the program python3, which these tests need");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
    }

    /// The body of a request for a certificate that will be granted.
    pub(crate) fn sign_body(&self) -> String {
        json!({"csr": request(&[]), "ott": self.token(&json!({}))}).to_string()
    }
}

/// A certificate request with these names, PEM.
pub(crate) fn request(names: &[&str]) -> String {
    request_of(&ec(), names)
}

pub(crate) fn request_of(key: &PrivateKey, names: &[&str]) -> String {
    let names = names.iter().map(|name| SubjectAltName::classify(name).unwrap()).collect();
    RequestContent { names, ..RequestContent::default() }.sign(key).unwrap().to_pem()
}

/// Seconds since 1970.
pub(crate) fn present() -> u64 {
    SystemClock.now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

pub(crate) fn ec() -> PrivateKey {
    PrivateKey::generate(KeyAlgorithm::EcP256).unwrap()
}

pub(crate) const DAYS_365: Duration = Duration::from_secs(365 * 86_400);

/// The certificate of a CA; it signs itself when there is no issuer.
pub(crate) fn ca(
    name: &str,
    key: &PrivateKey,
    issuer: Option<(&Certificate, &PrivateKey)>,
    lifetime: Duration,
) -> Certificate {
    let extensions = vec![
        extension::key_usage(KeyUsage::CERT_SIGN | KeyUsage::CRL_SIGN),
        extension::basic_constraints(BasicConstraints { is_ca: true, path_len: None }),
    ];
    certificate(name, key, issuer, lifetime, extensions)
}

/// A certificate that began an hour ago; it signs itself when there is no issuer.
pub(crate) fn certificate(
    name: &str,
    key: &PrivateKey,
    issuer: Option<(&Certificate, &PrivateKey)>,
    lifetime: Duration,
    mut extensions: Vec<rung_pki::Extension>,
) -> Certificate {
    let subject = DistinguishedName::new().with_common_name(name).unwrap();
    let start: SystemTime = SystemClock.now() - Duration::from_secs(3600);
    extensions.push(extension::subject_key_identifier(&key.public_key().key_identifier()));
    let content = CertificateContent {
        serial: SerialNumber::random(&SystemRandom).unwrap(),
        issuer_der: issuer.map_or(subject.der(), |(issuer, _)| issuer.subject_der()).to_vec(),
        subject,
        not_before: start,
        not_after: start + lifetime,
        public_key: key.public_key().clone(),
        extensions,
    };
    let signer = issuer.map_or(key, |(_, key)| key);
    let signed = pin!(content.sign(signer, signer.algorithm().default_signature()))
        .poll(&mut Context::from_waker(Waker::noop()));
    match signed {
        Poll::Ready(signed) => signed.unwrap(),
        Poll::Pending => panic!("a key in memory signs at once"),
    }
}

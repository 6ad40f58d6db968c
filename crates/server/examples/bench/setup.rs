//! An authority in a throwaway folder, and an identity provider that only publishes its key.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant, SystemTime},
};

use rung_pki::{
    Certificate, CertificateContent, DistinguishedName, KeyAlgorithm, PrivateKey, SerialNumber, Signer, SystemRandom,
    extension::{self, BasicConstraints, KeyUsage},
    jose::PublicJwk,
    keyfile,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::Outcome;

/// Everything that the server is started with.
pub(crate) struct Stage {
    folder: TempDir,
    pub(crate) root: Certificate,
    pub(crate) intermediate: Certificate,
    pub(crate) jwk: PrivateKey,
    pub(crate) jwk_id: String,
    pub(crate) rsa: PrivateKey,
    pub(crate) rsa_id: String,
    pub(crate) issuer: String,
}

/// A running server; it ends when this is dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
    /// Where it tells revocations over plain HTTP.
    pub(crate) plain_address: String,
}

const YEAR: Duration = Duration::from_secs(365 * 86_400);

impl Stage {
    pub(crate) async fn new() -> Outcome<Self> {
        let folder = tempfile::tempdir()?;
        let (root_key, key) =
            (PrivateKey::generate(KeyAlgorithm::EcP256)?, PrivateKey::generate(KeyAlgorithm::EcP256)?);
        let root = ca("Bench Root CA", 1, &root_key, None).await?;
        let intermediate = ca("Bench Intermediate CA", 0, &key, Some((&root, &root_key))).await?;
        let jwk = PrivateKey::generate(KeyAlgorithm::EcP256)?;
        let rsa = PrivateKey::generate(KeyAlgorithm::Rsa { bits: 2048 })?;
        let describe = |key: &PrivateKey| PublicJwk::describe(key.public_key().clone());
        let (jwk_public, rsa_public) = (describe(&jwk), describe(&rsa));
        let issuer = publish(&rsa_public).await?;
        let write = |name: &str, contents: &str| fs::write(folder.path().join(name), contents);
        write("root.crt", &root.to_pem())?;
        write("int.crt", &intermediate.to_pem())?;
        write("int.key", &keyfile::to_pem(&key))?;
        write("int.key.enc", &keyfile::to_encrypted_pkcs8_pem(&key, b"password")?)?;
        write("password", "password")?;
        for (name, key) in [("ca.json", "int.key"), ("ca-encrypted.json", "int.key.enc")] {
            let jwk: Value = serde_json::from_str(&jwk_public.to_json())?;
            write(name, &config(key, &jwk, &issuer).to_string())?;
            // Nobody is exempt, this machine neither.
            let mut limited = config(key, &jwk, &issuer);
            limited["limits"] = json!({ "exempt": [], "perSource": { "perSecond": 500, "burst": 500 } });
            write("ca-limited.json", &limited.to_string())?;
        }
        let id = |jwk: &PublicJwk| jwk.key_id().unwrap_or_default().to_owned();
        Ok(Self { root, intermediate, jwk_id: id(&jwk_public), rsa_id: id(&rsa_public), jwk, rsa, issuer, folder })
    }

    /// The file of the database.
    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join("db.sqlite")
    }

    /// Start the server and wait until it serves.
    pub(crate) fn start(&self) -> Outcome<Server> {
        self.start_with("ca.json")
    }

    /// The same, with narrow limits for each source.
    pub(crate) fn start_limited(&self) -> Outcome<Server> {
        self.start_with("ca-limited.json")
    }

    fn start_with(&self, config: &str) -> Outcome<Server> {
        let program = PathBuf::from(std::env::var_os("RUNG_CA").ok_or("RUNG_CA does not name the program")?);
        let mut child = Command::new(program)
            .args([config, "--password-file", "password"])
            .current_dir(self.folder.path())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut lines = BufReader::new(child.stderr.take().ok_or("no standard error")?).lines();
        let (mut said, mut tls, mut plain) = (String::new(), None, None);
        while let Some(line) = lines.next().transpose()? {
            let after = |text| line.split_once(text).map(|(_, rest)| rest.trim_end_matches(" ...").to_owned());
            tls = after("Serving HTTPS on ").or(tls);
            plain = after("Serving CRLs and OCSP on http://").or(plain);
            if let (Some(address), Some(plain_address)) = (&tls, &plain) {
                let (address, plain_address) = (address.clone(), plain_address.clone());
                // Its log lines are read and thrown away, as a supervisor would read and keep them.
                std::thread::spawn(move || lines.for_each(drop));
                return Ok(Server { child, address, plain_address });
            }
            said.push_str(&line);
            said.push('\n');
        }
        Err(format!("the server did not start:\n{said}").into())
    }

    /// Milliseconds from starting the program until it says that it serves.
    pub(crate) fn start_time(&self, encrypted: bool) -> Outcome<f64> {
        let config = if encrypted { "ca-encrypted.json" } else { "ca.json" };
        let mut times = Vec::new();
        for _ in 0..9 {
            let start = Instant::now();
            let server = self.start_with(config)?;
            times.push(start.elapsed().as_secs_f64() * 1e3);
            drop(server);
        }
        times.sort_by(f64::total_cmp);
        Ok(times[4])
    }
}

impl Server {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn config(key: &str, jwk: &Value, issuer: &str) -> Value {
    json!({
        "root": "root.crt", "crt": "int.crt", "key": key, "address": "127.0.0.1:0",
        "insecureAddress": "127.0.0.1:0", "dnsNames": ["localhost"],
        "crl": { "enabled": true, "generateOnRevoke": true },
        "logger": { "format": "text" },
        "db": { "type": "sqlite", "dataSource": "db.sqlite" },
        "authority": {
            "provisioners": [
                { "type": "JWK", "name": "admin", "key": jwk },
                { "type": "OIDC", "name": "sso", "clientID": "bench", "configurationEndpoint": issuer, "domains": ["bench.test"] },
            ],
        },
    })
}

async fn ca(
    name: &str,
    path_len: u8,
    key: &PrivateKey,
    issuer: Option<(&Certificate, &PrivateKey)>,
) -> Outcome<Certificate> {
    let subject = DistinguishedName::new().with_common_name(name)?;
    let now = SystemTime::now();
    let mut extensions = vec![
        extension::key_usage(KeyUsage::CERT_SIGN | KeyUsage::CRL_SIGN),
        extension::basic_constraints(BasicConstraints { is_ca: true, path_len: Some(path_len) }),
        extension::subject_key_identifier(&key.public_key().key_identifier()),
    ];
    if let Some((_, issuer)) = issuer {
        extensions.push(extension::authority_key_identifier(&issuer.public_key().key_identifier()));
    }
    let content = CertificateContent {
        serial: SerialNumber::random(&SystemRandom)?,
        issuer_der: issuer.map_or(subject.der(), |(certificate, _)| certificate.subject_der()).to_vec(),
        subject,
        not_before: now,
        not_after: now + YEAR,
        public_key: key.public_key().clone(),
        extensions,
    };
    let signer = issuer.map_or(key, |(_, key)| key);
    Ok(content.sign(signer, signer.algorithm().default_signature()).await?)
}

/// Serve the discovery document and the key on loopback for as long as the program runs; says at which address.
async fn publish(jwk: &PublicJwk) -> Outcome<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let issuer = format!("http://{}", listener.local_addr()?);
    let metadata = json!({ "issuer": issuer, "jwks_uri": format!("{issuer}/jwks") }).to_string();
    let keys = format!("{{\"keys\":[{}]}}", jwk.to_json());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 4096];
            let Ok(len) = stream.read(&mut request).await else { continue };
            let body = if request[..len].starts_with(b"GET /jwks") { &keys } else { &metadata };
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            // A client that went away asks again.
            let _ = stream.write_all([head.as_bytes(), body.as_bytes()].concat().as_slice()).await;
        }
    });
    Ok(issuer)
}

//! The configuration that a new authority starts with.

use serde::Serialize;
use serde_json::{Value, json, ser::PrettyFormatter};

/// What is known about a new authority.
#[derive(Debug, Clone)]
pub struct Initial {
    /// The file with the root certificate.
    pub root: String,
    /// The file with the intermediate certificate.
    pub crt: String,
    /// The file with the intermediate's key.
    pub key: String,
    /// Where it serves.
    pub address: String,
    /// Its names.
    pub dns_names: Vec<String>,
    /// The file of its database; in memory when there is none.
    pub database: Option<String>,
    /// Its first provisioner.
    pub provisioner: Option<InitialProvisioner>,
}

/// The first provisioner of a new authority: a key.
#[derive(Debug, Clone)]
pub struct InitialProvisioner {
    /// Its name.
    pub name: String,
    /// The public key, a JWK.
    pub key: Value,
    /// The private key, a compact JWE.
    pub encrypted_key: String,
}

impl Initial {
    /// The text of `ca.json`, indented with tabs.
    pub fn to_json(&self) -> String {
        let database = self.database.as_ref().map(|file| json!({ "type": "sqlite", "dataSource": file }));
        let provisioners: Vec<Value> = self.provisioner.iter().map(InitialProvisioner::to_value).collect();
        let config = json!({
            "root": self.root,
            "federatedRoots": null,
            "crt": self.crt,
            "key": self.key,
            "address": self.address,
            "insecureAddress": "",
            "dnsNames": self.dns_names,
            "logger": { "format": "text" },
            "db": database,
            "authority": { "provisioners": provisioners },
            "tls": {
                "cipherSuites": [
                    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
                    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
                ],
                "minVersion": 1.2,
                "maxVersion": 1.3,
                "renegotiation": false,
            },
        });
        indented(&config)
    }
}

impl InitialProvisioner {
    fn to_value(&self) -> Value {
        json!({ "type": "JWK", "name": self.name, "key": self.key, "encryptedKey": self.encrypted_key })
    }
}

/// JSON indented with tabs, without a final newline.
pub fn indented(value: &Value) -> String {
    let mut text = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, PrettyFormatter::with_indent(b"\t"));
    value.serialize(&mut serializer).expect("a JSON value can be written to memory");
    String::from_utf8(text).expect("JSON is text")
}

//! The TLS settings of the server.

use crate::json::{Members, Node};

/// The TLS settings of the server.
#[derive(Debug, Clone, PartialEq)]
pub struct Tls {
    /// Cipher suites of TLS 1.2; those of TLS 1.3 are fixed.
    pub cipher_suites: Vec<String>,
    /// Lowest version, 1.2 or 1.3.
    pub min_version: f64,
    /// Highest version, 1.2 or 1.3.
    pub max_version: f64,
    /// Whether clients are told that they may renegotiate; the server never does.
    pub renegotiation: bool,
}

/// The suites that are offered: ephemeral keys and authenticated encryption, nothing else.
const SUITES: [&str; 8] = [
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
];

impl Default for Tls {
    fn default() -> Self {
        Self {
            cipher_suites: vec![
                "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256".to_owned(),
                "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256".to_owned(),
            ],
            min_version: 1.2,
            max_version: 1.3,
            renegotiation: false,
        }
    }
}

impl Tls {
    pub(crate) fn read(members: &Members<'_>) -> Self {
        let default = Self::default();
        let suites = suites(members);
        let tls = Self {
            cipher_suites: if suites.is_empty() { default.cipher_suites } else { suites },
            min_version: version(members.get("minVersion")).unwrap_or(default.min_version),
            max_version: version(members.get("maxVersion")).unwrap_or(default.max_version),
            renegotiation: members.flag("renegotiation").unwrap_or(false),
        };
        if tls.min_version > tls.max_version {
            members.report("minVersion is more than maxVersion");
        }
        // The server's own key is an elliptic curve key, so suites for RSA alone leave TLS 1.2 nothing to agree on.
        if tls.min_version < 1.3 && !tls.cipher_suites.iter().any(|suite| suite.contains("_ECDSA_")) {
            members.report("cipherSuites holds no suite with ECDSA, which TLS 1.2 needs for the server's key");
        }
        members.finish();
        tls
    }
}

fn suites(members: &Members<'_>) -> Vec<String> {
    let nodes = members.get("cipherSuites").map(|node| node.list()).unwrap_or_default();
    let mut suites = Vec::new();
    for node in nodes {
        let Some(name) = node.string() else { continue };
        if SUITES.contains(&name.as_str()) {
            suites.push(name);
        } else {
            node.report(format!("{name:?} is not offered; the suites for TLS 1.2 are: {}", SUITES.join(", ")));
        }
    }
    suites
}

fn version(node: Option<Node<'_>>) -> Option<f64> {
    let node = node?;
    let number = node.number()?;
    if number == 0.0 {
        return None;
    }
    if number == 1.2 || number == 1.3 {
        return Some(number);
    }
    let why = if number == 1.0 || number == 1.1 { " (1.0 and 1.1 are broken and not offered)" } else { "" };
    node.report(format!("the TLS version is 1.2 or 1.3{why}"));
    None
}

//! Tokens, and requests for certificates that are paid for with them.

use std::time::{SystemTime, UNIX_EPOCH};

use rung_pki::{
    Certificate, KeyAlgorithm, PrivateKey, Random, RequestContent, SystemRandom,
    jose::{self, SignHeader, base64url},
};

use crate::{Outcome, load::Target, setup::Stage};

/// Who signs the tokens of a run.
pub(crate) struct Minter<'a> {
    key: &'a PrivateKey,
    key_id: &'a str,
    issuer: &'a str,
    audience: &'static str,
    oidc: bool,
}

impl<'a> Minter<'a> {
    /// The administrator's key.
    pub(crate) fn jwk(stage: &'a Stage) -> Self {
        Self {
            key: &stage.jwk,
            key_id: &stage.jwk_id,
            issuer: "admin",
            audience: "https://localhost/1.0/sign",
            oidc: false,
        }
    }

    /// The identity provider.
    pub(crate) fn oidc(stage: &'a Stage) -> Self {
        Self { key: &stage.rsa, key_id: &stage.rsa_id, issuer: &stage.issuer, audience: "bench", oidc: true }
    }

    fn token(&self, now: u64) -> Outcome<String> {
        let mut id = [0; 32];
        SystemRandom.fill(&mut id)?;
        let id = base64url(id);
        let claims = if self.oidc {
            serde_json::json!({
                "iss": self.issuer, "sub": "00u1abcd2EFGHijkl345", "aud": self.audience, "iat": now, "exp": now + 3600,
                "nonce": id, "email": "person@bench.test", "email_verified": true, "name": "A Person",
            })
        } else {
            serde_json::json!({
                "iss": self.issuer, "sub": "svc.bench.test", "aud": self.audience, "iat": now, "nbf": now, "exp": now + 300,
                "jti": id, "sans": ["svc.bench.test"], "sha": "0".repeat(64),
            })
        };
        self.seal(&claims)
    }

    fn seal(&self, claims: &serde_json::Value) -> Outcome<String> {
        let header = SignHeader { key_id: Some(self.key_id), typ: Some("JWT"), ..SignHeader::default() };
        Ok(jose::sign_compact(&header, claims.to_string().as_bytes(), self.key)?)
    }

    /// Whole HTTP requests, each with its own token; the certificate request is the same in all of them.
    pub(crate) fn requests(&self, count: usize) -> Outcome<Vec<Vec<u8>>> {
        let csr = certificate_request(&PrivateKey::generate(KeyAlgorithm::EcP256)?)?;
        (0..count).map(|_| self.request(&csr)).collect()
    }

    fn request(&self, csr: &str) -> Outcome<Vec<u8>> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let body = serde_json::json!({ "csr": csr, "ott": self.token(now)? });
        Ok(post("/1.0/sign", "application/json", body.to_string().as_bytes()))
    }

    /// A whole HTTP request to revoke the certificate with that number.
    pub(crate) fn revocation(&self, serial: u64) -> Outcome<Vec<u8>> {
        let (now, serial) = (SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs(), serial.to_string());
        let mut id = [0; 32];
        SystemRandom.fill(&mut id)?;
        let claims = serde_json::json!({
            "iss": self.issuer, "sub": serial, "aud": "https://localhost/1.0/revoke", "iat": now, "nbf": now,
            "exp": now + 300, "jti": base64url(id),
        });
        let body = serde_json::json!({ "serial": serial, "ott": self.seal(&claims)?, "passive": true });
        Ok(post("/1.0/revoke", "application/json", body.to_string().as_bytes()))
    }

    /// A certificate, with its key.
    pub(crate) async fn certificate(&self, target: &Target) -> Outcome<(Certificate, PrivateKey)> {
        let key = PrivateKey::generate(KeyAlgorithm::EcP256)?;
        let (status, body) = target.ask(&self.request(&certificate_request(&key)?)?).await?;
        if status != 201 {
            return Err(format!("no certificate: {status} {}", String::from_utf8_lossy(&body)).into());
        }
        let answer: serde_json::Value = serde_json::from_slice(&body)?;
        let pem = answer["crt"].as_str().ok_or("the answer has no certificate")?;
        Ok((Certificate::from_pem(pem.as_bytes())?, key))
    }
}

/// A whole request.
pub(crate) fn post(path: &str, content_type: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

fn certificate_request(key: &PrivateKey) -> Outcome<String> {
    let content = RequestContent {
        subject: rung_pki::DistinguishedName::new().with_common_name("svc.bench.test")?,
        names: vec!["svc.bench.test".parse().map(rung_pki::SubjectAltName::Dns)?],
        extensions: Vec::new(),
    };
    Ok(content.sign(key)?.to_pem())
}

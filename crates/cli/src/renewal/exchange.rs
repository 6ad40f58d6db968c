//! Asking a CA for the successor of a certificate, and checking it.

use std::time::SystemTime;

use anyhow::{Context as _, bail};
use rung_api::body::RekeyRequest;
use rung_api::client::{CaUrl, Client};
use rung_pki::{Certificate, PrivateKey, RequestContent, Signer};
use rustls_pki_types::CertificateDer;

use super::pair::Pair;
use crate::ca::returned::{Successor, check_successor};
use crate::ca::token;

/// A CA, and what its certificates have to lead to.
#[derive(Debug, Clone)]
pub(crate) struct Issuer {
    /// Where it is.
    pub(crate) url: CaUrl,
    /// Its roots.
    pub(crate) roots: Vec<Certificate>,
}

/// How the holder of a certificate proves to be that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// In the TLS handshake.
    Tls,
    /// With a token that the key signs: through proxies, and after the certificate has expired.
    Token,
}

impl Issuer {
    /// Have a certificate renewed for the same key.
    pub(crate) fn renew(&self, pair: &Pair, proof: Proof, now: SystemTime) -> anyhow::Result<Vec<Certificate>> {
        // A handshake with an expired certificate fails, so only a token can say what it is about.
        let proof = if now > pair.leaf().not_after() { Proof::Token } else { proof };
        let response = match proof {
            Proof::Tls => self.client_as(pair).renew(None),
            Proof::Token => {
                let token = token::sign_renewal(&self.url, pair.chain(), pair.key(), now)?;
                Client::new(&self.url, &ders(&self.roots)).renew(Some(&token))
            }
        };
        let response = response.context("error renewing certificate")?;
        check_successor(&response, &self.successor(pair, pair.key(), now))
    }

    /// Have a certificate issued again for another key.
    pub(crate) fn rekey(&self, pair: &Pair, key: &PrivateKey, now: SystemTime) -> anyhow::Result<Vec<Certificate>> {
        if now > pair.leaf().not_after() {
            bail!("cannot rekey an expired certificate");
        }
        // The names come from the old certificate; the request only proves possession of the new key.
        let csr = RequestContent::default().sign(key)?.to_pem();
        let response = self.client_as(pair).rekey(&RekeyRequest { csr: csr.into() });
        let response = response.context("error rekeying certificate")?;
        check_successor(&response, &self.successor(pair, key, now))
    }

    /// A client that shows the certificate of a pair.
    pub(crate) fn client_as(&self, pair: &Pair) -> Client {
        Client::with_identity(&self.url, &ders(&self.roots), &ders(pair.chain()), pair.key())
    }

    fn successor<'a>(&'a self, pair: &'a Pair, key: &'a PrivateKey, now: SystemTime) -> Successor<'a> {
        Successor { key: key.public_key(), old: pair.leaf(), roots: &self.roots, now }
    }
}

fn ders(certificates: &[Certificate]) -> Vec<CertificateDer<'_>> {
    certificates.iter().map(|certificate| CertificateDer::from(certificate.der())).collect()
}

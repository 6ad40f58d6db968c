//! Answers that are the same for everybody, made once per configuration.

use std::collections::HashMap;

use bytes::Bytes;
use rung_api::body::{Certificates, SignResponseFrame, TlsOptions, to_json};
use rung_pki::{Certificate, hex};

/// Answers that are the same for everybody.
pub struct Published {
    /// `/roots`.
    pub roots: Bytes,
    /// `/roots.pem`.
    pub roots_pem: Bytes,
    /// `/intermediates`.
    pub intermediates: Bytes,
    /// `/intermediates.pem`.
    pub intermediates_pem: Bytes,
    /// `/federation`.
    pub federation: Bytes,
    /// What goes with every issued certificate.
    pub sign_response: SignResponseFrame,
    /// SHA-256 of the roots, in the order of the configuration, as lower-case hexadecimal digits.
    pub root_fingerprints: Vec<String>,
    by_fingerprint: HashMap<String, String>,
}

impl Published {
    /// Make the answers from the certificates of a configuration. Of the chains, the first is of the one that issues.
    pub fn new(
        roots: &[Certificate],
        federated: &[Certificate],
        chains: &[&[Certificate]],
        tls_options: &TlsOptions,
    ) -> Self {
        let pem = |certificates: &[Certificate]| certificates.iter().map(Certificate::to_pem).collect::<Vec<_>>();
        let list = |crts: &[String]| Bytes::from(to_json(&Certificates { crts: crts.to_vec() }));
        let (roots_pem, chain_pem) = (pem(roots), pem(chains.first().copied().unwrap_or_default()));
        let mut intermediates: Vec<String> = Vec::new();
        for certificate in chains.iter().flat_map(|chain| pem(chain)) {
            // Chains meet above their ends.
            if !intermediates.contains(&certificate) {
                intermediates.push(certificate);
            }
        }
        let all = [roots, federated].concat();
        let by_fingerprint = all.iter().map(|root| (hex(&root.fingerprint()), root.to_pem())).collect();
        Self {
            roots: list(&roots_pem),
            roots_pem: roots_pem.concat().into(),
            intermediates: list(&intermediates),
            intermediates_pem: intermediates.concat().into(),
            federation: list(&pem(&all)),
            sign_response: SignResponseFrame::new(&chain_pem, tls_options),
            root_fingerprints: roots.iter().map(|root| hex(&root.fingerprint())).collect(),
            by_fingerprint,
        }
    }

    /// The root with that SHA-256, as lower-case hexadecimal digits.
    pub fn root(&self, fingerprint: &str) -> Option<&str> {
        self.by_fingerprint.get(fingerprint).map(String::as_str)
    }
}

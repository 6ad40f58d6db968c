//! The keys that tokens are signed with.

use std::collections::BTreeMap;

use rung_api::oidc::{Metadata, fetch_keys};
use rung_pki::jose::{JwsAlgorithm, KeySet, MAX_KEYS, PublicJwk};

use super::Doctor;

impl Doctor<'_> {
    /// Fetch the keys and look at them.
    pub(super) fn keys(&mut self, metadata: &Metadata) {
        let from = metadata.jwks_uri.as_str();
        let fetched = match fetch_keys(self.fetcher, metadata) {
            Ok(fetched) => fetched,
            Err(error) => {
                let mend = "the CA must reach the address of the keys, too: check firewalls and proxies";
                return self.wrong("keys", error.to_string(), mend);
            }
        };
        let set = match KeySet::parse(&fetched.bytes) {
            Ok(set) => set,
            Err(error) => {
                return self.wrong("keys", format!("{from} is no key set: {error}"), "mend it at the provider");
            }
        };
        if set.keys().is_empty() {
            let text = format!("{from} has no key that can verify a token ({} cannot be used)", set.ignored());
            let mend = "the provider must sign with RSA from 2048 bits, P-256, P-384, P-521 or Ed25519, not with a shared \
                        secret, and publish the public keys";
            return self.wrong("keys", text, mend);
        }
        let algorithms = algorithms(set.keys());
        self.good("keys", format!("{} usable: {algorithms}", set.keys().len()));
        if set.ignored() > 0 {
            let text = format!("{} of the published keys cannot be used here", set.ignored());
            let mend = format!("harmless if they encrypt or are spare; the CA looks at the first {MAX_KEYS} alone");
            self.note("keys", text, mend);
        }
        self.ids(&set);
    }

    fn ids(&mut self, set: &KeySet) {
        let mut ids: BTreeMap<Option<&str>, usize> = BTreeMap::new();
        for key in set.keys() {
            *ids.entry(key.key_id()).or_default() += 1;
        }
        let nameless = ids.get(&None).copied().unwrap_or_default();
        if nameless > 0 && set.keys().len() > 1 {
            let text = format!("{nameless} of several keys have no id (kid), so tokens cannot say which one they mean");
            self.note("keys", text, "give each key an id at the provider");
        }
        if let Some((id, count)) = ids.iter().find(|(id, count)| id.is_some() && **count > 1) {
            let text = format!("{count} keys share the id {:?}; each is tried", id.unwrap_or_default());
            self.note("keys", text, "give each key its own id at the provider, so that rotations are noticed");
        }
    }
}

/// The algorithms of the keys, each once.
fn algorithms(keys: &[PublicJwk]) -> String {
    let accepted = |algorithm: &JwsAlgorithm| keys.iter().any(|key| key.verification_key().accepts(*algorithm));
    let names: Vec<&str> = JwsAlgorithm::ALL.into_iter().filter(accepted).map(JwsAlgorithm::as_str).collect();
    names.join(", ")
}

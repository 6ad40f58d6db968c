//! Having a certificate signed.

use std::borrow::Cow;
use std::time::SystemTime;

use anyhow::Context as _;
use rung_api::body::SignRequest;
use rung_api::client::ClientError;
use rung_pki::{Certificate, KeyAlgorithm, PublicKey};
use rung_spec::TimeOrDuration;
use serde_json::value::RawValue;

use super::grant::Grant;
use super::returned::{Expected, check};
use super::template;
use super::when;
use crate::call::Call;
use crate::clock;

/// What a command's flags say about the certificate, checked.
pub(crate) struct Terms {
    not_before: Option<(String, TimeOrDuration)>,
    not_after: Option<(String, TimeOrDuration)>,
    data: Option<Box<RawValue>>,
}

impl Terms {
    /// Read and check the flags.
    pub(crate) fn of(call: &Call) -> anyhow::Result<Self> {
        let data = template::data(call)?;
        let data = data.map(|data| serde_json::value::to_raw_value(&data)).transpose().context("--set")?;
        Ok(Self { not_before: when::flag(call, "not-before")?, not_after: when::flag(call, "not-after")?, data })
    }

    /// A moment at which the certificate will be valid, if it is what was asked for.
    fn moment(&self, now: SystemTime) -> SystemTime {
        let start = self.not_before.as_ref().and_then(|(_, when)| when.resolve(now));
        start.filter(|start| *start > now).unwrap_or(now)
    }
}

/// Have the request signed, and check what comes back.
pub(crate) fn issue(
    grant: &Grant,
    (request, key): (&str, &PublicKey),
    terms: &Terms,
) -> anyhow::Result<Vec<Certificate>> {
    let text = |value: &Option<(String, TimeOrDuration)>| {
        Cow::Owned(value.as_ref().map(|(text, _)| text.clone()).unwrap_or_default())
    };
    let sign = SignRequest {
        csr: Cow::Borrowed(request),
        ott: Cow::Borrowed(&grant.token),
        not_before: text(&terms.not_before),
        not_after: text(&terms.not_after),
        template_data: terms.data.as_deref(),
    };
    let response = grant.connection.client.sign(&sign).map_err(|error| explain(error, key.algorithm()))?;
    let at = terms.moment(clock::now());
    check(&response, &Expected { key, identity: &grant.identity, roots: &grant.connection.roots, at })
}

/// Some refusals leave the person without a clue, so we add one.
fn explain(error: ClientError, key: KeyAlgorithm) -> anyhow::Error {
    let refused = |status: u16, words: &str| matches!(&error, ClientError::Refused(refusal) if refusal.status == status && refusal.message.contains(words));
    let clue = match key {
        _ if refused(401, "authority logs") => {
            "the CA did not accept the token or login: a token is good for one use within a few minutes, and a login \
             only for people whom the provisioner lets in"
        }
        KeyAlgorithm::MlDsa(_) if refused(400, "csr") => {
            "the CA did not take the request: it may not know ML-DSA keys; leave --kty out to ask for one of P-256"
        }
        _ => return error.into(),
    };
    anyhow::Error::new(error).context(clue)
}

/// A chain as a file holds it, the leaf first.
pub(crate) fn to_pem(chain: &[Certificate]) -> String {
    chain.iter().map(Certificate::to_pem).collect()
}

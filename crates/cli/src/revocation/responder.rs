//! Asking a responder about one certificate (RFC 6960).

use anyhow::{Context as _, anyhow, bail};
use rung_pki::extension::AccessDescription;
use rung_pki::ocsp::{CertStatus, HashAlgorithm, IssuerHashes, RequestContent, Response};
use rung_pki::{Certificate, Random, SystemRandom};
use url::Url;

use super::issuer::access;
use super::{Inquiry, short, since};

/// Where the responders of its issuer are, as the certificate says, over HTTP.
pub(crate) fn responders(leaf: &Certificate) -> Vec<String> {
    access(leaf, |description| description.method == AccessDescription::OCSP)
}

/// Ask the responders at `places` about the certificate. The answer is the place that says it is good.
///
/// # Errors
/// When it is revoked or not known, or nobody gives an answer that counts.
pub(crate) fn check_responder(inquiry: &Inquiry<'_>, places: &[String]) -> anyhow::Result<String> {
    let hashes = IssuerHashes::of(inquiry.issuer).context("the key of the issuing CA cannot be used")?;
    // SHA-1 names the certificate in the way that every responder knows; nothing depends on its strength.
    let id = hashes.id(HashAlgorithm::Sha1, inquiry.leaf.serial());
    let mut nonce = [0; 32];
    SystemRandom.fill(&mut nonce)?;
    let question = RequestContent { questions: std::slice::from_ref(&id), nonce: Some(&nonce) }.to_der();
    let ask = |url: &Url| {
        let answer = inquiry.fetcher.post_signed(url, "application/ocsp-request", question.clone());
        let answer = answer.map_err(|error| anyhow!("error contacting OCSP server: {}", short(&error)))?;
        let answer = Response::from_der(&answer)?.verify(inquiry.issuer, Some(&nonce), inquiry.now)?;
        Ok(answer.about(&id, inquiry.now)?)
    };
    let (place, answer) = inquiry.first(places, ask, "could not verify certificate against OCSP server(s)")?;
    match answer.status {
        CertStatus::Good => Ok(place),
        CertStatus::Revoked { at, reason } => {
            bail!("certificate has been revoked according to OCSP {place}: {}", since(at, reason))
        }
        CertStatus::Unknown => bail!("certificate status is unknown according to OCSP {place}"),
    }
}

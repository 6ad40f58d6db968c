//! Whether a certificate was revoked, as its issuer says in lists and answers.
//!
//! A list or an answer counts only when the issuer of the certificate signed it (or, for answers, somebody it has
//! authorized), when it is fresh, and when it speaks about this very certificate. Whatever fails leads to the next
//! place; without a place that answers, nothing is known, which is an error and never "not revoked".

mod issuer;
mod list;
mod responder;

use std::time::{Duration, SystemTime};

use anyhow::{anyhow, bail};
use rung_api::outbound::{FetchError, Fetcher, Problem};
use rung_pki::Certificate;
use rung_pki::extension::{Decoded, GeneralName};
use rustls_pki_types::CertificateDer;
use url::Url;

use crate::inspect::rfc3339;
use crate::ui::{Ui, shown};

pub(crate) use issuer::issuer;
pub(crate) use list::{Flaw, check_list, signer};
pub(crate) use responder::{check_responder, responders};

/// What is needed to ask.
pub(crate) struct Inquiry<'a> {
    /// Fetches lists and answers.
    pub(crate) fetcher: Fetcher,
    /// The certificate in question.
    pub(crate) leaf: &'a Certificate,
    /// Who issued it.
    pub(crate) issuer: &'a Certificate,
    /// What time it is.
    pub(crate) now: SystemTime,
    /// Told what went wrong at each place, if somebody wants to know.
    pub(crate) ui: Option<&'a Ui>,
}

impl Inquiry<'_> {
    /// Ask each place until one answers. The answer may be bad; what fails leads to the next place.
    fn first<T>(
        &self,
        places: &[String],
        ask: impl Fn(&Url) -> anyhow::Result<T>,
        failed: &str,
    ) -> anyhow::Result<(String, T)> {
        let mut last = None;
        for place in places {
            let parsed = Url::parse(place).map_err(|error| anyhow!("'{place}' is not a URL: {error}"));
            match parsed.and_then(|url| ask(&url)) {
                Ok(answer) => return Ok((place.clone(), answer)),
                Err(error) => {
                    if let Some(ui) = self.ui {
                        ui.line(&shown(&format!("{place}: {error:#}")));
                    }
                    last = Some((place, error));
                }
            }
        }
        match last {
            Some((place, error)) => bail!("{failed}: {place}: {error:#}"),
            None => bail!("{failed}: there is none that is reached over HTTP"),
        }
    }
}

/// A fetcher for what is signed, which also trusts these roots.
pub(crate) fn fetcher(roots: &[Certificate]) -> Fetcher {
    let roots = roots.iter().map(|root| CertificateDer::from(root.der().to_vec())).collect();
    Fetcher::new(roots).with_time_limit(TIME_LIMIT).with_body_limit(BODY_LIMIT)
}

/// Download a list.
pub(crate) fn download(fetcher: &Fetcher, url: &Url) -> anyhow::Result<Vec<u8>> {
    fetcher.get_signed(url).map_err(|error| anyhow!("error downloading crl: {}", short(&error)))
}

/// An error in the words that scripts look for.
fn short(error: &FetchError) -> String {
    match &error.problem {
        Problem::Status(status) => format!("status code {status}"),
        _ => error.to_string(),
    }
}

/// Where the lists of its issuer are, as the certificate says, over HTTP.
pub(crate) fn distribution_points(certificate: &Certificate) -> Vec<String> {
    let decoded = certificate.extensions().iter().map(|extension| extension.decode());
    let points = decoded.filter_map(|decoded| match decoded {
        Decoded::CrlDistributionPoints(points) => Some(points),
        _ => None,
    });
    // Lists that somebody else signs are of no use here.
    let own = points.flatten().filter(|point| point.crl_issuer.is_empty());
    own.flat_map(|point| point.full_name).filter_map(over_http).collect()
}

/// The URL, if it is one that can be fetched here; directories (LDAP) are not asked.
fn over_http(name: GeneralName) -> Option<String> {
    match name {
        GeneralName::Uri(url) => {
            let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
            matches!(scheme.as_deref(), Some("http" | "https")).then_some(url)
        }
        _ => None,
    }
}

/// When it was revoked, and why, for a message.
fn since(at: SystemTime, reason: rung_pki::crl::Reason) -> String {
    format!("since {}, reason {}", rfc3339(at), reason.name())
}

/// For one list or answer.
const TIME_LIMIT: Duration = Duration::from_secs(20);
/// As much as a file may have.
const BODY_LIMIT: u64 = 64 << 20;
/// How far clocks may differ.
const TOLERANCE: Duration = Duration::from_secs(300);

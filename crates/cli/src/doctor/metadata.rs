//! The discovery document: whether it is there, whom it speaks for, and what time it was there.

use std::time::{Duration, SystemTime};

use rung_api::{
    oidc::{Metadata, OidcError, discovery_url},
    outbound::{Fetched, Problem},
};
use time::{OffsetDateTime, PrimitiveDateTime, macros::format_description};

use super::Doctor;

impl Doctor<'_> {
    /// Fetch the discovery document and read it.
    pub(super) fn metadata(&mut self) -> Option<(Fetched, Metadata)> {
        let (endpoint, tenant) = (&self.provisioner.configuration_endpoint, &self.provisioner.tenant_id);
        let fetched = discovery_url(endpoint).and_then(|url| {
            let fetched = self.fetcher.get_json(&url)?;
            Ok((url, fetched))
        });
        let (url, document) = match fetched {
            Ok(fetched) => fetched,
            Err(error) => {
                let mend = self.mend_discovery(&error);
                self.wrong("discovery", error.to_string(), mend);
                return None;
            }
        };
        match Metadata::parse(&document.bytes, endpoint, tenant) {
            Ok(metadata) => {
                self.good("discovery", url.as_str());
                self.good("issuer", format!("{}, which tokens must name to the letter", metadata.issuer));
                Some((document, metadata))
            }
            Err(error) => {
                let is_issuer = matches!(error, OidcError::Issuer { .. } | OidcError::Tenant { .. });
                let mend = self.mend_document(&error);
                self.wrong(if is_issuer { "issuer" } else { "discovery" }, error.to_string(), mend);
                None
            }
        }
    }

    fn mend_discovery(&self, error: &OidcError) -> String {
        let endpoint = |anywhere| self.at_provider(|mend| mend.endpoint, anywhere);
        let OidcError::Fetch(error) = error else {
            return endpoint("configurationEndpoint must be the address of the issuer");
        };
        match &error.problem {
            Problem::Insecure(_) => "use an https address without user name and password".to_owned(),
            Problem::NotJson { .. } => endpoint("configurationEndpoint must be the issuer, not a page for people"),
            Problem::Redirected(to) => self.update(&format!("--configuration-endpoint {to}")),
            Problem::Status(status) if *status >= 500 => {
                "the provider has an outage; the CA tries again by itself".to_owned()
            }
            Problem::Status(_) | Problem::TooLarge(_) => {
                endpoint("configurationEndpoint must be the issuer: check it for slips")
            }
            Problem::TimedOut(_) | Problem::Unreachable(_) => {
                "check name resolution, routes and firewalls from this machine, and HTTPS_PROXY if it needs one"
                    .to_owned()
            }
            Problem::Tls { unknown_issuer: true, .. } => {
                "add the provider's root certificate to this machine, or name its file in SSL_CERT_FILE".to_owned()
            }
            Problem::Tls { .. } => "the provider's certificate has to be put right there".to_owned(),
        }
    }

    fn mend_document(&self, error: &OidcError) -> String {
        match error {
            OidcError::Issuer { found, .. } => self.update(&format!("--configuration-endpoint {found}")),
            OidcError::Tenant { .. } => self.update("--tenant-id ID"),
            OidcError::Misplaced { .. } => {
                "the provider publishes an internal address: set its public one there".to_owned()
            }
            OidcError::Missing { .. }
            | OidcError::Malformed { .. }
            | OidcError::Endpoint { .. }
            | OidcError::Fetch(_) => {
                self.at_provider(|mend| mend.endpoint, "configurationEndpoint must be an OpenID provider's issuer")
            }
        }
    }

    /// Compare the clocks.
    pub(super) fn clock(&mut self, date: Option<&str>, now: SystemTime) {
        let Some(there) = date.and_then(http_date) else {
            return self.note("clock", "the provider does not say what time it is", "");
        };
        let difference = there.duration_since(now).unwrap_or_else(|earlier| earlier.duration());
        let tolerance = self.provisioner.clock_tolerance.unwrap_or(USUAL_TOLERANCE);
        let seconds = difference.as_secs();
        let text = format!("the provider's clock differs by {seconds} s; {} s are tolerated", tolerance.as_secs());
        let mend = "set the clock of this machine by NTP, or that of the provider";
        if difference > tolerance + ACCURACY {
            self.wrong("clock", text, mend);
        } else if difference > tolerance / 2 + ACCURACY {
            self.note("clock", text, mend);
        } else {
            self.good("clock", text);
        }
    }
}

/// The usual form of a date in HTTP (RFC 9110 §5.6.7).
fn http_date(text: &str) -> Option<SystemTime> {
    let form =
        format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
    let date: OffsetDateTime = PrimitiveDateTime::parse(text, &form).ok()?.assume_utc();
    Some(date.into())
}

const USUAL_TOLERANCE: Duration = Duration::from_secs(60);
/// The date has whole seconds, and was under way for some time.
const ACCURACY: Duration = Duration::from_secs(2);

//! Lists of revoked certificates (RFC 5280 §5), and what makes one count.

use std::time::SystemTime;

use anyhow::{Context as _, anyhow, bail};
use rung_pki::Certificate;
use rung_pki::crl::Crl;
use rung_pki::extension::GeneralName;
use url::Url;

use super::{Inquiry, TOLERANCE, distribution_points, download, since};

/// Why a list does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Flaw {
    /// No certificate that is known could have signed it.
    #[error("No certificate of the CA that signed it is known")]
    UnknownSigner,
    /// Its time is over.
    #[error("CRL has expired")]
    Expired,
    /// Its time has not come.
    #[error("CRL is not valid yet")]
    NotYetValid,
    /// It does not say when there will be a newer one, so nobody can tell whether it is fresh.
    #[error("CRL does not say how long it is valid")]
    Endless,
    /// The time of the certificate of who signed it is over.
    #[error("CA certificate has expired")]
    SignerExpired,
    /// Somebody else has signed it.
    #[error("Signature does not match")]
    Signature,
}

/// The one of these certificates that signed a list, when nothing is wrong with it.
pub(crate) fn signer<'a>(list: &Crl, candidates: &'a [Certificate], now: SystemTime) -> Result<&'a Certificate, Flaw> {
    let mut flaw = Flaw::UnknownSigner;
    for candidate in candidates.iter().filter(|candidate| could_have_signed(candidate, list)) {
        match judge(list, candidate, now) {
            Ok(()) => return Ok(candidate),
            Err(found) => flaw = found,
        }
    }
    Err(flaw)
}

fn could_have_signed(candidate: &Certificate, list: &Crl) -> bool {
    let may_sign = candidate.key_usage().is_none_or(|usage| usage.crl_sign());
    let has_the_key = match (list.authority_key_identifier(), candidate.subject_key_identifier()) {
        (Some(wanted), Some(own)) => wanted == own,
        _ => true,
    };
    may_sign && has_the_key && candidate.subject_der() == list.issuer().der()
}

fn judge(list: &Crl, signer: &Certificate, now: SystemTime) -> Result<(), Flaw> {
    check_times(list, now)?;
    if signer.not_after() < now {
        return Err(Flaw::SignerExpired);
    }
    let key = signer.public_key().map_err(|_| Flaw::Signature)?;
    list.is_signed_by(key).map_err(|_| Flaw::Signature)
}

fn check_times(list: &Crl, now: SystemTime) -> Result<(), Flaw> {
    if list.this_update() > now + TOLERANCE {
        return Err(Flaw::NotYetValid);
    }
    match list.next_update() {
        None => Err(Flaw::Endless),
        Some(end) if end < now => Err(Flaw::Expired),
        Some(_) => Ok(()),
    }
}

/// Look for the certificate on the lists at `places`. The answer is the place whose list counts.
///
/// # Errors
/// When the certificate is on it, or no list counts. `any_signer` is what `--insecure` asks for: the signature of a list
/// is not verified; everything else is.
pub(crate) fn check_list(inquiry: &Inquiry<'_>, places: &[String], any_signer: bool) -> anyhow::Result<String> {
    let ask = |url: &Url| {
        let list = Crl::from_pem_or_der(&download(&inquiry.fetcher, url)?).context("error parsing crl")?;
        check_issuer(&list, inquiry, any_signer)?;
        check_scope(&list, inquiry.leaf)?;
        Ok(list)
    };
    let (place, list) = inquiry.first(places, ask, "could not verify certificate against CRL distribution point(s)")?;
    match list.find(inquiry.leaf.serial()) {
        None => Ok(place),
        Some(found) => {
            bail!("certificate marked as revoked in CRL {place}: {}", since(found.revoked_at, found.reason))
        }
    }
}

fn check_issuer(list: &Crl, inquiry: &Inquiry<'_>, any_signer: bool) -> anyhow::Result<()> {
    let wrong = |flaw: Flaw| anyhow!("error validating the CRL against the CA issuer: {flaw}");
    if list.issuer().der() != inquiry.leaf.issuer_der() {
        bail!("error validating the CRL against the CA issuer: it is the list of {}", list.issuer());
    }
    match signer(list, std::slice::from_ref(inquiry.issuer), inquiry.now) {
        Ok(_) => Ok(()),
        Err(Flaw::Signature | Flaw::SignerExpired | Flaw::UnknownSigner) if any_signer => {
            check_times(list, inquiry.now).map_err(wrong)
        }
        Err(flaw) => Err(wrong(flaw)),
    }
}

/// Whether the list would have the certificate if it were revoked (RFC 5280 §6.3.3 (b)).
fn check_scope(list: &Crl, leaf: &Certificate) -> anyhow::Result<()> {
    if list.base_number().is_some() {
        bail!("the CRL holds only what came after another one");
    }
    let unknown = list.extensions().iter().find(|one| one.critical && !KNOWN.contains(&one.oid.to_string().as_str()));
    if let Some(unknown) = unknown {
        bail!("the CRL has the unknown critical extension {}", unknown.oid);
    }
    let Some(scope) = list.distribution_point() else { return Ok(()) };
    let is_ca = leaf.is_ca();
    let covers = !(scope.only_attribute_certificates
        || scope.only_user_certificates && is_ca
        || scope.only_ca_certificates && !is_ca);
    if !covers || scope.only_reasons.is_some() || scope.indirect {
        bail!("the CRL does not speak about certificates of this kind, or not about all reasons");
    }
    // A part of a list says to which places it belongs, and the certificate at which place it would be. Where the
    // certificate names none, nobody divides.
    let named = distribution_points(leaf);
    let is_at = |name: &GeneralName| matches!(name, GeneralName::Uri(address) if named.contains(address));
    if !named.is_empty() && !scope.full_name.is_empty() && !scope.full_name.iter().any(is_at) {
        bail!("the CRL belongs to another place than the certificate names: it may be a part that others are in");
    }
    Ok(())
}

/// Number, authority key identifier, issuing distribution point, delta indicator.
const KNOWN: [&str; 4] = ["2.5.29.20", "2.5.29.35", "2.5.29.28", "2.5.29.27"];

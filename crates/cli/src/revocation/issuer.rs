//! Who issued a certificate, when the chain does not say.

use anyhow::{Context as _, bail};
use rung_pki::Certificate;
use rung_pki::extension::{AccessDescription, Decoded};
use url::Url;

use super::{fetcher, over_http, short};
use crate::roots;

/// The certificate that issued `leaf`: the file of `--issuing-ca`, else the next one of the verified path, else the one
/// that `leaf` says where to fetch. Whichever it is, its key has to verify the signature of `leaf`.
pub(crate) fn issuer(leaf: &Certificate, path: &[Certificate], file: Option<&str>) -> anyhow::Result<Certificate> {
    if let Some(file) = file {
        let found = roots::certificates(file).context("unable to load the issuing CA certificate file")?;
        let Some(issuer) = found.into_iter().next() else {
            bail!("failed to decode the issuing CA certificate: there is none in {file}");
        };
        if !has_issued(&issuer, leaf) {
            bail!("the certificate in {file} did not issue this one; name the one that did with --issuing-ca");
        }
        return Ok(issuer);
    }
    if let Some(issuer) = path.get(1) {
        return Ok(issuer.clone());
    }
    if has_issued(leaf, leaf) {
        return Ok(leaf.clone());
    }
    let Some(place) = places(leaf).into_iter().next() else {
        bail!("could not get the issuing CA from the cert and no issuing CA certificate provided");
    };
    let url =
        Url::parse(&place).with_context(|| format!("failed to download the issuing CA: '{place}' is not a URL"))?;
    // Whoever answers, the signature of the certificate shows whether this is its issuer.
    let answer = fetcher(&[]).accepting_any_server().get_signed(&url);
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => bail!("failed to download the issuing CA: {}", short(&error)),
    };
    let issuer = Certificate::all_from_pem_or_der(&answer).context("failed to parse the issuing CA")?;
    let issuer = issuer.into_iter().find(|issuer| has_issued(issuer, leaf));
    issuer.with_context(|| format!("failed to parse the issuing CA: the certificate at {place} did not issue this one"))
}

fn has_issued(issuer: &Certificate, leaf: &Certificate) -> bool {
    issuer.subject_der() == leaf.issuer_der() && issuer.public_key().is_ok_and(|key| leaf.is_signed_by(key).is_ok())
}

/// Where the certificate of the issuer is, over HTTP.
fn places(leaf: &Certificate) -> Vec<String> {
    access(leaf, |description| description.method == AccessDescription::CA_ISSUERS)
}

/// Where something about the issuer is, over HTTP, as the certificate says.
pub(super) fn access(leaf: &Certificate, is_wanted: impl Fn(&AccessDescription) -> bool) -> Vec<String> {
    let decoded = leaf.extensions().iter().map(|extension| extension.decode());
    let lists = decoded.filter_map(|decoded| match decoded {
        Decoded::AuthorityInformationAccess(list) => Some(list),
        _ => None,
    });
    lists.flatten().filter(is_wanted).map(|description| description.location).filter_map(over_http).collect()
}

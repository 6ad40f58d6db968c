//! Whether a discovery document speaks for the address that it came from.

use url::Url;

use super::{OidcError, WELL_KNOWN};
use crate::printable;

/// Check the issuer that the document at `url` names and return it with the tenant filled in.
///
/// OpenID Connect Discovery §4.3: the issuer must be the address that the well-known path
/// was appended to. As a terminating slash is removed before that (§4.1), the address of the
/// document cannot tell `https://idp/` from `https://idp`; either is accepted, and tokens
/// must then name exactly the one in the document. Microsoft's documents speak for a tenant
/// instead, see [`is_tenant_of`].
pub(super) fn check(endpoint: &str, url: &Url, issuer: &str, tenant: &str) -> Result<String, OidcError> {
    let shown = || printable(url.as_str()).into_owned();
    let found = fill_in(issuer, tenant);
    if found.contains(PLACEHOLDER) {
        return Err(OidcError::Tenant { url: shown() });
    }
    // What the operator typed, and the same as URLs are written canonically.
    let typed = before_well_known(endpoint.trim());
    let canonical = before_well_known(url.as_str());
    let same = |expected: &str| without_slash(expected) == without_slash(&found);
    if same(typed) || same(canonical) || is_tenant_of(url, &found, tenant) {
        return Ok(found);
    }
    Err(OidcError::Issuer {
        url: shown(),
        expected: printable(canonical).into_owned(),
        found: printable(&found).into_owned(),
    })
}

fn fill_in(issuer: &str, tenant: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    if tenant.is_empty() || !tenant.bytes().all(plain) {
        return issuer.to_owned();
    }
    issuer.replace(PLACEHOLDER, tenant)
}

fn before_well_known(address: &str) -> &str {
    let end = address.find(WELL_KNOWN).or_else(|| address.find(['?', '#']));
    &address[..end.unwrap_or(address.len())]
}

fn without_slash(address: &str) -> &str {
    address.strip_suffix('/').unwrap_or(address)
}

/// Whether `issuer` is a tenant's name for the Microsoft service at `url`.
///
/// Entra ID's documents for `common`, for a tenant's domain name, for version 1 tokens, for
/// external tenants and for B2C policies name an issuer made from the tenant's id. It is
/// accepted if the id is the configured one (or the one in the address) and if it is on the
/// same origin or at the place that Microsoft documents for the service.
fn is_tenant_of(url: &Url, issuer: &str, tenant: &str) -> bool {
    let Ok(issuer) = issuer.parse::<Url>() else { return false };
    if issuer.query().is_some() || issuer.fragment().is_some() {
        return false;
    }
    let in_address = url.path_segments().and_then(|mut segments| segments.next());
    let id = if tenant.is_empty() { in_address.unwrap_or_default() } else { tenant };
    let names_tenant = !id.is_empty() && issuer.path_segments().is_some_and(|mut parts| parts.any(|part| part == id));
    if !names_tenant {
        return false;
    }
    if issuer.origin() == url.origin() {
        // Without a configured tenant only the address itself decides.
        return !tenant.is_empty();
    }
    if issuer.scheme() != "https" || issuer.port().is_some() {
        return false;
    }
    let (Some(host), Some(at)) = (url.host_str(), issuer.host_str()) else { return false };
    let external = host.ends_with(".ciamlogin.com") && at == format!("{id}.ciamlogin.com");
    external || VERSION_1.contains(&(host, at))
}

/// Where Entra ID serves discovery, and the host that its version 1 tokens name.
const VERSION_1: [(&str, &str); 5] = [
    ("login.chinacloudapi.cn", "sts.chinacloudapi.cn"),
    ("login.microsoftonline.com", "sts.windows.net"),
    ("login.microsoftonline.us", "sts.windows.net"),
    ("login.partner.microsoftonline.cn", "sts.chinacloudapi.cn"),
    ("login.windows.net", "sts.windows.net"),
];

const PLACEHOLDER: &str = "{tenantid}";

//! Bodies of the HTTP API, and what OpenID providers publish.

use rung_api::body::{
    Certificates, EncryptedKey, ErrorBody, Health, PreviewResponse, ProvisionerPage, RekeyRequest, RevokeRequest,
    Revoked, Root, SignRequest, SignResponse, Version, to_json,
};
use rung_api::oidc::{Metadata, Offers, discovery_url};
use rung_pki::jose::KeySet;

/// Bodies that clients send and servers answer; requests that are read are written, and read again as the same.
pub fn body(data: &[u8]) {
    if let Ok(request) = SignRequest::parse(data) {
        let written = to_json(&request);
        let again = SignRequest::parse(&written).expect("what was written is read");
        let texts = |request: &SignRequest<'_>| {
            [&request.csr, &request.ott, &request.not_before, &request.not_after].map(|text| text.clone().into_owned())
        };
        assert_eq!(texts(&again), texts(&request));
        assert_eq!(again.template_data.is_some(), request.template_data.is_some());
        assert!(!format!("{request:?}").contains("ott"), "tokens are not shown");
    }
    if let Ok(request) = RevokeRequest::parse(data) {
        let written = to_json(&request);
        let again = RevokeRequest::parse(&written).expect("what was written is read");
        assert_eq!(to_json(&again), written);
    }
    if let Ok(request) = RekeyRequest::parse(data) {
        let written = to_json(&request);
        let again = RekeyRequest::parse(&written).expect("what was written is read");
        assert_eq!(again.csr, request.csr);
    }
    if let Ok(page) = serde_json::from_slice::<ProvisionerPage>(data) {
        let written = to_json(&page);
        let again: ProvisionerPage = serde_json::from_slice(&written).expect("what was written is read");
        assert_eq!(to_json(&again), written);
    }
    drop(serde_json::from_slice::<SignResponse<'_>>(data));
    drop(serde_json::from_slice::<PreviewResponse>(data));
    drop(serde_json::from_slice::<ErrorBody<'_>>(data));
    drop(serde_json::from_slice::<Revoked<'_>>(data));
    drop(serde_json::from_slice::<Certificates>(data));
    drop(serde_json::from_slice::<EncryptedKey>(data));
    drop(serde_json::from_slice::<Health>(data));
    drop(serde_json::from_slice::<Root>(data));
    drop(serde_json::from_slice::<Version>(data));
}

/// The configured address of a provider in the first line, what it publishes in the others.
pub fn oidc(data: &[u8]) {
    let Some(end) = data.iter().position(|octet| *octet == b'\n') else { return };
    let (endpoint, document) = (&data[..end], &data[end + 1..]);
    let _ = Offers::read(document);
    let _ = KeySet::parse(document);
    let Ok(endpoint) = std::str::from_utf8(endpoint) else { return };
    let Ok(url) = discovery_url(endpoint) else { return };
    assert_eq!(discovery_url(url.as_str()).ok().as_ref(), Some(&url), "where the document is leads to the document");
    for tenant in ["", "common"] {
        if let Ok(metadata) = Metadata::parse(document, endpoint, tenant) {
            assert!(!metadata.issuer.is_empty());
        }
    }
}

//! The typed, blocking client of a CA.
//!
//! Every request is bounded in time and size, follows no redirect, carries a fresh
//! `X-Request-Id`, and trusts the CA's own roots alone.

mod address;
mod error;

use std::time::Duration;

use rung_pki::{PrivateKey, keyfile, pem};
use rustls_pki_types::CertificateDer;
use serde::de::DeserializeOwned;
use ureq::Agent;
use ureq::http::{Request, header};
use ureq::tls::{Certificate, ClientCert};
use url::Url;

use crate::body::{
    CertificatePage, Certificates, EncryptedKey, ErrorBody, Health, PreviewResponse, Provisioner, ProvisionerPage,
    RekeyRequest, RevokeRequest, Revoked, Root, SignRequest, SignResponse, Version, to_json,
};
use crate::outbound::{Answer, Limits, Trust, agent, exchange, is_loopback, proxy};
use crate::printable;

pub use address::{AddressError, CaUrl, Fingerprint, FingerprintError};
pub use error::{ClientError, Refusal};

/// A connection to one CA.
#[derive(Debug, Clone)]
pub struct Client {
    url: CaUrl,
    agent: Agent,
    limits: Limits,
}

impl Client {
    /// A client of the CA at `url`, whose certificate must lead to one of `roots`.
    pub fn new(url: &CaUrl, roots: &[CertificateDer<'_>]) -> Self {
        let roots = roots.iter().map(|root| Certificate::from_der(root).to_owned()).collect();
        Self::trusting(url, Trust::Roots(roots))
    }

    /// The same, which shows itself to the CA with a certificate: `chain`, leaf first, and its key.
    pub fn with_identity(
        url: &CaUrl,
        roots: &[CertificateDer<'_>],
        chain: &[CertificateDer<'_>],
        key: &PrivateKey,
    ) -> Self {
        let owned = |ders: &[CertificateDer<'_>]| -> Vec<Certificate<'static>> {
            ders.iter().map(|der| Certificate::from_der(der).to_owned()).collect()
        };
        // From PEM, since the kinds of DER keys have no name outside of ureq.
        let key = ureq::tls::PrivateKey::from_pem(keyfile::to_pem(key).as_bytes()).expect("our own PEM is read");
        let shown = ClientCert::new_with_certs(&owned(chain), key);
        Self::within(url, Some(shown), Trust::Roots(owned(roots)), Self::usual_limits())
    }

    /// Fetch the root with this fingerprint from the CA at `url`, and a client that trusts it.
    pub fn bootstrap(url: &CaUrl, fingerprint: &Fingerprint) -> Result<(Self, CertificateDer<'static>), ClientError> {
        // The fingerprint authenticates the answer, so nothing has to authenticate the
        // connection. It is used for this one request and nothing secret is sent.
        let root = Self::trusting(url, Trust::Unverified).root(fingerprint)?;
        Ok((Self::new(url, std::slice::from_ref(&root)), root))
    }

    fn trusting(url: &CaUrl, trust: Trust) -> Self {
        Self::within(url, None, trust, Self::usual_limits())
    }

    fn usual_limits() -> Limits {
        Limits { total: Duration::from_secs(15), connect: Duration::from_secs(10), ..Limits::default() }
    }

    fn within(url: &CaUrl, shown: Option<ClientCert>, trust: Trust, limits: Limits) -> Self {
        let proxy = if is_loopback(url.as_url()) { None } else { proxy() };
        let agent = agent(shown, trust, proxy, &limits);
        Self { url: url.clone(), agent, limits }
    }

    /// The address of the CA.
    pub fn url(&self) -> &CaUrl {
        &self.url
    }

    /// Ask whether the CA is well.
    pub fn health(&self) -> Result<Health, ClientError> {
        self.get(&self.url.path(["health"]))
    }

    /// Ask for the version of the CA.
    pub fn version(&self) -> Result<Version, ClientError> {
        self.get(&self.url.path(["version"]))
    }

    /// Fetch the root with this fingerprint and check that it is the one.
    pub fn root(&self, fingerprint: &Fingerprint) -> Result<CertificateDer<'static>, ClientError> {
        let url = self.url.path(["root", &fingerprint.to_string()]);
        let body: Root = self.get(&url)?;
        let [root] = &certificates(&url, [body.ca.as_str()])?[..] else {
            return Err(ClientError::unexpected(&url, "more than one certificate"));
        };
        let found = Fingerprint::of(root);
        if found != *fingerprint {
            let expected = *fingerprint;
            return Err(ClientError::Fingerprint { url: url.into(), expected, found });
        }
        Ok(root.clone())
    }

    /// Fetch all roots of the CA.
    pub fn roots(&self) -> Result<Vec<CertificateDer<'static>>, ClientError> {
        self.certificates("roots")
    }

    /// Fetch the CA's roots and those that it vouches for.
    pub fn federation(&self) -> Result<Vec<CertificateDer<'static>>, ClientError> {
        self.certificates("federation")
    }

    /// Fetch the CA's intermediates.
    pub fn intermediates(&self) -> Result<Vec<CertificateDer<'static>>, ClientError> {
        self.certificates("intermediates")
    }

    fn certificates(&self, path: &str) -> Result<Vec<CertificateDer<'static>>, ClientError> {
        let url = self.url.path([path]);
        let body: Certificates = self.get(&url)?;
        certificates(&url, body.crts.iter().map(String::as_str))
    }

    /// Fetch the list of provisioners, all pages of it.
    pub fn provisioners(&self) -> Result<Vec<Provisioner>, ClientError> {
        let mut all = Vec::new();
        let mut cursor = String::new();
        for _ in 0..MOST_PAGES {
            let mut url = self.url.path(["provisioners"]);
            url.query_pairs_mut().append_pair("limit", "100");
            if !cursor.is_empty() {
                url.query_pairs_mut().append_pair("cursor", &cursor);
            }
            let page: ProvisionerPage = self.get(&url)?;
            all.extend(page.provisioners);
            if page.next_cursor.is_empty() {
                return Ok(all);
            }
            cursor = page.next_cursor;
        }
        Err(ClientError::unexpected(&self.url.path(["provisioners"]), "a list without an end"))
    }

    /// Fetch the encrypted key with this id, a compact JWE.
    pub fn encrypted_key(&self, key_id: &str) -> Result<String, ClientError> {
        let body: EncryptedKey = self.get(&self.url.path(["provisioners", key_id, "encrypted-key"]))?;
        Ok(body.key)
    }

    /// Have a certificate signed. What comes back is not checked here.
    pub fn sign(&self, request: &SignRequest<'_>) -> Result<SignResponse<'static>, ClientError> {
        let url = self.url.path(["sign"]);
        let answer = self.send(&url, Request::post(url.as_str()), to_json(request))?;
        let response: SignResponse<'_> = parse(&url, &answer)?;
        Ok(response.into_owned())
    }

    /// Have the certificate renewed that this client shows, or the one of `token`, a token signed by the
    /// certificate's own key. What comes back is not checked here.
    pub fn renew(&self, token: Option<&str>) -> Result<SignResponse<'static>, ClientError> {
        let url = self.url.path(["renew"]);
        let mut request = Request::post(url.as_str());
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let answer = self.send(&url, request, Vec::new())?;
        let response: SignResponse<'_> = parse(&url, &answer)?;
        Ok(response.into_owned())
    }

    /// Have the certificate that this client shows issued again for another key. What comes back is not checked here.
    pub fn rekey(&self, request: &RekeyRequest<'_>) -> Result<SignResponse<'static>, ClientError> {
        let url = self.url.path(["rekey"]);
        let answer = self.send(&url, Request::post(url.as_str()), to_json(request))?;
        let response: SignResponse<'_> = parse(&url, &answer)?;
        Ok(response.into_owned())
    }

    /// Revoke a certificate: with a token, or the one that this client shows.
    pub fn revoke(&self, request: &RevokeRequest<'_>) -> Result<(), ClientError> {
        let url = self.url.path(["revoke"]);
        let answer = self.send(&url, Request::post(url.as_str()), to_json(request))?;
        let response: Revoked<'_> = parse(&url, &answer)?;
        if response.status != "ok" {
            return Err(ClientError::unexpected(&url, &format!("status `{}` instead of `ok`", response.status)));
        }
        Ok(())
    }

    /// Ask what [`Self::sign`] would do; nothing is issued, and the token stays good.
    pub fn preview(&self, request: &SignRequest<'_>) -> Result<PreviewResponse, ClientError> {
        let url = self.url.path(["preview"]);
        let answer = self.send(&url, Request::post(url.as_str()), to_json(request))?;
        parse(&url, &answer)
    }

    /// Ask for a page of the certificates on record; `query` has names of [`crate::inventory::FILTERS`].
    pub fn certificates_on_record(&self, query: &[(&str, String)]) -> Result<CertificatePage, ClientError> {
        let mut url = self.url.path(["certificates"]);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.get(&url)
    }

    fn get<T: DeserializeOwned>(&self, url: &Url) -> Result<T, ClientError> {
        let answer = self.send(url, Request::get(url.as_str()), Vec::new())?;
        parse(url, &answer)
    }

    fn send(&self, url: &Url, request: ureq::http::request::Builder, body: Vec<u8>) -> Result<Answer, ClientError> {
        let request_id = request_id();
        let mut request = request.header(header::ACCEPT, "application/json").header(REQUEST_ID, &request_id);
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let request =
            request.body(body).map_err(|error| ClientError::unexpected(url, &format!("no request: {error}")))?;
        let answer =
            exchange(&self.agent, request, &self.limits).map_err(|problem| ClientError::unreachable(url, problem))?;
        if answer.status == 200 || answer.status == 201 {
            return Ok(answer);
        }
        Err(refusal(url, &answer, request_id))
    }
}

fn parse<'a, T: serde::Deserialize<'a>>(url: &Url, answer: &'a Answer) -> Result<T, ClientError> {
    serde_json::from_slice(&answer.body).map_err(|error| {
        let what = format!("something that is not the answer of a CA ({error})");
        ClientError::unexpected(url, &what)
    })
}

fn refusal(url: &Url, answer: &Answer, sent: String) -> ClientError {
    let header = |name| answer.headers.get(name).and_then(|value| value.to_str().ok());
    if (300..400).contains(&answer.status) {
        let to = header("location").unwrap_or("nowhere");
        return ClientError::unexpected(url, &format!("a redirect to {to}, which is not followed"));
    }
    let request_id = header(REQUEST_ID).map_or(sent, |id| printable(id).into_owned());
    match serde_json::from_slice::<ErrorBody<'_>>(&answer.body) {
        Ok(report) => ClientError::Refused(Refusal {
            status: answer.status,
            message: printable(report.message.trim()).into_owned(),
            request_id,
        }),
        Err(_) => ClientError::unexpected(url, &format!("status {} and no reason", answer.status)),
    }
}

fn certificates<'a>(
    url: &Url,
    texts: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<CertificateDer<'static>>, ClientError> {
    let mut all = Vec::new();
    for text in texts {
        let blocks = pem::decode_all(text.as_bytes())
            .map_err(|error| ClientError::unexpected(url, &format!("a bad certificate: {error}")))?;
        if blocks.is_empty() || blocks.iter().any(|block| block.label != "CERTIFICATE") {
            return Err(ClientError::unexpected(url, "something that is not a certificate"));
        }
        all.extend(blocks.iter().map(|block| CertificateDer::from(block.contents.to_vec())));
    }
    Ok(all)
}

/// A fresh UUID, version 4.
fn request_id() -> String {
    let mut octets = [0; 16];
    aws_lc_rs::rand::fill(&mut octets).expect("the system's random numbers do not run out");
    octets[6] = octets[6] & 0x0f | 0x40;
    octets[8] = octets[8] & 0x3f | 0x80;
    let text = format!("{:032x}", u128::from_be_bytes(octets));
    [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
}

const REQUEST_ID: &str = "x-request-id";

/// At a hundred provisioners each; nobody has ten thousand.
const MOST_PAGES: usize = 100;

#[cfg(test)]
mod tests;

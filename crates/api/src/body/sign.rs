//! The request and the answer of `POST /sign`.

use std::borrow::Cow;
use std::fmt;

use serde::de::MapAccess;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::certificates::or_default;
use super::read::{self, Malformed, Members, is_named, take_text};
use super::write::to_json;

/// What `POST /sign` takes. An absent member is empty.
#[derive(Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignRequest<'a> {
    /// The certificate request, PEM.
    pub csr: Cow<'a, str>,
    /// The one-time token.
    pub ott: Cow<'a, str>,
    /// First instant of the certificate: an RFC 3339 time or a duration from now.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub not_before: Cow<'a, str>,
    /// Last instant of the certificate: an RFC 3339 time or a duration from `not_before`.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub not_after: Cow<'a, str>,
    /// An object for the provisioner's template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_data: Option<&'a RawValue>,
}

impl<'a> SignRequest<'a> {
    /// Read a request body; see [`read::read`] for the rules.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut request: Self = read::read(bytes)?;
        // The reference takes the text `null` for an absent request, too.
        if request.csr == "null" {
            request.csr = Cow::Borrowed("");
        }
        // Anything but an object is as good as nothing.
        request.template_data = request.template_data.filter(|data| data.get().starts_with('{'));
        Ok(request)
    }
}

/// The token and the template's data stay out of logs.
impl fmt::Debug for SignRequest<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SignRequest")
            .field("csr", &self.csr)
            .field("not_before", &self.not_before)
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

impl<'de> Members<'de> for SignRequest<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        if is_named(name, "csr") {
            return take_text(&mut self.csr, map);
        }
        if is_named(name, "ott") {
            return take_text(&mut self.ott, map);
        }
        if is_named(name, "notBefore") {
            return take_text(&mut self.not_before, map);
        }
        if is_named(name, "notAfter") {
            return take_text(&mut self.not_after, map);
        }
        if is_named(name, "templateData") {
            self.template_data = map.next_value()?;
            return Ok(true);
        }
        Ok(false)
    }
}

/// What `POST /sign` answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignResponse<'a> {
    /// The certificate, PEM.
    #[serde(borrow)]
    pub crt: Cow<'a, str>,
    /// Its issuer, PEM: the second element of the chain.
    #[serde(borrow)]
    pub ca: Option<Cow<'a, str>>,
    /// The certificate and its intermediates.
    #[serde(borrow, default)]
    pub cert_chain: Vec<Cow<'a, str>>,
    /// The TLS settings of the CA, as a suggestion.
    pub tls_options: Option<Cow<'a, TlsOptions>>,
}

impl SignResponse<'_> {
    /// The same, independent of the bytes it was read from.
    pub fn into_owned(self) -> SignResponse<'static> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        SignResponse {
            crt: owned(self.crt),
            ca: self.ca.map(owned),
            cert_chain: self.cert_chain.into_iter().map(owned).collect(),
            tls_options: self.tls_options.map(|options| Cow::Owned(options.into_owned())),
        }
    }
}

/// A [`SignResponse`] but for the certificate, encoded once for all certificates.
#[derive(Debug, Clone)]
pub struct SignResponseFrame {
    /// From behind the certificate to where it comes again.
    middle: String,
    /// From there to the end.
    end: String,
}

impl SignResponseFrame {
    /// The frame of certificates with that chain, issuer first, PEM.
    pub fn new(chain: &[String], tls_options: &TlsOptions) -> Self {
        let encoded: Vec<String> = chain.iter().map(text).collect();
        let issuer = encoded.first().map_or("null", String::as_str);
        let others: String = encoded.iter().map(|certificate| format!(",{certificate}")).collect();
        Self {
            middle: format!(r#","ca":{issuer},"certChain":["#),
            end: format!("{others}],\"tlsOptions\":{}}}\n", text(tls_options)),
        }
    }

    /// The body for that certificate, PEM; the same bytes that a [`SignResponse`] is written as.
    pub fn with(&self, certificate: &str) -> Vec<u8> {
        let certificate = text(certificate);
        [r#"{"crt":"#, &certificate, &self.middle, &certificate, &self.end].concat().into_bytes()
    }
}

/// JSON without the final newline.
fn text<T: Serialize + ?Sized>(value: &T) -> String {
    let mut json = to_json(value);
    json.pop();
    String::from_utf8(json).expect("JSON is UTF-8")
}

/// What `POST /preview` answers: what `POST /sign` would do with the same body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewResponse {
    /// The provisioner that the token leads to.
    pub provisioner: String,
    /// The certificate without a signature and with a serial number that the real one will not have, DER in base64.
    pub certificate: String,
    /// Which rule of the provisioner gave what, a sentence for each.
    pub rules: Vec<String>,
}

/// The TLS settings of the CA.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TlsOptions {
    /// Names of the cipher suites of TLS 1.2.
    #[serde(deserialize_with = "or_default")]
    pub cipher_suites: Vec<String>,
    /// Lowest version, `1.2` or `1.3`.
    pub min_version: f64,
    /// Highest version, `1.2` or `1.3`.
    pub max_version: f64,
    /// Whether a peer may renegotiate in TLS 1.2.
    pub renegotiation: bool,
}

impl Default for TlsOptions {
    fn default() -> Self {
        Self { cipher_suites: Vec::new(), min_version: 1.2, max_version: 1.3, renegotiation: false }
    }
}

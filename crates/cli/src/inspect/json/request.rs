//! Certificate requests, as JSON.

use rung_pki::extension::GeneralName;
use rung_pki::{CertificateRequest, KeyAlgorithm, PublicKey};

use super::{Json, Object, extension, name, named_algorithm};
use crate::inspect::key::{curve_of, dsa, kind};
use crate::inspect::{algorithm_name, tlv};

/// A request, in the members that scripts know and two more: its URIs, and whether its signature is valid.
pub(super) fn json(request: &CertificateRequest) -> Object {
    let mut out = Object::new();
    let parts = Parts::of(request.der());
    out.put("Raw", Json::octets(request.der()));
    out.put("RawTBSCertificateRequest", Json::octets(&parts.information));
    out.put("RawSubjectPublicKeyInfo", Json::octets(request.public_key_info()));
    out.put("RawSubject", Json::octets(request.subject().der()));
    out.put("Version", Json::number(0));
    out.put("Signature", Json::octets(request.signature()));
    out.put("SignatureAlgorithm", named_algorithm(algorithm_name(request), parts.algorithm));
    let mut algorithm = Object::new();
    algorithm.put("name", kind(request.public_key_info()));
    out.put("PublicKeyAlgorithm", algorithm);
    out.put("PublicKey", key(request.public_key_info()).unwrap_or(Json::Null));
    out.put("Subject", name::json(request.subject()));
    out.put("Attributes", attributes(request));
    out.put("Extensions", list(request.extensions().iter().map(extension::raw).collect()));
    out.put("ExtraExtensions", Json::Null);
    let names = request.general_names();
    let of_kind =
        |text: &dyn Fn(&GeneralName) -> Option<String>| list(names.iter().filter_map(text).map(Json::Text).collect());
    out.put("DNSNames", of_kind(&|name| if let GeneralName::Dns(text) = name { Some(text.clone()) } else { None }));
    out.put(
        "EmailAddresses",
        of_kind(&|name| if let GeneralName::Email(text) = name { Some(text.clone()) } else { None }),
    );
    out.put(
        "IPAddresses",
        of_kind(&|name| if let GeneralName::Ip(address) = name { Some(address.to_string()) } else { None }),
    );
    out.put("URIs", of_kind(&|name| if let GeneralName::Uri(text) = name { Some(text.clone()) } else { None }));
    // Nothing is claimed about kinds of keys and signatures that are not verified.
    if let (Some(algorithm), Ok(key)) = (request.signature_algorithm(), request.public_key()) {
        out.put("SignatureValid", key.verify(algorithm, &parts.information, request.signature()).is_ok());
    }
    out
}

/// Parts of a request that are only shown.
struct Parts {
    information: Vec<u8>,
    algorithm: String,
}

impl Parts {
    fn of(der: &[u8]) -> Self {
        let parts = tlv::one(der).and_then(|whole| whole.children()).unwrap_or_default();
        let information = parts.first().map(|part| tlv::write(part.tag, part.content)).unwrap_or_default();
        let algorithm = parts.get(1).and_then(|part| part.children()?.first()?.oid()).unwrap_or_default();
        Self { information, algorithm }
    }
}

/// A list, or null when there is nothing in it.
fn list(items: Vec<Json>) -> Json {
    if items.is_empty() { Json::Null } else { Json::List(items) }
}

fn key(info: &[u8]) -> Option<Json> {
    if let Some(dsa) = dsa(info) {
        let mut out = Object::new();
        for (name, number) in [("P", dsa.p), ("Q", dsa.q), ("G", dsa.g), ("Y", dsa.y)] {
            out.put(name, Json::unsigned(number));
        }
        return Some(out.into());
    }
    if let Some((_, point)) = curve_of(info) {
        let [4, coordinates @ ..] = point else { return None };
        let (x, y) = coordinates.split_at(coordinates.len() / 2);
        let (mut public, mut raw, mut out) = (Object::new(), Object::new(), Object::new());
        public.put("Curve", Object::new());
        public.put("X", Json::unsigned(x));
        public.put("Y", Json::unsigned(y));
        raw.put("Bytes", Json::octets(point));
        raw.put("BitLength", Json::number(point.len() * 8));
        out.put("Pub", public);
        out.put("Raw", raw);
        return Some(out.into());
    }
    let key = PublicKey::from_spki(info).ok()?;
    match key.algorithm() {
        KeyAlgorithm::Rsa { .. } => {
            let (modulus, exponent) = key.rsa_numbers()?;
            let mut out = Object::new();
            out.put("N", Json::unsigned(modulus));
            out.put("E", Json::unsigned(exponent));
            Some(out.into())
        }
        KeyAlgorithm::Ed25519 => Some(Json::octets(key.bits())),
        _ => None,
    }
}

/// The attribute that asks for extensions, with their kinds.
fn attributes(request: &CertificateRequest) -> Json {
    let kinds: Vec<Json> = request
        .extensions()
        .iter()
        .map(|extension| {
            let mut out = Object::new();
            out.put("type", extension.oid.to_string());
            out.into()
        })
        .collect();
    if kinds.is_empty() {
        return Json::Null;
    }
    let mut out = Object::new();
    out.put("Type", Json::List(EXTENSION_REQUEST.iter().map(Json::number).collect()));
    out.put("Value", Json::List(vec![Json::List(kinds)]));
    Json::List(vec![out.into()])
}

const EXTENSION_REQUEST: [u32; 7] = [1, 2, 840, 113549, 1, 9, 14];

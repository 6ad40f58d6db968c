//! Showing what a JWS holds.

use anyhow::bail;
use rung_pki::jose::base64url;
use rung_pki::jose::signed::{Signature, SignedObject};
use serde_json::json;

use crate::keys::json::pretty;
use crate::ui::print;

/// The only signature of it.
pub(crate) fn only_signature(object: &SignedObject) -> anyhow::Result<&Signature> {
    match object.signatures() {
        [only] => Ok(only),
        _ => bail!("validation failed: multiple signatures are not supported"),
    }
}

/// Print header, payload and signature as JSON; `payload` is JSON already. The members of header and payload stay in
/// their order.
pub(crate) fn print_parts(signature: &Signature, payload: &str) -> anyhow::Result<()> {
    let header = match signature.protected_json() {
        "" => "{}",
        header => header,
    };
    let octets = base64url(signature.octets());
    let mut text = format!("{{\"header\":{header},\"payload\":{payload},\"signature\":\"{octets}\"");
    if !signature.unprotected().is_empty() {
        text.push_str(&format!(",\"unprotected\":{}", json!(signature.unprotected())));
    }
    text.push('}');
    print(format!("{}\n", pretty(&text)).as_bytes())
}

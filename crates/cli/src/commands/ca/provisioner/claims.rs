//! The flags for lifetimes, and what they become in `ca.json`.

use rung_spec::GoDuration;
use serde_json::{Map, Value};

use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::Flag;

/// Flags for the lifetimes of a provisioner's certificates.
pub(super) static FLAGS: &[Flag] = &[
    Flag::value(&["x509-min-dur"], "<duration>", "Shortest lifetime of a certificate; 5m without it."),
    Flag::value(&["x509-max-dur"], "<duration>", "Longest lifetime of a certificate; 24h without it."),
    Flag::value(&["x509-default-dur"], "<duration>", "Lifetime when nothing else is asked for; 24h without it."),
    Flag::switch(&["disable-renewal"], "Certificates cannot be renewed."),
    Flag::switch(&["allow-renewal-after-expiry"], "Certificates can be renewed after they have expired."),
    Flag::switch(&["disable-smallstep-extensions"], "Certificates do not name the provisioner."),
    Flag::refused(&["ssh"], "there are no SSH certificates yet"),
    Flag::refused_value(&["ssh-user-min-dur"], "there are no SSH certificates yet"),
    Flag::refused_value(&["ssh-user-max-dur"], "there are no SSH certificates yet"),
    Flag::refused_value(&["ssh-user-default-dur"], "there are no SSH certificates yet"),
    Flag::refused_value(&["ssh-host-min-dur"], "there are no SSH certificates yet"),
    Flag::refused_value(&["ssh-host-max-dur"], "there are no SSH certificates yet"),
    Flag::refused_value(&["ssh-host-default-dur"], "there are no SSH certificates yet"),
    Flag::refused_value(&["x509-template"], "certificates have the default shape"),
    Flag::refused_value(&["x509-template-data"], "certificates have the default shape"),
    Flag::refused_value(&["ssh-template"], "there are no SSH certificates yet"),
    Flag::refused_value(&["ssh-template-data"], "there are no SSH certificates yet"),
];

/// Put what the flags say into the `claims` of a provisioner; those that are not given stay.
pub(super) fn apply(call: &Call, provisioner: &mut Map<String, Value>) -> anyhow::Result<()> {
    let mut claims = match provisioner.get("claims") {
        Some(Value::Object(claims)) => claims.clone(),
        _ => Map::new(),
    };
    for (flag, member) in DURATIONS {
        if let Some(text) = call.text(flag)? {
            let duration: GoDuration = text.parse().map_err(|_| {
                Usage::new(format!("invalid value \"{text}\" for flag -{flag}: parse error"))
                    .with_hint("Give a duration such as 12h or 1h30m.".to_owned())
            })?;
            claims.insert(member.to_owned(), duration.to_string().into());
        }
    }
    for (flag, member) in SWITCHES {
        if let Some(on) = call.switch_if_given(flag)? {
            claims.insert(member.to_owned(), on.into());
        }
    }
    if !claims.is_empty() {
        provisioner.insert("claims".to_owned(), claims.into());
    }
    Ok(())
}

const DURATIONS: [(&str, &str); 3] = [
    ("x509-min-dur", "minTLSCertDuration"),
    ("x509-max-dur", "maxTLSCertDuration"),
    ("x509-default-dur", "defaultTLSCertDuration"),
];
const SWITCHES: [(&str, &str); 3] = [
    ("disable-renewal", "disableRenewal"),
    ("allow-renewal-after-expiry", "allowRenewalAfterExpiry"),
    ("disable-smallstep-extensions", "disableSmallstepExtensions"),
];

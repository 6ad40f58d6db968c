//! `ca revoke`

use anyhow::bail;
use rung_api::body::RevokeRequest;
use rung_api::client::{Client, Fingerprint};
use rung_pki::{SerialNumber, keyfile};
use zeroize::Zeroizing;

use crate::ca::choose::{Usable, Wanted, choose};
use crate::ca::connection::{self, Connection};
use crate::ca::grant::{connection_of, given_token, provisioners};
use crate::ca::identity::UnverifiedClaims;
use crate::ca::token::{self, Content, LIFETIME};
use crate::call::Call;
use crate::clock;
use crate::failure::Usage;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::private_key::KeyFile;
use crate::renewal::exchange::Issuer;
use crate::renewal::pair::Pair;
use crate::sign_in;

pub(crate) static COMMAND: Command = Command {
    name: "revoke",
    summary: "take a certificate back before it expires",
    description: "Tells the CA that a certificate must not be relied on any longer. It is not renewed any more, and the \
        CA's revocation lists and answers say so.\n\n\
        Your own certificate you revoke with its file and key, which are the credential. Any other one is named by its \
        serial number, decimal or with 0x in front, and a provisioner vouches for you: with its password, a login, or a \
        token that was made before.",
    arguments: &[Argument {
        name: "<serial>",
        count: Count::Optional,
        help: "Serial number of the certificate, as 'certificate inspect --short' shows it.",
    }],
    flags: &[
        &[
            Flag::value(&["cert"], "<file>", "The certificate to revoke, PEM; instead of a serial number."),
            Flag::value(&["key"], "<file>", "Its private key."),
            Flag::value(&["reason"], "<text>", "Why, for the records of the CA."),
            Flag::value(
                &["reasonCode", "reason-code"],
                "<reason>",
                "Why, for everybody: Unspecified (0, the default), KeyCompromise (1), CACompromise (2), \
                 AffiliationChanged (3), Superseded (4), CessationOfOperation (5), CertificateHold (6), \
                 PrivilegeWithdrawn (9) or AACompromise (10); by number or name.",
            ),
            Flag::value(
                &["token"],
                "<token>",
                "A one-time token for this revocation; '-' reads it from standard input.",
            ),
            Flag::value(&["provisioner", "issuer"], "<name>", "Name of the provisioner that vouches for you."),
            Flag::value(
                &["provisioner-password-file"],
                "<file>",
                "File with the password of the provisioner's key; '-' is standard input.",
            ),
            Flag::value(&["password-file"], "<file>", "The same, or the password of --key."),
            Flag::refused(&["offline"], "the CA has to be asked; use its address with --ca-url"),
            Flag::refused_value(&["ca-config"], "it belongs to --offline"),
        ],
        sign_in::FLAGS,
        connection::FLAGS,
    ],
    examples: &[
        Example { purpose: "Revoke your own certificate:", lines: &["ca revoke --cert svc.crt --key svc.key"] },
        Example {
            purpose: "Its key was stolen:",
            lines: &["ca revoke --cert svc.crt --key svc.key --reasonCode KeyCompromise"],
        },
        Example {
            purpose: "By serial number, in a script:",
            lines: &[
                "ca revoke 308893286343609293989051180431574390766 --provisioner admin \\",
                "    --provisioner-password-file password",
            ],
        },
    ],
    scope: Scope::Within,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let reason_code = reason_code(call.text("reasonCode")?.as_deref())?;
    let reason = call.text("reason")?.unwrap_or_default();
    let (serial, token, client) = match (call.text("cert")?, call.text("key")?) {
        (None, None) => by_serial(call)?,
        (Some(certificate), Some(key)) => by_file(call, &certificate, &key)?,
        (Some(_), None) => return Err(Usage::new("flag '--cert' requires the '--key' flag").into()),
        (None, Some(_)) => return Err(Usage::new("flag '--key' requires the '--cert' flag").into()),
    };
    call.ui.done("CA", &client.url().to_string());
    client.revoke(&RevokeRequest {
        serial: serial.to_string().into(),
        ott: token.as_str().into(),
        reason_code,
        reason: reason.into(),
        passive: true,
    })?;
    call.ui.line(&format!("Certificate with Serial Number {serial} has been revoked."));
    Ok(())
}

/// The holder of the key revokes.
fn by_file(call: &Call, certificate: &str, key: &str) -> anyhow::Result<(SerialNumber, Zeroizing<String>, Client)> {
    if call.argument(0).is_some() {
        let name = call.full_name();
        let text = format!("'{name} --cert <certificate> --key <key>' expects no additional positional arguments");
        return Err(Usage::new(text).into());
    }
    if call.text("token")?.is_some() {
        return Err(Usage::new("flag '--cert' is incompatible with '--token'").into());
    }
    let connection = Connection::open(call)?;
    let file = KeyFile { purpose: "the key of --key", file: key, password_flag: "password-file" };
    let pair = Pair::read(certificate, key, || file.read(call, keyfile::read_private_key))?;
    if clock::now() > pair.leaf().not_after() {
        bail!("the certificate in {certificate} has expired: nobody relies on it any longer, and it is no credential");
    }
    let issuer = Issuer { url: connection.client.url().clone(), roots: connection.roots };
    Ok((*pair.leaf().serial(), Zeroizing::default(), issuer.client_as(&pair)))
}

/// A provisioner, or a token of one, vouches for whoever revokes.
fn by_serial(call: &Call) -> anyhow::Result<(SerialNumber, Zeroizing<String>, Client)> {
    let Some(text) = call.argument(0) else {
        let text = format!("not enough positional arguments were provided in '{} <serial>'", call.full_name());
        let hint = "Name the certificate by its serial number, or by its files with --cert and --key.";
        return Err(Usage::new(text).with_hint(hint.to_owned()).into());
    };
    let Some(serial) = serial(text) else {
        return Err(Usage::new(format!(
            "'{text}' is not a valid serial number - use a base 10 representation or add a prefix indicating the base"
        ))
        .into());
    };
    if let Some(token) = call.text("token")? {
        let token = given_token(&token)?;
        let claims = UnverifiedClaims::of(&token)?;
        let subject = claims.text("sub").unwrap_or_default();
        if subject != serial.to_string() {
            bail!("token subject '{subject}' and serial number '{serial}' do not match");
        }
        let client = connection_of(call, &claims)?.client;
        return Ok((serial, token, client));
    }
    let connection = Connection::open(call)?;
    let all = provisioners(&connection)?;
    let token = match choose(&all, &Wanted { name: call.text("provisioner")?, key_id: None }, &call.ui)? {
        Usable::Jwk(jwk) => {
            let key = token::unlock(call, &jwk)?;
            let now = clock::now();
            let content = Content {
                audience: &format!("{}/1.0/revoke", connection.client.url()),
                subject: &serial.to_string(),
                names: &[],
                root: connection.roots.first().map(|root| Fingerprint::of(root.der()).to_string()),
                confirmation: None,
                user: None,
                not_before: now,
                not_after: now + LIFETIME,
                now,
            };
            token::sign(&key, &content)?
        }
        Usable::Oidc(oidc) => token::log_in(call, &oidc, "")?,
    };
    Ok((serial, token, connection.client))
}

/// A serial number: decimal, or with a prefix that names its base.
fn serial(text: &str) -> Option<SerialNumber> {
    let lower = text.to_ascii_lowercase();
    let (base, digits) = match lower.get(..2) {
        Some("0b") => (2, &lower[2..]),
        Some("0o") => (8, &lower[2..]),
        _ => return lower.parse().ok(),
    };
    if digits.is_empty() {
        return None;
    }
    let mut octets = [0_u8; 21];
    for digit in digits.chars() {
        let mut carry = digit.to_digit(base)?;
        for octet in octets.iter_mut().rev() {
            let value = u32::from(*octet) * base + carry;
            *octet = value.to_be_bytes()[3];
            carry = value >> 8;
        }
        if octets[0] != 0 {
            return None;
        }
    }
    SerialNumber::from_bytes(&octets).ok()
}

/// The number of a reason, from its number or name.
fn reason_code(text: Option<&str>) -> anyhow::Result<i64> {
    let Some(text) = text else { return Ok(0) };
    let plain: String = text.chars().filter(|character| !character.is_whitespace()).collect();
    let code = match plain.parse::<i64>() {
        Ok(code) if !(0..=10).contains(&code) => {
            let text = format!("reasonCode out of bounds. Got {code}, but want value between 0 and 10");
            return Err(Usage::new(text).into());
        }
        Ok(code) => Some(code),
        Err(_) => REASONS.iter().find(|(name, _)| name.eq_ignore_ascii_case(&plain)).map(|(_, code)| *code),
    };
    match code {
        None => Err(Usage::new(format!("unrecognized revocation reason code '{text}'")).into()),
        // RFC 5280 §5.3.1: 7 is not used, and 8 takes a certificate off a list.
        Some(7 | 8) => Err(Usage::new(format!("'{text}' is not a reason to revoke a certificate")).into()),
        Some(code) => Ok(code),
    }
}

const REASONS: [(&str, i64); 10] = [
    ("Unspecified", 0),
    ("KeyCompromise", 1),
    ("CACompromise", 2),
    ("AffiliationChanged", 3),
    ("Superseded", 4),
    ("CessationOfOperation", 5),
    ("CertificateHold", 6),
    ("RemoveFromCRL", 8),
    ("PrivilegeWithdrawn", 9),
    ("AACompromise", 10),
];

#[cfg(test)]
mod tests;

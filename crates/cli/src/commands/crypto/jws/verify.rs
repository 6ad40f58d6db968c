//! `crypto jws verify`

use anyhow::{anyhow, bail};
use rung_pki::jose::base64url;
use rung_pki::jose::signed::{Signature, SignedError, SignedObject, VerifiedContent};

use super::{input, key, show};
use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Command, Example, Flag, Scope};
use crate::ui::print;

pub(crate) static COMMAND: Command = Command {
    name: "verify",
    summary: "verify signed content and print it",
    description: "Reads a JWS from standard input, verifies its signature with the key that you name, and prints the \
        content. Nothing is printed unless the signature is good. The key says which algorithm there may be, never the \
        text itself; for an RSA key, which has several, say which with --alg, or use a JWK that names it.",
    arguments: &[],
    flags: &[key::VERIFY, &[Flag::switch(&["json"], "Print header, content (base64url) and signature as JSON.")]],
    examples: &[
        Example {
            purpose: "Verify and get the content:",
            lines: &["crypto jws verify --key jwk.pub.json < report.jws > report.pdf"],
        },
        Example {
            purpose: "Verify with an RSA key in PEM:",
            lines: &["crypto jws verify --key rsa.pub --alg RS256 < report.jws"],
        },
    ],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let object = input::signed()?;
    let signature = show::only_signature(&object)?;
    let content = verified(call, &object, signature, "JWS")?;
    if call.switch("json")? {
        return show::print_parts(signature, &format!("\"{}\"", base64url(content.octets())));
    }
    print(content.octets())
}

/// The content, once its signature is verified with the key that the flags name; `kind` is its name in errors.
pub(crate) fn verified<'a>(
    call: &Call,
    object: &'a SignedObject,
    signature: &Signature,
    kind: &str,
) -> anyhow::Result<VerifiedContent<'a>> {
    let (jwk, secrets) = key::verifying(call, signature.key_id())?;
    if signature.check_critical().is_err() {
        bail!("validation failed: unrecognized critical headers (crit)");
    }
    let alg = call.text("alg")?;
    let subtle = call.switch("subtle")?;
    if let Some(alg) = alg.filter(|alg| !subtle && *alg != signature.algorithm_name()) {
        let named: String = signature.algorithm_name().chars().take(40).collect();
        return Err(Usage::new(format!("alg {alg} does not match the alg on {kind} ({named})")).into());
    }
    object.verify(signature, &jwk, secrets).map_err(|error| match error {
        SignedError::ShortSecret { .. } => {
            anyhow!("validation failed: {error}; use a longer secret, or pass --subtle to verify with this one")
        }
        SignedError::KeyUse(_) => anyhow!("validation failed: {error}"),
        // Which of several reasons it is would only help an attacker.
        _ => anyhow!("validation failed: invalid signature"),
    })
}

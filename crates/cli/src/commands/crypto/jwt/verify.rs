//! `crypto jwt verify`

use anyhow::{anyhow, bail};
use rung_pki::jose::check_json_object;
use serde_json::{Map, Value};

use super::claims::{Expected, problems};
use crate::call::Call;
use crate::clock;
use crate::commands::crypto::jws::{input, key, show, verify::verified};
use crate::failure::Usage;
use crate::grammar::{Command, Example, Flag, Scope};
use crate::keys::json::why_not_an_object;

pub(crate) static COMMAND: Command = Command {
    name: "verify",
    summary: "verify a token and print it",
    description: "Reads a token from standard input, verifies its signature with the key that you name, and checks who \
        made it (iss), for whom it is (aud) and when it is good (nbf, exp). If all is well it prints header, claims \
        and signature as JSON; if not it says everything that is wrong with the claims, and fails.\n\n\
        The key says which algorithm there may be, never the token itself; for an RSA key, which has several, say \
        which with --alg, or use a JWK that names it.",
    arguments: &[],
    flags: &[
        &[
            Flag::value(&["iss", "issuer"], "<issuer>", "Who has to have made the token."),
            Flag::value(&["aud", "audience"], "<audience>", "For whom the token has to be."),
        ],
        key::VERIFY,
        &[Flag::switch(&["no-exp-check"], "Accept a token that has expired; needs --insecure.")],
    ],
    examples: &[
        Example {
            purpose: "Verify a token:",
            lines: &["crypto jwt verify --key jwk.pub.json --iss me@example.com --aud api < token.txt"],
        },
        Example {
            purpose: "Verify a token of an OpenID provider with the keys that it publishes:",
            lines: &["crypto jwt verify --jwks https://idp.example.com/keys --iss me --aud a < t.txt"],
        },
    ],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let object = input::token()?;
    let signature = show::only_signature(&object)?;
    let (issuer, audience) = (call.text("iss")?, call.text("aud")?);
    let subtle = call.switch("subtle")?;
    key::check_one_is_named(call)?;
    for (flag, value) in [("iss", &issuer), ("aud", &audience)] {
        if value.is_none() && !subtle {
            let problem = format!("flag '--{flag}' is required unless the '--subtle' flag is provided");
            return Err(Usage::new(problem).into());
        }
    }
    let may_have_expired = call.switch("no-exp-check")?;
    if may_have_expired && !call.switch("insecure")? {
        return Err(Usage::new("flag '--no-exp-check' requires the '--insecure' flag").into());
    }
    let content = verified(call, &object, signature, "JWT")?;
    let refused = |why: String| anyhow!("claim verify failed: {why}");
    check_json_object(content.octets()).map_err(|error| match error {
        rung_pki::jose::JsonError::DuplicateName(_) | rung_pki::jose::JsonError::TooDeep => refused(error.to_string()),
        _ => refused(why_not_an_object(content.octets())),
    })?;
    let claims: Map<String, Value> =
        serde_json::from_slice(content.octets()).map_err(|error| refused(error.to_string()))?;
    let expected =
        Expected { issuer: issuer.as_deref(), audience: audience.as_deref(), now: clock::now(), may_have_expired };
    let problems = problems(&claims, &expected);
    if !problems.is_empty() {
        bail!("validation failed: {}", problems.join(", "));
    }
    let text = std::str::from_utf8(content.octets()).map_err(|error| refused(error.to_string()))?;
    show::print_parts(signature, text)
}

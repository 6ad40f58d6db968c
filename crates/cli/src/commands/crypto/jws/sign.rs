//! `crypto jws sign`

use std::collections::BTreeMap;

use anyhow::bail;
use rung_pki::jose::signed;
use serde_json::Value;

use super::{input, key};
use crate::call::Call;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::ui::print;

pub(crate) static COMMAND: Command = Command {
    name: "sign",
    summary: "sign content of any kind",
    description: "Signs a file, or standard input, and prints the JWS on one line. The key says how it is signed: \
        ES256, ES384 or ES512 by the curve, EdDSA, RS256 unless --alg names another way of RSA, and HS256 to HS512 for \
        a shared secret, which is always a JWK of type oct.",
    arguments: &[Argument {
        name: "<file>",
        count: Count::Optional,
        help: "The content to sign. Standard input without it or with '-'.",
    }],
    flags: &[
        key::SIGN,
        &[
            Flag::value(&["jku"], "<url>", "Where the set with the key is published, for the header."),
            Flag::switch(&["jwk"], "Put the public key itself into the header."),
            Flag::value(&["typ"], "<type>", "The media type of the whole, for the header."),
            Flag::value(&["cty"], "<type>", "The media type of the content, for the header."),
        ],
    ],
    examples: &[
        Example { purpose: "Sign a file:", lines: &["crypto jws sign report.pdf --key jwk.json > report.jws"] },
        Example {
            purpose: "Sign standard input with a shared secret:",
            lines: &["crypto jws sign - --key secret.json < message.txt"],
        },
    ],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let content = input::content(call.argument(0))?.unwrap_or_default();
    let signing = key::SigningKey::of(call)?;
    let mut header: BTreeMap<&str, Value> = BTreeMap::new();
    for name in ["cty", "jku", "typ"] {
        if let Some(value) = call.text(name)? {
            header.insert(name, value.into());
        }
    }
    header.extend(signing.key_id(call)?.map(|id| ("kid", id.into())));
    header.extend(signing.certificate_header(call, "x5c")?);
    if call.switch("jwk")? {
        let Some(public) = signing.jwk.public() else {
            bail!("a shared secret (oct) has no public key for the header; leave out --jwk");
        };
        header.insert("jwk", serde_json::from_str(&public.to_json())?);
    }
    let jws = signed::sign(&header, &content, (&signing.jwk, signing.algorithm), signing.secrets)?;
    print(format!("{}\n", jws.as_str()).as_bytes())
}

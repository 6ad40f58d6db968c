//! `crypto jwt sign`

use std::collections::BTreeMap;
use std::time::SystemTime;

use anyhow::{anyhow, bail};
use rung_pki::jose::{check_json_object, signed};
use rung_spec::TimeOrDuration;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::call::Call;
use crate::commands::crypto::jws::{input as content, key};
use crate::failure::Usage;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::keys::json::why_not_an_object;
use crate::ui::print;
use crate::{clock, input};

pub(crate) static COMMAND: Command = Command {
    name: "sign",
    summary: "make a token with claims",
    description: "Signs claims and prints the token. Issuer, audience, subject and expiry come from flags and have to \
        be there; other claims come as a JSON object in a file or on standard input, and what stands there counts more \
        than the flags. A token says when it was made (iat), from when on it is good (nbf, the same time) and has a \
        random id (jti).\n\n\
        Times are seconds since 1970, a time such as 2026-03-01T08:00:00Z, or a duration from now such as 5m.",
    arguments: &[Argument {
        name: "<file>",
        count: Count::Optional,
        help: "A JSON object with other claims. Standard input with '-', or without it if something is there.",
    }],
    flags: &[
        &[
            Flag::value(&["iss", "issuer"], "<issuer>", "Who makes the token."),
            Flag::list(&["aud", "audience"], "<audience>", "For whom the token is."),
            Flag::value(&["sub", "subject"], "<subject>", "About whom the token is."),
            Flag::value(&["exp", "expiration"], "<time>", "Until when the token is good."),
            Flag::value(&["nbf", "not-before"], "<time>", "From when on the token is good; now without it."),
            Flag::value(&["iat", "issued-at"], "<time>", "When the token was made; now without it."),
            Flag::value(&["jti", "jwt-id"], "<id>", "The id of the token; random without it.")
                .only_on_the_command_line(),
            Flag::list(&["header"], "<name=value>", "A member for the header."),
            Flag::switch(
                &["x5c-insecure"],
                "Call the header of --x5c-cert x5cInsecure, for those who would verify it in between.",
            ),
        ],
        key::SIGN,
    ],
    examples: &[
        Example {
            purpose: "Make a token that is good for five minutes:",
            lines: &["crypto jwt sign --key jwk.json --iss me@example.com --aud api --sub job-7 --exp 5m"],
        },
        Example {
            purpose: "Make a token with claims of your own:",
            lines: &["crypto jwt sign claims.json --key jwk.json --iss me --aud api --sub job-7 --exp 5m"],
        },
    ],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let given = given_claims(call)?;
    let signing = key::SigningKey::of(call)?;
    let claims = claims(call, given, clock::now())?;

    let mut header: BTreeMap<&str, Value> = BTreeMap::from([("typ", "JWT".into())]);
    header.extend(signing.key_id(call)?.map(|id| ("kid", id.into())));
    let extra = call.list("header")?;
    for pair in &extra {
        let Some((name, value)) = pair.split_once('=') else {
            return Err(Usage::new(format!("invalid value '{pair}' for flag '--header'")).into());
        };
        header.insert(name, value.into());
    }
    let x5c = if call.switch("x5c-insecure")? { "x5cInsecure" } else { "x5c" };
    header.extend(signing.certificate_header(call, x5c)?);

    let payload = serde_json::to_string(&claims)?;
    let jws = signed::sign(&header, payload.as_bytes(), (&signing.jwk, signing.algorithm), signing.secrets)?;
    print(format!("{}\n", jws.as_str()).as_bytes())
}

/// The claims of the file or of standard input.
fn given_claims(call: &Call) -> anyhow::Result<Map<String, Value>> {
    let file = call.argument(0);
    let text: Zeroizing<Vec<u8>> = match file {
        Some(file) => input::read("the claims", file)?,
        None => content::content(None)?.unwrap_or_default(),
    };
    if file.is_none() && text.trim_ascii().is_empty() {
        return Ok(Map::new());
    }
    let place = match file {
        None | Some("-") => "STDIN",
        Some(file) => file,
    };
    let refused = |why: String| anyhow!("error decoding JSON from {place}: {why}");
    check_json_object(&text).map_err(|error| match error {
        rung_pki::jose::JsonError::DuplicateName(_) | rung_pki::jose::JsonError::TooDeep => refused(error.to_string()),
        _ => refused(why_not_an_object(&text)),
    })?;
    serde_json::from_slice(&text).map_err(|error| refused(error.to_string()))
}

/// All claims, sorted by name.
fn claims(call: &Call, given: Map<String, Value>, now: SystemTime) -> anyhow::Result<Map<String, Value>> {
    let mut claims = Map::new();
    let subtle = call.switch("subtle")?;
    let until = time(call, "exp", now)?;
    if until.is_some_and(|until| until < seconds(now)) && !subtle {
        return Err(Usage::new("flag '--exp' must be in the future unless the '--subtle' flag is provided").into());
    }
    let required = |flag: &str, there: bool| match there || subtle {
        true => Ok(()),
        false => Err(Usage::new(format!("flag '--{flag}' is required unless '--subtle' is used"))),
    };
    let (issuer, audience, subject) = (call.text("iss")?, call.list("aud")?, call.text("sub")?);
    required("iss", issuer.is_some())?;
    required("aud", !audience.is_empty())?;
    required("sub", subject.is_some())?;
    required("exp", until.is_some())?;
    let mut say = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    match &audience[..] {
        [] => None,
        // Some programs only take a text.
        [only] => say("aud", only.clone().into()),
        _ => say("aud", audience.into()),
    };
    until.map(|until| say("exp", until.into()));
    say("iat", time(call, "iat", now)?.unwrap_or(seconds(now)).into());
    issuer.map(|issuer| say("iss", issuer.into()));
    say("jti", token_id(call)?.into());
    say("nbf", time(call, "nbf", now)?.unwrap_or(seconds(now)).into());
    subject.map(|subject| say("sub", subject.into()));
    // What was written by hand counts more than flags, which may come from a file of defaults.
    claims.extend(given);
    let mut claims = Value::Object(claims);
    claims.sort_all_objects();
    match claims {
        Value::Object(claims) => Ok(claims),
        _ => bail!("the claims are not an object"),
    }
}

fn token_id(call: &Call) -> anyhow::Result<String> {
    if let Some(id) = call.text("jti")? {
        return Ok(id);
    }
    let mut octets = vec![0; if call.is_typed("jti") { 20 } else { 32 }];
    aws_lc_rs::rand::fill(&mut octets).map_err(|_| anyhow!("the system has no randomness"))?;
    Ok(rung_pki::hex(&octets))
}

/// The value of a flag that is a time, in seconds since 1970; zero is none.
fn time(call: &Call, flag: &str, now: SystemTime) -> anyhow::Result<Option<i64>> {
    let Some(text) = call.text(flag)? else { return Ok(None) };
    if let Ok(seconds) = text.parse::<i64>() {
        return Ok(Some(seconds).filter(|seconds| *seconds != 0));
    }
    let bad = || {
        Usage::new(format!("invalid value \"{text}\" for flag -{flag}: parse error")).with_hint(
            "Give seconds since 1970, a time such as 2026-03-01T08:00:00Z, or a duration from now such as 5m."
                .to_owned(),
        )
    };
    let when = TimeOrDuration::parse(&text).map_err(|_| bad())?.ok_or_else(bad)?;
    Ok(Some(seconds(when.resolve(now).ok_or_else(bad)?)))
}

fn seconds(time: SystemTime) -> i64 {
    i64::try_from(clock::unix_seconds(time)).unwrap_or(i64::MAX)
}

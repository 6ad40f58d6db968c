//! `crl inspect`

use anyhow::{Context as _, anyhow, bail};
use rung_pki::Certificate;
use rung_pki::crl::Crl;
use url::Url;

use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::inspect::{Validity, crl_json, crl_text};
use crate::revocation;
use crate::ui::print;
use crate::{clock, input, inspect, peer, roots};

pub(crate) static COMMAND: Command = Command {
    name: "inspect",
    summary: "show what a list of revoked certificates says",
    description: "Shows a certificate revocation list (CRL), PEM or DER, from a file, from standard input or over HTTP, \
        and whether it is valid: fresh, and signed by the CA of --ca or --from. A list that is not valid is shown, too, \
        and the command then ends with code 1. With --insecure it ends with code 0 whatever the list is worth.",
    arguments: &[Argument {
        name: "<crl-file>",
        count: Count::Optional,
        help: "The file or the URL (http:// or https://) of the list; standard input without it or with '-'. With --from: \
            a certificate or a server.",
    }],
    flags: &[&[
        Flag::value(&["format"], "<format>", "text (the default), json, or pem for the bare PEM block."),
        Flag::value(
            &["ca"],
            "<files>",
            "Certificates of the CA that has to have signed the list: a file, several with commas between, or a folder.",
        ),
        Flag::switch(
            &["from"],
            "The argument is a certificate file or the URL of a server; show the list at the first place that its \
            certificate names. The other certificates there are taken for those of the CA.",
        ),
        Flag::value(
            &["roots"],
            "<files>",
            "Roots that servers have to prove themselves with: a file, several with commas between, or a folder.",
        ),
        Flag::switch(&["insecure"], "Show the list whoever signed it, and take what servers show, whoever they are."),
    ]],
    examples: &[
        Example {
            purpose: "Check a list and see what is on it:",
            lines: &["crl inspect ca.crl --ca intermediate_ca.crt"],
        },
        Example {
            purpose: "Print the revoked certificates alone:",
            lines: &["crl inspect ca.crl --ca ca.crt --format json | jq .revoked_certificates"],
        },
        Example {
            purpose: "See the list that a server's certificate would be on:",
            lines: &["crl inspect --from https://svc.example.com --roots root_ca.crt"],
        },
    ],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let (ca, from) = (call.text("ca")?, call.switch("from")?);
    let insecure = call.switch("insecure")?;
    if ca.is_none() && !from && !insecure {
        let usage = Usage::new(format!("'{}' requires the '--insecure' flag", call.full_name()));
        let hint = "Name the CA that has to have signed the list with --ca, or pass --insecure to see it unverified.";
        return Err(usage.with_hint(hint.to_owned()).into());
    }
    let format = call.text("format")?.unwrap_or_else(|| "text".to_owned());
    if !["text", "json", "pem"].contains(&format.as_str()) {
        let problem = format!("invalid value '{format}' for flag '--format'; options are text, json, pem");
        return Err(Usage::new(problem).into());
    }
    let mut signers = match &ca {
        Some(paths) => roots::given(paths)?,
        None => Vec::new(),
    };
    let place = call.argument(0).unwrap_or("-");
    let list = if from { read_from(call, place, &mut signers)? } else { read(call, place)? };
    let validity = Validity::new(revocation::signer(&list, &signers, clock::now()).err(), signers.is_empty());
    match format.as_str() {
        "json" => crl_json(&list, &validity, &mut |part| print(part.as_bytes()))?,
        "pem" => print(list.to_pem().as_bytes())?,
        _ => crl_text(&list, &validity, &mut |part| print(part.as_bytes()))?,
    }
    match validity.flaw {
        Some(flaw) if !insecure => bail!("the CRL is not valid: {flaw}"),
        _ => Ok(()),
    }
}

/// Read a list from a file or over HTTP.
fn read(call: &Call, place: &str) -> anyhow::Result<Crl> {
    let contents = match place.split_once("://") {
        Some((scheme, _)) if ["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()) => {
            download(call, place)?
        }
        _ => input::read("the CRL", place)?.to_vec(),
    };
    Crl::from_pem_or_der(&contents).with_context(|| format!("error parsing crl: {} cannot be used", input::name(place)))
}

fn download(call: &Call, place: &str) -> anyhow::Result<Vec<u8>> {
    let url = Url::parse(place).map_err(|error| anyhow!("error downloading crl: '{place}' is not a URL: {error}"))?;
    let roots = match call.text("roots")? {
        Some(paths) => roots::given(&paths)?,
        None => Vec::new(),
    };
    let mut fetcher = revocation::fetcher(&roots);
    if call.switch("insecure")? {
        fetcher = fetcher.accepting_any_server();
    }
    revocation::download(&fetcher, &url)
}

/// Read the list that the certificate at `place` names first, and add what else is there to `signers`.
fn read_from(call: &Call, place: &str, signers: &mut Vec<Certificate>) -> anyhow::Result<Crl> {
    let chain: Vec<Certificate> = if peer::is_url(place) {
        peer::Flags::of(call)?.fetch(place)?.trusted()?
    } else {
        let documents = inspect::read(place)?;
        documents.into_iter().filter_map(inspect::Document::into_certificate).collect()
    };
    let points = chain.first().map(revocation::distribution_points).unwrap_or_default();
    let Some(point) = points.into_iter().next() else {
        bail!("failed to get CRL distribution points from {place}");
    };
    signers.extend(chain.into_iter().skip(1));
    read(call, &point)
}

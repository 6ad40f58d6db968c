//! `certificate verify`

use anyhow::{Context as _, anyhow, bail};
use rung_pki::chain::{self, ChainError};
use rung_pki::{Certificate, pem};

use crate::call::Call;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::inspect::{Json, Object, rfc3339};
use crate::revocation::{self, Inquiry};
use crate::ui::print;
use crate::{clock, input, peer, roots};

pub(crate) static COMMAND: Command = Command {
    name: "verify",
    summary: "check that a certificate leads to a root that is trusted",
    description: "Checks signatures, validity, and what each certificate of the chain is allowed to do. The first \
        certificate of the file is checked; the others are used as intermediates. Says nothing and ends with code 0 \
        when all is well; with '--format json' it says what was checked and by which way the root was reached, or why \
        not. Without --roots the system's roots are trusted.\n\n\
        With --verify-crl or --verify-ocsp the certificate's issuer is asked, too, whether it was revoked: over HTTP, at \
        the places that the certificate names or that you name. Their lists and answers count only when the issuer has \
        signed them, when they are fresh and when they speak about this certificate. When no place gives such an answer, \
        the check fails. The certificates between it and the root are not looked up.",
    arguments: &[Argument {
        name: "<crt-file>",
        count: Count::One,
        help: "The certificate with its intermediates, or the URL of a server: https://, tls://, tcp://, smtps:// or \
            ldaps://. '-' is standard input.",
    }],
    flags: &[&[
        Flag::value(&["host"], "<host>", "Check that the certificate is for this host name or IP address, too."),
        Flag::value(&["roots"], "<files>", "Trust these roots: a file, several with commas between, or a folder."),
        Flag::switch(&["verify-crl"], "Check that the certificate is not on its issuer's list of revoked ones."),
        Flag::value(
            &["crl-endpoint"],
            "<url>",
            "Where that list is, instead of the places that the certificate names.",
        ),
        Flag::switch(&["verify-ocsp"], "Ask the issuer's OCSP responder whether the certificate is good."),
        Flag::value(
            &["ocsp-endpoint"],
            "<url>",
            "Where that responder is, instead of the places that the certificate names.",
        ),
        Flag::value(
            &["issuing-ca"],
            "<file>",
            "The certificate of the issuer, for when neither the file nor the roots nor the certificate leads to it.",
        ),
        Flag::value(
            &["servername"],
            "<name>",
            "The name that a server is asked for and has to prove, instead of the one in its URL.",
        ),
        Flag::switch(
            &["insecure"],
            "With --verify-crl: take a list whoever signed it. Nothing else is left out of the check.",
        ),
        Flag::switch(&["verbose", "v"], "Say what was checked, and why places did not answer."),
        Flag::json_or_text(),
    ]],
    examples: &[
        Example {
            purpose: "Check a server's certificate against the root of the CA:",
            lines: &["certificate verify svc.crt --roots root_ca.crt --host svc.example.com"],
        },
        Example {
            purpose: "Check what a server shows, and that it was not revoked:",
            lines: &["certificate verify https://svc.example.com --roots root_ca.crt --verify-ocsp -v"],
        },
    ],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let is_json = call.wants_json()?;
    let outcome = verify(call);
    if is_json {
        print(report(&outcome).pretty().as_bytes())?;
    }
    let verified = outcome?;
    if call.switch("verbose")? && !is_json {
        print(format!("{}\n", verified.done.join("\n")).as_bytes())?;
    }
    Ok(())
}

/// What was found to be good.
struct Verified {
    /// From the certificate to the root.
    path: Vec<Certificate>,
    /// What was checked.
    done: Vec<String>,
}

/// The outcome as JSON.
fn report(outcome: &anyhow::Result<Verified>) -> Json {
    let mut out = Object::new();
    out.put("valid", outcome.is_ok());
    match outcome {
        Err(error) => out.put("reason", format!("{error:#}")),
        Ok(verified) => {
            out.put("checks", Json::List(verified.done.iter().map(Json::text).collect()));
            out.put("chain", Json::List(verified.path.iter().map(|one| link(one).into()).collect()));
        }
    }
    out.into()
}

/// A certificate on the way to the root.
fn link(certificate: &Certificate) -> Object {
    let mut out = Object::new();
    out.put("subject_dn", certificate.subject().to_string());
    out.put("serial_number", certificate.serial().to_string());
    out.put("end", rfc3339(certificate.not_after()));
    out.put("fingerprint_sha256", Json::hex(&certificate.fingerprint()));
    out
}

fn verify(call: &Call) -> anyhow::Result<Verified> {
    let file = call.argument(0).unwrap_or_default();
    let roots = match call.text("roots")? {
        Some(paths) => roots::given(&paths)?,
        None => roots::of_the_system()?,
    };
    let chain = if peer::is_url(file) {
        peer::Flags::of(call)?.always_verified().fetch(file)?.trusted()?
    } else {
        certificates(file, &input::read("the certificate", file)?)?
    };
    let Some((leaf, intermediates)) = chain.split_first() else {
        bail!("{} contains no PEM certificate blocks", input::name(file));
    };
    let path = chain::verify(leaf, intermediates, &roots, clock::now(), None).map_err(explain)?;
    let mut done = vec!["certificate validated against roots".to_owned()];
    if let Some(host) = call.text("host")? {
        chain::matches_host(leaf, &host).map_err(explain)?;
        done.push("certificate host name validated".to_owned());
    }
    done.extend(check_revocation(call, leaf, &path)?);
    done.push("certificate is valid".to_owned());
    Ok(Verified { path, done })
}

/// Ask whether it was revoked, in the ways that the flags name; the answer is what to tell about that.
fn check_revocation(call: &Call, leaf: &Certificate, path: &[Certificate]) -> anyhow::Result<Vec<String>> {
    let (with_list, with_responder) = (call.switch("verify-crl")?, call.switch("verify-ocsp")?);
    if !with_list && !with_responder {
        return Ok(Vec::new());
    }
    let issuer = revocation::issuer(leaf, path, call.text("issuing-ca")?.as_deref())?;
    let inquiry = Inquiry {
        // Lists over HTTPS may be at the CA, which proves itself with what leads to the same root.
        fetcher: revocation::fetcher(path.last().map(std::slice::from_ref).unwrap_or_default()),
        leaf,
        issuer: &issuer,
        now: clock::now(),
        ui: call.switch("verbose")?.then_some(&call.ui),
    };
    let mut done = Vec::new();
    if with_list {
        let places = places(call.text("crl-endpoint")?, revocation::distribution_points(leaf));
        if places.is_empty() {
            bail!("CRL distribution endpoint not found in certificate; name it with --crl-endpoint");
        }
        let place = revocation::check_list(&inquiry, &places, call.switch("insecure")?)?;
        done.push(format!("certificate not revoked in CRL {place}"));
    }
    if with_responder {
        let places = places(call.text("ocsp-endpoint")?, revocation::responders(leaf));
        if places.is_empty() {
            bail!("no OCSP AIA extension found; name the responder with --ocsp-endpoint");
        }
        let place = revocation::check_responder(&inquiry, &places)?;
        done.push(format!("certificate status is good according OCSP {place}"));
    }
    Ok(done)
}

/// The place that was named, else those of the certificate.
fn places(named: Option<String>, own: Vec<String>) -> Vec<String> {
    named.map_or(own, |named| vec![named])
}

fn explain(error: ChainError) -> anyhow::Error {
    anyhow!("failed to verify certificate: {}", roots::reason(&error))
}

fn certificates(name: &str, contents: &[u8]) -> anyhow::Result<Vec<Certificate>> {
    if let Ok(single) = Certificate::from_der(contents) {
        return Ok(vec![single]);
    }
    let blocks =
        pem::decode_all(contents).with_context(|| format!("{} contains an invalid PEM block", input::name(name)))?;
    if blocks.is_empty() {
        bail!("{} contains an invalid PEM block: there is none", input::name(name));
    }
    let ders = blocks.iter().filter(|block| block.label == "CERTIFICATE").map(|block| &block.contents);
    ders.map(|der| Certificate::from_der(der).with_context(|| format!("{} cannot be used", input::name(name))))
        .collect()
}

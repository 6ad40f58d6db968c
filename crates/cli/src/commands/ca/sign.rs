//! `ca sign`

use std::path::Path;

use anyhow::{Context as _, anyhow};
use rung_pki::{CertificateRequest, SubjectAltName};

use crate::ca::grant::{self, Ask, Grant};
use crate::ca::issue::{Terms, issue, to_pem};
use crate::ca::{connection, template};
use crate::call::Call;
use crate::grammar::{Argument, Command, Count, Example, Scope};
use crate::input;
use crate::output::{Commit, Existing, Mode, Target};
use crate::sign_in;

pub(crate) static COMMAND: Command = Command {
    name: "sign",
    summary: "get a certificate for a key that exists",
    description: "Gets a certificate for a certificate signing request (CSR) from the CA. Subject and names come from \
        the request; the key never leaves the place where it is. Who vouches for you works as in 'ca certificate'.",
    arguments: &[
        Argument { name: "<csr-file>", count: Count::One, help: "The request, PEM; '-' reads it from standard input." },
        Argument { name: "<crt-file>", count: Count::One, help: "Where to write the certificate with its chain, PEM." },
    ],
    flags: &[grant::FLAGS, sign_in::FLAGS, template::FLAGS, connection::FLAGS],
    examples: &[Example { purpose: "Have a request signed:", lines: &["ca sign svc.csr svc.crt"] }],
    scope: Scope::Within,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let [csr_file, crt_file] = call.arguments() else { unreachable!("two arguments are needed") };
    let terms = Terms::of(call)?;
    let contents = input::read("the certificate request", csr_file)?;
    let place = || format!("{} cannot be used", input::name(csr_file));
    let request = CertificateRequest::from_pem(&contents).with_context(place)?;
    let pem = request.to_pem();
    let request = request.verify().with_context(place)?;
    let names = request.subject_alt_names().with_context(place)?;
    let names: Vec<String> = names.iter().map(SubjectAltName::to_string).collect();
    let subject = request.subject().common_name().or(names.first().map(String::as_str));
    let subject = subject.ok_or_else(|| anyhow!("{}: it has neither a common name nor other names", place()))?;
    let existing = Existing::forced(call.switch("force")?, &call.ui);
    let target = Target::claim(Path::new(crt_file), existing)?;

    let ask = Ask { subject, sans: &names, request: Some(request.fingerprint()) };
    let grant = Grant::obtain(call, &ask)?;
    call.ui.done("CA", &grant.connection.client.url().to_string());
    let chain = issue(&grant, (&pem, request.public_key()), &terms)?;

    let mut commit = Commit::default();
    commit.put(target, Mode::Private, to_pem(&chain));
    commit.write()?;
    call.ui.done("Certificate", crt_file);
    Ok(())
}

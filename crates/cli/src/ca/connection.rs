//! Reaching the CA: its address and the roots that it has to prove itself with.

use anyhow::{Context as _, bail};
use rung_api::client::{CaUrl, Client, Fingerprint};
use rung_pki::Certificate;
use rustls_pki_types::CertificateDer;

use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::Flag;
use crate::input;

/// What `--ca-url` is for.
pub(crate) const CA_URL_HELP: &str =
    "Address of the CA, such as https://ca.example.com:9000; 'ca bootstrap' remembers it.";
/// What `--context` is for.
pub(crate) const CONTEXT_HELP: &str = "Use this context instead of the current one.";

/// Flags of a command that talks to a CA it knows.
pub(crate) static FLAGS: &[Flag] = &[
    Flag::value(&["ca-url"], "<url>", CA_URL_HELP),
    Flag::value(
        &["root"],
        "<file>",
        "Root certificates of the CA, PEM; certs/root_ca.crt in the folder of 'path' without it.",
    ),
    Flag::value(&["context"], "<name>", CONTEXT_HELP),
];

/// A CA that can be asked, and its roots.
pub(crate) struct Connection {
    /// To ask it.
    pub(crate) client: Client,
    /// What it and its certificates have to lead to.
    pub(crate) roots: Vec<Certificate>,
}

impl Connection {
    /// The CA of the flags `--ca-url` and `--root`.
    pub(crate) fn open(call: &Call) -> anyhow::Result<Self> {
        let url = ca_url(&call.required("ca-url")?)?;
        let roots = roots(call)?;
        Ok(Self::trusting(&url, roots))
    }

    /// The CA at `url`, which leads to these roots.
    pub(crate) fn trusting(url: &CaUrl, roots: Vec<Certificate>) -> Self {
        let ders: Vec<_> = roots.iter().map(|root| CertificateDer::from(root.der())).collect();
        Self { client: Client::new(url, &ders), roots }
    }

    /// The CA at `url`, whose root has this fingerprint.
    pub(crate) fn bootstrap(url: &CaUrl, fingerprint: &Fingerprint) -> anyhow::Result<Self> {
        let (client, root) = Client::bootstrap(url, fingerprint).context("could not download the root certificate")?;
        let root = Certificate::from_der(&root).context("the root certificate of the CA cannot be used")?;
        Ok(Self { client, roots: vec![root] })
    }
}

/// Read the value of `--ca-url`.
pub(crate) fn ca_url(text: &str) -> anyhow::Result<CaUrl> {
    text.parse().map_err(|error: rung_api::client::AddressError| {
        Usage::new(format!("invalid value '{text}' for flag '--ca-url'; {error}")).into()
    })
}

/// Read the value of `--fingerprint`.
pub(crate) fn fingerprint(text: &str) -> anyhow::Result<Fingerprint> {
    text.parse().map_err(|error: rung_api::client::FingerprintError| {
        Usage::new(format!("invalid value for flag '--fingerprint': {error}")).into()
    })
}

/// The root certificates of `--root`, or of the usual place.
pub(crate) fn roots(call: &Call) -> anyhow::Result<Vec<Certificate>> {
    let file = match call.text("root")? {
        Some(file) => file,
        None => {
            let usual = call.folders()?.root();
            if !usual.exists() {
                let usage = Usage::new(format!("'{}' requires the '--root' flag", call.full_name()));
                let hint =
                    format!("'{} ca bootstrap' fetches the root certificate once and for all.", call.program.name);
                return Err(usage.with_hint(hint).into());
            }
            usual.to_string_lossy().into_owned()
        }
    };
    read_roots(&file)
}

/// Read a file of root certificates.
pub(crate) fn read_roots(file: &str) -> anyhow::Result<Vec<Certificate>> {
    let contents = input::read("the root certificate", file)?;
    let roots = Certificate::all_from_pem_or_der(&contents);
    let roots = roots.with_context(|| format!("the root certificate, {file}, cannot be used"))?;
    if roots.is_empty() {
        bail!("the root certificate, {file}, has no certificate in it");
    }
    Ok(roots)
}

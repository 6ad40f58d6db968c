//! Roots that come and go.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use rung_pki::{Certificate, chain};
use serde_json::json;

use super::issue::Signatory;
use super::present::{Present, read_certificates};
use crate::call::Call;
use crate::clock;

/// Hand out a root before it signs anything.
pub(super) fn announce(call: &Call, present: &Present, file: &str) -> anyhow::Result<()> {
    let root = Signatory::without_key(file)?;
    let certificate = &root.certificate;
    if !certificate.is_ca() || certificate.subject_der() != certificate.issuer_der() {
        bail!("{file} is not a root: it needs CA:TRUE, and to be signed by itself");
    }
    let mut all = texts(&present.config.federated_roots, |_| true);
    if all.contains(&root.file) || present.roots.contains(certificate) {
        bail!("{file} is in {} already", present.path.display());
    }
    all.push(root.file);
    present.change(call, &[("federatedRoots", Some(json!(all)))])
}

/// Take out a root, if everything that is served leads to another one.
pub(super) fn drop_root(call: &Call, present: &Present, file: &str) -> anyhow::Result<()> {
    let gone = Signatory::without_key(file)?.certificate;
    let is_other = |path: &Path| {
        let certificates = read_certificates(&path.to_string_lossy()).unwrap_or_default();
        certificates[..] != [gone.clone()]
    };
    let root = texts(&present.config.root, is_other);
    let federated = texts(&present.config.federated_roots, is_other);
    if root.len() == present.config.root.len() && federated.len() == present.config.federated_roots.len() {
        bail!("{} names no file that holds the root in {file} alone", present.path.display());
    }
    let left: Vec<Certificate> = present.roots.iter().filter(|root| **root != gone).cloned().collect();
    let retired = present.config.retired_intermediates.iter();
    let retired = retired.filter(|retired| retired.until > clock::now()).map(|retired| &retired.crt);
    for crt in std::iter::once(&present.config.crt).chain(retired) {
        let certificates = read_certificates(&crt.to_string_lossy())?;
        chain::verify(&certificates[0], &certificates[1..], &left, clock::now(), None).with_context(|| {
            format!("{} leads to no other root: it is needed as long as that is served", crt.display())
        })?;
    }
    present.change(call, &[("root", Some(json!(root))), ("federatedRoots", Some(json!(federated)))])
}

fn texts(paths: &[PathBuf], wanted: impl Fn(&Path) -> bool) -> Vec<String> {
    paths.iter().filter(|path| wanted(path)).map(|path| path.to_string_lossy().into_owned()).collect()
}

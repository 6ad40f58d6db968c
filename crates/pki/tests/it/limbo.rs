//! x509-limbo, the test suite of the Python Cryptographic Authority for verifiers of certificate chains.
//!
//! `vectors/limbo.json` has its cases, each certificate once. Where our verifier decides otherwise than the suite says,
//! the case stands in `vectors/limbo-divergences.txt` with the reason, and with the decision that is ours.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use base64::{Engine, engine::general_purpose::STANDARD};
use rung_pki::chain::{matches_host, verify};
use rung_pki::extension::{GeneralName, Purpose};
use rung_pki::{Certificate, CertificateError};
use serde::Deserialize;

#[derive(Deserialize)]
struct Suite {
    /// DER in base64.
    certificates: Vec<String>,
    cases: Vec<Case>,
}

/// One case; the numbers are places in the list of certificates.
#[derive(Deserialize)]
struct Case {
    id: String,
    #[serde(default)]
    features: Vec<String>,
    kind: Kind,
    #[serde(default)]
    trusted: Vec<usize>,
    #[serde(default)]
    untrusted: Vec<usize>,
    peer: usize,
    /// Seconds since 1970, or some day in 2026.
    #[serde(default = "some_day")]
    time: f64,
    name: Option<Name>,
    #[serde(default)]
    names: Vec<Name>,
    expected: Outcome,
}

#[derive(Deserialize, PartialEq, Eq, Clone, Copy)]
#[serde(rename_all = "UPPERCASE")]
enum Kind {
    Client,
    Server,
}

#[derive(Deserialize)]
struct Name {
    kind: String,
    value: String,
}

#[derive(Deserialize, PartialEq, Eq, Clone, Copy, Debug)]
#[serde(rename_all = "UPPERCASE")]
enum Outcome {
    Failure,
    Success,
}

fn some_day() -> f64 {
    1_772_409_600.0
}

/// What the suite tests and this verifier does not do: limit chains for one caller, and look at revocation, which other
/// code does.
const NOT_DONE: [&str; 2] = ["max-chain-depth", "has-crl"];

impl Suite {
    fn read() -> Self {
        serde_json::from_str(include_str!("../vectors/limbo.json")).unwrap()
    }

    /// What this crate says, and why if it refuses.
    fn judge(&self, case: &Case) -> Result<(), String> {
        let certificate = |place: &usize| -> Result<Certificate, CertificateError> {
            Certificate::from_der(&STANDARD.decode(&self.certificates[*place]).unwrap())
        };
        let peer = certificate(&case.peer).map_err(|error| error.to_string())?;
        // As in a bundle, one that cannot be read does not spoil the others.
        let readable = |places: &[usize]| places.iter().filter_map(|place| certificate(place).ok()).collect::<Vec<_>>();
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs_f64(case.time);
        let purpose = if case.kind == Kind::Server { Purpose::ServerAuth } else { Purpose::ClientAuth };
        verify(&peer, &readable(&case.untrusted), &readable(&case.trusted), at, Some(purpose))
            .map_err(|error| error.to_string())?;
        if let Some(name) = &case.name {
            matches_host(&peer, &name.value).map_err(|error| error.to_string())?;
        }
        let has = |name: &Name| {
            assert_eq!(name.kind, "RFC822");
            peer.general_names().iter().any(|known| matches!(known, GeneralName::Email(text) if *text == name.value))
        };
        if case.names.iter().all(has) { Ok(()) } else { Err("the mailboxes are others".to_owned()) }
    }
}

/// Case, our decision, and the reason.
fn divergences() -> BTreeMap<&'static str, (Outcome, &'static str)> {
    let lines = include_str!("../vectors/limbo-divergences.txt").lines().filter(|line| !line.starts_with('#'));
    let parse = |line: &'static str| {
        let mut parts = line.splitn(3, " | ");
        let id = parts.next()?;
        let ours = match parts.next()? {
            "accepted" => Outcome::Success,
            "refused" => Outcome::Failure,
            _ => return None,
        };
        Some((id, (ours, parts.next().filter(|reason| reason.len() > 20)?)))
    };
    lines.map(|line| parse(line).unwrap_or_else(|| panic!("{line}"))).collect()
}

#[test]
fn chains_are_judged_as_the_suite_says_or_for_a_reason() {
    let (suite, mut divergences) = (Suite::read(), divergences());
    let (mut judged, mut wrong) = (0, Vec::new());
    for case in &suite.cases {
        if case.features.iter().any(|feature| NOT_DONE.contains(&&**feature)) {
            continue;
        }
        judged += 1;
        let said = suite.judge(case);
        let ours = if said.is_ok() { Outcome::Success } else { Outcome::Failure };
        let expected = divergences.remove(&*case.id).map_or(case.expected, |(ours, _)| ours);
        if ours != expected {
            let why = said.err().unwrap_or_default();
            wrong.push(format!("{} {:?}: expected {expected:?}, was {ours:?} {why}", case.id, case.features));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(divergences.is_empty(), "no such cases, or none that differ: {divergences:?}");
    assert!(judged > 150, "{judged}");
}

#[test]
fn every_divergence_differs_from_what_the_suite_says() {
    let suite = Suite::read();
    for (id, (ours, _)) in divergences() {
        let case = suite.cases.iter().find(|case| case.id == id).expect(id);
        assert_ne!(case.expected, ours, "{id}");
    }
}

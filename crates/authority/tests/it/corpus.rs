//! Tokens as providers send them, under rules as operators write them: certificate or refusal.
//!
//! Each file of `tests/corpus` is one token and several cases. `docs/identity-rules.md` tells how to add one.

use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use rung_authority::provisioner::{Collection, Provisioner, oidc::Oidc};
use rung_pki::{Certificate, DistinguishedName, extension::Purpose};
use rung_spec::GoDuration;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    rules,
    stage::{NOW, Stage, merged, naming, only_provider, signed},
};

/// A token of a provider, and what becomes of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    /// Where the provider says what its tokens look like.
    #[serde(rename = "documentation")]
    _documentation: String,
    /// The issuer in the provider's discovery document.
    issuer: String,
    /// The type in the token's header.
    #[serde(default)]
    typ: Option<String>,
    /// The claims; `exp`, `iat` and `nbf` are distances from now.
    claims: Value,
    cases: BTreeMap<String, Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// The members of the provisioner in `ca.json`, besides type, name and endpoint; or a page that shows one.
    provisioner: Value,
    /// Claims that differ; `null` takes one away.
    #[serde(default)]
    claims: Map<String, Value>,
    #[serde(default)]
    request: Asked,
    expected: Expected,
}

/// What the client asks for.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default)]
    common_name: String,
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    not_after: String,
}

/// What comes of it: a refusal as far as it is written, or a certificate.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
enum Expected {
    Certificate(Facts),
    Refusal(Refusal),
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Refusal {
    refusal: String,
}

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Facts {
    subject: String,
    names: Vec<String>,
    #[serde(default = "a_day")]
    lifetime: String,
    #[serde(default = "servers_and_clients")]
    uses: Vec<String>,
}

fn a_day() -> String {
    "24h0m0s".to_owned()
}

fn servers_and_clients() -> Vec<String> {
    ["serverAuth", "clientAuth"].map(str::to_owned).to_vec()
}

impl Expected {
    fn of(certificate: &Certificate) -> Self {
        let lifetime = certificate.not_after().duration_since(certificate.not_before()).unwrap();
        let name = |purpose: &Purpose| match purpose {
            Purpose::ServerAuth => "serverAuth".to_owned(),
            Purpose::ClientAuth => "clientAuth".to_owned(),
            Purpose::CodeSigning => "codeSigning".to_owned(),
            Purpose::EmailProtection => "emailProtection".to_owned(),
            other => format!("{other:?}"),
        };
        Self::Certificate(Facts {
            subject: certificate.subject().to_string(),
            names: certificate.subject_alt_names().unwrap().iter().map(ToString::to_string).collect(),
            // The start is dated back by a minute.
            lifetime: GoDuration::from(lifetime - std::time::Duration::from_secs(60)).to_string(),
            uses: certificate.extended_key_usage().unwrap().purposes().iter().map(name).collect(),
        })
    }

    fn is_met_by(&self, found: &Self) -> bool {
        match (self, found) {
            (Self::Refusal(wanted), Self::Refusal(found)) => found.refusal.starts_with(&wanted.refusal),
            _ => self == found,
        }
    }
}

/// The provisioner that a page of the documentation shows.
fn shown_by(page: &str) -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(page);
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{page}: {error}"));
    let sample = text.split("```json\n").nth(1).and_then(|rest| rest.split("```").next());
    serde_json::from_str(sample.unwrap_or_else(|| panic!("{page} shows no provisioner"))).unwrap()
}

/// Run a case; gives what came of it.
fn run(shape: &Shape, case: &Case) -> Expected {
    let (oidc, lifetimes) = match &case.provisioner {
        Value::String(page) => rules::read(&shown_by(page)),
        members => rules::read(members),
    };
    let mut stage = Stage::new();
    let client = oidc.client_id.clone();
    let provisioner = Provisioner::Oidc(Oidc::new("sso", &client, rules::rules_of(oidc), lifetimes));
    stage.authority.provisioners = Collection::new([(client, provisioner)]).unwrap();
    stage.authority.providers = Arc::new(only_provider("sso", &shape.issuer, &stage.idp));
    let mut claims = merged(shape.claims.clone(), Value::Object(case.claims.clone()));
    for name in ["exp", "iat", "nbf", "auth_time"] {
        if let Some(distance) = claims.get(name).and_then(Value::as_str) {
            let distance: GoDuration = distance.parse().unwrap_or_else(|error| panic!("{name}: {error}"));
            claims[name] = (NOW.cast_signed() + distance.nanoseconds() / 1_000_000_000).into();
        }
    }
    let token = signed("idp-key", shape.typ.as_deref(), &claims, &stage.idp);
    let names: Vec<&str> = case.request.names.iter().map(String::as_str).collect();
    let request = naming(&case.request.common_name, &names);
    match stage.sign(&token, &request, ("", &case.request.not_after)) {
        Ok(certificate) => Expected::of(&certificate),
        Err(refusal) => {
            assert_eq!(stage.written(), (0, 0), "a refusal wrote something");
            Expected::Refusal(Refusal { refusal })
        }
    }
}

/// The cases of a shape that come out otherwise than expected, in words.
fn failures(file: &str, shape: &Shape) -> Vec<String> {
    let failure = |(title, case): (&String, &Case)| {
        let found = run(shape, case);
        let fits = case.expected.is_met_by(&found);
        (!fits).then(|| format!("{file}: {title}\n  expected {:?}\n  found    {found:?}", case.expected))
    };
    shape.cases.iter().filter_map(failure).collect()
}

/// All files, by name.
fn corpus() -> Vec<(String, Shape)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |path: std::path::PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let shape = serde_json::from_str(&fs::read_to_string(&path).unwrap());
        (name.clone(), shape.unwrap_or_else(|error| panic!("{name}: {error}")))
    };
    files.into_iter().map(read).collect()
}

#[test]
fn every_token_leads_to_what_its_file_says() {
    let corpus = corpus();
    let failures: Vec<String> = corpus.iter().flat_map(|(file, shape)| failures(file, shape)).collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    for provider in [
        "adfs",
        "auth0",
        "entra-v1",
        "entra-v2",
        "entra-guest",
        "entra-overage",
        "github-actions",
        "gitlab-ci",
        "gitlab-login",
        "google-personal",
        "google-workspace",
        "keycloak",
        "kubernetes",
        "okta-custom",
        "okta-org",
        "salesforce",
        "spiffe",
    ] {
        let shape = corpus.iter().find(|(file, _)| *file == format!("{provider}.json")).map(|(_, shape)| shape);
        let cases = shape.map(|shape| shape.cases.values().collect::<Vec<_>>()).unwrap_or_default();
        let refused = cases.iter().filter(|case| matches!(case.expected, Expected::Refusal(_))).count();
        assert!(refused > 0 && refused < cases.len(), "{provider} has no refusal, or no certificate");
    }
}

/// Everything that could be expected otherwise than it is.
fn mutants(expected: &Expected) -> Vec<Expected> {
    let refusal = |refusal: String| Expected::Refusal(Refusal { refusal });
    let nothing =
        || Facts { subject: String::new(), names: Vec::new(), lifetime: a_day(), uses: servers_and_clients() };
    match expected {
        Expected::Refusal(wanted) => {
            vec![refusal(format!("{}!", wanted.refusal)), Expected::Certificate(nothing())]
        }
        Expected::Certificate(facts) => {
            let changes: [fn(&mut Facts); 5] = [
                |facts| facts.subject.push('x'),
                |facts| facts.names.push("evil.example".to_owned()),
                |facts| facts.names = facts.names.iter().skip(1).cloned().collect(),
                |facts| facts.lifetime = "1h1m1s".to_owned(),
                |facts| drop(facts.uses.pop()),
            ];
            let changed = changes.iter().map(|change| {
                let mut facts = facts.clone();
                change(&mut facts);
                Expected::Certificate(facts)
            });
            changed.chain([refusal("401 ".to_owned())]).collect()
        }
    }
}

/// An expectation that is not met is noticed, whichever part of it is wrong.
#[test]
fn a_wrong_expectation_fails() {
    for (file, shape) in corpus() {
        for (title, case) in &shape.cases {
            let found = run(&shape, case);
            assert!(case.expected.is_met_by(&found), "{file}: {title}");
            for mutant in mutants(&case.expected) {
                assert!(!mutant.is_met_by(&found), "{file}: {title} also fits {mutant:?}");
            }
        }
    }
    let (file, mut shape) = corpus().swap_remove(0);
    let wrong = shape.cases.values_mut().next().unwrap();
    wrong.expected = Expected::Refusal(Refusal { refusal: "no such thing".to_owned() });
    let said = failures(&file, &shape);
    assert!(said.len() == 1 && said[0].starts_with(&file), "{said:?}");
    assert_eq!(DistinguishedName::new().to_string(), "", "an empty subject is written as nothing");
}

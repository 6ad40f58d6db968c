//! Provisioners for known identity providers, as the pages of docs/providers describe them.
#![expect(clippy::unwrap_used, reason = "tests stop at what does not work")]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::doctor::configuration;
use crate::sandbox::{Outcome, Sandbox};

/// A folder with a configuration, from which nobody outside is reached.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new().with_env("HTTPS_PROXY", "http://127.0.0.1:9");
    sandbox.write("step/config/ca.json", &configuration(&[]).to_string());
    sandbox
}

fn provisioners(sandbox: &Sandbox) -> Vec<Value> {
    let config: Value = serde_json::from_str(&sandbox.read("step/config/ca.json")).unwrap();
    config["authority"]["provisioners"].as_array().unwrap().clone()
}

fn pages() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/providers");
    let mut pages: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.sort();
    pages
}

/// The blocks of a page in this language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let begin = format!("```{language}\n");
    let ends = page.split(&begin).skip(1).map(|rest| rest.split("\n```").next().unwrap().to_owned());
    ends.collect()
}

/// The commands of a page, each as its words.
fn commands(page: &str) -> Vec<Vec<String>> {
    let joined = blocks(page, "console").join("\n").replace("\\\n", " ");
    let words = |line: &str| line.split_whitespace().map(|word| word.trim_matches('\'').to_owned()).collect();
    joined.lines().filter_map(|line| line.strip_prefix("$ rung ")).map(words).collect()
}

fn run(sandbox: &Sandbox, words: &[String]) -> Outcome {
    sandbox.run(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn every_page_says_what_its_commands_do() {
    let mut presets = Vec::new();
    for path in pages() {
        let (page, sandbox) = (fs::read_to_string(&path).unwrap(), sandbox());
        let shown = path.file_name().unwrap().to_string_lossy().into_owned();
        let commands = commands(&page);
        let (add, doctor) = (&commands[0], &commands[1]);
        assert_eq!(commands.len(), 2, "{shown}");
        let outcome = run(&sandbox, add);
        assert_eq!(outcome.code, Some(0), "{shown}: {outcome:?}");
        let made = provisioners(&sandbox).remove(0);
        if let Some(written) = blocks(&page, "json").first() {
            let written: Value = serde_json::from_str(written).unwrap();
            assert_eq!(made, written, "{shown}:\n{made:#}");
            assert!(outcome.stderr.contains("\nAt "), "{shown}: {outcome:?}");
            presets.push(path.file_stem().unwrap().to_string_lossy().into_owned());
            assert!(add.windows(2).any(|pair| pair == ["--preset", presets.last().unwrap()]), "{shown}");
        }
        // Nobody is there to be examined, and the examination says so.
        let outcome = run(&sandbox, doctor);
        assert_eq!((outcome.code, outcome.stdout.starts_with("✘ discovery")), (Some(1), true), "{shown}: {outcome:?}");
        for line in page.lines() {
            assert!(line.len() <= 140 || line.contains("clusterrolebinding"), "{shown}: {line}");
        }
    }
    presets.sort();
    let all = ["adfs", "auth0", "entra", "github-actions", "gitlab", "google", "keycloak", "kubernetes", "okta"];
    assert_eq!(presets, [&all[..], &["salesforce"]].concat());
}

#[test]
fn what_is_missing_is_named() {
    let sandbox = sandbox();
    let add = |words: &str| {
        let words: Vec<&str> = words.split_whitespace().collect();
        sandbox.run(&[&["ca", "provisioner", "add", "sso"], &words[..]].concat())
    };
    for (words, problem) in [
        ("--preset goggle", "invalid value 'goggle' for flag '--preset'; options are google, entra, okta"),
        ("--preset google", "'--preset google' requires the '--client-id' flag"),
        ("--preset google --client-id x --client-secret y", "'--preset google' requires the '--domain' flag"),
        ("--preset entra --client-id x --domain a.com", "requires the '--tenant' flag"),
        ("--preset entra --client-id x --domain a.com --tenant a.com", "invalid value 'a.com' for flag '--tenant'"),
        ("--preset okta --client-id x --domain a.com", "requires the '--host' flag"),
        ("--preset keycloak --client-id x --host a.com", "requires the '--realm' flag"),
        ("--preset github-actions --client-id x", "requires the '--repository' flag"),
        ("--preset github-actions --client-id x --repository *", "invalid value '*' for flag '--repository'"),
        ("--preset google --type JWK --client-id x --client-secret y --domain a.com", "does not fit"),
        ("--preset google --configuration-endpoint https://a.com", "is incompatible with"),
        ("--type OIDC --realm staff", "flag '--realm' requires the '--preset' flag"),
    ] {
        add(words).failed(1, problem);
    }
    let outcome = add("--preset google --client-id x --client-secret canary\u{7} --domain a.com");
    outcome.failed(1, "for flag '--client-secret'");
    assert!(!outcome.stderr.contains("canary"), "{outcome:?}");
    assert!(provisioners(&sandbox).is_empty());
}

#[test]
fn other_flags_go_with_a_preset() {
    let sandbox = sandbox();
    let outcome = sandbox.run(&[
        "ca",
        "provisioner",
        "add",
        "sso",
        "--preset",
        "Keycloak",
        "--preset-host",
        "http://127.0.0.1:9/auth/",
        "--realm",
        "staff",
        "--client-id",
        "rung",
        "--group",
        "ops",
        "--scope",
        "roles",
        "--listen-address",
        ":9999",
        "--x509-default-dur",
        "8h",
        "--require",
        "azp=rung",
    ]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stderr.contains("Valid redirect URIs: http://127.0.0.1:9999"), "{outcome:?}");
    assert_eq!(
        provisioners(&sandbox),
        [json!({
            "type": "OIDC", "name": "sso", "clientID": "rung",
            "configurationEndpoint": "http://127.0.0.1:9/auth/realms/staff", "listenAddress": ":9999",
            "scopes": ["openid", "email", "roles"], "identity": {"claim": "email", "as": "email"},
            "groupsClaim": "realm_access.roles", "groups": ["ops"], "require": {"azp": "rung"},
            "claims": {"defaultTLSCertDuration": "8h0m0s"},
        })]
    );
}

#[test]
fn on_a_terminal_what_is_missing_is_asked_for() {
    let sandbox = sandbox();
    let mut terminal =
        sandbox.on_a_terminal(&["ca", "provisioner", "add", "sso", "--preset", "okta", "--client-id", "x"]);
    terminal.exp_string("Address of the provider").unwrap();
    terminal.send_line("example-admin.okta.com").unwrap();
    terminal.exp_string("leave `-admin` out").unwrap();
    terminal.send("\u{7f}".repeat("-admin.okta.com".len()).as_str()).unwrap();
    terminal.send_line(".okta.com").unwrap();
    terminal.exp_string("Domain of the people's addresses").unwrap();
    terminal.send_line("example.com").unwrap();
    terminal.exp_string("At Okta:").unwrap();
    terminal.exp_eof().unwrap();
    let made = provisioners(&sandbox).remove(0);
    assert_eq!(made["configurationEndpoint"], "https://example.okta.com");
    assert_eq!(made["domains"], json!(["example.com"]));
}

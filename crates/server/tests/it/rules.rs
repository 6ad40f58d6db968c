//! Rules for identity, from `ca.json` to the certificate, in the running program.

use rung_pki::{Certificate, SubjectAltName};
use serde_json::{Value, json};

use crate::{
    client::{Answer, Client},
    idp::{Idp, Realm},
    server::Server,
    stage::{Stage, request},
};

/// A daemon whose provisioner for the realm has these members too.
fn serve(stage: &Stage, realm: &Realm<'_>, members: &Value) -> (Server, Client) {
    configure(stage, realm, members);
    let server = stage.serve();
    let client = Client::new(stage, &server.address);
    (server, client)
}

fn configure(stage: &Stage, realm: &Realm<'_>, members: &Value) {
    let mut provisioner = realm.provisioner();
    for (name, value) in members.as_object().unwrap() {
        provisioner[name] = value.clone();
    }
    let mut config = stage.config();
    config["authority"]["provisioners"].as_array_mut().unwrap().push(provisioner);
    stage.configure(&config);
}

fn ask(client: &Client, target: &str, names: &[&str], token: &str) -> Answer {
    client.post(target, &json!({"csr": request(names), "ott": token}).to_string())
}

/// Subject and names of the certificate, or why there is none.
fn sign(client: &Client, names: &[&str], token: &str) -> String {
    let answer = ask(client, "/1.0/sign", names, token);
    if answer.status != 201 {
        return format!("{} {}", answer.status, answer.message());
    }
    let leaf = Certificate::from_pem(answer.json()["crt"].as_str().unwrap().as_bytes()).unwrap();
    let names: Vec<String> = leaf.subject_alt_names().unwrap().iter().map(SubjectAltName::to_string).collect();
    format!("{} | {}", leaf.subject(), names.join(" "))
}

/// The claims of a job, which has no e-mail address, no client and no nonce.
fn job(changes: &Value) -> Value {
    let mut claims = json!({
        "sub": "repo:octo-org/octo-repo:environment:prod", "repository": "octo-org/octo-repo", "environment": "prod",
        "email": null, "email_verified": null, "nonce": null, "jti": "example-id",
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

fn members() -> Value {
    json!({
        "require": {"sub": "repo:octo-org/*"},
        "identity": {
            "claim": "repository", "as": "name", "uri": "spiffe://corp.example/github/{repository}", "issuerUri": false,
        },
        "rules": [
            {"claims": {"environment": "*"}, "names": ["deploy.{environment}.corp.example"]},
            {"maxDuration": "1h", "extendedKeyUsage": ["clientAuth"]},
        ],
    })
}

#[test]
fn a_job_gets_a_certificate_by_the_rules() {
    let (idp, stage) = (Idp::start(), Stage::new());
    let realm = idp.realm("github");
    let (server, client) = serve(&stage, &realm, &members());
    let token = realm.token("first", &job(&json!({})));
    let own = "CN=octo-org/octo-repo | spiffe://corp.example/github/octo-org/octo-repo";

    let preview = ask(&client, "/preview", &["deploy.prod.corp.example"], &token).json();
    assert_eq!(
        preview["rules"],
        json!([
            "identity.claim: repository is octo-org/octo-repo, the common name",
            "rules[0] holds: the claim environment is *",
            "rules[0] allows the name deploy.prod.corp.example",
            "rules[1] holds: it is for everybody",
            "rules[1]: certificates live at most 1h0m0s",
            "rules[1]: certificates are for clientAuth",
        ])
    );
    assert_eq!(
        sign(&client, &["deploy.prod.corp.example"], &token),
        "CN=octo-org/octo-repo | deploy.prod.corp.example spiffe://corp.example/github/octo-org/octo-repo"
    );
    assert!(sign(&client, &[], &token).starts_with("401 "), "a token is good once");
    assert_eq!(sign(&client, &[], &realm.token("first", &job(&json!({"run_id": "1"})))), own);
    let other = sign(&client, &["deploy.test.corp.example"], &realm.token("first", &job(&json!({"run_id": "2"}))));
    assert!(other.starts_with("403 ") && other.contains("name deploy.test.corp.example is not allowed"), "{other}");
    let stranger = job(&json!({"sub": "repo:evil-org/octo-repo:environment:prod"}));
    let refused = sign(&client, &[], &realm.token("first", &stranger));
    assert!(
        refused.ends_with("a claim of the token does not have a value that this provisioner requires."),
        "{refused}"
    );
    let ended = server.stop();
    assert!(
        ended.stderr.contains("repo:evil-org/octo-repo:environment:prod"),
        "the log has the value: {}",
        ended.stderr
    );
}

/// Whoever asks may know that there are rules, since that changes what to ask for; what they say is nobody's business.
#[test]
fn rules_are_not_published() {
    let (idp, stage) = (Idp::start(), Stage::new());
    let realm = idp.realm("github");
    let (_server, client) = serve(&stage, &realm, &members());
    let listed = client.get("/provisioners").json();
    assert_eq!(listed["provisioners"][1]["identityByRules"], true);
    for secret in ["octo-org", "corp.example", "maxDuration", "\"require\"", "\"identity\"", "\"rules\""] {
        assert!(!listed.to_string().contains(secret), "{secret}: {listed}");
    }
}

#[test]
fn o07_too_many_groups_are_told_apart_from_none_and_nobody_is_asked_for_them() {
    let (idp, stage) = (Idp::start(), Stage::new());
    let realm = idp.realm("entra");
    let (server, client) = serve(&stage, &realm, &json!({"groups": ["ops"]}));
    let link = format!("{}/graph", realm.issuer);
    let overage = json!({"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": link}}});
    let refused = sign(&client, &[], &realm.token("first", &overage));
    assert!(refused.starts_with("401 "), "{refused}");
    assert!(refused.contains("only the groups that are assigned to the application"), "{refused}");
    assert_eq!(realm.requests("/graph"), 0);
    let missing = sign(&client, &[], &realm.token("first", &json!({})));
    assert!(missing.contains("the token carries no groups"), "{missing}");
    client.books.close(&stage, server);
}

#[test]
fn a_reload_changes_the_rules_and_bad_ones_change_nothing() {
    let (idp, stage) = (Idp::start(), Stage::new());
    let realm = idp.realm("sso");
    let (mut server, client) = serve(&stage, &realm, &json!({"identity": {"issuerUri": false}}));
    let alice = || sign(&client, &[], &realm.token("first", &json!({"hd": "corp.example"})));
    assert_eq!(alice(), "CN=alice | alice@corp.example");
    configure(&stage, &realm, &json!({"identity": {"claim": "email", "as": "mail"}}));
    let said = server.reload("Continuing to serve with the configuration from before.");
    assert!(said.contains("identity.as: \"mail\" is not a kind of name"), "{said}");
    assert_eq!(alice(), "CN=alice | alice@corp.example");
    configure(&stage, &realm, &json!({"identity": {"claim": "hd", "as": "dns", "issuerUri": false}}));
    server.reload("The configuration was reloaded");
    assert_eq!(alice(), "CN=corp.example | corp.example");
}

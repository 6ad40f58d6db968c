//! The certificates that the pages of docs/providers promise, issued for tokens as those providers make them.

use std::{fs, path::Path};

use rung_pki::{Certificate, SubjectAltName};
use serde_json::{Value, json};

use crate::{
    client::Client,
    idp::Idp,
    stage::{Stage, request},
};

/// A provider: its page, and what is in its tokens beside what is in every token.
type Token = (&'static str, &'static str, fn() -> Value);

const TOKENS: &[Token] = &[
    (
        "google",
        "109876543210987654321",
        || json!({"email": "alice@example.com", "email_verified": true, "hd": "example.com", "at_hash": "x"}),
    ),
    ("entra", "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ", || {
        json!({
            "preferred_username": "alice@example.com", "email": "ceo@victim.example", "email_verified": null,
            "oid": "00000000-0000-0000-66f3-3332eca7ea81", "tid": "11111111-2222-3333-4444-555555555555", "ver": "2.0",
        })
    }),
    (
        "okta",
        "00u1a2b3c4d5e6f7g8h9",
        || json!({"preferred_username": "alice@example.com", "email": null, "email_verified": null, "ver": 1, "amr": ["pwd"]}),
    ),
    (
        "salesforce",
        "https://login.salesforce.com/id/00Dxx0000001gPLEAY/005xx000001SwiUAAS",
        || json!({"email": "alice@example.com", "email_verified": true, "custom_attributes": {}}),
    ),
    (
        "keycloak",
        "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
        || json!({"email": "alice@example.com", "email_verified": true, "typ": "ID", "realm_access": {"roles": ["ops"]}}),
    ),
    (
        "adfs",
        "7nIUqfPxS7qYyzhWbdlmV9ZYs6dDSuHgYmcBZH4ZzZU",
        || json!({"upn": "alice@example.com", "unique_name": "CORP\\alice", "email": null, "email_verified": null}),
    ),
    ("auth0", "auth0|5f7c8ec7c33c6c004bbafe82", || json!({"email": "alice@example.com", "email_verified": true})),
    (
        "gitlab",
        "1234567",
        || json!({"email": "alice@example.com", "email_verified": true, "groups_direct": ["example/ops"]}),
    ),
    ("github-actions", "repo:example/deploy:ref:refs/heads/main", || {
        json!({
            "repository": "example/deploy", "repository_owner": "example", "ref": "refs/heads/main", "jti": "one",
            "nonce": null, "email": null, "email_verified": null,
        })
    }),
    ("kubernetes", "system:serviceaccount:web:frontend", || {
        json!({
            "kubernetes.io": {"namespace": "web", "serviceaccount": {"name": "frontend", "uid": "1"}},
            "nonce": null, "email": null, "email_verified": null,
        })
    }),
];

/// What is in the first block of that language on a page.
fn block(page: &str, language: &str) -> String {
    let (_, rest) = page.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("\n```").unwrap().0.to_owned()
}

/// Subject, names and uses, as the pages show them.
fn shown(pem: &str) -> Vec<String> {
    let leaf = Certificate::from_pem(pem.as_bytes()).unwrap();
    let mut shown = vec![format!("CN={}", leaf.subject().common_name().unwrap())];
    shown.extend(leaf.subject_alt_names().unwrap().iter().map(|name| match name {
        SubjectAltName::Email(email) => format!("email:{email}"),
        SubjectAltName::Uri(uri) => format!("URI:{uri}"),
        other => panic!("{other}"),
    }));
    shown
}

#[test]
fn the_certificates_are_those_of_the_pages() {
    let (idp, stage) = (Idp::start(), Stage::new());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/providers");
    let pages: Vec<String> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(pages.len(), TOKENS.len() + 1, "every page but the list of them: {pages:?}");
    let realms: Vec<_> = TOKENS.iter().map(|(name, _, _)| idp.realm(name)).collect();
    let mut config = stage.config();
    let mut promised = Vec::new();
    for (realm, (name, _, _)) in realms.iter().zip(TOKENS) {
        let page = fs::read_to_string(folder.join(format!("{name}.md"))).unwrap();
        let mut provisioner: Value = serde_json::from_str(&block(&page, "json")).unwrap();
        let issuer = provisioner["configurationEndpoint"].as_str().unwrap().trim_end_matches('/').to_owned();
        provisioner["configurationEndpoint"] = realm.issuer.clone().into();
        let lines: Vec<String> = block(&page, "text")
            .lines()
            .map(|line| line.trim().trim_start_matches("Subject: ").trim_start_matches("Names:").trim())
            .filter(|line| !line.starts_with("Uses:"))
            .map(|line| line.replace(&format!("URI:{issuer}"), &format!("URI:{}", realm.issuer)))
            .collect();
        promised.push((provisioner["clientID"].clone(), lines));
        config["authority"]["provisioners"].as_array_mut().unwrap().push(provisioner);
        if *name == "auth0" {
            let mut metadata = realm.metadata();
            metadata["issuer"] = format!("{}/", realm.issuer).into();
            realm.publish(&metadata);
        }
    }
    // The same client at several providers would be one too many.
    let ids: Vec<String> = promised.iter().map(|(id, _)| id.to_string()).collect();
    for (at, provisioner) in config["authority"]["provisioners"].as_array_mut().unwrap()[1..].iter_mut().enumerate() {
        if ids[..at].contains(&ids[at]) {
            provisioner["clientID"] = format!("client-{at}").into();
            promised[at].0 = provisioner["clientID"].clone();
        }
    }
    stage.configure(&config);
    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    for ((realm, (name, subject, claims)), (audience, lines)) in realms.iter().zip(TOKENS).zip(promised) {
        let mut changes = claims();
        (changes["sub"], changes["aud"]) = ((*subject).into(), audience);
        if *name == "auth0" {
            changes["iss"] = format!("{}/", realm.issuer).into();
        }
        let token = realm.token("first", &changes);
        let answer = client.post("/1.0/sign", &json!({"csr": request(&[]), "ott": token}).to_string());
        assert_eq!(answer.status, 201, "{name}: {answer:?}");
        assert_eq!(shown(answer.json()["crt"].as_str().unwrap()), lines, "{name}");
    }
}

#[test]
fn strangers_with_an_account_there_do_not_come_in() {
    let (idp, stage) = (Idp::start(), Stage::new());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/providers");
    for (name, changes) in [
        ("google", json!({"email": "alice@example.com", "email_verified": true})),
        ("google", json!({"email": "alice@example.com", "email_verified": true, "hd": "evil.example"})),
        ("google", json!({"email": "alice@example.com", "email_verified": false, "hd": "example.com"})),
        (
            "entra",
            json!({"preferred_username": "guest@home.example", "email": "alice@example.com", "email_verified": true}),
        ),
        ("entra", json!({"email": "alice@example.com", "email_verified": true})),
        ("okta", json!({"preferred_username": "alice@evil.example"})),
        ("keycloak", json!({"email_verified": false})),
        ("adfs", json!({"upn": "alice@corp.local"})),
        ("gitlab", json!({"email": "mallory@evil.example"})),
        ("github-actions", json!({"repository": "example/deploy-evil", "email": null})),
        ("github-actions", json!({"repository": "evil/deploy", "email": null})),
        ("kubernetes", json!({"kubernetes.io": {"namespace": "kube-system", "serviceaccount": {"name": "frontend"}}})),
    ] {
        let realm = idp.realm(name);
        let page = fs::read_to_string(folder.join(format!("{name}.md"))).unwrap();
        let mut provisioner: Value = serde_json::from_str(&block(&page, "json")).unwrap();
        provisioner["configurationEndpoint"] = realm.issuer.clone().into();
        let mut config = stage.config();
        let mut changes = changes.clone();
        changes["aud"] = provisioner["clientID"].clone();
        config["authority"]["provisioners"].as_array_mut().unwrap().push(provisioner);
        stage.configure(&config);
        let server = stage.serve();
        let (status, message) =
            crate::outages::login(&Client::new(&stage, &server.address), &realm.token("first", &changes));
        assert_eq!(status, 401, "{name} {changes}: {message}");
    }
}

use std::path::Path;

use rung_spec::oidc::IdentityKind;
use rung_spec::{Config, Provisioner};
use serde_json::json;

use super::*;

/// Good answers to everything.
fn answers(preset: &Preset) -> Answers {
    let mut answers = Answers::default();
    for ask in preset.asks.iter().copied() {
        let answer = match ask {
            Ask::ClientId => "rung",
            Ask::ClientSecret => "s3cret",
            Ask::Domain => "Example.com",
            Ask::Host => "idp.example.com/",
            Ask::Namespace => "web",
            Ask::Realm => "staff",
            Ask::Repository => "example/*",
            Ask::Tenant => "11111111-2222-3333-4444-555555555555",
            Ask::TrustDomain => "example.org",
        };
        answers.put(ask, vec![ask.check(preset.name, answer).expect("a good answer")]);
    }
    answers
}

#[test]
fn every_preset_makes_a_good_provisioner() {
    for preset in PRESETS {
        let mut provisioner = Map::new();
        provisioner.insert("type".to_owned(), "OIDC".into());
        provisioner.insert("name".to_owned(), preset.name.into());
        provisioner.extend(preset.provisioner(&answers(preset)));
        let config = json!({
            "root": "root.crt", "crt": "int.crt", "key": "int.key", "address": ":443", "dnsNames": ["ca.test"],
            "authority": {"provisioners": [provisioner]},
        });
        let config = Config::parse(&config.to_string(), Path::new("ca.json"));
        let config = config.unwrap_or_else(|error| panic!("{}: {error}", preset.name));
        let Provisioner::Oidc(oidc) = &config.authority.provisioners[0] else { panic!("{}", preset.name) };
        assert_eq!(oidc.client_id, "rung", "{}", preset.name);
        assert!(!oidc.configuration_endpoint.contains(['<', '>']), "{}", oidc.configuration_endpoint);
        let identity = oidc.identity.as_ref().expect("an identity");
        let person = identity.person.as_ref().expect("a claim");
        if preset.is_for_people() {
            assert_eq!((person.kind, identity.issuer_uri), (IdentityKind::Email, true), "{}", preset.name);
            // Who names people by what they could have chosen themselves says which names count.
            let is_verified = person.claims[0].is_top("email") && oidc.require_verified_email;
            assert!(is_verified || !oidc.domains.is_empty(), "{}", preset.name);
            assert!(oidc.scopes.iter().any(|scope| scope == "openid"), "{}", preset.name);
        } else {
            assert_eq!((person.kind, identity.issuer_uri), (IdentityKind::Name, false), "{}", preset.name);
            assert!(!oidc.require.is_empty(), "{}: any machine could come in", preset.name);
            assert!(oidc.rules[0].max_duration.is_some(), "{}", preset.name);
        }
    }
}

#[test]
fn what_is_to_be_registered_fits_into_three_lines_and_names_where_logins_come_back_to() {
    for preset in PRESETS {
        let lines = preset.to_register(&answers(preset));
        assert!((2..=3).contains(&lines.len()), "{}", preset.name);
        let text = lines.join(" ");
        assert!(!text.contains(['<', '>']), "{text}");
        let address = match preset.listen.split_once(':') {
            // The port of localhost does not matter there.
            Some(("localhost", _)) if preset.name == "entra" => "http://localhost".to_owned(),
            Some(_) => format!("http://{}", preset.listen),
            None => continue,
        };
        assert!(text.contains(&address), "{text}");
    }
}

#[test]
fn providers_are_recognised_by_their_addresses() {
    for preset in PRESETS.iter().filter(|preset| !preset.endpoint.contains('<')) {
        assert_eq!(Preset::of_endpoint(preset.endpoint).map(|found| found.name), Some(preset.name));
    }
    for (address, name) in [
        ("https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0", Some("entra")),
        ("https://example.okta.com/oauth2/default", Some("okta")),
        ("https://example.my.salesforce.com/.well-known/openid-configuration", Some("salesforce")),
        ("https://sso.example.com/realms/staff", Some("keycloak")),
        ("https://adfs.example.com/adfs", Some("adfs")),
        ("https://example.eu.auth0.com/", Some("auth0")),
        ("https://gitlab.com", Some("gitlab")),
        ("https://notgitlab.com", None),
        ("https://accounts.google.com.example.com", None),
        ("no address", None),
    ] {
        assert_eq!(Preset::of_endpoint(address).map(|found| found.name), name, "{address}");
    }
}

#[test]
fn answers_are_checked() {
    let check = |ask: Ask, preset: &str, answer: &str, expected: Result<&str, &str>| {
        let checked = ask.check(preset, answer);
        match expected {
            Ok(value) => assert_eq!(checked.as_deref(), Ok(value), "{answer}"),
            Err(part) => {
                let problem = checked.expect_err(answer);
                assert!(problem.contains(part), "{answer}: {problem}");
            }
        }
    };
    check(Ask::Host, "okta", "example.okta.com", Ok("https://example.okta.com"));
    check(Ask::Host, "okta", " https://example.okta.com/ ", Ok("https://example.okta.com"));
    check(Ask::Host, "okta", "example-admin.okta.com", Err("leave `-admin` out"));
    check(Ask::Host, "salesforce", "example.lightning.force.com", Err("My Domain"));
    check(Ask::Host, "salesforce", "login.salesforce.com", Err("My Domain"));
    check(Ask::Host, "keycloak", "sso.example.com/auth", Ok("https://sso.example.com/auth"));
    check(Ask::Host, "keycloak", "https://me@sso.example.com", Err("address of a host"));
    check(Ask::Host, "keycloak", "https://sso.example.com?x", Err("address of a host"));
    check(Ask::Tenant, "entra", "11111111-2222-3333-4444-55555555555A", Ok("11111111-2222-3333-4444-55555555555a"));
    check(Ask::Tenant, "entra", "example.com", Err("Tenant ID"));
    check(Ask::Tenant, "entra", "common", Err("Tenant ID"));
    check(Ask::Domain, "google", "@Example.com", Ok("example.com"));
    check(Ask::Domain, "google", "example", Err("such as example.com"));
    check(Ask::Domain, "google", "*.example.com", Err("such as example.com"));
    check(Ask::Repository, "github-actions", "example/*", Ok("example/*"));
    check(Ask::Repository, "github-actions", "example/app", Ok("example/app"));
    for answer in ["*", "*/*", "*/app", "example", "example/app/x", "example/a*", "/app", "example/"] {
        check(Ask::Repository, "github-actions", answer, Err("owner/name or owner/*"));
    }
    check(Ask::Realm, "keycloak", "staff/../master", Err("other characters"));
    check(Ask::Namespace, "kubernetes", "*", Err("other characters"));
    check(Ask::ClientId, "google", "a b", Err("spaces"));
    check(Ask::ClientId, "google", "  ", Err("empty"));
}

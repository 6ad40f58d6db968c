//! Discovery for the providers that people have, and for those that lie.

use serde_json::json;

use super::*;
use crate::testing::{Authority, Received, Server, Sink, reply};

#[track_caller]
fn check_url(endpoint: &str, expected: Result<&str, &str>) {
    let url = discovery_url(endpoint).map(String::from).map_err(|error| error.to_string());
    assert_eq!(url.as_deref().map_err(String::as_str), expected);
}

#[test]
fn the_well_known_path_is_appended_unless_it_is_there() {
    let google = "https://accounts.google.com/.well-known/openid-configuration";
    check_url("https://accounts.google.com", Ok(google));
    check_url("https://accounts.google.com/", Ok(google));
    check_url(google, Ok(google));
    check_url("https://idp.test/realms/x", Ok("https://idp.test/realms/x/.well-known/openid-configuration"));
    check_url(
        "https://idp.test/t/v2.0/.well-known/openid-configuration?p=flow#x",
        Ok("https://idp.test/t/v2.0/.well-known/openid-configuration?p=flow"),
    );
    check_url("https://idp.test/t?p=flow", Ok("https://idp.test/t/.well-known/openid-configuration?p=flow"));
    check_url("idp.test", Err("the configuration endpoint `idp.test` is not a URL: relative URL without a base"));
    check_url(
        "mailto:a@idp.test",
        Err("the configuration endpoint `mailto:a@idp.test` is not a URL: it names no host"),
    );
}

/// What comes of a document with `issuer`, fetched for `endpoint` and `tenant`.
#[track_caller]
fn check_issuer(endpoint: &str, tenant: &str, issuer: &str, expected: Option<&str>) {
    let document = json!({"issuer": issuer, "jwks_uri": "https://idp.test/keys"}).to_string();
    let metadata = Metadata::parse(document.as_bytes(), endpoint, tenant);
    let found = metadata.as_ref().map(|metadata| metadata.issuer.as_str()).ok();
    assert_eq!(found, expected, "{endpoint} {tenant} {issuer}: {metadata:?}");
}

#[test]
fn the_issuers_of_known_providers_are_accepted() {
    for (endpoint, issuer) in [
        ("https://accounts.google.com", "https://accounts.google.com"),
        ("https://accounts.google.com/.well-known/openid-configuration", "https://accounts.google.com"),
        // Okta
        ("https://dev-1.okta.com/oauth2/default", "https://dev-1.okta.com/oauth2/default"),
        ("https://dev-1.okta.com", "https://dev-1.okta.com"),
        // Keycloak
        ("http://127.0.0.1:8080/realms/x", "http://127.0.0.1:8080/realms/x"),
        ("https://sso.test/auth/realms/x/", "https://sso.test/auth/realms/x"),
        ("https://sso.test:443/realms/x", "https://sso.test/realms/x"),
        // Salesforce
        ("https://corp.my.salesforce.com", "https://corp.my.salesforce.com"),
        ("https://login.salesforce.com", "https://login.salesforce.com"),
        // AD FS
        ("https://adfs.corp.test/adfs/.well-known/openid-configuration", "https://adfs.corp.test/adfs"),
        // Auth0 ends in a slash.
        ("https://corp.eu.auth0.com/.well-known/openid-configuration", "https://corp.eu.auth0.com/"),
        ("https://corp.eu.auth0.com", "https://corp.eu.auth0.com/"),
        // Entra ID, one tenant, both token versions
        (&format!("{ENTRA}/{TENANT}/v2.0"), &format!("{ENTRA}/{TENANT}/v2.0")),
        (&format!("{ENTRA}/{TENANT}"), &format!("https://sts.windows.net/{TENANT}/")),
        (
            &format!("https://corp.ciamlogin.com/{TENANT}/v2.0"),
            &format!("https://{TENANT}.ciamlogin.com/{TENANT}/v2.0"),
        ),
    ] {
        check_issuer(endpoint, "", issuer, Some(issuer));
    }
}

#[test]
fn a_tenant_stands_in_for_the_template() {
    let template = format!("{ENTRA}/{{tenantid}}/v2.0");
    let own = format!("{ENTRA}/{TENANT}/v2.0");
    for common in ["common", "organizations", "corp.onmicrosoft.com"] {
        let endpoint = format!("{ENTRA}/{common}/v2.0/.well-known/openid-configuration");
        check_issuer(&endpoint, TENANT, &template, Some(&own));
        check_issuer(&endpoint, "", &template, None);
        check_issuer(&endpoint, "other", &own, None);
        check_issuer(&endpoint, "", &own, None);
    }
    let named = format!("{ENTRA}/corp.onmicrosoft.com/v2.0");
    check_issuer(&named, TENANT, &own, Some(&own));
    let version_1 = format!("https://sts.windows.net/{TENANT}/");
    check_issuer(&format!("{ENTRA}/common"), TENANT, &version_1, Some(&version_1));
    check_issuer(&format!("{ENTRA}/common"), TENANT, "https://sts.windows.net/{tenantid}/", Some(&version_1));
    let b2c = format!("https://corp.b2clogin.com/{TENANT}/v2.0/");
    check_issuer("https://corp.b2clogin.com/corp.test/flow/v2.0", TENANT, &b2c, Some(&b2c));
    check_issuer("https://corp.b2clogin.com/corp.test/flow/v2.0", "", &b2c, None);
}

#[test]
fn an_issuer_of_another_place_is_refused() {
    for (endpoint, issuer) in [
        ("https://idp.test", "http://idp.test"),
        ("https://idp.test", "https://idp.test//"),
        ("https://idp.test", "https://IDP.test"),
        ("https://idp.test", "https://idp.test/realm"),
        ("https://idp.test/a", "https://idp.test/b"),
        ("https://idp.test/a", "https://idp.test"),
        ("https://idp.test", "https://idp.test.evil.test"),
        ("https://idp.test", "https://idp.test:8443"),
        ("https://idp.test", ""),
        ("https://idp.test/t", "https://sts.windows.net/t/"),
        ("https://idp.test/{tenantid}", "https://idp.test/{tenantid}"),
        ("https://login.microsoftonline.com/t", "https://sts.windows.net/other/"),
        ("https://login.microsoftonline.com/t", "https://sts.windows.net.evil.test/t/"),
        ("https://login.microsoftonline.com/t", "http://sts.windows.net/t/"),
        ("https://a.ciamlogin.com/t", "https://b.ciamlogin.com/t"),
    ] {
        check_issuer(endpoint, "", issuer, None);
    }
    for (endpoint, issuer) in [
        ("https://idp.test/common", "https://other.test/tenant/v2.0"),
        ("https://idp.test/common", "https://idp.test:8443/tenant/v2.0"),
        ("https://idp.test/common", "https://idp.test/xtenant/v2.0"),
        ("https://idp.test/common", "https://idp.test/x?/tenant/"),
    ] {
        check_issuer(endpoint, "tenant", issuer, None);
    }
    check_issuer("https://idp.test/x", "a/../b", "https://idp.test/{tenantid}", None);
}

#[test]
fn what_is_wrong_with_a_document_is_said() {
    let check = |document: &str, expected: &str| {
        let error = Metadata::parse(document.as_bytes(), "https://idp.test", "");
        assert_eq!(error.expect_err("an error").to_string(), expected);
    };
    let at = "https://idp.test/.well-known/openid-configuration";
    check("{}", &format!("the provider metadata at {at} has no `issuer`"));
    check(r#"{"issuer":"https://idp.test"}"#, &format!("the provider metadata at {at} has no `jwks_uri`"));
    check(
        r#"{"issuer":"https://idp.test","jwks_uri":"keys"}"#,
        &format!(
            "the provider metadata at {at} cannot be used: \
             `jwks_uri` is not a URL: relative URL without a base"
        ),
    );
    check(
        r#"{"issuer":"https://evil.test\u001b[1m","jwks_uri":"https://idp.test/k"}"#,
        &format!(
            "the provider at {at} calls itself `https://evil.test\\u{{1b}}[1m`, not \
             `https://idp.test`: configure the address of the issuer that its tokens name"
        ),
    );
    check(
        r#"{"issuer":"https://idp.test/{tenantid}","jwks_uri":"https://idp.test/k"}"#,
        &format!("the provider at {at} serves many tenants: set `tenantID` to yours"),
    );
    let error = Metadata::parse(b"[1]", "https://idp.test", "").expect_err("an error");
    assert!(matches!(error, OidcError::Malformed { .. }), "{error}");
}

#[test]
fn endpoints_are_optional_until_they_are_needed() {
    let document = r#"{"issuer":"https://idp.test","jwks_uri":"https://idp.test/k",
        "token_endpoint":"https://idp.test/t","device_authorization_endpoint":null}"#;
    let metadata = Metadata::parse(document.as_bytes(), "https://idp.test", "").expect("metadata");
    assert_eq!(metadata.token_endpoint().expect("it").as_str(), "https://idp.test/t");
    let error = metadata.authorization_endpoint().expect_err("an error").to_string();
    assert_eq!(error, "the provider metadata at https://idp.test has no `authorization_endpoint`");
}

#[test]
fn metadata_and_keys_are_fetched_over_tls() {
    let authority = Authority::new();
    let identity = authority.identity(&["127.0.0.1"]);
    let server = Server::tls(identity, |received: &Received, out: Sink<'_>| {
        let host = received.head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("host").then_some(value)
        });
        let base = format!("https://{}", host.expect("a host"));
        let path = received.head.split(' ').nth(1).expect("a path");
        match path {
            "/x/.well-known/openid-configuration" => reply(
                out,
                "200 OK",
                &json!({"issuer": format!("{base}/x"), "jwks_uri": format!("{base}/k")}).to_string(),
            ),
            "/k" => reply(out, "200 OK", r#"{"keys":[]}"#),
            _ => reply(out, "404 Not Found", "{}"),
        }
    });
    let fetcher = Fetcher::new(vec![authority.root.clone()]);
    let endpoint = server.url("/x");
    let metadata = fetch_metadata(&fetcher, endpoint.as_str(), "").expect("metadata");
    assert_eq!(metadata.issuer, endpoint.as_str());
    let keys = fetch_keys(&fetcher, &metadata).expect("keys");
    assert_eq!(keys.bytes, br#"{"keys":[]}"#);
    let error = fetch_metadata(&fetcher, server.url("/y").as_str(), "").expect_err("an error");
    assert!(error.to_string().ends_with("answered with status 404"), "{error}");
}

const ENTRA: &str = "https://login.microsoftonline.com";
const TENANT: &str = "0b1c2d3e-0000-4000-8000-000000000001";

#[test]
fn o14_a_document_sends_nobody_to_this_machine_or_to_the_secrets_of_a_cloud() {
    let check = |endpoint: &str, member: &str, address: &str, expected: Option<&str>| {
        let mut document = serde_json::json!({"issuer": endpoint, "jwks_uri": "https://keys.test/k"});
        document[member] = address.into();
        let parsed = Metadata::parse(document.to_string().as_bytes(), endpoint, "");
        let place = match parsed {
            Ok(_) => None,
            Err(OidcError::Misplaced { place, .. }) => Some(place),
            Err(error) => panic!("{error}"),
        };
        assert_eq!(place, expected, "{endpoint} {member} {address}");
    };
    let (remote, local) = ("https://idp.test", "http://127.0.0.1:8080");
    let (here, link_local) = (Some("an address of this machine"), Some("a link-local address"));
    for member in ["jwks_uri", "token_endpoint", "device_authorization_endpoint"] {
        for address in [
            "http://127.0.0.1:9",
            "https://localhost/k",
            "http://[::1]/k",
            "https://0.0.0.0/k",
            "https://[::]/k",
            "https://[::ffff:127.0.0.1]/k",
            "https://2130706433/k",
        ] {
            check(remote, member, address, here);
            check(local, member, address, None);
        }
        for address in ["http://169.254.169.254/", "https://[fe80::1]/", "https://[::ffff:a9fe:a9fe]/"] {
            check(remote, member, address, link_local);
            check(local, member, address, link_local);
        }
        check(remote, member, "https://other.test/k", None);
    }
    // A person's browser may go where the person wants to go.
    check(remote, "authorization_endpoint", "http://localhost:8080/login", None);
}

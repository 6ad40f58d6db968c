//! Rules that an operator writes: who comes in, who they are, and what they get beside that.

use std::path::Path;

use rung_authority::provisioner::oidc::Rules;
use rung_spec::{Config, OidcProvisioner, Provisioner, ResolvedClaims};
use serde_json::{Value, json};

use crate::stage::{Setup, Stage, check, id_claims, naming, request, signed};

/// The rules of a provisioner that has these members in `ca.json`.
fn rules(members: &Value) -> Rules {
    rules_of(read(members).0)
}

pub(crate) fn rules_of(oidc: OidcProvisioner) -> Rules {
    Rules {
        admins: oidc.admins,
        admin_groups: oidc.admin_groups,
        domains: oidc.domains,
        groups: oidc.groups,
        accept_unverified_email: !oidc.require_verified_email,
        identity: oidc.identity,
        require: oidc.require,
        groups_claim: oidc.groups_claim,
        rules: oidc.rules,
        audiences: oidc.audiences,
        authorized_parties: oidc.authorized_parties,
        clock_tolerance: oidc.clock_tolerance,
        accept_missing_issued_at: !oidc.require_issued_at,
    }
}

/// A provisioner that has these members in `ca.json`, and its lifetimes.
pub(crate) fn read(members: &Value) -> (OidcProvisioner, ResolvedClaims) {
    let mut provisioner = json!({
        "type": "OIDC", "name": "sso", "clientID": "rung", "configurationEndpoint": "https://idp.test",
    });
    for (name, value) in members.as_object().unwrap() {
        provisioner[name] = value.clone();
    }
    let config = json!({
        "root": "r", "crt": "c", "key": "k", "address": ":443", "authority": {"provisioners": [provisioner]},
    });
    let config = Config::parse(&config.to_string(), Path::new("ca.json")).unwrap_or_else(|errors| panic!("{errors}"));
    let lifetimes = config.resolved_claims(&config.authority.provisioners[0]);
    match config.authority.provisioners.into_iter().next() {
        Some(Provisioner::Oidc(oidc)) => (oidc, lifetimes),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn stage(members: &Value) -> Stage {
    Stage::with(Setup { rules: rules(members), ..Setup::default() })
}

/// Each set of changes to a good token's claims leads to that outcome.
#[track_caller]
pub(crate) fn check_claims(members: &Value, cases: &[(Value, Result<&str, &str>)]) {
    let stage = stage(members);
    for (changes, expected) in cases {
        check(&stage, &changes.to_string(), &stage.id_token(changes.clone()), &request(|_| {}), *expected);
    }
}

pub(crate) const ISSUER: &str = "https://idp.test/realms/x#alice-1";

#[test]
fn the_identity_is_what_the_claim_says() {
    let upn = json!({"claim": ["upn", "preferred_username"], "as": "email"});
    check_claims(
        &json!({"identity": upn}),
        &[
            (json!({"upn": "al@corp.example"}), Ok(&format!("al@corp.example | al@corp.example {ISSUER}"))),
            (
                json!({"preferred_username": "ali@corp.example", "email": null}),
                Ok(&format!("ali@corp.example | ali@corp.example {ISSUER}")),
            ),
            (
                json!({"upn": "", "preferred_username": "a@corp.example"}),
                Ok(&format!("a@corp.example | a@corp.example {ISSUER}")),
            ),
            (
                json!({"upn": "al@corp.example", "email_verified": false}),
                Ok(&format!("al@corp.example | al@corp.example {ISSUER}")),
            ),
            (json!({}), Err("401 ClaimMissing (none of the claims upn, preferred_username)")),
            (json!({"upn": "alice"}), Err("401 EmailMalformed")),
            (
                json!({"upn": 7, "preferred_username": "a@corp.example"}),
                Err("401 ClaimUnusable (the claim upn is not one text)"),
            ),
            (json!({"upn": ["a@corp.example"]}), Err("401 ClaimUnusable")),
            (json!({"upn": "a@corp.example\n"}), Err("401 ClaimUnusable")),
        ],
    );
    let host = json!({"claim": "host", "as": "dns", "issuerUri": false});
    check_claims(
        &json!({"identity": host}),
        &[
            (json!({"host": "web.corp.example"}), Ok("web.corp.example | web.corp.example")),
            (json!({"host": "*.corp.example"}), Err("401 ClaimUnusable")),
            (json!({"host": "web@corp.example"}), Err("401 ClaimUnusable")),
            (json!({"host": "10.0.0.1"}), Err("401 ClaimUnusable")),
        ],
    );
    let spiffe = json!({"claim": "sub", "as": "uri", "commonName": "{sub}", "issuerUri": false});
    check_claims(
        &json!({"identity": spiffe}),
        &[
            (json!({"sub": "spiffe://a.test/ns/web"}), Ok("spiffe://a.test/ns/web | spiffe://a.test/ns/web")),
            (json!({"sub": "spiffe://a.test/ns/../web"}), Err("401 ClaimUnusable")),
            (json!({"sub": "alice"}), Err("401 ClaimUnusable")),
        ],
    );
    let name = json!({"claim": "oid", "as": "name", "commonName": "given.name", "uri": "urn:oid:{oid}"});
    check_claims(
        &json!({"identity": name}),
        &[
            (json!({"oid": "7", "given": {"name": "Al"}}), Ok(&format!("Al | urn:oid:7 {ISSUER}"))),
            (json!({"oid": "7"}), Err("401 ClaimMissing (the claim given.name)")),
        ],
    );
    check_claims(&json!({"identity": {"issuerUri": false}}), &[(json!({}), Ok("alice-1 | alice@corp.example"))]);
}

#[test]
fn o03_an_address_that_a_rule_looks_at_is_verified() {
    let unverified = Err("401 EmailUnverified");
    let not = json!({"email_verified": false, "upn": "a@corp.example"});
    for members in [
        json!({"identity": {"claim": "email", "as": "email"}}),
        json!({"identity": {"claim": "/email", "as": "name"}}),
        json!({"identity": {"claim": "upn", "as": "email", "commonName": "email"}}),
        json!({"require": {"email": "*@corp.example"}}),
        json!({"identity": {"claim": "upn", "as": "name"}, "domains": ["corp.example"]}),
        json!({"identity": {"claim": "upn", "as": "name"}, "admins": ["root@corp.example"]}),
        json!({"identity": {"claim": "upn", "as": "name"}, "rules": [{"names": ["{email}"]}]}),
        json!({"identity": {"claim": "upn", "as": "name"}, "rules": [{"claims": {"email": "x"}, "names": ["a.test"]}]}),
    ] {
        check_claims(&members, &[(not.clone(), unverified)]);
    }
    let lenient = json!({"identity": {"claim": "email", "as": "email"}, "requireVerifiedEmail": false});
    check_claims(&lenient, &[(not, Ok(&format!("alice@corp.example | alice@corp.example {ISSUER}")))]);
}

/// Domains and administrators are about the address that names the person.
#[test]
fn o04_o05_o06_domains_and_administrators_go_by_the_identity() {
    let members = json!({
        "identity": {"claim": "upn", "as": "email", "issuerUri": false}, "domains": ["corp.example"],
        "admins": ["root@corp.example"], "adminGroups": ["ca-admins"], "groupsClaim": "realm_access.roles",
    });
    let stage = stage(&members);
    let host = naming("www", &["www.corp.example"]);
    for (changes, expected) in [
        (json!({"upn": "al@corp.example"}), Ok("al@corp.example | al@corp.example")),
        (json!({"upn": "al@CORP.example"}), Ok("al@corp.example | al@corp.example")),
        (json!({"upn": "al@evil.example"}), Err("401 Domain")),
        (json!({"upn": "al@corp.example.evil.example"}), Err("401 Domain")),
        (json!({"upn": "a@evil.example#@corp.example"}), Err("401 EmailMalformed")),
        (json!({"upn": "root@corp.example"}), Ok("www | www.corp.example")),
        (json!({"upn": "al@corp.example", "email": "root@corp.example"}), Ok("al@corp.example | al@corp.example")),
        (json!({"upn": "al@corp.example", "groups": ["ca-admins"]}), Ok("al@corp.example | al@corp.example")),
        (
            json!({"upn": "al@corp.example", "realm_access": {"roles": ["root@corp.example"]}}),
            Ok("al@corp.example | al@corp.example"),
        ),
        (json!({"upn": "al@corp.example", "realm_access": {"roles": ["ca-admins"]}}), Ok("www | www.corp.example")),
    ] {
        check(&stage, &changes.to_string(), &stage.id_token(changes.clone()), &host, expected);
    }
}

#[test]
fn what_is_required_is_there() {
    let require =
        json!({"require": {"hd": "corp.example", "realm_access.roles": ["ops", "dev-*"], "mfa": true, "level": 2}});
    let good = json!({"hd": "corp.example", "realm_access": {"roles": ["x", "dev-7"]}, "mfa": true, "level": 2});
    let with = |name: &str, value: Value| crate::stage::merged(good.clone(), json!({ name: value }));
    let denied = Err("401 Claim ");
    let unusable = Err("401 ClaimUnusable");
    let alice = format!("alice-1 | alice@corp.example {ISSUER}");
    check_claims(
        &require,
        &[
            (good.clone(), Ok(&alice)),
            (with("hd", json!(["corp.example", "x"])), Ok(&alice)),
            (with("hd", json!(null)), Err("401 Claim (the claim hd is [], required is corp.example)")),
            (with("hd", json!("CORP.example")), denied),
            (with("hd", json!("corp.example.evil.example")), denied),
            (with("hd", json!("")), denied),
            (with("hd", json!("corp.example\n")), unusable),
            (with("hd", json!({"corp.example": true})), unusable),
            (with("hd", json!([["corp.example"]])), unusable),
            (with("realm_access", json!({"roles": ["dev"]})), denied),
            (with("realm_access", json!({"roles": []})), denied),
            (with("realm_access", json!("ops")), denied),
            (with("mfa", json!(false)), denied),
            (with("mfa", json!("true")), Ok(&alice)),
            (with("level", json!(20)), denied),
        ],
    );
}

#[test]
fn o07_groups_stand_where_the_provisioner_says() {
    let keycloak = json!({"groupsClaim": "realm_access.roles", "groups": ["people"]});
    let alice = format!("alice-1 | alice@corp.example {ISSUER}");
    let roles = |roles: Value| json!({"realm_access": {"roles": roles}, "groups": {"odd": true}});
    check_claims(
        &keycloak,
        &[
            (roles(json!(["x", "people"])), Ok(&alice)),
            (roles(json!("people")), Ok(&alice)),
            (roles(json!("x people")), Err("401 Group ")),
            (roles(json!("x,people")), Err("401 Group ")),
            (roles(json!([])), Err("401 Group ")),
            (roles(json!([7])), Err("401 ClaimUnusable")),
            (roles(json!({"people": true})), Err("401 ClaimUnusable")),
            (roles(json!(null)), Err("401 GroupsMissing")),
            (json!({"groups": ["people"]}), Err("401 GroupsMissing")),
            (json!({"groups": ["people"], "hasgroups": true}), Err("401 GroupsMissing")),
        ],
    );
    let roles = json!({"groupsClaim": "roles", "rules": [{"groups": ["ops"], "names": ["a.test"]}]});
    check_claims(&roles, &[(json!({"_claim_names": {"roles": "src1"}}), Err("401 GroupsOverage"))]);
}

/// A rule that needs the groups can be a limit as well as a gift, so nobody passes it without them.
#[test]
fn o07_an_overage_refuses_where_rules_need_the_groups() {
    let overage = json!({
        "_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "http://127.0.0.1:1/users/x"}},
    });
    let hidden = json!({"hasgroups": true});
    let refused = Err("401 GroupsOverage");
    for members in [
        json!({"groups": ["ops"]}),
        json!({"rules": [{"groups": ["ops"], "names": ["a.test"]}]}),
        json!({"rules": [{"names": ["b.test"]}, {"groups": ["contractors"], "maxDuration": "1h"}]}),
        json!({"require": {"groups": "ops"}}),
        json!({"rules": [{"claims": {"groups": "contractors"}, "maxDuration": "1h"}]}),
    ] {
        check_claims(&members, &[(overage.clone(), refused), (hidden.clone(), refused)]);
    }
    let alice = format!("alice-1 | alice@corp.example {ISSUER}");
    for members in [json!({"adminGroups": ["ops"]}), json!({"adminGroups": ["ops"], "rules": [{"maxDuration": "1h"}]})]
    {
        check_claims(&members, &[(overage.clone(), Ok(&alice))]);
    }
    let listed = json!({"rules": [{"groups": ["ops"], "names": ["a.test"]}]});
    check_claims(&listed, &[(json!({"groups": ["x"], "hasgroups": true}), Ok(&alice)), (json!({}), Ok(&alice))]);
}

#[test]
fn o02_audiences_and_parties_are_those_that_are_listed() {
    let members = json!({"audiences": ["api://rung", "https://ca.test"], "authorizedParties": ["cli", "rung-second"]});
    let alice = format!("alice-1 | alice@corp.example {ISSUER}");
    check_claims(
        &members,
        &[
            (json!({}), Ok(&alice)),
            (json!({"aud": "api://rung", "azp": null}), Ok(&alice)),
            (json!({"aud": ["https://ca.test"], "azp": "cli"}), Ok(&alice)),
            (json!({"aud": "rung", "azp": "cli"}), Ok(&alice)),
            (json!({"aud": "rung", "azp": "rung-second"}), Ok(&alice)),
            (json!({"aud": ["api://rung", "rung"], "azp": null}), Ok(&alice)),
            (json!({"aud": ["api://rung", "other"], "azp": null}), Err("401 AuthorizedParty")),
            (json!({"aud": ["api://rung", "other"], "azp": "cli"}), Ok(&alice)),
            (json!({"aud": "api://rung", "azp": "evil"}), Err("401 UnknownProvisioner")),
            (json!({"aud": "other", "azp": "rung"}), Err("401 Audience")),
            (json!({"aud": "other", "azp": "cli"}), Err("401 UnknownProvisioner")),
            (json!({"aud": "rung-second", "azp": "rung"}), Err("401 Audience")),
            (json!({"aud": "api://rung/", "azp": null}), Err("401 UnknownProvisioner")),
        ],
    );
}

/// Entra ID tells no e-mail address and no client, but always the tenant.
#[test]
fn a_token_that_names_a_tenant_finds_its_client() {
    let alice = format!("alice-1 | {ISSUER}");
    let tenant = json!({"tid": "9188040d", "azp": null, "email": null});
    check_claims(&json!({}), &[(tenant, Ok(&alice))]);
}

#[test]
fn t24_svids_need_not_say_when_they_were_issued() {
    let members = json!({"requireIssuedAt": false, "identity": {"claim": "sub", "as": "uri", "issuerUri": false}});
    let svid = |changes: Value| {
        crate::stage::merged(json!({"sub": "spiffe://a.test/web", "azp": null, "nonce": null, "iat": null}), changes)
    };
    let web = Ok("spiffe://a.test/web | spiffe://a.test/web");
    check_claims(
        &members,
        &[
            (svid(json!({"nbf": crate::stage::NOW})), web),
            (svid(json!({"iat": crate::stage::NOW})), web),
            (svid(json!({})), Err("401 IssuedAtMissing")),
            (svid(json!({"nbf": crate::stage::NOW - 1001})), Err("401 IssuedBeforeStart")),
        ],
    );
    let mut stage = stage(&members);
    stage.authority.not_issued_before = None;
    check(&stage, "a short one", &stage.id_token(svid(json!({}))), &request(|_| {}), web);
}

#[test]
fn o12_the_type_jose_is_for_svids() {
    let stage = stage(&json!({}));
    for (sub, typ, expected) in [
        (
            "spiffe://a.test/web",
            "JOSE",
            Ok("spiffe://a.test/web | alice@corp.example https://idp.test/realms/x#spiffe://a.test/web"),
        ),
        ("spiffe://a.test/web", "jose", Err("401 Kind")),
        ("spiffe://a.test/web", "at+jwt", Err("401 Kind")),
        ("alice-1", "JOSE", Err("401 Kind")),
    ] {
        let token = signed("idp-key", Some(typ), &id_claims(json!({"sub": sub})), &stage.idp);
        check(&stage, &format!("{sub} {typ}"), &token, &request(|_| {}), expected);
    }
}

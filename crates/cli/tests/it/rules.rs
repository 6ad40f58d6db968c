//! Rules for identity, from the flags into `ca.json` and back out of it.

use serde_json::{Value, json};

use crate::init::with_ca;
use crate::sandbox::{Outcome, Sandbox};

const RULES: &str = r#"[{"groups": ["ops"], "names": ["*.ops.corp.test"], "maxDuration": "8h"}]"#;

/// Run `ca provisioner <words>`.
fn provisioner(sandbox: &Sandbox, words: &[&str]) -> Outcome {
    sandbox.run(&["ca", "provisioner"].iter().chain(words).copied().collect::<Vec<_>>())
}

fn add(sandbox: &Sandbox, words: &[&str]) -> Outcome {
    let first = ["add", "sso", "--type=OIDC", "--client-id=rung", "--configuration-endpoint=http://127.0.0.1:1"];
    provisioner(sandbox, &first.iter().chain(words).copied().collect::<Vec<_>>())
}

fn update(sandbox: &Sandbox, words: &[&str]) -> Outcome {
    provisioner(sandbox, &["update", "sso"].iter().chain(words).copied().collect::<Vec<_>>())
}

/// The members of the provisioner `sso` that are not those of every provisioner.
fn members(sandbox: &Sandbox) -> Value {
    let config: Value = serde_json::from_str(&sandbox.read("step/config/ca.json")).expect("JSON");
    let mut sso = config["authority"]["provisioners"][1].clone();
    for usual in ["type", "name", "clientID", "configurationEndpoint"] {
        sso.as_object_mut().expect("an object").shift_remove(usual);
    }
    sso
}

#[test]
fn every_flag_becomes_its_member_and_can_be_taken_back() {
    let sandbox = with_ca();
    sandbox.write("rules.json", RULES);
    let outcome = add(
        &sandbox,
        &[
            "--identity-claim=upn",
            "--identity-claim=preferred_username",
            "--identity-as=email",
            "--common-name={name}",
            "--identity-uri=spiffe://corp.test/{sub}",
            "--issuer-uri=false",
            "--require=hd=corp.test",
            "--require=realm_access.roles=ops",
            "--require=realm_access.roles=dev=1",
            "--groups-claim=realm_access.roles",
            "--audience=api://rung",
            "--authorized-party=cli",
            "--clock-tolerance=90s",
            "--require-issued-at=false",
            "--rules=rules.json",
        ],
    );
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let rules: Value = serde_json::from_str(RULES).expect("JSON");
    let expected = json!({
        "identity": {
            "claim": ["upn", "preferred_username"], "as": "email", "commonName": "{name}",
            "uri": "spiffe://corp.test/{sub}", "issuerUri": false,
        },
        "require": {"hd": "corp.test", "realm_access.roles": ["ops", "dev=1"]},
        "groupsClaim": "realm_access.roles", "audiences": ["api://rung"], "authorizedParties": ["cli"],
        "clockTolerance": "1m30s", "requireIssuedAt": false, "rules": rules,
    });
    assert_eq!(members(&sandbox), expected);

    let outcome = update(&sandbox, &["--identity-claim=oid", "--identity-as=name", "--require=hd=corp.example"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let found = members(&sandbox);
    assert_eq!(found["identity"]["claim"], "oid");
    assert_eq!(found["identity"]["uri"], expected["identity"]["uri"]);
    assert_eq!(found["require"]["hd"], json!(["corp.test", "corp.example"]));
    assert_eq!(found["rules"], rules);

    let outcome = update(
        &sandbox,
        &[
            "--remove-identity",
            "--remove-rules",
            "--remove-require=hd",
            "--remove-require=realm_access.roles",
            "--remove-audience=api://rung",
            "--remove-authorized-party=cli",
            "--groups-claim=groups",
            "--require-issued-at",
        ],
    );
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let left = json!({
        "groupsClaim": "groups", "audiences": [], "authorizedParties": [], "clockTolerance": "1m30s",
        "requireIssuedAt": true,
    });
    assert_eq!(members(&sandbox), left);
}

#[test]
fn what_would_let_in_too_many_or_nobody_is_refused_and_nothing_is_written() {
    let sandbox = with_ca();
    let before = sandbox.read("step/config/ca.json");
    sandbox.write("object.json", "{}");
    sandbox.write("misspelt.json", r#"[{"group": ["ops"], "maxDuration": "8h"}]"#);
    for (words, part) in [
        (&["--identity-claim=upn"][..], "flag '--identity-claim' requires the '--identity-as' flag\n"),
        (&["--identity-claim=upn", "--identity-as=mail"], "identity.as: \"mail\" is not a kind of name"),
        (&["--require="], "flag '--require' has an empty value"),
        (&["--require=hd"], "invalid value 'hd' for flag '--require'\n"),
        (&["--require=hd="], "invalid value 'hd=' for flag '--require'\n"),
        (&["--require==x"], "invalid value '=x' for flag '--require'\n"),
        (&["--groups-claim=a..b"], "groupsClaim: \"a..b\" does not name a claim"),
        (&["--clock-tolerance=10m"], "clockTolerance: clocks may differ by 0s to 5m0s"),
        (&["--clock-tolerance=x"], "invalid value \"x\" for flag -clock-tolerance: parse error\n"),
        (&["--rules="], "flag '--rules' has an empty value"),
        (&["--rules=object.json"], "object.json does not hold a list of rules in brackets\n"),
        (&["--rules=missing.json"], "missing.json"),
        (&["--rules=misspelt.json"], "rules[0]: unknown member `group`; did you mean `groups`?"),
    ] {
        add(&sandbox, words).failed(1, part);
        assert_eq!(sandbox.read("step/config/ca.json"), before, "{words:?}");
    }
    let admin = provisioner(&sandbox, &["update", "admin", "--require=hd=corp.test"]);
    admin.failed(1, "flag '--require' does not fit a provisioner of type JWK\n");
}

//! Configurations as they are found in the wild.

use std::{fs, path::Path};

use rung_spec::{Config, ConfigErrors, Problem, ProblemKind};

pub(crate) fn sample(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples").join(name);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

pub(crate) fn parse(text: &str) -> Result<Config, ConfigErrors> {
    Config::parse(text, Path::new("ca.json"))
}

/// A good configuration with this provisioner alone, which starts at 6:46.
fn with_provisioner(provisioner: &str) -> String {
    format!(
        "{{\n\"root\": \"r\",\n\"crt\": \"c\",\n\"key\": \"k\",\n\"address\": \":443\",\n\"authority\": {{\"claims\": {{}}, \"provisioners\": [{provisioner}]}}}}\n"
    )
}

#[track_caller]
fn check(text: &str, expected: &str) {
    let errors = parse(text).map(drop).map_err(|errors| errors.to_string());
    assert_eq!(errors.err().unwrap_or_default(), expected);
}

const DATABASE: &str = "db.type: databases of type \"badgerv2\" are not supported: \
    write \"db\": {\"type\": \"sqlite\", \"dataSource\": \"/etc/ca/db/rung.sqlite\"}";

/// Of a tree of step-ca only the database has to be exchanged, for what the message says.
#[test]
fn a_tree_of_step_ca_is_served_after_the_database_is_exchanged() {
    let text = sample("init.json");
    check(&text, &format!("ca.json:15:11: {DATABASE}"));
    let start = text.find("\"db\": {").unwrap();
    let end = start + text[start..].find('}').unwrap() + 1;
    let remedy = DATABASE.split_once("write ").unwrap().1;
    let config = parse(&[&text[..start], remedy, &text[end..]].concat()).unwrap();
    assert_eq!(config.db.unwrap().data_source, Path::new("/etc/ca/db/rung.sqlite"));
    assert_eq!(config.root, [Path::new("/etc/ca/certs/root_ca.crt")]);
    assert_eq!(config.key, "/etc/ca/secrets/intermediate_ca_key");
    let provisioner = &config.authority.provisioners[0];
    assert_eq!(provisioner.token_id(), format!("admin@example.com:{}", key_id(&text)));
}

fn key_id(text: &str) -> &str {
    text.split_once("\"kid\": \"").unwrap().1.split_once('"').unwrap().0
}

#[test]
fn trees_that_are_good_as_they_are() {
    for name in ["init-no-db.json", "edited.json", "rules.json"] {
        check(&sample(name), "");
    }
    let edited = parse(&sample("edited.json")).unwrap();
    let claims = edited.resolved_claims(&edited.authority.provisioners[1]);
    assert_eq!((claims.default_tls.as_secs(), claims.max_tls.as_secs()), (8 * 3600, 48 * 3600));
    assert_eq!(edited.common_name, "Example Online CA");
}

#[test]
fn what_is_not_served_yet_is_named_with_its_place() {
    check(
        &sample("init-acme.json"),
        &format!(
            "ca.json:15:11: {DATABASE}\nca.json:35:4: authority.provisioners[1]: the provisioner \"acme\" has the type ACME, which this version does not serve yet: remove it"
        ),
    );
    check(
        &sample("init-ssh.json"),
        &format!(
            "ca.json:11:9: ssh: SSH certificates are not supported by this version yet: remove the member\n\
             ca.json:19:11: {DATABASE}\n\
             ca.json:42:4: authority.provisioners[1]: the provisioner \"sshpop\" has the type SSHPOP, which this version does not serve yet: remove it\n\
             ca.json:60:15: templates: SSH configuration templates are not supported by this version yet: remove the member"
        ),
    );
    check(
        &sample("init-remote-management.json"),
        &format!(
            "ca.json:15:11: {DATABASE}\nca.json:20:18: authority.enableAdmin: the admin API is not supported by this version yet: remove the member"
        ),
    );
}

#[test]
fn every_type_of_provisioner_is_read() {
    for (file, kind, name) in [
        ("acme", "ACME", "acme"),
        ("aws", "AWS", "aws"),
        ("azure", "Azure", "azure"),
        ("gcp", "GCP", "gcp"),
        ("k8ssa", "K8sSA", "k8s"),
        ("nebula", "Nebula", "nebula"),
        ("scep", "SCEP", "scep"),
        ("sshpop", "SSHPOP", "sshpop"),
        ("x5c", "X5C", "x5c"),
    ] {
        let text = with_provisioner(&sample(&format!("provisioners/{file}.json")));
        check(
            &text,
            &format!(
                "ca.json:6:46: authority.provisioners[0]: the provisioner {name:?} has the type {kind}, which this version does not serve yet: remove it"
            ),
        );
        assert!(parse(&text).unwrap_err().problems.iter().all(is_unsupported), "{kind}");
        let misspelt = text.replacen("\"type\"", "\"nmae\": 1, \"type\"", 1);
        let errors = parse(&misspelt).unwrap_err();
        assert!(errors.to_string().contains("unknown member `nmae`; did you mean `name`?"), "{errors}");
        assert_eq!(errors.problems.iter().filter(|problem| !is_unsupported(problem)).count(), 1, "{errors}");
    }
    for (file, token_id) in [("jwk", "jwk2:aV1E2Ui2j3xukLAPG4NSckyHugQXVKhguiLZbJjTVJA"), ("oidc", "step-ca")] {
        let config = parse(&with_provisioner(&sample(&format!("provisioners/{file}.json")))).unwrap();
        assert_eq!(config.authority.provisioners[0].token_id(), token_id);
    }
}

/// What the documentation shows can be copied.
#[test]
fn provisioners_in_the_documentation_are_good() {
    for (page, at_least) in [("identity-rules.md", 1), ("workload-identity.md", 4)] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(page);
        let text = fs::read_to_string(&file).unwrap();
        let samples: Vec<&str> =
            text.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
        assert!(samples.len() >= at_least, "{page}");
        for sample in samples {
            check(&with_provisioner(sample), "");
        }
    }
}

fn is_unsupported(problem: &Problem) -> bool {
    problem.kind == ProblemKind::Unsupported
}

#[test]
fn types_within_what_is_not_served_are_checked_too() {
    let with = |members: &str| with_provisioner("").replacen("\"root\"", &format!("{members},\n\"root\""), 1);
    check(
        &with("\"ssh\": {\"hostKey\": 1, \"bastion\": {\"hostnmae\": \"h\"}}"),
        "ca.json:2:8: ssh: SSH certificates are not supported by this version yet: remove the member\n\
         ca.json:2:20: ssh.hostKey: expected a string, found a number\n\
         ca.json:2:35: ssh.bastion: unknown member `hostnmae`; did you mean `hostname`?",
    );
    check(
        &with("\"templates\": {\"ssh\": {\"user\": [{\"requires\": \"x\"}]}}"),
        "ca.json:2:14: templates: SSH configuration templates are not supported by this version yet: remove the member\n\
         ca.json:2:45: templates.ssh.user[0].requires: expected a list in brackets, found a string",
    );
    check(
        &with("\"crl\": {\"renewPeriod\": \"-1h\", \"cacheDuration\": 5}"),
        "ca.json:2:24: crl.renewPeriod: renewPeriod must not be negative\n\
         ca.json:2:48: crl.cacheDuration: expected a duration such as \"24h\", found a number",
    );
    check(
        &with("\"kms\": {\"type\": \"pkcs11\", \"uri\": \"pkcs11:x\"}"),
        "ca.json:2:17: kms.type: key stores of type \"pkcs11\" are not supported by this version yet: keep the key in a file\n\
         ca.json:2:34: kms.uri: key stores are not supported by this version yet: remove the member",
    );
    check(
        &with_provisioner("{\"type\": \"X5C\", \"name\": \"x\", \"roots\": \"/etc/root.crt\"}")
            .replace("{\"claims\"", "{\"policy\": {\"x509\": {\"deny\": {\"dns\": \"*.a\"}}}, \"claims\""),
        "ca.json:6:25: authority.policy: name policies are not supported by this version yet: remove the member\n\
         ca.json:6:51: authority.policy.x509.deny.dns: expected a list in brackets, found a string\n\
         ca.json:6:92: authority.provisioners[0]: the provisioner \"x\" has the type X5C, which this version does not serve yet: remove it\n\
         ca.json:6:130: authority.provisioners[0].roots: this is not base64: encode the PEM text with `base64 -w0`",
    );
}

/// What is off, empty or null asks for nothing.
#[test]
fn what_asks_for_nothing_is_no_problem() {
    let nothing = "\"ssh\": {\"hostKey\": \"\", \"keys\": []}, \"templates\": {}, \"monitoring\": null, \"crl\": {\"enabled\": false, \"cacheDuration\": \"24h\"}, \"kms\": {\"type\": \"softKMS\"}, \"federatedRoots\": [\"other.crt\"], \"db\": null,\n\"root\"";
    check(&with_provisioner("").replacen("\"root\"", nothing, 1), "");
    let authority = "{\"enableAdmin\": false, \"policy\": {}, \"type\": \"softcas\", \"deploymentType\": \"standalone\", \"config\": null, \"authorityId\": \"x\", \"template\": {\"country\": \"CH\"}, \"claims\"";
    check(&with_provisioner("").replacen("{\"claims\"", authority, 1), "");
}

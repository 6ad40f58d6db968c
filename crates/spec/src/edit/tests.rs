use serde_json::json;

use super::*;

const CONFIG: &str = "{\n  \"root\": \"r\",   \"crt\": \"c\",\n  \"key\": \"k\",\n  \"address\": \":443\",\n  \"authority\": {\n    \"provisioners\": [\n      {\n        \"type\": \"OIDC\",\n        \"name\": \"one\",\n        \"clientID\":   \"c1\",\n        \"configurationEndpoint\": \"https://a.test\"\n      }\n    ]\n  }\n}\n";

fn oidc(name: &str, client: &str) -> Json {
    json!({ "type": "OIDC", "name": name, "clientID": client, "configurationEndpoint": "https://b.test" })
}

fn file() -> &'static Path {
    Path::new("ca.json")
}

#[test]
fn adding_and_removing_leaves_every_other_byte() {
    let added = add_provisioner(CONFIG, file(), &oidc("two", "c2")).unwrap();
    let start = CONFIG.find("\n    ]").unwrap();
    assert!(added.starts_with(&CONFIG[..start]), "{added}");
    assert!(added.ends_with(&CONFIG[start..]), "{added}");
    assert_eq!(Config::parse(&added, file()).unwrap().authority.provisioners.len(), 2);
    assert_eq!(remove_provisioner(&added, file(), "two").unwrap(), CONFIG);
}

#[test]
fn updating_keeps_place_and_bytes_of_what_stays() {
    let mut wanted = provisioner(CONFIG, "one").unwrap();
    wanted["domains"] = json!(["a.com"]);
    let updated = update_provisioner(CONFIG, file(), "one", &wanted).unwrap();
    assert!(updated.contains("\"clientID\":   \"c1\""), "{updated}");
    assert!(updated.contains("\"domains\""), "{updated}");
    let same = update_provisioner(CONFIG, file(), "one", &provisioner(CONFIG, "one").unwrap()).unwrap();
    assert_eq!(same, CONFIG);
}

#[test]
fn lists_that_are_missing_null_or_empty_are_made() {
    for authority in [
        "",
        ", \"authority\": null",
        ", \"authority\": {}",
        ", \"authority\": {\"provisioners\": null}",
        ", \"authority\": {\"provisioners\": []}",
    ] {
        let text = format!("{{\"root\":\"r\",\"crt\":\"c\",\"key\":\"k\",\"address\":\":1\"{authority}}}");
        let added = add_provisioner(&text, file(), &oidc("two", "c2")).unwrap();
        assert_eq!(Config::parse(&added, file()).unwrap().authority.provisioners.len(), 1, "{added}");
    }
}

#[track_caller]
fn check_refused(result: Result<String, EditError>, expected: &str) {
    assert_eq!(result.unwrap_err().to_string(), expected);
}

#[test]
fn what_would_be_wrong_is_not_written() {
    check_refused(add_provisioner(CONFIG, file(), &oidc("one", "c2")), "provisioner with name one already exists");
    check_refused(remove_provisioner(CONFIG, file(), "nope"), "provisioner nope not found");
    check_refused(update_provisioner(CONFIG, file(), "nope", &oidc("nope", "c")), "provisioner nope not found");
    assert!(matches!(add_provisioner(CONFIG, file(), &oidc("two", "c1")), Err(EditError::Bad(_))));
    assert!(matches!(add_provisioner(CONFIG, file(), &json!({"type": "OIDC", "name": "x"})), Err(EditError::Bad(_))));
    let managed = CONFIG.replace("\"provisioners\"", "\"enableAdmin\": true, \"provisioners\"");
    assert!(matches!(add_provisioner(&managed, file(), &oidc("two", "c2")), Err(EditError::Managed)));
    assert!(matches!(add_provisioner("{", file(), &oidc("two", "c2")), Err(EditError::NotJson(_))));
}

#[test]
fn what_was_wrong_before_does_not_stand_in_the_way() {
    let odd = CONFIG.replace("\"root\": \"r\"", "\"root\": \"r\", \"futureMember\": 1");
    let added = add_provisioner(&odd, file(), &oidc("two", "c2")).unwrap();
    assert!(added.contains("futureMember"));
}

#[test]
fn members_at_the_top_are_changed_added_and_removed() {
    let text = "{\n  \"Root\": \"r\",\n  \"crt\":   \"c\",\n  \"key\": \"k\",\n  \"dnsNames\": [ \"a\",\"b\" ],\n  \"address\": \":1\"\n}\n";
    let retired = json!([{"crt": "c", "until": "2026-01-31T12:00:00Z"}]);
    let changes =
        [("crt", Some("d".into())), ("root", Some(json!(["s", "r"]))), ("retiredIntermediates", Some(retired))];
    let changed = change_members(text, file(), &changes).unwrap();
    let config = Config::parse(&changed, file()).unwrap();
    assert_eq!((config.root.len(), config.crt.to_str(), config.retired_intermediates.len()), (2, Some("d"), 1));
    assert!(changed.contains("  \"crt\":   \"d\",\n") && changed.contains("[ \"a\",\"b\" ]"), "{changed}");
    let undone = [("crt", Some("c".into())), ("root", Some("r".into())), ("retiredIntermediates", None)];
    assert_eq!(change_members(&changed, file(), &undone).unwrap(), text);
    assert_eq!(change_members(text, file(), &[("retiredIntermediates", None)]).unwrap(), text);
    assert!(matches!(change_members(text, file(), &[("crt", Some(7.into()))]), Err(EditError::Bad(_))));
    assert_eq!(top_member(text, "root"), Some("r".into()));
}

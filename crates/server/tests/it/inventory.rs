//! Looking through the certificates on record over HTTPS.

use serde_json::{Value, json};

use crate::revocation::{Scene, always};

/// Everything that `target` finds, and the cursor for more.
#[track_caller]
fn found(client: &crate::client::Client, target: &str) -> (Vec<Value>, Value) {
    let answer = client.get(target);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let body = answer.json();
    (body["certificates"].as_array().unwrap().clone(), body["next"].clone())
}

fn scene() -> Scene {
    Scene::changed(&always(), |config| config["inventoryReaders"] = json!(["ops@example.com", "foo.example"]))
}

#[test]
fn readers_look_through_the_certificates_page_by_page() {
    let scene = scene();
    let held: Vec<_> = (0..5).map(|_| scene.sign()).collect();
    scene.revoke(&held[3].certificate);
    let reader = scene.with(&held[0]);
    let (all, next) = found(&reader, "/certificates");
    assert_eq!((all.len(), next), (5, Value::Null));
    let serial = held[3].certificate.serial().to_string();
    let (revoked, _) = found(&reader, "/1.0/certificates?state=revoked");
    assert_eq!(revoked.len(), 1);
    for (member, expected) in [
        ("serial", serial.as_str()),
        ("name", "foo.example"),
        ("provisioner", "admin"),
        ("provisionerType", "JWK"),
        ("state", "revoked"),
        ("reason", "superseded"),
    ] {
        assert_eq!(revoked[0][member], expected);
    }
    assert_eq!(revoked[0]["pem"], held[3].certificate.to_pem());
    let key = rung_pki::hex(&rung_pki::sha256(held[2].certificate.public_key_info()));
    for (query, expected) in [
        (format!("serial={serial}"), 1),
        (format!("key={key}"), 1),
        ("name=FOO.example".to_owned(), 5),
        ("name=foo.example&state=valid".to_owned(), 4),
        ("name=foo".to_owned(), 0),
        ("provisioner=admin&expires-within=1h".to_owned(), 0),
        ("provisioner=admin&expires-within=48h".to_owned(), 5),
        ("provisioner=nobody".to_owned(), 0),
    ] {
        assert_eq!(found(&reader, &format!("/certificates?{query}")).0.len(), expected, "{query}");
    }
    let (mut seen, mut target) = (0, "/certificates?limit=2".to_owned());
    for expected in [2, 2, 1] {
        let (some, next) = found(&reader, &target);
        assert_eq!(some.len(), expected);
        (seen, target) = (seen + some.len(), format!("/certificates?limit=2&after={}", next.as_str().unwrap_or("")));
    }
    assert_eq!(seen, 5);
    scene.close();
}

#[test]
fn only_readers_see_certificates_and_refusals_go_on_record() {
    let scene = Scene::changed(&always(), |config| config["inventoryReaders"] = json!(["ops@example.com"]));
    let held = scene.sign();
    let refused = scene.with(&held).get("/certificates");
    let text = "the certificate has no name of those who may look through the certificates on record";
    assert_eq!(refused.status, 403);
    assert!(refused.message().contains(text), "{refused:?}");
    let nobody = scene.client.get("/certificates");
    assert_eq!(nobody.status, 401);
    assert!(nobody.message().contains("missing client certificate"), "{nobody:?}");
    scene.close();
}

#[test]
fn a_reader_whose_certificate_is_revoked_sees_nothing_more_on_an_open_connection() {
    let scene = scene();
    let held = scene.sign();
    let mut session = scene.with(&held).session().unwrap();
    assert_eq!(session.ask("GET", "/certificates", "", "").status, 200);
    scene.revoke(&held.certificate);
    let answer = session.ask("GET", "/certificates", "", "");
    assert_eq!(answer.status, 401);
    assert!(answer.message().contains("the certificate is revoked"), "{answer:?}");
    scene.close();
}

#[test]
fn filters_that_are_none_are_refused_by_name() {
    let scene = scene();
    let reader = scene.with(&scene.sign());
    for (query, expected) in [
        ("nam=a", "invalid value 'a' for 'nam': there is no such filter"),
        ("limit=1001", "invalid value '1001' for 'limit': it is not a number from 1 to 1000"),
        ("state=dead", "invalid value 'dead' for 'state': options are expired, revoked, valid"),
        ("after=%00", "a cursor is what the last page ended with"),
        ("key=zz", "it is not SHA-256 as 64 hexadecimal digits"),
        ("serial=-1", "invalid value '-1' for 'serial'"),
        ("ends-after=soon", "invalid value 'soon' for 'ends-after'"),
    ] {
        let answer = reader.get(&format!("/certificates?{query}"));
        assert_eq!(answer.status, 400, "{query}");
        assert!(answer.message().contains(expected), "{query}: {answer:?}");
    }
    scene.close();
}

#[test]
fn readers_need_a_database_and_are_names() {
    for (config, expected) in [
        (json!({"db": null}), "certificates are looked through in a database"),
        (json!({"inventoryReaders": [""]}), "a reader is an e-mail address, DNS name or URI"),
        (json!({"inventoryReaders": "ops"}), "inventoryReaders"),
    ] {
        let stage = crate::stage::Stage::new();
        let mut whole = stage.config();
        whole["inventoryReaders"] = json!(["ops@example.com"]);
        for (name, value) in config.as_object().unwrap() {
            whole[name] = value.clone();
        }
        stage.configure(&whole);
        let ended = crate::server::Server::spawn(&mut stage.command()).wait();
        assert!(!ended.status.success() && ended.stderr.contains(expected), "{}", ended.stderr);
    }
}

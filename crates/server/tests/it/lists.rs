//! Lists of revoked certificates in shards, and lists of what came after others; OpenSSL judges.

use std::{process::Command, thread, time::Duration};

use rung_pki::{Certificate, Crl, extension::GeneralName};
use rung_server::stopwatch::Stopwatch;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::{
    revocation::{Scene, always},
    rotation::{list_at, list_of, openssl},
};

/// Wherever revocations are told, by the configuration.
const BASE: &str = "http://pki.example";

fn sharded(shards: u32) -> Value {
    json!({"enabled": true, "generateOnRevoke": true, "shards": shards})
}

fn number(crl: &Crl) -> u64 {
    crl.number().unwrap().iter().fold(0, |number, octet| number << 8 | u64::from(*octet))
}

fn places(crl: &Crl) -> Vec<String> {
    let name = |name: &GeneralName| match name {
        GeneralName::Uri(address) => address.clone(),
        other => panic!("{other:?}"),
    };
    crl.distribution_point().map(|point| point.full_name.iter().map(name).collect()).unwrap_or_default()
}

/// The list at a path as soon as it is as it shall be; it is made beside the requests, a moment later.
fn list_when(scene: &Scene, path: &str, is_right: impl Fn(&Crl) -> bool) -> Crl {
    loop {
        let crl = list_at(scene, path);
        if is_right(&crl) {
            return crl;
        }
        thread::yield_now();
    }
}

/// What OpenSSL says about a certificate that is checked with these lists.
fn verify(scene: &Scene, leaf: &Certificate, lists: &[&Crl], more: &[&str]) -> (bool, String) {
    let stage = &scene.stage;
    stage.write("leaf.crt", &leaf.to_pem());
    stage.write("chain.pem", &format!("{}{}", stage.root.to_pem(), stage.intermediate.to_pem()));
    stage.write("lists.pem", &lists.iter().map(|list| list.to_pem()).collect::<String>());
    let arguments = ["verify", "-crl_check", "-extended_crl", "-CAfile", "chain.pem", "-CRLfile", "lists.pem"];
    openssl(scene, &[&arguments[..], more, &["leaf.crt"]].concat())
}

#[track_caller]
fn check(scene: &Scene, leaf: &Certificate, lists: &[&Crl], more: &[&str], expected: &str) {
    let (good, said) = verify(scene, leaf, lists, more);
    assert!(good == (expected == "OK") && said.contains(expected), "expected {expected}: {said}");
}

/// So many certificates that each of four shards has one.
fn in_each_of_four(scene: &Scene) -> Vec<Certificate> {
    let mut found: [Option<Certificate>; 4] = [const { None }; 4];
    while found.iter().any(Option::is_none) {
        let leaf = scene.sign().certificate;
        let last = leaf.serial().as_bytes().last().copied().unwrap();
        found[usize::from(last % 4)] = Some(leaf);
    }
    found.into_iter().flatten().collect()
}

fn reconfigure(scene: &mut Scene, change: impl FnOnce(&mut Value)) {
    let mut config: Value = serde_json::from_slice(&std::fs::read(scene.stage.path("ca.json")).unwrap()).unwrap();
    change(&mut config);
    scene.stage.configure(&config);
    scene.server.reload("The configuration was reloaded");
}

#[test]
fn a_certificate_names_its_shard_and_that_shard_alone_speaks_about_it() {
    let scene = Scene::new(&sharded(4));
    let leaves = in_each_of_four(&scene);
    let issuer = list_of(&scene, &leaves[0]).rsplit_once('/').unwrap().0.to_owned();
    for (shard, leaf) in leaves.iter().enumerate() {
        let path = list_of(&scene, leaf);
        assert_eq!(path, format!("{issuer}/{shard}-of-4"));
        let list = list_at(&scene, &path);
        assert_eq!(places(&list), [format!("{BASE}{path}")], "the very address that certificates have");
        check(&scene, leaf, &[&list], &[], "OK");
        scene.stage.write("list.pem", &list.to_pem());
        let text = openssl(&scene, &["crl", "-in", "list.pem", "-noout", "-text"]).1;
        assert!(text.contains("X509v3 Issuing Distribution Point: critical"), "{text}");
    }
    let paths: Vec<String> = leaves.iter().map(|leaf| list_of(&scene, leaf)).collect();
    let before: Vec<Crl> = paths.iter().map(|path| list_at(&scene, path)).collect();
    let complete = number(&list_at(&scene, &issuer));
    scene.revoke(&leaves[2]);
    let grown = list_when(&scene, &paths[2], |list| !list.is_empty());
    assert!(number(&grown) > number(&before[2]));
    check(&scene, &leaves[2], &[&grown], &[], "certificate revoked");
    // The others are as they were, to the octet.
    for other in [0, 1, 3] {
        assert_eq!(list_at(&scene, &paths[other]), before[other]);
    }
    // A shard says nothing about those of others, whether or not they are revoked.
    check(&scene, &leaves[2], &[&before[0], &before[1], &before[3]], &[], "different CRL scope");
    check(&scene, &leaves[0], &[&grown], &[], "different CRL scope");
    // The complete list speaks about everybody.
    let list = list_when(&scene, &issuer, |list| number(list) > complete);
    assert_eq!((list.len(), places(&list)), (1, vec![]));
    check(&scene, &leaves[2], &[&list], &[], "certificate revoked");
    check(&scene, &leaves[0], &[&list], &[], "OK");
    assert_eq!(list_at(&scene, "/crl"), list);
}

#[test]
fn shards_are_kept_by_caches_and_told_over_plain_http() {
    let scene = Scene::new(&sharded(2));
    let path = list_of(&scene, &scene.sign().certificate);
    let answer = scene.client.get(&format!("{path}?pem"));
    let tag = answer.header("etag").unwrap().to_owned();
    for header in ["last-modified", "expires"] {
        assert!(answer.header(header).unwrap().ends_with(" GMT"), "{answer:?}");
    }
    let known = scene.client.send("GET", &format!("{path}?pem"), &format!("If-None-Match: {tag}\r\n"), "");
    assert_eq!((known.status, known.body.as_str()), (304, ""));
    let output = Command::new("curl").args(["--silent", &format!("{}{path}", scene.plain)]).output().unwrap();
    assert_eq!(Crl::from_der(output.stdout).unwrap(), list_at(&scene, &path));
    let issuer = path.rsplit_once('/').unwrap().0;
    for other in ["2-of-2", "0-of-4", "0-of-1", "00-of-2", "0-of-02", "-1-of-2", "x", "0-of-2/x", "delta"] {
        assert_eq!(scene.client.get(&format!("{issuer}/{other}")).status, 404, "{other}");
    }
    assert_eq!(scene.client.get(&format!("/crl/{}/0-of-2", "0".repeat(32))).status, 404);
}

#[test]
fn addresses_of_shards_outlive_their_configuration() {
    let mut scene = Scene::new(&sharded(4));
    let old = in_each_of_four(&scene);
    let old_paths: Vec<String> = old.iter().map(|leaf| list_of(&scene, leaf)).collect();
    let mut numbers = vec![number(&list_at(&scene, &old_paths[1]))];
    reconfigure(&mut scene, |config| config["crl"]["shards"] = 16.into());
    let new = scene.sign().certificate;
    let new_path = list_of(&scene, &new);
    assert!(new_path.ends_with("-of-16"), "{new_path}");
    for leaf in [&old[1], &new] {
        scene.revoke(leaf);
    }
    let list = list_when(&scene, &old_paths[1], |list| list.find(old[1].serial()).is_some());
    numbers.push(number(&list));
    check(&scene, &old[1], &[&list], &[], "certificate revoked");
    check(&scene, &old[1], &[&list_at(&scene, &new_path)], &[], "different CRL scope");
    let list = list_when(&scene, &new_path, |list| list.find(new.serial()).is_some());
    check(&scene, &new, &[&list], &[], "certificate revoked");
    // Somewhere else, and in no shards any more; and after a start with nothing but the database.
    reconfigure(&mut scene, |config| config["revocationURL"] = "http://other.example".into());
    reconfigure(&mut scene, |config| config["crl"] = always());
    let latest = scene.sign().certificate;
    for signal in [None, Some(Signal::TERM), Some(Signal::KILL)] {
        signal.into_iter().for_each(|signal| scene.restart(signal));
        let last = *numbers.last().unwrap();
        let list = list_when(&scene, &old_paths[1], |list| number(list) > last);
        numbers.push(number(&list));
        check(&scene, &old[1], &[&list], &[], "certificate revoked");
        for (leaf, path) in old.iter().zip(&old_paths).filter(|(leaf, _)| **leaf != old[1]) {
            check(&scene, leaf, &[&list_at(&scene, path)], &[], "OK");
        }
        check(&scene, &new, &[&list_at(&scene, &new_path)], &[], "certificate revoked");
        check(&scene, &new, &[&list_at(&scene, "/crl")], &[], "certificate revoked");
        check(&scene, &latest, &[&list_at(&scene, "/crl")], &[], "OK");
        // It was divided into sixteen at both places, into four only at the first.
        assert_eq!(places(&list), [format!("{BASE}{}", old_paths[1])]);
        assert_eq!(places(&list_at(&scene, &new_path)).len(), 2);
    }
    assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
}

#[test]
fn what_came_after_a_list_is_told_in_a_short_one() {
    let deltas = json!({"enabled": true, "generateOnRevoke": true, "deltaPeriod": "1m"});
    let mut scene = Scene::new(&deltas);
    let leaves: Vec<Certificate> = (0..3).map(|_| scene.sign().certificate).collect();
    let path = list_of(&scene, &leaves[0]);
    let delta_path = format!("{path}/delta");
    let base = list_at(&scene, &path);
    scene.stage.write("list.pem", &base.to_pem());
    let text = openssl(&scene, &["crl", "-in", "list.pem", "-noout", "-text"]).1;
    assert!(text.contains("X509v3 Freshest CRL") && text.contains(&format!("URI:{BASE}{delta_path}")), "{text}");
    let mut last = list_at(&scene, &delta_path);
    for (count, leaf) in leaves[..2].iter().enumerate() {
        scene.revoke(leaf);
        let delta = list_when(&scene, &delta_path, |list| list.len() == count + 1);
        assert_eq!(delta.base_number(), base.number(), "whoever has the first list can go on from it");
        assert!(number(&delta) > number(&last));
        last = delta;
    }
    let complete = list_at(&scene, &path);
    // RFC 5280 §5.2.4: made at the same time, they have the same number and say the same.
    assert_eq!((complete.number(), complete.len()), (last.number(), 2));
    let lasts = last.next_update().unwrap().duration_since(last.this_update()).unwrap();
    assert_eq!(lasts, Duration::from_secs(90));
    for (lists, more, expected) in [
        (&[&base][..], &[][..], ["OK", "OK", "OK"]),
        (&[&base, &last], &["-use_deltas"], ["certificate revoked", "certificate revoked", "OK"]),
        (&[&complete], &[], ["certificate revoked", "certificate revoked", "OK"]),
        // What came after a list is no list.
        (&[&last], &[], ["unable to get certificate CRL"; 3]),
    ] {
        for (leaf, expected) in leaves.iter().zip(expected) {
            check(&scene, leaf, lists, more, expected);
        }
    }
    // A start goes on from a list of its own, since it does not know which others are out there.
    scene.restart(Signal::KILL);
    let (complete, delta) = (list_at(&scene, &path), list_at(&scene, &delta_path));
    assert_eq!((delta.base_number(), delta.len()), (complete.number(), 0));
    assert!(number(&delta) > number(&last));
    scene.revoke(&leaves[2]);
    let delta = list_when(&scene, &delta_path, |list| list.len() == 1);
    check(&scene, &leaves[2], &[&complete, &delta], &["-use_deltas"], "certificate revoked");
    check(&scene, &leaves[1], &[&complete, &delta], &["-use_deltas"], "certificate revoked");
    reconfigure(&mut scene, |config| config["crl"] = always());
    while scene.client.get(&delta_path).status != 404 {
        thread::yield_now();
    }
}

#[test]
fn a_short_list_comes_in_its_own_time() {
    if std::env::var_os("SLOW_TESTS").is_none() {
        return;
    }
    let scene = Scene::new(&json!({"enabled": true, "deltaPeriod": "1m", "shards": 2}));
    let leaf = scene.sign().certificate;
    let shard = list_of(&scene, &leaf);
    let path = shard.rsplit_once('/').unwrap().0;
    let base = list_at(&scene, path);
    scene.revoke(&leaf);
    let start = Stopwatch::start();
    let delta = loop {
        let delta = list_at(&scene, &format!("{path}/delta"));
        if !delta.is_empty() {
            break delta;
        }
        assert!(start.elapsed() < Duration::from_secs(120), "it does not come");
        thread::sleep(Duration::from_millis(200));
    };
    check(&scene, &leaf, &[&base, &delta], &["-use_deltas"], "certificate revoked");
    assert_eq!(list_at(&scene, path), base, "the complete one has its own time");
    assert!(list_at(&scene, &shard).is_empty(), "and so have shards");
}

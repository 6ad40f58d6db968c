//! Another intermediate issues, and the one before is still somebody; OpenSSL judges.

use std::{
    process::Command,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, SystemTime},
};

use rung_pki::{Certificate, Crl, PrivateKey, keyfile};
use rustix::process::Signal;
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    client::Client,
    revocation::{Held, Scene, always, certificate},
    stage::{DAYS_365, ca, ec, request},
};

const GOOD: &str = "The configuration was reloaded";

/// An RFC 3339 time that many seconds from now.
fn later(seconds: u64) -> String {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(crate::stage::present() + seconds);
    OffsetDateTime::from(time).format(&Rfc3339).unwrap()
}

/// The configuration of a scene, with another intermediate that issues.
fn rotated(scene: &Scene, until: &str) -> (Value, Certificate, PrivateKey) {
    let key = ec();
    let next = ca("Second Intermediate CA", &key, Some((&scene.stage.root, &scene.stage.root_key)), DAYS_365);
    scene.stage.write("second.crt", &next.to_pem());
    scene.stage.write("second.key", &keyfile::to_pem(&key));
    let mut config: Value = serde_json::from_slice(&std::fs::read(scene.stage.path("ca.json")).unwrap()).unwrap();
    config["crt"] = scene.stage.path("second.crt").to_str().unwrap().into();
    config["key"] = scene.stage.path("second.key").to_str().unwrap().into();
    config["retiredIntermediates"] =
        json!([{"crt": scene.stage.path("int.crt"), "key": scene.stage.path("int.key"), "until": until}]);
    (config, next, key)
}

/// The path of the list that a certificate names.
pub(crate) fn list_of(scene: &Scene, leaf: &Certificate) -> String {
    scene.stage.write("leaf.crt", &leaf.to_pem());
    let text = openssl(scene, &["x509", "-in", "leaf.crt", "-noout", "-ext", "crlDistributionPoints"]).1;
    let address = text.lines().find_map(|line| line.trim().strip_prefix("URI:http://pki.example")).unwrap();
    address.to_owned()
}

pub(crate) fn openssl(scene: &Scene, arguments: &[&str]) -> (bool, String) {
    let output = Command::new("openssl").current_dir(scene.stage.path("")).args(arguments).output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

pub(crate) fn list_at(scene: &Scene, path: &str) -> Crl {
    let answer = scene.client.get(&format!("{path}?pem"));
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    Crl::from_pem_or_der(answer.body.as_bytes()).unwrap()
}

/// The list at that path, once that many are on it.
fn grown_list(scene: &Scene, path: &str, count: usize) -> Crl {
    loop {
        let list = list_at(scene, path);
        assert!(list.len() <= count, "{path}");
        if list.len() == count {
            return list;
        }
        thread::yield_now();
    }
}

/// What OpenSSL says about a certificate with the list that the certificate names.
fn judge(scene: &Scene, leaf: &Certificate, issuer: &Certificate) -> Result<(), String> {
    let list = list_at(scene, &list_of(scene, leaf));
    scene.stage.write("crl.pem", &list.to_pem());
    scene.stage.write("issuer.crt", &issuer.to_pem());
    let arguments = ["verify", "-crl_check", "-CAfile", "root.crt", "-untrusted", "issuer.crt", "-CRLfile", "crl.pem"];
    let (good, said) = openssl(scene, &[&arguments[..], &["leaf.crt"]].concat());
    if good { Ok(()) } else { Err(said) }
}

/// What OpenSSL is told about a certificate over OCSP.
fn ask(scene: &Scene, leaf: &Certificate, issuer: &Certificate) -> String {
    scene.stage.write("leaf.crt", &leaf.to_pem());
    scene.stage.write("issuer.crt", &issuer.to_pem());
    let url = format!("{}/ocsp", scene.plain);
    let question = ["ocsp", "-issuer", "issuer.crt", "-cert", "leaf.crt", "-url", &url];
    openssl(scene, &[&question[..], &["-CAfile", "root.crt", "-verify_other", "issuer.crt"]].concat()).1
}

fn number(list: &Crl) -> u64 {
    list.number().unwrap().iter().fold(0, |number, octet| number << 8 | u64::from(*octet))
}

/// Connect anew and ask until told to stop; says how often that worked.
fn load(client: &Client, stop: &AtomicBool, served: &AtomicUsize) -> Result<(), String> {
    let request = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    while !stop.load(Ordering::SeqCst) {
        let answer = client.exchange(request).map_err(|error| error.to_string())?;
        if !answer.starts_with("HTTP/1.1 200") {
            return Err(answer);
        }
        served.fetch_add(1, Ordering::SeqCst);
    }
    Ok(())
}

#[test]
fn another_intermediate_issues_and_the_old_one_is_still_served() {
    let mut scene = Scene::new(&always());
    let [renewed, ended, fine]: [Held; 3] = std::array::from_fn(|_| scene.sign());
    let old = scene.stage.intermediate.clone();
    let (config, next, _) = rotated(&scene, &later(86_400));
    scene.stage.configure(&config);

    // Clients with and without certificates come all the time while it happens.
    let clients = [scene.client.clone(), scene.with(&fine), scene.client.clone(), scene.with(&renewed)];
    let (stop, served) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|threads| {
        let running: Vec<_> = clients.iter().map(|client| threads.spawn(|| load(client, &stop, &served))).collect();
        let wait = |more: usize| {
            let goal = served.load(Ordering::SeqCst) + more;
            while served.load(Ordering::SeqCst) < goal && !running.iter().any(thread::ScopedJoinHandle::is_finished) {
                thread::yield_now();
            }
        };
        wait(50);
        for _ in 0..3 {
            scene.server.reload(GOOD);
            wait(50);
        }
        stop.store(true, Ordering::SeqCst);
        for thread in running {
            assert_eq!(thread.join().unwrap(), Ok(()), "a handshake failed after {}", served.load(Ordering::SeqCst));
        }
    });

    // Both are known, and the new one issues.
    let listed = scene.client.get("/intermediates.pem").body;
    assert_eq!(listed, format!("{}{}", next.to_pem(), old.to_pem()));
    assert_eq!(scene.client.get("/intermediates").json()["crts"].as_array().unwrap().len(), 2);
    let fresh = scene.sign();
    assert_eq!(fresh.certificate.issuer(), next.subject());
    let answer = scene.with(&renewed).post("/renew", "");
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(answer.json()["certChain"].as_array().unwrap().len(), 2, "the chain of the new one alone");
    let successor = certificate(&answer);
    assert_eq!(successor.issuer(), next.subject());
    assert_ne!(list_of(&scene, &ended.certificate), list_of(&scene, &fresh.certificate));

    // Each list has its own.
    scene.revoke(&ended.certificate);
    scene.revoke(&successor);
    for (issuer, revoked, good) in
        [(&old, &ended.certificate, &fine.certificate), (&next, &successor, &fresh.certificate)]
    {
        let list = grown_list(&scene, &list_of(&scene, revoked), 1);
        assert_eq!(list.issuer(), issuer.subject());
        assert_eq!(list.is_signed_by(issuer.public_key().unwrap()), Ok(()));
        assert!(list.find(revoked.serial()).is_some());
        assert_eq!(judge(&scene, good, issuer), Ok(()));
        let said = judge(&scene, revoked, issuer).unwrap_err();
        assert!(said.contains("certificate revoked"), "{said}");
        let said = ask(&scene, good, issuer);
        assert!(said.contains("Response verify OK") && said.contains("leaf.crt: good"), "{said}");
        let said = ask(&scene, revoked, issuer);
        assert!(said.contains("Response verify OK") && said.contains("leaf.crt: revoked"), "{said}");
    }
    let said = ask(&scene, &ended.certificate, &next);
    assert!(said.contains("unauthorized"), "nobody has that name with that key: {said}");
    assert_eq!(
        list_at(&scene, "/crl").issuer(),
        next.subject(),
        "without a name it is the list of the one that issues"
    );
    assert_eq!(scene.client.get("/crl/00").status, 404);

    // Their numbers grow, each for itself.
    let paths = [list_of(&scene, &ended.certificate), list_of(&scene, &fresh.certificate)];
    let before = paths.each_ref().map(|path| number(&list_at(&scene, path)));
    scene.restart(Signal::KILL);
    for (path, before) in paths.iter().zip(before) {
        let list = list_at(&scene, path);
        assert_eq!(list.len(), 1);
        assert!(number(&list) > before, "r02: {path}");
    }
}

#[test]
fn the_old_intermediate_leaves_when_its_time_is_over() {
    let mut scene = Scene::new(&always());
    let held = scene.sign();
    let (mut config, next, _) = rotated(&scene, &later(4));
    scene.stage.configure(&config);
    scene.server.reload(GOOD);
    let list = list_of(&scene, &held.certificate);
    assert_eq!(scene.with(&held).post("/renew", "").status, 201);
    scene.server.wait_for("leaves, since its time is over");
    scene.server.wait_for(GOOD);
    assert_eq!(scene.client.get("/intermediates.pem").body, next.to_pem());
    assert_eq!(scene.with(&held).post("/renew", "").status, 401);
    while scene.client.get(&list).status != 404 {
        thread::yield_now();
    }
    let said = ask(&scene, &held.certificate, &scene.stage.intermediate);
    assert!(said.contains("unauthorized"), "{said}");
    // Nor does it come back, and a start without it says so.
    config["retiredIntermediates"][0]["until"] = later(0).into();
    scene.stage.configure(&config);
    let said = scene.server.reload(GOOD);
    assert!(said.contains("int.crt has left, since its time is over"), "{said}");
}

#[test]
fn a_second_certificate_for_the_same_key_is_the_same_issuer() {
    let mut scene = Scene::new(&always());
    let held = scene.sign();
    let (stage, name) = (&scene.stage, "Test Intermediate CA");
    let again = ca(name, &stage.key, Some((&stage.root, &stage.root_key)), DAYS_365 * 2);
    stage.write("again.crt", &again.to_pem());
    let mut config: Value = serde_json::from_slice(&std::fs::read(stage.path("ca.json")).unwrap()).unwrap();
    config["crt"] = stage.path("again.crt").to_str().unwrap().into();
    config["retiredIntermediates"] = json!([{"crt": stage.path("int.crt"), "until": later(86_400)}]);
    stage.configure(&config);
    scene.server.reload(GOOD);
    assert_eq!(list_of(&scene, &held.certificate), list_of(&scene, &scene.sign().certificate));
    scene.revoke(&held.certificate);
    let list = list_of(&scene, &held.certificate);
    grown_list(&scene, &list, 1);
    for issuer in [&again, &scene.stage.intermediate] {
        let said = judge(&scene, &held.certificate, issuer).unwrap_err();
        assert!(said.contains("certificate revoked"), "{said}");
        let said = ask(&scene, &held.certificate, issuer);
        assert!(said.contains("Response verify OK") && said.contains("leaf.crt: revoked"), "{said}");
    }
    // Another key needs to be named.
    let other = ca("Other", &ec(), Some((&scene.stage.root, &scene.stage.root_key)), DAYS_365);
    scene.stage.write("other.crt", &other.to_pem());
    config["retiredIntermediates"][0]["crt"] = scene.stage.path("other.crt").to_str().unwrap().into();
    scene.stage.configure(&config);
    let said = scene.server.reload("Continuing to serve with the configuration from before.");
    assert!(said.contains("retiredIntermediates") && said.contains("the key does not belong"), "{said}");
    let answer =
        scene.client.post("/sign", &json!({"csr": request(&[]), "ott": scene.stage.token(&json!({}))}).to_string());
    assert_eq!(answer.status, 201);
}

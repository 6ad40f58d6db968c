//! What other people's programs make of our OCSP answers and lists.

use std::fs;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime};
use rustls::server::WebPkiClientVerifier;

use crate::harness::{Background, Ca, Finished, eventually, free_port, own_file, setting};

/// An authority whose certificates say where revocations are told.
fn authority() -> (Ca, Background) {
    let ca = Ca::init();
    let port = free_port();
    let text = ca.place.read("step/config/ca.json");
    let mut config: serde_json::Value = serde_json::from_str(&text).expect("the configuration is JSON");
    config["crl"] = serde_json::json!({"enabled": true, "generateOnRevoke": true});
    config["insecureAddress"] = format!("127.0.0.1:{port}").into();
    config["revocationURL"] = format!("http://127.0.0.1:{port}").into();
    ca.place.write("step/config/ca.json", &config.to_string());
    let server = ca.serve();
    (ca, server)
}

/// The files that a verifier wants: root, intermediate, certificate.
fn files(ca: &Ca, name: &str) -> [String; 3] {
    [ca.root(), ca.place.text_path("step/certs/intermediate_ca.crt"), ca.place.text_path(&format!("{name}.crt"))]
}

#[track_caller]
fn in_go(ca: &Ca, name: &str) -> String {
    let verify = setting("RUNG_TOOLS").join("bin/verify-in-go");
    let mut command = ca.place.command(verify);
    command.args(files(ca, name));
    Finished::run(&command).success().stdout
}

/// What Java says; nothing where there is none.
#[track_caller]
fn in_java(ca: &Ca, name: &str, how: &str) -> Option<String> {
    if std::process::Command::new("javac").arg("-version").output().is_err() {
        eprintln!("skipped: there is no Java here, whose answer would be looked at, too");
        return None;
    }
    let mut command = ca.place.command("java");
    command.arg(own_file("java/Verify.java")).args(files(ca, name)).arg(how);
    Some(Finished::run(&command).success().stdout.trim().to_owned())
}

/// What rustls says of a client with the certificate, by the list that is told now.
#[track_caller]
fn in_rustls(ca: &Ca, name: &str) -> Result<(), String> {
    let [root, _, leaf] = files(ca, name);
    let list = ca.place.read("step/config/ca.json");
    let list: serde_json::Value = serde_json::from_str(&list).expect("the configuration is JSON");
    let address = format!("http://{}/crl", list["insecureAddress"].as_str().expect("a text"));
    ca.place.run("curl", &["-sS", "--fail", "-o", "told.crl", &address]).success();
    let list = fs::read(ca.place.path("told.crl")).expect("it was fetched");
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(root).expect("the root is there")).expect("it can be trusted");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
        .with_crls([CertificateRevocationListDer::from(list)])
        .only_check_end_entity_revocation()
        .build()
        .expect("the list can be read");
    let chain = CertificateDer::pem_file_iter(leaf).expect("the certificate is there");
    let chain = chain.collect::<Result<Vec<_>, _>>().expect("it is a chain");
    let verified = verifier.verify_client_cert(&chain[0], &chain[1..], UnixTime::now());
    verified.map(|_| ()).map_err(|error| error.to_string())
}

/// What curl is served when it wants a stapled answer, or why nginx does not staple the one that it has.
#[track_caller]
fn stapled(ca: &Ca, name: &str) -> String {
    let (port, folder) = (free_port(), ca.place.text_path(&format!("nginx-{name}")));
    fs::create_dir(&folder).expect("there is no other nginx here");
    let [root, intermediate, _] = files(ca, name);
    let read = |file: String| fs::read_to_string(file).expect("it is there");
    let chain = ca.place.write("chain.pem", &[root, intermediate].map(read).concat());
    let template = fs::read_to_string(own_file("nginx/stapling.conf")).expect("the template is there");
    let (port_text, own) = (port.to_string(), ca.place.text_path(name));
    let chain = chain.display().to_string();
    let values = [("FOLDER", folder.as_str()), ("PORT", &port_text), ("NAME", &own), ("CHAIN", &chain)];
    let config = values.iter().fold(template, |text, (name, value)| text.replace(&format!("@{name}@"), value));
    let config = ca.place.write(&format!("nginx-{name}/nginx.conf"), &config);
    let mut nginx = ca.place.command("nginx");
    nginx.arg("-p").arg(&folder).arg("-e").arg("stderr").arg("-c").arg(config);
    let server = Background::start(&nginx);
    server.wait_for_text("start worker process", 1);
    // nginx asks when the first client comes, and staples for those after it; but nothing that says "revoked".
    let said = eventually("a stapled answer", || {
        let url = format!("https://localhost:{port}/");
        let asked = ca.place.run("curl", &["-sS", "--cert-status", "--cacert", &ca.root(), &url]);
        let refused = server.stderr().lines().find(|line| line.contains("in the OCSP response")).map(str::to_owned);
        refused.or_else(|| (!asked.stdout.is_empty()).then_some(asked.stdout))
    });
    server.finish_with_term();
    said
}

#[test]
fn go_java_rustls_openssl_and_curl_agree_on_what_is_revoked() {
    let (ca, _server) = authority();
    for name in ["good", "bad"] {
        ca.certificate("localhost", name, &[]).success();
    }
    assert_eq!(in_go(&ca, "bad"), "ocsp good\ncrl good\n");
    assert_eq!(stapled(&ca, "good"), "Hello!\n");
    let revoke = ["ca", "revoke", "--cert", "bad.crt", "--key", "bad.key", "--reasonCode", "keyCompromise"];
    ca.place.rung(&revoke).success();
    // OCSP knows at once; the list is made a moment later.
    assert!(in_go(&ca, "bad").starts_with("ocsp revoked 1\n"));
    eventually("a list with the certificate", || in_go(&ca, "bad").ends_with("\ncrl revoked 1\n").then_some(()));
    assert_eq!(in_go(&ca, "good"), "ocsp good\ncrl good\n");
    let revoked = "revoked KEY_COMPROMISE";
    for (name, how, expected) in [("good", "ocsp", "good"), ("bad", "ocsp", revoked), ("bad", "crl", revoked)] {
        assert!(in_java(&ca, name, how).is_none_or(|said| said == expected), "{name} by {how}");
    }
    let said = stapled(&ca, "bad");
    assert!(said.contains("certificate status \"revoked\""), "{said}");
    assert_eq!(in_rustls(&ca, "good"), Ok(()));
    let refused = in_rustls(&ca, "bad").expect_err("it is revoked");
    assert!(refused.contains("Revoked"), "{refused}");
    // OpenSSL, with the list that the certificate names.
    let [root, intermediate, bad] = files(&ca, "bad");
    let arguments = ["verify", "-crl_check", "-crl_download", "-CAfile", &root, "-untrusted", &intermediate];
    let good = files(&ca, "good")[2].clone();
    ca.place.run("openssl", &[&arguments[..], &[&good]].concat()).success();
    let refused = ca.place.run("openssl", &[&arguments[..], &[&bad]].concat());
    assert!(refused.stderr.contains("certificate revoked"), "{refused:?}");
}

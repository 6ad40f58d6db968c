//! What other people's programs make of our OCSP answers and lists.

use std::fs;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime};
use rustls::server::WebPkiClientVerifier;

use crate::harness::{Background, Ca, Finished, eventually, free_port, own_file, setting};

/// An authority whose certificates say where revocations are told.
pub(crate) fn authority() -> (Ca, Background) {
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
    // What came with the certificate: another one may issue since.
    let chain = ca.place.read(&format!("{name}.crt"));
    let (_, issuer) = chain.split_once("-----END CERTIFICATE-----\n").expect("it is a chain");
    let issuer = ca.place.write(&format!("{name}-issuer.pem"), issuer);
    [ca.root(), issuer.display().to_string(), ca.place.text_path(&format!("{name}.crt"))]
}

#[track_caller]
fn in_go(ca: &Ca, name: &str) -> String {
    let verify = setting("RUNG_TOOLS").join("bin/verify-in-go");
    let mut command = ca.place.command(verify);
    command.args(files(ca, name));
    Finished::run(&command).success().stdout
}

/// What Java says.
#[track_caller]
fn in_java(ca: &Ca, name: &str, how: &str) -> String {
    let mut command = ca.place.command("java");
    command.arg(own_file("java/Verify.java")).args(files(ca, name)).arg(how);
    Finished::run(&command).success().stdout.trim().to_owned()
}

/// What rustls says of a client with the certificate, by the list that the certificate names.
#[track_caller]
fn in_rustls(ca: &Ca, name: &str) -> Result<(), String> {
    let [root, _, leaf] = files(ca, name);
    let shown = ca.place.run("openssl", &["x509", "-in", &leaf, "-noout", "-ext", "crlDistributionPoints"]).success();
    let address = shown.stdout.split_once("URI:").expect("it says where its list is").1.trim();
    ca.place.run("curl", &["-sS", "--fail", "-o", "told.crl", address]).success();
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
        assert_eq!(in_java(&ca, name, how), expected, "{name} by {how}");
    }
    let said = stapled(&ca, "bad");
    assert!(said.contains("certificate status \"revoked\""), "{said}");
    assert_eq!(in_rustls(&ca, "good"), Ok(()));
    let refused = in_rustls(&ca, "bad").expect_err("it is revoked");
    assert!(refused.contains("Revoked"), "{refused}");
    in_openssl(&ca, "good").success();
    in_openssl(&ca, "bad").refusal(&["certificate revoked"]);
}

/// What OpenSSL says, with the list that the certificate names.
#[track_caller]
fn in_openssl(ca: &Ca, name: &str) -> Finished {
    let [root, intermediate, leaf] = files(ca, name);
    let arguments = ["verify", "-crl_check", "-crl_download", "-CAfile", &root, "-untrusted", &intermediate, &leaf];
    ca.place.run("openssl", &arguments)
}

#[test]
fn they_agree_on_certificates_from_before_and_after_a_rotation() {
    let (ca, server) = authority();
    for name in ["old-good", "old-bad"] {
        ca.certificate("localhost", name, &[]).success();
    }
    ca.place.rung(&["ca", "rotate-intermediate", "--password-file", "password"]).success();
    ca.reload(&server);
    for name in ["new-good", "new-bad"] {
        ca.certificate("localhost", name, &[]).success();
    }
    let issuer = |name: &str| ca.place.read(&format!("{name}-issuer.pem"));
    for name in ["old-bad", "new-bad"] {
        assert_eq!(in_go(&ca, name), "ocsp good\ncrl good\n", "{name}");
        let (crt, key) = (format!("{name}.crt"), format!("{name}.key"));
        ca.place.rung(&["ca", "revoke", "--cert", &crt, "--key", &key, "--reasonCode", "keyCompromise"]).success();
    }
    assert_ne!(issuer("old-bad"), issuer("new-bad"), "another one issues");
    for name in ["old-bad", "new-bad"] {
        eventually("a list with it", || in_go(&ca, name).ends_with("\ncrl revoked 1\n").then_some(()));
        assert!(in_go(&ca, name).starts_with("ocsp revoked 1\n"), "{name}");
        assert_eq!(in_java(&ca, name, "ocsp"), "revoked KEY_COMPROMISE", "{name}");
        assert!(in_rustls(&ca, name).expect_err("it is revoked").contains("Revoked"), "{name}");
        in_openssl(&ca, name).refusal(&["certificate revoked"]);
    }
    for name in ["old-good", "new-good"] {
        assert_eq!(in_go(&ca, name), "ocsp good\ncrl good\n", "{name}");
        assert_eq!(in_java(&ca, name, "crl"), "good", "{name}");
        assert_eq!(in_rustls(&ca, name), Ok(()), "{name}");
        in_openssl(&ca, name).success();
    }
    assert!(stapled(&ca, "old-bad").contains("certificate status \"revoked\""));
    assert_eq!(stapled(&ca, "new-good"), "Hello!\n");
}

#[test]
fn a_part_of_a_list_is_not_taken_for_the_part_of_somebody_else() {
    let (ca, server) = authority();
    let config = ca.place.read("step/config/ca.json");
    ca.place.write("step/config/ca.json", &config.replacen("\"enabled\":true", "\"enabled\":true,\"shards\":2", 1));
    ca.reload(&server);
    let verify = |name: &str, more: &[&str]| {
        let leaf = format!("{name}.crt");
        ca.place.rung(&[&["certificate", "verify", &leaf, "--roots", &ca.root(), "--verify-crl"][..], more].concat())
    };
    let address = |name: &str| {
        let certificate = format!("{name}.crt");
        let shown = ca.place.run("openssl", &["x509", "-in", &certificate, "-noout", "-ext", "crlDistributionPoints"]);
        shown.stdout.split_once("URI:").expect("it says where its list is").1.trim().to_owned()
    };
    ca.certificate("one.test", "one", &[]).success();
    let other = (0..64).map(|number| format!("other-{number}")).find(|name| {
        ca.certificate("other.test", name, &[]).success();
        address(name) != address("one")
    });
    let other = other.expect("serial numbers are random");
    verify("one", &[]).success();
    ca.place.rung(&["ca", "revoke", "--cert", "one.crt", "--key", "one.key", "--reasonCode", "superseded"]).success();
    eventually("a part with the certificate", || (!verify("one", &[]).status.success()).then_some(()));
    verify("one", &[]).refusal(&["marked as revoked"]);
    verify(&other, &[]).success();
    // The part that others are in does not have it, and says nothing about it.
    let elsewhere = ["--crl-endpoint", &address(&other)];
    verify("one", &elsewhere).refusal(&["belongs to another place than the certificate names"]);
}

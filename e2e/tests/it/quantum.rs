//! Keys that outlast quantum computers, under the eyes of programs that have them: Python's cryptography with its OpenSSL,
//! the `jose` of Node.js, and pkilint.

use crate::harness::{Ca, Finished, Place, own_file, program};

/// Run `node/tokens.mjs`.
#[track_caller]
fn node(place: &Place, arguments: &[&str]) -> String {
    let mut command = place.command("node");
    command.arg("--no-warnings").arg(own_file("node/tokens.mjs")).args(arguments);
    Finished::run(&command).success().stdout
}

/// Run `rung` with a file as its standard input.
#[track_caller]
fn rung(place: &Place, arguments: &[&str], input: &str) -> String {
    let mut command = place.command("sh");
    command.args(["-c", "exec \"$@\" < \"$0\"", input]).arg(program("rung")).args(arguments);
    Finished::run(&command).success().stdout
}

#[test]
fn tokens_and_texts_go_between_javascript_and_us() {
    let place = Place::new();
    let create = ["crypto", "jwk", "create", "key.pub", "key.json", "--no-password", "--insecure", "--force"];
    for set in ["ML-DSA-44", "ML-DSA-65", "ML-DSA-87"] {
        place.rung(&[&create[..], &["--kty", "AKP", "--alg", set]].concat()).success();
        place.write("claims", "{\"iss\": \"me\", \"aud\": \"api\", \"sub\": \"job\", \"exp\": 4000000000}");
        place.write("token", &rung(&place, &["crypto", "jwt", "sign", "--key", "key.json", "--subtle"], "claims"));
        assert_eq!(node(&place, &["verify", "key.pub", "token"]), "job\n", "{set}");

        place.write("token", &node(&place, &["sign", "key.json", "other"]));
        let verify = ["crypto", "jwt", "verify", "--key", "key.pub", "--iss", "me", "--aud", "api"];
        let shown = rung(&place, &verify, "token");
        assert!(shown.contains("\"sub\": \"other\"") && shown.contains(set), "{shown}");
    }
    for algorithm in ["ECDH-ES", "ECDH-ES+A128KW"] {
        place.rung(&[&create[..], &["--kty", "OKP", "--crv", "X25519", "--alg", algorithm]].concat()).success();
        place.write("text", "a secret");
        place.write("encrypted", &rung(&place, &["crypto", "jwe", "encrypt", "--key", "key.pub"], "text"));
        assert_eq!(node(&place, &["decrypt", "key.json", "encrypted"]), "a secret\n", "{algorithm}");

        place.write("encrypted", &node(&place, &["encrypt", "key.pub", "another secret"]));
        let decrypted = rung(&place, &["crypto", "jwe", "decrypt", "--key", "key.json"], "encrypted");
        assert_eq!(decrypted, "another secret", "{algorithm}");
    }
}

#[test]
fn an_authority_that_outlasts_quantum_computers() {
    let ca = Ca::init_with(Place::new(), &["--kty", "AKP"]);
    let server = ca.serve();
    ca.certificate("svc.localhost", "svc", &["--kty", "AKP", "--curve", "ML-DSA-44"]).success();
    // The certificate that is shown for the renewal is one of the kind, too.
    ca.place.rung(&["ca", "renew", "--force", "svc.crt", "svc.key"]).success();
    ca.place.rung(&["ca", "rekey", "--force", "svc.crt", "svc.key", "--kty", "AKP"]).success();
    ca.place.rung(&["certificate", "verify", "svc.crt", "--roots", &ca.root(), "--host", "svc.localhost"]).success();
    let request = ["certificate", "create", "svc.localhost", "svc.csr", "--csr", "--key", "svc.key"];
    ca.place.rung(&request).success();

    let chain = [ca.place.read("svc.crt"), ca.place.read("step/certs/root_ca.crt")].concat();
    ca.place.write("chain.pem", &chain);
    let mut python = ca.place.command("python3");
    python.arg(own_file("python/issued.py")).args(["chain.pem", "svc.csr"]);
    let said = Finished::run(&python).success().stdout;
    assert_eq!(said, "3 certificates, each issued by the next; the request is signed by its key\n");
    for file in ["svc.crt", "step/certs/intermediate_ca.crt"] {
        ca.place
            .write("one.pem", &ca.place.rung(&["certificate", "inspect", "--format", "pem", file]).success().stdout);
        ca.place.run("lint_pkix_cert", &["lint", "--severity", "NOTICE", "one.pem"]).success();
    }

    // Another kind for the next intermediate; what the one before issued is still renewed.
    let rotate = ["ca", "rotate-intermediate", "--password-file", "password", "--kty", "EC"];
    ca.place.rung(&rotate).success();
    ca.reload(&server);
    ca.place.rung(&["ca", "renew", "--force", "svc.crt", "svc.key"]).success();
    let shown = ca.place.rung(&["certificate", "inspect", "svc.crt"]).success().stdout;
    assert!(shown.contains("Signature Algorithm: ECDSA-SHA256"), "{shown}");
    ca.place.rung(&["ca", "revoke", "--cert", "svc.crt", "--key", "svc.key"]).success();
    let refused = ca.place.rung(&["ca", "renew", "--force", "svc.crt", "svc.key"]);
    refused.refusal(&["revoked"]);
    server.finish_with_term().success();
}

//! Certificate requests as OpenSSL sees them, and those of OpenSSL.

use rung_pki::{
    CertificateRequest, KeyAlgorithm, PrivateKey, RequestContent, RequestError,
    extension::{self, BasicConstraints},
};

use crate::{
    authority::{named, names},
    openssl::OpenSsl,
};

#[test]
fn openssl_verifies_our_requests() {
    for algorithm in [
        KeyAlgorithm::EcP256,
        KeyAlgorithm::EcP384,
        KeyAlgorithm::EcP521,
        KeyAlgorithm::Ed25519,
        KeyAlgorithm::Rsa { bits: 2048 },
    ] {
        let key = PrivateKey::generate(algorithm).unwrap();
        let content = RequestContent {
            subject: named("Sub CA"),
            names: names(&["a.example", "192.0.2.1", "ann@corp.example", "urn:a:b"]),
            extensions: vec![extension::basic_constraints(BasicConstraints { is_ca: true, path_len: Some(0) })],
        };
        let openssl = OpenSsl::new();
        openssl.write("it.csr", content.sign(&key).unwrap().to_pem());
        let text = openssl.run(&["req", "-in", "it.csr", "-noout", "-verify", "-text", "-nameopt", "RFC2253"]);
        for wanted in [
            "self-signature verify OK",
            "Subject: CN=Sub CA\n",
            "DNS:a.example, email:ann@corp.example, IP Address:192.0.2.1, URI:urn:a:b\n",
            "CA:TRUE, pathlen:0\n",
        ] {
            assert!(text.contains(wanted), "{wanted:?} is not in\n{text}");
        }
    }
}

#[track_caller]
fn check_request(arguments: &[&str], expected: Result<&str, &str>) {
    let openssl = OpenSsl::new();
    let fixed = ["req", "-new", "-nodes", "-keyout", "key.pem", "-out", "it.csr", "-subj", "/O=Rung/CN=x"];
    openssl.run(&[&fixed[..], arguments].concat());
    let request = CertificateRequest::from_pem(&openssl.read("it.csr"));
    let verified = request.and_then(CertificateRequest::verify);
    let found = verified.map(|request| request.public_key().algorithm().to_string()).map_err(|error| error.to_string());
    assert_eq!(found.as_deref().map_err(String::as_str), expected);
}

#[test]
fn requests_of_openssl_verify() {
    let curve = |name: &'static str| ["-newkey", "ec", "-pkeyopt", name];
    check_request(&curve("ec_paramgen_curve:P-256"), Ok("ECDSA P-256"));
    check_request(&curve("ec_paramgen_curve:P-384"), Ok("ECDSA P-384"));
    check_request(&curve("ec_paramgen_curve:P-521"), Ok("ECDSA P-521"));
    check_request(&["-newkey", "ed25519"], Ok("Ed25519"));
    check_request(&["-newkey", "rsa:2048"], Ok("RSA 2048"));
    check_request(&["-newkey", "rsa:3072", "-sha512"], Ok("RSA 3072"));
    check_request(
        &["-newkey", "rsa:2048", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"],
        Ok("RSA 2048"),
    );
}

#[test]
fn c05_keys_that_are_not_used_are_named() {
    let unsupported =
        |name: &str| format!("the certificate request's key cannot be used: keys of type {name} are not supported");
    let curve = |name: &'static str| ["-newkey", "ec", "-pkeyopt", name];
    check_request(&curve("ec_paramgen_curve:P-224"), Err(&unsupported("ECDSA P-224")));
    check_request(&curve("ec_paramgen_curve:secp256k1"), Err(&unsupported("ECDSA on curve 1.3.132.0.10")));
    let brainpool = unsupported("ECDSA on curve 1.3.36.3.3.2.8.1.1.7");
    check_request(&curve("ec_paramgen_curve:brainpoolP256r1"), Err(&brainpool));
    let explicit = [&curve("ec_paramgen_curve:P-256")[..], &["-pkeyopt", "ec_param_enc:explicit"]].concat();
    check_request(&explicit, Err(&unsupported("ECDSA with explicit curve parameters")));
    check_request(&["-newkey", "ed448"], Err(&unsupported("Ed448")));
}

#[test]
fn c03_keys_of_the_wrong_size_are_named() {
    let short = "certificate request RSA key must be at least 2048 bits (256 bytes)";
    check_request(&["-newkey", "rsa:1024"], Err(short));
    check_request(&["-newkey", "rsa:2032"], Err(short));
}

#[test]
fn signatures_with_sha1_are_refused() {
    let refused = |name: &str| format!("invalid csr: signatures of type {name} are not supported");
    check_request(&["-newkey", "rsa:2048", "-sha1"], Err(&refused("SHA1-RSA")));
    let ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-sha1"];
    check_request(&ec, Err(&refused("ECDSA-SHA1")));
}

#[test]
fn c05_a_point_that_is_not_on_the_curve_is_refused() {
    let key = PrivateKey::generate(KeyAlgorithm::EcP256).unwrap();
    let good = RequestContent { subject: named("x"), ..RequestContent::default() }.sign(&key).unwrap();
    let spki = good.public_key_info();
    let place = good.der().windows(spki.len()).position(|window| window == spki).unwrap();
    let mut der = good.der().to_vec();
    // The last octet of y.
    der[place + spki.len() - 1] ^= 1;
    let refused = CertificateRequest::from_der(&der).unwrap().verify().err();
    assert_eq!(refused, Some(RequestError::Signature));
}

#[test]
fn names_that_openssl_asks_for_are_read() {
    let openssl = OpenSsl::new();
    let san =
        "subjectAltName=URI:urn:a:b,IP:192.0.2.1,DNS:a.example,email:ann@corp.example,RID:1.2.3,otherName:1.2.3;UTF8:x";
    let fixed = ["req", "-new", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-keyout", "key.pem"];
    openssl.run(&[&fixed[..], &["-out", "it.csr", "-subj", "/CN=x", "-addext", san]].concat());
    let request = CertificateRequest::from_pem(&openssl.read("it.csr")).unwrap().verify().unwrap();
    let expected = names(&["a.example", "ann@corp.example", "192.0.2.1", "urn:a:b"]);
    assert_eq!(request.subject_alt_names(), Ok(&expected[..]));
    assert_eq!(request.other_names(), 2);
}

//! `POST /sign`.

use std::process::Command;

use rung_pki::{Certificate, jose};
use serde_json::{Value, json};

use crate::{
    client::Client,
    revocation::renewal,
    stage::{Stage, ec, present, request, request_of},
};

/// Each body is answered with that status and that message.
#[track_caller]
fn check(client: &Client, cases: &[(String, u16, &str)]) {
    for (body, status, message) in cases {
        let answer = client.post("/1.0/sign", body);
        let shown: String = body.chars().take(200).collect();
        assert_eq!(answer.status, *status, "{shown}: {answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/json"), "{shown}");
        if *status == 201 {
            assert!(message.is_empty() && !answer.body.contains("null"), "{shown}");
        } else {
            assert!(answer.message().contains(message), "{shown}: {answer:?}");
        }
    }
}

const BAD_JSON: &str = "The request could not be completed: error decoding json";
const UNAUTHORISED: &str = "The request lacked necessary authorization to be completed";
const FORBIDDEN: &str = "The request was forbidden by the certificate authority: ";

#[test]
fn shapes_of_bodies() {
    let stage = Stage::new();
    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    let csr = request(&[]);
    let ask = |members: &str| format!("{{{members}}}");
    let whole = |extra: &str| ask(&format!("\"csr\":{},\"ott\":{}{extra}", json!(csr), json!(stage.token(&json!({})))));
    let missing_csr = "The request could not be completed: missing csr.";
    check(
        &client,
        &[
            (String::new(), 400, BAD_JSON),
            ("x".to_owned(), 400, BAD_JSON),
            ("[]".to_owned(), 400, BAD_JSON),
            ("\"x\"".to_owned(), 400, BAD_JSON),
            ("{\"csr\":".to_owned(), 400, BAD_JSON),
            ("\u{feff}{}".to_owned(), 400, BAD_JSON),
            ("{\"csr\":1}".to_owned(), 400, BAD_JSON),
            ("{\"ott\":1}".to_owned(), 400, BAD_JSON),
            ("{\"notAfter\":5}".to_owned(), 400, BAD_JSON),
            ("{\"notAfter\":\"tomorrow\"}".to_owned(), 400, BAD_JSON),
            ("{\"notBefore\":\"1d\"}".to_owned(), 400, BAD_JSON),
            ("{\"csr\":\"junk\"}".to_owned(), 400, BAD_JSON),
            (json!({"csr": stage.root.to_pem()}).to_string(), 400, BAD_JSON),
            ("{}".to_owned(), 400, missing_csr),
            ("null".to_owned(), 400, missing_csr),
            ("{\"csr\":\"\"}".to_owned(), 400, missing_csr),
            ("{\"csr\":null}".to_owned(), 400, missing_csr),
            ("{\"csr\":\"null\",\"unknown\":[1]}".to_owned(), 400, missing_csr),
            (json!({"csr": csr}).to_string(), 400, "The request could not be completed: missing ott."),
            (json!({"csr": csr, "ott": ""}).to_string(), 400, "missing ott."),
            (whole(""), 201, ""),
            (whole(",\"unknown\":{\"a\":[]},\"templateData\":7"), 201, ""),
            (whole(",\"notBefore\":\"\",\"notAfter\":\"0s\""), 201, ""),
            (whole(",\"notAfter\":\"5m\""), 201, ""),
            (format!("{} trailing", whole("")), 201, ""),
            (whole("").replace("\"csr\"", "\"CSR\"").replace("\"ott\"", "\"Ott\""), 201, ""),
            (ask(&format!("\"csr\":\"x\",{}", &whole("")[1..whole("").len() - 1])), 201, ""),
        ],
    );
    client.books.close(&stage, server);
}

#[test]
fn what_tokens_and_requests_are_refused_for() {
    let stage = Stage::new();
    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    let with = |claims: Value, names: &[&str], extra: Value| {
        let mut body = json!({"csr": request(names), "ott": stage.token(&claims)});
        for (name, value) in extra.as_object().unwrap() {
            body[name] = value.clone();
        }
        body.to_string()
    };
    let token = |claims: Value| with(claims, &[], json!({}));
    let wanted = |extra: Value| with(json!({}), &[], extra);
    let mine = ec();
    let bound = json!({"cnf": {"x5rt#S256": jose::base64url([0; 32])}});
    check(
        &client,
        &[
            (json!({"csr": request(&[]), "ott": "not a token"}).to_string(), 401, UNAUTHORISED),
            (token(json!({"aud": "https://other.example/1.0/sign"})), 401, UNAUTHORISED),
            (token(json!({"iss": "somebody"})), 401, UNAUTHORISED),
            (token(json!({"sub": ""})), 401, UNAUTHORISED),
            (token(json!({"exp": present() - 61})), 401, "the token has expired"),
            (token(json!({"iat": present() - 3600})), 401, "before the certificate authority started"),
            (token(json!({"jti": 7})), 401, UNAUTHORISED),
            (
                with(json!({}), &["bar.example"], json!({})),
                403,
                "does not contain the valid DNS names - got [bar.example]",
            ),
            (with(bound, &[], json!({})), 403, "certificate request fingerprint does not match"),
            (wanted(json!({"notAfter": "25h"})), 403, "requested duration of 25h1m0s is more than"),
            (wanted(json!({"notAfter": "1m"})), 403, "requested duration of 2m0s is less than"),
            (wanted(json!({"notAfter": "-1h"})), 400, "notAfter cannot be in the past; na="),
            (wanted(json!({"notBefore": "2h", "notAfter": "-1h"})), 400, "notAfter cannot be before notBefore; na="),
            (with(json!({}), &["foo.example"], json!({})), 201, ""),
            (json!({"csr": request_of(&mine, &[]), "ott": stage.token(&json!({}))}).to_string(), 201, ""),
        ],
    );
    let answer = client.post("/sign", &with(json!({}), &["bar.example"], json!({})));
    assert!(answer.message().starts_with(FORBIDDEN) && answer.message().ends_with('.'), "{answer:?}");
    client.books.close(&stage, server);
}

#[test]
fn t01_t03_a_token_is_good_once_and_a_restart_does_not_help() {
    let stage = Stage::new();
    let mut config = stage.config();
    config["authority"]["disableIssuedAtCheck"] = true.into();
    stage.configure(&config);
    let mut server = stage.serve();
    let body = stage.sign_body();
    let client = Client::new(&stage, &server.address);
    assert_eq!(client.post("/sign", &body).status, 201);
    let again = |client: &Client| {
        let answer = client.post("/1.0/sign", &body);
        assert_eq!(answer.status, 401);
        assert!(answer.message().contains("the token was used before"), "{answer:?}");
    };
    again(&client);
    server.reload("The configuration was reloaded");
    again(&client);
    assert!(server.stop().status.success());
    let server = stage.serve();
    again(&client.at(&server.address));
    client.books.close(&stage, server);
}

#[test]
fn t04_a_database_from_a_backup_does_not_bring_tokens_back() {
    // Not even where tokens from before the start are taken.
    for takes_old_tokens in [false, true] {
        let stage = Stage::new();
        let mut config = stage.config();
        config["authority"]["disableIssuedAtCheck"] = takes_old_tokens.into();
        stage.configure(&config);
        let server = stage.serve();
        let client = Client::new(&stage, &server.address);
        let key = ec();
        let first = json!({"csr": request_of(&key, &[]), "ott": stage.token(&json!({}))});
        let first = client.post("/sign", &first.to_string());
        let held = Certificate::from_pem(first.json()["crt"].as_str().unwrap().as_bytes()).unwrap();
        assert!(server.stop().status.success());
        let (database, backup) = (stage.path("db.sqlite"), stage.path("backup"));
        std::fs::copy(&database, &backup).unwrap();

        let server = stage.serve();
        let client = client.at(&server.address);
        let renewal = renewal(&[held, stage.intermediate.clone()], &key, &json!({}));
        let renewal = format!("Authorization: Bearer {renewal}\r\n");
        let body = json!({"csr": request(&[]), "ott": stage.token(&json!({}))}).to_string();
        let issued = present();
        assert_eq!(client.post("/sign", &body).status, 201);
        assert_eq!(client.send("POST", "/renew", &renewal, "").status, 201);
        assert!(server.stop().status.success());
        std::fs::copy(&backup, &database).unwrap();
        // Tokens tell whole seconds.
        while present() == issued {
            std::thread::yield_now();
        }
        stage.does(&["confirm-restore", "ca.json"]);
        // Once, or as often as it is started.
        for _ in 0..2 {
            let server = stage.serve();
            let client = client.at(&server.address);
            for answer in [client.post("/sign", &body), client.send("POST", "/renew", &renewal, "")] {
                assert_eq!(answer.status, 401, "{answer:?}");
                assert!(answer.message().contains("before the certificate authority started"), "{answer:?}");
            }
            assert_eq!(stage.rows("certificates"), 1);
            assert!(server.stop().status.success());
        }
    }
}

#[test]
fn t02_of_many_at_once_one_wins() {
    let stage = Stage::new();
    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    let body = stage.sign_body();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..20).map(|_| scope.spawn(|| client.post("/sign", &body).status)).collect();
        asked.into_iter().map(|asked| asked.join().unwrap()).collect()
    });
    let count = |wanted: u16| statuses.iter().filter(|status| **status == wanted).count();
    assert_eq!((count(201), count(401)), (1, 19), "{statuses:?}");
    client.books.close(&stage, server);
}

#[test]
fn the_answer_has_the_chain_and_the_tls_settings() {
    let stage = Stage::new();
    let mut config = stage.config();
    config["tls"] = json!({"minVersion": 1.3});
    stage.configure(&config);
    let server = stage.serve();
    let answer = Client::new(&stage, &server.address).post("/sign", &stage.sign_body());
    let body = answer.json();
    let members: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(members, ["crt", "ca", "certChain", "tlsOptions"]);
    assert_eq!(body["ca"], stage.intermediate.to_pem());
    assert_eq!(body["certChain"], json!([body["crt"], body["ca"]]));
    assert_eq!(body["tlsOptions"]["minVersion"], 1.3);
    assert_eq!(body["tlsOptions"]["maxVersion"], 1.3);
    assert_eq!(body["tlsOptions"]["renegotiation"], false);
    assert!(!body["tlsOptions"]["cipherSuites"].as_array().unwrap().is_empty());
    let leaf = Certificate::from_pem(body["crt"].as_str().unwrap().as_bytes()).unwrap();
    leaf.is_signed_by(stage.intermediate.public_key().unwrap()).unwrap();
}

/// Requests that only somebody else's program makes.
#[test]
fn c01_c03_c05_requests_of_openssl() {
    let stage = Stage::new();
    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    let make = |name: &str, key: &[&str]| {
        let (key_file, csr_file) = (stage.path(&format!("{name}.key")), stage.path(&format!("{name}.csr")));
        let run = |arguments: &[&str]| {
            let output = Command::new("openssl").args(arguments).output().unwrap();
            assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        };
        run(&[&["genpkey", "-out", key_file.to_str().unwrap()], key].concat());
        let subject = ["req", "-new", "-subj", "/", "-key", key_file.to_str().unwrap()];
        run(&[&subject[..], &["-out", csr_file.to_str().unwrap()]].concat());
        std::fs::read_to_string(csr_file).unwrap()
    };
    let ask = |csr: &str| json!({"csr": csr, "ott": stage.token(&json!({}))}).to_string();
    let ec = |curve: &str| make(curve, &["-algorithm", "EC", "-pkeyopt", &format!("ec_paramgen_curve:{curve}")]);
    let rsa = |name: &str, option: &str| make(name, &["-algorithm", "RSA", "-pkeyopt", option]);
    let good = ec("P-256");
    // The signature's last octets, still base64 and still DER.
    let mut lines: Vec<String> = good.lines().map(str::to_owned).collect();
    let last = lines.len() - 2;
    let line = &mut lines[last];
    let at = line.trim_end_matches('=').len() - 6;
    let other = if line.as_bytes()[at] == b'A' { "B" } else { "A" };
    line.replace_range(at..=at, other);
    check(
        &client,
        &[
            (ask(&good), 201, ""),
            (ask(&format!("before\n{good}after")), 201, ""),
            (ask(&lines.join("\n")), 400, "The request could not be completed: invalid csr"),
            (ask(&rsa("rsa1024", "rsa_keygen_bits:1024")), 403, "RSA key must be at least 2048 bits (256 bytes)"),
            (ask(&ec("secp256k1")), 400, "The request could not be completed: "),
            (ask(&ec("secp224r1")), 400, "The request could not be completed: "),
            (ask(&ec("brainpoolP256r1")), 400, "The request could not be completed: "),
            (ask(&make("ed448", &["-algorithm", "ED448"])), 400, "The request could not be completed: "),
            (ask(&make("ed25519", &["-algorithm", "ED25519"])), 201, ""),
        ],
    );
    let e3 = make("e3", &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-pkeyopt", "rsa_keygen_pubexp:3"]);
    check(&client, &[(ask(&e3), 403, "odd public exponent of at least 65537")]);
    client.books.close(&stage, server);
}

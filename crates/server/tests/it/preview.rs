//! `POST /preview`: the decision, and nothing else.

use base64::{Engine, engine::general_purpose::STANDARD};
use rung_pki::Certificate;

use crate::{client::Client, stage::Stage};

#[test]
fn a_preview_is_what_sign_gives_and_leaves_the_token_good() {
    let stage = Stage::new();
    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    let body = stage.sign_body();
    let previews = [client.post("/preview", &body), client.post("/1.0/preview", &body)];
    let answer = client.post("/sign", &body);
    assert_eq!(answer.status, 201, "a preview must not spend the token");
    let real = Certificate::from_pem(answer.json()["crt"].as_str().unwrap().as_bytes()).unwrap();
    for preview in previews {
        assert_eq!(preview.status, 200);
        assert_eq!(preview.json()["provisioner"], "admin");
        let shown = STANDARD.decode(preview.json()["certificate"].as_str().unwrap()).unwrap();
        let shown = Certificate::from_der(&shown).unwrap();
        assert_eq!(shown.subject(), real.subject());
        assert_eq!(shown.subject_alt_names().unwrap(), real.subject_alt_names().unwrap());
        assert_eq!(shown.extensions(), real.extensions());
        assert_eq!(shown.signature(), b"");
        assert!(
            shown.is_signed_by(stage.intermediate.public_key().unwrap()).is_err(),
            "a preview must be good for nothing"
        );
    }
    client.books.close(&stage, server);
}

#[test]
fn a_preview_refuses_what_sign_refuses() {
    let stage = Stage::new();
    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    for body in ["", "{}", "[]", r#"{"csr": "x", "ott": "y"}"#, r#"{"csr": 1}"#] {
        let (preview, sign) = (client.post("/preview", body), client.post("/sign", body));
        assert_eq!((preview.status, preview.json()), (sign.status, sign.json()), "{body}");
    }
    let spent = stage.sign_body();
    assert_eq!(client.post("/sign", &spent).status, 201);
    let (preview, sign) = (client.post("/preview", &spent), client.post("/sign", &spent));
    assert_eq!((preview.status, preview.json()), (401, sign.json()));
    assert!(preview.message().contains("the token was used before"), "{preview:?}");
    let expired = stage.token(&serde_json::json!({"exp": 1_000_000_000}));
    let csr = serde_json::from_str::<serde_json::Value>(&stage.sign_body()).unwrap()["csr"].clone();
    let body = serde_json::json!({"csr": csr, "ott": expired}).to_string();
    let (preview, sign) = (client.post("/preview", &body), client.post("/sign", &body));
    assert_eq!(preview.status, 401);
    assert_eq!(preview.json(), sign.json());
    client.books.close(&stage, server);
}

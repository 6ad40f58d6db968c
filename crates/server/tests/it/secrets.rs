//! What is written anywhere holds no secret.

use serde_json::json;

use crate::{
    client::Client,
    stage::{PASSWORD, Stage, request},
};

#[test]
fn p03_logs_hold_no_token_and_no_password() {
    for format in [json!({"format": "text"}), json!({"format": "json"}), json!({"format": "common"}), json!(null)] {
        let stage = Stage::new();
        stage.encrypt_key();
        let mut config = stage.config();
        config["logger"] = format.clone();
        stage.configure(&config);
        let mut command = stage.command();
        command.arg("--password-file").arg(stage.path("password"));
        let mut server = crate::server::Server::start(&mut command);
        let client = Client::new(&stage, &server.address);
        let mut tokens = Vec::new();
        for (claims, status) in [
            (json!({}), 201),
            (json!({"sub": ""}), 401),
            (json!({"aud": "https://other.example/sign"}), 401),
            (json!({"iss": "unknown"}), 401),
            (json!({"sans": [7]}), 401),
            (json!({"cnf": {"x5rt#S256": "x"}}), 403),
        ] {
            let token = stage.token(&claims);
            let body = json!({"csr": request(&[]), "ott": token}).to_string();
            assert_eq!(client.post("/sign", &body).status, status, "{claims}");
            tokens.push(token);
        }
        // In places where nobody should put one.
        let last = stage.token(&json!({}));
        client.get(&format!("/health?token={last}"));
        client.send("GET", "/health", &format!("Authorization: Bearer {last}\r\nCookie: t={last}\r\n"), "");
        client.post("/sign", &format!("{{\"csr\":\"x\",\"ott\":\"{last}\",\"ott\":7}}"));
        tokens.push(last);
        server.reload("The configuration was reloaded");
        let ended = server.stop();
        let written = format!("{}{}", ended.stdout, ended.stderr);
        assert!(written.contains("shutting down"), "{written}");
        let parts = tokens.iter().flat_map(|token| token.split('.').skip(1));
        for secret in parts.chain([PASSWORD, "canary-jti", "canary.encrypted.key"]) {
            assert!(!written.contains(secret), "{format}: {secret} is in\n{written}");
        }
    }
}

#[test]
fn p06_nobody_outside_writes_lines_into_the_log() {
    let stage = Stage::new();
    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    client.send("GET", "/%0aforged%1b[31m", "User-Agent: x\u{9b}31m\tforged\r\nReferer: \"quoted\\\"\r\n", "");
    client.send("GET", "/root/%0aforged%e2%80%ae", "", "");
    client.get("/provisioners?limit=%0aforged%1b");
    let claims = json!({"iss": "\nforged\u{1b}[31m", "sub": "\u{202e}forged"});
    client.post("/sign", &json!({"csr": request(&[]), "ott": stage.token(&claims)}).to_string());
    let ended = server.stop();
    assert!(!ended.stderr.lines().any(|line| line.starts_with("forged")), "{}", ended.stderr);
    let harmful = |character: char| (character.is_control() && character != '\n') || character == '\u{202e}';
    assert!(!ended.stderr.contains(harmful), "{}", ended.stderr.escape_debug());
    assert!(ended.stderr.contains("forged"), "{}", ended.stderr);
}

#[test]
fn refusals_are_logged_when_requests_are_not() {
    let stage = Stage::new();
    let mut config = stage.config();
    config["logger"] = json!(null);
    stage.configure(&config);
    let mut server = stage.serve();
    let client = Client::new(&stage, &server.address);
    assert_eq!(client.get("/health").status, 200);
    let body = json!({"csr": request(&[]), "ott": stage.token(&json!({"iss": "nobody"}))}).to_string();
    let answer = client.post("/sign", &body);
    let line = server.wait_for("was answered with 401");
    assert!(line.contains(answer.header("x-request-id").unwrap()), "{line}");
    assert!(line.contains("leads to \"nobody:"), "{line}");
    assert!(!server.said.contains("/health"), "{}", server.said);
}

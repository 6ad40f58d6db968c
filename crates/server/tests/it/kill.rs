//! What holds when the program is killed in the middle of its work.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::{
    client::{Answer, Client},
    stage::{Stage, request},
};

/// So many tokens are used while the program runs; it is killed when about half of them are.
const TOKENS: usize = 240;
const CLIENTS: usize = 8;

/// The certificate that a body was answered with, if it was answered at all.
fn ask(client: &Client, body: &str) -> Option<String> {
    let length = body.len();
    let request = format!(
        "POST /sign HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    // Whoever is cut off in the middle of an answer got none.
    let answer = client.exchange(request.as_bytes()).ok().filter(|text| text.ends_with('\n'))?;
    let answer = Answer::parse(&answer);
    (answer.status == 201).then(|| answer.json()["crt"].as_str().unwrap().to_owned())
}

#[test]
fn t01_t03_no_token_gives_two_certificates_across_a_kill() {
    let stage = Stage::new();
    let mut config = stage.config();
    // Otherwise tokens from before the start are refused for their age, and the store is not asked.
    config["authority"]["disableIssuedAtCheck"] = Value::Bool(true);
    stage.configure(&config);
    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    let process = Pid::from_raw(i32::try_from(server.pid()).unwrap()).unwrap();
    let csr = request(&[]);
    let bodies: Vec<String> =
        (0..TOKENS).map(|_| json!({"csr": csr, "ott": stage.token(&json!({}))}).to_string()).collect();
    let (next, answered) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let first: Vec<(usize, String)> = thread::scope(|scope| {
        let work = || {
            let mut got = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(body) = bodies.get(at) else { return got };
                if let Some(certificate) = ask(&client, body) {
                    got.push((at, certificate));
                    if answered.fetch_add(1, Ordering::Relaxed) == TOKENS / 2 {
                        kill_process(process, Signal::KILL).unwrap();
                    }
                }
            }
        };
        let threads: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(first.len() > TOKENS / 2 && first.len() < TOKENS, "{} were answered before the end", first.len());
    drop(server);

    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    for (at, body) in bodies.iter().enumerate() {
        let again = ask(&client, body);
        let before = first.iter().any(|(used, _)| *used == at);
        // A token that was not answered may have been spent or not.
        assert!(!before || again.is_none(), "token {at} gave a second certificate");
        assert_eq!(ask(&client, body), None, "token {at} gave a certificate twice after the start");
    }
    let spent = client.post("/sign", &bodies[first[0].0]);
    assert_eq!(spent.status, 401);
    assert!(spent.body.contains("used before"), "{}", spent.body);
}

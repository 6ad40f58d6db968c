//! Identity providers that are down, slow, broken or hostile, and what that means for everybody else.

use std::{thread, time::Duration};

use serde_json::{Value, json};

use crate::{
    client::Client,
    idp::{Answer, DISCOVERY, Idp, KEYS, Realm},
    server::Server,
    stage::{Stage, ec, request},
};

/// The bar: logins work so long after a provider is back.
const RECOVERY: Duration = Duration::from_secs(1);

/// A daemon with a provisioner for each realm beside the one with a key.
pub(crate) fn serve(stage: &Stage, realms: &[&Realm<'_>]) -> (Server, Client) {
    let mut config = stage.config();
    let provisioners = config["authority"]["provisioners"].as_array_mut().unwrap();
    provisioners.extend(realms.iter().map(|realm| realm.provisioner()));
    stage.configure(&config);
    let server = stage.serve();
    let client = Client::new(stage, &server.address);
    (server, client)
}

/// What comes of a token: the status, and why if it was refused.
pub(crate) fn login(client: &Client, token: &str) -> (u16, String) {
    let answer = client.post("/1.0/sign", &json!({"csr": request(&[]), "ott": token}).to_string());
    let message = if answer.status == 201 { String::new() } else { answer.message() };
    (answer.status, message)
}

/// What `/health` says about a provisioner: its state, and why.
fn health(client: &Client, name: &str) -> (String, String) {
    let health = client.get("/health").json();
    assert_eq!(health["status"], "ok");
    let list = health["provisioners"].as_array().unwrap().clone();
    let entry = list.into_iter().find(|entry| entry["name"] == name).unwrap_or_else(|| panic!("{name}: {health}"));
    let text = |member: &str| entry[member].as_str().unwrap_or_default().to_owned();
    (text("state"), text("reason"))
}

/// A way to misbehave, and how it is called where anybody can see it.
type Trouble = (&'static str, fn(&Realm<'_>, &Idp), &'static str);

const NOT_JSON: &str = "it answers with something else than JSON";
const ERROR: &str = "it answers with an error";
const ELSEWHERE: &str = "it sends elsewhere";
const UNSAFE: &str = "one of its addresses must not be asked";
const SLOW: &str = "it takes too long to answer";
const LONG: &str = "its answer is too long";
const UNREACHABLE: &str = "it cannot be reached";
const NO_KEYS: &str = "it publishes no usable keys";
const BAD_KEYS: &str = "its keys cannot be read";
const UNUSABLE: &str = "its discovery document cannot be used";
const ISSUER: &str = "it names another issuer than the one configured";

fn change(realm: &Realm<'_>, member: &str, value: Value) {
    let mut metadata = realm.metadata();
    metadata[member] = value;
    realm.publish(&metadata);
}

fn keys_at(realm: &Realm<'_>, address: &str) {
    change(realm, "jwks_uri", address.into());
}

const TROUBLES: &[Trouble] = &[
    ("web-page", |realm, _| realm.serve(DISCOVERY, Answer::of("200 OK", "text/html", "<html>Welcome")), NOT_JSON),
    ("web-page-keys", |realm, _| realm.serve(KEYS, Answer::of("200 OK", "text/html", "<html>Welcome")), NOT_JSON),
    ("json-cut-off", |realm, _| realm.serve(KEYS, Answer::of("200 OK", "application/json", "{\"keys\":[")), NOT_JSON),
    ("error-500", |realm, _| realm.serve(DISCOVERY, Answer::of("500 Oops", "application/json", "{}")), ERROR),
    ("error-503", |realm, _| realm.serve(KEYS, Answer::of("503 Busy", "application/json", "{}")), ERROR),
    ("error-404", |realm, _| realm.serve(DISCOVERY, Answer::of("404 Gone", "text/plain", "")), ERROR),
    ("error-204", |realm, _| realm.serve(KEYS, Answer::of("204 No Content", "application/json", "")), ERROR),
    ("o14-loop", |realm, _| realm.serve(DISCOVERY, Answer::redirect("302 Found", DISCOVERY)), ELSEWHERE),
    ("o14-trap", |realm, trap| realm.serve(DISCOVERY, Answer::redirect("307 There", &trap_url(trap))), ELSEWHERE),
    ("o14-trap-keys", |realm, trap| realm.serve(KEYS, Answer::redirect("301 There", &trap_url(trap))), ELSEWHERE),
    ("o14-cloud", |realm, _| realm.serve(KEYS, Answer::redirect("308 There", CLOUD)), ELSEWHERE),
    ("o14-keys-of-cloud", |realm, _| keys_at(realm, CLOUD), UNSAFE),
    ("o14-keys-of-cloud-tls", |realm, _| keys_at(realm, "https://169.254.169.254/keys"), UNSAFE),
    ("o14-keys-of-cloud-v6", |realm, _| keys_at(realm, "https://[fe80::1]/keys"), UNSAFE),
    ("o14-keys-mapped", |realm, _| keys_at(realm, "https://[::ffff:169.254.169.254]/keys"), UNSAFE),
    ("o14-keys-plain", |realm, _| keys_at(realm, "http://idp.example.com/keys"), UNSAFE),
    ("o14-keys-file", |realm, _| keys_at(realm, "file:///etc/passwd"), UNSAFE),
    ("o14-keys-user", |realm, _| keys_at(realm, "https://user:pass@idp.example.com/keys"), UNSAFE),
    ("hangs", |realm, _| realm.serve(DISCOVERY, Answer::Hang), SLOW),
    ("hangs-keys", |realm, _| realm.serve(KEYS, Answer::Hang), SLOW),
    ("drips", |realm, _| realm.serve(KEYS, Answer::Drip), SLOW),
    ("long-keys", |realm, _| realm.serve(KEYS, fifty_megabytes()), LONG),
    ("long-discovery", |realm, _| realm.serve(DISCOVERY, fifty_megabytes()), LONG),
    ("long-head", |realm, _| realm.serve(KEYS, Answer::Raw(long_head(), String::new(), 1)), UNREACHABLE),
    ("breaks-off", |realm, _| realm.serve(KEYS, Answer::Raw(CUT_OFF.to_owned(), "{}".to_owned(), 1)), UNREACHABLE),
    ("not-http", |realm, _| realm.serve(KEYS, Answer::Raw("SSH-2.0-x".to_owned(), String::new(), 1)), UNREACHABLE),
    ("no-keys", |realm, _| realm.publish_keys(&[]), NO_KEYS),
    ("bad-keys", |realm, _| realm.publish_keys(&[json!({"kty": "oct", "k": "AAAA"}), json!(7)]), NO_KEYS),
    ("odd-keys", |realm, _| realm.serve(KEYS, Answer::of("200 OK", "application/json", "{\"keys\":{}}")), BAD_KEYS),
    ("nested-keys", |realm, _| realm.serve(KEYS, nested()), NOT_JSON),
    ("odd-issuer", |realm, _| change(realm, "issuer", json!(7)), UNUSABLE),
    ("no-issuer", |realm, _| change(realm, "issuer", Value::Null), UNUSABLE),
    ("no-keys-address", |realm, _| change(realm, "jwks_uri", Value::Null), UNUSABLE),
    ("o01-scheme", |realm, _| change(realm, "issuer", realm.issuer.replace("http", "https").into()), ISSUER),
    ("o01-path", |realm, _| change(realm, "issuer", format!("{}/x", realm.issuer).into()), ISSUER),
    ("o01-two-slashes", |realm, _| change(realm, "issuer", format!("{}//", realm.issuer).into()), ISSUER),
    ("o01-case", |realm, _| change(realm, "issuer", realm.issuer.replace("o01", "O01").into()), ISSUER),
    ("o01-other", |realm, _| change(realm, "issuer", "https://accounts.google.com".into()), ISSUER),
    ("o01-tenant", |realm, _| change(realm, "issuer", format!("{}/{{tenantid}}", realm.issuer).into()), UNUSABLE),
];

/// Where machines in a cloud find their secrets.
const CLOUD: &str = "http://169.254.169.254/latest/meta-data/";
const CUT_OFF: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000";

/// Where nobody may go.
fn trap_url(trap: &Idp) -> String {
    trap.realm("trap").issuer + KEYS
}

fn fifty_megabytes() -> Answer {
    Answer::Raw("HTTP/1.1 200 OK\r\nContent-Type: application/json".to_owned(), " ".repeat(1 << 20), 50)
}

fn long_head() -> String {
    format!("HTTP/1.1 200 OK\r\nX-Long: {}", "x".repeat(1 << 20))
}

fn nested() -> Answer {
    Answer::of("200 OK", "application/json", &"[".repeat(200_000))
}

#[test]
fn f12_o01_o14_providers_in_trouble_harm_nobody_and_recover_without_a_hand() {
    let (idp, trap, stage) = (Idp::start(), Idp::start(), Stage::new());
    let realms: Vec<Realm<'_>> = TROUBLES.iter().map(|(name, _, _)| idp.realm(name)).collect();
    for (realm, (_, misbehave, _)) in realms.iter().zip(TROUBLES) {
        misbehave(realm, &trap);
    }
    let well = idp.realm("well");
    let (server, client) = serve(&stage, &realms.iter().chain([&well]).collect::<Vec<_>>());

    thread::scope(|scope| {
        let logins: Vec<_> =
            realms.iter().map(|realm| scope.spawn(|| login(&client, &realm.token("first", &json!({}))))).collect();
        // While some of them hang, everybody else is served.
        while idp.hanging() < 2 {
            thread::yield_now();
        }
        for _ in 0..20 {
            assert_eq!(client.post("/sign", &stage.sign_body()).status, 201);
            assert_eq!(login(&client, &well.token("first", &json!({}))), (201, String::new()));
        }
        let waits = |name: &str| {
            let at = TROUBLES.iter().position(|(trouble, _, _)| *trouble == name).unwrap();
            !logins[at].is_finished()
        };
        assert!(waits("hangs") && waits("hangs-keys"), "everybody else waited for them, too");
        for (login, (name, _, reason)) in logins.into_iter().zip(TROUBLES) {
            let (status, message) = login.join().unwrap();
            assert_eq!(status, 503, "{name}: {message}");
            let (state, said) = health(&client, name);
            assert_eq!(state, "degraded", "{name}");
            assert!(said.ends_with(reason), "{name}: {said}");
        }
    });
    assert_eq!(trap.all_requests(), 0, "o14: a redirect was followed");
    assert_eq!(idp.requests(DISCOVERY), 0, "o14: a redirect was followed");
    // The rest of 100 MB was never read; what was sent lies in the buffers of connections.
    assert!(idp.sent() < 40 << 20, "{} octets were taken", idp.sent());

    idp.open_gate();
    for realm in &realms {
        realm.publish(&realm.metadata());
        realm.publish_keys(&[realm.jwk("first")]);
    }
    thread::sleep(RECOVERY);
    for realm in &realms {
        assert_eq!(login(&client, &realm.token("first", &json!({}))), (201, String::new()), "{}", realm.name);
        assert_eq!(health(&client, &realm.name), ("ready".to_owned(), String::new()));
    }
    let ended = client.books.close(&stage, server);
    assert!(!ended.stderr.contains("panic"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("user:pass"), "{}", ended.stderr);
}

#[test]
fn f14_a_provider_may_be_down_at_the_start_come_go_and_come_back() {
    let (idp, stage) = (Idp::down(), Stage::new());
    let realm = idp.realm("sso");
    let (mut server, client) = serve(&stage, &[&realm]);
    let with = |key_id: &str| login(&client, &realm.token(key_id, &json!({})));
    let admin = || assert_eq!(client.post("/sign", &stage.sign_body()).status, 201);

    admin();
    let (status, message) = with("first");
    assert_eq!(status, 503, "{message}");
    assert!(!message.contains("127.0.0.1"), "what is inside the network is for the log alone: {message}");
    assert_eq!(health(&client, "sso").0, "degraded");
    idp.come_up();
    thread::sleep(RECOVERY);
    assert_eq!(with("first"), (201, String::new()), "one second after it is up for the first time");

    // Keys from before serve through an outage, through a reload too.
    idp.go_down();
    assert_eq!(with("first").0, 201);
    server.reload("The configuration was reloaded");
    assert_eq!(with("first").0, 201);
    admin();

    // It comes back with other keys.
    realm.publish_keys(&[realm.jwk("second")]);
    assert_eq!(with("second").0, 401, "nobody can know that key yet");
    idp.come_up();
    thread::sleep(RECOVERY);
    assert_eq!(with("second"), (201, String::new()), "one second after it is back");
    assert_eq!(health(&client, "sso").0, "ready");
    client.books.close(&stage, server);
}

#[test]
fn f14_start_and_reload_wait_for_no_provider() {
    // Down, hanging and gone at the same time: the CA is ready for all else at once.
    let (down, hanging, stage) = (Idp::down(), Idp::start(), Stage::new());
    let (first, second) = (down.realm("down"), hanging.realm("hanging"));
    second.serve(DISCOVERY, Answer::Hang);
    let (mut server, client) = serve(&stage, &[&first, &second]);
    assert_eq!(client.post("/sign", &stage.sign_body()).status, 201);
    assert_eq!(login(&client, &first.token("first", &json!({}))).0, 503);
    server.reload("The configuration was reloaded");
    assert_eq!(client.post("/sign", &stage.sign_body()).status, 201);
    assert_ne!(health(&client, "hanging").0, "ready");
    second.serve(DISCOVERY, Answer::Good);
    hanging.open_gate();
    thread::sleep(RECOVERY);
    assert_eq!(login(&client, &second.token("first", &json!({}))), (201, String::new()));
    client.books.close(&stage, server);
}

#[test]
fn o15_o16_unknown_keys_are_asked_for_once_in_ten_seconds_and_old_ones_are_gone() {
    let (idp, stage) = (Idp::start(), Stage::new());
    let realm = idp.realm("sso");
    let (server, client) = serve(&stage, &[&realm]);
    assert_eq!(login(&client, &realm.token("first", &json!({}))).0, 201);
    assert_eq!(realm.requests(KEYS), 1);
    let stolen = realm.token("first", &json!({}));
    let thief = ec();
    realm.publish_keys(&[realm.jwk("second")]);
    thread::scope(|scope| {
        let flood: Vec<_> = (0..60)
            .map(|number| {
                let (client, realm, thief) = (&client, &realm, &thief);
                let key_id = format!("made-up-{number}");
                scope.spawn(move || login(client, &crate::idp::signed(thief, &key_id, &realm.claims(&json!({})))))
            })
            .collect();
        // Whoever comes with a key that is known does not wait for those.
        for _ in 0..20 {
            assert_eq!(login(&client, &realm.token("first", &json!({}))).0, 201);
        }
        assert_eq!(realm.requests(KEYS), 1, "the flood waits");
        for login in flood {
            let (status, message) = login.join().unwrap();
            assert_eq!(status, 401, "{message}");
        }
    });
    assert_eq!(realm.requests(KEYS), 2);
    // Waiting was in vain, so the next ones are answered at once.
    for number in 0..200 {
        let token = crate::idp::signed(&thief, &format!("more-{number}"), &realm.claims(&json!({})));
        assert_eq!(login(&client, &token).0, 401);
    }
    assert!(realm.requests(KEYS) <= 3);
    assert_eq!(login(&client, &stolen).0, 401, "o16: its key was withdrawn");
    assert_eq!(login(&client, &realm.token("second", &json!({}))), (201, String::new()));
    client.books.close(&stage, server);
}

//! Tokens that nobody should accept, and key sets that nobody should publish, met by the running program.

use std::{io::ErrorKind, net::TcpListener, thread};

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use rung_pki::{
    KeyAlgorithm, PrivateKey, SignatureAlgorithm, Signer,
    jose::{SignHeader, base64url, sign_compact},
};
use serde_json::{Value, json};

use crate::{
    client::{Answer, Client},
    idp::{Idp, KEYS, Realm, jwk, signed},
    outages::{login, serve},
    stage::{Stage, ec, request},
};

const UNKNOWN_KEY: &str = "the token is signed with a key that the provisioner does not know";

/// A token with any header, signed with a key whose signatures look alike in certificates and tokens.
fn crafted(header: &Value, payload: &str, key: &PrivateKey) -> String {
    let signing_input = format!("{}.{}", base64url(header.to_string()), base64url(payload));
    let signature = key.sign_now(SignatureAlgorithm::Ed25519, signing_input.as_bytes()).unwrap();
    format!("{signing_input}.{}", base64url(signature))
}

fn ed25519() -> PrivateKey {
    PrivateKey::generate(KeyAlgorithm::Ed25519).unwrap()
}

/// Each token is refused; before and afterwards a good one is accepted.
#[track_caller]
fn all_refused(stage: &Stage, realm: &Realm<'_>, tokens: &[(String, String)]) {
    let (server, client) = serve(stage, &[realm]);
    let good = || login(&client, &realm.token("first", &json!({})));
    assert_eq!(good(), (201, String::new()));
    thread::scope(|scope| {
        let refusals: Vec<_> =
            tokens.iter().map(|(what, token)| (what, scope.spawn(|| login(&client, token)))).collect();
        for (what, refusal) in refusals {
            let (status, message) = refusal.join().unwrap();
            assert_eq!(status, 401, "{what}: {message}");
            assert!(!message.contains("passwd") && !message.contains('\u{1b}'), "{what}: {message}");
        }
    });
    assert!(realm.requests(KEYS) <= 2, "o15: {} questions", realm.requests(KEYS));
    assert_eq!(good(), (201, String::new()));
    let ended = client.books.close(stage, server);
    assert!(!ended.stderr.contains("panic"), "{}", ended.stderr);
    assert!(!ended.stderr.contains('\u{1b}') && !ended.stderr.contains('\0'), "{}", ended.stderr);
}

#[test]
fn t08_t09_t10_t11_signatures_that_are_none() {
    let (idp, stage, key) = (Idp::start(), Stage::new(), ed25519());
    let mut realm = idp.realm("sso");
    realm.publish_keys(&[jwk(&key, "first")]);
    realm.key = key;
    let key = &realm.key;
    let claims = || realm.claims(&json!({})).to_string();
    let header = |algorithm: &str| json!({"alg": algorithm, "kid": "first", "typ": "JWT"});
    let mut tokens = Vec::new();
    for algorithm in ["none", "None", "nOnE", "", "RS256", "ES256", "PS256", "HS256", "EdDSA ", "ED25519", "Ed448"] {
        let signed = crafted(&header(algorithm), &claims(), key);
        let unsigned = format!("{}.", signed.rsplit_once('.').unwrap().0);
        tokens.push((format!("t10: {algorithm:?} with the right signature"), signed));
        tokens.push((format!("t08: {algorithm:?} without signature"), unsigned));
    }
    let published = jwk(key, "first").to_string();
    let der = key.public_key().spki();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der));
    for secret in [published.as_bytes(), pem.as_bytes(), der, key.public_key().bits()] {
        for (name, algorithm) in [("HS256", hmac::HMAC_SHA256), ("HS512", hmac::HMAC_SHA512)] {
            let input = format!("{}.{}", base64url(header(name).to_string()), base64url(claims()));
            let tag = hmac::sign(&hmac::Key::new(algorithm, secret), input.as_bytes());
            tokens.push((format!("t09: {name} with the public key"), format!("{input}.{}", base64url(tag))));
        }
    }
    let good = crafted(&header("EdDSA"), &claims(), key);
    let input = good.rsplit_once('.').unwrap().0;
    for signature in [vec![], vec![0; 64], vec![255; 64], vec![0; 63], vec![0; 65]] {
        tokens.push((format!("t11: {signature:?}"), format!("{input}.{}", base64url(signature))));
    }
    tokens.push(("t11: another's".to_owned(), crafted(&header("EdDSA"), &claims(), &ed25519())));
    all_refused(&stage, &realm, &tokens);
}

#[test]
fn t12_t13_t15_t16_t19_headers_that_want_something() {
    let (idp, stage, key, mine) = (Idp::start(), Stage::new(), ed25519(), ed25519());
    let mut realm = idp.realm("sso");
    realm.publish_keys(&[jwk(&key, "first")]);
    realm.key = key;
    let key = &realm.key;
    let trap = TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let trapped = format!("http://{}/keys", trap.local_addr().unwrap());
    let claims = || realm.claims(&json!({})).to_string();
    let mut tokens = Vec::new();
    let mut forged = |what: &str, members: Value| {
        let mut header = json!({"alg": "EdDSA", "kid": "first"});
        for (name, value) in members.as_object().unwrap() {
            header[name] = value.clone();
        }
        tokens.push((what.to_owned(), crafted(&header, &claims(), &mine)));
    };
    forged("t13: jku", json!({"jku": trapped}));
    forged("t13: x5u", json!({"x5u": trapped}));
    forged("t13: jwk", json!({"jwk": jwk(&mine, "first")}));
    forged("t13: x5c", json!({"x5c": ["AAAA"]}));
    let with = |members: Value, payload: &str| {
        let mut header = json!({"alg": "EdDSA", "kid": "first"});
        for (name, value) in members.as_object().unwrap() {
            header[name] = value.clone();
        }
        crafted(&header, payload, key)
    };
    for (what, members) in [
        ("t15: crit", json!({"crit": ["exp"]})),
        ("t15: crit, understood by nobody", json!({"crit": ["x"], "x": 1})),
        ("t15: crit, empty", json!({"crit": []})),
        ("t15: b64", json!({"b64": false, "crit": ["b64"]})),
        ("t15: b64 alone", json!({"b64": false})),
        ("o12: an access token", json!({"typ": "at+jwt"})),
        ("o12: a logout token", json!({"typ": "logout+jwt"})),
    ] {
        tokens.push((what.to_owned(), with(members, &claims())));
    }
    let nested = with(json!({"cty": "JWT"}), &signed(key, "first", &realm.claims(&json!({}))));
    tokens.push(("t19: a token in a token".to_owned(), nested));
    tokens.push(("t19: a JWE".to_owned(), "eyJhbGciOiJkaXIifQ....".to_owned()));
    let twice = claims().replacen('{', &format!("{{\"aud\":\"other\",\"iss\":\"{}\",", realm.issuer), 1);
    tokens.push(("t16: names that stand twice".to_owned(), with(json!({}), &twice)));
    for key_id in ["../../../etc/passwd", "' OR 1=1 --", "\0", "a\nb", "\u{1b}[2J", ""] {
        // The key ids lead nowhere, and no key is asked for when none can exist: the set was fetched just now.
        let token = signed(key, key_id, &realm.claims(&json!({})));
        tokens.push((format!("t12: {key_id:?}"), token));
    }
    all_refused(&stage, &realm, &tokens);
    assert_eq!(trap.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "t13: a header chose where we connect to");
}

#[test]
fn t17_tokens_of_absurd_sizes() {
    let (idp, stage) = (Idp::start(), Stage::new());
    let realm = idp.realm("sso");
    let (server, client) = serve(&stage, &[&realm]);
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let long = SignHeader { key_id: Some("first"), ..SignHeader::default() };
    let groups: Vec<String> = (0..20_000).map(|number| format!("group number {number}")).collect();
    for (what, token) in [
        ("dots", ".".repeat(900_000)),
        ("nested claims", sign_compact(&long, format!("{{\"a\":{deep}}}").as_bytes(), &realm.key).unwrap()),
        ("nested header", format!("{}.e30.AAAA", base64url(format!("{{\"alg\":\"ES256\",\"x\":{deep}}}")))),
        ("a header of 700 kB", signed(&realm.key, &"k".repeat(500_000), &realm.claims(&json!({})))),
        ("claims of 500 kB", realm.token("first", &json!({"groups": groups}))),
    ] {
        let (status, message) = login(&client, &token);
        assert!([400, 401].contains(&status), "{what}: {status} {message}");
        assert!(message.len() < 1000, "{what}: {} octets", message.len());
    }
    assert_eq!(login(&client, &realm.token("first", &json!({}))), (201, String::new()));
    client.books.close(&stage, server);
}

#[test]
fn t17_tokens_beyond_every_bound_are_cut_off() {
    let stage = Stage::new();
    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    let ask = |ott: String| json!({"csr": request(&[]), "ott": ott}).to_string();
    for ott in ["a".repeat(900_000), format!("{}.{}.", "a".repeat(450_000), "b".repeat(450_000))] {
        assert_eq!(client.post("/sign", &ask(ott)).status, 401);
    }
    let huge = ask("a".repeat(5_000_000));
    let head = format!("POST /sign HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", huge.len());
    // The answer comes before the body is sent; whoever goes on sending may miss it.
    let answer = client.say("/sign", format!("{head}{}", &huge[..1000]).as_bytes());
    assert_eq!(Answer::parse(&answer).status, 413, "{answer}");
    for (size, status) in [(50_000, 401), (200_000, 431)] {
        let bearer = format!("Authorization: Bearer {}\r\n", "a".repeat(size));
        assert_eq!(client.send("POST", "/renew", &bearer, "").status, status, "{size}");
    }
    assert_eq!((stage.rows("certificates"), stage.rows("tokens")), (0, 0));
    client.books.close(&stage, server);
}

#[test]
fn o01_o02_o11_tokens_of_others() {
    let (idp, stage) = (Idp::start(), Stage::new());
    let (realm, other, slash) = (idp.realm("sso"), idp.realm("other"), idp.realm("slash"));
    let mut metadata = slash.metadata();
    metadata["issuer"] = format!("{}/", slash.issuer).into();
    slash.publish(&metadata);
    let (server, client) = serve(&stage, &[&realm, &other, &slash]);
    let mine = |changes: Value| login(&client, &realm.token("first", &changes));
    let issuer = "the token names another issuer";
    for (changes, status, why) in [
        (json!({}), 201, ""),
        (json!({"iss": format!("{}/", realm.issuer)}), 401, issuer),
        (json!({"iss": realm.issuer.replace("http", "https")}), 401, issuer),
        (json!({"iss": realm.issuer.to_uppercase()}), 401, issuer),
        (json!({"iss": other.issuer}), 401, issuer),
        (json!({"aud": "somebody-else"}), 401, ""),
        (json!({"aud": [realm.client(), "somebody-else"]}), 401, "azp"),
        (json!({"aud": [realm.client(), "somebody-else"], "azp": realm.client()}), 201, ""),
        (json!({"azp": "somebody-else"}), 401, ""),
        (json!({"aud": other.client()}), 401, ""),
    ] {
        let (got, message) = mine(changes.clone());
        assert_eq!(got, status, "{changes}: {message}");
        assert!(message.contains(why), "{changes}: {message}");
    }
    // The document may end its issuer with a slash; the tokens must then do the same.
    assert_eq!(login(&client, &slash.token("first", &json!({}))).0, 401, "o01");
    assert_eq!(login(&client, &slash.token("first", &json!({"iss": format!("{}/", slash.issuer)}))).0, 201, "o01");
    let one = realm.token("first", &json!({"nonce": "the same"}));
    assert_eq!(login(&client, &one).0, 201);
    assert_eq!(login(&client, &other.token("first", &json!({"nonce": "the same"}))).0, 201, "o11: another provider");
    let (status, message) = login(&client, &one);
    assert_eq!((status, message.contains("used before")), (401, true), "{message}");
    let (status, message) = mine(json!({"nonce": "the same", "sub": "bob"}));
    assert_eq!((status, message.contains("used before")), (401, true), "a nonce is for one login: {message}");
    let without = realm.token("first", &json!({"nonce": null}));
    assert_eq!(login(&client, &without).0, 201);
    assert_eq!(login(&client, &without).0, 401, "o11: used before");
    client.books.close(&stage, server);
}

#[test]
fn o13_key_sets_that_nobody_should_publish() {
    let (idp, stage) = (Idp::start(), Stage::new());
    let changed = |realm: &Realm<'_>, member: &str, value: Value| {
        let mut key = realm.jwk("first");
        key[member] = value;
        key
    };
    let weak = json!({"kty": "RSA", "kid": "first", "n": base64url([0xc5; 64]), "e": "AQAB"});
    let secret = json!({"kty": "oct", "kid": "first", "k": base64url([7; 32])});
    let (one_id, many, late) = (idp.realm("one-id"), idp.realm("many"), idp.realm("late"));
    one_id.publish_keys(&[weak, secret.clone(), jwk(&ec(), "first"), one_id.jwk("first")]);
    let padding = vec![json!({"kty": "oct", "k": "AA"}); 10_000];
    many.publish_keys(&[vec![many.jwk("first")], padding.clone()].concat());
    late.publish_keys(&[vec![jwk(&ec(), "other")], padding, vec![late.jwk("first")]].concat());
    let (encrypts, private, swapped) = (idp.realm("encrypts"), idp.realm("private"), idp.realm("swapped"));
    encrypts.publish_keys(&[changed(&encrypts, "use", "enc".into()), jwk(&ec(), "other")]);
    private.publish_keys(&[changed(&private, "d", base64url([7; 32]).into()), jwk(&ec(), "other")]);
    swapped.publish_keys(&[changed(&swapped, "alg", "RS256".into()), jwk(&ec(), "other")]);
    let good = [&one_id, &many];
    let bad = [&late, &encrypts, &private, &swapped];
    let (server, client) = serve(&stage, &[&good[..], &bad[..]].concat());
    for realm in good {
        assert_eq!(login(&client, &realm.token("first", &json!({}))), (201, String::new()), "{}", realm.name);
    }
    thread::scope(|scope| {
        let logins = bad.map(|realm| (realm, scope.spawn(|| login(&client, &realm.token("first", &json!({}))))));
        for (realm, login) in logins {
            let (status, message) = login.join().unwrap();
            assert_eq!(status, 401, "{}", realm.name);
            assert!(message.contains(UNKNOWN_KEY), "{}: {message}", realm.name);
        }
    });
    let ended = client.books.close(&stage, server);
    assert!(ended.stderr.contains("10000 of the keys that it publishes cannot be used"), "{}", ended.stderr);
}

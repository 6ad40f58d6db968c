//! Who may do what: `access_matrix.txt` against the running program.

use std::{collections::BTreeSet, fmt::Write, time::Duration};

use rung_pki::{
    PrivateKey, Signer,
    extension::{self, KeyUsage, Purpose},
    jose::{PublicJwk, SignHeader, sign_compact},
};
use rung_server::http::ROUTES;
use rustls::version::TLS13;
use serde_json::{Value, json};

use crate::{
    client::{Answer, Client, Session},
    revocation::{Held, Scene, always, renewal},
    stage::{DAYS_365, Stage, certificate, ec, present, request_of},
};

const MATRIX: &str = include_str!("access_matrix.txt");
const METHODS: [&str; 4] = ["GET", "HEAD", "POST", "others"];
const OTHERS: [&str; 6] = ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FOO"];

/// Everybody who may come along; the columns of the file, in this order.
const CALLERS: [Caller; 14] = [
    Caller::Nobody,
    Caller::Garbage,
    Caller::Forged,
    Caller::Foreign,
    Caller::Expired,
    Caller::Spent,
    Caller::Sign,
    Caller::Revoke,
    Caller::Renew,
    Caller::Holder,
    Caller::Revoked,
    Caller::Late,
    Caller::Stranger,
    Caller::ForServers,
];

/// Somebody who comes along with something in their hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller {
    /// With nothing.
    Nobody,
    /// With a token that is none.
    Garbage,
    /// With a token that somebody else signed.
    Forged,
    /// With a token that another provisioner signed in this one's name.
    Foreign,
    /// With a token that has expired.
    Expired,
    /// With a token that was used before.
    Spent,
    /// With a good token for a certificate.
    Sign,
    /// With a good token for a revocation.
    Revoke,
    /// With a good token for a renewal.
    Renew,
    /// With a certificate of this authority.
    Holder,
    /// With a certificate that was revoked.
    Revoked,
    /// With a certificate that has expired.
    Late,
    /// With a certificate of another authority.
    Stranger,
    /// With a certificate of this authority for servers alone.
    ForServers,
}

/// A line of the file.
struct Line {
    route: &'static str,
    method: &'static str,
    /// A status for each of [`CALLERS`], or `tls` when the handshake fails.
    expected: Vec<&'static str>,
}

fn lines() -> Vec<Line> {
    let line = |text: &'static str| {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [route, method, expected @ ..] = &fields[..] else { panic!("{text}") };
        Line { route, method, expected: expected.to_vec() }
    };
    MATRIX.lines().filter(|text| !text.starts_with('#') && !text.is_empty()).map(line).collect()
}

#[test]
fn every_route_has_its_lines() {
    let written: BTreeSet<(&str, &str)> = lines().iter().map(|line| (line.route, line.method)).collect();
    let served: BTreeSet<(&str, &str)> =
        ROUTES.iter().flat_map(|route| METHODS.map(|method| (route.path, method))).collect();
    let missing: Vec<_> = served.difference(&written).collect();
    let stale: Vec<_> = written.difference(&served).collect();
    assert!(missing.is_empty() && stale.is_empty(), "access_matrix.txt lacks {missing:?} and has too much: {stale:?}");
    assert_eq!(lines().len(), written.len(), "access_matrix.txt has a line twice");
}

/// An authority with two provisioners, and certificates of every sort.
struct World {
    scene: Scene,
    /// The key of the provisioner `other`.
    other: PrivateKey,
    spent: String,
    revoked: Held,
}

impl World {
    fn new() -> Self {
        let other = ec();
        let scene = Scene::changed(&always(), |config| {
            let key: Value = serde_json::from_str(&PublicJwk::describe(other.public_key().clone()).to_json()).unwrap();
            let provisioners = config["authority"]["provisioners"].as_array_mut().unwrap();
            provisioners.push(json!({"type": "JWK", "name": "other", "key": key}));
        });
        let spent = scene.stage.token(&json!({}));
        let body = json!({"csr": request_of(&ec(), &[]), "ott": spent}).to_string();
        assert_eq!(scene.client.post("/sign", &body).status, 201);
        let revoked = scene.sign();
        scene.revoke(&revoked.certificate);
        Self { scene, other, spent, revoked }
    }

    /// What a caller shows in the handshake.
    fn client(&self, caller: Caller) -> Client {
        let stage = &self.scene.stage;
        let usage = |purpose| {
            vec![extension::key_usage(KeyUsage::DIGITAL_SIGNATURE), extension::extended_key_usage(&[purpose])]
        };
        let own = Some((&stage.intermediate, &stage.key));
        let key = ec();
        let leaf = match caller {
            Caller::Holder => return self.scene.with(&self.scene.sign()),
            Caller::Revoked => return self.scene.with(&self.revoked),
            Caller::Late => certificate("x", &key, own, Duration::from_secs(60), usage(Purpose::ClientAuth)),
            Caller::Stranger => certificate("x", &key, None, DAYS_365, usage(Purpose::ClientAuth)),
            Caller::ForServers => certificate("x", &key, own, DAYS_365, usage(Purpose::ServerAuth)),
            _ => return self.scene.client.clone(),
        };
        let chain = [leaf, stage.intermediate.clone()];
        Client::with(&stage.root, &self.scene.server.address, &[&TLS13], Some((&chain, &key)))
    }

    /// The token of a caller, and the serial number that goes with it.
    fn token(&self, caller: Caller) -> (String, String) {
        let stage = &self.scene.stage;
        let now = present();
        let nowhere = "7".to_owned();
        let token = match caller {
            Caller::Garbage => "rubbish.rubbish.rubbish".to_owned(),
            Caller::Forged => signed_as(&stage.jwk_id, &ec()),
            Caller::Foreign => signed_as(&stage.jwk_id, &self.other),
            Caller::Expired => stage.token(&json!({"iat": now - 900, "nbf": now - 900, "exp": now - 600})),
            Caller::Spent => self.spent.clone(),
            Caller::Sign => stage.token(&json!({})),
            Caller::Revoke => {
                let serial = self.scene.sign().certificate.serial().to_string();
                let claims = json!({"aud": "https://localhost/1.0/revoke", "sub": serial});
                return (stage.token(&claims), serial);
            }
            Caller::Renew => {
                let held = self.scene.sign();
                renewal(&[held.certificate, stage.intermediate.clone()], &held.key, &json!({}))
            }
            _ => String::new(),
        };
        (token, nowhere)
    }

    /// What a caller gets from a place, each time over the same connection.
    fn ask(&self, caller: Caller, session: &mut Session, method: &str, target: &str) -> u16 {
        let (token, serial) = match method {
            "POST" => self.token(caller),
            _ => (String::new(), String::new()),
        };
        let body = match method {
            // Everything that any of the endpoints looks for.
            "POST" => {
                let csr = request_of(&ec(), &[]);
                json!({"csr": csr, "ott": token, "serial": serial, "passive": true}).to_string()
            }
            _ => String::new(),
        };
        let headers = if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
        session.ask(method, target, &headers, &body).status
    }
}

/// A token for a certificate with that key's signature, whoever's key that is.
fn signed_as(key_id: &str, key: &PrivateKey) -> String {
    let now = present();
    let claims = json!({
        "iss": "admin", "sub": "foo.example", "aud": "https://localhost/1.0/sign", "iat": now, "nbf": now,
        "exp": now + 300, "jti": "never seen",
    });
    let header = SignHeader { key_id: Some(key_id), typ: Some("JWT"), ..SignHeader::default() };
    sign_compact(&header, claims.to_string().as_bytes(), key).unwrap()
}

fn filled(route: &str, stage: &Stage) -> String {
    let fingerprint: String = stage.root.fingerprint().iter().map(|octet| format!("{octet:02x}")).collect();
    let path = route.replace("{sha}", &fingerprint).replace("{kid}", &stage.jwk_id).replace("{*request}", "AAAA");
    path.replace("{issuer}", "00112233445566778899aabbccddeeff").replace("{shard}", "3-of-16")
}

#[test]
fn everybody_gets_what_the_matrix_says() {
    let world = World::new();
    let mut columns = Vec::new();
    for caller in CALLERS {
        let client = world.client(caller);
        let Some(mut session) = client.session() else {
            // Whoever is refused in the handshake is refused every time.
            columns.push(lines().iter().map(|_| "tls".to_owned()).collect::<Vec<_>>());
            continue;
        };
        let mut column = Vec::new();
        for line in lines() {
            let path = filled(line.route, &world.scene.stage);
            let methods: &[&str] = if line.method == "others" { &OTHERS } else { &[line.method] };
            let mut said = BTreeSet::new();
            for (method, mount) in methods.iter().flat_map(|method| ["", "/1.0"].map(|mount| (method, mount))) {
                said.insert(world.ask(caller, &mut session, method, &format!("{mount}{path}")).to_string());
            }
            column.push(said.into_iter().collect::<Vec<_>>().join("/"));
        }
        columns.push(column);
    }
    let (mut wrong, mut table) = (false, String::new());
    for (place, line) in lines().iter().enumerate() {
        let said: Vec<&str> = columns.iter().map(|column| column[place].as_str()).collect();
        wrong |= said != line.expected;
        writeln!(table, "{:<34} {:<7} {}", line.route, line.method, said.join("  ")).unwrap();
    }
    assert!(!wrong, "access_matrix.txt differs from what was said:\n{table}");
}

/// Paths that a proxy, a framework or a file system would take for one that is served.
fn tricks(path: &str) -> Vec<String> {
    let (first, rest) = path[1..].split_at(1);
    vec![
        format!("/{path}"),
        format!("{path}/"),
        format!("{path}//"),
        format!("{path}/."),
        format!("{path}/.."),
        format!("/.{path}"),
        format!("/x/..{path}"),
        format!("/%2e{path}"),
        format!("/x/%2e%2e{path}"),
        format!("/x%2f..{path}"),
        format!("/%2f{}", &path[1..]),
        format!("{path}%2f"),
        format!("{path};"),
        format!("{path};jsessionid=1"),
        format!("/;{path}"),
        format!("{path}%00"),
        format!("{path}%20"),
        format!("{path}%3f"),
        format!("{path}%23"),
        format!("{path}.json"),
        format!("/{}{rest}", first.to_uppercase()),
        format!("/%{:02x}{rest}", first.as_bytes()[0]),
        path.to_uppercase(),
        format!("/1.0/1.0{path}"),
        format!("/1.0/{path}"),
        format!("/1.0/.{path}"),
        format!("/1.0/x/..{path}"),
        format!("/1.0;{path}"),
        format!("/1%2e0{path}"),
        format!("/2.0{path}"),
    ]
}

#[test]
fn h07_no_other_spelling_of_a_path_is_served() {
    let world = World::new();
    let count = || world.scene.stage.rows("certificates");
    let holder = world.client(Caller::Holder);
    let mut sessions = [world.scene.client.session().unwrap(), holder.session().unwrap()];
    let before = count();
    for route in ROUTES.iter().filter(|route| !route.path.contains('{')) {
        for target in tricks(route.path) {
            // Below /ocsp/ there is data and nothing else.
            if target.starts_with("/ocsp/") || target.starts_with("/1.0/ocsp/") {
                continue;
            }
            for (caller, session) in [Caller::Sign, Caller::Holder].into_iter().zip(&mut sessions) {
                // The good token is not even looked at, so that making one in each round shows nothing more.
                let body = if caller == Caller::Sign { world.scene.stage.sign_body() } else { String::new() };
                let answer = session.ask(route.method.as_str(), &target, "", &body);
                let served = [200, 201, 401, 403].contains(&answer.status);
                assert!(!served && [400, 404].contains(&answer.status), "{} {target}: {answer:?}", route.method);
            }
        }
    }
    assert_eq!(count(), before, "something was issued");
}

#[test]
fn h07_parameters_lead_nowhere_else() {
    let world = World::new();
    let mut session = world.scene.client.session().unwrap();
    let fingerprint = filled("{sha}", &world.scene.stage);
    for (target, expected) in [
        (format!("/root/{fingerprint}"), 200),
        (format!("/root/{fingerprint};x"), 404),
        (format!("/root/{fingerprint}%00"), 404),
        (format!("/root/{fingerprint}%2f"), 404),
        (format!("/root/{fingerprint}/"), 404),
        (format!("/root//{fingerprint}"), 404),
        (format!("/root%2f{fingerprint}"), 404),
        (["/root", ".."].join("/"), 404),
        ("/root/%2e%2e%2fhealth".to_owned(), 404),
        ("/root/x%2f..%2f..%2f..%2fetc%2fpasswd".to_owned(), 404),
        ("/root/%ff".to_owned(), 404),
        ("/provisioners/../health".to_owned(), 404),
        ("/provisioners/..%2fhealth/encrypted-key".to_owned(), 404),
        ("/provisioners//encrypted-key".to_owned(), 404),
        ("/provisioners/a/b/encrypted-key".to_owned(), 404),
        ("/provisioners/%00/encrypted-key".to_owned(), 404),
        (format!("/provisioners/{}/encrypted-key/", world.scene.stage.jwk_id), 404),
        (format!("/provisioners/{}/Encrypted-Key", world.scene.stage.jwk_id), 404),
        ("/ocsp/".to_owned(), 404),
        // Not a question, which is answered as one that is malformed.
        ("/ocsp/../health".to_owned(), 200),
        ("/ocsp/%2e%2e%2fsign".to_owned(), 200),
    ] {
        let answer = session.ask("GET", &target, "", "");
        assert_eq!(answer.status, expected, "{target}: {answer:?}");
        assert!(!answer.body.contains("\"ok\"") && !answer.body.contains("root:"), "{target}: {answer:?}");
    }
    // What is no path at all ends the connection.
    for target in ["\\health", "health", "/health\0", "/heal th", "/health\u{e9}", ""] {
        let request = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let answer = Answer::parse(&world.scene.client.exchange(request.as_bytes()).unwrap());
        assert!([400, 404].contains(&answer.status), "{target:?}: {answer:?}");
    }
}

//! `ca provisioner doctor` against a provider with each thing broken.
#![expect(clippy::unwrap_used, reason = "tests stop at what does not work")]

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use serde_json::{Value, json};

use crate::sandbox::{Outcome, Sandbox};

/// What is answered, by path: status line, further header lines, body.
type Answers = Mutex<HashMap<String, (String, String, String)>>;

/// A provider that answers each path as it is told.
struct Idp {
    address: SocketAddr,
    answers: Arc<Answers>,
    asked: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Idp {
    /// One that is in good health.
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let answers: Arc<Answers> = Arc::default();
        let (asked, stop) = (Arc::<Mutex<Vec<String>>>::default(), Arc::new(AtomicBool::new(false)));
        let (served, noted, stopped) = (answers.clone(), asked.clone(), stop.clone());
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                serve(&stream.unwrap(), &served, &noted);
            }
        });
        let idp = Self { address, answers, asked, stop, thread: Some(thread) };
        idp.put("/.well-known/openid-configuration", "200 OK", "", &idp.metadata().to_string());
        let keys = json!({"keys": [key("one")]}).to_string();
        idp.put("/keys", "200 OK", "", &keys);
        idp.put("/authorize", "302 Found", "Location: {redirect}?error=login_required&state=doctor\r\n", "");
        idp.put("/token", "400 Bad Request", "", r#"{"error":"invalid_grant","error_description":"unknown code"}"#);
        idp
    }

    fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    fn metadata(&self) -> Value {
        let base = self.base();
        json!({
            "issuer": base, "jwks_uri": format!("{base}/keys"), "authorization_endpoint": format!("{base}/authorize"),
            "token_endpoint": format!("{base}/token"), "device_authorization_endpoint": format!("{base}/device"),
            "response_types_supported": ["code"], "code_challenge_methods_supported": ["S256"],
            "scopes_supported": ["openid", "email"], "id_token_signing_alg_values_supported": ["ES256"],
            "claims_supported": ["sub", "email", "email_verified"],
        })
    }

    fn put(&self, path: &str, status: &str, headers: &str, body: &str) {
        let answer = (status.to_owned(), headers.to_owned(), body.to_owned());
        self.answers.lock().unwrap().insert(path.to_owned(), answer);
    }

    /// Publish a discovery document with this changed; `null` takes a member away.
    fn change(&self, member: &str, value: Value) {
        let mut metadata = self.metadata();
        match value {
            Value::Null => drop(metadata.as_object_mut().unwrap().remove(member)),
            value => metadata[member] = value,
        }
        self.put("/.well-known/openid-configuration", "200 OK", "", &metadata.to_string());
    }
}

impl Drop for Idp {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        self.thread.take().unwrap().join().unwrap();
    }
}

fn serve(mut stream: &TcpStream, answers: &Answers, asked: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).unwrap_or_default() == 0 {
            return;
        }
    }
    let length =
        head.lines().filter_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned));
    let mut body = vec![0; length.map(|length| length.parse().unwrap()).next().unwrap_or(0)];
    reader.read_exact(&mut body).unwrap();
    let target: url::Url = format!("http://idp{}", head.split(' ').nth(1).unwrap()).parse().unwrap();
    asked.lock().unwrap().push(format!("{target} {}", String::from_utf8(body).unwrap()));
    let found = answers.lock().unwrap().get(target.path()).cloned();
    let (status, headers, body) = found.unwrap_or(("404 Not Found".to_owned(), String::new(), String::new()));
    let redirect = target.query_pairs().find(|(name, _)| name == "redirect_uri").map(|(_, value)| value.into_owned());
    let headers = headers.replace("{redirect}", &redirect.unwrap_or_default());
    let date = if headers.contains("Date:") { String::new() } else { format!("Date: {}\r\n", now()) };
    let length = body.len();
    // A client that hangs up is its own affair.
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\nContent-Type: application/json\r\n{date}{headers}\r\n{body}"
    );
}

/// The present, as HTTP writes it, by somebody else's program.
fn now() -> String {
    let mut command = std::process::Command::new("date");
    let output = command.args(["-u", "+%a, %d %b %Y %H:%M:%S GMT"]).env("LC_ALL", "C").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn key(id: &str) -> Value {
    // RFC 7515 appendix A.3.
    json!({
        "kty": "EC", "crv": "P-256", "kid": id, "use": "sig", "alg": "ES256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    })
}

/// What the doctor says about the provider behind a provisioner with these further members.
fn examine(idp: &Idp, members: &Value, words: &[&str]) -> Outcome {
    let sandbox = Sandbox::new();
    let mut provisioner = json!({
        "type": "OIDC", "name": "sso", "clientID": "rung", "configurationEndpoint": idp.base(),
    });
    for (name, value) in members.as_object().unwrap() {
        provisioner[name] = value.clone();
    }
    sandbox.write("ca.json", &configuration(&[provisioner]).to_string());
    sandbox.run(&[&["ca", "provisioner", "doctor", "sso", "--ca-config", "ca.json"], words].concat())
}

pub(crate) fn configuration(provisioners: &[Value]) -> Value {
    json!({
        "root": "root.crt", "crt": "int.crt", "key": "int.key", "address": ":443", "dnsNames": ["ca.test"],
        "authority": {"provisioners": provisioners},
    })
}

/// The doctor finds this wrong, and says this about mending it.
#[track_caller]
fn finds(idp: &Idp, members: &Value, line: &str, mend: &str) {
    let outcome = examine(idp, members, &[]);
    let is_wrong = line.starts_with('✘');
    assert_eq!(outcome.code, Some(i32::from(is_wrong)), "{outcome:?}");
    let squeezed = outcome.stdout.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let mut lines = squeezed.lines();
    assert!(lines.any(|said| said.starts_with(line)), "no `{line}` in\n{squeezed}");
    assert!(
        mend.is_empty() || lines.next().is_some_and(|next| next.contains(mend)),
        "no `{mend}` after it in\n{squeezed}"
    );
    assert_eq!(outcome.stderr.contains("wrong with the identity provider of \"sso\""), is_wrong, "{outcome:?}");
}

#[test]
fn a_healthy_provider() {
    let idp = Idp::new();
    let mut outcome = examine(&idp, &json!({"listenAddress": "127.0.0.1:10000"}), &[]);
    // A second may begin in between.
    outcome.stdout = outcome.stdout.replace("differs by 1 s", "differs by 0 s");
    let base = idp.base();
    outcome.printed(&format!(
        "✔ discovery       {base}/.well-known/openid-configuration\n\
         ✔ issuer          {base}, which tokens must name to the letter\n\
         ✔ clock           the provider's clock differs by 0 s; 60 s are tolerated\n\
         ✔ keys            1 usable: ES256\n\
         ✔ algorithms      ES256\n\
         ✔ pkce            S256\n\
         ✔ response types  code\n\
         ✔ scopes          openid email\n\
         ✔ redirect        http://127.0.0.1:10000, which must be registered at the provider\n\
         ✔ authorization   the provider knows client and redirect address\n\
         ✔ token           the provider knows the client\n\
         ✔ device          {base}/device\n"
    ));
    let asked = idp.asked.lock().unwrap().clone();
    let login = asked.iter().find(|asked| asked.contains("/authorize")).unwrap();
    for part in ["prompt=none", "code_challenge_method=S256", "redirect_uri=http%3A%2F%2F127.0.0.1%3A10000&"] {
        assert!(login.contains(part), "{login}");
    }
    let form = asked.iter().find(|asked| asked.contains("/token")).unwrap();
    assert!(form.contains("client_id=rung") && form.contains("code=doctor"), "{form}");
}

#[test]
fn the_discovery_document_is_broken() {
    let discovery = "/.well-known/openid-configuration";
    let broken = |status: &str, headers: &str, body: &str, line: &str, mend: &str| {
        let idp = Idp::new();
        idp.put(discovery, status, headers, body);
        finds(&idp, &json!({}), line, mend);
    };
    broken("404 Not Found", "", "", "✘ discovery", "configurationEndpoint must be the issuer");
    broken("503 Busy", "", "", "✘ discovery", "the CA tries again by itself");
    broken("200 OK", "", "<html>", "✘ discovery", "not a page for people");
    let there = "Location: https://new.test/x\r\n";
    broken("301 There", there, "", "✘ discovery", "update sso --configuration-endpoint https://new.test/x");
    broken("200 OK", "", "{}", "✘ discovery", "must be an OpenID provider's issuer");
    broken(
        "200 OK",
        "",
        "{\"issuer\":\"https://idp.test\",\"jwks_uri\":\"https://idp.test/k\"}",
        "✘ issuer",
        "--configuration-endpoint https://idp.test",
    );
    let late = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
    let idp = Idp::new();
    idp.put(discovery, "200 OK", late, &idp.metadata().to_string());
    finds(&idp, &json!({}), "✘ clock the provider's clock differs by", "NTP");
    idp.put(discovery, "200 OK", "Date: yesterday\r\n", &idp.metadata().to_string());
    finds(&idp, &json!({}), "! clock", "");
    let idp = Idp::new();
    idp.change("issuer", json!(format!("{}/{{tenantid}}", idp.base())));
    finds(&idp, &json!({}), "✘ issuer", "--tenant-id");
    idp.change("jwks_uri", json!("https://169.254.169.254/keys"));
    finds(&idp, &json!({}), "✘ discovery", "internal address");
    // Nobody listens there any more.
    let gone = {
        let idp = Idp::new();
        idp.base()
    };
    finds(&idp, &json!({"configurationEndpoint": gone}), "✘ discovery cannot reach", "firewalls");
}

#[test]
fn the_keys_are_broken() {
    let idp = Idp::new();
    let publish = |keys: &Value| idp.put("/keys", "200 OK", "", &json!({ "keys": keys }).to_string());
    publish(&json!([]));
    finds(&idp, &json!({}), "✘ keys", "must sign with RSA from 2048 bits");
    publish(&json!([{"kty": "oct", "k": "AAAA"}]));
    finds(&idp, &json!({}), "✘ keys", "not with a shared secret");
    publish(&json!([key("one"), {"kty": "oct", "k": "AAAA"}]));
    finds(&idp, &json!({}), "! keys 1 of the published keys cannot be used here", "harmless if");
    publish(&json!([key("one"), key("one")]));
    finds(&idp, &json!({}), "! keys 2 keys share the id \"one\"", "its own id");
    let mut nameless = key("x");
    nameless.as_object_mut().unwrap().remove("kid");
    publish(&json!([key("one"), nameless]));
    finds(&idp, &json!({}), "! keys 1 of several keys have no id", "give each key an id");
    idp.put("/keys", "200 OK", "", "{}");
    finds(&idp, &json!({}), "✘ keys", "at the provider");
    idp.put("/keys", "403 No", "", "");
    finds(&idp, &json!({}), "✘ keys", "firewalls");
}

#[test]
fn the_offers_do_not_suffice() {
    let idp = Idp::new();
    let changed = |member: &str, value: Value, members: Value, line: &str, mend: &str| {
        idp.change(member, value);
        finds(&idp, &members, line, mend);
    };
    let none = || json!({});
    changed("id_token_signing_alg_values_supported", json!(["HS256"]), none(), "✘ algorithms", "RS256 or ES256");
    changed("id_token_signing_alg_values_supported", Value::Null, none(), "! algorithms", "");
    changed("code_challenge_methods_supported", json!(["plain"]), none(), "✘ pkce", "RFC 7636");
    changed("code_challenge_methods_supported", Value::Null, none(), "! pkce", "");
    changed("response_types_supported", json!(["id_token"]), none(), "✘ response types", "code flow");
    changed(
        "scopes_supported",
        json!(["openid"]),
        none(),
        "! scopes the provider does not list email",
        "--remove-scope email",
    );
    changed("issuer", json!(idp.base()), json!({"scopes": ["email"]}), "✘ scopes", "--scope openid");
    changed("claims_supported", json!(["sub", "email"]), none(), "! claims", "identity");
    let named =
        json!({"identity": {"claim": "upn", "as": "email"}, "groups": ["ops"], "groupsClaim": "realm_access.roles"});
    changed(
        "claims_supported",
        json!(["sub", "upn"]),
        named,
        "! claims the provider lists no claim realm_access",
        "groups into ID tokens",
    );
    changed("device_authorization_endpoint", Value::Null, none(), "! device", "");
    changed("authorization_endpoint", Value::Null, none(), "! endpoints", "choose a provider");
    changed("authorization_endpoint", json!("http://idp.test/authorize"), none(), "✘ authorization", "https");
}

#[test]
fn the_client_is_not_registered_as_it_should_be() {
    let idp = Idp::new();
    finds(&idp, &json!({"listenAddress": "0.0.0.0:10000"}), "✘ redirect", "--listen-address 127.0.0.1:10000");
    finds(&idp, &json!({}), "✔ redirect http://127.0.0.1 with any free port", "");
    finds(&idp, &json!({"listenAddress": "localhost:0"}), "✔ redirect http://localhost with any free port", "");
    idp.put("/authorize", "400 Bad Request", "", "<html>redirect_uri");
    finds(&idp, &json!({}), "✘ authorization", "register http://127.0.0.1:");
    idp.put("/authorize", "200 OK", "", "<html>Who are you?");
    finds(&idp, &json!({}), "! authorization", "redirect address");
    for (error, line, mend) in [
        ("invalid_scope", "✘ authorization the provider refuses a scope", "--remove-scope"),
        ("unauthorized_client", "✘ authorization the provider refuses logins of this client", "code flow"),
        ("interaction_required", "✔ authorization", ""),
    ] {
        idp.put("/authorize", "303 See Other", &format!("Location: {{redirect}}/?error={error}\r\n"), "");
        finds(&idp, &json!({}), line, mend);
    }
    idp.put("/authorize", "302 Found", "Location: {redirect}.evil.test/?error=login_required\r\n", "");
    finds(&idp, &json!({}), "! authorization", "redirect address");
    let idp = Idp::new();
    idp.put("/token", "401 No", "", "{\"error\":\"invalid_client\",\"error_description\":\"bad\\u001b[2J secret\"}");
    finds(
        &idp,
        &json!({"clientSecret": "canary-7"}),
        "✘ token the provider does not accept the client (invalid_client) bad",
        "clientSecret",
    );
    let outcome = examine(&idp, &json!({"clientSecret": "canary-7"}), &[]);
    assert!(!outcome.stdout.contains('\u{1b}') && !outcome.stdout.contains("canary"), "{outcome:?}");
    idp.put("/token", "502 Bad Gateway", "", "");
    finds(&idp, &json!({}), "✘ token", "firewalls");
    idp.put("/token", "400 Bad Request", "", "{\"error\":\"invalid_request\"}");
    finds(&idp, &json!({}), "! token the token endpoint answers invalid_request", "");
}

#[test]
fn what_is_known_of_a_provider_helps_to_mend_it() {
    // Keycloak is recognised by its paths.
    let idp = Idp::new();
    let base = format!("{}/realms/staff", idp.base());
    let mut metadata = idp.metadata();
    metadata["issuer"] = base.clone().into();
    idp.put("/realms/staff/.well-known/openid-configuration", "200 OK", "", &metadata.to_string());
    idp.put("/authorize", "400 Bad Request", "", "<html>Invalid parameter: redirect_uri");
    finds(
        &idp,
        &json!({"configurationEndpoint": base}),
        "✘ authorization",
        "Keycloak: Clients, your client, Settings: add the redirect",
    );
    let slip = json!({"configurationEndpoint": format!("{}/realms/stuff", idp.base())});
    finds(&idp, &slip, "✘ discovery", "Keycloak: use https://HOST/realms/REALM");
}

#[test]
fn json_for_programs_and_provisioners_that_have_no_provider() {
    let idp = Idp::new();
    idp.change("code_challenge_methods_supported", json!(["plain"]));
    let outcome = examine(&idp, &json!({}), &["--format", "json"]);
    assert_eq!(outcome.code, Some(1));
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!((&report["provisioner"], &report["healthy"]), (&json!("sso"), &json!(false)));
    let findings = report["findings"].as_array().unwrap();
    let pkce = findings.iter().find(|finding| finding["check"] == "pkce").unwrap();
    assert_eq!(pkce["verdict"], "wrong");
    assert!(pkce["mend"].as_str().unwrap().contains("S256"), "{pkce}");
    assert_eq!(findings[0]["verdict"], "good");
    examine(&idp, &json!({}), &["--format", "yaml"]).failed(1, "options are text, json");
    examine(&idp, &json!({"name": "other"}), &[]).failed(1, "there is no provisioner \"sso\" in ca.json");
    examine(&idp, &json!({"rule": []}), &[]).failed(1, "unknown member `rule`");
}

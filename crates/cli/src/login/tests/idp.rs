//! A provider that answers as it is told.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::super::Provider;

/// The time in these tests.
pub(super) const NOW: u64 = 1_800_000_000;

/// How the token endpoint answers.
pub(super) enum Reply {
    /// With these errors first, one each time, and with a token then. `!503` is a page with that status, and `!`
    /// no answer.
    After(Vec<&'static str>),
    /// With more than anybody wants.
    Endless,
    HangUp,
    /// With a token, once this says so.
    Held(Receiver<()>),
    Html(u16),
    Json(u16, Value),
    /// With a token that has these claims changed; `null` removes one.
    Token(Value),
    /// With a token, but only for a client that uses Basic.
    WantsBasic,
}

pub(super) struct Shared {
    pub(super) base: String,
    pub(super) nonce: Mutex<String>,
    pub(super) reply: Mutex<Reply>,
    device: Mutex<(u16, Value)>,
    metadata: Mutex<Value>,
    requests: Mutex<Vec<(String, BTreeMap<String, String>)>>,
    stop: AtomicBool,
}

impl Shared {
    /// Change a member of the metadata.
    pub(super) fn say(&self, member: &str, value: Value) {
        self.metadata.lock().unwrap()[member] = value;
    }

    pub(super) fn offer_device(&self) {
        self.say("device_authorization_endpoint", json!(format!("{}/device", self.base)));
    }

    /// Offer device logins, with these members of the answer changed; `null` removes one.
    pub(super) fn offer_device_with(&self, changed: Value) {
        self.offer_device();
        for (name, value) in changed.as_object().unwrap() {
            let answer = &mut self.device.lock().unwrap().1;
            match value {
                Value::Null => drop(answer.as_object_mut().unwrap().remove(name)),
                value => answer[name] = value.clone(),
            }
        }
    }

    /// Refuse device logins, or answer nonsense to them.
    pub(super) fn refuse_device(&self, status: u16, answer: Value) {
        self.offer_device();
        *self.device.lock().unwrap() = (status, answer);
    }

    /// The forms that were posted.
    pub(super) fn forms(&self) -> Vec<BTreeMap<String, String>> {
        self.requests.lock().unwrap().iter().map(|(_, form)| form.clone()).collect()
    }

    pub(super) fn last_form(&self) -> BTreeMap<String, String> {
        self.forms().pop().unwrap()
    }

    pub(super) fn last_head(&self) -> String {
        self.requests.lock().unwrap().last().unwrap().0.clone()
    }
}

pub(super) struct Idp {
    pub(super) shared: Arc<Shared>,
    address: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

impl Idp {
    pub(super) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let base = format!("http://{address}");
        let metadata = json!({
            "issuer": base,
            "authorization_endpoint": format!("{base}/authorize"),
            "token_endpoint": format!("{base}/token"),
            "jwks_uri": format!("{base}/keys"),
        });
        let shared = Arc::new(Shared {
            base,
            nonce: Mutex::default(),
            reply: Mutex::new(Reply::Token(json!({}))),
            device: Mutex::new((
                200,
                json!({
                    "device_code": "d", "user_code": "ABCD-EFGH", "verification_uri": "https://idp.test/device",
                    "verification_uri_complete": "https://idp.test/device?code=ABCD-EFGH",
                    "expires_in": 300, "interval": 5,
                }),
            )),
            metadata: Mutex::new(metadata),
            requests: Mutex::default(),
            stop: AtomicBool::new(false),
        });
        let served = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if served.stop.load(Ordering::SeqCst) {
                    return;
                }
                serve(&stream.unwrap(), &served);
            }
        });
        Self { shared, address, thread: Some(thread) }
    }

    pub(super) fn provider(&self) -> Provider {
        let (configuration_endpoint, client_id) = (self.shared.base.clone(), "client".to_owned());
        Provider { configuration_endpoint, client_id, ..Provider::default() }
    }
}

impl Drop for Idp {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A token for the current login with these claims changed.
pub(super) fn id_token(shared: &Shared, changed: Value) -> String {
    let mut claims = json!({
        "iss": shared.base, "sub": "alice", "aud": "client", "exp": NOW + 300, "iat": NOW,
        "nonce": *shared.nonce.lock().unwrap(), "email": "alice@example.com",
    });
    for (name, value) in changed.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.c2ln", encode(&json!({"alg": "ES256"})), encode(&claims))
}

fn serve(stream: &TcpStream, shared: &Shared) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).unwrap() == 0 {
            return;
        }
    }
    let length = head.lines().filter_map(|line| line.split_once(": "));
    let length = length.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = length.map(|(_, value)| value.parse().unwrap()).next().unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let path = head.split(' ').nth(1).unwrap().to_owned();
    if path == "/token" || path == "/device" {
        let form = form_urlencoded::parse(&body).into_owned().collect();
        shared.requests.lock().unwrap().push((head.clone(), form));
    }
    let Some((status, kind, body)) = answer(&path, &head, shared) else { return };
    let length = body.len();
    // A client that hangs up is its own affair.
    let _ = write!(
        &mut &*stream,
        "HTTP/1.1 {status} x\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
}

fn answer(path: &str, head: &str, shared: &Shared) -> Option<(u16, &'static str, String)> {
    let json = |status, value: Value| Some((status, "application/json", value.to_string()));
    match path {
        "/.well-known/openid-configuration" => json(200, shared.metadata.lock().unwrap().clone()),
        "/device" => {
            let (status, value) = shared.device.lock().unwrap().clone();
            json(status, value)
        }
        "/token" => match &mut *shared.reply.lock().unwrap() {
            Reply::After(errors) if errors.is_empty() => json(200, json!({"id_token": id_token(shared, json!({}))})),
            Reply::After(errors) => match errors.remove(0) {
                "!" => None,
                error if error.starts_with('!') => Some((error[1..].parse().unwrap(), "text/html", String::new())),
                error => json(400, json!({"error": error})),
            },
            Reply::Endless => json(200, json!({"id_token": "a".repeat(2 << 20)})),
            Reply::HangUp => None,
            Reply::Held(gate) => {
                gate.recv().unwrap();
                json(200, json!({"id_token": id_token(shared, json!({}))}))
            }
            Reply::Html(status) => Some((*status, "text/html", "<html>".to_owned())),
            Reply::Json(status, value) => json(*status, value.clone()),
            Reply::Token(changed) => {
                json(200, json!({"id_token": id_token(shared, changed.clone()), "token_type": "Bearer"}))
            }
            Reply::WantsBasic if head.contains("authorization: Basic") => {
                json(200, json!({"id_token": id_token(shared, json!({}))}))
            }
            Reply::WantsBasic => json(401, json!({"error": "invalid_client"})),
        },
        _ => Some((200, "text/html", "<html>".to_owned())),
    }
}

//! An identity provider with switches: it serves any number of realms, each as badly as it is told.

use std::{
    collections::{BTreeMap, HashMap},
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use rung_pki::{
    PrivateKey, Signer,
    jose::{PublicJwk, SignHeader, sign_compact},
};
use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};

use crate::stage::{ec, present};

/// How a document is served.
#[derive(Clone)]
pub(crate) enum Answer {
    /// As it should be.
    Good,
    /// With this head, and this body as often as said.
    Raw(String, String, usize),
    /// An octet every now and then, for ever.
    Drip,
    /// Not at all, until the client gives up or the gate is opened; then the connection breaks.
    Hang,
}

impl Answer {
    /// This status and body.
    pub(crate) fn of(status: &str, kind: &str, body: &str) -> Self {
        let length = body.len();
        let head = format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}");
        Self::Raw(head, body.to_owned(), 1)
    }

    /// Go there instead.
    pub(crate) fn redirect(status: &str, location: &str) -> Self {
        let head = format!("HTTP/1.1 {status}\r\nLocation: {location}\r\nContent-Length: 0");
        Self::Raw(head, String::new(), 1)
    }
}

/// The document that tells where everything is.
pub(crate) const DISCOVERY: &str = "/.well-known/openid-configuration";
/// The document with the keys.
pub(crate) const KEYS: &str = "/keys";

/// The provider. It lives as long as this value.
pub(crate) struct Idp {
    address: SocketAddr,
    /// Keeps the port while nobody listens; a socket that only has the address refuses connections.
    _reserved: Socket,
    shared: Arc<Shared>,
    listening: Mutex<Option<(Arc<AtomicBool>, JoinHandle<()>)>>,
}

#[derive(Default)]
struct Shared {
    documents: Mutex<HashMap<String, (Answer, String)>>,
    requests: Mutex<BTreeMap<String, usize>>,
    open: Mutex<bool>,
    opened: Condvar,
    hanging: AtomicU64,
    sent: AtomicU64,
}

impl Idp {
    /// One that listens.
    pub(crate) fn start() -> Self {
        let idp = Self::down();
        idp.come_up();
        idp
    }

    /// One that does not listen yet.
    pub(crate) fn down() -> Self {
        let reserved = socket(&"127.0.0.1:0".parse().unwrap());
        let address = reserved.local_addr().unwrap().as_socket().unwrap();
        Self { address, _reserved: reserved, shared: Arc::default(), listening: Mutex::default() }
    }

    /// Begin to listen, on the same port as ever.
    pub(crate) fn come_up(&self) {
        let socket = socket(&self.address);
        socket.listen(128).unwrap();
        let listener = TcpListener::from(socket);
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, shared) = (stop.clone(), self.shared.clone());
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let shared = shared.clone();
                // Whatever goes wrong with a connection is for the client to judge.
                std::thread::spawn(move || stream.and_then(|stream| shared.serve(&stream)));
            }
        });
        *self.listening.lock().unwrap() = Some((stop, thread));
    }

    /// Refuse connections from now on.
    pub(crate) fn go_down(&self) {
        let Some((stop, thread)) = self.listening.lock().unwrap().take() else { return };
        stop.store(true, Ordering::SeqCst);
        // It only wakes up for a connection.
        drop(TcpStream::connect(self.address));
        thread.join().unwrap();
    }

    /// A realm with its own key that behaves well.
    pub(crate) fn realm(&self, name: &str) -> Realm<'_> {
        let issuer = format!("http://{}/{name}", self.address);
        let realm = Realm { idp: self, name: name.to_owned(), issuer, key: ec() };
        realm.publish(&realm.metadata());
        realm.publish_keys(&[realm.jwk("first")]);
        realm
    }

    /// How often a document was asked for.
    pub(crate) fn requests(&self, path: &str) -> usize {
        self.shared.requests.lock().unwrap().get(path).copied().unwrap_or_default()
    }

    /// How often anything was asked for.
    pub(crate) fn all_requests(&self) -> usize {
        self.shared.requests.lock().unwrap().values().sum()
    }

    /// How many clients wait for an answer that does not come.
    pub(crate) fn hanging(&self) -> u64 {
        self.shared.hanging.load(Ordering::SeqCst)
    }

    /// How many octets were sent in bodies.
    pub(crate) fn sent(&self) -> u64 {
        self.shared.sent.load(Ordering::SeqCst)
    }

    /// Let everybody go who hangs, and hold nobody any more.
    pub(crate) fn open_gate(&self) {
        *self.shared.open.lock().unwrap() = true;
        self.shared.opened.notify_all();
    }
}

impl Drop for Idp {
    fn drop(&mut self) {
        self.open_gate();
        self.go_down();
    }
}

fn socket(address: &SocketAddr) -> Socket {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_reuse_address(true).unwrap();
    socket.set_reuse_port(true).unwrap();
    socket.bind(&(*address).into()).unwrap();
    socket
}

impl Shared {
    fn documents(&self) -> MutexGuard<'_, HashMap<String, (Answer, String)>> {
        self.documents.lock().unwrap()
    }

    fn serve(&self, mut stream: &TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream);
        let mut first = String::new();
        reader.read_line(&mut first)?;
        let mut line = String::new();
        while reader.read_line(&mut line)? > 2 {
            line.clear();
        }
        let Some(path) = first.split(' ').nth(1) else { return Ok(()) };
        *self.requests.lock().unwrap().entry(path.to_owned()).or_default() += 1;
        let document = self.documents().get(path).cloned();
        let missing = (Answer::of("404 Not Found", "text/plain", "nothing here"), String::new());
        match document.unwrap_or(missing) {
            (Answer::Good, body) => self.send(stream, &json_head(&body), &body, 1),
            (Answer::Raw(head, body, times), _) => self.send(stream, &head, &body, times),
            (Answer::Drip, _) => {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"a\":\"")?;
                while !*self.open.lock().unwrap() {
                    stream.write_all(b"x")?;
                    std::thread::sleep(Duration::from_millis(20));
                }
                Ok(())
            }
            (Answer::Hang, _) => {
                self.hanging.fetch_add(1, Ordering::SeqCst);
                let open = self.open.lock().unwrap();
                drop(self.opened.wait_while(open, |open| !*open).unwrap());
                self.hanging.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            }
        }
    }

    fn send(&self, mut stream: &TcpStream, head: &str, body: &str, times: usize) -> std::io::Result<()> {
        stream.write_all(format!("{head}\r\nConnection: close\r\n\r\n").as_bytes())?;
        for _ in 0..times {
            stream.write_all(body.as_bytes())?;
            self.sent.fetch_add(body.len() as u64, Ordering::SeqCst);
        }
        stream.shutdown(std::net::Shutdown::Write)?;
        // Until the client is done, too: otherwise what it has not read yet may be lost.
        stream.read_to_end(&mut Vec::new()).map(drop)
    }
}

fn json_head(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}", body.len())
}

/// A part of the provider with its own issuer, documents and key.
pub(crate) struct Realm<'a> {
    idp: &'a Idp,
    pub(crate) name: String,
    pub(crate) issuer: String,
    pub(crate) key: PrivateKey,
}

impl Realm<'_> {
    /// The discovery document of one that behaves well.
    pub(crate) fn metadata(&self) -> Value {
        let issuer = &self.issuer;
        json!({
            "issuer": issuer, "jwks_uri": format!("{issuer}{KEYS}"),
            "authorization_endpoint": format!("{issuer}/authorize"), "token_endpoint": format!("{issuer}/token"),
        })
    }

    /// Publish this discovery document.
    pub(crate) fn publish(&self, metadata: &Value) {
        self.put(DISCOVERY, metadata.to_string());
    }

    /// Publish these keys.
    pub(crate) fn publish_keys(&self, keys: &[Value]) {
        self.put(KEYS, json!({ "keys": keys }).to_string());
    }

    fn put(&self, path: &str, body: String) {
        self.idp.shared.documents().insert(format!("/{}{path}", self.name), (Answer::Good, body));
    }

    /// Serve the document like this from now on.
    pub(crate) fn serve(&self, path: &str, answer: Answer) {
        self.idp.shared.documents().get_mut(&format!("/{}{path}", self.name)).unwrap().0 = answer;
    }

    /// How often one of its documents was asked for.
    pub(crate) fn requests(&self, path: &str) -> usize {
        self.idp.requests(&format!("/{}{path}", self.name))
    }

    /// The realm's key under this id, as it is published.
    pub(crate) fn jwk(&self, key_id: &str) -> Value {
        jwk(&self.key, key_id)
    }

    /// The provisioner of the realm.
    pub(crate) fn provisioner(&self) -> Value {
        json!({
            "type": "OIDC", "name": self.name, "clientID": self.client(),
            "configurationEndpoint": format!("{}{DISCOVERY}", self.issuer),
        })
    }

    /// The client that the realm's tokens are for.
    pub(crate) fn client(&self) -> String {
        format!("client-{}", self.name)
    }

    /// The claims of a good token with these changes; `null` takes a claim away.
    pub(crate) fn claims(&self, changes: &Value) -> Value {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let now = present();
        let mut claims = json!({
            "iss": self.issuer, "sub": "alice", "aud": self.client(), "iat": now, "exp": now + 300,
            "nonce": format!("n-{}", NEXT.fetch_add(1, Ordering::Relaxed)),
            "email": "alice@corp.example", "email_verified": true,
        });
        for (name, value) in changes.as_object().unwrap() {
            match value {
                Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
                value => claims[name] = value.clone(),
            }
        }
        claims
    }

    /// A token with these changes to the claims, signed with the realm's key under this id.
    pub(crate) fn token(&self, key_id: &str, changes: &Value) -> String {
        signed(&self.key, key_id, &self.claims(changes))
    }
}

/// A public key under this id, as it is published.
pub(crate) fn jwk(key: &PrivateKey, key_id: &str) -> Value {
    let text = PublicJwk::describe(key.public_key().clone()).to_json();
    let mut jwk: Value = serde_json::from_str(&text).unwrap();
    jwk["kid"] = key_id.into();
    jwk
}

/// A token of this key.
pub(crate) fn signed(key: &PrivateKey, key_id: &str, claims: &Value) -> String {
    let header = SignHeader { key_id: Some(key_id), typ: Some("JWT"), ..SignHeader::default() };
    sign_compact(&header, claims.to_string().as_bytes(), key).unwrap()
}

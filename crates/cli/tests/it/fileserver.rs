//! The server of files, as a client sees it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStderr};
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::documents::chain;
use crate::sandbox::Sandbox;

/// The running server.
pub(crate) struct Running {
    child: Child,
    log: BufReader<ChildStderr>,
    pub(crate) port: u16,
}

impl Running {
    pub(crate) fn start(sandbox: &Sandbox, words: &[&str]) -> Self {
        let all = [&["fileserver", "public", "--address", "127.0.0.1:0"][..], words].concat();
        let mut child = sandbox.start(&all);
        let log = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut running = Self { child, log, port: 0 };
        let line = running.line_with("serving HTTP");
        running.port = line.rsplit(':').next().expect("a port").trim().parse().expect("a port");
        running
    }

    /// The next line of the log with that text.
    fn line_with(&mut self, text: &str) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.log.read_line(&mut line).expect("a line"), 0, "the log ended before `{text}`");
            if line.contains(text) {
                return line;
            }
        }
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let status = std::process::Command::new("kill").args(["-s", name, &id]).status().expect("kill");
        assert!(status.success());
    }

    fn get(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("a connection");
        exchange(&mut stream, request)
    }

    /// Ask over TLS, trusting `root.crt`, with a certificate if there is one.
    fn get_securely(&self, sandbox: &Sandbox, client: Option<(&str, &str)>) -> std::io::Result<String> {
        let file = |name: &str| CertificateDer::pem_file_iter(sandbox.path(name)).expect("a file").map(Result::unwrap);
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(file("root.crt"));
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots);
        let config = match client {
            None => config.with_no_client_auth(),
            Some((crt, key)) => {
                let key = PrivateKeyDer::from_pem_file(sandbox.path(key)).expect("a key");
                config.with_client_auth_cert(file(crt).collect(), key).expect("a certificate")
            }
        };
        let connection = ClientConnection::new(Arc::new(config), "a.test".try_into().expect("a name")).expect("TLS");
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("a connection");
        let mut stream = StreamOwned::new(connection, stream);
        stream.write_all(b"GET /a.txt HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    fn end(mut self) {
        self.signal("TERM");
        self.line_with("shutting down");
        assert!(self.child.wait().expect("an end").success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended, unless the test fails.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn exchange(stream: &mut TcpStream, request: &str) -> String {
    let request = format!("{request}\r\nHost: a\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

fn with_files(sandbox: Sandbox) -> Sandbox {
    sandbox.write("public/a.txt", "hello\n");
    sandbox.write("public/sub/<b>.html", "<p>");
    sandbox.write("public/site/index.html", "index");
    sandbox.write("secret", "secret");
    sandbox
}

#[test]
fn files_and_lists_are_served_and_nothing_else() {
    let sandbox = with_files(Sandbox::new());
    let server = Running::start(&sandbox, &["--pidfile", "pid"]);
    assert_eq!(sandbox.read("pid"), format!("{}\n", server.child.id()));
    let check = |request: &str, status: &str, parts: &[&str]| {
        let answer = server.get(request);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{request}: {answer}");
        assert!(parts.iter().all(|part| answer.to_lowercase().contains(&part.to_lowercase())), "{request}: {answer}");
        assert!(!answer.contains("secret"), "{answer}");
    };
    check(
        "GET /a.txt HTTP/1.1",
        "200 OK",
        &["content-type: text/plain", "content-length: 6", "\r\n\r\nhello\n", "nosniff"],
    );
    check("HEAD /a.txt HTTP/1.1", "200 OK", &["content-length: 6"]);
    assert!(server.get("HEAD /a.txt HTTP/1.1").ends_with("\r\n\r\n"));
    check(
        "GET /a.txt HTTP/1.1\r\nRange: bytes=1-2",
        "206 Partial Content",
        &["content-range: bytes 1-2/6", "\r\n\r\nel"],
    );
    check("GET /a.txt HTTP/1.1\r\nRange: bytes=9-", "416 Range Not Satisfiable", &["bytes */6"]);
    check("GET / HTTP/1.1", "200 OK", &["<a href=\"./a.txt\">a.txt</a>", "<a href=\"./sub/\">sub/</a>"]);
    check("GET /sub/ HTTP/1.1", "200 OK", &["<a href=\"./%3Cb%3E.html\">&lt;b&gt;.html</a>"]);
    check("GET /sub HTTP/1.1", "301 Moved Permanently", &["location: ./sub/"]);
    check("GET /site/ HTTP/1.1", "200 OK", &["content-type: text/html", "\r\n\r\nindex"]);
    check("GET /gone HTTP/1.1", "404 Not Found", &[]);
    for path in ["/../secret", "/sub/../../secret", "/%2e%2e/secret", "/..%2fsecret"] {
        check(&format!("GET {path} HTTP/1.1"), "404 Not Found", &[]);
    }
    check("POST /a.txt HTTP/1.1\r\nContent-Length: 0", "405 Method Not Allowed", &["allow: get, head"]);
    server.end();
    assert!(!sandbox.path("pid").exists());
}

#[test]
fn certificates_are_asked_for_and_read_again() {
    let sandbox = with_files(chain());
    fs::copy(sandbox.path("root.crt"), sandbox.path("clients.crt")).expect("a copy");
    let words = ["--cert", "chain.crt", "--key", "leaf.key", "--roots", "clients.crt"];
    let mut server = Running::start(&sandbox, &words);
    let good = server.get_securely(&sandbox, Some(("chain.crt", "leaf.key"))).expect("an answer");
    assert!(good.starts_with("HTTP/1.1 200 OK") && good.ends_with("hello\n"), "{good}");
    server.get_securely(&sandbox, None).expect_err("nobody comes in without a certificate");
    let other = chain();
    for name in ["chain.crt", "leaf.key"] {
        fs::copy(other.path(name), sandbox.path(format!("other-{name}"))).expect("a copy");
    }
    server.get_securely(&sandbox, Some(("other-chain.crt", "other-leaf.key"))).expect_err("of another CA");
    // A pair that does not fit is not taken; the old one goes on.
    fs::copy(sandbox.path("leaf.key"), sandbox.path("kept.key")).expect("a copy");
    fs::copy(sandbox.path("other-leaf.key"), sandbox.path("leaf.key")).expect("a copy");
    server.signal("HUP");
    server.line_with("the old one stays");
    server.get_securely(&sandbox, Some(("chain.crt", "kept.key"))).expect("an answer");
    // A good one is: from now on clients need certificates of the other CA.
    fs::copy(sandbox.path("kept.key"), sandbox.path("leaf.key")).expect("a copy");
    fs::copy(other.path("root.crt"), sandbox.path("clients.crt")).expect("a copy");
    server.signal("HUP");
    server.line_with("reloading TLS configuration");
    server.line_with("reloaded");
    server.get_securely(&sandbox, Some(("other-chain.crt", "other-leaf.key"))).expect("an answer");
    server.get_securely(&sandbox, Some(("chain.crt", "leaf.key"))).expect_err("of the CA before");
    server.end();
}

#[test]
fn flags_that_belong_together_are_asked_for() {
    let sandbox = with_files(chain());
    let serve = |words: &[&str]| sandbox.run(&[&["fileserver", "public"][..], words].concat());
    serve(&["--cert", "a"]).failed(1, "flag '--cert' requires the '--key' flag\n");
    serve(&["--key", "a"]).failed(1, "flag '--key' requires the '--cert' flag\n");
    serve(&["--roots", "a"]).failed(1, "flag '--roots' requires the '--cert' flag\n");
    serve(&["--cert", "gone.crt", "--key", "leaf.key"]).failed(1, "the certificates of gone.crt cannot be used");
    serve(&["--cert", "chain.crt", "--key", "inter.key"]).failed(1, "chain.crt and inter.key cannot be used together");
    sandbox.run(&["fileserver", "gone"]).failed(1, "the folder gone cannot be served");
    sandbox.run(&["fileserver", "secret"]).failed(1, "secret is not a folder\n");
    serve(&["--address", "nowhere.invalid:1"]).failed(1, "could not listen at nowhere.invalid:1");
    assert!(!Path::new(&sandbox.path("pid")).exists());
}

//! Certificates of servers, fetched from servers that are there.

use std::io::Read;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use rustls::crypto::aws_lc_rs;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, SupportedProtocolVersion, version};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::documents::chain;
use crate::sandbox::{Outcome, Sandbox};

/// A server of one kind, until it is dropped.
pub(crate) struct Server {
    pub(crate) port: u16,
    task: Option<JoinHandle<()>>,
}

/// What a server asks of those who connect.
#[derive(Clone, Copy, PartialEq)]
enum Asks {
    ForCertificates,
    Nothing,
}

impl Server {
    fn start(sandbox: &Sandbox, version: &'static SupportedProtocolVersion, asks: Asks) -> Self {
        let file = |name: &str| CertificateDer::pem_file_iter(sandbox.path(name)).expect("a file").map(Result::unwrap);
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone());
        let builder = builder.with_protocol_versions(&[version]).expect("a version");
        let builder = match asks {
            Asks::Nothing => builder.with_no_client_auth(),
            Asks::ForCertificates => {
                let mut roots = RootCertStore::empty();
                roots.add_parsable_certificates(file("root.crt"));
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().expect("a verifier"))
            }
        };
        let key = PrivateKeyDer::from_pem_file(sandbox.path("leaf.key")).expect("a key");
        let config = builder.with_single_cert(file("chain.crt").collect(), key).expect("a configuration");
        Self::serve(move |mut stream| {
            let mut connection = ServerConnection::new(Arc::new(config.clone())).expect("a connection");
            // What becomes of it is for the client to say.
            while connection.is_handshaking() && connection.complete_io(&mut stream).is_ok() {}
            let _ = stream.read(&mut [0; 1]);
        })
    }

    /// A server that answers connections one after the other; the client has to speak first.
    pub(crate) fn serve(answer: impl Fn(TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let task = thread::spawn(move || {
            while let Ok((mut stream, _)) = listener.accept() {
                // Whoever sends one octet at the first moment is the test that has ended.
                let mut first = [0];
                if stream.peek(&mut first).is_ok_and(|count| count == 1) && first == *STOP {
                    let _ = stream.read(&mut first);
                    return;
                }
                answer(stream);
            }
        });
        Self { port, task: Some(task) }
    }

    fn url(&self, scheme: &str) -> String {
        format!("{scheme}://127.0.0.1:{}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        use std::io::Write;
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).expect("a connection");
        stream.write_all(STOP).expect("an octet");
        stream.shutdown(Shutdown::Write).expect("an end");
        self.task.take().expect("a task").join().expect("the server ends");
    }
}

const STOP: &[u8; 1] = b"!";

#[test]
fn a_server_is_inspected_like_a_file() {
    let sandbox = chain();
    let leaf = sandbox.run(&["certificate", "inspect", "leaf.crt"]).stdout;
    let both = sandbox.run(&["certificate", "inspect", "--bundle", "--short", "chain.crt"]).stdout;
    for (version, asks) in [
        (&version::TLS13, Asks::Nothing),
        (&version::TLS12, Asks::Nothing),
        (&version::TLS13, Asks::ForCertificates),
        (&version::TLS12, Asks::ForCertificates),
    ] {
        let server = Server::start(&sandbox, version, asks);
        let inspect = |words: &[&str]| {
            let url = server.url("HTTPS");
            sandbox.run(&["certificate", "inspect", &url].iter().chain(words).copied().collect::<Vec<_>>())
        };
        inspect(&["--roots", "root.crt", "--servername", "a.test"]).printed(&leaf);
        inspect(&["--insecure"]).printed(&leaf);
        inspect(&["--insecure", "--bundle", "--short"]).printed(&both);
        inspect(&["--roots", "root.crt"]).failed(
            1,
            "failed to connect: tls: failed to verify certificate: x509: certificate is valid for a.test, 10.0.0.1, \
             not 127.0.0.1\n",
        );
        inspect(&["--roots", "leaf.crt", "--servername", "b.test"]).failed(1, "not b.test");
        let url = server.url("tcp");
        let fingerprint = sandbox.run(&["certificate", "fingerprint", "--insecure", "--bundle", &url]);
        assert_eq!(fingerprint, sandbox.run(&["certificate", "fingerprint", "--bundle", "chain.crt"]));
        let verify = ["certificate", "verify", &url, "--roots", "root.crt", "--servername", "a.test"];
        assert_eq!(sandbox.run(&verify), Outcome { code: Some(0), stdout: String::new(), stderr: String::new() });
    }
}

#[test]
fn an_unknown_authority_is_named() {
    let sandbox = chain();
    let (server, other) = (Server::start(&sandbox, &version::TLS13, Asks::Nothing), chain());
    let roots = other.path("root.crt");
    let words = ["certificate", "inspect", &server.url("tls"), "--servername=a.test", "--roots"];
    let words: Vec<&str> = words.iter().copied().chain([roots.to_str().expect("UTF-8")]).collect();
    sandbox.run(&words).failed(1, "tls: failed to verify certificate: x509: certificate signed by unknown authority");
}

#[test]
fn what_does_not_answer_as_a_tls_server_is_told() {
    let sandbox = Sandbox::new();
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port").local_addr().expect("an address");
    let inspect = |url: &str| sandbox.run(&["certificate", "inspect", "--insecure", url]);
    let refused = format!("failed to connect: dial tcp {nobody}: connect: connection refused\n");
    inspect(&format!("https://{nobody}")).failed(1, &refused);
    let closes = Server::serve(|mut stream| drop(stream.read(&mut [0; 4096])));
    inspect(&closes.url("https")).failed(1, "the server closed the connection during the TLS handshake\n");
    let plain = Server::serve(|mut stream| {
        use std::io::Write;
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        let _ = stream.read(&mut [0; 4096]);
    });
    inspect(&plain.url("https")).failed(1, "failed to connect: 127.0.0.1:");
    inspect("https://nobody.invalid").failed(1, "failed to connect: dial tcp: lookup nobody.invalid: no such host\n");
    inspect("https://[::1").failed(1, "error parsing URL 'https://[::1': ");
    let gone = ["certificate", "inspect", "https://127.0.0.1:1", "--roots", "gone.crt"];
    sandbox.run(&gone).failed(
        1,
        "failure to load root certificate pool from input path 'gone.crt': error reading cert pool: open gone.crt: no \
         such file or directory\n",
    );
}

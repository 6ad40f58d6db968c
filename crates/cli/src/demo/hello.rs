//! The demo's mTLS server, and a client that shows its certificate to it.

use std::{convert::Infallible, fs, sync::Arc};

use anyhow::Context;
use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use rung_pki::{Certificate, SubjectAltName};
use rustls::{ClientConfig, RootCertStore, ServerConfig, crypto::aws_lc_rs, server::WebPkiClientVerifier};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::stage::Files;

/// A server that lets nobody in without a certificate of the demo's authority.
pub(super) struct Server {
    port: u16,
    task: JoinHandle<()>,
}

impl Server {
    pub(super) async fn start(files: &Files) -> anyhow::Result<Self> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots(files)?), provider.clone()).build()?;
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(clients)
            .with_single_cert(chain(&files.server_certificate)?, key(&files.server_key)?)?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(greet(acceptor.clone(), stream));
            }
        });
        Ok(Self { port, task })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn greet(acceptor: TlsAcceptor, stream: TcpStream) {
    // Whoever has no certificate learns so from the handshake.
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let name = stream.get_ref().1.peer_certificates().and_then(|chain| name(chain.first()?));
    let service = service_fn(move |_: Request<Incoming>| {
        let text = format!("Hello, {}!\n", name.as_deref().unwrap_or("stranger"));
        std::future::ready(Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(text)))))
    });
    // What breaks a connection is the client's business.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// What to call the holder of a certificate: the e-mail address when there is one.
fn name(certificate: &CertificateDer<'_>) -> Option<String> {
    let certificate = Certificate::from_der(certificate).ok()?;
    let names = certificate.subject_alt_names().unwrap_or_default();
    let email = names.iter().find(|name| matches!(name, SubjectAltName::Email(_))).map(ToString::to_string);
    email.or_else(|| certificate.subject().common_name().map(str::to_owned))
}

/// Ask the server for its greeting, with the person's certificate.
pub(super) async fn ask(port: u16, files: &Files) -> anyhow::Result<String> {
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots(files)?)
        .with_client_auth_cert(chain(&files.certificate)?, key(&files.key)?)?;
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let mut stream = TlsConnector::from(Arc::new(config)).connect("localhost".try_into()?, stream).await?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
    let mut answer = String::new();
    stream.take(1 << 16).read_to_string(&mut answer).await?;
    let (_, body) = answer.split_once("\r\n\r\n").context("the answer is not HTTP")?;
    Ok(body.to_owned())
}

fn roots(files: &Files) -> anyhow::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for root in chain(&files.root)? {
        roots.add(root)?;
    }
    Ok(roots)
}

fn chain(path: &std::path::Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let pem = fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>()?)
}

fn key(path: &std::path::Path) -> anyhow::Result<PrivateKeyDer<'static>> {
    let pem = fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(PrivateKeyDer::from_pem_slice(&pem)?)
}

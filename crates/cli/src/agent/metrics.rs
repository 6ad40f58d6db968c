//! What an agent has to tell a monitoring system, in the text format of Prometheus.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, header};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::pool::{Pool, Report};
use crate::clock::unix_seconds;

/// Serves metrics until it is dropped.
pub(super) struct Server {
    task: JoinHandle<()>,
}

impl Server {
    /// Serve at this address. It has to be called within a local set.
    pub(super) async fn start(address: SocketAddr, pool: Rc<Pool>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(address).await;
        let listener = listener.with_context(|| format!("metrics cannot be served at {address}"))?;
        let task = tokio::task::spawn_local(async move {
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => drop(tokio::task::spawn_local(serve(stream, Rc::clone(&pool)))),
                    // Out of file descriptors, say: the kernel keeps the visitor waiting.
                    Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                }
            }
        });
        Ok(Self { task })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(stream: TcpStream, pool: Rc<Pool>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let pool = Rc::clone(&pool);
        async move { Ok::<_, Infallible>(answer(&request, &pool)) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(10))
        .max_buf_size(16 * 1024)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    // Whoever hangs up early has no consequences.
    let _ = connection.await;
}

fn answer(request: &Request<Incoming>, pool: &Pool) -> Response<Full<Bytes>> {
    let (status, body) = match (request.method(), request.uri().path()) {
        (&Method::GET, "/metrics") => (StatusCode::OK, text(&pool.reports())),
        (_, "/metrics") => (StatusCode::METHOD_NOT_ALLOWED, "only GET\n".to_owned()),
        _ => (StatusCode::NOT_FOUND, "metrics are at /metrics\n".to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let kind = header::HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static("GET"));
    }
    response
}

/// One number of each certificate.
struct Metric {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    value: fn(&Report) -> Option<u64>,
}

static METRICS: [Metric; 8] = [
    Metric {
        name: "rung_agent_certificate_not_after_seconds",
        kind: "gauge",
        help: "When the certificate on disk expires, as Unix time.",
        value: |report| report.lifetime.map(|lifetime| unix_seconds(lifetime.end)),
    },
    Metric {
        name: "rung_agent_next_attempt_seconds",
        kind: "gauge",
        help: "When it will be renewed, or tried again, as Unix time.",
        value: |report| report.notes.next.map(|next| unix_seconds(SystemTime::from(next))),
    },
    Metric {
        name: "rung_agent_failures_in_a_row",
        kind: "gauge",
        help: "How many attempts have failed since the last one that did not.",
        value: |report| Some(report.notes.failures.into()),
    },
    Metric {
        name: "rung_agent_hook_failed",
        kind: "gauge",
        help: "Whether the last hook failed, so that a service may use an old certificate.",
        value: |report| Some(report.notes.hook.as_ref().is_some_and(|hook| hook.error.is_some()).into()),
    },
    Metric {
        name: "rung_agent_renewals_total",
        kind: "counter",
        help: "How often it was renewed.",
        value: |report| Some(report.notes.renewals),
    },
    Metric {
        name: "rung_agent_failures_total",
        kind: "counter",
        help: "How often an attempt failed.",
        value: |report| Some(report.notes.failed),
    },
    Metric {
        name: "rung_agent_hooks_total",
        kind: "counter",
        help: "How often a hook ran.",
        value: |report| Some(report.notes.hooks),
    },
    Metric {
        name: "rung_agent_hook_failures_total",
        kind: "counter",
        help: "How often a hook failed.",
        value: |report| Some(report.notes.hook_failures),
    },
];

fn text(reports: &[Report]) -> String {
    let mut out = String::new();
    for Metric { name, kind, help, value } in &METRICS {
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for report in reports {
            let Some(value) = value(report) else { continue };
            let path = report.certificate.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = writeln!(out, "{name}{{certificate=\"{path}\"}} {value}");
        }
    }
    out
}

#[cfg(test)]
mod tests;

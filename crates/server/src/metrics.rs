//! What operators count, in the text format of Prometheus.

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use crate::{oidc::ProviderStatus, stopwatch::Stopwatch};

/// Counters of the daemon, kept for as long as it runs.
pub struct Metrics {
    started: Stopwatch,
    /// Requests for a certificate.
    pub signed: Outcomes,
    /// Requests for the successor of a certificate.
    pub renewed: Outcomes,
    /// Requests for the successor of a certificate with another key.
    pub rekeyed: Outcomes,
    answers: Mutex<BTreeMap<(&'static str, u16), u64>>,
    /// Certificates that were revoked.
    pub revoked: AtomicU64,
    /// Questions over OCSP that were answered.
    pub ocsp_answers: AtomicU64,
    /// Signatures made with the issuing key.
    pub issuer_signatures: AtomicU64,
    /// Signatures that the issuing key failed to make.
    pub issuer_errors: AtomicU64,
    /// Certificates that were signed but could not be recorded, and so never left.
    pub unreleased: AtomicU64,
    /// Reloads that took effect.
    pub reloads: AtomicU64,
    /// Reloads that were refused.
    pub failed_reloads: AtomicU64,
    /// Handshakes that did not come to an end.
    pub failed_handshakes: AtomicU64,
    /// Handlers that panicked.
    pub panics: AtomicU64,
}

/// What is true at the moment of the scrape.
pub struct Snapshot {
    /// The number of the configuration that serves, counted from one.
    pub generation: u64,
    /// End of the issuing certificate.
    pub issuer_end: SystemTime,
    /// End of the server's own certificate.
    pub server_end: SystemTime,
    /// Number and end of the list of revoked certificates, if there is one.
    pub crl: Option<(u64, SystemTime)>,
    /// How the identity providers are.
    pub providers: Vec<ProviderStatus>,
    /// Log lines that were dropped.
    pub dropped_log_lines: u64,
    /// Open connections, and requests that are worked on.
    pub under_way: (u32, u32),
    /// What was too much, by the limit that it met.
    pub refusals: Vec<(&'static str, u64)>,
}

/// How often something succeeded and failed, by provisioner.
#[derive(Default)]
pub struct Outcomes(Mutex<BTreeMap<(String, bool), u64>>);

impl Outcomes {
    /// Count an attempt; no provisioner is known before a credential is verified.
    pub fn count(&self, provisioner: &str, success: bool) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match counts.get_mut(&(provisioner.to_owned(), success)) {
            Some(count) => *count += 1,
            None => drop(counts.insert((provisioner.to_owned(), success), 1)),
        }
    }

    fn write(&self, page: &mut Page, name: &str, help: &str) {
        page.head(name, "counter", help);
        for ((provisioner, success), count) in &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            let success = if *success { "true" } else { "false" };
            page.series(name, &[("provisioner", provisioner), ("success", success)], *count);
        }
    }
}

impl Metrics {
    /// Start counting.
    pub fn start() -> Self {
        Self {
            started: Stopwatch::start(),
            signed: Outcomes::default(),
            renewed: Outcomes::default(),
            rekeyed: Outcomes::default(),
            revoked: AtomicU64::new(0),
            ocsp_answers: AtomicU64::new(0),
            answers: Mutex::default(),
            issuer_signatures: AtomicU64::new(0),
            issuer_errors: AtomicU64::new(0),
            unreleased: AtomicU64::new(0),
            reloads: AtomicU64::new(0),
            failed_reloads: AtomicU64::new(0),
            failed_handshakes: AtomicU64::new(0),
            panics: AtomicU64::new(0),
        }
    }

    /// Count an answer.
    pub fn count_answer(&self, route: &'static str, status: u16) {
        *self.answers.lock().unwrap_or_else(PoisonError::into_inner).entry((route, status)).or_default() += 1;
    }

    /// Write everything down.
    pub fn text(&self, snapshot: &Snapshot) -> String {
        let mut page = Page(String::with_capacity(4096));
        page.one("step_ca_uptime_seconds", "gauge", "Seconds since the start.", self.started.elapsed().as_secs());
        for (name, value) in
            [("step_ca_kms_signed", &self.issuer_signatures), ("step_ca_kms_errors", &self.issuer_errors)]
        {
            let value = value.load(Ordering::Relaxed);
            page.one(name, "counter", "Signatures of the issuing key.", value);
            page.one(&format!("{name}_total"), "counter", "Signatures of the issuing key.", value);
        }
        self.signed.write(&mut page, "step_ca_x509_signed_total", "Requests for a certificate.");
        self.renewed.write(&mut page, "step_ca_x509_renewed_total", "Requests for the successor of a certificate.");
        let help = "Requests for the successor of a certificate with another key.";
        self.rekeyed.write(&mut page, "step_ca_x509_rekeyed_total", help);
        page.head("rung_ca_http_answers_total", "counter", "Answers by route and status.");
        for ((route, status), count) in &*self.answers.lock().unwrap_or_else(PoisonError::into_inner) {
            page.series("rung_ca_http_answers_total", &[("route", route), ("status", &status.to_string())], *count);
        }
        self.write_daemon(&mut page, snapshot);
        page.0
    }

    fn write_daemon(&self, page: &mut Page, snapshot: &Snapshot) {
        let counters = [
            (
                "rung_ca_unreleased_total",
                "Certificates that were signed but not recorded, and never left.",
                &self.unreleased,
            ),
            ("rung_ca_revoked_total", "Certificates that were revoked.", &self.revoked),
            ("rung_ca_ocsp_answers_total", "Questions over OCSP that were answered.", &self.ocsp_answers),
            ("rung_ca_reloads_total", "Reloads that took effect.", &self.reloads),
            ("rung_ca_failed_reloads_total", "Reloads that were refused.", &self.failed_reloads),
            ("rung_ca_failed_handshakes_total", "TLS handshakes that did not come to an end.", &self.failed_handshakes),
            ("rung_ca_panics_total", "Requests that met a defect of the program.", &self.panics),
        ];
        for (name, help, value) in counters {
            page.one(name, "counter", help, value.load(Ordering::Relaxed));
        }
        page.one(
            "rung_ca_dropped_log_lines_total",
            "counter",
            "Log lines nobody read in time.",
            snapshot.dropped_log_lines,
        );
        let (connections, requests) = snapshot.under_way;
        page.one("rung_ca_connections", "gauge", "Open connections.", connections.into());
        page.one("rung_ca_requests_in_work", "gauge", "Requests that are worked on.", requests.into());
        page.head("rung_ca_limited_total", "counter", "What was refused for being too much, by the limit that it met.");
        for (limit, count) in &snapshot.refusals {
            page.series("rung_ca_limited_total", &[("limit", limit)], *count);
        }
        page.one("rung_ca_configuration_generation", "gauge", "Which configuration serves.", snapshot.generation);
        page.one(
            "rung_ca_issuer_not_after_seconds",
            "gauge",
            "End of the issuing certificate.",
            unix(snapshot.issuer_end),
        );
        page.one(
            "rung_ca_server_not_after_seconds",
            "gauge",
            "End of the server's certificate.",
            unix(snapshot.server_end),
        );
        if let Some((number, next_update)) = snapshot.crl {
            page.one("rung_ca_crl_number", "gauge", "Number of the list of revoked certificates.", number);
            let help = "When the list of revoked certificates ends.";
            page.one("rung_ca_crl_next_update_seconds", "gauge", help, unix(next_update));
        }
        page.head(
            "rung_ca_identity_provider_ready",
            "gauge",
            "Whether the keys of the identity provider are known and fresh.",
        );
        for provider in &snapshot.providers {
            page.series(
                "rung_ca_identity_provider_ready",
                &[("provisioner", &provider.provisioner)],
                u64::from(provider.is_ready()),
            );
        }
        page.head("rung_ca_identity_provider_keys_age_seconds", "gauge", "Age of the keys of the identity provider.");
        for provider in &snapshot.providers {
            if let Some(age) = provider.keys_age {
                let labels = [("provisioner", provider.provisioner.as_str())];
                page.series("rung_ca_identity_provider_keys_age_seconds", &labels, age.as_secs());
            }
        }
    }
}

struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}").expect("a string takes every text");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: u64) {
        self.head(name, kind, help);
        writeln!(self.0, "{name} {value}").expect("a string takes every text");
    }

    fn series(&mut self, name: &str, labels: &[(&str, &str)], value: u64) {
        let labels: Vec<String> =
            labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escape_label(value))).collect();
        writeln!(self.0, "{name}{{{}}} {value}", labels.join(",")).expect("a string takes every text");
    }
}

fn escape_label(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn unix(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

//! OCSP: whether one certificate is revoked, now.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use rung_authority::{
    Authority,
    issuer::{Issuer, IssuerId, Retired},
    store::{RevocationRecord, Store, StoreError},
};
use rung_pki::{
    Certificate, Random, SerialNumber, SignatureAlgorithm,
    ocsp::{Answer, CertId, CertStatus, IssuerHashes, Request, ResponseContent, ResponseStatus, error_response},
};

use super::Delegate;
use crate::state::Shared;

/// Who answers for each issuer. A new configuration makes others.
pub struct Responders(Vec<Responder>);

/// Who answers for one issuer.
struct Responder {
    issuer: IssuerId,
    hashes: IssuerHashes,
    delegate: ArcSwapOption<Delegate>,
}

/// The answers that are ready, for as long as the daemon runs.
#[derive(Default)]
pub struct OcspAnswers {
    ready: Mutex<Ready>,
    /// How often something was revoked: what was looked up before does not count any more.
    revocations: AtomicU64,
}

#[derive(Default)]
struct Ready {
    by_serial: HashMap<SerialNumber, Vec<(CertId, Answered)>>,
    count: usize,
}

/// An answer, with what HTTP says about it.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The answer in DER.
    pub der: Bytes,
    /// From when it is; nothing for errors, which nobody keeps.
    pub times: Option<(SystemTime, SystemTime)>,
}

/// How long an answer may be relied on.
const VALIDITY: Duration = Duration::from_secs(60 * 60);
/// So many answers are kept ready, about twenty megabytes of them.
const KEPT: usize = 20_000;

impl Responders {
    /// Responders for these issuers.
    ///
    /// # Errors
    /// When a key is of a kind that Rung does not know.
    pub fn new(issuer: &Issuer, retired: &[Retired]) -> anyhow::Result<Self> {
        let mut all: Vec<Responder> = Vec::new();
        for issuer in std::iter::once(issuer).chain(retired.iter().map(|retired| &retired.issuer)) {
            if all.iter().all(|known| known.issuer != issuer.id()) {
                let hashes = IssuerHashes::of(issuer.certificate())?;
                all.push(Responder { issuer: issuer.id(), hashes, delegate: ArcSwapOption::empty() });
            }
        }
        Ok(Self(all))
    }

    /// Answer a question in DER.
    pub async fn answer(&self, question: &[u8], authority: &Authority, shared: &Shared) -> Answered {
        let Ok(request) = Request::from_der(question) else {
            return Answered::error(ResponseStatus::MalformedRequest);
        };
        let now = shared.clock.now();
        let speaks = |responder: &&Responder| request.questions.iter().all(|id| responder.hashes.are_in(id));
        let responder = self.0.iter().find(speaks);
        let found = responder
            .and_then(|responder| Some((responder, authority.issuers(now).find(|one| one.id() == responder.issuer)?)));
        // RFC 5019 §2.2.3: a responder that does not speak for the issuer says so. One answer has one signature, so that
        // a question about two issuers is nobody's.
        let Some((responder, issuer)) = found else {
            return Answered::error(ResponseStatus::Unauthorized);
        };
        let answers = &shared.ocsp;
        let cacheable = match &request.questions[..] {
            [id] if request.nonce.is_none() => Some(id),
            _ => None,
        };
        if let Some(ready) = cacheable.and_then(|id| answers.find(id, now)) {
            return ready;
        }
        match responder.make(&request, issuer, shared, now).await {
            Ok((answer, seen)) => {
                if let Some(id) = cacheable {
                    answers.keep(id, &answer, seen);
                }
                answer
            }
            Err(error) => {
                shared.log.error(&format!("an OCSP request could not be answered: {error:#}"));
                Answered::error(ResponseStatus::TryLater)
            }
        }
    }
}

impl Responder {
    /// Look up and sign; also says how many revocations there were before looking.
    async fn make(
        &self,
        request: &Request,
        issuer: &Issuer,
        shared: &Shared,
        now: SystemTime,
    ) -> anyhow::Result<(Answered, u64)> {
        let seen = shared.ocsp.revocations.load(Ordering::SeqCst);
        let delegate = self.delegate(issuer, &*shared.random, now).await?;
        let next_update = (now + VALIDITY).min(delegate.certificate.not_after());
        let mut answers = Vec::with_capacity(request.questions.len());
        for id in &request.questions {
            let status = status(&*shared.store, id.serial(), issuer).await?;
            answers.push(Answer { id: id.clone(), status, this_update: now, next_update });
        }
        let content = ResponseContent {
            answers: &answers,
            nonce: request.nonce.as_deref(),
            produced_at: now,
            delegate: Some(&delegate.certificate),
        };
        let der = content.sign(&delegate.key, SignatureAlgorithm::EcdsaSha256).await?;
        // What carries a nonce is for one client alone.
        let times = request.nonce.is_none().then_some((now, next_update));
        Ok((Answered { der: der.into(), times }, seen))
    }

    async fn delegate(&self, issuer: &Issuer, random: &dyn Random, now: SystemTime) -> anyhow::Result<Arc<Delegate>> {
        if let Some(delegate) = self.delegate.load_full().filter(|delegate| now < delegate.renew_at) {
            return Ok(delegate);
        }
        // Two requests may both make one; each is as good as the other.
        let delegate = Arc::new(Delegate::appoint(issuer, random, now).await?);
        self.delegate.store(Some(delegate.clone()));
        Ok(delegate)
    }
}

/// `good` only for what is on record, and was issued by the one that is asked about.
async fn status(store: &dyn Store, serial: &SerialNumber, issuer: &Issuer) -> Result<CertStatus, StoreError> {
    let speaks_for = |revoked: &RevocationRecord| revoked.issuer.is_none_or(|revoker| revoker == issuer.id());
    let standing = store.standing(serial).await?;
    if let Some(revoked) = standing.revocation.filter(speaks_for) {
        return Ok(CertStatus::Revoked { at: revoked.at, reason: revoked.reason });
    }
    Ok(match standing.certificate {
        Some(record) if is_of(&record.certificate, issuer) => CertStatus::Good,
        _ => CertStatus::Unknown,
    })
}

/// Whether the certificate names that issuer and its key. That they signed it was seen when it was recorded.
fn is_of(certificate: &Certificate, issuer: &Issuer) -> bool {
    certificate.issuer_der() == issuer.certificate().subject_der()
        && certificate.authority_key_identifier().is_none_or(|identifier| identifier == issuer.key_identifier())
}

impl OcspAnswers {
    /// A certificate was revoked: no answer from before is given any more.
    pub fn forget(&self, serial: &SerialNumber) {
        let mut ready = self.ready();
        // Under the lock, so that nothing that was looked up before comes in behind it.
        self.revocations.fetch_add(1, Ordering::SeqCst);
        if let Some(answers) = ready.by_serial.remove(serial) {
            ready.count -= answers.len();
        }
    }

    /// Another issuer answers from now on.
    pub fn forget_all(&self) {
        let mut ready = self.ready();
        self.revocations.fetch_add(1, Ordering::SeqCst);
        *ready = Ready::default();
    }

    fn find(&self, id: &CertId, now: SystemTime) -> Option<Answered> {
        let ready = self.ready();
        let (_, answer) = ready.by_serial.get(id.serial())?.iter().find(|(known, _)| known == id)?;
        // In the second half of its time there is a new one, so that nobody gets an answer that is about to end.
        let (this_update, next_update) = answer.times?;
        let half = this_update + next_update.duration_since(this_update).ok()? / 2;
        (this_update <= now && now < half).then(|| answer.clone())
    }

    fn keep(&self, id: &CertId, answer: &Answered, seen: u64) {
        let mut ready = self.ready();
        if self.revocations.load(Ordering::SeqCst) != seen {
            return;
        }
        if ready.count >= KEPT {
            *ready = Ready::default();
        }
        let answers = ready.by_serial.entry(*id.serial()).or_default();
        match answers.iter_mut().find(|(known, _)| known == id) {
            Some(known) => known.1 = answer.clone(),
            None => {
                answers.push((id.clone(), answer.clone()));
                ready.count += 1;
            }
        }
    }

    fn ready(&self) -> MutexGuard<'_, Ready> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answered {
    fn error(status: ResponseStatus) -> Self {
        Self { der: error_response(status).into(), times: None }
    }
}
